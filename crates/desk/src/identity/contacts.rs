//! A patient's addresses change: who may, what it takes away, and that the old address hears of it.

use super::locks::Subjects;
use super::model::{Group, Level, Reason, Told, reaches};
use super::reviews::{row_of, words};
use super::seen::{admitted_in, agent, at_least, chosen, told};
use super::signs::raised;
use super::store::{self, ReviewRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{ContactId, PatientId, StaffId, TicketId};
use crate::patients::{self, ContactPatch, Ground, OnFile, PointKind, Reach, ReachedBy};
use crate::records::{Label, Scope, restricted};
use crate::representatives;
use crate::staff::{self, What};
use crate::tickets::model::Ticket;
use crate::work::Work;
use crate::{outbound, tickets};
use serde_json::json;

/// What an address may be changed on: asked again inside the command.
pub(crate) struct AddressLeave {
    ticket: TicketId,
    contact: ContactId,
    patient: PatientId,
    /// It is done without the level for it; somebody else looks at it.
    forced: Option<ReviewRow>,
    /// Whether there is a red flag, which asks for more.
    raised: bool,
}

/// What was there before an address changed.
pub(crate) struct Before {
    ticket: Ticket,
    points: Vec<OnFile>,
}

/// What is said to whoever brings another address to a patient and names no ground.
pub(crate) const fn no_ground() -> DeskError {
    DeskError::Conflict {
        code: "verification_needed",
        text: "A patient's addresses change in a conversation in which they were verified, or with a reason.",
    }
}

/// Looks at the ground on which an address of somebody who stands for `patient` is to be changed.
/// [`DeskError::Conflict`] with `verification_needed` when there is none.
pub(crate) async fn ground(
    app: &App,
    ctx: &Ctx,
    (contact, patient): (ContactId, PatientId),
    ground: Option<Ground>,
) -> Result<AddressLeave, DeskError> {
    let ground = ground.ok_or_else(no_ground)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ground.conversation).await?;
    let raised = ground.words.is_none() && raised(app, ctx, &ticket).await?;
    let forced = match ground.words {
        None => None,
        Some(why) => {
            // Who may be asked about it later is a person.
            let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
            let why = words("words", &why)?;
            let reason = (Reason::AddressChange, why.as_str());
            Some(row_of(app, organisation, ticket.id, reason, by).await?)
        }
    };
    Ok(AddressLeave {
        ticket: ticket.id,
        contact,
        patient,
        forced,
        raised,
    })
}

/// Refuses what is outside of what whoever asks may do for the patient.
pub(crate) fn within(scope: Scope, group: Group) -> Result<(), DeskError> {
    if scope.has(group) {
        return Ok(());
    }
    Err(DeskError::Conflict {
        code: "outside_scope",
        text: "Whoever asks acts for the patient, and not for this.",
    })
}

/// Ends whatever a contact has shown, in all of their conversations, in the caller's command.
pub(crate) async fn end_shown(work: &mut Work<'_>, contact: ContactId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::end_of_contact(work, organisation, contact, now).await
}

/// Refuses unless whoever asks in a held ticket is verified as `patient` to the third level; with a red flag, by a call
/// back and a second person. Nothing goes on while they are locked. Gives back on whose word of the staff that rests.
pub(crate) async fn at_the_third(
    work: &mut Work<'_>,
    ticket: &Ticket,
    patient: PatientId,
    raised: bool,
) -> Result<Vec<StaffId>, DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    Subjects::with_patient(&app, organisation, ticket, patient)?
        .open(work)
        .await?;
    stand_third(work, ticket, patient, raised).await
}

