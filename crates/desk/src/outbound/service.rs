//! Queuing mail, in the command that gives rise to it.

use super::model::{Content, GIVE_UP_HOURS, Kind, SendMail};
use super::store::{self, NewRow};
use crate::error::DeskError;
use crate::ids::{ContactId, MessageId, OutboundMailId, PatientId, StaffId, TicketId};
use crate::patients::{self, Requester};
use crate::records::{self, LetOut, Sealing};
use crate::staff;
use crate::surveys;
use crate::tickets::model::{Ticket, Urgency};
use crate::work::Work;
use bedside_codecs::mail::threading;
use bedside_db::Timestamp;
use bedside_language::Language;

/// Tells the requester that the request came in: at most once in 24 hours an address, and never a word of theirs.
/// `language` is the one they wrote in, where that is known.
pub async fn acknowledge(
    work: &mut Work<'_>,
    ticket: &Ticket,
    requester: &Requester,
    language: Option<Language>,
) -> Result<(), DeskError> {
    let Some((address, blind)) = &requester.email else {
        return Ok(());
    };
    let acknowledged = !patients::take_acknowledgement(work, blind).await?;
    // Someone in danger hears where to call at once, whether they were acknowledged today or not.
    let kind = if ticket.urgency == Urgency::Emergency {
        if !patients::take_warning(work, blind).await? {
            return Ok(());
        }
        Kind::Emergency
    } else if acknowledged {
        return Ok(());
    } else {
        Kind::Acknowledgement
    };
    // No name: whoever writes in somebody else's name chose it, and this mail may go to somebody who never wrote.
    let to = To {
        address: address.clone(),
        name: None,
    };
    let about = About {
        language,
        ..About::new(kind)
    };
    queue(work, ticket, about, &requester.sealing, to).await
}

/// Tells somebody where to call at once, when a ticket that exists turns out to be about danger. `language` is the one
/// they wrote in, where that is known. The `first` time the ticket does so they hear it whatever they were told before;
/// later at most once in six hours, as new requests do.
pub async fn warn(
    work: &mut Work<'_>,
    ticket: &Ticket,
    language: Option<Language>,
    first: bool,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let contact = patients::open_contact(&app, work, organisation, ticket.contact).await?;
    let Some(address) = patients::mail_to(&app, work, organisation, &contact).await? else {
        return Ok(());
    };
    let blind = patients::email_blind(&app, organisation, &address)?;
    if !patients::take_warning(work, &blind).await? && !first {
        return Ok(());
    }
    let about = About {
        language,
        ..About::new(Kind::Emergency)
    };
    to_patient(work, ticket, about).await.map(drop)
}

/// Mails a fresh link to the thread to `contact`, who asked for it.
pub async fn send_link(
    work: &mut Work<'_>,
    ticket: &Ticket,
    contact: ContactId,
) -> Result<(), DeskError> {
    let mut of_contact = ticket.clone();
    of_contact.contact = contact;
    to_patient(work, &of_contact, About::new(Kind::Link))
        .await
        .map(drop)
}

/// Sends an answer, which `leave` lets out, once the clinic's undo window is over; `false` when there is no address to send it to.
pub async fn send_reply(
    work: &mut Work<'_>,
    ticket: &Ticket,
    message: MessageId,
    leave: LetOut,
) -> Result<bool, DeskError> {
    let about = About {
        message: Some(message),
        behind_link: !leave.class().fits_mail(),
        ..About::new(Kind::Reply)
    };
    to_patient(work, ticket, about).await
}

/// Sends a letter that the clinic has to write, which `leave` lets out: its words stay behind a link. `false` when there is no
/// address to send it to.
pub async fn send_letter(
    work: &mut Work<'_>,
    ticket: &Ticket,
    message: MessageId,
    leave: LetOut,
) -> Result<bool, DeskError> {
    debug_assert!(leave.class().group().is_none(), "a letter answers nobody");
    let about = About {
        message: Some(message),
        behind_link: true,
        ..About::new(Kind::Reply)
    };
    to_patient(work, ticket, about).await
}

/// Asks how it went, where the clinic wants that. Nobody is asked after a crisis.
pub async fn ask_rating(work: &mut Work<'_>, ticket: &Ticket) -> Result<(), DeskError> {
    let clinic = work.app.directory.of(work.ctx.organisation)?;
    if !clinic.settings.ask_rating || surveys::is_crisis(ticket) {
        return Ok(());
    }
    to_patient(work, ticket, About::new(Kind::Rating))
        .await
        .map(drop)
}

/// Tells a colleague that an answer did not arrive: a link to the request and nothing else.
pub(super) async fn tell_colleague(
    work: &mut Work<'_>,
    ticket: &Ticket,
    colleague: StaffId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let Some(address) = staff::address_of(work, organisation, colleague).await? else {
        return Ok(());
    };
    let app = work.app.clone();
    let sealing = records::sealing(&app, work, organisation, ticket.key).await?;
    let to = To {
        address,
        name: None,
    };
    queue(work, ticket, About::new(Kind::Undelivered), &sealing, to).await
}

