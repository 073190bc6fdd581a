-- A contact that was linked to a patient and is somebody else: what they may hear is what `representatives` says, and nothing
-- while that says nothing. Who was linked before this was kept is who they were.
ALTER TABLE contacts ADD COLUMN acts_only BIGINT NOT NULL DEFAULT 0;
-- Somebody who had an address for a day or longer is no patient whose first address it is, also when that one was taken away.
ALTER TABLE patients ADD COLUMN had_address BIGINT NOT NULL DEFAULT 0;
