//! Restricted records: kept from whoever may not see them on every way in, opened for a reason and a short time, and
//! signed off by somebody else.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::audit_log;
use bedside_desk::context::Permissions;
use bedside_desk::error::DeskError;
use bedside_desk::ids::{ContactId, PatientId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::exceptions::{self, Source};
use bedside_desk::privacy::{self, NewOpening, OPEN_FOR, Reason, Verdict};
use bedside_desk::records::{Label, Labels};
use bedside_desk::router::{Access, routes};
use bedside_desk::tickets::{self, View};
use common::{Browser, Desk, Role, both_engines, csrf_token};

/// Words that stand nowhere but in the restricted record.
const NAME: &str = "Zenobia Quillfeather";
const SUBJECT: &str = "Marmalade biopsy";
const WORDS: &str = "The vermilion ward never called back about the marmalade.";
const CANARIES: [&str; 4] = ["Quillfeather", "Marmalade", "vermilion", "zenobia@"];

struct Kept {
    patient: PatientId,
    contact: ContactId,
    ticket: TicketId,
    message: String,
    number: i64,
}

async fn labelled(desk: &Desk, labels: Labels) -> Kept {
    let (app, ctx) = (&desk.app, desk.system());
    let patient = NewPatient {
        name: NAME.to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: Some("ZQ-77".to_owned()),
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, "zenobia@patient.example".to_owned())];
    let patient = patients::create_patient(app, &ctx, patient, points)
        .await
        .unwrap();
    let ticket = desk.ticket("zenobia@patient.example", SUBJECT, WORDS).await;
    let view = tickets::view(app, &ctx, ticket).await.unwrap();
    let seen = view.patient.unwrap();
    patients::label_patient(app, &ctx, patient, seen.version, labels)
        .await
        .unwrap();
    Kept {
        patient,
        contact: view.contact.id,
        ticket,
        message: view.messages[0].id.to_string(),
        number: view.ticket.number,
    }
}

fn vip() -> Labels {
    Labels::NONE.with(Label::Vip)
}

impl Kept {
    fn path(&self, route: &str) -> String {
        route
            .replace("{ticket}", &self.ticket.to_string())
            .replace("{patient}", &self.patient.to_string())
            .replace("{message}", &self.message)
    }
}

fn says_nothing(page: &str, way: &str) {
    for canary in CANARIES {
        assert!(!page.contains(canary), "{way} says {canary}");
    }
}

/// Whether the log tells so among its newest entries.
async fn logged(desk: &Desk, action: &str, object: &str, outcome: &str) -> bool {
    let ctx = desk.system();
    let log = audit_log::list(&desk.app, &ctx, None, 4).await.unwrap();
    log.iter()
        .any(|one| one.action == action && one.object_id == object && one.outcome == outcome)
}

async fn open(browser: &Browser, kept: &Kept, words: &str) -> common::Answer {
    let page = format!("/restricted/{}?back=/tickets/{}", kept.patient, kept.number);
    let fields = [("reason", "danger"), ("words", words)];
    let action = format!("/restricted/{}", kept.patient);
    let back = format!("/tickets/{}", kept.number);
    let fields = [&fields[..], &[("back", back.as_str())]].concat();
    browser.submit(&page, &action, &fields).await
}

/// A form that every page of a ticket or a patient takes, so that what refuses it is the label.
const FORM: &str = "version=1&until=1h&on=true&other=1&how=link&subject=x&name=x&body=x&kind=note&role=agent\
    &reason=past&urgency=standard&status=open&locale=en";

