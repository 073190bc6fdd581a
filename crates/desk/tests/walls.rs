//! Who gets in by which way, generated over the whole route table: every way in has a case for whoever is not signed
//! in, for every role without the permission, for things of another organisation, for a forged form and for the trace
//! that it leaves. The lists of exceptions only shrink: an exception that is not needed any more fails too.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use crate::common::Role;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::context::{Actor, Ctx, Permission, Permissions, Source};
use bedside_desk::ids::OrganisationId;
use bedside_desk::orgs::{self, Change, Clinic};
use bedside_desk::privacy::breaches::{self, Data, Facts, Part};
use bedside_desk::privacy::notices;
use bedside_desk::privacy::requests::{self, Kind, NewRequest};
use bedside_desk::recertification;
use bedside_desk::router::{Access, Route, routes};
use bedside_desk::staff::{self, NewStaff, NewToken};
use bedside_desk::{audit_log, config, events, patients, startup, tickets};
use bedside_language::Channel;
use bedside_web::Locale;
use common::{Answer, Browser, Desk, both_engines, csrf_token};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Ways in whose parameter is no id of a thing: names that every organisation may have.
const NAMED: &[&str] = &[
    "/inbox/queue/{code}",
    "/inbox/tag/{tag}",
    "/privacy/retention/{record}",
    "/privacy/retention/{record}/keep",
    "/privacy/retention/{record}/look",
    "/settings/categories/{id}",
    "/settings/categories/{id}/remove",
    "/settings/fields/{id}",
    "/settings/fields/{id}/remove",
    "/settings/roles/{id}",
    "/settings/roles/{id}/remove",
    "/settings/templates/{code}/{locale}",
    "/settings/templates/{code}/{locale}/reset",
];

/// Ways in that leave no trace: they show nothing of anybody.
const QUIET: &[&str] = &[
    "GET /",
    "GET /account",
    "GET /account/confirm",
    "GET /account/confirm/sso",
    "GET /account/session",
    "GET /account/passkeys/new",
    "GET /account/second-factor",
    "GET /api/v1/categories",
    "GET /api/v1/events",
    "GET /api/v1/fields",
    "GET /api/v1/me",
    "GET /api/v1/queues",
    "GET /api/v1/queues/{id}",
    "GET /api/v1/staff",
    "GET /api/v1/sub-statuses",
    "GET /audit/verify",
    "GET /crisis-banner",
    "GET /identity/reviews",
    "GET /openings",
    "GET /patients",
    "GET /patients/new",
    "GET /privacy/breaches/new",
    "GET /privacy/looks",
    "GET /privacy/seen",
    "GET /restricted/{patient}",
    "GET /search",
    "GET /set-password",
    "GET /settings",
    "GET /settings/categories",
    "GET /settings/categories/{id}",
    "GET /settings/fields",
    "GET /settings/fields/{id}",
    "GET /settings/general",
    "GET /settings/hours",
    "GET /settings/mailboxes",
    "GET /settings/mailboxes/{id}",
    "GET /settings/mails",
    "GET /settings/notices",
    "GET /settings/notices/{id}",
    "GET /settings/privacy",
    "GET /settings/provisioning",
    "GET /settings/queues",
    "GET /settings/queues/{id}",
    "GET /settings/replies",
    "GET /settings/replies/{id}",
    "GET /settings/roles",
    "GET /settings/roles/{id}",
    "GET /settings/sla",
    "GET /settings/sla/{id}",
    "GET /settings/sso",
    "GET /settings/staff",
    "GET /settings/staff/{id}",
    "GET /settings/statuses",
    "GET /settings/statuses/{id}",
    "GET /settings/templates",
    "GET /settings/templates/{code}/{locale}",
    "GET /settings/tokens",
    "GET /settings/tokens/{id}",
    "GET /tickets/new",
];

fn inside() -> Vec<Route> {
    let ways: Vec<Route> = routes()
        .into_iter()
        .filter(|route| {
            matches!(
                route.access,
                Access::Staff(_) | Access::Either(..) | Access::SignedIn
            )
        })
        .collect();
    assert!(ways.len() > 70, "the table was not read");
    ways
}

