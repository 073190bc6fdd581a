//! SQL of what somebody has shown about who they are.

use super::model::{Evidence, Method};
use crate::error::DeskError;
use crate::ids::{
    ContactId, DataKeyId, EvidenceId, IdentityReviewId, IdentityTaskId, OneTimeCodeId,
    OrganisationId, PatientId, StaffId, TicketId,
};
use bedside_db::{Conn, DbError, Id, Row, Timestamp, args, statements};

statements! {
    /// Adds evidence.
    INSERT_EVIDENCE = "INSERT INTO identity_evidence (organisation_id, id, ticket_id, contact_id, patient_id, method, attested, \
        staff_id, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    /// What counts in a conversation for a contact with these addresses.
    EVIDENCE = "SELECT method, patient_id, staff_id, made_at, expires_at FROM identity_evidence \
        WHERE organisation_id = $1 AND ticket_id = $2 AND contact_id = $3 AND attested = $4 AND expires_at > $5 \
        AND ended_at IS NULL ORDER BY made_at, id";
    /// Ends what was shown about a patient; an emergency goes on.
    END_OF_PATIENT = "UPDATE identity_evidence SET ended_at = $3 WHERE organisation_id = $1 AND patient_id = $2 \
        AND ended_at IS NULL AND method <> 'emergency'";
    /// Ends what was shown by a contact; an emergency goes on.
    END_OF_CONTACT = "UPDATE identity_evidence SET ended_at = $3 WHERE organisation_id = $1 AND contact_id = $2 \
        AND ended_at IS NULL AND method <> 'emergency'";
    /// Ends the open codes for a patient.
    END_CODES = "UPDATE identity_codes SET ended = 'over' WHERE organisation_id = $1 AND patient_id = $2 AND ended = ''";
    /// Ends what waits about a patient.
    END_TASKS = "UPDATE identity_tasks SET outcome = 'over', done_at = $3 WHERE organisation_id = $1 AND patient_id = $2 \
        AND outcome = ''";
    /// Holds a subject until the command ends, so that its failures and codes are counted by one at a time.
    HOLD_SUBJECT = "INSERT INTO identity_subjects (organisation_id, subject, held_at) VALUES ($1, $2, $3) \
        ON CONFLICT (organisation_id, subject) DO UPDATE SET held_at = excluded.held_at";
    /// Forgets subjects whose failures count no more.
    FORGET_SUBJECTS = "DELETE FROM identity_subjects WHERE held_at < $1";
    /// Ends what was shown in a conversation; an emergency goes on.
    END_OF_TICKET = "UPDATE identity_evidence SET ended_at = $3 WHERE organisation_id = $1 AND ticket_id = $2 \
        AND ended_at IS NULL AND method <> 'emergency'";
    /// Notes a failure.
    INSERT_FAILURE = "INSERT INTO identity_failures (organisation_id, subject, id, at, ticket_id, staff_id) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    /// What failed in a conversation.
    FAILED_HERE = "SELECT DISTINCT subject FROM identity_failures WHERE organisation_id = $1 AND ticket_id = $2 AND at > $3";
    /// Failures of a subject that this person typed.
    FAILURES_BY = "SELECT COUNT(*) FROM identity_failures WHERE organisation_id = $1 AND subject = $2 AND at > $3 \
        AND staff_id = $4";
    /// When the last lock of a subject was lifted.
    LIFTED = "SELECT MAX(lifted_at) FROM identity_locks WHERE organisation_id = $1 AND subject = $2";
    /// Lifts the lock of a subject; that there was one stays a sign.
    LIFT = "UPDATE identity_locks SET until = $3, lifted_at = $3 WHERE organisation_id = $1 AND subject = $2 AND until > $3";
    /// Failures of a subject.
    FAILURES = "SELECT COUNT(*) FROM identity_failures WHERE organisation_id = $1 AND subject = $2 AND at > $3";
    /// Locks a subject.
    LOCK = "INSERT INTO identity_locks (organisation_id, subject, since, until) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    /// The last lock of a subject.
    LAST_LOCK = "SELECT since, until FROM identity_locks WHERE organisation_id = $1 AND subject = $2 \
        ORDER BY since DESC LIMIT 1";
    /// Forgets failures that count no more.
    FORGET = "DELETE FROM identity_failures WHERE at < $1";
    /// Forgets locks that are no sign of anything any more.
    FORGET_LOCKS = "DELETE FROM identity_locks WHERE until < $1";
    /// Codes for one conversation, and for one patient.
    CODES_OF_TICKET = "SELECT COUNT(*) FROM identity_codes WHERE organisation_id = $1 AND ticket_id = $2 AND made_at > $3";
    /// The same for one patient.
    CODES_OF_PATIENT = "SELECT COUNT(*) FROM identity_codes WHERE organisation_id = $1 AND patient_id = $2 AND made_at > $3";
    /// Ends the open codes of a conversation.
    REPLACE_CODES = "UPDATE identity_codes SET ended = 'replaced' WHERE organisation_id = $1 AND ticket_id = $2 AND ended = ''";
    /// Keeps a code.
    INSERT_CODE = "INSERT INTO identity_codes (organisation_id, id, ticket_id, patient_id, hash, tries, made_at, expires_at, ended) \
        VALUES ($1, $2, $3, $4, $5, 0, $6, $7, '')";
    /// The open code of a conversation.
    CODE = "SELECT id, patient_id, hash, tries, expires_at FROM identity_codes WHERE organisation_id = $1 AND ticket_id = $2 \
        AND made_at > $3 AND ended = '' ORDER BY made_at DESC LIMIT 1";
    /// Notes a try of a code.
    TRY_CODE = "UPDATE identity_codes SET tries = $3, ended = $4 WHERE organisation_id = $1 AND id = $2";
    /// Asks for a call-back or a second look.
    INSERT_TASK = "INSERT INTO identity_tasks (organisation_id, id, ticket_id, patient_id, kind, point_blind, asked_by, asked_at, \
        outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '')";
    /// What is asked for in a conversation.
    TASKS = "SELECT id, patient_id, kind, point_blind, asked_by, asked_at, shown_by FROM identity_tasks \
        WHERE organisation_id = $1 AND ticket_id = $2 AND asked_at > $3 AND outcome = '' ORDER BY asked_at";
    /// Second looks that wait.
    WAITING = "SELECT ticket_id, asked_by, asked_at FROM identity_tasks WHERE organisation_id = $1 AND asked_at > $2 \
        AND outcome = '' AND kind = 'approval' ORDER BY asked_at LIMIT 100";
    /// Says who saw the number.
    SHOW_TASK = "UPDATE identity_tasks SET shown_by = $3 WHERE organisation_id = $1 AND id = $2 AND outcome = ''";
    /// Says what came of it.
    END_TASK = "UPDATE identity_tasks SET outcome = $3, done_by = $4, done_at = $5 WHERE organisation_id = $1 AND id = $2 \
        AND outcome = ''";
    /// Keeps what was done past the rules.
    INSERT_REVIEW = "INSERT INTO identity_reviews (organisation_id, id, ticket_id, reason, key_id, words, staff_id, at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// What nobody has looked at.
    REVIEWS = "SELECT id, ticket_id, reason, key_id, words, staff_id, at FROM identity_reviews WHERE organisation_id = $1 \
        AND reviewed_at IS NULL ORDER BY at LIMIT 100";
    /// One of them.
    REVIEW = "SELECT id, ticket_id, reason, key_id, words, staff_id, at FROM identity_reviews WHERE organisation_id = $1 \
        AND id = $2 AND reviewed_at IS NULL";
    /// The newest that somebody looked at, with what they said.
    SIGNED = "SELECT id, ticket_id, reason, key_id, words, staff_id, at, reviewed_by, reviewed_at, verdict, note \
        FROM identity_reviews WHERE organisation_id = $1 AND reviewed_at IS NOT NULL ORDER BY reviewed_at DESC LIMIT $2";
    /// How many nobody has looked at, counted up to a limit.
    COUNT_REVIEWS = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM identity_reviews WHERE organisation_id = $1 \
        AND reviewed_at IS NULL LIMIT $2) AS few";
    /// Notes who looked at it, and what they said.
    SIGN_OFF = "UPDATE identity_reviews SET reviewed_by = $3, reviewed_at = $4, verdict = $5, note = $6 \
        WHERE organisation_id = $1 AND id = $2 AND reviewed_at IS NULL";
}

