-- Events that were written together with the change they report and are to be published.
--
-- pending → published → pruned after the retention period, or replayed back to pending
-- pending → parked, when the broker refuses the event itself
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
    create_time TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'published', 'parked')),
    attempts INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    publish_time TIMESTAMPTZ
) WITH (
    -- Every row is updated once and deleted once.
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 5000
);

-- What is pending stays quick to find however many rows the retention keeps. There is no other index on position, so
-- that no plan walks over the published ones.
CREATE UNIQUE INDEX events_pending ON outbox.events (position) WHERE state = 'pending';

CREATE INDEX events_parked ON outbox.events (event_id) WHERE state = 'parked';
