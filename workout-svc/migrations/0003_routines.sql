-- Routines: days of exercises with their sets.

CREATE TABLE routines (
    routine_id  uuid        PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES athletes ON DELETE CASCADE,
    name        text        NOT NULL,
    description text        NOT NULL,
    goal        text,
    level       text,
    -- Who generated it: rules or model.
    planner     text,
    -- The trainer who assigned it.
    assigned_by uuid        REFERENCES athletes ON DELETE SET NULL,
    -- Counts changes of the routine, its days and their exercises; whoever changes any of them locks this row first.
    revision    integer     NOT NULL DEFAULT 1,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL
);

-- Lists go by the id, which is in the order of time.
CREATE INDEX routines_user_id ON routines (user_id, routine_id);
CREATE INDEX routines_assigned_by ON routines (assigned_by) WHERE assigned_by IS NOT NULL;

CREATE TABLE routine_days (
    day_id     uuid    PRIMARY KEY,
    routine_id uuid    NOT NULL REFERENCES routines ON DELETE CASCADE,
    name       text    NOT NULL,
    -- From 1, without gaps.
    position   integer NOT NULL,
    UNIQUE (routine_id, position) DEFERRABLE
);

CREATE TABLE routine_exercises (
    routine_exercise_id uuid    PRIMARY KEY,
    day_id              uuid    NOT NULL REFERENCES routine_days ON DELETE CASCADE,
    -- Only the erasure of its owner deletes an exercise, and nobody else's routine has it.
    exercise_id         uuid    NOT NULL REFERENCES exercises ON DELETE CASCADE,
    position            integer NOT NULL,
    notes               text    NOT NULL,
    -- The sets in their order; they are read and written as a whole.
    set_plans           jsonb   NOT NULL,
    UNIQUE (day_id, position) DEFERRABLE
);

CREATE INDEX routine_exercises_exercise_id ON routine_exercises (exercise_id);
