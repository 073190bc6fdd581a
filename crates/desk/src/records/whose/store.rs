//! SQL of what belongs to a patient.

use crate::error::DeskError;
use crate::ids::{AttachmentId, ContactId, OrganisationId, PatientId, TicketId};
use bedside_db::{Conn, Id, Timestamp, args, statements};

statements! {
    /// Who asked in a request.
    ASKER_OF = "SELECT contact_id FROM tickets WHERE organisation_id = $1 AND id = $2";
    /// Contacts that stand for a patient.
    CONTACTS_OF = "SELECT id FROM contacts WHERE organisation_id = $1 AND patient_id = $2 ORDER BY id LIMIT $3";
    /// Requests of a patient, and those of nobody whose requesters stand for them; newest first.
    REQUESTS_OF = "SELECT id, number FROM tickets WHERE organisation_id = $1 AND patient_id = $2 UNION \
        SELECT t.id, t.number FROM contacts c JOIN tickets t ON t.organisation_id = c.organisation_id \
        AND t.contact_id = c.id WHERE c.organisation_id = $1 AND c.patient_id = $2 AND t.patient_id IS NULL \
        ORDER BY 1 DESC LIMIT $3";
    /// Files of a request, those that went by age among them.
    FILES_OF = "SELECT id FROM attachments WHERE organisation_id = $1 AND ticket_id = $2 UNION ALL \
        SELECT id FROM gone_files WHERE organisation_id = $1 AND ticket_id = $2 LIMIT $3";
    /// The request that a file belongs to.
    REQUEST_OF_FILE = "SELECT ticket_id FROM attachments WHERE organisation_id = $1 AND id = $2 UNION ALL \
        SELECT ticket_id FROM gone_files WHERE organisation_id = $1 AND id = $2 LIMIT 1";
    /// Whether a patient has a request, of their own or of somebody who stands for them, that moved since an instant.
    REQUEST_SINCE = "SELECT 1 FROM tickets WHERE organisation_id = $1 AND patient_id = $2 AND updated_at >= $3 UNION ALL \
        SELECT 1 FROM contacts c JOIN tickets t ON t.organisation_id = c.organisation_id AND t.contact_id = c.id \
        WHERE c.organisation_id = $1 AND c.patient_id = $2 AND t.updated_at >= $3 LIMIT 1";
    /// The times a patient's record was opened for a reason, newest first.
    OPENINGS_OF = "SELECT id FROM openings WHERE organisation_id = $1 AND patient_id = $2 ORDER BY id DESC LIMIT $3";
    /// Requests of a patient that somebody brought who neither stands for them nor was ever said to act for them, with whoever
    /// it was. For whom emptied requests stand is nobody, and no other.
    OTHERS = "SELECT t.id, t.contact_id FROM tickets t JOIN contacts c ON c.organisation_id = t.organisation_id \
        AND c.id = t.contact_id WHERE t.organisation_id = $1 AND t.patient_id = $2 \
        AND COALESCE(c.patient_id, t.contact_id) <> t.patient_id AND t.contact_id <> t.organisation_id \
        AND NOT EXISTS (SELECT 1 FROM representatives r WHERE r.organisation_id = t.organisation_id \
        AND r.contact_id = t.contact_id AND r.patient_id = t.patient_id) ORDER BY t.id DESC LIMIT $3";
}

/// Which of a patient's things are asked for.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Contacts,
    Openings,
}

pub(super) async fn ids(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    of: Of,
    limit: i64,
) -> Result<Vec<Id<()>>, DeskError> {
    let statement = match of {
        Of::Contacts => CONTACTS_OF,
        Of::Openings => OPENINGS_OF,
    };
    let args = args![organisation, patient, limit];
    Ok(conn.query(statement, args, |row| row.get(0)).await?)
}

/// Requests with their numbers.
pub(super) async fn requests(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<(TicketId, i64)>, DeskError> {
    let args = args![organisation, patient, limit];
    Ok(conn
        .query(REQUESTS_OF, args, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?)
}

pub(super) async fn files(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<Id<()>>, DeskError> {
    let args = args![organisation, ticket, limit];
    Ok(conn.query(FILES_OF, args, |row| row.get(0)).await?)
}

/// Requests that others brought, with who it was.
pub(super) async fn others(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<(TicketId, ContactId)>, DeskError> {
    let args = args![organisation, patient, limit];
    Ok(conn
        .query(OTHERS, args, |row| Ok((row.get(0)?, row.get(1)?)))
        .await?)
}

pub(super) async fn request_of_file(
    conn: &mut Conn,
    organisation: OrganisationId,
    file: AttachmentId,
) -> Result<Option<TicketId>, DeskError> {
    let args = args![organisation, file];
    Ok(conn
        .query_opt(REQUEST_OF_FILE, args, |row| row.get(0))
        .await?)
}

pub(super) async fn asker_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Option<ContactId>, DeskError> {
    let args = args![organisation, ticket];
    Ok(conn.query_opt(ASKER_OF, args, |row| row.get(0)).await?)
}

pub(super) async fn request_since(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    since: Timestamp,
) -> Result<bool, DeskError> {
    let args = args![organisation, patient, since];
    let found = conn.query_opt(REQUEST_SINCE, args, |_| Ok(())).await?;
    Ok(found.is_some())
}
