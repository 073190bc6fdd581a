//! What patients ask for their data by law: the clock, the second yes, the decision, and who may do which of it.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::{Permission, Permissions};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{PatientId, PrivacyRequestId, TicketId};
use bedside_desk::orgs::{self, Change};
use bedside_desk::patients::{self, Linking, NewPatient, PointKind, Who};
use bedside_desk::privacy::copies::{self, KEEP, Made};
use bedside_desk::privacy::requests::{
    self, Decision, Kind, NewRequest, RequestView, Said, State, Which,
};
use bedside_desk::privacy::{consents, disclosures};
use bedside_desk::records::{Label, Labels};
use bedside_desk::staff::PROOF_SECONDS;
use bedside_desk::{audit_log, jobs, tickets};
use common::multipart;
use common::{Desk, Role, both_engines};
use jiff::civil::{Date, date};
use serde_json::json;

/// The desk's clock stands on this day.
const TODAY: Date = date(2026, 3, 2);
const DAY: i64 = 24 * 3600;

async fn rosa(desk: &Desk) -> PatientId {
    let new = NewPatient {
        name: "Rosa Quillfeather".to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: Some("RQ-77".to_owned()),
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, "rosa@patient.example".to_owned())];
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

/// Whose requests wait because somebody may be in danger.
async fn in_danger(desk: &Desk) -> Vec<Option<PatientId>> {
    let view = tickets::View::Crisis;
    let waiting = tickets::list(&desk.app, &desk.system(), &view, None, 30)
        .await
        .unwrap();
    let rows = waiting.rows.iter();
    rows.map(|row| row.ticket.patient).collect()
}

async fn ask(desk: &Desk, patient: PatientId, kind: Kind) -> PrivacyRequestId {
    let new = NewRequest {
        patient,
        kind,
        received_on: TODAY,
        ticket: None,
        words: "All that you have, please.".to_owned(),
    };
    requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap()
}

async fn seen(desk: &Desk, id: PrivacyRequestId) -> RequestView {
    requests::request(&desk.app, &desk.system(), id)
        .await
        .unwrap()
}

fn said(decision: Decision, reason: &str) -> Said {
    Said {
        decision,
        reason: reason.to_owned(),
        note: "As the law says.".to_owned(),
        with_notes: true,
    }
}

/// Something is given to a court, and the patient says yes to research.
async fn given_and_said(desk: &Desk, patient: PatientId) {
    let given = disclosures::Typed {
        day: "2026-02-27".to_owned(),
        recipient: "Grackle Court".to_owned(),
        address: "1 Hill Road".to_owned(),
        what: "The visit of May".to_owned(),
        basis: "court".to_owned(),
        purpose: "Order 7".to_owned(),
        ..disclosures::Typed::default()
    };
    disclosures::record(&desk.app, &desk.ctx(Role::Compliance), patient, &given)
        .await
        .unwrap();
    let said = consents::NewConsent {
        purpose: Some(consents::Purpose::Research),
        channel: None,
        decision: consents::Decision::Given,
        address: None,
        party: None,
        text: "May we use it for research?".to_owned(),
        locale: bedside_web::Locale::Es,
        source: consents::Source::Agent,
    };
    consents::record(&desk.app, &desk.system(), patient, said)
        .await
        .unwrap();
}

