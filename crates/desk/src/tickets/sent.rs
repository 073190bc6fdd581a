//! That an answer went out, for the audit log. The accounting of disclosures (45 CFR 164.528) reads it years later, when links
//! have changed and words have gone: so the entry says to whom it went and who that was on that day.

use super::model::Ticket;
use crate::audit_log::NewEntry;
use crate::error::DeskError;
use crate::ids::MessageId;
use crate::records::LetOut;
use crate::representatives;
use crate::work::Work;
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
