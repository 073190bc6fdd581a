//! What has to happen now and then. Each of these looks at what is there and puts it right, without input and without
//! harm when it runs twice.

use crate::app::App;
use crate::error::DeskError;

use crate::records::blobs;
use crate::{
    identity, links, once, outbound, portal, privacy, recertification, renewals, staff, timeline,
};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// A day, in seconds: how long unused files and answers to repeated requests are kept.
const DAY: i64 = 24 * 3600;

/// One thing to put right.
struct Recurring {
    name: &'static str,
    /// Pause between two runs.
    every: Duration,
    run: fn(App) -> BoxFuture<'static, Result<(), DeskError>>,
}

fn list() -> Vec<Recurring> {
    let minute = Duration::from_mins(1);
    vec![
        Recurring {
            name: "mail without a mailbox",
            every: minute,
            run: |app| async move { outbound::resume(&app).await }.boxed(),
        },
        Recurring {
            name: "unused files",
            every: 15 * minute,
            run: |app| unused_files(app).boxed(),
        },
        Recurring {
            name: "files that no scanner saw",
            every: minute,
            run: |app| async move { timeline::files::catch_up(&app).await }.boxed(),
        },
        Recurring {
            name: "old days of files",
            every: 60 * minute,
            run: |app| async move { timeline::files::forget(&app).await }.boxed(),
        },
        Recurring {
            name: "old answers",
            every: 15 * minute,
            run: |app| old_answers(app).boxed(),
        },
        Recurring {
            name: "old sessions",
            every: 60 * minute,
            run: |app| async move { staff::forget_expired(&app).await }.boxed(),
        },
        Recurring {
            name: "old sessions of patients",
            every: 60 * minute,
            run: |app| async move { portal::forget(&app).await }.boxed(),
        },
        Recurring {
            name: "old failures",
            every: 60 * minute,
            run: |app| async move { identity::forget(&app).await }.boxed(),
        },
        Recurring {
            name: "old copies",
            every: 60 * minute,
            run: |app| async move { privacy::copies::forget(&app).await }.boxed(),
        },
        Recurring {
            name: "unusual looks",
            every: 60 * minute,
            run: |app| async move { privacy::watch::daily(&app).await }.boxed(),
        },
        Recurring {
            name: "rounds of access",
            every: 60 * minute,
            run: |app| async move { recertification::hourly(&app).await }.boxed(),
        },
        Recurring {
            name: "what runs out soon",
            every: 60 * minute,
            run: |app| async move { renewals::hourly(&app).await }.boxed(),
        },
        Recurring {
            name: "clocks of the law",
            every: 15 * minute,
            run: |app| async move { privacy::clocks::remind(&app).await }.boxed(),
        },
        Recurring {
            name: "what is kept no longer",
            every: 60 * minute,
            run: |app| async move { privacy::retention::daily(&app).await }.boxed(),
        },
        Recurring {
            name: "the second list of what was erased",
            every: 15 * minute,
            run: |app| async move { privacy::erasure::copy(&app).await }.boxed(),
        },
        Recurring {
            name: "old links",
            every: 60 * minute,
            run: |app| async move { links::forget(&app).await }.boxed(),
        },
    ]
}

async fn unused_files(app: App) -> Result<(), DeskError> {
    let before = app.now().plus_seconds(-DAY);
    while blobs::remove_unused(&app, before).await? > 0 {}
    Ok(())
}

async fn old_answers(app: App) -> Result<(), DeskError> {
    let before = app.now().plus_seconds(-DAY);
    app.db
        .write(move |tx| async move { once::forget(tx, before).await.map(drop) }.boxed())
        .await
}

/// Runs everything once now, and reports the first that failed.
#[cfg(test)]
pub(super) async fn all(app: &App) -> Result<(), DeskError> {
    for one in list() {
        (one.run)(app.clone()).await?;
    }
    Ok(())
}

/// Runs each of them at the start and then at its pace, until `stop`.
pub(super) async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut plan: Vec<(Instant, Recurring)> = list()
        .into_iter()
        .map(|one| (Instant::now(), one))
        .collect();
    loop {
        let Some((at, one)) = plan.iter_mut().min_by_key(|(at, _)| *at) else {
            return;
        };
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep_until(*at) => {}
        }
        match AssertUnwindSafe((one.run)(app.clone()))
            .catch_unwind()
            .await
        {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, name = one.name, "recurring work failed"),
            Err(_) => tracing::error!(name = one.name, "recurring work panicked"),
        }
        *at = Instant::now() + one.every;
    }
}
