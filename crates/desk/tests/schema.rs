//! The schema and every SQL text, on both engines.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{Db, DbError, FixedClock, Migration, Statement, Target, args, statements};
use bedside_desk::config::Config;
use bedside_desk::context::{Ctx, Source};
use bedside_desk::patients;
use bedside_desk::startup::{self, MIGRATIONS, StartError};
use bedside_desk::tickets::{self, NewTicket};
use bedside_language::Channel;
use bedside_testkit::pg;
use common::{Desk, Engine, both_engines, config, monday};
use std::sync::{Arc, LazyLock};

/// Tables that hold a clinic's settings or its people, and so stay small.
const SMALL: &[&str] = &[
    "access_rounds",
    "api_tokens",
    "audit_filters",
    "categories",
    "counters",
    "custom_fields",
    "desk_secrets",
    "legal_holds",
    "mailboxes",
    "notices",
    "organisations",
    "provisioned_groups",
    "provisioned_members",
    "provisioned_people",
    "provisioning_calls",
    "provisioning_rules",
    "queues",
    "privacy_clocks",
    "renewals",
    "retention_rules",
    "roles",
    "root_key_changes",
    "saved_replies",
    "schema_versions",
    "sla_policies",
    "sso_people",
    "sso_providers",
    "staff",
    "staff_links",
    "sub_statuses",
    "templates",
];

/// Indexes over what waits for somebody; whoever reads them whole wants all of it.
const WAITING: &[&str] = &[
    "audit_entries_open",
    "breaches_open",
    "identity_reviews_waiting",
    "inbound_mails_waiting",
    "jobs_due",
    "openings_waiting",
    "outbound_mails_trouble",
    "privacy_requests_open",
    "watch_findings_waiting",
];

/// Statements that read a table in its own order and stop at their limit, that count for `/metrics`, that forget what has
/// expired once in a while, or that only the making of a demo or a restore runs.
const FINE: &[&str] = &[
    "BACKLOG",
    "COUNTS",
    "DELETE_REVIEWS",
    "DRAFTS",
    "EVERY",
    "FORGET_FAILURES",
    "FORGET_NETWORKS",
    "FORGET_PEEKS",
    "FRONTIER",
    "LAST",
    "LATEST",
    "OPENINGS_REVIEWED",
    "QUEUED",
    "RANGE",
    "SETTLE_JOBS",
    "SETTLE_MAILS",
    "SETTLE_MESSAGES",
    "WITHOUT_MARK",
];

