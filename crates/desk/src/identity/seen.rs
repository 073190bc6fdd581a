//! Where a conversation stands, for whoever looks.

use super::by_hand;
use super::model::{
    CODE_LASTS, DAY, Evidence, LASTS, Level, Method, Standing, Told, Unusable, mask, standing,
    usable,
};
use super::sight;
use super::signs::{self, LOCK_SIGN_DAYS};
use super::store::{self, Place, TaskRow};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{ContactId, IdentityTaskId, OrganisationId, PatientId, StaffId, TicketId};
use crate::patients::{self, OnFile, Reach};
use crate::records::{self, Purpose, Scope, restricted};
use crate::representatives;
use crate::tickets::model::Ticket;
use crate::work::Work;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use serde_json::json;
use uuid::Uuid;

/// Says on the timeline what happened.
pub(crate) fn told(work: &mut Work<'_>, ticket: TicketId, what: Told) {
    work.event(
        kind::IDENTITY,
        Some(ticket),
        None,
        &json!({ "what": what.code() }),
    );
}

/// What an agent needs to do anything here, and who they are.
pub(super) fn agent(ctx: &Ctx) -> Result<StaffId, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    ctx.authorize(Permission::PatientsRead)?;
    ctx.actor.staff().ok_or(DeskError::Forbidden)
}

/// The ticket's conversation as it is: its contact, with the addresses they have.
pub(super) async fn place(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: &Ticket,
) -> Result<Place, DeskError> {
    let contact = ticket.contact;
    Ok(Place {
        ticket: ticket.id,
        contact,
        attested: patients::addresses_mark(app, conn, organisation, contact).await?,
    })
}

