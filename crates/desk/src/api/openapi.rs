//! The description of the API (OpenAPI 3.1), made from the handlers and the route table.
//!
//! Handlers describe what is theirs alone. What follows from the table (needed scope, ids in the path, headers, the
//! problems that can come back) is added here for all of them.

use super::{
    attachments, audit, consents, contacts, events, joins, me, messages, nurse, patients,
    privacy_requests, representatives, routes, search, settings, standing, tickets,
};
use crate::router::{Access, Route};
use axum::http::Method;
use bedside_web::Problem;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Bedside API",
        version = "1",
        description = "Tickets, the people behind them, and what happens. Send a bearer token made with \
            `bedside token create`. Errors are `application/problem+json` (RFC 9457) with a stable `code`. Every `POST` \
            takes an `Idempotency-Key`; every `PATCH` needs `If-Match`. Lists go on with `cursor`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        me::show, tickets::list, tickets::create, tickets::show, tickets::change, tickets::not_a_crisis,
        nurse::questions, nurse::disposition, messages::list, messages::show,
        messages::reply, messages::notes, messages::note, messages::said, messages::undo, joins::merge, joins::split, joins::link,
        joins::revoke_links,
        joins::follow, joins::unfollow, attachments::upload, attachments::download, patients::list, patients::create,
        patients::find, patients::show, patients::change, patients::label, contacts::list, contacts::create, contacts::show,
        contacts::change, contacts::link, representatives::list, representatives::add, representatives::end,
        representatives::decide, settings::queues, settings::queue, settings::categories, settings::colleagues,
        settings::sub_statuses, settings::fields, search::find, events::list, audit::list,
        privacy_requests::list, privacy_requests::open, privacy_requests::show, consents::list, consents::record,
        consents::given, consents::give, standing::show
    ),
    components(schemas(Problem, tickets::Whole)),
    tags(
        (name = "Tickets", description = "Requests and their state."),
        (name = "Messages", description = "What was said."),
        (name = "Files", description = "Attachments."),
        (name = "People", description = "Patients and whoever writes for them."),
        (name = "Privacy", description = "What patients ask for their data by law."),
        (name = "Events", description = "What happens, as it happens."),
        (name = "Settings", description = "Queues, categories, staff, finer states and own fields."),
        (name = "Audit", description = "Who did what."),
        (name = "Me", description = "Who asks.")
    )
)]
struct Handlers;

/// Every problem that can come back, by status: (code, what it means).
const PROBLEMS: &[(u16, &[(&str, &str)])] = &[
    (
        400,
        &[
            ("bad_request", "The request can't be read."),
            (
                "json_syntax",
                "This isn't valid JSON; `line` and `column` say where.",
            ),
            ("json_too_deep", "The JSON is nested too deeply."),
            ("invalid_cursor", "The cursor is not one of this list."),
            ("invalid_event_id", "`Last-Event-ID` is no number."),
            (
                "if_match",
                "`If-Match` is not the one ETag you got when reading.",
            ),
            ("multipart", "The form can't be read."),
            ("too_many_fields", "The form or query has too many fields."),
        ],
    ),
    (
        401,
        &[(
            "unauthorized",
            "There is no token, or it does not work (any more).",
        )],
    ),
    (
        403,
        &[
            (
                "forbidden",
                "The token lacks the scope, or only people do this.",
            ),
            (
                "clinical_only",
                "Only a clinician resolves or closes a request of a clinical category, and records a disposition; a token is none.",
            ),
        ],
    ),
    (
        404,
        &[("not_found", "Not there, or not of your organisation.")],
    ),
    (
        409,
        &[
            ("merged", "The ticket went into another one."),
            (
                "emptied",
                "The ticket's words are gone: its time was over, or its patient was erased.",
            ),
            ("other_person", "The tickets are from different people."),
            ("nothing_left", "At least one message must stay."),
            ("sent", "The answer is on its way already."),
            ("crisis", "A crisis can't be snoozed."),
            (
                "no_crisis",
                "The ticket is no emergency, and nothing in it counts as a worry.",
            ),
            (
                "ended",
                "A request that has ended can't be snoozed or handed to a nurse.",
            ),
            (
                "no_clinician",
                "Nobody at work has a clinical role, so nothing is handed to a nurse.",
            ),
            (
                "disposition_needed",
                "The ticket was handed to a nurse, and is not resolved or closed before a disposition.",
            ),
            ("duplicate", "This message is here already."),
            ("mrn_taken", "Another patient has this record number."),
            ("address_taken", "Somebody has this address already."),
            ("no_contact", "The patient has no contact to answer to."),
        ],
    ),
    (410, &[("gone", "It was there and won't come back.")]),
    (
        412,
        &[(
            "stale",
            "Somebody changed it first; `version` is the present one, `changed` names the fields.",
        )],
    ),
    (
        408,
        &[(
            "too_slow",
            "The body took too long to arrive; nothing was kept.",
        )],
    ),
    (413, &[("too_large", "Larger than `limit_bytes`.")]),
    (
        415,
        &[(
            "unsupported_media_type",
            "Send JSON, or a form with a file.",
        )],
    ),
    (
        422,
        &[
            (
                "invalid",
                "Some fields need a correction; `errors` names each with its path, a `code` and a text.",
            ),
            (
                "idempotency_key_reused",
                "This `Idempotency-Key` was used for another request.",
            ),
        ],
    ),
    (428, &[("precondition_required", "`If-Match` is missing.")]),
    (
        429,
        &[(
            "rate_limited",
            "Too often; `Retry-After` says when to try again.",
        )],
    ),
    (500, &[("internal", "Our own mistake.")]),
    (
        503,
        &[
            (
                "unavailable",
                "Not possible for the moment; nothing was kept. Try again.",
            ),
            (
                "no_room",
                "Too much is being sent at once; nothing was kept. Try again in a minute.",
            ),
            (
                "storage_full",
                "The desk's disk is full or does not work; nothing was kept. Try again later.",
            ),
        ],
    ),
];

