//! Answering a search.

use super::filters::Filters;
use super::rank::{Order, Search, Told};
use super::wanted;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::orgs::Clinic;
use crate::records::{self, Opened, Purpose};
use crate::tickets;
use crate::tickets::model::TicketRow;
use bedside_language::search::parse_query;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Documents that one look into the index finds: the newest that match. To look costs more than to find.
const FOUND: usize = 240;
/// Looks of one page while filters let nothing pass.
const LOOKS: usize = 2;
/// Documents that are ranked together.
const WINDOW: usize = 60;
/// Pages of a list that a query of filters alone goes through while they let little pass.
const LISTS: usize = 8;

/// A ticket that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The ticket.
    pub row: TicketRow,
    /// A piece of the text around the words; empty when they stand in the subject.
    pub snippet: String,
    /// Where the words stand in the snippet, in bytes.
    pub ranges: Vec<Range<usize>>,
}

/// Where the next page begins.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Behind so many tickets of those that are ranked together below a document.
    Found {
        /// The newest document when the search began. What was written since is for the next search.
        newest: i64,
        /// Document number below which those stand that are ranked together.
        before: i64,
        /// Tickets of those that were told.
        skip: usize,
    },
    /// Behind this row of the first list, for queries without words.
    Row(tickets::Position),
    /// Behind this row of the list of ended requests, which follows; at its beginning with none.
    Ended(Option<tickets::Position>),
}

/// One page of what was found.
#[derive(Clone, Debug)]
pub struct Results {
    /// Best first, within the newest that match; newest first where only a name was asked for.
    pub rows: Vec<Hit>,
    /// Where to go on.
    pub next: Option<Place>,
}

/// Finds tickets by words and filters (`from:`, `status:`, `before:` …), by the address that somebody writes from, and the
/// one whose number was typed, which comes first; at most `limit` (1 to 50) a page, and that one.
///
/// What was typed is not written to the audit log; that somebody searched is.
pub async fn find(
    app: &App,
    ctx: &Ctx,
    text: &str,
    place: Option<Place>,
    limit: usize,
) -> Result<Results, DeskError> {
    let leave = records::open(
        app,
        ctx,
        Permission::TicketsRead,
        Purpose::Treatment,
        "ticket.search",
        "organisation",
        ctx.organisation,
    )
    .await?;
    let mut results = matching(app, ctx, &leave, text, place, limit).await?;
    if let Some(row) = tickets::numbered(app, &leave, ctx, text).await? {
        let same = |hit: &Hit| hit.row.ticket.id == row.ticket.id;
        results.rows.retain(|hit| !same(hit));
        if place.is_none() {
            let hit = Hit {
                row,
                snippet: String::new(),
                ranges: Vec::new(),
            };
            results.rows.insert(0, hit);
        }
    }
    note_found(app, ctx, &results.rows).await?;
    Ok(results)
}

/// Writes down which requests were shown, so that each tells who found it.
async fn note_found(app: &App, ctx: &Ctx, hits: &[Hit]) -> Result<(), DeskError> {
    let shown = hits.iter().filter(|hit| !hit.row.restricted);
    let found = shown.map(|hit| NewEntry::new("ticket.found", "ticket", hit.row.ticket.id));
    let found: Vec<_> = found
        .map(|entry| entry.purpose(Purpose::Treatment.code()))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    app.audit_all(ctx, found).await
}

/// What the words and filters find.
async fn matching(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    text: &str,
    place: Option<Place>,
    limit: usize,
) -> Result<Results, DeskError> {
    let by_address = address_alone(text).map(|address| format!("from:{address}"));
    let text = by_address.as_deref().unwrap_or(text);
    let query = parse_query(text).map_err(|error| refused(&error))?;
    let clinic = app.directory.of(ctx.organisation)?;
    let filters = Filters::understand(app, ctx, &clinic, &query.filters).await?;
    let limit = limit.clamp(1, 50);
    let vault = app.keyring.of(ctx.organisation)?;
    let mut wanted = wanted(&vault.search, &query);
    let order = if wanted.is_empty() {
        for name in filters.names() {
            if let Ok(words) = parse_query(name) {
                wanted.extend(super::wanted(&vault.search, &words));
            }
        }
        Order::Newest
    } else {
        Order::Best
    };
    if wanted.is_empty() {
        if filters.is_empty() {
            return Ok(Results {
                rows: Vec::new(),
                next: None,
            });
        }
        return by_filters(app, ctx, &clinic, &filters, place, limit).await;
    }
    let search = Search {
        app,
        ctx,
        leave,
        query: &query,
        wanted: &wanted,
        order,
    };
    by_words(&search, &clinic, &filters, place, limit).await
}

