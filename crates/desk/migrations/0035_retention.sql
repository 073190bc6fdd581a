-- What goes by itself, one row a kind of record that somebody decided about. `age` keeps what belongs to a patient until they
-- are so many years old. `next_*` is what was decided and counts from `next_from` on; `seen_*` is what somebody last looked at
-- before deciding.
CREATE TABLE retention_rules (
    organisation_id ID NOT NULL,
    record TEXT NOT NULL,
    active BIGINT NOT NULL,
    days BIGINT NOT NULL,
    age BIGINT NOT NULL,
    set_by ID,
    set_at BIGINT,
    next_days BIGINT,
    next_age BIGINT,
    next_by ID,
    next_at BIGINT,
    next_from BIGINT,
    seen_days BIGINT,
    seen_age BIGINT,
    seen_by ID,
    seen_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, record)
) CLUSTERED;
-- Each run of a rule: `told` is what it is and did (JSON: ids, instants, counts), `place` how far it is (JSON), `note` the
-- signature once it is over.
CREATE TABLE retention_runs (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    record TEXT NOT NULL,
    told TEXT NOT NULL,
    place TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    note TEXT,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX retention_runs_record ON retention_runs (organisation_id, record, started_at);
-- When the words of a request went. Those of people who were erased before have no messages any more.
ALTER TABLE tickets ADD COLUMN emptied_at BIGINT;
UPDATE tickets SET emptied_at = updated_at WHERE active = 0 AND message_count = 0 AND merged_into IS NULL;
CREATE INDEX tickets_kept ON tickets (organisation_id, updated_at, id) WHERE active = 0 AND emptied_at IS NULL;
CREATE INDEX inbound_mails_kept ON inbound_mails (organisation_id, received_at, id) WHERE state IN ('done', 'ignored');
CREATE INDEX identity_evidence_made ON identity_evidence (organisation_id, made_at, id);
CREATE INDEX disclosures_recorded ON disclosures (organisation_id, recorded_at, id);
CREATE INDEX identity_tasks_asked ON identity_tasks (organisation_id, asked_at, id);
CREATE INDEX ratings_kept ON ratings (organisation_id, updated_at, ticket_id) WHERE comment IS NOT NULL;
CREATE INDEX corrections_at ON corrections (organisation_id, at);
