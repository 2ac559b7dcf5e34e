-- Accounts, their one-time codes and their sessions.

CREATE TABLE users (
    user_id                  uuid        PRIMARY KEY,
    -- As its owner writes it; mail goes there.
    email                    text        NOT NULL,
    -- In lower case; two accounts never differ by case only.
    email_key                text        NOT NULL UNIQUE,
    -- When the owner proved to receive mail at the address.
    email_verify_time        timestamptz,
    -- PHC string, so that the parameters of the hash travel with it.
    password_hash            text        NOT NULL,
    display_name             text        NOT NULL,
    locale                   text        NOT NULL CHECK (locale IN ('en', 'ru')),
    time_zone                text        NOT NULL,
    roles                    text[]      NOT NULL CHECK (roles <@ ARRAY['athlete', 'trainer', 'admin']),
    -- When the owner was last told that somebody tried to register the address again.
    registration_notice_time timestamptz,
    create_time              timestamptz NOT NULL,
    update_time              timestamptz NOT NULL
);

-- One row per account and purpose: a newer code takes the place of the older, which thereby stops working, and the
-- limits on issuing live in the same row, so that one statement checks and counts.
CREATE TABLE one_time_codes (
    user_id          uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose          text        NOT NULL CHECK (purpose IN ('verify', 'login')),
    code_id          uuid        NOT NULL,
    -- HMAC-SHA256 of code id and code under the pepper; the code itself is nowhere in this database.
    code_hash        bytea       NOT NULL CHECK (octet_length(code_hash) = 32),
    tries            integer     NOT NULL DEFAULT 0,
    issue_time       timestamptz NOT NULL,
    expire_time      timestamptz NOT NULL,
    use_time         timestamptz,
    -- How many codes were issued since window_start.
    window_start     timestamptz NOT NULL,
    issued_in_window integer     NOT NULL DEFAULT 1,
    PRIMARY KEY (user_id, purpose)
);

CREATE TABLE sessions (
    session_id  uuid        PRIMARY KEY,
    user_id     uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    revoke_time timestamptz
);

CREATE INDEX sessions_user_id ON sessions (user_id);

-- All refresh tokens of a session are one family; the generation counts rotations, and a used token that comes back
-- gives its thief or its owner away.
CREATE TABLE refresh_tokens (
    -- SHA-256 of the token, which has 256 random bits and therefore needs no slow hash.
    token_hash  bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    session_id  uuid        NOT NULL REFERENCES sessions ON DELETE CASCADE,
    generation  integer     NOT NULL,
    create_time timestamptz NOT NULL,
    use_time    timestamptz,
    UNIQUE (session_id, generation)
);
