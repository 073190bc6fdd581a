//! Erasure of a record that holds one of everything: afterwards nothing that is sealed tells of the patient, whichever key
//! is left, and what is somebody else's can be read.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod beside;
mod others;

use bedside_db::{args, statements};
use bedside_desk::context::Permissions;
use bedside_desk::drafts::{self, Draft};
use bedside_desk::error::DeskError;
use bedside_desk::identity;
use bedside_desk::ids::{ContactId, FindingId, PatientId, PrivacyRequestId, TicketId};
use bedside_desk::intake::email::{self, Via, processor};
use bedside_desk::links::{self, Purpose};
use bedside_desk::patients::{self, NewContact, NewPatient, PointKind};
use bedside_desk::privacy::copies::{self, Made};
use bedside_desk::privacy::erasure::{self, HoldReason};
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, Said};
use bedside_desk::privacy::{self, NewOpening, Reason, Verdict, watch};
use bedside_desk::records::{Label, Labels};
use bedside_desk::{jobs, tickets};
use bedside_vault::{BlindKind, normalise};
use common::canaries::{found, held};
use common::opened::everything;
use common::sink::{Sink, sink};
use common::{Desk, Role, both_engines};
use futures_util::FutureExt;
use serde_json::json;

statements! {
    /// A word about who acts for whom.
    ACTS = "INSERT INTO representatives (organisation_id, id, patient_id, contact_id, key_id, relationship, authority, scope, \
        young_agreed, starts_at, document, ticket_id, asked_at, state) VALUES ($1, $2, $3, $4, $5, 'child', 'permission', 1, 0, 0, \
        $6, $7, 0, 'confirmed')";
    /// A look that is worth a question.
    FOUND = "INSERT INTO watch_findings (organisation_id, id, day, rule, staff_id, subject, patient_id, figures, found_at) \
        VALUES ($1, $2, '2026-03-01', 'own', $3, $4, $5, '{}', 0)";
    /// A call that waits.
    CALL = "INSERT INTO identity_tasks (organisation_id, id, ticket_id, patient_id, kind, point_blind, asked_by, asked_at, \
        outcome) VALUES ($1, $2, $3, $4, 'call', $5, $6, 0, '')";
    /// Makes a request nobody's.
    NOBODYS = "UPDATE tickets SET patient_id = NULL WHERE organisation_id = $1 AND id = $2";
    /// Under which name our last mail about a request went out.
    SENT_AS = "SELECT header_id FROM outbound_mails WHERE organisation_id = $1 AND ticket_id = $2 ORDER BY id DESC LIMIT 1";
}

/// Words of the record, of each place where it may stand.
const CANARIES: &[&str] = &[
    "zebrafinch",
    "oriolebird",
    "kestrelmail",
    "MRN7734190",
    "1931-07-23",
    "555 0142",
    "rawfinch",
    "filefinch",
    "bouncefinch",
    "quailnote",
    "heronreply",
    "ibistag",
    "draftfinch",
    "commentfinch",
    "documentfinch",
    "courtfinch",
    "holdfinch",
    "askedfinch",
    "openedfinch",
    "emergencyfinch",
    "watchfinch",
    "puffinwords",
    "razorbill",
    "sharedfinch",
    "sharedmail",
    "gannetwords",
    "jacanawords",
    "limpkinwords",
];
/// Words of others, which stay.
const OTHERS: &[&str] = &[
    "marzipanwords",
    "tarragonwords",
    "fennelwords",
    "dillwords",
    "saffrondeed",
    "callerwords",
];
const ADDRESS: &str = "kestrelmail@patient.example";
const PHONE: &str = "+1 312 555 0142";
const DAY: i64 = 24 * 3600;

/// Changes one row of the desk's.
macro_rules! change {
    ($desk:expr, $statement:expr, $($value:expr),+) => {{
        let organisation = $desk.organisation;
        let changed = $desk.app.db.write::<_, DeskError, _>(move |tx| {
            async move { Ok(tx.execute($statement, args![organisation, $($value),+]).await?) }.boxed()
        });
        assert_eq!(changed.await.unwrap(), 1, "{}", $statement.name);
    }};
}

