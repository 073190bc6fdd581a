//! Answers that are still being written, one a ticket and person. Owns `drafts`.
//!
//! A draft is sealed with the ticket's key and is seen by its author alone. It is kept while somebody types and
//! forgotten when the words are sent or emptied. Keeping a draft changes nothing that others see, so it makes no event
//! and no audit entry.

mod store;

use crate::app::App;
use crate::codes::codes;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{DraftId, TicketId};
use crate::records::{self, restricted};
use crate::{tickets, timeline};
use futures_util::FutureExt;

pub use store::ALL as STATEMENTS;

codes! {
    /// What words are meant to become.
    #[derive(Default)]
    Kind {
        /// An answer.
        #[default]
        Reply = "reply",
        /// An internal note.
        Note = "note",
        /// What the patient's side says, written down.
        Said = "said",
    }
}

/// Words that are not sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The words.
    pub body: String,
    /// What they are meant to become.
    pub kind: Kind,
}

/// The draft's place in the vault: its ticket's and its author's ids are the row.
fn row_of(ticket: TicketId) -> DraftId {
    DraftId::from_uuid(ticket.uuid())
}

/// Keeps a draft; an empty one is forgotten.
pub async fn keep(app: &App, ctx: &Ctx, ticket: TicketId, draft: Draft) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let staff = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    if draft.body.len() > timeline::MAX_BODY {
        return Err(DeskError::TooLarge {
            limit: timeline::MAX_BODY,
        });
    }
    let organisation = ctx.organisation;
    // Asked first, so that a ticket that is not there is said to be none, whatever was typed.
    let sealing = tickets::sealing(app, ctx, ticket).await?;
    if draft.body.trim().is_empty() {
        return forget(app, ctx, ticket).await;
    }
    let key = sealing.id;
    let body = sealing.text("drafts", "body", row_of(ticket), &draft.body);
    let now = app.now();
    app.db
        .write(move |tx| {
            async move {
                let row = store::Row {
                    ticket,
                    staff,
                    key,
                    body,
                    kind: draft.kind,
                };
                store::put(tx, organisation, &row, now).await
            }
            .boxed()
        })
        .await
}

/// The actor's own draft for a ticket.
pub async fn load(app: &App, ctx: &Ctx, ticket: TicketId) -> Result<Option<Draft>, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let Some(staff) = ctx.actor.staff() else {
        return Ok(None);
    };
    let mut conn = app.read().await?;
    let Some(row) = store::one(&mut conn, ctx.organisation, ticket, staff).await? else {
        return Ok(None);
    };
    restricted::admit_ticket(&mut conn, ctx, ticket, app.now()).await?;
    let sealing = records::sealing(app, &mut conn, ctx.organisation, row.key).await?;
    let body = sealing.open_text("drafts", "body", row_of(ticket), &row.body)?;
    Ok(Some(Draft {
        body,
        kind: row.kind,
    }))
}

/// Forgets the actor's draft for a ticket.
pub async fn forget(app: &App, ctx: &Ctx, ticket: TicketId) -> Result<(), DeskError> {
    let Some(staff) = ctx.actor.staff() else {
        return Ok(());
    };
    let organisation = ctx.organisation;
    // Most tickets have none: a look is cheaper than a write.
    if store::one(&mut app.read().await?, organisation, ticket, staff)
        .await?
        .is_none()
    {
        return Ok(());
    }
    app.db
        .write(move |tx| {
            async move { store::delete(tx, organisation, ticket, staff).await }.boxed()
        })
        .await
}
