//! The coach beside the composer, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_desk::ids::TicketId;
use bedside_desk::{audit_log, drafts, tickets};

use common::{Browser, Desk, both_engines, csrf_token};

const COACH: &str = "/coach";
const DRAFT: &str = "It is not our policy to explain it. Just double your dose of the blue tablets until the weekend comes around.";

async fn page_of(desk: &Desk, id: TicketId) -> String {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap();
    format!("/tickets/{}", view.ticket.number)
}

/// What the page sends along with the draft: the hidden fields beside its timeline, as they stand there.
fn heard(page: &str) -> Vec<(String, String)> {
    let (_, beside) = page.split_once("<li id=\"heard\" hidden>").unwrap();
    let (beside, _) = beside.split_once("</li>").unwrap();
    let value = |field: &str, name: &str| {
        let (_, from) = field.split_once(&format!("{name}=\"")).unwrap();
        from.split_once('"').unwrap().0.to_owned()
    };
    let fields = beside.split("<input").skip(1);
    fields
        .map(|field| (value(field, "name"), value(field, "value")))
        .collect()
}

/// The coach's answer to a draft written on the page at `path`.
async fn ask(browser: &Browser, path: &str, kind: &str, body: &str) -> String {
    let page = browser.get(path).await.expect(200).text();
    let (token, heard) = (csrf_token(&page), heard(&page));
    let mut fields = vec![
        ("csrf_token", token.as_str()),
        ("kind", kind),
        ("body", body),
    ];
    fields.extend(
        heard
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    let answer = browser.post(COACH, &fields).await.expect(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.text()
}

async fn readings(desk: &Desk) -> usize {
    let officer = desk.ctx(Role::Compliance);
    let entries = audit_log::list(&desk.app, &officer, None, 100)
        .await
        .unwrap();
    // Looking into the log is an entry of its own.
    let read = entries
        .iter()
        .filter(|entry| !entry.action.starts_with("audit."));
    read.count()
}

both_engines! {
    async fn advice_comes_beside_the_draft_and_nothing_is_kept(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "My husband died in May and I still get bills for his visits.").await;
        let page = page_of(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        assert!(agent.get(&page).await.expect(200).text().contains("hx-post=\"/coach\""));
        let text = ask(&agent, &page, "reply", DRAFT).await;
        for code in ["medical_advice", "phrase", "acknowledge"] {
            assert!(text.contains(&format!("data-code=\"{code}\"")), "{code} is missing in {text}");
        }
        assert!(text.contains("wrote about a loss"), "the patient's grief is heard: {text}");
        assert_eq!(text.matches("Alt+Enter</kbd>").count(), 1);
        assert!(text.contains("<details"), "what is more than three waits: {text}");
        assert!(!text.contains("<html"), "a fragment");
        assert_eq!(drafts::load(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap(), None);
    }

    async fn a_look_at_a_draft_is_no_reading_of_a_record(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "I still get bills for my visits in May.").await;
        let path = page_of(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let page = agent.get(&path).await.expect(200).text();
        let token = csrf_token(&page);
        let before = readings(&desk).await;
        for body in ["Calm", "Calm down", "Calm down, please"] {
            let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", body), ("said", "bills")];
            let _ = agent.post(COACH, &fields).await.expect(200);
        }
        assert_eq!(readings(&desk).await, before);
        // The page itself is one.
        let _ = agent.get(&path).await.expect(200);
        assert!(readings(&desk).await > before);
    }

    async fn what_the_coach_must_know_is_on_the_page_of_who_may_answer(desk: Desk) {
        let words = "Ünï \"quoted\" <b>".to_owned() + &"é".repeat(10_000);
        let id = desk.ticket("rosa@patients.example", "My bill", &words).await;
        let path = page_of(&desk, id).await;
        let page = desk.browser(Role::Agent).await.get(&path).await.expect(200).text();
        let said = heard(&page).into_iter().find(|(name, _)| name == "said").unwrap().1;
        assert!(said.starts_with("Ünï &#34;quoted&#34; &#60;b&#62;é"), "{said}");
        assert_eq!(said.matches('é').count(), 4_000 - "Ünï \"quoted\" <b>".chars().count());
    }

    async fn a_nurse_may_give_medical_advice_and_notes_are_left_alone(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My pills", "How many of the blue tablets?").await;
        let page = page_of(&desk, id).await;
        let nurse = desk.browser(Role::Nurse).await;
        let text = ask(&nurse, &page, "reply", DRAFT).await;
        assert!(!text.contains("medical_advice") && text.contains("data-code=\"phrase\""), "{text}");
        for role in [Role::Agent, Role::Supervisor, Role::Administrator] {
            let text = ask(&desk.browser(role).await, &page, "reply", DRAFT).await;
            assert!(text.contains("medical_advice"), "{role:?}: {text}");
        }
        for (kind, body) in [("note", DRAFT), ("reply", " ")] {
            assert_eq!(ask(&nurse, &page, kind, body).await.trim(), "");
        }
        let fine = ask(&nurse, &page, "reply", "Two a day, Rosa.").await;
        assert!(fine.contains("Nothing to suggest"), "{fine}");
    }

    async fn a_spanish_request_is_coached_in_spanish(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "Mi cuenta", "Mi esposo murió en mayo y todavía me llegan cuentas de sus visitas al consultorio.").await;
        let agent = desk.ctx(Role::Agent);
        let ticket = tickets::view(&desk.app, &agent, id).await.unwrap().ticket;
        assert_eq!(ticket.locale, bedside_web::Locale::Es, "the language is heard");
        let draft = "No es nuestra política explicarlo. Cálmese y espere a que el proveedor revise la reclamación otra vez.";
        let text = ask(&desk.browser(Role::Agent).await, &format!("/tickets/{}", ticket.number), "reply", draft).await;
        assert!(text.contains("<q lang=\"es\"") && text.contains("data-code=\"phrase\""), "{text}");
        assert!(text.contains("wrote about a loss"), "reasons are in the reader's language: {text}");
    }

    /// The page knows of English and Spanish alone; the draft says itself what it is.
    async fn a_draft_in_another_language_is_judged_by_that_one(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "I still get bills for my visits in May.").await;
        let page = page_of(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let french = "Nous accusons réception de votre correspondance et nous transmettons immédiatement votre réclamation au \
            département administratif compétent, lequel procédera ultérieurement aux vérifications indispensables concernant votre \
            remboursement et votre assurance complémentaire.";
        let text = ask(&agent, &page, "reply", french).await;
        assert!(text.contains("data-code=\"grade\"") && text.contains("This draft is in Français"), "{text}");
        assert!(text.contains("only length, sentences and open gaps"), "{text}");
        for code in ["next_step", "acknowledge", "summarise", "name", "phrase"] {
            assert!(!text.contains(&format!("data-code=\"{code}\"")), "{code} has English words for a French draft: {text}");
        }
        let korean = "안녕하세요, 보내 주신 글 잘 받았습니다. 내일 아침에 전화드리겠습니다. 감사합니다.";
        let text = ask(&agent, &page, "reply", korean).await;
        assert!(text.contains("This draft is in 한국어") && !text.contains("Nothing to suggest"), "{text}");
        let english = ask(&agent, &page, "reply", DRAFT).await;
        assert!(!english.contains("This draft is in"), "{english}");
    }

    async fn words_of_a_draft_cannot_become_markup(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why?").await;
        let page = page_of(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let body = "<b>calm down</b> \"><script>alert(1)</script> hypertension' onclick='x";
        let text = ask(&agent, &page, "reply", body).await;
        assert!(text.contains("data-changes") && !text.contains("<script") && !text.contains("<b>") && !text.contains("' onclick"), "{text}");
    }

    async fn whatever_is_sent_is_answered(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why?").await;
        let agent = desk.browser(Role::Agent).await;
        let token = csrf_token(&agent.get(&page_of(&desk, id).await).await.expect(200).text());
        let long = "é😀 ___ calm down ".repeat(10_000);
        for (name, value) in [("language", "xx-Nowhere"), ("name", &long), ("said", &long), ("body", &long), ("kind", "?")] {
            let mut fields = vec![("csrf_token", token.as_str()), (name, value)];
            if name != "body" {
                fields.push(("body", DRAFT));
            }
            let text = agent.post(COACH, &fields).await.expect(200).text();
            assert!(text.contains("data-code=\"phrase\""), "{name}: {text}");
        }
    }

    async fn only_who_may_answer_is_advised(desk: Desk) {
        let fields = [("kind", "reply"), ("body", DRAFT)];
        let _ = desk.visitor().post(COACH, &fields).await.expect(401);
        // Without the form's token.
        let _ = desk.browser(Role::Agent).await.post(COACH, &fields).await.expect(403);
        let _ = desk.browser(Role::Compliance).await.post(COACH, &fields).await.expect(403);
    }
}
