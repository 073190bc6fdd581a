//! What may be said in a conversation, from what was shown in it and from what whoever asks may hear for the patient. The
//! rule itself is `records`'; here stands what it is asked with.

use super::model::{Standing, shown};
use super::seen::{admit, standing_in, standing_of};
use super::signs::raised;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId};
use crate::records::{Class, LetOut, Level, Scope, Shown, let_out};
use crate::representatives;
use crate::tickets::model::Ticket;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};

/// Whom a conversation is about: whoever was verified, else whom the request is about or its contact stands for.
pub(super) fn whom(ticket: &Ticket, standing: &Standing) -> Option<PatientId> {
    standing.patient.or(ticket.about.patient)
}

async fn scope_in(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    (ticket, standing): (&Ticket, &Standing),
    now: Timestamp,
) -> Result<Scope, DeskError> {
    match whom(ticket, standing) {
        Some(patient) => {
            let whose = (ticket.contact, patient);
            representatives::scope_of(app, conn, organisation, whose, now).await
        }
        None => Ok(Scope::ALL),
    }
}

/// What decides about a conversation where `standing` is what was shown, for whoever may read it. `raised` when there is a
/// red flag.
pub async fn shown_with(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    standing: &Standing,
    raised: bool,
) -> Result<Shown, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let (mut conn, now) = (app.read().await?, app.now());
    let about = (ticket, standing);
    let scope = scope_in(app, &mut conn, ctx.organisation, about, now).await?;
    Ok(shown(standing, raised, scope))
}

/// The same with what was shown until now.
pub async fn shown_in(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    raised: bool,
) -> Result<Shown, DeskError> {
    let standing = standing_of(app, ctx, ticket).await?;
    shown_with(app, ctx, ticket, &standing, raised).await
}

/// What somebody wants to say, with what is looked up before the command.
#[derive(Clone, Copy)]
pub(crate) struct AskedToSay {
    class: Option<Class>,
    clinical: bool,
    raised: bool,
}

/// Looks up what [`may_say`] is asked with. Whether there is a red flag is read from the words only where it decides.
pub(crate) async fn asked_to_say(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    class: Option<Class>,
) -> Result<AskedToSay, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let decides = if let Some(class) = class {
        class != Class::Public
    } else {
        let (mut conn, now) = (app.read().await?, app.now());
        let organisation = ctx.organisation;
        let (_, standing) = standing_in(app, &mut conn, organisation, ticket, now).await?;
        standing.counts_as() > Level::L0
    };
    Ok(AskedToSay {
        class,
        clinical: clinic.is_clinical(&ticket.category),
        raised: decides && raised(app, ctx, ticket).await?,
    })
}

/// Lets words of this class go to whoever asks in a held ticket; with none, of the class that is usual there and open.
/// [`DeskError::Conflict`] says what is missing; with `other_verified`, that somebody else was verified here than the patient
/// whom the request is about.
pub(crate) async fn may_say(
    work: &mut Work<'_>,
    ticket: &Ticket,
    asked: AskedToSay,
) -> Result<LetOut, DeskError> {
    let AskedToSay {
        class,
        clinical,
        raised,
    } = asked;
    let (app, ctx, now) = (work.app.clone(), work.ctx.clone(), work.now);
    let (_, mut standing) = standing_in(&app, work, ctx.organisation, ticket, now).await?;
    if let Some(patient) = standing.patient {
        match admit(work, &ctx, patient, now).await {
            Err(DeskError::Restricted { .. }) => standing = standing.of_nobody(),
            admitted => admitted?,
        }
    }
    let about = (ticket, &standing);
    let scope = scope_in(&app, work, ctx.organisation, about, now).await?;
    let mut shown = shown(&standing, raised, scope);
    let other = standing.patient.is_some()
        && ticket.about.patient.is_some()
        && standing.patient != ticket.about.patient;
    if other && shown.emergency {
        // What the emergency opens stays open; what somebody else showed opens nothing about this patient.
        shown.level = Level::L0;
    }
    let class = match class {
        None if other => Class::Public,
        None => shown.usual(&ticket.category, clinical),
        Some(class) => class,
    };
    if other && !shown.emergency && class != Class::Public {
        return Err(DeskError::Conflict {
            code: "other_verified",
            text: "Somebody else was verified here than the patient whom this request is about.",
        });
    }
    let_out(shown, class)
}