async fn patient(desk: &Desk, name: &str, mrn: &str, points: &[(PointKind, &str)]) -> PatientId {
    let new = NewPatient {
        name: name.to_owned(),
        birth_date: Some(
            if mrn == "MRN7734190" {
                "1931-07-23"
            } else {
                "2019-02-03"
            }
            .to_owned(),
        ),
        mrn: Some(mrn.to_owned()),
        locale: None,
        secure_link: false,
    };
    let points = points
        .iter()
        .map(|(kind, value)| (*kind, (*value).to_owned()))
        .collect();
    patients::create_patient(&desk.app, &desk.system(), new, points)
        .await
        .unwrap()
}

async fn contact(desk: &Desk, name: &str, address: &str) -> ContactId {
    let new = NewContact {
        name: Some(name.to_owned()),
        locale: None,
        secure_link: false,
        patient: None,
        points: vec![(PointKind::Email, address.to_owned())],
        who: None,
        ground: None,
    };
    patients::create_contact(&desk.app, &desk.system(), new)
        .await
        .unwrap()
}

async fn stands_for(desk: &Desk, contact: ContactId, patient: Option<PatientId>) {
    tickets::link_contact(&desk.app, &desk.system(), contact, patient)
        .await
        .unwrap();
}

async fn arrives(desk: &Desk, raw: &str) {
    let source = email::Source::new(Via::Receiver);
    email::receive(
        &desk.app,
        desk.organisation,
        None,
        source,
        raw.replace('\n', "\r\n").as_bytes(),
    )
    .await
    .unwrap();
    assert_eq!(processor::drain(&desk.app).await.unwrap(), 1);
}

/// What was said: by mail, by the staff, in a draft, a tag, a file and a rating's comment.
async fn conversation(desk: &Desk, sink: &Sink) -> TicketId {
    let ticket = desk
        .ticket(ADDRESS, "About oriolebird", "I am zebrafinch.")
        .await;
    arrives(desk, &format!(
        "From: Zebrafinch <{ADDRESS}>\nTo: help@clinic.example\nSubject: rawfinch\nMessage-ID: <one@patient.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nI am rawfinch.\n\
         --b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=scan.txt\n\nfilefinch\n--b--\n"
    )).await;
    let client = desk.client(&Permissions::ALL.codes()).await;
    let way = format!("/api/v1/tickets/{ticket}");
    client
        .post(&format!("{way}/notes"), &json!({ "body": "quailnote" }))
        .await
        .expect(201);
    client
        .post(&format!("{way}/messages"), &json!({ "body": "heronreply" }))
        .await
        .expect(201);
    let version = client
        .get(&way)
        .await
        .expect(200)
        .header("etag")
        .unwrap()
        .to_owned();
    client
        .patch(&way, &version, &json!({ "add_tags": ["ibistag"] }))
        .await
        .expect(200);
    jobs::drain(&desk.app).await.unwrap();
    desk.clock.advance(10);
    jobs::drain(&desk.app).await.unwrap();
    sink.take();
    let draft = Draft {
        body: "draftfinch".to_owned(),
        kind: drafts::Kind::Reply,
    };
    drafts::keep(&desk.app, &desk.ctx(Role::Agent), ticket, draft)
        .await
        .unwrap();
    let whose = tickets::view(&desk.app, &desk.system(), ticket)
        .await
        .unwrap()
        .ticket
        .contact;
    let system = desk.system();
    let link = desk.app.command(&system, move |work| {
        links::make(work, Purpose::Rating, ticket, whose).boxed()
    });
    let there = format!("/r/{}", link.await.unwrap());
    desk.visitor()
        .submit(
            &there,
            &there,
            &[("score", "4"), ("comment", "Commentfinch")],
        )
        .await
        .expect(303);
    comes_back(desk, ticket).await;
    ticket
}

