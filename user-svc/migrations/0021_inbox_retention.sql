-- Ids of events stay for half a year and then go, oldest first: an event that is older is not acted on any more.
CREATE INDEX inbox_handle_time ON inbox (handle_time);
