//! What every public page has around it, and the page that says what went wrong.

use super::told::Told;
use crate::app::App;
use crate::context::Ctx;
use crate::downloads::DAMAGED;
use crate::error::DeskError;
use crate::orgs::Clinic;
use crate::router::visitor;
use crate::timeline::files;
use askama::Template;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use bedside_web::i18n::{Texts, negotiate};
use bedside_web::{I18n, Locale, Problem};
use std::sync::Arc;

/// The frame of a public page.
#[derive(Clone)]
pub struct Shell {
    /// Its texts.
    pub t: Texts,
    /// Whose page it is.
    pub clinic: Arc<Clinic>,
    /// Its own path, for the language switch; without a query.
    pub here: String,
    /// Whether everything in here is invented.
    pub demo: bool,
    /// What stands above the pages of whoever is signed in.
    pub my: Option<Arc<Bar>>,
    /// Where to call, in the language of what somebody wrote, where that is another one than the page's.
    pub told: Option<Arc<Told>>,
    /// Where it says what becomes of the data, on a form of a clinic that says so.
    pub notice: Option<String>,
}

/// What stands above the pages of whoever is signed in: where they can go, and for whom they write.
#[derive(Clone)]
pub struct Bar {
    /// The token of its forms.
    pub csrf: String,
    /// The name of whom they act for now.
    pub acting: Option<String>,
    /// Seconds without a request after which the session is over, and what stands on the page goes.
    pub idle: i64,
}

impl Bar {
    /// The pages of whoever is signed in: path, icon, text.
    pub const PAGES: [(&'static str, &'static str, &'static str); 5] = [
        ("/my", "inbox", "my-requests"),
        ("/my/seen", "eye", "my-seen"),
        ("/my/privacy", "shield", "my-privacy"),
        ("/my/consents", "heart-handshake", "my-consents"),
        ("/my/devices", "monitor-smartphone", "my-devices"),
    ];
}

/// A language in the switch.
pub struct Language {
    /// Language tag.
    pub tag: &'static str,
    /// Its own name.
    pub name: &'static str,
    /// The page in it.
    pub href: String,
    /// Whether it is the page's.
    pub current: bool,
}

impl Shell {
    /// The same for a page that stays in sight when the session is over: it says whom to call, and nothing of anybody.
    #[must_use]
    pub fn staying(mut self) -> Self {
        self.my = self.my.map(|bar| {
            Arc::new(Bar {
                idle: 0,
                ..(*bar).clone()
            })
        });
        self
    }

    /// The frame for `clinic` in the language that was asked for, else the browser's, else the clinic's.
    pub fn new(app: &App, clinic: Arc<Clinic>, parts: &Parts, asked: Option<&str>) -> Self {
        Self {
            t: spoken(&clinic, parts, asked),
            clinic,
            here: parts.uri.path().to_owned(),
            demo: app.config.demo,
            my: None,
            told: None,
            notice: None,
        }
    }

    /// Speaks the language that was asked for.
    pub fn speak(&mut self, parts: &Parts, asked: &str) {
        self.t = spoken(&self.clinic, parts, Some(asked));
    }

    /// The frame of a page that belongs to no clinic (an unknown link, a wrong address): the only clinic's, or one that
    /// names none of them when there are several. None on a desk without any.
    pub fn of_desk(app: &App, parts: &Parts, asked: Option<&str>) -> Option<Self> {
        let all = app.directory.all();
        let first = all.first()?;
        let mut shell = Self::new(app, Arc::clone(first), parts, asked);
        if all.len() > 1 {
            let mut nobody = Clinic::clone(first);
            shell
                .t
                .text("public-any-clinic")
                .clone_into(&mut nobody.name);
            nobody.slug.clear();
            nobody.settings.phone.clear();
            shell.clinic = Arc::new(nobody);
        }
        Some(shell)
    }

    /// The context of this visitor.
    pub fn ctx(&self) -> Ctx {
        visitor(self.clinic.id, self.t.locale)
    }

    /// The page's own path, for another one of the same visitor in the same language.
    pub fn link(&self, path: &str) -> String {
        let mark = if path.contains('?') { '&' } else { '?' };
        format!("{path}{mark}lang={}", self.t.locale)
    }

    /// Where patients of this clinic sign in.
    pub fn door_path(&self) -> String {
        if self.clinic.slug.is_empty() {
            return "/my/sign-in".to_owned();
        }
        format!("/c/{}/my/sign-in", self.clinic.slug)
    }

    /// Where this clinic's request form is, or where one chooses a clinic.
    pub fn request_path(&self) -> String {
        if self.clinic.slug.is_empty() {
            return "/request".to_owned();
        }
        format!("/c/{}/request", self.clinic.slug)
    }

    /// This page in every language, for the switch.
    pub fn languages(&self) -> [Language; Locale::ALL.len()] {
        let mark = if self.here.contains('?') { '&' } else { '?' };
        Locale::ALL.map(|locale| Language {
            tag: locale.tag(),
            name: locale.own_name(),
            href: format!("{}{mark}lang={locale}", self.here),
            current: locale == self.t.locale,
        })
    }

