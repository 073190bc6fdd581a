//! The pages of whoever is signed in: their requests, who has seen their data, what they ask for it by law, what they said yes
//! and no to, the notice that they read, and how they are signed in. [`door`] lets them in.
//!
//! Invariants: every one of these pages but the door's stands behind [`Access::Patient`]; what they show of somebody is asked
//! of the services, which ask [`crate::context::Ctx::authorize_own`]; no address of a page says whose it is; for whom somebody
//! writes stands above every page.

mod consents;
mod devices;
mod door;
mod notice;
mod privacy;
mod requests;
mod unsent;

use super::shell::{Bar, Kept, Shell, page, refused_keeping, see_other};
use crate::app::App;
use crate::context::{Ctx, LEVEL_NEEDED, NO_RECORD, OUT_OF_SCOPE};
use crate::error::DeskError;
use crate::ids::PrivacyRequestId;
use crate::pages::forms;
use crate::portal::{self, SignedIn};
use crate::router::{Access, Route, SessionToken};
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bedside_db::Timestamp;
use bedside_web::Locale;
use bedside_web::i18n::time;
use bedside_web::query;
use serde::Deserialize;
use std::sync::Arc;
pub(crate) use unsent::{acting_over, brings_words, signed_out};

/// The ways in.
pub fn routes() -> Vec<Route> {
    let me = Access::Patient;
    let mut ways = door::routes();
    ways.extend([
        Route::get("/my", me, requests::list),
        Route::post("/my/acting", me, requests::act),
        Route::get("/my/requests/new", me, requests::new),
        Route::post("/my/requests/new", me, requests::open),
        Route::get("/my/requests/{ticket}", me, requests::show),
        Route::post("/my/requests/{ticket}/reply", me, requests::reply),
        Route::get("/my/requests/{ticket}/files/{file}", me, requests::file),
        Route::get(
            "/my/requests/{ticket}/links/{message}/{place}",
            me,
            requests::leads_away,
        ),
        Route::get("/my/seen", me, privacy::seen),
        Route::get("/my/privacy", me, privacy::list),
        Route::post("/my/privacy", me, privacy::ask),
        Route::post("/my/privacy/{request}/take-back", me, privacy::take_back),
        Route::get("/my/privacy/copies/{copy}", me, privacy::copy),
        Route::get("/my/consents", me, consents::list),
        Route::post("/my/consents", me, consents::press),
        Route::get("/my/notice", me, notice::show),
        Route::post("/my/notice", me, notice::read),
        Route::get("/my/devices", me, devices::list),
        Route::post("/my/devices/end", me, devices::end_everywhere),
        Route::post("/my/devices/{session}/end", me, devices::end_one),
        Route::get("/my/passkeys/new", me, devices::new_passkey),
        Route::post("/my/passkeys/new", me, devices::add_passkey),
        Route::post("/my/passkeys/new/options", me, devices::ask_passkey),
        Route::post("/my/passkeys/{passkey}/remove", me, devices::remove_passkey),
    ]);
    ways
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    said: Option<String>,
    before: Option<i64>,
    older: Option<PrivacyRequestId>,
}

/// Whoever is signed in, at one of their pages.
struct My {
    app: App,
    /// What they call services with, in the language of the page.
    ctx: Ctx,
    me: Arc<SignedIn>,
    token: SessionToken,
    shell: Shell,
    parts: Parts,
    asked: Asked,
}

impl FromRequestParts<App> for My {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        Self::at(app, parts)
            .await
            .map_err(IntoResponse::into_response)
    }
}

impl My {
    async fn at(app: &App, parts: &Parts) -> Result<Self, DeskError> {
        let me = parts.extensions.get::<Arc<SignedIn>>().cloned();
        let token = parts.extensions.get::<SessionToken>().cloned();
        let (me, token) = me.zip(token).ok_or(DeskError::Unauthorized)?;
        let asked: Asked = query::read(&parts.uri).unwrap_or_default();
        let kept = me.ctx.locale;
        let chosen = asked.lang.as_deref().and_then(|tag| tag.parse().ok());
        let locale: Locale = chosen.unwrap_or(kept);
        if locale != kept {
            portal::speak(app, &me, locale).await?;
        }
        let clinic = app.directory.of(me.ctx.organisation)?;
        let mut shell = Shell::new(app, clinic, parts, Some(locale.tag()));
        let ctx = Ctx {
            locale,
            ..me.ctx.clone()
        };
        let idle = shell.clinic.settings.portal.idle_minutes * 60;
        shell.my = Some(Arc::new(Bar {
            csrf: forms::token(app, &token),
            acting: portal::acting_name(app, &ctx).await?,
            idle,
        }));
        Ok(Self {
            app: app.clone(),
            ctx,
            me,
            token,
            shell,
            parts: parts.clone(),
            asked,
        })
    }

