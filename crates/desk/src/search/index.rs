//! Keeping the index up to date from the events.

use crate::app::App;
use crate::error::DeskError;
use crate::events::{self, Event, kind};
use crate::ids::{ContactId, MessageId, OrganisationId, TicketId};
use crate::tickets::model::Ticket;
use crate::{patients, tickets, timeline};
use bedside_db::Conn;
use bedside_db::search::Change;
use bedside_language::Language;
use bedside_language::search::{TermKind, index_terms};
use bedside_vault::{SearchKey, TokenKind};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{broadcast, watch};

/// Events read in one round.
const ROUND: i64 = 500;
/// Pause after a round, in which more comes together: a round costs more than what it takes in.
const BREATH: Duration = Duration::from_millis(100);
/// Requests of somebody with a new name that are found by it; older ones are found by their words alone.
const RENAMED: i64 = 100;

/// Keeps the index of every organisation up to date until `stop` turns true.
pub async fn run(app: App, mut stop: watch::Receiver<bool>) {
    let mut notices = app.db.notices();
    loop {
        let mut behind = false;
        for clinic in app.directory.all() {
            match catch_up_once(&app, clinic.id).await {
                Ok(more) => behind |= more,
                Err(error) => {
                    tracing::warn!(%error, "the search index could not be brought up to date");
                }
            }
        }
        if *stop.borrow() {
            return;
        }
        if behind {
            continue;
        }
        tokio::select! {
            notice = notices.recv() => if matches!(notice, Err(broadcast::error::RecvError::Closed)) { return },
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            _ = stop.changed() => {}
        }
        tokio::select! {
            () = tokio::time::sleep(BREATH) => {}
            _ = stop.changed() => {}
        }
        // What came in the meantime is done in one round instead of one by one.
        while notices.try_recv().is_ok() {}
    }
}

/// Brings one organisation's index up to date.
pub async fn catch_up(app: &App, organisation: OrganisationId) -> Result<(), DeskError> {
    while catch_up_once(app, organisation).await? {}
    Ok(())
}

/// How many events the index is behind.
pub async fn lag(app: &App, organisation: OrganisationId) -> Result<i64, DeskError> {
    let latest = events::latest(app, organisation).await?;
    let position = app.search.position(organisation.uuid()).await?;
    // One that is ahead of the events has to be built anew from the first.
    Ok(if position > latest {
        latest
    } else {
        latest - position
    })
}

/// One round; whether there may be more to do.
async fn catch_up_once(app: &App, organisation: OrganisationId) -> Result<bool, DeskError> {
    let position = app.search.position(organisation.uuid()).await?;
    let events = events::after(app, organisation, position, ROUND).await?;
    let Some(last) = events.last().map(|event| event.sequence) else {
        return begins_anew(app, organisation, position).await;
    };
    let more = events.len() >= usize::try_from(ROUND).unwrap_or(usize::MAX);
    let mut changes: Vec<Change> = events.iter().filter_map(gone).collect();
    for (message, at) in touched(app, organisation, &events).await? {
        changes.extend(document(app, organisation, message, at).await?);
    }
    app.search.apply(organisation.uuid(), changes, last).await?;
    Ok(more)
}

/// An index that is further than the events is that of another database, in whose place a backup was put: it is begun
/// anew. Whether it was.
async fn begins_anew(
    app: &App,
    organisation: OrganisationId,
    position: i64,
) -> Result<bool, DeskError> {
    let newest = events::latest(app, organisation).await?;
    if position <= newest {
        return Ok(false);
    }
    tracing::warn!(
        position,
        newest,
        "the search index is of another database: it is built anew"
    );
    app.search.begin_anew(organisation.uuid()).await?;
    Ok(true)
}

/// Where a message is, and whether it may be its ticket's first one, which also stands for subject and sender.
#[derive(Clone, Copy)]
struct At {
    ticket: TicketId,
    maybe_first: bool,
}

type Touched = BTreeMap<MessageId, At>;

