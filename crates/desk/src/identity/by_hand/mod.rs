//! Signs to be careful that somebody of the staff heard or saw: what no words on the timeline tell, such as a voice that
//! presses. Owns `identity_flags`.
//!
//! Invariants: a sign raises what is asked for, exactly as the same sign in somebody's words does, and lowers nothing; it
//! counts for a day and nobody takes it back before, because whoever plays a part would ask for that next. As long it is a sign
//! in every other conversation of the same contact, too, of which nothing else is told there: whoever hangs up and calls again
//! gets a colleague who has heard nothing.

mod store;

use super::flags::Flag;
use super::model::{DAY, Told};
use super::seen::{agent, told};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, StaffId, TicketId};
use crate::tickets;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use serde_json::json;
use std::collections::BTreeSet;
use store::FlagRow;

pub use store::ALL as STATEMENTS;

/// A sign that somebody of the staff noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByHand {
    /// Which.
    pub flag: Flag,
    /// Who noticed it last.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

/// What was noticed in a conversation and counts now, in the order of [`Flag::ALL`].
pub(super) async fn by_hand(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    now: Timestamp,
) -> Result<Vec<ByHand>, DeskError> {
    let rows = store::flags(conn, organisation, ticket, now.plus_seconds(-DAY)).await?;
    let known = rows.into_iter().filter_map(|row| {
        let (by, at) = (row.by, row.at);
        let flag = Flag::from_code(&row.code)?;
        Some(ByHand { flag, by, at })
    });
    let mut known: Vec<ByHand> = known.collect();
    known.sort_by_key(|one| one.flag);
    Ok(known)
}

/// Whether somebody of the staff noticed anything with this contact in another conversation, and it counts now.
pub(super) async fn noticed_elsewhere(
    conn: &mut Conn,
    organisation: OrganisationId,
    here: (TicketId, ContactId),
    now: Timestamp,
) -> Result<bool, DeskError> {
    store::noticed_elsewhere(conn, organisation, here, now.plus_seconds(-DAY)).await
}

/// A sign of [`Flag::NOTICED`] by its code.
fn to_notice(code: &str) -> Option<Flag> {
    Flag::from_code(code).filter(|flag| Flag::NOTICED.contains(flag))
}

/// Keeps which signs (codes of [`Flag::NOTICED`]) the actor noticed in a conversation, for a day from now.
///
/// # Errors
/// [`DeskError::Invalid`] where none is named, or one that does not exist.
pub async fn notice(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    codes: &[String],
) -> Result<(), DeskError> {
    let by = agent(ctx)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    let unknown = || DeskError::invalid("flag", "required", "Choose what you noticed.");
    let codes: BTreeSet<&str> = codes.iter().map(String::as_str).collect();
    let flags: Option<Vec<Flag>> = codes.iter().map(|code| to_notice(code)).collect();
    let flags = flags
        .filter(|flags| !flags.is_empty())
        .ok_or_else(unknown)?;
    app.command(ctx, move |work| {
        async move {
            let (ticket, now) = (tickets::held(work, ticket).await?, work.now);
            for flag in &flags {
                let row = FlagRow {
                    code: flag.code().to_owned(),
                    by,
                    at: now,
                    contact: Some(ticket.contact),
                };
                store::put(work, organisation, ticket.id, &row).await?;
            }
            told(work, ticket.id, Told::Noticed);
            let codes: Vec<&str> = flags.iter().map(|flag| flag.code()).collect();
            work.audit(
                NewEntry::new("identity.notice", "ticket", ticket.id)
                    .purpose("treatment")
                    .detail(&json!({ "flags": codes })),
            );
            Ok(())
        }
        .boxed()
    })
    .await
}

/// What was noticed in a ticket that goes into another counts there as long, in the caller's command.
pub(super) async fn move_all(
    work: &mut Work<'_>,
    from: TicketId,
    into: TicketId,
) -> Result<(), DeskError> {
    let (organisation, since) = (work.ctx.organisation, work.now.plus_seconds(-DAY));
    let there = store::flags(work, organisation, into, since).await?;
    for one in store::flags(work, organisation, from, since).await? {
        let known = there.iter().find(|known| known.code == one.code);
        if known.is_none_or(|known| known.at < one.at) {
            store::put(work, organisation, into, &one).await?;
        }
    }
    // The two are one conversation from now on, and no other one to each other.
    store::delete(work, organisation, from).await
}

/// Forgets signs that count no more.
pub(super) async fn forget(conn: &mut Conn, before: Timestamp) -> Result<(), DeskError> {
    store::forget(conn, before).await
}
