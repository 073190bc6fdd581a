//! SQL of the keys, secrets and blobs.

use super::restricted::{Opening, Reason, Reviewed, Verdict};
use super::{About, Labels};
use crate::error::DeskError;
use crate::ids::{
    BlobId, ContactId, DataKeyId, OpeningId, OrganisationId, PatientId, StaffId, TicketId, UploadId,
};
use bedside_db::{Conn, DbError, Row, Timestamp, ToValue, Value, args, statements};
use std::collections::{HashMap, HashSet};
use std::iter;
use uuid::Uuid;

/// The columns of an opening, in the order that [`opening`] reads.
macro_rules! select_opening {
    ($rest:literal) => {
        concat!(
            "SELECT id, staff_id, patient_id, key_id, reason, words, opened_at, until, reviewed_by, reviewed_at, verdict, \
             note FROM openings ",
            $rest
        )
    };
}

/// Whom requests are about.
macro_rules! select_about {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, COALESCE(p.labels, 0) | t.labels, t.queue_id, t.id FROM tickets t LEFT JOIN contacts c \
             ON c.organisation_id = t.organisation_id AND c.id = t.contact_id LEFT JOIN patients p \
             ON p.organisation_id = t.organisation_id AND p.id = COALESCE(t.patient_id, c.patient_id) ",
            $rest
        )
    };
}

/// Requests that [`ABOUT_TICKETS`] asks for together.
const TOGETHER: usize = 16;

