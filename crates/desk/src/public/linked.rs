//! What the pages behind a person's link share: whose desk it is, and the page for a link that has ended.
//!
//! A link that is unknown reads like one that was revoked, in every way that a visitor can see. One that only expired can
//! still ask for its successor.

use super::caps::network;
use super::shell::{Kept, Shell, page};
use crate::app::App;
use crate::error::DeskError;
use crate::links::{self, Purpose, Visit};
use crate::pages::forms::{self, PublicForm};
use askama::Template;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use std::net::IpAddr;

/// Longest text in an address that is taken for a link.
const MAX_TOKEN: usize = 100;

/// A browser that stands at somebody's link.
pub struct Caller {
    /// The desk.
    pub app: App,
    /// The link's token, or a text that is none when the address holds something else.
    pub token: String,
    /// The frame of its pages.
    pub shell: Shell,
    /// Where it comes from.
    pub network: Option<IpAddr>,
    /// Whether a fresh link can be sent in place of this one, though it has ended.
    pub renewable: bool,
    purpose: Purpose,
    visit: Option<Visit>,
}

/// A page with a few words and at most one button.
#[derive(Template)]
#[template(path = "public/templates/link.html")]
struct LinkPage<'a> {
    shell: &'a Shell,
    icon: &'static str,
    title: &'a str,
    text: &'a str,
    /// Where the button leads, what is on it, and the form's token.
    button: Option<(String, &'a str, String)>,
    /// Whether it says how else to reach the clinic.
    reach: bool,
    kept: Kept<'a>,
}

impl Caller {
    /// Finds out whose desk this is, in the language that was asked for, else in that of the request.
    pub async fn new(
        app: App,
        purpose: Purpose,
        token: String,
        parts: &Parts,
        asked: Option<&str>,
    ) -> Result<Self, DeskError> {
        let sound =
            token.len() <= MAX_TOKEN && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let token = if sound { token } else { "-".to_owned() };
        let visit = match links::visit(&app, &token, purpose).await {
            Ok(visit) => Some(visit),
            Err(DeskError::Gone) => None,
            Err(error) => return Err(error),
        };
        let renewable = visit.is_none()
            && purpose == Purpose::Thread
            && links::is_renewable(&app, &token).await?;
        let asked = asked.filter(|lang| !lang.is_empty());
        let mut shell = match &visit {
            Some(visit) => {
                let clinic = app.directory.of(visit.ctx.organisation)?;
                Shell::new(&app, clinic, parts, asked.or(Some(visit.ctx.locale.tag())))
            }
            None => Shell::of_desk(&app, parts, asked).ok_or(DeskError::Gone)?,
        };
        shell.here = match purpose {
            Purpose::Thread => format!("/t/{token}"),
            Purpose::Rating => format!("/r/{token}"),
        };
        Ok(Self {
            network: network(&parts.headers, &parts.extensions, &app.config),
            app,
            token,
            shell,
            renewable,
            purpose,
            visit,
        })
    }

    /// Who stands behind the link.
    pub fn visit(&self) -> Result<&Visit, DeskError> {
        self.visit.as_ref().ok_or(DeskError::Gone)
    }

    /// What the forms of this link are signed for.
    pub fn seal(&self) -> String {
        seal(self.purpose, &self.token)
    }

    /// The token for a form of this link.
    pub fn form_token(&self) -> String {
        forms::public_token(&self.app, &self.seal())
    }

    /// The number of a form, by which one that is sent twice counts once: that of the page that `sent` it, else a new one.
    pub fn form_number(&self, sent: &str) -> String {
        form_number(&self.app, sent)
    }

    /// Speaks the language of a form that was read meanwhile, where it says one.
    pub fn speak(&mut self, parts: &Parts, asked: &str) {
        if !asked.is_empty() {
            self.shell.speak(parts, asked);
        }
    }

    /// Takes one of the `limit` that this link has in an hour.
    pub fn take(&self, what: &'static str, limit: u32) -> Result<(), DeskError> {
        self.app
            .caps
            .take((what, self.token.as_str()), limit, self.app.now())
    }

    /// A page with the texts of `name`: `-title`, `-text` and, with a `target`, `-button`.
    pub fn words(
        &self,
        status: StatusCode,
        icon: &'static str,
        name: &str,
        target: Option<&str>,
    ) -> Response {
        self.keeping(status, icon, name, target, Kept::default())
    }

    /// The same with what was sent and could not be taken in.
    pub fn keeping(
        &self,
        status: StatusCode,
        icon: &'static str,
        name: &str,
        target: Option<&str>,
        kept: Kept<'_>,
    ) -> Response {
        let t = self.shell.t;
        let (title, text, button) = (
            format!("{name}-title"),
            format!("{name}-text"),
            format!("{name}-button"),
        );
        let shown = LinkPage {
            shell: &self.shell,
            icon,
            title: t.text(&title),
            text: t.text(&text),
            button: target.map(|target| {
                let action = format!("{}{target}", self.shell.here);
                (action, t.text(&button), self.form_token())
            }),
            reach: !status.is_success(),
            kept,
        };
        page(status, &shown)
    }
}

/// A form that a link's page sent: the browser in the form's language, and what it sent; none when the page stood open
/// for days, and the fresh one has the same form.
pub async fn pressed<T>(
    app: App,
    purpose: Purpose,
    token: String,
    parts: &Parts,
    form: PublicForm,
) -> Result<(Caller, Option<T>), Response>
where
    T: DeserializeOwned + Spoken,
{
    let sent = form.read::<T>(&app, &seal(purpose, &token)).ok();
    let lang = sent.as_ref().and_then(Spoken::lang);
    let caller = Caller::new(app, purpose, token, parts, lang).await;
    Ok((caller.map_err(IntoResponse::into_response)?, sent))
}

/// A form that knows in which language its page was.
pub trait Spoken {
    /// The language tag.
    fn lang(&self) -> Option<&str>;
}

/// The number of a form: that of the page that `sent` it, else a new one.
pub fn form_number(app: &App, sent: &str) -> String {
    if sent.is_empty() {
        return app.id::<()>().to_string();
    }
    sent.to_owned()
}

/// What the forms of a link are signed for.
pub fn seal(purpose: Purpose, token: &str) -> String {
    format!("link {} {token}", purpose.code())
}
