//! Answering a search.

use super::filters::Filters;
use super::wanted;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::TicketId;
use crate::orgs::Clinic;
use crate::records::{self, Opened, Purpose};
use crate::tickets::model::TicketRow;
use crate::{tickets, timeline};
use bedside_language::search::{Query, highlight, parse_query};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;

/// Documents that one look into the index finds: the newest that match. To look costs more than to find.
const FOUND: usize = 240;
/// Looks of one page while filters let nothing pass.
const LOOKS: usize = 2;
/// Documents that are opened and ranked together.
const WINDOW: usize = 60;
/// Pages of a list that a query of filters alone goes through while they let little pass.
const LISTS: usize = 8;
/// Messages of one ticket that are opened to rank it: the newest that match.
const PER_TICKET: usize = 2;
/// Characters of a snippet.
const SNIPPET: usize = 160;

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
    /// Below this document number.
    Document(i64),
    /// Behind this row of a list, for queries without words.
    Row(tickets::Position),
}

/// One page of what was found.
#[derive(Clone, Debug)]
pub struct Results {
    /// Best first, within the newest that match.
    pub rows: Vec<Hit>,
    /// Where to go on.
    pub next: Option<Place>,
}

/// Finds tickets by words and filters (`from:`, `status:`, `before:` …); about `limit` (1 to 50) a page.
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
    let query = parse_query(text).map_err(|error| refused(&error))?;
    let clinic = app.directory.of(ctx.organisation)?;
    let filters = Filters::understand(app, ctx, &clinic, &query.filters).await?;
    let limit = limit.clamp(1, 50);
    let wanted = wanted(&app.keyring.of(ctx.organisation)?.search, &query);
    if wanted.is_empty() {
        if filters.is_empty() {
            return Ok(Results {
                rows: Vec::new(),
                next: None,
            });
        }
        return by_filters(app, ctx, &clinic, &filters, place, limit).await;
    }
    let mut before = match place {
        Some(Place::Document(doc)) => doc,
        _ => i64::MAX,
    };
    let mut found: Vec<Hit> = Vec::new();
    let mut looked_at = LookedAt::new();
    for _ in 0..LOOKS {
        let docs = app
            .search
            .find(ctx.organisation.uuid(), &wanted, before, FOUND)
            .await?;
        let mut windows = docs.chunks(WINDOW);
        while let Some(window) = windows.next() {
            before = window.last().copied().unwrap_or(before);
            let ranked = rank(app, &leave, ctx, &query, window, &mut looked_at).await?;
            // A ticket was ranked with the newest of its messages; older windows add nothing to it.
            for count in looked_at.values_mut() {
                *count = PER_TICKET;
            }
            let ids: Vec<TicketId> = ranked.iter().map(|one| one.ticket).collect();
            let mut snippets: HashMap<_, _> = ranked
                .into_iter()
                .map(|one| (one.ticket, (one.snippet, one.ranges)))
                .collect();
            for row in tickets::rows(app, &leave, ctx, &ids).await? {
                if filters.hold(&clinic, &row) {
                    let (snippet, ranges) = snippets.remove(&row.ticket.id).unwrap_or_default();
                    found.push(Hit {
                        row,
                        snippet,
                        ranges,
                    });
                }
            }
            if found.len() >= limit && windows.len() > 0 {
                return Ok(Results {
                    rows: found,
                    next: Some(Place::Document(before)),
                });
            }
        }
        if docs.len() < FOUND {
            return Ok(Results {
                rows: found,
                next: None,
            });
        }
        if !found.is_empty() {
            break;
        }
    }
    Ok(Results {
        rows: found,
        next: Some(Place::Document(before)),
    })
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

/// How many messages of each ticket were opened.
type LookedAt = HashMap<TicketId, usize>;

struct Ranked {
    ticket: TicketId,
    score: f64,
    snippet: String,
    ranges: Vec<Range<usize>>,
}