/// Our answer comes back as undeliverable, with words of the patient in the report.
async fn comes_back(desk: &Desk, ticket: TicketId) {
    let args = args![desk.organisation, ticket];
    let mut conn = desk.app.read_newest().await.unwrap();
    let id: String = conn
        .query_one(SENT_AS, args, |row| row.get(0))
        .await
        .unwrap();
    drop(conn);
    arrives(desk, &format!(
        "From: MAILER-DAEMON@mx.example\nTo: help@clinic.example\nSubject: Undelivered\nMessage-ID: <bounce@mx.example>\n\
         MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nWe could not deliver to bouncefinch.\n\
         --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
         Final-Recipient: rfc822; {ADDRESS}\nAction: failed\nStatus: 5.1.1\n\n\
         --b\nContent-Type: message/rfc822\n\nMessage-ID: <{id}>\nSubject: Re\n\nbouncefinch\n--b--\n"
    )).await;
}

/// Contacts whose requests are not all of one patient.
async fn shared(desk: &Desk, patient: PatientId, child: PatientId, main: ContactId) {
    // What the patient's own contact wrote turned out to be the child's: it is sealed with the patient's key.
    desk.ticket(ADDRESS, "For my child", "Fennelwords.").await;
    stands_for(desk, main, None).await;
    stands_for(desk, main, Some(child)).await;
    desk.ticket(ADDRESS, "For my child", "Dillwords.").await;
    stands_for(desk, main, Some(patient)).await;
    // Somebody known before they were linked, who wrote about the child once.
    let shared = contact(desk, "Sharedfinch", "sharedmail@patient.example").await;
    desk.ticket("sharedmail@patient.example", "My child", "Tarragonwords.")
        .await;
    stands_for(desk, shared, Some(child)).await;
    stands_for(desk, shared, Some(patient)).await;
    desk.ticket("sharedmail@patient.example", "Me", "Gannetwords.")
        .await;
    let nobodys = desk
        .ticket("sharedmail@patient.example", "Me", "Jacanawords.")
        .await;
    change!(desk, NOBODYS, nobodys);
    // Somebody who wrote for the patient, and stands for another one now.
    let spouse = contact(desk, "Spouse", "spouse@else.example").await;
    stands_for(desk, spouse, Some(patient)).await;
    desk.ticket("spouse@else.example", "My wife", "Limpkinwords.")
        .await;
    stands_for(desk, spouse, Some(child)).await;
}

/// Who acts for whom: somebody for the patient, and the patient for the child.
async fn acts(
    desk: &Desk,
    (patient, ticket): (PatientId, TicketId),
    child: (PatientId, TicketId),
    main: ContactId,
) {
    let daughter = contact(desk, "Daughter", "daughter@else.example").await;
    for ((whose, ticket), who, words) in [
        ((patient, ticket), daughter, "documentfinch"),
        (child, main, "saffrondeed"),
    ] {
        let sealing = tickets::sealing(&desk.app, &desk.system(), ticket)
            .await
            .unwrap();
        let id = desk.app.id::<()>();
        let document = sealing.text("representatives", "document", id, words);
        let key = sealing.id;
        change!(desk, ACTS, id, whose, who, key, document, ticket);
    }
}

/// Somebody acts for a patient, as was said in `ticket`.
async fn acts_for(desk: &Desk, who: ContactId, whose: PatientId, ticket: TicketId) {
    let sealing = tickets::sealing(&desk.app, &desk.system(), ticket)
        .await
        .unwrap();
    let (id, key) = (desk.app.id::<()>(), sealing.id);
    let document = sealing.text("representatives", "document", id, "Deed");
    change!(desk, ACTS, id, whose, who, key, document, ticket);
}

