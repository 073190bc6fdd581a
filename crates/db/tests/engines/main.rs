//! The facade's promises, on both engines.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod embedded;

use bedside_db::search::{Change, SearchIndex};
use bedside_db::{
    Db, DbError, FixedClock, Id, IdSource, Identity, Lane, Migration, Notice, Target, Timestamp,
    args, jobs, sqlite, statements,
};
use bedside_testkit::pg;
use futures_util::FutureExt;
use std::sync::Arc;
use uuid::Uuid;

struct Thing;
impl Identity for Thing {
    const NAME: &'static str = "thing";
}

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "things",
        sql: "CREATE TABLE things (id ID NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, size BIGINT, body BLOB, \
              share DOUBLE PRECISION) CLUSTERED;
              CREATE TABLE jobs (id ID NOT NULL PRIMARY KEY, organisation_id ID NOT NULL, kind TEXT NOT NULL, \
              unique_key TEXT, payload TEXT NOT NULL, due_at BIGINT NOT NULL, attempts BIGINT NOT NULL DEFAULT 0, \
              leased_until BIGINT NOT NULL DEFAULT 0, failed_at BIGINT, last_error TEXT, \
              interrupted BIGINT NOT NULL DEFAULT 0) CLUSTERED;
              CREATE UNIQUE INDEX jobs_key ON jobs (organisation_id, kind, unique_key) \
              WHERE unique_key IS NOT NULL AND failed_at IS NULL;",
    },
    Migration { version: 2, name: "colour", sql: "ALTER TABLE things ADD COLUMN colour TEXT;" },
];

statements! {
    /// Adds a thing.
    ADD = "INSERT INTO things (id, name, size, body, share) VALUES ($1, $2, $3, $4, $5)";
    /// Reads a thing; the parameters stand in another order than their numbers.
    READ = "SELECT id, name, size, body, share FROM things WHERE name = $2 AND id = $1";
    /// Counts things.
    COUNT = "SELECT COUNT(*) FROM things";
    /// No page more than these: what a full disk is to the embedded engine.
    SMALL = "PRAGMA max_page_count = 40";
    /// Room again.
    ROOMY = "PRAGMA max_page_count = 1000000";
}

/// A database that goes away with the test.
struct Fresh {
    db: Db,
    folder: tempfile::TempDir,
}

async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    Fresh {
        db: Db::open(&Target::Sqlite(folder.path().to_owned()))
            .await
            .unwrap(),
        folder,
    }
}

async fn postgres() -> Fresh {
    let url = pg::shared().unwrap().fresh_database().unwrap();
    Fresh {
        db: Db::open(&Target::Postgres(url)).await.unwrap(),
        folder: tempfile::tempdir().unwrap(),
    }
}

macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite { $( #[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(super::sqlite().await).await; } )+ }
        mod on_postgres { $( #[tokio::test(flavor = "multi_thread")] async fn $name() { super::$name(super::postgres().await).await; } )+ }
    };
}

on_both!(
    values_survive,
    an_error_undoes_its_command_alone,
    many_commands_at_once_all_stay,
    after_commit_runs_only_after_a_commit,
    arguments_are_counted,
    a_panic_harms_nobody_else,
    migrations_go_from_any_version,
    the_newest_three_backups_of_upgrades_are_kept,
    jobs_are_leased_once,
    the_index_finds_and_forgets,
    an_index_is_begun_anew,
    every_own_statement_is_understood,
);

async fn count(db: &Db) -> i64 {
    db.read()
        .await
        .unwrap()
        .query_one(COUNT, args![], |row| row.get(0))
        .await
        .unwrap()
}

async fn add(db: &Db, name: &str) -> Result<(), DbError> {
    add_in(db, Lane::People, name).await
}

async fn add_in(db: &Db, lane: Lane, name: &str) -> Result<(), DbError> {
    let (id, name) = (Id::<Thing>::from_uuid(Uuid::new_v4()), name.to_owned());
    db.write_in(lane, move |tx| {
        async move {
            tx.execute(ADD, args![id, name, None::<i64>, None::<Vec<u8>>, 0.5_f64])
                .await?;
            Ok(())
        }
        .boxed()
    })
    .await
}

async fn values_survive(fresh: Fresh) {
    let db = fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    let id = IdSource::new().make::<Thing>(NOW);
    let body = vec![0_u8, 1, 255];
    db.write::<_, DbError, _>({
        let body = body.clone();
        move |tx| {
            async move {
                tx.execute(ADD, args![id, "grün'; --", 42_i64, body, 2.0_f64])
                    .await
            }
            .boxed()
        }
    })
    .await
    .unwrap();
    let read = db
        .read()
        .await
        .unwrap()
        .query_one(READ, args![id, "grün'; --"], |row| {
            Ok((
                row.get::<Id<Thing>>(0)?,
                row.get::<String>(1)?,
                row.get::<Option<i64>>(2)?,
                row.get::<Vec<u8>>(3)?,
                row.get::<f64>(4)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(read, (id, "grün'; --".to_owned(), Some(42), body, 2.0));
}

async fn an_error_undoes_its_command_alone(fresh: Fresh) {
    let db = fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    let good = add(&db, "good");
    let bad = db.write::<(), DbError, _>(|tx| {
        async move {
            let id = Id::<Thing>::from_uuid(Uuid::new_v4());
            tx.execute(
                ADD,
                args![id, "half", None::<i64>, None::<Vec<u8>>, 0.5_f64],
            )
            .await?;
            Err(DbError::Unsupported("changed my mind"))
        }
        .boxed()
    });
    let (good, bad) = tokio::join!(good, bad);
    good.unwrap();
    assert!(matches!(bad, Err(DbError::Unsupported(_))));
    assert_eq!(count(&db).await, 1);
    assert!(matches!(add(&db, "good").await, Err(DbError::Conflict(_))));
}

async fn many_commands_at_once_all_stay(fresh: Fresh) {
    let db = fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let db = db.clone();
            tokio::spawn(async move { add(&db, &format!("thing {}", number % 150)).await })
        })
        .collect();
    let mut kept = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => kept += 1,
            Err(error) => assert!(matches!(error, DbError::Conflict(_)), "{error}"),
        }
    }
    assert_eq!(kept, 150);
    assert_eq!(count(&db).await, 150);
}

async fn after_commit_runs_only_after_a_commit(fresh: Fresh) {
    let db = fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    let mut notices = db.notices();
    let organisation = Uuid::new_v4();
    let ran = Arc::new(std::sync::atomic::AtomicI64::new(0));
    for keep in [false, true] {
        let ran = Arc::clone(&ran);
        let outcome = db
            .write::<(), DbError, _>(move |tx| {
                async move {
                    tx.after_commit(move || {
                        ran.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    });
                    tx.notify(Notice {
                        organisation,
                        sequence: i64::from(keep),
                    });
                    if keep { Ok(()) } else { Err(DbError::Busy) }
                }
                .boxed()
            })
            .await;
        assert_eq!(outcome.is_ok(), keep);
    }
    assert_eq!(
        notices.recv().await.unwrap(),
        Notice {
            organisation,
            sequence: 1
        }
    );
    assert_eq!(ran.load(std::sync::atomic::Ordering::SeqCst), 1);
}

async fn arguments_are_counted(fresh: Fresh) {
    let db = fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    let outcome = db
        .read()
        .await
        .unwrap()
        .query_opt(READ, args!["one"], |_| Ok(()))
        .await;
    assert!(matches!(
        outcome,
        Err(DbError::Arguments {
            given: 1,
            wanted: 2,
            ..
        })
    ));
}

async fn a_panic_harms_nobody_else(fresh: Fresh) {
    let db = fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    for number in 0..5 {
        let id = Id::<Thing>::from_uuid(Uuid::new_v4());
        let outcome = db
            .write::<(), DbError, _>(move |tx| {
                async move {
                    let name = format!("half {number}");
                    tx.execute(ADD, args![id, name, None::<i64>, None::<Vec<u8>>, 0.5_f64])
                        .await?;
                    panic!("on purpose")
                }
                .boxed()
            })
            .await;
        assert!(matches!(outcome, Err(DbError::Engine(_))));
    }
    // As many as there are connections: none may go on with what the panic left half.
    for number in 0..30 {
        add(&db, &format!("after the panic {number}"))
            .await
            .unwrap();
    }
    assert_eq!(count(&db).await, 30);
}

async fn migrations_go_from_any_version(fresh: Fresh) {
    let db = fresh.db;
    let first: &'static [Migration] = &MIGRATIONS[..1];
    assert_eq!(db.migrate(first, NOW).await.unwrap().to, 1);
    add(&db, "from version one").await.unwrap();
    let report = db.migrate(MIGRATIONS, NOW).await.unwrap();
    assert_eq!((report.from, report.to), (1, 2));
    assert_eq!(report.backup.is_some(), db.is_embedded());
    if let Some(backup) = report.backup {
        assert!(backup.starts_with(fresh.folder.path()));
        assert!(std::fs::metadata(backup).unwrap().len() > 0);
    }
    assert_eq!(count(&db).await, 1);
    assert_eq!(db.migrate(MIGRATIONS, NOW).await.unwrap().from, 2);
    assert!(matches!(
        db.migrate(first, NOW).await,
        Err(DbError::Newer { found: 2, known: 1 })
    ));
    let edited: &'static [Migration] = Box::leak(Box::new([
        Migration {
            sql: "SELECT 1",
            ..MIGRATIONS[0]
        },
        MIGRATIONS[1],
    ]));
    assert!(matches!(
        db.migrate(edited, NOW).await,
        Err(DbError::Changed(1))
    ));
    // A step that came below the newest one would never run.
    let late: &'static [Migration] = Box::leak(Box::new([
        MIGRATIONS[0],
        MIGRATIONS[1],
        Migration {
            version: 4,
            sql: "CREATE TABLE fourth (id BIGINT PRIMARY KEY);",
            ..MIGRATIONS[1]
        },
    ]));
    assert_eq!(db.migrate(late, NOW).await.unwrap().to, 4);
    let third: &'static [Migration] = Box::leak(Box::new([
        MIGRATIONS[0],
        MIGRATIONS[1],
        Migration {
            version: 3,
            sql: "CREATE TABLE third (id BIGINT PRIMARY KEY);",
            ..MIGRATIONS[1]
        },
        late[2],
    ]));
    assert!(matches!(
        db.migrate(third, NOW).await,
        Err(DbError::Below(3))
    ));
}

