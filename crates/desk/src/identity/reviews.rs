//! What was opened or changed past the rules, and somebody else's look at it afterwards.

use super::model::{MAX_WORDS, Method, Reason, Told};
use super::seen::{agent, keep, standing_in, told};
use super::store::{self, ReviewRow};
use super::tasks::noted;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{IdentityReviewId, OrganisationId, StaffId, TicketId};
use crate::records::{self, Purpose, restricted};
use crate::staff::{self, What};
use crate::tickets;
use crate::work::Work;
use bedside_db::Timestamp;
use futures_util::FutureExt;
use serde_json::json;

/// Words of which something is left and which are not too long.
pub(super) fn words(field: &'static str, text: &str) -> Result<String, DeskError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DeskError::invalid(field, "required", "Say why."));
    }
    if text.chars().count() > MAX_WORDS {
        return Err(DeskError::invalid(
            field,
            "too_long",
            "Use at most 500 characters.",
        ));
    }
    Ok(text.to_owned())
}

/// A row that waits for somebody else's look, its words sealed with the ticket's key.
pub(super) async fn row_of(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
    (reason, words): (Reason, &str),
    by: StaffId,
) -> Result<ReviewRow, DeskError> {
    let id: IdentityReviewId = app.id();
    let key = tickets::row_for(app, organisation, ticket).await?.key;
    let sealing = records::sealing(app, &mut app.read().await?, organisation, key).await?;
    Ok(ReviewRow {
        id,
        ticket,
        reason: reason.code().to_owned(),
        key,
        words: sealing.text("identity_reviews", "words", id, words),
        by,
        at: app.now(),
    })
}

