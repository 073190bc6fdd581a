//! SQL of the searches that are kept.

use crate::error::DeskError;
use crate::ids::{AuditFilterId, DataKeyId, OrganisationId, StaffId};
use bedside_db::{Conn, DbError, Timestamp, args, statements};

statements! {
    /// Adds one.
    INSERT = "INSERT INTO audit_filters (organisation_id, id, staff_id, shared, key_id, sealed, version, changed_at) \
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7)";
    /// One's own.
    OWN = "SELECT id, staff_id, shared, key_id, sealed, version FROM audit_filters \
        WHERE organisation_id = $1 AND staff_id = $2 ORDER BY id LIMIT $3";
    /// Those that are shared.
    SHARED = "SELECT id, staff_id, shared, key_id, sealed, version FROM audit_filters \
        WHERE organisation_id = $1 AND shared = 1 ORDER BY id LIMIT $2";
    /// One of them.
    ONE = "SELECT id, staff_id, shared, key_id, sealed, version FROM audit_filters WHERE organisation_id = $1 AND id = $2";
    /// One that stays as it is until the command ends.
    HELD = "SELECT id, staff_id, shared, key_id, sealed, version FROM audit_filters \
        WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE";
    /// Changes one.
    CHANGE = "UPDATE audit_filters SET shared = $3, sealed = $4, changed_at = $5, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $6";
    /// Removes one.
    DELETE = "DELETE FROM audit_filters WHERE organisation_id = $1 AND id = $2";
}

/// A search as stored.
pub(super) struct Row {
    pub id: AuditFilterId,
    pub by: StaffId,
    pub shared: bool,
    pub key: DataKeyId,
    pub sealed: Vec<u8>,
    pub version: i64,
}

fn row(row: &bedside_db::Row<'_>) -> Result<Row, DbError> {
    Ok(Row {
        id: row.get(0)?,
        by: row.get(1)?,
        shared: row.get::<i64>(2)? == 1,
        key: row.get(3)?,
        sealed: row.get(4)?,
        version: row.get(5)?,
    })
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Row,
    at: Timestamp,
) -> Result<(), DeskError> {
    let shared = i64::from(new.shared);
    let args = args![
        organisation,
        new.id,
        new.by,
        shared,
        new.key,
        new.sealed,
        at
    ];
    conn.execute(INSERT, args).await?;
    Ok(())
}

pub(super) async fn own(
    conn: &mut Conn,
    organisation: OrganisationId,
    by: StaffId,
    limit: i64,
) -> Result<Vec<Row>, DeskError> {
    Ok(conn.query(OWN, args![organisation, by, limit], row).await?)
}

pub(super) async fn shared(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<Vec<Row>, DeskError> {
    Ok(conn.query(SHARED, args![organisation, limit], row).await?)
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AuditFilterId,
) -> Result<Option<Row>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], row).await?)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AuditFilterId,
) -> Result<Option<Row>, DeskError> {
    Ok(conn.query_opt(HELD, args![organisation, id], row).await?)
}

pub(super) async fn change(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Row,
    at: Timestamp,
) -> Result<bool, DeskError> {
    let shared = i64::from(new.shared);
    let args = args![organisation, new.id, shared, new.sealed, at, new.version];
    Ok(conn.execute(CHANGE, args).await? == 1)
}

pub(super) async fn delete(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AuditFilterId,
) -> Result<(), DeskError> {
    conn.execute(DELETE, args![organisation, id]).await?;
    Ok(())
}
