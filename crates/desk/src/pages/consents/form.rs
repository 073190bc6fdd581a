//! Keeping a word of the patient's.

use super::show::{decision_key, source_key};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PatientId;
use crate::pages::choices::Choice;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::patients::{self, PatientView};
use crate::privacy::consents::{
    self, Channel, Decision, MAX_PARTY, MAX_TEXT, NewConsent, Purpose, Source, rules,
};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use bedside_web::query::Query;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::PatientsWrite);
    vec![
        Route::get("/patients/{patient}/consents/new", write, show),
        Route::post("/patients/{patient}/consents/new", write, record),
    ]
}

/// How staff hear it.
const HEARD: [Source; 4] = [Source::Agent, Source::Paper, Source::Form, Source::Mail];
/// What stands for every purpose, or every way.
const ALL: &str = "all";

/// The form, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
struct Typed {
    #[serde(default)]
    once: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    language: String,
    /// A channel, with its address' mark behind a colon.
    #[serde(default)]
    way: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    party: String,
    #[serde(default)]
    text: String,
}

#[derive(Template)]
#[template(path = "pages/templates/consent_new.html")]
struct NewPage {
    shell: Shell,
    id: PatientId,
    name: String,
    once: String,
    purposes: Vec<Choice>,
    languages: Vec<Choice>,
    ways: Vec<Choice>,
    decisions: Vec<Choice>,
    sources: Vec<Choice>,
    shares: bool,
    locale: Locale,
    typed: Typed,
    most: usize,
    most_party: usize,
    error: Option<(&'static str, &'static str)>,
}

/// The words that a patient is shown for a purpose, in their language; none for what is no purpose.
fn words(clinic: &str, locale: Locale, purpose: &str) -> Option<String> {
    let key = match Purpose::from_code(purpose) {
        Some(purpose) => format!("consent-text-{}", purpose.code()),
        None if purpose == ALL => "consent-text-all".to_owned(),
        None => return None,
    };
    Some(Texts::new(locale).with(&key, "clinic", clinic).into_owned())
}

/// The ways that carry a purpose, each with the addresses on file.
async fn ways(page: &Page, id: PatientId, typed: &Typed) -> Result<Vec<Choice>, DeskError> {
    let t = page.texts();
    let chosen = |value: &str| typed.way == value;
    let carried = match Purpose::from_code(&typed.purpose) {
        Some(purpose) => rules::channels(purpose),
        None => Channel::ALL.to_vec(),
    };
    let points = consents::addresses(&page.app, &page.ctx, id).await?;
    let mut ways = Vec::new();
    for channel in carried {
        let name = t.text(channel.text_key());
        let Some(kind) = channel.point_kind() else {
            let code = channel.code();
            ways.push(Choice::new(code, name, chosen(code)));
            continue;
        };
        for (mark, _, value) in points.iter().filter(|(_, one, _)| one == kind) {
            let code = format!("{}:{mark}", channel.code());
            let selected = chosen(&code);
            ways.push(Choice::new(code, format!("{name}: {value}"), selected));
        }
    }
    if !ways.is_empty() {
        ways.push(Choice::new(
            ALL,
            t.text("consent-every-way-no"),
            chosen(ALL),
        ));
    }
    Ok(ways)
}