/// Somebody whom nobody knows is verified as the patient: by details, a code, and a call that waits.
async fn caller(desk: &Desk, sink: &Sink) -> TicketId {
    let ctx = desk.ctx(Role::Agent);
    let id = desk
        .ticket("caller@else.example", "Question", "Callerwords.")
        .await;
    let typed = identity::Typed {
        name: "Zebrafinch Oriolebird".to_owned(),
        birth_date: "1931-07-23".to_owned(),
        factor: "mrn".to_owned(),
        value: "MRN7734190".to_owned(),
    };
    let wrong = identity::Typed {
        value: "MRN0".to_owned(),
        ..typed.clone()
    };
    identity::check_details(&desk.app, &ctx, id, &wrong)
        .await
        .unwrap();
    identity::check_details(&desk.app, &ctx, id, &typed)
        .await
        .unwrap();
    let ticket = tickets::view(&desk.app, &ctx, id).await.unwrap().ticket;
    let standing = identity::standing_of(&desk.app, &ctx, &ticket)
        .await
        .unwrap();
    let seen = identity::seen(&desk.app, &ctx, &ticket, &standing, None)
        .await
        .unwrap();
    let choice = |kind: &str| {
        seen.choices
            .iter()
            .find(|one| one.kind == kind && one.unusable.is_none())
            .unwrap()
            .code
            .clone()
    };
    identity::send_code(&desk.app, &ctx, id, choice("email"))
        .await
        .unwrap();
    jobs::drain(&desk.app).await.unwrap();
    assert!(
        sink.take()
            .iter()
            .any(|mail| mail.to.iter().any(|to| to.contains("@patient.example")))
    );
    let (task, by, number) = (desk.app.id::<()>(), desk.id_of(Role::Agent), marks(desk)[2]);
    let patient = standing.patient.unwrap();
    change!(desk, CALL, task, id, patient, number, by);
    id
}

async fn given_out(desk: &Desk, patient: PatientId) {
    let here = format!("/privacy/disclosures/{patient}");
    let fields = [
        ("day", "2026-02-27"),
        ("recipient", "Courtfinch"),
        ("address", "Courtfinch Road"),
        ("what", "courtfinch"),
        ("basis", "court"),
        ("purpose", "courtfinch"),
    ];
    desk.browser(Role::Compliance)
        .await
        .submit(&here, &here, &fields)
        .await
        .expect(303);
}

/// What the staff did past the rules, and what was said of it.
async fn exceptions(desk: &Desk, patient: PatientId, ticket: TicketId) {
    let agent = desk.ctx(Role::Agent);
    let why = "emergencyfinch needs it at once";
    identity::emergency(&desk.app, &agent, ticket, "treatment", why)
        .await
        .unwrap();
    let seen = patients::patient(&desk.app, &desk.system(), patient)
        .await
        .unwrap();
    let labels = Labels::NONE.with(Label::Vip);
    patients::label_patient(&desk.app, &desk.system(), patient, seen.version, labels)
        .await
        .unwrap();
    let new = NewOpening {
        patient,
        reason: Reason::Treatment,
        words: "openedfinch needs it at once".to_owned(),
    };
    privacy::open_record(&desk.app, &agent, new).await.unwrap();
    for (staff, note) in [(Role::Nurse, Some("watchfinch")), (Role::Agent, None)] {
        let (id, staff): (FindingId, _) = (desk.app.id(), desk.id_of(staff));
        let subject = patient.to_string();
        change!(desk, FOUND, id, staff, subject, patient);
        if let Some(note) = note {
            watch::sign_off(
                &desk.app,
                &desk.ctx(Role::Compliance),
                id,
                Verdict::Justified,
                note,
            )
            .await
            .unwrap();
        }
    }
}

