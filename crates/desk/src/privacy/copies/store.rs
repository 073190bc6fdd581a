//! SQL of the copies.

use super::{Copy, Made};
use crate::error::DeskError;
use crate::ids::{BlobId, DataKeyId, OrganisationId, PrivacyCopyId, PrivacyRequestId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

/// The columns of a copy, in the order that [`copy`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, request_id, patient_id, state, key_id, blob_id, size, with_notes, asked_by, asked_at, expires_at \
             FROM privacy_copies ",
            $rest
        )
    };
}

statements! {
    /// Asks for a copy.
    INSERT = "INSERT INTO privacy_copies (organisation_id, id, request_id, patient_id, state, size, with_notes, asked_by, \
        asked_at, expires_at) VALUES ($1, $2, $3, $4, 'making', 0, $5, $6, $7, $8)";
    /// One copy.
    ONE = select!("WHERE organisation_id = $1 AND id = $2");
    /// The newest copies of a request.
    OF_REQUEST = select!("WHERE organisation_id = $1 AND request_id = $2 ORDER BY id DESC LIMIT 10");
    /// Says that a copy is made.
    READY = "UPDATE privacy_copies SET state = 'ready', key_id = $3, blob_id = $4, size = $5 \
        WHERE organisation_id = $1 AND id = $2 AND state = 'making'";
    /// Says that a copy could not be made.
    FAILED = "UPDATE privacy_copies SET state = 'failed' WHERE organisation_id = $1 AND id = $2 AND state = 'making'";
    /// Copies whose time is over.
    EXPIRED = "SELECT organisation_id, id, key_id, blob_id FROM privacy_copies WHERE expires_at <= $1 ORDER BY expires_at LIMIT 50";
    /// Forgets a copy.
    DELETE = "DELETE FROM privacy_copies WHERE organisation_id = $1 AND id = $2";
}

fn copy(row: &Row<'_>) -> Result<Copy, DbError> {
    let state: String = row.get(3)?;
    let made = match (
        state.as_str(),
        row.get::<Option<DataKeyId>>(4)?,
        row.get::<Option<BlobId>>(5)?,
    ) {
        ("ready", Some(key), Some(blob)) => Made::Ready {
            key,
            blob,
            size: row.get(6)?,
        },
        ("failed", ..) => Made::Failed,
        _ => Made::Making,
    };
    Ok(Copy {
        id: row.get(0)?,
        request: row.get(1)?,
        patient: row.get(2)?,
        made,
        with_notes: row.get(7)?,
        asked_by: row.get(8)?,
        asked_at: row.get(9)?,
        expires_at: row.get(10)?,
    })
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Copy,
) -> Result<(), DeskError> {
    let columns = args![
        organisation,
        new.id,
        new.request,
        new.patient,
        new.with_notes,
        new.asked_by,
        new.asked_at,
        new.expires_at
    ];
    conn.execute(INSERT, columns).await?;
    Ok(())
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyCopyId,
) -> Result<Option<Copy>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], copy).await?)
}

pub(super) async fn of_request(
    conn: &mut Conn,
    organisation: OrganisationId,
    request: PrivacyRequestId,
) -> Result<Vec<Copy>, DeskError> {
    let args = args![organisation, request];
    Ok(conn.query(OF_REQUEST, args, copy).await?)
}

/// Whether it was still being made.
pub(super) async fn ready(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyCopyId,
    (key, blob, size): (DataKeyId, BlobId, i64),
) -> Result<bool, DeskError> {
    let args = args![organisation, id, key, blob, size];
    Ok(conn.execute(READY, args).await? == 1)
}

/// Whether it was still being made.
pub(super) async fn failed(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyCopyId,
) -> Result<bool, DeskError> {
    Ok(conn.execute(FAILED, args![organisation, id]).await? == 1)
}

/// A copy whose time is over: what it was sealed with, and its bytes.
pub(super) struct Expired {
    pub organisation: OrganisationId,
    pub id: PrivacyCopyId,
    pub key: Option<DataKeyId>,
    pub blob: Option<BlobId>,
}

pub(super) async fn expired(conn: &mut Conn, now: Timestamp) -> Result<Vec<Expired>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(Expired {
            organisation: row.get(0)?,
            id: row.get(1)?,
            key: row.get(2)?,
            blob: row.get(3)?,
        })
    };
    Ok(conn.query(EXPIRED, args![now], read).await?)
}

pub(super) async fn delete(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyCopyId,
) -> Result<(), DeskError> {
    conn.execute(DELETE, args![organisation, id]).await?;
    Ok(())
}
