//! Codes and calls keep to the one way that a patient chose, and nobody else hears that an address of theirs changed.

use super::*;
use bedside_desk::patients::{NewContact, Who};
use common::both_engines;
use common::granted::reached;
use common::sink::sink;

const ALSO: &str = "also@quince.test";

/// Another contact of the patient's with this address.
async fn contact(desk: &Desk, patient: PatientId, address: &str) {
    let new = NewContact {
        name: Some("A friend".to_owned()),
        locale: None,
        secure_link: false,
        patient: Some(patient),
        points: vec![(PointKind::Email, address.to_owned())],
        who: Some(Who::Somebody),
        ground: None,
    };
    patients::create_contact(&desk.app, &desk.system(), new)
        .await
        .unwrap();
}

both_engines! {
    async fn codes_and_calls_go_where_the_patient_may_be_reached(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        talk.second(&desk, &sink).await;
        let (mail, phone) = (choice(&talk.seen().await, MASKED_MAIL), choice(&talk.seen().await, MASKED_PHONE));
        reached(&desk, id, "phone", "").await;
        sent(&desk, &sink).await;
        let (status, page) = talk.send("code", &[("choice", &mail)]).await;
        assert!(status == 409 && page.contains("reached another way only"), "{status} {page}");
        assert!(sent(&desk, &sink).await.is_empty());
        assert_eq!(talk.send("call", &[("choice", &phone)]).await.0, 303);
        let errand = common::hidden(&talk.seen().await, "task").to_owned();
        // Chosen anew before anybody called: the number is shown to nobody any more.
        reached(&desk, id, "email", "").await;
        assert_eq!(talk.send("number", &[("task", &errand)]).await.0, 409);
        talk.code_to(&desk, &sink).await;
    }

    async fn where_nobody_can_be_told_it_says_whom_to_call_or_write_to(desk: Desk) {
        let id = patient(&desk, 40).await;
        for (way, post, number, words) in [
            ("phone", "", "+1 312 555 0177", "Call the patient, at the number they chose"),
            ("post", "Box 7734\nQuince Lane", "+1 312 555 0178", "Write to the patient, at the place they chose"),
        ] {
            let admin = desk.browser(Role::Administrator).await;
            let list = admin.get("/reviews").await.expect(200).text();
            assert!(!list.contains(words), "{list}");
            reached(&desk, id, way, post).await;
            let talk = Talk::with(&desk, MAIL).await;
            talk.first().await;
            let fields = [("kind", "phone"), ("value", number), ("words", "She stands here with her passport.")];
            assert_eq!(talk.send("address", &fields).await.0, 303, "{way}");
            let story = talk.agent.get(&talk.page).await.expect(200).text();
            let list = admin.get("/reviews").await.expect(200).text();
            for page in [story, list] {
                assert!(page.contains(words), "{words} in {page}");
            }
        }
    }

    async fn of_a_changed_address_the_chosen_one_alone_hears(desk: Desk) {
        let sink = sink(&desk).await;
        let id = patient(&desk, 40).await;
        desk.ticket(MAIL, "Hello", "When are you open?").await;
        contact(&desk, id, ALSO).await;
        let before = sent(&desk, &sink).await;
        assert!(before.iter().any(|mail| is_to(mail, MAIL)), "{}", before.len());
        reached(&desk, id, "email", "").await;
        contact(&desk, id, "third@quince.test").await;
        let told = sent(&desk, &sink).await;
        assert!(told.len() == 1 && (is_to(&told[0], MAIL) || is_to(&told[0], ALSO)), "{}", told.len());
        reached(&desk, id, "phone", "").await;
        contact(&desk, id, "fourth@quince.test").await;
        assert!(sent(&desk, &sink).await.is_empty());
    }
}
