//! Putting somebody on the list by hand, and taking somebody off it.

use super::model::{MAX_LINE, Person, Whose, limited, said};
use super::service::{held, keep, person, sealing};
use super::store;
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{BreachId, BreachPersonId};
use crate::patients::{self, Wanted};
use crate::privacy::erasure;
use crate::tickets;
use crate::work::Work;
use futures_util::FutureExt;
use serde_json::json;

impl Whose {
    /// Keeps whoever it is from being erased until the command is done; [`DeskError::NotFound`] where they were.
    pub(super) async fn hold(self, work: &mut Work<'_>) -> Result<(), DeskError> {
        match self {
            Self::Patient(patient) => erasure::hold_patient(work, patient).await,
            Self::Contact(contact) => patients::hold_contact(work, contact).await,
        }
    }
}

/// Whom to add, as somebody typed it.
pub struct Added {
    /// A request's number after a `#`, or the patient's record number, mail address or telephone number.
    pub who: String,
    /// Why.
    pub reason: String,
}

async fn found(app: &App, ctx: &Ctx, who: &str) -> Result<Whose, DeskError> {
    let who = who.trim();
    let nobody = || {
        DeskError::invalid(
            "added",
            "unknown",
            "This is nobody, or more than one person.",
        )
    };
    limited("added", who, MAX_LINE)?;
    if let Some(number) = who.strip_prefix('#') {
        let number = number.parse().map_err(|_| nobody())?;
        return match tickets::row_numbered(app, ctx.organisation, number).await {
            Err(DeskError::NotFound) => Err(nobody()),
            ticket => {
                let ticket = ticket?;
                let patient = ticket.about.patient.map(Whose::Patient);
                Ok(patient.unwrap_or(Whose::Contact(ticket.contact)))
            }
        };
    }
    let wanted = Wanted {
        mrn: Some(who.to_owned()),
        email: Some(who.to_owned()),
        phone: Some(who.to_owned()),
        name_and_birth_date: None,
    };
    match patients::matching(app, ctx.organisation, &wanted).await?[..] {
        [one] => Ok(Whose::Patient(one)),
        [] => {
            let mut conn = app.read().await?;
            let owner = patients::owner_of_address(app, &mut conn, ctx.organisation, who).await?;
            owner
                .map(|(contact, _)| Whose::Contact(contact))
                .ok_or_else(nobody)
        }
        _ => Err(nobody()),
    }
}

/// Puts somebody on the list by hand, also who was taken off it.
///
/// # Errors
/// [`DeskError::Invalid`] for nobody, or no reason; [`DeskError::Conflict`] for who is on it, and once it is closed.
pub async fn add(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    added: Added,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    said("reason", &added.reason)?;
    let whose = match found(app, ctx, &added.who).await {
        Ok(whose) => whose,
        // Whoever tries who is known here stands in the log.
        Err(error) => {
            let entry = NewEntry::new("breach.people", "breach", id).outcome(Outcome::Failed);
            app.audit(ctx, entry).await?;
            return Err(error);
        }
    };
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let breach = held(work, id, version).await?;
            breach.may_change()?;
            whose.hold(work).await?;
            let before = store::listed(work, organisation, id).await?;
            let before = before.get(&whose).copied();
            if before.is_some_and(|one| !one.removed) {
                return Err(DeskError::Conflict {
                    code: "listed",
                    text: "They are on the list.",
                });
            }
            let row = before.map_or_else(|| work.app.id(), |one| one.id);
            let words = sealing(work, &breach).await?;
            let words = words.text("breach_people", "reason", row, added.reason.trim());
            if !store::restore(work, organisation, (id, row), &words).await? {
                let new = Person {
                    by_hand: true,
                    reason: Some(words),
                    ..Person::new(row, whose, (by, now))
                };
                store::insert_person(work, organisation, id, &new).await?;
            }
            let detail = named(Some(whose), true);
            keep(work, &breach, "breach.people", &detail).await
        }
        .boxed()
    })
    .await
}

fn named(whose: Option<Whose>, on: bool) -> serde_json::Value {
    match whose {
        Some(Whose::Contact(contact)) => json!({ "contact": contact, "on": on }),
        Some(Whose::Patient(patient)) => json!({ "patient": patient, "on": on }),
        None => json!({ "on": on }),
    }
}

/// Takes somebody off the list who is not told yet.
///
/// # Errors
/// [`DeskError::Invalid`] without a reason; [`DeskError::NotFound`] for nobody, and who is told already.
pub async fn remove(
    app: &App,
    ctx: &Ctx,
    (id, version): (BreachId, i64),
    who: BreachPersonId,
    reason: &str,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    said("reason", reason)?;
    let reason = reason.trim().to_owned();
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let breach = held(work, id, version).await?;
            breach.may_change()?;
            let one = store::one_person(work, organisation, id, who).await?;
            let one = one.ok_or(DeskError::NotFound)?;
            let words = sealing(work, &breach).await?;
            let words = words.text("breach_people", "removed", who, &reason);
            if !store::remove(work, organisation, (id, who), (by, now), &words).await? {
                return Err(DeskError::NotFound);
            }
            let detail = named(one.whose, false);
            keep(work, &breach, "breach.people", &detail).await
        }
        .boxed()
    })
    .await
}
