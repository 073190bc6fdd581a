//! That an answer went out, for the audit log. The accounting of disclosures (45 CFR 164.528) reads it years later, when links
//! have changed and words have gone: so the entry says to whom it went and who that was on that day.

use super::model::Ticket;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::MessageId;
use crate::records::{Label, LetOut};
use crate::representatives::{self, Side};
use crate::work::Work;
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

/// The words of an answer, with the notice of 42 CFR 2.32 below them where it is about treatment of substance use and goes to
/// somebody who is neither the patient nor acts for them.
pub(super) async fn with_notice(
    app: &App,
    ctx: &Ctx,
    ticket: &Ticket,
    body: String,
) -> Result<String, DeskError> {
    let Some(patient) = ticket
        .about
        .patient
        .filter(|_| ticket.about.labels.has(Label::Part2))
    else {
        return Ok(body);
    };
    let whose = (ticket.contact, patient);
    let (organisation, now) = (ctx.organisation, app.now());
    let mut conn = app.read().await?;
    let side = representatives::side_of(app, &mut conn, organisation, whose, now).await?;
    if side != Side::Other {
        return Ok(body);
    }
    let notice = Texts::new(ticket.locale).text("part2-notice");
    Ok(format!("{body}\n\n{notice}"))
}
