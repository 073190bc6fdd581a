//! SQL of who acts for whom.

use super::model::{Authority, Ended, Given, Relationship, State};
use crate::error::DeskError;
use crate::ids::{
    AttachmentId, ContactId, DataKeyId, OrganisationId, PatientId, RepresentativeId, StaffId,
    TicketId,
};
use crate::records::Scope;
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// Adds a word about somebody.
    INSERT = "INSERT INTO representatives (organisation_id, id, patient_id, contact_id, key_id, relationship, authority, scope, \
        young_agreed, starts_at, ends_at, document, file_id, ticket_id, asked_by, asked_at, state, decided_by, decided_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    /// Everybody of whom something was said for a patient, newest first.
    OF_PATIENT = "SELECT id, patient_id, contact_id, key_id, relationship, authority, scope, young_agreed, starts_at, ends_at, \
        document, file_id, ticket_id, asked_by, asked_at, state, decided_by, decided_at, ended_by, ended_at, ended_why, ended_words \
        FROM representatives WHERE organisation_id = $1 AND patient_id = $2 ORDER BY asked_at DESC, id DESC LIMIT 100";
    /// One word of a patient.
    ONE = "SELECT id, patient_id, contact_id, key_id, relationship, authority, scope, young_agreed, starts_at, ends_at, \
        document, file_id, ticket_id, asked_by, asked_at, state, decided_by, decided_at, ended_by, ended_at, ended_why, ended_words \
        FROM representatives WHERE organisation_id = $1 AND id = $2 AND patient_id = $3";
    /// The newest word about a contact and a patient.
    NEWEST = "SELECT id, patient_id, contact_id, key_id, relationship, authority, scope, young_agreed, starts_at, ends_at, \
        document, file_id, ticket_id, asked_by, asked_at, state, decided_by, decided_at, ended_by, ended_at, ended_why, ended_words \
        FROM representatives WHERE organisation_id = $1 AND contact_id = $2 AND patient_id = $3 \
        ORDER BY asked_at DESC, id DESC LIMIT 1";
    /// For whom something was ever said of a contact.
    PATIENTS_OF = "SELECT DISTINCT patient_id FROM representatives WHERE organisation_id = $1 AND contact_id = $2 \
        ORDER BY patient_id LIMIT 50";
    /// Says the second yes.
    CONFIRM = "UPDATE representatives SET state = 'confirmed', decided_by = $3, decided_at = $4 WHERE organisation_id = $1 \
        AND id = $2 AND state = 'asked'";
    /// Ends a word, unless it is over.
    END = "UPDATE representatives SET state = $3, ended_by = $4, ended_at = $5, ended_why = $6, ended_words = $7 \
        WHERE organisation_id = $1 AND id = $2 AND state IN ('asked', 'confirmed')";
    /// The same for the open word about a contact and a patient.
    END_OPEN = "UPDATE representatives SET state = 'ended', ended_by = $4, ended_at = $5, ended_why = $6 \
        WHERE organisation_id = $1 AND contact_id = $2 AND patient_id = $3 AND state IN ('asked', 'confirmed')";
}

/// A word as stored.
pub(super) struct Stored {
    pub id: RepresentativeId,
    pub patient: PatientId,
    pub contact: ContactId,
    pub key: DataKeyId,
    pub relationship: Relationship,
    pub given: Given,
    pub document: Option<Vec<u8>>,
    pub file: Option<AttachmentId>,
    pub ticket: TicketId,
    pub asked_by: Option<StaffId>,
    pub asked_at: Timestamp,
    pub decided_by: Option<StaffId>,
    pub decided_at: Option<Timestamp>,
    pub ended_by: Option<StaffId>,
    pub ended_at: Option<Timestamp>,
    pub ended_why: Option<Ended>,
    pub ended_words: Option<Vec<u8>>,
}