    /// What a form with files of this session, for `what`, is signed for.
    fn seal(&self, what: &str) -> String {
        format!("my {} {what}", self.me.id)
    }

    /// The token of plain forms.
    fn csrf(&self) -> String {
        forms::token(&self.app, &self.token)
    }

    /// As whom a page is shown: sent back with what must not be done for somebody else, when another tab writes for them
    /// meanwhile.
    fn whose(&self) -> String {
        let me = self.ctx.signed_in().ok();
        let patient = me.and_then(|me| me.patient());
        patient.map(|id| id.to_string()).unwrap_or_default()
    }

    /// What stands above the page of what has just been done, by the mark in its address.
    fn said(&self) -> Option<&'static str> {
        match self.asked.said.as_deref()? {
            "acting-over" => Some("my-said-acting-over"),
            "asked" => Some("my-said-asked"),
            "consent-no" => Some("my-said-consent-no"),
            "consent-nothing" => Some("my-said-consent-nothing"),
            "consent-yes" => Some("my-said-consent-yes"),
            "ended" => Some("my-said-ended"),
            "notice-again" => Some("my-said-notice-again"),
            "notice-read" => Some("my-said-notice-read"),
            "passkey-added" => Some("my-said-passkey-added"),
            "passkey-removed" => Some("my-said-passkey-removed"),
            "taken-back" => Some("my-said-taken-back"),
            _ => None,
        }
    }

    fn at_time(&self, at: Timestamp) -> String {
        time::format_time(
            at.micros(),
            &self.shell.clinic.time_zone,
            self.shell.t.locale,
        )
    }

    fn on_day(&self, at: Timestamp) -> String {
        time::format_date(
            at.micros(),
            &self.shell.clinic.time_zone,
            self.shell.t.locale,
        )
    }

    /// The page in place of one that can't be shown, with what would have to be.
    fn failed(&self, error: DeskError) -> Response {
        self.failed_keeping(error, Kept::default())
    }

    /// The same with what was sent.
    fn failed_keeping(&self, error: DeskError, kept: Kept<'_>) -> Response {
        let why = match &error {
            DeskError::Conflict { code, .. } => match *code {
                NO_RECORD => "my-shut-nobody",
                OUT_OF_SCOPE => "my-shut-scope",
                LEVEL_NEEDED => "my-shut-level",
                _ => return refused_keeping(&self.shell, error, kept),
            },
            _ => return refused_keeping(&self.shell, error, kept),
        };
        self.shut(why, kept)
    }

    /// The page that says why something is not shown, and what to do, with what was sent.
    fn shut(&self, why: &'static str, kept: Kept<'_>) -> Response {
        let from = self.me.counts_from.filter(|_| why == "my-shut-level");
        page(
            StatusCode::FORBIDDEN,
            &ShutPage {
                shell: &self.shell,
                why,
                from: from.map(|from| self.on_day(from)),
                kept,
            },
        )
    }
}

#[derive(Template)]
#[template(path = "public/templates/my_shut.html")]
struct ShutPage<'a> {
    shell: &'a Shell,
    why: &'static str,
    /// From when on it opens by itself.
    from: Option<String>,
    kept: Kept<'a>,
}

impl ShutPage<'_> {
    fn title(&self) -> String {
        self.shell.t.text(&format!("{}-title", self.why)).to_owned()
    }

    fn text(&self) -> String {
        self.shell.t.text(&format!("{}-text", self.why)).to_owned()
    }
}

/// Leads on to another of these pages.
fn on_to(path: &str) -> Response {
    see_other(path)
}
