//! The one way in which a patient asked to be reached, and no other (45 CFR 164.522(b), confidential communications): by one of
//! the addresses on file, or by post.
//!
//! Invariant: whatever picks an address for a patient asks here, by what `ContactView`, `OnFile` and the `Door` of whoever
//! signs in say of it; an address that is [`Reach::Barred`] is written to and called by nobody.

mod store;

use super::model::{ContactView, OnlyBy, PointKind, Reach};
use super::requester::{contacts_of, email_blind};
use super::service::{open_contact, owner_of_address};
use crate::app::App;
use crate::codes::codes;
use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, OrganisationId, PatientId, PrivacyRequestId};
use crate::links;
use crate::records;
use crate::work::Work;
use bedside_db::Conn;

pub use store::ALL as STATEMENTS;

codes! {
    /// By what a patient is reached, and by nothing else.
    ReachedBy {
        /// One mail address.
        Email = "email",
        /// One telephone number.
        Phone = "phone",
        /// Letters to one place.
        Post = "post",
    }
}

/// How a patient is reached, and no other way, as stored.
#[derive(Clone)]
pub(crate) struct Chosen {
    /// By what.
    pub by: ReachedBy,
    /// The address that was chosen, as its blind index; none for post.
    pub blind: Option<Vec<u8>>,
    /// The postal address, sealed.
    pub post: Option<Vec<u8>>,
    /// The request by which it was granted.
    pub request: PrivacyRequestId,
    /// What the postal address is sealed with: the patient's key.
    pub key: DataKeyId,
}

impl Chosen {
    /// Whether this is the address that was chosen.
    fn is(&self, kind: &str, blind: &[u8]) -> bool {
        self.by.code() == kind && self.blind.as_deref() == Some(blind)
    }

    /// What the choice says of an address of somebody who stands for the patient, or is the patient.
    pub(super) fn reach(&self, kind: &str, blind: &[u8], is_patient: bool) -> Reach {
        if self.is(kind, blind) {
            Reach::Chosen
        } else if is_patient {
            Reach::Barred
        } else {
            Reach::Free
        }
    }
}

/// The choice of a patient, where they made one.
pub(crate) async fn chosen_way(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Option<Chosen>, DeskError> {
    store::way(conn, organisation, patient).await
}

/// The choice of the patient for whom a contact stands, and whether the contact is that patient.
pub(super) async fn binding(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, Option<PatientId>),
) -> Result<Option<(Chosen, bool)>, DeskError> {
    let Some(patient) = patient else {
        return Ok(None);
    };
    let Some(chosen) = store::way(conn, organisation, patient).await? else {
        return Ok(None);
    };
    let is_patient = store::is_patient(conn, organisation, contact, patient).await?;
    Ok(Some((chosen, is_patient)))
}

/// What the choice of somebody says of an address of theirs.
pub(super) fn reach_of(binding: Option<&(Chosen, bool)>, kind: &str, blind: &[u8]) -> Reach {
    binding.map_or(Reach::Free, |(chosen, is_patient)| {
        chosen.reach(kind, blind, *is_patient)
    })
}

/// A choice in plain, for whoever may see the patient's addresses.
pub(super) async fn only_by(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    chosen: &Chosen,
) -> Result<OnlyBy, DeskError> {
    let address = match (&chosen.blind, &chosen.post) {
        (Some(blind), _) => {
            let wanted = (chosen.by.code(), blind.as_slice());
            match store::point(conn, organisation, patient, wanted).await? {
                Some((contact, key, sealed)) => {
                    let sealing = records::sealing(app, conn, organisation, key).await?;
                    Some(sealing.open_text("contact_points", "value", contact, &sealed)?)
                }
                None => None,
            }
        }
        (None, Some(sealed)) => {
            let sealing = records::sealing(app, conn, organisation, chosen.key).await?;
            Some(sealing.open_text("patients", "way_post", patient, sealed)?)
        }
        (None, None) => None,
    };
    Ok(OnlyBy {
        by: chosen.by,
        gone: address.is_none(),
        address,
    })
}

/// Where letters to a patient are posted who chose that, for the letter itself.
pub(crate) async fn place_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Option<String>, DeskError> {
    match store::way(conn, organisation, patient).await? {
        Some(chosen) if chosen.by == ReachedBy::Post => {
            let only = only_by(app, conn, organisation, patient, &chosen).await?;
            Ok(only.address)
        }
        _ => Ok(None),
    }
}

