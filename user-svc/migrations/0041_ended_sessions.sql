-- Sessions that are over while access tokens of theirs may still be good, for the services that verify those tokens. A
-- trigger fills the table: whatever ends a session, today or in a later release, cannot forget to say so.
CREATE TABLE ended_sessions (
    session_id     uuid        PRIMARY KEY,
    end_time       timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- The transaction that ended it. Whoever reads on from the oldest transaction that was open at the reading before
    -- misses none, in whatever order they commit.
    transaction_id bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint
);

CREATE INDEX ended_sessions_transaction_id ON ended_sessions (transaction_id);
CREATE INDEX ended_sessions_end_time ON ended_sessions (end_time);

CREATE FUNCTION note_ended_session() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO ended_sessions (session_id)
    VALUES (OLD.session_id)
    ON CONFLICT (session_id) DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER sessions_note_revoked
AFTER UPDATE OF revoke_time ON sessions
FOR EACH ROW
WHEN (OLD.revoke_time IS NULL AND NEW.revoke_time IS NOT NULL)
EXECUTE FUNCTION note_ended_session();

-- With its account, for example. One that ended by itself has no good token any more.
CREATE TRIGGER sessions_note_deleted
AFTER DELETE ON sessions
FOR EACH ROW
WHEN (OLD.revoke_time IS NULL AND OLD.expire_time > now())
EXECUTE FUNCTION note_ended_session();
