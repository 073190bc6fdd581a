-- Whether people with a role must have a second factor. Clinics that are here already decide that for themselves.
ALTER TABLE roles ADD COLUMN second_factor BIGINT NOT NULL DEFAULT 0;
-- When whoever uses a session last proved who they are. Those from before count as old.
ALTER TABLE sessions ADD COLUMN proven_at BIGINT NOT NULL DEFAULT 0;
-- The app that makes somebody's codes: its secret, sealed, and the newest time step whose code was taken.
CREATE TABLE second_factors (
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    key_id ID NOT NULL,
    secret BLOB NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, staff_id)
) CLUSTERED;
-- What stands in for the app when it is lost, each once.
CREATE TABLE recovery_codes (
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (organisation_id, staff_id, code_hash)
) CLUSTERED;
-- Who has shown a password or a link, and not yet a code.
CREATE TABLE half_sign_ins (
    token_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    method TEXT NOT NULL,
    needs_password BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) CLUSTERED;
CREATE INDEX half_sign_ins_staff ON half_sign_ins (organisation_id, staff_id);
CREATE INDEX half_sign_ins_expiry ON half_sign_ins (expires_at);
-- Browsers and systems, as codes, that somebody came in with.
CREATE TABLE known_devices (
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    device TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, staff_id, device)
) CLUSTERED;
-- What people are signed in with now is no news.
INSERT INTO known_devices (organisation_id, staff_id, device, seen_at)
    SELECT organisation_id, staff_id, device, MAX(seen_at) FROM sessions GROUP BY organisation_id, staff_id, device;
