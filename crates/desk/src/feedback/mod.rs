//! What feedback is about and how people felt about it. Owns `feedback`.
//!
//! Comments on ratings, and messages that come as a survey or stand in a ticket of the category `feedback`, are looked
//! through for the themes of the clinic's list as they are taken in, where a person wrote them just now; codes are stored in the same transaction, and never a
//! word. Of a comment that is changed the last one counts.

mod store;

use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId, TicketId};
use crate::knowledge::Knowledge;
use crate::surveys::day_of;
use crate::triage::{self, Whose};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_language::themes::Sentiment;
use bedside_language::{Category, Channel};
use bedside_web::Locale;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

pub use store::ALL as STATEMENTS;

/// Stands for the whole of what somebody said, among the codes of themes.
pub const WHOLE: &str = "";

/// What somebody said, in codes; nothing where it is noted elsewhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Felt(Vec<(String, Sentiment)>);

/// One theme of which somebody spoke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// The theme's code in the clinic's list; empty for the whole of what was said.
    #[schema(example = "waiting")]
    pub theme: String,
    /// `very_negative`, `negative`, `neutral`, `positive` or `very_positive`.
    #[schema(value_type = String)]
    pub sentiment: Sentiment,
}

/// How often a theme was spoken of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// With praise.
    pub positive: i64,
    /// With a complaint.
    pub negative: i64,
    /// With neither, or as much of one as of the other.
    pub neutral: i64,
}

impl Count {
    /// All of them.
    pub const fn all(&self) -> i64 {
        self.positive + self.negative + self.neutral
    }
}

/// Whether words of this channel, for a ticket of this category, are feedback.
pub(crate) fn is_feedback(channel: Channel, category: &str) -> bool {
    channel == Channel::Survey || category == Category::Feedback.code()
}

/// Looks a text through, with the subject above it if it has one.
pub(crate) async fn look(app: &App, subject: &str, text: &str) -> Result<Felt, DeskError> {
    let (knowledge, said) = (app.knowledge(), format!("{subject}\n{text}"));
    let bytes = said.len();
    let look = move |_| knowledge.themes.look(&said);
    let found = triage::apart(Whose::Desk, bytes, look).await?;
    let themes = found
        .themes
        .into_iter()
        .map(|theme| (theme.code, theme.sentiment));
    let whole = std::iter::once((WHOLE.to_owned(), found.sentiment));
    Ok(Felt(whole.chain(themes).collect()))
}

/// Stores what somebody said with a message (`source`), or with the rating of a ticket (`source` is the ticket), at `at`;
/// what stood there of it before goes.
pub(crate) async fn note(
    work: &mut Work<'_>,
    ticket: TicketId,
    source: Uuid,
    felt: &Felt,
    at: Timestamp,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::forget(work, organisation, ticket, source).await?;
    for (theme, sentiment) in &felt.0 {
        let told = (theme.as_str(), sentiment.code());
        store::put(work, organisation, (ticket, source), told, day_of(at)).await?;
    }
    Ok(())
}

/// What was said with all messages of a ticket goes with them to another one.
pub(crate) async fn move_all(
    work: &mut Work<'_>,
    from: TicketId,
    to: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::move_all(work, organisation, from, to).await
}

/// What was said with these messages goes with them to another ticket.
pub(crate) async fn move_some(
    work: &mut Work<'_>,
    from: TicketId,
    messages: &[MessageId],
    to: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for message in messages {
        store::move_one(work, organisation, from, *message, to).await?;
    }
    Ok(())
}

/// What was said in a ticket and with its rating, each theme with each sentiment once, in the order of their codes. Whoever
/// calls has opened the ticket.
pub(crate) async fn of_ticket(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Vec<Told>, DeskError> {
    let rows = store::of_ticket(conn, organisation, ticket).await?;
    let told = rows.into_iter().filter_map(|(theme, sentiment)| {
        let sentiment = Sentiment::from_code(&sentiment)?;
        Some(Told { theme, sentiment })
    });
    Ok(told.collect())
}

/// Counts of the days from `from_day` to `to_day` (since 1970-01-01 UTC), both included, by theme; those spoken of most
/// first. The whole of what was said is left out.
pub async fn summary(
    app: &App,
    ctx: &Ctx,
    from_day: i64,
    to_day: i64,
) -> Result<Vec<(String, Count)>, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let mut conn = app.read().await?;
    let mut themes = BTreeMap::<String, Count>::new();
    for (theme, sentiment, count) in
        store::counts(&mut conn, ctx.organisation, from_day, to_day).await?
    {
        let here = themes.entry(theme).or_default();
        match Sentiment::from_code(&sentiment) {
            Some(Sentiment::VeryPositive | Sentiment::Positive) => here.positive += count,
            Some(Sentiment::VeryNegative | Sentiment::Negative) => here.negative += count,
            Some(Sentiment::Neutral) => here.neutral += count,
            None => {}
        }
    }
    themes.remove(WHOLE);
    let mut themes: Vec<_> = themes.into_iter().collect();
    themes.sort_by_key(|(_, count)| Reverse(count.all()));
    Ok(themes)
}

/// A theme's name for readers of `locale`; its code where the clinic's list doesn't have it any more.
pub fn name_of(knowledge: &Knowledge, theme: &str, locale: Locale) -> String {
    let list = knowledge.themes.list().iter();
    let mut named = list.filter(|entry| entry.code == theme);
    named
        .find_map(|entry| entry.names.get(locale.tag()))
        .map_or(theme, String::as_str)
        .to_owned()
}
