//! The job queue's rows: enqueued in the caller's transaction, leased to one runner, kept until done.
//!
//! A job carries ids and never patient data. Its `key` makes it unique: enqueuing the same key again while the first
//! still waits changes nothing. The table stands in the desk's first migration.

use crate::{Conn, DbError, Id, Identity, Timestamp, Tx, args, statements};
use uuid::Uuid;

/// Marker of job ids.
#[derive(Clone, Copy, Debug)]
pub struct Job;
impl Identity for Job {
    const NAME: &'static str = "job";
}

/// A job to enqueue.
#[derive(Clone, Debug)]
pub struct NewJob<'a> {
    /// Its id.
    pub id: Id<Job>,
    /// Whose.
    pub organisation: Uuid,
    /// Constant name of the kind of work.
    pub kind: &'static str,
    /// At most one waiting job of a kind has this key.
    pub key: Option<&'a str>,
    /// JSON with ids.
    pub payload: &'a str,
    /// Not before.
    pub due: Timestamp,
}

/// A job that was leased.
#[derive(Clone, Debug)]
pub struct Leased {
    /// Its id.
    pub id: Id<Job>,
    /// Whose.
    pub organisation: Uuid,
    /// Kind of work.
    pub kind: String,
    /// JSON with ids.
    pub payload: String,
    /// How often it failed before this time.
    pub attempts: i64,
    /// How often in a row before this time it was begun and nobody saw its end.
    pub interrupted: i64,
    /// When it was due.
    pub due: Timestamp,
    /// Until when it is leased; whoever changes the job must still hold this lease.
    pub lease: Timestamp,
}

statements! {
    /// Puts a job in. While its key waits nothing is added; while its key is being run, it is put down for another run.
    ENQUEUE = "INSERT INTO jobs (id, organisation_id, kind, unique_key, payload, due_at) \
        VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (organisation_id, kind, unique_key) WHERE unique_key IS NOT NULL AND failed_at IS NULL \
        DO UPDATE SET due_at = CASE WHEN jobs.due_at = excluded.due_at THEN excluded.due_at + 1 ELSE excluded.due_at END \
        WHERE jobs.leased_until > 0";
    /// Jobs that are due and leased by nobody, save those that may be what ends the process.
    DUE = "SELECT id FROM jobs WHERE failed_at IS NULL AND due_at <= $1 AND leased_until <= $1 AND interrupted < $3 \
        ORDER BY due_at LIMIT $2";
    /// One of those, the least suspicious first.
    SUSPECT = "SELECT id FROM jobs WHERE failed_at IS NULL AND due_at <= $1 AND leased_until <= $1 AND interrupted >= $2 \
        ORDER BY interrupted, due_at LIMIT 1";
    /// Leases one job. Until somebody sees its end, it counts as interrupted.
    LEASE = "UPDATE jobs SET leased_until = $2, interrupted = interrupted + 1 WHERE id = $1 AND leased_until <= $3 \
        RETURNING id, organisation_id, kind, payload, attempts, interrupted - 1, due_at";
    /// Frees every job that an ended process was running.
    RELEASE_ALL = "UPDATE jobs SET leased_until = 0 WHERE leased_until > 0";
    /// Keeps a lease for longer, unless somebody else has it by now.
    RENEW = "UPDATE jobs SET leased_until = $3 WHERE id = $1 AND leased_until = $2";
    /// When the next job can be taken: the first that waits, or the first lease that runs out.
    NEXT_DUE = "SELECT MIN(at) FROM (\
        SELECT at FROM (SELECT due_at AS at FROM jobs WHERE failed_at IS NULL AND leased_until = 0 ORDER BY due_at LIMIT 1) w \
        UNION ALL \
        SELECT at FROM (SELECT leased_until AS at FROM jobs WHERE leased_until > 0 ORDER BY leased_until LIMIT 1) l) n";
    /// Done, unless it was put down for another run meanwhile.
    FINISH = "DELETE FROM jobs WHERE id = $1 AND due_at = $2";
    /// Gives a job back that is to be run once more.
    RELEASE = "UPDATE jobs SET leased_until = 0, attempts = 0, interrupted = 0 WHERE id = $1";
    /// To be tried again after a failure.
    RETRY = "UPDATE jobs SET due_at = $3, leased_until = 0, last_error = $4, attempts = attempts + 1, interrupted = 0 \
        WHERE id = $1 AND leased_until = $2";
    /// To be run again; no failure.
    AGAIN = "UPDATE jobs SET due_at = $3, leased_until = 0, attempts = 0, interrupted = 0 \
        WHERE id = $1 AND leased_until = $2";
    /// Given up; kept for a person to see.
    PARK = "UPDATE jobs SET failed_at = $3, leased_until = 0, last_error = $4, attempts = attempts + 1 \
        WHERE id = $1 AND leased_until = $2";
    /// Takes a waiting job back by its key.
    CANCEL = "DELETE FROM jobs WHERE organisation_id = $1 AND kind = $2 AND unique_key = $3 AND failed_at IS NULL \
        AND leased_until <= $4";
    /// How many wait and how many were given up.
    COUNTS = "SELECT COUNT(*), COUNT(failed_at) FROM jobs";
}

