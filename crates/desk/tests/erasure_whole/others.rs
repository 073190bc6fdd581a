//! Where one person's record and another's touch: what is somebody else's is neither lost nor left behind.

use super::common::sink::sink;
use super::common::{Desk, Role, both_engines};
use super::{ADDRESS, acts_for, arrives, contact, granted, patient, readable, stands_for};
use bedside_db::{args, statements};
use bedside_desk::error::DeskError;
use bedside_desk::ids::{ContactId, PatientId, TicketId};
use bedside_desk::patients::{self, Linking, PointKind, Who};
use bedside_desk::privacy::consents::{self, Channel, Leaving, Purpose, Whom, Why};
use bedside_desk::privacy::erasure::{self, Certificate, HoldReason};
use bedside_desk::privacy::requests::{self, Kind, NewRequest, State};
use bedside_desk::tickets;
use bedside_web::Locale;
use futures_util::FutureExt;
use serde_json::json;

statements! {
    /// Makes a request nobody's.
    NOBODYS = "UPDATE tickets SET patient_id = NULL WHERE organisation_id = $1 AND id = $2";
    /// Somebody showed who they are.
    SHOWN = "INSERT INTO identity_evidence (organisation_id, id, ticket_id, contact_id, patient_id, method, attested, made_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, 'details', $6, 0, 1)";
    /// By which addresses.
    BY = "SELECT attested FROM identity_evidence WHERE organisation_id = $1 AND contact_id = $2";
    /// Where an answer stands.
    STATES = "SELECT state FROM messages WHERE organisation_id = $1 AND ticket_id = $2 AND kind = 'outbound'";
    /// Yes and no of a contact.
    WORDS = "SELECT COUNT(*) FROM consents WHERE organisation_id = $1 AND contact_id = $2";
}

const MOTHER: &str = "mother@else.example";

/// Somebody who is a patient with the address of the record that is erased, and another patient.
async fn two(desk: &Desk) -> (PatientId, ContactId, PatientId) {
    let one = patient(
        desk,
        "Zebrafinch",
        "MRN7734190",
        &[(PointKind::Email, ADDRESS)],
    )
    .await;
    let other = patient(
        desk,
        "Marzipan",
        "MRN2",
        &[(PointKind::Email, "own@else.example")],
    )
    .await;
    let view = patients::patient(&desk.app, &desk.system(), one).await;
    (one, view.unwrap().contacts[0].id, other)
}

async fn erased(desk: &Desk, patient: PatientId) -> Certificate {
    let boss = desk.ctx(Role::Administrator);
    let request = granted(desk, patient, Kind::Erasure).await;
    erasure::erase(&desk.app, &boss, request, 3).await.unwrap();
    let kept = erasure::certificate(&desk.app, &boss, request).await;
    serde_json::from_str(&kept.unwrap().unwrap().0).unwrap()
}

async fn said(desk: &Desk, ticket: TicketId) -> String {
    let found = tickets::messages(&desk.app, &desk.system(), ticket, None, None, 50).await;
    let bodies = found.unwrap().into_iter().map(|one| one.body);
    bodies.collect::<Vec<_>>().join("|")
}

async fn leaving(desk: &Desk, contact: ContactId, address: &str) -> Leaving {
    let link = consents::leaving_url(
        &desk.app,
        desk.organisation,
        (contact, address),
        Purpose::Surveys,
    );
    let link = link.unwrap();
    let (_, token) = link.rsplit_once('/').unwrap();
    consents::leaving_of(&desk.app, token).await.unwrap()
}

async fn leaves(desk: &Desk, contact: ContactId, address: &str) {
    let leaving = leaving(desk, contact, address).await;
    consents::leave(&desk.app, leaving, false, Locale::En)
        .await
        .unwrap();
}

async fn why(desk: &Desk, address: &str) -> Why {
    let asked = (Purpose::Surveys, Some(Channel::Email));
    let (of, now) = (desk.organisation, desk.app.now());
    consents::may(&desk.app, of, asked, Whom::Address(address), now)
        .await
        .unwrap()
}

