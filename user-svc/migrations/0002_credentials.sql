-- Accounts without a password, links to choose a new one, and what an account was signed in from.

ALTER TABLE users
    -- Null where nobody's password may sign in: the address was registered more than once before it was proved, and
    -- only its owner knows which of the registrations was theirs.
    ALTER COLUMN password_hash DROP NOT NULL,
    -- When the password was last changed; null if it is the first one.
    ADD COLUMN password_change_time timestamptz,
    -- The registration that the profile of an unproved account comes from.
    ADD COLUMN registration_id uuid;

ALTER TABLE sessions
    -- A short name made from what the client says it is.
    ADD COLUMN device text NOT NULL DEFAULT '',
    -- When the session was opened or last refreshed.
    ADD COLUMN last_use_time timestamptz;

UPDATE sessions
SET last_use_time = create_time;

-- Devices that an account was signed in from, so that its owner hears of a new one.
CREATE TABLE devices (
    user_id        uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    -- HMAC-SHA256 of account and user agent under the pepper.
    device_hash    bytea       NOT NULL CHECK (octet_length(device_hash) = 32),
    device         text        NOT NULL,
    first_use_time timestamptz NOT NULL,
    last_use_time  timestamptz NOT NULL,
    PRIMARY KEY (user_id, device_hash)
);

-- One row per account, as in one_time_codes: a newer link takes the place of the older.
CREATE TABLE password_resets (
    user_id          uuid        PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    reset_id         uuid        NOT NULL,
    -- SHA-256 of the token, which has 256 random bits and therefore needs no slow hash.
    token_hash       bytea       NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    issue_time       timestamptz NOT NULL,
    expire_time      timestamptz NOT NULL,
    use_time         timestamptz,
    -- How many links were issued since window_start.
    window_start     timestamptz NOT NULL,
    issued_in_window integer     NOT NULL DEFAULT 1
);

-- What is pruned is found without reading the whole table.
CREATE INDEX sessions_expire_time ON sessions (expire_time);
CREATE INDEX refresh_tokens_use_time ON refresh_tokens (use_time) WHERE use_time IS NOT NULL;
