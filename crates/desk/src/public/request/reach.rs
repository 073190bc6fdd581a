//! Whoever wrote in danger and left no way to reach them can say one on the page that thanks: a telephone, an address, where they
//! are. It goes into the same request, and is read by a person.
//!
//! Nothing is asked but the words. A signed text of the page says which request is meant, for a day; it opens nothing and shows
//! nothing, and the answer says nothing of the request. Words behind a text that is none of ours, or too old, are heard as
//! those of any form are.

use super::super::caps::{PER_NETWORK, network};
use super::super::files::{self, Sent};
use super::super::heard;
use super::super::shell::{Shell, page, refused, refused_keeping, see_other};
use super::super::told::{self, Told};
use super::{Asked, Reached, Receipt, frame, no_form, thanked, thanks_path};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{OrganisationId, TicketId};
use crate::patients;
use crate::tickets::model::Ticket;
use crate::tickets::{self, CLOSED_MEANWHILE, Inbound, NewTicket};
use crate::timeline::MAX_BODY;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_language::Channel;
use bedside_web::i18n::Texts;
use bedside_web::{cursor, query};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::LazyLock;

/// The name of the signed text, and of what was said by it among the external ids.
const REACH: &str = "public-request-reach";
const EXTERNAL: &str = "web_form";
/// Seconds in which a way can be said. A day: somebody may come back to the page.
const SECONDS: i64 = 24 * 60 * 60;
/// Longest, in characters.
const MAX_WORDS: usize = 500;
/// Times in an hour that something can be said for one request.
const PER_REQUEST: u32 = 6;
/// Bytes beside the words, in a message of the longest kind.
const AROUND: usize = 1_000;
/// The field with the words.
const FIELD: &str = "reach";

/// What the signed text says: whose it is, which request, since when, and the tag of the language of the words there.
type Pass = (OrganisationId, TicketId, Timestamp, String);

/// The words of the form in the languages that the pages don't speak.
static WORDS: LazyLock<BTreeMap<String, Words>> = LazyLock::new(|| {
    toml::from_str(include_str!("reach.toml")).expect("the program's own file, read by a test")
});

/// The words of the form in one language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    ask: String,
    send: String,
    said: String,
}

/// The words of the form in the language of what was written.
pub struct Own {
    /// Language tag.
    pub tag: &'static str,
    /// Which way it is written.
    pub dir: &'static str,
    /// What is asked for.
    pub ask: &'static str,
    /// What is on the button.
    pub send: &'static str,
    /// What stands there once it was said.
    pub said: &'static str,
}

impl Own {
    fn of(told: &Told) -> Option<Self> {
        let (tag, dir) = (told.tag, told.dir);
        if let Ok(locale) = tag.parse() {
            let t = Texts::new(locale);
            return Some(Self {
                tag,
                dir,
                ask: t.text("public-emergency-lost"),
                send: t.text("public-reach-send"),
                said: t.text("public-reach-said"),
            });
        }
        let words = WORDS.get(tag)?;
        Some(Self {
            tag,
            dir,
            ask: &words.ask,
            send: &words.send,
            said: &words.said,
        })
    }
}

/// The form by which somebody says how to reach them.
pub struct Reach {
    /// The signed text.
    pub pass: String,
    /// Where it goes.
    pub action: String,
    /// The form's words in the language of what was written, where the page speaks another one.
    pub own: Option<Own>,
    /// What was typed.
    pub typed: String,
    /// What has to be put right, as the key of a text.
    pub wrong: Option<&'static str>,
    /// Whether something was said already.
    pub said: bool,
    /// Most characters.
    pub most: usize,
}

impl Reach {
    /// The empty form for a request that was sent at this time, and whose words are in the language with this tag; empty where that
    /// is unknown. `shell` tells in it where to call.
    pub fn of(
        app: &App,
        shell: &Shell,
        (ticket, since, spoken): (TicketId, Timestamp, String),
    ) -> Self {
        let own = shell.told.as_ref().and_then(|told| Own::of(told));
        let pass: Pass = (shell.clinic.id, ticket, since, spoken);
        Self {
            pass: cursor::encode(REACH, &pass, &app.keyring.web_mac()),
            action: shell.link(&format!("{}/reach", shell.request_path())),
            own,
            typed: String::new(),
            wrong: None,
            said: false,
            most: MAX_WORDS,
        }
    }

    /// The same where something was said already, or not.
    #[must_use]
    pub(super) fn after(self, reached: Reached) -> Self {
        Self {
            said: matches!(reached, Reached::Said(_)),
            ..self
        }
    }
}

