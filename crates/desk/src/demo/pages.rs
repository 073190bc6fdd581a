//! `/demo/mail`: a visitor writes to the clinic as a patient, sees what the desk sends, and answers. Only the demo has
//! these pages.

use super::inbox::{Inbox, Mail};
use super::letter::Letter;
use crate::app::App;
use crate::downloads::Told;
use crate::error::DeskError;
use crate::pages::forms::{self, PublicForm};
use crate::pages::layout::{Shell, locale_of, redirect, render};
use crate::pages::ui;
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bedside_channels::email::smtp::Sender;
use bedside_codecs::mail::address::Address;
use bedside_codecs::mail::html::sanitise;
use bedside_codecs::mail::quote::without_marker;
use bedside_codecs::mail::{Attachment, Limits, parse};
use bedside_db::Timestamp;
use bedside_web::i18n::time::format_time;
use bedside_web::query::Query;
use serde::Deserialize;
use std::sync::Arc;

/// What the forms' tokens are bound to.
const PURPOSE: &str = "demo-mail";
/// Who a visitor is before they say otherwise.
const VISITOR: (&str, &str) = ("Sam Visitor", "sam.visitor@mail.example");
/// Longest text of a letter, in bytes.
const MAX_TEXT: usize = 64 * 1024;

/// The patients' side of the demo's mail.
#[derive(Clone)]
pub struct PostOffice {
    /// What was sent and received.
    pub inbox: Inbox,
    /// Hands mail to the desk's own receiver.
    pub(super) sender: Sender,
}

impl PostOffice {
    /// Sends `letter` to the desk as mail, and keeps it among the patient's own.
    pub(super) async fn send(&self, letter: &Letter<'_>) -> Result<u64, DeskError> {
        self.sender
            .send(Some(letter.from), &[letter.to], &letter.bytes())
            .await
            .map_err(|error| DeskError::Unavailable(format!("the demo's mail: {error}")))?;
        let mut conversation = letter.references.to_vec();
        conversation.push(format!("{}@mail.example", letter.id));
        Ok(self.inbox.keep(Mail {
            number: 0,
            person: letter.from.to_owned(),
            own: true,
            answer_to: letter.to.to_owned(),
            subject: letter.subject.to_owned(),
            text: letter.body.to_owned(),
            conversation,
            at: letter.at,
            raw: Vec::new(),
        }))
    }
}

/// The ways in.
pub fn routes(post: &PostOffice) -> Vec<Route> {
    let (list, one, file, send) = (post.clone(), post.clone(), post.clone(), post.clone());
    let attached = post.clone();
    vec![
        Route::get(
            "/demo/mail",
            Access::Public,
            move |app: State<App>, headers: HeaderMap, query: Query<Asked>| async move {
                show(&list, &app, &headers, query.0)
            },
        ),
        Route::get(
            "/demo/mail/{number}",
            Access::Public,
            move |app: State<App>, headers: HeaderMap, Path(number): Path<u64>| async move {
                show_one(&one, &app, &headers, number)
            },
        ),
        Route::get(
            "/demo/mail/{number}/file",
            Access::Public,
            move |Path(number): Path<u64>| async move { show_file(&file, number) },
        ),
        Route::get(
            "/demo/mail/{number}/files/{place}",
            Access::Public,
            move |Path((number, place)): Path<(u64, usize)>| async move {
                show_attachment(&attached, number, place)
            },
        ),
        Route::post(
            "/demo/mail",
            Access::Public,
            move |app: State<App>, form: PublicForm| async move {
                post_letter(&send, &app, &form).await
            },
        ),
    ]
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    person: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    part: Option<String>,
}

/// A mail as shown.
struct Shown {
    number: u64,
    own: bool,
    subject: String,
    start: String,
    at: String,
}

#[derive(Template)]
#[template(path = "demo/templates/mail.html")]
struct Page {
    shell: Shell,
    name: String,
    person: String,
    clinic: String,
    mails: Vec<Shown>,
    refresh: String,
}