/// Whose evidence, and where.
pub(super) struct Place {
    pub ticket: TicketId,
    pub contact: ContactId,
    pub attested: [u8; 32],
}

pub(super) async fn insert_evidence(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: EvidenceId,
    place: &Place,
    evidence: &Evidence,
) -> Result<(), DeskError> {
    let method = evidence.method.code();
    let row = args![
        organisation,
        id,
        place.ticket,
        place.contact,
        evidence.patient,
        method,
        place.attested,
        evidence.by,
        evidence.made_at,
        evidence.expires_at
    ];
    conn.execute(INSERT_EVIDENCE, row).await?;
    Ok(())
}

pub(super) async fn evidence(
    conn: &mut Conn,
    organisation: OrganisationId,
    place: &Place,
    now: Timestamp,
) -> Result<Vec<Evidence>, DeskError> {
    let wanted = args![
        organisation,
        place.ticket,
        place.contact,
        place.attested,
        now
    ];
    let read = |row: &Row<'_>| -> Result<Option<Evidence>, DbError> {
        let Some(method) = Method::from_code(&row.get::<String>(0)?) else {
            return Ok(None);
        };
        Ok(Some(Evidence {
            method,
            patient: row.get(1)?,
            by: row.get(2)?,
            made_at: row.get(3)?,
            expires_at: row.get(4)?,
        }))
    };
    let rows = conn.query(EVIDENCE, wanted, read).await?;
    Ok(rows.into_iter().flatten().collect())
}

