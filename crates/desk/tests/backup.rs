//! A desk is copied while it works, and comes back from the copy.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_testkit::pg;
use common::book::{Book, Shelf};
use common::load::{self, set_up, settings};
use common::program::{Program, json, run};
use common::ways::{Client, Doors, Way};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// Acknowledgements before each copy is begun.
const BEFORE: usize = 30;
/// Acknowledgements after which the clients rest: a desk that grew with every copy would take longer to copy each time.
const AT_MOST: usize = 120;
/// Who sends at the same time.
const WAYS: [Way; 5] = [Way::Api, Way::Api, Way::Mail, Way::Form, Way::Page];
/// How often a desk is copied and restored in a usual run; `cargo xtask torture` sets `BEDSIDE_TEST_RESTORES`.
const RESTORES: usize = 2;

/// Runs `during` while clients send; gives the names of what was acknowledged before it.
fn under_load(
    program: &Program,
    doors: &Doors,
    clients: &mut [Client],
    during: impl FnOnce(),
) -> BTreeSet<String> {
    let enough = AtomicBool::new(false);
    let acknowledged = Mutex::new(BTreeSet::new());
    let count = || acknowledged.lock().unwrap().len();
    let more = |name: &str| {
        acknowledged.lock().unwrap().insert(name.to_owned());
        !enough.load(Ordering::SeqCst) && count() < AT_MOST
    };
    thread::scope(|scope| {
        for client in clients {
            let more = &more;
            scope.spawn(move || client.sends(program, doors, more));
        }
        let begins = bedside_testkit::wait_until(|| count() >= BEFORE, Duration::from_mins(1));
        // Whoever sends is waited for, also where the test stops here.
        enough.store(begins.is_err(), Ordering::SeqCst);
        begins.unwrap();
        let before = acknowledged.lock().unwrap().clone();
        let begun = before.len();
        during();
        let ended = count();
        enough.store(true, Ordering::SeqCst);
        assert!(ended > begun, "the desk stood still while it was copied");
        before
    })
}

/// An empty folder with the key of `data`.
fn with_the_key_of(data: &Path) -> TempDir {
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::create_dir(elsewhere.path().join("keys")).unwrap();
    let key = "keys/root.key";
    std::fs::copy(data.join(key), elsewhere.path().join(key)).unwrap();
    elsewhere
}

/// How desks of one engine are copied to a file, and brought back from it into an empty folder.
struct Ways {
    copy: fn(&Path, &Path),
    restore: fn(&Path, &Path),
}

const OWN: Ways = Ways {
    copy: |data, file| {
        json(&run(data, &["backup", file.to_str().unwrap(), "--json"]));
    },
    restore: |elsewhere, file| {
        let manifest = std::fs::read(file.with_added_extension("json")).unwrap();
        let made: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
        let file = file.to_str().unwrap();
        let restore = ["restore", file, "--none-erased-since", "--json"];
        let told = json(&run(elsewhere, &restore));
        // What nobody had sealed yet when the copy was made is sealed in the copy.
        assert_eq!(made["audit_entries"], told["audit_entries"]);
        assert!(told["keys"].as_u64().unwrap() >= 1);
    },
};

/// As `docs/operations.md` says it.
const OF_POSTGRES: Ways = Ways {
    copy: |data, file| {
        let url = settings(data).database.unwrap();
        postgres("pg_dump", &[&url, "--format=custom", "--file"], file);
    },
    restore: |elsewhere, file| {
        load::on_postgres(elsewhere);
        let url = settings(elsewhere).database.unwrap();
        postgres("pg_restore", &["--exit-on-error", "--dbname", &url], file);
    },
};

fn postgres(tool: &str, args: &[&str], file: &Path) {
    let tool = pg::binaries().unwrap().join(tool);
    let output = Command::new(tool).args(args).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

async fn copies_come_back(data: &Path, ways: &Ways) {
    let rounds =
        std::env::var("BEDSIDE_TEST_RESTORES").map_or(RESTORES, |text| text.parse().unwrap());
    let backups = tempfile::tempdir().unwrap();
    let doors = Doors::new(data).await;
    let mut clients = Client::on(&WAYS);
    for round in 0..rounds {
        let file = backups.path().join(format!("desk-{round}"));
        let elsewhere = tokio::task::block_in_place(|| {
            let program = Program::serve(data);
            let before = under_load(&program, &doors, &mut clients, || (ways.copy)(data, &file));
            // Who looks at a desk at work sees a whole log too.
            json(&run(data, &["audit", "verify", "--json"]));
            assert!(program.stop().success());
            let elsewhere = with_the_key_of(data);
            (ways.restore)(elsewhere.path(), &file);

            let program = Program::serve(elsewhere.path());
            let mut book = Book::default();
            let must = |name: &str| before.contains(name);
            book.reads_on(Shelf(&program, &doors.token), &clients, must);
            assert!(program.stop().success());
            elsewhere
        });
        load::audit_is_whole(elsewhere.path()).await;
        std::fs::remove_file(file).unwrap();
    }
}

mod a_copy_made_under_load_comes_back_with_everything_that_was_acknowledged {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        let folder = tempfile::tempdir().unwrap();
        super::copies_come_back(folder.path(), &super::OWN).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        let folder = tempfile::tempdir().unwrap();
        super::load::on_postgres(folder.path());
        super::copies_come_back(folder.path(), &super::OF_POSTGRES).await;
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
