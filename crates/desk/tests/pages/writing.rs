//! Answering, changing and joining requests on their pages.

use super::{get_html, location, number, version};
use crate::common::Role;
use crate::common::{Browser, both_engines, csrf_token, form};
use bedside_desk::{tickets, timeline};

both_engines! {
    async fn an_answer_goes_out_and_can_be_taken_back_by_its_author_alone(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let (agent, nurse) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        let path = format!("/tickets/{number}");
        let token = csrf_token(&agent.get(&path).await.text());
        let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", "We **checked** it."), ("status", "resolved")];
        let sent = agent.post_files(&format!("{path}/messages"), &fields, &[]).await.expect(303);
        let anchor = location(&sent).split("#m-").nth(1).unwrap().to_owned();
        let page = agent.get(&path).await.expect(200).text();
        assert!(page.contains("<strong>checked</strong>") && page.contains("On its way"));
        assert!(page.contains(&format!("{anchor}/undo")));
        assert!(!nurse.get(&path).await.text().contains(&format!("{anchor}/undo")));
        let undo = format!("{path}/messages/{anchor}/undo");
        let _ = nurse.submit(&path, &undo, &[]).await.expect(403);
        let _ = agent.submit(&path, &undo, &[]).await.expect(303);
        assert!(agent.get(&path).await.text().contains("Taken back"));
    }

    async fn what_is_too_much_to_send_comes_back_with_its_words(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let token = csrf_token(&agent.get(&path).await.text());
        let send = async |body: &str, files: &[(&str, &str, &str, &[u8])]| {
            let fields = [("csrf_token", token.as_str()), ("kind", "note"), ("body", body)];
            agent.post_files(&format!("{path}/messages"), &fields, files).await
        };
        let most = timeline::MAX_BODY;
        for (length, kept) in [(most + 1, most + 1), (9 * most, 4 * most)] {
            let page = send(&"w".repeat(length), &[]).await.expect(422).text();
            assert!(page.contains("too long to send") && page.contains("value=\"note\" data-key=\"n\" checked"));
            assert!(page.contains(&format!(">{}</textarea>", "w".repeat(kept))), "the words are lost");
        }
        let (small, large) = (b"x".as_slice(), vec![b'x'; (25 << 20) + 1]);
        let file = |bytes| ("files", "a.bin", "application/octet-stream", bytes);
        for (files, says) in [
            (vec![file(small); 21], "at most 20 files"),
            (vec![file(large.as_slice())], "up to 25 MB each and 50 MB together"),
            (vec![file(&large[..17 << 20]); 3], "up to 25 MB each and 50 MB together"),
        ] {
            let page = send("My long answer", &files).await.expect(422).text();
            assert!(page.contains(says) && page.contains(">My long answer</textarea>"), "{page}");
        }
        assert_eq!(tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().messages.len(), 1);
        send(&"w".repeat(most), &[]).await.expect(303);
        assert_eq!(tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().messages[1].body.len(), most);

        // As long as the field lets it be; on its way each letter of this takes nine.
        let long = "語".repeat(500_000);
        let fields = [("email", "rosa@patients.example"), ("body", long.as_str())];
        let page = agent.submit("/tickets/new", "/tickets/new", &fields).await.expect(422).text();
        assert!(page.contains("This is too long.") && page.contains(&long));
    }

    async fn details_are_changed_together(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let path = format!("/tickets/{number}");
        let me = desk.id_of(Role::Agent).to_string();
        let fields = [
            ("version", "1"), ("status", "waiting_on_third_party"), ("assignee", me.as_str()), ("urgency", "urgent"),
            ("tags", "Insurance, two words"), ("was_tags", ""), ("subject", "A better subject"), ("was_subject", "My bill"),
        ];
        let _ = agent.submit(&path, &path, &fields).await.expect(303);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!(view.subject, "A better subject");
        let tags: Vec<&str> = view.tags.iter().map(|tag| tag.text.as_str()).collect();
        assert_eq!(tags, ["insurance", "two words"]);
        // The tag's page is found by an id; its words stand in the heading, not in the address or the title.
        let shown = agent.get(&path).await.expect(200).text();
        let way = format!("/inbox/tag/{}", view.tags[1].id);
        assert!(shown.contains(&format!("href=\"{way}\"")), "{shown}");
        let list = get_html(&agent, &way).await.expect(200).text();
        assert!(list.contains(">two words</h1>") && list.contains(&format!("#{number}")), "{list}");
        let title = list.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
        assert!(!title.contains("two words"), "{title}");
        let other = get_html(&agent, "/inbox/tag/00000000-0000-4000-8000-000000000000").await.expect(200).text();
        assert!(!other.contains(&format!("#{number}")));
        get_html(&agent, "/inbox/tag/insurance").await.expect(404);
        assert_eq!(view.ticket.urgency.code(), "urgent");
        let page = agent.get(&path).await.expect(200).text();
        assert!(page.contains("Status: Waiting for others"), "{page}");
        // Bad input is told on the page.
        let version = view.ticket.version.to_string();
        let bad = [("version", version.as_str()), ("tags", "<script>"), ("was_tags", "")];
        let refused = agent.submit(&path, &path, &bad).await.expect(422).text();
        assert!(refused.contains("A tag has letters"));
    }

    async fn a_draft_waits_for_its_author(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let (agent, nurse) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        let path = format!("/tickets/{number}");
        let fields = [("kind", "note"), ("body", "half a thou")];
        let _ = agent.submit(&path, &format!("{path}/draft"), &fields).await.expect(204);
        let page = agent.get(&path).await.text();
        assert!(page.contains("half a thou</textarea>"));
        assert!(!nurse.get(&path).await.text().contains("half a thou"));
        let _ = agent.submit(&path, &format!("{path}/draft"), &[("kind", "note"), ("body", " ")]).await.expect(204);
        assert!(!agent.get(&path).await.text().contains("half a thou"));
    }

    async fn requests_of_one_person_merge_and_split(desk: Desk) {
        let first = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let second = desk.ticket("rosa@patients.example", "Again", "Still waiting").await;
        let stranger = desk.ticket("kim@patients.example", "Other", "Hello").await;
        let (one, two) = (number(&desk, first).await, number(&desk, second).await);
        let three = number(&desk, stranger).await.to_string();
        let agent = desk.browser(Role::Agent).await;
        let path = format!("/tickets/{two}");
        let into = [("other", three.as_str()), ("how", "merge")];
        let refused = agent.submit(&path, &format!("{path}/join"), &into).await.expect(409);
        assert!(refused.text().contains("different people"));
        let into = format!("#{one}");
        let merged = agent.submit(&path, &format!("{path}/join"), &[("other", into.as_str()), ("how", "merge")]).await;
        assert_eq!(location(&merged.expect(303)), format!("/tickets/{one}"));
        let page = agent.get(&format!("/tickets/{one}")).await.text();
        assert!(page.contains("Why so much?") && page.contains("Still waiting"));
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), first).await.unwrap();
        let message = view.messages.last().unwrap().id.to_string();
        let path = format!("/tickets/{one}");
        let fields = [("message", message.as_str()), ("subject", "On its own")];
        let split = agent.submit(&path, &format!("{path}/split"), &fields).await.expect(303);
        assert!(agent.get(location(&split)).await.text().contains("On its own"));
    }

    async fn a_caller_is_written_down_by_telephone(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let nothing = agent.submit("/tickets/new", "/tickets/new", &[("body", "Hello")]).await.expect(422);
        assert!(nothing.text().contains("or a telephone number is needed"));
        let fields = [("channel", "phone"), ("name", "Cal Ler"), ("phone", "(212) 555-0123"), ("body", "Needs a refill"), ("locale", "en")];
        let opened = agent.submit("/tickets/new", "/tickets/new", &fields).await.expect(303);
        let page = agent.get(location(&opened)).await.expect(200).text();
        assert!(page.contains("Cal Ler") && page.contains("(212) 555-0123") && page.contains("Needs a refill"));
    }

    async fn a_caller_who_leaves_no_address_is_written_down_all_the_same(desk: Desk) {
        const CRY: &str = "I want to kill myself tonight";
        let agent = desk.browser(Role::Agent).await;
        let opens = async |channel: &str, name: &str, body: &str| {
            let fields = [("channel", channel), ("name", name), ("body", body)];
            agent.submit("/tickets/new", "/tickets/new", &fields).await
        };
        for (channel, name, body, safety) in [
            ("phone", "Cal Ler", "Needs a refill and hangs up", "none"),
            ("video", "", "Needs a refill", "none"),
            ("email", "", CRY, "emergency"),
            ("sms", CRY, "Please call me", "emergency"),
            ("phone", CRY, "Please call me", "emergency"),
        ] {
            let opened = opens(channel, name, body).await.expect(303);
            let page = agent.get(location(&opened)).await.expect(200).text();
            assert!(page.contains(body), "{channel}: {page}");
            let number = location(&opened).trim_start_matches("/tickets/").to_owned();
            let id = tickets::resolve(&desk.app, &desk.system(), &number).await.unwrap();
            let view = tickets::view(&desk.app, &desk.system(), id).await.unwrap();
            assert_eq!(view.ticket.safety, safety, "{channel} {name} {body}");
            assert_eq!((view.contact.name.as_deref().unwrap_or_default(), view.contact.email()), (name, None));
        }
        // What was written has an address.
        for channel in ["email", "sms"] {
            opens(channel, "Cal Ler", "Needs a refill").await.expect(422);
        }
        let nothing = opens("phone", "Cal Ler", " ").await.expect(422).text();
        assert!(nothing.contains("href=\"#body\""), "{nothing}");
    }

    async fn words_and_files_are_the_same_from_a_page_and_from_a_program(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let token = csrf_token(&agent.get(&path).await.text());
        let fields = [("csrf_token", token.as_str()), ("kind", "note"), ("body", "One\r\ntwo\r\n\r\nthree")];
        let files = [
            ("files", "Notes.txt", "text/html", "At ten, café".as_bytes()),
            ("files", "odd.txt", "text/plain", b"\0\x01"),
        ];
        let _ = agent.post_files(&format!("{path}/messages"), &fields, &files).await.expect(303);
        let client = desk.client("tickets:write").await;
        let words = serde_json::json!({ "body": "One\r\ntwo\n\nthree" });
        let _ = client.post(&format!("/api/v1/tickets/{id}/notes"), &words).await.expect(201);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        for note in &view.messages[1..] {
            assert_eq!(note.body, "One\ntwo\n\nthree");
        }
        let told: Vec<_> = view.messages[1].attachments.iter().map(|file| (file.id, file.media_type.as_str())).collect();
        assert_eq!([told[0].1, told[1].1], ["text/plain", "application/octet-stream"]);
        let saved = agent.get(&format!("/attachments/{}", told[0].0)).await.expect(200);
        assert!(saved.header("content-disposition").unwrap().starts_with("attachment"));
        assert!(saved.header("content-security-policy").unwrap().starts_with("sandbox"));
    }

    async fn nobody_takes_what_is_done(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        assert!(agent.get(&path).await.text().contains("/take\""));
        let done = [("version", "1"), ("status", "resolved")];
        let _ = agent.submit(&path, &path, &done).await.expect(303);
        assert!(!agent.get(&path).await.text().contains("/take\""));
    }

    async fn who_may_not_end_a_clinical_request_is_not_offered_to(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "Refill", "Please refill my metformin.").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let (agent, nurse) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        let offered = async |browser: &Browser| {
            let page = browser.get(&path).await.expect(200).text();
            let ends = page.matches("<option value=\"resolved\"").count() + page.matches("<option value=\"closed\"").count();
            (ends, page.matches("Clinicians resolve or close these requests").count(), page.matches("aria-describedby=\"f-status-help\"").count())
        };
        // Resolved stands in the side panel and beside the answer, Closed in the side panel.
        assert_eq!(offered(&agent).await, (0, 1, 2));
        assert_eq!(offered(&nurse).await, (3, 0, 0));
        // Whoever sends it all the same hears why, and what was typed stays.
        for typed in [vec![("status", "closed")], vec![("status", "resolved"), ("category", "billing")]] {
            let refused = form::fill(&agent, &path, &path, &typed).await.expect(403).text();
            assert!(refused.contains("Clinicians resolve or close these requests") && refused.contains("href=\"#f-status\""), "{refused}");
        }
        let token = csrf_token(&agent.get(&path).await.text());
        let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", "Wombat words"), ("status", "resolved")];
        let refused = agent.post_files(&format!("{path}/messages"), &fields, &[]).await.expect(403).text();
        assert!(refused.contains("Clinicians resolve or close these requests") && refused.contains("Wombat words"), "{refused}");
        assert_eq!(version(&desk, id).await, "1");
        let _ = agent.submit("/inbox", "/look", &[("language", "es"), ("back", "/inbox")]).await.expect(303);
        let page = agent.get(&path).await.text();
        assert!(page.contains("Estas solicitudes las resuelve o cierra el personal clínico"), "{page}");
        let refused = form::fill(&agent, &path, &path, &[("status", "closed")]).await.expect(403).text();
        assert!(refused.contains("Estas solicitudes las resuelve o cierra el personal clínico. Responda"), "{refused}");
        // The one it has stays among the choices.
        let _ = form::fill(&nurse, &path, &path, &[("status", "closed")]).await.expect(303);
        assert_eq!(offered(&agent).await.0, 1);
        let _ = form::fill(&agent, &path, &path, &[("status", "open")]).await.expect(303);
        // It is the clinic's setting that says which they are.
        let admin = desk.browser(Role::Administrator).await;
        let setting = "/settings/categories/prescription";
        assert!(admin.get(setting).await.text().contains("Only clinicians, such as nurses, can resolve or close these requests"));
        let _ = form::fill(&admin, setting, setting, &[("clinical", "")]).await.expect(303);
        let _ = form::fill(&agent, &path, &path, &[("status", "closed")]).await.expect(303);
        assert_eq!(tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().ticket.status, tickets::Status::Closed);
    }
}
