-- Since when the clock of a request's resolution stands still. Of those that wait already it is known that they have
-- not changed since.
ALTER TABLE tickets ADD COLUMN paused_at BIGINT;
UPDATE tickets SET paused_at = updated_at WHERE active = 1 AND rank > 0
    AND (status IN ('waiting_on_patient', 'waiting_on_third_party') OR snoozed_until IS NOT NULL);