fn pass_of(app: &App, shell: &Shell, text: &str) -> Result<Pass, DeskError> {
    let pass: Pass =
        cursor::decode(REACH, text, &app.keyring.web_mac()).map_err(|_| DeskError::NotFound)?;
    let (organisation, _, at, _) = pass;
    if organisation != shell.clinic.id {
        return Err(DeskError::NotFound);
    }
    if app.now().seconds_since(at) > SECONDS {
        return Err(DeskError::Gone);
    }
    Ok(pass)
}

/// Takes in what they say.
pub async fn send(
    State(app): State<App>,
    slug: Option<Path<String>>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let request = Request::from_parts(parts.clone(), body);
    let slug = slug.as_ref().map(|slug| slug.0.as_str());
    let asked: Asked = query::read(&parts.uri).unwrap_or_default();
    let lang = asked.lang.as_deref();
    let sent = files::read(request, |_, _| false).await;
    let mut shell = match frame(&app, slug, &parts, lang) {
        Ok(shell) => shell,
        Err(why) => {
            let sent = sent.unwrap_or_default();
            let lang = Some(sent.text("lang")).filter(|lang| !lang.is_empty());
            let lang = lang.or(asked.lang.as_deref());
            let heard = astray(&app, &parts, lang, &sent).await;
            return heard.unwrap_or_else(|| no_form(&app, why, &parts, lang, sent.kept(FIELD)));
        }
    };
    // What is shown here is sent: the switch of languages leads to the form.
    shell.here = shell.request_path();
    let sent = match sent {
        Ok(sent) => sent,
        Err(problem) => return refused(&shell, problem),
    };
    if !sent.text("lang").is_empty() {
        shell.speak(&parts, sent.text("lang"));
    }
    let network = network(&parts.headers, &parts.extensions, &app.config);
    match taken(&app, &shell, network, &sent).await {
        Ok(there) => see_other(&shell.link(&there)),
        Err(Objection::Note(pass, status, note)) => {
            again(&app, &shell, (pass, sent.text(FIELD)), (status, note)).await
        }
        Err(Objection::Refused(error)) => {
            let said = (sent.text(FIELD), &sent);
            let heard = heard::elsewhere(&app, &shell, network, said).await;
            heard.unwrap_or_else(|| refused_keeping(&shell, error, sent.kept(FIELD)))
        }
    }
}

/// The answer to words of danger for a clinic that is not here, or is not named, where the desk can say whose they are.
async fn astray(app: &App, parts: &Parts, lang: Option<&str>, sent: &Sent) -> Option<Response> {
    let shell = Shell::of_desk(app, parts, lang)?;
    let network = network(&parts.headers, &parts.extensions, &app.config);
    heard::elsewhere(app, &shell, network, (sent.text(FIELD), sent)).await
}

