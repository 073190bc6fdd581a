//! Writing for somebody else: for whom, how far, and until when.

use super::*;
use bedside_desk::privacy::requests::{self, Decision, Said, Which};
use bedside_desk::representatives::Side;
use bedside_desk::tickets;
use common::{Role, both_engines};

const MUM: &str = "mum@family.test";

async fn switches(browser: &Browser, patient: &str) -> Answer {
    sends(browser, "/my", "/my/acting", &[("patient", patient)]).await
}

/// A mother who is a patient herself, and two children.
async fn family(desk: &Desk) -> (ContactId, PatientId, PatientId) {
    patient(desk, "Ines Mother", MUM, 40).await;
    let (leo, ada) = (
        alone(desk, "Leo Child").await,
        alone(desk, "Ada Grown").await,
    );
    let mum = contact_of(desk, MUM).await;
    acts(desk, mum, leo, Group::ALL, None).await;
    acts(desk, mum, ada, &[Group::Logistics], None).await;
    (mum, leo, ada)
}

both_engines! {
    async fn a_mother_writes_for_her_child_and_sees_no_more_than_she_may(desk: Desk) {
        let sink = sink(&desk).await;
        let (mum, leo, ada) = family(&desk).await;
        let browser = signed_in(&desk, &sink, MUM).await;
        let own = writes(&browser, "My own sore knee hurts.").await;
        let list = page(&browser, "/my").await;
        assert!(list.contains("Leo Child") && list.contains("Ada Grown"), "{list}");
        switches(&browser, &leo.to_string()).await.expect(303);
        for path in ["/my", "/my/seen", "/my/privacy", "/my/devices", "/my/requests/new"] {
            assert!(page(&browser, path).await.contains("You are writing for Leo Child."), "{path}");
        }
        // What is hers is hers.
        assert!(!page(&browser, "/my").await.contains("sore knee"));
        browser.get(&own).await.expect(404);
        let there = writes(&browser, "Leo has a fever since Monday.").await;
        let view = tickets::view(&desk.app, &desk.system(), ticket_of(&there)).await.unwrap();
        assert_eq!((view.ticket.patient, view.contact.id), (Some(leo), mum));
        let shown = page(&desk.browser(Role::Nurse).await, &format!("/tickets/{}/verify", view.ticket.number)).await;
        assert!(shown.contains("Level 2") && shown.contains("Leo Child"), "{shown}");
        assert!(page(&browser, &there).await.contains("fever"));
        // For somebody grown up it is times alone.
        switches(&browser, &ada.to_string()).await.expect(303);
        browser.get(&there).await.expect(404);
        for path in ["/my/seen", "/my/privacy"] {
            let shut = browser.get(path).await.expect(403).text();
            assert!(shut.contains("This is not open to you"), "{shut}");
        }
        let hers = writes(&browser, "Ada has chest pain when she runs, and a rash.").await;
        let shut = browser.get(&hers).await;
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        let category = tickets::view(&desk.app, &desk.system(), ticket_of(&hers)).await.unwrap().ticket.category;
        assert_eq!(shut.status, if clinic.is_clinical(&category) { 403 } else { 200 }, "{category}");
        // Back to herself.
        switches(&browser, "").await.expect(303);
        assert!(page(&browser, "/my").await.contains("sore knee"));
        browser.get(&there).await.expect(404);
        // Nobody else can be chosen, whether they are there or not.
        let stranger = patient(&desk, "Bo Other", "bo@else.test", 0).await;
        for id in [stranger.to_string(), desk.app.id::<()>().to_string(), "nonsense".to_owned()] {
            switches(&browser, &id).await.expect(404);
        }
        assert!(!page(&browser, "/my").await.contains("You are writing for"));
        desk.audit_is_whole().await;
    }

    async fn who_asked_by_law_stands_with_it_and_they_alone_take_it_back(desk: Desk) {
        let sink = sink(&desk).await;
        let (_, leo, _) = family(&desk).await;
        let browser = signed_in(&desk, &sink, MUM).await;
        let here = "/my/privacy";
        sends(&browser, here, here, &[("kind", "accounting")]).await.expect(303);
        switches(&browser, &leo.to_string()).await.expect(303);
        for kind in ["accounting", "complaint"] {
            sends(&browser, here, here, &[("kind", kind)]).await.expect(303);
        }
        let officer = desk.ctx(Role::Compliance);
        let list = async |which| requests::list(&desk.app, &officer, which, None, 10).await.unwrap();
        let open = list(Which::Open).await;
        let of = |is_leo: bool, kind: &str| {
            let its = |view: &&requests::RequestView| (view.request.patient == leo) == is_leo && view.request.kind.code() == kind;
            open.iter().find(its).unwrap().request.clone()
        };
        let (about_her, about_him, complaint) = (of(false, "accounting"), of(true, "accounting"), of(true, "complaint"));
        assert_eq!((about_her.asked.unwrap().side, about_him.asked.unwrap().side), (Side::Themself, Side::Acts));
        let boss = desk.browser(Role::Compliance).await;
        for (request, said) in [(&about_her, "for themself"), (&about_him, "who acts for the patient")] {
            let shown = page(&boss, &format!("/privacy/{}", request.id)).await;
            assert!(shown.contains("Ines Mother") && shown.contains(said) && !shown.contains("Somebody who has left"), "{shown}");
            // The list that is asked for is one step away, and whoever decides knows who reads their words.
            assert!(shown.contains(&format!("/privacy/disclosures/{}", request.patient)), "{shown}");
            assert!(shown.contains("reads this on their own pages"), "{shown}");
        }
        // While she writes for Leo, what is about_her is not taken back by mistake.
        let back = |request: &requests::Request| format!("/my/privacy/{}/take-back", request.id);
        let mine = page(&browser, here).await;
        assert!(mine.contains(&back(&about_him)) && mine.contains(&back(&complaint)) && !mine.contains(&back(&about_her)), "{mine}");
        sends(&browser, here, &back(&about_her), &[]).await.expect(404);
        let done = sends(&browser, here, &back(&about_him), &[]).await.expect(303);
        let told = page(&browser, done.header("location").unwrap()).await;
        assert!(told.contains("You took it back") && !told.contains(&back(&about_him)), "{told}");
        sends(&browser, here, &back(&about_him), &[]).await.expect(409);
        // What is decided is answered.
        let said = Said { decision: Decision::Granted, reason: String::new(), note: String::new(), with_notes: false };
        requests::decide(&desk.app, &officer, complaint.id, 1, said).await.unwrap();
        sends(&browser, here, &back(&complaint), &[]).await.expect(409);
        let closed = list(Which::Closed).await;
        let [ended] = closed.as_slice() else { panic!("{}", closed.len()) };
        assert_eq!((ended.request.id, ended.request.decision()), (about_him.id, Some(Decision::Withdrawn)));
        assert_eq!(list(Which::Open).await.len(), 2);
        let shown = page(&boss, &format!("/privacy/{}", about_him.id)).await;
        assert!(shown.contains("Taken back by whoever asked") && !shown.contains("name=\"decision\""), "{shown}");
        // She asks again whenever she wants.
        sends(&browser, here, here, &[("kind", "accounting")]).await.expect(303);
        desk.audit_is_whole().await;
    }

    async fn it_ends_in_the_middle_when_the_authority_does(desk: Desk) {
        let sink = sink(&desk).await;
        let (mum, leo, _) = family(&desk).await;
        let browser = signed_in(&desk, &sink, MUM).await;
        switches(&browser, &leo.to_string()).await.expect(303);
        let form = page(&browser, "/my/requests/new").await;
        let at = form.find("multipart/form-data").unwrap();
        let token = csrf_token(&form[at..]);
        acts_no_more(&desk, mum).await;
        // What was meant for the child is not done for herself.
        let fields = [("csrf_token", token.as_str()), ("message", "Leo is ill.")];
        let told = browser.post_files("/my/requests/new", &fields, &[]).await.expect(409).text();
        for needed in ["nothing was sent", "Leo is ill.", "readonly", "tel:988"] {
            assert!(told.contains(needed), "{needed}: {told}");
        }
        let mine = page(&browser, "/my?said=acting-over").await;
        assert!(mine.contains("nothing was sent") && !mine.contains("Leo"), "{mine}");
        switches(&browser, &leo.to_string()).await.expect(404);
    }

    async fn it_ends_at_its_hour(desk: Desk) {
        let sink = sink(&desk).await;
        patient(&desk, "Ines Mother", MUM, 40).await;
        let leo = alone(&desk, "Leo Child").await;
        let until = desk.app.now().plus_seconds(600);
        acts(&desk, contact_of(&desk, MUM).await, leo, Group::ALL, Some(until)).await;
        let browser = signed_in(&desk, &sink, MUM).await;
        switches(&browser, &leo.to_string()).await.expect(303);
        page(&browser, "/my/seen").await;
        desk.clock.advance(601);
        let told = browser.get("/my/seen").await.expect(303);
        assert_eq!(told.header("location"), Some("/my?said=acting-over"));
    }

    async fn whoever_is_no_patient_writes_for_the_only_one_they_act_for(desk: Desk) {
        let sink = sink(&desk).await;
        let leo = alone(&desk, "Leo Child").await;
        let new = NewContact {
            name: Some("Uncle Ned".to_owned()),
            locale: None,
            secure_link: false,
            patient: Some(leo),
            points: vec![(PointKind::Email, "ned@family.test".to_owned())],
            who: None,
            ground: None,
        };
        let ned = patients::create_contact(&desk.app, &desk.system(), new).await.unwrap();
        acts(&desk, ned, leo, Group::ALL, None).await;
        desk.clock.advance(40 * DAY);
        let browser = signed_in(&desk, &sink, "ned@family.test").await;
        assert!(page(&browser, "/my").await.contains("You are writing for Leo Child."));
        let there = writes(&browser, "Leo needs a new inhaler.").await;
        switches(&browser, "").await.expect(303);
        // As himself he is nobody's record.
        browser.get("/my/seen").await.expect(403);
        browser.get(&there).await.expect(404);
        let own = writes(&browser, "Where do I park?").await;
        let view = tickets::view(&desk.app, &desk.system(), ticket_of(&own)).await.unwrap();
        assert_eq!(view.ticket.patient, None);
        assert!(page(&browser, &own).await.contains("Where do I park?"));
    }
}