async fn the_newest_three_backups_of_upgrades_are_kept(fresh: Fresh) {
    let db = fresh.db;
    let folder = fresh.folder.path().join("backups");
    let earlier = [
        "before-schema-1-900.db",
        "before-schema-2-1000.db",
        "before-schema-10-20.db",
        "before-schema-2-30000.db",
    ];
    let theirs = ["before-schema-2.db", "before-schema-2-5.db.gz", "mine.db"];
    std::fs::create_dir_all(&folder).unwrap();
    for name in earlier.iter().chain(&theirs) {
        std::fs::write(folder.join(name), "a copy").unwrap();
    }
    let names = || {
        let files = std::fs::read_dir(&folder).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let before = names();
    db.migrate(&MIGRATIONS[..1], NOW).await.unwrap();
    assert_eq!(names(), before, "there was nothing to copy");
    let broken: &'static [Migration] = Box::leak(Box::new([
        MIGRATIONS[0],
        Migration {
            sql: "ALTER TABLE nothing ADD COLUMN colour TEXT;",
            ..MIGRATIONS[1]
        },
    ]));
    db.migrate(broken, NOW).await.unwrap_err();
    assert!(
        before.iter().all(|name| names().contains(name)),
        "an upgrade that fails removes nothing"
    );
    let later = NOW.plus_seconds(1);
    let report = db.migrate(MIGRATIONS, later).await.unwrap();
    if !db.is_embedded() {
        assert_eq!(names(), before, "a server's backups are its own");
        return;
    }
    let copy = |at: Timestamp| format!("before-schema-2-{}.db", at.micros());
    let mut expected: Vec<_> = theirs.iter().map(|name| (*name).to_owned()).collect();
    expected.extend([earlier[3].to_owned(), copy(NOW), copy(later)]);
    expected.sort();
    assert_eq!(names(), expected);
    assert_eq!(report.backup, Some(folder.join(copy(later))));
}

async fn enqueue(db: &Db, key: Option<&'static str>, due: Timestamp) {
    let id = Id::from_uuid(Uuid::new_v4());
    db.write::<_, DbError, _>(move |tx| {
        async move {
            let organisation = Uuid::nil();
            jobs::enqueue(
                tx,
                jobs::NewJob {
                    id,
                    organisation,
                    kind: "test",
                    key,
                    payload: "{}",
                    due,
                },
            )
            .await
        }
        .boxed()
    })
    .await
    .unwrap();
}

async fn claim(db: &Db, now: Timestamp) -> Vec<jobs::Leased> {
    db.write::<_, DbError, _>(move |tx| {
        async move { jobs::claim(tx, now, now.plus_seconds(60), 100).await }.boxed()
    })
    .await
    .unwrap()
}

