//! Files: looked at by a real virus scanner before anybody opens them, handed out without what a camera wrote into them, and
//! counted by the day.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::context::Permissions;
use bedside_desk::ids::TicketId;
use bedside_desk::jobs;
use bedside_desk::links::{self, Purpose};
use bedside_desk::tickets;
use bedside_desk::timeline::AttachmentView;
use bedside_desk::timeline::files::{Scan, UnscannedFiles};
use bedside_testkit::clamd::{Clamd, EICAR, SIGNATURE};
use bedside_testkit::ports;
use common::{Browser, Desk, Engine, Role, csrf_token, hidden};
use futures_util::FutureExt;

type File<'a> = (&'a str, &'a str, &'a str, &'a [u8]);

const LETTER: File<'_> = ("files", "letter.txt", "text/plain", b"A harmless letter.");
const HARMFUL: File<'_> = ("files", "bill.txt", "text/plain", EICAR);

/// What a camera wrote: where it was taken.
const PLACE: &[u8] = b"45.5231N 122.6765W";

/// Two tests of each, on a desk whose settings it changes itself.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($engine:ident: Engine) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn run($engine: Engine) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run(Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run(Engine::Postgres).await;
            }
        }
    )+};
}

async fn scanned_by(engine: Engine, scanner: &str, unscanned: UnscannedFiles) -> Desk {
    let scanner = Some(scanner.parse().unwrap());
    Desk::set_up(engine, |config| {
        config.scanner = scanner;
        config.unscanned_files = unscanned;
    })
    .await
}

async fn number(desk: &Desk, ticket: TicketId) -> i64 {
    let view = tickets::view(&desk.app, &desk.system(), ticket)
        .await
        .unwrap();
    view.ticket.number
}

async fn files(desk: &Desk, ticket: TicketId) -> Vec<AttachmentView> {
    let view = tickets::view(&desk.app, &desk.system(), ticket)
        .await
        .unwrap();
    let messages = view.messages.into_iter();
    messages.flat_map(|message| message.attachments).collect()
}

/// A patient behind a link of theirs.
async fn patient(desk: &Desk) -> (TicketId, Browser, String) {
    let ticket = desk
        .ticket("rosa@patients.test", "Hours", "When are you open?")
        .await;
    let contact = tickets::view(&desk.app, &desk.system(), ticket)
        .await
        .unwrap()
        .ticket
        .contact;
    let link = desk
        .app
        .command(&desk.system(), move |work| {
            links::make(work, Purpose::Thread, ticket, contact).boxed()
        })
        .await
        .unwrap();
    let browser = desk.visitor();
    let page = format!("/t/{link}");
    browser
        .submit(&page, &format!("{page}/open"), &[])
        .await
        .expect(303);
    (ticket, browser, page)
}

async fn write(browser: &Browser, page: &str, words: &str, files: &[File<'_>]) -> common::Answer {
    let form = browser.get(page).await.expect(200).text();
    let fields = [
        ("csrf_token", hidden(&form, "csrf_token")),
        ("once", hidden(&form, "once")),
        ("lang", "en"),
        ("message", words),
    ];
    browser
        .post_files(&format!("{page}/reply"), &fields, files)
        .await
}

/// The picture of a telephone, with the place where it was taken.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        // Nobody here looks at the sum.
        [&length[..], kind, data, &[0; 4]].concat()
    };
    let head = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 2, 0, 0, 0],
    ]
    .concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head),
        chunk(b"eXIf", PLACE),
        chunk(b"IDAT", b"drawn"),
        chunk(b"IEND", b""),
    ]
    .concat()
}

fn has(bytes: &[u8], words: &[u8]) -> bool {
    bytes.windows(words.len()).any(|some| some == words)
}

