//! The staff's pages, as a browser without scripts sees them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_db::{args, statements};
use bedside_desk::context::Role;
use bedside_desk::orgs::{self, NewOrganisation};
use bedside_desk::tickets;
use bedside_desk::{patients, staff, timeline};
use common::{Answer, Browser, Desk, Engine, both_engines, csrf_token, form, hidden};
use futures_util::FutureExt;

statements! {
    /// From here on no draft can be forgotten.
    NO_DRAFTS = "DROP TABLE drafts";
    /// From here on every change of a request is followed by another one at once, as by a mail that comes in.
    AND_ANOTHER_SQLITE = "CREATE TRIGGER and_another AFTER UPDATE ON tickets WHEN NEW.version = OLD.version + 1 \
        BEGIN UPDATE tickets SET version = NEW.version + 1 WHERE id = NEW.id; END";
    /// The same for a server, in two steps.
    AND_ANOTHER = "CREATE FUNCTION and_another() RETURNS trigger LANGUAGE plpgsql AS \
        'BEGIN NEW.version := NEW.version + 1; RETURN NEW; END'";
    /// The second step.
    AND_ANOTHER_POSTGRES = "CREATE TRIGGER and_another BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION and_another()";
}

const HTML: [(&str, &str); 1] = [("accept", "text/html")];

async fn get_html(browser: &Browser, path: &str) -> Answer {
    browser
        .request(Method::GET, path, &HTML, Body::empty())
        .await
}

async fn number(desk: &Desk, id: bedside_desk::ids::TicketId) -> i64 {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap()
        .ticket
        .number
}

async fn version(desk: &Desk, id: bedside_desk::ids::TicketId) -> String {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap();
    view.ticket.version.to_string()
}

/// Sends one form of `page` twice, as a double click does, and gives back the place that both answers lead to.
async fn twice(browser: &Browser, page: &str, action: &str, fields: &[(&str, &str)]) -> String {
    let html = browser.get(page).await.expect(200).text();
    let (token, once) = (csrf_token(&html), hidden(&html, "once"));
    let is_versioned = html.contains("name=\"version\"");
    let version = is_versioned.then(|| hidden(&html, "version"));
    let own = [
        ("csrf_token", token.as_str()),
        ("once", once.as_str()),
        ("version", version.as_deref().unwrap_or("0")),
    ];
    let fields = [&own, fields].concat();
    let mut places = Vec::new();
    for _ in 0..2 {
        let sent = if action.ends_with("/messages") {
            browser.post_files(action, &fields, &[]).await
        } else {
            browser.post(action, &fields).await
        };
        places.push(location(&sent.expect(303)).to_owned());
    }
    assert_eq!(places[0], places[1]);
    places.remove(0)
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_default()
}

