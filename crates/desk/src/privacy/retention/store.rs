//! SQL of retention: the rules and the runs.

use super::model::{Next, Period, Place, Record, Rule, Run, Told};
use crate::error::DeskError;
use crate::ids::{OrganisationId, RetentionRunId, StaffId};
use bedside_db::{Conn, DbError, Row, Timestamp, args, statements};

statements! {
    /// The rules that somebody decided about.
    RULES = "SELECT record, active, days, age, set_by, set_at, next_days, next_age, next_by, next_at, next_from, seen_days, \
        seen_age, seen_by, seen_at, version FROM retention_rules WHERE organisation_id = $1";
    /// One of them.
    RULE = "SELECT record, active, days, age, set_by, set_at, next_days, next_age, next_by, next_at, next_from, seen_days, \
        seen_age, seen_by, seen_at, version FROM retention_rules WHERE organisation_id = $1 AND record = $2 \
        FOR NO KEY UPDATE";
    /// Keeps one, where nobody was first.
    PUT_RULE = "INSERT INTO retention_rules (organisation_id, record, active, days, age, set_by, set_at, next_days, next_age, \
        next_by, next_at, next_from, seen_days, seen_age, seen_by, seen_at, version) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
        ON CONFLICT (organisation_id, record) DO UPDATE SET active = excluded.active, days = excluded.days, age = excluded.age, \
        set_by = excluded.set_by, set_at = excluded.set_at, next_days = excluded.next_days, next_age = excluded.next_age, \
        next_by = excluded.next_by, next_at = excluded.next_at, next_from = excluded.next_from, \
        seen_days = excluded.seen_days, seen_age = excluded.seen_age, seen_by = excluded.seen_by, seen_at = excluded.seen_at, \
        version = excluded.version WHERE retention_rules.version = excluded.version - 1";

    /// Begins a run.
    INSERT_RUN = "INSERT INTO retention_runs (organisation_id, id, record, told, place, started_at) VALUES ($1, $2, $3, $4, $5, $6)";
    /// The newest run of a rule.
    NEWEST = "SELECT told, place, note, id FROM retention_runs WHERE organisation_id = $1 AND record = $2 \
        ORDER BY started_at DESC, id DESC LIMIT 1";
    /// The same. Nobody else goes on with it until the command ends.
    HELD_NEWEST = "SELECT told, place, note, id FROM retention_runs WHERE organisation_id = $1 AND record = $2 \
        ORDER BY started_at DESC, id DESC LIMIT 1 FOR NO KEY UPDATE";
    /// How far a run is.
    SAVE_RUN = "UPDATE retention_runs SET told = $3, place = $4 WHERE organisation_id = $1 AND id = $2 AND ended_at IS NULL";
    /// A run is over.
    END_RUN = "UPDATE retention_runs SET told = $3, ended_at = $4, note = $5 WHERE organisation_id = $1 AND id = $2 \
        AND ended_at IS NULL";
    /// A run.
    RUN = "SELECT told, place, note, id FROM retention_runs WHERE organisation_id = $1 AND id = $2";
    /// Runs, the newest first, before one.
    RUNS = "SELECT told, place, note, id FROM retention_runs WHERE organisation_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
}

fn rule(row: &Row<'_>) -> Result<Rule, DbError> {
    let code: String = row.get(0)?;
    let record = Record::from_code(&code).ok_or_else(|| DbError::Column {
        column: 0,
        reason: "no kind of record".to_owned(),
    })?;
    let period = |days: Option<i64>, age: Option<i64>| {
        let (days, age) = days.zip(age)?;
        Some(Period { days, age })
    };
    let next: Option<(Period, StaffId)> =
        period(row.get(6)?, row.get(7)?).zip(row.get::<Option<StaffId>>(8)?);
    let when = row
        .get::<Option<Timestamp>>(9)?
        .zip(row.get::<Option<Timestamp>>(10)?);
    let seen = period(row.get(11)?, row.get(12)?)
        .zip(row.get::<Option<StaffId>>(13)?)
        .zip(row.get::<Option<Timestamp>>(14)?);
    Ok(Rule {
        record,
        active: row.get::<i64>(1)? > 0,
        period: Period {
            days: row.get(2)?,
            age: row.get(3)?,
        },
        set: row
            .get::<Option<StaffId>>(4)?
            .zip(row.get::<Option<Timestamp>>(5)?),
        next: next.zip(when).map(|((period, by), (at, from))| Next {
            period,
            by,
            at,
            from,
        }),
        seen: seen.map(|((period, by), at)| (period, by, at)),
        version: row.get(15)?,
    })
}

