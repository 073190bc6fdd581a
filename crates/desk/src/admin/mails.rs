//! Mails that did not arrive, or wait for something: why, and what can be done.

use super::form::Wrong;
use crate::context::Permission::{SettingsRead, SettingsWrite};
use crate::error::DeskError;
use crate::ids::OutboundMailId;
use crate::outbound::{self, Kind, State, TroubledMail};
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::pages::ui::{self, When};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::query::Query;
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/settings/mails", Access::Staff(SettingsRead), list),
        Route::post(
            "/settings/mails/{id}/retry",
            Access::Staff(SettingsWrite),
            retry,
        ),
        Route::post(
            "/settings/mails/{id}/handled",
            Access::Staff(SettingsWrite),
            handled,
        ),
    ]
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    before: Option<OutboundMailId>,
}

/// A mail as a line of the page.
struct Line {
    id: OutboundMailId,
    number: i64,
    kind: &'static str,
    why: &'static str,
    /// The mail server's own code, for whoever runs it.
    code: String,
    attempts: i64,
    when: When,
    /// Whether it is over: then it can be tried again or put away.
    failed: bool,
}

impl Line {
    /// By value, as texts with numbers take it.
    const fn tries(&self) -> i64 {
        self.attempts
    }
}

#[derive(Template)]
#[template(path = "admin/templates/mails.html")]
struct MailsPage {
    shell: Shell,
    lines: Vec<Line>,
    next: Option<String>,
    problem: Option<String>,
    can_write: bool,
    can_open: bool,
}

const fn kind_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Acknowledgement => "admin-template-acknowledgement",
        Kind::Emergency => "admin-template-emergency",
        Kind::Reply => "admin-template-reply",
        Kind::Rating => "admin-template-resolved",
        Kind::Link => "admin-template-secure-link",
        Kind::Undelivered => "admin-mails-undelivered",
        Kind::Code => "admin-mails-code",
        Kind::AddressChanged => "admin-mails-address-changed",
    }
}

async fn shown(
    page: &Page,
    before: Option<OutboundMailId>,
    wrong: Option<Wrong>,
) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let now = page.app.now();
    let found = outbound::troubled(&page.app, &page.ctx, before).await?;
    let next = found
        .next
        .map(|last| format!("/settings/mails?before={last}"));
    let line = |mail: TroubledMail| Line {
        id: mail.id,
        number: mail.number,
        kind: kind_key(mail.kind),
        why: mail.text_key(),
        attempts: mail.attempts,
        when: ui::ago(mail.state_at, now, &clinic.time_zone, t.locale),
        failed: matches!(mail.state, State::Failed | State::Bounced),
        code: mail.code,
    };
    let status = if wrong.is_some() {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    page.show_as(
        status,
        &MailsPage {
            shell: page.shell().await?,
            lines: found.mails.into_iter().map(line).collect(),
            next,
            problem: wrong.map(|wrong| t.text(&wrong.key).to_owned()),
            can_write: page.ctx.permissions().has(SettingsWrite),
            can_open: page
                .ctx
                .permissions()
                .has(crate::context::Permission::TicketsRead),
        },
    )
}

async fn list(page: Page, Query(asked): Query<Asked>) -> Result<Response, DeskError> {
    shown(&page, asked.before, None).await
}

async fn said(
    mut page: Page,
    done: Result<(), DeskError>,
    code: &'static str,
) -> Result<Response, DeskError> {
    match done {
        Ok(()) => Ok(redirect_saying("/settings/mails", code)),
        Err(error) => {
            let wrong = Wrong::refused(error)?;
            "/settings/mails".clone_into(&mut page.path);
            shown(&page, None, Some(wrong)).await
        }
    }
}

async fn retry(
    page: Page,
    Path(id): Path<OutboundMailId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let done = outbound::try_again(&page.app, &page.ctx, id).await;
    said(page, done, "mail-retried").await
}

async fn handled(
    page: Page,
    Path(id): Path<OutboundMailId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let done = outbound::handled(&page.app, &page.ctx, id).await;
    said(page, done, "mail-handled").await
}
