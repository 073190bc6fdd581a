//! Exceptions that somebody took, for somebody else to sign off; and second looks that wait.

use super::forms::Form;
use super::layout::{Page, Shell, redirect, redirect_saying};
use super::restricted::reason_key;
use super::ui::{self, When};
use crate::context::Permission;
use crate::error::DeskError;
use crate::identity;
use crate::ids::StaffId;
use crate::privacy::Verdict;
use crate::privacy::exceptions::{self, Exception, MAX_NOTE, Source, Why};
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::i18n::{Texts, time};
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

const HERE: &str = "/reviews";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::ExceptionsReview);
    vec![
        Route::get(HERE, may, show),
        Route::post("/reviews/{source}/{review}", may, sign_off),
        // Mails and bookmarks of before lead here.
        Route::get("/openings", may, moved),
        Route::get("/identity/reviews", may, moved),
    ]
}

async fn moved(_: Page) -> Response {
    redirect(HERE)
}

/// One exception as shown.
struct Line {
    id: Uuid,
    /// Where it is signed off.
    action: String,
    who: String,
    /// Whose record, or the number of which request.
    whose: Option<String>,
    ticket: Option<i64>,
    why: String,
    /// None where the reader may not see whom it is about.
    words: Option<String>,
    when: When,
    until: Option<String>,
    /// Whether the reader took it: then somebody else signs it off.
    own: bool,
    /// Where the audit log tells what was looked at.
    log: Option<String>,
    /// Whether it was right, who said so, and their words.
    signed: Option<(bool, String, String)>,
}

#[derive(Template)]
#[template(path = "pages/templates/reviews.html")]
struct ReviewsPage {
    shell: Shell,
    waiting: Vec<Line>,
    /// Requests whose requester waits for a second yes: number, who asked, when.
    second: Vec<(i64, String, When)>,
    signed: Vec<Line>,
    /// Who looked past what conversations show: name, how often, when last.
    peeks: Vec<(String, String, When)>,
    most: usize,
    /// What is to be mended: of which exception, the key of why, and the note as typed.
    error: Option<(Uuid, &'static str, String)>,
}

impl ReviewsPage {
    /// What was typed for this one, when it has to be mended.
    fn typed(&self, line: &Line) -> &str {
        match &self.error {
            Some((id, _, note)) if *id == line.id => note,
            _ => "",
        }
    }
}

/// Whether it was right, and the line that says who signed it off and when.
pub(crate) fn signed_line(t: Texts, verdict: Verdict, who: String, at: String) -> (bool, String) {
    let right = verdict == Verdict::Justified;
    let key = if right {
        "exceptions-justified"
    } else {
        "exceptions-unjustified"
    };
    (
        right,
        t.format(key, &[("who", who.into()), ("at", at.into())])
            .into_owned(),
    )
}

struct Teller<'a> {
    page: &'a Page,
    names: HashMap<Uuid, String>,
    zone: jiff::tz::TimeZone,
    t: Texts,
}

impl Teller<'_> {
    fn name(&self, id: StaffId) -> String {
        let name = self.names.get(&id.uuid());
        name.cloned()
            .unwrap_or_else(|| self.t.text("seen-who-gone").to_owned())
    }

    fn when(&self, at: bedside_db::Timestamp) -> When {
        ui::ago(at, self.page.app.now(), &self.zone, self.t.locale)
    }

    fn line(&self, one: Exception) -> Line {
        let t = self.t;
        let clock =
            |at: bedside_db::Timestamp| time::format_time(at.micros(), &self.zone, t.locale);
        let reads_log = self.page.ctx.permissions().has(Permission::AuditRead);
        let signed = one.signed.map(|signed| {
            let (who, at) = (self.name(signed.by), clock(signed.at));
            let (right, line) = signed_line(t, signed.verdict, who, at);
            (right, line, signed.note)
        });
        Line {
            id: one.id,
            action: format!("{HERE}/{}/{}", one.source.code(), one.id),
            who: self.name(one.by),
            whose: one.name,
            ticket: one.ticket,
            why: match one.why {
                Why::Opening(reason) => t.text(reason_key(reason)).to_owned(),
                Why::Identity(Some(reason)) => {
                    let code = reason.code().replace('_', "-");
                    t.text(&format!("verify-reason-{code}")).to_owned()
                }
                Why::Identity(None) => String::new(),
            },
            words: one.words,
            when: self.when(one.at),
            until: one.until.map(clock),
            own: self.page.ctx.actor.staff() == Some(one.by),
            log: reads_log.then(|| {
                let day = self.zone.to_datetime(one.at.to_jiff()).date();
                format!("/audit?actor={}&from={day}", one.by)
            }),
            signed,
        }
    }
}

async fn list(
    page: &Page,
    status: StatusCode,
    error: Option<(Uuid, &'static str, String)>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let teller = Teller {
        page,
        names: staff::names(app, ctx.organisation).await?,
        zone: page.clinic()?.time_zone.clone(),
        t: page.texts(),
    };
    let lines = |found: Vec<Exception>| found.into_iter().map(|one| teller.line(one)).collect();
    let waiting = lines(exceptions::waiting(app, ctx).await?);
    let signed = lines(exceptions::history(app, ctx).await?);
    let second = if ctx.permissions().has(Permission::IdentityApprove) {
        identity::waiting_approvals(app, ctx).await?
    } else {
        Vec::new()
    };
    let second = second
        .into_iter()
        .map(|(number, by, at)| (number, teller.name(by), teller.when(at)));
    let t = page.texts();
    let peeks = identity::peeks(app, ctx).await?;
    let peeks = peeks.into_iter().map(|(by, times, last)| {
        let times = t.with("exceptions-peeks-times", "times", times);
        (teller.name(by), times.into_owned(), teller.when(last))
    });
    page.show_as(
        status,
        &ReviewsPage {
            peeks: peeks.collect(),
            shell: page.shell().await?,
            waiting,
            second: second.collect(),
            signed,
            most: MAX_NOTE,
            error,
        },
    )
}

async fn show(page: Page) -> Result<Response, DeskError> {
    list(&page, StatusCode::OK, None).await
}

/// What a second person says.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    note: String,
}

async fn sign_off(
    mut page: Page,
    Path((source, id)): Path<(String, Uuid)>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let source = Source::from_code(&source).ok_or(DeskError::NotFound)?;
    let verdict = Verdict::from_code(&said.verdict)
        .ok_or_else(|| DeskError::invalid("verdict", "required", "Choose one."))?;
    let done = exceptions::sign_off(&page.app, &page.ctx, (source, id), verdict, &said.note).await;
    let (status, key) = match done {
        Ok(()) => return Ok(redirect_saying(HERE, "exception-signed")),
        Err(DeskError::Invalid {
            code: "too_long", ..
        }) => (StatusCode::UNPROCESSABLE_ENTITY, "restricted-error-long"),
        Err(DeskError::Invalid { .. }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "exceptions-error-note")
        }
        Err(DeskError::Conflict { .. }) => (StatusCode::CONFLICT, "verify-error-own-word"),
        Err(other) => return Err(other),
    };
    HERE.clone_into(&mut page.path);
    list(&page, status, Some((id, key, said.note))).await
}
