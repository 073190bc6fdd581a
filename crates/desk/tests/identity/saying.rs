//! What may go out is decided by what was shown, whatever way it is asked for.

use super::*;
use bedside_desk::records::{Class, Group};
use bedside_desk::representatives::{self, Authority, NewRepresentative, Relationship, Who};
use bedside_desk::tickets::Reply;
use common::both_engines;
use common::sink::sink;

const WORDS: &str = "The result is fine: 5.4 it was.";

/// What comes of an answer of this class: `ok`, or the code of the refusal.
async fn say(desk: &Desk, talk: &Talk, class: Option<Class>) -> &'static str {
    let reply = Reply {
        class,
        ..Reply::new(WORDS)
    };
    match tickets::reply(&desk.app, &desk.ctx(Role::Agent), talk.id, reply).await {
        Ok(_) => "ok",
        Err(error) => error.code(),
    }
}

async fn says(desk: &Desk, talk: &Talk) -> [&'static str; 5] {
    let mut told = [""; 5];
    for (at, class) in Class::ALL.iter().enumerate() {
        told[at] = say(desk, talk, Some(*class)).await;
    }
    told
}

/// Sends the composer.
async fn compose(talk: &Talk, fields: &[(&str, &str)]) -> common::Answer {
    let page = talk.agent.get(&talk.page).await.expect(200).text();
    let token = common::csrf_token(&page);
    let all = [&[("csrf_token", token.as_str())], fields].concat();
    let way = format!("{}/messages", talk.page);
    talk.agent.post_files(&way, &all, &[]).await
}

/// The detail of the newest answer in the log.
async fn newest(desk: &Desk) -> serde_json::Value {
    let entries = bedside_desk::audit_log::list(&desk.app, &desk.system(), None, 20)
        .await
        .unwrap();
    let sent = entries
        .into_iter()
        .find(|one| one.action == "message.send")
        .unwrap();
    serde_json::from_str(&sent.detail).unwrap()
}

