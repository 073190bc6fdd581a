//! What it shows to write from the patients' own pages.

use super::model::{Level, Method, SIGNED_IN_LASTS, Told};
use super::seen::{keep_for, told};
use super::store::{self, Place};
use crate::audit_log::NewEntry;
use crate::error::DeskError;
use crate::ids::{ContactId, PatientId, TicketId};
use crate::patients;
use crate::work::Work;

/// Keeps, in the command that keeps their words, that whoever wrote them was signed in at this level, as this patient or for
/// them. What they may hear is decided as for everybody else, from it and from what they may do for the patient.
pub(crate) async fn wrote_signed_in(
    work: &mut Work<'_>,
    (ticket, contact): (TicketId, ContactId),
    (patient, level): (PatientId, Level),
) -> Result<(), DeskError> {
    let method = match level {
        Level::L0 => return Ok(()),
        Level::L1 => Method::SignedInNew,
        Level::L2 | Level::L3 => Method::SignedIn,
    };
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let place = Place {
        ticket,
        contact,
        attested: patients::addresses_mark(&app, work, organisation, contact).await?,
    };
    keep_for(work, &place, (method, SIGNED_IN_LASTS), Some(patient), None).await?;
    told(work, ticket, Told::SignedIn);
    work.audit(NewEntry::new("identity.signed_in", "ticket", ticket).purpose("access"));
    Ok(())
}

/// Ends what a contact has shown in any conversation: somebody else may have been in as them.
pub(crate) async fn end_shown_by(work: &mut Work<'_>, contact: ContactId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::end_of_contact(work, organisation, contact, now).await
}