both_engines! {
    async fn requests_of_two_patients_never_become_one(desk: Desk) {
        let (_, main, other) = two(&desk).await;
        let first = desk.ticket(ADDRESS, "Mine", "Zebrafinch.").await;
        stands_for(&desk, main, Some(other)).await;
        let second = desk.ticket(ADDRESS, "Hers", "Tarragonwords.").await;
        for (from, into) in [(first, second), (second, first)] {
            let refused = tickets::merge(&desk.app, &desk.system(), from, into).await;
            assert!(matches!(refused, Err(DeskError::Conflict { code: "other_person", .. })), "{refused:?}");
        }
    }

    async fn what_went_into_a_request_of_nobody_stays_in_the_record(desk: Desk) {
        let (one, main, other) = two(&desk).await;
        let into = desk.ticket(ADDRESS, "Question", "Tarragonwords.").await;
        let of = desk.organisation;
        let changed = desk.app.db.write::<_, DeskError, _>(move |tx| {
            async move { Ok(tx.execute(NOBODYS, args![of, into]).await?) }.boxed()
        });
        changed.await.unwrap();
        arrives(&desk, &format!(
            "From: Zebrafinch <{ADDRESS}>\nTo: help@clinic.example\nSubject: rawfinch\nMessage-ID: <one@patient.example>\n\n\
             I am rawfinch.\n"
        )).await;
        let from = tickets::list(&desk.app, &desk.system(), &tickets::View::Active, None, 9).await.unwrap();
        let from = from.rows.iter().find(|row| row.ticket.id != into).unwrap().ticket.id;
        tickets::merge(&desk.app, &desk.system(), from, into).await.unwrap();
        stands_for(&desk, main, Some(other)).await;
        assert!(said(&desk, into).await.contains("rawfinch"));
        let whose = tickets::view(&desk.app, &desk.system(), into).await.unwrap().ticket.patient;
        assert_eq!(whose, Some(one), "words of a record stay in it");
        erased(&desk, one).await;
        assert_eq!(said(&desk, into).await, "");
        assert_eq!(readable(&desk, &["rawfinch"]).await.0, [""; 0]);
    }

    async fn what_went_to_somebody_else_can_be_read_wherever_it_was_merged(desk: Desk) {
        let (one, main, other) = two(&desk).await;
        let first = desk.ticket(ADDRESS, "Hers", "Fennelwords.").await;
        stands_for(&desk, main, None).await;
        stands_for(&desk, main, Some(other)).await;
        let second = desk.ticket(ADDRESS, "Hers", "Dillwords.").await;
        tickets::merge(&desk.app, &desk.system(), first, second).await.unwrap();
        erased(&desk, one).await;
        let both = said(&desk, second).await;
        assert!(both.contains("Fennelwords") && both.contains("Dillwords"), "{both}");
    }

    async fn who_was_linked_as_somebody_else_stays_with_what_is_theirs(desk: Desk) {
        let (one, _, child) = two(&desk).await;
        let daughter = contact(&desk, "Daughter", "daughter@else.example").await;
        stands_for(&desk, daughter, Some(child)).await;
        let hers = desk.ticket("daughter@else.example", "My child", "Fennelwords.").await;
        let linking = Linking { patient: Some(one), who: Some(Who::Somebody), ground: None };
        tickets::link_contact(&desk.app, &desk.system(), daughter, linking).await.unwrap();
        let told = erased(&desk, one).await;
        assert_eq!(told.patient, one);
        let kept = patients::contact(&desk.app, &desk.system(), daughter).await.unwrap();
        assert_eq!((kept.name.as_deref(), kept.email(), kept.patient_id), (Some("Daughter"), Some("daughter@else.example"), None));
        assert!(said(&desk, hers).await.contains("Fennelwords"));
    }

    async fn words_in_danger_of_a_patient_without_an_address_go_with_them(desk: Desk) {
        let one = patient(&desk, "Zebrafinch", "MRN7734190", &[]).await;
        let officer = desk.ctx(Role::Compliance);
        let words = "I want to kill myself. I am zebrafinch.";
        let heard = requests::hear_of(&desk.app, &officer, one, (words, None)).await.unwrap().unwrap();
        assert!(heard.danger && said(&desk, heard.ticket).await.contains("zebrafinch"));
        erased(&desk, one).await;
        assert_eq!(said(&desk, heard.ticket).await, "");
        assert_eq!(readable(&desk, &["zebrafinch"]).await.0, [""; 0]);
    }

    async fn a_hold_keeps_what_the_patients_people_wrote_for_whom_it_is_on(desk: Desk) {
        let (one, main, other) = two(&desk).await;
        let boss = desk.ctx(Role::Administrator);
        stands_for(&desk, main, Some(other)).await;
        desk.ticket(ADDRESS, "Hers", "Tarragonwords.").await;
        stands_for(&desk, main, Some(one)).await;
        let hold = erasure::place(&desk.app, &boss, other, HoldReason::Litigation, "", None).await.unwrap();
        let request = granted(&desk, one, Kind::Erasure).await;
        let refused = erasure::erase(&desk.app, &boss, request, 3).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "held", .. })), "{refused:?}");
        erasure::release(&desk.app, &boss, other, hold).await.unwrap();
        erasure::erase(&desk.app, &boss, request, 3).await.unwrap();
    }

    async fn a_yes_from_before_a_hold_ended_counts_no_more(desk: Desk) {
        let (one, ..) = two(&desk).await;
        let boss = desk.ctx(Role::Administrator);
        let until = desk.app.now().plus_seconds(60);
        let hold = erasure::place(&desk.app, &boss, one, HoldReason::Other, "", Some(until)).await.unwrap();
        let request = granted(&desk, one, Kind::Erasure).await;
        desk.clock.advance(120);
        let refused = erasure::erase(&desk.app, &boss, request, 3).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "held", .. })), "{refused:?}");
        // Taking it away, over as it is, asks anew.
        erasure::release(&desk.app, &boss, one, hold).await.unwrap();
        let view = requests::request(&desk.app, &boss, request).await.unwrap();
        assert_eq!((view.request.state, view.request.approved), (State::Open, None));
        desk.clock.advance(1);
        let anew = granted(&desk, one, Kind::Erasure).await;
        erasure::erase(&desk.app, &boss, anew, 3).await.unwrap();
    }

    async fn a_no_stays_whoever_the_contact_stands_for(desk: Desk) {
        let (_, main, other) = two(&desk).await;
        leaves(&desk, main, ADDRESS).await;
        for whose in [None, Some(other)] {
            stands_for(&desk, main, whose).await;
            assert!(matches!(why(&desk, ADDRESS).await, Why::Withdrawn(_)), "{whose:?}");
        }
        let page = consents::standing(&desk.app, &desk.ctx(Role::Agent), other).await.unwrap();
        let at = page.stands.iter().find(|one| one.purpose == Purpose::Surveys && one.at.as_deref().is_some_and(|at| at.contains("patient.example")));
        assert!(matches!(at.unwrap().why, Why::Withdrawn(_)), "the page says what the desk does");
    }

    async fn a_no_of_somebody_who_acted_for_the_patient_outlasts_them(desk: Desk) {
        let (one, main, other) = two(&desk).await;
        let mother = contact(&desk, "Mother", MOTHER).await;
        stands_for(&desk, mother, Some(other)).await;
        desk.ticket(MOTHER, "The other one", "Tarragonwords.").await;
        stands_for(&desk, mother, Some(one)).await;
        let ticket = desk.ticket(MOTHER, "This one", "Zebrafinch.").await;
        acts_for(&desk, mother, one, ticket).await;
        leaves(&desk, mother, MOTHER).await;
        leaves(&desk, main, ADDRESS).await;
        erased(&desk, one).await;
        assert!(matches!(why(&desk, MOTHER).await, Why::Withdrawn(_)));
        stands_for(&desk, mother, Some(other)).await;
        consents::standing(&desk.app, &desk.ctx(Role::Agent), other).await.unwrap();
    }

    async fn a_no_that_a_key_of_the_patients_sealed_can_be_read(desk: Desk) {
        let (one, main, other) = two(&desk).await;
        stands_for(&desk, main, None).await;
        leaves(&desk, main, ADDRESS).await;
        stands_for(&desk, main, Some(other)).await;
        erased(&desk, one).await;
        let page = consents::standing(&desk.app, &desk.ctx(Role::Agent), other).await.unwrap();
        assert!(page.history.iter().any(|one| !one.text.is_empty()));
        assert!(matches!(why(&desk, ADDRESS).await, Why::Withdrawn(_)));
    }

    async fn what_comes_in_beside_an_erasure_finds_nobody(desk: Desk) {
        let (one, main, _) = two(&desk).await;
        let late = leaving(&desk, main, ADDRESS).await;
        erased(&desk, one).await;
        let kept = consents::leave(&desk.app, late, false, Locale::En).await;
        assert!(matches!(kept, Err(DeskError::NotFound)), "{kept:?}");
        let of = args![desk.organisation, main];
        let mut conn = desk.app.read_newest().await.unwrap();
        let left: i64 = conn.query_one(WORDS, of, |row| row.get(0)).await.unwrap();
        assert_eq!(left, 0);
    }

    async fn of_what_the_patient_brought_for_others_no_address_and_no_answer_waits(desk: Desk) {
        let sink = sink(&desk).await;
        let (one, main, other) = two(&desk).await;
        stands_for(&desk, main, Some(other)).await;
        let hers = desk.ticket(ADDRESS, "Hers", "Tarragonwords.").await;
        stands_for(&desk, main, Some(one)).await;
        let (of, id, mark) = (desk.organisation, desk.app.id::<()>(), [7_u8; 32]);
        let shown = desk.app.db.write::<_, DeskError, _>(move |tx| {
            async move { Ok(tx.execute(SHOWN, args![of, id, hers, main, one, mark]).await?) }.boxed()
        });
        shown.await.unwrap();
        let client = desk.client(&bedside_desk::context::Permissions::ALL.codes()).await;
        client.post(&format!("/api/v1/tickets/{hers}/messages"), &json!({ "body": "On its way." })).await.expect(201);
        erased(&desk, one).await;
        let mut conn = desk.app.read_newest().await.unwrap();
        let by: Vec<Vec<u8>> = conn.query(BY, args![of, main], |row| row.get(0)).await.unwrap();
        assert_eq!(by, [Vec::<u8>::new()]);
        let states: Vec<String> = conn.query(STATES, args![of, hers], |row| row.get(0)).await.unwrap();
        assert_eq!(states, ["cancelled"]);
        assert!(sink.take().is_empty());
    }

    async fn what_else_the_patient_asked_for_is_closed_and_nothing_more_is_counted(desk: Desk) {
        let (one, ..) = two(&desk).await;
        let mother = contact(&desk, "Mother", MOTHER).await;
        let nobodys = desk.ticket(MOTHER, "Mine", "Tarragonwords.").await;
        stands_for(&desk, mother, Some(one)).await;
        let ticket = desk.ticket(MOTHER, "This one", "Zebrafinch.").await;
        acts_for(&desk, mother, one, ticket).await;
        let of = desk.organisation;
        let changed = desk.app.db.write::<_, DeskError, _>(move |tx| {
            async move { Ok(tx.execute(NOBODYS, args![of, nobodys]).await?) }.boxed()
        });
        changed.await.unwrap();
        let new = NewRequest {
            patient: one,
            kind: Kind::Copy,
            received_on: jiff::civil::date(2026, 3, 2),
            ticket: None,
            words: "Zebrafinch wants a copy.".to_owned(),
        };
        let open = requests::open_request(&desk.app, &desk.ctx(Role::Agent), new).await.unwrap();
        let certificate = erased(&desk, one).await;
        let view = requests::request(&desk.app, &desk.ctx(Role::Compliance), open).await.unwrap();
        assert_eq!((view.request.state, view.words), (State::Closed, None));
        assert_eq!((certificate.kept.contacts, certificate.kept.requests), (1, 0));
    }
}
