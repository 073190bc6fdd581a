-- Looks of the staff at what a conversation does not show yet, because whoever is on the line was not verified for it.
CREATE TABLE identity_peeks (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    staff_id ID NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, staff_id, at)
) CLUSTERED;
CREATE INDEX identity_peeks_at ON identity_peeks (organisation_id, at);
