//! Records of substance use treatment (42 CFR Part 2): what is given out of them, with which notice, and requests that carry
//! the label by themselves.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::error::DeskError;
use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::consents::{self, Decision, NewConsent, Purpose, Source};
use bedside_desk::privacy::disclosures::{self, Ground};
use bedside_desk::records::{Label, Labels};
use bedside_desk::tickets::{self, NewTicket, Reply, labels};
use bedside_language::Channel;
use bedside_web::Locale;
use common::{Answer, Browser, Desk, Role, both_engines};

const COURT: &str = "Vermilion County Court";
const SHORT: &str = "42 CFR part 2 prohibits unauthorized use or disclosure";
const WHOLE: &str = "in any civil, criminal, administrative, or legislative proceedings";
const ORDER: &str = "need a court order under 42 CFR";
const GROUND: &str = "Say what lets it be given out";
const CONSENT: &str = "No yes of the patient stands for this recipient";

async fn add(desk: &Desk, name: &str, address: Option<&str>) -> PatientId {
    let new = NewPatient {
        name: name.to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = address.map(|address| (PointKind::Email, address.to_owned()));
    let points = points.into_iter().collect();
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

async fn label(desk: &Desk, patient: PatientId) {
    let (app, ctx) = (&desk.app, desk.system());
    let version = patients::patient(app, &ctx, patient).await.unwrap().version;
    let part2 = Labels::NONE.with(Label::Part2);
    patients::label_patient(app, &ctx, patient, version, part2)
        .await
        .unwrap();
}

async fn say(desk: &Desk, patient: PatientId, purpose: Purpose, decision: Decision, party: &str) {
    let new = NewConsent {
        purpose: Some(purpose),
        channel: None,
        decision,
        address: None,
        party: (!party.is_empty()).then(|| party.to_owned()),
        text: "May we give it to them?".to_owned(),
        locale: Locale::En,
        source: Source::Agent,
    };
    consents::record(&desk.app, &desk.system(), patient, new)
        .await
        .unwrap();
}

async fn give(browser: &Browser, here: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("day", "2026-02-27"),
        ("recipient", COURT),
        ("what", "The visit of May"),
        ("purpose", "Order 7"),
    ];
    fields.extend_from_slice(more);
    browser.submit(here, here, &fields).await
}

async fn number(desk: &Desk, ticket: TicketId) -> i64 {
    let view = tickets::view(&desk.app, &desk.system(), ticket).await;
    view.unwrap().ticket.number
}

async fn newest_words(desk: &Desk, ticket: TicketId) -> String {
    let view = tickets::view(&desk.app, &desk.system(), ticket).await;
    view.unwrap().messages.last().unwrap().body.clone()
}

both_engines! {
    async fn a_court_gets_nothing_without_an_order_and_nobody_anything_without_a_ground(desk: Desk) {
        let patient = add(&desk, "Zenobia Quillfeather", None).await;
        label(&desk, patient).await;
        let officer = desk.browser(Role::Compliance).await;
        let here = format!("/privacy/disclosures/{patient}");
        let page = officer.get(&here).await.expect(200).text();
        assert!(page.contains(WHOLE) && page.contains("name=\"part2\""), "{page}");
        for (basis, ground, says) in [
            ("court", "", ORDER), ("court", "consent", ORDER), ("court", "crime", ORDER), ("police", "emergency", ORDER),
            ("oversight", "", GROUND), ("law", "subpoena", GROUND), ("other", "consent", CONSENT),
        ] {
            let page = give(&officer, &here, &[("basis", basis), ("part2", ground)]).await.expect(422).text();
            assert!(page.contains(says) && page.contains("href=\"#part2\""), "{basis} {ground}: {page}");
        }
        for (basis, ground) in [("court", "court_order"), ("oversight", "audit"), ("mistake", "")] {
            give(&officer, &here, &[("basis", basis), ("part2", ground)]).await.expect(303);
        }
        let accounting = disclosures::accounting(&desk.app, &desk.ctx(Role::Compliance), patient).await.unwrap();
        let mut kept: Vec<_> = accounting.recorded.iter().map(|one| one.part2).collect();
        kept.sort_by_key(|one| one.map(Ground::code));
        assert_eq!(kept, [None, Some(Ground::Audit), Some(Ground::CourtOrder)]);
        let letter = officer.get(&format!("{here}/letter")).await.expect(200).text();
        assert!(letter.contains(SHORT) && letter.contains("Court order under 42 CFR"), "{letter}");
        let csv = officer.get(&format!("{here}/csv")).await.expect(200).text();
        assert!(csv.contains("Audit or evaluation (2.53)"), "{csv}");
    }

    async fn the_yes_that_counts_is_the_patients_for_this_recipient(desk: Desk) {
        let patient = add(&desk, "Zenobia Quillfeather", None).await;
        label(&desk, patient).await;
        let officer = desk.browser(Role::Compliance).await;
        let here = format!("/privacy/disclosures/{patient}");
        let by_consent = [("basis", "other"), ("part2", "consent")];
        say(&desk, patient, Purpose::Sharing, Decision::Given, "Another court").await;
        give(&officer, &here, &by_consent).await.expect(422);
        say(&desk, patient, Purpose::Sharing, Decision::Given, " vermilion  county COURT").await;
        give(&officer, &here, &by_consent).await.expect(303);
        // A no for such records counts before a yes to share.
        say(&desk, patient, Purpose::Part2, Decision::Withdrawn, "").await;
        give(&officer, &here, &by_consent).await.expect(422);
        say(&desk, patient, Purpose::Part2, Decision::Given, COURT).await;
        give(&officer, &here, &by_consent).await.expect(303);
    }

    async fn of_other_records_nobody_asks_unless_the_request_is_labelled(desk: Desk) {
        let patient = add(&desk, "Zenobia Quillfeather", Some("zenobia@patient.example")).await;
        let ticket = desk.ticket("zenobia@patient.example", "Records", "Please send them.").await;
        let officer = desk.browser(Role::Compliance).await;
        let here = format!("/privacy/disclosures/{patient}");
        assert!(!officer.get(&here).await.expect(200).text().contains("name=\"part2\""));
        give(&officer, &here, &[("basis", "court")]).await.expect(303);
        labels::under_part2(&desk.app, &desk.system(), ticket, None, true).await.unwrap();
        let at = format!("#{}", number(&desk, ticket).await);
        let page = give(&officer, &here, &[("basis", "court"), ("ticket", &at)]).await.expect(422).text();
        assert!(page.contains(ORDER) && page.contains("name=\"part2\"") && page.contains(WHOLE), "{page}");
        // What was chosen there stays chosen when something else is wrong.
        let nobody = [("day", "2026-02-27"), ("recipient", ""), ("what", "The visit of May"), ("purpose", "Order 7"), ("basis", "court"), ("ticket", at.as_str()), ("part2", "court_order")];
        let page = officer.submit(&here, &here, &nobody).await.expect(422).text();
        assert!(page.contains("value=\"court_order\" selected"), "{page}");
        give(&officer, &here, &[("basis", "court"), ("ticket", &at), ("part2", "court_order")]).await.expect(303);
    }

    async fn answers_to_others_carry_the_notice_and_those_to_the_patient_do_not(desk: Desk) {
        let (app, ctx) = (&desk.app, desk.system());
        let patient = add(&desk, "Zenobia Quillfeather", Some("zenobia@patient.example")).await;
        let own = desk.ticket("zenobia@patient.example", "Records", "Please send them.").await;
        let theirs = desk.ticket("daughter@family.example", "My mother", "How is she?").await;
        let contact = tickets::view(app, &ctx, theirs).await.unwrap().contact.id;
        tickets::link_contact(app, &ctx, contact, Some(patient)).await.unwrap();
        let daughter = add(&desk, "Dora Quill", None).await;
        tickets::link_contact(app, &ctx, contact, Some(daughter)).await.unwrap();
        let admin = desk.ctx(Role::Administrator);
        let answer = async |ticket| {
            tickets::reply(app, &admin, ticket, Reply::new("All is well.")).await.unwrap();
            newest_words(&desk, ticket).await
        };
        assert_eq!(answer(theirs).await, "All is well.");
        label(&desk, patient).await;
        assert_eq!(answer(own).await, "All is well.");
        let words = answer(theirs).await;
        assert!(words.starts_with("All is well.\n\n") && words.contains(SHORT), "{words}");

        // Of whoever writes about nobody on file nothing says that they are the patient.
        let nobody = desk.ticket("nobody@example.org", "A question", "How is she?").await;
        assert_eq!(answer(nobody).await, "All is well.");
        labels::under_part2(app, &ctx, nobody, None, true).await.unwrap();
        let words = answer(nobody).await;
        assert!(words.starts_with("All is well.\n\n") && words.contains(SHORT), "{words}");
    }

    async fn a_request_of_nobody_is_kept_from_whoever_may_not_know_of_such_care(desk: Desk) {
        let (app, agent) = (&desk.app, desk.browser(Role::Agent).await);
        let ticket = desk.ticket("nobody@example.org", "Marmalade", "About my marmalade.").await;
        let page = format!("/tickets/{}", number(&desk, ticket).await);
        let to = format!("{page}/part2");
        let shown = agent.get(&page).await.expect(200).text();
        assert!(shown.contains("action=\"") && shown.contains("/part2\""), "{shown}");
        let version = async || tickets::view(app, &desk.system(), ticket).await.unwrap().ticket.version.to_string();
        let done = agent.submit(&page, &to, &[("version", &version().await), ("part2", "true")]).await.expect(303);
        assert_eq!(done.header("location"), Some("/"));
        let shut = agent.get(&page).await.expect(403).text();
        assert!(!shut.contains("Marmalade"), "{shut}");
        assert!(!agent.get("/inbox").await.expect(200).text().contains("Marmalade"));
        let refused = labels::under_part2(app, &desk.ctx(Role::Agent), ticket, None, false).await;
        assert!(matches!(refused, Err(DeskError::Restricted { patient: None, can_open: false })), "{refused:?}");

        // What goes on from it, or is split off, is about the same.
        let new = NewTicket {
            related: Some(ticket),
            ..NewTicket::new(desk.requester("nobody@example.org").await, Channel::Email, "Again", "My marmalade again.")
        };
        let again = tickets::create(app, &desk.system(), new).await.unwrap().id;
        let first = tickets::view(app, &desk.system(), again).await.unwrap().messages[0].id;
        tickets::note(app, &desk.system(), again, "Called back.".to_owned(), Vec::new()).await.unwrap();
        let part = tickets::split(app, &desk.system(), again, vec![first], "Of its own".to_owned()).await.unwrap();
        for one in [again, part] {
            agent.get(&format!("/tickets/{}", number(&desk, one).await)).await.expect(403);
        }

        // What is merged brings the label with it.
        let other = desk.ticket("nobody@example.org", "Apricot", "About my apricots.").await;
        let into = format!("/tickets/{}", number(&desk, other).await);
        agent.get(&into).await.expect(200);
        tickets::merge(app, &desk.system(), ticket, other).await.unwrap();
        agent.get(&into).await.expect(403);

        // Who may see it takes the label away.
        let admin = desk.browser(Role::Administrator).await;
        let shown = admin.get(&into).await.expect(200).text();
        assert!(shown.contains("name=\"part2\" value=\"true\" checked"), "{shown}");
        let version = tickets::view(app, &desk.system(), other).await.unwrap().ticket.version.to_string();
        admin.submit(&into, &format!("{into}/part2"), &[("version", &version)]).await.expect(303);
        agent.get(&into).await.expect(200);
    }
}