#[derive(Template)]
#[template(path = "demo/templates/box.html")]
struct Part {
    shell: Shell,
    mails: Vec<Shown>,
}

#[derive(Template)]
#[template(path = "demo/templates/letter.html")]
struct One {
    shell: Shell,
    mail: Arc<Mail>,
    at: String,
    back: String,
    pieces: Vec<(bool, String)>,
    /// The words with their formatting, where the mail has such.
    html: Option<String>,
    /// Name, size and address of its files.
    files: Vec<(String, String, String)>,
    answer_subject: String,
}

fn show(
    post: &PostOffice,
    app: &App,
    headers: &HeaderMap,
    asked: Asked,
) -> Result<Response, DeskError> {
    let person = asked
        .person
        .filter(|text| !text.trim().is_empty())
        .unwrap_or_else(|| VISITOR.1.to_owned());
    let name = asked.name.unwrap_or_else(|| {
        if person == VISITOR.1 {
            VISITOR.0.to_owned()
        } else {
            String::new()
        }
    });
    let shell = Shell::plain(app, headers, forms::public_token(app, PURPOSE));
    let mails = post
        .inbox
        .of(&person)
        .iter()
        .take(50)
        .map(|mail| shown(app, headers, mail))
        .collect();
    if asked.part.is_some() {
        return render(StatusCode::OK, &Part { shell, mails });
    }
    let refresh = format!("/demo/mail?part=box&person={}", encoded(&person));
    render(
        StatusCode::OK,
        &Page {
            shell,
            name,
            person,
            clinic: super::MAILBOX.to_owned(),
            mails,
            refresh,
        },
    )
}

fn show_one(
    post: &PostOffice,
    app: &App,
    headers: &HeaderMap,
    number: u64,
) -> Result<Response, DeskError> {
    let mail = post.inbox.one(number).ok_or(DeskError::NotFound)?;
    let answer_subject = if mail.subject.to_lowercase().starts_with("re:") {
        mail.subject.clone()
    } else {
        format!("Re: {}", mail.subject)
    };
    // The patient's own letters were never more than text.
    let read = parse(&mail.raw, &Limits::default()).unwrap_or_default();
    let named = |(place, file): (usize, &Attachment)| {
        let size = i64::try_from(file.bytes.len()).unwrap_or(i64::MAX);
        let path = format!("/demo/mail/{number}/files/{place}");
        (file.file_name.clone(), ui::size(size), path)
    };
    render(
        StatusCode::OK,
        &One {
            shell: Shell::plain(app, headers, forms::public_token(app, PURPOSE)),
            at: when(app, headers, mail.at),
            back: format!("/demo/mail?person={}", encoded(&mail.person)),
            pieces: pieces(&mail.text),
            html: read.html.map(|html| sanitise(&html, &|_| None).html),
            files: read.attachments.iter().enumerate().map(named).collect(),
            answer_subject,
            mail,
        },
    )
}

/// A file of a mail.
fn show_attachment(post: &PostOffice, number: u64, place: usize) -> Result<Response, DeskError> {
    let mail = post.inbox.one(number).ok_or(DeskError::NotFound)?;
    let mut read = parse(&mail.raw, &Limits::default()).map_err(|_| DeskError::NotFound)?;
    if place >= read.attachments.len() {
        return Err(DeskError::NotFound);
    }
    let file = read.attachments.swap_remove(place);
    let told = Told {
        name: &file.file_name,
        media_type: file.sniffed_type.unwrap_or_default(),
        size: i64::try_from(file.bytes.len()).unwrap_or(i64::MAX),
    };
    Ok(told.with(file.bytes.into()))
}

