-- Pictures that accounts keep. The bytes are objects in a store beside the database, under the id of the file.

CREATE TABLE files (
    -- A UUIDv7, so that its order is the order of creation.
    file_id      uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose      text        NOT NULL CHECK (purpose IN ('avatar', 'progress_photo')),
    file_name    text        NOT NULL,
    content_type text        NOT NULL CHECK (content_type IN ('image/jpeg', 'image/png', 'image/webp')),
    size_bytes   integer     NOT NULL CHECK (size_bytes > 0),
    sha256       bytea       NOT NULL CHECK (octet_length(sha256) = 32),
    create_time  timestamptz NOT NULL
);

CREATE INDEX files_user_id ON files (user_id, file_id DESC);

-- Objects that have to go. An upload is here before its first byte is stored and leaves in the transaction that makes
-- it a file, so that whatever breaks off in between is found.
CREATE TABLE doomed_objects (
    file_id  uuid        PRIMARY KEY,
    due_time timestamptz NOT NULL
);

CREATE INDEX doomed_objects_due_time ON doomed_objects (due_time);

-- However a file goes, by itself or with its account, its object goes after it.
CREATE FUNCTION doom_object() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO doomed_objects (file_id, due_time)
    VALUES (OLD.file_id, '-infinity')
    ON CONFLICT (file_id) DO UPDATE
    SET due_time = EXCLUDED.due_time;
    RETURN NULL;
END;
$$;

CREATE TRIGGER files_doom_object
AFTER DELETE ON files
FOR EACH ROW
EXECUTE FUNCTION doom_object();
