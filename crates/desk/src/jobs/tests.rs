use super::runner::{claim, claim_suspect, drain_with, free_all, pause_seconds, run_with, settle};
use super::{ATTEMPTS, Done, Handler, INTERRUPTIONS, LEASE_SECONDS, recurring};
use crate::app::App;
use crate::config::Config;
use crate::error::DeskError;
use crate::startup;
use bedside_db::jobs::{self, Leased, NewJob, SUSPECT_AFTER};
use bedside_db::{FixedClock, Notice, SystemClock, Timestamp, args};
use bedside_testkit::{pg, wait_until_async};
use futures_util::FutureExt;
use parking_lot::Mutex;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// What ran, by the organisation of its test.
static RAN: Mutex<BTreeMap<Uuid, Vec<String>>> = Mutex::new(BTreeMap::new());

bedside_db::statements! {
    STATE = "SELECT attempts, leased_until, failed_at, last_error, due_at FROM jobs ORDER BY due_at LIMIT 1";
}

fn test_handlers() -> Vec<Handler> {
    vec![Handler {
        kind: "test",
        run: |app, organisation, payload| {
            async move {
                RAN.lock()
                    .entry(organisation.uuid())
                    .or_default()
                    .push(payload.clone());
                match payload.as_str() {
                    "panic" => panic!("a handler may panic"),
                    "fail" => Err(DeskError::Unavailable(
                        "Ana Lopez is not to be written down".to_owned(),
                    )),
                    "later" if RAN.lock()[&organisation.uuid()].len() < 3 => {
                        Ok(Done::Again(app.now().plus_seconds(100)))
                    }
                    "once more" => {
                        if RAN.lock()[&organisation.uuid()].len() == 1 {
                            enqueue(
                                &app,
                                organisation.uuid(),
                                "once more",
                                Some("key"),
                                app.now(),
                            )
                            .await;
                        }
                        Ok(Done::Finished)
                    }
                    _ => Ok(Done::Finished),
                }
            }
            .boxed()
        },
        given_up: |_, organisation, payload| {
            async move {
                let mut ran = RAN.lock();
                let ran = ran.entry(organisation.uuid()).or_default();
                ran.push(format!("gave up {payload}"));
                Ok(())
            }
            .boxed()
        },
    }]
}

/// What is due, suspects among it one at a time.
async fn take(app: &App) -> Vec<Leased> {
    let mut taken = claim(app, 10).await.unwrap();
    if taken.is_empty() {
        taken.extend(claim_suspect(app).await.unwrap());
    }
    taken
}

async fn enqueue(
    app: &App,
    organisation: Uuid,
    payload: &'static str,
    key: Option<&'static str>,
    due: Timestamp,
) {
    let id = app.id();
    app.db
        .write::<_, DeskError, _>(move |tx| {
            async move {
                jobs::enqueue(
                    tx,
                    NewJob {
                        id,
                        organisation,
                        kind: "test",
                        key,
                        payload,
                        due,
                    },
                )
                .await?;
                tx.notify(Notice {
                    organisation,
                    sequence: 0,
                });
                Ok(())
            }
            .boxed()
        })
        .await
        .unwrap();
}

struct Desk {
    app: App,
    clock: FixedClock,
    organisation: Uuid,
    _folder: tempfile::TempDir,
}

impl Desk {
    async fn new(postgres: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = postgres.then(|| pg::shared().unwrap().fresh_database().unwrap());
        let config = Config {
            data: folder.path().to_owned(),
            database,
            ..Config::default()
        };
        let clock = FixedClock::new(Timestamp::from_micros(1_790_000_000_000_000));
        let (app, _) = startup::open(config, Arc::new(clock.clone()))
            .await
            .unwrap();
        Self {
            app,
            clock,
            organisation: Uuid::new_v4(),
            _folder: folder,
        }
    }

    async fn enqueue(&self, payload: &'static str) {
        enqueue(&self.app, self.organisation, payload, None, self.app.now()).await;
    }

    async fn drain(&self) -> usize {
        drain_with(&self.app, &test_handlers()).await.unwrap()
    }

    fn ran(&self) -> usize {
        let ran = RAN.lock();
        let runs = ran.get(&self.organisation).into_iter().flatten();
        runs.filter(|entry| !entry.starts_with("gave up")).count()
    }

    async fn counts(&self) -> (i64, i64) {
        jobs::counts(&mut self.app.read().await.unwrap())
            .await
            .unwrap()
    }