statements! {
    /// Adds a data key.
    INSERT_KEY = "INSERT INTO data_keys (organisation_id, id, wrapped, created_at) VALUES ($1, $2, $3, $4)";
    /// One data key.
    KEY = "SELECT wrapped FROM data_keys WHERE organisation_id = $1 AND id = $2";
    /// Forgets a data key.
    DELETE_KEY = "DELETE FROM data_keys WHERE organisation_id = $1 AND id = $2";
    /// Data keys in order, for wrapping them anew.
    KEYS_AFTER = "SELECT id, wrapped FROM data_keys WHERE organisation_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// Wraps a data key anew, unless it changed meanwhile.
    REWRAP_KEY = "UPDATE data_keys SET wrapped = $3 WHERE organisation_id = $1 AND id = $2 AND wrapped = $4";
    /// One secret of the desk.
    SECRET = "SELECT sealed FROM desk_secrets WHERE name = $1";
    /// Adds a secret of the desk.
    INSERT_SECRET = "INSERT INTO desk_secrets (name, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    /// Replaces a secret of the desk, when the root key changes.
    UPDATE_SECRET = "UPDATE desk_secrets SET sealed = $2 WHERE name = $1";
    /// All secrets of the desk.
    SECRETS = "SELECT name, sealed FROM desk_secrets ORDER BY name";
    /// Notes that the root key was replaced.
    INSERT_ROOT_CHANGE = "INSERT INTO root_key_changes (at) VALUES ($1) ON CONFLICT DO NOTHING";
    /// The first time the root key was replaced after an instant.
    ROOT_CHANGE_AFTER = "SELECT at FROM root_key_changes WHERE at > $1 ORDER BY at LIMIT 1";
    /// The wrapped keys of all organisations.
    WRAPPED_KEYS = "SELECT id, wrapped_keys FROM organisations ORDER BY id";
    /// Every organisation's wrapped keys, which nobody else replaces until the command ends.
    WRAPPED_KEYS_LOCKED = "SELECT id, wrapped_keys FROM organisations ORDER BY id FOR NO KEY UPDATE";
    /// Replaces an organisation's wrapped keys.
    UPDATE_WRAPPED_KEYS = "UPDATE organisations SET wrapped_keys = $2 WHERE id = $1";
    /// Adds a blob that nothing uses yet.
    INSERT_BLOB = "INSERT INTO blobs (organisation_id, id, key_id, size, used, created_at) VALUES ($1, $2, $3, $4, 0, $5)";
    /// Adds a piece of a blob.
    INSERT_PIECE = "INSERT INTO blob_pieces (organisation_id, blob_id, piece, sealed) VALUES ($1, $2, $3, $4)";
    /// Says that a blob is used now.
    USE_BLOB = "UPDATE blobs SET used = 1 WHERE organisation_id = $1 AND id = $2";
    /// One blob.
    BLOB = "SELECT key_id, size FROM blobs WHERE organisation_id = $1 AND id = $2";
    /// One piece of a blob.
    PIECE = "SELECT sealed FROM blob_pieces WHERE organisation_id = $1 AND blob_id = $2 AND piece = $3";
    /// Blobs that nothing came to use.
    UNUSED = "SELECT organisation_id, id FROM blobs WHERE used = 0 AND created_at < $1 LIMIT $2";
    /// Adds a file that waits for its message.
    INSERT_UPLOAD = "INSERT INTO uploads (organisation_id, id, blob_id, actor_id, name, media_type, size, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// One file that waits, of whoever brought it.
    UPLOAD = "SELECT u.blob_id, u.name, u.media_type, u.size, b.key_id FROM uploads u JOIN blobs b \
        ON b.organisation_id = u.organisation_id AND b.id = u.blob_id \
        WHERE u.organisation_id = $1 AND u.id = $2 AND u.actor_id = $3";
    /// Removes the key of a file that waited in vain.
    DELETE_UPLOAD_KEY = "DELETE FROM data_keys WHERE organisation_id = $1 AND id IN (SELECT b.key_id FROM blobs b \
        JOIN uploads u ON u.organisation_id = b.organisation_id AND u.blob_id = b.id \
        WHERE b.organisation_id = $1 AND b.id = $2)";
    /// Removes a file that waited in vain.
    DELETE_UPLOAD = "DELETE FROM uploads WHERE organisation_id = $1 AND blob_id = $2";
    /// Removes a blob's pieces.
    DELETE_PIECES = "DELETE FROM blob_pieces WHERE organisation_id = $1 AND blob_id = $2";
    /// Removes a blob.
    DELETE_BLOB = "DELETE FROM blobs WHERE organisation_id = $1 AND id = $2";
    /// Whether somebody has opened a patient's record and may still see it.
    IS_OPEN = "SELECT 1 FROM openings WHERE organisation_id = $1 AND staff_id = $2 AND patient_id = $3 AND until > $4 LIMIT 1";
    /// Patients whose records somebody has open.
    OPEN_ONES = "SELECT DISTINCT patient_id FROM openings WHERE organisation_id = $1 AND staff_id = $2 AND until > $3";
    /// Whom a request is about: its patient, or else the one its requester stands for. Its own labels keep it from people too.
    ABOUT_TICKET = select_about!("WHERE t.organisation_id = $1 AND t.id = $2");
    /// Whom so many requests are about; fewer are filled up with one of them.
    ABOUT_TICKETS = select_about!("WHERE t.organisation_id = $1 AND t.id IN ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
        $13, $14, $15, $16, $17)");
    /// Whom a contact stands for.
    ABOUT_CONTACT = "SELECT p.id, p.labels FROM contacts c LEFT JOIN patients p \
        ON p.organisation_id = c.organisation_id AND p.id = c.patient_id WHERE c.organisation_id = $1 AND c.id = $2";
    /// The labels of a patient.
    ABOUT_PATIENT = "SELECT id, labels FROM patients WHERE organisation_id = $1 AND id = $2";
    /// Opens a record for a reason.
    INSERT_OPENING = "INSERT INTO openings (organisation_id, id, staff_id, patient_id, key_id, reason, words, opened_at, \
        until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Openings that nobody has signed off, oldest first.
    OPENINGS_WAITING = select_opening!("WHERE organisation_id = $1 AND reviewed_at IS NULL ORDER BY id LIMIT $2");
    /// The newest openings that somebody has signed off.
    OPENINGS_REVIEWED = select_opening!("WHERE organisation_id = $1 AND reviewed_at IS NOT NULL ORDER BY id DESC LIMIT $2");
    /// One opening, which nobody else signs off until the command ends.
    OPENING = select_opening!("WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE");
    /// Openings that nobody has signed off, counted up to a limit.
    COUNT_WAITING = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM openings WHERE organisation_id = $1 \
        AND reviewed_at IS NULL LIMIT $2) AS few";
    /// Signs an opening off.
    REVIEW_OPENING = "UPDATE openings SET reviewed_by = $3, reviewed_at = $4, verdict = $5, note = $6, until = $7 \
        WHERE organisation_id = $1 AND id = $2 AND reviewed_at IS NULL";
}

