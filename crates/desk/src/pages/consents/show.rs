//! What stands, and the history.

use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{PatientId, StaffId};
use crate::pages::choices::Choice;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::patients;
use crate::privacy::consents::{self, Channel, ConsentView, Decision, Purpose, Source, Stand, Why};
use crate::privacy::notices::{self, NewAcknowledgement, PRIVACY, Source as Way, Told};
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::Locale;
use bedside_web::i18n::time::{format_date, format_time};
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::PatientsWrite);
    vec![
        Route::get(
            "/patients/{patient}/consents",
            Access::Staff(Permission::PatientsRead),
            show,
        ),
        Route::post("/patients/{patient}/notice", write, acknowledge),
    ]
}

/// Text key of a decision.
pub(super) const fn decision_key(decision: Decision) -> &'static str {
    match decision {
        Decision::Given => "consent-given",
        Decision::Refused => "consent-refused",
        Decision::Withdrawn => "consent-withdrawn",
    }
}

/// Text key of how somebody said it.
pub(super) const fn source_key(source: Source) -> &'static str {
    match source {
        Source::Form => "consent-said-form",
        Source::Mail => "consent-said-mail",
        Source::Agent => "consent-said-agent",
        Source::Portal => "consent-said-portal",
        Source::Paper => "consent-said-paper",
        Source::StopWord => "consent-said-stop-word",
        Source::Unsubscribe => "consent-said-unsubscribe",
    }
}

/// One way of a purpose.
struct Line {
    way: String,
    /// CSS class and icon of the answer.
    look: (&'static str, &'static str),
    why: &'static str,
}

/// A purpose with its ways.
struct Group {
    name: &'static str,
    code: &'static str,
    section: &'static str,
    lines: Vec<Line>,
}

/// One word in the history.
struct Past {
    what: &'static str,
    yes: bool,
    decision: &'static str,
    way: String,
    how: &'static str,
    who: String,
    at: String,
    locale: String,
    text: String,
    hash: String,
    /// Whether its words are in another patient's record.
    of_another: bool,
}

/// A version that the patient was given.
struct Given {
    notice: String,
    number: i64,
    how: &'static str,
    language: &'static str,
    who: String,
    at: String,
}

#[derive(Template)]
#[template(path = "pages/templates/consents.html")]
struct ConsentsPage {
    shell: Shell,
    id: PatientId,
    name: String,
    /// CSS class, icon and words of whether they were given the notice.
    told: Option<(&'static str, &'static str, String)>,
    may_tell: bool,
    notice_path: String,
    ways: Vec<Choice>,
    languages: Vec<Choice>,
    given: Vec<Given>,
    groups: Vec<Group>,
    history: Vec<Past>,
    write: bool,
    error: Option<(&'static str, &'static str)>,
}

/// Whether a patient was given the notice of privacy practices, as a page says it: CSS class, icon, words; none before the
/// clinic has one.
pub fn notice_line(
    page: &Page,
    told: &Told,
) -> Result<Option<(&'static str, &'static str, String)>, DeskError> {
    let t = page.texts();
    let Some(current) = &told.current else {
        return Ok(None);
    };
    let Some(last) = &told.last else {
        let words = t.with("notice-not-told", "number", current.number.to_string());
        return Ok(Some(("badge-warn", "circle-help", words.into_owned())));
    };
    let zone = page.clinic()?.time_zone.clone();
    let day = format_date(last.at.micros(), &zone, t.locale);
    let values = [
        ("number", last.notice.number.to_string().into()),
        ("day", day.into()),
    ];
    Ok(Some(if told.is_current() {
        (
            "badge-ok",
            "circle-check",
            t.format("notice-told", &values).into_owned(),
        )
    } else {
        (
            "badge-warn",
            "history",
            t.format("notice-told-older", &values).into_owned(),
        )
    }))
}

fn language_name(tag: &str) -> &'static str {
    tag.parse::<Locale>().map_or("", Locale::own_name)
}

/// What the parts of the page are told with.
struct Teller<'a> {
    page: &'a Page,
    names: HashMap<Uuid, String>,
    zone: jiff::tz::TimeZone,
}

