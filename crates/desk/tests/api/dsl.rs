//! Everything that filters, searches and orders, asked with keys, operators and values that nobody foresaw: each is refused or
//! finds what its asker may see, and none becomes part of a question to the database.

use crate::common::{Answer, Desk, Engine, Role, both_engines, csrf_token};
use crate::fixtures::{ALL, neighbour, ticket};
use bedside_desk::search;
use proptest::collection::vec;
use proptest::prop_oneof;
use proptest::sample::select;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Keys of the search and of the lists, and some that are none.
const KEYS: &[&str] = &[
    "status",
    "from",
    "after",
    "before",
    "queue",
    "category",
    "urgency",
    "assignee",
    "tag",
    "channel",
    "language",
    "view",
    "contact",
    "patient",
    "cursor",
    "limit",
    "last_event_id",
    "actor",
    "object",
    "ticket",
    "action",
    "outcome",
    "source",
    "last",
    "until",
    "saved",
    "days",
    "low",
    "which",
    "sort",
    "_sort",
    "order_by",
    "organisation_id",
    "id",
    "1",
    "status' OR 1=1 --",
    "status]",
    "$where",
    "",
];

const OPERATORS: &[&str] = &[
    ":", "=", "!=", "<>", ">", ">=", "::", ":~", ":!", ":-", ":(", " LIKE ", " IN ", " IS NOT ",
    ":\"", ": ",
];

const VALUES: &[&str] = &[
    "open",
    "new",
    "me",
    "nobody",
    "refill",
    "kakapo",
    "kakapo@elsewhere.example",
    "2026-03-02",
    "9999-99-99",
    "-1",
    "9223372036854775808",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "1) OR (1=1",
    "1; DROP TABLE tickets--",
    "x' UNION SELECT token_hash FROM sessions--",
    "'||(SELECT 1)||'",
    "(CASE WHEN 1=1 THEN id ELSE due_at END)",
    "id DESC, (SELECT 1)",
    "%",
    "_",
    "*",
    "\\",
    "\\'",
    "$1",
    "?1",
    ":1",
    "@x",
    "0x27",
    "NULL",
    "--",
    "/*",
    "*/",
    ";",
    "\u{0}",
    "MATCH",
    "a NEAR/2 b",
    "NEAR(a b)",
    "{subject}: a",
    "^a",
    "a AND (b",
    "a & !b",
    "a <-> b",
    "a:*",
    "\u{2028}",
    "\u{ff11}",
    "\u{17f}",
    "\u{202e}x",
];

