//! What people correct is kept as examples to train on.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use bedside_desk::ids::TicketId;
use bedside_desk::tickets::{self, Calm, CalmReason, Inbound, NewTicket, Patch, Urgency};
use bedside_desk::{audit_log, corrections};
use bedside_language::examples::{Danger, Example, parse};
use bedside_language::{Channel, Language};
use common::{Desk, Engine, both_engines, program};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const CRY: &str = "I took all of my sleeping pills an hour ago.\nI want to die | today :: now.";
const WORRY: &str = "Everything feels hopeless and I cry every night.";
const THANKS: &str = "Thank you, that helps a lot. See you on Thursday.";

async fn change(desk: &Desk, role: Role, id: TicketId, patch: Patch) {
    let ctx = desk.ctx(role);
    let version = tickets::view(&desk.app, &ctx, id)
        .await
        .unwrap()
        .ticket
        .version;
    tickets::change(&desk.app, &ctx, id, version, patch)
        .await
        .unwrap();
}

fn category(code: &str) -> Patch {
    Patch {
        category: Some(code.to_owned()),
        ..Patch::default()
    }
}

/// A bill that was one, a bill that was a complaint, and a cry that was a song.
async fn corrected(desk: &Desk) -> [TicketId; 3] {
    let bill = desk
        .ticket(
            "bill@example.org",
            "My bill",
            "What is this charge on my bill?",
        )
        .await;
    let complaint = desk
        .ticket(
            "angry@example.org",
            "My bill",
            "What is this second charge on my bill?",
        )
        .await;
    change(desk, Role::Agent, complaint, category("records")).await;
    change(
        desk,
        Role::Nurse,
        complaint,
        Patch {
            urgency: Some(Urgency::Urgent),
            ..category("complaint")
        },
    )
    .await;
    let song = desk.ticket("song@example.org", "", CRY).await;
    let calm = Calm {
        reason: CalmReason::Other,
        words: Some("Zanzibar".to_owned()),
        urgency: Urgency::Low,
    };
    tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), song, None, calm)
        .await
        .unwrap();
    [bill, complaint, song]
}

fn lines(examples: &[Example]) -> Vec<String> {
    examples.iter().map(Example::to_line).collect()
}

