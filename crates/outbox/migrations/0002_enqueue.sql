-- Writes events, to be published in their order, and answers how many. It is the outbox's interface to SQL: a service
-- that changes its rows and reports it in one statement saves the round trips of a transaction.
CREATE FUNCTION outbox.enqueue(
    event_ids UUID[],
    topics TEXT[],
    event_keys TEXT[],
    event_types TEXT[],
    sources TEXT[],
    payloads BYTEA[],
    traceparents TEXT[],
    tracestates TEXT[]
) RETURNS BIGINT
LANGUAGE plpgsql
AS $$
DECLARE
    total BIGINT;
BEGIN
    WITH written AS (
        INSERT INTO outbox.events
            (event_id, topic, event_key, event_type, source, payload, traceparent, tracestate)
        SELECT new.event_id, new.topic, new.event_key, new.event_type, new.source, new.payload, new.traceparent,
               new.tracestate
        FROM UNNEST(event_ids, topics, event_keys, event_types, sources, payloads, traceparents, tracestates)
            WITH ORDINALITY AS new (event_id, topic, event_key, event_type, source, payload, traceparent, tracestate,
                                    number)
        ORDER BY new.number
        RETURNING events.position, events.event_id
    )
    INSERT INTO outbox.pending (position, event_id)
    SELECT written.position, written.event_id
    FROM written;
    GET DIAGNOSTICS total = ROW_COUNT;
    RETURN total;
END
$$;
