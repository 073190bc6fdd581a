//! The first level: what the agent types is compared, and says yes or no.

use super::contacts::at_the_third;
use super::locks::{Subjects, claim_marks, patient_mark};
use super::model::{Answer, Method, Told};
use super::seen::{admit, agent, keep, place, stands_for, told};
use super::sight::is_live;
use super::signs::{raised, tried};
use super::tasks::known;
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{PatientId, TicketId};
use crate::patients::{self, Claim, Factor, PointKind, Who};
use crate::tickets::{self, model::Ticket};
use crate::work::Work;
use futures_util::FutureExt;
use serde_json::json;

/// What somebody says of a patient, as the agent typed it.
#[derive(Clone, Default)]
pub struct Typed {
    /// Full name.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// What the third value is: `mrn`, `phone` or `email`.
    pub factor: String,
    /// The third value.
    pub value: String,
}

fn factor_of(code: &str) -> Result<Factor, DeskError> {
    match code {
        "mrn" => Ok(Factor::Mrn),
        "phone" => Ok(Factor::Point(PointKind::Phone)),
        "email" => Ok(Factor::Point(PointKind::Email)),
        _ => Err(DeskError::invalid("factor", "required", "Choose one.")),
    }
}

/// Whether a conversation that came by this channel came by an address of this kind. Whoever is on the line in one that came
/// as a mail called, so that their number is a way in as well.
fn came_by(channel: &str, kind: PointKind, live: bool) -> bool {
    let came = match channel {
        "phone" | "voice" | "sms" | "video" => PointKind::Phone,
        _ => PointKind::Email,
    };
    kind == came || (live && kind == PointKind::Phone)
}

/// Compares what was typed with what is on file. [`DeskError::Invalid`] tells of a wrong form, and of an address or number
/// that the conversation itself came by (`way_in`): whoever calls or writes can pretend it, and the page shows it. Neither
/// depends on any patient.
pub async fn check_details(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    typed: &Typed,
) -> Result<Answer, DeskError> {
    let by = agent(ctx)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    let factor = factor_of(&typed.factor)?;
    let claim = patients::claim(
        app,
        organisation,
        (&typed.name, &typed.birth_date),
        (factor, &typed.value),
    )?;
    let kind = typed.factor.clone();
    app.command(ctx, move |work| {
        async move {
            let entry = |outcome| {
                let detail = json!({ "factor": kind });
                NewEntry::new("identity.check", "ticket", ticket.id)
                    .purpose("treatment")
                    .outcome(outcome)
                    .detail(&detail)
            };
            let ticket = tickets::held(work, ticket.id).await?;
            let mut marks = claim_marks(&work.app, organisation, &claim)?.to_vec();
            let subjects = Subjects::of(&work.app, organisation, &ticket)?.and_claim(&marks);
            if let Some(until) = subjects.locked_until(work).await? {
                work.audit(entry(Outcome::Denied));
                return Ok(Answer::Locked(until));
            }
            let found = compared(work, &ticket, &claim).await?;
            let Some(patient) = found else {
                tried(work, &ticket, &marks, true).await?;
                work.audit(entry(Outcome::Failed));
                told(work, ticket.id, Told::NotConfirmed);
                return subjects.fail(work, ticket.id).await;
            };
            let app = work.app.clone();
            let place = place(&app, work, organisation, &ticket).await?;
            keep(work, &place, Method::Details, Some(patient), by).await?;
            marks.push(patient_mark(&app, organisation, patient)?);
            tried(work, &ticket, &marks, false).await?;
            told(work, ticket.id, Told::Matched);
            work.audit(entry(Outcome::Ok));
            Ok(Answer::Matches)
        }
        .boxed()
    })
    .await
}

async fn compared(
    work: &mut Work<'_>,
    ticket: &Ticket,
    claim: &Claim,
) -> Result<Option<PatientId>, DeskError> {
    let organisation = work.ctx.organisation;
    let (ctx, now) = (work.ctx.clone(), work.now);
    let found = patients::compare(work, organisation, claim).await?;
    let live = is_live(work, organisation, ticket, now).await?;
    let way_in = match claim.factor {
        Factor::Point(kind) => came_by(&ticket.channel, kind, live),
        Factor::Mrn => false,
    };
    if way_in && found.owner == Some(ticket.contact) {
        return Err(DeskError::invalid(
            "value",
            "way_in",
            "The conversation came by this address; it confirms nothing.",
        ));
    }
    let Some(patient) = found.patient else {
        return Ok(None);
    };
    match admit(work, &ctx, patient, now).await {
        Ok(()) => Ok(Some(patient)),
        // A refusal would say that there is such a patient, and that these are their details.
        Err(DeskError::Restricted { .. }) => {
            let entry = NewEntry::new("restricted.refused", "patient", patient);
            work.audit(entry.outcome(Outcome::Denied));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Says that the ticket's contact is the patient they were verified as: at the third level, because it makes
/// the contact's addresses the patient's. What was shown ends with it. [`DeskError::Conflict`] with
/// `other_person` when they stand for somebody already.
pub async fn tie(app: &App, ctx: &Ctx, ticket: TicketId) -> Result<(), DeskError> {
    agent(ctx)?;
    ctx.authorize(Permission::PatientsWrite)?;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?;
    let raised = raised(app, ctx, &ticket).await?;
    app.command(ctx, move |work| {
        async move {
            let (app, organisation) = (work.app.clone(), work.ctx.organisation);
            let known = known(work, ticket.id).await?;
            at_the_third(work, &known.ticket, known.patient, raised).await?;
            let contact = known.ticket.contact;
            let before = stands_for(&app, work, organisation, contact).await?;
            if before.is_some() {
                return Err(DeskError::Conflict {
                    code: "other_person",
                    text: "This contact stands for a patient already.",
                });
            }
            tickets::link_in(work, contact, Some(known.patient), Who::Themself).await
        }
        .boxed()
    })
    .await
}
