//! The schema and every SQL text, on both engines.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Db, DbError, FixedClock, Migration, Target};
use bedside_desk::startup::{self, MIGRATIONS, StartError};
use bedside_desk::statements;
use common::{Desk, Engine, both_engines, config, monday};
use std::sync::Arc;

both_engines! {
    async fn every_statement_is_understood(desk: Desk) {
        let mut wrong = Vec::new();
        for statement in statements() {
            if let Err(error) = desk.app.db.check(statement).await {
                wrong.push(format!("{}: {error}\n    {}", statement.name, statement.dollar));
            }
        }
        assert!(statements().count() > 100, "the list of statements is not whole");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    async fn an_audited_desk_verifies(desk: Desk) {
        desk.ticket("rosa@patient.example", "Refill", "I need a refill of my tablets.").await;
        desk.audit_is_whole().await;
    }
}

/// A step that a later release could bring.
const LATER: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        version: 2,
        name: "a later step",
        sql: "CREATE TABLE later (id ID NOT NULL PRIMARY KEY, note TEXT);",
    },
];

async fn reopened(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(engine, folder.path());
    let clock = Arc::new(FixedClock::new(monday()));
    let newest = MIGRATIONS.last().unwrap().version;

    let (app, report) = startup::open(config.clone(), clock.clone()).await.unwrap();
    assert_eq!((report.from, report.to), (0, newest));
    assert!(report.backup.is_none(), "an empty database needs no copy");
    app.db.close().await;
    drop(app);

    let (app, report) = startup::open(config.clone(), clock.clone()).await.unwrap();
    assert_eq!(
        (report.from, report.to, report.backup),
        (newest, newest, None)
    );
    app.db.close().await;
    drop(app);

    let target = match &config.database {
        Some(url) => Target::Postgres(url.clone()),
        None => Target::Sqlite(config.data.clone()),
    };
    let db = Db::open(&target).await.unwrap();
    let report = db.migrate(LATER, monday()).await.unwrap();
    assert_eq!((report.from, report.to), (newest, newest + 1));
    match engine {
        Engine::Postgres => assert!(report.backup.is_none()),
        Engine::Sqlite => {
            let copy = report
                .backup
                .expect("the file is copied before its schema changes");
            assert!(std::fs::metadata(&copy).unwrap().len() > 0);
            let old = tempfile::tempdir().unwrap();
            std::fs::copy(&copy, old.path().join("bedside.db")).unwrap();
            let old = Db::open(&Target::Sqlite(old.path().to_owned()))
                .await
                .unwrap();
            let report = old.migrate(MIGRATIONS, monday()).await.unwrap();
            assert_eq!(report.from, newest, "the copy is of the time before");
        }
    }
    db.close().await;
    drop(db);

    let Err(refused) = startup::open(config, clock).await else {
        panic!("a newer schema was taken")
    };
    let StartError::Database(DbError::Newer { found, known }) = &refused else {
        panic!("{refused}")
    };
    assert_eq!((*found, *known), (newest + 1, newest));
    assert_eq!(refused.exit_code(), 4);
}

#[tokio::test]
async fn the_schema_grows_and_never_shrinks_sqlite() {
    reopened(Engine::Sqlite).await;
}

#[tokio::test]
async fn the_schema_grows_and_never_shrinks_postgres() {
    reopened(Engine::Postgres).await;
}

async fn edited(engine: Engine) {
    const BEFORE: &[Migration] = &[Migration {
        version: 1,
        name: "first",
        sql: "CREATE TABLE a (id ID PRIMARY KEY);",
    }];
    const AFTER: &[Migration] = &[Migration {
        version: 1,
        name: "first",
        sql: "CREATE TABLE b (id ID PRIMARY KEY);",
    }];
    let folder = tempfile::tempdir().unwrap();
    let config = config(engine, folder.path());
    let target = config
        .database
        .map_or_else(|| Target::Sqlite(config.data.clone()), Target::Postgres);
    let db = Db::open(&target).await.unwrap();
    db.migrate(BEFORE, monday()).await.unwrap();
    let refused = db.migrate(AFTER, monday()).await.unwrap_err();
    assert!(matches!(refused, DbError::Changed(1)), "{refused}");
}

#[tokio::test]
async fn an_edited_step_is_refused_sqlite() {
    edited(Engine::Sqlite).await;
}

#[tokio::test]
async fn an_edited_step_is_refused_postgres() {
    edited(Engine::Postgres).await;
}

#[tokio::test]
async fn a_second_desk_on_the_same_folder_is_refused() {
    let desk = Desk::new(Engine::Sqlite).await;
    let Err(refused) = startup::open(desk.app.config.clone(), Arc::new(desk.clock.clone())).await
    else {
        panic!("two desks share one folder")
    };
    assert!(
        matches!(refused, StartError::Database(DbError::InUse(_))),
        "{refused}"
    );
    assert_eq!(refused.exit_code(), 3);
}