/// The code of what was refused.
fn refused<T: std::fmt::Debug>(done: Result<T, DeskError>) -> &'static str {
    match done.unwrap_err() {
        DeskError::Conflict { code, .. } | DeskError::Invalid { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

fn day_of(desk: &Desk, view: &RequestView) -> Date {
    let zone = desk.app.directory.of(desk.organisation).unwrap();
    zone.time_zone
        .to_datetime(view.request.due_at.to_jiff())
        .date()
}

both_engines! {
    async fn a_request_goes_from_the_patients_page_to_its_end(desk: Desk) {
        let patient = rosa(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        let form = format!("/patients/{patient}/privacy");
        let fields = [("kind", "amendment"), ("received_on", "2026-03-01"), ("ticket", ""), ("words", "My birthday is wrong.")];
        let opened = agent.submit(&form, &form, &fields).await.expect(303);
        assert_eq!(opened.header("location"), Some(format!("/patients/{patient}").as_str()));
        assert!(agent.get(&format!("/patients/{patient}")).await.text().contains("A correction"));
        agent.get("/privacy").await.expect(403);

        let privacy = desk.browser(Role::Compliance).await;
        let list = privacy.get("/privacy").await.expect(200).text();
        assert!(list.contains("Rosa Quillfeather") && list.contains("Not decided"), "{list}");
        let id = requests::list(&desk.app, &desk.system(), Which::Open, None, 10).await.unwrap()[0].request.id;
        let page = format!("/privacy/{id}");
        let shown = privacy.get(&page).await.expect(200).text();
        assert!(shown.contains("My birthday is wrong.") && shown.contains("45 CFR 164.526(b)(2)") && shown.contains("Apr 30, 2026"), "{shown}");

        // Without a reason of the law nothing is refused, and what was typed is still there.
        let fields = [("version", "1"), ("decision", "partly"), ("note", "Only the year."), ("reason", "endangers_life")];
        let again = privacy.submit(&page, &format!("{page}/decide"), &fields).await.expect(422).text();
        assert!(again.contains("Only the year.") && again.contains("Please choose the law"), "{again}");
        let fields = [("version", "1"), ("decision", "partly"), ("note", "Only the year."), ("reason", "is_accurate")];
        privacy.submit(&page, &format!("{page}/decide"), &fields).await.expect(303);
        let shown = privacy.get(&page).await.expect(200).text();
        assert!(shown.contains("Granted in part") && shown.contains("45 CFR 164.526(a)(2)(iv)") && shown.contains("Only the year."));
        assert!(shown.contains("tell whoever was given the wrong words"));
        privacy.submit(&page, &format!("{page}/close"), &[("version", "2"), ("answered_on", "2026-03-03")]).await.expect(422);
        privacy.submit(&page, &format!("{page}/close"), &[("version", "1"), ("answered_on", "2026-03-02")]).await.expect(412);
        privacy.submit(&page, &format!("{page}/close"), &[("version", "2"), ("answered_on", "2026-03-02")]).await.expect(303);
        assert!(privacy.get("/privacy").await.text().contains("Nothing here"));
        assert!(privacy.get("/privacy?closed=true").await.expect(200).text().contains("Rosa Quillfeather"));
        assert_eq!(seen(&desk, id).await.request.state, State::Closed);

        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        for action in ["privacy.open", "privacy.list", "privacy.read", "privacy.decide", "privacy.close"] {
            let entry = log.iter().find(|one| one.action == action).unwrap_or_else(|| panic!("{action}"));
            assert!(!entry.detail.contains("birthday") && !entry.detail.contains("Rosa"), "{}", entry.detail);
        }
    }

    async fn the_officer_enters_a_letter_for_a_patient_whom_they_looked_up(desk: Desk) {
        let patient = rosa(&desk).await;
        let officer = desk.browser(Role::Compliance).await;
        officer.get(&format!("/patients/{patient}")).await.expect(403);
        assert!(officer.get("/privacy").await.expect(200).text().contains(r#"href="/privacy/seen""#));
        let found = officer.submit("/privacy/seen", "/privacy/seen", &[("mrn", "RQ-77")]).await.expect(200).text();
        assert!(found.contains(&format!("/privacy/seen/{patient}")), "{found}");
        let form = format!("/patients/{patient}/privacy");
        let account = officer.get(&format!("/privacy/seen/{patient}")).await.expect(200).text();
        assert!(account.contains(&form), "{account}");
        let shown = officer.get(&form).await.expect(200).text();
        assert!(shown.contains("Rosa Quillfeather") && !shown.contains(r#"name="ticket""#), "{shown}");
        assert!(!shown.contains(&format!(r#"href="/patients/{patient}""#)), "it leads nowhere she may not go: {shown}");

        // What is wrong is said, and what was typed is still there.
        let late = [("kind", "erasure"), ("received_on", "2026-03-03"), ("words", "Please forget me.")];
        let again = officer.submit(&form, &form, &late).await.expect(422).text();
        assert!(again.contains("Please forget me."), "{again}");
        let fields = [("kind", "erasure"), ("received_on", "2026-02-20"), ("words", "Please forget me.")];
        let opened = officer.submit(&form, &form, &fields).await.expect(303);
        let page = opened.header("location").unwrap().to_owned();
        assert!(officer.get(&page).await.expect(200).text().contains("Please forget me."));
        let id: PrivacyRequestId = page.rsplit('/').next().unwrap().parse().unwrap();
        let request = seen(&desk, id).await.request;
        assert_eq!((request.received_on, request.opened_by), (date(2026, 2, 20), Some(desk.id_of(Role::Compliance))));
        // Whoever entered it gives no second yes.
        assert_eq!(refused(requests::approve(&desk.app, &desk.ctx(Role::Compliance), id, 1).await), "same_person");

        // With what can't be, or what neither of the two may do, nothing is opened.
        let nobody = "01890000-0000-7000-8000-000000000000";
        officer.get(&format!("/patients/{nobody}/privacy")).await.expect(404);
        let mut roles = Role::ALL.iter().copied();
        let outside = roles.find(|role| !desk.ctx(*role).permissions().has(Permission::PatientsWrite) && *role != Role::Compliance).unwrap();
        let outside = desk.browser(outside).await;
        outside.get(&form).await.expect(403);
        outside.submit("/account", &form, &fields).await.expect(403);
        let version = patients::patient(&desk.app, &desk.system(), patient).await.unwrap().version;
        patients::label_patient(&desk.app, &desk.system(), patient, version, Labels::NONE.with(Label::Vip)).await.unwrap();
        let hidden = officer.get(&form).await;
        assert!(hidden.status != 200 && !hidden.text().contains("Rosa"), "{}", hidden.text());
        let cry = [fields[0], fields[1], ("words", "I want to kill myself tonight.")];
        for fields in [fields, cry] {
            let sent = officer.submit("/account", &form, &fields).await;
            assert!(!sent.text().contains("Rosa"), "{}", sent.text());
        }
        let opened = requests::list(&desk.app, &desk.system(), Which::Open, None, 10).await.unwrap();
        assert_eq!(opened.len(), 1, "that of before");
        assert!(in_danger(&desk).await.is_empty(), "nobody writes for a patient whom they may not see");

        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        let entered = |outcome: &str| {
            log.iter().any(|one| (&*one.action, &*one.object_id, &*one.outcome) == ("privacy.enter", &*patient.to_string(), outcome))
        };
        assert!(entered("ok") && entered("denied"));
    }

    async fn a_cry_for_help_in_a_letter_that_the_officer_enters_is_heard(desk: Desk) {
        let patient = rosa(&desk).await;
        let officer = desk.browser(Role::Compliance).await;
        let form = format!("/patients/{patient}/privacy");
        let fields = [("kind", "access"), ("received_on", "2026-03-02"), ("words", "I want to kill myself tonight.")];
        let says = async |words: &str, what: &str| {
            let fields = [fields[0], fields[1], ("words", words)];
            let opened = officer.submit(&form, &form, &fields).await.expect(303);
            let page = officer.get(opened.header("location").unwrap()).await.expect(200).text();
            assert!(page.contains(what), "{page}");
        };
        says(fields[2].1, "someone may be in danger").await;
        assert_eq!(in_danger(&desk).await, [Some(patient)]);
        says("I am not suicidal, I just feel low.", "a cause for worry").await;
        says("All that you have, please.", "has it on their list").await;
        // Whoever wrote it down stands in the log and beside the words, though they write no requests.
        let wrote = desk.id_of(Role::Compliance);
        let log = audit_log::list(&desk.app, &desk.system(), None, 60).await.unwrap();
        let opened: Vec<_> = log.iter().filter(|one| one.action == "ticket.create").collect();
        assert_eq!(opened.len(), 2, "one of danger, and one of a worry");
        assert!(opened.iter().all(|one| one.actor_id == wrote.to_string()));
        let ticket: TicketId = opened[0].object_id.parse().unwrap();
        let said = tickets::messages(&desk.app, &desk.system(), ticket, None, None, 9).await.unwrap();
        assert!(said.iter().any(|one| one.written_by == Some(wrote.uuid())));
    }

    async fn an_old_letter_that_is_entered_now_rings_and_says_of_which_day_it_is(desk: Desk) {
        let patient = rosa(&desk).await;
        let officer = desk.browser(Role::Compliance).await;
        let form = format!("/patients/{patient}/privacy");
        for (at, (day, is_old)) in [("2026-02-09", true), ("2025-06-01", true), ("2026-02-23", false), ("2026-03-02", false), ("soon", false)].into_iter().enumerate() {
            let words = format!("I want to kill myself tonight. {at}");
            let fields = [("kind", "access"), ("received_on", day), ("words", words.as_str())];
            officer.submit(&form, &form, &fields).await.expect(if day == "soon" { 422 } else { 303 });
            // Whoever opens it is the first to look: it is never less than one of today.
            assert_eq!(in_danger(&desk).await, vec![Some(patient); at + 1]);
            let view = tickets::View::Crisis;
            let rows = tickets::list(&desk.app, &desk.system(), &view, None, 30).await.unwrap().rows;
            let id = rows.iter().max_by_key(|row| row.ticket.number).unwrap().ticket.id;
            let said = tickets::messages(&desk.app, &desk.system(), id, None, None, 1).await.unwrap().remove(0);
            assert!(said.body.ends_with(&words), "{}", said.body);
            assert_eq!(said.body.starts_with("This came on "), is_old, "{day}: {}", said.body);
            assert_eq!(said.body.contains("Feb 9, 2026"), day == "2026-02-09", "{}", said.body);
            let found = said.found.as_ref().unwrap();
            let mut places = found.reasons.iter().flat_map(|one| &one.places);
            assert!(places.any(|place| said.body[place.clone()].contains("kill")), "{found:?}");
        }
    }

    async fn what_was_written_before_counts_in_a_letter_too(desk: Desk) {
        let (patient, officer) = (rosa(&desk).await, desk.ctx(Role::Compliance));
        let hears = async |words: &str| requests::hear_of(&desk.app, &officer, patient, (words, None)).await.unwrap();
        assert!(!hears("I am not suicidal, I just feel low.").await.unwrap().danger);
        for number in 0..5 {
            hears(&format!("Everything feels hopeless and I cry every night. {number}")).await.unwrap();
        }
        assert!(hears("I am not suicidal, I just feel low. Again.").await.unwrap().danger, "worries add up");
        // What is asked, and nothing else, is no worry whatever was before.
        assert!(hears("All that you have, please.").await.is_none());
    }

    async fn who_is_in_danger_is_the_patient_whoever_acts_for_them(desk: Desk) {
        let words = "I want to kill myself tonight.";
        let letter = |patient: PatientId, words: &str| {
            json!({ "patient_id": patient.uuid(), "kind": "copy", "received_on": "2026-03-01", "words": words })
        };
        let way = "/api/v1/privacy-requests";
        let client = desk.client("patients:write").await;
        // Without an address at all.
        let new = NewPatient {
            name: "Ambrose Tallow".to_owned(),
            birth_date: None,
            mrn: None,
            locale: None,
            secure_link: false,
        };
        let alone = patients::create_patient(&desk.app, &desk.system(), new, Vec::new()).await.unwrap();
        client.post(way, &letter(alone, words)).await.expect(201);
        assert_eq!(in_danger(&desk).await, [Some(alone)]);
        let new = NewPatient {
            name: "Otto Worry".to_owned(),
            birth_date: None,
            mrn: None,
            locale: None,
            secure_link: false,
        };
        let other = patients::create_patient(&desk.app, &desk.system(), new, Vec::new()).await.unwrap();
        // With one, and with somebody who acts for them and was here before.
        let daughter = patients::NewContact {
            name: Some("Daughter".to_owned()),
            locale: None,
            secure_link: false,
            patient: None,
            points: vec![(PointKind::Email, "daughter@else.example".to_owned())],
            who: None,
            ground: None,
        };
        let daughter = patients::create_contact(&desk.app, &desk.system(), daughter).await.unwrap();
        desk.clock.advance(1);
        let patient = rosa(&desk).await;
        let linking = Linking { patient: Some(patient), who: Some(Who::Somebody), ground: None };
        tickets::link_contact(&desk.app, &desk.system(), daughter, linking).await.unwrap();
        client.post(way, &letter(patient, words)).await.expect(201);
        let waiting = tickets::list(&desk.app, &desk.system(), &tickets::View::Crisis, None, 10).await.unwrap();
        let theirs: Vec<_> = waiting.rows.iter().filter(|row| row.ticket.patient == Some(patient)).collect();
        assert_eq!(theirs.len(), 1);
        assert_ne!(theirs[0].ticket.contact, daughter);
        // Another system can't fill the inbox with one patient's worries, and is told so. Danger has no end.
        for count in 0..21 {
            client.post(way, &letter(patient, &format!("{words} {count}"))).await.expect(201);
        }
        client.post(way, &letter(patient, "All that you have, please.")).await.expect(201);
        let fever = |count: usize| format!("I have had a fever for five days. {count}");
        for count in 0..20 {
            client.post(way, &letter(other, &fever(count))).await.expect(201);
        }
        client.post(way, &letter(other, &fever(20))).await.expect(429);
        client.post(way, &letter(other, "When are you open?")).await.expect(201);
        client.post(way, &letter(other, words)).await.expect(201);
    }

    async fn the_clock_is_that_of_the_clinics_law(desk: Desk) {
        let patient = rosa(&desk).await;
        let hipaa = ask(&desk, patient, Kind::Copy).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let mut settings = clinic.settings.clone();
        "gdpr".clone_into(&mut settings.privacy_law);
        let change = Change::General {
            name: clinic.name.clone(),
            time_zone: clinic.time_zone.iana_name().unwrap().to_owned(),
            locale: clinic.locale,
            settings: Box::new(settings),
            version: clinic.version,
        };
        orgs::change(&desk.app, &desk.ctx(Role::Administrator), change).await.unwrap();
        let gdpr = ask(&desk, patient, Kind::Copy).await;
        let (hipaa, gdpr) = (seen(&desk, hipaa).await, seen(&desk, gdpr).await);
        assert_eq!((day_of(&desk, &hipaa), day_of(&desk, &gdpr)), (date(2026, 4, 1), date(2026, 4, 2)));
        let admin = desk.browser(Role::Administrator).await;
        assert!(admin.get("/settings/general").await.expect(200).text().contains("GDPR (European Union)"));
    }

    async fn more_time_is_taken_once_and_before_the_first_period_is_over(desk: Desk) {
        let patient = rosa(&desk).await;
        let ctx = desk.ctx(Role::Compliance);
        let (one, late, no) = (
            ask(&desk, patient, Kind::Copy).await,
            ask(&desk, patient, Kind::Access).await,
            ask(&desk, patient, Kind::Restriction).await,
        );
        let extend = async |id, version, words: &str, on| requests::extend(&desk.app, &ctx, id, version, words, on).await;
        assert_eq!(refused(extend(no, 1, "Many files.", TODAY).await), "no_extension");
        assert_eq!(refused(extend(one, 1, "  ", TODAY).await), "required");
        assert_eq!(refused(extend(one, 1, "Many files.", date(2026, 3, 3)).await), "out_of_range");
        assert_eq!(refused(extend(one, 1, "Many files.", date(2026, 3, 1)).await), "out_of_range");
        extend(one, 1, "Many files.", TODAY).await.unwrap();
        let view = seen(&desk, one).await;
        assert_eq!((day_of(&desk, &view), view.extension.as_deref()), (date(2026, 5, 1), Some("Many files.")));
        assert_eq!(refused(extend(one, 2, "Still more.", TODAY).await), "extended");
        desk.clock.advance(31 * DAY);
        assert_eq!(refused(extend(late, 1, "Many files.", date(2026, 3, 20)).await), "overdue");
        // What is late comes first.
        let order = requests::list(&desk.app, &ctx, Which::Open, None, 10).await.unwrap();
        let over: Vec<bool> = order.iter().map(|view| view.request.is_overdue(desk.app.now())).collect();
        assert_eq!(over, [true, true, false]);
        assert_eq!(order[2].request.id, one);
    }

    async fn who_did_not_show_who_they_are_gets_nothing_without_a_second_yes(desk: Desk) {
        let patient = rosa(&desk).await;
        let (privacy, boss) = (desk.ctx(Role::Compliance), desk.ctx(Role::Administrator));
        let copy = ask(&desk, patient, Kind::Copy).await;
        let decide = async |ctx, id, version, said| requests::decide(&desk.app, ctx, id, version, said).await;
        assert_eq!(refused(decide(&privacy, copy, 1, said(Decision::Granted, "")).await), "second_person");
        assert_eq!(refused(decide(&privacy, copy, 1, said(Decision::Partly, "harms_other")).await), "second_person");
        requests::approve(&desk.app, &privacy, copy, 1).await.unwrap();
        assert_eq!(refused(requests::approve(&desk.app, &boss, copy, 2).await), "not_needed");
        assert_eq!(refused(decide(&privacy, copy, 2, said(Decision::Granted, "")).await), "same_person");
        decide(&boss, copy, 2, said(Decision::Granted, "")).await.unwrap();
        assert_eq!(refused(decide(&boss, copy, 3, said(Decision::Refused, "harms_other")).await), "decided");
        // Whoever opened it doesn't say yes to it either; a refusal needs nobody else.
        let new = NewRequest { patient, kind: Kind::Erasure, received_on: TODAY, ticket: None, words: String::new() };
        let own = requests::open_request(&desk.app, &boss, new).await.unwrap();
        assert_eq!(refused(requests::approve(&desk.app, &boss, own, 1).await), "same_person");
        assert_eq!(refused(decide(&boss, own, 1, said(Decision::Partly, "must_be_kept")).await), "all_or_nothing");
        decide(&boss, own, 1, said(Decision::Refused, "must_be_kept")).await.unwrap();
        // Nobody without the permission does any of it, and no other system decides.
        let agent = desk.ctx(Role::Agent);
        assert!(matches!(requests::approve(&desk.app, &agent, copy, 3).await, Err(DeskError::Forbidden)));
        assert!(matches!(requests::close(&desk.app, &desk.system(), copy, 3, TODAY).await, Err(DeskError::Forbidden)));
    }

    async fn what_can_not_be_is_refused(desk: Desk) {
        let patient = rosa(&desk).await;
        let client = desk.client("patients:write privacy:manage tickets:read").await;
        let way = "/api/v1/privacy-requests";
        let body = |kind: &str, day: &str| json!({ "patient_id": patient.uuid(), "kind": kind, "received_on": day });
        for (kind, day) in [("copy", "2026-03-03"), ("copy", "2025-01-01"), ("copy", "yesterday"), ("copy", "")] {
            client.post(way, &body(kind, day)).await.expect(422);
        }
        client.post(way, &body("everything", "2026-03-01")).await.expect(422);
        let mut long = body("copy", "2026-03-01");
        long["words"] = json!("x".repeat(2001));
        client.post(way, &long).await.expect(422);
        let mut with = body("copy", "2026-03-01");
        with["ticket_number"] = json!(99_999);
        client.post(way, &with).await.expect(422);
        let stranger = json!({ "patient_id": "01890000-0000-7000-8000-000000000000", "kind": "copy", "received_on": "2026-03-01" });
        client.post(way, &stranger).await.expect(404);

        let ticket = desk.ticket("rosa@patient.example", "My records", "Please send me a copy.").await;
        let number = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.number;
        with["ticket_number"] = json!(number);
        let made = client.post(way, &with).await.expect(201).json();
        let one = client.get(&format!("{way}/{}", made["id"].as_str().unwrap())).await.expect(200).json();
        assert_eq!((one["ticket_number"].as_i64(), one["level"].as_str()), (Some(number), Some("l0")));
        assert_eq!((one["state"].as_str(), one["overdue"].as_bool()), (Some("open"), Some(false)));
        let list = client.get(&format!("{way}?limit=1")).await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        client.get(&format!("{way}?cursor=x")).await.expect(400);
        desk.client("patients:write").await.get(way).await.expect(403);
        desk.client("privacy:manage").await.post(way, &body("copy", "2026-03-01")).await.expect(403);
    }

    async fn of_a_hidden_patient_nothing_is_opened_by_whoever_may_not_see_them(desk: Desk) {
        let patient = rosa(&desk).await;
        let version = patients::patient(&desk.app, &desk.system(), patient).await.unwrap().version;
        patients::label_patient(&desk.app, &desk.system(), patient, version, Labels::NONE.with(Label::Vip)).await.unwrap();
        let new = NewRequest { patient, kind: Kind::Copy, received_on: TODAY, ticket: None, words: String::new() };
        let done = requests::open_request(&desk.app, &desk.ctx(Role::Agent), new).await;
        assert!(matches!(done, Err(DeskError::Restricted { .. })));
        assert!(requests::list(&desk.app, &desk.system(), Which::Open, None, 10).await.unwrap().is_empty());
    }

    async fn a_copy_holds_all_of_it_and_is_handed_out_with_a_fresh_proof(desk: Desk) {
        let patient = rosa(&desk).await;
        let seen_now = patients::patient(&desk.app, &desk.system(), patient).await.unwrap();
        let spanish = NewPatient {
            name: seen_now.name,
            birth_date: seen_now.birth_date,
            mrn: seen_now.mrn,
            locale: Some(bedside_web::Locale::Es),
            secure_link: false,
        };
        patients::change_patient(&desk.app, &desk.system(), patient, seen_now.version, spanish).await.unwrap();
        let client = desk.client(&Permissions::ALL.codes()).await;
        let ticket = desk.ticket("rosa@patient.example", "Vermilion", "The marmalade is <b>gone</b>.").await;
        let way = format!("/api/v1/tickets/{ticket}");
        let (kind, body) = multipart::form(&[], &[("file", "scan one.txt", "text/plain", b"jacanascan")]);
        let file = client
            .request(Method::POST, "/api/v1/attachments", &[("content-type", kind.as_str())], Body::from(body))
            .await.expect(201).json();
        client.post(&format!("{way}/notes"), &json!({ "body": "quailnote", "attachments": [file["id"]] })).await.expect(201);
        client.post(&format!("{way}/messages"), &json!({ "body": "heronreply" })).await.expect(201);
        desk.ticket("other@patient.example", "Of somebody else", "kinglet").await;
        // Somebody wrote for her who is a patient too by now.
        let his = desk.ticket("hugo@patient.example", "For Rosa", "And my own bullfinch results?").await;
        let contact = tickets::view(&desk.app, &desk.system(), his).await.unwrap().ticket.contact;
        let husband = NewPatient { name: "Hugo Quillfeather".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let husband = patients::create_patient(&desk.app, &desk.system(), husband, Vec::new()).await.unwrap();
        for stands_for in [patient, husband] {
            tickets::link_contact(&desk.app, &desk.system(), contact, Some(stands_for)).await.unwrap();
        }
        assert_eq!(tickets::view(&desk.app, &desk.system(), his).await.unwrap().ticket.patient, Some(patient));
        given_and_said(&desk, patient).await;

        let (privacy, boss) = (desk.ctx(Role::Compliance), desk.ctx(Role::Administrator));
        let browser = desk.browser(Role::Administrator).await;
        let mut archives = Vec::new();
        for with_notes in [true, false] {
            let id = ask(&desk, patient, Kind::Copy).await;
            let page = format!("/privacy/{id}");
            assert_eq!(refused(copies::begin(&desk.app, &boss, id, 1).await), "not_granted");
            requests::approve(&desk.app, &privacy, id, 1).await.unwrap();
            let granted = Said { with_notes, ..said(Decision::Granted, "") };
            requests::decide(&desk.app, &boss, id, 2, granted).await.unwrap();
            browser.submit(&page, &format!("{page}/copy"), &[("version", "3")]).await.expect(303);
            assert!(browser.get(&page).await.expect(200).text().contains("It is being made"));
            jobs::drain(&desk.app).await.unwrap();
            let copy = copies::of_request(&desk.app, &boss, id).await.unwrap().remove(0);
            let Made::Ready { size, .. } = copy.made else { panic!("{copy:?}") };
            let place = format!("{page}/copy/{}", copy.id);
            assert!(browser.get(&page).await.text().contains(&place));
            let answer = browser.get(&place).await.expect(200);
            assert_eq!((answer.header("content-type"), answer.body.len()), (Some("application/octet-stream"), usize::try_from(size).unwrap()));
            assert!(answer.header("content-disposition").unwrap().contains("attachment"));
            archives.push((id, place, answer.body.clone()));
        }
        let (id, place, archive) = archives.remove(0);
        // Nothing in it is compressed, so that its words stand there.
        let text = String::from_utf8_lossy(&archive);
        for word in [
            "Lo que guardamos sobre usted", "Rosa Quillfeather", "1961-02-03", "RQ-77", "rosa@patient.example", "Vermilion",
            "The marmalade is &#60;b&#62;gone&#60;/b&#62;.", "quailnote", "heronreply", "jacanascan", "-scan one.txt",
            "\"resourceType\": \"Bundle\"", "\"resourceType\": \"RelatedPerson\"", "\"resourceType\": \"Communication\"",
            "\"resourceType\": \"DocumentReference\"", "\"resourceType\": \"Provenance\"", "The marmalade is <b>gone</b>.",
            "\"resourceType\": \"Consent\"", "\"resourceType\": \"Task\"", "\"resourceType\": \"AuditEvent\"",
            "\"name\": \"Grackle Court, 1 Hill Road\"", "Grackle Court, 1 Hill Road, The visit of May, Order 7", "Quién recibió",
        ] {
            assert!(text.contains(word), "{word}");
        }
        assert!(!text.contains("kinglet") && !text.contains("bullfinch") && !text.contains("Hugo"));
        assert!(text.contains("Esto lo escribió otra persona.") && text.contains("\"display\": \"another person\""));
        let without = String::from_utf8_lossy(&archives[0].2).into_owned();
        assert!(without.contains("heronreply") && !without.contains("quailnote") && !without.contains("jacanascan"));
        let log = audit_log::list(&desk.app, &desk.system(), None, 100).await.unwrap();
        assert_eq!(log.iter().filter(|one| one.action == "privacy.download" && one.outcome == "ok").count(), 2);

        // Of another request it is none; for whoever may not see the patient it stays shut; an old proof opens nothing.
        let other = archives[0].0;
        browser.get(&place.replace(&id.to_string(), &other.to_string())).await.expect(404);
        let version = patients::patient(&desk.app, &desk.system(), patient).await.unwrap().version;
        patients::label_patient(&desk.app, &desk.system(), patient, version, Labels::NONE.with(Label::Vip)).await.unwrap();
        desk.browser(Role::Compliance).await.get(&place).await.expect(403);
        desk.browser(Role::Agent).await.get(&place).await.expect(403);
        desk.clock.advance(PROOF_SECONDS);
        assert_ne!(browser.get(&place).await.status, 200);
        desk.clock.advance(KEEP);
        desk.browser(Role::Administrator).await.get(&place).await.expect(404);
        copies::forget(&desk.app).await.unwrap();
        assert!(copies::of_request(&desk.app, &boss, id).await.unwrap().is_empty());
    }
}
