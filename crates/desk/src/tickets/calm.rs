//! Nobody is in danger after all: a person says so and why, and the request goes where its like wait.

use super::change::{happened, locked, not_merged, save};
use super::model::{Ticket, Urgency};
use super::place::keep_reachable;
use super::turn::{opening_clocks, reclock};
use super::write::sealed_note;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::codes::codes;
use crate::context::{Ctx, Permission};
use crate::corrections::{self, Judged};
use crate::error::DeskError;
use crate::ids::{QueueId, TicketId};
use crate::orgs::{Clinic, model::purpose};
use crate::timeline;
use crate::triage::Found;
use bedside_language::Level;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Longest reason in own words, in characters.
pub const MAX_CALM_WORDS: usize = 500;

codes! {
    /// Why nobody is in danger.
    CalmReason {
        /// The words meant something else.
        OtherMeaning = "other_meaning",
        /// It is over.
        Past = "past",
        /// It is about somebody else, who is safe already.
        SafeAlready = "safe_already",
        /// A test, or spam.
        TestOrSpam = "test_or_spam",
        /// Something else, said in own words.
        Other = "other",
    }
}

/// What a person says of a request that was taken for an emergency, or for a reason to worry.
#[derive(Clone, Debug)]
pub struct Calm {
    /// Why nobody is in danger.
    pub reason: CalmReason,
    /// The same in own words: needed with [`CalmReason::Other`], at most [`MAX_CALM_WORDS`] characters. They stand as a
    /// note on the timeline and nowhere else.
    pub words: Option<String>,
    /// How soon a person must look, now that it is none; no emergency.
    pub urgency: Urgency,
}

impl Calm {
    /// Refuses what is incomplete or too long; empty words are none.
    fn checked(mut self) -> Result<Self, DeskError> {
        self.words = self.words.filter(|words| !words.trim().is_empty());
        let wrong = |field, code, text| Err(DeskError::invalid(field, code, text));
        if self.urgency == Urgency::Emergency {
            return wrong("urgency", "emergency", "Choose how urgent it is now.");
        }
        match &self.words {
            None if self.reason == CalmReason::Other => {
                wrong("words", "required", "Say in your own words why.")
            }
            Some(words) if words.chars().count() > MAX_CALM_WORDS => {
                wrong("words", "too_long", "Use at most 500 characters.")
            }
            _ => Ok(self),
        }
    }
}

/// Says of an emergency, or of a worry that still counts, that nobody is in danger; gives back the new version. `version` is the one the caller saw, when
/// they want to hear of changes first: a cry that came in meanwhile is one.
///
/// A person says it, who answers for it with their name: no program and no part of the desk takes an emergency back
/// ([`DeskError::Forbidden`]).
///
/// What the request's messages left behind counts no more for what the person writes next; what is in danger by its own words
/// rings again, and other requests of the same person still count. When somebody makes it an emergency again, they count again.
/// [`DeskError::Conflict`] with `no_crisis` when the request is no emergency, and nothing in it counts.
pub async fn not_a_crisis(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    version: Option<i64>,
    calm: Calm,
) -> Result<i64, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let calm = calm.checked()?;
    let clinic = app.directory.of(ctx.organisation)?;
    let note = match calm.words {
        Some(words) => Some(Arc::new(
            sealed_note(app, ctx, id, (words, Found::default()), Vec::new()).await?,
        )),
        None => None,
    };
    let (reason, urgency) = (calm.reason.code(), calm.urgency);
    app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, version).await?;
            not_merged(&stored.ticket)?;
            let counted = timeline::forget_danger(work, id).await?;
            let worry = counted && stored.ticket.safety != Level::None.code();
            if stored.ticket.rank() != 0 && !worry {
                return Err(DeskError::Conflict {
                    code: "no_crisis",
                    text: "This request is no emergency.",
                });
            }
            let found = Judged::of(&stored.ticket);
            let mut changed = lowered(&clinic, &mut stored.ticket, urgency);
            keep_reachable(work, &mut stored.ticket, None, &mut changed).await?;
            changed.insert("not_a_crisis".to_owned(), json!(reason));
            if let Some(note) = &note {
                stored.ticket.message_count += 1;
                note.store(work, id).await?;
            }
            let meant = Judged::of(&stored.ticket).not_meant();
            corrections::note(work, id, &found, &meant).await?;
            save(work, &mut stored).await?;
            happened(work, &stored, &changed, note.is_some());
            work.audit(
                NewEntry::new("ticket.not_a_crisis", "ticket", id)
                    .detail(&json!({ "reason": reason })),
            );
            Ok(stored.ticket.version + 1)
        }
        .boxed()
    })
    .await
}

/// Takes an emergency down to `urgency`, with the clocks of that and the queue of its category.
fn lowered(clinic: &Clinic, ticket: &mut Ticket, urgency: Urgency) -> Map<String, Value> {
    let mut changed = Map::from_iter([("urgency".to_owned(), json!(urgency.code()))]);
    let as_opened = opening_clocks(clinic, ticket);
    ticket.urgency = urgency;
    reclock(clinic, ticket, as_opened);
    if let Some(queue) = out_of_crisis(clinic, ticket) {
        ticket.queue = queue;
        changed.insert("queue_id".to_owned(), json!(queue));
    }
    changed
}

/// Where a request in the crisis queue goes when it is no emergency: to its category's queue, or, when that is the
/// crisis queue itself, to those that need a look.
fn out_of_crisis(clinic: &Clinic, ticket: &Ticket) -> Option<QueueId> {
    let crisis = clinic.queue_for(purpose::CRISIS)?.id;
    if ticket.queue != crisis {
        return None;
    }
    let own = clinic
        .category(&ticket.category)
        .map(|category| category.queue_id);
    own.filter(|queue| *queue != crisis)
        .or_else(|| Some(clinic.queue_for(purpose::NEEDS_LOOK)?.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm(reason: CalmReason, words: Option<&str>, urgency: Urgency) -> Calm {
        Calm {
            reason,
            words: words.map(str::to_owned),
            urgency,
        }
    }

    #[test]
    fn a_reason_is_whole_and_short() {
        let fine = [
            calm(CalmReason::Past, None, Urgency::Low),
            calm(CalmReason::Past, Some("  "), Urgency::Standard),
            calm(
                CalmReason::Other,
                Some(&"ñ".repeat(MAX_CALM_WORDS)),
                Urgency::Urgent,
            ),
        ];
        for one in fine {
            assert!(one.clone().checked().is_ok(), "{one:?}");
        }
        let long = "x".repeat(MAX_CALM_WORDS + 1);
        for (one, wrong) in [
            (
                calm(CalmReason::Past, None, Urgency::Emergency),
                ("urgency", "emergency"),
            ),
            (
                calm(CalmReason::Other, None, Urgency::Low),
                ("words", "required"),
            ),
            (
                calm(CalmReason::Other, Some(" \n"), Urgency::Low),
                ("words", "required"),
            ),
            (
                calm(CalmReason::Past, Some(&long), Urgency::Low),
                ("words", "too_long"),
            ),
        ] {
            match one.checked() {
                Err(DeskError::Invalid { field, code, .. }) => assert_eq!((field, code), wrong),
                other => panic!("{wrong:?}: {other:?}"),
            }
        }
    }
}
