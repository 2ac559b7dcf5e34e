-- Events of other services whose effect is in this database. They may be delivered again at any age, and rarely come,
-- so the ids stay.
CREATE TABLE inbox (
    event_id    uuid        PRIMARY KEY,
    handle_time timestamptz NOT NULL
);
