//! What is asked by law, once; and requests that went together.

use super::*;
use bedside_desk::context::Permissions;
use bedside_desk::privacy::requests::{
    self, Decision, Kind, NewRequest, OWN_A_DAY, RequestView, Which,
};
use bedside_desk::tickets;
use common::{Role, both_engines};
use serde_json::json;

const MIA: &str = "mia@quetzal.test";
const WHERE: &str = "/my/privacy";

async fn kept(desk: &Desk) -> Vec<RequestView> {
    let officer = desk.ctx(Role::Compliance);
    requests::list(&desk.app, &officer, Which::Open, None, 100)
        .await
        .unwrap()
}

both_engines! {
    async fn a_request_by_law_that_is_sent_twice_is_one(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let form = page(&browser, WHERE).await;
        let at = form.find("action=\"/my/privacy\"").unwrap();
        let (token, once) = (csrf_token(&form[at..]), common::hidden(&form[at..], "once").to_owned());
        let fields = [("csrf_token", token.as_str()), ("once", &once), ("kind", "erasure"), ("words", "")];
        // A double tap: both are told the same, and one is kept.
        let taps = tokio::join!(browser.post(WHERE, &fields), browser.post(WHERE, &fields));
        for answer in [taps.0, taps.1] {
            let there = answer.expect(303).header("location").unwrap().to_owned();
            assert_eq!(there, "/my/privacy?said=asked");
        }
        assert_eq!(kept(&desk).await.len(), 1);
        // Somebody who forgot that they asked reads when it was, and may still mean something else.
        desk.clock.advance(2 * DAY);
        let browser = signed_in(&desk, &sink, MIA).await;
        let told = sends(&browser, WHERE, WHERE, &[("kind", "erasure"), ("words", "All of it")]).await.expect(409).text();
        assert!(told.contains("You asked for this already on") && told.contains("All of it") && told.contains("name=\"another\""), "{told}");
        assert_eq!(kept(&desk).await.len(), 1);
        let fields = [("kind", "erasure"), ("words", "All of it"), ("another", "yes")];
        sends(&browser, WHERE, WHERE, &fields).await.expect(303);
        sends(&browser, WHERE, WHERE, &[("kind", "access")]).await.expect(303);
        assert_eq!(kept(&desk).await.len(), 3);
        assert!(!page(&browser, WHERE).await.contains("name=\"another\""));
    }

    async fn nobody_opens_requests_by_law_without_end(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let fields = |number: usize| [("kind", "complaint".to_owned()), ("words", format!("No. {number}")), ("another", "yes".to_owned())];
        let ask = async |number: usize| {
            let fields = fields(number);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
            sends(&browser, WHERE, WHERE, &fields).await
        };
        for number in 0..OWN_A_DAY {
            ask(number).await.expect(303);
        }
        let told = ask(OWN_A_DAY).await.expect(429).text();
        assert!(told.contains("wait until tomorrow") && told.contains("No. 10"), "{told}");
        assert_eq!(kept(&desk).await.len(), OWN_A_DAY);
        desk.clock.advance(DAY + 1);
        let browser = signed_in(&desk, &sink, MIA).await;
        sends(&browser, WHERE, WHERE, &[("kind", "copy")]).await.expect(303);
    }

    async fn what_others_enter_hides_and_counts_nothing_of_what_somebody_asked(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        sends(&browser, WHERE, WHERE, &[("kind", "erasure"), ("words", "All of it")]).await.expect(303);
        for number in 0..15 {
            let new = NewRequest {
                patient: mia,
                kind: Kind::Complaint,
                received_on: jiff::civil::date(2026, 4, 10),
                ticket: None,
                words: format!("Letter {number}."),
            };
            requests::open_request(&desk.app, &desk.ctx(Role::Compliance), new).await.unwrap();
        }
        let client = desk.client(&Permissions::ALL.codes()).await;
        for number in 0..=OWN_A_DAY {
            let new = json!({ "patient_id": mia.to_string(), "kind": "access", "received_on": "2026-04-10", "words": format!("By system {number}.") });
            client.post("/api/v1/privacy-requests", &new).await.expect(201);
        }
        let told = sends(&browser, WHERE, WHERE, &[("kind", "erasure")]).await.expect(409).text();
        assert!(told.contains("You asked for this already on") && told.contains("name=\"another\""), "{told}");
        sends(&browser, WHERE, WHERE, &[("kind", "copy")]).await.expect(303);
        // The page goes on with what is older.
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("By system 10.") && !shown.contains("All of it"), "{shown}");
        let older = shown.split("/my/privacy?older=").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let shown = page(&browser, &format!("{WHERE}?older={older}")).await;
        assert!(shown.contains("All of it") && shown.contains("Letter 0.") && !shown.contains("?older="), "{shown}");
        // Whoever decides reads that no colleague opened it.
        let systems = kept(&desk).await.into_iter().find(|view| view.request.kind == Kind::Access).unwrap();
        let shown = page(&desk.browser(Role::Compliance).await, &format!("/privacy/{}", systems.request.id)).await;
        assert!(shown.contains("or by another system") && !shown.contains("Somebody who has left"), "{shown}");
    }

    async fn whoever_asked_is_told_that_an_answer_waits_and_nothing_of_what(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let officer = desk.ctx(Role::Compliance);
        for kind in ["amendment", "access"] {
            sends(&browser, WHERE, WHERE, &[("kind", kind), ("words", "The marmalade allergy")]).await.expect(303);
        }
        mails(&desk, &sink).await;
        let of = async |kind: Kind| kept(&desk).await.into_iter().find(|view| view.request.kind == kind).unwrap().request;
        let told = async || {
            let sent = mails(&desk, &sink).await;
            let [mail] = sent.as_slice() else { panic!("{} mails", sent.len()) };
            let text = mail.text();
            assert!(text.contains("something new for you") && mail.to == [format!("<{MIA}>")], "{text}");
            for word in ["marmalade", "amendment", "accurate", "Mia Quetzal", "/my", "copy", "record"] {
                assert!(!mail.head().contains(word) && !text.contains(word), "{word}: {text}");
            }
        };
        let request = of(Kind::Amendment).await;
        requests::extend(&desk.app, &officer, request.id, 1, "We wait for the laboratory.", request.received_on).await.unwrap();
        told().await;
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("It takes us longer:") && shown.contains("We wait for the laboratory."), "{shown}");
        // What is refused says why, by which law, and where to go then.
        let no = |reason: &str| requests::Said { decision: Decision::Refused, reason: reason.to_owned(), note: "The allergy test says so.".to_owned(), with_notes: false };
        requests::decide(&desk.app, &officer, request.id, 2, no("is_accurate")).await.unwrap();
        told().await;
        let shown = page(&browser, WHERE).await;
        for words in ["We had to say no", "right and complete", "45 CFR 164.526(a)(2)(iv)", "hhs.gov/ocr/complaints", "do not agree", "The allergy test says so."] {
            assert!(shown.contains(words), "{words}: {shown}");
        }
        assert!(!shown.contains("It takes us longer") && !shown.contains("another health professional"), "{shown}");
        let request = of(Kind::Access).await;
        requests::decide(&desk.app, &officer, request.id, 1, no("endangers_life")).await.unwrap();
        told().await;
        let shown = page(&browser, "/my/privacy?lang=es").await;
        assert!(shown.contains("otro profesional de la salud") && shown.contains("45 CFR 164.524(a)(3)(i)"), "{shown}");
        // What the staff entered is answered by letter.
        let new = NewRequest {
            patient: mia,
            kind: Kind::Complaint,
            received_on: request.received_on,
            ticket: None,
            words: "By letter.".to_owned(),
        };
        let id = requests::open_request(&desk.app, &officer, new).await.unwrap();
        requests::decide(&desk.app, &officer, id, 1, no("unfounded")).await.unwrap();
        assert!(mails(&desk, &sink).await.is_empty());
    }

    async fn whoever_may_not_have_it_any_more_is_told_nothing(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Ines Mother", "mum@family.test", 40).await;
        let leo = alone(&desk, "Leo Child").await;
        let mum = contact_of(&desk, "mum@family.test").await;
        acts(&desk, mum, leo, Group::ALL, None).await;
        let browser = signed_in(&desk, &sink, "mum@family.test").await;
        sends(&browser, "/my", "/my/acting", &[("patient", leo.to_string().as_str())]).await.expect(303);
        for kind in ["complaint", "amendment"] {
            sends(&browser, WHERE, WHERE, &[("kind", kind)]).await.expect(303);
        }
        mails(&desk, &sink).await;
        let officer = desk.ctx(Role::Compliance);
        let yes = || requests::Said { decision: Decision::Granted, reason: String::new(), note: String::new(), with_notes: false };
        let open = kept(&desk).await;
        let id = |kind: Kind| open.iter().find(|view| view.request.kind == kind).unwrap().request.id;
        requests::decide(&desk.app, &officer, id(Kind::Complaint), 1, yes()).await.unwrap();
        assert_eq!(mails(&desk, &sink).await.len(), 1);
        acts_no_more(&desk, mum).await;
        requests::decide(&desk.app, &officer, id(Kind::Amendment), 1, yes()).await.unwrap();
        assert!(mails(&desk, &sink).await.is_empty());
    }

    async fn a_request_that_went_into_another_is_still_its_writers(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = patient(&desk, "Mia Quetzal", MIA, 40).await;
        let own = desk.ticket(MIA, "Zebrafish", "quokka words").await;
        // Her carer writes too, and is known as hers.
        let carer = "carer@quetzal.test";
        let theirs = desk.ticket(carer, "Wombat", "numbat words").await;
        let who = contact_of(&desk, carer).await;
        tickets::link_contact(&desk.app, &desk.system(), who, Some(mia)).await.unwrap();
        desk.clock.advance(40 * DAY);
        let browser = signed_in(&desk, &sink, MIA).await;
        let before = page(&browser, "/my").await;
        assert!(before.contains("Zebrafish") && !before.contains("Wombat"), "{before}");
        tickets::merge(&desk.app, &desk.ctx(Role::Agent), own, theirs).await.unwrap();
        let list = page(&browser, "/my").await;
        assert!(list.contains("Zebrafish") && !list.contains("Wombat"), "{list}");
        let there = format!("/my/requests/{own}");
        assert!(list.contains(&there), "{list}");
        let thread = page(&browser, &there).await;
        assert!(thread.contains("quokka") && thread.contains("Zebrafish") && !thread.contains("numbat") && !thread.contains("Wombat"), "{thread}");
        // The one that it went into is not theirs to open, nor theirs anybody else's.
        browser.get(&format!("/my/requests/{theirs}")).await.expect(404);
        patient(&desk, "Bo Other", "bo@else.test", 40).await;
        let other = signed_in(&desk, &sink, "bo@else.test").await;
        for ticket in [own, theirs] {
            other.get(&format!("/my/requests/{ticket}")).await.expect(404);
        }
    }

    async fn a_yes_to_a_part_stays_one_when_it_is_done(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Mia Quetzal", MIA, 40).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        sends(&browser, WHERE, WHERE, &[("kind", "amendment"), ("words", "The marmalade allergy")]).await.expect(303);
        let (app, officer) = (&desk.app, desk.ctx(Role::Compliance));
        let request = kept(&desk).await.remove(0).request;
        let partly = requests::Said { decision: Decision::Partly, reason: "is_accurate".to_owned(), note: "One of the two.".to_owned(), with_notes: false };
        requests::decide(app, &officer, request.id, 1, partly).await.unwrap();
        requests::close(app, &officer, request.id, 2, request.received_on).await.unwrap();
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("Yes to a part of it") && shown.contains("right and complete"), "{shown}");
    }

    async fn whoever_acts_is_not_told_what_was_judged_of_them(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Ines Mother", "mum@family.test", 40).await;
        let leo = alone(&desk, "Leo Child").await;
        acts(&desk, contact_of(&desk, "mum@family.test").await, leo, Group::ALL, None).await;
        let browser = signed_in(&desk, &sink, "mum@family.test").await;
        sends(&browser, "/my", "/my/acting", &[("patient", leo.to_string().as_str())]).await.expect(303);
        sends(&browser, WHERE, WHERE, &[("kind", "access")]).await.expect(303);
        let request = kept(&desk).await.remove(0).request;
        let no = requests::Said { decision: Decision::Refused, reason: "harms_by_representative".to_owned(), note: String::new(), with_notes: false };
        requests::decide(&desk.app, &desk.ctx(Role::Compliance), request.id, 1, no).await.unwrap();
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("The law lets us say no to this") && shown.contains("45 CFR 164.524(a)(3)(iii)"), "{shown}");
        assert!(!shown.contains("could do harm") && !shown.contains("acts for you"), "{shown}");
    }
}
