//! Requests that go to a nurse with scripted questions, and what a clinician decides.

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use bedside_db::{args, statements};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{QueueId, TicketId};
use bedside_desk::orgs::model::purpose;
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::erasure;
use bedside_desk::staff;
use bedside_desk::tickets::{
    self, Asked, Decided, Patch, Reply, Status, TicketView, Urgency, View,
};
use bedside_desk::timeline::MessageKind;
use bedside_desk::{audit_log, knowledge, startup};
use common::granted::granted;
use common::{Desk, both_engines};
use serde_json::{Value, json};
use std::fs;

const FILE: &str = "language/questions.toml";
const ADDRESS: &str = "ankle@patient.example";

statements! {
    /// Steps that are kept.
    STEPS = "SELECT COUNT(*) FROM nurse_steps WHERE organisation_id = $1";
}

async fn steps(desk: &Desk) -> i64 {
    let mut conn = desk.app.read().await.unwrap();
    let of = args![desk.organisation];
    conn.query_one(STEPS, of, |row| row.get(0)).await.unwrap()
}

async fn seen(desk: &Desk, id: TicketId) -> TicketView {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap()
}

async fn change(desk: &Desk, role: Role, id: TicketId, patch: Patch) -> Result<i64, DeskError> {
    let version = seen(desk, id).await.ticket.version;
    tickets::change(&desk.app, &desk.ctx(role), id, version, patch).await
}

fn resolved() -> Patch {
    Patch {
        status: Some(Status::Resolved),
        ..Patch::default()
    }
}

fn asked(questions: &str, answers: &[(&str, &str)]) -> Asked {
    let answers = answers.iter();
    let owned = |(question, answer): &(&str, &str)| ((*question).to_owned(), (*answer).to_owned());
    Asked {
        questions: questions.to_owned(),
        answers: answers.map(owned).collect(),
    }
}

fn decided(disposition: &str, words: &str) -> Decided {
    Decided {
        disposition: disposition.to_owned(),
        words: Some(words.to_owned()),
    }
}

/// A request of no clinical category, which an agent may end.
async fn general(desk: &Desk, address: &str) -> TicketId {
    let id = desk.ticket(address, "Hours", "When are you open?").await;
    let patch = Patch {
        category: Some("general".to_owned()),
        ..Patch::default()
    };
    change(desk, Role::Agent, id, patch).await.unwrap();
    id
}

async fn handed_over(desk: &Desk, id: TicketId) -> i64 {
    let calm = asked("other", &[("awake", "yes"), ("breath", "no")]);
    tickets::hand_over(&desk.app, &desk.ctx(Role::Agent), id, None, calm)
        .await
        .unwrap()
}

fn queue(desk: &Desk, category: &str) -> QueueId {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    clinic.category(category).unwrap().queue_id
}

fn needs_disposition<T: std::fmt::Debug>(done: &Result<T, DeskError>) -> bool {
    let code = match done {
        Err(DeskError::Conflict { code, .. }) => *code,
        other => panic!("{other:?}"),
    };
    code == "disposition_needed"
}

