-- Where the event of a notification was found, so that its story can be told.
ALTER TABLE notifications
    ADD COLUMN event_type TEXT,
    ADD COLUMN topic TEXT,
    ADD COLUMN partition INTEGER,
    ADD COLUMN record_offset BIGINT;

-- Lists page by the identifier, a UUIDv7 and so in the order of time.
DROP INDEX notifications_by_user;

CREATE INDEX notifications_by_user
    ON notifications (user_id, notification_id);

-- What an administrator may want to send again after an outage.
CREATE INDEX notifications_in_trouble
    ON notifications (update_time)
    WHERE next_attempt_at IS NULL AND state IN ('failed', 'in_doubt');

-- Accounts that are gone. Nothing else is kept of them; it keeps late and repeated events from bringing anything back.
CREATE TABLE erased_accounts (
    user_id    UUID        PRIMARY KEY,
    erase_time TIMESTAMPTZ NOT NULL
);

-- What accounts may do, where it was ever changed: a projection of user-svc's events, newer than any access token.
CREATE TABLE account_roles (
    user_id    UUID        PRIMARY KEY,
    roles      TEXT[]      NOT NULL,
    -- Time of the event this row was made from: an older event never overwrites a newer one.
    event_time TIMESTAMPTZ NOT NULL
);

-- Which mails people want. Without a row everything is on.
CREATE TABLE preferences (
    user_id      UUID        PRIMARY KEY,
    -- Categories.
    switched_off TEXT[]      NOT NULL,
    -- By the clock on the recipient's wall.
    quiet        BOOLEAN     NOT NULL,
    quiet_start  TIME        NOT NULL,
    quiet_end    TIME        NOT NULL,
    update_time  TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Records that consumer groups could not handle, from their dead-letter topics. Topics forget, and an embedded broker
-- forgets everything, so a record is known by what it is and not by where it lies.
CREATE TABLE dead_letters (
    dead_letter_id   UUID        PRIMARY KEY,
    consumer_group   TEXT        NOT NULL,
    origin_topic     TEXT        NOT NULL,
    -- The event id, or a hash of the record where it has none.
    identity         TEXT        NOT NULL,
    origin_partition INTEGER     NOT NULL,
    origin_offset    BIGINT      NOT NULL,
    reason           TEXT        NOT NULL,
    message          TEXT        NOT NULL,
    attempts         INTEGER     NOT NULL,
    event_id         UUID,
    event_type       TEXT,
    -- The account that is the key, where it is one: whose deletion erases the row.
    user_id          UUID,
    -- The record byte by byte.
    record_key       BYTEA,
    payload          BYTEA,
    record_time      TIMESTAMPTZ,
    header_names     TEXT[]      NOT NULL,
    header_values    BYTEA[]     NOT NULL,
    arrive_time      TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- Set while the last thing that happened to it was a replay.
    replay_time      TIMESTAMPTZ,
    replays          INTEGER     NOT NULL DEFAULT 0,

    UNIQUE (consumer_group, origin_topic, identity)
);

CREATE INDEX dead_letters_by_user
    ON dead_letters (user_id)
    WHERE user_id IS NOT NULL;