/// What some problems say besides the members that all have: (name, type, what it means).
const MEMBERS: &[(&str, &str, &str)] = &[
    ("line", "integer", "Where JSON can't be read: the line."),
    ("column", "integer", "Where JSON can't be read: the column."),
    (
        "version",
        "integer",
        "The present version of what was changed meanwhile.",
    ),
    (
        "changed",
        "array",
        "The fields that were changed meanwhile.",
    ),
    ("limit_bytes", "integer", "The most that is accepted."),
    (
        "retry_after",
        "integer",
        "Seconds until another try can succeed.",
    ),
];

/// Each `POST` that can name the version it was made on.
const SEEN: [&str; 4] = [
    "/api/v1/tickets/{id}/disposition",
    "/api/v1/tickets/{id}/messages",
    "/api/v1/tickets/{id}/not-a-crisis",
    "/api/v1/tickets/{id}/questions",
];

fn names_version(route: &Route) -> bool {
    route.method == Method::POST && SEEN.contains(&route.path)
}
/// Endpoints that only look: the question is in the body, because addresses are written to logs on their way. Their answers
/// are a patient's words, which are not kept to be given once more.
const SEARCHES: [&str; 2] = ["/api/v1/search", "/api/v1/patients/search"];
/// The endpoint whose answer has words in the reader's language.
const REASONS: (&Method, &str) = (&Method::GET, "/api/v1/tickets/{id}");

/// The description as JSON.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Handlers::openapi()).unwrap_or_default();
    let components = &mut document["components"];
    components["securitySchemes"] = json!({ "token": {
        "type": "http", "scheme": "bearer", "description": "A token that `bedside token create` printed."
    }});
    for (name, kind, text) in MEMBERS {
        let mut member = json!({ "type": kind, "description": text });
        if *kind == "array" {
            member["items"] = json!({ "type": "string" });
        }
        components["schemas"]["Problem"]["properties"][*name] = member;
    }
    let responses = PROBLEMS
        .iter()
        .map(|(status, codes)| (problem_name(*status), problem(*status, codes)));
    components["responses"] = Value::Object(responses.collect());
    for route in routes() {
        let method = route.method.as_str().to_ascii_lowercase();
        let item = document["paths"].get_mut(route.path);
        if let Some(operation) = item.and_then(|item| item.get_mut(method)) {
            complete(&route, operation);
        }
    }
    document
}

/// The description as it is served.
pub(super) fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| document().to_string())
}

fn problem_name(status: u16) -> String {
    format!("Problem{status}")
}

fn problem(status: u16, codes: &[(&str, &str)]) -> Value {
    let list: Vec<String> = codes
        .iter()
        .map(|(code, text)| format!("- `{code}`: {text}"))
        .collect();
    let (code, text) = codes.first().copied().unwrap_or_default();
    json!({
        "description": list.join("\n"),
        "content": { "application/problem+json": {
            "schema": { "$ref": "#/components/schemas/Problem" },
            "example": {
                "type": format!("urn:bedside:problem:{code}"), "status": status, "code": code, "title": text
            }
        }}
    })
}