/// Where it stands for words that answer those of the conversation, with its place.
pub(super) async fn standing_in(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<(Place, Standing), DeskError> {
    let (place, evidence) = shown_in(app, conn, organisation, ticket, now).await?;
    Ok((place, standing(&evidence, now)))
}

/// What was shown in it and counts still, with its place.
async fn shown_in(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<(Place, Vec<Evidence>), DeskError> {
    let place = place(app, conn, organisation, ticket).await?;
    let evidence = store::evidence(conn, organisation, &place, now).await?;
    Ok((place, evidence))
}

/// Where it stands for whoever is on the line: what was shown within the hour. That somebody wrote signed in yesterday says
/// nothing of who calls about it today.
pub(super) async fn asking_in(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<(Place, Standing), DeskError> {
    let (place, mut evidence) = shown_in(app, conn, organisation, ticket, now).await?;
    evidence.retain(|one| one.made_at.plus_seconds(LASTS) > now);
    Ok((place, standing(&evidence, now)))
}

/// The same, refused with [`DeskError::Restricted`] where it is about a patient whose labels keep them from the actor:
/// somebody may have been given one since they were verified.
pub(super) async fn admitted_in(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<(Place, Standing), DeskError> {
    let (place, standing) = asking_in(app, conn, ctx.organisation, ticket, now).await?;
    if let Some(patient) = standing.patient {
        admit(conn, ctx, patient, now).await?;
    }
    Ok((place, standing))
}

/// Refuses whoever may not see this patient.
pub(super) async fn admit(
    conn: &mut Conn,
    ctx: &Ctx,
    patient: PatientId,
    now: Timestamp,
) -> Result<(), DeskError> {
    let about = restricted::about_patient(conn, ctx.organisation, patient).await?;
    records::admit(conn, ctx, about.unwrap_or_default(), now).await
}

/// Keeps what the actor saw.
pub(super) async fn keep(
    work: &mut Work<'_>,
    place: &Place,
    method: Method,
    patient: Option<PatientId>,
    by: StaffId,
) -> Result<(), DeskError> {
    keep_for(work, place, (method, LASTS), patient, Some(by)).await
}

/// Keeps what was shown, and counts for so many seconds.
pub(super) async fn keep_for(
    work: &mut Work<'_>,
    place: &Place,
    (method, lasts): (Method, i64),
    patient: Option<PatientId>,
    by: Option<StaffId>,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let evidence = Evidence {
        method,
        patient,
        by,
        made_at: now,
        expires_at: now.plus_seconds(lasts),
    };
    let id = work.app.ids.make(now);
    store::insert_evidence(work, organisation, id, place, &evidence).await
}

/// Refuses below `level`; whose level it is otherwise.
pub(super) fn at_least(standing: &Standing, level: Level) -> Result<PatientId, DeskError> {
    standing.holds(level).ok_or(DeskError::Conflict {
        code: "verification_needed",
        text: "Who is asking is not verified far enough for this.",
    })
}

/// Where a conversation stands for an answer to what was written in it. Whoever may not see the patient it is about sees that
/// nobody was verified: a page that refused them here would tell them who it is.
pub async fn standing_of(app: &App, ctx: &Ctx, ticket: &Ticket) -> Result<Standing, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let (mut conn, now) = (app.read().await?, app.now());
    let (_, standing) = standing_in(app, &mut conn, ctx.organisation, ticket, now).await?;
    visible(&mut conn, ctx, standing, now).await
}

/// The same for whoever is on the line.
pub async fn asking(app: &App, ctx: &Ctx, ticket: &Ticket) -> Result<Standing, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let (mut conn, now) = (app.read().await?, app.now());
    let (_, standing) = asking_in(app, &mut conn, ctx.organisation, ticket, now).await?;
    visible(&mut conn, ctx, standing, now).await
}

async fn visible(
    conn: &mut Conn,
    ctx: &Ctx,
    standing: Standing,
    now: Timestamp,
) -> Result<Standing, DeskError> {
    match standing.patient {
        Some(patient) => match admit(conn, ctx, patient, now).await {
            Ok(()) => Ok(standing),
            Err(DeskError::Restricted { .. }) => Ok(standing.of_nobody()),
            Err(error) => Err(error),
        },
        None => Ok(standing),
    }
}

/// An address to choose, of which no more is shown than tells it from the others.
pub struct Choice {
    /// What stands for it in a form of this conversation.
    pub code: String,
    /// `email` or `phone`.
    pub kind: String,
    /// As it is shown.
    pub masked: String,
    /// Why it confirms nothing.
    pub unusable: Option<Unusable>,
}

/// A call-back or a second look that waits.
pub struct Waiting {
    /// Which.
    pub id: IdentityTaskId,
    /// The number to call, as it is shown; none for a second look.
    pub masked: Option<String>,
    /// Who asked.
    pub asked_by: StaffId,
    /// Who saw the number.
    pub shown_by: Option<StaffId>,
}

/// What an agent sees of a conversation, from the first level on.
#[derive(Default)]
pub struct Seen {
    /// The patient's name.
    pub name: Option<String>,
    /// Their addresses.
    pub choices: Vec<Choice>,
    /// Until when an open code works.
    pub code_until: Option<Timestamp>,
    /// What waits.
    pub waiting: Vec<Waiting>,
    /// Whether the contact stands for nobody yet, so that they can be said to be this patient.
    pub may_tie: bool,
}

/// What stands for an address in a form: of use in this conversation alone, and without the key no way back to it.
pub(super) fn choice_code(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
    blind: &[u8],
) -> Result<String, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let mark = vault.identity.sign(&[b"choice", &ticket.bytes(), blind]);
    let mut short = [0; 16];
    short.copy_from_slice(&mark[..16]);
    Ok(Uuid::from_bytes(short).simple().to_string())
}

/// The address on file that was chosen.
pub(super) async fn chosen(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, patient): (TicketId, PatientId),
    code: &str,
) -> Result<OnFile, DeskError> {
    for point in patients::on_file(app, conn, organisation, patient).await? {
        let right = choice_code(app, organisation, ticket, &point.blind)?;
        if verify_slices_are_equal(right.as_bytes(), code.as_bytes()).is_ok() {
            return Ok(point);
        }
    }
    Err(DeskError::invalid(
        "choice",
        "required",
        "Choose one of the addresses.",
    ))
}

/// Whether an address of `point` confirms who is asking in `ticket`: it does not where it is of somebody who acts for the
/// patient and may do so no more, nor in the conversation of somebody else where it is of one who may not do everything.
/// What such a person reads to a caller shows that they are there, and not that the caller may hear more than they.
async fn speaks_for(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, patient): (&Ticket, PatientId),
    point: &OnFile,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let whose = (point.contact, patient);
    let scope = representatives::scope_of(app, conn, organisation, whose, now).await?;
    let own = point.contact == ticket.contact && scope != Scope::NONE;
    Ok(scope == Scope::ALL || own)
}

/// Refuses an address of `point` that does not confirm who is asking in `ticket`.
pub(super) async fn fit_for(
    work: &mut Work<'_>,
    about: (&Ticket, PatientId),
    point: &OnFile,
) -> Result<(), DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    fit(point, now)?;
    if speaks_for(&app, work, organisation, about, point, now).await? {
        return Ok(());
    }
    Err(DeskError::Conflict {
        code: "address_acts",
        text: "This address is of somebody who acts for the patient in some things only. It confirms nobody else.",
    })
}

/// Why an address confirms nothing, whoever asks.
fn sound(point: &OnFile, now: Timestamp) -> Result<(), Unusable> {
    if point.reach == Reach::Barred {
        return Err(Unusable::Barred);
    }
    usable(point.since, point.held_until, point.bounced, now)
}

