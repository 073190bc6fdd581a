//! Who has seen a patient's data: a line for each person and day, for whoever watches over privacy and for the patient.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::admin::ACTIONS;
use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::seen::{self, Account, Deed, Who};
use bedside_desk::records::{Label, Labels};
use bedside_desk::{audit_log, search, tickets};
use common::{Desk, Role, both_engines, form};

const NAME: &str = "Zenobia Quillfeather";
const ADDRESS: &str = "zenobia@patient.example";

struct Seen {
    patient: PatientId,
    ticket: TicketId,
    number: i64,
}

async fn patient(desk: &Desk) -> Seen {
    let (app, ctx) = (&desk.app, desk.system());
    let new = NewPatient {
        name: NAME.to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: Some("ZQ-77".to_owned()),
        locale: Some(bedside_web::Locale::Es),
        secure_link: false,
    };
    let points = vec![(PointKind::Email, ADDRESS.to_owned())];
    let patient = patients::create_patient(app, &ctx, new, points)
        .await
        .unwrap();
    let ticket = desk
        .ticket(
            ADDRESS,
            "Marmalade biopsy",
            "The vermilion ward never called.",
        )
        .await;
    let view = tickets::view(app, &ctx, ticket).await.unwrap();
    Seen {
        patient,
        ticket,
        number: view.ticket.number,
    }
}

async fn account(desk: &Desk, seen: &Seen) -> Account {
    let ctx = desk.ctx(Role::Compliance);
    seen::account(&desk.app, &ctx, seen.patient, None, seen::PAGE)
        .await
        .unwrap()
}

/// What the account tells of somebody today.
fn of(account: &Account, who: Who) -> Vec<Deed> {
    let mut lines = account.visits.iter().filter(|visit| visit.who == who);
    let line = lines.next();
    assert!(lines.next().is_none(), "one line a day");
    line.map(|line| line.deeds.iter().copied().collect())
        .unwrap_or_default()
}

/// The lines of the account on a page.
fn rows(page: &str) -> usize {
    page.matches("<li class=\"settings-row\">").count()
}