/// The messages that the events touched, each where its newest event saw it.
async fn touched(
    app: &App,
    organisation: OrganisationId,
    events: &[Event],
) -> Result<Touched, DeskError> {
    let mut touched = Touched::new();
    let mut touch = |message, ticket, maybe_first| {
        let at = touched.entry(message).or_insert(At {
            ticket,
            maybe_first,
        });
        at.ticket = ticket;
        at.maybe_first |= maybe_first;
    };
    for event in events {
        if let Some(contact) = renamed(event) {
            for ticket in tickets::newest_of(app, organisation, contact, RENAMED).await? {
                let mut conn = app.read().await?;
                if let Some(first) = timeline::first_of(&mut conn, organisation, ticket).await? {
                    touch(first, ticket, true);
                }
            }
        }
        let Some(ticket) = event.ticket_id else {
            continue;
        };
        match (event.kind.as_str(), event.message_id) {
            (kind::MESSAGE_ADDED, Some(message)) => touch(message, ticket, false),
            (kind::TICKET_CREATED | kind::MESSAGE_MOVED, Some(message)) => {
                touch(message, ticket, true);
            }
            (kind::TICKET_CHANGED, _) if subject_changed(event) => {
                let mut conn = app.read().await?;
                if let Some(first) = timeline::first_of(&mut conn, organisation, ticket).await? {
                    touch(first, ticket, true);
                }
            }
            _ => {}
        }
    }
    Ok(touched)
}

/// The message that was destroyed, by the number it had in the index.
fn gone(event: &Event) -> Option<Change> {
    let is_one = event.kind == kind::MESSAGE_MOVED;
    let doc = is_one.then(|| event.data["gone"].as_i64()).flatten();
    doc.map(|doc| Change::Forget { doc })
}

/// The contact whose name changed.
fn renamed(event: &Event) -> Option<ContactId> {
    if event.kind != kind::PEOPLE_CHANGED {
        return None;
    }
    event.data["renamed"].as_str()?.parse().ok()
}

fn subject_changed(event: &Event) -> bool {
    event.data["changed"]
        .as_array()
        .is_some_and(|fields| fields.iter().any(|field| field == "subject"))
}

/// What the index has to do for one message: nothing when it is not there any more, because its number went with it.
async fn document(
    app: &App,
    organisation: OrganisationId,
    message: MessageId,
    at: At,
) -> Result<Option<Change>, DeskError> {
    // A ticket that went into another one took its messages along.
    let ticket = match tickets::row_for(app, organisation, at.ticket).await {
        Ok(ticket) => ticket,
        Err(DeskError::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut conn = app.read().await?;
    let found = timeline::body_for_index(app, &mut conn, organisation, ticket.id, message).await?;
    let Some((doc, locale, body)) = found else {
        return Ok(None);
    };
    let Some(body) = body else {
        return Ok(Some(Change::Forget { doc }));
    };
    let mut head = String::new();
    if at.maybe_first
        && timeline::first_of(&mut conn, organisation, ticket.id).await? == Some(message)
    {
        head = match head_of(app, &mut conn, organisation, &ticket).await {
            Err(DeskError::Gone) => String::new(),
            head => head?,
        };
    }
    let vault = app.keyring.of(organisation)?;
    Ok(Some(Change::Put {
        doc,
        tokens: tokens(&vault.search, &head, &body, Language::from_tag(&locale)),
    }))
}

/// Subject and sender of a ticket.
async fn head_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: &Ticket,
) -> Result<String, DeskError> {
    let subject = tickets::subject_for(app, organisation, ticket.id).await?;
    let names = patients::names_or_addresses(app, conn, organisation, &[ticket.contact]).await?;
    let sender = names
        .get(&ticket.contact)
        .map_or("", |named| named.words.as_str());
    Ok(format!("{subject}\n{sender}"))
}

fn tokens(key: &SearchKey, subject: &str, body: &str, language: Option<Language>) -> Vec<String> {
    let mut tokens: Vec<String> = index_terms(subject, body, language)
        .iter()
        .map(|term| {
            let kind = match term.kind {
                TermKind::Prefix => TokenKind::Prefix,
                TermKind::Stem => TokenKind::Word,
            };
            key.token(kind, &term.text).to_string()
        })
        .collect();
    tokens.sort_unstable();
    tokens
}
