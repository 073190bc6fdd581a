//! What weighs on a person, short of a crisis: the line on the page of their request.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_desk::ids::TicketId;
use bedside_desk::{audit_log, tickets};
use common::{Browser, Desk, both_engines, hidden};

const LINE: &str = "id=\"distress\"";
const FORM: &str = "id=\"distress-who\"";
const GRIEF: &str = "My husband died in May and I still get bills for his visits.";

async fn path_of(desk: &Desk, id: TicketId) -> String {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap();
    format!("/tickets/{}", view.ticket.number)
}

async fn asked(desk: &Desk, words: &str) -> (TicketId, String) {
    let id = desk.ticket("rosa@patients.example", "My bill", words).await;
    let path = path_of(desk, id).await;
    (id, path)
}

async fn read(browser: &Browser, path: &str) -> String {
    browser.get(path).await.expect(200).text()
}

/// Whom the line offers first.
fn first(page: &str) -> &str {
    let (_, form) = page.split_once(FORM).unwrap();
    let (_, option) = form.split_once("<option value=\"").unwrap();
    let (value, rest) = option.split_once('"').unwrap();
    assert!(rest.starts_with(" selected"), "{rest:.80}");
    value
}

both_engines! {
    async fn what_weighs_on_them_stands_on_the_page_with_somebody_who_can_take_it(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        for (words, line, takes) in [
            (GRIEF, "They wrote about a loss", Role::Counsellor),
            ("I am furious. This is the third time you billed me wrong, it is unacceptable.", "They are very upset", Role::Supervisor),
            ("Estou com muito medo do resultado do exame de sangue.", "They are afraid", Role::Counsellor),
        ] {
            let (_, path) = asked(&desk, words).await;
            let page = read(&agent, &path).await;
            assert!(page.contains(LINE) && page.contains(line), "{words}: {page}");
            assert_eq!(first(&page), desk.id_of(takes).to_string(), "{words}");
            // Who is told of no crisis, or reads the page, is not offered.
            for other in [Role::Agent, Role::Billing, Role::Compliance] {
                let (_, form) = page.split_once(FORM).unwrap();
                let (form, _) = form.split_once("</form>").unwrap();
                assert!(!form.contains(&desk.id_of(other).to_string()), "{other:?}: {form}");
            }
        }
    }

    async fn one_press_hands_it_over(desk: Desk) {
        let (id, path) = asked(&desk, GRIEF).await;
        let agent = desk.browser(Role::Agent).await;
        let page = read(&agent, &path).await;
        let (_, form) = page.split_once("<section class=\"notice\" aria-labelledby=\"distress\"").unwrap();
        let (version, counsellor) = (hidden(form, "version").to_owned(), first(&page).to_owned());
        let fields = [("once", hidden(form, "once")), ("version", version.as_str()), ("sub_status", ""), ("assignee", counsellor.as_str())];
        let _ = agent.submit(&path, &path, &fields).await.expect(303);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!(view.ticket.assignee, Some(desk.id_of(Role::Counsellor)));
        let log = audit_log::list(&desk.app, &desk.ctx(Role::Compliance), None, 100).await.unwrap();
        let changed = log.iter().filter(|entry| entry.action == "ticket.change" && entry.object_id == id.to_string());
        assert_eq!(changed.count(), 1);
        // The line stays, with who has it; whoever has it is told so.
        let page = read(&agent, &path).await;
        assert!(page.contains(LINE) && page.contains("It is with Cora Counsellor.") && !page.contains(FORM), "{page}");
        let page = read(&desk.browser(Role::Counsellor).await, &path).await;
        assert!(page.contains("It is with you.") && !page.contains(FORM), "{page}");
    }

    async fn it_hangs_on_no_draft_and_no_thanks(desk: Desk) {
        let (id, path) = asked(&desk, GRIEF).await;
        let agent = desk.browser(Role::Agent).await;
        let draft = [("kind", "reply"), ("body", "I am so sorry for your loss. I hear how hard this is.")];
        let _ = agent.submit(&path, &format!("{path}/draft"), &draft).await.expect(204);
        assert!(read(&agent, &path).await.contains(LINE));
        tickets::said(&desk.app, &desk.ctx(Role::Agent), id, "Thank you, Thursday is fine.".to_owned(), Vec::new()).await.unwrap();
        assert!(read(&agent, &path).await.contains(LINE), "a thanks takes nothing away");
        // Words of the staff are not theirs.
        let (id, path) = asked(&desk, "Could you send me a copy of my bill?").await;
        let note = "I am furious with the printer, it is unacceptable, I am fed up.".to_owned();
        tickets::note(&desk.app, &desk.ctx(Role::Agent), id, note, Vec::new()).await.unwrap();
        assert!(!read(&agent, &path).await.contains(LINE));
    }

    async fn a_crisis_says_what_to_do_itself_and_what_is_done_is_left_alone(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let (_, path) = asked(&desk, "My husband died in May. I took all of my sleeping pills an hour ago. I want to die.").await;
        let page = read(&agent, &path).await;
        assert!(page.contains("class=\"crisis\"") && !page.contains(LINE), "{page}");
        let (_, path) = asked(&desk, GRIEF).await;
        assert!(read(&agent, &path).await.contains(LINE));
        let nurse = desk.browser(Role::Nurse).await;
        let _ = nurse.submit(&path, &path, &[("version", "1"), ("status", "resolved")]).await.expect(303);
        assert!(!read(&agent, &path).await.contains(LINE));
    }
}
