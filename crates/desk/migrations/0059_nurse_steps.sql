-- What was handed to a nurse and what a clinician decided: codes. The words stand in the note of each.
CREATE TABLE nurse_steps (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    note_id ID NOT NULL,
    step TEXT NOT NULL,
    code TEXT NOT NULL,
    emergency BIGINT NOT NULL,
    waits BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id ID,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, note_id)
) CLUSTERED;
