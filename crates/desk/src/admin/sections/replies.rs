//! Saved replies: texts that staff put into an answer and then change.

use super::super::form::{Edit, Field, Row, Typed, Wrong};
use super::super::section::{Section, path};
use crate::app::App;
use crate::ids::SavedReplyId;
use crate::orgs::{Change, Clinic, SavedReply};
use bedside_web::Locale;
use bedside_web::i18n::Texts;

pub struct Replies;

/// Longest text, in characters.
const MOST: usize = 10_000;

fn languages() -> Vec<(String, String)> {
    Locale::ALL
        .into_iter()
        .map(|locale| (locale.tag().to_owned(), locale.own_name().to_owned()))
        .collect()
}

impl Section for Replies {
    const PATH: &'static str = "replies";
    const KEY: &'static str = "replies";

    type Entry = SavedReply;

    fn find<'a>(clinic: &'a Clinic, id: &str) -> Option<&'a SavedReply> {
        let id: SavedReplyId = id.parse().ok()?;
        clinic.saved_replies.iter().find(|reply| reply.id == id)
    }

    fn rows(clinic: &Clinic, _: Texts) -> Vec<Row> {
        let language = |tag: &str| {
            tag.parse::<Locale>()
                .map_or_else(|_| tag.to_owned(), |l| l.own_name().to_owned())
        };
        let row = |reply: &SavedReply| Row {
            href: path::<Self>(&reply.id.to_string()),
            title: reply.title.clone(),
            detail: reply.code.clone(),
            badge: Some(("", language(&reply.locale))),
        };
        clinic.saved_replies.iter().map(row).collect()
    }

    fn form(clinic: &Clinic, t: Texts, reply: Option<&SavedReply>) -> Edit {
        let text = |of: fn(&SavedReply) -> &str| reply.map_or("", of).to_owned();
        let locale = reply.map_or_else(
            || clinic.locale.tag().to_owned(),
            |reply| reply.locale.clone(),
        );
        Edit {
            title: text(|reply| &reply.title),
            intro: String::new(),
            fields: vec![
                Field::line(
                    "title",
                    t.text("admin-reply-name"),
                    text(|reply| &reply.title),
                ),
                Field::line(
                    "code",
                    t.text("admin-reply-code"),
                    text(|reply| &reply.code),
                )
                .help(t.text("admin-code-help")),
                Field::choice("locale", t.text("language"), locale, languages()),
                Field::area(
                    "body",
                    t.text("admin-reply-text"),
                    text(|reply| &reply.body),
                    10,
                ),
            ],
            version: reply.map_or(0, |reply| reply.version),
            ..Edit::default()
        }
    }

    fn change(
        app: &App,
        _: &Clinic,
        old: Option<&SavedReply>,
        typed: &Typed,
    ) -> Result<Change, Wrong> {
        let locale: Locale = typed
            .get("locale")
            .parse()
            .map_err(|_| Wrong::at("locale", "form-error-invalid"))?;
        Ok(Change::PutSavedReply(SavedReply {
            id: old.map_or_else(|| app.id(), |reply| reply.id),
            code: super::fields::code(typed)?,
            locale: locale.tag().to_owned(),
            title: typed.line("title", 100)?,
            body: typed.words("body", MOST)?,
            version: typed.version(),
        }))
    }

    fn removal(reply: &SavedReply) -> Option<Change> {
        Some(Change::DeleteSavedReply(reply.id))
    }
}