/// Enqueues `job` in the caller's transaction.
pub async fn enqueue(tx: &mut Tx, job: NewJob<'_>) -> Result<(), DbError> {
    tx.execute(
        ENQUEUE,
        args![
            job.id,
            job.organisation,
            job.kind,
            job.key,
            job.payload,
            job.due
        ],
    )
    .await?;
    Ok(())
}

/// Interruptions in a row from which a job is a suspect: it is run by itself, so that nothing beside it suffers if it is
/// what ends the process.
pub const SUSPECT_AFTER: i64 = 3;

/// Leases up to `limit` due jobs until `lease_end`, no suspects among them. A job whose lease ran out is taken again.
pub async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    lease_end: Timestamp,
    limit: i64,
) -> Result<Vec<Leased>, DbError> {
    let due: Vec<Id<Job>> = tx
        .query(DUE, args![now, limit, SUSPECT_AFTER], |row| row.get(0))
        .await?;
    let mut leased = Vec::with_capacity(due.len());
    for id in due {
        leased.extend(lease(tx, id, now, lease_end).await?);
    }
    Ok(leased)
}

/// Leases one suspect that is due, if there is one.
pub async fn claim_suspect(
    tx: &mut Tx,
    now: Timestamp,
    lease_end: Timestamp,
) -> Result<Option<Leased>, DbError> {
    let due = tx
        .query_opt(SUSPECT, args![now, SUSPECT_AFTER], |row| row.get(0))
        .await?;
    match due {
        Some(id) => lease(tx, id, now, lease_end).await,
        None => Ok(None),
    }
}

async fn lease(
    tx: &mut Tx,
    id: Id<Job>,
    now: Timestamp,
    lease_end: Timestamp,
) -> Result<Option<Leased>, DbError> {
    tx.query_opt(LEASE, args![id, lease_end, now], |row| {
        Ok(Leased {
            id: row.get(0)?,
            organisation: row.get(1)?,
            kind: row.get(2)?,
            payload: row.get(3)?,
            attempts: row.get(4)?,
            interrupted: row.get(5)?,
            due: row.get(6)?,
            lease: lease_end,
        })
    })
    .await
}

/// Frees the jobs that an ended process was running, so that they need not wait for their leases to run out. Only for a
/// process that knows that it is alone.
pub async fn release_all(tx: &mut Tx) -> Result<u64, DbError> {
    tx.execute(RELEASE_ALL, args![]).await
}

/// The instant at which the next job can be taken, if any waits.
pub async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>, DbError> {
    Ok(conn
        .query_opt(NEXT_DUE, args![], |row| row.get::<Option<Timestamp>>(0))
        .await?
        .flatten())
}

/// Holds `job` for longer; `false` when its lease ran out and somebody else took it.
pub async fn renew(tx: &mut Tx, job: &mut Leased, lease_end: Timestamp) -> Result<bool, DbError> {
    let held = tx
        .execute(RENEW, args![job.id, job.lease, lease_end])
        .await?
        == 1;
    if held {
        job.lease = lease_end;
    }
    Ok(held)
}

/// Removes a job that is done, or gives it back when its key was enqueued again while it ran.
pub async fn finish(tx: &mut Tx, job: &Leased) -> Result<(), DbError> {
    if tx.execute(FINISH, args![job.id, job.due]).await? == 0 {
        tx.execute(RELEASE, args![job.id]).await?;
    }
    Ok(())
}

/// Puts a job back for `due` after a failure. `error` is a code, never a text from outside.
pub async fn retry(tx: &mut Tx, job: &Leased, due: Timestamp, error: &str) -> Result<(), DbError> {
    tx.execute(RETRY, args![job.id, job.lease, due, error])
        .await
        .map(drop)
}

/// Puts a job back for `due`; nothing failed.
pub async fn again(tx: &mut Tx, job: &Leased, due: Timestamp) -> Result<(), DbError> {
    tx.execute(AGAIN, args![job.id, job.lease, due])
        .await
        .map(drop)
}

/// Gives a job up and keeps its row.
pub async fn park(tx: &mut Tx, job: &Leased, now: Timestamp, error: &str) -> Result<(), DbError> {
    tx.execute(PARK, args![job.id, job.lease, now, error])
        .await
        .map(drop)
}

/// Takes a waiting job back; `false` when it is gone or being run.
pub async fn cancel(
    tx: &mut Tx,
    organisation: Uuid,
    kind: &'static str,
    key: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    Ok(tx
        .execute(CANCEL, args![organisation, kind, key, now])
        .await?
        > 0)
}

/// (waiting or given up, given up).
pub async fn counts(conn: &mut Conn) -> Result<(i64, i64), DbError> {
    conn.query_one(COUNTS, args![], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}