    /// (attempts, leased until, given up at, code, due).
    async fn state(&self) -> (i64, i64, Option<i64>, Option<String>, Timestamp) {
        let mut conn = self.app.read().await.unwrap();
        conn.query_one(STATE, args![], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })
        .await
        .unwrap()
    }
}

macro_rules! both_engines {
    ($(async fn $name:ident($desk:ident: Desk) $body:block)+) => {$(
        mod $name {
            use super::*;
            async fn run($desk: Desk) $body
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(Desk::new(false).await).await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(Desk::new(true).await).await;
            }
        }
    )+};
}

both_engines! {
    async fn what_is_due_runs_once_and_is_gone(desk: Desk) {
        desk.enqueue("fine").await;
        enqueue(&desk.app, desk.organisation, "fine", None, desk.app.now().plus_seconds(60)).await;
        assert_eq!(desk.drain().await, 1);
        desk.clock.advance(60);
        assert_eq!(desk.drain().await, 1);
        assert_eq!(desk.counts().await, (0, 0));
    }

    async fn a_failure_is_tried_again_and_then_parked_with_a_code_only(desk: Desk) {
        desk.enqueue("fail").await;
        for attempt in 1..=ATTEMPTS {
            assert_eq!(desk.drain().await, 1);
            let (attempts, leased, failed, error, due) = desk.state().await;
            assert_eq!((attempts, leased, error.as_deref()), (attempt, 0, Some("unavailable")));
            assert_eq!(failed.is_some(), attempt == ATTEMPTS);
            desk.clock.advance(due.seconds_since(desk.app.now()).max(0) + 1);
        }
        assert_eq!(desk.drain().await, 0);
        assert_eq!(desk.counts().await, (1, 1));
    }

    async fn a_panic_is_contained(desk: Desk) {
        desk.enqueue("panic").await;
        desk.enqueue("fine").await;
        assert_eq!(desk.drain().await, 2);
        assert_eq!(desk.state().await.3.as_deref(), Some("panic"));
        assert_eq!(desk.counts().await, (1, 0));
    }

    async fn work_of_a_dead_runner_is_run_again_after_its_lease(desk: Desk) {
        desk.enqueue("fine").await;
        // A runner takes it and is never heard of again.
        assert_eq!(take(&desk.app).await.len(), 1);
        assert_eq!(desk.drain().await, 0);
        desk.clock.advance(LEASE_SECONDS);
        assert_eq!(desk.drain().await, 1);
        assert_eq!(desk.ran(), 1);
        assert_eq!(desk.counts().await, (0, 0));
    }

    async fn an_end_that_nobody_saw_is_no_failure(desk: Desk) {
        desk.enqueue("fail").await;
        for _ in 1..ATTEMPTS {
            assert_eq!(desk.drain().await, 1);
            let due = desk.state().await.4;
            desk.clock.advance(due.seconds_since(desk.app.now()) + 1);
        }
        for _ in 0..INTERRUPTIONS - 1 {
            assert_eq!(take(&desk.app).await.len(), 1);
            assert_eq!(free_all(&desk.app).await.unwrap(), 1);
        }
        assert_eq!(desk.state().await.0, ATTEMPTS - 1);
        assert_eq!(desk.drain().await, 1);
        assert_eq!((i64::try_from(desk.ran()).unwrap(), desk.counts().await), (ATTEMPTS, (1, 1)));
    }

    async fn work_that_ends_the_process_each_time_is_parked(desk: Desk) {
        desk.enqueue("fine").await;
        for _ in 0..INTERRUPTIONS {
            assert_eq!(desk.counts().await, (1, 0));
            assert_eq!(take(&desk.app).await.len(), 1);
            free_all(&desk.app).await.unwrap();
        }
        assert_eq!(desk.drain().await, 1);
        assert_eq!((desk.ran(), desk.counts().await), (0, (1, 1)));
        assert_eq!(desk.state().await.3.as_deref(), Some("interrupted"));
    }

    async fn what_ends_the_process_takes_nothing_with_it(desk: Desk) {
        for payload in ["fine", "deadly", "fine"] {
            desk.enqueue(payload).await;
        }
        for _ in 0..SUSPECT_AFTER {
            assert_eq!(claim(&desk.app, 10).await.unwrap().len(), 3);
            free_all(&desk.app).await.unwrap();
        }
        desk.enqueue("fresh").await;
        assert_eq!(claim(&desk.app, 10).await.unwrap().len(), 1, "the fresh one goes first");
        let mut alone = 0;
        while let Some(job) = claim_suspect(&desk.app).await.unwrap() {
            if job.payload == "deadly" && job.interrupted < INTERRUPTIONS {
                free_all(&desk.app).await.unwrap();
                alone += 1;
            } else {
                settle(&desk.app, test_handlers().pop(), job).await.unwrap();
            }
        }
        assert_eq!(alone, INTERRUPTIONS - SUSPECT_AFTER);
        let ran = RAN.lock()[&desk.organisation].clone();
        assert_eq!(ran, ["fine", "fine", "gave up deadly"]);
    }

    async fn a_seen_end_forgets_the_ones_nobody_saw(desk: Desk) {
        desk.enqueue("fail").await;
        for _ in 0..2 {
            for _ in 0..INTERRUPTIONS - 1 {
                assert_eq!(take(&desk.app).await.len(), 1);
                free_all(&desk.app).await.unwrap();
            }
            assert_eq!(desk.drain().await, 1);
            desk.clock.advance(3600);
        }
        assert_eq!((desk.ran(), desk.counts().await), (2, (1, 0)));
    }

    async fn a_runner_that_lost_its_lease_can_not_settle(desk: Desk) {
        desk.enqueue("fine").await;
        let slow = claim(&desk.app, 1).await.unwrap().remove(0);
        desk.clock.advance(LEASE_SECONDS);
        let other = claim(&desk.app, 1).await.unwrap().remove(0);
        let now = desk.app.now();
        let renewed = desk.app.db.write::<_, DeskError, _>(move |tx| async move {
            let mut slow = slow;
            jobs::retry(tx, &slow, now, "late").await?;
            jobs::park(tx, &slow, now, "late").await?;
            Ok(jobs::renew(tx, &mut slow, now.plus_seconds(60)).await?)
        }.boxed()).await.unwrap();
        assert!(!renewed);
        let (_, leased, failed, error, _) = desk.state().await;
        assert_eq!((leased, failed, error), (other.lease.micros(), None, None));
    }

    async fn waiting_for_later_is_no_failure(desk: Desk) {
        desk.enqueue("later").await;
        assert_eq!(desk.drain().await, 1);
        assert_eq!(desk.state().await.0, 0);
        desk.clock.advance(100);
        assert_eq!(desk.drain().await, 1);
        desk.clock.advance(100);
        assert_eq!(desk.drain().await, 1);
        assert_eq!(desk.counts().await, (0, 0));
    }

    async fn a_key_waits_once_and_is_not_lost_while_it_runs(desk: Desk) {
        for _ in 0..3 {
            enqueue(&desk.app, desk.organisation, "once more", Some("key"), desk.app.now()).await;
        }
        assert_eq!(desk.counts().await.0, 1);
        // The first run enqueues its own key again, as a command would that comes meanwhile.
        assert_eq!(desk.drain().await, 1);
        assert_eq!(desk.counts().await.0, 1);
        desk.clock.advance(1);
        assert_eq!(desk.drain().await, 1);
        assert_eq!(desk.counts().await, (0, 0));
    }

    async fn an_unknown_kind_stays_for_a_newer_release(desk: Desk) {
        desk.enqueue("fine").await;
        assert_eq!(drain_with(&desk.app, &[]).await.unwrap(), 1);
        assert_eq!(desk.state().await.3.as_deref(), Some("unknown_kind"));
    }

    async fn recurring_work_runs_on_an_empty_desk(desk: Desk) {
        recurring::all(&desk.app).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_runner_wakes_for_new_work_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config {
        data: folder.path().to_owned(),
        ..Config::default()
    };
    let (app, _) = startup::open(config, Arc::new(SystemClock)).await.unwrap();
    let organisation = Uuid::new_v4();
    let (stop, stopped) = watch::channel(false);
    let runner = tokio::spawn(run_with(app.clone(), test_handlers(), stopped));
    for round in 1..=100 {
        enqueue(&app, organisation, "fine", None, app.now()).await;
        let ran = || async { RAN.lock().get(&organisation).map_or(0, Vec::len) == round };
        wait_until_async(ran, Duration::from_secs(5)).await.unwrap();
    }
    stop.send(true).unwrap();
    runner.await.unwrap();
}

proptest! {
    #[test]
    fn pauses_grow_stay_within_bounds_and_repeat(id: [u8; 16], attempts in 1_i64..40) {
        let pause = pause_seconds(id, attempts);
        prop_assert!((5..=4500).contains(&pause));
        prop_assert_eq!(pause, pause_seconds(id, attempts));
        if attempts < 10 {
            prop_assert!(pause_seconds(id, attempts + 1) > pause);
        }
    }
}