/// Adds what the table says about a route.
fn complete(route: &Route, operation: &mut Value) {
    let mut parameters = operation["parameters"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    parameters.retain(|parameter| parameter["in"] != "path");
    // One endpoint takes the number that people know a ticket by as well.
    let numbered = route.method == Method::GET && route.path == "/api/v1/tickets/{id}";
    parameters.extend(in_path(route.path).map(|name| {
        let schema = if numbered {
            json!({ "type": "string" })
        } else {
            json!({ "type": "string", "format": "uuid" })
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    }));
    parameters.extend(headers(route));
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let scope = match route.access {
        Access::Api(permission) => vec![permission.code()],
        _ => Vec::new(),
    };
    if let Some(scope) = scope.first() {
        let said = operation["description"].as_str().unwrap_or_default();
        operation["description"] = format!("{said}\n\nScope: `{scope}`.").trim_start().into();
    }
    operation["security"] = json!([{ "token": scope }]);
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    add_problems(route, responses);
}

fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn headers(route: &Route) -> Vec<Value> {
    let header = |name: &str, required: bool, text: &str, pattern: &str, example: &str| {
        json!({ "name": name, "in": "header", "required": required, "description": text,
            "schema": { "type": "string", "pattern": pattern }, "example": example })
    };
    let seen = |required, text| header("If-Match", required, text, "^\"v[0-9]{1,18}\"$", "\"v3\"");
    let mut headers = Vec::new();
    if route.method == Method::POST {
        headers.push(header(
            "Idempotency-Key",
            false,
            if SEARCHES.contains(&route.path) {
                "1 to 200 visible ASCII characters. A search does nothing that could be done twice: sent again it looks \
                 anew, and its key is not kept."
            } else {
                "1 to 200 visible ASCII characters. Sent again with the same request, it gets the first one's answer \
                 and does nothing twice."
            },
            "^[!-~]{1,200}$",
            "6f1c9c1e-5a53-4a0e-9d55-0f6a3c1b7d10",
        ));
    }
    if route.method == Method::PATCH {
        headers.push(seen(true, "The `ETag` you got when reading."));
    }
    if (&route.method, route.path) == REASONS {
        headers.push(header(
            "Accept-Language",
            false,
            "The language of the reasons, English when absent. A signed-in person reads their own.",
            // Whatever it says is read as far as it can be (RFC 9110, section 12.5.4).
            "",
            "es",
        ));
    }
    if names_version(route) {
        let text = "The ticket's `ETag` you got when reading: then this is refused when others were faster.";
        headers.push(seen(false, text));
    }
    headers
}

fn add_problems(route: &Route, responses: &mut Map<String, Value>) {
    let mut all = vec![400, 401, 403, 429, 500, 503];
    if route.path.contains('{') {
        all.extend([404, 410]);
    }
    match route.method {
        Method::POST => all.extend([404, 408, 409, 413, 415, 422]),
        Method::PATCH => all.extend([408, 409, 412, 413, 415, 422, 428]),
        Method::GET => all.push(422),
        _ => {}
    }
    if names_version(route) {
        all.push(412);
    }
    for status in all {
        let name = format!("#/components/responses/{}", problem_name(status));
        responses
            .entry(status.to_string())
            .or_insert_with(|| json!({ "$ref": name }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn described() -> BTreeSet<(String, String)> {
        let document = document();
        let paths = document["paths"].as_object().unwrap();
        let operations = |(path, item): (&String, &Value)| {
            let methods = item
                .as_object()
                .unwrap()
                .keys()
                .map(|method| (method.to_ascii_uppercase(), path.clone()));
            methods.collect::<Vec<_>>()
        };
        paths.iter().flat_map(operations).collect()
    }

    #[test]
    fn the_description_and_the_table_name_the_same_endpoints() {
        let table: BTreeSet<_> = routes()
            .into_iter()
            .filter(|route| route.path.starts_with("/api/"))
            .map(|route| (route.method.to_string(), route.path.to_owned()))
            .collect();
        assert_eq!(described(), table);
    }

    #[test]
    fn the_endpoints_and_their_scopes_stay_as_they_are() {
        let document = document();
        let lines: Vec<String> = described()
            .into_iter()
            .map(|(method, path)| {
                let operation = &document["paths"][&path][method.to_ascii_lowercase()];
                let scope = operation["security"][0]["token"][0]
                    .as_str()
                    .unwrap_or("-")
                    .to_owned();
                let ok: Vec<&String> = operation["responses"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .filter(|status| status.starts_with('2'))
                    .collect();
                format!("{method} {path} {scope} {ok:?}")
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn it_is_openapi_3_1_and_every_reference_leads_somewhere() {
        let document = document();
        assert_eq!(document["openapi"], "3.1.0");
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let place = reference.split('"').next().unwrap();
            assert!(document.pointer(place).is_some(), "{place}");
        }
    }

    #[test]
    fn every_conflict_in_the_code_is_described() {
        let known: Vec<&str> = PROBLEMS
            .iter()
            .flat_map(|(_, codes)| codes.iter().map(|(code, _)| *code))
            .collect();
        for source in [
            include_str!("../tickets/calm.rs"),
            include_str!("../tickets/change.rs"),
            include_str!("../tickets/create.rs"),
            include_str!("../tickets/join.rs"),
            include_str!("../tickets/nurse/mod.rs"),
            include_str!("../tickets/write.rs"),
            include_str!("../patients/contact.rs"),
            include_str!("../patients/service.rs"),
            include_str!("../outbound/service.rs"),
            include_str!("../once.rs"),
        ] {
            for rest in source.split("code: \"").skip(1) {
                let code = rest.split('"').next().unwrap();
                assert!(known.contains(&code), "{code} is not described");
            }
        }
    }
}