/// Whether a mail address is somebody's who is reached another way only: asked once more when a mail goes out.
pub(crate) async fn is_barred(
    app: &App,
    organisation: OrganisationId,
    address: &str,
) -> Result<bool, DeskError> {
    let mut conn = app.read().await?;
    let Some(whose) = owner_of_address(app, &mut conn, organisation, address).await? else {
        return Ok(false);
    };
    let blind = email_blind(app, organisation, address)?;
    let binding = binding(&mut conn, organisation, whose).await?;
    Ok(reach_of(binding.as_ref(), PointKind::Email.code(), &blind) == Reach::Barred)
}

/// The mail address that is used for a contact, with its blind index: the one that was chosen, or else the first that mail did
/// not come back from. None where they are reached by other means only.
pub(super) async fn way_to(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Option<(String, [u8; 16])>, DeskError> {
    let view = open_contact(app, conn, organisation, contact).await?;
    let address = mail_to(app, conn, organisation, &view).await?;
    Ok(address.and_then(|address| {
        let blind = email_blind(app, organisation, &address).ok()?;
        Some((address, blind))
    }))
}

/// The mail address that is used for an open contact. A patient who chose one may have it with another of their contacts: what
/// is meant for the patient goes there, whichever of them wrote.
pub(crate) async fn mail_to(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    view: &ContactView,
) -> Result<Option<String>, DeskError> {
    let binding = binding(conn, organisation, (view.id, view.patient_id)).await?;
    if let (Some((chosen, true)), Some(patient)) = (&binding, view.patient_id)
        && chosen.by == ReachedBy::Email
    {
        let only = only_by(app, conn, organisation, patient, chosen).await?;
        return Ok(only.address);
    }
    Ok(view.email().map(str::to_owned))
}

/// Whether a mail address is the one that the patient behind this contact chose, whichever of their contacts has it.
pub(crate) async fn is_chosen_of(
    app: &App,
    organisation: OrganisationId,
    contact: ContactId,
    address: &str,
) -> Result<bool, DeskError> {
    let mut conn = app.read().await?;
    let row = super::store::by_contact(&mut conn, organisation, contact).await?;
    let Some(patient) = row.and_then(|row| row.patient) else {
        return Ok(false);
    };
    let binding = binding(&mut conn, organisation, (contact, Some(patient))).await?;
    let Some((chosen, true)) = binding else {
        return Ok(false);
    };
    let blind = email_blind(app, organisation, address)?;
    // One that is on file no more may be somebody else's by now.
    let on_file = mailed_at(&mut conn, organisation, patient, &chosen).await?;
    Ok(on_file.is_some() && chosen.is(PointKind::Email.code(), &blind))
}

/// Who has the mail address by which alone a patient is reached; nobody where that is another means, or where the address is
/// on file no more.
pub(crate) async fn mailed_at(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    chosen: &Chosen,
) -> Result<Option<ContactId>, DeskError> {
    let (ReachedBy::Email, Some(blind)) = (chosen.by, &chosen.blind) else {
        return Ok(None);
    };
    let wanted = (chosen.by.code(), blind.as_slice());
    let found = store::point(conn, organisation, patient, wanted).await?;
    Ok(found.map(|(contact, ..)| contact))
}

/// Keeps what a patient chose, or that they are reached in any way again, in the caller's command.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient.
pub(crate) async fn choose_way(
    work: &mut Work<'_>,
    patient: PatientId,
    chosen: Option<&Chosen>,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if store::choose(work, organisation, patient, chosen).await? {
        Ok(())
    } else {
        Err(DeskError::NotFound)
    }
}

/// The chosen address was taken away, and another of its kind came in its place: the patient means that one now. Without one
/// in its place the choice stands, and nothing is sent until another way is chosen.
pub(super) async fn replaced(
    work: &mut Work<'_>,
    patient: Option<PatientId>,
    kind: PointKind,
    (old, new): (&[u8; 16], Option<&[u8; 16]>),
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let Some(patient) = patient else {
        return Ok(());
    };
    let way = store::way(work, organisation, patient).await?;
    if way.is_some_and(|chosen| chosen.is(kind.code(), old)) {
        // Links for each contact of theirs lie in the mailbox that is theirs no more.
        for contact in contacts_of(work, organisation, patient).await? {
            if store::is_patient(work, organisation, contact, patient).await? {
                links::revoke_contact(work, contact).await?;
            }
        }
    }
    match new {
        Some(new) => store::replace(work, organisation, patient, kind.code(), (old, new)).await,
        None => Ok(()),
    }
}
