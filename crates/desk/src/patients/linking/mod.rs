//! For whom a contact stands, and whether they are the patient or somebody else.

pub(super) mod store;

use super::contact::Ground;
use super::on_file::{held_until, on_file};
use super::service::admit_in;
use super::store as people;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx};
use crate::error::DeskError;
use crate::events::kind;
use crate::identity;
use crate::ids::{self, ContactId, OrganisationId, PatientId};
use crate::work::Work;
use bedside_db::Conn;

pub use store::ALL as STATEMENTS;

/// Seconds for which an address was a patient's before taking it away leaves somebody who had one: a link by mistake is
/// mended sooner.
const LONG: i64 = 24 * 3600;

/// Who a contact is that is said to stand for a patient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The patient.
    Themself,
    /// Somebody else: what they may hear is what was said of them as a representative, and nothing before.
    Somebody,
}

/// Whom a contact is said to stand for.
#[derive(Clone, Debug, Default)]
pub struct Linking {
    /// The patient; none when they stand for nobody.
    pub patient: Option<PatientId>,
    /// Who they are. Unsaid it is the patient where it is the first address of theirs, and somebody else where it is not.
    pub who: Option<Who>,
    /// On what ground another address comes to a patient who has one.
    pub ground: Option<Ground>,
}

impl From<Option<PatientId>> for Linking {
    fn from(patient: Option<PatientId>) -> Self {
        Self {
            patient,
            ..Self::default()
        }
    }
}

/// Whether linking the contact brings `patient`, who has an address on file, another one: that is a change of address like any
/// other. The desk itself, which no caller talks into anything, is asked for no ground.
pub(crate) async fn brings_another(
    conn: &mut Conn,
    ctx: &Ctx,
    contact: ContactId,
    patient: PatientId,
) -> Result<bool, DeskError> {
    let organisation = ctx.organisation;
    let stands_for = people::contact(conn, organisation, contact)
        .await?
        .and_then(|contact| contact.patient);
    Ok(asks_ground(ctx)
        && stands_for != Some(patient)
        && !people::points(conn, organisation, contact)
            .await?
            .is_empty()
        && store::is_reached(conn, organisation, patient, contact).await?)
}

/// Whether whoever acts is asked on what ground an address comes to a patient.
pub(super) const fn asks_ground(ctx: &Ctx) -> bool {
    !matches!(ctx.actor, Actor::System { .. })
}

/// Whether a contact was linked to this patient as somebody else.
pub(crate) async fn acts_only(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
) -> Result<bool, DeskError> {
    store::acts_only(conn, organisation, contact, patient).await
}

/// Says, in the caller's command, that a contact stands for a patient, or (with none) that they don't. What they write
/// from now on is sealed with the patient's key. Gives back whom they stood for before.
/// [`crate::tickets::link_contact`] is the way to this: it asks on what ground, and the requests follow.
pub(crate) async fn link_contact(
    work: &mut Work<'_>,
    contact: ContactId,
    patient: Option<PatientId>,
    who: Who,
) -> Result<Option<PatientId>, DeskError> {
    ids::somebody(work.ctx.organisation, contact)?;
    let organisation = work.ctx.organisation;
    let (ctx, now) = (work.ctx.clone(), work.now);
    admit_in(work, &ctx, now, Some(contact), patient).await?;
    if let Some(patient) = patient
        && people::patient(work, organisation, patient)
            .await?
            .is_none()
    {
        return Err(DeskError::NotFound);
    }
    let before = people::contact(work, organisation, contact)
        .await?
        .ok_or(DeskError::NotFound)?;
    // Without its patient everybody could read what the contact wrote: that takes what taking the label away takes, and
    // having opened the record for a reason is not enough.
    if before.patient != patient && !ctx.sees(before.about().labels) {
        return Err(DeskError::Forbidden);
    }
    let before = before.patient;
    work.audit(
        NewEntry::new("contact.link", "contact", contact)
            .purpose("treatment")
            .detail(&serde_json::json!({ "patient": patient, "acts_only": who == Who::Somebody })),
    );
    if patient == before {
        return Ok(before);
    }
    let app = work.app.clone();
    let mut on_file_before = Vec::new();
    let long = now.plus_seconds(-LONG);
    for whose in [before, patient].into_iter().flatten() {
        on_file_before.push((whose, on_file(&app, work, organisation, whose).await?));
    }
    if let Some(before) = before {
        let points = on_file_before.iter().flat_map(|(_, points)| points);
        let mut theirs = points.filter(|point| point.contact == contact);
        if theirs.any(|point| point.since <= long) {
            store::had_address(work, organisation, before).await?;
        }
    }
    let acts_only = patient.is_some() && who == Who::Somebody;
    store::link(work, organisation, contact, (patient, acts_only), now).await?;
    if patient.is_some() {
        store::hold_points(work, organisation, contact, held_until(now)).await?;
    }
    // Whoever takes a link away, changes the addresses and links again has told of it twice.
    for (whose, points) in &on_file_before {
        identity::contact_moved(work, contact, *whose, points).await?;
    }
    work.event(kind::PEOPLE_CHANGED, None, None, &serde_json::json!({}));
    Ok(before)
}
