-- The catalogue, which every start brings up to date, and exercises that athletes make themselves.

CREATE TABLE exercises (
    -- UUIDv5 of the slug for the catalogue, UUIDv7 for the others.
    exercise_id       uuid        PRIMARY KEY,
    -- Who made it; nobody means the catalogue.
    owner_id          uuid        REFERENCES athletes ON DELETE CASCADE,
    -- Its name in the catalogue's file.
    slug              text        UNIQUE,
    -- Whatever its owner writes stands in both languages.
    name_en           text        NOT NULL,
    name_ru           text        NOT NULL,
    -- The names in lower case, by which lists are ordered and searched, whatever the locale of the database.
    key_en            text        COLLATE "C" NOT NULL,
    key_ru            text        COLLATE "C" NOT NULL,
    description_en    text        NOT NULL,
    description_ru    text        NOT NULL,
    muscles           text[]      NOT NULL,
    secondary_muscles text[]      NOT NULL,
    equipment         text[]      NOT NULL,
    difficulty        text        NOT NULL,
    pattern           text,
    measure           text        NOT NULL,
    -- The exercise of a trainer that this one was copied from when a routine was assigned.
    copied_from       uuid,
    create_time       timestamptz NOT NULL,
    update_time       timestamptz NOT NULL,
    -- A deleted exercise stays for the routines and workouts that have it.
    delete_time       timestamptz,
    CHECK ((owner_id IS NULL) = (slug IS NOT NULL)),
    UNIQUE (owner_id, copied_from)
);
