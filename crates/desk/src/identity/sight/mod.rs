//! What of somebody's data is before whoever reads while a person is on the line, and the look past it that somebody asks
//! for. The rule is `bedside_access`'s; here stands what it is asked with. Owns `identity_peeks`.

mod store;

use super::model::{DAY, LASTS, Level, Standing, Told};
use super::seen::{asking_in, told};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId, StaffId, TicketId};
use crate::records::{self, Line, Sight};
use crate::tickets::{self, model::Ticket};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;

pub use store::ALL as STATEMENTS;

/// Seconds for which somebody who asked to see it sees all of a conversation.
pub const PEEK_LASTS: i64 = 15 * 60;
/// Days for which looks are counted.
pub const PEEKS_COUNT: i64 = 30;

/// What was shown about `patient`: what somebody else showed is nothing about them.
fn level_about(standing: &Standing, patient: Option<PatientId>) -> Level {
    match (standing.patient, patient) {
        (Some(shown), Some(patient)) if shown != patient => Level::L0,
        _ => standing.level,
    }
}

/// A conversation as whoever reads it has it before them.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// What is shown of somebody in it.
    pub sight: Sight,
    /// Whether somebody may be on the line; never asked for the desk itself.
    pub live: bool,
    /// Until when the reader sees all of it because they asked to; none where they would without.
    pub peeked: Option<Timestamp>,
}

impl Scene {
    /// What is opened in no conversation.
    pub const NONE: Self = Self {
        sight: Sight::ALL,
        live: false,
        peeked: None,
    };
}

/// A conversation beside which somebody's record was opened.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Its ticket.
    pub ticket: Ticket,
    /// How it is before the reader.
    pub scene: Scene,
}