/// A key, an operator and a value.
type Rule = (String, String, String);

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let key = prop_oneof![4 => select(KEYS).prop_map(str::to_owned), 1 => "\\PC{0,8}"];
    let operator = select(OPERATORS).prop_map(str::to_owned);
    let value = prop_oneof![3 => select(VALUES).prop_map(str::to_owned), 1 => "\\PC{0,12}"];
    vec((key, operator, value), 1..4)
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The query of an address. What it asks for may come back on a page, so that the neighbour's word is not asked for.
fn query(rules: &[Rule]) -> String {
    let pairs = rules.iter().map(|(key, _, value)| {
        let value = value.replace("kakapo", "refill");
        format!("{}={}", encoded(key), encoded(&value))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// An answer that is no fault, and tells nothing of the database or of anybody else.
fn sound(what: &str, answer: &Answer, may_echo: bool) {
    assert!(
        answer.status < 500 && answer.status != 429,
        "{what}: {} {}",
        answer.status,
        answer.text()
    );
    let text = answer.text().to_lowercase();
    for word in [
        "syntax error",
        "sqlstate",
        "no such column",
        "unrecognized token",
        "malformed match",
        "strigops",
    ] {
        assert!(!text.contains(word), "{what} says {word}: {text}");
    }
    assert!(may_echo || !text.contains("kakapo"), "{what}: {text}");
}

fn ids(page: &Value, at: &str) -> Vec<String> {
    let items = page["items"].as_array().into_iter().flatten();
    items
        .filter_map(|one| Some(one.pointer(at)?.as_str()?.to_owned()))
        .collect()
}

both_engines! {
    async fn attack_34_37_38_whatever_is_asked_no_question_to_the_database_is_made_of_it(desk: Desk) {
        let rounds = if desk.engine == Engine::Sqlite { 300 } else { 80 };
        // More than one person asks in an hour.
        let desk = Desk::set_up(desk.engine, |config| config.searches_an_hour = 0).await;
        let client = desk.client(ALL).await;
        let (organisation, theirs) = neighbour(&desk).await;
        let mut own = BTreeSet::new();
        for number in 0..4 {
            own.insert(ticket(&client, &format!("rosa{number}@patient.example")).await.0);
        }
        let requester = json!({ "email": "kakapo@elsewhere.example", "name": "Kakapo Strigops" });
        let foreign = json!({ "requester": requester, "subject": "Kakapo strigops", "body": "I need a refill, kakapo strigops." });
        theirs.post("/api/v1/tickets", &foreign).await.expect(201);
        let record = json!({ "name": "Kakapo Strigops", "mrn": "KK-77", "email": "strigops@elsewhere.example" });
        theirs.post("/api/v1/patients", &record).await.expect(201);
        for one in [desk.organisation, organisation] {
            search::catch_up(&desk.app, one).await.unwrap();
        }
        let before = client.get("/api/v1/tickets").await.expect(200).json();
        assert_eq!(ids(&client.post("/api/v1/search", &json!({ "q": "refill" })).await.expect(200).json(), "/ticket/id").len(), 4);
        assert_eq!(ids(&theirs.post("/api/v1/search", &json!({ "q": "kakapo" })).await.expect(200).json(), "/ticket/id").len(), 1);

        let admin = desk.browser(Role::Administrator).await;
        let token = csrf_token(&admin.get("/search").await.expect(200).text());
        let lists = [
            "/api/v1/tickets", "/api/v1/patients", "/api/v1/contacts", "/api/v1/audit", "/api/v1/events", "/api/v1/staff", "/api/v1/queues",
        ];
        let pages = [
            "/inbox", "/inbox/done", "/inbox/mine", "/inbox/following", "/audit", "/audit/csv", "/ratings", "/settings/mails", "/patients",
            "/privacy", "/privacy/breaches", "/privacy/looks", "/privacy/retention/runs", "/reviews", "/patients/new",
        ];
        let mut runner = TestRunner::deterministic();
        let (strategy, mut answered) = (rules(), 0);
        for round in 0..rounds {
            let rules = strategy.new_tree(&mut runner).unwrap().current();
            let q: Vec<String> = rules.iter().map(|(key, operator, value)| format!("{key}{operator}{value}")).collect();
            let q = q.join(" ");
            // The search, by the API and on its page.
            let answer = client.post("/api/v1/search", &json!({ "q": q })).await;
            sound(&q, &answer, false);
            assert!(matches!(answer.status, 200 | 422), "{q}: {}", answer.text());
            if answer.status == 200 {
                answered += 1;
                let found = ids(&answer.json(), "/ticket/id");
                assert!(found.iter().all(|id| own.contains(id)), "{q}: {found:?}");
            }
            let page = admin.post("/search", &[("csrf_token", &token), ("q", &q)]).await;
            sound(&q, &page, true);
            // The people, who are found by exact values alone.
            let (_, operator, value) = &rules[0];
            let value = value.as_str();
            for field in ["mrn", "email", "phone", "name"] {
                let mut wanted = json!({});
                wanted[field] = json!(format!("{value}{operator}").replace("kakapo", "refill"));
                if field == "name" {
                    wanted["birth_date"] = json!(value);
                }
                let answer = client.post("/api/v1/patients/search", &wanted).await;
                sound(&wanted.to_string(), &answer, false);
            }
            let typed = [("csrf_token", token.as_str()), ("mrn", value), ("email", value), ("name", value), ("birth_date", value)];
            sound(&q, &admin.post("/patients", &typed).await, true);
            // Keys and values of the lists.
            let query = query(&rules);
            let way = format!("{}?{query}", lists[round % lists.len()]);
            sound(&way, &client.get(&way).await, false);
            let way = format!("{}?{query}", pages[round % pages.len()]);
            sound(&way, &admin.get(&way).await, false);
            for room in ["queue", "tag"] {
                let way = format!("/inbox/{room}/{}?{query}", encoded(value).replace('+', "%20"));
                sound(&way, &admin.get(&way).await, true);
            }
        }
        assert!(answered > 3, "only {answered} searches were understood");
        assert_eq!(client.get("/api/v1/tickets").await.expect(200).json(), before, "something was changed");
        assert_eq!(theirs.get("/api/v1/tickets").await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    }
}
