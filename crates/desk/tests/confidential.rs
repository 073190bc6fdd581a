//! Confidential communications: a patient is reached in the one way they asked for, wherever the desk writes to somebody, and
//! whoever works with them reads which one that is.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::ids::{ContactId, PatientId, TicketId};
use bedside_desk::jobs;
use bedside_desk::patients::{self, ContactPatch, Ground, NewContact, NewPatient, PointKind};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, NewWay, Said};
use bedside_desk::tickets::{self, Reply};
use common::granted::{by_way, reached};
use common::sink::{Sent, Sink, sink};
use common::{Desk, Role, both_engines};

const HOME: &str = "home@rosa.test";
const WORK: &str = "work@rosa.test";
const LATER: &str = "later@rosa.test";
const PHONE: &str = "+1 312 555 0193";
const PLACE: &str = "Box 7734\nZebrafinch Lane";

async fn patient(desk: &Desk) -> PatientId {
    let new = NewPatient {
        name: "Rosa Zebrafinch".to_owned(),
        birth_date: None,
        mrn: Some("RZ-1".to_owned()),
        locale: None,
        secure_link: false,
    };
    let points = vec![
        (PointKind::Email, HOME.to_owned()),
        (PointKind::Email, WORK.to_owned()),
        (PointKind::Phone, PHONE.to_owned()),
    ];
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

/// What went out to the patient, undo windows over.
async fn sent(desk: &Desk, sink: &Sink) -> Vec<Sent> {
    jobs::drain(&desk.app).await.unwrap();
    desk.clock.advance(30);
    jobs::drain(&desk.app).await.unwrap();
    let mut sent = sink.take();
    // Colleagues hear of some of it too.
    sent.retain(|mail| mail.to.iter().any(|to| to.contains("@rosa.test")));
    sent
}

fn to(mails: &[Sent]) -> Vec<&str> {
    let all = mails.iter().flat_map(|mail| mail.to.iter());
    all.map(|to| to.trim_matches(['<', '>'])).collect()
}

async fn answer(desk: &Desk, ticket: TicketId) {
    let reply = Reply::new("We are open until six.");
    tickets::reply(&desk.app, &desk.ctx(Role::Agent), ticket, reply)
        .await
        .unwrap();
}

async fn asked(desk: &Desk, patient: PatientId, kind: Kind) -> bedside_desk::ids::PrivacyRequestId {
    let new = NewRequest {
        patient,
        kind,
        received_on: jiff::civil::date(2026, 3, 2),
        ticket: None,
        words: String::new(),
    };
    requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap()
}

fn said(decision: Decision, reason: &str) -> Said {
    Said {
        decision,
        reason: reason.to_owned(),
        note: String::new(),
        with_notes: false,
    }
}

async fn contact_of(desk: &Desk, ticket: TicketId) -> (ContactId, i64) {
    let view = tickets::view(&desk.app, &desk.system(), ticket)
        .await
        .unwrap();
    (view.contact.id, view.contact.version)
}

both_engines! {
    async fn what_is_written_goes_to_the_chosen_address_alone(desk: Desk) {
        let sink = sink(&desk).await;
        let rosa = patient(&desk).await;
        let ticket = desk.ticket(HOME, "Hours", "When are you open?").await;
        sent(&desk, &sink).await;
        answer(&desk, ticket).await;
        let before = sent(&desk, &sink).await;
        let (first, other) = if to(&before) == [HOME] { (HOME, WORK) } else { (WORK, HOME) };
        assert_eq!(to(&before), [first]);
        // What waits for the end of its undo window when the way is chosen goes nowhere.
        answer(&desk, ticket).await;
        reached(&desk, rosa, &other[..4], "").await;
        assert!(sent(&desk, &sink).await.is_empty());
        // Answers go there, and what says that a request came in: wherever it was written from.
        answer(&desk, ticket).await;
        desk.clock.advance(2 * 24 * 3600);
        desk.ticket(first, "One more", "And on Sundays?").await;
        let after = sent(&desk, &sink).await;
        assert!(after.len() > 1 && to(&after).iter().all(|to| *to == other), "{:?}", to(&after));
        // In any way again.
        reached(&desk, rosa, "any", "").await;
        answer(&desk, ticket).await;
        assert_eq!(to(&sent(&desk, &sink).await), [first]);
        desk.audit_is_whole().await;
    }

    async fn by_telephone_or_post_no_mail_goes(desk: Desk) {
        let sink = sink(&desk).await;
        let rosa = patient(&desk).await;
        let ticket = desk.ticket(HOME, "Hours", "When are you open?").await;
        sent(&desk, &sink).await;
        for (way, post, words) in [("phone", "", "Only by: telephone"), ("post", PLACE, "Only by: post to Box 7734")] {
            reached(&desk, rosa, way, post).await;
            answer(&desk, ticket).await;
            desk.clock.advance(2 * 24 * 3600);
            desk.ticket(HOME, "One more", "And on Sundays?").await;
            assert!(sent(&desk, &sink).await.is_empty(), "{way}");
            let number = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.number;
            let agent = desk.browser(Role::Agent).await;
            for page in [format!("/patients/{rosa}"), format!("/tickets/{number}")] {
                let page = agent.get(&page).await.expect(200).text();
                assert!(page.contains(words), "{words} in {page}");
                // Beside each address stands that it is not to be used.
                assert!(page.contains("not to be used"), "{page}");
            }
        }
    }

    async fn the_choice_follows_its_address_and_nothing_goes_where_it_is_gone(desk: Desk) {
        let sink = sink(&desk).await;
        let rosa = patient(&desk).await;
        let ticket = desk.ticket(HOME, "Hours", "When are you open?").await;
        reached(&desk, rosa, "work", "").await;
        sent(&desk, &sink).await;
        let change = async |add: Vec<(PointKind, String)>, remove: &str| {
            let (contact, version) = contact_of(&desk, ticket).await;
            let patch = ContactPatch {
                add,
                remove: vec![(PointKind::Email, remove.to_owned())],
                ground: Some(Ground { conversation: ticket, words: Some("She stands here.".to_owned()) }),
                ..ContactPatch::default()
            };
            patients::change_contact(&desk.app, &desk.ctx(Role::Agent), contact, version, patch).await.unwrap();
        };
        change(vec![(PointKind::Email, LATER.to_owned())], WORK).await;
        // The address that was the only one hears of it, and no other does.
        assert_eq!(to(&sent(&desk, &sink).await), [WORK]);
        answer(&desk, ticket).await;
        assert_eq!(to(&sent(&desk, &sink).await), [LATER]);
        change(Vec::new(), LATER).await;
        sent(&desk, &sink).await;
        answer(&desk, ticket).await;
        assert!(sent(&desk, &sink).await.is_empty());
        let page = desk.browser(Role::Agent).await.get(&format!("/patients/{rosa}")).await.expect(200).text();
        assert!(page.contains("on file no more"), "{page}");
    }

    async fn whoever_decides_chooses_the_way_and_ends_it_with_a_reason(desk: Desk) {
        let rosa = patient(&desk).await;
        let (app, boss) = (&desk.app, desk.ctx(Role::Administrator));
        let id = asked(&desk, rosa, Kind::Communications).await;
        // Nothing is granted without a way, and a way is one of those that are there.
        let grant = async |choice: &str, post: &str| {
            let way = NewWay { choice: choice.to_owned(), post: post.to_owned() };
            requests::decide_on(app, &boss, id, 1, (said(Decision::Granted, ""), by_way(way))).await.unwrap_err().code()
        };
        let without = requests::decide(app, &boss, id, 1, said(Decision::Granted, "")).await.unwrap_err();
        assert_eq!(without.code(), grant("", "").await);
        for (choice, post) in [("", ""), ("0123", ""), ("post", " "), ("post", &*"x".repeat(501))] {
            grant(choice, post).await;
        }
        assert!(patients::patient(app, &boss, rosa).await.unwrap().only_by.is_none());
        let browser = desk.browser(Role::Administrator).await;
        let here = format!("/privacy/{id}");
        let page = browser.get(&here).await.expect(200).text();
        assert!(page.contains("Email to ") && page.contains("Letters to the postal address") && !page.contains("name=\"why\""), "{page}");
        let wrong = [("version", "1"), ("decision", "granted"), ("way", "post"), ("post", "")];
        let page = browser.submit(&here, &format!("{here}/decide"), &wrong).await.expect(422).text();
        assert!(page.contains("Please write the postal address."), "{page}");
        let right = [("version", "1"), ("decision", "granted"), ("way", "post"), ("post", PLACE)];
        browser.submit(&here, &format!("{here}/decide"), &right).await.expect(303);
        let only = patients::patient(app, &boss, rosa).await.unwrap().only_by.unwrap();
        assert_eq!(only.address.as_deref(), Some(PLACE));
        let api = desk.client("patients:read fields:contact").await;
        let told = api.get(&format!("/api/v1/patients/{rosa}")).await.expect(200).json();
        assert_eq!(told["only_by"]["by"], "post");
        assert_eq!(told["only_by"]["address"], PLACE);
        assert_eq!(told["contacts"][0]["addresses"][0]["barred"], true);
        let masked = desk.client("patients:read").await.get(&format!("/api/v1/patients/{rosa}")).await.expect(200).text();
        assert!(masked.contains("only_by") && !masked.contains("Box 7734"), "{masked}");
        // It ends with a reason, once.
        let end = async |version: &str, why: &str| browser.submit(&here, &format!("{here}/way-end"), &[("version", version), ("why", why)]).await;
        let page = end("2", " ").await.expect(422).text();
        assert!(page.contains("Please say why it ends."), "{page}");
        end("1", "She asked us to.").await.expect(412);
        end("2", "She asked us to.").await.expect(303);
        end("4", "She asked us to.").await.expect(412);
        assert!(patients::patient(app, &boss, rosa).await.unwrap().only_by.is_none());
        let page = browser.get(&here).await.expect(200).text();
        assert!(page.contains("She asked us to.") && page.contains("What was chosen here was ended by"), "{page}");
        // Whoever doesn't decide such requests ends nothing, and nothing of it stands in the log.
        let agent = desk.browser(Role::Agent).await;
        agent.get(&here).await.expect(403);
        let log = bedside_desk::audit_log::list(app, &desk.system(), None, 200).await.unwrap();
        for action in ["privacy.way", "privacy.way_end"] {
            assert!(log.iter().any(|entry| entry.action == action), "{action}");
        }
        assert!(log.iter().all(|entry| !entry.detail.contains("Box") && !entry.detail.contains("asked us")));
        desk.audit_is_whole().await;
    }

    async fn another_request_takes_its_place_and_a_refusal_changes_nothing(desk: Desk) {
        let rosa = patient(&desk).await;
        let (app, boss) = (&desk.app, desk.ctx(Role::Administrator));
        let first = reached(&desk, rosa, "home", "").await;
        let refused = asked(&desk, rosa, Kind::Communications).await;
        // What the law names for restrictions is no reason here.
        let wrong = requests::decide(app, &boss, refused, 1, said(Decision::Refused, "not_required")).await;
        assert!(wrong.is_err());
        requests::decide(app, &boss, refused, 1, said(Decision::Refused, "no_address")).await.unwrap();
        let shown = async || patients::patient(app, &boss, rosa).await.unwrap().only_by.unwrap().address;
        assert!(shown().await.unwrap().starts_with('h'));
        reached(&desk, rosa, "work", "").await;
        assert!(shown().await.unwrap().starts_with('w'));
        // The first one's choice is over: its page says so, and ends nothing any more.
        let view = requests::request(app, &boss, first).await.unwrap();
        let ways = requests::ways_of(app, &boss, &view).await.unwrap().unwrap();
        assert!(!ways.is_ours && ways.ended.is_some_and(|one| one.why.is_none()));
        let over = requests::end_way(app, &boss, (first, view.request.version), "Over.").await;
        assert_eq!(over.unwrap_err().code(), "no_way");
        // Another kind of request chooses nothing.
        let other = asked(&desk, rosa, Kind::Complaint).await;
        let way = NewWay { choice: "any".to_owned(), post: String::new() };
        requests::decide_on(app, &boss, other, 1, (said(Decision::Granted, ""), by_way(way))).await.unwrap();
        assert!(shown().await.unwrap().starts_with('w'));
    }

    async fn the_chosen_address_may_stand_with_another_contact(desk: Desk) {
        let sink = sink(&desk).await;
        let rosa = patient(&desk).await;
        let new = NewContact {
            name: None,
            locale: None,
            secure_link: false,
            patient: Some(rosa),
            points: vec![(PointKind::Email, LATER.to_owned())],
            who: Some(patients::Who::Themself),
            ground: None,
        };
        patients::create_contact(&desk.app, &desk.system(), new).await.unwrap();
        let ticket = desk.ticket(HOME, "Hours", "When are you open?").await;
        sent(&desk, &sink).await;
        reached(&desk, rosa, "later", "").await;
        // What she wrote from her other address is answered there.
        answer(&desk, ticket).await;
        desk.clock.advance(2 * 24 * 3600);
        desk.ticket(HOME, "One more", "And on Sundays?").await;
        let after = sent(&desk, &sink).await;
        assert!(after.len() > 1 && to(&after).iter().all(|to| *to == LATER), "{:?}", to(&after));
        let number = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.number;
        let page = desk.browser(Role::Agent).await.get(&format!("/tickets/{number}")).await.expect(200).text();
        assert!(!page.contains("Your answer stays here"), "{page}");
        // Once it is on file no more, nothing goes anywhere.
        let contact = patients::contact_of_address(&desk.app, desk.organisation, LATER).await.unwrap().unwrap();
        let patch = ContactPatch {
            remove: vec![(PointKind::Email, LATER.to_owned())],
            ground: Some(Ground { conversation: ticket, words: Some("She stands here.".to_owned()) }),
            ..ContactPatch::default()
        };
        patients::change_contact(&desk.app, &desk.ctx(Role::Agent), contact, 1, patch).await.unwrap();
        sent(&desk, &sink).await;
        answer(&desk, ticket).await;
        assert!(sent(&desk, &sink).await.is_empty());
        desk.audit_is_whole().await;
    }

    async fn what_waits_goes_nowhere_else_and_the_warning_where_it_is_read(desk: Desk) {
        let sink = sink(&desk).await;
        let rosa = patient(&desk).await;
        // Queued, and not sent yet: that a request came in, and where to call at once.
        desk.ticket(HOME, "Hours", "When are you open?").await;
        reached(&desk, rosa, "work", "").await;
        assert!(sent(&desk, &sink).await.is_empty());
        reached(&desk, rosa, "any", "").await;
        desk.clock.advance(2 * 24 * 3600);
        desk.ticket(HOME, "Help", "I want to kill myself tonight. I have the pills here.").await;
        reached(&desk, rosa, "work", "").await;
        let after = sent(&desk, &sink).await;
        assert!(!after.is_empty() && to(&after).iter().all(|to| *to == WORK), "{:?}", to(&after));
    }
}
