//! Commands and queries of patients and contacts.

use super::contact::address_taken;
use super::linking::Who;
use super::model::{ContactView, NewPatient, PatientView, PointKind, PointView};
use super::requester::{email_blind, point};
use super::store::{self, ContactRow, PatientRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::field_group::FieldGroup;
use crate::identity;
use crate::ids::{self, ContactId, OrganisationId, PatientId, TicketId};
use crate::records::{self, About, Labels, Opened, Purpose, Sealing, Sight, restricted};
use crate::tickets;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_vault::{BlindKind, normalise};
use futures_util::FutureExt;
use jiff::civil::Date;

/// Mails to one address in one hour, at most.
pub const HOURLY_SENDS: i64 = 20;
/// Seconds between two warnings to one address. They say the same each time, and whoever writes in somebody else's name
/// must not fill their mailbox with alarm; that the request goes to the top of every list depends on none of them.
const WARNING_PAUSE: i64 = 6 * 3600;

/// The contact that has this mail address, if any.
pub async fn contact_of_address(
    app: &App,
    organisation: OrganisationId,
    address: &str,
) -> Result<Option<ContactId>, DeskError> {
    let mut conn = app.read().await?;
    let owner = owner_of_address(app, &mut conn, organisation, address).await?;
    Ok(owner.map(|(contact, _)| contact))
}

/// Whose mail address it is now, and the patient they stand for.
pub(crate) async fn owner_of_address(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    address: &str,
) -> Result<Option<(ContactId, Option<PatientId>)>, DeskError> {
    let Ok(blind) = email_blind(app, organisation, address) else {
        return Ok(None);
    };
    let found = store::by_point(conn, organisation, PointKind::Email.code(), &blind).await?;
    Ok(found.map(|row| (row.contact, row.patient)))
}

/// Takes the one acknowledgement that an address gets in 24 hours; `false` when it had it.
pub async fn take_acknowledgement(
    work: &mut Work<'_>,
    email_blind: &[u8; 16],
) -> Result<bool, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::take_ack(work, organisation, email_blind, now).await
}

/// Takes a warning where to call at once; `false` when the address had one within [`WARNING_PAUSE`].
pub async fn take_warning(work: &mut Work<'_>, email_blind: &[u8; 16]) -> Result<bool, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    store::take_warning(work, organisation, email_blind, now, WARNING_PAUSE).await
}

/// Takes one of the mails that an address may get in an hour; `false` when there is none left. An address that is nobody's
/// any more is not counted: nothing new is written to it, and what was queued while it was somebody's still goes out.
pub async fn take_hourly_send(work: &mut Work<'_>, address: &str) -> Result<bool, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let blind = email_blind(&work.app, organisation, address)?;
    store::take_send(work, organisation, &blind, now, HOURLY_SENDS).await
}

/// Notes that mail to an address came back.
pub async fn note_bounce(work: &mut Work<'_>, address: &str) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let Ok(blind) = email_blind(&work.app, organisation, address) else {
        return Ok(());
    };
    store::bounced(work, organisation, &blind, now).await
}

