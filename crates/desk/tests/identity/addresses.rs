//! A patient's phone or mail changes: who may, who hears of it, and what it takes away.

use super::*;
use bedside_desk::tickets;
use common::both_engines;
use common::sink::sink;
use serde_json::json;

pub const NEW: &str = "new@quince.test";

/// A contact that is made for the patient, by the desk itself: who may do it is shown in `linking`.
pub async fn friend(desk: &Desk, patient: PatientId) {
    let new = patients::NewContact {
        name: Some("A friend".to_owned()),
        locale: None,
        secure_link: false,
        patient: Some(patient),
        points: vec![(PointKind::Email, NEW.to_owned())],
        who: None,
        ground: None,
    };
    patients::create_contact(&desk.app, &desk.system(), new)
        .await
        .unwrap();
}

both_engines! {
    async fn what_was_asked_for_ends_with_the_address(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        let phone = choice(&talk.seen().await, MASKED_PHONE);
        talk.send("call", &[("choice", &phone)]).await;
        let waits = common::hidden(&talk.seen().await, "task").to_owned();
        talk.send("number", &[("task", &waits)]).await;
        let other = Talk::with(&desk, "other@else.test").await;
        other.first().await;
        let code = other.mailed(&desk, &sink).await;
        let own = Talk::with(&desk, MAIL).await;
        own.first().await;
        let fields = [("kind", "email"), ("value", NEW), ("words", "She stands here with her passport.")];
        assert_eq!(own.send("address", &fields).await.0, 303);
        sent(&desk, &sink).await;
        other.first().await;
        let (_, page) = other.send("answer", &[("code", &code)]).await;
        assert!(page.contains("no code that works any more"), "{page}");
        talk.second(&desk, &sink).await;
        assert_eq!(talk.send("called", &[("task", &waits), ("yes", "true")]).await.0, 404);
    }

    async fn an_address_comes_to_a_patient_and_whoever_was_there_hears(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        let talk = Talk::with(&desk, MAIL).await;
        let own = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap().contact;
        talk.first().await;
        sent(&desk, &sink).await;
        let client = desk.client("patients:read patients:write fields:contact").await;
        // A contact that is made for the patient.
        friend(&desk, id).await;
        let mails = sent(&desk, &sink).await;
        assert!(mails.len() == 1 && is_to(&mails[0], MAIL), "{} mails", mails.len());
        assert!(talk.seen().await.contains("Not verified"));
        // The link goes and comes back: each time they are told, and no address of theirs takes a code for long.
        let way = format!("/api/v1/contacts/{}/patient", own.id);
        client.post(&way, &json!({ "patient_id": null })).await.expect(204);
        let mails = sent(&desk, &sink).await;
        assert!(mails.iter().any(|mail| is_to(mail, MAIL)), "{} mails", mails.len());
        tickets::link_contact(&desk.app, &desk.system(), own.id, Some(id)).await.unwrap();
        assert!(sent(&desk, &sink).await.iter().any(|mail| is_to(mail, NEW)));
        desk.clock.advance(20 * DAY);
        let later = Talk::with(&desk, "caller@else.test").await;
        later.first().await;
        let theirs = choice(&later.seen().await, MASKED_MAIL);
        let (status, page) = later.send("code", &[("choice", &theirs)]).await;
        assert!(status == 409 && page.contains("30 days"), "{page}");
        // The same link once more changes nothing.
        sent(&desk, &sink).await;
        desk.clock.advance(20 * DAY);
        client.post(&way, &json!({ "patient_id": id.to_string() })).await.expect(204);
        assert!(sent(&desk, &sink).await.is_empty());
        Talk::with(&desk, "caller@else.test").await.second(&desk, &sink).await;
    }

    async fn of_a_young_person_the_others_hear_nothing(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        desk.ticket(MAIL, "Hello", "When are you open?").await;
        label(&desk, id, Label::Adolescent).await;
        sent(&desk, &sink).await;
        friend(&desk, id).await;
        assert!(sent(&desk, &sink).await.is_empty());
    }

    async fn a_sign_asks_for_a_call_and_a_second_person(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let words = "I have a new phone. Please send my records there.";
        let talk = Talk::about(&desk, "caller@else.test", words).await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let page = talk.seen().await;
        assert!(page.contains("Not yet: a new phone or email, copies of records."), "{page}");
        let fields = [("kind", "email"), ("value", NEW)];
        let (status, page) = talk.send("address", &fields).await;
        assert!(status == 409 && page.contains("a call back, and a second person"), "{page}");
        talk.send("second", &[]).await;
        let supervisor = desk.browser(Role::Supervisor).await;
        let page = supervisor.get(&talk.verify()).await.expect(200).text();
        let waits = common::hidden(&page, "task").to_owned();
        send(&supervisor, &talk.verify(), "decide", &[("task", &waits), ("yes", "true")]).await;
        let page = talk.seen().await;
        assert!(!page.contains("Not yet:"), "{page}");
        assert_eq!(talk.send("address", &fields).await.0, 303);
    }

    async fn at_the_third_level_an_address_changes_and_the_old_one_hears(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let other = Talk::with(&desk, "other@else.test").await;
        other.first().await;
        sent(&desk, &sink).await;
        let old = choice(&talk.seen().await, MASKED_MAIL);
        let (_, page) = talk.send("address", &[("kind", "email"), ("value", NEW), ("instead_of", &old)]).await;
        assert!(page.contains("Changed. The earlier addresses hear of it."), "{page}");
        let mails = sent(&desk, &sink).await;
        let [mail] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        assert!(is_to(mail, MAIL), "{:?}", mail.to);
        assert!(mail.text().contains("If you know nothing of this, please call us"), "{}", mail.text());
        let raw = String::from_utf8_lossy(&mail.raw).into_owned();
        for word in ["Zoraida", "Quetzalli", NEW, "quince", "A question"] {
            assert!(!raw.contains(word) && !mail.text().contains(word), "{word} in {raw}");
        }
        // What was shown about the patient counts no more, here and elsewhere.
        for talk in [&talk, &other] {
            assert!(talk.seen().await.contains("Not verified"));
        }
        // The new one is held back, and says so.
        let shown = talk.agent.get(&format!("/patients/{patient}")).await.expect(200).text();
        assert!(shown.contains("no codes for 72 hours"), "{shown}");
        talk.first().await;
        let page = talk.seen().await;
        assert!(page.contains("new here, held back until"), "{page}");
        let new = choice(&page, "n•••@q•••.test");
        let (status, page) = talk.send("code", &[("choice", &new)]).await;
        assert!(status == 409 && page.contains("for 72 hours"), "{page}");
        desk.clock.advance(72 * 3600);
        let agent = desk.browser(Role::Agent).await;
        let shown = agent.get(&format!("/patients/{patient}")).await.expect(200).text();
        assert!(!shown.contains("no codes for 72 hours"), "{shown}");
        let story = agent.get(&talk.page).await.expect(200).text();
        assert!(story.contains("changed a phone or email of the patient; verifying starts anew"), "{story}");
    }

    async fn another_address_of_whoever_asks_takes_it_away(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.first().await;
        assert!(talk.seen().await.contains("Level 1"));
        let contact = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap().contact;
        let client = desk.client("patients:read patients:write fields:contact").await;
        let way = format!("/api/v1/contacts/{}", contact.id);
        let more = json!({ "add_addresses": [{ "kind": "email", "value": "more@else.test" }] });
        client.patch(&way, &format!("\"v{}\"", contact.version), &more).await.expect(200);
        assert!(talk.seen().await.contains("Not verified"));
        // What was typed of an address that can't be one stays in its form.
        talk.first().await;
        let (status, page) = talk.send("address", &[("kind", "email"), ("value", "no address"), ("words", "She is here.")]).await;
        assert!(status == 422 && page.contains("value=\"no address\"") && page.contains(">She is here.</textarea>"), "{page}");
    }

    async fn one_more_address_is_told_to_the_ones_before(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        sent(&desk, &sink).await;
        talk.send("address", &[("kind", "email"), ("value", NEW)]).await;
        let mails = sent(&desk, &sink).await;
        assert!(mails.len() == 1 && is_to(&mails[0], MAIL), "{} mails", mails.len());
    }

    async fn below_it_a_reason_is_needed_and_somebody_looks_at_it(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, MAIL).await;
        talk.first().await;
        let fields = [("kind", "phone"), ("value", "+1 312 555 0177"), ("words", "She stands here with her passport.")];
        let (_, page) = talk.send("address", &fields).await;
        assert!(page.contains("Changed."), "{page}");
        let admin = desk.browser(Role::Administrator).await;
        let list = admin.get("/reviews").await.expect(200).text();
        assert!(list.contains("changed without level 3") && list.contains("with her passport"), "{list}");
        let story = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(story.contains("without level 3; somebody else looks at it"), "{story}");
    }

    async fn the_api_asks_for_the_same(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        let client = desk.client("patients:read patients:write fields:contact").await;
        let listed = client.get(&format!("/api/v1/contacts?patient={id}")).await.expect(200).json();
        let contact = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let way = format!("/api/v1/contacts/{contact}");
        let etag = client.get(&way).await.expect(200).header("etag").unwrap().to_owned();
        let add = |more: serde_json::Value| {
            let mut body = json!({ "add_addresses": [{ "kind": "email", "value": NEW }] });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let refused = client.patch(&way, &etag, &add(json!({}))).await.expect(409).json();
        assert_eq!(refused["code"], "verification_needed");
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        let here = json!({ "conversation": talk.id.to_string() });
        client.patch(&way, &etag, &add(here.clone())).await.expect(409);
        // A program gives no reason of its own.
        let forced = json!({ "conversation": talk.id.to_string(), "override_reason": "because" });
        client.patch(&way, &etag, &add(forced)).await.expect(403);
        talk.third().await;
        // Another one's conversation is no ground for this patient.
        let other = Talk::with(&desk, "other@else.test").await;
        client.patch(&way, &etag, &add(json!({ "conversation": other.id.to_string() }))).await.expect(409);
        client.patch(&way, &etag, &add(here)).await.expect(200);
        // What is no address needs none of it.
        let etag = client.get(&way).await.expect(200).header("etag").unwrap().to_owned();
        client.patch(&way, &etag, &json!({ "language": "es" })).await.expect(200);
    }

    async fn a_contact_that_is_linked_today_gets_no_code_today(desk: Desk) {
        let sink = sink(&desk).await;
        // Whoever wrote long ago, and is said to be the patient only now.
        desk.ticket("thief@else.test", "Hello", "When are you open?").await;
        let id = patient(&desk, 40).await;
        let talk = Talk::with(&desk, "thief@else.test").await;
        talk.first().await;
        assert_eq!(talk.send("tie", &[]).await.0, 409, "what is on file is not shown yet");
        assert!(!talk.seen().await.contains("verify/tie"));
        talk.code_to(&desk, &sink).await;
        assert_eq!(talk.send("tie", &[]).await.0, 409, "another address takes one level more");
        assert!(!talk.seen().await.contains("verify/tie"));
        talk.third().await;
        let (_, page) = talk.send("tie", &[]).await;
        assert!(page.contains("Not verified"), "it makes an address the patient's: {page}");
        let mails = sent(&desk, &sink).await;
        assert!(mails.len() == 1 && is_to(&mails[0], MAIL) && mails[0].mail().subject.starts_with("Contact details"), "{} mails", mails.len());
        talk.first().await;
        let view = tickets::view(&desk.app, &desk.system(), talk.id).await.unwrap();
        assert_eq!(view.contact.patient_id, Some(id));
        let theirs = choice(&talk.seen().await, "t•••@e•••.test");
        sent(&desk, &sink).await;
        let (status, page) = talk.send("code", &[("choice", &theirs)]).await;
        assert!(status == 409 && page.contains("72 hours"), "{page}");
        desk.clock.advance(20 * DAY);
        let later = Talk::with(&desk, "caller@else.test").await;
        later.first().await;
        let (status, page) = later.send("code", &[("choice", &choice(&later.seen().await, "t•••@e•••.test"))]).await;
        assert!(status == 409 && page.contains("30 days"), "{page}");
        assert!(sent(&desk, &sink).await.iter().all(|mail| !mail.mail().subject.contains("code")));
        assert_eq!(talk_tie_again(&desk, &talk).await, 409);
    }
}

async fn talk_tie_again(desk: &Desk, talk: &Talk) -> u16 {
    let agent = desk.browser(Role::Agent).await;
    let fields = [
        ("name", NAME),
        ("birth_date", BORN),
        ("factor", "mrn"),
        ("value", MRN),
    ];
    send(&agent, &talk.verify(), "details", &fields).await;
    send(&agent, &talk.verify(), "tie", &[]).await.0
}
