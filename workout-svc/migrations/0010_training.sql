-- The training log and what follows from it.

CREATE TABLE workouts (
    workout_id    uuid        PRIMARY KEY,
    user_id       uuid        NOT NULL REFERENCES athletes ON DELETE CASCADE,
    name          text        NOT NULL,
    note          text        NOT NULL,
    start_time    timestamptz NOT NULL,
    -- The start by the clocks where the athlete was. It stays when the athlete moves to another time zone.
    local_start   timestamp   NOT NULL,
    training_date date        NOT NULL GENERATED ALWAYS AS (local_start::date) STORED,
    finish_time   timestamptz CHECK (finish_time >= start_time),
    -- What it was started from. No foreign keys: workouts outlive the routine.
    routine_id    uuid,
    day_id        uuid,
    -- A copy that no query looks into.
    plan          jsonb       NOT NULL,
    -- The number given to a set last, so that numbers are never given again.
    last_number   integer     NOT NULL DEFAULT 0,
    create_time   timestamptz NOT NULL
);

CREATE INDEX workouts_history ON workouts (user_id, start_time DESC, workout_id DESC);
CREATE INDEX workouts_finished ON workouts (user_id, training_date) WHERE finish_time IS NOT NULL;

CREATE TABLE workout_sets (
    set_id      uuid             PRIMARY KEY,
    workout_id  uuid             NOT NULL REFERENCES workouts ON DELETE CASCADE,
    -- As the workout has it, for the indexes below.
    user_id     uuid             NOT NULL,
    -- No foreign key: an exercise is only ever deleted with its owner, whose sets go as well.
    exercise_id uuid             NOT NULL,
    number      integer          NOT NULL,
    reps        integer,
    -- Whole units, so that sums and comparisons are exact.
    weight_g    bigint,
    duration_s  integer,
    distance_mm bigint,
    rpe         double precision,
    note        text             NOT NULL,
    warm_up     boolean          NOT NULL,
    -- The estimated one-repetition maximum in thirtieths of a gram, if the set counts for records.
    one_rep_max bigint,
    log_time    timestamptz      NOT NULL,
    UNIQUE (workout_id, number)
);

-- A page of the history is a range of one of these, as cheap at the end as at the beginning.
CREATE INDEX workout_sets_history ON workout_sets (user_id, log_time DESC, set_id DESC);
CREATE INDEX workout_sets_of_exercise ON workout_sets (user_id, exercise_id, log_time DESC, set_id DESC);

-- What a finished workout came to in each exercise, warm-ups left out. It is made anew from the sets whenever one of
-- them changes, in the same transaction; statistics and records read some rows of a workout instead of all its sets.
CREATE TABLE exercise_results (
    workout_id    uuid    NOT NULL REFERENCES workouts ON DELETE CASCADE,
    exercise_id   uuid    NOT NULL,
    user_id       uuid    NOT NULL,
    training_date date    NOT NULL,
    set_count     integer NOT NULL,
    rep_count     integer NOT NULL,
    volume_g      bigint  NOT NULL,
    -- The best estimated one-repetition maximum, and the first set with it.
    best          bigint,
    best_set_id   uuid,
    PRIMARY KEY (workout_id, exercise_id)
);

CREATE INDEX exercise_results_by_date ON exercise_results (user_id, training_date)
    INCLUDE (workout_id, exercise_id, set_count, rep_count, volume_g);
CREATE INDEX exercise_results_by_strength ON exercise_results (user_id, exercise_id, best DESC, training_date)
    WHERE best IS NOT NULL;

-- Records that were announced when their workout was finished. A row goes when its workout does, or when corrections
-- leave nothing above what it beat.
CREATE TABLE record_marks (
    workout_id    uuid   NOT NULL REFERENCES workouts ON DELETE CASCADE,
    exercise_id   uuid   NOT NULL,
    user_id       uuid   NOT NULL,
    training_date date   NOT NULL,
    previous      bigint NOT NULL,
    PRIMARY KEY (workout_id, exercise_id)
);

CREATE INDEX record_marks_by_date ON record_marks (user_id, training_date);

-- The row is what makes an achievement one that is announced once, whoever comes to it at the same time.
CREATE TABLE achievements (
    user_id     uuid        NOT NULL REFERENCES athletes ON DELETE CASCADE,
    achievement text        NOT NULL,
    unlock_time timestamptz NOT NULL,
    PRIMARY KEY (user_id, achievement)
);
