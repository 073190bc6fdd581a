//! Where people saw a request otherwise than the engine did, kept as examples to train on. Owns `corrections`.
//!
//! Invariants: a row holds codes and never a word; one message has one row, which keeps what the engine found first and
//! what a person said last; a message is an example of the danger that its own words made, and of no other: what was raised by
//! earlier messages, a subject or a file is an example of nothing. Words leave the vault in [`export`] alone, each with an entry
//! in the audit log.

mod store;

use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{MessageId, TicketId};
use crate::records::{self, Purpose};
use crate::tickets::model::Ticket;
use crate::timeline::{self, MessageView};
use crate::triage::Found;
use crate::work::Work;
use bedside_language::examples::{Danger, Example, Part};
use bedside_language::{Category, Channel, Language, Level, Message, SafetyKind, Urgency};
use serde::{Deserialize, Serialize};

pub use store::ALL as STATEMENTS;

/// Corrections that are read at once.
const PAGE: i64 = 100;
/// Longest text of an example, in bytes; what follows is left out.
const MAX_TEXT: usize = 8 * 1024;
/// Messages of the patient's side, the newest first, among which those are looked for that a request's level comes from.
const LOOKED_AT: i64 = 50;

/// What a request is, in codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Category code.
    pub category: String,
    /// Urgency code.
    pub urgency: String,
    /// `none`, `concern`, `emergency`, `not_meant`, or `raised` where it is not by its words.
    pub danger: String,
    /// Kind of danger, where one was found.
    pub kind: Option<String>,
}

/// The words of danger where there is none.
const NOT_MEANT: &str = "not_meant";
/// Earlier messages, a subject or a file make the danger: the words are an example of nothing.
const RAISED: &str = "raised";

impl Judged {
    /// As the ticket stands. Which danger it is, the message says that it is judged by.
    pub fn of(ticket: &Ticket) -> Self {
        Self {
            category: ticket.category.clone(),
            urgency: ticket.urgency.code().to_owned(),
            danger: ticket.safety.clone(),
            kind: None,
        }
    }

    /// The same of somebody who is in no danger.
    #[must_use]
    pub fn not_meant(self) -> Self {
        Self {
            danger: NOT_MEANT.to_owned(),
            ..self
        }
    }

    /// The same of a message: what its own words say, or none where they say nothing of it.
    fn of_words(&self, words: Option<&Found>) -> Self {
        match words {
            Some(found) => Self {
                kind: found.kind.map(|kind| kind.code().to_owned()),
                ..self.clone()
            },
            None => Self {
                danger: RAISED.to_owned(),
                ..self.clone()
            },
        }
    }

    fn danger(&self) -> Danger {
        let Some(kind) = self.kind.as_deref().and_then(SafetyKind::from_code) else {
            return Danger::None;
        };
        match self.danger.as_str() {
            NOT_MEANT => Danger::NotMeant(kind),
            level if level == Level::Emergency.code() => Danger::Emergency(kind),
            level if level == Level::Concern.code() => Danger::Concern(kind),
            _ => Danger::None,
        }
    }
}

/// The message that a ticket of this level is judged by, newest first, and what was found in it where its own words make the
/// level. Thanks after a worry are no worry: the message that made it one is.
fn judged_by<'a>(
    inbound: &'a [(MessageId, Found)],
    level: &str,
) -> Option<(MessageId, Option<&'a Found>)> {
    let of_level = || {
        let all = inbound.iter();
        all.filter(move |(_, found)| found.level.code() == level)
    };
    if let Some((id, found)) = of_level().find(|(_, found)| found.is_by_its_words()) {
        return Some((*id, Some(found)));
    }
    let (id, _) = of_level().next().or_else(|| inbound.first())?;
    Some((*id, None))
}

/// Keeps that somebody of the staff saw a ticket otherwise than `found`, in the command in which they say so, with the message
/// that it is judged by. What programs change is no example, nor is a ticket in which the patient's side wrote nothing.
pub(crate) async fn note(
    work: &mut Work<'_>,
    ticket: TicketId,
    found: &Judged,
    meant: &Judged,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let Some(staff) = work.ctx.actor.staff().filter(|_| found != meant) else {
        return Ok(());
    };
    let inbound = timeline::newest_inbound(work, organisation, ticket, LOOKED_AT).await?;
    let Some((message, words)) = judged_by(&inbound, &found.danger) else {
        return Ok(());
    };
    let kept = |judged: &Judged| serde_json::to_string(&judged.of_words(words));
    let row = store::Row {
        ticket,
        message,
        found: kept(found)?,
        meant: kept(meant)?,
    };
    store::put(work, organisation, &row, staff, now).await
}

/// All corrections as examples, oldest first, and how many are left out: they were taken back, their words were erased or
/// went elsewhere, or are in no language that the engine knows.
pub async fn export(app: &App, ctx: &Ctx) -> Result<(Vec<Example>, usize), DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let (mut examples, mut left_out) = (Vec::new(), 0);
    let mut after = MessageId::from_bytes([0; 16]);
    loop {
        let rows = store::after(&mut app.read().await?, ctx.organisation, after, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok((examples, left_out));
        };
        after = last.message;
        let entry = |row: &store::Row| NewEntry::new("correction.export", "ticket", row.ticket);
        let entries = rows.iter().map(entry).collect();
        let may = (
            Permission::TicketsRead,
            Purpose::Operations,
            records::About::NOBODY,
        );
        let read = records::open_each(app, ctx, may, entries, async |leave| {
            let mut conn = app.read().await?;
            let mut read = Vec::with_capacity(rows.len());
            for row in &rows {
                let words =
                    timeline::one(&leave, &mut conn, ctx.organisation, row.ticket, row.message);
                read.push(match words.await {
                    Ok(words) => example(app, row, &words)?,
                    Err(DeskError::NotFound | DeskError::Gone) => None,
                    Err(error) => return Err(error),
                });
            }
            Ok(read)
        })
        .await?;
        left_out += read.iter().filter(|one| one.is_none()).count();
        examples.extend(read.into_iter().flatten());
    }
}

/// None where the row or its words are not of the engine's terms.
fn example(app: &App, row: &store::Row, words: &MessageView) -> Result<Option<Example>, DeskError> {
    // Somebody took their correction back.
    if row.found == row.meant {
        return Ok(None);
    }
    let meant: Judged = serde_json::from_str(&row.meant)?;
    if meant.danger == RAISED {
        return Ok(None);
    }
    let channel = Channel::from_code(&words.channel).unwrap_or(Channel::Email);
    let verdict = app.knowledge().engine.triage(&Message {
        channel,
        subject: "",
        body: &words.body,
        hint_language: Language::from_tag(&words.locale),
    });
    let (Some(language), Some(category), Some(urgency)) = (
        verdict.language.language,
        Category::from_code(&meant.category),
        Urgency::from_code(&meant.urgency),
    ) else {
        return Ok(None);
    };
    let body = words.body.trim();
    if body.is_empty() {
        return Ok(None);
    }
    Ok(Some(Example {
        language,
        part: Part::Train,
        channel,
        categories: vec![category],
        urgency,
        danger: meant.danger(),
        subject: String::new(),
        // Two colons would end a subject.
        body: body[..body.floor_char_boundary(MAX_TEXT)].replace(" :: ", " : "),
        line: 0,
    }))
}
