//! Settings and audit pages, as a browser without scripts sees them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use bedside_desk::error::DeskError;
use bedside_desk::staff;
use common::{both_engines, form};

const SETTINGS: &[&str] = &[
    "/settings",
    "/settings/general",
    "/settings/hours",
    "/settings/queues",
    "/settings/queues/new",
    "/settings/categories",
    "/settings/categories/billing",
    "/settings/sla",
    "/settings/sla/new",
    "/settings/replies",
    "/settings/replies/new",
    "/settings/fields",
    "/settings/fields/new",
    "/settings/statuses",
    "/settings/statuses/new",
    "/settings/mailboxes",
    "/settings/mailboxes/new",
    "/settings/templates",
    "/settings/templates/reply/en",
    "/settings/templates/reply/es",
    "/settings/mails",
];
const PEOPLE: &[&str] = &[
    "/settings/staff",
    "/settings/staff/new",
    "/settings/tokens",
    "/settings/tokens/new",
];
const AUDIT: &[&str] = &["/audit", "/audit/verify"];

/// The version a form was made from.
#[track_caller]
fn version(page: &str) -> String {
    let (_, rest) = page
        .split_once("name=\"version\" value=\"")
        .expect("a version");
    rest.split('"').next().unwrap().to_owned()
}

both_engines! {
    async fn every_role_sees_what_it_may(desk: Desk) {
        for role in Role::ALL {
            let browser = desk.browser(*role).await;
            let may = |list: &[&str]| match (list[0], role) {
                (_, Role::Administrator)
                | ("/settings", Role::Supervisor | Role::Compliance)
                | ("/audit", Role::Compliance) => 200,
                _ => 403,
            };
            for list in [SETTINGS, PEOPLE, AUDIT] {
                for path in list {
                    let answer = browser.get(path).await;
                    assert_eq!(answer.status, may(list), "{role:?} {path}: {}", answer.text());
                }
            }
            if *role != Role::Administrator {
                let answer = browser.post("/settings/general", &[("csrf_token", "x")]).await;
                assert_eq!(answer.status, 403, "{role:?}");
            }
        }
        let stranger = desk.visitor();
        for path in [SETTINGS, PEOPLE, AUDIT].concat() {
            let status = stranger.get(path).await.status;
            assert!([303, 401].contains(&status), "{path}: {status}");
        }
        desk.audit_is_whole().await;
    }

    async fn somebody_locked_out_comes_back(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let page = format!("/settings/staff/{}", desk.id_of(Role::Nurse));
        let (out, back) = (format!("{page}/disable"), format!("{page}/enable"));
        let nurse = desk.browser(Role::Nurse).await;
        admin.submit(&page, &out, &[]).await.expect(303);
        nurse.get("/inbox").await.expect(401);
        let shown = admin.get(&page).await.expect(200).text();
        assert!(shown.contains(&back) && !shown.contains(&out), "{shown}");
        admin.submit(&page, &back, &[]).await.expect(303);
        let refused = admin.submit(&page, &back, &[]).await.expect(422).text();
        assert!(refused.contains("can come in already"), "{refused}");
        desk.browser(Role::Nurse).await.get("/inbox").await.expect(200);
        // The one who sets the desk up stays, whoever asks.
        let last = staff::disable(&desk.app, &desk.system(), desk.id_of(Role::Administrator)).await;
        assert!(matches!(last, Err(DeskError::Conflict { code: "last_administrator", .. })));
        let everybody = staff::list(&desk.app, &desk.system()).await.unwrap();
        let first = everybody.iter().find(|one| one.id == desk.id_of(Role::Administrator)).unwrap();
        let last = staff::change_role(&desk.app, &desk.system(), first.id, first.version, "agent").await;
        assert!(matches!(last, Err(DeskError::Conflict { code: "last_administrator", .. })));
        let person = desk.id_of(Role::Supervisor);
        staff::change_role(&desk.app, &desk.system(), person, 1, "administrator").await.unwrap();
        let both = [Role::Administrator, Role::Supervisor].map(|role| desk.id_of(role));
        let system = desk.system();
        let asked = both.map(|person| staff::disable(&desk.app, &system, person));
        let done = futures_util::future::join_all(asked).await;
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
        desk.audit_is_whole().await;
    }

    async fn the_log_has_words_where_a_person_reads(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        admin.get("/inbox").await.expect(200);
        let english = admin.get("/audit").await.expect(200).text();
        assert!(english.contains(">List</a>") && english.contains("open ones") && english.contains("Running the desk"), "{english}");
        let language = [("language", "es"), ("back", "/audit")];
        admin.submit("/inbox", "/look", &language).await.expect(303);
        admin.get("/audit?outcome=ok").await.expect(200);
        let spanish = admin.get("/audit").await.expect(200).text();
        let (_, spanish) = spanish.split_once("<tbody>").unwrap();
        for words in [">Lista</a>", "abiertas", ">Funcionamiento<", ">página<", "por: Resultado"] {
            assert!(spanish.contains(words), "{words} in {spanish}");
        }
        for code in [">operations<", ">page<", ">view<", "{&#34;", "{&quot;"] {
            assert!(!spanish.contains(code), "{code} in {spanish}");
        }
        assert!(english.contains("Looked at a list of requests") && !english.contains("by: </span>"), "{english}");
        // The look before this one, at everything, was by nothing.
        let looks = admin.get("/audit?action=audit.read").await.expect(200).text();
        assert!(looks.contains("value=\"audit.read\" selected>Leyó el registro de auditoría"), "{looks}");
        assert!(!looks.contains("por: <") && !looks.contains("Vio una lista de solicitudes</span>"), "{looks}");
        // A beginning, as programs ask for, still finds what it found.
        let beginning = admin.get("/audit?action=ticket").await.expect(200).text();
        assert!(beginning.contains("value=\"ticket\" selected>ticket") && beginning.contains("Vio una lista de solicitudes</span>"));
    }

    async fn who_may_only_look_is_told_so(desk: Desk) {
        let (admin, leader) = (desk.browser(Role::Administrator).await, desk.browser(Role::Supervisor).await);
        for path in ["/settings/general", "/settings/categories/billing", "/settings/templates/reply/en"] {
            let seen = leader.get(path).await.expect(200).text();
            assert!(seen.contains("Only administrators change this."), "{path}: {seen}");
            assert!(seen.contains(">Back</a>") && !seen.contains(">Cancel</a>") && !seen.contains(">Save</button>"), "{path}");
            let own = admin.get(path).await.expect(200).text();
            assert!(!own.contains("Only administrators") && own.contains(">Cancel</a>") && own.contains("Save"), "{path}");
        }
    }

    async fn a_stale_form_keeps_what_was_typed(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let path = "/settings/categories/billing";
        let seen = version(&admin.get(path).await.text());
        let queue = desk.app.directory.of(desk.organisation).unwrap().queues[0].id.to_string();
        let fields = |name: &'static str| {
            [("version", seen.clone()), ("name_en", name.to_owned()), ("name_es", "Pagos".to_owned()),
             ("queue_id", queue.clone()), ("position", "3".to_owned())]
        };
        let first = fields("Bills");
        let first: Vec<_> = first.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(admin.submit(path, path, &first).await.status, 303);
        let second = fields("Invoices<script>");
        let second: Vec<_> = second.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let again = admin.submit(path, path, &second).await;
        assert_eq!(again.status, 422);
        let page = again.text();
        assert!(page.contains("Someone else changed this") && page.contains("Invoices&#60;script&#62;"), "{page}");
        assert_ne!(version(&page), seen, "saving once more is a decision");
        let clinic = desk.app.directory.of(desk.organisation).unwrap();
        assert_eq!(clinic.category("billing").unwrap().names.0["en"], "Bills");
    }

    async fn a_mail_text_is_looked_at_changed_and_put_back(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let path = "/settings/templates/acknowledgement/es";
        let page = admin.get(path).await.text();
        let seen = version(&page);
        assert!(page.contains("12 mar 2026, 14:05"), "the preview is filled in, in the text's language");
        assert!(!page.contains(&format!("{path}/reset")), "what ships can't be put back");
        let send = async |fields: &[(&str, &str)]| admin.submit(path, path, fields).await;
        let stored = || {
            let clinic = desk.app.directory.of(desk.organisation).unwrap();
            clinic.templates[&("acknowledgement".to_owned(), "es".to_owned())].clone()
        };
        let before = stored();

        let preview = [("version", seen.as_str()), ("subject", "Hola {{ clinic_name }}"),
            ("body", "Antes de {{ answer_by }}. <b>x</b>"), ("do", "preview")];
        let answer = send(&preview).await.expect(200).text();
        assert!(answer.contains("Antes de 12 mar 2026, 14:05. &lt;b&gt;x") && answer.contains("{{ answer_by }}"), "{answer}");
        assert_eq!(stored().body, before.body, "a preview stores nothing");

        let wrong = [("version", seen.as_str()), ("subject", "{{ reply_text }}"), ("body", "{% if clinic_name %}x")];
        let answer = send(&wrong).await.expect(422).text();
        assert!(answer.contains("There is no word “reply_text” here. You can use: answer_by,"), "{answer}");
        assert!(answer.contains("An “if” has no “endif”") && answer.contains("{% if clinic_name %}x"), "{answer}");
        assert_eq!(stored().body, before.body);

        send(&preview[..3]).await.expect(303);
        assert_eq!((stored().subject.as_str(), stored().version), ("Hola {{ clinic_name }}", before.version + 1));
        let late = send(&preview[..3]).await.expect(422).text();
        assert!(late.contains("Someone else changed this"), "{late}");
        let english = &desk.app.directory.of(desk.organisation).unwrap().templates[&("acknowledgement".to_owned(), "en".to_owned())];
        assert_eq!(english.version, before.version, "the other language is as it was");

        let changed = admin.get(path).await.text();
        let seen = version(&changed);
        admin.submit(path, &format!("{path}/reset"), &[("version", seen.as_str())]).await.expect(303);
        assert_eq!((stored().subject, stored().body), (before.subject, before.body));
        for unknown in ["/settings/templates/bounce/en", "/settings/templates/reply/xx", "/settings/templates/x/en"] {
            admin.get(unknown).await.expect(404);
        }
        let reader = desk.browser(Role::Supervisor).await;
        reader.get(path).await.expect(200);
        reader.post(path, &[("csrf_token", "x"), ("subject", "x"), ("body", "x")]).await.expect(403);
        desk.audit_is_whole().await;
    }

    async fn what_is_still_the_examples_is_said_beside_its_field(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let path = "/settings/general";
        let (english, spanish) = ("This is still the invented example", "Esto es todavía del ejemplo inventado");
        let said = async |words: &str| admin.get(path).await.expect(200).text().matches(words).count();
        assert_eq!((said(english).await, said(spanish).await), (3, 0), "name, telephone and time zone");
        admin.submit("/inbox", "/look", &[("language", "es"), ("back", path)]).await.expect(303);
        assert_eq!((said(english).await, said(spanish).await), (0, 3));
        form::fill(&admin, path, path, &[("name", "Clínica Robledal")]).await.expect(303);
        let page = admin.get(path).await.expect(200).text();
        let (_, name) = page.split_once("for=\"name\"").unwrap();
        assert!(!name.split("<input").next().unwrap().contains(spanish), "{page}");
        assert_eq!(page.matches(spanish).count(), 2);
        // A clinic with a name and a telephone of its own may well be in the example's time zone.
        form::fill(&admin, path, path, &[("phone", "+1 312 555 0147")]).await.expect(303);
        assert_eq!(said(spanish).await, 0);
    }

    async fn an_invitation_and_a_token_are_shown_once(desk: Desk) {
        let admin = desk.browser(Role::Administrator).await;
        let new = [("name", "Noa New"), ("email", "noa@clinic.example"), ("role", "agent"), ("locale", "en")];
        let page = admin.submit("/settings/staff/new", "/settings/staff/new", &new).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert!(page.text().contains("http://desk.example/sign-in/"));
        assert!(!admin.get("/settings/staff").await.text().contains("/sign-in/"));
        // What is ticked already is the least that another system needs.
        let page = admin.get("/settings/tokens/new").await.expect(200).text();
        let ticked = form::read(&page, "/settings/tokens/new");
        let ticked: Vec<&str> = ticked.iter().map(|(name, _)| name.as_str()).filter(|name| name.starts_with("scope_")).collect();
        assert_eq!(ticked, ["scope_tickets_read", "scope_tickets_write"]);
        let token = [("name", "chat"), ("days", "30"), ("scope_tickets_read", "on"), ("all_queues", "on")];
        let page = admin.submit("/settings/tokens/new", "/settings/tokens/new", &token).await.text();
        assert!(page.contains("bsd_"), "{page}");
        assert!(!admin.get("/settings/tokens").await.text().contains("bsd_"));
    }
}
