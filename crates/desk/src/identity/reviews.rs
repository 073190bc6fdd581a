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
use crate::records::{self, Opened, restricted};
use crate::staff::{self, What};
use crate::tickets;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
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
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
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
            staff::tell_all(work, Permission::ExceptionsReview, by, What::PastRules).await?;
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

/// Something done past the rules, as it waits for somebody else's look or has had one.
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
    /// Who looked at it, when, the code of their verdict and their words, which follow the same rule as [`Self::words`].
    pub signed: Option<(StaffId, Timestamp, String, Option<String>)>,
}

/// Whether the words about this ticket are for this reader: for whoever watches over privacy, and whoever may see whom it
/// is about.
async fn may_read(
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: TicketId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    if ctx.permissions().has(Permission::PrivacyReview) {
        return Ok(true);
    }
    match restricted::admit_ticket(conn, ctx, ticket, now).await {
        Ok(()) => Ok(true),
        Err(error) if error.is_kept() => Ok(false),
        Err(error) => Err(error),
    }
}

/// What nobody has looked at yet, oldest first, or else the newest of what somebody has; at most `limit` of these.
pub async fn reviews(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    waiting: bool,
    limit: i64,
) -> Result<Vec<Review>, DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
    let organisation = ctx.organisation;
    let rows = {
        let mut conn = app.read().await?;
        if waiting {
            let rows = store::reviews(&mut conn, organisation).await?;
            rows.into_iter().map(|row| (row, None)).collect()
        } else {
            let rows = store::signed(&mut conn, organisation, limit).await?;
            rows.into_iter()
                .map(|(row, signed)| (row, Some(signed)))
                .collect::<Vec<_>>()
        }
    };
    let mut found = Vec::with_capacity(rows.len());
    for (row, signed) in rows {
        let number = tickets::row_for(app, organisation, row.ticket)
            .await?
            .number;
        let mut conn = app.read().await?;
        let (mut words, mut note) = (None, None);
        if may_read(&mut conn, ctx, row.ticket, app.now()).await? {
            // Of somebody who was erased nothing can be told any more.
            let sealing = match leave.sealing(&mut conn, row.key).await {
                Ok(sealing) => sealing,
                Err(DeskError::Gone) => continue,
                Err(error) => return Err(error),
            };
            let open = |column, sealed: &[u8]| {
                sealing.open_text("identity_reviews", column, row.id, sealed)
            };
            words = Some(open("words", &row.words)?);
            if let Some((_, _, _, Some(sealed))) = &signed {
                note = Some(open("note", sealed)?);
            }
        }
        found.push(Review {
            id: row.id,
            number,
            reason: Reason::from_code(&row.reason),
            words,
            by: row.by,
            at: row.at,
            signed: signed.map(|(by, at, verdict, _)| (by, at, verdict, note)),
        });
    }
    Ok(found)
}

/// How many nobody has looked at, counted up to `limit`.
pub async fn count_reviews(app: &App, ctx: &Ctx, limit: i64) -> Result<i64, DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
    store::count_reviews(&mut app.read().await?, ctx.organisation, limit).await
}

/// What nobody has looked at, oldest first, and since when it waits.
pub(crate) async fn unsigned(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<(IdentityReviewId, Timestamp)>, DeskError> {
    let rows = store::reviews(conn, organisation).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.at)).collect())
}

/// Signs it off with a verdict's code and, where there is something to say, a note. [`DeskError::Conflict`] with `own_word`
/// for whoever did it, [`DeskError::Restricted`] for whoever may not see whom it is about.
pub async fn sign_off(
    app: &App,
    ctx: &Ctx,
    id: IdentityReviewId,
    verdict: &'static str,
    note: Option<String>,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
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
    let note = note.map(|note| sealing.text("identity_reviews", "note", id, &note));
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
                if !ctx.permissions().has(Permission::PrivacyReview) {
                    restricted::admit_ticket(work, &ctx, ticket, now).await?;
                }
                let signed = (by, now);
                if !store::sign_off(work, organisation, id, signed, verdict, note.as_deref())
                    .await?
                {
                    return Err(DeskError::NotFound);
                }
                told(work, ticket, Told::Reviewed);
                work.audit(
                    NewEntry::new("identity.review", "ticket", ticket)
                        .detail(&json!({ "reason": row.reason, "verdict": verdict })),
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