/// Mails a one-time code, which works until then, to an address on file of the patient whom `ticket` may be about.
pub async fn send_code(
    work: &mut Work<'_>,
    ticket: &Ticket,
    (patient, address): (PatientId, String),
    code: (String, Timestamp),
) -> Result<(), DeskError> {
    let about = About {
        code: Some(code),
        whose: Some(patient),
        ..About::new(Kind::Code)
    };
    to_address(work, ticket, about, address).await
}

/// Tells an address that was on file that another one of the patient's was changed or added.
pub async fn tell_address_changed(
    work: &mut Work<'_>,
    ticket: &Ticket,
    (patient, address): (PatientId, String),
) -> Result<(), DeskError> {
    let about = About {
        whose: Some(patient),
        ..About::new(Kind::AddressChanged)
    };
    to_address(work, ticket, about, address).await
}

/// Queues a mail that names nobody to an address that need not be the requester's.
async fn to_address(
    work: &mut Work<'_>,
    ticket: &Ticket,
    about: About,
    address: String,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let sealing = records::sealing(&app, work, organisation, ticket.key).await?;
    let to = To {
        address,
        name: None,
    };
    queue(work, ticket, about, &sealing, to).await
}

/// Takes an answer back before its undo window is over.
pub async fn cancel(work: &mut Work<'_>, message: MessageId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    if store::cancel(work, organisation, message, now).await? {
        return Ok(());
    }
    Err(DeskError::Conflict {
        code: "sent",
        text: "This answer is already on its way.",
    })
}

/// Follows messages that were split off into a ticket of their own, in the command that does so.
pub async fn messages_moved(
    work: &mut Work<'_>,
    messages: &[MessageId],
    to: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for message in messages {
        store::move_message(work, organisation, *message, to).await?;
    }
    Ok(())
}

/// To whom a mail goes; frozen when it is queued.
struct To {
    address: String,
    name: Option<String>,
}

/// What a mail is for.
struct About {
    kind: Kind,
    message: Option<MessageId>,
    /// Whether its words are too much for mail, whatever anybody wishes.
    behind_link: bool,
    /// The language of what it answers.
    language: Option<Language>,
    /// The one-time code in it, and until when it works.
    code: Option<(String, Timestamp)>,
    /// Whose address it goes to, where it need not be the requester's.
    whose: Option<PatientId>,
}

impl About {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            message: None,
            behind_link: false,
            language: None,
            code: None,
            whose: None,
        }
    }
}

/// Queues a mail to the ticket's contact; `false` when they have no mail address.
async fn to_patient(work: &mut Work<'_>, ticket: &Ticket, about: About) -> Result<bool, DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let contact = patients::open_contact(&app, work, organisation, ticket.contact).await?;
    let Some(address) = patients::mail_to(&app, work, organisation, &contact).await? else {
        return Ok(false);
    };
    let sealing = records::sealing(&app, work, organisation, ticket.key).await?;
    let to = To {
        address,
        name: contact.name,
    };
    queue(work, ticket, about, &sealing, to).await?;
    Ok(true)
}

async fn queue(
    work: &mut Work<'_>,
    ticket: &Ticket,
    about: About,
    sealing: &Sealing,
    to: To,
) -> Result<(), DeskError> {
    let About {
        kind,
        message,
        behind_link,
        language,
        code,
        whose,
    } = about;
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let clinic = app.directory.of(organisation)?;
    // What a person set off can be taken back for a while.
    let wait_seconds = match kind {
        Kind::Reply | Kind::Rating => clinic.settings.undo_seconds,
        Kind::Acknowledgement
        | Kind::Emergency
        | Kind::Link
        | Kind::Undelivered
        | Kind::Code
        | Kind::AddressChanged => 0,
    };
    let id: OutboundMailId = app.ids.make(now);
    let (contact, patient) = (ticket.contact, ticket.patient);
    let secure_link =
        behind_link || patients::wants_links(&app, work, organisation, contact, patient).await?;
    let content = serde_json::to_string(&Content {
        to: to.address,
        to_name: to.name,
        secure_link,
        link: None,
        link_ends: None,
        code,
        language,
    })?;
    let vault = app.keyring.of(organisation)?;
    let own = threading::OwnMessage {
        ticket: ticket.id.bytes(),
        message: id.bytes(),
    };
    let header_id = own.message_id(&app.config.mail_domain(), &|parts| {
        vault.threading.sign(parts)
    });
    let row = NewRow {
        id,
        ticket: ticket.id,
        message,
        mailbox: ticket.mailbox,
        kind,
        key: sealing.id,
        content: &sealing.text("outbound_mails", "content", id, &content),
        header_id: &header_id,
        whose,
        send_after: now.plus_seconds(wait_seconds),
        give_up_at: now.plus_seconds(wait_seconds + GIVE_UP_HOURS * 3600),
        now,
    };
    store::insert(work, organisation, &row).await?;
    work.enqueue(&SendMail { mail: id }, None, row.send_after)
        .await
}
