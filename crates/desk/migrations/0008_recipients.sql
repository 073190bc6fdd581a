-- Whom an answer is for, so that nobody else who writes for the same patient reads it after a merge. Answers from before
-- have none.
ALTER TABLE messages ADD COLUMN recipient_id ID;
