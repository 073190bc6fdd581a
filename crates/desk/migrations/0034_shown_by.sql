-- Who had shown, when a request was opened, that they may have the record: nothing was missing then, neither proof nor
-- scope nor a second person where there was a sign. Whether they still may is asked again when it is decided.
ALTER TABLE privacy_requests ADD COLUMN shown_by ID;
