//! SQL of what becomes of files.

use super::model::Scan;
use crate::error::DeskError;
use crate::ids::{AttachmentId, BlobId, ContactId, MessageId, OrganisationId, TicketId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// A file for the scanner.
    TO_SCAN = "SELECT ticket_id, message_id, blob_id, scan, scan_note, scan_at FROM attachments \
        WHERE organisation_id = $1 AND id = $2";
    /// What the scanner said, where nobody said another thing meanwhile.
    SCANNED = "UPDATE attachments SET scan = $4, scan_note = $5, scan_at = $6 \
        WHERE organisation_id = $1 AND id = $2 AND scan = $3";
    /// The newest files that came before a scanner was set.
    UNSCANNED = "SELECT id FROM attachments WHERE organisation_id = $1 AND scan <> 'clean' AND scan = 'unscanned' \
        ORDER BY id DESC LIMIT $2";
    /// Files that were not looked at yet, of all organisations.
    BACKLOG = "SELECT COUNT(*) FROM attachments WHERE scan <> 'clean' AND scan IN ('waiting', 'failed')";
    /// Takes files from somebody's quota of a day, which begins with the first; nothing when they have not that much left.
    TAKE = "INSERT INTO file_days (organisation_id, contact_id, way, since, files, bytes) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (organisation_id, contact_id, way) DO UPDATE SET \
        files = CASE WHEN file_days.since <= $7 THEN excluded.files ELSE file_days.files + excluded.files END, \
        bytes = CASE WHEN file_days.since <= $7 THEN excluded.bytes ELSE file_days.bytes + excluded.bytes END, \
        since = CASE WHEN file_days.since <= $7 THEN excluded.since ELSE file_days.since END \
        WHERE file_days.since <= $7 OR (file_days.files + excluded.files <= $8 AND file_days.bytes + excluded.bytes <= $9)";
    /// Forgets days that are over.
    FORGET_DAYS = "DELETE FROM file_days WHERE since <= $1";
}

/// A file as the scanner needs it.
pub(super) struct ToScan {
    pub ticket: TicketId,
    pub message: MessageId,
    pub blob: BlobId,
    pub scan: Scan,
    pub note: Option<String>,
    pub at: Option<Timestamp>,
}

impl ToScan {
    /// Whether there is anything left to find out.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.scan, Scan::Waiting | Scan::Failed | Scan::Unscanned)
    }
}

pub(super) async fn to_scan(
    conn: &mut Conn,
    organisation: OrganisationId,
    file: AttachmentId,
) -> Result<Option<ToScan>, DeskError> {
    Ok(conn
        .query_opt(TO_SCAN, args![organisation, file], |row| {
            Ok(ToScan {
                ticket: row.get(0)?,
                message: row.get(1)?,
                blob: row.get(2)?,
                scan: row.coded(3, Scan::from_code)?,
                note: row.get(4)?,
                at: row.get(5)?,
            })
        })
        .await?)
}

/// `false` when it was not `was` any more.
pub(super) async fn scanned(
    conn: &mut Conn,
    organisation: OrganisationId,
    file: AttachmentId,
    was: Scan,
    (scan, note, at): (Scan, Option<&str>, Timestamp),
) -> Result<bool, DeskError> {
    let (was, scan) = (was.code(), scan.code());
    let args = args![organisation, file, was, scan, note, at];
    Ok(conn.execute(SCANNED, args).await? == 1)
}

pub(super) async fn unscanned(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<Vec<AttachmentId>, DeskError> {
    let args = args![organisation, limit];
    Ok(conn.query(UNSCANNED, args, |row| row.get(0)).await?)
}

pub(super) async fn backlog(conn: &mut Conn) -> Result<i64, DeskError> {
    Ok(conn.query_one(BACKLOG, args![], |row| row.get(0)).await?)
}

/// Files and their bytes.
#[derive(Clone, Copy)]
pub(super) struct Amount {
    pub files: i64,
    pub bytes: i64,
}

/// `false` when it would be more than `most` since `before`.
pub(super) async fn take(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, way): (ContactId, &'static str),
    more: Amount,
    most: Amount,
    (now, before): (Timestamp, Timestamp),
) -> Result<bool, DeskError> {
    let args = args![
        organisation,
        contact,
        way,
        now,
        more.files,
        more.bytes,
        before,
        most.files,
        most.bytes
    ];
    Ok(conn.execute(TAKE, args).await? == 1)
}

pub(super) async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    conn.execute(FORGET_DAYS, args![before]).await?;
    Ok(())
}