both_engines! {
    async fn questions_lead_to_a_nurse_and_a_disposition_to_the_end(desk: Desk) {
        let (agent, nurse) = (desk.ctx(Role::Agent), desk.ctx(Role::Nurse));
        let id = general(&desk, ADDRESS).await;
        let own = Patch { assignee: Some(Some(desk.id_of(Role::Agent))), status: Some(Status::WaitingOnPatient), ..Patch::default() };
        change(&desk, Role::Agent, id, own).await.unwrap();
        let before = seen(&desk, id).await;
        assert!(!before.nursed.waits && before.nursed.disposition.is_none());
        let calm = asked("other", &[("awake", "yes"), ("breath", "no")]);
        let stale = tickets::hand_over(&desk.app, &agent, id, Some(before.ticket.version - 1), calm.clone()).await;
        assert!(matches!(stale, Err(DeskError::Stale { .. })), "{stale:?}");
        let version = tickets::hand_over(&desk.app, &agent, id, Some(before.ticket.version), calm).await.unwrap();
        let after = seen(&desk, id).await;
        assert_eq!((after.ticket.version, after.ticket.queue), (version, queue(&desk, "symptom")));
        assert_eq!((after.ticket.assignee, after.ticket.status), (None, Status::Open));
        assert_eq!((after.ticket.urgency, after.nursed.waits), (before.ticket.urgency, true));
        // What was asked and answered is a note, and no word of it stands elsewhere.
        let note = after.messages.last().unwrap();
        assert_eq!((note.kind, note.author_id), (MessageKind::Note, Some(desk.id_of(Role::Agent).uuid())));
        assert!(note.body.contains("- Is it hard to breathe? **No**") && note.body.contains("begin today? **Not answered**"), "{}", note.body);
        assert_eq!(after.ticket.message_count, before.ticket.message_count + 1);
        let event = after.events.last().unwrap();
        assert_eq!((&event.data["to"]["handed_over"], event.data["words"].as_bool()), (&Value::Null, Some(true)));
        assert!(event.data["changed"].as_array().unwrap().contains(&json!("handed_over")));

        // Nobody ends it before a clinician has decided, not even one.
        assert!(needs_disposition(&change(&desk, Role::Agent, id, resolved()).await));
        assert!(needs_disposition(&change(&desk, Role::Nurse, id, resolved()).await));
        let closed = Patch { status: Some(Status::Closed), ..Patch::default() };
        assert!(needs_disposition(&change(&desk, Role::Agent, id, closed).await));
        let answer = Reply { status: Some(Status::Resolved), ..Reply::new("We are open from eight.") };
        assert!(needs_disposition(&tickets::reply(&desk.app, &agent, id, answer).await));
        assert_eq!(seen(&desk, id).await.messages.len(), after.messages.len(), "no answer went out");

        // Whoever is no clinician decides nothing, and the log says that they tried.
        for role in [Role::Agent, Role::Supervisor, Role::Administrator, Role::Counsellor] {
            let refused = tickets::dispose(&desk.app, &desk.ctx(role), id, None, decided("no_need", "")).await;
            assert!(matches!(refused, Err(DeskError::ClinicalOnly)), "{role:?}: {refused:?}");
        }
        let log = audit_log::list(&desk.app, &desk.system(), None, 50).await.unwrap();
        let tried = log.iter().filter(|one| one.action == "ticket.disposition" && one.outcome == "denied");
        assert_eq!(tried.count(), 4);
        for (wrong, field) in [(decided("some_day", ""), "disposition"), (decided("seen_today", &"x".repeat(2001)), "words")] {
            let refused = tickets::dispose(&desk.app, &nurse, id, None, wrong).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field: at, .. }) if at == field), "{refused:?}");
        }
        let version = tickets::dispose(&desk.app, &nurse, id, None, decided("seen_today", "Comes at four.")).await.unwrap();
        let made = seen(&desk, id).await;
        let disposition = made.nursed.disposition.unwrap();
        assert_eq!((disposition.code.as_str(), disposition.by), ("seen_today", Some(desk.id_of(Role::Nurse).uuid())));
        assert_eq!((disposition.at, made.nursed.waits, made.ticket.version), (desk.app.now(), false, version));
        let note = made.messages.last().unwrap();
        assert_eq!((note.id, note.body.as_str()), (disposition.note, "**Disposition: Seen today**\n\nComes at four."));
        assert_eq!(made.events.last().unwrap().data["to"], json!({ "disposition": null }));

        change(&desk, Role::Agent, id, resolved()).await.unwrap();
        let ended = tickets::hand_over(&desk.app, &agent, id, None, asked("other", &[])).await;
        assert!(matches!(ended, Err(DeskError::Conflict { code: "ended", .. })), "{ended:?}");
        let log = audit_log::list(&desk.app, &desk.system(), None, 50).await.unwrap();
        for (action, detail) in [("ticket.hand_over", r#"{"emergency":false}"#), ("ticket.disposition", "")] {
            let entry = log.iter().find(|one| one.action == action && one.outcome == "ok").unwrap();
            assert!(entry.detail == detail || detail.is_empty(), "{}", entry.detail);
        }
        desk.audit_is_whole().await;
    }

    async fn an_answer_that_means_an_emergency_rings(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = general(&desk, ADDRESS).await;
        let in_crisis = async || tickets::list(&desk.app, &desk.ctx(Role::Nurse), &View::Crisis, None, 10).await.unwrap().rows.len();
        assert_eq!(in_crisis().await, 0);
        tickets::hand_over(&desk.app, &agent, id, None, asked("cardiac", &[("now", "yes"), ("today", "unsure")])).await.unwrap();
        let rung = seen(&desk, id).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let crisis = clinic.queue_for(purpose::CRISIS).unwrap().id;
        assert_eq!((rung.ticket.urgency, rung.ticket.queue), (Urgency::Emergency, crisis));
        assert!(rung.nursed.waits);
        assert_eq!(in_crisis().await, 1);
        let page = desk.browser(Role::Nurse).await.get("/patients").await.expect(200).text();
        assert!(page.contains("Someone may be in danger"), "{page}");
        let log = audit_log::list(&desk.app, &desk.system(), None, 20).await.unwrap();
        assert!(log.iter().any(|one| one.action == "ticket.hand_over" && one.detail == r#"{"emergency":true}"#));
        // Handed over once more with calm answers it stays one, and where it is.
        handed_over(&desk, id).await;
        let still = seen(&desk, id).await.ticket;
        assert_eq!((still.urgency, still.queue), (Urgency::Emergency, crisis));
        // "No" and "not sure" mean an emergency where the file says so.
        for answer in ["no", "unsure"] {
            let other = general(&desk, &format!("{answer}@patient.example")).await;
            tickets::hand_over(&desk.app, &agent, other, None, asked("overdose", &[("awake", answer)])).await.unwrap();
            assert_eq!(seen(&desk, other).await.ticket.urgency, Urgency::Emergency, "{answer}");
        }
    }

    async fn whoever_handed_over_takes_it_back_while_nobody_decided(desk: Desk) {
        let (agent, nurse) = (desk.ctx(Role::Agent), desk.ctx(Role::Nurse));
        let id = general(&desk, ADDRESS).await;
        let nothing = tickets::take_back(&desk.app, &agent, id, None).await;
        assert!(matches!(nothing, Err(DeskError::NotFound)), "{nothing:?}");
        let version = handed_over(&desk, id).await;
        for other in [Role::Supervisor, Role::Nurse] {
            assert!(!seen(&desk, id).await.nursed.waits_by(&desk.ctx(other).actor));
            let refused = tickets::take_back(&desk.app, &desk.ctx(other), id, None).await;
            assert!(matches!(refused, Err(DeskError::NotFound)), "{other:?}: {refused:?}");
        }
        let stale = tickets::take_back(&desk.app, &agent, id, Some(version - 1)).await;
        assert!(matches!(stale, Err(DeskError::Stale { .. })), "{stale:?}");
        assert!(seen(&desk, id).await.nursed.waits_by(&agent.actor));
        let version = tickets::take_back(&desk.app, &agent, id, Some(version)).await.unwrap();
        let after = seen(&desk, id).await;
        assert_eq!((after.ticket.version, after.nursed.waits), (version, false));
        assert_eq!(after.events.last().unwrap().data["to"], json!({ "hand_over_undone": null }));
        change(&desk, Role::Agent, id, resolved()).await.unwrap();

        // What a clinician decided nobody takes back.
        let other = general(&desk, "other@patient.example").await;
        handed_over(&desk, other).await;
        tickets::dispose(&desk.app, &nurse, other, None, decided("no_need", "")).await.unwrap();
        let late = tickets::take_back(&desk.app, &agent, other, None).await;
        assert!(matches!(late, Err(DeskError::NotFound)), "{late:?}");

        // By the page.
        let third = desk.ticket("third@patient.example", "My ankle", "My ankle hurts when I walk.").await;
        handed_over(&desk, third).await;
        let path = format!("/tickets/{}", seen(&desk, third).await.ticket.number);
        let version = seen(&desk, third).await.ticket.version.to_string();
        let browser = desk.browser(Role::Agent).await;
        assert!(browser.get(&path).await.expect(200).text().contains("Take the hand-over back"));
        let nurses = desk.browser(Role::Nurse).await.get(&path).await.expect(200).text();
        assert!(nurses.contains("id=\"nurse\"") && !nurses.contains("Take the hand-over back"), "{nurses}");
        let sent = [("version", version.as_str())];
        let _ = browser.submit(&path, &format!("{path}/questions/back"), &sent).await.expect(303);
        let page = browser.get(&path).await.expect(200).text();
        assert!(!page.contains("id=\"nurse\"") && page.contains("took the hand-over back"), "{page}");
        desk.audit_is_whole().await;
    }

    async fn nothing_is_handed_to_nobody(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = general(&desk, ADDRESS).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        for person in staff::list(&desk.app, &desk.system()).await.unwrap() {
            if clinic.role(&person.role).is_some_and(|role| role.clinical) {
                staff::disable(&desk.app, &desk.system(), person.id).await.unwrap();
            }
        }
        let refused = tickets::hand_over(&desk.app, &agent, id, None, asked("other", &[])).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "no_clinician", .. })), "{refused:?}");
        assert_eq!(steps(&desk).await, 0);
        // What means an emergency rings all the same, and waits for nobody who isn't there.
        tickets::hand_over(&desk.app, &agent, id, None, asked("cardiac", &[("now", "yes")])).await.unwrap();
        let rung = seen(&desk, id).await;
        assert_eq!((rung.ticket.urgency, rung.nursed.waits), (Urgency::Emergency, false));
    }

    async fn answers_that_fit_no_question_are_refused(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let id = general(&desk, ADDRESS).await;
        let before = seen(&desk, id).await.ticket.version;
        for (wrong, field) in [
            (asked("", &[]), "questions"),
            (asked("boredom", &[]), "questions"),
            (asked("cardiac", &[("face", "yes")]), "answers"),
            (asked("cardiac", &[("now", "perhaps")]), "answers"),
            (asked("cardiac", &[("now", "yes"), ("now", "no")]), "answers"),
        ] {
            let refused = tickets::hand_over(&desk.app, &agent, id, None, wrong).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field: at, .. }) if at == field), "{refused:?}");
        }
        assert_eq!((seen(&desk, id).await.ticket.version, steps(&desk).await), (before, 0));
    }

    async fn a_hand_over_goes_where_its_note_goes(desk: Desk) {
        let agent = desk.ctx(Role::Agent);
        let (one, other) = (general(&desk, ADDRESS).await, general(&desk, ADDRESS).await);
        handed_over(&desk, one).await;
        let note = seen(&desk, one).await.messages.last().unwrap().id;
        tickets::merge(&desk.app, &agent, one, other).await.unwrap();
        assert!(seen(&desk, other).await.nursed.waits && !seen(&desk, one).await.nursed.waits);
        assert!(needs_disposition(&change(&desk, Role::Agent, other, resolved()).await));
        let apart = tickets::split(&desk.app, &agent, other, vec![note], "The ankle".to_owned()).await.unwrap();
        assert!(seen(&desk, apart).await.nursed.waits && !seen(&desk, other).await.nursed.waits);
        assert!(needs_disposition(&change(&desk, Role::Agent, apart, resolved()).await));
        change(&desk, Role::Agent, other, resolved()).await.unwrap();
    }

    async fn the_page_asks_the_agent_and_lets_the_nurse_decide(desk: Desk) {
        let id = desk.ticket(ADDRESS, "My ankle", "My ankle hurts when I walk.").await;
        change(&desk, Role::Agent, id, Patch { category: Some("symptom".to_owned()), ..Patch::default() }).await.unwrap();
        let ticket = seen(&desk, id).await.ticket;
        let (path, version) = (format!("/tickets/{}", ticket.number), ticket.version.to_string());
        let (agent, nurse) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        let page = agent.get(&path).await.expect(200).text();
        assert!(page.contains("Questions to ask") && page.contains("call 911 now") && !page.contains("id=\"disposition\""), "{page}");
        let page = nurse.get(&path).await.expect(200).text();
        assert!(!page.contains("Questions to ask") && page.contains("id=\"disposition\""), "{page}");

        let to = format!("{path}/questions");
        let other = [("show", "1"), ("choose", "self_harm"), ("questions", "other"), ("version", version.as_str())];
        let shown = agent.submit(&path, &to, &other).await.expect(200).text();
        assert!(shown.contains("thoughts of suicide right now?") && shown.contains("or 988"), "{shown}");
        assert_eq!(seen(&desk, id).await.ticket.version, ticket.version);
        let wrong = [("questions", "stroke"), ("answer.face", "perhaps"), ("version", version.as_str())];
        let refused = agent.submit(&path, &to, &wrong).await.expect(422).text();
        assert!(refused.contains("href=\"#questions\"") && refused.contains("smile crooked"), "{refused}");
        let fine = [("questions", "stroke"), ("answer.face", "no"), ("answer.arm", ""), ("version", version.as_str())];
        let _ = agent.submit(&path, &to, &fine).await.expect(303);
        let page = agent.get(&path).await.expect(200).text();
        assert!(page.contains("handed this to a nurse") && page.contains("id=\"nurse\""), "{page}");
        let version = seen(&desk, id).await.ticket.version.to_string();

        let end = [("version", version.as_str()), ("status", "resolved")];
        let refused = nurse.submit(&path, &path, &end).await.expect(409).text();
        assert!(refused.contains("href=\"#nurse\""), "{refused}");
        let to = format!("{path}/disposition");
        let none = [("disposition", ""), ("words", "<b>kept</b>"), ("version", version.as_str())];
        let refused = nurse.submit(&path, &to, &none).await.expect(422).text();
        assert!(refused.contains("href=\"#d-code\""), "{refused}");
        assert!(refused.contains("&#60;b&#62;kept") || refused.contains("&lt;b&gt;kept"), "{refused}");
        let fine = [("disposition", "within_days"), ("words", "On Thursday."), ("version", version.as_str())];
        let _ = agent.submit(&path, &to, &fine).await.expect(403);
        let _ = nurse.submit(&path, &to, &fine).await.expect(303);
        let page = agent.get(&path).await.expect(200).text();
        assert!(page.contains("Disposition: Seen within days") && page.contains("recorded a disposition"), "{page}");
        assert!(!page.contains("id=\"nurse\""));
        assert_eq!(steps(&desk).await, 2);
    }

    async fn another_system_hands_over_and_decides_nothing(desk: Desk) {
        let id = general(&desk, ADDRESS).await;
        let client = desk.client("tickets:read tickets:write").await;
        let path = format!("/api/v1/tickets/{id}");
        let shown = client.get(&path).await.expect(200).json();
        assert_eq!((&shown["handed_to_nurse"], &shown["disposition"]), (&json!(false), &Value::Null));
        let to = format!("{path}/questions");
        for wrong in [
            json!({ "questions": "boredom" }),
            json!({ "questions": "cardiac", "answers": [{ "question": "now", "answer": "perhaps" }] }),
            json!({ "questions": "cardiac", "answers": [{ "question": "face", "answer": "yes" }] }),
        ] {
            client.post(&to, &wrong).await.expect(422);
        }
        let fine = json!({ "questions": "cardiac", "answers": [{ "question": "now", "answer": "no" }] });
        let done = client.post(&to, &fine).await.expect(200);
        let tag = done.header("etag").unwrap().to_owned();
        let end = json!({ "status": "resolved" });
        assert_eq!(client.patch(&path, &tag, &end).await.expect(409).json()["code"], "disposition_needed");
        let to = format!("{path}/disposition");
        let seen_today = json!({ "disposition": "seen_today", "words": "At four." });
        assert_eq!(client.post(&to, &seen_today).await.expect(403).json()["code"], "clinical_only");
        assert_eq!(client.get(&path).await.expect(200).json()["handed_to_nurse"], true);
        tickets::dispose(&desk.app, &desk.ctx(Role::Nurse), id, None, decided("seen_today", "")).await.unwrap();
        let shown = client.get(&path).await.expect(200);
        let tag = shown.header("etag").unwrap().to_owned();
        let shown = shown.json();
        assert_eq!((&shown["handed_to_nurse"], &shown["disposition"]["code"]), (&json!(false), &json!("seen_today")));
        assert_eq!(shown["disposition"]["by"], json!(desk.id_of(Role::Nurse)));
        client.patch(&path, &tag, &end).await.expect(200);
    }

    async fn what_was_handed_over_is_erased_with_its_patient(desk: Desk) {
        let new = NewPatient { name: "Anke Bader".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let points = vec![(PointKind::Email, ADDRESS.to_owned())];
        let patient = patients::create_patient(&desk.app, &desk.system(), new, points).await.unwrap();
        let id = general(&desk, ADDRESS).await;
        let other = general(&desk, "other@patient.example").await;
        for ticket in [id, other] {
            handed_over(&desk, ticket).await;
            tickets::dispose(&desk.app, &desk.ctx(Role::Nurse), ticket, None, decided("no_need", "It is healed.")).await.unwrap();
        }
        assert_eq!(steps(&desk).await, 4);
        let (request, version) = granted(&desk, patient).await;
        erasure::erase(&desk.app, &desk.ctx(Role::Administrator), request, version).await.unwrap();
        let left = seen(&desk, id).await;
        assert!(left.messages.is_empty() && left.nursed.disposition.is_none());
        assert_eq!(steps(&desk).await, 2);
        assert!(seen(&desk, other).await.nursed.disposition.is_some(), "what is somebody else's stays");
    }

    async fn a_clinic_says_what_is_asked_and_a_broken_file_changes_nothing(desk: Desk) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in startup::built_in_clinic() {
            let path = folder.path().join(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let desk = Desk::of_clinic(desk.engine, Some(folder.path())).await;
        let agent = desk.ctx(Role::Agent);
        let id = general(&desk, ADDRESS).await;
        let path = folder.path().join(FILE);
        let shipped = fs::read_to_string(&path).unwrap();
        fs::write(&path, shipped.replacen("code = \"spreads\"", "code = \"arm_pain\"", 1)).unwrap();
        knowledge::reload(&desk.app).await.unwrap();
        let own = asked("cardiac", &[("arm_pain", "no")]);
        tickets::hand_over(&desk.app, &agent, id, None, own.clone()).await.unwrap();
        // What can't be used is refused with file, line and reason; the last good questions stay.
        let broken = shipped.replacen("kind = \"stroke\"", "kind = \"strokes\"", 1);
        let line = 1 + broken[..broken.find("\"strokes\"").unwrap()].matches('\n').count();
        fs::write(&path, broken).unwrap();
        knowledge::reload(&desk.app).await.unwrap();
        let refused = desk.app.shelf.refused().unwrap();
        assert_eq!((refused.file.as_str(), refused.line), (FILE, line));
        assert!(refused.reason.contains("unknown kind of danger \"strokes\""), "{refused}");
        tickets::hand_over(&desk.app, &agent, id, None, own).await.unwrap();
    }
}
