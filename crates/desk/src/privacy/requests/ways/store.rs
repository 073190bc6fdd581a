//! SQL of how the choice of a request ended.

use crate::error::DeskError;
use crate::ids::{OrganisationId, PrivacyRequestId, StaffId};
use bedside_db::{Conn, Row, Timestamp, args, statements};

statements! {
    /// What a request chose ended.
    END_WAY = "UPDATE privacy_requests SET way_ended_by = $3, way_ended_at = $4, way_why = $5, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND way_ended_at IS NULL";
    /// When it ended, who ended it, and why, sealed.
    WAY_ENDED = "SELECT way_ended_by, way_ended_at, way_why FROM privacy_requests \
        WHERE organisation_id = $1 AND id = $2 AND way_ended_at IS NOT NULL";
}

/// How a choice ended, as stored.
pub(super) struct EndedRow {
    pub by: StaffId,
    pub at: Timestamp,
    pub why: Option<Vec<u8>>,
}

pub(super) async fn end(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
    (by, at): (StaffId, Timestamp),
    why: Option<&Vec<u8>>,
) -> Result<(), DeskError> {
    conn.execute(END_WAY, args![organisation, id, by, at, why])
        .await?;
    Ok(())
}

pub(super) async fn ended(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
) -> Result<Option<EndedRow>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(EndedRow {
            by: row.get(0)?,
            at: row.get(1)?,
            why: row.get(2)?,
        })
    };
    Ok(conn
        .query_opt(WAY_ENDED, args![organisation, id], read)
        .await?)
}