/// Refuses an address that confirms nothing.
fn fit(point: &OnFile, now: Timestamp) -> Result<(), DeskError> {
    let (code, text) = match sound(point, now) {
        Ok(()) => return Ok(()),
        Err(Unusable::Held(_)) => (
            "address_held",
            "This address is new to the patient and held back for 72 hours.",
        ),
        Err(Unusable::New(_)) => (
            "address_new",
            "This address is not on file for more than 30 days.",
        ),
        Err(Unusable::Barred) => (
            "address_barred",
            "The patient chose to be reached another way only.",
        ),
        // That is no matter of time: `speaks_for` says it.
        Err(Unusable::CameBack | Unusable::Acts) => {
            ("address_bounced", "Mail to this address came back.")
        }
    };
    Err(DeskError::Conflict { code, text })
}

/// What an agent may see of a conversation: nothing stored before the first level.
pub async fn seen(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    standing: &Standing,
    stands_for: Option<PatientId>,
) -> Result<Seen, DeskError> {
    let (Some(patient), organisation) = (standing.patient, ctx.organisation) else {
        return Ok(Seen::default());
    };
    let now = app.now();
    let may = admit(&mut app.read().await?, ctx, patient, now).await;
    restricted::noted(app, ctx, may).await?;
    let leave = records::open(
        app,
        ctx,
        Permission::PatientsRead,
        Purpose::Treatment,
        "identity.read",
        "ticket",
        ticket.id,
    )
    .await?;
    let mut conn = app.read().await?;
    let view = patients::patient_in(app, &leave, &mut conn, organisation, patient).await?;
    let points = patients::on_file(app, &mut conn, organisation, patient).await?;
    let mut choices = Vec::with_capacity(points.len());
    for point in &points {
        let unusable = sound(point, now).err();
        let about = (ticket, patient);
        let speaks = speaks_for(app, &mut conn, organisation, about, point, now).await?;
        choices.push(Choice {
            code: choice_code(app, organisation, ticket.id, &point.blind)?,
            kind: point.kind.clone(),
            masked: mask(&point.value),
            unusable: unusable.or((!speaks).then_some(Unusable::Acts)),
        });
    }
    let code = open_code(&mut conn, organisation, ticket.id, now).await?;
    let tasks = open_tasks(&mut conn, organisation, (ticket.id, patient), now).await?;
    let number = |task: &TaskRow| {
        let point = points
            .iter()
            .find(|one| Some(&one.blind) == task.point.as_ref());
        point.map(|point| mask(&point.value))
    };
    Ok(Seen {
        name: Some(view.name),
        choices,
        code_until: code
            .filter(|code| code.patient == patient)
            .map(|code| code.expires_at),
        waiting: tasks
            .iter()
            .map(|task| Waiting {
                id: task.id,
                masked: number(task),
                asked_by: task.asked_by,
                shown_by: task.shown_by,
            })
            .collect(),
        may_tie: stands_for.is_none() && standing.level >= Level::L3,
    })
}

/// The open code of a conversation.
pub(super) async fn open_code(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    now: Timestamp,
) -> Result<Option<store::CodeRow>, DeskError> {
    let since = now.plus_seconds(-CODE_LASTS);
    let code = store::code(conn, organisation, ticket, since).await?;
    Ok(code.filter(|code| code.expires_at > now))
}

/// What waits in a conversation about a patient; what was asked for longer ago than anything counts waits no more.
pub(super) async fn open_tasks(
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, patient): (TicketId, PatientId),
    now: Timestamp,
) -> Result<Vec<TaskRow>, DeskError> {
    let since = now.plus_seconds(-LASTS);
    let mut tasks = store::tasks(conn, organisation, ticket, since).await?;
    tasks.retain(|task| task.patient == patient);
    Ok(tasks)
}

/// Whom a ticket's contact stands for.
pub(super) async fn stands_for(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Option<PatientId>, DeskError> {
    let contact = patients::open_contact(app, conn, organisation, contact).await?;
    Ok(contact.patient_id)
}

/// Forgets failures that count no more, and locks once they are no sign of anything: what they are counted by is a mark of
/// what somebody said of a patient. Run now and then; it asks nobody.
pub async fn forget(app: &App) -> Result<(), DeskError> {
    let now = app.now();
    let (before, locks) = (
        now.plus_seconds(-2 * DAY),
        now.plus_seconds(-(LOCK_SIGN_DAYS + 1) * DAY),
    );
    app.db
        .write(move |tx| {
            async move {
                by_hand::forget(tx, before).await?;
                sight::forget(tx, now).await?;
                signs::forget(tx, now).await?;
                store::forget(tx, [before, locks]).await
            }
            .boxed()
        })
        .await
}
