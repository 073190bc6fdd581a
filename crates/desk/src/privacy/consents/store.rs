//! SQL of the consents.

use super::model::{Channel, Decision, Mark, Purpose, Source, Word};
use crate::error::DeskError;
use crate::ids::{ConsentId, ContactId, DataKeyId, OrganisationId, PatientId, StaffId};
use bedside_db::{Conn, DbError, Row, args, statements};

/// What stands for every purpose, or every channel.
const ALL_OF_THEM: &str = "all";

statements! {
    /// Adds a word.
    INSERT = "INSERT INTO consents (organisation_id, id, patient_id, contact_id, key_id, purpose, channel, decision, \
        point_blind, party_blind, said, text_hash, locale, source, recorded_by, at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    /// One word.
    ONE = "SELECT id, patient_id, contact_id, key_id, purpose, channel, decision, point_blind, party_blind, said, text_hash, \
        locale, source, recorded_by, at FROM consents WHERE organisation_id = $1 AND id = $2";
    /// A patient's words, the newest first.
    OF_PATIENT = "SELECT id, patient_id, contact_id, key_id, purpose, channel, decision, point_blind, party_blind, said, text_hash, \
        locale, source, recorded_by, at FROM consents WHERE organisation_id = $1 AND patient_id = $2 ORDER BY id DESC LIMIT $3";
    /// A contact's words, the newest first.
    OF_CONTACT = "SELECT id, patient_id, contact_id, key_id, purpose, channel, decision, point_blind, party_blind, said, text_hash, \
        locale, source, recorded_by, at FROM consents WHERE organisation_id = $1 AND contact_id = $2 ORDER BY id DESC LIMIT $3";
}

/// A word as stored.
#[derive(Clone)]
pub(super) struct Stored {
    pub word: Word,
    pub key: DataKeyId,
    pub said: Vec<u8>,
    pub text_hash: String,
    pub locale: String,
    pub source: Source,
    pub recorded_by: Option<StaffId>,
}

/// None for all of them.
fn some<T>(
    row: &Row<'_>,
    column: usize,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, DbError> {
    row.coded(column, |code| match code {
        ALL_OF_THEM => Some(None),
        code => read(code).map(Some),
    })
}

fn mark(row: &Row<'_>, column: usize) -> Result<Option<Mark>, DbError> {
    let bytes: Option<Vec<u8>> = row.get(column)?;
    let read = |bytes: Vec<u8>| bytes.try_into().map_err(|_| DbError::unknown_code(column));
    bytes.map(read).transpose()
}

fn stored(row: &Row<'_>) -> Result<Stored, DbError> {
    Ok(Stored {
        word: Word {
            id: row.get(0)?,
            patient: row.get(1)?,
            contact: row.get(2)?,
            purpose: some(row, 4, Purpose::from_code)?,
            channel: some(row, 5, Channel::from_code)?,
            decision: row.coded(6, Decision::from_code)?,
            point: mark(row, 7)?,
            party: mark(row, 8)?,
            at: row.get(14)?,
        },
        key: row.get(3)?,
        said: row.get(9)?,
        text_hash: row.get(10)?,
        locale: row.get(11)?,
        source: row.coded(12, Source::from_code)?,
        recorded_by: row.get(13)?,
    })
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Stored,
) -> Result<(), DeskError> {
    let word = &new.word;
    let purpose = word.purpose.map_or(ALL_OF_THEM, Purpose::code);
    let channel = word.channel.map_or(ALL_OF_THEM, Channel::code);
    let (decision, source) = (word.decision.code(), new.source.code());
    let (point, party) = (word.point.map(Vec::from), word.party.map(Vec::from));
    let row = args![
        organisation,
        word.id,
        word.patient,
        word.contact,
        new.key,
        purpose,
        channel,
        decision,
        point,
        party,
        new.said,
        new.text_hash,
        new.locale,
        source,
        new.recorded_by,
        word.at
    ];
    conn.execute(INSERT, row).await?;
    Ok(())
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ConsentId,
) -> Result<Option<Stored>, DeskError> {
    Ok(conn.query_opt(ONE, args![organisation, id], stored).await?)
}

pub(super) async fn of_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<Stored>, DeskError> {
    let args = args![organisation, patient, limit];
    Ok(conn.query(OF_PATIENT, args, stored).await?)
}

pub(super) async fn of_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    limit: i64,
) -> Result<Vec<Stored>, DeskError> {
    let args = args![organisation, contact, limit];
    Ok(conn.query(OF_CONTACT, args, stored).await?)
}
