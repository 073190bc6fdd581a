-- What goes by age of exceptions, and of what patients were told and said yes and no to, in order.
CREATE INDEX openings_reviewed ON openings (organisation_id, reviewed_at, id) WHERE reviewed_at IS NOT NULL;
CREATE INDEX consents_at ON consents (organisation_id, at, id);
CREATE INDEX notice_acknowledgements_at ON notice_acknowledgements (organisation_id, at, id);
