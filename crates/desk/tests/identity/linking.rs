//! Another contact comes to a patient: on the ground on which an address changes, and as somebody else until somebody says
//! more.

use super::*;
use bedside_desk::ids::ContactId;
use bedside_desk::records::Class;
use bedside_desk::tickets::Reply;
use common::both_engines;
use common::sink::sink;
use serde_json::json;

const CALLER: &str = "caller@else.test";
const NEW: &str = "new@quince.test";
const WHY: &str = "She stands here with her passport.";
const SCOPES: &str = "patients:read patients:write fields:contact";

async fn caller(desk: &Desk, talk: &Talk) -> ContactId {
    let view = tickets::view(&desk.app, &desk.system(), talk.id).await;
    view.unwrap().contact.id
}

/// Whom the contact stands for.
async fn stands_for(desk: &Desk, contact: ContactId) -> Option<PatientId> {
    let seen = patients::contact(&desk.app, &desk.system(), contact).await;
    seen.unwrap().patient_id
}

/// Presses the button on the page of a patient who was found for the conversation.
async fn press(
    talk: &Talk,
    patient: PatientId,
    contact: ContactId,
    more: &[(&str, &str)],
) -> (u16, String) {
    let contact = contact.to_string();
    let all = [
        &[("contact", contact.as_str()), ("back", talk.page.as_str())],
        more,
    ]
    .concat();
    let answer = talk
        .agent
        .submit(&talk.page, &format!("/patients/{patient}/link"), &all)
        .await;
    (answer.status, answer.text())
}