async fn count(
    conn: &mut Conn,
    statement: bedside_db::Statement,
    args: &[bedside_db::Value<'_>],
) -> Result<i64, DeskError> {
    let found = conn.query_opt(statement, args, |row| row.get(0)).await?;
    Ok(found.unwrap_or_default())
}

/// Ends everything that stands open about a patient: evidence, codes, and what was asked for.
pub(super) async fn end_of_patient(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    now: Timestamp,
) -> Result<(), DeskError> {
    let whose = args![organisation, patient, now];
    conn.execute(END_OF_PATIENT, whose).await?;
    conn.execute(END_TASKS, whose).await?;
    let whose = args![organisation, patient];
    conn.execute(END_CODES, whose).await?;
    Ok(())
}

pub(super) async fn end_of_contact(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    now: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(END_OF_CONTACT, args![organisation, contact, now])
        .await?;
    Ok(())
}

pub(super) async fn hold_subject(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8],
    now: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(HOLD_SUBJECT, args![organisation, subject, now])
        .await?;
    Ok(())
}

pub(super) async fn end_of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    now: Timestamp,
) -> Result<(), DeskError> {
    let whose = args![organisation, ticket, now];
    conn.execute(END_OF_TICKET, whose).await?;
    let whose = args![organisation, ticket];
    conn.execute(REPLACE_CODES, whose).await?;
    Ok(())
}

/// Notes a failure in a conversation, as this person of the staff typed it.
pub(super) async fn insert_failure<T>(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 16],
    (id, now): (Id<T>, Timestamp),
    (ticket, by): (TicketId, Option<StaffId>),
) -> Result<(), DeskError> {
    let row = args![organisation, subject, id, now, ticket, by];
    conn.execute(INSERT_FAILURE, row).await?;
    Ok(())
}

/// What failed in a conversation since then.
pub(super) async fn failed_here(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    since: Timestamp,
) -> Result<Vec<Vec<u8>>, DeskError> {
    let wanted = args![organisation, ticket, since];
    Ok(conn.query(FAILED_HERE, wanted, |row| row.get(0)).await?)
}

