//! Problems as pages, for people.

use super::flash;
use super::layout::{Shell, render};
use crate::app::App;
use crate::router::session_cookie;
use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bedside_web::Problem;
use bedside_web::problem::wants_html;
use std::sync::Arc;

#[derive(Template)]
#[template(path = "pages/templates/error.html")]
struct ErrorPage {
    shell: Shell,
    status: u16,
    key: &'static str,
    detail_key: String,
    /// Whether somebody of the staff looks at it: anybody else is shown the way to the clinic.
    staff: bool,
    /// Where a restricted record can be opened for a reason.
    open: Option<String>,
}

/// What is kept of a request to answer its problem with a page.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the answer depends on, one by one"
)]
struct Asked {
    shown: bool,
    html: bool,
    script: bool,
    staff_page: bool,
    patient_page: bool,
    signed_in: bool,
    next: String,
    headers: HeaderMap,
}

impl Asked {
    fn of(app: &App, request: &Request) -> Self {
        let path = request.uri().path();
        let shown = matches!(*request.method(), Method::GET | Method::HEAD);
        let mut headers = HeaderMap::new();
        for name in [header::COOKIE, header::ACCEPT_LANGUAGE] {
            if let Some(value) = request.headers().get(&name) {
                headers.insert(name, value.clone());
            }
        }
        Self {
            shown,
            html: wants_html(request.headers())
                && !path.starts_with("/api/")
                && !path.starts_with("/scim/"),
            script: request.headers().contains_key("hx-request"),
            staff_page: !path.starts_with("/sign-in"),
            patient_page: path == "/my" || path.starts_with("/my/"),
            signed_in: session_cookie(app).read(request.headers()).is_some(),
            next: if shown {
                path.to_owned()
            } else {
                "/".to_owned()
            },
            headers,
        }
    }

    fn sign_in(&self) -> HeaderValue {
        let next: String = form_urlencode(&self.next);
        HeaderValue::from_str(&format!("/sign-in?next={next}"))
            .unwrap_or(HeaderValue::from_static("/sign-in"))
    }
}

/// `path` as a value in a query.
pub(super) fn form_urlencode(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Where whoever meets this problem goes before anything else, with what is said there.
fn elsewhere(problem: &Problem, asked: &Asked) -> Option<(HeaderValue, Option<&'static str>)> {
    if problem.status() == StatusCode::UNAUTHORIZED && asked.patient_page {
        // Where they were is not kept: after a while it may be somebody else's browser.
        let door = HeaderValue::from_static("/my/sign-in?said=again");
        return Some((door, None));
    }
    if problem.status() == StatusCode::UNAUTHORIZED && asked.staff_page {
        return Some((asked.sign_in(), None));
    }
    match problem.code_str() {
        "second_factor_required" => {
            let page = HeaderValue::from_static("/account/second-factor");
            Some((page, Some("second-factor-first")))
        }
        "confirm_required" => {
            let page = problem.member("page").and_then(serde_json::Value::as_str);
            let next = form_urlencode(page.unwrap_or("/"));
            let to = HeaderValue::from_str(&format!("/account/confirm?next={next}")).ok()?;
            // A form that was sent did nothing yet, and is sent anew from its page.
            Some((to, (!asked.shown).then_some("confirm-first")))
        }
        _ => None,
    }
}

/// Answers a problem with a page where a page was asked for. Whoever is not signed in is sent to sign in first, and whoever
/// has to prove something to the page where they do.
///
/// A script that asked for a part of a page gets the problem as it is and shows it as a short message.
pub async fn as_page(State(app): State<App>, request: Request, next: Next) -> Response {
    let asked = Asked::of(&app, &request);
    let mut response = answered(&app, &asked, next.run(request).await);
    flash::keep(&app, &mut response);
    response
}

fn answered(app: &App, asked: &Asked, response: Response) -> Response {
    let Some(problem) = response.extensions().get::<Arc<Problem>>().cloned() else {
        return response;
    };
    if let Some((to, said)) = elsewhere(&problem, asked) {
        let mut away = if asked.script {
            with_header(response, "hx-redirect", to)
        } else if asked.html {
            let mut away = Response::new(axum::body::Body::empty());
            *away.status_mut() = StatusCode::SEE_OTHER;
            with_header(away, "location", to)
        } else {
            return response;
        };
        if let Some(said) = said {
            flash::say(&mut away, said);
        }
        return away;
    }
    if !asked.html || asked.script {
        return response;
    }
    page(app, &problem, asked).unwrap_or(response)
}

fn with_header(mut response: Response, name: &'static str, value: HeaderValue) -> Response {
    response.headers_mut().insert(name, value);
    response
}

fn page(app: &App, problem: &Problem, asked: &Asked) -> Option<Response> {
    let key = match problem.code_str() {
        "restricted" => "problem-restricted",
        "other_queue" => "problem-other-queue",
        "file_waiting" => "problem-file-waiting",
        "file_unchecked" => "problem-file-unchecked",
        "file_infected" => "problem-file-infected",
        "picture_damaged" => "problem-picture-damaged",
        _ => problem.text_key(),
    };
    let open = problem.member("open").and_then(serde_json::Value::as_str);
    let open = open.map(|open| format!("{open}?back={}", form_urlencode(&asked.next)));
    let page = ErrorPage {
        shell: Shell::plain(app, &asked.headers, String::new()),
        // Only the staff have links that sign in.
        staff: (asked.signed_in || !asked.staff_page) && !asked.patient_page,
        status: problem.status().as_u16(),
        key,
        detail_key: if key == "problem-restricted" && open.is_none() {
            "problem-restricted-shut".to_owned()
        } else {
            format!("{key}-detail")
        },
        open,
    };
    let mut response = render(problem.status(), &page).ok()?;
    if let Some(seconds) = problem
        .member("retry_after")
        .and_then(serde_json::Value::as_u64)
        && let Ok(value) = HeaderValue::from_str(&seconds.to_string())
    {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    Some(response)
}
