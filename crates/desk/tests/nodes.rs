//! Several machines serve one PostgreSQL database.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use bedside_db::{DbError, args, statements};
use bedside_desk::app::App;
use bedside_desk::audit_log::{self, NewEntry, Sealer};
use bedside_desk::orgs::{self, Change};
use bedside_desk::{server, startup};
use bedside_testkit::wait_until_async;
use common::load::{self, on_postgres};
use common::program::{Program, ends, refuses, run};
use common::{Desk, Engine, both_engines};
use futures_util::FutureExt;
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;

statements! {
    /// Ends every connection that listens to this database, as a network that breaks does.
    BREAK = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' \
        AND datname = current_database()";
    /// Ends every connection by which a desk is known to be at work.
    LOSE = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4203 \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    /// Desks that are known to be at work.
    HELD = "SELECT pid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objid = 4203 AND granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
}

async fn rename(desk: &Desk, name: &str) {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    let change = Change::General {
        name: name.to_owned(),
        time_zone: "America/Chicago".to_owned(),
        locale: clinic.locale,
        settings: Box::new(clinic.settings.clone()),
        version: clinic.version,
    };
    orgs::change(&desk.app, &desk.ctx(Role::Administrator), change)
        .await
        .unwrap();
}

fn is_named(app: &App, desk: &Desk, name: &str) -> bool {
    let clinic = app.directory.of(desk.organisation).unwrap();
    clinic.name == name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_hears_of_new_settings_also_when_nobody_could_tell_it() {
    let desk = Desk::new(Engine::Postgres).await;
    let (other, _) = startup::open(desk.app.config.clone(), Arc::new(desk.clock.clone()))
        .await
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = server::start(other.clone(), listener).await.unwrap();
    rename(&desk, "Told").await;
    let soon = Duration::from_secs(20);
    wait_until_async(async || is_named(&other, &desk, "Told"), soon)
        .await
        .unwrap();

    desk.app
        .db
        .write::<_, DbError, _>(|tx| {
            async move { tx.query(BREAK, args![], |_| Ok(())).await.map(drop) }.boxed()
        })
        .await
        .unwrap();
    rename(&desk, "Not told").await;
    wait_until_async(async || is_named(&other, &desk, "Not told"), soon)
        .await
        .unwrap();
    running.stop().await;
}

#[test]
fn two_processes_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    on_postgres(data);
    ends(
        &run(
            data,
            &["init", "--email", "a@clinic.example", "--name", "A"],
        ),
        0,
    );
    let serving = Program::serve(data);
    let second = run(data, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(refuses(&second, 3).contains("Another Bedside is running"));
    ends(&run(data, &["user", "list"]), 0);
    assert!(serving.stop().success());
}

/// The connections by which desks are known to be at work.
async fn held(desk: &Desk) -> Vec<i64> {
    let mut conn = desk.app.read().await.unwrap();
    conn.query(HELD, args![], |row| row.get(0)).await.unwrap()
}

/// Whoever comes in while nobody is there may take what is held; whoever comes in later may not, also after the server
/// ended the connection by which the first is known.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_desk_knows_whether_it_is_alone() {
    let desk = Desk::new(Engine::Postgres).await;
    let db = &desk.app.db;
    let first = db.enter().await.unwrap();
    assert!(first.alone());
    let waiting = tokio::spawn({
        let db = db.clone();
        async move {
            let second = db.enter().await.unwrap();
            assert!(!second.alone());
            second.stay().await.unwrap()
        }
    });
    let first = first.stay().await.unwrap();
    let second = waiting.await.unwrap();
    drop(first);
    assert!(!db.enter().await.unwrap().alone(), "the second is there");
    let lost = held(&desk).await;
    db.write::<_, DbError, _>(|tx| {
        async move { tx.query(LOSE, args![], |_| Ok(())).await.map(drop) }.boxed()
    })
    .await
    .unwrap();
    let known = async || {
        let now = held(&desk).await;
        now.len() == 1 && now != lost
    };
    wait_until_async(known, Duration::from_secs(20))
        .await
        .unwrap();
    assert!(!db.enter().await.unwrap().alone(), "it came back");
    drop(second);
    wait_until_async(
        async || db.enter().await.unwrap().alone(),
        Duration::from_secs(20),
    )
    .await
    .unwrap();
    let embedded = Desk::new(Engine::Sqlite).await;
    assert!(embedded.app.db.enter().await.unwrap().alone());
}

both_engines! {
    async fn whoever_seals_the_audit_log_beside_others_waits_for_its_turn(desk: Desk) {
        desk.audit_is_whole().await;
        let ctx = desk.system();
        let entries = (0..900).map(|number| {
            let kind = format!("test.{}", number % 7);
            NewEntry::new("test.noted", "organisation", kind)
        });
        desk.app.audit_all(&ctx, entries.collect()).await.unwrap();
        let sealers: Vec<_> = (0..4).map(|_| Sealer::new(desk.app.clone())).collect();
        let sealed = join_all(sealers.iter().map(Sealer::round)).await;
        let sealed: Vec<_> = sealed.into_iter().map(Result::unwrap).collect();
        assert!(sealed.iter().sum::<u64>() >= 900, "{sealed:?}");
        let kept = std::fs::read_to_string(desk.folder().join("audit/checkpoints.txt")).unwrap();
        let kept = load::notes(&kept);
        audit_log::verify(&desk.app, &kept, |_| ()).await.unwrap().expect("a whole log");
        assert!(kept.len() >= 6, "one for every 200 entries: {}", kept.len());
    }
}