on_both! {
    async fn a_harmful_file_is_opened_by_nobody_and_a_harmless_one_once_it_was_checked(engine: Engine) {
        let clamd = Clamd::start().unwrap();
        let desk = scanned_by(engine, clamd.socket.to_str().unwrap(), UnscannedFiles::Hold).await;
        let (ticket, rosa, page) = patient(&desk).await;
        write(&rosa, &page, "My bill and a letter", &[LETTER, HARMFUL]).await.expect(303);
        let before = files(&desk, ticket).await;
        let agent = desk.browser(Role::Agent).await;
        let client = desk.client(&Permissions::ALL.codes()).await;
        let timeline = format!("/tickets/{}", number(&desk, ticket).await);
        // The words are there; the files are not yet, by any way.
        let shown = agent.get(&timeline).await.expect(200).text();
        assert!(shown.contains("My bill and a letter") && shown.contains("Being checked"), "{shown}");
        for file in &before {
            assert_eq!(file.scan, Scan::Waiting);
            assert!(!shown.contains(&format!("href=\"/attachments/{}", file.id)), "{shown}");
            let kept = agent.get(&format!("/attachments/{}", file.id)).await.expect(409);
            assert!(!has(&kept.body, b"harmless letter") && !has(&kept.body, EICAR));
            let refused = client.get(&format!("/api/v1/attachments/{}", file.id)).await.expect(409);
            assert_eq!(refused.json()["code"], "file_waiting");
            rosa.get(&format!("{page}/files/{}", file.id)).await.expect(409);
        }
        let told = rosa.get(&page).await.expect(200).text();
        assert!(told.contains("are checking it"), "{told}");
        jobs::drain(&desk.app).await.unwrap();

        let after = files(&desk, ticket).await;
        let one = |name: &str| after.iter().find(|file| file.name == name).unwrap();
        let (letter, bill) = (one("letter.txt"), one("bill.txt"));
        assert_eq!((letter.scan, bill.scan), (Scan::Clean, Scan::Infected));
        assert_eq!(bill.scan_note, Some(format!("{SIGNATURE}.UNOFFICIAL")));
        for (browser, way) in [(&agent, "/attachments".to_owned()), (&rosa, format!("{page}/files"))] {
            let got = browser.get(&format!("{way}/{}", letter.id)).await.expect(200);
            assert_eq!(got.body, b"A harmless letter.");
            let refused = browser.get(&format!("{way}/{}", bill.id)).await.expect(409);
            assert!(!has(&refused.body, EICAR));
        }
        let refused = client.get(&format!("/api/v1/attachments/{}", bill.id)).await.expect(409);
        assert_eq!(refused.json()["code"], "file_infected");
        let shown = agent.get(&timeline).await.expect(200).text();
        assert!(shown.contains("Harmful") && shown.contains(SIGNATURE) && !shown.contains("Being checked"), "{shown}");
        assert!(!shown.contains(&format!("href=\"/attachments/{}", bill.id)), "{shown}");
        let told = rosa.get(&page).await.expect(200).text();
        assert!(told.contains("We can&#39;t open this file") || told.contains("We can't open this file"), "{told}");
        assert!(!told.contains(&format!("files/{}", bill.id)) && told.contains(&format!("files/{}", letter.id)));
        // Nobody gets it by asking for it as it came.
        let way = format!("/attachments/{}/original", bill.id);
        let asked = agent.submit(&way, &way, &[("reason", "evidence")]).await;
        assert_eq!(asked.status, 409);
        desk.audit_is_whole().await;
    }

    async fn while_the_scanner_is_down_files_wait_and_words_do_not(engine: Engine) {
        let nowhere = format!("127.0.0.1:{}", ports::free().unwrap());
        for (unscanned, status) in [(UnscannedFiles::Hold, 409), (UnscannedFiles::Warn, 200)] {
            let desk = scanned_by(engine, &nowhere, unscanned).await;
            let (ticket, rosa, page) = patient(&desk).await;
            write(&rosa, &page, "Wombat words", &[LETTER]).await.expect(303);
            jobs::drain(&desk.app).await.unwrap();
            let file = files(&desk, ticket).await.remove(0);
            assert_eq!((file.scan, file.scan_note.as_deref()), (Scan::Failed, Some("unreachable")));
            let agent = desk.browser(Role::Agent).await;
            let got = agent.get(&format!("/attachments/{}", file.id)).await.expect(status);
            assert_eq!(has(&got.body, b"A harmless letter."), status == 200);
            let shown = agent.get(&format!("/tickets/{}", number(&desk, ticket).await)).await.expect(200).text();
            assert!(shown.contains("Wombat words") && shown.contains("Not checked for viruses"), "{shown}");
            // It is tried again by itself, and told once.
            desk.clock.advance(5);
            assert!(jobs::drain(&desk.app).await.unwrap() > 0, "nothing was tried again");
            assert_eq!(files(&desk, ticket).await[0].scan, Scan::Failed);
        }
    }

    async fn files_from_before_the_scanner_come_to_their_turn(engine: Engine) {
        let clamd = Clamd::start().unwrap();
        let desk = scanned_by(engine, clamd.socket.to_str().unwrap(), UnscannedFiles::Hold).await;
        let (ticket, rosa, page) = patient(&desk).await;
        write(&rosa, &page, "My bill", &[HARMFUL]).await.expect(303);
        desk.app
            .db
            .write::<_, bedside_db::DbError, _>(|tx| {
                async move { tx.execute(AS_BEFORE, bedside_db::args![]).await.map(drop) }.boxed()
            })
            .await
            .unwrap();
        assert_eq!(files(&desk, ticket).await[0].scan, Scan::Unscanned);
        bedside_desk::timeline::files::catch_up(&desk.app).await.unwrap();
        assert_eq!(files(&desk, ticket).await[0].scan, Scan::Waiting);
        assert_eq!(bedside_desk::timeline::files::backlog(&desk.app).await.unwrap(), 1);
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(files(&desk, ticket).await[0].scan, Scan::Infected);
        assert_eq!(bedside_desk::timeline::files::backlog(&desk.app).await.unwrap(), 0);
    }

    async fn pictures_are_handed_out_without_their_place_unless_somebody_says_why(engine: Engine) {
        let desk = Desk::new(engine).await;
        let (ticket, rosa, page) = patient(&desk).await;
        let (usual, large) = (picture(800, 600), picture(10_000, 5_001));
        let sent: [File<'_>; 2] = [("files", "a.png", "image/png", &usual), ("files", "b.png", "image/png", &large)];
        write(&rosa, &page, "My wound", &sent).await.expect(303);
        let all = files(&desk, ticket).await;
        let way = |name: &str| format!("/attachments/{}", all.iter().find(|file| file.name == name).unwrap().id);
        let agent = desk.browser(Role::Agent).await;
        let client = desk.client(&Permissions::ALL.codes()).await;
        let own = way("a.png").replace("/attachments", &format!("{page}/files"));
        for got in [
            agent.get(&way("a.png")).await.expect(200),
            client.get(&format!("/api/v1{}", way("a.png"))).await.expect(200),
            rosa.get(&own).await.expect(200),
        ] {
            assert!(has(&got.body, b"drawn") && !has(&got.body, PLACE));
            assert_eq!(got.header("content-length"), Some(got.body.len().to_string().as_str()));
        }
        // What no page draws is downloaded all the same.
        let image = [("sec-fetch-dest", "image")];
        let ask = async |way: String| {
            agent.request(axum::http::Method::GET, &way, &image, axum::body::Body::empty()).await
        };
        ask(way("a.png")).await.expect(200);
        ask(way("b.png")).await.expect(409);
        assert!(!has(&agent.get(&way("b.png")).await.expect(200).body, PLACE));

        let done = async |action: &str| {
            let log = bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 1000).await.unwrap();
            log.iter().filter(|entry| entry.action == action).count()
        };
        let read = done("attachment.read").await;
        let original = format!("{}/original", way("a.png"));
        let form = agent.get(&original).await.expect(200).text();
        assert!(form.contains("Why do you need it?"), "{form}");
        agent.submit(&original, &original, &[]).await.expect(422);
        agent.submit(&original, &original, &[("reason", "curious")]).await.expect(422);
        // Who only asks was shown nothing yet.
        assert_eq!((done("attachment.read").await, done("attachment.original").await), (read, 0));
        assert!(done("attachment.ask").await >= 3);
        let got = agent.submit(&original, &original, &[("reason", "evidence")]).await.expect(200);
        assert_eq!(got.body, usual);
        let billing = desk.browser(Role::Billing).await;
        let token = csrf_token(&billing.get("/account").await.expect(200).text());
        billing.post(&original, &[("csrf_token", token.as_str()), ("reason", "evidence")]).await.expect(403);
        let audit = desk.browser(Role::Administrator).await.get("/audit?action=attachment.original").await.expect(200).text();
        // The filter names it once, the row once more.
        assert!(audit.matches("Took a picture as it came").count() > 1, "{audit}");
        desk.audit_is_whole().await;
    }

    async fn a_person_brings_so_many_files_a_day_and_no_more(engine: Engine) {
        let desk = Desk::new(engine).await;
        let (ticket, rosa, page) = patient(&desk).await;
        let five = [LETTER; 5];
        for round in 0..10 {
            write(&rosa, &page, &format!("Round {round}"), &five).await.expect(303);
        }
        assert_eq!(files(&desk, ticket).await.len(), 50);
        let over = write(&rosa, &page, "When are you open on Monday?", &[LETTER]).await.expect(429).text();
        assert!(over.contains("When are you open on Monday?") && over.contains("as many files as we can take"), "{over}");
        assert_eq!(files(&desk, ticket).await.len(), 50);
        // Nobody's cry is held back by the file that came with it.
        let cry = "I am going to kill myself tonight";
        write(&rosa, &page, cry, &[LETTER]).await.expect(303);
        let view = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap();
        assert_eq!((view.ticket.rank(), files(&desk, ticket).await.len()), (0, 50));
        assert!(view.messages.iter().any(|message| message.body.starts_with(cry)));
        // Words are taken, and a day later files too.
        write(&rosa, &page, "When are you open on Monday?", &[]).await.expect(303);
        desk.clock.advance(24 * 3600);
        write(&rosa, &page, "Here they are", &[LETTER]).await.expect(303);
        assert_eq!(files(&desk, ticket).await.len(), 51);
        bedside_desk::timeline::files::forget(&desk.app).await.unwrap();
        write(&rosa, &page, "And one more", &[LETTER]).await.expect(303);
    }

    async fn files_that_come_at_the_same_moment_are_counted_one_after_the_other(engine: Engine) {
        use bedside_desk::timeline::files::{MAX_BYTES, MAX_FILES, Way, take};
        let desk = Desk::new(engine).await;
        let whose = (desk.app.id(), Way::Own);
        let all = (0..MAX_FILES + 10).map(|_| take(&desk.app, desk.organisation, whose, [1_usize].into_iter()));
        let taken = futures_util::future::join_all(all).await;
        let refused = taken.iter().filter(|one| one.is_err()).count();
        assert_eq!(refused, 10);
        // Of one way nothing is left; the other has its own, of bytes too.
        let other = (whose.0, Way::Form);
        let most = usize::try_from(MAX_BYTES).unwrap();
        take(&desk.app, desk.organisation, other, [most + 1].into_iter()).await.unwrap_err();
        take(&desk.app, desk.organisation, other, [most].into_iter()).await.unwrap();
        take(&desk.app, desk.organisation, other, [1].into_iter()).await.unwrap_err();
    }
}

bedside_db::statements! {
    /// Makes files as they were before there was a scanner.
    AS_BEFORE = "UPDATE attachments SET scan = 'unscanned'";
}
