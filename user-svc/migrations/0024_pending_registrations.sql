-- The newest registration of an address, whether or not that has an account: what its sender is told of it later may
-- depend on the registration alone.
CREATE TABLE pending_registrations (
    -- HMAC-SHA256 of the address under the pepper: strangers' addresses are not kept.
    address_hash    bytea       PRIMARY KEY CHECK (octet_length(address_hash) = 32),
    registration_id uuid        NOT NULL,
    -- PHC string.
    password_hash   text        NOT NULL,
    -- HMAC-SHA256 of all else that was sent.
    request_hash    bytea       NOT NULL CHECK (octet_length(request_hash) = 32),
    register_time   timestamptz NOT NULL,
    expire_time     timestamptz NOT NULL
);

CREATE INDEX pending_registrations_expire_time ON pending_registrations (expire_time);
