//! Takes stored mails and makes tickets of them, several at a time.
//!
//! A mail is leased while somebody works on it. One that goes wrong is an attempt; after [`ATTEMPTS`] a person gets the
//! raw file. What the database could not do at the moment does not count, and neither does a process that ends while it
//! has the mail: nobody can say whose fault that was. Each lease counts as interrupted until its end is seen, so that a
//! mail that ends the process each time is parked as well, after [`INTERRUPTIONS`] in a row. Mails that were tried before
//! are taken up one by one, never beside others, those first that were cut off least: whatever may end the process comes
//! when everything else is done.

use super::letter;
use super::parked::{self, Reason};
use super::receive::{Source, Via};
use super::store::{self, Behind, Claimed};
use crate::app::App;
use crate::error::DeskError;
use bedside_db::Notice;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How often a mail is tried before it is parked.
pub const ATTEMPTS: i64 = 3;
/// How often in a row the process may end (or be silent for [`LEASE`]) over a mail before the mail is parked.
pub const INTERRUPTIONS: i64 = 10;
/// Mails worked on at the same time.
const PARALLEL: usize = 8;
/// Mails leased at once.
const BATCH: i64 = 64;
/// Seconds after which a mail whose worker vanished is taken up again.
const LEASE: i64 = 300;
/// Seconds until a mail is tried again, times the number of attempts.
const PAUSE: i64 = 2;
/// KiB of raw mail worked on at the same time; a larger mail is worked on alone.
const BUDGET: u32 = 32 * 1024;
/// How long nothing is looked for when nobody says that something came.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);

/// Works on mails until `shutdown`; those under way are finished first.
pub async fn run(app: App, shutdown: CancellationToken) {
    let mut notices = app.db.notices();
    let budget = Arc::new(Semaphore::new(BUDGET as usize));
    loop {
        match batch(&app, &budget, &shutdown).await {
            Ok(0) => {}
            Ok(_) if !shutdown.is_cancelled() => continue,
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "stored mails could not be taken up"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = news(&mut notices) => {}
            () = tokio::time::sleep(LOOK_ANYWAY) => {}
        }
    }
}

/// Frees the mails that an ended process was working on, so that they need not wait for their leases to run out. Only
/// for a process that knows that it is alone.
pub async fn free_all(app: &App) -> Result<u64, DeskError> {
    app.db
        .write(|tx| async move { store::release_all(tx).await }.boxed())
        .await
}

/// Waits until something was stored.
async fn news(notices: &mut Receiver<Notice>) {
    loop {
        match notices.recv().await {
            // Number 0 says that there is work and nothing to show.
            Ok(Notice { sequence: 0, .. }) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Works on everything that can be taken up now; says how many mails that were.
pub async fn drain(app: &App) -> Result<usize, DeskError> {
    let (budget, never) = (
        Arc::new(Semaphore::new(BUDGET as usize)),
        CancellationToken::new(),
    );
    let mut count = 0;
    loop {
        match batch(app, &budget, &never).await? {
            0 => return Ok(count),
            some => count += some,
        }
    }
}

async fn batch(
    app: &App,
    budget: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Result<usize, DeskError> {
    let now = app.now();
    if shutdown.is_cancelled() || !store::any_waiting(&mut app.read().await?, now).await? {
        return Ok(0);
    }
    let claimed = app
        .db
        .write(move |tx| {
            async move { store::claim(tx, now, now.plus_seconds(LEASE), BATCH).await }.boxed()
        })
        .await?;
    let count = claimed.len();
    let mut under_way = JoinSet::new();
    for mail in claimed {
        if under_way.len() == PARALLEL {
            under_way.join_next().await;
        }
        if shutdown.is_cancelled() {
            let behind = Behind {
                attempts: mail.attempts,
                interrupted: mail.interrupted,
                error: None,
            };
            put_back(app, &mail, 0, behind).await;
            continue;
        }
        let kib = u32::try_from(mail.size / 1024 + 1)
            .unwrap_or(BUDGET)
            .min(BUDGET);
        let room = Arc::clone(budget).acquire_many_owned(kib).await;
        let app = app.clone();
        under_way.spawn(async move {
            work_on(&app, &mail).await;
            drop(room);
        });
    }
    while under_way.join_next().await.is_some() {}
    Ok(count)
}

async fn work_on(app: &App, mail: &Claimed) {
    let outcome = AssertUnwindSafe(attempt(app, mail)).catch_unwind().await;
    let failed = mail.attempts + 1;
    let (seconds, attempts, error) = match outcome {
        Ok(Ok(())) => return,
        Ok(Err(error)) if error.is_transient() => {
            tracing::warn!(mail = %mail.id, %error, "a mail waits for the database");
            (PAUSE, mail.attempts, "database")
        }
        Ok(Err(error)) => {
            tracing::error!(mail = %mail.id, attempt = failed, %error, "a mail could not be read");
            (PAUSE * failed, failed, "error")
        }
        Err(_) => {
            tracing::error!(mail = %mail.id, attempt = failed, "reading a mail panicked");
            (PAUSE * failed, failed, "panic")
        }
    };
    // An end was seen; only what is to be parked for being cut off stays so until it is.
    let to_park = mail.interrupted >= INTERRUPTIONS;
    let behind = Behind {
        attempts,
        interrupted: if to_park { mail.interrupted } else { 0 },
        error: Some(error),
    };
    put_back(app, mail, seconds, behind).await;
}

async fn attempt(app: &App, mail: &Claimed) -> Result<(), DeskError> {
    if mail.attempts < ATTEMPTS && mail.interrupted < INTERRUPTIONS {
        return letter::read(app, mail).await;
    }
    match letter::open(app, mail).await {
        Ok((source, raw)) => parked::park(app, mail, &source, Some(&raw), Reason::Attempts).await,
        Err(error) if error.is_transient() => Err(error),
        // What was stored can't be opened any more; a person must at least hear of it.
        Err(_) => {
            parked::park(
                app,
                mail,
                &Source::new(Via::Receiver),
                None,
                Reason::Attempts,
            )
            .await
        }
    }
}

async fn put_back(app: &App, mail: &Claimed, seconds: i64, behind: Behind) {
    let (organisation, id, until) = (mail.organisation, mail.id, app.now().plus_seconds(seconds));
    let released = app
        .db
        .write(move |tx| {
            async move { store::release(tx, organisation, id, until, behind).await }.boxed()
        })
        .await;
    if let Err(error) = released {
        // Its lease runs out, and then it is taken up again.
        tracing::warn!(mail = %id, %error, "a mail could not be put back");
    }
}