both_engines! {
    async fn a_whole_visit_is_one_line_of_the_account(desk: Desk) {
        let seen = patient(&desk).await;
        let other = desk.ticket("other@patient.example", "Other", "Not hers.").await;
        let nurse = desk.browser(Role::Nurse).await;
        let ticket = format!("/tickets/{}", seen.number);
        for page in [&ticket, &ticket, &format!("/patients/{}", seen.patient), &format!("/tickets/{other}")] {
            nurse.get(page).await.expect(200);
        }
        tickets::note(&desk.app, &desk.ctx(Role::Nurse), seen.ticket, "Called her back.".to_owned(), Vec::new()).await.unwrap();
        let told = account(&desk, &seen).await;
        assert_eq!(told.name, NAME);
        assert_eq!(of(&told, Who::Staff(desk.id_of(Role::Nurse))), [Deed::Details, Deed::Requests, Deed::Wrote]);
        let line = &told.visits.iter().find(|visit| visit.who == Who::Staff(desk.id_of(Role::Nurse))).unwrap();
        assert!(line.entries > 4, "{}", line.entries);
        assert_eq!(line.requests.iter().copied().collect::<Vec<_>>(), [seen.number], "and of nobody else's");
        assert_eq!(of(&told, Who::Staff(desk.id_of(Role::Agent))), []);

        let officer = desk.browser(Role::Compliance).await;
        let page = officer.get(&format!("/privacy/seen/{}", seen.patient)).await.expect(200).text();
        assert!(page.contains(NAME) && page.contains("Nia Nurse") && page.contains(&format!("#{}", seen.number)));
        // The nurse's line, and that of whoever asks.
        assert_eq!(rows(&page), 2, "{page}");
        assert!(page.contains(&format!("/audit?actor={}&#38;from=2026-03-02&#38;until=2026-03-02", desk.id_of(Role::Nurse))), "{page}");
    }

    async fn whoever_was_found_is_told_of_the_search_and_whoever_asks_stands_there_too(desk: Desk) {
        let seen = patient(&desk).await;
        desk.ticket("other@patient.example", "Marzipan", "Another one.").await;
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let agent = desk.browser(Role::Agent).await;
        agent.submit("/search", "/search", &[("q", "marzipan")]).await.expect(200);
        assert_eq!(of(&account(&desk, &seen).await, Who::Staff(desk.id_of(Role::Agent))), []);
        agent.submit("/search", "/search", &[("q", "marmalade")]).await.expect(200);
        agent.submit("/patients", "/patients", &[("mrn", "ZQ-77")]).await.expect(200);
        desk.client("tickets:read patients:read").await.get(&format!("/api/v1/tickets/{}", seen.ticket)).await.expect(200);
        let told = account(&desk, &seen).await;
        assert_eq!(of(&told, Who::Staff(desk.id_of(Role::Agent))), [Deed::Found]);
        assert_eq!(of(&told, Who::Staff(desk.id_of(Role::Compliance))), [Deed::Reviewed]);
        let partner = told.visits.iter().find(|visit| matches!(visit.who, Who::Partner(_))).unwrap();
        assert!(partner.deeds.contains(&Deed::Requests));
        // What the desk does by itself looks at nothing.
        assert_eq!(told.visits.len(), 3);
    }

    async fn only_whoever_watches_over_privacy_may_ask_and_labels_keep_nothing_from_them(desk: Desk) {
        let seen = patient(&desk).await;
        let version = patients::patient(&desk.app, &desk.system(), seen.patient).await.unwrap().version;
        patients::label_patient(&desk.app, &desk.system(), seen.patient, version, Labels::NONE.with(Label::Vip)).await.unwrap();
        let (agent, officer) = (desk.browser(Role::Agent).await, desk.browser(Role::Compliance).await);
        let ticket = format!("/tickets/{}", seen.number);
        agent.get(&ticket).await.expect(403);
        for way in ["/privacy/looks", "/privacy/seen", &format!("/privacy/seen/{}", seen.patient), &format!("/privacy/seen/{}/letter", seen.patient)] {
            agent.get(way).await.expect(403);
        }
        let found = officer.submit("/privacy/seen", "/privacy/seen", &[("email", ADDRESS)]).await.expect(200).text();
        assert!(found.contains(NAME) && found.contains(&format!("/privacy/seen/{}", seen.patient)));
        let nobody = officer.submit("/privacy/seen", "/privacy/seen", &[("name", NAME), ("birth_date", "1961-02-04")]).await.expect(200).text();
        assert!(!nobody.contains(&seen.patient.to_string()));
        officer.get(&format!("/patients/{}", seen.patient)).await.expect(403);
        let page = officer.get(&format!("/privacy/seen/{}", seen.patient)).await.expect(200).text();
        assert!(page.contains("Was refused") && page.contains("Ana Agent"), "{page}");
        let log = audit_log::list(&desk.app, &desk.system(), None, 5).await.unwrap();
        assert!(log.iter().any(|entry| entry.action == "privacy.seen" && entry.object_id == seen.patient.to_string()));
        // What is asked for wrongly is no defect.
        officer.get(&format!("/privacy/seen/{}?before=soon", seen.patient)).await.expect(422);
        officer.get("/privacy/seen/nobody").await.expect(400);
        officer.get(&format!("/privacy/seen/{}", seen.ticket)).await.expect(404);
        let last = officer.get(&format!("/privacy/seen/{}?before=0", seen.patient)).await.expect(200).text();
        assert!(last.contains("Nobody has looked"));
    }

    async fn a_page_holds_whole_days_and_the_next_goes_on_without_a_gap(desk: Desk) {
        let seen = patient(&desk).await;
        let nurse = desk.ctx(Role::Nurse);
        for _ in 0..4 {
            for _ in 0..3 {
                tickets::view(&desk.app, &nurse, seen.ticket).await.unwrap();
            }
            desk.clock.advance(24 * 3600);
        }
        let ctx = desk.ctx(Role::Compliance);
        let (mut before, mut pages, mut days) = (None, 0, Vec::new());
        loop {
            let page = seen::account(&desk.app, &ctx, seen.patient, before, 4).await.unwrap();
            let nurses = page.visits.iter().filter(|visit| visit.who == Who::Staff(desk.id_of(Role::Nurse)));
            days.extend(nurses.map(|visit| (visit.day, visit.entries)));
            pages += 1;
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert!(pages > 2, "{pages}");
        let entries: Vec<_> = days.iter().map(|(_, entries)| *entries).collect();
        assert_eq!(days.len(), 4, "each day once: {days:?}");
        assert!(entries.iter().all(|count| *count == entries[0] && *count >= 3), "{days:?}");
        assert!(days.is_sorted_by(|a, b| a.0 > b.0), "{days:?}");
    }

    async fn the_patient_reads_it_in_their_language_with_names_as_the_clinic_has_decided(desk: Desk) {
        let seen = patient(&desk).await;
        tickets::view(&desk.app, &desk.ctx(Role::Nurse), seen.ticket).await.unwrap();
        let (officer, admin) = (desk.browser(Role::Compliance).await, desk.browser(Role::Administrator).await);
        let way = format!("/privacy/seen/{}/letter", seen.patient);
        let letter = officer.get(&way).await.expect(200).text();
        let letter = letter.split("<article").nth(1).unwrap();
        assert!(letter.contains("lang=\"es\"") && letter.contains("Quién ha visto sus datos") && letter.contains("Enfermería"), "{letter}");
        assert!(!letter.contains("Nia"), "{letter}");
        let english = async || officer.get(&format!("{way}?language=en")).await.expect(200).text();
        assert!(english().await.contains("Read your messages to us"));
        for (names, shown, hidden) in [("first", "Nia", "Nia Nurse"), ("full", "Nia Nurse", ">Our team<")] {
            form::fill(&admin, "/settings/privacy", "/settings/privacy", &[("names", names)]).await.expect(303);
            let letter = english().await;
            assert!(letter.contains(shown) && !letter.contains(hidden), "{names}: {letter}");
        }
        form::fill(&admin, "/settings/privacy", "/settings/privacy", &[("names", "none")]).await.expect(422);
        desk.browser(Role::Supervisor).await.post("/settings/privacy", &[("names", "full")]).await.expect(403);
    }
}

#[test]
fn whatever_only_looks_is_told_as_a_look() {
    let only_looks = |action: &&&str| {
        let act = action.split('.').next_back();
        act.is_some_and(|act| act == "read" || act == "list")
    };
    let looks = ACTIONS.iter().filter(only_looks);
    for action in looks {
        assert_ne!(Deed::of(action, "ok"), Deed::Changed, "{action}");
    }
}
