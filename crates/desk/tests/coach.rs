//! The coach beside the composer, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use bedside_desk::context::Role;
use bedside_desk::ids::TicketId;
use bedside_desk::{drafts, tickets};
use common::{Desk, both_engines};

async fn paths(desk: &Desk, id: TicketId) -> (String, String) {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap();
    let page = format!("/tickets/{}", view.ticket.number);
    let coach = format!("{page}/coach");
    (page, coach)
}

const DRAFT: &str = "It is not our policy to explain it. Just double your dose of the blue tablets until the weekend comes around.";

both_engines! {
    async fn advice_comes_beside_the_draft_and_nothing_is_kept(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "My husband died in May and I still get bills for his visits.").await;
        let (page, coach) = paths(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let shown = agent.get(&page).await.expect(200);
        assert!(shown.text().contains(&format!("hx-post=\"{coach}\"")));
        let answer = agent.submit(&page, &coach, &[("kind", "reply"), ("body", DRAFT)]).await.expect(200);
        let text = answer.text();
        for code in ["medical_advice", "phrase", "acknowledge"] {
            assert!(text.contains(&format!("data-code=\"{code}\"")), "{code} is missing in {text}");
        }
        assert!(text.contains("wrote about a loss"), "the patient's grief is heard: {text}");
        assert_eq!(text.matches("Alt+Enter</kbd>").count(), 1);
        assert!(!text.contains("<html"), "a fragment");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(drafts::load(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap(), None);
    }

    async fn a_nurse_may_give_medical_advice_and_notes_are_left_alone(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My pills", "How many of the blue tablets?").await;
        let (page, coach) = paths(&desk, id).await;
        let nurse = desk.browser(Role::Nurse).await;
        let answer = nurse.submit(&page, &coach, &[("kind", "reply"), ("body", DRAFT)]).await.expect(200);
        assert!(!answer.text().contains("medical_advice") && answer.text().contains("data-code=\"phrase\""));
        for fields in [[("kind", "note"), ("body", DRAFT)], [("kind", "reply"), ("body", " ")]] {
            let answer = nurse.submit(&page, &coach, &fields).await.expect(200);
            assert_eq!(answer.text().trim(), "");
        }
        let fine = nurse.submit(&page, &coach, &[("kind", "reply"), ("body", "Two a day, Rosa.")]).await.expect(200);
        assert!(fine.text().contains("Nothing to suggest"), "{}", fine.text());
    }

    async fn words_of_a_draft_cannot_become_markup(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why?").await;
        let (page, coach) = paths(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let body = "<b>calm down</b> \"><script>alert(1)</script> hypertension' onclick='x";
        let answer = agent.submit(&page, &coach, &[("kind", "reply"), ("body", body)]).await.expect(200);
        let text = answer.text();
        assert!(text.contains("data-changes") && !text.contains("<script") && !text.contains("<b>") && !text.contains("' onclick"), "{text}");
    }

    async fn only_who_may_answer_is_advised(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why?").await;
        let (_, coach) = paths(&desk, id).await;
        let fields = [("kind", "reply"), ("body", DRAFT)];
        let _ = desk.visitor().post(&coach, &fields).await.expect(401);
        // Without the form's token.
        let _ = desk.browser(Role::Agent).await.post(&coach, &fields).await.expect(403);
        let _ = desk.browser(Role::Compliance).await.post(&coach, &fields).await.expect(403);
    }
}
