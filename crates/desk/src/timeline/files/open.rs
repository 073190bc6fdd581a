//! One file for somebody who may see it.

use super::model::Why;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{AttachmentId, TicketId};
use crate::records::{self, About, Purpose, restricted};
use crate::timeline::service::open_attachment;
use crate::timeline::{AttachmentView, store};

/// One file of a ticket, for somebody who may see it; the bytes follow through [`records::blobs`].
pub async fn attachment(
    app: &App,
    ctx: &Ctx,
    id: AttachmentId,
) -> Result<(AttachmentView, TicketId), DeskError> {
    let entry = NewEntry::new("attachment.read", "attachment", id);
    let (may, purpose) = (Permission::TicketsRead, Purpose::Treatment);
    opened_file(app, ctx, id, (may, purpose), entry).await
}

/// One file as it came, for somebody who may have it with all that its camera wrote into it. The log says why.
pub async fn original(
    app: &App,
    ctx: &Ctx,
    id: AttachmentId,
    why: Why,
) -> Result<(AttachmentView, TicketId), DeskError> {
    let entry = NewEntry::new("attachment.original", "attachment", id)
        .detail(&serde_json::json!({ "reason": why.code() }));
    ctx.authorize(Permission::TicketsRead)?;
    let (may, purpose) = (Permission::RestrictedOpen, Purpose::Treatment);
    opened_file(app, ctx, id, (may, purpose), entry).await
}

/// Whether a file is there for whoever asks for it as it came, before they say why. Nothing of it is shown yet.
pub async fn has_original(app: &App, ctx: &Ctx, id: AttachmentId) -> Result<(), DeskError> {
    let entry = NewEntry::new("attachment.ask", "attachment", id);
    let (may, purpose) = (Permission::RestrictedOpen, Purpose::Treatment);
    opened_file(app, ctx, id, (may, purpose), entry)
        .await
        .map(|_| ())
}

async fn opened_file(
    app: &App,
    ctx: &Ctx,
    id: AttachmentId,
    (may, purpose): (Permission, Purpose),
    entry: NewEntry,
) -> Result<(AttachmentView, TicketId), DeskError> {
    let organisation = ctx.organisation;
    let mut conn = app.read().await?;
    let found = store::attachment(&mut conn, organisation, id).await?;
    let about = match &found {
        Some((_, ticket, _)) => restricted::about_ticket(&mut conn, organisation, *ticket).await?,
        None => None,
    };
    let about = about.unwrap_or(About::NOBODY);
    let leave = records::open_about(app, ctx, may, purpose, about, entry).await?;
    let (row, ticket, key) = found.ok_or(DeskError::NotFound)?;
    let sealing = leave.sealing(&mut conn, key).await?;
    Ok((open_attachment(&sealing, &row)?, ticket))
}
