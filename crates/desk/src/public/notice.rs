//! What the clinic tells patients of their data, in the reader's language, with every earlier version.

use super::shell::{Shell, clinic_for, page, refused};
use crate::app::App;
use crate::error::DeskError;
use crate::privacy::notices::{self, PRIVACY};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use bedside_codecs::mail::html::markdown_to_html;
use bedside_web::i18n::time::format_date;
use bedside_web::{Locale, query};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    /// The notice's key.
    about: Option<String>,
    version: Option<i64>,
}

/// A version in the list below the text.
struct Earlier {
    number: i64,
    day: String,
    href: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "public/templates/notice.html")]
struct NoticePage<'a> {
    shell: &'a Shell,
    /// The language of the words, which may be another one than the page's.
    locale: Locale,
    title: &'a str,
    body: String,
    changes: String,
    number: i64,
    day: String,
    /// Whether a newer one is in force.
    is_old: bool,
    newest: String,
    earlier: Vec<Earlier>,
}

impl NoticePage<'_> {
    fn is_other_language(&self) -> bool {
        self.locale != self.shell.t.locale
    }
}

/// Where a clinic's notice is.
pub fn path(shell: &Shell) -> String {
    format!("/c/{}/notice", shell.clinic.slug)
}

/// Where a visitor reads what becomes of the data they give; none before the clinic published it, and when nobody can say:
/// a form must not wait for that.
pub async fn link(app: &App, shell: &Shell) -> Option<String> {
    let found = notices::published(app, shell.clinic.id, PRIVACY).await;
    let any = found.is_ok_and(|all| !all.is_empty());
    any.then(|| shell.link(&path(shell)))
}

/// `GET /notice`.
pub async fn show(
    State(app): State<App>,
    slug: Option<Path<String>>,
    parts: Parts,
) -> Result<Response, Response> {
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let lang = asked.lang.as_deref();
    let nowhere = |error: DeskError| match Shell::of_desk(&app, &parts, lang) {
        Some(shell) => refused(&shell, error),
        None => DeskError::NotFound.into_response(),
    };
    let clinic = clinic_for(&app, slug.as_ref().map(|slug| slug.0.as_str()));
    let clinic = clinic.and_then(|found| found.ok_or(DeskError::NotFound));
    let mut shell = Shell::new(&app, clinic.map_err(nowhere)?, &parts, lang);
    let shown = shown(&app, &mut shell, &asked).await;
    shown.map_err(|error| refused(&shell, error))
}

async fn shown(app: &App, shell: &mut Shell, asked: &Asked) -> Result<Response, DeskError> {
    let (clinic, base) = (shell.clinic.clone(), path(shell));
    let code = asked.about.as_deref().unwrap_or(PRIVACY);
    if !notices::is_code(code) {
        return Err(DeskError::NotFound);
    }
    let all = notices::published(app, clinic.id, code).await?;
    let found = match asked.version {
        Some(number) => notices::numbered(app, clinic.id, code, number).await?,
        None => notices::current(app, clinic.id, code).await?,
    };
    let found = found.ok_or(DeskError::NotFound)?;
    let text = notices::shown(&found.texts, shell.t.locale, clinic.locale);
    let text = text.ok_or(DeskError::NotFound)?;
    let about = match code {
        PRIVACY => String::new(),
        code => format!("about={code}&"),
    };
    let at = |number: i64| format!("{base}?{about}version={number}");
    let day = |at: Option<bedside_db::Timestamp>| {
        let micros = at.map_or(0, bedside_db::Timestamp::micros);
        format_date(micros, &clinic.time_zone, shell.t.locale)
    };
    let newest = all.first().map_or(0, |one| one.number);
    let earlier = all
        .iter()
        .map(|one| Earlier {
            number: one.number,
            day: day(one.published_at),
            href: shell.link(&at(one.number)),
            current: one.number == found.notice.number,
        })
        .collect();
    let shown_day = day(found.notice.published_at);
    let newest_at = shell.link(&at(newest));
    // The switch of languages keeps the version.
    shell.here = at(found.notice.number);
    let shown = NoticePage {
        shell,
        locale: text.locale,
        title: &text.text.title,
        body: markdown_to_html(&text.text.body),
        changes: markdown_to_html(&text.text.changes),
        number: found.notice.number,
        day: shown_day,
        is_old: found.notice.number != newest,
        newest: newest_at,
        earlier,
    };
    Ok(page(StatusCode::OK, &shown))
}
