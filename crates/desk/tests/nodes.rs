//! Several machines serve one PostgreSQL database.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{DbError, args, statements};
use bedside_desk::app::App;
use bedside_desk::context::Role;
use bedside_desk::orgs::{self, Change};
use bedside_desk::{server, startup};
use bedside_testkit::wait_until_async;
use common::{Desk, Engine};
use futures_util::FutureExt;
use std::sync::Arc;
use std::time::Duration;

statements! {
    /// Ends every connection that listens to this database, as a network that breaks does.
    BREAK = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' \
        AND datname = current_database()";
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
