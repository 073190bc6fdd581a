//! SQL of the privacy requests.

use super::model::{Asker, Closed, Decided, Decision, Extension, Kind, Law, Request, State};
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId, PrivacyRequestId, StaffId};
use crate::privacy::clocks::Waiting;
use crate::representatives::Side;
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};
use jiff::civil::Date;

/// The columns of a request, in the order that [`request`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, patient_id, key_id, kind, law, level, ticket_number, state, received_on, due_at, words, opened_by, \
             opened_at, extended_by, extended_at, extension, letter_on, approved_by, approved_at, decision, reason, note, \
             decided_by, decided_at, notes_included, answered_on, closed_by, closed_at, version, shown_by, asked_by, asked_as, \
             taken_back_at FROM privacy_requests ",
            $rest
        )
    };
}

statements! {
    /// Opens a request.
    INSERT = "INSERT INTO privacy_requests (organisation_id, id, patient_id, key_id, kind, law, level, ticket_number, \
        state, received_on, due_at, words, opened_by, opened_at, notes_included, version, shown_by, asked_by, asked_as) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11, $12, $13, 1, 1, $14, $15, $16)";
    /// One request.
    ONE = select!("WHERE organisation_id = $1 AND id = $2");
    /// One request, which nobody else changes until the command ends.
    HELD = select!("WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE");
    /// Those that are not closed, whose time is over first.
    OPEN_REQUESTS = select!("WHERE organisation_id = $1 AND state <> 'closed' AND (due_at, id) > ($2, $3) \
        ORDER BY due_at, id LIMIT $4");
    /// Whose requests are not closed.
    WHO_WAITS = "SELECT DISTINCT patient_id FROM privacy_requests WHERE organisation_id = $1 AND state <> 'closed'";
    /// Whether one of a patient's is not closed.
    WAITS = "SELECT 1 FROM privacy_requests WHERE organisation_id = $1 AND patient_id = $2 AND state <> 'closed' LIMIT 1";
    /// The newest that are closed.
    CLOSED_REQUESTS = select!("WHERE organisation_id = $1 AND state = 'closed' AND (closed_at, id) < ($2, $3) \
        ORDER BY closed_at DESC, id DESC LIMIT $4");
    /// When the newest of this kind that is not closed was opened for a patient.
    OPEN_OF_KIND = "SELECT opened_at FROM privacy_requests WHERE organisation_id = $1 AND patient_id = $2 AND kind = $3 \
        AND state <> 'closed' ORDER BY id DESC LIMIT 1";
    /// Those that were asked for a patient on their own pages since an instant.
    COUNT_OWN = "SELECT COUNT(*) FROM privacy_requests WHERE organisation_id = $1 AND patient_id = $2 \
        AND asked_by IS NOT NULL AND opened_at > $3";
    /// Whoever asked took it back.
    TAKE_BACK = "UPDATE privacy_requests SET state = 'closed', taken_back_at = $3, closed_at = $3, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND state = 'open'";
    /// Those of a patient before one of them, newest first.
    OF_PATIENT_BEFORE = select!("WHERE organisation_id = $1 AND patient_id = $2 AND id < $3 ORDER BY id DESC LIMIT $4");
    /// The newest of a patient.
    OF_PATIENT = select!("WHERE organisation_id = $1 AND patient_id = $2 ORDER BY id DESC LIMIT $3");
    /// A patient's that are not closed, which nobody else changes until the command ends.
    HELD_OF = select!("WHERE organisation_id = $1 AND patient_id = $2 AND state <> 'closed' ORDER BY id FOR NO KEY UPDATE");
    /// Those that are not closed, and of those the ones past their time, counted up to a limit.
    COUNT_OPEN = "SELECT COUNT(*), COUNT(CASE WHEN due_at < $3 THEN 1 END) FROM (SELECT due_at FROM privacy_requests \
        WHERE organisation_id = $1 AND state <> 'closed' ORDER BY due_at, id LIMIT $2) AS few";
    /// The clocks of those that are not closed.
    CLOCKS = "SELECT id, received_on, due_at FROM privacy_requests WHERE organisation_id = $1 AND state <> 'closed' \
        ORDER BY due_at, id";
    /// Writes back what can change, unless it changed meanwhile.
    UPDATE = "UPDATE privacy_requests SET state = $4, due_at = $5, extended_by = $6, extended_at = $7, extension = $8, \
        letter_on = $9, approved_by = $10, approved_at = $11, decision = $12, reason = $13, note = $14, decided_by = $15, \
        decided_at = $16, notes_included = $17, answered_on = $18, closed_by = $19, closed_at = $20, version = version + 1 \
        WHERE organisation_id = $1 AND id = $2 AND version = $3";
}

