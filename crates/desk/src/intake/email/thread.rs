//! Which ticket a mail belongs to.
//!
//! A mail joins a ticket only through a reply address or a Message-ID that this desk signed, and only when it comes from
//! the ticket's own contact. What was signed but sent on to somebody else opens a new ticket, linked for a person to
//! merge; what was not signed says nothing at all.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, TicketId};
use crate::tickets::{self, model::Ticket};
use crate::timeline::Doubt;
use bedside_codecs::mail::address::Address;
use bedside_codecs::mail::threading::{OwnMessage, ReplyToken};
use bedside_codecs::mail::{AutoKind, ParsedMail, Verdict};

/// Addresses and Message-IDs of a mail that are looked at; an honest mail has a few.
const LOOKED_AT: usize = 20;
/// Tickets that are looked up for the sake of one mail.
const LOOKED_UP: usize = 3;

/// Where a mail goes.
#[derive(Debug)]
pub(super) enum Place {
    /// Onto this ticket.
    Joins(Box<Ticket>),
    /// Into a new ticket, linked to one it answers.
    Beside(Box<Ticket>),
    /// Into a new ticket.
    Alone,
}

/// Why nobody knows that a mail is from the author it names, `from`; none when the receiving server says that it is.
/// DMARC alone says so of itself; without it a good signature of the author's own domain does. Several authors are always
/// a reason to doubt, and without a server to trust nothing is shown.
pub(super) fn doubt(mail: &ParsedMail, from: &Address, authserv_id: Option<&str>) -> Option<Doubt> {
    if mail.several_authors {
        return Some(Doubt::Failed);
    }
    let Some(id) = authserv_id.filter(|id| !id.trim().is_empty()) else {
        return Some(Doubt::Unchecked);
    };
    let found = mail.authentication(id);
    match found.dmarc {
        Verdict::Pass => None,
        Verdict::Fail => Some(Doubt::Failed),
        Verdict::Unknown | Verdict::None | Verdict::Error => {
            let signed = |domain: &String| domain.eq_ignore_ascii_case(from.domain());
            // A forwarder breaks SPF and leaves the author's signature whole.
            if found.dkim_domains.iter().any(signed) {
                None
            } else if found.spf == Verdict::Fail || found.dkim == Verdict::Fail {
                Some(Doubt::Failed)
            } else {
                Some(Doubt::Unproven)
            }
        }
    }
}

/// Finds the mail's place. `rcpts` are recipients that the receiver saw, `sender` is the contact with the address in
/// From, `doubtful` whether the receiving server says that it may be somebody else, `auto` who wrote it.
pub(super) async fn place(
    app: &App,
    organisation: OrganisationId,
    mail: &ParsedMail,
    rcpts: &[String],
    sender: Option<ContactId>,
    (doubtful, auto): (bool, AutoKind),
) -> Result<Place, DeskError> {
    let Some(ticket) = answered(app, organisation, mail, rcpts, sender).await? else {
        return Ok(Place::Alone);
    };
    // What a machine answers by itself is no new request, whenever it comes; programs mark it in three ways.
    let by_machine = matches!(
        auto,
        AutoKind::Reply | AutoKind::Generated | AutoKind::Bounce
    );
    let goes_on = sender.is_some_and(|sender| {
        ticket.takes_words_of(sender) || (by_machine && ticket.contact == sender)
    });
    Ok(if goes_on && !doubtful {
        Place::Joins(Box::new(ticket))
    } else {
        Place::Beside(Box::new(ticket))
    })
}

/// The ticket that a signature in the mail names, with merges followed.
async fn answered(
    app: &App,
    organisation: OrganisationId,
    mail: &ParsedMail,
    rcpts: &[String],
    sender: Option<ContactId>,
) -> Result<Option<Ticket>, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let mac = |parts: &[&[u8]]| vault.threading.sign(parts);
    let addresses = rcpts
        .iter()
        .map(String::as_str)
        .chain(mail.delivered_to.iter().map(String::as_str))
        .chain(
            mail.to
                .iter()
                .chain(&mail.cc)
                .map(|mailbox| mailbox.address.as_str()),
        );
    let tokens = addresses.take(LOOKED_AT).filter_map(ReplyToken::find);
    for token in tokens.take(LOOKED_UP) {
        let own = sender.and_then(|sender| token.verify(&sender.bytes(), &mac));
        let claimed = TicketId::from_bytes(own.unwrap_or(token.claimed_ticket()));
        let Some(contact) = tickets::contact_of(app, organisation, claimed).await? else {
            continue;
        };
        if own.is_some() || token.verify(&contact.bytes(), &mac).is_some() {
            return found(app, organisation, claimed).await;
        }
    }
    let domain = app.config.mail_domain();
    let ids = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    for id in ids.take(LOOKED_AT) {
        if let Some(own) = OwnMessage::verify(id, &domain, &mac)
            && let Some(ticket) = found(app, organisation, TicketId::from_bytes(own.ticket)).await?
        {
            return Ok(Some(ticket));
        }
    }
    Ok(None)
}

async fn found(
    app: &App,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Option<Ticket>, DeskError> {
    match tickets::row_for(app, organisation, id).await {
        Ok(ticket) => Ok(Some(ticket)),
        Err(DeskError::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