/// A contact in plain, for the desk's own machinery (sending). Whatever shows it to somebody uses [`contact`].
pub(crate) async fn open_contact(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<ContactView, DeskError> {
    let row = store::contact(conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    view(app, conn, organisation, row).await
}

async fn view(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    row: ContactRow,
) -> Result<ContactView, DeskError> {
    let sealing = records::sealing(app, conn, organisation, row.key).await?;
    let mut points = Vec::new();
    for point in store::points(conn, organisation, row.id).await? {
        points.push(PointView {
            kind: point.kind,
            value: sealing.open_text("contact_points", "value", row.id, &point.value)?,
            masked: false,
            hidden: false,
            bounced_at: point.bounced_at,
            held_until: point.held_until,
        });
    }
    let about = row.about();
    let name = row
        .name
        .map(|name| sealing.open_text("contacts", "name", row.id, &name))
        .transpose()?;
    Ok(ContactView {
        id: row.id,
        about,
        patient_id: row.patient,
        name,
        locale: row.locale,
        secure_link: row.secure_link,
        points,
        version: row.version,
    })
}

/// One contact, for somebody who may see it.
pub async fn contact(app: &App, ctx: &Ctx, id: ContactId) -> Result<ContactView, DeskError> {
    let about = restricted::about_contact(&mut app.read().await?, ctx.organisation, id).await?;
    let opened = records::open_about(
        app,
        ctx,
        Permission::PatientsRead,
        Purpose::Treatment,
        about.unwrap_or(About::NOBODY),
        NewEntry::new("contact.read", "contact", id),
    )
    .await?;
    contact_in(app, &opened, ctx.organisation, id).await
}

/// Refuses what is about a patient, or about whoever stands for one, whose labels keep them from the actor.
pub async fn admit(
    app: &App,
    ctx: &Ctx,
    contact: Option<ContactId>,
    patient: Option<PatientId>,
) -> Result<(), DeskError> {
    let mut conn = app.read().await?;
    let done = admit_in(&mut conn, ctx, app.now(), contact, patient).await;
    restricted::noted(app, ctx, done).await
}

pub(super) async fn admit_in(
    conn: &mut Conn,
    ctx: &Ctx,
    now: Timestamp,
    contact: Option<ContactId>,
    patient: Option<PatientId>,
) -> Result<(), DeskError> {
    let organisation = ctx.organisation;
    let mut all = Vec::new();
    if let Some(contact) = contact {
        all.extend(restricted::about_contact(conn, organisation, contact).await?);
    }
    if let Some(patient) = patient {
        all.extend(restricted::about_patient(conn, organisation, patient).await?);
    }
    for about in all {
        records::admit(conn, ctx, about, now).await?;
    }
    Ok(())
}

/// One contact under leave that was given for something it belongs to (its ticket).
pub(crate) async fn contact_in(
    app: &App,
    leave: &Opened,
    organisation: OrganisationId,
    id: ContactId,
) -> Result<ContactView, DeskError> {
    let contact = open_contact(app, &mut app.read().await?, organisation, id).await?;
    Ok(contact.under(leave))
}

fn seal_patient(
    app: &App,
    organisation: OrganisationId,
    id: PatientId,
    sealing: &Sealing,
    new: &NewPatient,
    (version, created_at): (i64, Timestamp),
) -> Result<PatientRow, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let name = new.name.trim();
    let seal = |column, text: &str| sealing.text("patients", column, id, text);
    let mrn_blind = new.mrn.as_deref().and_then(|mrn| normalise::mrn(mrn).ok());
    let both = new
        .birth_date
        .as_deref()
        .and_then(|date| normalise::name_and_birth_date(name, date).ok());
    Ok(PatientRow {
        id,
        key: sealing.id,
        name: seal("name", name),
        birth_date: new
            .birth_date
            .as_deref()
            .map(|date| seal("birth_date", date)),
        mrn: new.mrn.as_deref().map(|mrn| seal("mrn", mrn.trim())),
        mrn_blind: mrn_blind.map(|mrn| vault.blind.index(BlindKind::Mrn, &mrn).to_vec()),
        name_birth_blind: both.map(|both| {
            vault
                .blind
                .index(BlindKind::NameAndBirthDate, &both)
                .to_vec()
        }),
        locale: new.locale.map(|locale| locale.tag().to_owned()),
        secure_link: new.secure_link,
        labels: Labels::NONE,
        version,
        created_at,
    })
}

/// The day it is at the clinic.
fn today(app: &App, organisation: OrganisationId) -> Result<Date, DeskError> {
    let clinic = app.directory.of(organisation)?;
    Ok(clinic.time_zone.to_datetime(app.now().to_jiff()).date())
}

fn duplicate_mrn(error: DeskError) -> DeskError {
    match error {
        DeskError::Internal(text) if text.contains("patients") && text.contains("mrn") => {
            DeskError::Conflict {
                code: "mrn_taken",
                text: "Another patient has this record number.",
            }
        }
        other => other,
    }
}

/// Adds a patient, with a mail address and a telephone number where given.
pub async fn create_patient(
    app: &App,
    ctx: &Ctx,
    new: NewPatient,
    points: Vec<(PointKind, String)>,
) -> Result<PatientId, DeskError> {
    create_patient_of(app, ctx, new, points, None).await
}

/// The same for a contact who wrote and was nobody yet, and who is this patient.
pub async fn create_patient_of(
    app: &App,
    ctx: &Ctx,
    new: NewPatient,
    points: Vec<(PointKind, String)>,
    wrote: Option<ContactId>,
) -> Result<PatientId, DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    let organisation = ctx.organisation;
    new.check(today(app, organisation)?)?;
    let id: PatientId = app.id();
    let sealing = Sealing::fresh(app);
    let row = seal_patient(app, organisation, id, &sealing, &new, (1, app.now()))?;
    let contact: ContactId = app.id();
    let mut sealed = Vec::new();
    for (kind, value) in &points {
        let (blind, value) = point(app, organisation, *kind, value)?;
        sealed.push((
            *kind,
            blind,
            sealing.text("contact_points", "value", contact, &value),
        ));
    }
    let name = sealing.text("contacts", "name", contact, new.name.trim());
    app.command(ctx, move |work| {
        async move {
            let now = work.now;
            sealing.store(work).await?;
            store::insert_patient(work, organisation, &row).await?;
            let locale = row.locale.as_deref();
            let contact_row = (contact, sealing.id, Some(id));
            store::insert_contact(
                work,
                organisation,
                contact_row,
                Some(&name),
                locale,
                false,
                now,
            )
            .await?;
            for (kind, blind, value) in &sealed {
                if !store::insert_point(
                    work,
                    organisation,
                    kind.code(),
                    blind,
                    (contact, value),
                    (now, None),
                )
                .await?
                {
                    return Err(address_taken());
                }
            }
            work.audit(NewEntry::new("patient.create", "patient", id).purpose("treatment"));
            if let Some(wrote) = wrote {
                tickets::link_in(work, wrote, Some(id), Who::Themself).await?;
            }
            work.event(kind::PEOPLE_CHANGED, None, None, &serde_json::json!({}));
            Ok(id)
        }
        .boxed()
    })
    .await
    .map_err(duplicate_mrn)
}

