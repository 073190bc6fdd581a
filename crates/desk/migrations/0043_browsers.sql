-- Browsers in which somebody came in by an address: each has a share of its codes that no stranger can use up. What a browser
-- is known by is kept as a hash, and opens nothing.
CREATE TABLE portal_browsers (
    browser_hash BLOB NOT NULL,
    organisation_id ID NOT NULL,
    contact_id ID NOT NULL,
    point_blind BLOB NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (browser_hash, organisation_id, contact_id, point_blind)
) CLUSTERED;
CREATE INDEX portal_browsers_contact ON portal_browsers (organisation_id, contact_id);
CREATE INDEX portal_browsers_age ON portal_browsers (seen_at);
