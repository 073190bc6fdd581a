//! SQL of whom contacts stand for, and as whom.

use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId};
use bedside_db::{Conn, Timestamp, args, statements};

statements! {
    /// Lets no code go to a contact's addresses for a while.
    HOLD_POINTS = "UPDATE contact_points SET held_until = $3 WHERE organisation_id = $1 AND contact_id = $2";
    /// Links a contact to a patient, or takes the link away.
    LINK = "UPDATE contacts SET patient_id = $3, linked_at = $4, acts_only = $5, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2";
    /// Says who a contact is that stands for a patient already.
    SAY_WHO = "UPDATE contacts SET acts_only = $3, version = version + 1 WHERE organisation_id = $1 AND id = $2";
    /// Whether a contact was linked to this patient as somebody else.
    ACTS_ONLY = "SELECT acts_only FROM contacts WHERE organisation_id = $1 AND id = $2 AND patient_id = $3";
    /// Whether a patient had an address, or anybody else who stands for them has one.
    REACHED = "SELECT 1 FROM patients p WHERE p.organisation_id = $1 AND p.id = $2 AND (p.had_address = 1 OR EXISTS \
        (SELECT 1 FROM contacts c JOIN contact_points a ON a.organisation_id = c.organisation_id AND a.contact_id = c.id \
        WHERE c.organisation_id = p.organisation_id AND c.patient_id = p.id AND c.id <> $3))";
    /// Keeps that a patient had an address.
    HAD_ADDRESS = "UPDATE patients SET had_address = 1 WHERE organisation_id = $1 AND id = $2";
}

/// Lets no code go to a contact's addresses before `until`.
pub(super) async fn hold_points(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    until: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(HOLD_POINTS, args![organisation, contact, until])
        .await?;
    Ok(())
}

pub(in crate::patients) async fn link(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    (patient, acts_only): (Option<PatientId>, bool),
    now: Timestamp,
) -> Result<(), DeskError> {
    let args = args![organisation, contact, patient, now, acts_only];
    conn.execute(LINK, args).await?;
    Ok(())
}

pub(super) async fn say_who(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    acts_only: bool,
) -> Result<(), DeskError> {
    conn.execute(SAY_WHO, args![organisation, contact, acts_only])
        .await?;
    Ok(())
}

pub(super) async fn acts_only(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    patient: PatientId,
) -> Result<bool, DeskError> {
    let args = args![organisation, contact, patient];
    let found = conn.query_opt(ACTS_ONLY, args, |row| row.get(0)).await?;
    Ok(found.unwrap_or(false))
}

pub(super) async fn had_address(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<(), DeskError> {
    conn.execute(HAD_ADDRESS, args![organisation, patient])
        .await?;
    Ok(())
}

/// Whether an address other than those of `contact` is on file of a patient, or was for long enough to count.
pub(in crate::patients) async fn is_reached(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    contact: ContactId,
) -> Result<bool, DeskError> {
    let args = args![organisation, patient, contact];
    let found = conn.query_opt(REACHED, args, |_| Ok(())).await?;
    Ok(found.is_some())
}