both_engines! {
    async fn what_people_say_otherwise_is_an_example(desk: Desk) {
        let [bill, complaint, song] = corrected(&desk).await;
        // What is neither category nor urgency is none; what is taken back is none any more.
        change(&desk, Role::Agent, bill, Patch { add_tags: vec!["call back".to_owned()], ..Patch::default() }).await;
        change(&desk, Role::Agent, bill, category("records")).await;
        change(&desk, Role::Agent, bill, category("billing")).await;
        let (examples, left_out) = corrections::export(&desk.app, &desk.system()).await.unwrap();
        assert_eq!(left_out, 1);
        let lines = lines(&examples);
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert_eq!(lines[0], "email | complaint | urgent | - | What is this second charge on my bill?");
        assert!(lines[1].contains(" | I took all of my sleeping pills an hour ago.\\nI want to die"), "{lines:?}");
        assert_eq!(examples[1].urgency.code(), "low");
        assert!(matches!(examples[1].danger, Danger::NotMeant(_)));
        assert!(!lines.concat().contains("Zanzibar"), "a colleague's words are no example");
        let text = format!("# part: train\n{}\n", lines.join("\n"));
        assert_eq!(parse("x.txt", Language::En, &text).unwrap().len(), 2);

        // Each look stands in the log, and a row holds codes alone.
        let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        for ticket in [complaint, song] {
            let id = ticket.to_string();
            assert!(log.iter().any(|entry| entry.action == "correction.export" && entry.object_id == id), "{id}");
        }
    }

    async fn a_message_is_an_example_of_what_its_own_words_say(desk: Desk) {
        // Thanks after a worry, from which the category is changed: it is the worry that the request is judged by.
        let id = desk.ticket("low@example.org", "", WORRY).await;
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!(view.ticket.safety, "concern");
        desk.clock.advance(8 * 24 * 3600);
        let thanks = Inbound::new(view.ticket.contact, Channel::Email, THANKS);
        tickets::inbound(&desk.app, &desk.system(), id, thanks).await.unwrap();
        change(&desk, Role::Agent, id, category("complaint")).await;
        let (examples, left_out) = corrections::export(&desk.app, &desk.system()).await.unwrap();
        assert_eq!((examples.len(), left_out), (1, 0), "{examples:?}");
        assert_eq!(examples[0].body, WORRY);
        assert!(matches!(examples[0].danger, Danger::Concern(_)), "{examples:?}");

        // A false alarm is that of the message that rang, not of the one that says so.
        let song = desk.ticket("song@example.org", "", CRY).await;
        let contact = tickets::view(&desk.app, &desk.ctx(Role::Agent), song).await.unwrap().ticket.contact;
        desk.clock.advance(8 * 24 * 3600);
        tickets::inbound(&desk.app, &desk.system(), song, Inbound::new(contact, Channel::Email, THANKS)).await.unwrap();
        let calm = Calm { reason: CalmReason::OtherMeaning, words: None, urgency: Urgency::Low };
        tickets::not_a_crisis(&desk.app, &desk.ctx(Role::Nurse), song, None, calm).await.unwrap();
        let (examples, left_out) = corrections::export(&desk.app, &desk.system()).await.unwrap();
        assert_eq!((examples.len(), left_out), (2, 0), "{examples:?}");
        assert!(examples[1].body.contains("sleeping pills") && matches!(examples[1].danger, Danger::NotMeant(_)), "{examples:?}");
    }

    async fn what_rang_in_a_subject_or_a_name_makes_no_example_of_the_words(desk: Desk) {
        let subject = desk.ticket("ana@example.org", "I want to kill myself tonight", "Please call me.").await;
        let mut new = NewTicket::new(desk.requester("ben@example.org").await, Channel::WebForm, "", "Please call me.");
        new.called = vec!["I want to kill myself".to_owned()];
        let name = tickets::create(&desk.app, &desk.system(), new).await.unwrap().id;
        for id in [subject, name] {
            let ticket = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().ticket;
            assert_eq!(ticket.safety, "emergency");
            change(&desk, Role::Agent, id, category("records")).await;
        }
        let (examples, left_out) = corrections::export(&desk.app, &desk.system()).await.unwrap();
        assert_eq!((examples.len(), left_out), (0, 2), "{examples:?}");
    }

    async fn programs_correct_nobody(desk: Desk) {
        let id = desk.ticket("robot@example.org", "My bill", "What is this charge on my bill?").await;
        let client = desk.client("tickets:read tickets:write").await;
        client.patch(&format!("/api/v1/tickets/{id}"), "\"v1\"", &serde_json::json!({ "category": "records" })).await.expect(200);
        assert_eq!(corrections::export(&desk.app, &desk.system()).await.unwrap(), (Vec::new(), 0));
        change(&desk, Role::Agent, id, category("complaint")).await;
        let denied = corrections::export(&desk.app, &desk.ctx(Role::Compliance)).await;
        assert!(denied.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_writes_them_for_nobody_else_and_training_takes_them() {
    let desk = Desk::new(Engine::Sqlite).await;
    corrected(&desk).await;
    desk.app.db.close().await;
    // A copy that this process does not hold.
    let room = tempfile::tempdir().unwrap();
    let (data, out) = (room.path().join("data"), room.path().join("examples"));
    let copied = Command::new("cp")
        .arg("-a")
        .arg(desk.folder())
        .arg(&data)
        .status();
    assert!(copied.unwrap().success());
    let to = out.to_str().unwrap();
    for _ in 0..2 {
        let told = program::run(&data, &["language", "corrections", "--out", to]);
        let told = tokio::task::block_in_place(|| program::ends(&told, 0));
        assert!(told.contains("2 corrections"), "{told}");
    }
    let file = out.join("en/corrections.txt");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        parse("corrections.txt", Language::En, &text).unwrap().len(),
        2
    );
    // What the engine says of them before it learns from them: the cry that staff took back is called one again.
    let measure = |more: &[&str]| {
        // `--data` means public sets here, so the desk's own folder is named by the environment.
        let mut command = Command::new(env!("CARGO_BIN_EXE_bedside"));
        command.args(["eval", "--corrections"]).args(more);
        command.env("BEDSIDE_DATA", &data).current_dir(&data);
        command.output().unwrap()
    };
    let told = measure(&[to, "--list"]);
    let told = tokio::task::block_in_place(|| program::ends(&told, 0));
    let line = |label: &str| {
        let line = told.lines().find(|line| line.contains(label));
        line.unwrap_or_else(|| panic!("{label}: {told}"))
    };
    assert!(line("took back, again").contains("    1 of 1 "), "{told}");
    assert!(line("category as staff said").contains(" of 2 "), "{told}");
    assert!(
        !told.contains("sleeping pills") && !told.contains("charge"),
        "words of patients: {told}"
    );
    let measured = program::json(&measure(&[to, "--json"]));
    assert_eq!(measured[0]["set"], "corrections");
    assert_eq!(
        measured[0]["shares"]["alarms that staff took back, again"]["hits"],
        1
    );
    let nothing = room.path().join("nothing");
    std::fs::create_dir(&nothing).unwrap();
    program::ends(&measure(&[nothing.to_str().unwrap()]), 2);
    // They are read; two alone are too few.
    let told = program::run(
        &data,
        &["language", "train", "--examples", to, "--examples", to],
    );
    program::ends(&told, 2);
}