impl Teller<'_> {
    fn at(&self, at: Timestamp) -> String {
        format_time(at.micros(), &self.zone, self.page.ctx.locale)
    }

    fn who(&self, staff: Option<StaffId>) -> String {
        let known = staff.and_then(|id| self.names.get(&id.uuid()));
        known.cloned().unwrap_or_default()
    }

    /// A channel with its address, or the third party.
    fn way(&self, channel: Option<Channel>, at: Option<&str>) -> String {
        let t = self.page.texts();
        match (channel, at) {
            (Some(channel), Some(at)) => format!("{}: {at}", t.text(channel.text_key())),
            (Some(channel), None) => t.text(channel.text_key()).to_owned(),
            (None, Some(party)) => party.to_owned(),
            (None, None) => String::new(),
        }
    }

    fn groups(&self, stands: &[Stand]) -> Vec<Group> {
        let t = self.page.texts();
        let mut groups: Vec<Group> = Vec::new();
        for purpose in Purpose::ALL.iter().copied() {
            let of = stands.iter().filter(|one| one.purpose == purpose);
            let lines: Vec<Line> = of
                .clone()
                .map(|one| Line {
                    way: self.way(one.channel, one.at.as_deref()),
                    look: match one.why {
                        Why::Given(_) => ("chip-done", "circle-check"),
                        Why::NotNeeded => ("chip", "check"),
                        Why::Refused(_) | Why::Withdrawn(_) => ("chip-urgent", "x"),
                        Why::NeverGiven | Why::NoSuchWay => ("chip-waiting", "circle-help"),
                        Why::Restricted => ("chip-waiting", "shield"),
                    },
                    why: one.why.text_key(),
                })
                .collect();
            groups.push(Group {
                name: t.text(purpose.text_key()),
                code: purpose.code(),
                section: of.clone().next().map_or("", |one| one.section),
                lines,
            });
        }
        groups
    }

    fn past(&self, one: ConsentView) -> Past {
        let t = self.page.texts();
        let party = one.party.as_deref().or(one.address.as_deref());
        let mut way = self.way(one.word.channel, party);
        if way.is_empty() && one.word.purpose.is_none() {
            t.text("consent-every-way").clone_into(&mut way);
        }
        Past {
            what: one
                .word
                .purpose
                .map_or("consent-for-all", Purpose::text_key),
            yes: one.is_yes(),
            decision: decision_key(one.word.decision),
            way,
            how: source_key(one.source),
            of_another: one.of_another,
            who: self.who(one.recorded_by),
            at: self.at(one.word.at),
            locale: one.locale,
            text: one.text,
            hash: one.text_hash,
        }
    }
}

async fn page_of(
    page: &Page,
    status: StatusCode,
    id: PatientId,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
    let patient = patients::patient(app, ctx, id).await?;
    let clinic = page.clinic()?;
    let told = notices::told(app, ctx, id).await?;
    let teller = Teller {
        page,
        names: staff::names(app, ctx.organisation).await?,
        zone: clinic.time_zone.clone(),
    };
    let standing = consents::standing(app, ctx, id).await?;
    let given = notices::acknowledgements(app, ctx, id).await?;
    let own = patient.locale.as_deref().unwrap_or(clinic.locale.tag());
    let language = |one: Locale| Choice::new(one.tag(), one.own_name(), one.tag() == own);
    let ways =
        [Way::Paper, Way::Phone].map(|way| Choice::new(way.code(), t.text(way.text_key()), false));
    let write = ctx.permissions().has(Permission::PatientsWrite);
    page.show_as(
        status,
        &ConsentsPage {
            shell: page.shell().await?,
            id,
            name: patient.name.clone(),
            may_tell: write && told.current.is_some(),
            told: notice_line(page, &told)?,
            notice_path: format!("/c/{}/notice", clinic.slug),
            ways: ways.into(),
            languages: Locale::ALL.map(language).into(),
            given: given
                .into_iter()
                .map(|one| Given {
                    notice: one.notice.code,
                    number: one.notice.number,
                    how: one.source.text_key(),
                    language: language_name(&one.locale),
                    who: teller.who(one.recorded_by),
                    at: teller.at(one.at),
                })
                .collect(),
            groups: teller.groups(&standing.stands),
            history: standing
                .history
                .into_iter()
                .map(|one| teller.past(one))
                .collect(),
            write,
            error,
        },
    )
}

async fn show(page: Page, Path(id): Path<PatientId>) -> Result<Response, DeskError> {
    page_of(&page, StatusCode::OK, id, None).await
}

#[derive(Deserialize)]
struct Acknowledged {
    #[serde(default)]
    source: String,
    #[serde(default)]
    language: String,
}

async fn acknowledge(
    page: Page,
    Path(id): Path<PatientId>,
    Form(typed): Form<Acknowledged>,
) -> Result<Response, DeskError> {
    let source = Way::from_code(&typed.source).filter(|way| *way != Way::Page);
    let (Some(source), Ok(locale)) = (source, typed.language.parse()) else {
        let error = Some(("source", "notice-error-how"));
        return page_of(&page, StatusCode::UNPROCESSABLE_ENTITY, id, error).await;
    };
    let new = NewAcknowledgement {
        code: PRIVACY.to_owned(),
        number: None,
        locale,
        source,
    };
    notices::acknowledge(&page.app, &page.ctx, id, new).await?;
    Ok(redirect_saying(
        &format!("/patients/{id}/consents"),
        "saved",
    ))
}
