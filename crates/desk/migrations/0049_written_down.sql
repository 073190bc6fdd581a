-- Who wrote down what somebody said; none for what they wrote themselves. The words stay theirs.
ALTER TABLE messages ADD COLUMN written_by ID;
-- Whether the words of a draft are what somebody says.
ALTER TABLE drafts ADD COLUMN said BIGINT NOT NULL DEFAULT 0;
-- Signs to be careful that somebody of the staff noticed in a conversation. They count for a day.
CREATE TABLE identity_flags (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    flag TEXT NOT NULL,
    staff_id ID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, flag)
) CLUSTERED;
CREATE INDEX identity_flags_at ON identity_flags (at);
