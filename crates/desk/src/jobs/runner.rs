//! Claiming, running and settling jobs.

use super::{ATTEMPTS, Done, Handler, INTERRUPTIONS, LEASE_SECONDS, handlers, recurring};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_db::jobs::{self, Leased};
use bedside_db::{Lane, Notice, Timestamp};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

/// Jobs that are run at the same time.
const PARALLEL: usize = 32;
/// The longest sleep: another process of the desk may have changed what is due without telling.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// Pause between two looks at the queue, so that a flood of new jobs does not make a flood of claims.
const BREATH: Duration = Duration::from_millis(10);
/// Pause after the database did not answer.
const TROUBLE_PAUSE: Duration = Duration::from_secs(2);

/// Does what is due until `stop` says so, then waits for what is being done. Several processes of one desk may run it
/// at the same time: a job goes to one of them.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    let tidying = tokio::spawn(recurring::run(app.clone(), stop.clone()));
    run_with(app, handlers(), stop).await;
    if tidying.await.is_err() {
        tracing::error!("the recurring work ended with a panic");
    }
}

/// Frees the jobs that an ended process was running, whatever the clock says about their leases. Only for a process that
/// knows that it is alone.
pub async fn free_all(app: &App) -> Result<u64, DeskError> {
    app.db
        .write(|tx| async move { Ok(jobs::release_all(tx).await?) }.boxed())
        .await
}

pub(super) async fn run_with(app: App, list: Vec<Handler>, mut stop: watch::Receiver<bool>) {
    let mut notices = app.db.notices();
    let mut running = JoinSet::new();
    while !*stop.borrow() {
        while running.try_join_next().is_some() {}
        let wake = match take_some(&app, &list, &mut running).await {
            Ok(wake) => wake,
            Err(error) => {
                tracing::warn!(%error, "the jobs that are due can't be read");
                Wake::At(Instant::now() + TROUBLE_PAUSE)
            }
        };
        let at = match wake {
            Wake::At(at) => at,
            // As soon as one is done there is room for the next.
            Wake::WhenOneIsDone => Instant::now() + LONGEST_SLEEP,
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            () = sleep_until(at) => {}
            () = new_jobs(&mut notices), if matches!(wake, Wake::At(_)) => {}
            Some(_) = running.join_next() => {}
        }
        sleep(BREATH).await;
    }
    while running.join_next().await.is_some() {}
}

#[derive(Clone, Copy)]
enum Wake {
    At(Instant),
    WhenOneIsDone,
}

/// Starts as much of what is due as there is room for, and says when to look again.
async fn take_some(
    app: &App,
    list: &[Handler],
    running: &mut JoinSet<()>,
) -> Result<Wake, DeskError> {
    let room = PARALLEL.saturating_sub(running.len());
    if room == 0 {
        return Ok(Wake::WhenOneIsDone);
    }
    let now = app.now();
    // A look is cheap; only when something is due does the writer hear of it.
    let Some(next) = jobs::next_due(&mut app.read().await?).await? else {
        return Ok(Wake::At(Instant::now() + LONGEST_SLEEP));
    };
    if next > now {
        let wait = u64::try_from(next.micros() - now.micros())
            .map_or(LONGEST_SLEEP, Duration::from_micros);
        return Ok(Wake::At(Instant::now() + wait.min(LONGEST_SLEEP)));
    }
    let claimed = claim(app, room).await?;
    if claimed.is_empty() {
        if !running.is_empty() {
            return Ok(Wake::WhenOneIsDone);
        }
        // Only suspects are left: one at a time, and nothing beside it.
        if let Some(job) = claim_suspect(app).await? {
            settle_logged(app, find(list, &job.kind), job).await;
        }
    }
    let full = claimed.len() == room;
    for job in claimed {
        let (app, handler) = (app.clone(), find(list, &job.kind));
        running.spawn(async move { settle_logged(&app, handler, job).await });
    }
    Ok(if full {
        Wake::WhenOneIsDone
    } else {
        Wake::At(Instant::now())
    })
}

pub(super) async fn claim(app: &App, room: usize) -> Result<Vec<Leased>, DeskError> {
    let now = app.now();
    let limit = i64::try_from(room).unwrap_or(1);
    let end = now.plus_seconds(LEASE_SECONDS);
    app.db
        .write_in(Lane::Machinery, move |tx| {
            async move { Ok(jobs::claim(tx, now, end, limit).await?) }.boxed()
        })
        .await
}

pub(super) async fn claim_suspect(app: &App) -> Result<Option<Leased>, DeskError> {
    let now = app.now();
    let end = now.plus_seconds(LEASE_SECONDS);
    app.db
        .write_in(Lane::Machinery, move |tx| {
            async move { Ok(jobs::claim_suspect(tx, now, end).await?) }.boxed()
        })
        .await
}