fn day(row: &Row<'_>, column: usize) -> Result<Option<Date>, DbError> {
    let text: Option<String> = row.get(column)?;
    let read = |text: String| text.parse().map_err(|_| DbError::unknown_code(column));
    text.map(read).transpose()
}

fn request(row: &Row<'_>) -> Result<Request, DbError> {
    let extension = match (
        row.get::<Option<StaffId>>(13)?,
        row.get::<Option<Timestamp>>(14)?,
        row.get::<Option<Vec<u8>>>(15)?,
        day(row, 16)?,
    ) {
        (Some(by), Some(at), words, Some(letter_on)) => Some(Extension {
            by,
            at,
            words: words.unwrap_or_default(),
            letter_on,
        }),
        _ => None,
    };
    let decided = match (
        row.get::<Option<String>>(19)?,
        row.get::<Option<StaffId>>(22)?,
        row.get::<Option<Timestamp>>(23)?,
    ) {
        (Some(code), Some(by), Some(at)) => Some(Decided {
            decision: Decision::from_code(&code).ok_or_else(|| DbError::unknown_code(19))?,
            reason: row.get(20)?,
            note: row.get(21)?,
            by,
            at,
            with_notes: row.get(24)?,
        }),
        _ => None,
    };
    let closed = match (
        day(row, 25)?,
        row.get::<Option<StaffId>>(26)?,
        row.get::<Option<Timestamp>>(27)?,
    ) {
        (Some(answered_on), Some(by), Some(at)) => Some(Closed {
            answered_on,
            by,
            at,
        }),
        _ => None,
    };
    let asked = match (
        row.get::<Option<ContactId>>(30)?,
        row.get::<Option<String>>(31)?,
    ) {
        (Some(contact), Some(code)) => Some(Asker {
            contact,
            side: Side::from_code(&code).ok_or_else(|| DbError::unknown_code(31))?,
        }),
        _ => None,
    };
    let approved = row
        .get::<Option<StaffId>>(17)?
        .zip(row.get::<Option<Timestamp>>(18)?);
    Ok(Request {
        id: row.get(0)?,
        patient: row.get(1)?,
        key: row.get(2)?,
        kind: row.coded(3, Kind::from_code)?,
        law: row.coded(4, Law::from_code)?,
        level: row.get(5)?,
        ticket: row.get(6)?,
        state: row.coded(7, State::from_code)?,
        received_on: day(row, 8)?.ok_or_else(|| DbError::unknown_code(8))?,
        due_at: row.get(9)?,
        words: row.get(10)?,
        opened_by: row.get(11)?,
        asked,
        opened_at: row.get(12)?,
        extension,
        approved,
        decided,
        closed,
        taken_back: row.get(32)?,
        version: row.get(28)?,
        shown_by: row.get(29)?,
    })
}

pub(super) async fn insert(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Request,
) -> Result<(), DeskError> {
    let (kind, law) = (new.kind.code(), new.law.code());
    let received = new.received_on.to_string();
    let (asked_by, asked_as) = new
        .asked
        .map(|asker| (asker.contact, asker.side.code()))
        .unzip();
    let columns = args![
        organisation,
        new.id,
        new.patient,
        new.key,
        kind,
        law,
        new.level,
        new.ticket,
        received,
        new.due_at,
        new.words,
        new.opened_by,
        new.opened_at,
        new.shown_by,
        asked_by,
        asked_as
    ];
    conn.execute(INSERT, columns).await?;
    Ok(())
}

pub(super) async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
) -> Result<Option<Request>, DeskError> {
    Ok(conn
        .query_opt(ONE, args![organisation, id], request)
        .await?)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
) -> Result<Option<Request>, DeskError> {
    Ok(conn
        .query_opt(HELD, args![organisation, id], request)
        .await?)
}

pub(super) async fn held_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Vec<Request>, DeskError> {
    Ok(conn
        .query(HELD_OF, args![organisation, patient], request)
        .await?)
}

/// Those that are not closed, after this place.
pub(super) async fn open_ones(
    conn: &mut Conn,
    organisation: OrganisationId,
    (at, id): (Timestamp, PrivacyRequestId),
    limit: i64,
) -> Result<Vec<Request>, DeskError> {
    let args = args![organisation, at, id, limit];
    Ok(conn.query(OPEN_REQUESTS, args, request).await?)
}

