//! Unusual looks at patients' data: what the daily look found, to sign off.

use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{ApiTokenId, FindingId, PatientId, StaffId};
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::pages::reviews::signed_line;
use crate::privacy::watch::{self, Finding, Rule, Who};
use crate::privacy::{MAX_NOTE, Verdict};
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::i18n::{Texts, time};
use jiff::civil::Date;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

const HERE: &str = "/privacy/watch";

pub fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyReview);
    vec![
        Route::get(HERE, may, show),
        Route::post("/privacy/watch/look", may, look),
        Route::post("/privacy/watch/sign/{finding}", may, sign_off),
    ]
}

const fn rule_key(rule: Rule) -> &'static str {
    match rule {
        Rule::Own => "watch-rule-own",
        Rule::SameName => "watch-rule-same-name",
        Rule::Label => "watch-rule-label",
        Rule::NoRequest => "watch-rule-no-request",
        Rule::Many => "watch-rule-many",
        Rule::AfterHours => "watch-rule-after-hours",
    }
}

/// One finding as shown.
struct Line {
    id: FindingId,
    /// Where it is signed off.
    action: String,
    day: String,
    rule: &'static str,
    who: String,
    whose: Option<(PatientId, String)>,
    figures: String,
    log: Option<String>,
    /// Whether it is about the reader: then somebody else signs it off.
    own: bool,
    signed: Option<(bool, String, String)>,
}

#[derive(Template)]
#[template(path = "admin/templates/watch.html")]
struct WatchPage {
    shell: Shell,
    waiting: Vec<Line>,
    signed: Vec<Line>,
    most: usize,
    /// What is to be mended: of which finding, the key of why, and the note as typed.
    error: Option<(FindingId, &'static str, String)>,
}

impl WatchPage {
    fn typed(&self, line: &Line) -> &str {
        match &self.error {
            Some((id, _, note)) if *id == line.id => note,
            _ => "",
        }
    }
}

struct Teller<'a> {
    page: &'a Page,
    names: HashMap<Uuid, String>,
    tokens: HashMap<ApiTokenId, String>,
    zone: jiff::tz::TimeZone,
    t: Texts,
}

impl Teller<'_> {
    fn name(&self, id: StaffId) -> String {
        let name = self.names.get(&id.uuid());
        name.cloned()
            .unwrap_or_else(|| self.t.text("seen-who-gone").to_owned())
    }

    /// Somebody of the staff, or a token and who made it.
    fn whose(&self, one: &Finding) -> String {
        let id = match one.who {
            Who::Person(id) => return self.name(id),
            Who::Token(id) => id,
        };
        let gone = || self.t.text("seen-who-gone").to_owned();
        let name = self.tokens.get(&id).cloned().unwrap_or_else(gone);
        let kind = match one.made_by {
            Some(by) => {
                let by = self.name(by);
                self.t.with("access-token-by", "who", by).into_owned()
            }
            None => self.t.text("access-token").to_owned(),
        };
        format!("{name} · {kind}")
    }

    fn line(&self, one: Finding) -> Line {
        let (t, who) = (self.t, self.whose(&one));
        let me = self.page.ctx.actor.staff();
        let figure = |(name, count): &(String, i64)| {
            let key = match name.as_str() {
                "patients" => "watch-figure-patients",
                "own" => "watch-figure-own",
                "role" => "watch-figure-role",
                _ => "watch-figure-looks",
            };
            t.with(key, "count", *count).into_owned()
        };
        let figures: Vec<_> = one.figures.iter().map(figure).collect();
        let signed = one.signed.map(|(by, at, verdict, note)| {
            let at = time::format_time(at.micros(), &self.zone, t.locale);
            let (right, line) = signed_line(t, verdict, self.name(by), at);
            (right, line, note)
        });
        let reads_log = self.page.ctx.permissions().has(Permission::AuditRead);
        let day = one.day.parse::<Date>().ok();
        let shown = day.and_then(|day| day.to_zoned(self.zone.clone()).ok());
        let shown = shown.map(|at| {
            let micros = at.timestamp().as_microsecond();
            time::format_date(micros, &self.zone, t.locale)
        });
        Line {
            action: format!("/privacy/watch/sign/{}", one.id),
            id: one.id,
            rule: one.rule.map_or("watch-rule-other", rule_key),
            who,
            whose: one.patient,
            figures: figures.join(" · "),
            log: reads_log.then(|| {
                format!(
                    "/audit?actor={}&from={}&until={}",
                    one.who.id(),
                    one.day,
                    one.day
                )
            }),
            day: shown.unwrap_or(one.day),
            own: me.is_some_and(|me| one.who == Who::Person(me) || one.made_by == Some(me)),
            signed,
        }
    }
}

async fn list(
    page: &Page,
    status: StatusCode,
    error: Option<(FindingId, &'static str, String)>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let teller = Teller {
        page,
        names: staff::names(app, ctx.organisation).await?,
        tokens: staff::token_names(app, ctx.organisation).await?,
        zone: page.clinic()?.time_zone.clone(),
        t: page.texts(),
    };
    let lines = |found: Vec<Finding>| found.into_iter().map(|one| teller.line(one)).collect();
    let waiting = lines(watch::findings(app, ctx, true).await?);
    let signed = lines(watch::findings(app, ctx, false).await?);
    page.show_as(
        status,
        &WatchPage {
            shell: page.shell().await?,
            waiting,
            signed,
            most: MAX_NOTE,
            error,
        },
    )
}

async fn show(page: Page) -> Result<Response, DeskError> {
    list(&page, StatusCode::OK, None).await
}

async fn look(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    watch::look_now(&page.app, &page.ctx).await?;
    Ok(redirect_saying(HERE, "watch-looked"))
}

/// What whoever looks at it says.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    note: String,
}

async fn sign_off(
    mut page: Page,
    Path(id): Path<FindingId>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let verdict = Verdict::from_code(&said.verdict)
        .ok_or_else(|| DeskError::invalid("verdict", "required", "Choose one."))?;
    let done = watch::sign_off(&page.app, &page.ctx, id, verdict, &said.note).await;
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