/// Whether a step of a plan reads all rows of a table, or all that an organisation has in it.
fn reads_everything(statement: &Statement, step: &str) -> bool {
    let table = step.split(' ').nth(1).unwrap_or_default();
    let led = step.starts_with("SCAN ")
        || step.ends_with("(organisation_id=?)")
        // From any place to any other.
        || step.ends_with("INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
    let derived = statement.question.contains(&format!(") AS {table}"))
        || statement.question.contains(&format!(") {table}"));
    led && !derived && !SMALL.contains(&table) && !WAITING.iter().any(|index| step.contains(index))
}

both_engines! {
    async fn every_statement_is_understood(desk: Desk) {
        let mut wrong = Vec::new();
        for statement in bedside_desk::statements() {
            if let Err(error) = desk.app.db.check(statement).await {
                wrong.push(format!("{}: {error}\n    {}", statement.name, statement.dollar));
            }
        }
        assert!(bedside_desk::statements().count() > 100, "the list of statements is not whole");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    async fn no_statement_reads_everything(desk: Desk) {
        let mut wrong = Vec::new();
        for statement in bedside_desk::statements().filter(|one| !FINE.contains(&one.name)) {
            let plan = desk.app.db.plan(statement).unwrap();
            let steps = plan.iter().filter(|step| reads_everything(statement, step));
            wrong.extend(steps.map(|step| format!("{}: {step}", statement.name)));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    async fn an_audited_desk_verifies(desk: Desk) {
        desk.ticket("rosa@patient.example", "Refill", "I need a refill of my tablets.").await;
        desk.audit_is_whole().await;
    }
}

/// Versions of [`LATER`]'s two steps.
const NEXT: i64 = MIGRATIONS[MIGRATIONS.len() - 1].version + 1;

/// The schema with steps that later releases could bring: one that changes a table full of rows, one that takes its
/// time.
static LATER: LazyLock<Vec<Migration>> = LazyLock::new(|| {
    let steps = [
        Migration {
            version: NEXT,
            name: "a column more",
            sql: "ALTER TABLE tickets ADD COLUMN later TEXT; UPDATE tickets SET later = 'then';
                  CREATE INDEX tickets_later ON tickets (organisation_id, later);",
        },
        Migration {
            version: NEXT + 1,
            name: "long work",
            sql: "CREATE TABLE later (n BIGINT NOT NULL PRIMARY KEY, note TEXT);
                  INSERT INTO later (n, note) WITH RECURSIVE numbers (n) AS \
                  (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000) SELECT n, 'note' FROM numbers;
                  CREATE TABLE last (id ID NOT NULL PRIMARY KEY);",
        },
    ];
    [MIGRATIONS, &steps].concat()
});

statements! {
    /// Tickets that the later step changed.
    LATER_TICKETS = "SELECT COUNT(*) FROM tickets WHERE later = 'then'";
    /// Rows that the long step made.
    LATER_ROWS = "SELECT COUNT(*) FROM later";
}

fn target(config: &Config) -> Target {
    match &config.database {
        Some(url) => Target::Postgres(url.clone()),
        None => Target::Sqlite(config.data.clone()),
    }
}

async fn count(db: &Db, statement: Statement) -> i64 {
    let mut conn = db.read().await.unwrap();
    conn.query_one(statement, args![], |row| row.get(0))
        .await
        .unwrap()
}

async fn reopened(engine: Engine) {
    let folder = tempfile::tempdir().unwrap();
    let config = config(engine, folder.path());
    let clock = Arc::new(FixedClock::new(monday()));
    let newest = MIGRATIONS.last().unwrap().version;

    // The oldest data there can be, with something in it, becomes the newest in one step.
    let db = Db::open(&target(&config)).await.unwrap();
    let report = db.migrate(&MIGRATIONS[..1], monday()).await.unwrap();
    assert_eq!((report.from, report.to, report.backup), (0, 1, None));
    db.close().await;
    drop(db);
    let (app, report) = startup::open(config.clone(), clock.clone()).await.unwrap();
    assert_eq!((report.from, report.to), (1, newest));
    assert_eq!(
        report.backup.is_some(),
        engine == Engine::Sqlite && newest > 1
    );
    let organisation = bedside_desk::orgs::create(&app, common::clinic(&app))
        .await
        .unwrap();
    let ctx = Ctx::system(organisation, "test", Source::Job);
    let requester =
        patients::requester_by_email(&app, organisation, "rosa@patient.example", None, None)
            .await
            .unwrap();
    let new = NewTicket::new(requester, Channel::Email, "Refill", "I need a refill.");
    tickets::create(&app, &ctx, new).await.unwrap();
    app.db.close().await;
    drop(app);

    let (app, report) = startup::open(config.clone(), clock.clone()).await.unwrap();
    assert_eq!(
        (report.from, report.to, report.backup),
        (newest, newest, None)
    );
    app.db.close().await;
    drop(app);

    let db = Db::open(&target(&config)).await.unwrap();
    let report = db.migrate(&LATER, monday()).await.unwrap();
    assert_eq!((report.from, report.to), (newest, newest + 2));
    assert_eq!(count(&db, LATER_TICKETS).await, 1);
    match engine {
        Engine::Postgres => assert!(report.backup.is_none()),
        Engine::Sqlite => {
            let copy = report
                .backup
                .expect("the file is copied before its schema changes");
            let old = Db::open_to_read(&copy).unwrap();
            assert_eq!(old.schema_version().await.unwrap(), Some(newest));
            assert_eq!(old.damage().await.unwrap(), None);
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
    assert_eq!((*found, *known), (newest + 2, newest));
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

/// Names the database that [`an_upgrade_for_another_test`] brings up to date.
const UPGRADE: &str = "BEDSIDE_TEST_UPGRADE";
/// How often an upgrade is killed in a usual run; `cargo xtask torture` sets `BEDSIDE_TEST_UPGRADES`.
const UPGRADES: u32 = 5;

/// No test of its own: the process that [`killed`] starts and kills.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the tests of an upgrade that is killed"]
async fn an_upgrade_for_another_test() {
    let place = std::env::var(UPGRADE).expect("run by another test");
    let target = if place.starts_with("postgres://") {
        Target::Postgres(place)
    } else {
        Target::Sqlite(place.into())
    };
    let db = Db::open(&target).await.unwrap();
    db.migrate(&LATER, monday()).await.unwrap();
    db.close().await;
}

fn upgrading(place: &str) -> std::process::Child {
    std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "an_upgrade_for_another_test"])
        .env(UPGRADE, place)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap()
}

/// An upgrade that is killed at any moment leaves the old data or the new, and the next one finishes it.
async fn killed(engine: Engine) {
    let rounds =
        std::env::var("BEDSIDE_TEST_UPGRADES").map_or(UPGRADES, |text| text.parse().unwrap());
    let mut whole = None;
    for round in 0..=rounds {
        let folder = tempfile::tempdir().unwrap();
        let config = config(engine, folder.path());
        let place = config
            .database
            .clone()
            .unwrap_or_else(|| folder.path().display().to_string());
        let db = Db::open(&target(&config)).await.unwrap();
        db.migrate(MIGRATIONS, monday()).await.unwrap();
        db.close().await;
        drop(db);
        let begun = std::time::Instant::now();
        let mut child = upgrading(&place);
        if let Some(whole) = whole {
            // The moment of the kill is what is tried, so nothing can be waited for.
            let whole: std::time::Duration = whole;
            tokio::time::sleep(whole * round / rounds).await;
            // It may have ended by itself.
            let _ = child.kill();
            child.wait().unwrap();
        } else {
            // The first is let go, to know how long it takes.
            assert!(child.wait().unwrap().success());
            whole = Some(begun.elapsed());
        }
        let db = Db::open(&target(&config)).await.unwrap();
        let report = db.migrate(&LATER, monday()).await.unwrap();
        let newest = |steps: &[Migration]| steps.last().unwrap().version;
        let known = [newest(MIGRATIONS), newest(&LATER)];
        assert!(known.contains(&report.from), "{report:?}");
        assert_eq!(report.to, newest(&LATER));
        assert_eq!(count(&db, LATER_ROWS).await, 100_000);
        if db.is_embedded() {
            assert_eq!(db.damage().await.unwrap(), None);
        }
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_killed_is_finished_by_the_next_sqlite() {
    killed(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_killed_is_finished_by_the_next_postgres() {
    killed(Engine::Postgres).await;
}

/// A step that can't be done takes back those before it.
async fn failed(engine: Engine) {
    static WRONG: LazyLock<Vec<Migration>> = LazyLock::new(|| {
        let wrong = Migration {
            version: NEXT + 1,
            name: "a wrong one",
            sql: "CREATE TABLE half (id ID PRIMARY KEY); INSERT INTO nowhere VALUES (1);",
        };
        [MIGRATIONS, &[LATER[MIGRATIONS.len()], wrong]].concat()
    });
    let folder = tempfile::tempdir().unwrap();
    let config = config(engine, folder.path());
    let db = Db::open(&target(&config)).await.unwrap();
    db.migrate(MIGRATIONS, monday()).await.unwrap();
    assert!(db.migrate(&WRONG, monday()).await.is_err());
    assert_eq!(db.schema_version().await.unwrap(), Some(NEXT - 1));
    db.migrate(&LATER, monday()).await.unwrap();
    assert_eq!(count(&db, LATER_TICKETS).await, 0);
}

#[tokio::test]
async fn a_step_that_fails_leaves_everything_as_it_was_sqlite() {
    failed(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_step_that_fails_leaves_everything_as_it_was_postgres() {
    failed(Engine::Postgres).await;
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

#[test]
fn steps_rise_and_none_is_left_out_unnamed() {
    // Numbers that were given out for work which came with another step; each stays empty.
    const LEFT_OUT: &[i64] = &[28, 30, 32, 38, 41, 42, 53, 55, 57, 58, 60, 62];
    let versions: Vec<i64> = MIGRATIONS.iter().map(|step| step.version).collect();
    assert!(
        versions.windows(2).all(|two| two[0] < two[1]),
        "{versions:?}"
    );
    let newest = versions.last().copied().unwrap();
    let missing: Vec<i64> = (1..newest).filter(|one| !versions.contains(one)).collect();
    assert_eq!(missing, LEFT_OUT);
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

/// As `docs/admin.md` (PostgreSQL) says, with nothing besides (ASVS 5.0, V13.2.2).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_databases_user_needs_its_own_database_and_no_other_right() {
    let whole = pg::shared().unwrap().fresh_database().unwrap();
    let (server, name) = whole.rsplit_once('/').unwrap();
    let user = format!("{name}_user");
    pg::execute(
        &whole,
        &format!(
            "DROP ROLE IF EXISTS {user}; \
             CREATE ROLE {user} LOGIN PASSWORD 'x' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION; \
             ALTER DATABASE {name} OWNER TO {user}; REVOKE CONNECT ON DATABASE {name} FROM PUBLIC;"
        ),
    )
    .unwrap();
    let (_, place) = server.rsplit_once('@').unwrap();
    let own = format!("postgres://{user}@{place}/{name}");
    for more in [
        "CREATE ROLE another_user",
        "CREATE DATABASE another_database",
        "ALTER SYSTEM SET fsync = off",
    ] {
        assert!(pg::execute(&own, more).is_err(), "{more}");
    }
    // From the first table to a request and the log.
    let desk = Desk::set_up(Engine::Postgres, |config| config.database = Some(own)).await;
    desk.ticket("rosa@patient.example", "Hours", "When are you open?")
        .await;
    desk.audit_is_whole().await;
}
