//! Adding and changing contacts by hand.

use super::linking::{Who, asks_ground, lost, store as linked};
use super::model::{PointKind, check_name};
use super::on_file::{held_until, on_file};
use super::requester::{email_blind, phone_blind, point};
use super::service::{admit, admit_in};
use super::store;
use super::ways;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::identity;
use crate::ids::{self, ContactId, OrganisationId, PatientId, TicketId};
use crate::links;
use crate::portal;
use crate::privacy::erasure;
use crate::records::{self, Sealing};
use crate::tickets;
use crate::work::Work;
use bedside_db::Timestamp;
use bedside_web::Locale;
use futures_util::FutureExt;
use serde_json::json;

/// Addresses that one request adds or takes away at most.
pub const MAX_POINTS: usize = 20;

/// A contact to be added.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// Name, at most 200 characters.
    pub name: Option<String>,
    /// Preferred language.
    pub locale: Option<Locale>,
    /// Whether they want no content in mail.
    pub secure_link: bool,
    /// The patient they stand for.
    pub patient: Option<PatientId>,
    /// Their addresses; nobody else may have them.
    pub points: Vec<(PointKind, String)>,
    /// Who they are, as in [`super::Linking`].
    pub who: Option<Who>,
    /// On what ground an address comes to a patient who has one.
    pub ground: Option<Ground>,
}

/// What to change of a contact; absent fields stay as they are, `Some(None)` empties one.
#[derive(Clone, Debug, Default)]
pub struct ContactPatch {
    /// Name, at most 200 characters.
    pub name: Option<Option<String>>,
    /// Preferred language.
    pub locale: Option<Option<Locale>>,
    /// Whether they want no content in mail.
    pub secure_link: Option<bool>,
    /// Addresses to add; nobody else may have them.
    pub add: Vec<(PointKind, String)>,
    /// Addresses to take away.
    pub remove: Vec<(PointKind, String)>,
    /// Why the addresses of somebody who stands for a patient may be changed.
    pub ground: Option<Ground>,
}

/// On what ground a patient's addresses are changed.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The conversation in which it was asked for, and in which the patient was verified to the highest level.
    pub conversation: TicketId,
    /// Why it is done without that; somebody else looks at it afterwards.
    pub words: Option<String>,
}

/// An address to be stored.
struct Point {
    kind: PointKind,
    blind: [u8; 16],
    sealed: Vec<u8>,
}

fn points(
    app: &App,
    organisation: OrganisationId,
    contact: ContactId,
    sealing: &Sealing,
    given: &[(PointKind, String)],
) -> Result<Vec<Point>, DeskError> {
    check_count(given)?;
    let one = |(kind, value): &(PointKind, String)| {
        let (blind, value) = point(app, organisation, *kind, value)?;
        let sealed = sealing.text("contact_points", "value", contact, &value);
        Ok(Point {
            kind: *kind,
            blind,
            sealed,
        })
    };
    given.iter().map(one).collect()
}

/// Kinds and blind indexes of addresses to be taken away: also of one that would not be taken today.
fn blinds(
    app: &App,
    organisation: OrganisationId,
    given: &[(PointKind, String)],
) -> Result<Vec<(PointKind, [u8; 16])>, DeskError> {
    check_count(given)?;
    let blind = |(kind, value): &(PointKind, String)| {
        let blind = match kind {
            PointKind::Email => email_blind(app, organisation, value)?,
            PointKind::Phone => phone_blind(app, organisation, value)?,
        };
        Ok((*kind, blind))
    };
    given.iter().map(blind).collect()
}

fn check_count(given: &[(PointKind, String)]) -> Result<(), DeskError> {
    if given.len() > MAX_POINTS {
        return Err(DeskError::invalid(
            "addresses",
            "too_many",
            "At most 20 addresses at once.",
        ));
    }
    Ok(())
}

/// Keeps addresses; those of somebody who stands for a patient already are held back for a while.
async fn keep(
    work: &mut Work<'_>,
    contact: ContactId,
    points: &[Point],
    of_patient: bool,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let times = (now, of_patient.then(|| held_until(now)));
    for point in points {
        let (kind, blind) = (point.kind.code(), &point.blind);
        let row = (contact, point.sealed.as_slice());
        if !store::insert_point(work, organisation, kind, blind, row, times).await? {
            return Err(address_taken());
        }
    }
    Ok(())
}

