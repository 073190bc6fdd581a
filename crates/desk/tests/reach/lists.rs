//! Every list, count and table, as every role meets it: nothing of a patient who is kept from them, and nothing of what waits
//! with another team. Generated from the route table: whatever is read without a thing's id in its address.

use super::{move_to, queue};
use crate::common::{Desk, Role, both_engines};
use axum::http::Method;
use bedside_desk::context::Permission;
use bedside_desk::ids::{PatientId, TicketId};
use bedside_desk::patients::{self, NewPatient, PointKind};
use bedside_desk::privacy::requests::{self, Kind, NewRequest};
use bedside_desk::records::{Label, Labels};
use bedside_desk::router::{Access, routes};
use bedside_desk::search;
use bedside_desk::tickets::{self, Patch, Status};
use std::collections::BTreeSet;

/// Somebody, and what they write, in words that stand nowhere else.
struct Writer {
    name: &'static str,
    address: &'static str,
    subject: &'static str,
    words: &'static str,
}

const HIDDEN: Writer = Writer {
    name: "Zenobia Quillfeather",
    address: "zenobia@patient.example",
    subject: "Marmalade biopsy",
    words: "The vermilion ward never called back.",
};
const OTHER_TEAM: Writer = Writer {
    name: "Ottoline Pimpernel",
    address: "ottoline@patient.example",
    subject: "Cinnabar parking",
    words: "Where is the periwinkle gate?",
};

/// What tells of the hidden patient, in small letters.
const OF_HIDDEN: [&str; 4] = ["quillfeather", "marmalade", "vermilion", "zenobia"];
/// What tells of a request with another team. Who people are is no team's.
const OF_OTHER_TEAM: [&str; 2] = ["cinnabar", "periwinkle"];
const TAG: &str = "tangerine";

/// Lists on which whoever sees everything meets the hidden patient: were they empty, nothing would be shown.
const FILLED: [&str; 9] = [
    "/inbox",
    "/inbox/mine",
    "/inbox/following",
    "/inbox/crisis",
    "/inbox/done",
    "/privacy",
    "/api/v1/tickets",
    "/api/v1/patients",
    "/api/v1/contacts",
];

async fn change(desk: &Desk, id: TicketId, patch: Patch) {
    let (app, ctx) = (&desk.app, desk.system());
    let seen = tickets::view(app, &ctx, id).await.unwrap();
    tickets::change(app, &ctx, id, seen.ticket.version, patch)
        .await
        .unwrap();
}

/// Something of somebody for every list there is: a request that is each colleague's and that they follow, one in danger, one
/// that is done, and what they ask for by law. In the end they wait in `place`, where there is one.
async fn everywhere(desk: &Desk, writer: &Writer, place: Option<&str>) -> PatientId {
    let (app, ctx) = (&desk.app, desk.system());
    let new = NewPatient {
        name: writer.name.to_owned(),
        birth_date: Some("1961-02-03".to_owned()),
        mrn: None,
        locale: None,
        secure_link: false,
    };
    let points = vec![(PointKind::Email, writer.address.to_owned())];
    let patient = patients::create_patient(app, &ctx, new, points)
        .await
        .unwrap();
    let mut all = Vec::new();
    for role in Role::ALL {
        if !desk.role(*role).permissions.has(Permission::TicketsRead) {
            continue;
        }
        let one = desk
            .ticket(writer.address, writer.subject, writer.words)
            .await;
        let own = match role {
            Role::Billing => "billing",
            _ => "front_desk",
        };
        move_to(desk, one, own).await;
        tickets::follow(app, &desk.ctx(*role), one, true)
            .await
            .unwrap();
        let mine = Patch {
            assignee: Some(Some(desk.id_of(*role))),
            add_tags: vec![TAG.to_owned()],
            ..Patch::default()
        };
        change(desk, one, mine).await;
        all.push(one);
    }
    let done = desk
        .ticket(writer.address, writer.subject, writer.words)
        .await;
    let resolved = Patch {
        status: Some(Status::Resolved),
        ..Patch::default()
    };
    change(desk, done, resolved).await;
    all.push(done);
    for one in all {
        if let Some(place) = place {
            move_to(desk, one, place).await;
        }
    }
    let cry = format!(
        "{} I took all of my sleeping pills. I want to die.",
        writer.words
    );
    desk.ticket(writer.address, writer.subject, &cry).await;
    let copy = NewRequest {
        patient,
        kind: Kind::Copy,
        received_on: jiff::civil::date(2026, 3, 1),
        ticket: None,
        words: writer.words.to_owned(),
    };
    requests::open_request(app, &ctx, copy).await.unwrap();
    patient
}

both_engines! {
    async fn attack_51_no_list_tells_of_what_is_kept_from_whoever_reads_it(desk: Desk) {
        let patient = everywhere(&desk, &HIDDEN, None).await;
        everywhere(&desk, &OTHER_TEAM, Some("clinical")).await;
        let (app, ctx) = (&desk.app, desk.system());
        let version = patients::patient(app, &ctx, patient).await.unwrap().version;
        let labels = Labels::NONE.with(Label::Vip);
        patients::label_patient(app, &ctx, patient, version, labels).await.unwrap();
        search::catch_up(app, desk.organisation).await.unwrap();
        let clinic = app.directory.of(desk.organisation).unwrap();
        let tag = tickets::tag_id(app, desk.organisation, TAG).unwrap().unwrap();
        // Whoever looks afterwards at what was done past the rules is told of whom, whatever the labels are.
        let afterwards = [Permission::PrivacyReview, Permission::ExceptionsReview].map(Access::Staff);
        let mut ways: Vec<String> = routes()
            .into_iter()
            .filter(|route| route.method == Method::GET && !route.path.contains('{') && !afterwards.contains(&route.access))
            .filter(|route| route.access.takes_sessions() && route.access != Access::Public)
            .map(|route| route.path.to_owned())
            .collect();
        ways.extend(clinic.queues.iter().map(|queue| format!("/inbox/queue/{}", queue.code)));
        ways.push(format!("/inbox/tag/{tag}"));
        assert!(ways.len() > 60, "{ways:?}");
        let (mut filled, mut shown, mut silent) = (BTreeSet::new(), 0, 0);
        for role in Role::ALL {
            let reach = desk.role(*role).reach();
            let browser = desk.browser(*role).await;
            let mut kept = Vec::new();
            if !reach.permissions.has(Permission::PatientsVip) {
                kept.extend(OF_HIDDEN);
            }
            if !reach.queues.has(queue(&desk, "clinical")) {
                kept.extend(OF_OTHER_TEAM);
            }
            for way in &ways {
                let answer = browser.get(way).await;
                assert!(answer.status < 500, "{role:?} {way}: {}", answer.status);
                let text = answer.text().to_lowercase();
                for word in &kept {
                    assert!(!text.contains(word), "{role:?} {way} says {word}");
                }
                let tells = OF_HIDDEN.iter().any(|word| text.contains(word));
                if tells && *role == Role::Administrator {
                    filled.insert(way.clone());
                }
                if answer.status == 200 {
                    if tells { shown += 1 } else { silent += 1 }
                }
            }
        }
        for list in FILLED {
            assert!(filled.contains(list), "nothing stands on {list}: {filled:?}");
        }
        assert!(shown > 20 && silent > 100, "{shown} shown, {silent} silent");
    }
}
