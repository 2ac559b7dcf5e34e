-- The end of a person's data takes all events of a key. A hash is small, and keys of any length fit.
CREATE INDEX events_by_key ON outbox.events USING hash (event_key);
