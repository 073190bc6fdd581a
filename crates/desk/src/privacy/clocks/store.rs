//! SQL of what was told of the law's clocks.

use super::model::{Of, Stage, Timer, Waiting};
use crate::error::DeskError;
use crate::ids::{BreachId, OrganisationId, TimedId};
use crate::privacy::breaches::Duty;
use bedside_db::{Conn, Row, Timestamp, args, statements};

statements! {
    /// What was told of each clock.
    TOLD = "SELECT subject_id, duty, due_at, stage FROM privacy_clocks WHERE organisation_id = $1 ORDER BY subject_id, duty";
    /// Keeps that a stage was told; nothing where it was told before.
    TELL = "INSERT INTO privacy_clocks (organisation_id, subject_id, duty, due_at, stage) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (organisation_id, subject_id, duty) DO UPDATE SET due_at = excluded.due_at, stage = excluded.stage \
        WHERE privacy_clocks.due_at <> excluded.due_at OR privacy_clocks.stage < excluded.stage";
    /// Forgets what was told of a clock that runs no more, or ends at another time by now.
    FORGET = "DELETE FROM privacy_clocks WHERE organisation_id = $1 AND subject_id = $2 AND duty = $3 AND due_at = $4";
    /// Forgets what was told of a duty that is done.
    SETTLE = "DELETE FROM privacy_clocks WHERE organisation_id = $1 AND subject_id = $2 AND duty = $3";
    /// Incidents that are not closed, and of those the ones with a clock that is over, counted up to a limit.
    INCIDENTS = "SELECT COUNT(*), COUNT(late) FROM (SELECT (SELECT MIN(c.due_at) FROM privacy_clocks c WHERE \
        c.organisation_id = b.organisation_id AND c.subject_id = b.id AND c.due_at < $3) AS late FROM breaches b \
        WHERE b.organisation_id = $1 AND b.state <> 'closed' LIMIT $2) AS few";
}

/// That somebody was told of a clock.
#[derive(Clone)]
pub(super) struct Told {
    subject: TimedId,
    duty: String,
    due: Timestamp,
    stage: i64,
}

impl Told {
    /// Whose clock it was.
    pub(super) fn of(&self) -> Of {
        Of::duty(&self.duty)
    }

    /// Whether it was told of this clock with this end.
    pub(super) fn is_of(&self, timer: &Timer) -> bool {
        let (_, id) = timer.work.object();
        (self.subject, &*self.duty, self.due) == (id, timer.work.duty(), timer.due)
    }

    /// Whether a stage needs no more words.
    pub(super) fn covers(&self, timer: &Timer, stage: Stage) -> bool {
        self.is_of(timer) && self.stage >= stage as i64
    }
}

pub(super) async fn told(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<Told>, DeskError> {
    let read = |row: &Row<'_>| {
        Ok(Told {
            subject: row.get(0)?,
            duty: row.get(1)?,
            due: row.get(2)?,
            stage: row.get(3)?,
        })
    };
    Ok(conn.query(TOLD, args![organisation], read).await?)
}

/// `false` when somebody told it meanwhile.
pub(super) async fn tell(
    conn: &mut Conn,
    organisation: OrganisationId,
    timer: &Timer,
    stage: Stage,
) -> Result<bool, DeskError> {
    let ((_, id), duty, stage) = (timer.work.object(), timer.work.duty(), stage as i64);
    let values = args![organisation, id, duty, timer.due, stage];
    Ok(conn.execute(TELL, values).await? == 1)
}

pub(super) async fn forget(
    conn: &mut Conn,
    organisation: OrganisationId,
    ended: &[Told],
) -> Result<(), DeskError> {
    for one in ended {
        let values = args![organisation, one.subject, one.duty, one.due];
        conn.execute(FORGET, values).await?;
    }
    Ok(())
}

/// Incidents that are not closed, and those with a clock that was over at `now`.
pub(in crate::privacy) async fn incidents(
    conn: &mut Conn,
    organisation: OrganisationId,
    (limit, now): (i64, Timestamp),
) -> Result<Waiting, DeskError> {
    let read = |row: &Row<'_>| {
        let (open, over) = (row.get(0)?, row.get(1)?);
        Ok(Waiting { open, over })
    };
    let args = args![organisation, limit, now];
    let counted = conn.query_opt(INCIDENTS, args, read).await?;
    Ok(counted.unwrap_or_default())
}

/// Forgets what was told of a duty after a breach that is done: should it not hold any more, its clock is told of anew.
pub(in crate::privacy) async fn settle(
    conn: &mut Conn,
    organisation: OrganisationId,
    breach: BreachId,
    duty: Duty,
) -> Result<(), DeskError> {
    let id = TimedId::from_bytes(breach.bytes());
    conn.execute(SETTLE, args![organisation, id, duty.code()])
        .await?;
    Ok(())
}
