//! SQL of the addresses that people sign in by.

use super::Door;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Whose mail address this is.
    DOOR = "SELECT c.id, c.patient_id, CASE WHEN c.linked_at > a.created_at THEN c.linked_at ELSE a.created_at END, \
        a.held_until, a.bounced_at, c.key_id, a.value FROM contact_points a \
        JOIN contacts c ON c.organisation_id = a.organisation_id AND c.id = a.contact_id \
        WHERE a.organisation_id = $1 AND a.kind = 'email' AND a.value_blind = $2";
}

pub(super) async fn door(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8],
) -> Result<Option<Door>, DeskError> {
    let read = |row: &Row<'_>| -> Result<Door, DbError> {
        Ok(Door {
            contact: row.get(0)?,
            patient: row.get(1)?,
            since: row.get(2)?,
            held_until: row.get(3)?,
            bounced: row.get::<Option<Timestamp>>(4)?.is_some(),
            key: row.get(5)?,
            sealed: row.get(6)?,
        })
    };
    Ok(conn
        .query_opt(DOOR, args![organisation, blind], read)
        .await?)
}
