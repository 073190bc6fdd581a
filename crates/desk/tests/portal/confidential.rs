//! Who asked to be reached in one way only comes in by that one, and nothing of the portal is mailed elsewhere.

use super::*;
use bedside_desk::privacy::requests::{self, Kind, Which};
use common::granted::reached;
use common::{Role, both_engines};

const MIA: &str = "mia@quetzal.test";
const WORK: &str = "work@quetzal.test";
const WHERE: &str = "/my/privacy";

/// A patient with two addresses, both long on file.
async fn with_two(desk: &Desk) -> PatientId {
    let points = vec![
        (PointKind::Email, MIA.to_owned()),
        (PointKind::Email, WORK.to_owned()),
    ];
    let id = patients::create_patient(&desk.app, &desk.system(), person("Mia Quetzal"), points)
        .await
        .unwrap();
    desk.clock.advance(40 * DAY);
    id
}

fn to(mails: &[Sent]) -> Vec<&str> {
    let all = mails.iter().flat_map(|mail| mail.to.iter());
    all.map(String::as_str).collect()
}

both_engines! {
    async fn it_is_asked_for_without_a_reason(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = with_two(&desk).await;
        let browser = signed_in(&desk, &sink, MIA).await;
        let form = page(&browser, WHERE).await;
        assert!(form.contains("value=\"communications\"") && form.contains("you need not say why"), "{form}");
        sends(&browser, WHERE, WHERE, &[("kind", "communications"), ("words", "")]).await.expect(303);
        let open = requests::list(&desk.app, &desk.ctx(Role::Compliance), Which::Open, None, 10).await.unwrap();
        let [one] = open.as_slice() else { panic!("{}", open.len()) };
        assert_eq!((one.request.patient, one.request.kind), (mia, Kind::Communications));
        assert!(one.request.words.is_none() && page(&browser, WHERE).await.contains("Be contacted in one way only"));
        desk.audit_is_whole().await;
    }

    async fn nobody_comes_in_by_an_address_that_may_not_be_used(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = with_two(&desk).await;
        let before = signed_in(&desk, &sink, MIA).await;
        // A code that waits for its mail when the way is chosen goes nowhere.
        let waits = desk.visitor();
        asks(&waits, MIA).await.expect(303);
        reached(&desk, mia, "work", "").await;
        assert!(mails(&desk, &sink).await.is_empty());
        // Whoever was in by another address is so no more, and gets no code; the page says the same as ever.
        before.get("/my").await.expect(401);
        asks(&desk.visitor(), MIA).await.expect(303);
        assert!(mails(&desk, &sink).await.is_empty());
        // By the chosen one they come in, and what is told of it goes there alone.
        let browser = desk.visitor();
        asks(&browser, WORK).await.expect(303);
        let code = mailed(&desk, &sink, WORK).await;
        types(&browser, &code).await.expect(303);
        let news = mails(&desk, &sink).await;
        assert!(to(&news).iter().all(|to| *to == format!("<{WORK}>")), "{:?}", to(&news));
        page(&browser, "/my").await;
        // Where no mail may go there is no code; afterwards there is.
        reached(&desk, mia, "post", "Box 7734").await;
        browser.get("/my").await.expect(401);
        asks(&desk.visitor(), WORK).await.expect(303);
        assert!(mails(&desk, &sink).await.is_empty());
        reached(&desk, mia, "any", "").await;
        signed_in(&desk, &sink, MIA).await;
    }

    async fn whoever_acts_for_the_patient_comes_in_as_before(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = with_two(&desk).await;
        let carer = "carer@quetzal.test";
        let new = NewContact {
            name: Some("Ines Carer".to_owned()),
            locale: None,
            secure_link: false,
            patient: Some(mia),
            points: vec![(PointKind::Email, carer.to_owned())],
            who: Some(patients::Who::Somebody),
            ground: None,
        };
        let contact = patients::create_contact(&desk.app, &desk.system(), new).await.unwrap();
        acts(&desk, contact, mia, &[Group::Records], None).await;
        desk.clock.advance(40 * DAY);
        mails(&desk, &sink).await;
        reached(&desk, mia, "work", "").await;
        // What they are told goes to them.
        let browser = signed_in(&desk, &sink, carer).await;
        page(&browser, "/my").await;
    }

    async fn whoever_acts_reads_nothing_of_the_way_that_was_chosen(desk: Desk) {
        let sink = sink(&desk).await;
        let mia = with_two(&desk).await;
        let (mum, agreed) = ("mum@family.test", "/my/consents");
        patient(&desk, "Ines Mother", mum, 40).await;
        acts(&desk, contact_of(&desk, mum).await, mia, Group::ALL, None).await;
        let own = signed_in(&desk, &sink, MIA).await;
        let words = "Only at the zebrafinch mailbox.";
        sends(&own, WHERE, WHERE, &[("kind", "communications"), ("words", words)]).await.expect(303);
        assert!(page(&own, WHERE).await.contains(words));
        let browser = signed_in(&desk, &sink, mum).await;
        sends(&browser, "/my", "/my/acting", &[("patient", mia.to_string().as_str())]).await.expect(303);
        // That she asked is no secret, and what she wrote is.
        let shown = page(&browser, WHERE).await;
        assert!(shown.contains("chip") && !shown.contains("zebrafinch"), "{shown}");
        // While nothing is chosen, whoever may see addresses does.
        assert!(page(&browser, agreed).await.contains(WORK));
        reached(&desk, mia, "work", "").await;
        let shown = page(&browser, agreed).await;
        assert!(shown.contains("We may, unless you say no"), "{shown}");
        assert!(!shown.contains("work@") && !shown.contains(MIA) && !shown.contains("quetzal.test"), "{shown}");
        desk.audit_is_whole().await;
    }
}