both_engines! {
    async fn attack_14_and_31_a_hidden_patient_is_hidden_on_every_page(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        let agent = desk.browser(Role::Agent).await;
        let may = desk.role(Role::Agent).permissions;
        let token = csrf_token(&agent.get("/inbox").await.expect(200).text());
        let before = tickets::view(&desk.app, &desk.system(), kept.ticket).await.unwrap();
        let mut tried = 0;
        for route in routes() {
            let (Access::Staff(needed), true) = (route.access, route.path.contains("{ticket}") || route.path.contains("{patient}")) else {
                continue;
            };
            if !may.has(needed) || route.path.starts_with("/restricted/") {
                continue;
            }
            let way = kept.path(route.path);
            let form = format!("{FORM}&message={}&contact={}", kept.message, kept.contact);
            let headers = [("content-type", "application/x-www-form-urlencoded"), ("x-csrf-token", token.as_str())];
            let mut answer = agent.request(route.method.clone(), &way, &headers, Body::from(form)).await;
            if answer.status == 415 {
                let headers = [("content-type", "multipart/form-data; boundary=XX"), ("x-csrf-token", token.as_str())];
                let form = "--XX\r\ncontent-disposition: form-data; name=\"body\"\r\n\r\nx\r\n--XX--\r\n";
                answer = agent.request(route.method.clone(), &way, &headers, Body::from(form)).await;
            }
            assert_eq!(answer.status, 403, "{} {}: {}", route.method, route.path, answer.text());
            says_nothing(&answer.text(), route.path);
            tried += 1;
        }
        assert!(tried > 25, "{tried}");
        let after = tickets::view(&desk.app, &desk.system(), kept.ticket).await.unwrap();
        assert_eq!((after.ticket.version, after.messages.len()), (before.ticket.version, before.messages.len()));
        assert_eq!(after.patient.unwrap().version, before.patient.unwrap().version);
    }

    async fn attack_51_lists_and_searches_tell_no_more_than_the_record_itself(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        desk.ticket("open@patient.example", "Marzipan", "An open request.").await;
        bedside_desk::search::catch_up(&desk.app, desk.organisation).await.unwrap();
        let (agent, boss) = (desk.browser(Role::Agent).await, desk.browser(Role::Supervisor).await);
        for way in ["/inbox", "/inbox/queue/front_desk", "/patients", "/ratings"] {
            says_nothing(&agent.get(way).await.expect(200).text(), way);
        }
        for words in ["marmalade", "from:zenobia", "from:zenobia@patient.example", "status:new"] {
            let found = agent.submit("/search", "/search", &[("q", words)]).await.expect(200).text();
            let found = found.split("id=\"ticket-list\"").nth(1).unwrap();
            says_nothing(found, words);
            assert!(!found.contains(&format!("/tickets/{}", kept.number)), "{words}");
            let found = boss.submit("/search", "/search", &[("q", words)]).await.expect(200).text();
            assert!(found.contains(SUBJECT), "{words}");
        }
        let list = agent.get("/inbox").await.text();
        assert!(list.contains("Restricted request") && list.contains("Marzipan"));
        assert!(list.contains(&format!("/tickets/{}", kept.number)), "the work is still to be done");
        assert!(boss.get("/inbox").await.text().contains(SUBJECT));
        for (field, value) in [("mrn", "ZQ-77"), ("email", "zenobia@patient.example")] {
            let found = agent.submit("/patients", "/patients", &[(field, value)]).await.expect(200).text();
            let answer = found.split("results").nth(1).unwrap();
            assert!(answer.contains("Restricted record") && !answer.contains("Quillfeather") && !answer.contains("1961"));
        }
        // What is asked for by person is empty, whoever asks by which id.
        for view in [View::Patient(kept.patient), View::Contact(kept.contact)] {
            let rows = tickets::list(&desk.app, &desk.ctx(Role::Agent), &view, None, 10).await.unwrap().rows;
            assert!(rows.is_empty(), "{view:?}");
            let rows = tickets::list(&desk.app, &desk.ctx(Role::Supervisor), &view, None, 10).await.unwrap().rows;
            assert_eq!(rows.len(), 1, "{view:?}");
        }
    }

    async fn a_reason_opens_a_record_for_an_hour_and_somebody_else_signs_it_off(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        let (agent, privacy) = (desk.browser(Role::Agent).await, desk.browser(Role::Compliance).await);
        let ticket = format!("/tickets/{}", kept.number);
        let refused = agent.request(Method::GET, &ticket, &[("accept", "text/html")], Body::empty()).await.expect(403).text();
        assert!(refused.contains(&format!("/restricted/{}?back={ticket}", kept.patient)), "{refused}");
        assert!(logged(&desk, "ticket.read", &kept.ticket.to_string(), "denied").await);
        for words in ["", "short", &"x".repeat(501)] {
            says_nothing(&open(&agent, &kept, words).await.expect(422).text(), "the form");
        }
        agent.get(&ticket).await.expect(403);
        assert!(privacy.get("/reviews").await.expect(200).text().contains("Nothing waits"));

        let words = "She is on the phone and says that she bleeds.";
        let to = open(&agent, &kept, words).await.expect(303);
        assert_eq!(to.header("location"), Some(ticket.as_str()));
        assert!(logged(&desk, "restricted.open", &kept.patient.to_string(), "ok").await);
        let page = agent.get(&ticket).await.expect(200).text();
        assert!(page.contains(SUBJECT) && page.contains("Known to the public"));
        assert!(agent.get("/inbox").await.text().contains(SUBJECT));
        agent.submit(&ticket, &format!("{ticket}/notes"), &[("body", "Called her back."), ("kind", "note")]).await;
        // It is open to nobody else, and takes nobody's label away.
        desk.browser(Role::Nurse).await.get(&ticket).await.expect(403);
        let ctx = desk.ctx(Role::Agent);
        let seen = patients::patient(&desk.app, &ctx, kept.patient).await.unwrap();
        let unlabelled = patients::label_patient(&desk.app, &ctx, kept.patient, seen.version, Labels::NONE).await;
        assert!(matches!(unlabelled, Err(DeskError::Forbidden)));
        let unlinked = tickets::link_contact(&desk.app, &ctx, kept.contact, None).await;
        assert!(matches!(unlinked, Err(DeskError::Forbidden)), "{unlinked:?}");

        let review = privacy.get("/reviews").await.expect(200).text();
        assert!(review.contains(words) && review.contains(NAME) && review.contains("Somebody is in danger"));
        let waiting = exceptions::waiting(&desk.app, &desk.ctx(Role::Compliance)).await.unwrap();
        let action = format!("/reviews/opening/{}", waiting[0].id);
        privacy.submit("/reviews", &action, &[("verdict", "unjustified"), ("note", "")]).await.expect(422);
        privacy.submit("/reviews", &action, &[("verdict", "justified"), ("note", "Thank you.")]).await.expect(303);
        let done = privacy.get("/reviews").await.text();
        assert!(done.contains("Nothing waits") && done.contains("Thank you."));
        privacy.submit("/account", &action, &[("verdict", "justified"), ("note", "")]).await.expect(404);

        desk.clock.advance(OPEN_FOR);
        // The session is over as well.
        desk.browser(Role::Agent).await.get(&ticket).await.expect(403);
    }

    async fn what_was_not_right_is_shut_at_once_and_a_lost_permission_shuts_too(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        let agent = desk.ctx(Role::Agent);
        let open = async || {
            let new = NewOpening { patient: kept.patient, reason: Reason::Other, words: "To look around a little.".to_owned() };
            privacy::open_record(&desk.app, &agent, new).await.unwrap()
        };
        let first = open().await;
        tickets::view(&desk.app, &agent, kept.ticket).await.unwrap();
        exceptions::sign_off(&desk.app, &desk.ctx(Role::Compliance), (Source::Opening, first.uuid()), Verdict::Unjustified, "We talk.").await.unwrap();
        assert!(tickets::view(&desk.app, &agent, kept.ticket).await.is_err());
        open().await;
        tickets::view(&desk.app, &agent, kept.ticket).await.unwrap();
        let mut role = desk.role(Role::Agent).as_ref().clone();
        role.permissions = Permissions::parse("tickets:read tickets:write patients:read fields:identifiers").unwrap();
        bedside_desk::orgs::change(&desk.app, &desk.system(), bedside_desk::orgs::Change::PutRole(role)).await.unwrap();
        assert!(tickets::view(&desk.app, &desk.ctx(Role::Agent), kept.ticket).await.is_err());
        let rows = tickets::list(&desk.app, &desk.ctx(Role::Agent), &View::Active, None, 10).await.unwrap().rows;
        assert!(rows.iter().all(|row| row.restricted && row.subject.is_empty()));
        // Who could not open it is not told that there is somebody.
        let wanted = patients::Wanted { mrn: Some("ZQ-77".to_owned()), ..Default::default() };
        assert!(patients::find_patients(&desk.app, &desk.ctx(Role::Agent), &wanted).await.unwrap().is_empty());
        assert_eq!(patients::find_patients(&desk.app, &desk.ctx(Role::Nurse), &wanted).await.unwrap().len(), 1);
    }

    async fn whoever_writes_for_somebody_else_is_kept_by_their_own_label(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        let (app, system) = (&desk.app, desk.system());
        let child = NewPatient { name: "Pat".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let child = patients::create_patient(app, &system, child, Vec::new()).await.unwrap();
        // Their request is the child's, and then they stand for themselves again.
        tickets::link_contact(app, &system, kept.contact, None).await.unwrap();
        tickets::link_contact(app, &system, kept.contact, Some(child)).await.unwrap();
        tickets::link_contact(app, &system, kept.contact, Some(kept.patient)).await.unwrap();
        let seen = tickets::view(app, &desk.ctx(Role::Agent), kept.ticket).await.unwrap();
        assert_eq!(seen.ticket.patient, Some(child));
        assert!(seen.contact.name.is_none() && seen.contact.points.is_empty() && seen.contact.patient_id.is_none());
        let rows = tickets::list(app, &desk.ctx(Role::Agent), &View::Active, None, 10).await.unwrap().rows;
        assert_eq!((rows[0].subject.as_str(), rows[0].requester.as_str()), (SUBJECT, ""));
        let rows = tickets::list(app, &desk.ctx(Role::Supervisor), &View::Active, None, 10).await.unwrap().rows;
        assert_eq!(rows[0].requester, NAME);
    }

    async fn a_call_is_taken_down_by_who_may_not_read_it(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        let agent = desk.browser(Role::Agent).await;
        let fields = [("email", "zenobia@patient.example"), ("body", "She asks for a call back."), ("channel", "phone"), ("subject", "Call back")];
        let done = agent.submit("/tickets/new", "/tickets/new", &fields).await.expect(303);
        assert_eq!(done.header("location"), Some("/inbox"));
        let rows = tickets::list(&desk.app, &desk.ctx(Role::Supervisor), &View::Patient(kept.patient), None, 10).await.unwrap().rows;
        assert_eq!(rows.len(), 2);
    }

    async fn a_label_is_taken_from_what_was_seen_alone(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        let boss = desk.ctx(Role::Administrator);
        let seen = patients::patient(&desk.app, &boss, kept.patient).await.unwrap().version;
        for version in [seen - 1, seen + 1] {
            let done = patients::label_patient(&desk.app, &boss, kept.patient, version, Labels::NONE).await;
            assert!(matches!(done, Err(DeskError::Stale { version, .. }) if version == seen), "{done:?}");
        }
    }

    async fn nobody_signs_off_what_they_opened_themselves(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        // Whoever sees all has nothing to open; a role between the two can open and review.
        let mut role = desk.role(Role::Agent).as_ref().clone();
        role.permissions = Permissions::parse("tickets:read patients:read restricted:open privacy:review exceptions:review").unwrap();
        bedside_desk::orgs::change(&desk.app, &desk.system(), bedside_desk::orgs::Change::PutRole(role)).await.unwrap();
        let ctx = desk.ctx(Role::Agent);
        let new = || NewOpening { patient: kept.patient, reason: Reason::Other, words: "To see whether it works.".to_owned() };
        let id = privacy::open_record(&desk.app, &ctx, new()).await.unwrap();
        let own = exceptions::sign_off(&desk.app, &ctx, (Source::Opening, id.uuid()), Verdict::Justified, "").await;
        assert!(matches!(own, Err(DeskError::Conflict { code: "own_word", .. })));
        assert!(logged(&desk, "restricted.review", &id.to_string(), "denied").await);
        assert_eq!(exceptions::waiting(&desk.app, &ctx).await.unwrap().len(), 1);
        assert!(desk.browser(Role::Agent).await.get("/reviews").await.text().contains("This is yours"));
        let nobody = PatientId::from_uuid(kept.ticket.uuid());
        let missing = privacy::open_record(&desk.app, &ctx, NewOpening { patient: nobody, ..new() }).await;
        assert!(matches!(missing, Err(DeskError::NotFound)));
        // The desk itself and other systems have no reasons.
        let system = privacy::open_record(&desk.app, &desk.system(), new()).await;
        assert!(matches!(system, Err(DeskError::Forbidden)));
    }

    async fn each_label_asks_for_its_own_permission(desk: Desk) {
        // Every set of labels, for every role that reads requests of all queues.
        let roles = [Role::Agent, Role::Nurse, Role::Counsellor, Role::Supervisor, Role::Administrator];
        let all_sets = 1_u32 << Label::ALL.len();
        let (mut kept, mut alone) = (0, Vec::new());
        for set in 0..all_sets {
            let labels: Labels = Label::ALL.iter().copied().filter(|one| set & (1 << (*one as u32)) != 0).collect();
            let id = desk.app.id::<()>();
            let address = format!("p{id}@patient.example");
            let ticket = desk.ticket(&address, "Hello", "How are you?").await;
            let contact = tickets::view(&desk.app, &desk.system(), ticket).await.unwrap().contact.id;
            let new = NewPatient { name: "Pat".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
            let patient = patients::create_patient(&desk.app, &desk.system(), new, Vec::new()).await.unwrap();
            tickets::link_contact(&desk.app, &desk.system(), contact, Some(patient)).await.unwrap();
            patients::label_patient(&desk.app, &desk.system(), patient, 1, labels).await.unwrap();
            for role in roles {
                let may = desk.role(role).permissions;
                let sees = labels.list().all(|one| may.has(one.permission()));
                let shown = tickets::view(&desk.app, &desk.ctx(role), ticket).await;
                assert_eq!(shown.is_ok(), sees, "{role:?} {labels:?}");
                if let Err(error) = shown {
                    assert!(matches!(error, DeskError::Restricted { .. }), "{error}");
                    kept += 1;
                } else if set.is_power_of_two() {
                    alone.push((role.code(), labels.list().map(Label::code).collect::<String>()));
                }
            }
        }
        assert!(kept > 40, "{kept}");
        // Each label alone is shown by those for whom it is meant, and by nobody else.
        let expected = [
            ("supervisor", "vip"), ("administrator", "vip"),
            ("supervisor", "employee"), ("administrator", "employee"),
            ("nurse", "part2"), ("counsellor", "part2"), ("administrator", "part2"),
            ("nurse", "adolescent"), ("counsellor", "adolescent"), ("administrator", "adolescent"),
        ];
        assert_eq!(alone, expected.map(|(role, label)| (role, label.to_owned())));
    }

    async fn attack_12_13_and_28_a_hidden_patient_is_reached_through_no_other_record(desk: Desk) {
        let kept = labelled(&desk, vip()).await;
        let (app, ctx) = (&desk.app, desk.ctx(Role::Agent));
        let own = desk.ticket("open@patient.example", "Open", "Mine.").await;
        let restricted = |done: Result<(), DeskError>, what: &str| {
            assert!(matches!(done, Err(DeskError::Restricted { .. })), "{what}: {done:?}");
        };
        restricted(tickets::merge(app, &ctx, own, kept.ticket).await, "merge into");
        restricted(tickets::merge(app, &ctx, kept.ticket, own).await, "merge from");
        restricted(tickets::link(app, &ctx, own, kept.ticket).await, "link");
        let contact = tickets::view(app, &ctx, own).await.unwrap().contact.id;
        restricted(tickets::link_contact(app, &ctx, contact, Some(kept.patient)).await, "stand for");
        restricted(tickets::link_contact(app, &ctx, kept.contact, None).await, "stand for nobody");
        let taken = patients::ContactPatch { add: vec![(PointKind::Email, "zenobia@patient.example".to_owned())], ..Default::default() };
        let refused = patients::change_contact(app, &ctx, contact, 1, taken).await;
        assert!(matches!(refused, Err(DeskError::Conflict { code: "address_taken", .. })));
        let renamed = patients::ContactPatch { name: Some(None), ..Default::default() };
        restricted(patients::change_contact(app, &ctx, kept.contact, 1, renamed).await.map(drop), "change");
        // Each try is told of in the log.
        let log = audit_log::list(app, &desk.system(), None, 50).await.unwrap();
        assert_eq!(log.iter().filter(|entry| entry.action == "restricted.refused").count(), 6);
    }

    async fn a_label_holds_at_once_and_a_request_of_nobody_follows_its_requester(desk: Desk) {
        let kept = labelled(&desk, Labels::NONE).await;
        let agent = desk.browser(Role::Agent).await;
        let page = format!("/patients/{}", kept.patient);
        agent.get(&page).await.expect(200);
        // A request that carries no patient is its requester's all the same.
        let other = desk.ticket("zenobia@patient.example", SUBJECT, WORDS).await;
        agent.submit(&page, &format!("{page}/labels"), &[("version", "2"), ("vip", "true")]).await.expect(303);
        agent.get(&page).await.expect(403);
        agent.get(&format!("/tickets/{other}")).await.expect(403);
        agent.get(&format!("/tickets/{}", kept.ticket)).await.expect(403);
    }
}