impl About {
    /// Whom a row is about that has the patient's id in `column`, and the labels in the next one.
    pub fn at(row: &Row<'_>, column: usize) -> Result<Self, DbError> {
        Ok(Self {
            patient: row.get(column)?,
            labels: Labels::from_bits(row.get::<Option<i64>>(column + 1)?.unwrap_or_default()),
            ..Self::NOBODY
        })
    }
}

fn about(row: &Row<'_>) -> Result<About, DbError> {
    About::at(row, 0)
}

pub(super) async fn about_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Option<About>, DeskError> {
    let args = args![organisation, id];
    let about = |row: &Row<'_>| Ok(about(row)?.in_queue(row.get(2)?));
    Ok(conn.query_opt(ABOUT_TICKET, args, about).await?)
}

/// Those that there are.
pub(super) async fn about_tickets(
    conn: &mut Conn,
    organisation: OrganisationId,
    ids: &[TicketId],
) -> Result<HashMap<TicketId, About>, DeskError> {
    let mut found = HashMap::with_capacity(ids.len());
    let read = |row: &Row<'_>| {
        let id: TicketId = row.get(3)?;
        Ok((id, about(row)?.in_queue(row.get(2)?)))
    };
    for some in ids.chunks(TOGETHER) {
        let filled = some.iter().chain(iter::repeat(&some[0])).take(TOGETHER);
        let args: Vec<Value<'_>> = iter::once(organisation.to_value())
            .chain(filled.map(ToValue::to_value))
            .collect();
        found.extend(conn.query(ABOUT_TICKETS, &args, read).await?);
    }
    Ok(found)
}

pub(super) async fn about_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<Option<About>, DeskError> {
    let args = args![organisation, id];
    Ok(conn.query_opt(ABOUT_CONTACT, args, about).await?)
}

pub(super) async fn about_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<Option<About>, DeskError> {
    let args = args![organisation, id];
    Ok(conn.query_opt(ABOUT_PATIENT, args, about).await?)
}

pub(super) async fn is_open(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    patient: PatientId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let args = args![organisation, staff, patient, now];
    let found = conn.query_opt(IS_OPEN, args, |_| Ok(()));
    Ok(found.await?.is_some())
}

pub(super) async fn open_ones(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    now: Timestamp,
) -> Result<HashSet<PatientId>, DeskError> {
    let args = args![organisation, staff, now];
    let found = conn.query(OPEN_ONES, args, |row| row.get(0)).await?;
    Ok(found.into_iter().collect())
}

pub(super) async fn insert_opening(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Opening,
) -> Result<(), DeskError> {
    let reason = new.reason.code();
    let columns = args![
        organisation,
        new.id,
        new.staff,
        new.patient,
        new.key,
        reason,
        new.words,
        new.opened_at,
        new.until
    ];
    conn.execute(INSERT_OPENING, columns).await?;
    Ok(())
}

fn known<T>(column: usize, found: Option<T>) -> Result<T, DbError> {
    found.ok_or_else(|| DbError::unknown_code(column))
}

