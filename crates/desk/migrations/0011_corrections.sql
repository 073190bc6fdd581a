-- What people said otherwise than the engine, of a message: codes alone. The words stay sealed with the message.
CREATE TABLE corrections (
    organisation_id ID NOT NULL,
    message_id ID NOT NULL,
    ticket_id ID NOT NULL,
    found TEXT NOT NULL,
    meant TEXT NOT NULL,
    staff_id ID NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, message_id)
) CLUSTERED;
