-- Where a session is used from: a keyed mark of the network, and those that its person came from lately. A session that
-- turns up from an unknown one has its proof asked for anew; the address itself is kept nowhere.
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
CREATE TABLE known_networks (
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    network TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, staff_id, network)
) CLUSTERED;