both_engines! {
    async fn each_level_lets_out_what_the_table_says(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        assert_eq!(says(&desk, &talk).await, ["ok", "needs_level_1", "needs_level_2", "needs_level_2", "needs_level_3"]);
        talk.first().await;
        assert_eq!(says(&desk, &talk).await, ["ok", "ok", "needs_level_2", "needs_level_2", "needs_level_3"]);
        talk.code_to(&desk, &sink).await;
        assert_eq!(says(&desk, &talk).await, ["ok", "ok", "ok", "ok", "needs_level_3"]);
        talk.third().await;
        assert_eq!(says(&desk, &talk).await, ["ok"; 5]);
        let mut sent = newest(&desk).await;
        // To whom it went stands there too: tests/disclosures.rs.
        let place = sent.as_object_mut().unwrap();
        for name in ["message", "contact", "patient", "to"] {
            assert!(place.remove(name).is_some(), "{name}");
        }
        assert_eq!(sent, serde_json::json!({ "class": "records", "level": "l3", "emergency": false }));
        // It is over with the hour.
        desk.clock.advance(3600);
        assert_eq!(say(&desk, &talk, Some(Class::Logistics)).await, "needs_level_1");
        assert_eq!(say(&desk, &talk, None).await, "ok", "what anybody may know goes on");
        assert_eq!(newest(&desk).await["class"], "public");
    }

    async fn care_and_bills_stay_behind_a_link(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        for (class, in_mail) in [(Class::Public, true), (Class::Logistics, true), (Class::Clinical, false), (Class::Billing, false)] {
            assert_eq!(say(&desk, &talk, Some(class)).await, "ok");
            desk.clock.advance(60);
            let mails = sent(&desk, &sink).await;
            let mail = mails.iter().find(|mail| is_to(mail, "caller@else.test")).unwrap();
            assert_eq!(mail.text().contains("5.4"), in_mail, "{class:?}: {}", mail.text());
            assert_eq!(mail.text().contains("/t/"), !in_mail, "{class:?}: {}", mail.text());
        }
    }

    async fn an_emergency_opens_care_and_no_records(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.send("emergency", &[("reason", "danger"), ("words", "He is alone.")]).await;
        assert_eq!(says(&desk, &talk).await, ["ok", "ok", "ok", "ok", "needs_level_3"]);
        assert_eq!(say(&desk, &talk, Some(Class::Clinical)).await, "ok");
        let mut sent = newest(&desk).await;
        assert!(sent.as_object_mut().unwrap().remove("message").is_some());
        assert!(sent.as_object_mut().unwrap().remove("contact").is_some());
        let of_nobody = serde_json::json!({ "class": "clinical", "level": "l0", "emergency": true, "patient": null, "to": null });
        assert_eq!(sent, of_nobody);
    }

    async fn whoever_acts_for_a_patient_hears_what_they_may(desk: Desk) {
        let sink = sink(&desk).await;
        let patient = patient(&desk, 40).await;
        let talk = Talk::with(&desk, "dora@else.test").await;
        talk.second(&desk, &sink).await;
        talk.third().await;
        let new = NewRepresentative {
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
        };
        let agent = desk.ctx(Role::Agent);
        let id = representatives::add(&desk.app, &agent, patient, new).await.unwrap();
        sent(&desk, &sink).await;
        talk.second(&desk, &sink).await;
        assert_eq!(says(&desk, &talk).await, ["ok", "ok", "outside_scope", "ok", "outside_scope"]);
        let page = talk.seen().await;
        assert!(page.contains("You may speak about: times and directions, bills."), "{page}");
        let why = (representatives::Ended::Revoked, None);
        representatives::end(&desk.app, &agent, patient, id, why).await.unwrap();
        talk.first().await;
        assert_eq!(says(&desk, &talk).await, ["ok", "outside_scope", "outside_scope", "outside_scope", "outside_scope"]);
    }

    async fn whoever_was_verified_as_somebody_else_hears_nothing_of_this_patient(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, 40).await;
        let other = NewPatient { name: "Otto Other".to_owned(), birth_date: None, mrn: None, locale: None, secure_link: false };
        let points = vec![(PointKind::Email, "otto@else.test".to_owned())];
        patients::create_patient(&desk.app, &desk.system(), other, points).await.unwrap();
        let talk = Talk::with(&desk, "otto@else.test").await;
        talk.second(&desk, &sink).await;
        assert_eq!(says(&desk, &talk).await, ["ok", "other_verified", "other_verified", "other_verified", "other_verified"]);
        assert_eq!(say(&desk, &talk, None).await, "ok");
        assert_eq!(newest(&desk).await["class"], "public");
    }

    async fn the_composer_and_the_api_say_what_is_missing(desk: Desk) {
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        let page = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(page.contains("<option value=\"public\" selected>") && page.contains("Results and care (not yet)"), "{page}");
        let fields = [("kind", "reply"), ("body", WORDS), ("class", "clinical")];
        let refused = compose(&talk, &fields).await.expect(409).text();
        assert!(refused.contains("verified to level 2") && refused.contains("5.4 it was"), "what was typed stays: {refused}");
        assert!(refused.contains("<option value=\"clinical\" selected>"), "{refused}");
        // A note goes nowhere.
        let note = [("kind", "note"), ("body", WORDS), ("class", "clinical")];
        compose(&talk, &note).await.expect(303);
        let client = desk.client("tickets:read tickets:write").await;
        let api = format!("/api/v1/tickets/{}/messages", talk.id);
        let body = |class: &str| serde_json::json!({ "body": WORDS, "class": class });
        let problem = client.post(&api, &body("billing")).await.expect(409).json();
        assert_eq!(problem["code"], "needs_level_2");
        assert!(problem["detail"].as_str().unwrap().contains("general terms"), "{problem}");
        client.post(&api, &body("gossip")).await.expect(422);
        client.post(&api, &body("public")).await.expect(201);
    }
}
