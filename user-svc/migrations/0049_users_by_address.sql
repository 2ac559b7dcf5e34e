-- Users by the beginning of their address, in the order of its bytes, whatever the order of the database is.
CREATE INDEX users_email_key_bytes ON users (email_key COLLATE "C");
