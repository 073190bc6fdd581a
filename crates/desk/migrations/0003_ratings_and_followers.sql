-- Who had the request when it was rated; the newest ratings, and among them those that call for a look.
ALTER TABLE ratings ADD COLUMN staff_id ID;
CREATE INDEX ratings_newest ON ratings (organisation_id, created_at, ticket_id);
CREATE INDEX ratings_low ON ratings (organisation_id, created_at, ticket_id) WHERE score <= 3;
-- Roll-up by UTC day (days since 1970-01-01) and person, as `rating_days` is by queue.
CREATE TABLE rating_people (
    organisation_id ID NOT NULL,
    day BIGINT NOT NULL,
    staff_id ID NOT NULL,
    answers BIGINT NOT NULL,
    positive BIGINT NOT NULL,
    score_sum BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, day, staff_id)
) CLUSTERED;
-- What somebody follows.
CREATE INDEX ticket_followers_staff ON ticket_followers (organisation_id, staff_id, ticket_id);
