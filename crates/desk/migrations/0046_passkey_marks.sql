-- A keyed mark over whose key it is and what it is checked by: a public key that somebody puts in its place in the database
-- lets nobody in. Keys of before get theirs at the first start.
ALTER TABLE passkeys ADD COLUMN mark BLOB;
