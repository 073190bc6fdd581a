//! SQL of the one way in which a patient is reached.

use super::{Chosen, ReachedBy};
use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, OrganisationId, PatientId};
use bedside_db::{Conn, Row, args, statements};

statements! {
    /// How a patient is reached, and no other way.
    WAY = "SELECT way, way_blind, way_post, way_request_id, key_id FROM patients \
        WHERE organisation_id = $1 AND id = $2 AND way IS NOT NULL";
    /// Chooses a way, or ends the choice.
    CHOOSE_WAY = "UPDATE patients SET way = $3, way_blind = $4, way_post = $5, way_request_id = $6, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2";
    /// Another address takes the place of the one that was chosen.
    MOVE_WAY = "UPDATE patients SET way_blind = $5, version = version + 1 WHERE organisation_id = $1 AND id = $2 AND way = $3 \
        AND way_blind = $4";
    /// The address that was chosen, where somebody has it who stands for the patient.
    CHOSEN_POINT = "SELECT c.id, c.key_id, a.value FROM contact_points a \
        JOIN contacts c ON c.organisation_id = a.organisation_id AND c.id = a.contact_id \
        WHERE a.organisation_id = $1 AND a.kind = $2 AND a.value_blind = $3 AND c.patient_id = $4";
    /// Whether a contact is the patient, and nobody said that they are somebody else.
    IS_PATIENT = "SELECT 1 FROM contacts c WHERE c.organisation_id = $1 AND c.id = $2 AND c.patient_id = $3 \
        AND c.acts_only = 0 AND NOT EXISTS (SELECT 1 FROM representatives r WHERE r.organisation_id = c.organisation_id \
        AND r.contact_id = c.id AND r.patient_id = c.patient_id)";
}

pub(super) async fn way(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Option<Chosen>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(Chosen {
            by: row.coded(0, ReachedBy::from_code)?,
            blind: row.get(1)?,
            post: row.get(2)?,
            request: row.get(3)?,
            key: row.get(4)?,
        })
    };
    Ok(conn
        .query_opt(WAY, args![organisation, patient], read)
        .await?)
}

/// `false` when there is no such patient.
pub(super) async fn choose(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    chosen: Option<&Chosen>,
) -> Result<bool, DeskError> {
    let (way, request) = chosen.map(|one| (one.by.code(), one.request)).unzip();
    let blind = chosen.and_then(|one| one.blind.as_ref());
    let post = chosen.and_then(|one| one.post.as_ref());
    let columns = args![organisation, patient, way, blind, post, request];
    Ok(conn.execute(CHOOSE_WAY, columns).await? == 1)
}

pub(super) async fn replace(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    kind: &str,
    (old, new): (&[u8; 16], &[u8; 16]),
) -> Result<(), DeskError> {
    conn.execute(MOVE_WAY, args![organisation, patient, kind, old, new])
        .await?;
    Ok(())
}

/// Whose the chosen address is, what it is sealed with, and the address, sealed.
pub(super) async fn point(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    (kind, blind): (&str, &[u8]),
) -> Result<Option<(ContactId, DataKeyId, Vec<u8>)>, DeskError> {
    let wanted = args![organisation, kind, blind, patient];
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    Ok(conn.query_opt(CHOSEN_POINT, wanted, read).await?)
}

pub(super) async fn is_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    patient: PatientId,
) -> Result<bool, DeskError> {
    let wanted = args![organisation, contact, patient];
    let found = conn.query_opt(IS_PATIENT, wanted, |_| Ok(())).await?;
    Ok(found.is_some())
}