/// A granted request of this kind.
async fn granted(desk: &Desk, patient: PatientId, kind: Kind) -> PrivacyRequestId {
    let new = NewRequest {
        patient,
        kind,
        received_on: jiff::civil::date(2026, 3, 2),
        ticket: None,
        words: "Askedfinch.".to_owned(),
    };
    let id = requests::open_request(&desk.app, &desk.ctx(Role::Agent), new)
        .await
        .unwrap();
    let second = desk.ctx(Role::Compliance);
    // The second yes is said by somebody who sees whose record it is.
    if privacy::is_kept(&desk.app, &second, patient).await.unwrap() {
        let new = NewOpening {
            patient,
            reason: Reason::Other,
            words: "They openedfinch it to say the second yes".to_owned(),
        };
        privacy::open_record(&desk.app, &second, new).await.unwrap();
    }
    requests::approve(&desk.app, &second, id, 1).await.unwrap();
    let said = Said {
        decision: Decision::Granted,
        reason: String::new(),
        note: "The askedfinch may go.".to_owned(),
        with_notes: true,
    };
    requests::decide(&desk.app, &desk.ctx(Role::Administrator), id, 2, said)
        .await
        .unwrap();
    id
}

/// One of each kind of thing that can be a patient's; whose record is erased.
async fn one_of_everything(desk: &Desk) -> PatientId {
    let sink = sink(desk).await;
    let patient = patient(
        desk,
        "Zebrafinch Oriolebird",
        "MRN7734190",
        &[(PointKind::Email, ADDRESS), (PointKind::Phone, PHONE)],
    )
    .await;
    let child = self::patient(
        desk,
        "Marzipan Child",
        "MRN1",
        &[(PointKind::Email, "child@else.example")],
    )
    .await;
    desk.clock.advance(40 * DAY);
    let childs = desk
        .ticket("child@else.example", "Mine", "Marzipanwords.")
        .await;
    let view = patients::patient(&desk.app, &desk.system(), patient)
        .await
        .unwrap();
    let main = view.contacts[0].id;
    shared(desk, patient, child, main).await;
    let ticket = conversation(desk, &sink).await;
    desk.clock.advance(40 * DAY);
    acts(desk, (patient, ticket), (child, childs), main).await;
    caller(desk, &sink).await;
    given_out(desk, patient).await;
    beside::stands(desk, patient, main).await;
    jobs::drain(&desk.app).await.unwrap();
    exceptions(desk, patient, ticket).await;
    let copy = granted(desk, patient, Kind::Copy).await;
    copies::begin(&desk.app, &desk.ctx(Role::Administrator), copy, 3)
        .await
        .unwrap();
    jobs::drain(&desk.app).await.unwrap();
    let made = copies::of_request(&desk.app, &desk.ctx(Role::Administrator), copy)
        .await
        .unwrap();
    assert!(matches!(made[0].made, Made::Ready { .. }));
    patient
}

/// Keyed marks of what the patient is looked up by.
fn marks(desk: &Desk) -> Vec<[u8; 16]> {
    let blind = &desk.app.keyring.of(desk.organisation).unwrap().blind;
    vec![
        blind.index(BlindKind::Email, &normalise::email(ADDRESS).unwrap()),
        blind.index(
            BlindKind::Email,
            &normalise::email("sharedmail@patient.example").unwrap(),
        ),
        blind.index(BlindKind::Phone, &normalise::phone(PHONE, "1").unwrap()),
        blind.index(BlindKind::Mrn, &normalise::mrn("MRN7734190").unwrap()),
        blind.index(
            BlindKind::NameAndBirthDate,
            &normalise::name_and_birth_date("Zebrafinch Oriolebird", "1931-07-23").unwrap(),
        ),
    ]
}

/// Which of the words and how many of the marks can be read.
async fn readable(desk: &Desk, words: &'static [&'static str]) -> (Vec<&'static str>, Vec<String>) {
    let all = everything(desk).await;
    let mut places = found(&all, words);
    for mark in marks(desk) {
        let standing = all.iter().filter(|(_, bytes)| bytes == &mark);
        places.extend(standing.map(|(place, _)| format!("a mark in {place}")));
    }
    let whole: Vec<u8> = all
        .into_iter()
        .flat_map(|(_, bytes)| [bytes, vec![b'\n']].concat())
        .collect();
    (held(&whole, words), places)
}

