//! SQL of the addresses that people sign in by.

use super::Door;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Whose mail address this is, and whether the patient whose it is chose to be reached another way only.
    DOOR = "SELECT c.id, c.patient_id, CASE WHEN c.linked_at > a.created_at THEN c.linked_at ELSE a.created_at END, \
        a.held_until, a.bounced_at, c.key_id, a.value, p.way, p.way_blind, c.acts_only + (SELECT COUNT(*) FROM (SELECT 1 AS one \
        FROM representatives r WHERE r.organisation_id = c.organisation_id AND r.contact_id = c.id AND r.patient_id = c.patient_id \
        LIMIT 1) AS few) FROM contact_points a \
        JOIN contacts c ON c.organisation_id = a.organisation_id AND c.id = a.contact_id \
        LEFT JOIN patients p ON p.organisation_id = c.organisation_id AND p.id = c.patient_id \
        WHERE a.organisation_id = $1 AND a.kind = 'email' AND a.value_blind = $2";
}

pub(super) async fn door(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8],
) -> Result<Option<Door>, DeskError> {
    let read = |row: &Row<'_>| -> Result<Door, DbError> {
        let (way, chosen): (Option<String>, Option<Vec<u8>>) = (row.get(7)?, row.get(8)?);
        let is_chosen = way.as_deref() == Some("email") && chosen.as_deref() == Some(blind);
        Ok(Door {
            barred: way.is_some() && !is_chosen && row.get::<i64>(9)? == 0,
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
