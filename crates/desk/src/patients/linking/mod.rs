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
use bedside_db::{Conn, Timestamp};

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

/// Whether linking the contact takes a ground: it brings `patient`, who has an address on file, another one, which is a change
/// of address like any other; or it says of somebody without an address that they are a patient whom others are reached as; or
/// of somebody else that they are the patient after all. The desk itself, which no caller talks into anything, is asked for
/// none.
pub(crate) async fn brings_another(
    conn: &mut Conn,
    ctx: &Ctx,
    (contact, patient): (ContactId, PatientId),
    who: Option<Who>,
) -> Result<bool, DeskError> {
    if !asks_ground(ctx) {
        return Ok(false);
    }
    let organisation = ctx.organisation;
    if stands_for(conn, organisation, contact).await? == Some(patient) {
        return Ok(who == Some(Who::Themself)
            && store::acts_only(conn, organisation, contact, patient).await?);
    }
    let brings = who != Some(Who::Somebody)
        || !people::points(conn, organisation, contact)
            .await?
            .is_empty();
    Ok(brings && store::is_reached(conn, organisation, patient, contact).await?)
}

/// Who a contact is of whom nothing else is said: who they were, where they stand for this patient already.
pub(crate) async fn unsaid(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, PatientId),
    another: bool,
) -> Result<Who, DeskError> {
    let acts = another || store::acts_only(conn, organisation, contact, patient).await?;
    Ok(if acts { Who::Somebody } else { Who::Themself })
}

async fn stands_for(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Option<PatientId>, DeskError> {
    let found = people::contact(conn, organisation, contact).await?;
    Ok(found.and_then(|contact| contact.patient))
}

/// Keeps, in the caller's command, that a patient had an address, where the oldest that they lose was theirs (`since`) for
/// long enough to count: what comes after it is another one, and never the first.
pub(super) async fn lost(
    work: &mut Work<'_>,
    patient: PatientId,
    since: Option<Timestamp>,
) -> Result<(), DeskError> {
    let (organisation, long) = (work.ctx.organisation, work.now.plus_seconds(-LONG));
    if since.is_some_and(|since| since <= long) {
        store::had_address(work, organisation, patient).await?;
    }
    Ok(())
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
    let acts_only = patient.is_some() && who == Who::Somebody;
    if patient == before {
        if let Some(patient) = patient
            && acts_only != store::acts_only(work, organisation, contact, patient).await?
        {
            store::say_who(work, organisation, contact, acts_only).await?;
            work.event(kind::PEOPLE_CHANGED, None, None, &serde_json::json!({}));
        }
        return Ok(before);
    }
    let app = work.app.clone();
    let mut on_file_before = Vec::new();
    for whose in [before, patient].into_iter().flatten() {
        on_file_before.push((whose, on_file(&app, work, organisation, whose).await?));
    }
    if let Some(before) = before {
        let points = on_file_before.iter().flat_map(|(_, points)| points);
        let theirs = points.filter(|point| point.contact == contact);
        let oldest = theirs.map(|point| point.since).min();
        lost(work, before, oldest).await?;
    }
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