fn name(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// Things of one organisation, by the parameters of the paths that name them.
struct Things {
    organisation: OrganisationId,
    ticket: tickets::Landed,
    patient: String,
    privacy: String,
    breach: String,
    round: String,
    attachment: String,
    staff: String,
    token: String,
    notice: String,
    clinic: Arc<Clinic>,
}

impl Things {
    async fn new(desk: &Desk, organisation: OrganisationId) -> Self {
        let app = &desk.app;
        let ctx = Ctx::system(organisation, "test", Source::Job);
        let by = patients::requester_by_email(
            app,
            organisation,
            "rosa@patient.example",
            Some("Rosa"),
            None,
        );
        let new =
            tickets::NewTicket::new(by.await.unwrap(), Channel::Email, "My bill", "Why so much?");
        let ticket = tickets::create(app, &ctx, new).await.unwrap();
        let patient = patients::NewPatient {
            name: "Luis Ruiz".to_owned(),
            birth_date: None,
            mrn: None,
            locale: None,
            secure_link: false,
        };
        let patient = patients::create_patient(app, &ctx, patient, Vec::new())
            .await
            .unwrap();
        let asked = NewRequest {
            patient,
            kind: Kind::Copy,
            received_on: jiff::civil::date(2026, 3, 1),
            ticket: None,
            words: String::new(),
        };
        let privacy = requests::open_request(app, &ctx, asked).await.unwrap();
        let officer = Ctx {
            actor: Actor::Staff {
                id: desk.id_of(Role::Compliance),
                role: desk.role(Role::Compliance),
                name: "Cleo Compliance".into(),
            },
            ..ctx.clone()
        };
        let facts = Facts {
            title: "A lost laptop".to_owned(),
            story: "It was lost.".to_owned(),
            discovered: jiff::civil::date(2026, 3, 1).at(9, 0, 0, 0),
            part: Part::Own,
            data: vec![Data::Name],
        };
        let breach = breaches::open_breach(app, &officer, facts).await.unwrap();
        let person = NewStaff {
            email: "new@clinic.example".to_owned(),
            name: "Nora New".to_owned(),
            role: Role::Agent.code().to_owned(),
            locale: Locale::En,
        };
        let staff = staff::create(app, &ctx, person).await.unwrap();
        let token = NewToken {
            name: "test".to_owned(),
            scopes: Permissions::NONE,
            queues: staff::Queues::All,
            expires_at: None,
        };
        let (token, _) = staff::create_token(app, &ctx, token).await.unwrap();
        let notice = notices::begin(app, &ctx, notices::PRIVACY).await.unwrap();
        let round = recertification::open(app, &ctx).await.unwrap();
        Self {
            organisation,
            ticket,
            patient: patient.to_string(),
            privacy: privacy.to_string(),
            breach: breach.to_string(),
            round: round.to_string(),
            attachment: ticket.message.to_string(),
            staff: staff.to_string(),
            token: token.to_string(),
            notice: notice.to_string(),
            clinic: app.directory.of(organisation).unwrap(),
        }
    }

    fn path(&self, route: &str) -> String {
        let id = if route.starts_with("/settings/queues") {
            self.clinic.queues[0].id.to_string()
        } else if route.starts_with("/settings/sla") {
            self.clinic.policies[0].id.to_string()
        } else if route.starts_with("/settings/replies") {
            self.clinic.saved_replies[0].id.to_string()
        } else if route.starts_with("/settings/staff") {
            self.staff.clone()
        } else if route.starts_with("/settings/tokens") {
            self.token.clone()
        } else if route.starts_with("/settings/categories") {
            self.clinic.categories[0].code.clone()
        } else if route.starts_with("/settings/roles") {
            "agent".to_owned()
        } else if route.starts_with("/settings/mails") {
            "01890000-0000-7000-8000-000000000000".to_owned()
        } else if route.starts_with("/settings/notices") {
            self.notice.clone()
        } else if route.starts_with("/settings/") {
            "new".to_owned()
        } else {
            self.ticket.id.to_string()
        };
        let code = if route.starts_with("/settings/templates") {
            "reply"
        } else {
            &self.clinic.queues[0].code
        };
        route
            .replace("{id}", &id)
            .replace("{ticket}", &self.ticket.id.to_string())
            .replace("{message}", &self.ticket.message.to_string())
            .replace("{place}", "0")
            .replace("{patient}", &self.patient)
            .replace("{record}", "drafts")
            .replace("{run}", &self.privacy)
            .replace("{request}", &self.privacy)
            .replace("{copy}", &self.privacy)
            .replace("{breach}", &self.breach)
            .replace("{round}", &self.round)
            .replace("{subject}", &self.staff)
            .replace("{filter}", &self.privacy)
            .replace("{person}", &self.privacy)
            .replace("{disclosure}", &self.ticket.id.to_string())
            .replace("{finding}", &self.ticket.id.to_string())
            .replace("{source}", "opening")
            .replace("{file}", &self.attachment)
            .replace("{code}", code)
            .replace("{locale}", "en")
            .replace("{tag}", "00000000-0000-4000-8000-000000000000")
            .replace("{representative}", &self.patient)
            .replace("{review}", &self.patient)
            .replace("{sequence}", "1")
    }
}

async fn neighbour(desk: &Desk) -> OrganisationId {
    let clinic = config::clinic::parse(&startup::built_in_clinic()).unwrap();
    let now = desk.app.now();
    let new = config::organisation::new_organisation(&clinic, "neighbour", &desk.app.ids, now);
    orgs::create(&desk.app, new).await.unwrap()
}

/// The place of the newest entry, which is that of this very look.
async fn newest(desk: &Desk) -> i64 {
    audit_log::list(&desk.app, &desk.system(), None, 1)
        .await
        .unwrap()[0]
        .sequence
}

/// The entries since `before`, newest first, as (action, object, outcome).
async fn since(desk: &Desk, before: i64) -> Vec<(String, String, String)> {
    let entries = audit_log::list(&desk.app, &desk.system(), None, 50)
        .await
        .unwrap();
    let entries = entries
        .into_iter()
        .skip(1)
        .filter(|entry| entry.sequence > before);
    entries
        .map(|entry| (entry.action, entry.object_id, entry.outcome))
        .collect()
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Something for every field that a form of the pages needs.
const FIELDS: &str = "verdict=justified&version=1&until=1h&on=true&other=1001&how=link&subject=x&name=x&body=x&kind=note&role=agent\
    &message=01890000-0000-7000-8000-000000000000&contact=01890000-0000-7000-8000-000000000000";

/// Sends a form with a good token in the header: whatever is refused is refused for another reason.
async fn send(browser: &Browser, token: &str, route: &Route, way: &str) -> Answer {
    let headers = [FORM, ("x-csrf-token", token)];
    let answer = browser
        .request(route.method.clone(), way, &headers, Body::from(FIELDS))
        .await;
    if answer.status != 415 {
        return answer;
    }
    let edge = [
        ("content-type", "multipart/form-data; boundary=XX"),
        ("x-csrf-token", token),
    ];
    let form = "--XX\r\ncontent-disposition: form-data; name=\"body\"\r\n\r\nx\r\n--XX--\r\n";
    browser
        .request(route.method.clone(), way, &edge, Body::from(form))
        .await
}

both_engines! {
    async fn whoever_is_not_signed_in_sees_nothing(desk: Desk) {
        let things = Things::new(&desk, desk.organisation).await;
        for route in inside() {
            let way = things.path(route.path);
            let visitor = desk.visitor();
            visitor.request(route.method.clone(), &way, &[FORM], Body::empty()).await.expect(401);
            let page = visitor.request(route.method.clone(), &way, &[("accept", "text/html"), FORM], Body::empty()).await.expect(303);
            assert!(page.header("location").unwrap().starts_with("/sign-in?next=/"), "{}", name(&route));
            assert!(page.body.is_empty());
        }
    }

    async fn attack_14_every_role_is_kept_from_what_is_not_its_business(desk: Desk) {
        let things = Things::new(&desk, desk.organisation).await;
        let mut refused = 0;
        for role in Role::ALL {
            let browser = desk.browser(*role).await;
            for route in inside() {
                if route.access.takes(desk.role(*role).permissions) != Some(false) {
                    continue;
                }
                let before = newest(&desk).await;
                let answer = browser.request(route.method.clone(), &things.path(route.path), &[FORM], Body::empty()).await;
                assert_eq!(answer.status, 403, "{role:?} {}", name(&route));
                let noted = ("http.request".to_owned(), route.path.to_owned(), "denied".to_owned());
                assert_eq!(since(&desk, before).await, [noted], "{role:?} {}", name(&route));
                refused += 1;
            }
        }
        assert!(refused > 100, "{refused}");
    }

    async fn attack_14_a_permission_opens_its_own_ways_in_and_no_others(desk: Desk) {
        let things = Things::new(&desk, desk.organisation).await;
        let mut role = desk.role(Role::Agent).as_ref().clone();
        (role.code, role.version) = ("one_thing".to_owned(), 0);
        let person = NewStaff {
            email: "one@clinic.example".to_owned(),
            name: "One Thing".to_owned(),
            role: role.code.clone(),
            locale: Locale::En,
        };
        let (mut browser, mut opened) = (None, BTreeSet::new());
        for permission in Permission::ALL {
            // The person is in already while the role is changed: what it opens holds at once.
            // What is changed has to be seen.
            let seen = match permission {
                Permission::TicketsWrite => Permission::TicketsRead,
                Permission::PatientsWrite => Permission::PatientsRead,
                Permission::SettingsWrite | Permission::StaffManage => Permission::SettingsRead,
                alone => *alone,
            };
            role.permissions = Permissions::of(&[*permission, seen]);
            orgs::change(&desk.app, &desk.system(), Change::PutRole(role.clone())).await.unwrap();
            role.version += 1;
            if browser.is_none() {
                let id = staff::create(&desk.app, &desk.system(), person.clone()).await.unwrap();
                let session = staff::admit(&desk.app, desk.organisation, id, "test", "").await.unwrap();
                browser = Some(Browser::new(&desk.app, Some(session.token)));
            }
            let browser = browser.as_ref().unwrap();
            for route in inside() {
                let Some(comes_in) = route.access.takes(role.permissions) else { continue };
                let way = things.path(route.path);
                if !comes_in {
                    let answer = browser.request(route.method.clone(), &way, &[FORM], Body::empty()).await;
                    assert_eq!(answer.status, 403, "{permission:?} {}", name(&route));
                } else if route.method == Method::GET {
                    let status = browser.get(&way).await.status;
                    // An entry that is not sealed yet has no proof.
                    assert!(matches!(status, 200 | 303 | 404 | 409), "{permission:?} {}: {status}", name(&route));
                    opened.insert(name(&route));
                }
            }
        }
        assert!(opened.len() > 30, "{opened:?}");
    }

    async fn things_of_another_organisation_are_nowhere(desk: Desk) {
        let ours = Things::new(&desk, desk.organisation).await;
        let theirs = Things::new(&desk, neighbour(&desk).await).await;
        let browser = desk.browser(Role::Administrator).await;
        let token = csrf_token(&browser.get("/inbox").await.expect(200).text());
        let before = events::latest(&desk.app, theirs.organisation).await.unwrap();
        for route in inside() {
            if !route.path.contains('{') || NAMED.contains(&route.path) {
                continue;
            }
            let way = theirs.path(route.path);
            // What has no things in this desk yet asks for a new one, and where the log ends is the same for all.
            if way.ends_with("/new") || way.contains("/new/") || route.path.starts_with("/audit/") {
                continue;
            }
            let answer = if route.method == Method::GET {
                browser.get(&way).await
            } else {
                send(&browser, &token, &route, &way).await
            };
            assert_eq!(answer.status, 404, "{}: {}", name(&route), answer.text());
        }
        assert_eq!(events::latest(&desk.app, theirs.organisation).await.unwrap(), before);
        // Ids in fields reach no further than ids in paths.
        let ticket = format!("/tickets/{}", ours.ticket.id);
        let other = theirs.ticket.id.to_string();
        let queue = theirs.clinic.queues[0].id.to_string();
        let fields: [(&str, &[(&str, &str)]); 5] = [
            ("/join", &[("other", &other), ("into", &other), ("how", "merge")]),
            ("/join", &[("other", &other), ("into", &other), ("how", "link")]),
            ("", &[("version", "1"), ("queue", &queue)]),
            ("", &[("version", "1"), ("assignee", &theirs.staff)]),
            ("/split", &[("message", &theirs.ticket.message.to_string()), ("subject", "x")]),
        ];
        for (way, fields) in fields {
            let fields = [&[("csrf_token", token.as_str())], fields].concat();
            let answer = browser.post(&format!("{ticket}{way}"), &fields).await;
            assert!((400..500).contains(&answer.status), "{way} {fields:?}: {}", answer.status);
        }
        let linked = browser.post(&format!("/patients/{}/link", ours.patient), &[("csrf_token", &token), ("contact", &other)]).await;
        assert!((400..500).contains(&linked.status), "{}", linked.status);
        assert_eq!(events::latest(&desk.app, theirs.organisation).await.unwrap(), before);
    }

    async fn a_forged_form_is_refused_everywhere(desk: Desk) {
        let things = Things::new(&desk, desk.organisation).await;
        let browser = desk.browser(Role::Administrator).await;
        let stranger = desk.browser(Role::Nurse).await;
        let own = csrf_token(&browser.get("/inbox").await.expect(200).text());
        let foreign = csrf_token(&stranger.get("/inbox").await.expect(200).text());
        let before = events::latest(&desk.app, desk.organisation).await.unwrap();
        let mut tried = 0;
        for route in inside().into_iter().filter(|route| route.method != Method::GET) {
            let way = things.path(route.path);
            for token in ["", "x", foreign.as_str()] {
                assert_eq!(send(&browser, token, &route, &way).await.status, 403, "{} with {token:?}", name(&route));
            }
            for site in ["cross-site", "same-site"] {
                let headers = [FORM, ("x-csrf-token", own.as_str()), ("sec-fetch-site", site)];
                let cookie = browser.cookie();
                let headers = [&headers[..], &[("cookie", cookie.as_str())]].concat();
                let answer = desk.stranger().request(route.method.clone(), &way, &headers, Body::from(FIELDS)).await;
                assert_eq!(answer.status, 403, "{} from {site}", name(&route));
            }
            tried += 1;
        }
        // What anybody may send is guarded as well.
        for route in routes().into_iter().filter(|route| route.access == Access::Public && route.method == Method::POST) {
            let way = route.path.replace("{slug}", "clinic").replace("{token}", &"a".repeat(32)).replace("{link}", &"a".repeat(32));
            for site in ["cross-site", "same-origin"] {
                let headers = [FORM, ("sec-fetch-site", site)];
                let answer = desk.stranger().request(Method::POST, &way, &headers, Body::from("email=a%40b.example&password=x")).await;
                // A page that was open for too long is shown anew; nothing was opened or done.
                let again = answer.status == 303 && answer.header("location").unwrap().starts_with(way.rsplit_once('/').unwrap().0);
                assert!(again || (400..500).contains(&answer.status), "{} from {site}: {}", name(&route), answer.status);
                assert!(answer.header("set-cookie").is_none(), "{} from {site}", name(&route));
            }
            tried += 1;
        }
        assert!(tried > 35, "{tried}");
        assert_eq!(events::latest(&desk.app, desk.organisation).await.unwrap(), before);
    }

    async fn every_page_leaves_its_trace(desk: Desk) {
        let things = Things::new(&desk, desk.organisation).await;
        let browser = desk.browser(Role::Administrator).await;
        audit_log::Sealer::new(desk.app.clone()).round().await.unwrap();
        let mut quiet = BTreeSet::new();
        // An identity provider's ways open to no session (tests/scim), and patients' own ones to theirs (tests/portal).
        let own = |route: &Route| !matches!(route.access, Access::Public | Access::Patient | Access::Token(_));
        let ways = routes().into_iter().filter(|route| route.method == Method::GET && own(route));
        for route in ways {
            let mut way = things.path(route.path);
            if route.path == "/attachments/{file}" || route.path.starts_with("/api/v1/attachments/") {
                // The look itself is noted before the file is looked for.
                way = way.replace(&things.attachment, &things.ticket.message.to_string());
            }
            if route.path.starts_with("/api/v1/patients/") {
                way = format!("/api/v1/patients/{}", things.patient);
            }
            if route.path.starts_with("/api/v1/contacts/") {
                way = way.replace(&things.ticket.id.to_string(), &things.patient);
            }
            if route.path == "/api/v1/queues/{id}" {
                way = format!("/api/v1/queues/{}", things.clinic.queues[0].id);
            }
            way = way.replace("{message_id}", &things.ticket.message.to_string());
            let before = newest(&desk).await;
            let answer = browser.get(&way).await;
            assert!(answer.status < 500 && answer.status != 403 && answer.status != 401, "{}: {}", name(&route), answer.status);
            if since(&desk, before).await.is_empty() {
                quiet.insert(name(&route));
            }
        }
        let allowed: BTreeSet<String> = QUIET.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(quiet, allowed);
    }

    async fn every_answer_carries_the_security_headers(desk: Desk) {
        let things = Things::new(&desk, desk.organisation).await;
        let admin = desk.browser(Role::Administrator).await;
        let mut answers = Vec::new();
        for route in routes() {
            let way = things.path(route.path)
                .replace("{slug}", "clinic").replace("{token}", &"a".repeat(32)).replace("{link}", &"a".repeat(32))
                .replace("{name}", "none.css").replace("{message_id}", &things.patient);
            for html in [("accept", "text/html"), ("accept", "*/*")] {
                let asked = [html, ("origin", "https://evil.example")];
                answers.push((name(&route), desk.visitor().request(route.method.clone(), &way, &asked, Body::empty()).await));
                if route.method == Method::GET && route.path != "/api/v1/events" {
                    answers.push((name(&route), admin.request(Method::GET, &way, &asked, Body::empty()).await));
                }
            }
            let before = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
            answers.push((name(&route), admin.request(Method::OPTIONS, &way, &before, Body::empty()).await));
        }
        for way in ["/nothing", "/api/v1/nothing", "/tickets/%00", "/t/%FF", "/inbox?x=%FF"] {
            answers.push((way.to_owned(), admin.get(way).await));
            answers.push((way.to_owned(), admin.request(Method::PUT, way, &[], Body::empty()).await));
        }
        for (name, answer) in answers {
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{name}: {policy}");
            assert!(!policy.contains("unsafe") && !policy.contains("http"), "{name}: {policy}");
            // What came from outside is shut into a sandbox, where no base and no form does anything.
            assert!(policy.contains("base-uri 'none'") || policy.starts_with("sandbox;"), "{name}: {policy}");
            assert!(!policy.contains("object-src") || policy.contains("object-src 'none'"), "{name}: {policy}");
            let shared = answer.headers.keys().find(|key| key.as_str().starts_with("access-control"));
            assert!(shared.is_none(), "{name}: {shared:?}");
            let kind = answer.header("content-type");
            assert!(answer.body.is_empty() || kind.is_some(), "{name} says nothing of what it is");
            let is_text = kind.is_some_and(|kind| kind.starts_with("text/"));
            assert!(!is_text || kind.is_some_and(|kind| kind.ends_with("charset=utf-8")), "{name}: {kind:?}");
            for (header, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("x-frame-options", "DENY"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(header), Some(value), "{name}");
            }
            assert!(answer.header("permissions-policy").is_some(), "{name}");
            // Nothing is kept by anybody on the way but what is the same for all.
            let kept = answer.header("cache-control");
            let is_file = ["GET /assets/{name}", "GET /favicon.ico"].contains(&name.as_str());
            assert!(kept == Some("no-store") || (is_file && kept.is_some()), "{name}: {kept:?}");
            assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none(), "{name}");
        }
    }

    async fn every_page_lets_one_sign_out(desk: Desk) {
        let things = Things::new(&desk, desk.organisation).await;
        let admin = desk.browser(Role::Administrator).await;
        let mut seen = 0;
        for route in inside().into_iter().filter(|route| route.method == Method::GET) {
            let answer = admin.request(Method::GET, &things.path(route.path), &[("accept", "text/html")], Body::empty()).await;
            let text = answer.text();
            if answer.status == 200 && text.contains("</html>") {
                seen += 1;
                assert!(text.contains("action=\"/sign-out\""), "{}", name(&route));
            }
        }
        assert!(seen > 60, "{seen}");
    }
}
