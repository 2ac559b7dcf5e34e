-- What comes by the clock: reminders and weekly summaries.

CREATE TABLE reminders (
    reminder_id     uuid        PRIMARY KEY,
    user_id         uuid        NOT NULL REFERENCES athletes ON DELETE CASCADE,
    message         text        NOT NULL,
    time_of_day     time        NOT NULL,
    -- 1 is Monday, 7 is Sunday.
    days_of_week    smallint[]  NOT NULL CHECK (cardinality(days_of_week) > 0),
    -- Absent: that of the athlete's profile.
    time_zone       text,
    routine_id      uuid        REFERENCES routines ON DELETE SET NULL,
    enabled         boolean     NOT NULL,
    skip_dates      date[]      NOT NULL,
    -- Absent while it is off or nothing is left to come.
    next_due_time   timestamptz,
    create_time     timestamptz NOT NULL,
    update_time     timestamptz NOT NULL
);

CREATE INDEX reminders_of_athlete ON reminders (user_id, reminder_id);
CREATE INDEX reminders_routine_id ON reminders (routine_id) WHERE routine_id IS NOT NULL;
CREATE INDEX reminders_due ON reminders (next_due_time) WHERE next_due_time IS NOT NULL;

-- When each athlete's week is summed up next.
CREATE TABLE weekly_summaries (
    user_id         uuid        PRIMARY KEY REFERENCES athletes ON DELETE CASCADE,
    next_due_time   timestamptz NOT NULL,
    -- The Monday of the newest week that was summed up; a week is never summed up again, also when the athlete has
    -- moved west and has Monday morning once more.
    last_week_start date
);

CREATE INDEX weekly_summaries_due ON weekly_summaries (next_due_time);

-- What happened to routines, for the digest of trainers. Rows are of use for a week and kept for a month.
CREATE TABLE routine_changes (
    change_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES athletes ON DELETE CASCADE,
    change_time timestamptz NOT NULL
);

CREATE INDEX routine_changes_of_athlete ON routine_changes (user_id, change_time);
CREATE INDEX routine_changes_by_time ON routine_changes (change_time);
