-- What feedback is about and how people felt about it: codes alone, the words stay sealed where they are. `source_id` is
-- the message, or the ticket for what came with its rating; the theme '' is the whole of it. `day` counts from 1970-01-01
-- UTC.
CREATE TABLE feedback (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    source_id ID NOT NULL,
    theme TEXT NOT NULL,
    sentiment TEXT NOT NULL,
    day BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, source_id, theme)
) CLUSTERED;
CREATE INDEX feedback_day ON feedback (organisation_id, day, theme, sentiment);
