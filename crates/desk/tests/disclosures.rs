//! The accounting of disclosures: recorded by hand, known by the desk, given to the patient.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{args, statements};
use bedside_desk::audit_log;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{ContactId, PatientId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::disclosures::{self, Accounting, Known};
use bedside_desk::privacy::{copies, requests};
use bedside_desk::records::{Group, Label, Labels, Scope};
use bedside_desk::{jobs, staff, tickets};
use common::{Browser, Desk, Role, both_engines, csrf_token};
use futures_util::FutureExt;

statements! {
    /// Says that a contact acts for a patient.
    ACTS = "INSERT INTO representatives (organisation_id, id, patient_id, contact_id, key_id, relationship, authority, scope, \
        young_agreed, starts_at, ticket_id, asked_at, state) SELECT organisation_id, $2, id, $3, key_id, 'parent', \
        'permission', $4, 0, $5, $2, $5, 'confirmed' FROM patients WHERE organisation_id = $1 AND id = $6";
    /// The record was opened for a reason.
    OPENED = "INSERT INTO openings (organisation_id, id, staff_id, patient_id, key_id, reason, words, opened_at, until) \
        SELECT organisation_id, $2, $2, id, key_id, 'danger', name, $3, $3 FROM patients WHERE organisation_id = $1 AND id = $4";
}

const NAME: &str = "Zenobia Quillfeather";
const ADDRESS: &str = "zenobia@patient.example";
const COURT: &str = "Vermilion County Court";

struct Whose {
    patient: PatientId,
    ticket: TicketId,
    number: i64,
    here: String,
}

async fn patient(desk: &Desk) -> Whose {
    let (app, ctx) = (&desk.app, desk.system());
    let new = NewPatient {
        name: NAME.to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, ADDRESS.to_owned())];
    let patient = patients::create_patient(app, &ctx, new, points)
        .await
        .unwrap();
    let ticket = desk.ticket(ADDRESS, "Records", "Please send them.").await;
    let view = tickets::view(app, &ctx, ticket).await.unwrap();
    Whose {
        patient,
        ticket,
        number: view.ticket.number,
        here: format!("/privacy/disclosures/{patient}"),
    }
}

const DAUGHTER: &str = "daughter@family.example";