/// What comes of an answer with something of their care in it.
async fn care(desk: &Desk, talk: &Talk) -> &'static str {
    let reply = Reply {
        class: Some(Class::Clinical),
        ..Reply::new("The result is fine: 5.4 it was.")
    };
    match tickets::reply(&desk.app, &desk.ctx(Role::Agent), talk.id, reply).await {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

both_engines! {
    async fn no_token_brings_a_patient_another_address(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        let talk = Talk::with(&desk, CALLER).await;
        let contact = caller(&desk, &talk).await;
        sent(&desk, &sink).await;
        let client = desk.client(SCOPES).await;
        let (way, whose) = (format!("/api/v1/contacts/{contact}/patient"), id.to_string());
        let made = json!({ "name": "A friend", "patient_id": whose, "addresses": [{ "kind": "email", "value": NEW }] });
        let linked = json!({ "patient_id": whose, "is_patient": true });
        for (way, body) in [("/api/v1/contacts", &made), (way.as_str(), &linked)] {
            let mut body = body.clone();
            assert!(client.post(way, &body).await.expect(409).text().contains("verification_needed"), "{way}");
            body["conversation"] = json!(talk.id.to_string());
            assert!(client.post(way, &body).await.expect(409).text().contains("verification_needed"), "{way}");
            body["override_reason"] = json!(WHY);
            client.post(way, &body).await.expect(403);
        }
        assert_eq!(stands_for(&desk, contact).await, None);
        assert!(sent(&desk, &sink).await.is_empty());
        // Taking the one address away first opens no door either.
        let own = desk.ticket(MAIL, "Hello", "When are you open?").await;
        let own = tickets::view(&desk.app, &desk.system(), own).await.unwrap().contact.id;
        client.post(&format!("/api/v1/contacts/{own}/patient"), &json!({ "patient_id": null })).await.expect(204);
        assert!(client.post(&way, &linked).await.expect(409).text().contains("verification_needed"));
        // At the third level, asked for by whoever was verified, a token may.
        tickets::link_contact(&desk.app, &desk.system(), own, Some(id)).await.unwrap();
        desk.clock.advance(40 * DAY);
        let client = desk.client(SCOPES).await;
        let talk = Talk::with(&desk, CALLER).await;
        talk.second(&desk, &sink).await;
        let mut body = linked.clone();
        body["conversation"] = json!(talk.id.to_string());
        client.post(&way, &body).await.expect(409);
        talk.third().await;
        client.post(&way, &body).await.expect(204);
        assert_eq!(stands_for(&desk, contact).await, Some(id));
        assert!(sent(&desk, &sink).await.iter().any(|mail| is_to(mail, MAIL)));
    }

    async fn taking_the_addresses_away_makes_the_next_one_no_first(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        let talk = Talk::with(&desk, CALLER).await;
        let contact = caller(&desk, &talk).await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let own = desk.ticket(MAIL, "Hello", "When are you open?").await;
        let own = tickets::view(&desk.app, &desk.system(), own).await.unwrap().contact.id;
        let client = desk.client(SCOPES).await;
        let path = format!("/api/v1/contacts/{own}");
        let etag = client.get(&path).await.expect(200).header("etag").unwrap().to_owned();
        let both = json!([{ "kind": "email", "value": MAIL }, { "kind": "phone", "value": PHONE }]);
        let gone = json!({ "remove_addresses": both, "conversation": talk.id.to_string() });
        client.patch(&path, &etag, &gone).await.expect(200);
        let linked = json!({ "patient_id": id.to_string(), "is_patient": true });
        let way = format!("/api/v1/contacts/{contact}/patient");
        assert!(client.post(&way, &linked).await.expect(409).text().contains("verification_needed"));
        let made = json!({ "name": "A friend", "patient_id": id.to_string(), "addresses": [{ "kind": "email", "value": NEW }] });
        assert!(client.post("/api/v1/contacts", &made).await.expect(409).text().contains("verification_needed"));
        assert_eq!(press(&talk, id, contact, &[]).await.0, 409);
        assert_eq!(stands_for(&desk, contact).await, None);
    }

    async fn who_a_contact_is_can_be_said_again(desk: Desk) {
        let id = patient(&desk, 40).await;
        let own = desk.ticket(MAIL, "Hello", "When are you open?").await;
        let own = tickets::view(&desk.app, &desk.system(), own).await.unwrap().contact.id;
        let client = desk.client(SCOPES).await;
        let way = format!("/api/v1/contacts/{own}/patient");
        let said = |yes: Option<bool>| match yes {
            Some(yes) => json!({ "patient_id": id.to_string(), "is_patient": yes }),
            None => json!({ "patient_id": id.to_string() }),
        };
        // To hear less takes nothing; to hear more takes a ground, and saying nothing changes nothing.
        client.post(&way, &said(Some(true))).await.expect(204);
        client.post(&way, &said(Some(false))).await.expect(204);
        client.post(&way, &said(None)).await.expect(204);
        let refused = client.post(&way, &said(Some(true))).await.expect(409);
        assert!(refused.text().contains("verification_needed"));
        assert_eq!(stands_for(&desk, own).await, Some(id));
    }

    async fn somebody_without_an_address_is_asked_who_they_are(desk: Desk) {
        let id = patient(&desk, 40).await;
        let client = desk.client(SCOPES).await;
        let made = json!({ "name": "A friend", "patient_id": id.to_string() });
        let mut themself = made.clone();
        themself["is_patient"] = json!(true);
        client.post("/api/v1/contacts", &themself).await.expect(409);
        client.post("/api/v1/contacts", &made).await.expect(201);
        let made = client.post("/api/v1/contacts", &json!({ "name": "Another friend" })).await.expect(201);
        let way = format!("{}/patient", made.header("location").unwrap());
        client.post(&way, &json!({ "patient_id": id.to_string() })).await.expect(409);
        client.post(&way, &json!({ "patient_id": id.to_string(), "is_patient": true })).await.expect(409);
        client.post(&way, &json!({ "patient_id": id.to_string(), "is_patient": false })).await.expect(204);
        client.post(&way, &json!({ "patient_id": id.to_string(), "is_patient": true })).await.expect(409);
    }

    async fn the_page_asks_who_they_are_and_why(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        let talk = Talk::with(&desk, CALLER).await;
        let contact = caller(&desk, &talk).await;
        sent(&desk, &sink).await;
        let (status, page) = press(&talk, id, contact, &[]).await;
        assert!(status == 409 && page.contains("Another address for this patient") && !page.contains("error-summary"), "{page}");
        for who in ["themself", "somebody"] {
            let (status, page) = press(&talk, id, contact, &[("who", who)]).await;
            assert!(status == 409 && page.contains("Nobody was verified far enough"), "{page}");
        }
        let long = "x".repeat(501);
        assert_eq!(press(&talk, id, contact, &[("who", "somebody"), ("words", &long)]).await.0, 422);
        // A reason alone says nothing of who they are.
        assert_eq!(press(&talk, id, contact, &[("words", WHY)]).await.0, 409);
        assert_eq!(stands_for(&desk, contact).await, None);
        assert_eq!(press(&talk, id, contact, &[("who", "somebody"), ("words", WHY)]).await.0, 303);
        assert_eq!(stands_for(&desk, contact).await, Some(id));
        assert!(sent(&desk, &sink).await.iter().any(|mail| is_to(mail, MAIL)));
        let list = desk.browser(Role::Supervisor).await.get("/reviews").await.expect(200).text();
        assert!(list.contains(WHY), "{list}");
    }

    async fn somebody_else_hears_nothing_by_the_link_alone(desk: Desk) {
        for (address, who, expected) in [("one@else.test", "somebody", "outside_scope"), ("two@else.test", "themself", "ok")] {
            let desk = Desk::set_up(desk.engine, |_| ()).await;
            let sink = sink(&desk).await;
            let id = patient(&desk, 40).await;
            let talk = Talk::with(&desk, address).await;
            let contact = caller(&desk, &talk).await;
            assert_eq!(press(&talk, id, contact, &[("who", who), ("words", WHY)]).await.0, 303);
            sent(&desk, &sink).await;
            talk.first().await;
            talk.code_to(&desk, &sink).await;
            assert_eq!(care(&desk, &talk).await, expected, "{who}");
        }
    }

    async fn the_first_address_of_a_patient_is_linked_with_one_press(desk: Desk) {
        let new = NewPatient { name: NAME.to_owned(), birth_date: None, mrn: Some(MRN.to_owned()), locale: None, secure_link: false };
        let id = patients::create_patient(&desk.app, &desk.system(), new, Vec::new()).await.unwrap();
        desk.clock.advance(40 * DAY);
        let talk = Talk::with(&desk, CALLER).await;
        let contact = caller(&desk, &talk).await;
        assert_eq!(press(&talk, id, contact, &[]).await.0, 303);
        // Pressed by mistake, and mended the same hour.
        assert_eq!(press(&talk, id, contact, &[("remove", "true")]).await.0, 303);
        assert_eq!(press(&talk, id, contact, &[]).await.0, 303);
        let second = Talk::with(&desk, "second@else.test").await;
        assert_eq!(press(&second, id, caller(&desk, &second).await, &[]).await.0, 409);
    }

    async fn tying_takes_the_third_level(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        let talk = Talk::with(&desk, CALLER).await;
        let contact = caller(&desk, &talk).await;
        talk.second(&desk, &sink).await;
        assert_eq!(talk.send("tie", &[]).await.0, 409);
        assert_eq!(stands_for(&desk, contact).await, None);
        talk.third().await;
        assert_eq!(talk.send("tie", &[]).await.0, 303);
        assert_eq!(stands_for(&desk, contact).await, Some(id));
    }
}
