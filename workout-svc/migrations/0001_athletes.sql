-- Who trains. Everything of a person hangs on the row in athletes and goes with it.

CREATE TABLE athletes (
    user_id      uuid        PRIMARY KEY,
    display_name text        NOT NULL,
    -- BCP 47 tag.
    locale       text        NOT NULL,
    -- IANA name.
    time_zone    text        NOT NULL,
    -- When user-svc said so; older news does not replace newer.
    profile_time timestamptz NOT NULL,
    create_time  timestamptz NOT NULL
);

-- What remains of a deleted account: events about it may come late or again, and its last access token lives on for
-- some minutes.
CREATE TABLE erased_accounts (
    user_id    uuid        PRIMARY KEY,
    erase_time timestamptz NOT NULL
);

-- What accounts may do as user-svc says, which is newer than what their access tokens say.
CREATE TABLE account_roles (
    user_id    uuid        PRIMARY KEY,
    roles      text[]      NOT NULL,
    event_time timestamptz NOT NULL
);

CREATE TABLE trainer_profiles (
    user_id     uuid        PRIMARY KEY REFERENCES athletes ON DELETE CASCADE,
    headline    text        NOT NULL,
    bio         text        NOT NULL,
    create_time timestamptz NOT NULL
);

-- Which trainers an athlete lets follow.
CREATE TABLE followings (
    trainer_id  uuid        NOT NULL REFERENCES trainer_profiles ON DELETE CASCADE,
    athlete_id  uuid        NOT NULL REFERENCES athletes ON DELETE CASCADE,
    follow_time timestamptz NOT NULL,
    PRIMARY KEY (trainer_id, athlete_id),
    CHECK (trainer_id <> athlete_id)
);

CREATE INDEX followings_athlete_id ON followings (athlete_id);
