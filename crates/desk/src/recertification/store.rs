//! SQL of the rounds of access.

use super::model::{Decision, Facts};
use crate::error::DeskError;
use crate::ids::{AccessRoundId, OrganisationId, StaffId, SubjectId};
use bedside_db::{Conn, DbError, Timestamp, args, statements};

/// The columns of a round, in the order that [`round`] reads.
macro_rules! rounds {
    ($rest:literal) => {
        concat!(
            "SELECT id, quarter, opened_at, opened_by, due_at, reminded, closed_at, closed_by FROM access_rounds ",
            $rest
        )
    };
}

/// The columns of a row, in the order that [`row`] reads.
macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "SELECT subject_id, kind, facts, decision, decided_by, decided_at FROM access_rows ",
            $rest
        )
    };
}

statements! {
    /// Opens a round, unless one is open.
    OPEN = "INSERT INTO access_rounds (organisation_id, id, quarter, opened_at, opened_by, due_at, reminded) \
        VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT DO NOTHING";
    /// The newest rounds.
    ROUNDS = rounds!("WHERE organisation_id = $1 ORDER BY id DESC LIMIT $2");
    /// One round.
    ROUND = rounds!("WHERE organisation_id = $1 AND id = $2");
    /// One round, which nobody else closes or decides in until the command ends.
    HELD_ROUND = rounds!("WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE");
    /// The round that is open.
    OPEN_ROUND = rounds!("WHERE organisation_id = $1 AND closed_at IS NULL");
    /// The last round that was closed before another one.
    ROUND_BEFORE = rounds!("WHERE organisation_id = $1 AND id < $2 AND closed_at IS NOT NULL ORDER BY id DESC LIMIT 1");
    /// Says how often those who decide were reminded.
    REMINDED = "UPDATE access_rounds SET reminded = $3 WHERE organisation_id = $1 AND id = $2";
    /// Closes a round.
    CLOSE = "UPDATE access_rounds SET closed_at = $3, closed_by = $4 WHERE organisation_id = $1 AND id = $2 \
        AND closed_at IS NULL";
    /// Adds a row, unless it is there.
    ADD = "INSERT INTO access_rows (organisation_id, round_id, subject_id, kind, facts) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT DO NOTHING";
    /// The rows of a round.
    ROWS = rows!("WHERE organisation_id = $1 AND round_id = $2 ORDER BY subject_id");
    /// One row.
    ROW = rows!("WHERE organisation_id = $1 AND round_id = $2 AND subject_id = $3");
    /// A row that is to be changed.
    TO_CHANGE = "SELECT subject_id FROM access_rows WHERE organisation_id = $1 AND round_id = $2 AND decision = 'change' \
        ORDER BY subject_id LIMIT 1";
    /// Decides a row.
    DECIDE = "UPDATE access_rows SET decision = $4, decided_by = $5, decided_at = $6, facts = $7 \
        WHERE organisation_id = $1 AND round_id = $2 AND subject_id = $3";
}

/// A round.
#[derive(Clone, Debug)]
pub struct Round {
    /// Its id.
    pub id: AccessRoundId,
    /// The quarter of the clinic's calendar in which it opened.
    pub quarter: String,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Who opened it; none for the desk itself.
    pub opened_by: Option<StaffId>,
    /// Until when it goes.
    pub due_at: Timestamp,
    /// How often those who decide were reminded.
    pub reminded: i64,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Who closed it; none for the desk itself.
    pub closed_by: Option<StaffId>,
}

/// A row as stored.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub subject: SubjectId,
    pub kind: String,
    pub facts: String,
    pub decision: Option<Decision>,
    pub by: Option<StaffId>,
    pub at: Option<Timestamp>,
}

impl Row {
    pub fn facts(&self) -> Result<Facts, DeskError> {
        Ok(serde_json::from_str(&self.facts)?)
    }
}

fn round(row: &bedside_db::Row<'_>) -> Result<Round, DbError> {
    Ok(Round {
        id: row.get(0)?,
        quarter: row.get(1)?,
        opened_at: row.get(2)?,
        opened_by: row.get(3)?,
        due_at: row.get(4)?,
        reminded: row.get(5)?,
        closed_at: row.get(6)?,
        closed_by: row.get(7)?,
    })
}

fn row(row: &bedside_db::Row<'_>) -> Result<Row, DbError> {
    let decision: Option<String> = row.get(3)?;
    Ok(Row {
        subject: row.get(0)?,
        kind: row.get(1)?,
        facts: row.get(2)?,
        decision: decision.as_deref().and_then(Decision::from_code),
        by: row.get(4)?,
        at: row.get(5)?,
    })
}

/// Whether it was opened: not while another one is open.
pub(super) async fn open(
    conn: &mut Conn,
    organisation: OrganisationId,
    new: &Round,
) -> Result<bool, DeskError> {
    let args = args![
        organisation,
        new.id,
        *new.quarter,
        new.opened_at,
        new.opened_by,
        new.due_at
    ];
    Ok(conn.execute(OPEN, args).await? == 1)
}

pub(super) async fn rounds(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<Vec<Round>, DeskError> {
    Ok(conn
        .query(ROUNDS, args![organisation, limit], round)
        .await?)
}

pub(super) async fn round_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
) -> Result<Option<Round>, DeskError> {
    Ok(conn
        .query_opt(ROUND, args![organisation, id], round)
        .await?)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
) -> Result<Option<Round>, DeskError> {
    let args = args![organisation, id];
    Ok(conn.query_opt(HELD_ROUND, args, round).await?)
}

pub(super) async fn open_round(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Option<Round>, DeskError> {
    Ok(conn
        .query_opt(OPEN_ROUND, args![organisation], round)
        .await?)
}

pub(super) async fn before(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
) -> Result<Option<Round>, DeskError> {
    let args = args![organisation, id];
    Ok(conn.query_opt(ROUND_BEFORE, args, round).await?)
}

pub(super) async fn reminded(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
    times: i64,
) -> Result<(), DeskError> {
    conn.execute(REMINDED, args![organisation, id, times])
        .await?;
    Ok(())
}

pub(super) async fn close(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
    (at, by): (Timestamp, Option<StaffId>),
) -> Result<bool, DeskError> {
    let args = args![organisation, id, at, by];
    Ok(conn.execute(CLOSE, args).await? == 1)
}

pub(super) async fn add(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
    (subject, kind, facts): (SubjectId, &str, &str),
) -> Result<bool, DeskError> {
    let args = args![organisation, id, subject, kind, facts];
    Ok(conn.execute(ADD, args).await? == 1)
}

pub(super) async fn rows(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
) -> Result<Vec<Row>, DeskError> {
    Ok(conn.query(ROWS, args![organisation, id], row).await?)
}

pub(super) async fn row_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
    subject: SubjectId,
) -> Result<Option<Row>, DeskError> {
    let args = args![organisation, id, subject];
    Ok(conn.query_opt(ROW, args, row).await?)
}

/// Whether something in the round is to be changed already.
pub(super) async fn has_changes(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
) -> Result<bool, DeskError> {
    let args = args![organisation, id];
    let first = conn.query_opt(TO_CHANGE, args, |row| row.get::<SubjectId>(0));
    Ok(first.await?.is_some())
}

pub(super) async fn decide(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: AccessRoundId,
    row: &Row,
) -> Result<(), DeskError> {
    let decision = row.decision.map(Decision::code);
    let args = args![
        organisation,
        id,
        row.subject,
        decision,
        row.by,
        row.at,
        *row.facts
    ];
    conn.execute(DECIDE, args).await?;
    Ok(())
}