both_engines! {
    async fn every_page_opens_for_an_agent_and_is_not_kept(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let queue = desk.app.directory.of(desk.organisation).unwrap().queues[0].code.clone();
        let paths = [
            "/inbox".to_owned(), "/inbox/mine".to_owned(), "/inbox/done".to_owned(), "/inbox/crisis".to_owned(),
            format!("/inbox/queue/{queue}"), "/inbox/tag/00000000-0000-4000-8000-000000000000".to_owned(), format!("/tickets/{number}"),
            format!("/tickets/{id}"), "/tickets/new".to_owned(), "/search".to_owned(), "/patients".to_owned(),
            "/patients/new".to_owned(), "/set-password".to_owned(),
        ];
        for path in paths {
            let page = get_html(&agent, &path).await.expect(200);
            assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
            let text = page.text();
            assert!(text.contains("<h1"), "{path} has no heading");
            assert!(!text.contains("style=\"") && !text.contains(" onclick="), "{path} has something inline");
            let title = text.split("<title>").nth(1).unwrap().split("</title>").next().unwrap();
            assert!(!title.contains("bill") && !title.contains("Rosa"), "{path}: {title}");
        }
        assert_eq!(location(&agent.get("/").await.expect(303)), "/inbox");
    }

    async fn who_is_not_signed_in_is_sent_to_sign_in_and_back(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let visitor = desk.visitor();
        let away = get_html(&visitor, &format!("/tickets/{number}")).await.expect(303);
        assert_eq!(location(&away), format!("/sign-in?next=/tickets/{number}"));
        let words = "correct horse battery staple";
        staff::set_password(&desk.app, &desk.ctx(Role::Agent), desk.id_of(Role::Agent), words).await.unwrap();
        let next = format!("/tickets/{number}");
        let fields = [("email", "agent@clinic.example"), ("password", "wrong wrong wrong"), ("next", next.as_str())];
        let wrong = visitor.submit("/sign-in", "/sign-in", &fields).await.expect(422);
        assert!(wrong.text().contains("isn&#39;t right") || wrong.text().contains("isn't right"));
        let fields = [("email", "agent@clinic.example"), ("password", words), ("next", next.as_str())];
        let right = visitor.submit("/sign-in", "/sign-in", &fields).await.expect(303);
        assert_eq!(location(&right), next);
        let _ = visitor.get(&next).await.expect(200);
        // Out again: the session is gone, not only its cookie.
        let _ = visitor.submit("/inbox", "/sign-out", &[]).await.expect(303);
        assert_eq!(get_html(&visitor, &next).await.status, 303);
    }

    async fn signing_in_leads_nowhere_else(desk: Desk) {
        let words = "correct horse battery staple";
        staff::set_password(&desk.app, &desk.ctx(Role::Agent), desk.id_of(Role::Agent), words).await.unwrap();
        for next in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
            let visitor = desk.visitor();
            let fields = [("email", "agent@clinic.example"), ("password", words), ("next", next)];
            let answer = visitor.submit("/sign-in", "/sign-in", &fields).await.expect(303);
            assert_eq!(location(&answer), "/");
        }
    }

    async fn a_link_is_used_by_its_button_only_and_once(desk: Desk) {
        let expires = desk.app.now().plus_seconds(3600);
        let link = staff::make_link(&desk.app, &desk.system(), desk.id_of(Role::Nurse), false, expires).await.unwrap();
        let path = format!("/sign-in/{link}");
        let scanner = desk.visitor();
        let _ = scanner.get(&path).await.expect(200);
        let _ = scanner.get(&path).await.expect(200);
        let nurse = desk.visitor();
        let entered = nurse.submit(&path, &path, &[]).await.expect(303);
        assert_eq!(location(&entered), "/set-password");
        let _ = nurse.get("/inbox").await.expect(200);
        let _ = desk.visitor().submit(&path, &path, &[]).await.expect(410);
    }

    async fn a_new_sign_in_ends_the_session_before(desk: Desk) {
        let words = "correct horse battery staple";
        let (agent, id) = (desk.ctx(Role::Agent), desk.id_of(Role::Agent));
        staff::set_password(&desk.app, &agent, id, words).await.unwrap();
        let planted = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Nurse), "test").await.unwrap();
        let browser = Browser::new(&desk.app, Some(planted.token.clone()));
        let token = csrf_token(&desk.visitor().get("/sign-in").await.text());
        let fields = [("csrf_token", token.as_str()), ("email", "agent@clinic.example"), ("password", words)];
        let _ = browser.post("/sign-in", &fields).await.expect(303);
        assert!(staff::session(&desk.app, &planted.token).await.unwrap().is_none());
        assert!(browser.get("/inbox").await.text().contains("Ana Agent"));
    }

    async fn a_role_without_tickets_sees_none(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let compliance = desk.browser(Role::Compliance).await;
        for path in ["/inbox", "/inbox/mine", "/tickets/new", "/search", "/patients", &format!("/tickets/{id}")] {
            let page = get_html(&compliance, path).await.expect(403);
            assert!(page.text().contains("<h1"), "{path}");
            assert!(!page.text().contains("My bill"));
        }
        assert_eq!(location(&compliance.get("/").await.expect(303)), "/audit");
    }

    async fn words_of_strangers_stay_words(desk: Desk) {
        let attack = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
        let requester = patients::requester_by_email(&desk.app, desk.organisation, "x@patients.example", Some(attack), None);
        let requester = requester.await.unwrap();
        let new = tickets::NewTicket::new(requester, bedside_language::Channel::Email, attack, attack);
        let created = tickets::create(&desk.app, &desk.system(), new).await.unwrap();
        let agent = desk.browser(Role::Agent).await;
        let path = format!("/tickets/{}", created.number);
        let token = csrf_token(&agent.get(&path).await.text());
        let file = ("files", "<img src=x onerror=alert(3)>.html", "text/html", b"<script>alert(4)</script>".as_slice());
        let fields = [("csrf_token", token.as_str()), ("kind", "note"), ("body", attack)];
        let _ = agent.post_files(&format!("{path}/messages"), &fields, &[file]).await.expect(303);
        for path in ["/inbox", path.as_str()] {
            let page = agent.get(path).await.expect(200).text();
            assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{path}: {page}");
        }
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), created.id).await.unwrap();
        let file = &view.messages.last().unwrap().attachments[0];
        let download = agent.get(&format!("/attachments/{}", file.id)).await.expect(200);
        assert_eq!(download.body, b"<script>alert(4)</script>");
        assert!(download.header("content-disposition").unwrap().starts_with("attachment"));
        assert!(download.header("content-security-policy").unwrap().starts_with("sandbox"));
        assert_eq!(download.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(download.header("content-type"), Some("application/octet-stream"));
    }

    async fn a_form_without_its_token_changes_nothing(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let path = format!("/tickets/{number}");
        let _ = agent.post(&path, &[("version", "1"), ("status", "closed")]).await.expect(403);
        let _ = agent.post(&format!("{path}/take"), &[("version", "1"), ("csrf_token", "x")]).await.expect(403);
        let _ = agent.post_files(&format!("{path}/messages"), &[("kind", "reply"), ("body", "x")], &[]).await.expect(403);
        let other = desk.browser(Role::Nurse).await;
        let theirs = csrf_token(&other.get("/inbox").await.text());
        let _ = agent.post(&format!("{path}/take"), &[("version", "1"), ("csrf_token", &theirs)]).await.expect(403);
        assert_eq!(version(&desk, id).await, "1");
    }

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
        assert!(page.contains("<strong>checked</strong>") && page.contains("On its way") && page.contains("draft-done"));
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

    async fn a_stale_change_says_what_changed_and_keeps_the_text(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let (agent, nurse) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        let path = format!("/tickets/{number}");
        let token = csrf_token(&agent.get(&path).await.text());
        let _ = nurse.submit(&path, &format!("{path}/take"), &[("version", "1")]).await.expect(303);
        let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", "My long answer"), ("version", "1")];
        let refused = agent.post_files(&format!("{path}/messages"), &fields, &[]).await.expect(412).text();
        assert!(refused.contains("My long answer") && refused.contains("Assigned to"), "{refused}");
        let details = [
            ("csrf_token", token.as_str()), ("version", "1"), ("status", "closed"), ("urgency", "urgent"), ("assignee", ""),
            ("tags", "call back"), ("subject", "A better subject"), ("was_subject", "My bill"),
        ];
        let refused = agent.post(&path, &details).await.expect(412).text();
        let nurse = format!("value=\"{}\" selected", desk.id_of(Role::Nurse));
        // Taking it opened it: the status and who has it are the nurse's.
        for kept in ["value=\"open\" selected", "value=\"urgent\" selected", "value=\"call back\"", "value=\"A better subject\"", nurse.as_str()] {
            assert!(refused.contains(kept), "{kept} in {refused}");
        }
        assert!(refused.contains("What else you chose is still here"), "{refused}");
        assert_eq!(version(&desk, id).await, "2");
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

    async fn another_organisation_is_out_of_reach(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let other = other_organisation(&desk).await;
        let system = bedside_desk::context::Ctx::system(other, "test", bedside_desk::context::Source::Job);
        let requester = patients::requester_by_email(&desk.app, other, "eve@patients.example", None, None).await.unwrap();
        let new = tickets::NewTicket::new(requester, bedside_language::Channel::Email, "Theirs", "Not for you");
        let theirs = tickets::create(&desk.app, &system, new).await.unwrap();
        let agent = desk.browser(Role::Agent).await;
        let _ = get_html(&agent, &format!("/tickets/{}", theirs.id)).await.expect(404);
        let path = format!("/tickets/{number}");
        for how in ["merge", "link"] {
            let fields = [("other", theirs.id.to_string()), ("how", how.to_owned())];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let _ = agent.submit(&path, &format!("{path}/join"), &fields).await.expect(404);
        }
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

    async fn a_double_click_does_everything_once(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let see = desk.ctx(Role::Agent);
        let caller = [("channel", "phone"), ("name", "Cal Ler"), ("phone", "(212) 555-0123"), ("body", "Needs a refill")];
        let path = twice(&agent, "/tickets/new", "/tickets/new", &caller).await;
        let all = tickets::list(&desk.app, &see, &tickets::View::Active, None, 10).await.unwrap();
        assert_eq!(all.rows.len(), 1, "one caller, one request");
        let id = all.rows[0].ticket.id;
        let messages = format!("{path}/messages");
        let said = async || {
            let view = tickets::view(&desk.app, &see, id).await.unwrap();
            view.messages.into_iter().map(|one| one.body).collect::<Vec<_>>()
        };
        let reply = [("kind", "reply"), ("body", "It is ready.")];
        let _ = twice(&agent, &path, &messages, &reply).await;
        assert_eq!(said().await, ["Needs a refill", "It is ready."]);
        let note = [("kind", "note"), ("body", "Asked the pharmacy.")];
        let _ = twice(&agent, &path, &messages, &note).await;
        assert_eq!(said().await, ["Needs a refill", "It is ready.", "Asked the pharmacy."]);

        // Other words under the number of a page that was gone back to are another answer; so are the same from a new page.
        let html = agent.get(&path).await.text();
        let (token, once) = (csrf_token(&html), hidden(&html, "once"));
        for words in ["One", "Two"] {
            let fields = [("csrf_token", token.as_str()), ("once", once.as_str()), ("kind", "note"), ("body", words)];
            let _ = agent.post_files(&messages, &fields, &[]).await.expect(303);
        }
        let _ = twice(&agent, &path, &messages, &note).await;
        assert_eq!(said().await[3..], ["One", "Two", "Asked the pharmacy."]);

        let view = tickets::view(&desk.app, &see, id).await.unwrap();
        let last = view.messages.last().unwrap().id.to_string();
        let part = [("message", last.as_str()), ("subject", "On its own")];
        let _ = twice(&agent, &path, &format!("{path}/split"), &part).await;
        let all = tickets::list(&desk.app, &see, &tickets::View::Active, None, 10).await.unwrap();
        assert_eq!(all.rows.len(), 2);

        let patient = [("name", "Rosa Alvarez"), ("birth_date", "1980-02-03")];
        let _ = twice(&agent, "/patients/new", "/patients/new", &patient).await;
        let wanted = patients::Wanted {
            name_and_birth_date: Some(("Rosa Alvarez".to_owned(), "1980-02-03".to_owned())),
            ..patients::Wanted::default()
        };
        assert_eq!(patients::find_patients(&desk.app, &see, &wanted).await.unwrap().len(), 1);
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

    async fn an_address_goes_on_after_its_at(desk: Desk) {
        let id = desk.ticket("emiliano.urrutia96@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let page = desk.browser(Role::Agent).await.get(&path).await.text();
        assert_eq!(page.matches("emiliano.urrutia96@<wbr>patients.example</span>").count(), 2, "{page}");
        let staff = desk.browser(Role::Administrator).await.get("/settings/staff").await.text();
        assert!(staff.contains("nurse@<wbr>clinic.example"), "{staff}");
    }

    async fn a_double_click_is_no_colleagues_change(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let _ = twice(&agent, &path, &format!("{path}/take"), &[]).await;
        let _ = twice(&agent, &path, &path, &[("status", "open"), ("urgency", "urgent")]).await;
        let _ = twice(&agent, &path, &format!("{path}/snooze"), &[("until", "4h")]).await;
        assert_eq!(version(&desk, id).await, "4");

        // What a colleague did since is told to who goes a page back and saves again.
        let html = agent.get(&path).await.text();
        let (token, once) = (csrf_token(&html), hidden(&html, "once"));
        let fields = [("csrf_token", token.as_str()), ("once", once.as_str()), ("version", "4"), ("urgency", "low")];
        let _ = agent.post(&path, &fields).await.expect(303);
        let _ = desk.browser(Role::Nurse).await.submit(&path, &format!("{path}/take"), &[("version", "5")]).await.expect(303);
        let told = agent.post(&path, &fields).await.expect(412).text();
        assert!(told.contains("role=\"alert\""), "{told}");
        assert_eq!(version(&desk, id).await, "6");
    }

    async fn what_was_saved_is_not_called_stale(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let statements = match desk.engine {
            Engine::Sqlite => &[AND_ANOTHER_SQLITE][..],
            Engine::Postgres => &[AND_ANOTHER, AND_ANOTHER_POSTGRES][..],
        };
        for statement in statements {
            let statement = *statement;
            desk.app.db.write(move |tx| async move { tx.execute(statement, args![]).await }.boxed()).await.unwrap();
        }
        let saved = agent.submit(&path, &path, &[("version", "1"), ("urgency", "low")]).await.expect(303);
        assert_eq!(location(&saved), path);
        assert_eq!(version(&desk, id).await, "3");
    }

    async fn the_same_words_again_are_another_answer_once_they_were_taken_back(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let html = agent.get(&path).await.text();
        let (token, once) = (csrf_token(&html), hidden(&html, "once"));
        let fields = [("csrf_token", token.as_str()), ("once", once.as_str()), ("kind", "reply"), ("body", "We checked it.")];
        let send = async |files: &[(&str, &str, &str, &[u8])]| {
            let sent = agent.post_files(&format!("{path}/messages"), &fields, files).await.expect(303);
            location(&sent).split("#m-").nth(1).unwrap().to_owned()
        };
        let first = send(&[]).await;
        assert_eq!(send(&[]).await, first);
        let _ = agent.submit(&path, &format!("{path}/messages/{first}/undo"), &[]).await.expect(303);
        let second = send(&[]).await;
        assert_ne!(second, first);
        assert_eq!(send(&[]).await, second, "and that one is there once too");

        // A file of the same name and length is another one when something else is in it.
        let file = |bytes| [("files", "result.txt", "text/plain", bytes)];
        let (one, two): (&[u8], &[u8]) = (b"left", b"right"[..4].as_ref());
        let third = send(&file(one)).await;
        assert_eq!(send(&file(one)).await, third);
        assert_ne!(send(&file(two)).await, third);
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!(view.messages.len(), 5);
    }

    async fn an_answer_that_went_out_is_no_failure_because_of_its_draft(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let agent = desk.browser(Role::Agent).await;
        let token = csrf_token(&agent.get(&path).await.text());
        desk.app.db.write(|tx| async move { tx.execute(NO_DRAFTS, args![]).await }.boxed()).await.unwrap();
        let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", "Because of the lab.")];
        let sent = agent.post_files(&format!("{path}/messages"), &fields, &[]).await.expect(303);
        assert!(location(&sent).contains("#m-"));
    }

    async fn a_patient_is_found_by_exact_values_and_linked(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let fields = [("name", "Rosa Alvarez"), ("birth_date", "1980-02-03"), ("mrn", "MR-77")];
        let added = agent.submit("/patients/new", "/patients/new", &fields).await.expect(303);
        let place = location(&added).to_owned();
        assert!(agent.get(&place).await.text().contains("MR-77"));
        let again = agent.submit("/patients/new", "/patients/new", &fields).await.expect(422);
        assert!(again.text().contains("Another patient has this record number"));
        let found = agent.submit("/patients", "/patients", &[("mrn", "mr77")]).await.expect(200).text();
        let found_either = found.contains(&place) || agent.submit("/patients", "/patients", &[("mrn", "MR-77")]).await.text().contains(&place);
        assert!(found_either);
        let nobody = agent.submit("/patients", "/patients", &[("name", "Rosa Alvarez")]).await.expect(200).text();
        assert!(!nobody.contains(&place), "a name alone opens nobody");
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        let contact = view.contact.id.to_string();
        let back = format!("/tickets/{number}");
        let link = [("contact", contact.as_str()), ("back", back.as_str())];
        let linked = agent.submit("/patients", &format!("{place}/link"), &link).await.expect(303);
        assert_eq!(location(&linked), back);
        assert!(agent.get(&back).await.text().contains("MR-77"));
    }

    async fn lists_turn_their_pages_both_ways(desk: Desk) {
        for index in 0..60 {
            desk.ticket(&format!("p{index}@patients.example"), &format!("Request {index}"), "Hello").await;
        }
        let agent = desk.browser(Role::Agent).await;
        let first = agent.get("/inbox").await.text();
        let next = first.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let second = agent.get(&next).await.expect(200).text();
        assert!(!second.contains("rel=\"next\""));
        assert_eq!(second.matches("data-key-item").count(), 10);
        let back = second.split("rel=\"prev\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let again = agent.get(&back).await.expect(200).text();
        assert_eq!(again.matches("data-key-item").count(), 50);
        let row = |page: &str| page.split("id=\"t-").nth(1).unwrap().split('"').next().unwrap().to_owned();
        assert_eq!(row(&first), row(&again));
        let _ = agent.get("/inbox?after=made-up").await.expect(422);
        // The place of one list opens no other.
        let _ = agent.get(&next.replace("/inbox", "/inbox/done")).await.expect(422);
    }

    async fn a_crisis_cannot_be_overlooked(desk: Desk) {
        let body = "I want to kill myself. I have the pills here and will take them tonight.";
        let id = desk.ticket("lee@patients.example", "Please", body).await;
        let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        assert_eq!(view.ticket.rank(), 0, "the engine sees it");
        let agent = desk.browser(Role::Agent).await;
        let inbox = agent.get("/inbox").await.text();
        assert!(inbox.contains("class=\"crisis\" role=\"alert\""));
        assert!(agent.get("/inbox/crisis").await.text().contains("Please"));
        let path = format!("/tickets/{}", view.ticket.number);
        assert!(agent.get(&path).await.text().contains("crisis steps"));
        let snooze = [("version", "1"), ("until", "4h")];
        let _ = agent.submit(&path, &format!("{path}/snooze"), &snooze).await.expect(409);
    }

    async fn a_script_gets_the_part_it_asks_for(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let number = number(&desk, id).await;
        let agent = desk.browser(Role::Agent).await;
        let headers = [("hx-request", "true"), ("accept", "text/html")];
        for path in ["/inbox".to_owned(), format!("/tickets/{number}/timeline")] {
            let part = agent.request(Method::GET, &path, &headers, Body::empty()).await.expect(200).text();
            assert!(!part.contains("<html") && part.contains("id=\"t"), "{path}");
        }
        let problem = agent.request(Method::GET, "/tickets/999999", &headers, Body::empty()).await.expect(404);
        assert!(problem.header("content-type").unwrap().contains("json"));
        let away = desk.visitor().request(Method::GET, "/inbox", &headers, Body::empty()).await.expect(401);
        assert_eq!(away.header("hx-redirect"), Some("/sign-in?next=/inbox"));
    }

    async fn why_it_was_placed_here_is_in_the_readers_language(desk: Desk) {
        let mut requests = Vec::new();
        for (address, words) in [
            ("rosa@patients.example", "I have crushing chest pain"),
            ("luz@patients.example", "Tengo un dolor muy fuerte en el pecho"),
            // Rules that no English or Spanish file has.
            ("linh@patients.example", "Tôi bị đau ngực dữ dội"),
        ] {
            let id = desk.ticket(address, "", words).await;
            let ticket = tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().ticket;
            assert_eq!(ticket.triage.read().danger.as_deref(), Some("cardiac"), "{words}");
            requests.push(format!("/tickets/{}", ticket.number));
        }
        let agent = desk.browser(Role::Agent).await;
        let why = async |path: &str| {
            let page = agent.get(path).await.expect(200).text();
            let (_, rest) = page.split_once("<details class=\"small why\">").unwrap();
            rest.split("</details>").next().unwrap().to_owned()
        };
        let english = ["Chest pain or pressure: possible heart attack", "Possible danger: Heart"];
        let spanish = ["Dolor o presión en el pecho: posible infarto", "Posible peligro: Corazón"];
        for path in &requests {
            let said = why(path).await;
            assert!(english.iter().all(|words| said.contains(words)), "{said}");
            assert!(!spanish.iter().any(|words| said.contains(words)) && !said.contains("Se parece"), "{said}");
            assert_eq!(said.matches(english[0]).count(), 1, "{said}");
        }
        let _ = agent.submit("/inbox", "/look", &[("language", "es"), ("back", "/inbox")]).await.expect(303);
        for path in &requests {
            let said = why(path).await;
            assert!(spanish.iter().all(|words| said.contains(words)), "{said}");
            assert!(!english.iter().any(|words| said.contains(words)) && !said.contains("Reads like"), "{said}");
        }
    }

    async fn who_may_not_end_a_clinical_request_is_not_offered_to(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "Refill", "Please refill my metformin.").await;
        let path = format!("/tickets/{}", number(&desk, id).await);
        let (agent, nurse) = (desk.browser(Role::Agent).await, desk.browser(Role::Nurse).await);
        let offered = async |browser: &Browser| {
            let page = browser.get(&path).await.expect(200).text();
            let ends = page.matches("<option value=\"resolved\"").count() + page.matches("<option value=\"closed\"").count();
            (ends, page.matches("A nurse resolves or closes these requests").count(), page.matches("aria-describedby=\"f-status-help\"").count())
        };
        // Resolved stands in the side panel and beside the answer, Closed in the side panel.
        assert_eq!(offered(&agent).await, (0, 1, 2));
        assert_eq!(offered(&nurse).await, (3, 0, 0));
        // Whoever sends it all the same hears why, and what was typed stays.
        for typed in [vec![("status", "closed")], vec![("status", "resolved"), ("category", "billing")]] {
            let refused = form::fill(&agent, &path, &path, &typed).await.expect(403).text();
            assert!(refused.contains("A nurse resolves or closes these requests") && refused.contains("href=\"#f-status\""), "{refused}");
        }
        let token = csrf_token(&agent.get(&path).await.text());
        let fields = [("csrf_token", token.as_str()), ("kind", "reply"), ("body", "Wombat words"), ("status", "resolved")];
        let refused = agent.post_files(&format!("{path}/messages"), &fields, &[]).await.expect(403).text();
        assert!(refused.contains("A nurse resolves or closes these requests") && refused.contains("Wombat words"), "{refused}");
        assert_eq!(version(&desk, id).await, "1");
        let _ = agent.submit("/inbox", "/look", &[("language", "es"), ("back", "/inbox")]).await.expect(303);
        let page = agent.get(&path).await.text();
        assert!(page.contains("Estas solicitudes las resuelve o cierra enfermería"), "{page}");
        let refused = form::fill(&agent, &path, &path, &[("status", "closed")]).await.expect(403).text();
        assert!(refused.contains("Estas solicitudes las resuelve o cierra enfermería. Responda"), "{refused}");
        // The one it has stays among the choices.
        let _ = form::fill(&nurse, &path, &path, &[("status", "closed")]).await.expect(303);
        assert_eq!(offered(&agent).await.0, 1);
        let _ = form::fill(&agent, &path, &path, &[("status", "open")]).await.expect(303);
        // It is the clinic's setting that says which they are.
        let admin = desk.browser(Role::Administrator).await;
        let setting = "/settings/categories/prescription";
        assert!(admin.get(setting).await.text().contains("Only a nurse can resolve or close these requests"));
        let _ = form::fill(&admin, setting, setting, &[("clinical", "")]).await.expect(303);
        let _ = form::fill(&agent, &path, &path, &[("status", "closed")]).await.expect(303);
        assert_eq!(tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap().ticket.status, tickets::Status::Closed);
    }

    async fn somebody_chooses_language_and_appearance(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let fields = [("language", "es"), ("theme", "dark"), ("text", "large"), ("back", "/inbox/mine")];
        let done = agent.submit("/inbox", "/look", &fields).await.expect(303);
        assert_eq!(location(&done), "/inbox/mine");
        let page = agent.get("/inbox/mine").await.text();
        assert!(page.contains("<html lang=\"es\"") && page.contains("data-theme=\"dark\"") && page.contains("data-text=\"large\""));
    }

    async fn an_attachment_of_a_stranger_is_not_there(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let _ = get_html(&agent, "/attachments/01890000-0000-7000-8000-000000000000").await.expect(404);
        let _ = desk.browser(Role::Compliance).await.get("/attachments/01890000-0000-7000-8000-000000000000").await.expect(403);
    }
}

async fn other_organisation(desk: &Desk) -> bedside_desk::ids::OrganisationId {
    let files = bedside_desk::startup::clinic_files(&desk.app.config).unwrap();
    let clinic = bedside_desk::config::clinic::parse(&files).unwrap();
    let now = desk.app.now();
    let new: NewOrganisation = bedside_desk::config::organisation::new_organisation(
        &clinic,
        "elsewhere",
        &desk.app.ids,
        now,
    );
    orgs::create(&desk.app, new).await.unwrap()
}
