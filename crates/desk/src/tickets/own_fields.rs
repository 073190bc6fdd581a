//! What another system writes into the clinic's own fields. What stands there are often a patient's own words, out of a form
//! of theirs: a cry in them is heard as one of their messages is, once, whatever becomes of the change that brought it.

use super::create::{NewTicket, create};
use super::model::Ticket;
use super::store;
use super::worry::{Unheard, weigh};
use super::write::{CLOSED_MEANWHILE, Inbound, inbound};
use crate::app::App;
use crate::context::{Actor, Ctx};
use crate::error::DeskError;
use crate::ids::TicketId;
use crate::patients;
use crate::records;
use crate::timeline::MAX_BODY;
use bedside_language::{Channel, Level};
use serde_json::{Map, Value};

/// The name of such words among the external ids.
const EXTERNAL: &str = "own_fields";
/// Values that are looked at; more than a clinic has fields.
const VALUES: usize = 100;

/// Whether a value can stand in a clinic's own field.
pub(super) fn fits(kind: &str, choices: &[String], value: &Value) -> bool {
    match (kind, value) {
        (_, Value::Null) | ("number", Value::Number(_)) | ("yes_no", Value::Bool(_)) => true,
        ("text", Value::String(text)) => text.chars().count() <= 2000,
        ("date", Value::String(text)) => text.parse::<jiff::civil::Date>().is_ok(),
        ("choice", Value::String(text)) => choices.contains(text),
        _ => false,
    }
}

/// The words of danger among values that another system brings. What the staff type is theirs, and no patient's.
pub(super) async fn cry(
    app: &App,
    ctx: &Ctx,
    fields: &Map<String, Value>,
) -> Result<Option<String>, DeskError> {
    if !matches!(ctx.actor, Actor::Token { .. }) {
        return Ok(None);
    }
    let clinic = app.directory.of(ctx.organisation)?;
    // What the clinic lets choose from is its own wording, and a date is no words. Whatever does not fit such a field may be a
    // patient's.
    let is_words = |code: &str, value: &Value| {
        let field = clinic.fields.iter().find(|field| field.code == code);
        field.is_none_or(|field| field.kind == "text" || !fits(&field.kind, &field.choices, value))
    };
    let brought: Vec<&str> = fields
        .iter()
        .filter(|(code, value)| is_words(code, value))
        .filter_map(|(_, value)| value.as_str())
        .take(VALUES)
        .collect();
    let mut words = String::new();
    for text in brought {
        let unheard = Unheard {
            channel: Channel::Api,
            subject: "",
            body: text,
            called: &[],
            hint: ctx.locale,
            known: None,
        };
        let room = MAX_BODY.saturating_sub(words.len() + 2);
        let weighed = weigh(app, ctx.organisation, &unheard).await?;
        if weighed.level == Level::Emergency && text.len() <= room {
            if !words.is_empty() {
                words.push_str("\n\n");
            }
            words.push_str(text);
        }
    }
    Ok(Some(words).filter(|words| !words.is_empty()))
}

/// Hears these words, and says what became of the change that brought them: its version is the ticket's, the words included.
///
/// Where they could not be taken in, that is the answer, also where the change itself is made by then: whoever is told so sends it
/// once more, the words are heard, and that it was made already is said by [`DeskError::Stale`]. Told that all is well, nobody would.
pub(super) async fn hear(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    words: String,
    changed: Result<i64, DeskError>,
) -> Result<i64, DeskError> {
    let ticket = {
        let mut conn = app.read().await?;
        match store::one(&mut conn, ctx.organisation, id).await? {
            Some(stored) => {
                let may = records::admit(&mut conn, ctx, stored.ticket.about, app.now()).await;
                may.is_ok().then_some(stored.ticket)
            }
            None => None,
        }
    };
    // Whoever may not write here brings no words either, and was told so.
    let Some(ticket) = ticket else {
        return changed;
    };
    let ctx = Ctx {
        once: None,
        ..ctx.clone()
    };
    match keep(app, &ctx, &ticket, words).await {
        Ok(())
        | Err(DeskError::Conflict {
            code: "duplicate", ..
        }) => {}
        Err(error) => {
            tracing::warn!(%error, "words of danger in a field could not be taken in");
            return changed.and(Err(error));
        }
    }
    changed?;
    let mut conn = app.read().await?;
    let stored = store::one(&mut conn, ctx.organisation, id).await?;
    Ok(stored.ok_or(DeskError::NotFound)?.ticket.version)
}

/// Keeps the words in the ticket; beside it where it takes none any more.
async fn keep(app: &App, ctx: &Ctx, ticket: &Ticket, words: String) -> Result<(), DeskError> {
    let external = Some((EXTERNAL, format!("{} {words:?}", ticket.id)));
    let new = Inbound {
        external: external.clone(),
        ..Inbound::new(ticket.contact, Channel::Api, words.clone())
    };
    match inbound(app, ctx, ticket.id, new).await {
        Err(DeskError::Conflict {
            code: CLOSED_MEANWHILE | "merged",
            ..
        }) => {}
        heard => return heard.map(drop),
    }
    let mut requester =
        patients::requester_of_contact(app, ctx.organisation, ticket.contact).await?;
    if let Some(patient) = ticket.patient {
        requester = requester
            .for_patient(app, ctx.organisation, patient)
            .await?;
    }
    let mut new = NewTicket::new(requester, Channel::Api, "", words);
    new.external = external;
    new.related = Some(ticket.id);
    create(app, ctx, new).await.map(drop)
}
