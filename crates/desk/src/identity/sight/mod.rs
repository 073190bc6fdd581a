//! What of somebody's data is before whoever reads while a person is on the line, and the look past it that somebody asks
//! for. The rule is `bedside_access`'s; here stands what it is asked with. Owns `identity_peeks`.

mod store;

use super::model::{DAY, Level, Standing, Told};
use super::seen::{asking_in, told};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{PatientId, StaffId, TicketId};
use crate::records::{Line, Sight};
use crate::tickets::{self, model::Ticket};
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

/// What the actor sees of `patient` in the conversation of a ticket. Asks the database only where somebody may be on the
/// line.
async fn sight_of(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: &Ticket,
    patient: Option<PatientId>,
) -> Result<Sight, DeskError> {
    let who = ctx.actor.who();
    let mut line = Line {
        channel: &ticket.channel,
        level: Level::L0,
        emergency: ticket.rank() == 0,
        peeked: false,
    };
    let at_least = who.sight(line);
    if at_least == Sight::ALL {
        return Ok(at_least);
    }
    let now = app.now();
    let (_, standing) = asking_in(app, conn, ctx.organisation, ticket, now).await?;
    line.level = level_about(&standing, patient);
    line.emergency = standing.emergency.is_some();
    line.peeked = peek_of(conn, ctx, ticket.id, now).await?.is_some();
    Ok(who.sight(line))
}

/// What the actor sees in the conversation of a ticket.
pub(crate) async fn sight(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: &Ticket,
) -> Result<Sight, DeskError> {
    sight_of(app, conn, ctx, ticket, ticket.about.patient).await
}

/// What the actor sees of a patient whose record they open in a conversation.
pub(crate) async fn sight_beside(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    patient: PatientId,
) -> Result<Sight, DeskError> {
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    sight_of(app, &mut app.read().await?, ctx, &ticket, Some(patient)).await
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

/// Until when the actor sees all of a conversation because they asked to.
pub async fn peeked_until(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
) -> Result<Option<Timestamp>, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    peek_of(&mut app.read().await?, ctx, ticket, app.now()).await
}

/// Shows the actor all of a conversation for [`PEEK_LASTS`] seconds, though whoever is on the line has not shown enough. It
/// opens nothing that may be said, and is counted. Where nothing is hidden, or they look already, nothing is done.
pub async fn peek(app: &App, ctx: &Ctx, ticket: TicketId) -> Result<(), DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    if sight(app, &mut app.read().await?, ctx, &ticket).await? == Sight::ALL {
        return Ok(());
    }
    let (organisation, id) = (ctx.organisation, ticket.id);
    app.command(ctx, move |work| {
        async move {
            let until = work.now.plus_seconds(PEEK_LASTS);
            let times = (work.now, until);
            store::insert(work, organisation, (id, by), times).await?;
            told(work, id, Told::Peeked);
            work.audit(NewEntry::new("identity.peek", "ticket", id).purpose("treatment"));
            Ok(())
        }
        .boxed()
    })
    .await
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
