//! A ticket that can't be opened as it was asked for, in whose words somebody may be in danger: as much of it as can be used.

use super::{NewTicketIn, requester};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{QueueId, UploadId};
use crate::patients::{self, Requester};
use crate::records::{Sealing, uploads};
use crate::tickets::{self, NewTicket, Unheard};
use crate::timeline::{MAX_BODY, NewAttachment};
use crate::triage::{self, Whose};
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

/// What was typed where the address belongs.
fn address(new: &NewTicketIn) -> &str {
    let typed = new.requester.as_ref().and_then(|by| by.email.as_deref());
    typed.map(str::trim).unwrap_or_default()
}

/// What was given as a name.
fn name(new: &NewTicketIn) -> &str {
    let by = new.requester.as_ref();
    by.and_then(|by| by.name.as_deref()).unwrap_or_default()
}

/// As much as is kept of what is no name, or no address.
fn short(text: &str) -> String {
    text.chars().take(KEPT).collect()
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

/// Whether danger stands in what was typed where a name or an address belongs: then all of it has to be read.
async fn is_called(app: &App, ctx: &Ctx, new: &NewTicketIn, typed: &str) -> bool {
    let channel = new.channel.unwrap_or(Channel::Api);
    let hint = locale(new).unwrap_or(ctx.locale);
    let called = triage::danger_called(app, Whose::Desk, channel, (&new.body, typed), hint).await;
    // What could not be looked at is taken for the worst.
    called.unwrap_or(true)
}

/// Who asks, as far as what was said of them can be used: by their address wherever that is one.
async fn whoever(app: &App, ctx: &Ctx, new: &NewTicketIn) -> Result<Requester, DeskError> {
    let (organisation, name) = (ctx.organisation, short(name(new)));
    if Address::parse(address(new)).is_ok() {
        let named = Some(name.as_str()).filter(|name| !name.trim().is_empty());
        let found =
            patients::requester_by_email(app, organisation, address(new), named, locale(new)).await;
        match found {
            // Somebody else was named beside it: whose patient the words are about is not known.
            Ok(found) if new.contact_id.is_some() || new.patient_id.is_some() => {
                return found.without_patient(app, organisation).await;
            }
            Err(DeskError::Invalid { .. }) => {}
            found => return found,
        }
    }
    Ok(patients::requester_without_address(app).named(&name))
}

/// Opens it with what can be used.
pub(super) async fn open(
    app: &App,
    ctx: &Ctx,
    new: &NewTicketIn,
) -> Result<tickets::Landed, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let requester = match requester(app, ctx, new, locale(new)).await {
        Err(DeskError::Invalid { .. } | DeskError::NotFound) => whoever(app, ctx, new).await?,
        found => found?,
    };
    let named = if !name(new).is_empty() && is_called(app, ctx, new, name(new)).await {
        name(new)
    } else {
        ""
    };
    let is_lost = requester.is_new() && requester.email.is_none();
    let typed = if !is_lost || address(new).is_empty() {
        String::new()
    } else if is_called(app, ctx, new, &address(new).replace('@', " ")).await {
        address(new).to_owned()
    } else {
        short(address(new))
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
    let ticket = ticket
        .with_typed_name(clinic.locale, named)
        .with_typed(clinic.locale, &typed);
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