/// Whether somebody may be on the line in the conversation of a ticket: it came by a channel by which they are, or within the
/// hour their words were written down in it, or something was shown to the staff or failed, in it or in what went into it.
/// Where it is resolved or closed, nobody is.
pub(super) async fn is_live(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: &Ticket,
    now: Timestamp,
) -> Result<bool, DeskError> {
    if !ticket.status.is_active() {
        return Ok(false);
    }
    if records::is_live(&ticket.channel) {
        return Ok(true);
    }
    let since = now.plus_seconds(-LASTS);
    for id in tickets::with_merged(conn, organisation, ticket.id).await? {
        if store::present(conn, organisation, id, since).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The conversation of a ticket as it stands now for what is seen of `patient`, and until when the actor looks past it: that
/// is not in the line yet. Asks the database only where it could matter to the actor: a colleague is told of the line even where
/// all is before them.
async fn line_of(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    (ticket, patient): (&Ticket, Option<PatientId>),
) -> Result<(Line, Option<Timestamp>), DeskError> {
    let (who, now) = (ctx.actor.who(), app.now());
    let mut line = Line {
        live: true,
        level: Level::L0,
        emergency: false,
        eased: ticket.rank() == 0,
    };
    let all = who.sight(line) == Sight::ALL;
    line.live = match ctx.actor.staff() {
        None if all => false,
        _ => is_live(conn, ctx.organisation, ticket, now).await?,
    };
    if all || !line.live {
        return Ok((line, None));
    }
    let (_, standing) = asking_in(app, conn, ctx.organisation, ticket, now).await?;
    line.level = level_about(&standing, patient);
    line.emergency = standing.emergency.is_some();
    Ok((line, peek_of(conn, ctx, ticket.id, now).await?))
}

/// What the actor has before them of `patient` in the conversation of a ticket.
async fn scene_of(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    about: (&Ticket, Option<PatientId>),
) -> Result<Scene, DeskError> {
    let (mut line, peeked) = line_of(app, conn, ctx, about).await?;
    let who = ctx.actor.who();
    let whole = who.sight(line).is_whole();
    line.eased |= peeked.is_some();
    Ok(Scene {
        sight: who.sight(line),
        live: line.live,
        peeked: peeked.filter(|_| !whole),
    })
}

/// What the actor has before them in the conversation of a ticket.
pub(crate) async fn scene(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: &Ticket,
) -> Result<Scene, DeskError> {
    let patient = ticket.about.patient;
    let mut scene = scene_of(app, conn, ctx, (ticket, patient)).await?;
    if patient.is_none() {
        scene.sight = scene.sight.with_addresses();
    }
    Ok(scene)
}

/// What the actor has before them of a patient whose record they open in a conversation.
pub(crate) async fn scene_beside(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    patient: PatientId,
) -> Result<Beside, DeskError> {
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    let about = (&ticket, Some(patient));
    let scene = scene_of(app, &mut app.read().await?, ctx, about).await?;
    Ok(Beside { ticket, scene })
}

/// What the actor sees of whom they find while they look for somebody in a conversation: whatever was shown there is of one
/// patient, and a search finds others.
pub(crate) async fn sight_of_search(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
) -> Result<Sight, DeskError> {
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    let (mut line, peeked) = line_of(app, &mut app.read().await?, ctx, (&ticket, None)).await?;
    line.level = Level::L0;
    line.eased |= peeked.is_some();
    Ok(ctx.actor.who().sight(line))
}

async fn peek_of(
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: TicketId,
    now: Timestamp,
) -> Result<Option<Timestamp>, DeskError> {
    let Some(staff) = ctx.actor.staff() else {
        return Ok(None);
    };
    let since = now.plus_seconds(-PEEK_LASTS);
    let until = store::until(conn, ctx.organisation, (ticket, staff), since).await?;
    Ok(until.filter(|until| *until > now))
}

/// Shows the actor all of a conversation for [`PEEK_LASTS`] seconds, though whoever is on the line has not shown enough of
/// `patient`, or of whom it is about. It opens nothing that may be said, and is counted. Where nothing is hidden, or they look
/// already, nothing is done.
pub async fn peek(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    patient: Option<PatientId>,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    let id = ticket.id;
    let about = (&ticket, patient.or(ticket.about.patient));
    let scene = scene_of(app, &mut app.read().await?, ctx, about).await?;
    if scene.sight.is_whole() {
        return Ok(());
    }
    app.command(ctx, move |work| {
        async move {
            let (app, ctx) = (work.app.clone(), work.ctx.clone());
            // Pressed twice, the second one waits here and finds the first.
            let ticket = tickets::held(work, id).await?;
            let about = (&ticket, patient.or(ticket.about.patient));
            let scene = scene_of(&app, work, &ctx, about).await?;
            if !scene.sight.is_whole() {
                let times = (work.now, work.now.plus_seconds(PEEK_LASTS));
                store::insert(work, ctx.organisation, (id, by), times).await?;
                told(work, id, Told::Peeked);
            }
            work.audit(NewEntry::new("identity.peek", "ticket", id).purpose("treatment"));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The actor is about to say that a request can't wait, which shows all of it to people: in the caller's command, before it is
/// said. Where something is hidden from them until then, that is counted as a look.
pub(crate) async fn raising(work: &mut Work<'_>, ticket: &Ticket) -> Result<(), DeskError> {
    let (app, ctx) = (work.app.clone(), work.ctx.clone());
    let Some(by) = ctx.actor.staff() else {
        return Ok(());
    };
    let about = (ticket, ticket.about.patient);
    let scene = scene_of(&app, work, &ctx, about).await?;
    if !scene.sight.is_whole() {
        let times = (work.now, work.now);
        store::insert(work, ctx.organisation, (ticket.id, by), times).await?;
    }
    Ok(())
}

/// Who looked past what conversations show, how often within [`PEEKS_COUNT`] days, and when last.
pub async fn peeks(app: &App, ctx: &Ctx) -> Result<Vec<(StaffId, i64, Timestamp)>, DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
    let since = app.now().plus_seconds(-PEEKS_COUNT * DAY);
    store::counted(&mut app.read().await?, ctx.organisation, since).await
}

/// Forgets looks that are counted no more.
pub(super) async fn forget(conn: &mut Conn, now: Timestamp) -> Result<(), DeskError> {
    store::forget(conn, now.plus_seconds(-(PEEKS_COUNT + 1) * DAY)).await
}
