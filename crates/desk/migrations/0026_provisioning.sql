-- Who made a token: it ends with them. Of those that were made before, nobody knows.
ALTER TABLE api_tokens ADD COLUMN created_by ID;
-- Whom the identity provider told of, beside their row in `staff`. `user_key` is the folded name that the provider knows them
-- by, none once it took them away; `active` is what it says, `ended_at` the moment at which provisioning locked them out,
-- `by_hand` whether they still have the role that a colleague gave them.
CREATE TABLE provisioned_people (
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    user_name TEXT NOT NULL,
    user_key TEXT,
    external_id TEXT,
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    active BIGINT NOT NULL,
    by_hand BIGINT NOT NULL,
    ended_at BIGINT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, staff_id)
) CLUSTERED;
CREATE UNIQUE INDEX provisioned_people_user ON provisioned_people (organisation_id, user_key);
CREATE UNIQUE INDEX provisioned_people_external ON provisioned_people (organisation_id, external_id);
-- Its groups, each with the role that an administrator chose for it; none gives nothing.
CREATE TABLE provisioned_groups (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    external_id TEXT,
    role TEXT,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE UNIQUE INDEX provisioned_groups_name ON provisioned_groups (organisation_id, name_key);
CREATE UNIQUE INDEX provisioned_groups_external ON provisioned_groups (organisation_id, external_id);
CREATE TABLE provisioned_members (
    organisation_id ID NOT NULL,
    group_id ID NOT NULL,
    staff_id ID NOT NULL,
    PRIMARY KEY (organisation_id, group_id, staff_id)
) CLUSTERED;
CREATE INDEX provisioned_members_person ON provisioned_members (organisation_id, staff_id);
-- The role of whoever is in no group that has one; no row: none.
CREATE TABLE provisioning_rules (
    organisation_id ID NOT NULL PRIMARY KEY,
    default_role TEXT
) CLUSTERED;
-- What the provider sent last, for the page that shows whether it works; some fifty rows an organisation.
CREATE TABLE provisioning_calls (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