/// Changes a patient's details. `version` is the one the caller saw.
pub async fn change_patient(
    app: &App,
    ctx: &Ctx,
    id: PatientId,
    version: i64,
    mut new: NewPatient,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PatientsWrite)?;
    let organisation = ctx.organisation;
    admit(app, ctx, None, Some(id)).await?;
    new.check(today(app, organisation)?)?;
    let sees = ctx.permissions().has(Permission::FieldsIdentifiers);
    if !sees && (new.birth_date.is_some() || new.mrn.is_some()) {
        return Err(DeskError::Forbidden);
    }
    let row = {
        let mut conn = app.read().await?;
        let old = store::patient(&mut conn, organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        if old.version != version {
            return Err(DeskError::Stale {
                version: old.version,
                changed: vec!["patient".to_owned()],
            });
        }
        let sealing = records::sealing(app, &mut conn, organisation, old.key).await?;
        if !sees {
            // What the actor doesn't see stays.
            let open = |column, sealed: &[u8]| sealing.open_text("patients", column, id, sealed);
            let (born, mrn) = (old.birth_date.as_deref(), old.mrn.as_deref());
            new.birth_date = born.map(|sealed| open("birth_date", sealed)).transpose()?;
            new.mrn = mrn.map(|sealed| open("mrn", sealed)).transpose()?;
        }
        seal_patient(
            app,
            organisation,
            id,
            &sealing,
            &new,
            (version, old.created_at),
        )?
    };
    app.command(ctx, move |work| {
        async move {
            if !store::update_patient(work, organisation, &row).await? {
                return Err(DeskError::Stale {
                    version: version + 1,
                    changed: vec!["patient".to_owned()],
                });
            }
            work.audit(NewEntry::new("patient.change", "patient", id).purpose("treatment"));
            work.event(kind::PEOPLE_CHANGED, None, None, &serde_json::json!({}));
            Ok(())
        }
        .boxed()
    })
    .await
    .map_err(duplicate_mrn)
}

/// Whether words to `contact`, in a matter of `patient`, stay behind a link: where the clinic wants that, or the contact,
/// the patient they stand for, or the patient it is about. Everything that writes a mail, or says what one will hold, asks here.
pub(crate) async fn wants_links(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
    patient: Option<PatientId>,
) -> Result<bool, DeskError> {
    let clinic = app.directory.of(organisation)?;
    Ok(clinic.settings.secure_link
        || store::anybody_wants_links(conn, organisation, contact, patient).await?)
}

/// One patient with their contacts.
pub async fn patient(app: &App, ctx: &Ctx, id: PatientId) -> Result<PatientView, DeskError> {
    Ok(patient_beside(app, ctx, id, None).await?.0)
}

