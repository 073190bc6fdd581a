//! Who acts for a patient: what lets somebody in, what they hear, and what ends it.

use super::*;
use bedside_desk::error::DeskError;
use bedside_desk::ids::RepresentativeId;
use bedside_desk::privacy::requests::{self, Decision, Kind, NewRequest, Said};
use bedside_desk::records::{Group, Scope};
use bedside_desk::representatives::{
    self, Authority, Ended, NewRepresentative, Relationship, RepresentativeView, State, Who,
};
use common::both_engines;
use common::sink::sink;

const DAUGHTER: &str = "dora@else.test";

/// The daughter, with her mother's word.
fn daughter(talk: &Talk) -> NewRepresentative {
    NewRepresentative {
        conversation: talk.id,
        who: Who::Requester,
        relationship: Relationship::AdultChild,
        authority: Authority::Permission,
        scope: [Group::Logistics, Group::Billing].into_iter().collect(),
        young_agreed: false,
        starts: None,
        ends: None,
        document: None,
        file: None,
        checked: false,
    }
}

/// A conversation at the third level.
async fn known(desk: &Desk, sink: &Sink, address: &str) -> Talk {
    let talk = Talk::with(desk, address).await;
    talk.second(desk, sink).await;
    talk.third().await;
    talk
}

async fn all(desk: &Desk, patient: PatientId) -> Vec<RepresentativeView> {
    let ctx = desk.ctx(Role::Agent);
    representatives::list(&desk.app, &ctx, patient)
        .await
        .unwrap()
}

async fn add(
    desk: &Desk,
    role: Role,
    patient: PatientId,
    new: NewRepresentative,
) -> Result<RepresentativeId, DeskError> {
    representatives::add(&desk.app, &desk.ctx(role), patient, new).await
}

async fn stands_for(desk: &Desk, talk: &Talk) -> Option<PatientId> {
    let view = tickets::view(&desk.app, &desk.system(), talk.id)
        .await
        .unwrap();
    view.contact.patient_id
}

#[track_caller]
fn code<T>(done: Result<T, DeskError>) -> &'static str {
    done.map(drop).unwrap_err().code()
}

