//! What holds of one engine alone.

use super::{COUNT, MIGRATIONS, NOW, ROOMY, SMALL, add, add_in, count, sqlite};
use bedside_db::search::{self, Change, SearchIndex};
use bedside_db::{Db, DbError, IdSource, Lane, Target, args, hold_folder, statements};
use bedside_testkit::{pg, wait_until_async};
use futures_util::FutureExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

#[tokio::test]
async fn a_second_process_is_refused() {
    let first = sqlite().await;
    let second = Db::open(&Target::Sqlite(first.folder.path().to_owned())).await;
    assert!(matches!(second, Err(DbError::InUse(_))));
}

#[test]
fn a_folder_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("not/there/yet");
    let held = hold_folder(&folder).unwrap();
    assert!(matches!(hold_folder(&folder), Err(DbError::InUse(_))));
    let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    drop(held);
}

#[tokio::test]
async fn a_command_that_waits_is_refused_on_the_embedded_engine() {
    let fresh = sqlite().await;
    let outcome = fresh
        .db
        .write::<(), DbError, _>(|_| {
            async move {
                tokio::task::yield_now().await;
                Ok(())
            }
            .boxed()
        })
        .await;
    assert!(matches!(outcome, Err(DbError::Waited)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_under_load_is_whole() {
    let fresh = sqlite().await;
    let db = fresh.db.clone();
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    for number in 0..300 {
        add(&db, &format!("before {number}")).await.unwrap();
    }
    let busy = tokio::spawn({
        let db = db.clone();
        async move {
            for number in 0..300 {
                add(&db, &format!("during {number}")).await.unwrap();
            }
        }
    });
    let other = tempfile::tempdir().unwrap();
    db.copy_to(other.path().join("bedside.db"), |_, _| ())
        .await
        .unwrap();
    busy.await.unwrap();
    let copy = Db::open(&Target::Sqlite(other.path().to_owned()))
        .await
        .unwrap();
    assert!((300..=600).contains(&count(&copy).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_looks_and_copies_while_work_goes_on() {
    let fresh = sqlite().await;
    let db = fresh.db.clone();
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    for number in 0..200 {
        add(&db, &format!("before {number}")).await.unwrap();
    }
    let beside = Db::open_to_read(&fresh.folder.path().join(sqlite::FILE)).unwrap();
    assert_eq!(count(&beside).await, 200);
    assert!(matches!(add(&beside, "no").await, Err(DbError::InUse(_))));
    beside.ping().await.unwrap();
    let busy = tokio::spawn({
        let db = db.clone();
        async move {
            for number in 0..200 {
                add(&db, &format!("during {number}")).await.unwrap();
            }
        }
    });
    let file = fresh.folder.path().join("copy");
    beside.copy_to(file.clone(), |_, _| ()).await.unwrap();
    busy.await.unwrap();
    // What was acknowledged is seen by the next look.
    assert_eq!(count(&beside).await, 400);
    let copy = Db::open_to_read(&file).unwrap();
    assert!((200..=400).contains(&count(&copy).await));
    assert_eq!(copy.damage().await.unwrap(), None);
    assert!(Db::open_to_read(&fresh.folder.path().join("nothing")).is_err());
    assert!(!fresh.folder.path().join("nothing").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_copy_is_told() {
    let fresh = sqlite().await;
    fresh.db.migrate(MIGRATIONS, NOW).await.unwrap();
    for number in 0..200 {
        add(&fresh.db, &format!("thing {number}")).await.unwrap();
    }
    let file = fresh.folder.path().join("copy");
    fresh.db.copy_to(file.clone(), |_, _| ()).await.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 4096].fill(7);
    std::fs::write(&file, bytes).unwrap();
    let damage = Db::open_to_read(&file).unwrap().damage().await;
    assert!(!matches!(damage, Ok(None)), "{damage:?}");
}

/// Whoever holds on to old pages (a backup of a large desk) must not hold up commands.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_look_holds_nobody_up() {
    let fresh = sqlite().await;
    let db = fresh.db.clone();
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    add(&db, "first").await.unwrap();
    let mut looking = db.read().await.unwrap();
    looking.query(COUNT, args![], |_| Ok(())).await.unwrap();
    for number in 0..50 {
        add(&db, &format!("thing {number}")).await.unwrap();
    }
    // The log is folded at the end; a reader of old pages would keep it waiting for seconds otherwise.
    let begun = std::time::Instant::now();
    db.close().await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    drop(looking);
}

async fn limit(db: &Db, statement: bedside_db::Statement) {
    db.write::<_, DbError, _>(move |tx| {
        async move { tx.query(statement, args![], |_| Ok(())).await.map(drop) }.boxed()
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_loses_nothing_and_passes() {
    let fresh = sqlite().await;
    let db = fresh.db.clone();
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    limit(&db, SMALL).await;
    let mut acknowledged = 0;
    let mut refused = 0;
    for round in 0..40 {
        let some = (0..50).map(|number| {
            let db = db.clone();
            async move { add(&db, &format!("{round} {number} {}", "x".repeat(300))).await }
        });
        for outcome in futures_util::future::join_all(some).await {
            match outcome {
                Ok(()) => acknowledged += 1,
                Err(error) => {
                    assert!(error.is_disk() && error.is_transient(), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(
        acknowledged > 50 && refused > 50,
        "{acknowledged} {refused}"
    );
    assert_eq!(count(&db).await, acknowledged);
    limit(&db, ROOMY).await;
    for number in 0..50 {
        add(&db, &format!("after {number}")).await.unwrap();
    }
    assert_eq!(count(&db).await, acknowledged + 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_to_a_server_are_protected_as_the_address_says() {
    statements! {
        ENCRYPTED = "SELECT CAST(COUNT(*) AS BIGINT) FROM pg_stat_ssl WHERE ssl AND pid = pg_backend_pid()";
    }
    let encrypted = async |db: &Db| -> i64 {
        let mut conn = db.read().await.unwrap();
        conn.query_one(ENCRYPTED, args![], |row| row.get(0))
            .await
            .unwrap()
    };
    assert_eq!(ALL.len(), 1);
    let (server, certificate) = pg::PgServer::start_with_tls().unwrap();
    let base = server.admin_url();
    let roots = certificate.certificate.display();
    for (query, protected) in [
        (String::new(), 1),
        ("?sslmode=disable".to_owned(), 0),
        ("?sslmode=require".to_owned(), 1),
        (format!("?sslmode=verify-full&sslrootcert={roots}"), 1),
    ] {
        let db = Db::open(&Target::Postgres(format!("{base}{query}")))
            .await
            .unwrap();
        assert_eq!(encrypted(&db).await, protected, "{query}");
    }
    // A server that nobody vouches for, and one that has another's certificate.
    let elsewhere = base.replace("@127.0.0.1:", "@db.example:");
    for wrong in [
        format!("{base}?sslmode=verify-full"),
        format!("{elsewhere}?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert={roots}"),
    ] {
        let refused = Db::open(&Target::Postgres(wrong.clone())).await;
        assert!(
            matches!(&refused, Err(DbError::Connection(text)) if text.contains("certificate")),
            "{wrong}: {:?}",
            refused.err()
        );
    }
    let right = format!("{elsewhere}?hostaddr=127.0.0.1&sslmode=require");
    assert_eq!(
        encrypted(&Db::open(&Target::Postgres(right)).await.unwrap()).await,
        1
    );
    let plain = pg::shared().unwrap().admin_url();
    let refused = Db::open(&Target::Postgres(format!("{plain}?sslmode=require"))).await;
    assert!(matches!(refused, Err(DbError::Connection(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_machinery_gives_way_to_people_and_never_stands_still() {
    let fresh = sqlite().await;
    let (begun, begins) = tokio::sync::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel();
    let db = fresh.db.clone();
    let holding = tokio::spawn(async move {
        db.write::<_, DbError, _>(move |_| {
            async move {
                let _ = begun.send(());
                let _ = released.recv();
                Ok(())
            }
            .boxed()
        })
        .await
    });
    begins.await.unwrap();
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut waiting = tokio::task::JoinSet::new();
    for lane in [Lane::Machinery, Lane::People] {
        for _ in 0..20 {
            let (db, order) = (fresh.db.clone(), Arc::clone(&order));
            waiting.spawn(async move {
                db.write_in::<_, DbError, _>(lane, move |_| {
                    async move {
                        order.lock().unwrap().push(lane);
                        Ok(())
                    }
                    .boxed()
                })
                .await
            });
        }
        let all = if lane == Lane::Machinery { 20 } else { 40 };
        while fresh.db.writes_waiting() < all {
            tokio::task::yield_now().await;
        }
    }
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    while let Some(done) = waiting.join_next().await {
        done.unwrap().unwrap();
    }
    let order = order.lock().unwrap();
    let last_person = order
        .iter()
        .rposition(|lane| *lane == Lane::People)
        .unwrap();
    let before = order[..last_person]
        .iter()
        .filter(|lane| **lane == Lane::Machinery);
    assert_eq!(order.len(), 40);
    assert!(before.count() <= 8, "{order:?}");
}

/// How many things `conn` sees.
async fn seen(conn: &mut bedside_db::Conn) -> i64 {
    conn.query_one(COUNT, args![], |row| row.get(0))
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_noted_is_seen_at_once_by_who_asks_for_it_and_soon_by_everybody() {
    let fresh = sqlite().await;
    let db = &fresh.db;
    db.migrate(MIGRATIONS, NOW).await.unwrap();
    assert_eq!(count(db).await, 0);
    for number in 0..3 {
        // Whoever read before the note left a snapshot behind that doesn't show it.
        add_in(db, Lane::Notes, &format!("note {number}"))
            .await
            .unwrap();
        let newest = &mut db.read_newest().await.unwrap();
        assert_eq!(seen(newest).await, 2 * number + 1);
        add(db, &format!("change {number}")).await.unwrap();
        assert_eq!(
            count(db).await,
            2 * number + 2,
            "a change is seen at once, and with it what was noted before"
        );
    }
    let mut held = db.read().await.unwrap();
    assert_eq!(seen(&mut held).await, 6);
    add_in(db, Lane::Notes, "last note").await.unwrap();
    let soon = wait_until_async(async || count(db).await == 7, Duration::from_secs(20));
    soon.await.expect("the keeper ends old snapshots");
    assert_eq!(
        seen(&mut held).await,
        6,
        "one snapshot from its first look to its last"
    );
}

#[tokio::test]
async fn a_snapshot_that_nobody_reads_does_not_hold_the_log_up() {
    let fresh = sqlite().await;
    fresh.db.migrate(MIGRATIONS, NOW).await.unwrap();
    let log = fresh.folder.path().join("bedside.db-wal");
    for number in 0..20 {
        add_in(&fresh.db, Lane::Notes, &format!("note {number}"))
            .await
            .unwrap();
        assert!(count(&fresh.db).await <= number + 1);
    }
    assert!(log.metadata().unwrap().len() > 0);
    fresh.db.close().await;
    assert_eq!(log.metadata().unwrap().len(), 0, "all of it is in the file");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_is_folded_while_people_read() {
    let fresh = sqlite().await;
    fresh.db.migrate(MIGRATIONS, NOW).await.unwrap();
    let log = fresh.folder.path().join("bedside.db-wal");
    let (done, looking) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let (db, done, looking) = (fresh.db.clone(), Arc::clone(&done), Arc::clone(&looking));
        readers.spawn(async move {
            while !done.load(Ordering::SeqCst) {
                count(&db).await;
                looking.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    for number in 0..200 {
        add_in(&fresh.db, Lane::Notes, &format!("note {number}"))
            .await
            .unwrap();
    }
    assert!(log.metadata().unwrap().len() > 0);
    let before = looking.load(Ordering::SeqCst);
    fresh.db.close().await;
    let during = looking.load(Ordering::SeqCst) - before;
    done.store(true, Ordering::SeqCst);
    readers.join_all().await;
    assert_eq!(
        log.metadata().unwrap().len(),
        0,
        "with {during} looks meanwhile"
    );
}

#[tokio::test]
async fn a_closed_database_takes_no_command() {
    let fresh = sqlite().await;
    fresh.db.migrate(MIGRATIONS, NOW).await.unwrap();
    fresh.db.close().await;
    assert!(matches!(add(&fresh.db, "late").await, Err(DbError::Closed)));
    assert!(fresh.db.ping().await.is_err());
}

/// An index of many documents, and what finds them.
async fn indexed(fresh: &super::Fresh) -> (SearchIndex, uuid::Uuid, Vec<Vec<String>>) {
    let index = super::index(&fresh.db).await;
    let organisation = uuid::Uuid::new_v4();
    let put = |doc| Change::Put {
        doc,
        tokens: (0..40).map(|word| format!("{doc:04}x{word:04}")).collect(),
    };
    index
        .apply(organisation, (0..300).map(put).collect(), 7)
        .await
        .unwrap();
    let wanted = vec![vec!["0005x0001".to_owned()]];
    let found = index.find(organisation, &wanted, i64::MAX, 10).await;
    assert_eq!(found.unwrap(), [5]);
    (index, organisation, wanted)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_put_aside_and_begun_anew_when_a_desk_starts() {
    let fresh = sqlite().await;
    let (index, organisation, _) = indexed(&fresh).await;
    drop(index);
    let path = fresh.folder.path().join(search::FILE);
    std::fs::write(&path, vec![7; 8192]).unwrap();
    assert!(matches!(search::look(&path), Err(DbError::Damaged(_))));
    for _ in 0..2 {
        let index = super::index(&fresh.db).await;
        assert_eq!(index.position(organisation).await.unwrap(), 0);
        search::look(&path).unwrap();
        drop(index);
    }
    let aside = path.with_file_name(format!("search.db.broken-{}", NOW.micros()));
    assert_eq!(search::broken(&path), std::slice::from_ref(&aside));
    assert_eq!(std::fs::read(aside).unwrap(), vec![7; 8192]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_turns_out_to_be_damaged_is_begun_anew() {
    let fresh = sqlite().await;
    let (index, organisation, wanted) = indexed(&fresh).await;
    let path = fresh.folder.path().join(search::FILE);
    // All but the first page is lost, in a file without a log in memory beside it.
    drop(index);
    let whole = std::fs::metadata(&path).unwrap().len();
    assert!(whole > 20 * 4096, "{whole}");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[3 * 4096..].fill(7);
    std::fs::write(&path, bytes).unwrap();
    let index = super::index(&fresh.db).await;
    // Whoever meets it tries again; all who ask at once meet one new file.
    let asks = (0..8).map(|_| index.find(organisation, &wanted, i64::MAX, 10));
    let asked = futures_util::future::join_all(asks).await;
    assert!(
        asked
            .iter()
            .any(|found| matches!(found, Err(DbError::Busy))),
        "{asked:?}"
    );
    assert_eq!(search::broken(&path).len(), 1);
    assert_eq!(index.position(organisation).await.unwrap(), 0);
    let put = Change::Put {
        doc: 5,
        tokens: vec![wanted[0][0].clone()],
    };
    index.apply(organisation, vec![put], 9).await.unwrap();
    let found = index.find(organisation, &wanted, i64::MAX, 10).await;
    assert_eq!(found.unwrap(), [5]);
    assert_eq!(index.position(organisation).await.unwrap(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_while_another_process_holds_the_file_hears_of_it_together() {
    let fresh = sqlite().await;
    fresh.db.migrate(MIGRATIONS, NOW).await.unwrap();
    let other = rusqlite::Connection::open(fresh.folder.path().join(sqlite::FILE)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let begun = std::time::Instant::now();
    let names: Vec<_> = (0..6).map(|number| format!("thing {number}")).collect();
    let adding = names.iter().map(|name| add(&fresh.db, name));
    for outcome in futures_util::future::join_all(adding).await {
        assert!(matches!(outcome, Err(DbError::Busy)), "{outcome:?}");
    }
    // One patience for those who were there first, another for who came meanwhile.
    assert!(begun.elapsed() < Duration::from_secs(15));
    other.execute_batch("ROLLBACK").unwrap();
    add(&fresh.db, "after").await.unwrap();
    assert_eq!(count(&fresh.db).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_nothing_is_one_to_try_again() {
    statements! {
        ONLY_READ = "SET TRANSACTION READ ONLY";
    }
    let fresh = super::postgres().await;
    fresh.db.migrate(MIGRATIONS, NOW).await.unwrap();
    assert_eq!(ALL.len(), 1);
    let refused = fresh
        .db
        .write::<_, DbError, _>(|tx| {
            async move {
                tx.execute(ONLY_READ, args![]).await?;
                let id = IdSource::new().make::<super::Thing>(NOW);
                tx.execute(
                    super::ADD,
                    args![id, "no", None::<i64>, None::<Vec<u8>>, 0.5_f64],
                )
                .await
            }
            .boxed()
        })
        .await;
    assert!(
        matches!(refused, Err(DbError::Connection(_))),
        "{refused:?}"
    );
}
