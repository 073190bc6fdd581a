//! Mails that a person should know of: those that came back, were given up, or wait for something.

use super::model::{GIVE_UP_HOURS, Kind, SendMail, State, TroubledMail, code};
use super::service;
use super::store::{self, MailRow, Place};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, OutboundMailId, TicketId};
use crate::mailboxes;
use crate::tickets::Lost;
use crate::timeline::{self, MessageState};
use crate::work::Work;
use crate::{patients, records, staff, tickets};
use bedside_codecs::mail::threading::OwnMessage;
use futures_util::FutureExt;
use uuid::Uuid;

/// Mails on one page.
const PAGE: i64 = 50;
/// Mails that one command takes up again.
const BATCH: i64 = 100;

/// A page of mails that a person should know of.
pub struct Troubled {
    /// Newest first, at most 50.
    pub mails: Vec<TroubledMail>,
    /// Before which mail the next page begins; none on the last one.
    pub next: Option<OutboundMailId>,
}

/// Mails a person should know of, newest first, those before `cursor`.
pub async fn troubled(
    app: &App,
    ctx: &Ctx,
    cursor: Option<OutboundMailId>,
) -> Result<Troubled, DeskError> {
    ctx.authorize(Permission::SettingsRead)?;
    let before = cursor.unwrap_or(OutboundMailId::from_uuid(Uuid::max()));
    let mut rows = {
        let mut conn = app.read().await?;
        store::troubled(&mut conn, ctx.organisation, before, PAGE + 1).await?
    };
    let more = i64::try_from(rows.len()).is_ok_and(|count| count > PAGE);
    if more {
        rows.pop();
    }
    let next = rows.last().map(|row| row.id).filter(|_| more);
    let mut mails = Vec::with_capacity(rows.len());
    for row in rows {
        let ticket = tickets::row_for(app, ctx.organisation, row.ticket).await?;
        mails.push(TroubledMail {
            id: row.id,
            ticket: ticket.id,
            number: ticket.number,
            kind: row.kind,
            state: row.state,
            code: row.response.unwrap_or_default(),
            attempts: row.attempts,
            created_at: row.created_at,
            state_at: row.state_at,
            give_up_at: row.give_up_at,
        });
    }
    Ok(Troubled { mails, next })
}

/// Whether there is any such mail, for the way to them.
pub async fn any_troubled(app: &App, ctx: &Ctx) -> Result<bool, DeskError> {
    ctx.authorize(Permission::SettingsRead)?;
    let before = OutboundMailId::from_uuid(Uuid::max());
    let some = store::troubled(&mut app.read().await?, ctx.organisation, before, 1).await?;
    Ok(!some.is_empty())
}

/// Tries a mail again that was given up or came back, for another 72 hours.
pub async fn try_again(app: &App, ctx: &Ctx, id: OutboundMailId) -> Result<(), DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let mail = store::one(work, organisation, id)
                .await?
                .ok_or(DeskError::NotFound)?;
            if !matches!(mail.state, State::Failed | State::Bounced) {
                return Err(DeskError::Conflict {
                    code: "not_failed",
                    text: "This mail did not fail.",
                });
            }
            work.audit(NewEntry::new("mail.retry", "outbound_mail", id));
            take_up(work, &mail).await?;
            if let Some(message) = mail.message {
                let ticket = current(work, &mail).await?;
                timeline::set_state(work, ticket, message, MessageState::Queued).await?;
                on_its_way(work, ticket, "staff").await?;
            } else if mail.kind == Kind::Emergency {
                let ticket = current(work, &mail).await?;
                on_its_way(work, ticket, "contact").await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Takes the mark of what did not arrive off a ticket, unless another of its mails did not arrive either.
async fn on_its_way(
    work: &mut Work<'_>,
    ticket: TicketId,
    by: &'static str,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for id in tickets::with_merged(work, organisation, ticket).await? {
        if store::any_lost(work, organisation, id).await? {
            return Ok(());
        }
    }
    tickets::under_way(work, ticket, by).await
}