pub(super) async fn patients_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Vec<PatientId>, DeskError> {
    let args = args![organisation, contact];
    Ok(conn.query(PATIENTS_OF, args, |row| row.get(0)).await?)
}

fn stored(row: &Row<'_>) -> Result<Stored, DbError> {
    let text = |at: usize| row.get::<String>(at);
    // What a later program may have written opens nothing here: no authority, and over.
    let authority = Authority::from_code(&text(5)?);
    let state = State::from_code(&text(15)?).unwrap_or(State::Ended);
    let why: Option<String> = row.get(20)?;
    let bits: i64 = row.get(6)?;
    Ok(Stored {
        id: row.get(0)?,
        patient: row.get(1)?,
        contact: row.get(2)?,
        key: row.get(3)?,
        relationship: Relationship::from_code(&text(4)?).unwrap_or(Relationship::Other),
        given: Given {
            authority: authority.unwrap_or(Authority::NoneShown),
            scope: authority.map_or(Scope::NONE, |_| Scope::from_bits(bits)),
            young_agreed: row.get(7)?,
            starts_at: row.get(8)?,
            ends_at: row.get(9)?,
            state,
        },
        document: row.get(10)?,
        file: row.get(11)?,
        ticket: row.get(12)?,
        asked_by: row.get(13)?,
        asked_at: row.get(14)?,
        decided_by: row.get(16)?,
        decided_at: row.get(17)?,
        ended_by: row.get(18)?,
        ended_at: row.get(19)?,
        ended_why: why.map(|why| Ended::from_code(&why).unwrap_or(Ended::Other)),
        ended_words: row.get(21)?,
    })
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    one: &Stored,
) -> Result<(), DeskError> {
    let given = &one.given;
    let (scope, state) = (given.scope.bits(), given.state.code());
    let (relationship, authority) = (one.relationship.code(), given.authority.code());
    let row = args![
        organisation,
        one.id,
        one.patient,
        one.contact,
        one.key,
        relationship,
        authority,
        scope,
        given.young_agreed,
        given.starts_at,
        given.ends_at,
        one.document,
        one.file,
        one.ticket,
        one.asked_by,
        one.asked_at,
        state,
        one.decided_by,
        one.decided_at
    ];
    conn.execute(INSERT, row).await?;
    Ok(())
}

pub(super) async fn of_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Vec<Stored>, DeskError> {
    let args = args![organisation, patient];
    Ok(conn.query(OF_PATIENT, args, stored).await?)
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    (patient, id): (PatientId, RepresentativeId),
) -> Result<Option<Stored>, DeskError> {
    let args = args![organisation, id, patient];
    Ok(conn.query_opt(ONE, args, stored).await?)
}

pub(super) async fn newest(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
) -> Result<Option<Stored>, DeskError> {
    let args = args![organisation, contact, patient];
    Ok(conn.query_opt(NEWEST, args, stored).await?)
}

/// `false` when somebody was first.
pub(super) async fn confirm(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: RepresentativeId,
    (by, now): (StaffId, Timestamp),
) -> Result<bool, DeskError> {
    let args = args![organisation, id, by, now];
    Ok(conn.execute(CONFIRM, args).await? == 1)
}

/// `false` when it was over.
pub(super) async fn end(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, state): (RepresentativeId, State),
    (by, now): (Option<StaffId>, Timestamp),
    (why, words): (Ended, Option<&Vec<u8>>),
) -> Result<bool, DeskError> {
    let (state, why) = (state.code(), why.code());
    let args = args![organisation, id, state, by, now, why, words];
    Ok(conn.execute(END, args).await? == 1)
}

/// `false` when there was none.
pub(super) async fn end_open(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
    (by, now): (Option<StaffId>, Timestamp),
    why: Ended,
) -> Result<bool, DeskError> {
    let why = why.code();
    let args = args![organisation, contact, patient, by, now, why];
    Ok(conn.execute(END_OPEN, args).await? == 1)
}