/// A request about the patient by their daughter, who stands for herself by now; with her contact and her own record.
async fn of_daughter(desk: &Desk, whose: &Whose) -> (TicketId, ContactId, PatientId) {
    let (app, ctx) = (&desk.app, desk.system());
    let ticket = desk.ticket(DAUGHTER, "My mother", "How is she?").await;
    let view = tickets::view(app, &ctx, ticket).await.unwrap();
    let contact = view.contact.id;
    tickets::link_contact(app, &ctx, contact, Some(whose.patient))
        .await
        .unwrap();
    let new = NewPatient {
        name: "Dora Quill".to_owned(),
        birth_date: None,
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let own = patients::create_patient(app, &ctx, new, Vec::new())
        .await
        .unwrap();
    tickets::link_contact(app, &ctx, contact, Some(own))
        .await
        .unwrap();
    let view = tickets::view(app, &ctx, ticket).await.unwrap();
    assert_eq!(view.ticket.patient, Some(whose.patient));
    (ticket, contact, own)
}

async fn accounted(desk: &Desk, whose: &Whose) -> Accounting {
    disclosures::accounting(&desk.app, &desk.ctx(Role::Compliance), whose.patient)
        .await
        .unwrap()
}

/// What the desk knows by itself.
async fn known(desk: &Desk, whose: &Whose) -> Vec<Known> {
    let all = accounted(desk, whose).await.known;
    all.iter().map(|one| one.how).collect()
}

const FIELDS: [(&str, &str); 6] = [
    ("day", "2026-02-27"),
    ("recipient", COURT),
    ("address", "1 Marmalade Road"),
    ("what", "The visit of May"),
    ("basis", "court"),
    ("purpose", "=Order 7"),
];

async fn send(browser: &Browser, page: &str, more: &[(&str, &str)]) -> common::Answer {
    let mut fields: Vec<_> = FIELDS.to_vec();
    fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    fields.extend_from_slice(more);
    browser.submit(page, page, &fields).await
}

both_engines! {
    async fn what_was_given_out_is_recorded_and_a_mistake_is_struck_with_a_reason(desk: Desk) {
        let whose = patient(&desk).await;
        let officer = desk.browser(Role::Compliance).await;
        for (field, text, at) in [
            ("day", "", "#day"), ("day", "2026-03-03", "#day"), ("day", "2020-03-01", "#day"), ("recipient", " ", "#recipient"), ("basis", "care", "#basis"),
            ("what", &*"x".repeat(1001), "#what"), ("ticket", "999", "#ticket"), ("held_until", "soon", "#held_until"),
        ] {
            let page = send(&officer, &whose.here, &[(field, text)]).await.expect(422).text();
            assert!(page.contains(&format!("href=\"{at}\"")), "{field}: {page}");
            assert!(field == "recipient" || page.contains(COURT), "what was typed is kept");
        }
        let number = format!("#{}", whose.number);
        send(&officer, &whose.here, &[("ticket", &number)]).await.expect(303);
        let page = officer.get(&whose.here).await.expect(200).text();
        assert!(page.contains(COURT) && page.contains("The visit of May") && page.contains("recorded by Cleo Compliance"));
        let log = audit_log::list(&desk.app, &desk.system(), None, 20).await.unwrap();
        let entry = log.iter().find(|entry| entry.action == "disclosure.record").unwrap();
        assert_eq!(entry.object_id, whose.patient.to_string());
        assert!(entry.detail.contains("\"basis\":\"court\"") && !entry.detail.contains("Vermilion"));

        let one = disclosures::accounting(&desk.app, &desk.ctx(Role::Compliance), whose.patient).await.unwrap().recorded.remove(0);
        assert_eq!(one.ticket, Some(whose.number));
        let strike = format!("{}/strike/{}", whose.here, one.id);
        let unsaid = officer.submit(&whose.here, &strike, &[("why", " ")]).await.expect(422).text();
        assert!(unsaid.contains(&format!("#why-{}", one.id)));
        officer.submit(&whose.here, &strike, &[("why", "It was never sent.")]).await.expect(303);
        officer.submit("/account", &strike, &[("why", "Twice.")]).await.expect(409);
        let page = officer.get(&whose.here).await.text();
        assert!(page.contains("It was never sent.") && page.contains(COURT), "it stays");
        // Of another patient there is no such disclosure.
        let elsewhere = format!("/privacy/disclosures/{}/strike/{}", whose.ticket, one.id);
        officer.submit("/account", &elsewhere, &[("why", "x")]).await.expect(404);
        desk.audit_is_whole().await;
    }

    async fn the_patient_gets_what_may_be_told_after_a_fresh_proof(desk: Desk) {
        let whose = patient(&desk).await;
        let officer = desk.browser(Role::Compliance).await;
        send(&officer, &whose.here, &[]).await.expect(303);
        send(&officer, &whose.here, &[("recipient", "Held Office"), ("held_until", "2026-03-04")]).await.expect(303);
        send(&officer, &whose.here, &[("recipient", "Wrong Office")]).await.expect(303);
        let all = disclosures::accounting(&desk.app, &desk.ctx(Role::Compliance), whose.patient).await.unwrap().recorded;
        let wrong = all.iter().find(|one| one.recipient == "Wrong Office").unwrap();
        disclosures::strike(&desk.app, &desk.ctx(Role::Compliance), whose.patient, wrong.id, "No.").await.unwrap();
        let (letter, csv) = (format!("{}/letter?language=es", whose.here), format!("{}/csv", whose.here));
        let told = officer.get(&letter).await.expect(200).text();
        let told = told.split("<article").nth(1).unwrap().to_owned();
        assert!(told.contains(COURT) && told.contains("Quién recibió sus datos") && told.contains("Un tribunal"), "{told}");
        assert!(!told.contains("Held Office") && !told.contains("Wrong Office"));
        let file = officer.get(&csv).await.expect(200);
        assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
        assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
        let file = file.text();
        assert!(file.contains(&format!("\"Feb 27, 2026\",\"{COURT}\",\"1 Marmalade Road\"")) && file.contains("\"'=Order 7\""), "{file}");
        assert!(!file.contains("Held") && !file.contains("Wrong"));
        let log = audit_log::list(&desk.app, &desk.system(), None, 10).await.unwrap();
        assert_eq!(log.iter().filter(|entry| entry.action == "disclosure.export").count(), 2);
        // From the day on which it may be told, it is.
        desk.clock.advance(2 * 24 * 3600);
        let officer = desk.browser(Role::Compliance).await;
        assert!(officer.get(&csv).await.expect(200).text().contains("Held Office"));
        desk.clock.advance(staff::PROOF_SECONDS);
        officer.get(&csv).await.expect(403);
        officer.get(&letter).await.expect(403);
        officer.get(&whose.here).await.expect(200);
        // Six years later nothing of it is accounted for.
        desk.clock.advance(6 * 366 * 24 * 3600);
        let later = disclosures::accounting(&desk.app, &desk.ctx(Role::Compliance), whose.patient).await.unwrap();
        assert!(later.recorded.is_empty() && later.known.is_empty());
    }

    async fn what_the_desk_knows_by_itself_stands_beside_it(desk: Desk) {
        let whose = patient(&desk).await;
        let (other, _, _) = of_daughter(&desk, &whose).await;
        let known = async || known(&desk, &whose).await;
        assert_eq!(known().await, []);
        let agent = desk.ctx(Role::Agent);
        let answer = |text: &str| tickets::Reply::new(text);
        tickets::reply(&desk.app, &agent, whose.ticket, answer("To the patient.")).await.unwrap();
        assert_eq!(known().await, [], "what the patient gets is no disclosure");
        tickets::reply(&desk.app, &agent, other, answer("She is well.")).await.unwrap();
        assert_eq!(known().await, [Known::Answer]);
        desk.client("tickets:read").await.get(&format!("/api/v1/tickets/{}", whose.ticket)).await.expect(200);
        let mut both = known().await;
        both.sort_by_key(|how| *how as u8);
        assert_eq!(both, [Known::Partner, Known::Answer]);
        let page = desk.browser(Role::Compliance).await.get(&whose.here).await.expect(200).text();
        assert!(page.contains("test") && page.contains("read data with a key") && page.contains("got an answer about them"), "{page}");
    }

    async fn whoever_got_an_answer_is_named_with_their_address_and_why(desk: Desk) {
        let whose = patient(&desk).await;
        let (other, contact, _) = of_daughter(&desk, &whose).await;
        tickets::reply(&desk.app, &desk.ctx(Role::Agent), other, tickets::Reply::new("She is well.")).await.unwrap();
        tickets::reply(&desk.app, &desk.ctx(Role::Nurse), other, tickets::Reply::new("She sleeps.")).await.unwrap();
        let log = audit_log::list(&desk.app, &desk.system(), None, 10).await.unwrap();
        let sent = log.iter().find(|entry| entry.action == "message.send").unwrap();
        let detail: serde_json::Value = serde_json::from_str(&sent.detail).unwrap();
        assert_eq!((detail["contact"].as_str(), detail["to"].as_str()), (Some(&*contact.to_string()), Some("other")));
        assert_eq!(detail["patient"].as_str(), Some(&*whose.patient.to_string()));
        assert!(!sent.detail.contains("family.example"));
        // One line for the day, whoever of the staff wrote. On the page an address is what the reader's role shows of it.
        let given = accounted(&desk, &whose).await.known;
        assert_eq!((given.len(), given[0].how, given[0].visit.entries), (1, Known::Answer, 2));
        assert_eq!(given[0].to.as_ref().unwrap().name, "Rosa Alvarez");
        let officer = desk.browser(Role::Compliance).await;
        let page = officer.get(&whose.here).await.expect(200).text();
        assert!(page.contains("Rosa Alvarez") && page.contains("got an answer about them") && !page.contains(DAUGHTER), "{page}");
        // What the patient gets says all of it.
        let csv = officer.get(&format!("{}/csv", whose.here)).await.expect(200).text();
        let line = format!("\"Rosa Alvarez\",\"{DAUGHTER}\",\"got an answer about them\",\"\",\"To answer what they wrote\"");
        assert!(csv.contains(&line), "{csv}");
        let letter = officer.get(&format!("{}/letter?language=es", whose.here)).await.expect(200).text();
        for told in ["Rosa Alvarez", DAUGHTER, "Para responder a lo que escribió"] {
            assert!(letter.contains(told), "{told}: {letter}");
        }
        assert!(!letter.contains("no está completa"));
    }

    async fn what_links_become_later_changes_nothing_of_what_was_given(desk: Desk) {
        let whose = patient(&desk).await;
        let (other, contact, daughter) = of_daughter(&desk, &whose).await;
        let (app, ctx, agent) = (&desk.app, desk.system(), desk.ctx(Role::Agent));
        let own = tickets::view(app, &ctx, whose.ticket).await.unwrap().contact.id;
        tickets::reply(app, &agent, whose.ticket, tickets::Reply::new("To the patient.")).await.unwrap();
        tickets::reply(app, &agent, other, tickets::Reply::new("She is well.")).await.unwrap();
        assert_eq!(known(&desk, &whose).await, [Known::Answer]);
        // Whoever it was is linked to the patient, and the patient's own address to somebody else.
        tickets::link_contact(app, &ctx, contact, Some(whose.patient)).await.unwrap();
        assert_eq!(known(&desk, &whose).await, [Known::Answer]);
        tickets::link_contact(app, &ctx, own, Some(daughter)).await.unwrap();
        assert_eq!(tickets::view(app, &ctx, whose.ticket).await.unwrap().ticket.patient, Some(whose.patient));
        assert_eq!(known(&desk, &whose).await, [Known::Answer], "one of them went to the patient, and still did");
    }

    async fn whoever_acts_for_the_patient_is_no_stranger_with_a_record_of_their_own(desk: Desk) {
        let whose = patient(&desk).await;
        let (other, contact, _) = of_daughter(&desk, &whose).await;
        let scope: Scope = Group::ALL.iter().copied().collect();
        let (organisation, now, scope) = (desk.organisation, desk.app.now(), scope.bits());
        let (id, patient) = (desk.app.id::<()>(), whose.patient);
        let said = desk.app.db.write::<_, DeskError, _>(move |tx| {
            async move { Ok(tx.execute(ACTS, args![organisation, id, contact, scope, now, patient]).await?) }.boxed()
        });
        assert_eq!(said.await.unwrap(), 1);
        tickets::reply(&desk.app, &desk.ctx(Role::Agent), other, tickets::Reply::new("She is well.")).await.unwrap();
        assert_eq!(known(&desk, &whose).await, []);
    }

    async fn an_answer_that_was_taken_back_was_given_to_nobody(desk: Desk) {
        let whose = patient(&desk).await;
        let (other, _, _) = of_daughter(&desk, &whose).await;
        let agent = desk.ctx(Role::Agent);
        let sent = async |words: &str| tickets::reply(&desk.app, &agent, other, tickets::Reply::new(words)).await.unwrap();
        let first = sent("She is well.").await;
        assert_eq!(known(&desk, &whose).await, [Known::Answer]);
        tickets::undo(&desk.app, &agent, other, first).await.unwrap();
        assert_eq!(known(&desk, &whose).await, []);
        sent("She sleeps.").await;
        assert_eq!(known(&desk, &whose).await, [Known::Answer]);
        assert_eq!(accounted(&desk, &whose).await.known[0].visit.entries, 1);
    }

    async fn a_list_that_is_cut_says_so(desk: Desk) {
        let whose = patient(&desk).await;
        assert!(!accounted(&desk, &whose).await.is_cut);
        let (organisation, patient, now) = (desk.organisation, whose.patient, desk.app.now());
        let ids: Vec<_> = (0..501).map(|_| desk.app.id::<()>()).collect();
        let opened = desk.app.db.write::<_, DeskError, _>(move |tx| {
            async move {
                for id in ids {
                    tx.execute(OPENED, args![organisation, id, now, patient]).await?;
                }
                Ok(())
            }
            .boxed()
        });
        opened.await.unwrap();
        assert!(accounted(&desk, &whose).await.is_cut);
        let officer = desk.browser(Role::Compliance).await;
        for (way, said) in [("", "This list is not whole"), ("/letter", "Ask us for the rest"), ("/csv", "Ask us for the rest")] {
            let page = officer.get(&format!("{}{way}", whose.here)).await.expect(200).text();
            assert!(page.contains(said), "{way}: {page}");
        }
        // So does a copy of the record, on its page and in what machines read.
        let (app, boss) = (&desk.app, desk.ctx(Role::Administrator));
        let new = requests::NewRequest {
            patient,
            kind: requests::Kind::Copy,
            received_on: jiff::civil::date(2026, 3, 2),
            ticket: None,
            words: String::new(),
        };
        let id = requests::open_request(app, &desk.ctx(Role::Agent), new).await.unwrap();
        requests::approve(app, &desk.ctx(Role::Compliance), id, 1).await.unwrap();
        let yes = requests::Said { decision: requests::Decision::Granted, reason: String::new(), note: String::new(), with_notes: false };
        requests::decide(app, &boss, id, 2, yes).await.unwrap();
        copies::begin(app, &boss, id, 3).await.unwrap();
        jobs::drain(app).await.unwrap();
        let copy = copies::of_request(app, &boss, id).await.unwrap().remove(0);
        let browser = desk.browser(Role::Administrator).await;
        let archive = browser.get(&format!("/privacy/{id}/copy/{}", copy.id)).await.expect(200);
        let text = String::from_utf8_lossy(&archive.body);
        assert_eq!(text.matches("This list is not whole").count(), 2);
    }

    async fn who_changes_patients_records_and_only_privacy_reads(desk: Desk) {
        let whose = patient(&desk).await;
        let agent = desk.browser(Role::Agent).await;
        let own = format!("/patients/{}/disclosure", whose.patient);
        let page = agent.get(&own).await.expect(200).text();
        assert!(page.contains(NAME));
        send(&agent, &own, &[("recipient", "")]).await.expect(422);
        let done = send(&agent, &own, &[]).await.expect(303);
        assert_eq!(done.header("location"), Some(&*format!("/patients/{}", whose.patient)));
        for way in [whose.here.clone(), format!("{}/letter", whose.here), format!("{}/csv", whose.here)] {
            agent.get(&way).await.expect(403);
        }
        let refused = disclosures::accounting(&desk.app, &desk.ctx(Role::Agent), whose.patient).await;
        assert!(refused.is_err());
        // Whose record is kept from them, of that patient they record nothing.
        let version = patients::patient(&desk.app, &desk.system(), whose.patient).await.unwrap().version;
        patients::label_patient(&desk.app, &desk.system(), whose.patient, version, Labels::NONE.with(Label::Vip)).await.unwrap();
        agent.get(&own).await.expect(403);
        let token = csrf_token(&agent.get("/account").await.text());
        let fields = [&FIELDS[..], &[("csrf_token", token.as_str())]].concat();
        agent.post(&own, &fields).await.expect(403);
        desk.browser(Role::Compliance).await.get(&whose.here).await.expect(200);
        let recorded = disclosures::accounting(&desk.app, &desk.ctx(Role::Compliance), whose.patient).await.unwrap().recorded;
        assert_eq!(recorded.len(), 1);
    }
}
