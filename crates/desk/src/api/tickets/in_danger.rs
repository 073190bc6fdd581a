//! A ticket that can't be opened as it was asked for, in whose words somebody may be in danger: as much of it as can be used.

use super::{NewTicketIn, requester};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{QueueId, UploadId};
use crate::patients;
use crate::records::{Sealing, uploads};
use crate::tickets::{self, NewTicket, Unheard};
use crate::timeline::{MAX_BODY, NewAttachment};
use bedside_codecs::mail::address::Address;
use bedside_db::Id;
use bedside_language::{Channel, Level};
use bedside_web::Locale;

/// Characters of a name, and of what stands in place of an address, that are kept.
const KEPT: usize = 100;

fn locale(new: &NewTicketIn) -> Option<Locale> {
    new.language.as_deref().and_then(|tag| tag.parse().ok())
}

/// What was typed in place of an address, if it is none.
fn no_address(new: &NewTicketIn) -> Option<&str> {
    let typed = new.requester.as_ref()?.email.as_deref().map(str::trim);
    typed.filter(|typed| !typed.is_empty() && Address::parse(typed).is_err())
}

/// The names that came with the words, and what is no address: some write in the first field they see.
fn called(new: &NewTicketIn) -> Vec<String> {
    let odd = no_address(new).map(|typed| typed.replace('@', " "));
    new.called().into_iter().chain(odd).collect()
}

/// Whether somebody may be in danger.
pub(super) async fn cries(app: &App, ctx: &Ctx, new: &NewTicketIn) -> Result<bool, DeskError> {
    let unheard = Unheard {
        channel: new.channel.unwrap_or(Channel::Api),
        subject: &new.subject,
        body: &new.body,
        called: &called(new),
        hint: locale(new).unwrap_or(ctx.locale),
        known: None,
    };
    let weighed = tickets::weigh(app, ctx.organisation, &unheard).await?;
    Ok(weighed.level == Level::Emergency)
}

/// Opens it with what can be used.
pub(super) async fn open(
    app: &App,
    ctx: &Ctx,
    new: &NewTicketIn,
) -> Result<tickets::Landed, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let short = |text: &str| text.chars().take(KEPT).collect::<String>();
    let mut typed = String::new();
    let requester = match requester(app, ctx, new, locale(new)).await {
        Ok(found) => found,
        Err(DeskError::Invalid { .. } | DeskError::NotFound) => {
            let by = new.requester.as_ref();
            let address = by.and_then(|by| by.email.as_deref());
            typed = address.map(|typed| short(typed.trim())).unwrap_or_default();
            let name = by.and_then(|by| by.name.as_deref());
            patients::requester_without_address(app).named(&short(name.unwrap_or_default()))
        }
        Err(error) => return Err(error),
    };
    let attachments = files(app, ctx, new, &requester.sealing).await;
    let body = &new.body[..new.body.floor_char_boundary(MAX_BODY)];
    let channel = new.channel.unwrap_or(Channel::Api);
    let mut ticket = NewTicket::new(requester, channel, new.subject.clone(), body);
    ticket.said = (body.len() < new.body.len()).then(|| new.body.clone());
    ticket.locale = locale(new);
    ticket.called = called(new);
    ticket.attachments = attachments;
    let category = new.category.clone();
    ticket.category = category.filter(|code| clinic.category(code).is_some());
    let queue = new.queue_id.map(QueueId::from_uuid);
    ticket.queue = queue.filter(|queue| clinic.queue(*queue).is_some());
    ticket.answer = tickets::Answer::wanted(new.acknowledge.unwrap_or(true));
    let ticket = ticket.with_typed(clinic.locale, &typed);
    tickets::create(app, ctx, ticket).await
}

/// The files that are there.
async fn files(app: &App, ctx: &Ctx, new: &NewTicketIn, sealing: &Sealing) -> Vec<NewAttachment> {
    let mut kept = Vec::new();
    for id in new.attachments.iter().take(uploads::MAX_FILES) {
        let id: UploadId = Id::from_uuid(*id);
        match uploads::use_for(app, ctx, &[id], sealing).await {
            Ok(files) => kept.extend(files.into_iter().map(Into::into)),
            Err(error) => tracing::warn!(%error, "a file is left out of a cry"),
        }
    }
    kept
}
