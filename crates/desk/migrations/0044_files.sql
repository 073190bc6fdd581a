-- What a virus scanner said of a file: `waiting` until it was looked at, `clean`, `infected` (`scan_note` is the signature's
-- name), `failed` (`scan_note` says why, as a code; it is tried again), `unscanned` where no scanner is set.
ALTER TABLE attachments ADD COLUMN scan TEXT NOT NULL DEFAULT 'unscanned';
ALTER TABLE attachments ADD COLUMN scan_note TEXT;
ALTER TABLE attachments ADD COLUMN scan_at BIGINT;
-- What is to be looked at, and what must not be opened: the few, where a scanner is set.
CREATE INDEX attachments_scan ON attachments (organisation_id, scan, id) WHERE scan <> 'clean';
-- Files that somebody brought within a day, by one way in: the quota is taken from here.
CREATE TABLE file_days (
    organisation_id ID NOT NULL,
    contact_id ID NOT NULL,
    way TEXT NOT NULL,
    since BIGINT NOT NULL,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, contact_id, way)
) CLUSTERED;
CREATE INDEX file_days_since ON file_days (since);
-- That a file was looked at is no entry of a ticket's history either.
DROP INDEX events_ticket;
CREATE INDEX events_ticket ON events (organisation_id, ticket_id, sequence)
    WHERE ticket_id IS NOT NULL AND kind NOT IN ('message.added', 'message.state', 'message.moved', 'file.checked');
