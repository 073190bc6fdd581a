//! Restricted records that somebody opened for a reason: a second person looks at each.

use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{OpeningId, StaffId};
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::pages::{restricted::reason_key, ui};
use crate::privacy::{self, MAX_NOTE, OpeningView, Verdict};
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

pub fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyReview);
    vec![
        Route::get("/openings", may, show),
        Route::post("/openings/{opening}", may, review),
    ]
}

const HERE: &str = "/openings";

const fn verdict_key(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Justified => "openings-justified",
        Verdict::Unjustified => "openings-unjustified",
    }
}

/// One opening as shown.
struct Line {
    id: String,
    who: String,
    whose: String,
    why: String,
    words: String,
    opened: ui::When,
    until: String,
    /// Whether the reader made it: then somebody else signs it off.
    own: bool,
    /// Where the audit log tells what was looked at.
    log: Option<String>,
    /// Whether it was right, who said so, and their words.
    reviewed: Option<(bool, String, String)>,
}

#[derive(Template)]
#[template(path = "admin/templates/openings.html")]
struct OpeningsPage {
    shell: Shell,
    waiting: Vec<Line>,
    reviewed: Vec<Line>,
    most: usize,
    /// What is to be mended: of which opening, and the note as typed.
    error: Option<(String, &'static str, String)>,
}

impl OpeningsPage {
    /// What was typed for this opening, when it has to be mended.
    fn typed(&self, line: &Line) -> &str {
        match &self.error {
            Some((id, _, note)) if *id == line.id => note,
            _ => "",
        }
    }
}

struct Teller<'a> {
    page: &'a Page,
    names: &'a HashMap<Uuid, String>,
    zone: jiff::tz::TimeZone,
    t: Texts,
}

impl Teller<'_> {
    fn name(&self, id: StaffId) -> String {
        let name = self.names.get(&id.uuid());
        name.cloned()
            .unwrap_or_else(|| self.t.text("openings-somebody").to_owned())
    }

    fn line(&self, one: OpeningView) -> Line {
        let t = self.t;
        let reads_log = self.page.ctx.permissions().has(Permission::AuditRead);
        let reviewed = one.reviewed.map(|(by, at, verdict, note)| {
            let when = time::format_time(at.micros(), &self.zone, t.locale);
            let said = t.format(
                verdict_key(verdict),
                &[("who", self.name(by).into()), ("at", when.into())],
            );
            (verdict == Verdict::Justified, said.into_owned(), note)
        });
        Line {
            id: one.id.to_string(),
            who: self.name(one.staff),
            whose: one.name,
            why: t.text(reason_key(one.reason)).to_owned(),
            words: one.words,
            opened: ui::ago(one.opened_at, self.page.app.now(), &self.zone, t.locale),
            until: time::format_time(one.until.micros(), &self.zone, t.locale),
            own: self.page.ctx.actor.staff() == Some(one.staff),
            log: reads_log.then(|| {
                let day = self.zone.to_datetime(one.opened_at.to_jiff()).date();
                format!("/audit?actor={}&from={day}", one.staff)
            }),
            reviewed,
        }
    }
}

async fn list(
    page: &Page,
    status: StatusCode,
    error: Option<(String, &'static str, String)>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let names = staff::names(app, ctx.organisation).await?;
    let teller = Teller {
        page,
        names: &names,
        zone: page.clinic()?.time_zone.clone(),
        t: page.texts(),
    };
    let lines = |found: Vec<OpeningView>| found.into_iter().map(|one| teller.line(one)).collect();
    let waiting = lines(privacy::openings(app, ctx, true).await?);
    let reviewed = lines(privacy::openings(app, ctx, false).await?);
    page.show_as(
        status,
        &OpeningsPage {
            shell: page.shell().await?,
            waiting,
            reviewed,
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

async fn review(
    mut page: Page,
    Path(id): Path<OpeningId>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let verdict = Verdict::from_code(&said.verdict)
        .ok_or_else(|| DeskError::invalid("verdict", "required", "Choose one."))?;
    match privacy::review(&page.app, &page.ctx, id, verdict, said.note.clone()).await {
        Ok(()) => Ok(redirect_saying(HERE, "opening-reviewed")),
        Err(DeskError::Invalid { code, .. }) => {
            let key = match code {
                "too_long" => "restricted-error-long",
                _ => "openings-error-note",
            };
            HERE.clone_into(&mut page.path);
            let error = Some((id.to_string(), key, said.note));
            list(&page, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
        Err(other) => Err(other),
    }
}