/// Returns when somebody enqueued something.
async fn new_jobs(notices: &mut broadcast::Receiver<Notice>) {
    loop {
        match notices.recv().await {
            Ok(Notice { sequence: 0, .. }) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn find(list: &[Handler], kind: &str) -> Option<Handler> {
    list.iter().copied().find(|handler| handler.kind == kind)
}

async fn settle_logged(app: &App, handler: Option<Handler>, job: Leased) {
    let (kind, id) = (job.kind.clone(), job.id);
    if let Err(error) = settle(app, handler, job).await {
        tracing::warn!(%error, kind, job = %id, "a job could not be settled; its lease runs out and it is run again");
    }
}

/// Runs one job and writes down how it ended.
pub(super) async fn settle(
    app: &App,
    handler: Option<Handler>,
    mut job: Leased,
) -> Result<(), DeskError> {
    let cut_off = job.interrupted >= INTERRUPTIONS;
    let ended = if cut_off {
        Err("interrupted")
    } else if let Some(ended) = run_held(app, handler, &mut job).await {
        ended
    } else {
        // Somebody else has it by now, and settles it.
        return Ok(());
    };
    let now = app.now();
    let attempts = job.attempts + 1;
    let end = match ended {
        Ok(Done::Finished) => End::Finish,
        Ok(Done::Again(due)) => End::Again(due),
        Err(code) if cut_off || attempts >= ATTEMPTS => {
            tracing::error!(kind = job.kind, job = %job.id, code, "a job was given up");
            if let Some(handler) = handler {
                let organisation = OrganisationId::from_uuid(job.organisation);
                (handler.given_up)(app.clone(), organisation, job.payload.clone()).await?;
            }
            End::Park(code)
        }
        Err(code) => {
            tracing::warn!(kind = job.kind, job = %job.id, code, attempts, "a job failed and is tried again");
            End::Retry(
                now.plus_seconds(pause_seconds(job.id.bytes(), attempts)),
                code,
            )
        }
    };
    app.db
        .write_in(Lane::Machinery, move |tx| {
            async move {
                match end {
                    End::Finish => jobs::finish(tx, &job).await?,
                    End::Again(due) => jobs::again(tx, &job, due).await?,
                    End::Retry(due, code) => jobs::retry(tx, &job, due, code).await?,
                    End::Park(code) => jobs::park(tx, &job, now, code).await?,
                }
                Ok(())
            }
            .boxed()
        })
        .await
}

enum End {
    Finish,
    Again(Timestamp),
    Retry(Timestamp, &'static str),
    Park(&'static str),
}

/// Runs the handler and renews the lease meanwhile; `None` when the lease was lost, and the run was broken off.
async fn run_held(
    app: &App,
    handler: Option<Handler>,
    job: &mut Leased,
) -> Option<Result<Done, &'static str>> {
    let Some(handler) = handler else {
        return Some(Err("unknown_kind"));
    };
    let organisation = OrganisationId::from_uuid(job.organisation);
    let work = AssertUnwindSafe((handler.run)(
        app.clone(),
        organisation,
        job.payload.clone(),
    ))
    .catch_unwind();
    tokio::pin!(work);
    let half = Duration::from_secs(u64::try_from(LEASE_SECONDS / 2).unwrap_or(30));
    loop {
        tokio::select! {
            ended = &mut work => {
                return Some(match ended {
                    Ok(Ok(done)) => Ok(done),
                    Ok(Err(error)) => {
                        tracing::debug!(kind = job.kind, job = %job.id, %error, "a job failed");
                        Err(error.code())
                    }
                    Err(_) => Err("panic"),
                });
            }
            () = sleep(half) => {
                if matches!(renew(app, job).await, Ok(false)) {
                    return None;
                }
            }
        }
    }
}

/// A lease that can't be renewed because the database does not answer is kept on trying for.
async fn renew(app: &App, job: &mut Leased) -> Result<bool, DeskError> {
    let end = app.now().plus_seconds(LEASE_SECONDS);
    let mut held = job.clone();
    let (kept, held) = app
        .db
        .write::<_, DeskError, _>(move |tx| {
            async move {
                let kept = jobs::renew(tx, &mut held, end).await?;
                Ok((kept, held))
            }
            .boxed()
        })
        .await?;
    *job = held;
    Ok(kept)
}

/// Seconds until the next try: 5, doubled each time, at most an hour, and up to a quarter more that the job's own id
/// decides, so that jobs which failed together do not come back together.
pub(super) fn pause_seconds(id: [u8; 16], attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(1, 12) - 1).unwrap_or(0);
    let pause = (5_i64 << doublings).min(3600);
    let share = i64::from(u16::from_be_bytes([id[14], id[15]]));
    pause + pause * share / (4 * 65_536)
}

/// Does everything that is due now, one job after the other, until nothing is left; says how many were run. For tests
/// and for commands that end when their work is done.
pub async fn drain(app: &App) -> Result<usize, DeskError> {
    drain_with(app, &handlers()).await
}

pub(super) async fn drain_with(app: &App, list: &[Handler]) -> Result<usize, DeskError> {
    let mut done = 0;
    loop {
        let mut claimed = claim(app, PARALLEL).await?;
        if claimed.is_empty() {
            claimed.extend(claim_suspect(app).await?);
        }
        if claimed.is_empty() {
            return Ok(done);
        }
        for job in claimed {
            done += 1;
            let handler = find(list, &job.kind);
            settle(app, handler, job).await?;
        }
    }
}