    /// Texts of the browser's scripts.
    pub fn client_texts(&self) -> &'static str {
        I18n::global().client_texts(self.t.locale)
    }

    /// A number as `tel:` wants it: digits and a plus sign, nothing else.
    #[expect(clippy::unused_self, reason = "called by templates on the shell")]
    pub fn dial(&self, number: &str) -> String {
        number
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect()
    }
}

fn spoken(clinic: &Clinic, parts: &Parts, asked: Option<&str>) -> Texts {
    let accepts = parts
        .headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    Texts::new(negotiate(accepts.or(Some(clinic.locale.tag())), asked))
}

/// The address of an asset, for templates.
pub fn asset(name: &str) -> &'static str {
    bedside_web::assets::path(name)
}

/// A page that nobody keeps and no search engine lists.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let mut response = (status, Html(html)).into_response();
            response.headers_mut().insert(
                "x-robots-tag",
                HeaderValue::from_static("noindex, nofollow, noarchive"),
            );
            response
        }
        Err(error) => DeskError::Internal(format!("a template: {error}")).into_response(),
    }
}

/// Sends the browser on after a form, so that loading again sends nothing twice.
pub fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(path) => (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response(),
        Err(_) => DeskError::Internal("an address that is no header".to_owned()).into_response(),
    }
}

/// What somebody sent that could not be taken in.
#[derive(Clone, Copy, Default)]
pub struct Kept<'a> {
    /// The words, to copy.
    pub words: &'a str,
    /// Whether there were files: they have to be chosen again.
    pub files: bool,
}

impl Kept<'_> {
    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && !self.files
    }
}

/// The page in place of the one that can't be shown. It says what to do, and never why in detail.
#[derive(Template)]
#[template(path = "public/templates/refused.html")]
struct Refused<'a> {
    shell: &'a Shell,
    title: &'a str,
    text: &'a str,
    kept: Kept<'a>,
}

/// Title and text for a status.
fn said(status: StatusCode, kept: Kept<'_>) -> (&'static str, &'static str) {
    match status {
        StatusCode::GONE => ("problem-gone", "problem-gone-detail"),
        StatusCode::TOO_MANY_REQUESTS => ("problem-rate-limited", "public-rate-limited-detail"),
        StatusCode::PAYLOAD_TOO_LARGE => ("problem-too-large", "problem-too-large-detail"),
        StatusCode::REQUEST_TIMEOUT => ("problem-too-slow", "problem-too-slow-detail"),
        StatusCode::NOT_FOUND if !kept.is_empty() => {
            ("public-nobody-here", "public-nobody-here-detail")
        }
        StatusCode::NOT_FOUND | StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
            ("problem-not-found", "problem-not-found-detail")
        }
        status if status.is_client_error() => ("problem-bad-request", "problem-bad-request-detail"),
        StatusCode::SERVICE_UNAVAILABLE => ("problem-unavailable", "problem-unavailable-detail"),
        _ => ("problem-internal", "public-internal-detail"),
    }
}

/// The page for an error. What is private in it goes to the log as with every problem.
pub fn refused(shell: &Shell, error: impl Into<Problem>) -> Response {
    refused_keeping(shell, error, Kept::default())
}

/// The same with what was sent.
pub fn refused_keeping(shell: &Shell, error: impl Into<Problem>, kept: Kept<'_>) -> Response {
    let problem = error.into();
    let status = problem.status();
    let (title, text) = match (status, problem.code_str()) {
        (_, files::WAITING | files::UNCHECKED) => {
            ("public-file-waiting", "public-file-waiting-detail")
        }
        (_, files::INFECTED) => ("public-file-infected", "public-file-infected-detail"),
        (_, DAMAGED) => ("public-picture-damaged", "public-picture-damaged-detail"),
        (status, _) => said(status, kept),
    };
    // The log line and the headers (such as Retry-After) are the problem's own.
    let mut response = problem.into_response();
    let shown = page(
        status,
        &Refused {
            shell,
            title: shell.t.text(title),
            text: shell.t.text(text),
            kept,
        },
    );
    let (shown, body) = shown.into_parts();
    for (name, value) in &shown.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response.headers_mut().remove(header::CONTENT_LENGTH);
    *response.body_mut() = body;
    response.extensions_mut().clear();
    response
}

/// The clinic that is meant: the one in the path, or the only one there is. None when there are several or no such.
pub fn clinic_for(app: &App, slug: Option<&str>) -> Result<Option<Arc<Clinic>>, DeskError> {
    if let Some(slug) = slug {
        return app
            .directory
            .by_slug(slug)
            .map(Some)
            .ok_or(DeskError::NotFound);
    }
    let all = app.directory.all();
    match all.as_slice() {
        [one] => Ok(Some(Arc::clone(one))),
        [] => Err(DeskError::NotFound),
        _ => Ok(None),
    }
}