async fn stand_third(
    work: &mut Work<'_>,
    ticket: &Ticket,
    patient: PatientId,
    raised: bool,
) -> Result<Vec<StaffId>, DeskError> {
    let (app, ctx, now) = (work.app.clone(), work.ctx.clone(), work.now);
    let (_, standing) = admitted_in(&app, work, &ctx, ticket, now).await?;
    let known = at_least(&standing, Level::L3)?;
    if !reaches(&standing, Group::Contact, raised) {
        return Err(DeskError::Conflict {
            code: "both_needed",
            text: "Something here asks for both: a call back, and a second person.",
        });
    }
    if known != patient {
        return Err(DeskError::Conflict {
            code: "verification_needed",
            text: "Somebody else was verified in this conversation.",
        });
    }
    Ok(standing.makers)
}

/// The same in the command that changes the address, before it does.
pub(crate) async fn may_change_address(
    work: &mut Work<'_>,
    leave: &AddressLeave,
) -> Result<Before, DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let ticket = tickets::held(work, leave.ticket).await?;
    // Whoever comes in with an ID waits until the lock is over: a reason can be talked out of an agent.
    Subjects::with_patient(&app, organisation, &ticket, leave.patient)?
        .open(work)
        .await?;
    if leave.forced.is_none() {
        stand_third(work, &ticket, leave.patient, leave.raised).await?;
        let whose = (ticket.contact, leave.patient);
        let scope = representatives::scope_of(&app, work, organisation, whose, now).await?;
        within(scope, Group::Contact)?;
    } else if ticket.patient != Some(leave.patient) && ticket.contact != leave.contact {
        return Err(DeskError::Conflict {
            code: "other_person",
            text: "This conversation is about somebody else.",
        });
    }
    let points = patients::on_file(&app, work, organisation, leave.patient).await?;
    Ok(Before { ticket, points })
}

/// Tells the mail addresses of `changed` that were on file before, the one that was taken away among them; and those of
/// the others who stand for this patient, but for a young person who asks for care of their own. Of a patient who is reached in
/// one way only, nobody hears but whoever is reached there. Where that is by no mail, the conversation says that the patient is to
/// be called or written to, and so does what is given back, the reason for whoever looks afterwards.
async fn tell_before(
    work: &mut Work<'_>,
    ticket: &Ticket,
    (changed, patient): (ContactId, PatientId),
    points: &[OnFile],
) -> Result<Option<Reason>, DeskError> {
    let organisation = work.ctx.organisation;
    let about = restricted::about_patient(work, organisation, patient).await?;
    let alone = about.is_some_and(|about| about.labels.has(Label::Adolescent));
    let bound = patients::chosen_way(work, organisation, patient).await?;
    let (mut mailed, mut called) = (false, false);
    for point in points {
        let hears = match &bound {
            Some(_) => point.reach == Reach::Chosen,
            None => point.contact == changed || !alone,
        };
        if hears && point.kind == PointKind::Email.code() {
            let address = point.value.clone();
            outbound::tell_address_changed(work, ticket, (patient, address)).await?;
            mailed = true;
        } else if hears {
            called = true;
        }
    }
    let by_post = bound.is_some_and(|chosen| chosen.by == ReachedBy::Post);
    let (what, reason) = match (mailed, by_post, called) {
        (false, true, _) => (Told::AddressToWrite, Reason::AddressChangeWrite),
        (false, false, true) => (Told::AddressToCall, Reason::AddressChangeCall),
        // Somebody was told, or nothing was on file at which anybody could be.
        (true, ..) | (false, false, false) => return Ok(None),
    };
    told(work, ticket.id, what);
    Ok(Some(reason))
}

/// A contact came to a patient or left them: its addresses became theirs, or are theirs no more. What was shown about the
/// patient counts no more, and `points`, which were on file before, hear of it. A mail is of a request: where neither the
/// contact nor anybody who stands for the patient ever had one, there is none.
pub(crate) async fn contact_moved(
    work: &mut Work<'_>,
    contact: ContactId,
    patient: PatientId,
    points: &[OnFile],
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::end_of_patient(work, organisation, patient, now).await?;
    let whose = points.iter().map(|point| point.contact);
    for one in whose.chain([contact]) {
        if let Some(ticket) = tickets::newest_row(work, organisation, one).await? {
            tell_before(work, &ticket, (contact, patient), points).await?;
            break;
        }
    }
    Ok(())
}