fn opening(row: &Row<'_>) -> Result<Opening, DbError> {
    let reason: String = row.get(4)?;
    let verdict: Option<String> = row.get(10)?;
    let reviewed = match (row.get(8)?, row.get(9)?, verdict) {
        (Some(by), Some(at), Some(verdict)) => Some(Reviewed {
            by,
            at,
            verdict: known(10, Verdict::from_code(&verdict))?,
            note: row.get(11)?,
        }),
        _ => None,
    };
    Ok(Opening {
        id: row.get(0)?,
        staff: row.get(1)?,
        patient: row.get(2)?,
        key: row.get(3)?,
        reason: known(4, Reason::from_code(&reason))?,
        words: row.get(5)?,
        opened_at: row.get(6)?,
        until: row.get(7)?,
        reviewed,
    })
}

/// Those that wait, oldest first, or else the newest that were signed off.
pub(super) async fn openings(
    conn: &mut Conn,
    organisation: OrganisationId,
    waiting: bool,
    limit: i64,
) -> Result<Vec<Opening>, DeskError> {
    let statement = if waiting {
        OPENINGS_WAITING
    } else {
        OPENINGS_REVIEWED
    };
    let args = args![organisation, limit];
    Ok(conn.query(statement, args, opening).await?)
}

pub(super) async fn opening_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: OpeningId,
) -> Result<Option<Opening>, DeskError> {
    let args = args![organisation, id];
    Ok(conn.query_opt(OPENING, args, opening).await?)
}

pub(super) async fn count_waiting(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<i64, DeskError> {
    let args = args![organisation, limit];
    Ok(conn
        .query_one(COUNT_WAITING, args, |row| row.get(0))
        .await?)
}

/// `false` when somebody signed it off meanwhile.
pub(super) async fn review(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: OpeningId,
    until: Timestamp,
    reviewed: &Reviewed,
) -> Result<bool, DeskError> {
    let verdict = reviewed.verdict.code();
    let columns = args![
        organisation,
        id,
        reviewed.by,
        reviewed.at,
        verdict,
        reviewed.note,
        until
    ];
    Ok(conn.execute(REVIEW_OPENING, columns).await? == 1)
}

pub(super) async fn insert_key(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: DataKeyId,
    wrapped: &[u8],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(INSERT_KEY, args![organisation, id, wrapped, at])
        .await?;
    Ok(())
}

pub(super) async fn key(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: DataKeyId,
) -> Result<Option<Vec<u8>>, DeskError> {
    Ok(conn
        .query_opt(KEY, args![organisation, id], |row| row.get(0))
        .await?)
}

pub(super) async fn delete_key(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: DataKeyId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_KEY, args![organisation, id]).await?;
    Ok(())
}

