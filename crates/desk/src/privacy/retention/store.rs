//! SQL of retention: what is old enough of each kind, how it goes, the rules and the runs.

use super::model::{Next, Old, Period, Place, Record, Rule, Run, Told};
use crate::error::DeskError;
use crate::ids::{OrganisationId, RetentionRunId, StaffId};
use bedside_db::{Conn, DbError, Row, Statement, Timestamp, args, statements};

statements! {
    /// Requests that are done. Each list: when its period began, its key, whose it is; in order, after a place.
    REQUESTS = "SELECT t.updated_at, t.id, t.id, t.patient_id, c.patient_id FROM tickets t \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE t.organisation_id = $1 AND t.active = 0 AND t.emptied_at IS NULL AND t.updated_at < $2 \
        AND (t.updated_at, t.id, t.id) > ($3, $4, $5) ORDER BY t.updated_at, t.id LIMIT $6";
    /// Mails as they came, of which everything was read; one that could not be read is its request's only words.
    RAW_MAILS = "SELECT i.received_at, i.id, i.id, t.patient_id, c.patient_id FROM inbound_mails i \
        LEFT JOIN tickets t ON t.organisation_id = i.organisation_id AND t.id = i.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE i.organisation_id = $1 AND i.state IN ('done', 'ignored') AND i.received_at < $2 \
        AND (i.received_at, i.id, i.id) > ($3, $4, $5) ORDER BY i.received_at, i.id LIMIT $6";
    /// Survey answers with words.
    RATINGS = "SELECT r.updated_at, r.ticket_id, r.ticket_id, t.patient_id, c.patient_id FROM ratings r \
        LEFT JOIN tickets t ON t.organisation_id = r.organisation_id AND t.id = r.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = r.organisation_id AND c.id = r.contact_id \
        WHERE r.organisation_id = $1 AND r.comment IS NOT NULL AND r.updated_at < $2 \
        AND (r.updated_at, r.ticket_id, r.ticket_id) > ($3, $4, $5) ORDER BY r.updated_at, r.ticket_id LIMIT $6";
    /// What was shown about who somebody is, and the calls and second looks that are over.
    IDENTITY = "SELECT x.at, x.id, x.id, x.patient_id, x.beside FROM (SELECT e.made_at AS at, e.id AS id, \
        COALESCE(e.patient_id, t.patient_id) AS patient_id, c.patient_id AS beside FROM identity_evidence e \
        LEFT JOIN tickets t ON t.organisation_id = e.organisation_id AND t.id = e.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = e.organisation_id AND c.id = e.contact_id \
        WHERE e.organisation_id = $1 AND e.made_at < $2 UNION ALL \
        SELECT k.asked_at, k.id, k.patient_id, k.patient_id FROM identity_tasks k \
        WHERE k.organisation_id = $1 AND k.asked_at < $2 AND k.outcome <> '') AS x \
        WHERE (x.at, x.id, x.id) > ($3, $4, $5) ORDER BY x.at, x.id LIMIT $6";
    /// What patients asked by law, once it is closed; the certificate of an erasure hangs on its request.
    PRIVACY_REQUESTS = "SELECT p.closed_at, p.id, p.id, p.patient_id, p.patient_id FROM privacy_requests p \
        WHERE p.organisation_id = $1 AND p.state = 'closed' AND p.kind <> 'erasure' AND p.closed_at < $2 \
        AND (p.closed_at, p.id, p.id) > ($3, $4, $5) ORDER BY p.closed_at, p.id LIMIT $6";
    /// What was given to somebody outside.
    DISCLOSURES = "SELECT d.recorded_at, d.id, d.id, d.patient_id, d.patient_id FROM disclosures d \
        WHERE d.organisation_id = $1 AND d.recorded_at < $2 \
        AND (d.recorded_at, d.id, d.id) > ($3, $4, $5) ORDER BY d.recorded_at, d.id LIMIT $6";
    /// Corrections.
    CORRECTIONS = "SELECT k.at, k.ticket_id, k.message_id, t.patient_id, c.patient_id FROM corrections k \
        LEFT JOIN tickets t ON t.organisation_id = k.organisation_id AND t.id = k.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE k.organisation_id = $1 AND k.at < $2 \
        AND (k.at, k.ticket_id, k.message_id) > ($3, $4, $5) ORDER BY k.at, k.ticket_id, k.message_id LIMIT $6";
    /// Drafts.
    DRAFTS = "SELECT d.updated_at, d.ticket_id, d.staff_id, t.patient_id, c.patient_id FROM drafts d \
        LEFT JOIN tickets t ON t.organisation_id = d.organisation_id AND t.id = d.ticket_id \
        LEFT JOIN contacts c ON c.organisation_id = t.organisation_id AND c.id = t.contact_id \
        WHERE d.organisation_id = $1 AND d.updated_at < $2 \
        AND (d.updated_at, d.ticket_id, d.staff_id) > ($3, $4, $5) ORDER BY d.updated_at, d.ticket_id, d.staff_id LIMIT $6";

    /// A request that is old enough still. Nobody changes it until the command ends.
    TAKE_REQUEST = "SELECT 1 FROM tickets WHERE organisation_id = $1 AND id = $2 AND active = 0 AND emptied_at IS NULL \
        AND updated_at < $3 FOR NO KEY UPDATE";
    /// A mail that is there still.
    TAKE_MAIL = "SELECT 1 FROM inbound_mails WHERE organisation_id = $1 AND id = $2 AND state IN ('done', 'ignored') \
        AND received_at < $3 FOR NO KEY UPDATE";
    /// Deletes the words of an answer; the score stays.
    BLANK_RATING = "UPDATE ratings SET comment = NULL WHERE organisation_id = $1 AND ticket_id = $2 AND comment IS NOT NULL \
        AND updated_at < $3";
    /// Deletes what was shown.
    DELETE_EVIDENCE = "DELETE FROM identity_evidence WHERE organisation_id = $1 AND id = $2 AND made_at < $3";
    /// Deletes a call or a second look.
    DELETE_TASK = "DELETE FROM identity_tasks WHERE organisation_id = $1 AND id = $2 AND asked_at < $3 AND outcome <> ''";
    /// Deletes what was asked by law.
    DELETE_PRIVACY_REQUEST = "DELETE FROM privacy_requests WHERE organisation_id = $1 AND id = $2 AND state = 'closed' \
        AND closed_at < $3";
    /// Deletes what was given out.
    DELETE_DISCLOSURE = "DELETE FROM disclosures WHERE organisation_id = $1 AND id = $2 AND recorded_at < $3";
    /// Deletes a correction.
    DELETE_CORRECTION = "DELETE FROM corrections WHERE organisation_id = $1 AND ticket_id = $2 AND message_id = $3 AND at < $4";
    /// Deletes a draft.
    DELETE_DRAFT = "DELETE FROM drafts WHERE organisation_id = $1 AND ticket_id = $2 AND staff_id = $3 AND updated_at < $4";

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
    NEWEST = "SELECT told, place, note FROM retention_runs WHERE organisation_id = $1 AND record = $2 \
        ORDER BY started_at DESC, id DESC LIMIT 1";
    /// The same. Nobody else goes on with it until the command ends.
    HELD_NEWEST = "SELECT told, place, note FROM retention_runs WHERE organisation_id = $1 AND record = $2 \
        ORDER BY started_at DESC, id DESC LIMIT 1 FOR NO KEY UPDATE";
    /// How far a run is.
    SAVE_RUN = "UPDATE retention_runs SET told = $3, place = $4 WHERE organisation_id = $1 AND id = $2 AND ended_at IS NULL";
    /// A run is over.
    END_RUN = "UPDATE retention_runs SET told = $3, ended_at = $4, note = $5 WHERE organisation_id = $1 AND id = $2 \
        AND ended_at IS NULL";
    /// A run.
    RUN = "SELECT told, place, note FROM retention_runs WHERE organisation_id = $1 AND id = $2";
    /// Runs, the newest first, before one.
    RUNS = "SELECT told, place, note FROM retention_runs WHERE organisation_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
}

const fn list_of(record: Record) -> Statement {
    match record {
        Record::Requests => REQUESTS,
        Record::RawMails => RAW_MAILS,
        Record::Ratings => RATINGS,
        Record::Identity => IDENTITY,
        Record::PrivacyRequests => PRIVACY_REQUESTS,
        Record::Disclosures => DISCLOSURES,
        Record::Corrections => CORRECTIONS,
        Record::Drafts => DRAFTS,
    }
}

/// What began before an instant, in order, after a place.
pub(super) async fn old(
    conn: &mut Conn,
    organisation: OrganisationId,
    record: Record,
    before: Timestamp,
    after: Place,
    limit: i64,
) -> Result<Vec<Old>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(Old {
            place: Place {
                at: row.get(0)?,
                one: row.get(1)?,
                other: row.get(2)?,
            },
            patients: [row.get(3)?, row.get(4)?],
        })
    };
    let args = args![
        organisation,
        before,
        after.at,
        after.one,
        after.other,
        limit
    ];
    Ok(conn.query(list_of(record), args, read).await?)
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
