-- Keys that people's devices keep: what the library checks them by (public keys, no secret), and the device's own count.
CREATE TABLE passkeys (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    staff_id ID NOT NULL,
    name TEXT NOT NULL,
    credential_hash BLOB NOT NULL,
    credential TEXT NOT NULL,
    uses BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    stopped_at BIGINT,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_hash);
CREATE INDEX passkeys_staff ON passkeys (organisation_id, staff_id);
-- What a browser was asked to sign and has not signed yet.
CREATE TABLE passkey_questions (
    place_hash BLOB NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    expires_at BIGINT NOT NULL
) CLUSTERED;
CREATE INDEX passkey_questions_expiry ON passkey_questions (expires_at);