async fn form(
    page: &Page,
    status: StatusCode,
    id: PatientId,
    mut typed: Typed,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let patient: PatientView = patients::patient(&page.app, &page.ctx, id).await?;
    let (t, clinic) = (page.texts(), page.clinic()?);
    let theirs = patient.locale.as_deref().and_then(|tag| tag.parse().ok());
    let locale: Locale = typed
        .language
        .parse()
        .ok()
        .or(theirs)
        .unwrap_or(clinic.locale);
    let known = words(&clinic.name, locale, &typed.purpose);
    if known.is_none() {
        typed.purpose.clear();
    }
    if typed.text.is_empty() {
        typed.text = known.unwrap_or_default();
    }
    let is_all = typed.purpose == ALL;
    let purpose = |one: &Purpose| {
        Choice::new(
            one.code(),
            t.text(one.text_key()),
            one.code() == typed.purpose,
        )
    };
    let mut purposes: Vec<Choice> = Purpose::ALL.iter().map(purpose).collect();
    purposes.push(Choice::new(ALL, t.text("consent-for-all"), is_all));
    let language = |one: Locale| Choice::new(one.tag(), one.own_name(), one == locale);
    let decision = |one: &Decision| {
        Choice::new(
            one.code(),
            t.text(decision_key(*one)),
            one.code() == typed.decision,
        )
    };
    let said = Decision::ALL.iter();
    let said = said.filter(|one| !is_all || **one != Decision::Given);
    let source = |one: Source| {
        Choice::new(
            one.code(),
            t.text(source_key(one)),
            one.code() == typed.source,
        )
    };
    let once = std::mem::take(&mut typed.once);
    let shares = matches!(
        Purpose::from_code(&typed.purpose),
        Some(Purpose::Sharing | Purpose::Part2)
    );
    page.show_as(
        status,
        &NewPage {
            shell: page.shell().await?,
            id,
            name: patient.name,
            once: if once.is_empty() {
                page.form_number()
            } else {
                once
            },
            purposes,
            languages: Locale::ALL.map(language).into(),
            ways: ways(page, id, &typed).await?,
            decisions: said.map(decision).collect(),
            sources: HEARD.map(source).into(),
            shares,
            locale,
            typed,
            most: MAX_TEXT,
            most_party: MAX_PARTY,
            error,
        },
    )
}

/// For what, and in which language.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    language: String,
}

async fn show(
    page: Page,
    Path(id): Path<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Response, DeskError> {
    let typed = Typed {
        purpose: asked.purpose,
        language: asked.language,
        ..Typed::default()
    };
    form(&page, StatusCode::OK, id, typed, None).await
}

/// What was typed, or the field to look at with the text that says why.
fn meant(typed: &Typed) -> Result<NewConsent, (&'static str, &'static str)> {
    let purpose = Purpose::from_code(&typed.purpose);
    if purpose.is_none() && typed.purpose != ALL {
        return Err(("purpose", "consent-error-purpose"));
    }
    let (way, mark) = typed.way.split_once(':').unwrap_or((&typed.way, ""));
    let channel = match way {
        "" | ALL => None,
        way => Some(Channel::from_code(way).ok_or(("way", "consent-error-way"))?),
    };
    let decision = Decision::from_code(&typed.decision);
    let source = Source::from_code(&typed.source);
    Ok(NewConsent {
        purpose,
        channel,
        decision: decision.ok_or(("decision", "consent-error-decision"))?,
        address: (!mark.is_empty()).then(|| mark.to_owned()),
        party: Some(typed.party.clone()),
        text: typed.text.replace("\r\n", "\n"),
        locale: typed.language.parse().unwrap_or_default(),
        source: source.ok_or(("source", "consent-error-source"))?,
    })
}

/// The input to look at, and the text that says why.
fn mendable(error: &DeskError) -> Option<(&'static str, &'static str)> {
    let DeskError::Invalid { field, code, .. } = error else {
        return None;
    };
    Some(match (*field, *code) {
        ("text", "too_long") => ("text", "consent-error-text-long"),
        ("text", _) => ("text", "consent-error-text"),
        ("purpose", _) => ("decision", "consent-error-all-yes"),
        ("party", "too_long") => ("party", "consent-error-party-long"),
        ("party", _) => ("party", "consent-error-party"),
        ("source", _) => ("source", "consent-error-source"),
        _ => ("way", "consent-error-way"),
    })
}

async fn record(
    page: Page,
    Path(id): Path<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    let new = match meant(&typed) {
        Ok(new) => new,
        Err(wrong) => return form(&page, again, id, typed, Some(wrong)).await,
    };
    let ctx = page.once(&typed.once, &format!("{typed:?}"));
    match consents::record(&page.app, &ctx, id, new).await {
        Ok(_) => Ok(redirect_saying(
            &format!("/patients/{id}/consents"),
            "saved",
        )),
        Err(error) => {
            let wrong = mendable(&error).ok_or(error)?;
            form(&page, again, id, typed, Some(wrong)).await
        }
    }
}