/// Why words are not taken in.
enum Objection {
    /// The page comes back with this note.
    Note(Pass, StatusCode, &'static str),
    /// There is no page to come back to.
    Refused(DeskError),
}

/// Where the browser goes once the words are in.
async fn taken(
    app: &App,
    shell: &Shell,
    network: Option<IpAddr>,
    sent: &Sent,
) -> Result<String, Objection> {
    const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
    let (words, hint) = (sent.text(FIELD), shell.t.locale);
    let pass = pass_of(app, shell, sent.text("pass")).map_err(Objection::Refused)?;
    let (organisation, ticket, since, spoken) = pass.clone();
    let row = tickets::row_for(app, organisation, ticket).await;
    let row = row.map_err(Objection::Refused)?;
    let objection = if words.is_empty() {
        Some((WRONG, "public-error-reach"))
    } else if words.chars().count() > MAX_WORDS {
        Some((WRONG, "public-error-reach-long"))
    } else if !admitted(app, (organisation, ticket), network) {
        Some((StatusCode::TOO_MANY_REQUESTS, "public-note-too-many"))
    } else {
        None
    };
    // Nobody who may be in danger is told to come back later.
    if let Some((status, note)) = objection
        && !sent.ear.danger(app, Channel::WebForm, words, hint).await
    {
        return Err(Objection::Note(pass, status, note));
    }
    let there = match add(app, shell, (ticket, row), words).await {
        Ok(there) => there,
        Err(error) => {
            tracing::warn!(%error, "a way to reach somebody could not be taken in");
            let (status, note) = (StatusCode::SERVICE_UNAVAILABLE, "public-note-unavailable");
            return Err(Objection::Note(pass, status, note));
        }
    };
    // Whatever is said, the day in which more can be said is the first one's.
    let reached = Reached::Said(since);
    let receipt: Receipt = (organisation, there, app.now(), spoken, reached);
    Ok(thanks_path(app, &shell.request_path(), &receipt))
}

/// Whether this hour has room for more of one request, and from one network.
fn admitted(
    app: &App,
    (organisation, ticket): (OrganisationId, TicketId),
    network: Option<IpAddr>,
) -> bool {
    let now = app.now();
    let by_request = ("reach", organisation.uuid(), ticket.uuid());
    let by_network = ("reach network", organisation.uuid(), network);
    app.caps.take(by_request, PER_REQUEST, now).is_ok()
        && (network.is_none() || app.caps.take(by_network, PER_NETWORK, now).is_ok())
}

/// Adds the words to the request of which the page thanked, or to one beside it where that takes no more, and says of which the next
/// page thanks. After a merge that is the one they know, and nothing of the other.
async fn add(
    app: &App,
    shell: &Shell,
    (asked_for, row): (TicketId, Ticket),
    words: &str,
) -> Result<TicketId, DeskError> {
    let (organisation, ctx) = (shell.clinic.id, shell.ctx());
    let start = &words[..words.floor_char_boundary(MAX_BODY - AROUND)];
    let t = Texts::new(shell.clinic.locale);
    let body = t.with("ticket-says-reach", "words", start).into_owned();
    let external = Some((EXTERNAL, format!("reach {asked_for} {words:?}")));
    let said = Some(words.to_owned());
    // After a merge the request may be somebody else's.
    let contact = tickets::contact_of(app, organisation, asked_for).await?;
    let goes_on = contact.filter(|contact| row.takes_words_of(*contact));
    let added = match goes_on {
        Some(contact) => {
            let new = Inbound {
                said: said.clone(),
                external: external.clone(),
                ..Inbound::new(contact, Channel::WebForm, body.clone())
            };
            let added = tickets::inbound(app, &ctx, row.id, new).await;
            added.map(|_| asked_for)
        }
        None => Err(DeskError::Conflict {
            code: CLOSED_MEANWHILE,
            text: "This request takes no more words.",
        }),
    };
    let added = match added {
        Err(DeskError::Conflict {
            code: CLOSED_MEANWHILE,
            ..
        }) => {
            let requester = patients::requester_without_address(app);
            let new = NewTicket {
                said,
                external,
                locale: Some(shell.t.locale),
                related: Some(row.id),
                ..NewTicket::new(requester, Channel::WebForm, "", body)
            };
            let opened = tickets::create(app, &ctx, new).await;
            opened.map(|landed| landed.id)
        }
        added => added,
    };
    match added {
        // Pressed twice.
        Err(DeskError::Conflict {
            code: "duplicate", ..
        }) => Ok(asked_for),
        added => added,
    }
}

/// The page once more, with what was typed and what has to be put right.
async fn again(
    app: &App,
    shell: &Shell,
    ((organisation, ticket, since, spoken), typed): (Pass, &str),
    (status, note): (StatusCode, &'static str),
) -> Response {
    let row = match tickets::row_itself(app, organisation, ticket).await {
        Ok(row) => row,
        Err(error) => return refused(shell, error),
    };
    let shell = shell.telling_in(told::tagged(&spoken), row.number);
    let reach = Reach {
        typed: typed.chars().take(2 * MAX_WORDS).collect(),
        wrong: Some(note),
        ..Reach::of(app, &shell, (ticket, since, spoken))
    };
    let mut shown = thanked(app, &shell, &row);
    shown.reach = Some(reach);
    page(status, &shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_language::Language;
    use bedside_web::Locale;

    #[test]
    fn the_form_speaks_every_language_in_which_it_is_said_where_to_call() {
        let words: BTreeMap<String, Words> = toml::from_str(include_str!("reach.toml")).unwrap();
        for language in Language::ALL {
            let spoken = Locale::ALL.iter().any(|one| one.tag() == language.tag());
            let there = words.get(language.tag());
            let said = there.is_some_and(|words| {
                [&words.ask, &words.send, &words.said]
                    .iter()
                    .all(|text| !text.trim().is_empty())
            });
            assert_ne!(spoken, said, "{language}");
        }
        assert_eq!(words.len() + Locale::ALL.len(), Language::ALL.len());
    }
}