pub(super) async fn keys_after(
    conn: &mut Conn,
    organisation: OrganisationId,
    after: DataKeyId,
    limit: i64,
) -> Result<Vec<(DataKeyId, Vec<u8>)>, DeskError> {
    Ok(conn
        .query(KEYS_AFTER, args![organisation, after, limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn rewrap_key(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: DataKeyId,
    old: &[u8],
    new: &[u8],
) -> Result<(), DeskError> {
    conn.execute(REWRAP_KEY, args![organisation, id, new, old])
        .await?;
    Ok(())
}

pub(super) async fn secret(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>, DeskError> {
    Ok(conn
        .query_opt(SECRET, args![name], |row| row.get(0))
        .await?)
}

pub(super) async fn insert_secret(
    conn: &mut Conn,
    name: &str,
    sealed: &[u8],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(INSERT_SECRET, args![name, sealed, at]).await?;
    Ok(())
}

pub(super) async fn update_secret(
    conn: &mut Conn,
    name: &str,
    sealed: &[u8],
) -> Result<(), DeskError> {
    conn.execute(UPDATE_SECRET, args![name, sealed]).await?;
    Ok(())
}

pub(super) async fn insert_root_change(conn: &mut Conn, at: Timestamp) -> Result<(), DeskError> {
    conn.execute(INSERT_ROOT_CHANGE, args![at]).await?;
    Ok(())
}

pub(super) async fn root_change_after(
    conn: &mut Conn,
    at: Timestamp,
) -> Result<Option<Timestamp>, DeskError> {
    Ok(conn
        .query_opt(ROOT_CHANGE_AFTER, args![at], |row| row.get(0))
        .await?)
}

pub(super) async fn secrets(conn: &mut Conn) -> Result<Vec<(String, Vec<u8>)>, DeskError> {
    Ok(conn
        .query(SECRETS, args![], |row| Ok((row.get(0)?, row.get(1)?)))
        .await?)
}

pub(super) async fn wrapped_keys(
    conn: &mut Conn,
) -> Result<Vec<(OrganisationId, Vec<u8>)>, DeskError> {
    Ok(conn
        .query(WRAPPED_KEYS, args![], |row| Ok((row.get(0)?, row.get(1)?)))
        .await?)
}

/// The same, held for the rest of the command.
pub(super) async fn wrapped_keys_locked(
    conn: &mut Conn,
) -> Result<Vec<(OrganisationId, Vec<u8>)>, DeskError> {
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(conn.query(WRAPPED_KEYS_LOCKED, args![], read).await?)
}

pub(super) async fn update_wrapped_keys(
    conn: &mut Conn,
    organisation: OrganisationId,
    wrapped: &[u8],
) -> Result<(), DeskError> {
    conn.execute(UPDATE_WRAPPED_KEYS, args![organisation, wrapped])
        .await?;
    Ok(())
}

pub(super) async fn insert_blob(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BlobId,
    key: DataKeyId,
    size: i64,
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(INSERT_BLOB, args![organisation, id, key, size, at])
        .await?;
    Ok(())
}

pub(super) async fn insert_piece(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BlobId,
    piece: i64,
    sealed: &[u8],
) -> Result<(), DeskError> {
    conn.execute(INSERT_PIECE, args![organisation, id, piece, sealed])
        .await?;
    Ok(())
}

pub(super) async fn use_blob(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BlobId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(USE_BLOB, args![organisation, id]).await? == 1)
}

pub(super) async fn blob(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BlobId,
) -> Result<Option<(DataKeyId, i64)>, DeskError> {
    Ok(conn
        .query_opt(BLOB, args![organisation, id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn piece(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BlobId,
    piece: i64,
) -> Result<Option<Vec<u8>>, DeskError> {
    Ok(conn
        .query_opt(PIECE, args![organisation, id, piece], |row| row.get(0))
        .await?)
}

pub(super) async fn unused(
    conn: &mut Conn,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<(OrganisationId, BlobId)>, DeskError> {
    Ok(conn
        .query(UNUSED, args![before, limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn delete_blob(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: BlobId,
) -> Result<(), DeskError> {
    conn.execute(DELETE_UPLOAD_KEY, args![organisation, id])
        .await?;
    conn.execute(DELETE_UPLOAD, args![organisation, id]).await?;
    conn.execute(DELETE_PIECES, args![organisation, id]).await?;
    conn.execute(DELETE_BLOB, args![organisation, id]).await?;
    Ok(())
}

/// A file that waits for its message.
pub(super) struct UploadRow<'a> {
    pub id: UploadId,
    pub blob: BlobId,
    pub actor: Uuid,
    pub name: &'a [u8],
    pub media_type: &'a str,
    pub size: i64,
    pub at: Timestamp,
}

pub(super) async fn insert_upload(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &UploadRow<'_>,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT_UPLOAD,
        args![
            organisation,
            row.id,
            row.blob,
            row.actor,
            row.name,
            row.media_type,
            row.size,
            row.at
        ],
    )
    .await?;
    Ok(())
}

/// A file that waits, as stored.
pub(super) struct Waiting {
    pub blob: BlobId,
    pub name: Vec<u8>,
    pub media_type: String,
    pub size: i64,
    pub key: DataKeyId,
}

pub(super) async fn upload(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: UploadId,
    actor: Uuid,
) -> Result<Option<Waiting>, DeskError> {
    Ok(conn
        .query_opt(UPLOAD, args![organisation, id, actor], |row| {
            Ok(Waiting {
                blob: row.get(0)?,
                name: row.get(1)?,
                media_type: row.get(2)?,
                size: row.get(3)?,
                key: row.get(4)?,
            })
        })
        .await?)
}
