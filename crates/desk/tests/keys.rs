//! Keys are replaced, and whoever replaces them is stopped at any point: everything opens, and the next run finishes it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Db, SystemClock, Target, args, statements};
use bedside_desk::app::App;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::records::{Sealing, rotate};
use bedside_desk::{audit_log, startup};
use bedside_testkit::wait_until_async;
use common::load::{self, set_up, settings};
use common::{Desk, both_engines, program};
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

statements! {
    /// Connections of others that are at work in this database.
    OTHERS = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' \
        AND pid <> pg_backend_pid()";
}

/// More than three batches.
const KEYS: u64 = 700;

async fn many_keys(app: &App) {
    let organisation = app.directory.all()[0].id;
    let ctx = Ctx::system(organisation, "test", Source::CommandLine);
    let app = app.clone();
    let sealings: Vec<_> = (0..KEYS).map(|_| Sealing::fresh(&app)).collect();
    app.command(&ctx, move |work| {
        async move {
            for sealing in &sealings {
                sealing.store(work).await?;
            }
            work.audit(audit_log::NewEntry::new(
                "test.keys",
                "organisation",
                organisation,
            ));
            Ok(())
        }
        .boxed()
    })
    .await
    .unwrap();
}

async fn everything_opens(app: &App, keys: u64) {
    let organisation = app.directory.all()[0].id;
    assert_eq!(
        rotate::open_all(app, organisation, |_| ()).await.unwrap(),
        keys
    );
}

/// The same desk, opened by a process that knows nothing of what the one before was doing.
async fn reopened(desk: &Desk) -> App {
    if desk.app.db.is_embedded() {
        return desk.app.clone();
    }
    let clock = Arc::new(desk.clock.clone());
    startup::open(desk.app.config.clone(), clock)
        .await
        .unwrap()
        .0
}

both_engines! {
    async fn a_rotation_that_is_stopped_between_any_two_batches_goes_on(desk: Desk) {
        let (app, organisation) = (&desk.app, desk.organisation);
        many_keys(app).await;
        let keys = rotate::open_all(app, organisation, |_| ()).await.unwrap();
        assert!(keys >= KEYS);
        let batches = AtomicU64::new(0);
        rotate::organisation(app, organisation, true, |_| {
            batches.fetch_add(1, Ordering::SeqCst);
        })
        .await
        .unwrap();
        let batches = batches.into_inner();
        assert!(batches > 3, "{batches}");
        for stop_after in 1..=batches {
            let before = app.keyring.of(organisation).unwrap().keys().current_version();
            let mut done = 0;
            let rotation = rotate::organisation(app, organisation, true, |_| {
                done += 1;
                assert!(done < stop_after, "stopped here");
            });
            assert!(AssertUnwindSafe(rotation).catch_unwind().await.is_err());
            let after = reopened(&desk).await;
            everything_opens(&after, keys).await;
            let rotated = rotate::organisation(&after, organisation, true, |_| ()).await.unwrap();
            assert_eq!((rotated.version, rotated.retired), (before + 1, true));
            everything_opens(&after, keys).await;
            if !app.db.is_embedded() {
                // This process hears of the other's new keys as a node does.
                bedside_desk::orgs::reload(app).await.unwrap();
            }
        }
        desk.audit_is_whole().await;
    }
}

async fn open(data: &Path) -> App {
    startup::open(settings(data), Arc::new(SystemClock))
        .await
        .unwrap()
        .0
}

/// Waits until a PostgreSQL server has noticed that a killed process is gone: what that had handed over is done until then.
async fn settled(data: &Path) {
    let config = settings(data);
    let Some(url) = config.database else { return };
    let db = Db::open(&Target::Postgres(url)).await.unwrap();
    let alone = async || {
        let mut conn = db.read().await.unwrap();
        let others = conn.query_one(OTHERS, args![], |row| row.get::<i64>(0));
        others.await.unwrap() == 0
    };
    wait_until_async(alone, Duration::from_secs(30))
        .await
        .unwrap();
    db.close().await;
}

mod a_rotation_that_is_killed_at_any_moment_goes_on {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        let folder = tempfile::tempdir().unwrap();
        super::rotation_that_is_killed(folder.path()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        let folder = tempfile::tempdir().unwrap();
        super::load::on_postgres(folder.path());
        super::rotation_that_is_killed(folder.path()).await;
    }
}

async fn rotation_that_is_killed(data: &Path) {
    set_up(data).await;
    let app = open(data).await;
    many_keys(&app).await;
    let keys = rotate::open_all(&app, app.directory.all()[0].id, |_| ())
        .await
        .unwrap();
    // Elsewhere another process may wrap by the earlier key for a moment, so that goes one rotation later.
    let alone = app.db.is_embedded();
    app.db.close().await;
    drop(app);
    let rotate = ["keys", "rotate", "--root"];
    let begun = Instant::now();
    assert!(program::run(data, &rotate).status.success());
    let whole = begun.elapsed();
    for part in 1..12 {
        let mut rotation = program::command(data, &rotate)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // The moment of the kill is what is tried, so nothing can be waited for.
        tokio::time::sleep(whole * part / 11).await;
        // It may have ended by itself.
        let _ = rotation.kill();
        rotation.wait().unwrap();
        settled(data).await;
        let app = open(data).await;
        everything_opens(&app, keys).await;
        assert!(audit_log::verify(&app, &[], |_| ()).await.unwrap().is_ok());
        app.db.close().await;
    }
    let told = program::json(&program::run(data, &["keys", "rotate", "--json"]));
    assert_eq!(told["organisations"][0]["retired"], alone, "{told}");
    assert_eq!(told["organisations"][0]["wrapped"], keys);
    let app = open(data).await;
    everything_opens(&app, keys).await;
    let held = app.keyring.of(app.directory.all()[0].id).unwrap().keys();
    assert_eq!(held.versions().count(), if alone { 1 } else { 2 });
}
