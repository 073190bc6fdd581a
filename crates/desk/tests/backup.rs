//! A desk is copied while it works, and comes back from the copy.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use common::load::{self, Sent, all_there, hand_mails_over, open_tickets, set_up};
use common::program::{Program, json, run};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Acknowledgements before each copy is begun.
const BEFORE: usize = 30;
const HTTP_CLIENTS: usize = 2;
/// How often a desk is copied and restored in a usual run; `cargo xtask torture` sets `BEDSIDE_TEST_RESTORES`.
const RESTORES: usize = 2;

/// Runs `during` while clients send, with the subjects that were acknowledged before it.
fn under_load(
    program: &Program,
    token: &str,
    clients: &mut [Sent],
    during: impl FnOnce(BTreeSet<String>),
) {
    let enough = AtomicBool::new(false);
    let acknowledged = Mutex::new(BTreeSet::new());
    let count = || acknowledged.lock().unwrap().len();
    let more = |name: &str| {
        acknowledged
            .lock()
            .unwrap()
            .insert(format!("Request {name}"));
        !enough.load(Ordering::SeqCst)
    };
    thread::scope(|scope| {
        for (client, sent) in clients.iter_mut().enumerate() {
            let more = &more;
            scope.spawn(move || {
                if client < HTTP_CLIENTS {
                    open_tickets(client, sent, program, token, more);
                } else {
                    hand_mails_over(client, sent, program, more);
                }
            });
        }
        bedside_testkit::wait_until(|| count() >= BEFORE, Duration::from_mins(1)).unwrap();
        let before = acknowledged.lock().unwrap().clone();
        let begun = before.len();
        during(before);
        let ended = count();
        enough.store(true, Ordering::SeqCst);
        assert!(ended > begun, "the desk stood still while it was copied");
    });
}

/// Restores `backup` into a fresh folder with the key of `data`.
fn restored(data: &Path, backup: &Path) -> (tempfile::TempDir, serde_json::Value) {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::create_dir(elsewhere.path().join("keys")).unwrap();
    std::fs::copy(
        data.join("keys/root.key"),
        elsewhere.path().join("keys/root.key"),
    )
    .unwrap();
    let told = json(&run(
        elsewhere.path(),
        &["restore", backup.to_str().unwrap(), "--json"],
    ));
    (elsewhere, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_made_under_load_comes_back_with_everything_that_was_acknowledged() {
    let rounds =
        std::env::var("BEDSIDE_TEST_RESTORES").map_or(RESTORES, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (data, backups) = (folder.path(), tempfile::tempdir().unwrap());
    let token = set_up(data).await;
    let mut clients: Vec<_> = (0..=HTTP_CLIENTS).map(|_| Sent::default()).collect();
    for round in 0..rounds {
        let file = backups.path().join(format!("desk-{round}"));
        let mut acknowledged = BTreeSet::new();
        let elsewhere = tokio::task::block_in_place(|| {
            let program = Program::serve(data);
            let mut made = serde_json::Value::Null;
            under_load(&program, &token, &mut clients, |before| {
                acknowledged = before;
                made = json(&run(data, &["backup", file.to_str().unwrap(), "--json"]));
            });
            // Who looks at a desk at work sees a whole log too.
            json(&run(data, &["audit", "verify", "--json"]));
            assert!(program.stop().success());
            let (elsewhere, told) = restored(data, &file);
            // What nobody had sealed yet when the copy was made is sealed in the copy.
            assert_eq!(made["audit_entries"], told["audit_entries"]);
            assert!(told["keys"].as_u64().unwrap() >= 1);

            let program = Program::serve(elsewhere.path());
            let found = all_there(&program, &token, &acknowledged);
            assert!(found.len() >= acknowledged.len());
            assert!(program.stop().success());
            elsewhere
        });
        load::audit_is_whole(elsewhere.path()).await;
        std::fs::remove_file(file).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_damaged_copy_is_called_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backups) = (folder.path(), tempfile::tempdir().unwrap());
    set_up(data).await;
    // A page of the database is overwritten, as by a broken disk.
    let file = data.join("bedside.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0x5a);
    std::fs::write(&file, bytes).unwrap();
    let copy = backups.path().join("desk");
    let output = tokio::task::block_in_place(|| run(data, &["backup", copy.to_str().unwrap()]));
    assert!(!output.status.success());
    assert_eq!(std::fs::read_dir(backups.path()).unwrap().count(), 0);
}
