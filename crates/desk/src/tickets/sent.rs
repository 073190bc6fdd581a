//! That an answer went out, for the audit log. The accounting of disclosures (45 CFR 164.528) reads it years later, when links
//! have changed and words have gone: so the entry says to whom it went and who that was on that day.

use super::model::{StoredTicket, Ticket};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId};
use crate::records::{Label, LetOut};
use crate::representatives::{self, Side};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_web::i18n::Texts;
use serde_json::json;

/// The entry about an answer: what it held, what was shown by whoever gets it (45 CFR 164.514(h)), to whom it goes, and who
/// they are to the patient whom the request is about, if there is one.
pub(super) async fn sent(
    work: &mut Work<'_>,
    ticket: &Ticket,
    message: MessageId,
    leave: LetOut,
) -> Result<NewEntry, DeskError> {
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let to = match ticket.about.patient {
        Some(patient) => {
            let whose = (ticket.contact, patient);
            let side = representatives::side_of(&app, work, organisation, whose, now).await?;
            Some(side.code())
        }
        None => None,
    };
    let detail = json!({
        "class": leave.class(), "level": leave.level().code(), "emergency": leave.by_emergency(),
        "message": message, "contact": ticket.contact, "patient": ticket.about.patient, "to": to,
    });
    let entry = NewEntry::new("message.send", "ticket", ticket.id);
    Ok(entry.purpose("treatment").detail(&detail))
}

/// The words of an answer, with the notice of 42 CFR 2.32 below them where it [needs](noticed) one; and whether it has.
pub(super) async fn with_notice(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    body: String,
) -> Result<(String, bool), DeskError> {
    let mut conn = app.read().await?;
    if !noticed(app, &mut conn, (ctx.organisation, app.now()), ticket).await? {
        return Ok((body, false));
    }
    let notice = Texts::new(ticket.locale).text("part2-notice");
    Ok((format!("{body}\n\n{notice}"), true))
}

/// Refuses an answer that was written without the notice and needs it by now: a label or a link came meanwhile. Written once more
/// it has it.
pub(super) async fn still_without_notice(
    work: &mut Work<'_>,
    stored: &StoredTicket,
) -> Result<(), DeskError> {
    let (app, when) = (work.app.clone(), (work.ctx.organisation, work.now));
    if !noticed(&app, work, when, &stored.ticket).await? {
        return Ok(());
    }
    Err(DeskError::Stale {
        version: stored.ticket.version,
        changed: Vec::new(),
    })
}

/// Whether an answer carries the notice: it is about treatment of substance use and goes to somebody who is neither the patient nor
/// acts for them. So is whoever writes about nobody on file: nothing says that they are the patient.
async fn noticed(
    app: &App,
    conn: &mut Conn,
    (organisation, now): (OrganisationId, Timestamp),
    ticket: &Ticket,
) -> Result<bool, DeskError> {
    if !ticket.about.labels.has(Label::Part2) {
        return Ok(false);
    }
    let Some(patient) = ticket.about.patient else {
        return Ok(true);
    };
    let whose = (ticket.contact, patient);
    let side = representatives::side_of(app, conn, organisation, whose, now).await?;
    Ok(side == Side::Other)
}
