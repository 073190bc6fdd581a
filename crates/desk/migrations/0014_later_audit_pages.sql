-- Each look is an entry of its own object and actor, and so a page of these two indexes in the log of each commit. Their
-- entries come with the seal, which does many at once; what is not sealed yet, the last second's, is looked through.
DROP INDEX audit_entries_object;
CREATE INDEX audit_entries_object ON audit_entries (organisation_id, object_id, sequence) WHERE leaf IS NOT NULL;
DROP INDEX audit_entries_actor;
CREATE INDEX audit_entries_actor ON audit_entries (organisation_id, actor_id, sequence) WHERE leaf IS NOT NULL;