async fn jobs_are_leased_once(fresh: Fresh) {
    let db = fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    for _ in 0..3 {
        enqueue(&db, None, NOW).await;
        enqueue(&db, Some("one of its kind"), NOW).await;
    }
    enqueue(&db, None, NOW.plus_seconds(500)).await;
    let (one, other) = tokio::join!(claim(&db, NOW), claim(&db, NOW));
    let mut ids: Vec<_> = one.iter().chain(&other).map(|job| job.id).collect();
    assert_eq!(ids.len(), 4, "three without a key and one with");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4, "nothing is leased twice");
    assert!(
        claim(&db, NOW.plus_seconds(30)).await.is_empty(),
        "a lease holds"
    );
    let again = claim(&db, NOW.plus_seconds(61)).await;
    assert_eq!(again.len(), 4, "a lease that ran out is taken again");
    assert!(
        again
            .iter()
            .all(|job| (job.attempts, job.interrupted) == (0, 1)),
        "an end that nobody saw is no failure"
    );
    let next = jobs::next_due(&mut db.read().await.unwrap()).await.unwrap();
    assert_eq!(next, Some(NOW.plus_seconds(121)));
    let (kept, dropped) = (again[0].clone(), again[1].clone());
    db.write::<_, DbError, _>(move |tx| {
        async move {
            jobs::finish(tx, &dropped).await?;
            jobs::park(tx, &kept, NOW, "gave_up").await
        }
        .boxed()
    })
    .await
    .unwrap();
    assert_eq!(
        jobs::counts(&mut db.read().await.unwrap()).await.unwrap(),
        (4, 1)
    );
}

async fn index(db: &Db) -> SearchIndex {
    SearchIndex::open(db, Arc::new(FixedClock::new(NOW)))
        .await
        .unwrap()
}

async fn an_index_is_begun_anew(fresh: Fresh) {
    let index = index(&fresh.db).await;
    let organisation = Uuid::new_v4();
    let put = |doc| Change::Put {
        doc,
        tokens: vec!["aaaa2222".to_owned()],
    };
    let all = vec![vec!["aaaa2222".to_owned()]];
    index.apply(organisation, vec![put(1)], 7).await.unwrap();
    index.begin_anew(organisation).await.unwrap();
    assert_eq!(index.position(organisation).await.unwrap(), 0);
    let found = index.find(organisation, &all, i64::MAX, 10).await.unwrap();
    assert!(found.is_empty(), "{found:?}");
    index.apply(organisation, vec![put(2)], 3).await.unwrap();
    assert_eq!(
        index.find(organisation, &all, i64::MAX, 10).await.unwrap(),
        [2]
    );
}

async fn the_index_finds_and_forgets(fresh: Fresh) {
    let index = index(&fresh.db).await;
    let organisation = Uuid::new_v4();
    let put = |doc, tokens: &[&str]| Change::Put {
        doc,
        tokens: tokens.iter().map(|t| (*t).to_owned()).collect(),
    };
    let changes = vec![
        put(1, &["aaaa2222", "3e5bbbbb"]),
        put(2, &["aaaa2222"]),
        put(3, &["cccccccc", "aaaa2222"]),
    ];
    index.apply(organisation, changes, 7).await.unwrap();
    assert_eq!(index.position(organisation).await.unwrap(), 7);
    let all = vec![vec!["aaaa2222".to_owned()]];
    assert_eq!(
        index.find(organisation, &all, i64::MAX, 10).await.unwrap(),
        [3, 2, 1]
    );
    assert_eq!(index.find(organisation, &all, 3, 1).await.unwrap(), [2]);
    let both = vec![
        all[0].clone(),
        vec!["3e5bbbbb".to_owned(), "cccccccc".to_owned()],
    ];
    assert_eq!(
        index.find(organisation, &both, i64::MAX, 10).await.unwrap(),
        [3, 1]
    );
    index
        .apply(
            organisation,
            vec![Change::Forget { doc: 3 }, put(1, &["dddddddd"])],
            9,
        )
        .await
        .unwrap();
    assert_eq!(
        index.find(organisation, &all, i64::MAX, 10).await.unwrap(),
        [2]
    );
    let odd = vec![vec!["a\" OR \"b".to_owned()]];
    assert!(
        index
            .find(organisation, &odd, i64::MAX, 10)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn every_own_statement_is_understood(fresh: Fresh) {
    fresh.db.migrate(MIGRATIONS, NOW).await.unwrap();
    for statement in bedside_db::own_statements() {
        fresh
            .db
            .check(statement)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", statement.name));
    }
}
