-- Tries of one-time codes by where they come from, so that strangers do not use up the tries of who asked for a code.

-- From where codes were asked for: one that is typed in there soon after is no stranger's guess. Kept for every mailbox
-- that somebody named, whether or not it has an account.
CREATE TABLE code_askers (
    -- HMAC-SHA256 of place and purpose under the pepper: no address, of mail or network, is in here.
    asker_hash  bytea       PRIMARY KEY CHECK (octet_length(asker_hash) = 32),
    expire_time timestamptz NOT NULL
);

CREATE INDEX code_askers_expire_time ON code_askers (expire_time);

CREATE TABLE code_tries (
    user_id     uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose     text        NOT NULL CHECK (purpose IN ('verify', 'login')),
    -- HMAC-SHA256 of a device at a network, or of a network alone where the device is not known.
    place_hash  bytea       NOT NULL CHECK (octet_length(place_hash) = 32),
    -- The code that was asked for from there, or the newest one when it was first tried there. It works from there
    -- although somebody else has asked for another since.
    code_id     uuid        NOT NULL,
    code_hash   bytea       NOT NULL CHECK (octet_length(code_hash) = 32),
    tries       integer     NOT NULL,
    expire_time timestamptz NOT NULL,
    PRIMARY KEY (user_id, purpose, place_hash)
);

CREATE INDEX code_tries_expire_time ON code_tries (expire_time);
