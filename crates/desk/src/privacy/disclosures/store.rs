//! SQL of disclosures.

use super::model::{Row, Struck};
use crate::error::DeskError;
use crate::ids::{DisclosureId, OrganisationId, PatientId, StaffId};
use bedside_db::{Conn, DbError, Timestamp, args, statements};

/// The columns of a disclosure, in the order that [`row`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, patient_id, key_id, ticket_id, basis, made_at, recipient, address, what, purpose, held_until, \
             staff_id, recorded_at, struck_at, struck_by, struck, despite, part2 FROM disclosures ",
            $rest
        )
    };
}

statements! {
    /// Records a disclosure.
    INSERT = "INSERT INTO disclosures (organisation_id, id, patient_id, key_id, ticket_id, basis, made_at, recipient, \
        address, what, purpose, held_until, staff_id, recorded_at, despite, part2) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    /// A patient's disclosures since an instant, newest first.
    OF_PATIENT = select!("WHERE organisation_id = $1 AND patient_id = $2 AND made_at >= $3 \
        ORDER BY made_at DESC, id DESC LIMIT $4");
    /// One disclosure, which nobody else strikes until the command ends.
    HELD = select!("WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE");
    /// Says that one was recorded by mistake.
    STRIKE = "UPDATE disclosures SET struck_at = $3, struck_by = $4, struck = $5 \
        WHERE organisation_id = $1 AND id = $2 AND struck_at IS NULL";
}

fn row(row: &bedside_db::Row<'_>) -> Result<Row, DbError> {
    let struck_at: Option<Timestamp> = row.get(13)?;
    let struck = match struck_at {
        Some(at) => Some(Struck {
            at,
            by: row.get(14)?,
            words: row.get(15)?,
        }),
        None => None,
    };
    Ok(Row {
        id: row.get(0)?,
        patient: row.get(1)?,
        key: row.get(2)?,
        ticket: row.get(3)?,
        basis: row.get(4)?,
        made_at: row.get(5)?,
        recipient: row.get(6)?,
        address: row.get(7)?,
        what: row.get(8)?,
        purpose: row.get(9)?,
        held_until: row.get(10)?,
        despite: row.get(16)?,
        staff: row.get(11)?,
        recorded_at: row.get(12)?,
        struck,
        part2: row.get(17)?,
    })
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &Row,
) -> Result<(), DeskError> {
    conn.execute(
        INSERT,
        args![
            organisation,
            row.id,
            row.patient,
            row.key,
            row.ticket,
            *row.basis,
            row.made_at,
            *row.recipient,
            *row.address,
            *row.what,
            *row.purpose,
            row.held_until,
            row.staff,
            row.recorded_at,
            row.despite,
            row.part2
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn of_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<Row>, DeskError> {
    let args = args![organisation, patient, since, limit];
    Ok(conn.query(OF_PATIENT, args, row).await?)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: DisclosureId,
) -> Result<Option<Row>, DeskError> {
    Ok(conn.query_opt(HELD, args![organisation, id], row).await?)
}

pub(super) async fn strike(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: DisclosureId,
    (by, at): (StaffId, Timestamp),
    words: &[u8],
) -> Result<bool, DeskError> {
    let args = args![organisation, id, at, by, words];
    Ok(conn.execute(STRIKE, args).await? == 1)
}
