//! SQL of mailboxes.

use crate::error::DeskError;
use crate::ids::{DataKeyId, MailboxId, OrganisationId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Adds a mailbox.
    INSERT = "INSERT INTO mailboxes (organisation_id, id, address, settings, key_id, enabled, uid_validity, last_uid, version) \
        VALUES ($1, $2, $3, $4, $5, 1, 0, 0, 1)";
    /// Changes a mailbox, unless it changed meanwhile. A new account is read from its beginning.
    UPDATE = "UPDATE mailboxes SET address = $4, settings = $5, enabled = $6, last_error = NULL, version = version + 1, \
        uid_validity = CASE WHEN $7 = 1 THEN 0 ELSE uid_validity END, last_uid = CASE WHEN $7 = 1 THEN 0 ELSE last_uid END \
        WHERE organisation_id = $1 AND id = $2 AND version = $3";
    /// An organisation's mailboxes.
    OF_ORGANISATION = "SELECT id, address, settings, key_id, enabled, uid_validity, last_uid, checked_at, last_error, version \
        FROM mailboxes WHERE organisation_id = $1 ORDER BY id";
    /// One mailbox.
    ONE = "SELECT id, address, settings, key_id, enabled, uid_validity, last_uid, checked_at, last_error, version \
        FROM mailboxes WHERE organisation_id = $1 AND id = $2";
    /// Whose address this is.
    BY_ADDRESS = "SELECT organisation_id, id, enabled FROM mailboxes WHERE address = $1";
    /// The enabled mailboxes of all organisations.
    ENABLED = "SELECT organisation_id, id, version FROM mailboxes WHERE enabled = 1 ORDER BY id";
    /// How far a mailbox was read; nothing when it was read that far before.
    ADVANCE = "UPDATE mailboxes SET uid_validity = $3, last_uid = $4 WHERE organisation_id = $1 AND id = $2 \
        AND (uid_validity <> $3 OR last_uid < $4)";
    /// Notes how the last look at a mailbox ended; one that failed leaves the time of the last good one.
    CHECKED = "UPDATE mailboxes SET checked_at = COALESCE($3, checked_at), last_error = $4 WHERE organisation_id = $1 \
        AND id = $2";
}

/// A mailbox as stored.
pub(super) struct MailboxRow {
    pub id: MailboxId,
    pub address: String,
    pub settings: Vec<u8>,
    pub key: DataKeyId,
    pub enabled: bool,
    pub uid_validity: i64,
    pub last_uid: i64,
    pub checked_at: Option<Timestamp>,
    pub last_error: Option<String>,
    pub version: i64,
}

fn mailbox(row: &Row<'_>) -> Result<MailboxRow, DbError> {
    Ok(MailboxRow {
        id: row.get(0)?,
        address: row.get(1)?,
        settings: row.get(2)?,
        key: row.get(3)?,
        enabled: row.get(4)?,
        uid_validity: row.get(5)?,
        last_uid: row.get(6)?,
        checked_at: row.get(7)?,
        last_error: row.get(8)?,
        version: row.get(9)?,
    })
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: MailboxId,
    address: &str,
    (key, settings): (DataKeyId, &[u8]),
) -> Result<(), DeskError> {
    conn.execute(INSERT, args![organisation, id, address, settings, key])
        .await?;
    Ok(())
}

/// `false` when it changed meanwhile, or is not there.
pub(super) async fn update(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &MailboxRow,
    from_the_beginning: bool,
) -> Result<bool, DeskError> {
    let args = args![
        organisation,
        row.id,
        row.version,
        row.address,
        row.settings,
        row.enabled,
        from_the_beginning
    ];
    Ok(conn.execute(UPDATE, args).await? == 1)
}

pub(super) async fn of_organisation(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<MailboxRow>, DeskError> {
    Ok(conn
        .query(OF_ORGANISATION, args![organisation], mailbox)
        .await?)
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: MailboxId,
) -> Result<Option<MailboxRow>, DeskError> {
    Ok(conn
        .query_opt(ONE, args![organisation, id], mailbox)
        .await?)
}

pub(super) async fn by_address(
    conn: &mut Conn,
    address: &str,
) -> Result<Option<(OrganisationId, MailboxId, bool)>, DeskError> {
    let found = conn
        .query_opt(BY_ADDRESS, args![address], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?;
    Ok(found)
}

pub(super) async fn advance(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: MailboxId,
    (uid_validity, last_uid): (i64, i64),
) -> Result<bool, DeskError> {
    Ok(conn
        .execute(ADVANCE, args![organisation, id, uid_validity, last_uid])
        .await?
        == 1)
}

pub(super) async fn enabled(
    conn: &mut Conn,
) -> Result<Vec<(OrganisationId, MailboxId, i64)>, DeskError> {
    Ok(conn
        .query(ENABLED, args![], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}

pub(super) async fn checked(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: MailboxId,
    at: Option<Timestamp>,
    error: Option<&str>,
) -> Result<(), DeskError> {
    conn.execute(CHECKED, args![organisation, id, at, error])
        .await?;
    Ok(())
}