/// Takes a mail that failed off the list of those a person should know of: somebody saw to it. It stays what it is.
pub async fn handled(app: &App, ctx: &Ctx, id: OutboundMailId) -> Result<(), DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            store::one(work, organisation, id)
                .await?
                .ok_or(DeskError::NotFound)?;
            if !store::handled(work, organisation, id).await? {
                return Err(DeskError::Conflict {
                    code: "not_failed",
                    text: "This mail did not fail.",
                });
            }
            work.audit(NewEntry::new("mail.handled", "outbound_mail", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Puts a mail back into the queue.
async fn take_up(work: &mut Work<'_>, mail: &MailRow) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let place = Place {
        state: State::Queued,
        response: None,
        trouble: false,
        uncertain: 0,
    };
    if store::settle(work, organisation, (mail.id, mail.state), &place, now).await? {
        let give_up_at = now.plus_seconds(GIVE_UP_HOURS * 3600);
        store::extend(work, organisation, mail.id, give_up_at.max(mail.give_up_at)).await?;
        work.enqueue(&SendMail { mail: mail.id }, None, now.max(mail.send_after))
            .await?;
    }
    Ok(())
}

/// Takes mails up again that waited for a mailbox, where one is there now.
pub async fn resume(app: &App) -> Result<(), DeskError> {
    for clinic in app.directory.all() {
        resume_of(app, clinic.id).await?;
    }
    Ok(())
}

async fn resume_of(app: &App, organisation: OrganisationId) -> Result<(), DeskError> {
    let waits = async || -> Result<Vec<OutboundMailId>, DeskError> {
        store::stranded(&mut app.read().await?, organisation, BATCH).await
    };
    let mut waiting = waits().await?;
    if waiting.is_empty()
        || mailboxes::sender_for(app, organisation, None)
            .await?
            .is_none()
    {
        return Ok(());
    }
    while !waiting.is_empty() {
        let ctx = Ctx::system(organisation, "outbound", Source::Job);
        app.command(&ctx, move |work| {
            async move {
                work.audit(NewEntry::new("mail.resume", "organisation", organisation));
                for id in waiting {
                    if let Some(mail) = store::one(work, organisation, id).await? {
                        take_up(work, &mail).await?;
                    }
                }
                Ok(())
            }
            .boxed()
        })
        .await?;
        waiting = waits().await?;
    }
    Ok(())
}

/// Holds every mail that waits to be sent until somebody tries it again, and gives back how many. A desk that comes back
/// from a backup can't know which of them went out since.
pub async fn hold(app: &App) -> Result<usize, DeskError> {
    let mut held = 0;
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "outbound", Source::CommandLine);
        loop {
            let waiting = store::queued(&mut app.read().await?, clinic.id, BATCH).await?;
            if waiting.is_empty() {
                break;
            }
            held += waiting.len();
            app.command(&ctx, move |work| {
                async move {
                    for id in waiting {
                        hold_one(work, id).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await?;
        }
    }
    Ok(held)
}

async fn hold_one(work: &mut Work<'_>, id: OutboundMailId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let mail = store::one(work, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let place = Place {
        state: State::Failed,
        response: Some(code::HELD),
        trouble: true,
        uncertain: mail.uncertain,
    };
    store::settle(work, organisation, (id, State::Queued), &place, now).await?;
    let ticket = current(work, &mail).await?;
    // Nobody gets a mail about it: whoever restores a desk is told on the spot.
    if let Some(lost) = lost(work, &mail, ticket, MessageState::Failed).await? {
        tickets::undelivered(work, ticket, lost).await?;
    }
    work.audit(NewEntry::new("mail.hold", "outbound_mail", id));
    Ok(())
}

/// The mail of ours that a Message-ID names; none unless its signature is the organisation's own.
pub fn named(
    app: &App,
    organisation: OrganisationId,
    message_id: &str,
) -> Result<Option<OutboundMailId>, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let mac = |parts: &[&[u8]]| vault.threading.sign(parts);
    let own = OwnMessage::verify(message_id, &app.config.mail_domain(), &mac);
    Ok(own.map(|own| OutboundMailId::from_bytes(own.message)))
}

/// Notes, in the caller's command, that a mail came back for good. `status` is the report's status code (RFC 3463).
/// Gives back the ticket; none when there is no such mail.
pub async fn bounced(
    work: &mut Work<'_>,
    id: OutboundMailId,
    status: &str,
) -> Result<Option<TicketId>, DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let Some(mail) = store::one(work, organisation, id).await? else {
        return Ok(None);
    };
    let ticket = current(work, &mail).await?;
    if !matches!(mail.state, State::Accepted | State::Queued) {
        return Ok(Some(ticket));
    }
    let response = bounce_code(status);
    let place = Place {
        state: State::Bounced,
        response: Some(&response),
        trouble: true,
        uncertain: 0,
    };
    store::settle(work, organisation, (mail.id, mail.state), &place, now).await?;
    let sealing = records::sealing(&app, work, organisation, mail.key).await?;
    let plain = sealing.open_text("outbound_mails", "content", mail.id, &mail.content)?;
    let content: super::Content = serde_json::from_str(&plain)?;
    patients::note_bounce(work, &content.to).await?;
    not_delivered(work, &mail, ticket, MessageState::Bounced).await?;
    work.audit(NewEntry::new("mail.bounced", "outbound_mail", mail.id));
    Ok(Some(ticket))
}

/// An answer, or the warning where to call at once, did not arrive: its message says so, its ticket needs somebody again,
/// and whoever has that hears of it; of a warning where nobody has it, every clinician. Of other mails nobody waits for a
/// person.
pub(super) async fn not_delivered(
    work: &mut Work<'_>,
    mail: &MailRow,
    ticket: TicketId,
    state: MessageState,
) -> Result<(), DeskError> {
    let Some(lost) = lost(work, mail, ticket, state).await? else {
        return Ok(());
    };
    let (ticket, colleague) = tickets::undelivered(work, ticket, lost).await?;
    let colleagues = match colleague {
        None if lost == Lost::Warning => {
            let organisation = work.ctx.organisation;
            staff::clinicians(work, organisation).await?
        }
        colleague => colleague.into_iter().collect(),
    };
    for colleague in colleagues {
        service::tell_colleague(work, &ticket, colleague).await?;
    }
    Ok(())
}

/// What a person has to hear of when this mail does not arrive; the message of an answer gets `state`.
async fn lost(
    work: &mut Work<'_>,
    mail: &MailRow,
    ticket: TicketId,
    state: MessageState,
) -> Result<Option<Lost>, DeskError> {
    match mail.message {
        Some(message) => {
            timeline::set_state(work, ticket, message, state).await?;
            let author = timeline::staff_author(work, ticket, message).await?;
            Ok(Some(Lost::Answer(author)))
        }
        None => Ok((mail.kind == Kind::Emergency).then_some(Lost::Warning)),
    }
}

/// A status from outside as a code of ours: digits and dots alone.
fn bounce_code(status: &str) -> String {
    let status: String = status
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .take(11)
        .collect();
    if status.is_empty() {
        code::BOUNCED.to_owned()
    } else {
        format!("{} {status}", code::BOUNCED)
    }
}

/// The ticket in which a mail's message is now.
async fn current(work: &mut Work<'_>, mail: &MailRow) -> Result<TicketId, DeskError> {
    let organisation = work.ctx.organisation;
    tickets::followed(work, organisation, mail.ticket).await
}
