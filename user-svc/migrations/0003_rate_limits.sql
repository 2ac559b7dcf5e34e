-- How much of each limit is spent in its current window, for all replicas together.
CREATE TABLE rate_limits (
    -- HMAC-SHA256 under the pepper of what is limited and for whom: no address, of mail or network, is in here.
    limit_key   bytea       PRIMARY KEY CHECK (octet_length(limit_key) = 32),
    spent       integer     NOT NULL,
    -- The limit as it was when something was last spent of it.
    allowed     integer     NOT NULL,
    -- When the window ends.
    expire_time timestamptz NOT NULL
);

CREATE INDEX rate_limits_expire_time ON rate_limits (expire_time);
