-- Notifications whose recipient is not known yet: an event may come before the registration of its account, because it
-- is on another topic or because somebody wrote it who should not. They wait here instead of at the broker, where they
-- would hold up everybody, and few for each account.
CREATE TABLE waiting_notifications (
    notification_id UUID        PRIMARY KEY,
    event_id        UUID        NOT NULL,
    event_time      TIMESTAMPTZ NOT NULL,
    event_type      TEXT        NOT NULL,
    topic           TEXT        NOT NULL,
    partition       INTEGER,
    record_offset   BIGINT,
    template        TEXT        NOT NULL,
    category        TEXT        NOT NULL,
    priority        SMALLINT    NOT NULL,
    in_doubt_rule   TEXT        NOT NULL,
    user_id         UUID        NOT NULL,
    variables       JSONB       NOT NULL,
    secrets         JSONB,
    supersede_key   TEXT,
    deliver_before  TIMESTAMPTZ,
    traceparent     TEXT,
    tracestate      TEXT,
    arrive_time     TIMESTAMPTZ NOT NULL DEFAULT now(),

    UNIQUE (event_id, template, user_id)
);

CREATE INDEX waiting_notifications_by_user
    ON waiting_notifications (user_id);

-- Administrators look for what is rare among much that is well; both tables page by the identifier.
CREATE INDEX dead_letters_by_group
    ON dead_letters (consumer_group, dead_letter_id);

CREATE INDEX dead_letters_by_type
    ON dead_letters (event_type, dead_letter_id);

CREATE INDEX notifications_not_sent
    ON notifications (state, notification_id)
    WHERE state <> 'sent';

CREATE INDEX notifications_by_template
    ON notifications (template, notification_id);
