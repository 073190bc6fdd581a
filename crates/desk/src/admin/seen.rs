//! Who has seen a patient's data: for whoever watches over privacy, and as a letter to the patient.

use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PatientId;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell};
use crate::pages::patients::Asked;
use crate::pages::seen_words::{People, Reader, Told, told};
use crate::privacy::seen::{self, Account, Choice, LETTER, PAGE, Who};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::{Texts, time};
use bedside_web::query::Query;
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyReview);
    vec![
        Route::get("/privacy/looks", may, index),
        Route::get("/privacy/seen", may, ask),
        Route::post("/privacy/seen", may, find).searching(),
        Route::get("/privacy/seen/{patient}", may, show),
        Route::get("/privacy/seen/{patient}/letter", may, letter)
            .confirmed("/privacy/seen/{patient}"),
    ]
}

/// Path, icon, and the key whose `-intro` says what it is for.
const ROOMS: &[(&str, &str, &str)] = &[
    ("/privacy/seen", "eye", "seen"),
    ("/privacy/watch", "triangle-alert", "watch"),
    ("/privacy/access", "user-check", "access"),
];

#[derive(Template)]
#[template(path = "admin/templates/privacy.html")]
struct IndexPage {
    shell: Shell,
    rooms: &'static [(&'static str, &'static str, &'static str)],
}

async fn index(page: Page) -> Result<Response, DeskError> {
    let shell = page.shell().await?;
    page.show(&IndexPage {
        shell,
        rooms: ROOMS,
    })
}

#[derive(Template)]
#[template(path = "admin/templates/seen_find.html")]
struct FindPage {
    shell: Shell,
    wanted: Asked,
    found: Option<Vec<Choice>>,
    /// Whoever watches over privacy looks for anything.
    identifiers: bool,
    addresses: bool,
}

async fn ask(page: Page) -> Result<Response, DeskError> {
    page.show(&FindPage {
        shell: page.shell().await?,
        wanted: Asked::default(),
        found: None,
        identifiers: true,
        addresses: true,
    })
}

async fn find(page: Page, Form(asked): Form<Asked>) -> Result<Response, DeskError> {
    let found = seen::find(&page.app, &page.ctx, &asked.wanted()).await?;
    page.show(&FindPage {
        shell: page.shell().await?,
        wanted: asked,
        found: Some(found),
        identifiers: true,
        addresses: true,
    })
}

#[derive(Deserialize)]
struct Turn {
    before: Option<i64>,
    /// The language of a letter.
    language: Option<String>,
}

/// A line, with where the log tells all of it.
struct Line {
    told: Told,
    log: Option<String>,
    /// How many entries it stands for, in words.
    entries: String,
}

#[derive(Template)]
#[template(path = "admin/templates/seen.html")]
struct SeenPage {
    shell: Shell,
    account: Account,
    lines: Vec<Line>,
}

async fn show(
    page: Page,
    Path(patient): Path<PatientId>,
    Query(turn): Query<Turn>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let account = seen::account(app, ctx, patient, turn.before, PAGE).await?;
    let people = People::read(app, ctx.organisation).await?;
    let (clinic, t) = (page.clinic()?, page.texts());
    let reads_log = ctx.permissions().has(Permission::AuditRead);
    let words = told(&account.visits, &people, &clinic, t, Reader::Officer);
    let lines = words.into_iter().zip(&account.visits).map(|(told, visit)| {
        let actor = match visit.who {
            Who::Staff(id) => Some(id.to_string()),
            Who::Partner(id) => Some(id.to_string()),
            Who::Themselves => None,
        };
        let day = visit.day;
        let log = actor.filter(|_| reads_log);
        Line {
            told,
            log: log.map(|id| format!("/audit?actor={id}&from={day}&until={day}")),
            entries: t.with("seen-entries", "count", visit.entries).into_owned(),
        }
    });
    let lines = lines.collect();
    page.show(&SeenPage {
        shell: page.shell().await?,
        lines,
        account,
    })
}

#[derive(Template)]
#[template(path = "admin/templates/seen_letter.html")]
struct LetterPage {
    shell: Shell,
    /// Texts in the patient's language.
    words: Texts,
    account: Account,
    lines: Vec<Told>,
    /// The other languages it can be had in.
    others: Vec<Locale>,
    /// Who gives it, and until when it goes.
    given: String,
}

impl LetterPage {
    fn w<'a>(&self, key: &'a str) -> &'a str {
        self.words.text(key)
    }
}

async fn letter(
    page: Page,
    Path(patient): Path<PatientId>,
    Query(turn): Query<Turn>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let account = seen::account(app, ctx, patient, turn.before, LETTER).await?;
    let people = People::read(app, ctx.organisation).await?;
    let clinic = page.clinic()?;
    let asked = turn.language.and_then(|tag| tag.parse::<Locale>().ok());
    let locale = asked.or(account.locale).unwrap_or(clinic.locale);
    let words = Texts::new(locale);
    let today = time::format_date(app.now().micros(), &clinic.time_zone, locale);
    let given = words.format(
        "seen-letter-given",
        &[
            ("clinic", clinic.name.as_str().into()),
            ("day", today.into()),
        ],
    );
    page.show(&LetterPage {
        shell: page.shell().await?,
        given: given.into_owned(),
        lines: told(&account.visits, &people, &clinic, words, Reader::Patient),
        others: Locale::ALL
            .into_iter()
            .filter(|one| *one != locale)
            .collect(),
        words,
        account,
    })
}
