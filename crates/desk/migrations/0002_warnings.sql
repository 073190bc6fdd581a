-- When an address was last told where to call at once, so that nobody can fill a stranger's mailbox with alarm.
ALTER TABLE contact_points ADD COLUMN last_warned_at BIGINT;
