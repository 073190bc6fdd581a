//! Who is let in, and what each role and clinic sees.

use super::{get_html, location, number, version};
use crate::common::Role;
use crate::common::{Browser, Desk, both_engines, csrf_token};
use bedside_desk::orgs::NewOrganisation;
use bedside_desk::{orgs, patients, staff, tickets};

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
        let out = visitor.submit("/inbox", "/sign-out", &[]).await.expect(303);
        assert_eq!(out.header("clear-site-data"), Some("\"cache\", \"storage\""));
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
        let planted = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Nurse), "test", "").await.unwrap();
        let browser = Browser::new(&desk.app, Some(planted.token.clone()));
        let token = csrf_token(&desk.visitor().get("/sign-in").await.text());
        let fields = [("csrf_token", token.as_str()), ("email", "agent@clinic.example"), ("password", words)];
        let _ = browser.post("/sign-in", &fields).await.expect(303);
        assert!(staff::session_unused(&desk.app, &planted.token).await.unwrap().is_none());
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

    async fn an_attachment_of_a_stranger_is_not_there(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let _ = get_html(&agent, "/attachments/01890000-0000-7000-8000-000000000000").await.expect(404);
        let _ = desk.browser(Role::Compliance).await.get("/attachments/01890000-0000-7000-8000-000000000000").await.expect(403);
    }

    async fn somebody_chooses_language_and_appearance(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let fields = [("language", "es"), ("theme", "dark"), ("text", "large"), ("back", "/inbox/mine")];
        let done = agent.submit("/inbox", "/look", &fields).await.expect(303);
        assert_eq!(location(&done), "/inbox/mine");
        let page = agent.get("/inbox/mine").await.text();
        assert!(page.contains("<html lang=\"es\"") && page.contains("data-theme=\"dark\"") && page.contains("data-text=\"large\""));
    }
}