/// Those that are closed, before this place.
pub(super) async fn closed_ones(
    conn: &mut Conn,
    organisation: OrganisationId,
    (at, id): (Timestamp, PrivacyRequestId),
    limit: i64,
) -> Result<Vec<Request>, DeskError> {
    let args = args![organisation, at, id, limit];
    Ok(conn.query(CLOSED_REQUESTS, args, request).await?)
}

pub(super) async fn of_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<Request>, DeskError> {
    let args = args![organisation, patient, limit];
    Ok(conn.query(OF_PATIENT, args, request).await?)
}

/// Those of a patient before this one, newest first.
pub(super) async fn of_patient_before(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    before: PrivacyRequestId,
    limit: i64,
) -> Result<Vec<Request>, DeskError> {
    let args = args![organisation, patient, before, limit];
    Ok(conn.query(OF_PATIENT_BEFORE, args, request).await?)
}

/// When the newest of this kind that is not closed was opened for a patient.
pub(super) async fn open_of_kind(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    kind: Kind,
) -> Result<Option<Timestamp>, DeskError> {
    let code = kind.code();
    let args = args![organisation, patient, code];
    Ok(conn.query_opt(OPEN_OF_KIND, args, |row| row.get(0)).await?)
}

/// How many were asked for a patient on their own pages since an instant.
pub(super) async fn count_own(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    since: Timestamp,
) -> Result<i64, DeskError> {
    let args = args![organisation, patient, since];
    Ok(conn.query_one(COUNT_OWN, args, |row| row.get(0)).await?)
}

/// Closes one that whoever asked took back; says whether it was open still.
pub(super) async fn take_back(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
    at: Timestamp,
) -> Result<bool, DeskError> {
    let args = args![organisation, id, at];
    Ok(conn.execute(TAKE_BACK, args).await? == 1)
}

pub(super) async fn count_open(
    conn: &mut Conn,
    organisation: OrganisationId,
    (limit, now): (i64, Timestamp),
) -> Result<Waiting, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(Waiting {
            open: row.get(0)?,
            over: row.get(1)?,
        })
    };
    let args = args![organisation, limit, now];
    let counted = conn.query_opt(COUNT_OPEN, args, read).await?;
    Ok(counted.unwrap_or_default())
}

/// Id, day of receipt, where what stands there is one, and end of each that is not closed.
pub(super) async fn clocks(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<(PrivacyRequestId, Option<Date>, Timestamp)>, DeskError> {
    let read = |row: &Row<'_>| {
        let received = day(row, 1).ok().flatten();
        Ok::<_, DbError>((row.get(0)?, received, row.get(2)?))
    };
    Ok(conn.query(CLOCKS, args![organisation], read).await?)
}

/// Writes a request back; says whether it was still what was read.
pub(super) async fn update(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Request,
) -> Result<bool, DeskError> {
    let state = new.state.code();
    let (extended_by, extended_at, extension, letter_on) = match &new.extension {
        Some(one) => (
            Some(one.by),
            Some(one.at),
            Some(&one.words),
            Some(one.letter_on.to_string()),
        ),
        None => (None, None, None, None),
    };
    let (approved_by, approved_at) = new.approved.unzip();
    let decided = new.decided.as_ref();
    let decision = decided.map(|one| one.decision.code());
    let reason = decided.and_then(|one| one.reason.as_deref());
    let note = decided.and_then(|one| one.note.as_ref());
    let (decided_by, decided_at) = decided.map(|one| (one.by, one.at)).unzip();
    let with_notes = decided.is_none_or(|one| one.with_notes);
    let answered_on = new.closed.map(|one| one.answered_on.to_string());
    let (closed_by, closed_at) = new.closed.map(|one| (one.by, one.at)).unzip();
    let columns = args![
        organisation,
        new.id,
        new.version,
        state,
        new.due_at,
        extended_by,
        extended_at,
        extension,
        letter_on,
        approved_by,
        approved_at,
        decision,
        reason,
        note,
        decided_by,
        decided_at,
        with_notes,
        answered_on,
        closed_by,
        closed_at
    ];
    Ok(conn.execute(UPDATE, columns).await? == 1)
}

/// Whose requests are not closed.
pub(super) async fn who_waits(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<PatientId>, DeskError> {
    let args = args![organisation];
    Ok(conn.query(WHO_WAITS, args, |row| row.get(0)).await?)
}

/// Whether a request of a patient's is not closed.
pub(super) async fn waits(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<bool, DeskError> {
    let args = args![organisation, patient];
    Ok(conn.query_opt(WAITS, args, |_| Ok(())).await?.is_some())
}