/// The same for whoever opens their record in a conversation, and sees no more of it than is shown there; with how that
/// conversation is before them.
pub async fn patient_beside(
    app: &App,
    ctx: &Ctx,
    id: PatientId,
    conversation: Option<TicketId>,
) -> Result<(PatientView, Option<identity::Beside>), DeskError> {
    let may = Permission::PatientsRead;
    let beside = match conversation {
        Some(ticket) if ctx.authorize(may).is_ok() => {
            Some(identity::scene_beside(app, ctx, ticket, id).await?)
        }
        _ => None,
    };
    let sight = beside.as_ref().map_or(Sight::ALL, |one| one.scene.sight);
    let about = restricted::about_patient(&mut app.read().await?, ctx.organisation, id).await?;
    let opened = records::open_about(
        app,
        ctx,
        may,
        Purpose::Treatment,
        about.unwrap_or(About::NOBODY).within(sight),
        NewEntry::new("patient.read", "patient", id),
    )
    .await?;
    let found = patient_in(app, &opened, &mut app.read().await?, ctx.organisation, id).await?;
    Ok((found, beside))
}

/// One patient under leave that was given for something that belongs to them.
pub(crate) async fn patient_in(
    app: &App,
    leave: &Opened,
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<PatientView, DeskError> {
    let row = store::patient(conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let sealing = leave.sealing(conn, row.key).await?;
    let open = |column, sealed: &[u8]| sealing.open_text("patients", column, id, sealed);
    let mut contacts = Vec::new();
    for contact in store::contacts_of(conn, organisation, id).await? {
        let contact = view(app, conn, organisation, contact).await?;
        contacts.push(contact.under(leave));
    }
    let identified = leave.shows(FieldGroup::Identifiers);
    Ok(PatientView {
        id,
        labels: row.labels,
        restricted: false,
        name: open("name", &row.name)?,
        birth_date: row
            .birth_date
            .filter(|_| identified)
            .map(|sealed| open("birth_date", &sealed))
            .transpose()?,
        mrn: row
            .mrn
            .filter(|_| identified)
            .map(|sealed| open("mrn", &sealed))
            .transpose()?,
        unidentified: !leave.permits(FieldGroup::Identifiers),
        sight: leave.sight(),
        locale: row.locale,
        secure_link: row.secure_link,
        version: row.version,
        created_at: row.created_at,
        contacts,
    })
}

/// What a patient's own words are sealed with.
pub(crate) async fn sealing_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<Sealing, DeskError> {
    let row = store::patient(conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    records::sealing(app, conn, organisation, row.key).await
}

/// When a patient was born, for the desk's own rules; nothing of it is shown.
pub(crate) async fn birth_date_of(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<Option<Date>, DeskError> {
    let row = store::patient(conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let Some(sealed) = row.birth_date else {
        return Ok(None);
    };
    let sealing = records::sealing(app, conn, organisation, row.key).await?;
    let text = sealing.open_text("patients", "birth_date", id, &sealed)?;
    Ok(text.parse().ok())
}

/// A patient's name, for a page that asks something about them: no more than looking for them shows, and kept as that.
pub async fn name_found(app: &App, ctx: &Ctx, id: PatientId) -> Result<String, DeskError> {
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, ctx.organisation, id).await?;
    let leave = records::open_about(
        app,
        ctx,
        Permission::PatientsRead,
        Purpose::Treatment,
        about.unwrap_or(About::NOBODY),
        NewEntry::new("patient.found", "patient", id),
    )
    .await?;
    name_in(&leave, &mut conn, ctx.organisation, id).await
}

/// A patient's name under leave that was given for something that belongs to them.
pub(crate) async fn name_in(
    leave: &Opened,
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PatientId,
) -> Result<String, DeskError> {
    let row = store::patient(conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let sealing = leave.sealing(conn, row.key).await?;
    sealing.open_text("patients", "name", id, &row.name)
}

/// For whom requests without people stand: the contact, with what seals nothing else, made the first time.
pub(crate) async fn nobody(work: &mut Work<'_>) -> Result<(ContactId, Sealing), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let id = ids::nobody(organisation);
    let known = store::contact(work, organisation, id).await?;
    if let Some(row) = known {
        let app = work.app.clone();
        let sealing = records::sealing(&app, work, organisation, row.key).await?;
        return Ok((id, sealing));
    }
    let sealing = Sealing::fresh(&work.app);
    sealing.store(work).await?;
    let row = (id, sealing.id, None);
    store::insert_contact(work, organisation, row, None, None, false, now).await?;
    Ok((id, sealing))
}