/// Opens what the second level does for an hour, because it can't wait. Somebody else looks at it afterwards.
pub async fn emergency(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    reason: &str,
    why: &str,
) -> Result<(), DeskError> {
    let by = agent(ctx)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_for(app, organisation, ticket).await?.id;
    let reason = Reason::from_code(reason)
        .filter(|reason| Reason::EMERGENCIES.contains(reason))
        .ok_or_else(|| DeskError::invalid("reason", "required", "Choose a reason."))?;
    let why = words("words", why)?;
    let row = row_of(app, organisation, ticket, (reason, &why), by).await?;
    app.command(ctx, move |work| {
        async move {
            let (app, now) = (work.app.clone(), work.now);
            let ticket = tickets::held(work, ticket).await?;
            let (place, standing) = standing_in(&app, work, organisation, &ticket, now).await?;
            let patient = standing.patient.or(ticket.patient);
            keep(work, &place, Method::Emergency, patient, by).await?;
            store::insert_review(work, organisation, &row).await?;
            staff::tell_all(work, Permission::IdentityApprove, by, What::PastRules).await?;
            told(work, ticket.id, Told::Emergency);
            let detail = json!({ "reason": reason.code() });
            work.audit(
                NewEntry::new("identity.emergency", "ticket", ticket.id)
                    .purpose("treatment")
                    .detail(&detail),
            );
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Something that waits for somebody else's look.
pub struct Review {
    /// Which.
    pub id: IdentityReviewId,
    /// The ticket's number.
    pub number: i64,
    /// Why it was done; none for a code of a later version.
    pub reason: Option<Reason>,
    /// The same in the words of whoever did it; none where the reader may not see whom it is about.
    pub words: Option<String>,
    /// Who did it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

/// What nobody has looked at yet, oldest first.
pub async fn reviews(app: &App, ctx: &Ctx) -> Result<Vec<Review>, DeskError> {
    let organisation = ctx.organisation;
    let leave = records::open(
        app,
        ctx,
        Permission::IdentityApprove,
        Purpose::Operations,
        "identity.reviews",
        "organisation",
        organisation,
    )
    .await?;
    let rows = store::reviews(&mut app.read().await?, organisation).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let number = tickets::row_for(app, organisation, row.ticket)
            .await?
            .number;
        let place = ("identity_reviews", "words");
        let mut conn = app.read().await?;
        let words = match restricted::admit_ticket(&mut conn, ctx, row.ticket, app.now()).await {
            Ok(()) => Some(
                leave
                    .text(&mut conn, row.key, place, row.id, &row.words)
                    .await?,
            ),
            Err(error) if error.is_kept() => None,
            Err(error) => return Err(error),
        };
        found.push(Review {
            id: row.id,
            number,
            reason: Reason::from_code(&row.reason),
            words,
            by: row.by,
            at: row.at,
        });
    }
    Ok(found)
}

/// What somebody has looked at, with what they found.
pub struct LookedAt {
    /// The ticket's number.
    pub number: i64,
    /// Why it was done; none for a code of a later version.
    pub reason: Option<Reason>,
    /// Who did it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// Who looked at it.
    pub reviewed_by: StaffId,
    /// When.
    pub reviewed_at: Timestamp,
    /// What they found; none where the reader may not see whom it is about.
    pub note: Option<String>,
}

/// The last fifty that somebody looked at, newest first.
pub async fn looked_at(app: &App, ctx: &Ctx) -> Result<Vec<LookedAt>, DeskError> {
    let organisation = ctx.organisation;
    let leave = records::open(
        app,
        ctx,
        Permission::IdentityApprove,
        Purpose::Operations,
        "identity.reviews",
        "organisation",
        organisation,
    )
    .await?;
    let rows = store::reviewed(&mut app.read().await?, organisation).await?;
    let mut found = Vec::with_capacity(rows.len());
    for (row, reviewed_by, reviewed_at, note) in rows {
        let ticket = tickets::row_for(app, organisation, row.ticket).await?;
        let mut conn = app.read().await?;
        let note = match restricted::admit_ticket(&mut conn, ctx, row.ticket, app.now()).await {
            Ok(()) => {
                let place = ("identity_reviews", "note");
                Some(leave.text(&mut conn, row.key, place, row.id, &note).await?)
            }
            Err(DeskError::Restricted { .. }) => None,
            Err(error) => return Err(error),
        };
        found.push(LookedAt {
            number: ticket.number,
            reason: Reason::from_code(&row.reason),
            by: row.by,
            at: row.at,
            reviewed_by,
            reviewed_at,
            note,
        });
    }
    Ok(found)
}

/// Says that somebody looked at it, with what they found. [`DeskError::Conflict`] with `own_word` for whoever did it,
/// [`DeskError::Restricted`] for whoever may not see whom it is about.
pub async fn sign_off(
    app: &App,
    ctx: &Ctx,
    id: IdentityReviewId,
    note: &str,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::IdentityApprove)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let organisation = ctx.organisation;
    let (row, sealing) = {
        let mut conn = app.read().await?;
        let row = store::review(&mut conn, organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        let sealing = records::sealing(app, &mut conn, organisation, row.key).await?;
        (row, sealing)
    };
    let note = words("note", note)?;
    let note = sealing.text("identity_reviews", "note", id, &note);
    let ticket = row.ticket;
    let done = app
        .command(ctx, move |work: &mut Work<'_>| {
            async move {
                if row.by == by {
                    return Err(DeskError::Conflict {
                        code: "own_word",
                        text: "Somebody else has to look at it.",
                    });
                }
                let (ctx, now) = (work.ctx.clone(), work.now);
                restricted::admit_ticket(work, &ctx, ticket, now).await?;
                if !store::sign_off(work, organisation, id, (by, now), &note).await? {
                    return Err(DeskError::NotFound);
                }
                told(work, ticket, Told::Reviewed);
                work.audit(
                    NewEntry::new("identity.review", "ticket", ticket)
                        .detail(&json!({ "reason": row.reason })),
                );
                Ok(())
            }
            .boxed()
        })
        .await;
    noted(
        app,
        ctx,
        NewEntry::new("identity.review", "ticket", ticket),
        done,
    )
    .await
}
