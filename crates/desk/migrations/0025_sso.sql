-- Where an organisation's people may sign in instead of here. The client's secret is sealed; `rules` are JSON: which claim
-- carries groups, which role they give, and what else the organisation decided.
CREATE TABLE sso_providers (
    organisation_id ID NOT NULL PRIMARY KEY,
    id ID NOT NULL,
    issuer TEXT NOT NULL,
    client TEXT NOT NULL,
    key_id ID NOT NULL,
    secret BLOB NOT NULL,
    button TEXT NOT NULL,
    rules TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    version BIGINT NOT NULL
) CLUSTERED;
-- Who is who there: a person has one account of the provider, known by its subject and never by a mail address again.
-- `ended_at` is since when the provider's groups give no role.
CREATE TABLE sso_people (
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    linked_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (organisation_id, staff_id)
) CLUSTERED;
CREATE UNIQUE INDEX sso_people_subject ON sso_people (organisation_id, issuer, subject);
-- Who was sent to a provider and has not come back.
CREATE TABLE sso_questions (
    place_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id ID NOT NULL,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
) CLUSTERED;
CREATE INDEX sso_questions_expiry ON sso_questions (expires_at);
