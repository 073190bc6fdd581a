//! SQL of what stays of a decided request.

use super::super::model::{Decision, Kind};
use super::model::{End, Ended, Lasting};
use crate::error::DeskError;
use crate::ids::{DataKeyId, OrganisationId, PatientId, PrivacyRequestId, StaffId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use jiff::civil::Date;

/// Rows of one patient that are told at most, restrictions first: more than anybody ever asks.
const MOST: i64 = 200;

statements! {
    /// What stands on a patient's record. What a clinic under HIPAA ended by telling the patient counts on for what was kept
    /// until then (45 CFR 164.522(a)(2)(iii)).
    STANDING = "SELECT id, key_id, kind, decision, decided_at, reason, ticket_number, words, note, restricted_until, ended_at, \
        told_on, disagreement, rebuttal FROM privacy_requests WHERE organisation_id = $1 AND patient_id = $2 AND \
        ((kind = 'amendment' AND decision IN ('granted', 'partly', 'refused')) OR (kind = 'restriction' \
        AND decision IN ('granted', 'partly') AND (restricted_until IS NULL OR restricted_until > $3) \
        AND (ended_at IS NULL OR (ended_how = 'told' AND law = 'hipaa')))) ORDER BY kind DESC, id DESC LIMIT $4";
    /// When the restrictions ended that count on; nothing for those that go on.
    RESTRICTIONS = "SELECT ended_at FROM privacy_requests WHERE organisation_id = $1 AND patient_id = $2 \
        AND kind = 'restriction' AND decision IN ('granted', 'partly') AND (restricted_until IS NULL OR restricted_until > $3) \
        AND (ended_at IS NULL OR (ended_how = 'told' AND law = 'hipaa'))";
    /// What stays of one request.
    LASTING = "SELECT restricted_until, owed, ended_how, ended_at, ended_by, told_on, ended_words, disagreement, disagreed_on, \
        rebuttal FROM privacy_requests WHERE organisation_id = $1 AND id = $2";
    /// A restriction begins.
    BEGIN = "UPDATE privacy_requests SET restricted_until = $3, owed = $4 WHERE organisation_id = $1 AND id = $2";
    /// It ends.
    END_IT = "UPDATE privacy_requests SET ended_how = $4, ended_at = $5, ended_by = $6, told_on = $7, ended_words = $8, \
        version = version + 1 WHERE organisation_id = $1 AND id = $2 AND version = $3 AND ended_at IS NULL";
    /// What the patient, and what the clinic, says after a refusal.
    DISAGREE = "UPDATE privacy_requests SET disagreement = $4, disagreed_on = $5, rebuttal = $6, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $3";
}

/// What stands on a record, its words sealed.
pub(super) struct StandingRow {
    pub id: PrivacyRequestId,
    pub key: DataKeyId,
    pub kind: Kind,
    pub decision: Decision,
    pub decided_at: Timestamp,
    pub reason: Option<String>,
    pub ticket: Option<i64>,
    pub words: Option<Vec<u8>>,
    pub note: Option<Vec<u8>>,
    pub until: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub told_on: Option<Date>,
    pub disagreement: Option<Vec<u8>>,
    pub rebuttal: Option<Vec<u8>>,
}

fn day(row: &Row<'_>, column: usize) -> Result<Option<Date>, DbError> {
    let text: Option<String> = row.get(column)?;
    let read = |text: String| text.parse().map_err(|_| DbError::unknown_code(column));
    text.map(read).transpose()
}

fn standing_row(row: &Row<'_>) -> Result<StandingRow, DbError> {
    Ok(StandingRow {
        id: row.get(0)?,
        key: row.get(1)?,
        kind: row.coded(2, Kind::from_code)?,
        decision: row.coded(3, Decision::from_code)?,
        decided_at: row.get(4)?,
        reason: row.get(5)?,
        ticket: row.get(6)?,
        words: row.get(7)?,
        note: row.get(8)?,
        until: row.get(9)?,
        ended_at: row.get(10)?,
        told_on: day(row, 11)?,
        disagreement: row.get(12)?,
        rebuttal: row.get(13)?,
    })
}

fn lasting_row(row: &Row<'_>) -> Result<Lasting<Vec<u8>>, DbError> {
    let how: Option<String> = row.get(2)?;
    let ended = match (
        how,
        row.get::<Option<Timestamp>>(3)?,
        row.get::<Option<StaffId>>(4)?,
        day(row, 5)?,
    ) {
        (Some(how), Some(at), Some(by), Some(told_on)) => Some(Ended {
            how: End::from_code(&how).ok_or_else(|| DbError::unknown_code(2))?,
            at,
            by,
            told_on,
            words: row.get(6)?,
        }),
        _ => None,
    };
    Ok(Lasting {
        until: row.get(0)?,
        owed: row.get(1)?,
        ended,
        disagreement: row.get(7)?,
        disagreed_on: day(row, 8)?,
        rebuttal: row.get(9)?,
    })
}

pub(super) async fn standing(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    now: Timestamp,
) -> Result<Vec<StandingRow>, DeskError> {
    let args = args![organisation, patient, now, MOST];
    Ok(conn.query(STANDING, args, standing_row).await?)
}

/// When each restriction ended that counts for anything; none for those that go on.
pub(super) async fn restrictions(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    now: Timestamp,
) -> Result<Vec<Option<Timestamp>>, DeskError> {
    let args = args![organisation, patient, now];
    Ok(conn.query(RESTRICTIONS, args, |row| row.get(0)).await?)
}

pub(super) async fn lasting(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
) -> Result<Lasting<Vec<u8>>, DeskError> {
    let args = args![organisation, id];
    let found = conn.query_opt(LASTING, args, lasting_row).await?;
    Ok(found.unwrap_or_default())
}

pub(super) async fn begin(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
    (until, owed): (Option<Timestamp>, Option<bool>),
) -> Result<(), DeskError> {
    conn.execute(BEGIN, args![organisation, id, until, owed])
        .await?;
    Ok(())
}

/// Says whether it was still what was read.
pub(super) async fn end(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, version): (PrivacyRequestId, i64),
    ended: &Ended<Vec<u8>>,
) -> Result<bool, DeskError> {
    let (how, told_on) = (ended.how.code(), ended.told_on.to_string());
    let args = args![
        organisation,
        id,
        version,
        how,
        ended.at,
        ended.by,
        told_on,
        ended.words
    ];
    Ok(conn.execute(END_IT, args).await? == 1)
}

/// Says whether it was still what was read.
pub(super) async fn disagree(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, version): (PrivacyRequestId, i64),
    said: &Lasting<Vec<u8>>,
) -> Result<bool, DeskError> {
    let on = said.disagreed_on.map(|day| day.to_string());
    let args = args![
        organisation,
        id,
        version,
        said.disagreement,
        on,
        said.rebuttal
    ];
    Ok(conn.execute(DISAGREE, args).await? == 1)
}
