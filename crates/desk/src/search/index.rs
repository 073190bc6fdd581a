//! Keeping the index up to date from the events.

use crate::app::App;
use crate::error::DeskError;
use crate::events::{self, Event, kind};
use crate::ids::{MessageId, OrganisationId, TicketId};
use crate::{patients, tickets, timeline};
use bedside_db::search::Change;
use bedside_language::Language;
use bedside_language::search::{TermKind, index_terms};
use bedside_vault::{SearchKey, TokenKind};
use std::collections::BTreeMap;
use tokio::sync::{broadcast, watch};

/// Events read in one round.
const ROUND: i64 = 500;

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
            () = tokio::time::sleep(std::time::Duration::from_secs(5)) => {}
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
    Ok(latest - app.search.position(organisation.uuid()).await?)
}

/// One round; whether there may be more to do.
async fn catch_up_once(app: &App, organisation: OrganisationId) -> Result<bool, DeskError> {
    let position = app.search.position(organisation.uuid()).await?;
    let events = events::after(app, organisation, position, ROUND).await?;
    let Some(last) = events.last().map(|event| event.sequence) else {
        return Ok(false);
    };
    let more = events.len() >= usize::try_from(ROUND).unwrap_or(usize::MAX);
    let mut changes = Vec::new();
    for ((ticket, message), with_subject) in touched(app, organisation, &events).await? {
        changes.extend(document(app, organisation, ticket, message, with_subject).await?);
    }
    app.search.apply(organisation.uuid(), changes, last).await?;
    Ok(more)
}

type Touched = BTreeMap<(TicketId, MessageId), bool>;

/// The messages that the events touched; true for a ticket's first one, which also stands for subject and sender.
async fn touched(
    app: &App,
    organisation: OrganisationId,
    events: &[Event],
) -> Result<Touched, DeskError> {
    let mut touched = Touched::new();
    for event in events {
        let Some(ticket) = event.ticket_id else {
            continue;
        };
        match (event.kind.as_str(), event.message_id) {
            (kind::MESSAGE_ADDED | kind::MESSAGE_MOVED, Some(message)) => {
                touched.entry((ticket, message)).or_insert(false);
            }
            (kind::TICKET_CREATED, Some(message)) => {
                touched.insert((ticket, message), true);
            }
            (kind::TICKET_CHANGED, _) if subject_changed(event) => {
                let mut conn = app.read().await?;
                if let Some(first) = timeline::first_of(&mut conn, organisation, ticket).await? {
                    touched.insert((ticket, first), true);
                }
            }
            _ => {}
        }
    }
    Ok(touched)
}

fn subject_changed(event: &Event) -> bool {
    event.data["changed"]
        .as_array()
        .is_some_and(|fields| fields.iter().any(|field| field == "subject"))
}

/// What the index has to do for one message: nothing when it is gone, because then its number is forgotten with it.
async fn document(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
    message: MessageId,
    with_subject: bool,
) -> Result<Option<Change>, DeskError> {
    // A ticket that went into another one took its messages along.
    let ticket = match tickets::row_for(app, organisation, ticket).await {
        Ok(ticket) => ticket,
        Err(DeskError::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut conn = app.read().await?;
    let Some((doc, locale, body)) =
        timeline::body_for_index(app, &mut conn, organisation, ticket.id, message).await?
    else {
        return Ok(None);
    };
    let mut head = String::new();
    if with_subject {
        head = tickets::subject_for(app, organisation, ticket.id).await?;
        head.push('\n');
        head.push_str(
            &patients::name_or_address(app, &mut conn, organisation, ticket.contact).await?,
        );
    }
    let vault = app.keyring.of(organisation)?;
    Ok(Some(Change::Put {
        doc,
        tokens: tokens(&vault.search, &head, &body, Language::from_tag(&locale)),
    }))
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