/// Opens the documents and puts them in order: how often the words stand in a text of its length (the term of BM25
/// with k1 = 1.2, b = 0.75 and a usual text of 600 bytes; Robertson & Zaragoza 2009), a little more for what is newer,
/// and a subject that holds them counts like three places in the text.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of places and lengths of texts are small"
)]
async fn rank(
    app: &App,
    leave: &Opened,
    ctx: &Ctx,
    query: &Query,
    docs: &[i64],
    looked_at: &mut LookedAt,
) -> Result<Vec<Ranked>, DeskError> {
    let mut conn = app.read().await?;
    let mut ranked: Vec<Ranked> = Vec::with_capacity(docs.len());
    for (age, doc) in docs.iter().enumerate() {
        let wanted = |ticket| {
            let opened = looked_at.entry(ticket).or_default();
            let wanted = *opened < PER_TICKET;
            *opened += usize::from(wanted);
            wanted
        };
        let Some((ticket, message)) =
            timeline::by_doc(leave, &mut conn, ctx.organisation, *doc, wanted).await?
        else {
            continue;
        };
        let places = highlight(&message.body, query);
        let count = if places.is_empty() {
            3.0
        } else {
            places.len().min(20) as f64
        };
        let length = 0.25 + 0.75 * message.body.len() as f64 / 600.0;
        let score = count * 2.2 / (count + 1.2 * length) - age as f64 * 0.005;
        let (snippet, ranges) = snippet(&message.body, &places);
        match ranked.iter_mut().find(|one| one.ticket == ticket) {
            Some(one) if one.score >= score => {}
            Some(one) => {
                *one = Ranked {
                    ticket,
                    score,
                    snippet,
                    ranges,
                }
            }
            None => ranked.push(Ranked {
                ticket,
                score,
                snippet,
                ranges,
            }),
        }
    }
    ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
    Ok(ranked)
}

/// A piece of `text` around its first marked place, on one line, with the places in it.
fn snippet(text: &str, places: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let Some(first) = places.first() else {
        return (String::new(), Vec::new());
    };
    let start = text.floor_char_boundary(first.start.saturating_sub(SNIPPET / 3));
    let end = text.ceil_char_boundary((start + SNIPPET).min(text.len()));
    let piece: String = text[start..end]
        .chars()
        .map(|c| {
            if c.is_control() && c.len_utf8() == 1 {
                ' '
            } else {
                c
            }
        })
        .collect();
    let within = places
        .iter()
        .filter(|place| place.start >= start && place.end <= end);
    let ranges = within
        .map(|place| place.start - start..place.end - start)
        .collect();
    (piece, ranges)
}

/// A query of filters alone: a list, sifted.
async fn by_filters(
    app: &App,
    ctx: &Ctx,
    clinic: &Clinic,
    filters: &Filters,
    place: Option<Place>,
    limit: usize,
) -> Result<Results, DeskError> {
    let view = filters.view(clinic);
    let mut at = match place {
        Some(Place::Row(position)) => Some(position),
        _ => None,
    };
    let mut rows = Vec::new();
    for _ in 0..LISTS {
        let page = tickets::list(app, ctx, &view, at, 50).await?;
        let fitting = page
            .rows
            .into_iter()
            .filter(|row| filters.hold(clinic, row));
        rows.extend(fitting.map(|row| Hit {
            row,
            snippet: String::new(),
            ranges: Vec::new(),
        }));
        at = page.next;
        if at.is_none() || rows.len() >= limit {
            break;
        }
    }
    Ok(Results {
        rows,
        next: at.map(Place::Row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_stands_around_its_word() {
        let text = format!("{} Ünïque word here {}", "x".repeat(300), "y".repeat(300));
        let at = text.find("word").unwrap();
        let (piece, ranges) = snippet(&text, std::slice::from_ref(&(at..at + 4)));
        assert!(piece.len() <= SNIPPET + 8);
        assert_eq!(&piece[ranges[0].clone()], "word");
    }
}