both_engines! {
    async fn after_an_erasure_nothing_that_is_sealed_tells_of_the_patient(desk: Desk) {
        let patient = one_of_everything(&desk).await;
        let boss = desk.ctx(Role::Administrator);
        let view = patients::patient(&desk.app, &desk.system(), patient).await.unwrap();
        let main = view.contacts[0].id;
        erasure::place(&desk.app, &boss, patient, HoldReason::Other, "holdfinch", Some(desk.app.now().plus_seconds(60))).await.unwrap();
        desk.clock.advance(120);
        let request = granted(&desk, patient, Kind::Erasure).await;
        let (before, places) = readable(&desk, CANARIES).await;
        assert_eq!(before, CANARIES, "the look finds what is there");
        assert!(places.iter().any(|place| place == "a mark in contact_points.value_blind as it is"));
        assert_eq!(readable(&desk, OTHERS).await.0, OTHERS);
        assert_eq!(beside::rows(&desk, patient, main).await, beside::WHOLE);

        erasure::erase(&desk.app, &boss, request, 3).await.unwrap();
        jobs::drain(&desk.app).await.unwrap();
        let (_, mut left) = readable(&desk, CANARIES).await;
        // News that went to this address when it was the child's, about the child's record: it goes with that.
        left.retain(|place| place != "sharedmail in outbound_mails.content");
        assert!(left.is_empty(), "{left:#?}");
        assert_eq!(readable(&desk, beside::IGNORED).await.1, [""; 0], "nor a mail of which nothing came");
        assert_eq!(beside::rows(&desk, patient, main).await, [0; 7]);
        assert_eq!(readable(&desk, OTHERS).await.0, OTHERS, "what is somebody else's stays");
        desk.audit_is_whole().await;
    }

    async fn what_a_hold_is_on_stays_where_it_is(desk: Desk) {
        let boss = desk.ctx(Role::Administrator);
        let patient = patient(&desk, "Zebrafinch", "MRN1", &[(PointKind::Email, ADDRESS)]).await;
        let other = self::patient(&desk, "Marzipan", "MRN2", &[(PointKind::Email, "held@else.example")]).await;
        let ticket = desk.ticket(ADDRESS, "Mine", "Zebrafinch.").await;
        let view = patients::patient(&desk.app, &desk.system(), patient).await.unwrap();
        let main = view.contacts[0].id;
        let link = async |whose| tickets::link_contact(&desk.app, &desk.system(), main, whose).await;
        let none = desk.app.id();
        let placed = erasure::place(&desk.app, &boss, none, HoldReason::Other, "", None).await;
        assert!(matches!(placed, Err(DeskError::NotFound)));
        let hold = erasure::place(&desk.app, &boss, patient, HoldReason::Other, "", None).await.unwrap();
        for whose in [None, Some(other)] {
            let refused = link(whose).await;
            assert!(matches!(refused, Err(DeskError::Conflict { code: "held", .. })), "{refused:?}");
        }
        let whose = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().ticket.patient;
        assert_eq!(whose, Some(patient), "nothing of it went elsewhere");
        erasure::release(&desk.app, &boss, patient, hold).await.unwrap();

        // A hold on somebody for whom the patient acts counts as well.
        let sealing = tickets::sealing(&desk.app, &desk.system(), ticket).await.unwrap();
        let (id, key) = (desk.app.id::<()>(), sealing.id);
        let document = sealing.text("representatives", "document", id, "Deed");
        change!(desk, ACTS, id, other, main, key, document, ticket);
        erasure::place(&desk.app, &boss, other, HoldReason::Other, "", None).await.unwrap();
        let request = granted(&desk, patient, Kind::Erasure).await;
        let refused = erasure::erase(&desk.app, &boss, request, 3).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "held", .. })), "{refused:?}");
        link(None).await.unwrap();
    }
}
