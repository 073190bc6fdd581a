-- Tags are the staff's own words and may describe a patient: sealed with the ticket's key, found by a keyed blind index.
-- No version was released with readable tags, so there are none to carry over.
DROP TABLE ticket_tags;
CREATE TABLE ticket_tags (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    tag_id ID NOT NULL,
    tag BLOB NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, tag_id)
) CLUSTERED;
CREATE INDEX ticket_tags_tag ON ticket_tags (organisation_id, tag_id, ticket_id);
