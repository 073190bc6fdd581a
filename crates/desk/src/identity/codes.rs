//! The second level: a one-time code to an address that has long been on file.

use super::locks::{Subjects, patient_mark};
use super::model::{Answer, CODE_LASTS, CODES_AN_HOUR, Level, Method, Told, code_digits, code_of};
use super::seen::{admitted_in, agent, at_least, chosen, fit_for, keep, open_code, told};
use super::signs::tried;
use super::store::{self, CodeRow};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{OneTimeCodeId, TicketId};
use crate::patients::PointKind;
use crate::{outbound, tickets};
use bedside_vault::secret;
use futures_util::FutureExt;

/// The keyed hash of a code, bound to its conversation.
fn hash_parts<'a>(id: &'a [u8; 16], ticket: &'a [u8; 16], code: &'a str) -> [&'a [u8]; 4] {
    [b"code", id, ticket, code.as_bytes()]
}

fn refused(code: &'static str, text: &'static str) -> DeskError {
    DeskError::Conflict { code, text }
}

/// Mails a code to the chosen address of the patient whom the details were right of; an earlier one works no more.
pub async fn send_code(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    choice: String,
) -> Result<(), DeskError> {
    agent(ctx)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    let (id, code): (OneTimeCodeId, _) = (app.id(), code_of(secret::random_bytes::<8>()));
    app.command(ctx, move |work| {
        async move {
            let (app, ctx, now) = (work.app.clone(), work.ctx.clone(), work.now);
            let ticket = tickets::held(work, ticket).await?;
            let (_, standing) = admitted_in(&app, work, &ctx, &ticket, now).await?;
            let patient = at_least(&standing, Level::L1)?;
            let subjects = Subjects::with_patient(&app, organisation, &ticket, patient)?;
            subjects.open(work).await?;
            let point = chosen(&app, work, organisation, (ticket.id, patient), &choice).await?;
            if point.kind != PointKind::Email.code() {
                return Err(DeskError::invalid(
                    "choice",
                    "required",
                    "Choose one of the addresses.",
                ));
            }
            fit_for(work, (&ticket, patient), &point).await?;
            let sent = store::codes_since(
                work,
                organisation,
                (ticket.id, patient),
                now.plus_seconds(-3600),
            )
            .await?;
            if sent >= CODES_AN_HOUR {
                return Err(refused(
                    "codes_too_many",
                    "There were three codes within the hour.",
                ));
            }
            let vault = app.keyring.of(organisation)?;
            let (id_bytes, ticket_bytes) = (id.bytes(), ticket.id.bytes());
            let hash = vault
                .identity
                .sign(&hash_parts(&id_bytes, &ticket_bytes, &code));
            let row = CodeRow {
                id,
                patient,
                hash: hash.to_vec(),
                tries: 0,
                expires_at: now.plus_seconds(CODE_LASTS),
            };
            store::insert_code(work, organisation, ticket.id, &row, now).await?;
            let to = (patient, point.value);
            outbound::send_code(work, &ticket, to, (code, row.expires_at)).await?;
            told(work, ticket.id, Told::CodeSent);
            work.audit(NewEntry::new("identity.code", "ticket", ticket.id).purpose("treatment"));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Compares a code that came back. Every wrong one is a failure, whichever code it was tried on: the third one locks.
pub async fn check_code(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
    typed: &str,
) -> Result<Answer, DeskError> {
    let by = agent(ctx)?;
    let organisation = ctx.organisation;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    let typed = code_digits(typed)
        .ok_or_else(|| DeskError::invalid("code", "invalid", "A code has six digits."))?;
    app.command(ctx, move |work| {
        async move {
            let (app, ctx, now) = (work.app.clone(), work.ctx.clone(), work.now);
            let entry = |outcome| {
                NewEntry::new("identity.answer", "ticket", ticket)
                    .purpose("treatment")
                    .outcome(outcome)
            };
            let ticket = tickets::held(work, ticket).await?;
            let (place, standing) = admitted_in(&app, work, &ctx, &ticket, now).await?;
            let patient = at_least(&standing, Level::L1)?;
            let subjects = Subjects::with_patient(&app, organisation, &ticket, patient)?;
            if let Some(until) = subjects.locked_until(work).await? {
                work.audit(entry(Outcome::Denied));
                return Ok(Answer::Locked(until));
            }
            let code = open_code(work, organisation, ticket.id, now).await?;
            let Some(code) = code.filter(|code| code.patient == patient) else {
                work.audit(entry(Outcome::Failed));
                return Ok(Answer::NoCode);
            };
            let vault = app.keyring.of(organisation)?;
            let (id, bytes) = (code.id.bytes(), ticket.id.bytes());
            let parts = hash_parts(&id, &bytes, &typed);
            if vault.identity.verify(&parts, &code.hash) {
                store::try_code(work, organisation, code.id, code.tries, "used").await?;
                keep(work, &place, Method::Code, Some(patient), by).await?;
                told(work, ticket.id, Told::CodeRight);
                work.audit(entry(Outcome::Ok));
                return Ok(Answer::Matches);
            }
            store::try_code(work, organisation, code.id, code.tries + 1, "").await?;
            let mark = patient_mark(&app, organisation, patient)?;
            tried(work, &ticket, &[mark], true).await?;
            work.audit(entry(Outcome::Failed));
            told(work, ticket.id, Told::CodeWrong);
            subjects.fail(work, ticket.id).await
        }
        .boxed()
    })
    .await
}
