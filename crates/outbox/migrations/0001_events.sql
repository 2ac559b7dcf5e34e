-- Events that were written together with the change they report. They are never updated; what happens to them is in
-- the tables below. They stay for the retention period, so that they can be published again.
CREATE TABLE outbox.events (
    -- A UUIDv7, so the primary key is in the order of time: pruning and replaying use its ranges.
    event_id UUID PRIMARY KEY,
    -- Publishing follows it. Transactions commit in another order than they draw numbers, so nothing may ever
    -- conclude from a position that all before it were seen.
    position BIGINT GENERATED ALWAYS AS IDENTITY,
    topic TEXT NOT NULL,
    event_key TEXT NOT NULL,
    event_type TEXT NOT NULL,
    source TEXT NOT NULL,
    payload BYTEA NOT NULL,
    traceparent TEXT,
    tracestate TEXT,
    create_time TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);

-- What is to be published. Its rows are narrow and live briefly: marking an event as published deletes one of them,
-- where an update of the event would copy it and renew its indexes. It is written with the event in one statement and
-- has no foreign key, which would look each event up again.
CREATE TABLE outbox.pending (
    position BIGINT PRIMARY KEY,
    event_id UUID NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT
) WITH (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 5000
);

-- What the broker refused for good; it waits for a person and is not pruned.
CREATE TABLE outbox.parked (
    event_id UUID PRIMARY KEY,
    attempts INTEGER NOT NULL,
    reason TEXT,
    park_time TIMESTAMPTZ NOT NULL DEFAULT now()
);
