//! SQL of the watch over unusual looks.

use crate::error::DeskError;
use crate::ids::{DataKeyId, FindingId, OrganisationId, PatientId, StaffId, SubjectId};
use bedside_db::{Conn, DbError, Timestamp, args, statements};

/// The columns of a finding, in the order that [`row`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, day, rule, staff_id, patient_id, figures, found_at, signed_by, signed_at, verdict, key_id, note \
             FROM watch_findings ",
            $rest
        )
    };
}

statements! {
    /// Keeps a finding, or its newer figures while nobody has signed it off.
    KEEP = "INSERT INTO watch_findings (organisation_id, id, day, rule, staff_id, subject, patient_id, figures, found_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (organisation_id, day, rule, staff_id, subject) \
        DO UPDATE SET figures = $8 WHERE watch_findings.signed_at IS NULL";
    /// Findings that nobody has signed off, oldest first.
    WAITING = select!("WHERE organisation_id = $1 AND signed_at IS NULL ORDER BY id LIMIT $2");
    /// The newest that somebody has signed off.
    SIGNED = select!("WHERE organisation_id = $1 AND signed_at IS NOT NULL ORDER BY signed_at DESC LIMIT $2");
    /// One finding, which nobody else signs off until the command ends.
    HELD = select!("WHERE organisation_id = $1 AND id = $2 FOR NO KEY UPDATE");
    /// Signs a finding off.
    SIGN = "UPDATE watch_findings SET signed_by = $3, signed_at = $4, verdict = $5, key_id = $6, note = $7 \
        WHERE organisation_id = $1 AND id = $2 AND signed_at IS NULL";
    /// How many wait, counted up to a limit.
    COUNT_WAITING = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM watch_findings WHERE organisation_id = $1 \
        AND signed_at IS NULL LIMIT $2) AS few";
    /// Keeps how many patients somebody, or a token, looked at on a day.
    COUNT_DAY = "INSERT INTO watch_days (organisation_id, day, staff_id, role, patients) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (organisation_id, day, staff_id) DO UPDATE SET role = $4, patients = $5";
    /// The days of everybody since one and before another.
    DAYS = "SELECT staff_id, role, patients FROM watch_days WHERE organisation_id = $1 AND day >= $2 AND day < $3";
    /// Says that a day was looked through.
    RAN = "INSERT INTO watch_runs (organisation_id, day, at) VALUES ($1, $2, $3) ON CONFLICT (organisation_id, day) \
        DO UPDATE SET at = $3";
    /// When a day was looked through.
    RUN_OF = "SELECT at FROM watch_runs WHERE organisation_id = $1 AND day = $2";
}

/// A finding as stored.
pub(super) struct Row {
    pub id: FindingId,
    pub day: String,
    pub rule: String,
    /// Whose looks: somebody of the staff, or an API token.
    pub who: SubjectId,
    pub patient: Option<PatientId>,
    pub figures: String,
    pub found_at: Timestamp,
    pub signed: Option<Signed>,
}

/// Who signed a finding off, when, how and with which sealed words.
pub(super) struct Signed {
    pub by: StaffId,
    pub at: Timestamp,
    pub verdict: String,
    pub note: Option<(DataKeyId, Vec<u8>)>,
}

fn row(row: &bedside_db::Row<'_>) -> Result<Row, DbError> {
    let signed = match row.get::<Option<Timestamp>>(8)? {
        Some(at) => {
            let (key, note): (Option<DataKeyId>, Option<Vec<u8>>) = (row.get(10)?, row.get(11)?);
            Some(Signed {
                by: row.get(7)?,
                at,
                verdict: row.get(9)?,
                note: key.zip(note),
            })
        }
        None => None,
    };
    Ok(Row {
        id: row.get(0)?,
        day: row.get(1)?,
        rule: row.get(2)?,
        who: row.get(3)?,
        patient: row.get(4)?,
        figures: row.get(5)?,
        found_at: row.get(6)?,
        signed,
    })
}

pub(super) async fn keep(
    conn: &mut Conn,
    organisation: OrganisationId,
    row: &Row,
) -> Result<(), DeskError> {
    let subject = row.patient.map(|id| id.to_string()).unwrap_or_default();
    conn.execute(
        KEEP,
        args![
            organisation,
            row.id,
            *row.day,
            *row.rule,
            row.who,
            *subject,
            row.patient,
            *row.figures,
            row.found_at
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn findings(
    conn: &mut Conn,
    organisation: OrganisationId,
    waiting: bool,
    limit: i64,
) -> Result<Vec<Row>, DeskError> {
    let statement = if waiting { WAITING } else { SIGNED };
    let args = args![organisation, limit];
    Ok(conn.query(statement, args, row).await?)
}

pub(super) async fn held(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: FindingId,
) -> Result<Option<Row>, DeskError> {
    Ok(conn.query_opt(HELD, args![organisation, id], row).await?)
}

pub(super) async fn sign(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: FindingId,
    signed: &Signed,
) -> Result<bool, DeskError> {
    let (key, note) = match &signed.note {
        Some((key, note)) => (Some(*key), Some(note.as_slice())),
        None => (None, None),
    };
    let args = args![
        organisation,
        id,
        signed.by,
        signed.at,
        *signed.verdict,
        key,
        note
    ];
    Ok(conn.execute(SIGN, args).await? == 1)
}

pub(super) async fn count_waiting(
    conn: &mut Conn,
    organisation: OrganisationId,
    limit: i64,
) -> Result<i64, DeskError> {
    let args = args![organisation, limit];
    let counted = conn
        .query_opt(COUNT_WAITING, args, |row| row.get(0))
        .await?;
    Ok(counted.unwrap_or(0))
}

pub(super) async fn count_day(
    conn: &mut Conn,
    organisation: OrganisationId,
    day: &str,
    (who, role): (SubjectId, &str),
    patients: i64,
) -> Result<(), DeskError> {
    let args = args![organisation, day, who, role, patients];
    conn.execute(COUNT_DAY, args).await?;
    Ok(())
}

/// Who, as what, how many patients: for each person or token and day from `since` to before `until`.
pub(super) async fn days(
    conn: &mut Conn,
    organisation: OrganisationId,
    since: &str,
    until: &str,
) -> Result<Vec<(SubjectId, String, i64)>, DeskError> {
    let args = args![organisation, since, until];
    Ok(conn
        .query(DAYS, args, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}

pub(super) async fn ran(
    conn: &mut Conn,
    organisation: OrganisationId,
    day: &str,
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(RAN, args![organisation, day, at]).await?;
    Ok(())
}

pub(super) async fn run_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    day: &str,
) -> Result<Option<Timestamp>, DeskError> {
    let args = args![organisation, day];
    Ok(conn.query_opt(RUN_OF, args, |row| row.get(0)).await?)
}