/// The mail as it came, for a mail program.
fn show_file(post: &PostOffice, number: u64) -> Result<Response, DeskError> {
    let mail = post.inbox.one(number).filter(|mail| !mail.own);
    let mail = mail.ok_or(DeskError::NotFound)?;
    let name = format!("attachment; filename=\"mail-{number}.eml\"");
    let headers = [
        (header::CONTENT_TYPE, "message/rfc822".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, mail.raw.clone()).into_response())
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    name: String,
    person: String,
    #[serde(default)]
    subject: String,
    body: String,
    #[serde(default)]
    answers: Option<u64>,
}

async fn post_letter(
    post: &PostOffice,
    app: &App,
    form: &PublicForm,
) -> Result<Response, DeskError> {
    let written: Written = form.read(app, PURPOSE).map_err(|_| {
        DeskError::invalid(
            "form",
            "invalid",
            "Please open the page again and send once more.",
        )
    })?;
    if written.body.trim().is_empty() || written.body.len() > MAX_TEXT {
        return Err(DeskError::invalid(
            "body",
            "required",
            "Write something first.",
        ));
    }
    let answered = written.answers.and_then(|number| post.inbox.one(number));
    let person = answered
        .as_ref()
        .map_or(written.person.trim(), |mail| mail.person.as_str())
        .to_owned();
    Address::parse(&person)
        .map_err(|_| DeskError::invalid("person", "invalid", "This is not a mail address."))?;
    let id = bedside_vault::secret::random_token();
    let number = post
        .send(&Letter {
            name: &written.name,
            from: &person,
            to: answered
                .as_ref()
                .map_or(super::MAILBOX, |mail| mail.answer_to.as_str()),
            subject: &written.subject,
            body: &written.body,
            references: answered
                .as_ref()
                .map_or(&[], |mail| mail.conversation.as_slice()),
            id: &id,
            at: app.now(),
        })
        .await?;
    tracing::debug!(number, "a visitor's letter was handed in");
    let name = encoded(&written.name);
    Ok(redirect(&format!(
        "/demo/mail?person={}&name={name}",
        encoded(&person)
    )))
}

fn shown(app: &App, headers: &HeaderMap, mail: &Mail) -> Shown {
    Shown {
        number: mail.number,
        own: mail.own,
        subject: mail.subject.clone(),
        start: without_marker(&mail.text)
            .split_whitespace()
            .take(24)
            .collect::<Vec<_>>()
            .join(" "),
        at: when(app, headers, mail.at),
    }
}

fn when(app: &App, headers: &HeaderMap, at: Timestamp) -> String {
    let zone = app
        .directory
        .all()
        .first()
        .map_or(jiff::tz::TimeZone::UTC, |clinic| clinic.time_zone.clone());
    format_time(at.micros(), &zone, locale_of(app, headers))
}

fn encoded(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    text.bytes()
        .map(|byte| {
            if safe(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// The text cut into plain pieces and addresses of pages.
fn pieces(text: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest
        .find("http://")
        .into_iter()
        .chain(rest.find("https://"))
        .min()
    {
        let (plain, link) = rest.split_at(start);
        let end = link
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ')'))
            .unwrap_or(link.len());
        found.push((false, plain.to_owned()));
        found.push((true, link[..end].to_owned()));
        rest = &link[end..];
    }
    found.push((false, rest.to_owned()));
    found.retain(|(_, piece)| !piece.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_a_text() {
        let all = pieces("See http://localhost:8080/r/abc?x=1 or\n(https://a.example) now");
        let links: Vec<_> = all
            .iter()
            .filter(|(link, _)| *link)
            .map(|(_, text)| text.as_str())
            .collect();
        assert_eq!(
            links,
            ["http://localhost:8080/r/abc?x=1", "https://a.example"]
        );
        assert_eq!(
            all.iter()
                .map(|(_, text)| text.as_str())
                .collect::<String>()
                .len(),
            62
        );
    }

    #[test]
    fn an_address_survives_a_query() {
        assert_eq!(encoded("a+b@c.example"), "a%2Bb%40c.example");
    }
}
