//! Putting what was found in order.

use super::find::Hit;
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::TicketId;
use crate::records::Opened;
use crate::{tickets, timeline};
use bedside_db::search::Wanted;
use bedside_language::search::{Query, highlight};
use std::collections::{HashMap, HashSet};
use std::ops::{Range, RangeInclusive};

/// Messages of one ticket that are opened to rank it: the newest that match.
const PER_TICKET: usize = 2;
/// Characters of a snippet.
const SNIPPET: usize = 160;

/// What comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// What fits the words best.
    Best,
    /// What was written last: a name fits or it doesn't.
    Newest,
}

/// Tickets that were told with newer messages of theirs: older ones add nothing to them.
pub(super) type Told = HashSet<TicketId>;

/// What a search looks with.
pub(super) struct Search<'a> {
    pub app: &'a App,
    pub ctx: &'a Ctx,
    pub leave: &'a Opened,
    pub query: &'a Query,
    pub wanted: &'a Wanted,
    pub order: Order,
}

/// A ticket in its place.
pub(super) struct Ranked {
    ticket: TicketId,
    score: f64,
    snippet: String,
    ranges: Vec<Range<usize>>,
}

impl Search<'_> {
    /// The newest documents below `before` that hold what is wanted.
    pub(super) async fn look(&self, before: i64, most: usize) -> Result<Vec<i64>, DeskError> {
        let organisation = self.ctx.organisation.uuid();
        let index = &self.app.search;
        Ok(index.find(organisation, self.wanted, before, most).await?)
    }

    /// Opens the documents and puts them in order: how often the words stand in a text of its length (the term of BM25
    /// with k1 = 1.2, b = 0.75 and a usual text of 600 bytes; Robertson & Zaragoza 2009), a little more for what is newer,
    /// and a subject that holds them counts like three places in the text.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of places and lengths of texts are small"
    )]
    pub(super) async fn rank(
        &self,
        docs: &[i64],
        told: &mut Told,
    ) -> Result<Vec<Ranked>, DeskError> {
        let mut conn = self.app.read().await?;
        let mut ranked: Vec<Ranked> = Vec::with_capacity(docs.len());
        let mut opened: HashMap<TicketId, usize> = HashMap::new();
        for (age, doc) in docs.iter().enumerate() {
            let wanted = |ticket| {
                if told.contains(&ticket) {
                    return false;
                }
                let count = opened.entry(ticket).or_default();
                *count += 1;
                *count <= PER_TICKET
            };
            let Some((ticket, body)) =
                timeline::by_doc(self.leave, &mut conn, self.ctx.organisation, *doc, wanted)
                    .await?
            else {
                continue;
            };
            let places = highlight(&body, self.query);
            let count = if places.is_empty() {
                3.0
            } else {
                places.len().min(20) as f64
            };
            let length = 0.25 + 0.75 * body.len() as f64 / 600.0;
            let score = count * 2.2 / (count + 1.2 * length) - age as f64 * 0.005;
            let (snippet, ranges) = snippet(&body, &places);
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
        told.extend(opened.into_keys());
        if self.order == Order::Best {
            ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
        }
        Ok(ranked)
    }

    /// Remembers which tickets of these documents were told on earlier pages: those with a message among `earlier` that
    /// the query finds as well.
    pub(super) async fn recall(
        &self,
        docs: &[i64],
        earlier: RangeInclusive<i64>,
        told: &mut Told,
    ) -> Result<(), DeskError> {
        let organisation = self.ctx.organisation;
        let mut conn = self.app.read().await?;
        let mut asked = HashSet::new();
        for doc in docs {
            let Some(ticket) = timeline::ticket_of_doc(&mut conn, organisation, *doc).await? else {
                continue;
            };
            if told.contains(&ticket) || !asked.insert(ticket) {
                continue;
            }
            let newer = timeline::docs_of(&mut conn, organisation, ticket, &earlier).await?;
            let index = &self.app.search;
            if index
                .holds_any(organisation.uuid(), self.wanted, &newer)
                .await?
            {
                told.insert(ticket);
            }
        }
        Ok(())
    }

    /// The rows of some of them, in their order.
    pub(super) async fn hits(&self, some: &[Ranked]) -> Result<Vec<Hit>, DeskError> {
        let ids: Vec<TicketId> = some.iter().map(|one| one.ticket).collect();
        let rows = tickets::rows(self.app, self.leave, self.ctx, &ids).await?;
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                let ranked = some.iter().find(|one| one.ticket == row.ticket.id)?;
                Some(Hit {
                    snippet: ranked.snippet.clone(),
                    ranges: ranked.ranges.clone(),
                    row,
                })
            })
            .collect())
    }
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