/// Says nothing of whose it is.
pub(super) fn address_taken() -> DeskError {
    DeskError::Conflict {
        code: "address_taken",
        text: "This address belongs to someone already. Link that contact instead.",
    }
}

/// Adds a contact. [`DeskError::Conflict`] with `address_taken` when somebody has one of the addresses, and with
/// `verification_needed` when it brings an address to a patient who has one without a [`Ground`].
pub async fn create_contact(app: &App, ctx: &Ctx, new: NewContact) -> Result<ContactId, DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    let organisation = ctx.organisation;
    let id: ContactId = app.id();
    let name = new.name.as_deref().map(check_name).transpose()?;
    let sealing = Sealing::fresh(app);
    let points = points(app, organisation, id, &sealing, &new.points)?;
    if name.is_none() && points.is_empty() {
        return Err(DeskError::invalid(
            "name",
            "required",
            "Give a name or an address.",
        ));
    }
    let name = name.map(|name| sealing.text("contacts", "name", id, name));
    let (patient, secure_link, new_who) = (new.patient, new.secure_link, new.who);
    let asks = asks_ground(ctx);
    let brings = asks && (!points.is_empty() || new_who == Some(Who::Themself));
    let mut leave = None;
    if let Some(ground) = &new.ground {
        // Also where nothing asks for one: what names a conversation names one that is there.
        tickets::row_admitted(app, ctx, ground.conversation).await?;
    }
    if let (Some(patient), true) = (patient, brings) {
        let reached = linked::is_reached(&mut app.read().await?, organisation, patient, id).await?;
        if reached {
            admit(app, ctx, None, Some(patient)).await?;
            leave = Some(identity::ground(app, ctx, (id, patient), new.ground).await?);
        }
    }
    let locale = new.locale.map(Locale::tag);
    app.command(ctx, move |work| {
        async move {
            let now = work.now;
            let ctx = work.ctx.clone();
            admit_in(work, &ctx, now, None, patient).await?;
            if let Some(patient) = patient
                && store::patient(work, organisation, patient).await?.is_none()
            {
                return Err(DeskError::NotFound);
            }
            let app = work.app.clone();
            if let Some(leave) = &leave {
                identity::may_change_address(work, leave).await?;
            }
            let before = match patient {
                Some(patient) => {
                    // Two first addresses at once would both be the first.
                    erasure::hold_patient(work, patient).await?;
                    on_file(&app, work, organisation, patient).await?
                }
                None => Vec::new(),
            };
            let reached = match patient.filter(|_| asks) {
                Some(patient) => linked::is_reached(work, organisation, patient, id).await?,
                None => false,
            };
            if reached && brings && leave.is_none() {
                return Err(identity::no_ground());
            }
            let who = new_who.unwrap_or(if reached {
                Who::Somebody
            } else {
                Who::Themself
            });
            sealing.store(work).await?;
            let row = (id, sealing.id, patient);
            store::insert_contact(
                work,
                organisation,
                row,
                name.as_ref(),
                locale,
                secure_link,
                now,
            )
            .await?;
            keep(work, id, &points, patient.is_some()).await?;
            if patient.is_some() && who == Who::Somebody {
                linked::link(work, organisation, id, (patient, true), now).await?;
            }
            if let Some(patient) = patient.filter(|_| !points.is_empty()) {
                identity::contact_moved(work, id, patient, &before).await?;
            }
            if let Some(leave) = leave {
                identity::came_on_ground(work, &leave).await?;
            }
            work.audit(
                NewEntry::new("contact.create", "contact", id)
                    .purpose("treatment")
                    .detail(&json!({ "patient": patient })),
            );
            work.event(kind::PEOPLE_CHANGED, None, None, &json!({}));
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Takes an address away, in whose place one of `add` may come.
async fn take_away(
    work: &mut Work<'_>,
    (contact, patient): (ContactId, Option<PatientId>),
    (kind, blind): &(PointKind, [u8; 16]),
    add: &[Point],
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if !store::delete_point(work, organisation, kind.code(), blind, contact).await? {
        return Err(DeskError::invalid(
            "remove_addresses",
            "unknown_address",
            "This contact has no such address.",
        ));
    }
    let mut instead = add.iter().filter(|one| one.kind == *kind);
    let new = instead.next().map(|one| &one.blind);
    ways::replaced(work, patient, *kind, (blind, new)).await?;
    portal::address_gone(work, contact, blind).await
}

/// Since when the oldest of these addresses is a contact's.
async fn oldest_of(
    work: &mut Work<'_>,
    id: ContactId,
    these: &[(PointKind, [u8; 16])],
) -> Result<Option<Timestamp>, DeskError> {
    let organisation = work.ctx.organisation;
    let points = store::points(work, organisation, id).await?;
    let is_one = |kind: &str, blind: &[u8]| {
        let mut these = these.iter();
        these.any(|(one, its)| one.code() == kind && its.as_slice() == blind)
    };
    let known = points
        .iter()
        .filter(|point| is_one(&point.kind, point.blind.as_slice()));
    Ok(known.map(|point| point.since).min())
}

/// Changes a contact that the caller saw as `version`; gives back the new version. The addresses of somebody who stands for
/// a patient need a [`Ground`]: [`DeskError::Conflict`] with `verification_needed` otherwise.
pub async fn change_contact(
    app: &App,
    ctx: &Ctx,
    id: ContactId,
    version: i64,
    patch: ContactPatch,
) -> Result<i64, DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    let organisation = ctx.organisation;
    ids::somebody(organisation, id)?;
    admit(app, ctx, Some(id), None).await?;
    if !(patch.add.is_empty() && patch.remove.is_empty()) {
        // Nobody changes what they don't see.
        ctx.authorize(Permission::FieldsContact)?;
    }
    let (mut row, sealing) = {
        let mut conn = app.read().await?;
        let row = store::contact(&mut conn, organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        let sealing = records::sealing(app, &mut conn, organisation, row.key).await?;
        (row, sealing)
    };
    let mut changed = Vec::new();
    let is_renamed = patch.name.is_some();
    if let Some(name) = &patch.name {
        let name = name.as_deref().map(check_name).transpose()?;
        row.name = name.map(|name| sealing.text("contacts", "name", id, name));
        changed.push("name");
    }
    if let Some(locale) = patch.locale {
        row.locale = locale.map(|locale| locale.tag().to_owned());
        changed.push("language");
    }
    if let Some(secure_link) = patch.secure_link {
        row.secure_link = secure_link;
        changed.push("secure_link");
    }
    let add = points(app, organisation, id, &sealing, &patch.add)?;
    let remove = blinds(app, organisation, &patch.remove)?;
    if let Some(ground) = &patch.ground {
        // Also where nothing asks for one: what names a conversation names one that is there.
        tickets::row_admitted(app, ctx, ground.conversation).await?;
    }
    let mut leave = None;
    if !add.is_empty() || !remove.is_empty() {
        changed.push("addresses");
        if let Some(patient) = row.patient {
            leave = Some(identity::ground(app, ctx, (id, patient), patch.ground).await?);
        }
    }
    app.command(ctx, move |work| {
        async move {
            // Asked before anything is written: what was on file is what the old addresses are told.
            let asked = match leave {
                Some(leave) => {
                    let before = identity::may_change_address(work, &leave).await?;
                    Some((leave, before))
                }
                None => None,
            };
            if !store::update_contact(work, organisation, &row, version).await? {
                let now = store::contact(work, organisation, id).await?;
                return Err(DeskError::Stale {
                    version: now.ok_or(DeskError::NotFound)?.version,
                    changed: vec!["contact".to_owned()],
                });
            }
            if let Some(patient) = row.patient {
                let oldest = oldest_of(work, id, &remove).await?;
                lost(work, patient, oldest).await?;
            }
            for one in &remove {
                take_away(work, (id, row.patient), one, &add).await?;
            }
            if remove.iter().any(|(kind, _)| *kind == PointKind::Email) {
                // A link is in a mail to one of their addresses, and nobody knows to which.
                links::revoke_contact(work, id).await?;
            }
            keep(work, id, &add, row.patient.is_some()).await?;
            if let Some((leave, before)) = asked {
                identity::address_changed(work, leave, &before).await?;
            }
            work.audit(
                NewEntry::new("contact.change", "contact", id)
                    .purpose("treatment")
                    .detail(&json!({ "changed": changed })),
            );
            let data = if is_renamed {
                json!({ "renamed": id })
            } else {
                json!({})
            };
            work.event(kind::PEOPLE_CHANGED, None, None, &data);
            Ok(version + 1)
        }
        .boxed()
    })
    .await
}
