//! What a contact may hear and do for a patient, and a link that is taken away.

use super::model::{Authority, Ended, Relationship, Side, Whose};
use super::store::{self, Stored};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId};
use crate::orgs::Clinic;
use crate::patients;
use crate::records::{Label, Scope, restricted};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use jiff::civil::Date;
use serde_json::json;

/// What time decides by, of one patient.
pub(super) struct Known {
    born: Option<Date>,
    own_care: bool,
}

impl Known {
    /// Reads it, where a word of `authorities` asks for it: a birth date is opened for no other reason.
    pub(super) async fn of(
        app: &App,
        conn: &mut Conn,
        organisation: OrganisationId,
        patient: PatientId,
        mut authorities: impl Iterator<Item = Authority>,
    ) -> Result<Self, DeskError> {
        if !authorities.any(|one| one == Authority::ParentOfMinor) {
            return Ok(Self {
                born: None,
                own_care: false,
            });
        }
        let about = restricted::about_patient(conn, organisation, patient).await?;
        Ok(Self {
            born: patients::birth_date_of(app, conn, organisation, patient).await?,
            own_care: about.is_some_and(|about| about.labels.has(Label::Adolescent)),
        })
    }

    /// When they were born, where that was asked for.
    pub(super) const fn born(&self) -> Option<Date> {
        self.born
    }

    pub(super) fn at<'a>(&self, clinic: &'a Clinic) -> Whose<'a> {
        Whose {
            born: self.born,
            own_care: self.own_care,
            minors: clinic.settings.minors,
            zone: &clinic.time_zone,
        }
    }
}

/// The newest word about a contact and a patient, with what time decides by.
pub(super) async fn newest(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
) -> Result<Option<(Stored, Known)>, DeskError> {
    let Some(row) = store::newest(conn, organisation, (contact, patient)).await? else {
        return Ok(None);
    };
    let authority = std::iter::once(row.given.authority);
    let known = Known::of(app, conn, organisation, patient, authority).await?;
    Ok(Some((row, known)))
}

/// What a contact may hear and do for a patient at `now`: all of it, where nobody ever said that they are somebody else;
/// nothing, where that is all that was said.
pub(crate) async fn scope_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
    now: Timestamp,
) -> Result<Scope, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let whose = (contact, patient);
    if let Some((row, known)) = newest(app, conn, organisation, whose).await? {
        return Ok(row.given.scope(&known.at(&clinic), now));
    }
    if patients::acts_only(conn, organisation, whose).await? {
        return Ok(Scope::NONE);
    }
    Ok(Scope::ALL)
}

/// Who a contact is to a patient at `now`. Whoever was said to be somebody else, and may hear nothing, is somebody else also
/// where they are linked to the patient; so is whoever is linked to nobody yet.
pub(crate) async fn side_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
    now: Timestamp,
) -> Result<Side, DeskError> {
    let whose = (contact, patient);
    if let Some((row, known)) = newest(app, conn, organisation, whose).await? {
        let clinic = app.directory.of(organisation)?;
        let scope = row.given.scope(&known.at(&clinic), now);
        return Ok(if scope == Scope::NONE {
            Side::Other
        } else {
            Side::Acts
        });
    }
    let linked = restricted::about_contact(conn, organisation, contact).await?;
    let stands = linked.is_some_and(|about| about.patient == Some(patient));
    if stands && !patients::acts_only(conn, organisation, whose).await? {
        return Ok(Side::Themself);
    }
    Ok(Side::Other)
}

/// For whom a contact acts now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Acts {
    /// The patient.
    pub patient: PatientId,
    /// What the contact is to them.
    pub relationship: Relationship,
    /// For what; never nothing.
    pub scope: Scope,
    /// Until when.
    pub until: Option<Timestamp>,
}

/// Everybody for whom a contact acts at `now`: those of whom something that holds was said.
pub(crate) async fn acts_for(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    now: Timestamp,
) -> Result<Vec<Acts>, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let mut acts = Vec::new();
    for patient in store::patients_of(conn, organisation, contact).await? {
        let Some((row, known)) = newest(app, conn, organisation, (contact, patient)).await? else {
            continue;
        };
        let whose = known.at(&clinic);
        let scope = row.given.scope(&whose, now);
        if scope != Scope::NONE {
            acts.push(Acts {
                patient,
                relationship: row.relationship,
                scope,
                until: row.given.until(&whose),
            });
        }
    }
    Ok(acts)
}

/// Whether a contact that stands for a patient is that patient: nobody ever said that it is somebody else.
pub(crate) async fn is_themself(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
) -> Result<bool, DeskError> {
    let newest = store::newest(conn, organisation, (contact, patient)).await?;
    Ok(newest.is_none() && !patients::acts_only(conn, organisation, (contact, patient)).await?)
}

/// Ends the open word about a contact whose link to the patient was taken away, in that command.
pub(crate) async fn end_open(
    work: &mut Work<'_>,
    contact: ContactId,
    patient: PatientId,
) -> Result<(), DeskError> {
    let (organisation, by) = (work.ctx.organisation, work.ctx.actor.staff());
    let who = (by, work.now);
    if store::end_open(work, organisation, (contact, patient), who, Ended::Unlinked).await? {
        let why = json!({ "contact": contact, "why": Ended::Unlinked.code() });
        work.audit(NewEntry::new("representative.end", "patient", patient).detail(&why));
    }
    Ok(())
}
