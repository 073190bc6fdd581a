//! The real program is ended with kill -9 under load, over and over: whatever it acknowledged is there afterwards,
//! once, and the audit log is whole.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use common::load::{self, Sent, acknowledged, all_there, hand_mails_over, open_tickets, set_up};
use common::program::Program;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How often the program is ended in a usual run; `cargo xtask torture` sets `BEDSIDE_TEST_CRASH_CYCLES`.
const CYCLES: usize = 50;
const HTTP_CLIENTS: usize = 3;

/// One life of the program: load from all sides, and kill -9 after `acknowledgements`.
fn one_life(data: &Path, token: &str, clients: &mut [Sent], acknowledgements: usize) {
    let program = Program::serve(data);
    let kill = program.killer();
    let left = AtomicUsize::new(acknowledgements);
    let more = |_: &str| {
        if left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill();
        }
        true
    };
    thread::scope(|scope| {
        for (client, sent) in clients.iter_mut().enumerate() {
            let (program, more) = (&program, &more);
            scope.spawn(move || {
                if client < HTTP_CLIENTS {
                    open_tickets(client, sent, program, token, more);
                } else {
                    hand_mails_over(client, sent, program, more);
                }
            });
        }
    });
    program.ended();
}

mod nothing_acknowledged_is_lost_and_nothing_is_there_twice {
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        let folder = tempfile::tempdir().unwrap();
        super::lives(folder.path()).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        let folder = tempfile::tempdir().unwrap();
        super::load::on_postgres(folder.path());
        super::lives(folder.path()).await;
    }
}

async fn lives(data: &Path) {
    let cycles =
        std::env::var("BEDSIDE_TEST_CRASH_CYCLES").map_or(CYCLES, |cycles| cycles.parse().unwrap());
    let token = set_up(data).await;
    let clients: Mutex<Vec<Sent>> =
        Mutex::new((0..=HTTP_CLIENTS).map(|_| Sent::default()).collect());

    tokio::task::block_in_place(|| {
        let mut clients = clients.lock().unwrap();
        for cycle in 0..cycles {
            one_life(data, &token, &mut clients, 1 + (cycle * 7) % 23);
            if (cycle + 1) % 50 == 0 {
                println!("{} of {cycles} cycles", cycle + 1);
            }
        }
        let program = Program::serve(data);
        let wanted = acknowledged(&*clients);
        assert!(
            clients.iter().all(|sent| !sent.acknowledged.is_empty()),
            "a way in took nothing"
        );
        assert!(wanted.len() >= cycles, "there was no load");
        let found = all_there(&program, &token, &wanted);
        println!(
            "{cycles} cycles: {} acknowledged, {} found",
            wanted.len(),
            found.len()
        );
        // Besides what was acknowledged, at most what each client had under way at the very end.
        assert!(
            found.len() <= wanted.len() + clients.len(),
            "{} for {}",
            found.len(),
            wanted.len()
        );
        let mut http = program.http(Some(&token));
        let named = clients.iter().flat_map(|sent| {
            let whole = |name| sent.acknowledged.contains(name);
            sent.ids
                .iter()
                .map(move |(name, id)| (name, id, whole(name)))
        });
        for (name, id, whole) in named {
            let ticket = http
                .get(&format!("/api/v1/tickets/{id}"))
                .unwrap()
                .expect(200)
                .json();
            assert_eq!(ticket["subject"], format!("Request {name}"));
            let messages = http
                .get(&format!("/api/v1/tickets/{id}/messages"))
                .unwrap()
                .expect(200)
                .json();
            let notes = http
                .get(&format!("/api/v1/tickets/{id}/notes"))
                .unwrap()
                .expect(200)
                .json();
            let count = |list: &serde_json::Value, kind: &str| {
                let items = list["items"].as_array().unwrap().iter();
                items.filter(|one| one["kind"] == kind).count()
            };
            // The question, and its note and its answer once, where they were acknowledged.
            let found = (count(&notes, "note"), count(&messages, "outbound"));
            assert_eq!(count(&messages, "inbound"), 1, "{messages}");
            assert!(
                found == (1, 1) || !whole && found.0.max(found.1) <= 1,
                "{name}: {found:?}"
            );
        }
        assert!(program.stop().success());
    });
    load::audit_is_whole(data).await;
}
