-- Where the owner of a mailbox signed in from: a device at a network. Strangers elsewhere do not use up its limits.
CREATE TABLE known_places (
    -- HMAC-SHA256 of mailbox, device and network under the pepper: no address, of mail or network, is in here.
    place_hash    bytea       PRIMARY KEY CHECK (octet_length(place_hash) = 32),
    user_id       uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    last_use_time timestamptz NOT NULL
);

CREATE INDEX known_places_user_id ON known_places (user_id);
CREATE INDEX known_places_last_use_time ON known_places (last_use_time);
