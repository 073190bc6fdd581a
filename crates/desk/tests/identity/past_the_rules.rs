//! Emergencies, and somebody else's look at them.

use super::*;
use bedside_desk::records::Label;
use common::both_engines;
use common::sink::sink;

const WHY: &str = "Her insulin is gone and she is alone.";
const MAY: &str = "You may speak about: times and directions, results and care, bills.";

both_engines! {
    async fn a_restricted_record_is_looked_at_by_whoever_may_see_it(desk: Desk) {
        let patient = patient(&desk, 40).await;
        let talk = Talk::with(&desk, MAIL).await;
        talk.send("emergency", &[("reason", "treatment"), ("words", WHY)]).await;
        let supervisor = desk.browser(Role::Supervisor).await;
        let list = supervisor.get("/reviews").await.expect(200).text();
        let id = list.split("action=\"/reviews/identity/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        label(&desk, patient, Label::Part2).await;
        let list = supervisor.get("/reviews").await.expect(200).text();
        assert!(list.contains("Restricted record") && !list.contains(WHY) && !list.contains(&id), "{list}");
        let way = format!("/reviews/identity/{id}");
        supervisor.submit("/reviews", &way, &[("verdict", "justified"), ("note", "Never seen it.")]).await.expect(403);
    }

    async fn an_emergency_opens_an_hour_and_waits_for_somebody_elses_look(desk: Desk) {
        let sink = sink(&desk).await;
        for role in [Role::Compliance, Role::Supervisor] {
            desk.browser(role).await;
        }
        patient(&desk, 40).await;
        let talk = Talk::with(&desk, "caller@else.test").await;
        for (reason, words) in [("", WHY), ("address_change", WHY), ("whim", WHY), ("danger", " "), ("danger", &"x".repeat(501))] {
            assert_eq!(talk.send("emergency", &[("reason", reason), ("words", words)]).await.0, 422, "{reason}");
        }
        let (_, page) = talk.send("emergency", &[("reason", "treatment"), ("words", WHY)]).await;
        assert!(page.contains("Open because of an emergency until") && page.contains(MAY), "{page}");
        assert!(page.contains("Not verified") && page.contains("Not yet: a new phone or email"), "{page}");
        let story = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(story.contains("opened this because of an emergency"), "{story}");
        assert!(!story.contains("insulin"), "the words stand on the list alone");

        // Who looks at it hears of it, and of nothing else.
        let told = sent(&desk, &sink).await;
        let told: Vec<_> = told.iter().filter(|mail| mail.mail().subject == "Something waits for a second look").collect();
        assert!(!told.is_empty() && told.iter().all(|mail| !mail.text().contains("insulin")), "{}", told.len());

        talk.agent.get("/reviews").await.expect(403);
        let compliance = desk.browser(Role::Compliance).await;
        let list = compliance.get("/reviews").await.expect(200).text();
        assert!(list.contains(WHY) && list.contains("Ana Agent") && list.contains("can’t wait") | list.contains("can&#39;t wait") | list.contains("can't wait"), "{list}");
        let action = list.split("action=\"/reviews/identity/").nth(1).unwrap().split('"').next().unwrap();
        let way = format!("/reviews/identity/{action}");
        compliance.submit("/reviews", &way, &[("verdict", "unjustified"), ("note", "")]).await.expect(422);
        compliance.submit("/reviews", &way, &[("verdict", "justified"), ("note", "Right: the nurse confirmed it.")]).await.expect(303);
        let list = compliance.get("/reviews").await.expect(200).text();
        assert!(list.contains("Nothing waits") && list.contains("Right: the nurse confirmed it.") && list.contains("Right, says Cleo Compliance"), "{list}");
        compliance.submit("/reviews", &way, &[("verdict", "justified"), ("note", "Again.")]).await.expect(404);
        let story = talk.agent.get(&talk.page).await.expect(200).text();
        assert!(story.contains("looked at what was opened"), "{story}");
        desk.clock.advance(3600);
        let agent = desk.browser(Role::Agent).await;
        assert!(!agent.get(&talk.verify()).await.expect(200).text().contains("Open because of"));
        let done = log(&desk, talk.id).await;
        for action in ["identity.emergency", "identity.review"] {
            assert!(done.contains(&(action.to_owned(), "ok".to_owned())), "{done:?}");
        }
        desk.audit_is_whole().await;
    }

    async fn nobody_looks_at_their_own(desk: Desk) {
        let talk = Talk::with(&desk, "caller@else.test").await;
        let supervisor = desk.browser(Role::Supervisor).await;
        send(&supervisor, &talk.verify(), "emergency", &[("reason", "danger"), ("words", WHY)]).await;
        let list = supervisor.get("/reviews").await.expect(200).text();
        assert!(list.contains("This is yours"), "{list}");
        let admin = desk.browser(Role::Administrator).await.get("/reviews").await.expect(200).text();
        let id = admin.split("action=\"/reviews/identity/").nth(1).unwrap().split('"').next().unwrap();
        let way = format!("/reviews/identity/{id}");
        let page = supervisor.submit("/reviews", &way, &[("verdict", "justified"), ("note", "All fine.")]).await.expect(409).text();
        assert!(page.contains("your own word twice"), "{page}");
        assert!(log(&desk, talk.id).await.contains(&("identity.review".to_owned(), "denied".to_owned())));
    }

    async fn an_emergency_is_open_where_all_else_is_locked(desk: Desk) {
        let talk = Talk::with(&desk, "caller@else.test").await;
        for _ in 0..3 {
            talk.tell("Never Was", BORN, "mrn", MRN).await;
        }
        let (_, page) = talk.send("emergency", &[("reason", "danger"), ("words", WHY)]).await;
        assert!(page.contains("Locked until") && page.contains("Open because of an emergency"), "{page}");
        // The lock itself is a sign, which takes nothing of it away.
        assert!(page.contains("locked for this contact in the last 30 days") && page.contains(MAY), "{page}");
        assert!(page.contains("Not yet: a new phone or email, copies of records."), "{page}");
    }
}
