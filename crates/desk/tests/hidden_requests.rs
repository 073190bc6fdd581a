//! What a patient asked by law whom a label keeps from most: whoever may see its page does the steps, and nobody else.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::audit_log;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{PatientId, PrivacyRequestId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::requests::standing::{self, Disagreement, End, Ending};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, Request, Said, State};
use bedside_desk::privacy::{OPEN_FOR, copies, erasure};
use bedside_desk::records::{Label, Labels};
use common::{Desk, Role, both_engines};
use jiff::civil::{Date, date};
use std::fmt::Debug;

/// The desk's clock stands on this day.
const TODAY: Date = date(2026, 3, 2);

/// What a patient asked who got a label afterwards.
async fn asked(desk: &Desk, kind: Kind) -> (PatientId, PrivacyRequestId) {
    let new = NewPatient {
        name: "Rosa Quillfeather".to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, format!("{}@patient.example", kind.code()))];
    let system = desk.system();
    let patient = patients::create_patient(&desk.app, &system, new, points)
        .await
        .unwrap();
    let new = NewRequest {
        patient,
        kind,
        received_on: TODAY,
        ticket: None,
        words: "Askedfinch.".to_owned(),
    };
    let id = requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap();
    let version = patients::patient(&desk.app, &system, patient)
        .await
        .unwrap()
        .version;
    let labels = Labels::NONE.with(Label::Vip);
    patients::label_patient(&desk.app, &system, patient, version, labels)
        .await
        .unwrap();
    (patient, id)
}

async fn now(desk: &Desk, id: PrivacyRequestId) -> Request {
    requests::request(&desk.app, &desk.system(), id)
        .await
        .unwrap()
        .request
}

fn granted() -> Said {
    Said {
        decision: Decision::Granted,
        reason: String::new(),
        note: String::new(),
        with_notes: true,
    }
}

#[track_caller]
fn kept<T: Debug>(done: &Result<T, DeskError>, what: &str) {
    assert!(
        matches!(done, Err(DeskError::Restricted { .. })),
        "{what}: {done:?}"
    );
}

both_engines! {
    async fn attack_14_whoever_may_not_see_what_was_asked_takes_no_step(desk: Desk) {
        for kind in [Kind::Copy, Kind::Erasure, Kind::Restriction, Kind::Amendment] {
            let (_, id) = asked(&desk, kind).await;
            let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
            kept(&requests::request(app, &officer, id).await.map(drop), "look");
            kept(&requests::extend(app, &officer, id, 1, "It is a lot.", TODAY).await, "extend");
            kept(&requests::approve(app, &officer, id, 1).await, "approve");
            kept(&requests::decide(app, &officer, id, 1, granted()).await, "decide");
            kept(&requests::close(app, &officer, id, 1, TODAY).await, "close");
            kept(&copies::begin(app, &officer, id, 1).await, "copy");
            kept(&erasure::erase(app, &officer, id, 1).await, "erase");
            let ending = Ending { how: End::Asked, told_on: TODAY, words: String::new() };
            kept(&standing::end(app, &officer, id, 1, ending).await, "end");
            let said = Disagreement { words: "It was wrong.".to_owned(), on: TODAY, rebuttal: String::new() };
            kept(&standing::disagree(app, &officer, id, 1, said).await, "disagree");
            // An older page says no more than a new one.
            kept(&requests::approve(app, &officer, id, 7).await, "a version that is none");

            let browser = desk.browser(Role::Compliance).await;
            let page = format!("/privacy/{id}");
            let day = ("letter_on", "2026-03-02");
            let fields = [("version", "1"), ("decision", "granted"), ("words", "It is a lot."), day, ("answered_on", day.1)];
            for step in ["extend", "approve", "decide", "close", "copy", "erase", "end", "disagree", "hold", "release"] {
                // What could be mended is not said either.
                for fields in [&fields[..], &fields[..1]] {
                    let answer = browser.submit("/account", &format!("{page}/{step}"), fields).await;
                    assert_eq!(answer.status, 403, "{step}: {}", answer.text());
                    assert!(!answer.text().contains("Rosa") && !answer.text().contains("Askedfinch"), "{step}");
                }
            }
            let request = now(&desk, id).await;
            assert_eq!((request.state, request.version, request.approved.is_some()), (State::Open, 1, false));
            let log = audit_log::list(app, &desk.system(), None, 60).await.unwrap();
            assert!(log.iter().filter(|one| one.action == "restricted.refused" && one.outcome == "denied").count() >= 9);
        }
        desk.audit_is_whole().await;
    }

    async fn the_second_yes_is_given_by_compliance_after_saying_why_they_look(desk: Desk) {
        let (patient, id) = asked(&desk, Kind::Erasure).await;
        let browser = desk.browser(Role::Compliance).await;
        let page = format!("/privacy/{id}");
        let shut = browser.request(Method::GET, &page, &[("accept", "text/html")], Body::empty()).await.expect(403).text();
        assert!(shut.contains(&format!("/restricted/{patient}?back={page}")), "{shut}");
        let form = format!("/restricted/{patient}");
        let fields = [("reason", "other"), ("words", "They asked to be erased, and I say the second yes."), ("back", &*page)];
        let opened = browser.submit(&format!("{form}?back={page}"), &form, &fields).await.expect(303);
        assert_eq!(opened.header("location"), Some(page.as_str()));
        let seen = browser.get(&page).await.expect(200).text();
        assert!(seen.contains("Rosa Quillfeather") && seen.contains("Askedfinch."), "{seen}");
        browser.submit(&page, &format!("{page}/approve"), &[("version", "1")]).await.expect(303);
        let (by, _) = now(&desk, id).await.approved.unwrap();
        assert_eq!(by, desk.id_of(Role::Compliance));
        // They read no requests with it.
        let ticket = desk.ticket("erasure@patient.example", "Hello", "Words.").await;
        browser.get(&format!("/tickets/{ticket}")).await.expect(403);
        // Whoever may see all labels needs no reason.
        requests::decide(&desk.app, &desk.ctx(Role::Administrator), id, 2, granted()).await.unwrap();
        // An hour later it is shut again.
        desk.clock.advance(OPEN_FOR);
        kept(&requests::close(&desk.app, &desk.ctx(Role::Compliance), id, 3, TODAY).await, "close");
        assert_eq!(now(&desk, id).await.version, 3);
        desk.audit_is_whole().await;
    }
}
