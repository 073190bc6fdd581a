//! The third level: the person is called back at the number on file, or a second person of the staff says yes.

use super::locks::Subjects;
use super::model::{LASTS, Level, Method, Told};
use super::seen::{admitted_in, agent, at_least, chosen, fit_for, keep, open_tasks, told};
use super::store::{self, Place, TaskRow};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{IdentityTaskId, PatientId, StaffId, TicketId};
use crate::patients::{self, PointKind};
use crate::tickets::{self, model::Ticket};
use crate::work::Work;
use bedside_db::Timestamp;
use futures_util::FutureExt;

const CALL: &str = "call_back";
const APPROVAL: &str = "approval";

/// A held ticket whose person is at the second level.
pub(super) struct Known {
    /// The ticket.
    pub(super) ticket: Ticket,
    place: Place,
    /// Whom they were verified as.
    pub(super) patient: PatientId,
    makers: Vec<StaffId>,
}

/// Holds a ticket that the actor may see; refuses it below the second level, and while it is locked.
pub(super) async fn known(work: &mut Work<'_>, ticket: TicketId) -> Result<Known, DeskError> {
    let (app, ctx, now) = (work.app.clone(), work.ctx.clone(), work.now);
    let ticket = tickets::held(work, ticket).await?;
    let (place, standing) = admitted_in(&app, work, &ctx, &ticket, now).await?;
    let patient = at_least(&standing, Level::L2)?;
    Subjects::with_patient(&app, ctx.organisation, &ticket, patient)?
        .open(work)
        .await?;
    Ok(Known {
        ticket,
        place,
        patient,
        makers: standing.makers,
    })
}

fn entry(action: &'static str, ticket: TicketId) -> NewEntry {
    NewEntry::new(action, "ticket", ticket).purpose("treatment")
}

fn waits_already() -> DeskError {
    DeskError::Conflict {
        code: "waits_already",
        text: "That is asked for already.",
    }
}

async fn ask(
    work: &mut Work<'_>,
    known: &Known,
    kind: &'static str,
    point: Option<Vec<u8>>,
    by: StaffId,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let about = (known.ticket.id, known.patient);
    let waiting = open_tasks(work, organisation, about, now).await?;
    if waiting.iter().any(|task| task.kind == kind) {
        return Err(waits_already());
    }
    let task = TaskRow {
        id: work.app.ids.make(now),
        patient: known.patient,
        kind: kind.to_owned(),
        point,
        asked_by: by,
        asked_at: now,
        shown_by: None,
    };
    store::insert_task(work, organisation, known.ticket.id, &task).await
}

