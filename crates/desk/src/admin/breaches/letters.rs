//! The letters of an incident: writing, looking at them first, letting them go, and printing.

use super::acts::after;
use crate::admin::form::Typed;
use crate::error::DeskError;
use crate::ids::{BreachId, BreachPersonId};
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell};
use crate::privacy::breaches::{self, Letter, Way};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::{Texts, time};

/// The page on which whoever has to prove themselves goes on.
const PAGE: &str = "/privacy/breaches/{breach}";

pub(super) fn routes(may: Access) -> Vec<Route> {
    let printed = "/privacy/breaches/{breach}/print/{person}";
    vec![
        Route::post("/privacy/breaches/{breach}/letter", may, write),
        Route::get("/privacy/breaches/{breach}/letter/{locale}", may, preview),
        Route::post("/privacy/breaches/{breach}/send", may, send).confirmed(PAGE),
        Route::get(printed, may, print).confirmed(PAGE),
        Route::post("/privacy/breaches/{breach}/posted/{person}", may, posted),
    ]
}

async fn write(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let locale: Locale = typed
        .get("locale")
        .parse()
        .map_err(|_| DeskError::NotFound)?;
    let words = |name: &str| typed.get(name).to_owned();
    let letter = Letter {
        happened: words("happened"),
        data: words("data"),
        protect: words("protect"),
        doing: words("doing"),
        contact: words("contact"),
    };
    let old = (id, typed.version());
    let done = breaches::write_letter(&page.app, &page.ctx, old, locale, letter).await;
    after(page, id, typed, done, "breach-written").await
}

/// A letter on paper, with a name or without.
#[derive(Template)]
#[template(path = "admin/templates/breach_letter.html")]
struct LetterPage {
    shell: Shell,
    id: BreachId,
    /// To whom; none in a preview.
    name: Option<String>,
    /// Where it is posted, of whoever chose letters to one place.
    place: Option<String>,
    words: Texts,
    day: String,
    letter: Letter,
}

impl LetterPage {
    fn w<'a>(&self, key: &'a str) -> &'a str {
        self.words.text(key)
    }
}

async fn on_paper(
    page: &Page,
    id: BreachId,
    (name, place): (Option<String>, Option<String>),
    (locale, letter): (Locale, Letter),
) -> Result<Response, DeskError> {
    let zone = page.clinic()?.time_zone.clone();
    page.show(&LetterPage {
        shell: page.shell().await?,
        id,
        name,
        place,
        words: Texts::new(locale),
        day: time::format_date(page.app.now().micros(), &zone, locale),
        letter,
    })
}

async fn preview(
    page: Page,
    Path((id, locale)): Path<(BreachId, String)>,
) -> Result<Response, DeskError> {
    let locale: Locale = locale.parse().map_err(|_| DeskError::NotFound)?;
    let letter = breaches::letter_of(&page.app, &page.ctx, id, locale).await?;
    on_paper(&page, id, (None, None), (locale, letter)).await
}

async fn send(
    page: Page,
    Path(id): Path<BreachId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = match Way::from_code(typed.get("how")) {
        Some(way) => breaches::send(&page.app, &page.ctx, (id, typed.version()), way).await,
        None => Err(DeskError::invalid("how", "required", "Choose one.")),
    };
    after(page, id, typed, done, "breach-sent").await
}

async fn print(
    page: Page,
    Path((id, person)): Path<(BreachId, BreachPersonId)>,
) -> Result<Response, DeskError> {
    let printed = breaches::printed(&page.app, &page.ctx, id, person).await?;
    let letter = (printed.locale, printed.letter);
    on_paper(&page, id, (Some(printed.name), printed.place), letter).await
}

async fn posted(
    page: Page,
    Path((id, person)): Path<(BreachId, BreachPersonId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = breaches::posted(&page.app, &page.ctx, (id, typed.version()), person).await;
    after(page, id, typed, done, "breach-posted").await
}
