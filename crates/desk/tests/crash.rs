//! The real program is ended with kill -9 under load on every way in, over and over: whatever it acknowledged is there
//! afterwards, once, in its own words and with the bytes of its files, and the audit log is whole.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use common::book::{Book, Shelf};
use common::load;
use common::program::Program;
use common::ways::{Client, Doors, Way};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// How often the program is ended in a usual run; `cargo xtask torture` sets `BEDSIDE_TEST_CRASH_CYCLES`.
const CYCLES: usize = 50;
/// Who sends at the same time.
const WAYS: [Way; 5] = [Way::Api, Way::Api, Way::Mail, Way::Form, Way::Page];

/// One life of the program: what the life before took is looked at, load comes from all sides, and kill -9 after
/// `acknowledgements`.
fn one_life(
    data: &Path,
    doors: &Doors,
    clients: &mut [Client],
    book: &mut Book,
    acknowledgements: usize,
) {
    let program = Program::serve(data);
    book.reads_on(Shelf(&program, &doors.token), clients, |_| true);
    let kill = program.killer();
    let left = AtomicUsize::new(acknowledgements);
    let more = |_: &str| {
        if left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill();
        }
        true
    };
    thread::scope(|scope| {
        for client in clients {
            let (program, more) = (&program, &more);
            scope.spawn(move || client.sends(program, doors, more));
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
    let doors = Doors::new(data).await;
    tokio::task::block_in_place(|| {
        let (mut clients, mut book) = (Client::on(&WAYS), Book::default());
        for cycle in 0..cycles {
            one_life(data, &doors, &mut clients, &mut book, 1 + (cycle * 7) % 17);
            if (cycle + 1) % 50 == 0 {
                println!("{} of {cycles} cycles", cycle + 1);
            }
        }
        let counts: Vec<_> = clients.iter().map(|one| one.acknowledged.len()).collect();
        assert!(
            counts.iter().all(|count| *count > 0),
            "a way in took nothing: {counts:?}"
        );
        assert!(counts.iter().sum::<usize>() >= cycles, "there was no load");
        let program = Program::serve(data);
        let desk = Shelf(&program, &doors.token);
        book.reads_on(desk, &clients, |_| true);
        let found = Book::of_all(desk, &clients);
        println!("{cycles} cycles: {counts:?} acknowledged by {WAYS:?}, {found} messages found");
        assert!(program.stop().success());
    });
    load::audit_is_whole(data).await;
}
