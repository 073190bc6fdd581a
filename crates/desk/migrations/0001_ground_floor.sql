-- Neutral words (ID, BLOB, TEXT, SERIAL_KEY, CLUSTERED) are explained in crates/db/src/migrate.rs.
-- Columns that can identify or describe a patient are BLOBs sealed by the vault; *_blind columns are keyed blind indexes.

CREATE TABLE organisations (
    id ID NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    locale TEXT NOT NULL,
    wrapped_keys BLOB NOT NULL,
    settings TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- One row an organisation: the last ticket number and the last event number given out.
CREATE TABLE counters (
    organisation_id ID NOT NULL PRIMARY KEY,
    ticket_number BIGINT NOT NULL,
    event_sequence BIGINT NOT NULL
) CLUSTERED;

-- Secrets of the whole desk, sealed by the root key (audit signing key, session and token MAC keys).
CREATE TABLE desk_secrets (
    name TEXT NOT NULL PRIMARY KEY,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL
) CLUSTERED;

CREATE TABLE data_keys (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    wrapped BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;

CREATE TABLE staff (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    locale TEXT NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE UNIQUE INDEX staff_email ON staff (organisation_id, email);


CREATE TABLE sessions (
    token_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) CLUSTERED;
CREATE INDEX sessions_staff ON sessions (organisation_id, staff_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- Links that let a person of the staff in once (invitation, first sign-in, the demo's doors).
CREATE TABLE staff_links (
    token_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id ID NOT NULL,
    staff_id ID NOT NULL,
    reusable BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
) CLUSTERED;

-- Wrong passwords by a keyed hash of what was typed as the address, so that an unknown one slows down like a known one.
CREATE TABLE sign_in_failures (
    address_hash BLOB NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL
) CLUSTERED;

CREATE TABLE api_tokens (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    name TEXT NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;

CREATE TABLE queues (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    code TEXT NOT NULL,
    names TEXT NOT NULL,
    purpose TEXT NOT NULL,
    position BIGINT NOT NULL,
    archived_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE UNIQUE INDEX queues_code ON queues (organisation_id, code);

CREATE TABLE categories (
    organisation_id ID NOT NULL,
    code TEXT NOT NULL,
    names TEXT NOT NULL,
    queue_id ID NOT NULL,
    clinical BIGINT NOT NULL,
    position BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, code)
) CLUSTERED;

-- The clinic's own names for finer states of a ticket ("waiting for the pharmacy").
CREATE TABLE sub_statuses (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    status TEXT NOT NULL,
    names TEXT NOT NULL,
    archived_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;

-- The clinic's own fields of a ticket. `kind` is text, number, date, choice or yes_no.
CREATE TABLE custom_fields (
    organisation_id ID NOT NULL,
    code TEXT NOT NULL,
    names TEXT NOT NULL,
    kind TEXT NOT NULL,
    choices TEXT NOT NULL,
    position BIGINT NOT NULL,
    archived_at BIGINT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, code)
) CLUSTERED;

-- Targets in minutes of working time. An empty category or urgency is the policy for all of them.
CREATE TABLE sla_policies (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    category TEXT NOT NULL,
    urgency TEXT NOT NULL,
    first_response_minutes BIGINT NOT NULL,
    next_response_minutes BIGINT NOT NULL,
    resolution_minutes BIGINT NOT NULL,
    always BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE UNIQUE INDEX sla_policies_target ON sla_policies (organisation_id, category, urgency);

CREATE TABLE templates (
    organisation_id ID NOT NULL,
    code TEXT NOT NULL,
    locale TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, code, locale)
) CLUSTERED;

CREATE TABLE saved_replies (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    code TEXT NOT NULL,
    locale TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;

-- A mailbox the desk reads and writes as. Settings (servers, accounts, passwords) are sealed with a key of its own.
-- `uid_validity` and `last_uid` say how far it was read over IMAP.
CREATE TABLE mailboxes (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    address TEXT NOT NULL,
    settings BLOB NOT NULL,
    key_id ID NOT NULL,
    enabled BIGINT NOT NULL,
    uid_validity BIGINT NOT NULL,
    last_uid BIGINT NOT NULL,
    checked_at BIGINT,
    last_error TEXT,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
-- Mail finds its clinic by its recipient, so an address belongs to one mailbox of the whole desk.
CREATE UNIQUE INDEX mailboxes_address ON mailboxes (address);

CREATE TABLE patients (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    key_id ID NOT NULL,
    name BLOB NOT NULL,
    birth_date BLOB,
    mrn BLOB,
    mrn_blind BLOB,
    name_birth_blind BLOB,
    locale TEXT,
    secure_link BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX patients_mrn ON patients (organisation_id, mrn_blind) WHERE mrn_blind IS NOT NULL;
CREATE INDEX patients_name_birth ON patients (organisation_id, name_birth_blind) WHERE name_birth_blind IS NOT NULL;

-- Whoever writes: a patient, someone for them, or a stranger.
CREATE TABLE contacts (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    key_id ID NOT NULL,
    patient_id ID,
    name BLOB,
    locale TEXT,
    secure_link BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX contacts_patient ON contacts (organisation_id, patient_id) WHERE patient_id IS NOT NULL;

CREATE TABLE contact_points (
    organisation_id ID NOT NULL,
    kind TEXT NOT NULL,
    value_blind BLOB NOT NULL,
    contact_id ID NOT NULL,
    value BLOB NOT NULL,
    last_acknowledged_at BIGINT,
    sent_hour BIGINT NOT NULL DEFAULT 0,
    sent_in_hour BIGINT NOT NULL DEFAULT 0,
    bounced_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, kind, value_blind)
) CLUSTERED;
CREATE INDEX contact_points_contact ON contact_points (organisation_id, contact_id);

-- `rank` is 0 for a crisis and 1 otherwise; `active` is 1 until the ticket is resolved or closed.
CREATE TABLE tickets (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    number BIGINT NOT NULL,
    key_id ID NOT NULL,
    contact_id ID NOT NULL,
    patient_id ID,
    mailbox_id ID,
    queue_id ID NOT NULL,
    assignee_id ID,
    category TEXT NOT NULL,
    urgency TEXT NOT NULL,
    safety TEXT NOT NULL,
    status TEXT NOT NULL,
    sub_status_id ID,
    active BIGINT NOT NULL,
    rank BIGINT NOT NULL,
    channel TEXT NOT NULL,
    locale TEXT NOT NULL,
    subject BLOB NOT NULL,
    fields BLOB,
    triage TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    first_response_due BIGINT,
    next_response_due BIGINT,
    resolution_due BIGINT,
    first_responded_at BIGINT,
    waiting_since BIGINT,
    snoozed_until BIGINT,
    resolved_at BIGINT,
    merged_into ID,
    message_count BIGINT NOT NULL,
    last_message_at BIGINT NOT NULL,
    last_message_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE UNIQUE INDEX tickets_number ON tickets (organisation_id, number);
CREATE INDEX tickets_queue ON tickets (organisation_id, queue_id, rank, due_at, id) WHERE active = 1;
CREATE INDEX tickets_due ON tickets (organisation_id, rank, due_at, id) WHERE active = 1;
CREATE INDEX tickets_assignee ON tickets (organisation_id, assignee_id, rank, due_at, id) WHERE active = 1 AND assignee_id IS NOT NULL;
CREATE INDEX tickets_done ON tickets (organisation_id, updated_at, id) WHERE active = 0;
CREATE INDEX tickets_contact ON tickets (organisation_id, contact_id, id);
CREATE INDEX tickets_patient ON tickets (organisation_id, patient_id, id) WHERE patient_id IS NOT NULL;

CREATE TABLE ticket_tags (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, tag)
) CLUSTERED;
CREATE INDEX ticket_tags_tag ON ticket_tags (organisation_id, tag, ticket_id);

-- `kind` is related, merged_into or split_from; read from both ends.
CREATE TABLE ticket_links (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    other_id ID NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, other_id, kind)
) CLUSTERED;
CREATE INDEX ticket_links_other ON ticket_links (organisation_id, other_id);

CREATE TABLE ticket_followers (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    staff_id ID NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, staff_id)
) CLUSTERED;

-- `doc` numbers messages for the search index. `kind` is inbound, outbound or note.
CREATE TABLE messages (
    doc SERIAL_KEY,
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    id ID NOT NULL,
    key_id ID NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    author_kind TEXT NOT NULL,
    author_id ID,
    body BLOB NOT NULL,
    html BLOB,
    envelope BLOB,
    locale TEXT NOT NULL,
    automatic BIGINT NOT NULL,
    state TEXT NOT NULL,
    state_at BIGINT NOT NULL,
    attachment_count BIGINT NOT NULL,
    inbound_mail_id ID,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX messages_ticket ON messages (organisation_id, ticket_id, id);

-- What a provider calls a message; decides that one delivered twice is one message.
CREATE TABLE external_ids (
    organisation_id ID NOT NULL,
    channel TEXT NOT NULL,
    external_blind BLOB NOT NULL,
    ticket_id ID,
    message_id ID,
    PRIMARY KEY (organisation_id, channel, external_blind)
) CLUSTERED;

CREATE TABLE attachments (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    message_id ID NOT NULL,
    id ID NOT NULL,
    name BLOB NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    content_id BLOB,
    inline_image BIGINT NOT NULL,
    blob_id ID NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, message_id, id)
) CLUSTERED;
CREATE INDEX attachments_id ON attachments (organisation_id, id);

-- Sealed bytes in pieces, so that neither a write nor a download holds a whole file.
CREATE TABLE blobs (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    key_id ID NOT NULL,
    size BIGINT NOT NULL,
    used BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE TABLE blob_pieces (
    organisation_id ID NOT NULL,
    blob_id ID NOT NULL,
    piece BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (organisation_id, blob_id, piece)
);

-- Files that wait for the message they belong to, sealed with keys of their own.
CREATE TABLE uploads (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    blob_id ID NOT NULL,
    actor_id ID NOT NULL,
    name BLOB NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
) CLUSTERED;
CREATE INDEX uploads_blob ON uploads (organisation_id, blob_id);

-- Every raw mail, durable before it is acknowledged or parsed. `state` is received, done, ignored or parked; `error` says
-- why, as a code.
CREATE TABLE inbound_mails (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    mailbox_id ID,
    key_id ID NOT NULL,
    envelope BLOB NOT NULL,
    raw BLOB,
    blob_id ID,
    size BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    error TEXT,
    ticket_id ID,
    message_id ID,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX inbound_mails_waiting ON inbound_mails (received_at) WHERE state = 'received';

-- Mail on its way out. Recipients are frozen (sealed) here. `state` is queued, accepted, bounced, failed or cancelled;
-- `response` is a code; `trouble` is 1 while a person should know of it; `uncertain` counts the times after which
-- nobody could say whether the mail server had taken it.
CREATE TABLE outbound_mails (
    organisation_id ID NOT NULL,
    id ID NOT NULL,
    ticket_id ID NOT NULL,
    message_id ID,
    mailbox_id ID,
    kind TEXT NOT NULL,
    key_id ID NOT NULL,
    content BLOB NOT NULL,
    header_id TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    send_after BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    response TEXT,
    trouble BIGINT NOT NULL DEFAULT 0,
    uncertain BIGINT NOT NULL DEFAULT 0,
    state_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, id)
);
CREATE INDEX outbound_mails_trouble ON outbound_mails (organisation_id, id) WHERE trouble = 1;
CREATE INDEX outbound_mails_message ON outbound_mails (organisation_id, message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX outbound_mails_header ON outbound_mails (header_id);

-- Links for one person: `purpose` is thread or rating. `bound_hash` is the browser that opened it first; `asked_at` is
-- when a fresh one was last asked for.
CREATE TABLE person_links (
    token_hash BLOB NOT NULL PRIMARY KEY,
    organisation_id ID NOT NULL,
    purpose TEXT NOT NULL,
    ticket_id ID NOT NULL,
    contact_id ID NOT NULL,
    bound_hash BLOB,
    asked_at BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
) CLUSTERED;
CREATE INDEX person_links_ticket ON person_links (organisation_id, ticket_id);
CREATE INDEX person_links_contact ON person_links (organisation_id, contact_id);
CREATE INDEX person_links_expiry ON person_links (expires_at);

CREATE TABLE ratings (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    contact_id ID NOT NULL,
    queue_id ID NOT NULL,
    key_id ID NOT NULL,
    score BIGINT NOT NULL,
    comment BLOB,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id)
) CLUSTERED;
-- Roll-up by UTC day (days since 1970-01-01) and queue: answers and positive answers (4 or 5 of 5).
CREATE TABLE rating_days (
    organisation_id ID NOT NULL,
    day BIGINT NOT NULL,
    queue_id ID NOT NULL,
    answers BIGINT NOT NULL,
    positive BIGINT NOT NULL,
    score_sum BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, day, queue_id)
) CLUSTERED;

-- What happened, numbered without gaps within an organisation. `data` is JSON without patient data.
CREATE TABLE events (
    organisation_id ID NOT NULL,
    sequence BIGINT NOT NULL,
    kind TEXT NOT NULL,
    ticket_id ID,
    message_id ID,
    actor_kind TEXT NOT NULL,
    actor_id ID,
    data TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, sequence)
) CLUSTERED;
CREATE INDEX events_ticket ON events (organisation_id, ticket_id, sequence) WHERE ticket_id IS NOT NULL;

-- Append-only. `leaf` is the entry's place in the Merkle log once it is sealed.
CREATE TABLE audit_entries (
    sequence SERIAL_KEY,
    id ID NOT NULL,
    organisation_id ID NOT NULL,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    source TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL,
    leaf BIGINT,
    leaf_hash BLOB
);
CREATE INDEX audit_entries_open ON audit_entries (sequence) WHERE leaf IS NULL;
CREATE UNIQUE INDEX audit_entries_leaf ON audit_entries (leaf) WHERE leaf IS NOT NULL;
CREATE INDEX audit_entries_organisation ON audit_entries (organisation_id, sequence);
CREATE INDEX audit_entries_object ON audit_entries (organisation_id, object_id, sequence);
CREATE INDEX audit_entries_actor ON audit_entries (organisation_id, actor_id, sequence);
CREATE TABLE audit_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note TEXT NOT NULL,
    frontier BLOB NOT NULL,
    at BIGINT NOT NULL
) CLUSTERED;

-- Answers to requests that carried an Idempotency-Key, without patient data.
CREATE TABLE idempotency_keys (
    organisation_id ID NOT NULL,
    key_hash BLOB NOT NULL,
    request_hash BLOB NOT NULL,
    status BIGINT NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, key_hash)
) CLUSTERED;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE drafts (
    organisation_id ID NOT NULL,
    ticket_id ID NOT NULL,
    staff_id ID NOT NULL,
    key_id ID NOT NULL,
    body BLOB NOT NULL,
    note BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organisation_id, ticket_id, staff_id)
) CLUSTERED;

-- The job queue; its statements are in crates/db/src/jobs.rs.
CREATE TABLE jobs (
    id ID NOT NULL PRIMARY KEY,
    organisation_id ID NOT NULL,
    kind TEXT NOT NULL,
    unique_key TEXT,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    failed_at BIGINT,
    last_error TEXT
) CLUSTERED;
CREATE UNIQUE INDEX jobs_key ON jobs (organisation_id, kind, unique_key) WHERE unique_key IS NOT NULL AND failed_at IS NULL;
CREATE INDEX jobs_due ON jobs (due_at) WHERE failed_at IS NULL;
CREATE INDEX jobs_leased ON jobs (leased_until) WHERE leased_until > 0;