both_engines! {
    async fn nobody_is_added_without_the_third_level(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = Talk::with(&desk, DAUGHTER).await;
        let page = format!("{}/representatives", talk.page);
        let form = [("who", "requester"), ("relationship", "adult_child"), ("authority", "permission"), ("logistics", "true")];
        let refused = async || {
            assert_eq!(code(add(&desk, Role::Agent, patient, daughter(&talk)).await), "verification_needed");
            let shown = talk.agent.get(&page).await.expect(200).text();
            assert!(shown.contains("verified to level 3") && !shown.contains("name=\"authority\""), "{shown}");
            talk.agent.submit(&talk.verify(), &page, &form).await.expect(409);
        };
        refused().await;
        talk.first().await;
        refused().await;
        talk.code_to(&desk, &sink).await;
        refused().await;
        assert!(all(&desk, patient).await.is_empty());
        talk.third().await;
        // Verified as this patient is not verified as another one.
        let other = desk.app.id();
        assert_eq!(code(add(&desk, Role::Agent, other, daughter(&talk)).await), "not_found");
        add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        assert_eq!(all(&desk, patient).await.len(), 1);
        desk.audit_is_whole().await;
    }

    async fn the_patients_word_lets_somebody_in_for_what_it_says(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        let page = format!("{}/representatives", talk.page);
        let shown = talk.agent.get(&page).await.expect(200).text();
        assert!(shown.contains(NAME) && shown.contains("Nobody acts for this patient."), "{shown}");
        for (field, value, says) in [
            ("relationship", "", "Choose what they are"),
            ("authority", "", "Choose on what it rests"),
            ("authority", "court_order", "Say which document"),
            ("authority", "none_shown", "times and directions alone"),
            ("ends", "2001-01-01", "The last day is not before today"),
            ("ends", "soon", "year-month-day"),
            ("who", "nobody", "Say who it is"),
        ] {
            let mut form = vec![("who", "requester"), ("relationship", "adult_child"), ("authority", "permission"), ("billing", "true")];
            form.retain(|(name, _)| *name != field);
            form.push((field, value));
            let answer = talk.agent.submit(&page, &page, &form).await;
            assert!(answer.status == 422 && answer.text().contains(says), "{field} {value}: {}", answer.text());
        }
        let form = [
            ("who", "requester"), ("relationship", "adult_child"), ("authority", "permission"), ("billing", "true"),
            ("logistics", "true"), ("ends", "2026-06-30"), ("document", "Said so on the phone."),
        ];
        talk.agent.submit(&page, &page, &form).await.expect(303);
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.relationship, one.authority, one.state), (Relationship::AdultChild, Authority::Permission, State::Confirmed));
        assert_eq!(one.hears.list().collect::<Vec<_>>(), [Group::Logistics, Group::Billing]);
        assert_eq!(one.document.as_deref(), Some("Said so on the phone."));
        assert_eq!(stands_for(&desk, &talk).await, Some(patient), "they write for the patient from now on");
        let theirs = talk.agent.get(&format!("/patients/{patient}")).await.expect(200).text();
        for words in ["Grown-up son or daughter", "times and directions, bills", "until Jun 30, 2026", "Confirmed", "Said so on the phone."] {
            assert!(theirs.contains(words), "{words} in {theirs}");
        }
        let beside = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(beside.contains("Writes for the patient (Grown-up son or daughter) and may hear until"), "{beside}");
        assert!(beside.contains("confirmed that somebody acts for the patient"), "{beside}");
        // A second word about the same person waits until the first one is over.
        sent(&desk, &sink).await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        assert_eq!(code(add(&desk, Role::Agent, patient, daughter(&talk)).await), "acts_already");
    }

    async fn what_nobody_checked_waits_for_a_second_person(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        let power = NewRepresentative {
            authority: Authority::HealthCarePower,
            document: Some("Power of attorney of 2 May 2024".to_owned()),
            scope: Scope::ALL,
            ..daughter(&talk)
        };
        let id = add(&desk, Role::Supervisor, patient, power.clone()).await.unwrap();
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.state, one.hears), (State::Asked, Scope::NONE));
        assert_eq!(stands_for(&desk, &talk).await, None, "nothing changes before the second yes");
        let told = sent(&desk, &sink).await;
        assert!(told.iter().any(|mail| mail.mail().subject == "Something waits for a second look"));
        let decide = async |role, yes| representatives::decide(&desk.app, &desk.ctx(role), patient, id, yes).await;
        assert_eq!(code(decide(Role::Agent, true).await), "forbidden");
        assert_eq!(code(decide(Role::Supervisor, true).await), "own_word");
        let way = format!("/patients/{patient}/representatives/{id}/decide");
        let administrator = desk.browser(Role::Administrator).await;
        let page = administrator.get(&format!("/patients/{patient}")).await.expect(200).text();
        assert!(page.contains(&way) && page.contains("Waits for a second yes"), "{page}");
        administrator.submit(&format!("/patients/{patient}"), &way, &[("yes", "true")]).await.expect(303);
        assert_eq!(all(&desk, patient).await[0].state, State::Confirmed);
        assert_eq!(stands_for(&desk, &talk).await, Some(patient));
        assert_eq!(code(decide(Role::Administrator, true).await), "not_found");
        desk.audit_is_whole().await;
    }

    async fn the_second_yes_needs_the_third_level_once_more_and_a_no_needs_nothing(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        let order = NewRepresentative {
            authority: Authority::CourtOrder,
            document: Some("Order 12/4".to_owned()),
            ..daughter(&talk)
        };
        let id = add(&desk, Role::Agent, patient, order).await.unwrap();
        desk.clock.advance(3600);
        let decide = async |yes| representatives::decide(&desk.app, &desk.ctx(Role::Supervisor), patient, id, yes).await;
        assert_eq!(code(decide(true).await), "verification_needed");
        decide(false).await.unwrap();
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.state, one.ended_why), (State::Refused, Some(Ended::Refused)));
        assert_eq!(stands_for(&desk, &talk).await, None);
    }

    async fn an_end_takes_the_addresses_away(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        let id = add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        let patients_page = format!("/patients/{patient}");
        let way = format!("{patients_page}/representatives/{id}/end");
        let compliance = desk.browser(Role::Compliance).await;
        compliance.request(axum::http::Method::POST, &way, &[], axum::body::Body::empty()).await.expect(403);
        let answer = talk.agent.submit(&patients_page, &way, &[("why", "over")]).await.expect(422);
        assert!(answer.text().contains("Choose a reason."));
        let fields = [("why", "revoked"), ("words", "She called and took it back.")];
        talk.agent.submit(&patients_page, &way, &fields).await.expect(303);
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.state, one.ended_why, one.hears), (State::Ended, Some(Ended::Revoked), Scope::NONE));
        assert_eq!(stands_for(&desk, &talk).await, None);
        talk.agent.submit(&patients_page, &way, &fields).await.expect(409);
        let page = talk.agent.get(&patients_page).await.expect(200).text();
        assert!(page.contains("The patient took it back") && page.contains("She called and took it back."), "{page}");
        // Linking the contact by hand brings no right back.
        let contact = one.contact;
        tickets::link_contact(&desk.app, &desk.system(), contact, Some(patient)).await.unwrap();
        let beside = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(beside.contains("Acted for the patient"), "{beside}");
    }

    async fn it_ends_by_itself(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        let today = desk.app.now().to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
        let until = today.checked_add(jiff::Span::new().days(7)).unwrap();
        let new = NewRepresentative { ends: Some(until), ..daughter(&talk) };
        add(&desk, Role::Agent, patient, new).await.unwrap();
        desk.clock.advance(6 * DAY);
        jobs::drain(&desk.app).await.unwrap();
        assert_eq!(all(&desk, patient).await[0].state, State::Confirmed);
        desk.clock.advance(2 * DAY);
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.state, one.hears), (State::Ended, Scope::NONE), "also before anything has noted it");
        jobs::drain(&desk.app).await.unwrap();
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.state, one.ended_why), (State::Ended, Some(Ended::Over)));
        assert_eq!(stands_for(&desk, &talk).await, None);
        desk.audit_is_whole().await;
    }

    async fn a_link_that_is_taken_away_ends_it(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        let contact = all(&desk, patient).await[0].contact;
        tickets::link_contact(&desk.app, &desk.ctx(Role::Agent), contact, None).await.unwrap();
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.state, one.ended_why), (State::Ended, Some(Ended::Unlinked)));
    }

    async fn an_address_of_theirs_confirms_nobody_else(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        desk.clock.advance(40 * DAY);
        let masked = "d•••@e•••.test";
        let stranger = Talk::with(&desk, "stranger@nowhere.test").await;
        stranger.first().await;
        let page = stranger.seen().await;
        assert!(page.contains(masked) && page.contains("acts for them in some things only"), "{page}");
        let (status, page) = stranger.send("code", &[("choice", &choice(&page, masked))]).await;
        assert!(status == 409 && page.contains("It confirms nobody else."), "{page}");
        // In their own conversation it says who they are, and they hear what they may.
        let own = Talk::with(&desk, DAUGHTER).await;
        own.first().await;
        let (_, page) = own.send("code", &[("choice", &choice(&own.seen().await, masked))]).await;
        assert!(page.contains("The code is on its way."), "{page}");
    }

    async fn a_parent_speaks_for_a_child_until_it_is_grown_and_hears_less_before(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let born = |date: &str| NewPatient {
            name: NAME.to_owned(),
            birth_date: (!date.is_empty()).then(|| date.to_owned()),
            mrn: Some(MRN.to_owned()),
            locale: None,
            secure_link: false,
        };
        let talk = known(&desk, &sink, DAUGHTER).await;
        let system = desk.system();
        patients::change_patient(&desk.app, &system, patient, 1, born("2015-06-07")).await.unwrap();
        let parent = NewRepresentative {
            relationship: Relationship::Parent,
            authority: Authority::ParentOfMinor,
            scope: Scope::ALL,
            document: Some("Birth certificate".to_owned()),
            checked: true,
            ..daughter(&talk)
        };
        add(&desk, Role::Agent, patient, parent).await.unwrap();
        let one = all(&desk, patient).await.remove(0);
        assert_eq!((one.state, one.hears), (State::Confirmed, Scope::ALL));
        assert_eq!(one.until.unwrap().to_jiff().to_string(), "2033-06-07T04:00:00Z", "the birthday begins at the clinic");
        // Thirteen: care is theirs. The label says so earlier.
        let kept = Scope::ALL.without(Group::Clinical).without(Group::Records);
        patients::change_patient(&desk.app, &system, patient, 2, born("2012-06-07")).await.unwrap();
        assert_eq!(all(&desk, patient).await[0].hears, kept);
        patients::change_patient(&desk.app, &system, patient, 3, born("2015-06-07")).await.unwrap();
        label(&desk, patient, Label::Adolescent).await;
        let seen = representatives::list(&desk.app, &desk.ctx(Role::Nurse), patient).await.unwrap();
        assert_eq!(seen[0].hears, kept);
        let refused = representatives::list(&desk.app, &desk.ctx(Role::Agent), patient).await;
        assert_eq!(code(refused), "restricted");
        // Nobody knows when a child without a birth date is grown.
        patients::change_patient(&desk.app, &system, patient, 5, born("")).await.unwrap();
        let seen = representatives::list(&desk.app, &desk.ctx(Role::Nurse), patient).await.unwrap();
        assert_eq!(seen[0].hears, Scope::NONE);
    }

    async fn whoever_acts_for_some_things_lets_nobody_else_in(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        sent(&desk, &sink).await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let friend = |value: &str| NewRepresentative {
            who: Who::Address { kind: PointKind::Email, value: value.to_owned(), name: Some("Fina Friend".to_owned()) },
            ..daughter(&talk)
        };
        assert_eq!(code(add(&desk, Role::Agent, patient, friend("fina@else.test")).await), "outside_scope");
        let (status, page) = talk.send("address", &[("kind", "phone"), ("value", "+1 312 555 0100")]).await;
        assert!(status == 409 && page.contains("and not for this"), "{page}");
        // The patient themself does, and an address that is somebody's whom the actor may not see is only taken.
        sent(&desk, &sink).await;
        let own = Talk::with(&desk, MAIL).await;
        sent(&desk, &sink).await;
        own.second(&desk, &sink).await;
        own.third().await;
        let mut new = friend("fina@else.test");
        new.conversation = own.id;
        add(&desk, Role::Agent, patient, new.clone()).await.unwrap();
        let hidden = NewPatient { name: "Hidden One".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let points = vec![(PointKind::Email, "hidden@else.test".to_owned())];
        let hidden = patients::create_patient(&desk.app, &desk.system(), hidden, points).await.unwrap();
        label(&desk, hidden, Label::Vip).await;
        new.who = Who::Address { kind: PointKind::Email, value: "hidden@else.test".to_owned(), name: None };
        assert_eq!(code(add(&desk, Role::Agent, patient, new).await), "address_taken");
    }

    async fn the_api_shows_adds_and_ends(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        let folder = format!("/api/v1/patients/{patient}/representatives");
        let body = serde_json::json!({
            "ticket_id": talk.id, "relationship": "adult_child", "authority": "permission", "scope": ["billing"],
        });
        desk.stranger().get(&folder).await.expect(401);
        desk.client("tickets:read").await.get(&folder).await.expect(403);
        desk.client("patients:write").await.post(&folder, &body).await.expect(403);
        let client = desk.client("tickets:read tickets:write patients:read patients:write identity:approve").await;
        let mut wrong = body.clone();
        wrong["scope"] = serde_json::json!([]);
        client.post(&folder, &wrong).await.expect(422);
        wrong["scope"] = serde_json::json!(["everything"]);
        client.post(&folder, &wrong).await.expect(422);
        let made = client.post(&folder, &body).await.expect(201).json();
        let shown = client.get(&folder).await.expect(200).json();
        assert_eq!(shown["items"][0]["id"], made["id"]);
        assert_eq!(shown["items"][0]["holds_now"], serde_json::json!(["billing"]));
        let one = format!("{folder}/{}", made["id"].as_str().unwrap());
        // The second yes is a person's.
        client.post(&format!("{one}/decide"), &serde_json::json!({ "yes": true })).await.expect(403);
        client.post(&format!("{one}/end"), &serde_json::json!({ "why": "over" })).await.expect(422);
        client.post(&format!("{one}/end"), &serde_json::json!({ "why": "mistake" })).await.expect(204);
        client.post(&format!("{one}/end"), &serde_json::json!({ "why": "mistake" })).await.expect(409);
        let nobody = format!("{folder}/{patient}/end");
        client.post(&nobody, &serde_json::json!({ "why": "mistake" })).await.expect(404);
        let shown = client.get(&folder).await.expect(200).json();
        assert_eq!(shown["items"][0]["ended_why"], "mistake");
    }

    async fn what_a_carer_asked_for_themselves_stays_their_own(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let own = desk.ticket(DAUGHTER, "For myself", "My own test came back.").await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        let about = async |id| tickets::view(&desk.app, &desk.system(), id).await.unwrap().ticket.patient;
        assert_eq!((about(own).await, about(talk.id).await), (None, Some(patient)));
        let later = desk.ticket(DAUGHTER, "For my mother", "Her bill?").await;
        assert_eq!(about(later).await, Some(patient));
    }

    async fn whoever_was_let_go_has_shown_nothing_and_needs_a_second_person(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        // She is a patient of her own, and stands for nobody else.
        let theirs = NewPatient {
            name: "Dora Else".to_owned(),
            birth_date: None,
            mrn: None,
            locale: None,
            secure_link: false,
        };
        let herself = patients::create_patient(&desk.app, &desk.system(), theirs, Vec::new()).await.unwrap();
        let contact = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap().ticket.contact;
        tickets::link_contact(&desk.app, &desk.system(), contact, Some(herself)).await.unwrap();
        sent(&desk, &sink).await;
        let first = add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        assert_eq!(all(&desk, patient).await[0].state, State::Confirmed);
        let why = (Ended::Revoked, None);
        representatives::end(&desk.app, &desk.ctx(Role::Agent), patient, first, why).await.unwrap();
        assert_eq!(code(add(&desk, Role::Agent, patient, daughter(&talk)).await), "verification_needed");
        talk.second(&desk, &sink).await;
        talk.third().await;
        add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        assert!(all(&desk, patient).await.iter().any(|one| one.state == State::Asked));
    }

    async fn a_carer_gets_a_copy_only_where_they_may_have_it_and_as_long(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = known(&desk, &sink, DAUGHTER).await;
        let number = number(&desk, talk.id).await.to_string();
        let asked = async || {
            let new = NewRequest {
                patient,
                kind: Kind::Copy,
                received_on: desk.app.now().to_jiff().to_zoned(jiff::tz::TimeZone::UTC).date(),
                ticket: Some(number.clone()),
                words: String::new(),
            };
            let id = requests::open_request(&desk.app, &desk.ctx(Role::Agent), new).await.unwrap();
            requests::request(&desk.app, &desk.system(), id).await.unwrap().request
        };
        // Nobody said that she is somebody else: the third level is the patient's.
        let free = asked().await;
        assert!(free.is_proven() && !free.needs_second());
        let id = add(&desk, Role::Agent, patient, daughter(&talk)).await.unwrap();
        let decide = async |id| {
            let said = Said { decision: Decision::Granted, reason: String::new(), note: String::new(), with_notes: true };
            requests::decide(&desk.app, &desk.ctx(Role::Compliance), id, 1, said).await
        };
        // What she may hear since then holds no records: also for what was opened before.
        assert_eq!(code(decide(free.id).await), "second_person");
        sent(&desk, &sink).await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let limited = asked().await;
        assert!(!limited.is_proven() && limited.needs_second() && limited.level == "l3");
        assert_eq!(code(decide(limited.id).await), "second_person");
        representatives::end(&desk.app, &desk.ctx(Role::Agent), patient, id, (Ended::Revoked, None)).await.unwrap();
    }
}
