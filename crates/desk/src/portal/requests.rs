//! One's own requests: which there are, reading one, and opening one.

use crate::app::App;
use crate::context::{Ctx, Patient};
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId, TicketId};
use crate::links::{SignedInAs, Visit};
use crate::orgs::Clinic;
use crate::patients::{self, Requester};
use crate::records::{self, Class, Level, needs};
use crate::tickets::{self, NewTicket, Status, model::Ticket};
use bedside_db::Timestamp;

/// Requests that the list shows at most, the newest.
const MOST: i64 = 50;

/// Why a request of one's own is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// It is about somebody, and the address is not long enough on file.
    Level,
    /// It is about somebody for whom they may not hear such things.
    Scope,
}

/// Whether a request of whoever is in is shown to them now, where `about` is whom it is about and `class` what such requests
/// usually hold. [`DeskError::NotFound`] for one of somebody else than whom they are in as.
pub fn opens(
    me: &Patient,
    about: Option<PatientId>,
    class: Class,
) -> Result<Option<Shut>, DeskError> {
    let Some(patient) = about else {
        // Words of nobody yet are those of whoever wrote them.
        return if me.acting.is_none() {
            Ok(None)
        } else {
            Err(DeskError::NotFound)
        };
    };
    if me.patient() != Some(patient) {
        return Err(DeskError::NotFound);
    }
    let Some(group) = class.group() else {
        return Ok(None);
    };
    if !me.scope.has(group) {
        return Ok(Some(Shut::Scope));
    }
    let needed = needs(group, false).min(Level::L2);
    Ok((me.level < needed).then_some(Shut::Level))
}

/// A request of one's own.
struct Own {
    /// Where it is now, with merges followed. That may be a request of somebody else who writes for the same patient: then
    /// they see of it what they would see behind their link ([`crate::links::thread_view`]).
    ticket: Ticket,
    /// The request as they wrote it, where it went into that of somebody else.
    written: Option<Ticket>,
}

/// [`DeskError::NotFound`] for a request that somebody else wrote.
async fn own_of(
    app: &App,
    organisation: OrganisationId,
    me: &Patient,
    id: TicketId,
) -> Result<Own, DeskError> {
    let ticket = tickets::row_for(app, organisation, id).await?;
    let mut written = None;
    if ticket.contact != me.contact {
        let own = tickets::row_itself(app, organisation, id).await?;
        if own.contact != me.contact {
            return Err(DeskError::NotFound);
        }
        written = Some(own);
    }
    Ok(Own { ticket, written })
}

fn opened(me: &Patient, clinic: &Clinic, ticket: &Ticket) -> Result<Option<Shut>, DeskError> {
    let class = Class::usual(&ticket.category, clinic.is_clinical(&ticket.category));
    opens(me, ticket.patient, class)
}

/// A request in the list.
#[derive(Clone, Debug)]
pub struct Mine {
    /// Its id.
    pub id: TicketId,
    /// Its number.
    pub number: i64,
    /// Its subject; none where it is not opened.
    pub subject: Option<String>,
    /// Why it is not.
    pub shut: Option<Shut>,
    /// Where it stands.
    pub status: Status,
    /// When an answer is due, where one is awaited.
    pub due: Option<Timestamp>,
    /// Whether one is awaited.
    pub waits: bool,
    /// When something was last said.
    pub last_at: Timestamp,
}

/// One's own requests as whom one is in, the newest first.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<Mine>, DeskError> {
    let (me, organisation) = (ctx.signed_in()?, ctx.organisation);
    let clinic = app.directory.of(organisation)?;
    records::open_own(app, ctx, "ticket.list", "contact", me.contact).await?;
    let mut found: Vec<Mine> = Vec::new();
    for id in tickets::newest_of(app, organisation, me.contact, MOST).await? {
        let Own { ticket, written } = own_of(app, organisation, &me, id).await?;
        if found.iter().any(|one| one.number == ticket.number) {
            continue;
        }
        let shut = match opened(&me, &clinic, &ticket) {
            Err(DeskError::NotFound) => continue,
            shut => shut?,
        };
        let own = written.as_ref().unwrap_or(&ticket);
        let subject = match shut {
            None => Some(tickets::subject_for(app, organisation, own.id).await?),
            Some(_) => None,
        };
        let waits = ticket.status.is_active() && ticket.waiting_since.is_some();
        found.push(Mine {
            id: own.id,
            number: ticket.number,
            subject,
            shut,
            status: ticket.status,
            due: (ticket.clocks.first_response)
                .filter(|_| ticket.first_responded_at.is_none())
                .or(ticket.clocks.next_response),
            // What others are answered, and when they wrote, is theirs.
            waits: waits && written.is_none(),
            last_at: own.last_message_at,
        });
    }
    Ok(found)
}

/// A request of one's own, to be read and written in as behind a link; why not, where it is not opened now.
/// [`DeskError::NotFound`] for any other.
pub async fn visit(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
) -> Result<Result<Visit, Shut>, DeskError> {
    let me = ctx.signed_in()?;
    let clinic = app.directory.of(ctx.organisation)?;
    let found = own_of(app, ctx.organisation, &me, ticket).await?.ticket;
    if let Some(shut) = opened(&me, &clinic, &found)? {
        return Ok(Err(shut));
    }
    Ok(Ok(Visit {
        ctx: ctx.clone(),
        ticket: found.id,
        made_for: ticket,
        contact: me.contact,
        signed_in: as_whom(&me),
    }))
}

/// As whom what somebody writes counts who is in.
pub fn as_whom(me: &Patient) -> Option<SignedInAs> {
    Some(SignedInAs {
        patient: me.patient()?,
        level: me.level,
        acting: me.acting.is_some(),
    })
}

/// Whoever is in as a requester: for themselves, or for whom they act.
pub async fn requester(app: &App, ctx: &Ctx) -> Result<Requester, DeskError> {
    let me = ctx.signed_in()?;
    let organisation = ctx.organisation;
    let own = patients::requester_of_contact(app, organisation, me.contact).await?;
    match me.acting {
        Some(patient) => own.for_patient(app, organisation, patient).await,
        // Whom an address stands for who is somebody else is not whom they write as.
        None if me.own.is_none() => own.without_patient(app, organisation).await,
        None => Ok(own),
    }
}

/// Opens a request of one's own, and keeps with it what it shows that one is in.
pub async fn open(app: &App, ctx: &Ctx, mut new: NewTicket) -> Result<TicketId, DeskError> {
    let me = ctx.signed_in()?;
    new.also = crate::links::shown_by(me.contact, as_whom(&me));
    Ok(tickets::create(app, ctx, new).await?.id)
}
