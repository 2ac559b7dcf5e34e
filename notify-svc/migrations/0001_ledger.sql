-- Whom notify-svc can write to: a projection of user-svc's events.
CREATE TABLE recipients (
    user_id      UUID        PRIMARY KEY,
    email        TEXT        NOT NULL,
    display_name TEXT        NOT NULL,
    locale       TEXT        NOT NULL,
    time_zone    TEXT        NOT NULL,
    -- Time of the event this row was made from: an older event never overwrites a newer one.
    event_time   TIMESTAMPTZ NOT NULL
);

-- The ledger: one row for each mail that somebody is to get.
--
-- A row is open while next_attempt_at is set and final once it is NULL. An open row that has a lease is held by the
-- worker lease_owner until lease_until (by this server's clock); fence counts the leases, and every write of a worker
-- names the fence it holds, so one whose lease was taken over changes nothing any more.
CREATE TABLE notifications (
    notification_id UUID        PRIMARY KEY,
    event_id        UUID        NOT NULL,
    template        TEXT        NOT NULL,
    user_id         UUID        NOT NULL,
    category        TEXT        NOT NULL,
    -- Smaller goes first.
    priority        SMALLINT    NOT NULL,
    in_doubt_rule   TEXT        NOT NULL CHECK (in_doubt_rule IN ('resend', 'give_up')),
    -- The recipient as known when the event arrived, so that a repeat is the same mail.
    email           TEXT        NOT NULL,
    display_name    TEXT        NOT NULL,
    locale          TEXT        NOT NULL,
    time_zone       TEXT        NOT NULL,
    variables       JSONB       NOT NULL,
    -- Sealed values; opened only to render, erased once the mail is final.
    secrets         JSONB,
    -- Of the rows with the same key only the newest is worth sending.
    supersede_key   TEXT,
    event_time      TIMESTAMPTZ NOT NULL,
    deliver_before  TIMESTAMPTZ,
    state           TEXT        NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'deferred', 'failed', 'in_doubt',
                                                          'cancelled', 'expired', 'suppressed', 'skipped')),
    attempts        INTEGER     NOT NULL DEFAULT 0,
    next_attempt_at TIMESTAMPTZ,
    lease_owner     UUID,
    lease_until     TIMESTAMPTZ,
    fence           BIGINT      NOT NULL DEFAULT 0,
    -- W3C trace context of the event.
    traceparent     TEXT,
    tracestate      TEXT,
    create_time     TIMESTAMPTZ NOT NULL DEFAULT now(),
    update_time     TIMESTAMPTZ NOT NULL DEFAULT now(),

    UNIQUE (event_id, template, user_id),
    CONSTRAINT secrets_are_erased_when_final CHECK (next_attempt_at IS NOT NULL OR secrets IS NULL),
    CONSTRAINT only_open_rows_are_leased CHECK (next_attempt_at IS NOT NULL OR lease_owner IS NULL),
    CONSTRAINT sending_rows_are_leased CHECK (state <> 'sending' OR lease_owner IS NOT NULL)
) WITH (fillfactor = 80);

CREATE INDEX notifications_due
    ON notifications (priority, next_attempt_at)
    WHERE next_attempt_at IS NOT NULL;

CREATE INDEX notifications_deadline
    ON notifications (deliver_before)
    WHERE next_attempt_at IS NOT NULL AND deliver_before IS NOT NULL;

CREATE INDEX notifications_leased
    ON notifications (lease_until)
    WHERE lease_owner IS NOT NULL;

CREATE INDEX notifications_superseding
    ON notifications (supersede_key, event_time, event_id)
    WHERE supersede_key IS NOT NULL;

CREATE INDEX notifications_by_user
    ON notifications (user_id, create_time);

-- Each change of a notification. No foreign key: its check would cost more than the row, and rows of both tables are
-- written and deleted together.
CREATE TABLE notification_timeline (
    notification_id UUID        NOT NULL,
    entry_id        BIGINT      GENERATED ALWAYS AS IDENTITY,
    state           TEXT        NOT NULL,
    attempt         INTEGER     NOT NULL,
    -- What the SMTP server said, without addresses.
    reply_code      INTEGER,
    reply_text      TEXT,
    -- Why, in our words.
    detail          TEXT,
    at              TIMESTAMPTZ NOT NULL DEFAULT now(),

    PRIMARY KEY (notification_id, entry_id)
);