/// Failures of a subject since then that `by` typed.
pub(super) async fn failures_by(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 16],
    (since, by): (Timestamp, StaffId),
) -> Result<i64, DeskError> {
    count(conn, FAILURES_BY, args![organisation, subject, since, by]).await
}

/// When the last lock of a subject was lifted before its time.
pub(super) async fn lifted(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 16],
) -> Result<Option<Timestamp>, DeskError> {
    let wanted = args![organisation, subject];
    let found = conn.query_opt(LIFTED, wanted, |row| row.get(0)).await?;
    Ok(found.flatten())
}

/// `false` when the subject is not locked.
pub(super) async fn lift(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 16],
    now: Timestamp,
) -> Result<bool, DeskError> {
    let lifted = args![organisation, subject, now];
    Ok(conn.execute(LIFT, lifted).await? > 0)
}

pub(super) async fn failures(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 16],
    since: Timestamp,
) -> Result<i64, DeskError> {
    count(conn, FAILURES, args![organisation, subject, since]).await
}

pub(super) async fn lock(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 16],
    (since, until): (Timestamp, Timestamp),
) -> Result<(), DeskError> {
    let row = args![organisation, subject, since, until];
    conn.execute(LOCK, row).await?;
    Ok(())
}

/// From when and until when a subject was locked last.
pub(super) async fn last_lock(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 16],
) -> Result<Option<(Timestamp, Timestamp)>, DeskError> {
    let times = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let wanted = args![organisation, subject];
    Ok(conn.query_opt(LAST_LOCK, wanted, times).await?)
}

pub(super) async fn forget(conn: &mut Conn, before: [Timestamp; 2]) -> Result<(), DeskError> {
    let [tries, locks] = before;
    conn.execute(FORGET, args![tries]).await?;
    conn.execute(FORGET_SUBJECTS, args![tries]).await?;
    conn.execute(FORGET_LOCKS, args![locks]).await?;
    Ok(())
}

/// Codes since then for one conversation or one patient, whichever is more.
pub(super) async fn codes_since(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, patient): (TicketId, PatientId),
    since: Timestamp,
) -> Result<i64, DeskError> {
    let here = count(conn, CODES_OF_TICKET, args![organisation, ticket, since]).await?;
    let theirs = count(conn, CODES_OF_PATIENT, args![organisation, patient, since]).await?;
    Ok(here.max(theirs))
}

/// A code as stored.
pub(super) struct CodeRow {
    pub id: OneTimeCodeId,
    pub patient: PatientId,
    pub hash: Vec<u8>,
    pub tries: i64,
    pub expires_at: Timestamp,
}

pub(super) async fn insert_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    code: &CodeRow,
    now: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(REPLACE_CODES, args![organisation, ticket])
        .await?;
    let row = args![
        organisation,
        code.id,
        ticket,
        code.patient,
        code.hash,
        now,
        code.expires_at
    ];
    conn.execute(INSERT_CODE, row).await?;
    Ok(())
}

pub(super) async fn code(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    since: Timestamp,
) -> Result<Option<CodeRow>, DeskError> {
    Ok(conn
        .query_opt(CODE, args![organisation, ticket, since], |row| {
            Ok(CodeRow {
                id: row.get(0)?,
                patient: row.get(1)?,
                hash: row.get(2)?,
                tries: row.get(3)?,
                expires_at: row.get(4)?,
            })
        })
        .await?)
}

pub(super) async fn try_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: OneTimeCodeId,
    tries: i64,
    ended: &str,
) -> Result<(), DeskError> {
    conn.execute(TRY_CODE, args![organisation, id, tries, ended])
        .await?;
    Ok(())
}

/// A call-back or a second look that was asked for.
pub(super) struct TaskRow {
    pub id: IdentityTaskId,
    pub patient: PatientId,
    pub kind: String,
    pub point: Option<Vec<u8>>,
    pub asked_by: StaffId,
    pub asked_at: Timestamp,
    pub shown_by: Option<StaffId>,
}