/// Every rule, those that ship included.
pub(super) async fn rules(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<Rule>, DeskError> {
    let decided = conn.query(RULES, args![organisation], rule).await?;
    let one = |record: &Record| {
        let found = decided.iter().find(|rule| rule.record == *record);
        found.cloned().unwrap_or_else(|| Rule::offered(*record))
    };
    Ok(Record::ALL.iter().map(one).collect())
}

/// One rule, held until the command ends where somebody decided about it.
pub(super) async fn held_rule(
    conn: &mut Conn,
    organisation: OrganisationId,
    record: Record,
) -> Result<Rule, DeskError> {
    let code = record.code();
    let args = args![organisation, code];
    let found = conn.query_opt(RULE, args, rule).await?;
    Ok(found.unwrap_or_else(|| Rule::offered(record)))
}

fn days_and_age(period: Option<Period>) -> (Option<i64>, Option<i64>) {
    (
        period.map(|period| period.days),
        period.map(|period| period.age),
    )
}

/// Keeps a rule with the next version; whether nobody was first.
pub(super) async fn put_rule(
    conn: &mut Conn,
    organisation: OrganisationId,
    rule: &Rule,
) -> Result<bool, DeskError> {
    let (code, active, version) = (rule.record.code(), i64::from(rule.active), rule.version + 1);
    let (set_by, set_at) = (rule.set.map(|set| set.0), rule.set.map(|set| set.1));
    let next = rule.next;
    let (next_by, next_at, next_from) = (
        next.map(|next| next.by),
        next.map(|next| next.at),
        next.map(|next| next.from),
    );
    let (next_days, next_age) = days_and_age(next.map(|next| next.period));
    let (seen_days, seen_age) = days_and_age(rule.seen.map(|seen| seen.0));
    let (seen_by, seen_at) = (rule.seen.map(|seen| seen.1), rule.seen.map(|seen| seen.2));
    let args = args![
        organisation,
        code,
        active,
        rule.period.days,
        rule.period.age,
        set_by,
        set_at,
        next_days,
        next_age,
        next_by,
        next_at,
        next_from,
        seen_days,
        seen_age,
        seen_by,
        seen_at,
        version
    ];
    Ok(conn.execute(PUT_RULE, args).await? == 1)
}

fn run(row: &Row<'_>) -> Result<Run, DbError> {
    fn wrong(column: usize) -> DbError {
        DbError::Column {
            column,
            reason: "no run".to_owned(),
        }
    }
    let (text, place): (String, String) = (row.get(0)?, row.get(1)?);
    Ok(Run {
        told: serde_json::from_str(&text).map_err(|_| wrong(0))?,
        place: serde_json::from_str(&place).map_err(|_| wrong(1))?,
        text,
        note: row.get(2)?,
        id: row.get(3)?,
    })
}

pub(super) async fn insert_run(
    conn: &mut Conn,
    organisation: OrganisationId,
    told: &Told,
) -> Result<(), DeskError> {
    let (text, place) = (
        serde_json::to_string(told)?,
        serde_json::to_string(&Place::start())?,
    );
    let code = told.record.code();
    let args = args![organisation, told.id, code, text, place, told.started];
    conn.execute(INSERT_RUN, args).await?;
    Ok(())
}

/// The newest run of a rule, held until the command ends.
pub(super) async fn newest(
    conn: &mut Conn,
    organisation: OrganisationId,
    record: Record,
) -> Result<Option<Run>, DeskError> {
    let code = record.code();
    let args = args![organisation, code];
    Ok(conn.query_opt(HELD_NEWEST, args, run).await?)
}

/// The same, for whoever only reads.
pub(super) async fn newest_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    record: Record,
) -> Result<Option<Run>, DeskError> {
    let code = record.code();
    let args = args![organisation, code];
    Ok(conn.query_opt(NEWEST, args, run).await?)
}

pub(super) async fn save_run(
    conn: &mut Conn,
    organisation: OrganisationId,
    told: &Told,
    place: Place,
) -> Result<(), DeskError> {
    let (text, place) = (serde_json::to_string(told)?, serde_json::to_string(&place)?);
    conn.execute(SAVE_RUN, args![organisation, told.id, text, place])
        .await?;
    Ok(())
}

pub(super) async fn end_run(
    conn: &mut Conn,
    organisation: OrganisationId,
    (id, text, note): (RetentionRunId, &str, &str),
    now: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(END_RUN, args![organisation, id, text, now, note])
        .await?;
    Ok(())
}

pub(super) async fn one_run(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: RetentionRunId,
) -> Result<Option<Run>, DeskError> {
    Ok(conn.query_opt(RUN, args![organisation, id], run).await?)
}

/// Runs that began before one, the newest first.
pub(super) async fn runs(
    conn: &mut Conn,
    organisation: OrganisationId,
    before: RetentionRunId,
    limit: i64,
) -> Result<Vec<Run>, DeskError> {
    let args = args![organisation, before, limit];
    Ok(conn.query(RUNS, args, run).await?)
}