/// A mail address that is all of what was typed: it asks for what came from there.
fn address_alone(text: &str) -> Option<&str> {
    let text = text.trim();
    let fits =
        text.contains('@') && !text.contains(|c: char| c.is_whitespace() || c == ':' || c == '"');
    fits.then_some(text)
}

/// A query with words: windows of documents, newest first, each ranked for itself and sifted.
async fn by_words(
    search: &Search<'_>,
    clinic: &Clinic,
    filters: &Filters,
    place: Option<Place>,
    limit: usize,
) -> Result<Results, DeskError> {
    let (mut newest, start, mut skip) = match place {
        Some(Place::Found {
            newest,
            before,
            skip,
        }) => (Some(newest), before.min(newest.saturating_add(1)), skip),
        _ => (None, i64::MAX, 0),
    };
    let (mut before, mut told) = (start, Told::default());
    let mut rows: Vec<Hit> = Vec::new();
    for _ in 0..LOOKS {
        let docs = search.look(before, FOUND).await?;
        let newest = *newest.get_or_insert(docs.first().copied().unwrap_or_default());
        let next = |before, skip| {
            Some(Place::Found {
                newest,
                before,
                skip,
            })
        };
        for window in docs.chunks(WINDOW) {
            if start <= newest {
                search.recall(window, start..=newest, &mut told).await?;
            }
            let ranked = search.rank(window, &mut told).await?;
            let mut left = ranked.get(skip..).unwrap_or_default();
            while !left.is_empty() && rows.len() < limit {
                let (some, others) = left.split_at(left.len().min(limit - rows.len()));
                let hits = search.hits(some).await?;
                let fitting = hits
                    .into_iter()
                    .filter(|hit| filters.hold(clinic, &hit.row));
                rows.extend(fitting);
                left = others;
            }
            if !left.is_empty() {
                let next = next(before, ranked.len() - left.len());
                return Ok(Results { rows, next });
            }
            (before, skip) = (window.last().copied().unwrap_or(before), 0);
        }
        let more = docs.len() >= FOUND;
        if !more || !rows.is_empty() {
            let next = next(before, 0).filter(|_| more);
            return Ok(Results { rows, next });
        }
    }
    let next = newest.map(|newest| Place::Found {
        newest,
        before,
        skip: 0,
    });
    Ok(Results { rows, next })
}

fn refused(error: &bedside_language::search::QueryError) -> DeskError {
    use bedside_language::search::QueryError;
    match error {
        QueryError::TooLong => {
            DeskError::invalid("q", "too_long", "A search may have at most 200 characters.")
        }
        QueryError::TooManyTerms => {
            DeskError::invalid("q", "too_many_words", "A search may have at most 10 words.")
        }
        QueryError::EmptyFilter { .. } => {
            DeskError::invalid("q", "empty_filter", "Something is missing after the colon.")
        }
        QueryError::BadDate { .. } => {
            DeskError::invalid("q", "bad_date", "A day looks like 2026-05-31.")
        }
        _ => DeskError::invalid(
            "q",
            "unknown_filter",
            "There is no filter of that name. Put the words in quotation marks to search for them.",
        ),
    }
}

/// A query of filters alone: lists, one after the other, sifted.
async fn by_filters(
    app: &App,
    ctx: &Ctx,
    clinic: &Clinic,
    filters: &Filters,
    place: Option<Place>,
    limit: usize,
) -> Result<Results, DeskError> {
    let views = filters.views(clinic, ctx);
    let (mut list, mut at) = match place {
        Some(Place::Row(position)) => (0, Some(position)),
        Some(Place::Ended(position)) => (1, position),
        _ => (0, None),
    };
    let mut rows = Vec::new();
    for _ in 0..LISTS {
        let Some(view) = views.get(list) else {
            break;
        };
        let page = tickets::list(app, ctx, view, at, 50).await?;
        let mut listed = page.rows.into_iter();
        for row in listed.by_ref() {
            at = Some(tickets::position(view, &row.ticket));
            if filters.hold(clinic, &row) {
                rows.push(Hit {
                    row,
                    snippet: String::new(),
                    ranges: Vec::new(),
                });
            }
            if rows.len() >= limit {
                break;
            }
        }
        if listed.len() == 0 {
            // Also where nothing of it was shown: what waits in queues of others lies behind then.
            at = page.next;
            list += usize::from(at.is_none());
        }
        if rows.len() >= limit {
            break;
        }
    }
    let next = match (list, at) {
        _ if list >= views.len() => None,
        (0, at) => at.map(Place::Row),
        (_, at) => Some(Place::Ended(at)),
    };
    Ok(Results { rows, next })
}