pub(super) async fn insert_task(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    task: &TaskRow,
) -> Result<(), DeskError> {
    let row = args![
        organisation,
        task.id,
        ticket,
        task.patient,
        task.kind,
        task.point,
        task.asked_by,
        task.asked_at
    ];
    conn.execute(INSERT_TASK, row).await?;
    Ok(())
}

pub(super) async fn tasks(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    since: Timestamp,
) -> Result<Vec<TaskRow>, DeskError> {
    Ok(conn
        .query(TASKS, args![organisation, ticket, since], |row| {
            Ok(TaskRow {
                id: row.get(0)?,
                patient: row.get(1)?,
                kind: row.get(2)?,
                point: row.get(3)?,
                asked_by: row.get(4)?,
                asked_at: row.get(5)?,
                shown_by: row.get(6)?,
            })
        })
        .await?)
}

pub(super) async fn waiting(
    conn: &mut Conn,
    organisation: OrganisationId,
    since: Timestamp,
) -> Result<Vec<(TicketId, StaffId, Timestamp)>, DeskError> {
    Ok(conn
        .query(WAITING, args![organisation, since], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}

pub(super) async fn show_task(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: IdentityTaskId,
    by: StaffId,
) -> Result<(), DeskError> {
    conn.execute(SHOW_TASK, args![organisation, id, by]).await?;
    Ok(())
}

/// `false` when somebody ended it first.
pub(super) async fn end_task(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: IdentityTaskId,
    outcome: &str,
    (by, now): (StaffId, Timestamp),
) -> Result<bool, DeskError> {
    let values = args![organisation, id, outcome, by, now];
    Ok(conn.execute(END_TASK, values).await? == 1)
}

/// Something done past the rules.
pub(super) struct ReviewRow {
    pub id: IdentityReviewId,
    pub ticket: TicketId,
    pub reason: String,
    pub key: DataKeyId,
    pub words: Vec<u8>,
    pub by: StaffId,
    pub at: Timestamp,
}

fn review_row(row: &Row<'_>) -> Result<ReviewRow, DbError> {
    Ok(ReviewRow {
        id: row.get(0)?,
        ticket: row.get(1)?,
        reason: row.get(2)?,
        key: row.get(3)?,
        words: row.get(4)?,
        by: row.get(5)?,
        at: row.get(6)?,
    })
}

pub(super) async fn insert_review(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &ReviewRow,
) -> Result<(), DeskError> {
    let values = args![
        organisation,
        row.id,
        row.ticket,
        row.reason,
        row.key,
        row.words,
        row.by,
        row.at
    ];
    conn.execute(INSERT_REVIEW, values).await?;
    Ok(())
}

pub(super) async fn reviews(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<ReviewRow>, DeskError> {
    Ok(conn.query(REVIEWS, args![organisation], review_row).await?)
}

pub(super) async fn review(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: IdentityReviewId,
) -> Result<Option<ReviewRow>, DeskError> {
    let review = args![organisation, id];
    Ok(conn.query_opt(REVIEW, review, review_row).await?)
}

/// `false` when somebody was first.
pub(super) async fn sign_off(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: IdentityReviewId,
    (by, now): (StaffId, Timestamp),
    verdict: &str,
    note: Option<&[u8]>,
) -> Result<bool, DeskError> {
    let values = args![organisation, id, by, now, verdict, note];
    Ok(conn.execute(SIGN_OFF, values).await? == 1)
}

/// Who looked at something, when, with which verdict and which words.
pub(super) type Signed = (StaffId, Timestamp, String, Option<Vec<u8>>);

pub(super) async fn signed(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<Vec<(ReviewRow, Signed)>, DeskError> {
    let read = |row: &Row<'_>| {
        let signed = (row.get(7)?, row.get(8)?, row.get(9)?, row.get(10)?);
        Ok((review_row(row)?, signed))
    };
    Ok(conn.query(SIGNED, args![organisation, limit], read).await?)
}

pub(super) async fn count_reviews(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<i64, DeskError> {
    count(conn, COUNT_REVIEWS, args![organisation, limit]).await
}
