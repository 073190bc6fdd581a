//! The notice of privacy practices for whoever is signed in, with the button that says that they have read it.

use super::{My, on_to};
use crate::error::DeskError;
use crate::pages::forms::Form;
use crate::privacy::notices;
use crate::public::notice;
use crate::public::shell::{Shell, page};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_codecs::mail::html::markdown_to_html;
use bedside_db::Timestamp;
use bedside_web::Locale;
use serde::Deserialize;

/// The words, in the language that there is of them.
struct Words {
    locale: Locale,
    title: String,
    body: String,
    changes: String,
    number: i64,
    day: String,
    /// When they were given it.
    since: Option<String>,
}

#[derive(Template)]
#[template(path = "public/templates/my_notice.html")]
struct NoticePage<'a> {
    shell: &'a Shell,
    said: Option<&'static str>,
    csrf: String,
    whose: String,
    words: Option<Words>,
    /// Where every version is.
    all: String,
}

impl NoticePage<'_> {
    fn is_other_language(&self, words: &Words) -> bool {
        words.locale != self.shell.t.locale
    }
}

async fn load(my: &My) -> Result<Response, DeskError> {
    let (shell, own) = (&my.shell, notices::own(&my.app, &my.ctx).await?);
    let words = own.as_ref().and_then(|own| {
        let texts = &own.notice.texts;
        let found = notices::shown(texts, shell.t.locale, shell.clinic.locale)?;
        let at = own.notice.notice.published_at;
        Some(Words {
            locale: found.locale,
            title: found.text.title.clone(),
            body: markdown_to_html(&found.text.body),
            changes: markdown_to_html(&found.text.changes),
            number: own.notice.notice.number,
            day: my.on_day(at.unwrap_or(Timestamp::from_micros(0))),
            since: own.since.map(|at| my.on_day(at)),
        })
    });
    let shown = NoticePage {
        shell,
        said: my.said(),
        csrf: my.csrf(),
        whose: my.whose(),
        words,
        all: shell.link(&notice::path(shell)),
    };
    Ok(page(StatusCode::OK, &shown))
}

/// The notice.
pub(super) async fn show(my: My) -> Response {
    let shown = load(&my).await;
    shown.unwrap_or_else(|error| my.failed(error))
}

#[derive(Deserialize)]
pub(super) struct Read {
    /// Which version.
    #[serde(default)]
    number: String,
    /// The language of the page that showed it.
    #[serde(default)]
    lang: String,
    /// As whom it was shown.
    #[serde(default)]
    whose: String,
}

/// Keeps that they have read it. Pressed twice it is kept once.
pub(super) async fn read(my: My, Form(sent): Form<Read>) -> Response {
    let done = async {
        let number = sent.number.parse::<i64>().ok();
        let Some(number) = number.filter(|_| sent.whose == my.whose()) else {
            return Ok("notice-again");
        };
        let locale = sent.lang.parse().unwrap_or(my.shell.t.locale);
        notices::acknowledge_own(&my.app, &my.ctx, number, locale).await?;
        Ok("notice-read")
    };
    match done.await {
        Ok(mark) => on_to(&format!("/my/notice?said={mark}")),
        Err(error) => my.failed(error),
    }
}
