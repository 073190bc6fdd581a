//! Exceptions: what somebody took past the rules because it could not wait, and somebody else signs off. Today these are
//! restricted records that were opened for a reason, and what was opened or changed past the steps that verify who is
//! asking. They are kept where they belong; here they are one list under one rule.
//!
//! The rule: whoever took an exception doesn't sign it off; whoever signs it off may see whom it is about, or watches over
//! privacy; they say whether it was right, and where it was not, what happens next. What they say stays in the history.

use super::clocks::{self, Running, Timer};
use super::opening;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::identity;
use crate::ids::{OrganisationId, StaffId, TimedId};
use crate::records::restricted::{self, Verdict};
use crate::records::{self, Opened, Purpose};
use bedside_db::{Conn, Timestamp};
use uuid::Uuid;

/// Characters of a note at most.
pub const MAX_NOTE: usize = 500;
/// Exceptions of each source that the history shows.
const SHOWN: i64 = 200;

/// Where an exception is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A restricted record that was opened.
    Opening,
    /// A step that verifies who is asking.
    Identity,
}

impl Source {
    /// The stable code, as it stands in addresses.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Identity => "identity",
        }
    }

    /// The source with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Opening, Self::Identity]
            .into_iter()
            .find(|source| source.code() == code)
    }
}

/// Why an exception was taken.
#[derive(Clone, Copy, Debug)]
pub enum Why {
    /// A restricted record was opened.
    Opening(restricted::Reason),
    /// A step was passed by; none for a code of a later version.
    Identity(Option<identity::Reason>),
}

/// An exception that somebody took.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Where it is kept.
    pub source: Source,
    /// Its id there.
    pub id: Uuid,
    /// Who took it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: Why,
    /// Why in their own words; none where the reader may not see whom it is about, and then they don't sign it off.
    pub words: Option<String>,
    /// Whose record it was, where it is a record and the reader may know.
    pub name: Option<String>,
    /// The number of the request, where it is one.
    pub ticket: Option<i64>,
    /// Until when what was opened stays open, where that is known.
    pub until: Option<Timestamp>,
    /// What a second person said, once one did.
    pub signed: Option<Signed>,
}

/// That a second person looked at an exception.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Who.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// What they say.
    pub verdict: Verdict,
    /// Their words; may be empty, and is where the reader may not see whom it is about.
    pub note: String,
}

/// How many wait for a second person, counted up to `limit` of each source; none for whoever doesn't look at them.
pub async fn count_waiting(app: &App, ctx: &Ctx, limit: i64) -> Result<i64, DeskError> {
    if !ctx.permissions().has(Permission::ExceptionsReview) {
        return Ok(0);
    }
    let openings = opening::count_waiting(app, ctx, limit).await?;
    Ok(openings + identity::count_reviews(app, ctx, limit).await?)
}

/// Exceptions that wait for a second person, oldest first.
pub async fn waiting(app: &App, ctx: &Ctx) -> Result<Vec<Exception>, DeskError> {
    let mut all = read(app, ctx, true).await?;
    all.sort_by_key(|one| one.at);
    Ok(all)
}

/// The newest that were signed off, with what was said.
pub async fn history(app: &App, ctx: &Ctx) -> Result<Vec<Exception>, DeskError> {
    let mut all = read(app, ctx, false).await?;
    all.sort_by_key(|one| std::cmp::Reverse(one.signed.as_ref().map(|signed| signed.at)));
    Ok(all)
}

/// How long each waits already that nobody has looked at, as clocks of the desk's own.
pub(super) async fn timers(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Running, DeskError> {
    let openings = restricted::openings(conn, organisation, true, SHOWN).await?;
    let openings = openings.into_iter();
    let openings = openings.map(|one| (one.id.bytes(), Source::Opening, one.opened_at));
    let reviews = identity::unsigned(conn, organisation).await?.into_iter();
    let reviews = reviews.map(|(id, at)| (id.bytes(), Source::Identity, at));
    let timer = |(id, source, from): ([u8; 16], Source, Timestamp)| Timer {
        work: clocks::Work::Review(TimedId::from_bytes(id), source),
        from,
        due: from.plus_seconds(clocks::LOOK_WITHIN),
    };
    Ok(Running {
        timers: openings.chain(reviews).map(timer).collect(),
        fault: None,
    })
}

async fn read(app: &App, ctx: &Ctx, waiting: bool) -> Result<Vec<Exception>, DeskError> {
    let leave: Opened = records::open(
        app,
        ctx,
        Permission::ExceptionsReview,
        Purpose::Operations,
        "exception.list",
        "view",
        if waiting { "waiting" } else { "reviewed" },
    )
    .await?;
    let openings = opening::openings(app, ctx, &leave, waiting, SHOWN).await?;
    let mut all: Vec<Exception> = openings.into_iter().map(of_opening).collect();
    let reviews = identity::reviews(app, ctx, &leave, waiting, SHOWN).await?;
    all.extend(reviews.into_iter().map(of_identity));
    Ok(all)
}

fn of_opening(one: opening::OpeningView) -> Exception {
    let (name, words, note) = match one.told {
        Some((name, words, note)) => (name, Some(words), note),
        None => (None, None, String::new()),
    };
    Exception {
        source: Source::Opening,
        id: one.id.uuid(),
        by: one.staff,
        at: one.opened_at,
        why: Why::Opening(one.reason),
        words,
        name,
        ticket: None,
        until: Some(one.until),
        signed: one.reviewed.map(|(by, at, verdict)| Signed {
            by,
            at,
            verdict,
            note,
        }),
    }
}

fn of_identity(one: identity::Review) -> Exception {
    Exception {
        source: Source::Identity,
        id: one.id.uuid(),
        by: one.by,
        at: one.at,
        why: Why::Identity(one.reason),
        words: one.words,
        name: None,
        ticket: Some(one.number),
        until: None,
        signed: one.signed.map(|(by, at, verdict, note)| Signed {
            by,
            at,
            // A verdict of a later version was followed up, whatever it is called.
            verdict: Verdict::from_code(&verdict).unwrap_or(Verdict::Unjustified),
            note: note.unwrap_or_default(),
        }),
    }
}

/// Signs an exception off. [`DeskError::Conflict`] with `own_word` for whoever took it.
pub async fn sign_off(
    app: &App,
    ctx: &Ctx,
    (source, id): (Source, Uuid),
    verdict: Verdict,
    note: &str,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
    let note = checked_note(verdict, note)?;
    match source {
        Source::Opening => {
            opening::sign_off(app, ctx, bedside_db::Id::from_uuid(id), verdict, note).await
        }
        Source::Identity => {
            let id = bedside_db::Id::from_uuid(id);
            identity::sign_off(app, ctx, id, verdict.code(), note).await
        }
    }
}

/// A note that can be kept, if there is one: what was not right says what happens next.
pub(super) fn checked_note(verdict: Verdict, note: &str) -> Result<Option<String>, DeskError> {
    let note = note.trim();
    if note.chars().count() > MAX_NOTE {
        return Err(DeskError::invalid(
            "note",
            "too_long",
            "A note has at most 500 characters.",
        ));
    }
    if verdict == Verdict::Unjustified && note.is_empty() {
        return Err(DeskError::invalid(
            "note",
            "required",
            "Say what happens next.",
        ));
    }
    Ok((!note.is_empty()).then(|| note.to_owned()))
}
