//! The no of somebody who objected by law, and what a restriction holds back.

use super::model::{Decision, Purpose, Source, Why, Word};
use super::service::{Said, keep, sealed};
use crate::error::DeskError;
use crate::ids::{ConsentId, PatientId};
use crate::records::Sealing;
use crate::work::Work;
use bedside_web::Locale;

/// Keeps the no of a patient whose objection was granted, in the caller's command: for one purpose, or for all of them, by
/// every way. `text` is what they wrote, at most [`super::MAX_TEXT`] characters.
pub(crate) async fn object_in(
    work: &mut Work<'_>,
    (patient, sealing): (PatientId, &Sealing),
    purpose: Option<Purpose>,
    (text, locale, source): (&str, Locale, Source),
) -> Result<ConsentId, DeskError> {
    let no = Word {
        id: work.app.id(),
        at: work.now,
        purpose,
        channel: None,
        decision: Decision::Withdrawn,
        patient: Some(patient),
        contact: None,
        point: None,
        party: None,
    };
    let said = Said {
        text: text.to_owned(),
        ..Said::default()
    };
    let row = sealed(sealing, no, &said, (locale, source))?;
    keep(work, row).await
}

/// What of `why` holds while a restriction is kept to on the patient's record: what is no part of care, and what nobody
/// asked for, rests. The patient's own yes to give something to somebody named is theirs.
pub(super) const fn under(why: Why, purpose: Purpose, restricted: bool) -> Why {
    let rests = matches!(
        purpose,
        Purpose::Surveys | Purpose::Programmes | Purpose::Marketing | Purpose::Research
    );
    if restricted && rests && why.may() {
        return Why::Restricted;
    }
    why
}
