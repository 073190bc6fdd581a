//! Words that came with something else, a rating or what is asked by law, before it is known whether they are a message too.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId};
use crate::timeline;
use crate::triage::{self, Weighed};
use bedside_language::Channel;
use bedside_web::Locale;

/// Whoever words are of, where they are of a patient, and nobody knows yet which of their contacts speaks.
pub(crate) const ANYBODY: ContactId = ContactId::from_bytes([0; 16]);

/// How dangerous they are by themselves, and in the light of what the same contact, and those who write for the same patient,
/// wrote in the last days.
pub(crate) async fn weigh(
    app: &App,
    organisation: OrganisationId,
    who: (ContactId, Option<PatientId>),
    words: (Channel, &str, Locale),
) -> Result<Weighed, DeskError> {
    let at = app.now();
    let earlier = {
        let mut conn = app.read().await?;
        timeline::left_behind(&mut conn, organisation, who, at).await?
    };
    triage::weigh(app, words, &earlier, at).await
}
