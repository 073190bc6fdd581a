-- What the language engine found in the words of the patient's side: codes, numbers and places in the text, no words.
-- `danger` is what a message adds to those of the same person that come after it, in thousandths: nothing where nothing was
-- found, and once somebody of the staff said that nobody is in danger.
ALTER TABLE messages ADD COLUMN found TEXT;
ALTER TABLE messages ADD COLUMN danger BIGINT NOT NULL DEFAULT 0;
CREATE INDEX messages_danger ON messages (organisation_id, author_id, created_at) WHERE danger > 0;
