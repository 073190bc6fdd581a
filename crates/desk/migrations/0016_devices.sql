-- What a session is known by to whoever it belongs to: a number of its own, the way they came in by, and the browser and
-- system as codes. Sessions from before have none of it and end: their people sign in again.
DELETE FROM sessions;
ALTER TABLE sessions ADD COLUMN id ID;
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