/// Asks for a call-back to the chosen number. What somebody calls from, or says that they can be reached at, is none.
pub async fn ask_call(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    choice: String,
) -> Result<(), DeskError> {
    let by = agent(ctx)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    app.command(ctx, move |work| {
        async move {
            let app = work.app.clone();
            let known = known(work, ticket).await?;
            let about = (known.ticket.id, known.patient);
            let point = chosen(&app, work, organisation, about, &choice).await?;
            if point.kind != PointKind::Phone.code() {
                return Err(DeskError::invalid(
                    "choice",
                    "required",
                    "Choose one of the numbers.",
                ));
            }
            fit_for(work, (&known.ticket, known.patient), &point).await?;
            ask(work, &known, CALL, Some(point.blind), by).await?;
            told(work, ticket, Told::CallAsked);
            work.audit(entry("identity.ask", ticket));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Asks a second person to say yes.
pub async fn ask_approval(app: &App, ctx: &Ctx, ticket: TicketId) -> Result<(), DeskError> {
    let by = agent(ctx)?;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    app.command(ctx, move |work| {
        async move {
            let known = known(work, ticket).await?;
            ask(work, &known, APPROVAL, None, by).await?;
            told(work, ticket, Told::ApprovalAsked);
            work.audit(entry("identity.ask", ticket));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The open task of this kind.
async fn open(
    work: &mut Work<'_>,
    known: &Known,
    (id, kind): (IdentityTaskId, &'static str),
) -> Result<TaskRow, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let about = (known.ticket.id, known.patient);
    let waiting = open_tasks(work, organisation, about, now).await?;
    let found = waiting
        .into_iter()
        .find(|task| task.id == id && task.kind == kind);
    found.ok_or(DeskError::NotFound)
}

/// Refuses a number that is on file no more, or confirms nothing any more.
async fn to_call(work: &mut Work<'_>, known: &Known, task: &TaskRow) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let points = patients::on_file(&app, work, organisation, known.patient).await?;
    let mut theirs = points.iter();
    let point = theirs.find(|one| Some(&one.blind) == task.point.as_ref());
    let gone = DeskError::Conflict {
        code: "address_gone",
        text: "This number is not on file any more.",
    };
    fit_for(work, (&known.ticket, known.patient), point.ok_or(gone)?).await
}

/// The number to call, in full, for whoever calls and sees addresses; the log says who saw it.
pub async fn show_number(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    task: IdentityTaskId,
) -> Result<String, DeskError> {
    let by = agent(ctx)?;
    ctx.authorize(Permission::FieldsContact)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    let (point, patient) = app
        .command(ctx, move |work| {
            async move {
                let known = known(work, ticket).await?;
                let task = open(work, &known, (task, CALL)).await?;
                to_call(work, &known, &task).await?;
                store::show_task(work, organisation, task.id, by).await?;
                work.audit(entry("identity.number", ticket));
                Ok((task.point, known.patient))
            }
            .boxed()
        })
        .await?;
    // Read once the entry is durable.
    let points = patients::on_file(app, &mut app.read().await?, organisation, patient).await?;
    let number = points
        .into_iter()
        .find(|one| Some(&one.blind) == point.as_ref());
    Ok(number.ok_or(DeskError::Gone)?.value)
}

/// Says whether the person was reached. Only whoever saw the number can have called.
pub async fn called(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    task: IdentityTaskId,
    reached: bool,
) -> Result<(), DeskError> {
    let by = agent(ctx)?;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    app.command(ctx, move |work| {
        async move {
            let known = known(work, ticket).await?;
            let task = open(work, &known, (task, CALL)).await?;
            if task.shown_by != Some(by) {
                return Err(DeskError::Conflict {
                    code: "not_called",
                    text: "Look at the number and call it first.",
                });
            }
            let (word, what, outcome) = if reached {
                ("reached", Told::Reached, Outcome::Ok)
            } else {
                ("not_reached", Told::NotReached, Outcome::Failed)
            };
            end(work, task.id, word, by).await?;
            if reached {
                to_call(work, &known, &task).await?;
                keep(
                    work,
                    &known.place,
                    Method::CallBack,
                    Some(known.patient),
                    by,
                )
                .await?;
            }
            told(work, ticket, what);
            work.audit(entry("identity.called", ticket).outcome(outcome));
            Ok(())
        }
        .boxed()
    })
    .await
}

async fn end(
    work: &mut Work<'_>,
    task: IdentityTaskId,
    outcome: &str,
    by: StaffId,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    if store::end_task(work, organisation, task, outcome, (by, now)).await? {
        return Ok(());
    }
    Err(DeskError::NotFound)
}

/// Says the second yes, or no. [`DeskError::Conflict`] with `own_word` for whoever asked for it, and for everybody on whose
/// word it rests so far.
pub async fn decide(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    task: IdentityTaskId,
    yes: bool,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::IdentityApprove)?;
    ctx.authorize(Permission::TicketsRead)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    let done = app
        .command(ctx, move |work| {
            async move {
                let known = known(work, ticket).await?;
                let task = open(work, &known, (task, APPROVAL)).await?;
                if task.asked_by == by || known.makers.contains(&by) {
                    return Err(DeskError::Conflict {
                        code: "own_word",
                        text: "Somebody else has to say the second yes.",
                    });
                }
                let (word, what) = if yes {
                    ("approved", Told::Approved)
                } else {
                    ("declined", Told::Declined)
                };
                end(work, task.id, word, by).await?;
                if yes {
                    keep(
                        work,
                        &known.place,
                        Method::Approval,
                        Some(known.patient),
                        by,
                    )
                    .await?;
                }
                told(work, ticket, what);
                let outcome = if yes { Outcome::Ok } else { Outcome::Failed };
                work.audit(entry("identity.approve", ticket).outcome(outcome));
                Ok(())
            }
            .boxed()
        })
        .await;
    noted(app, ctx, entry("identity.approve", ticket), done).await
}

/// Writes down who was kept from it because it would have been their own word twice.
pub(super) async fn noted<T>(
    app: &App,
    ctx: &Ctx,
    entry: NewEntry,
    done: Result<T, DeskError>,
) -> Result<T, DeskError> {
    if matches!(
        done,
        Err(DeskError::Conflict {
            code: "own_word",
            ..
        })
    ) {
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}

/// Second looks that wait: the ticket's number, who asked and when.
pub async fn waiting_approvals(
    app: &App,
    ctx: &Ctx,
) -> Result<Vec<(i64, StaffId, Timestamp)>, DeskError> {
    ctx.authorize(Permission::IdentityApprove)?;
    let organisation = ctx.organisation;
    let since = app.now().plus_seconds(-LASTS);
    let waiting = store::waiting(&mut app.read().await?, organisation, since).await?;
    let mut found = Vec::with_capacity(waiting.len());
    for (ticket, by, at) in waiting {
        let ticket = tickets::row_for(app, organisation, ticket).await?;
        found.push((ticket.number, by, at));
    }
    Ok(found)
}