/// An address was changed: what was shown about the patient counts no more, and the addresses that were on file hear of it.
pub(crate) async fn address_changed(
    work: &mut Work<'_>,
    mut leave: AddressLeave,
    before: &Before,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::end_of_patient(work, organisation, leave.patient, now).await?;
    let whose = (leave.contact, leave.patient);
    let untold = tell_before(work, &before.ticket, whose, &before.points).await?;
    if let (Some(row), Some(reason)) = (&mut leave.forced, untold) {
        reason.code().clone_into(&mut row.reason);
    }
    came_on_ground(work, &leave).await
}

/// Says in the conversation, and to whoever looks afterwards, on what ground an address came to a patient or left them.
pub(crate) async fn came_on_ground(
    work: &mut Work<'_>,
    leave: &AddressLeave,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let what = match &leave.forced {
        None => Told::AddressChanged,
        Some(row) => {
            store::insert_review(work, organisation, row).await?;
            staff::tell_all(work, Permission::ExceptionsReview, row.by, What::PastRules).await?;
            Told::AddressForced
        }
    };
    told(work, leave.ticket, what);
    work.audit(
        NewEntry::new("identity.address", "ticket", leave.ticket)
            .purpose("treatment")
            .detail(&json!({ "contact": leave.contact, "forced": leave.forced.is_some() })),
    );
    Ok(())
}

/// Another address of a patient, as an agent asks for it on the page of the conversation.
#[derive(Clone, Default)]
pub struct NewAddress {
    /// In place of which one; empty to add one more.
    pub instead_of: String,
    /// `email` or `phone`.
    pub kind: String,
    /// The address.
    pub value: String,
    /// Why it is done without the level for it; empty with it.
    pub words: String,
}

/// Changes or adds an address of the patient who is verified in this conversation.
pub async fn change_address(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    new: NewAddress,
) -> Result<(), DeskError> {
    agent(ctx)?;
    ctx.authorize(Permission::PatientsWrite)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    let kind = match new.kind.as_str() {
        "phone" => PointKind::Phone,
        "email" => PointKind::Email,
        _ => return Err(DeskError::invalid("kind", "required", "Choose one.")),
    };
    let (contact, remove) = {
        let (mut conn, now) = (app.read().await?, app.now());
        let (_, standing) = admitted_in(app, &mut conn, ctx, &ticket, now).await?;
        let patient = at_least(&standing, Level::L1)?;
        if new.instead_of.is_empty() {
            let points = patients::on_file(app, &mut conn, organisation, patient).await?;
            // One more address goes to whoever of them asks, or else to the first.
            let own = points.iter().find(|point| point.contact == ticket.contact);
            let whose = own.or(points.first()).map(|point| point.contact);
            let none = DeskError::Conflict {
                code: "no_contact",
                text: "This patient has no contact to add an address to.",
            };
            (whose.ok_or(none)?, Vec::new())
        } else {
            let about = (ticket.id, patient);
            let point = chosen(app, &mut conn, organisation, about, &new.instead_of).await?;
            let old = if point.kind == PointKind::Phone.code() {
                PointKind::Phone
            } else {
                PointKind::Email
            };
            (point.contact, vec![(old, point.value)])
        }
    };
    let version = {
        let mut conn = app.read().await?;
        patients::open_contact(app, &mut conn, organisation, contact)
            .await?
            .version
    };
    let patch = ContactPatch {
        add: vec![(kind, new.value)],
        remove,
        ground: Some(Ground {
            conversation: ticket.id,
            words: Some(new.words).filter(|words| !words.trim().is_empty()),
        }),
        ..ContactPatch::default()
    };
    patients::change_contact(app, ctx, contact, version, patch)
        .await
        .map(drop)
}
