//! Telling whoever asked on the patients' own pages that something waits for them there. The mail says nothing of what.

use super::model::Request;
use super::store;
use crate::error::DeskError;
use crate::ids::PrivacyRequestId;
use crate::portal;
use crate::records::Group;
use crate::representatives;
use crate::work::Work;

/// Tells it in the caller's command: to whoever asked, while they may have the record. What the staff entered is answered by
/// letter.
pub(super) async fn tell(work: &mut Work<'_>, request: &Request) -> Result<(), DeskError> {
    let Some(asker) = request.asked else {
        return Ok(());
    };
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let whose = (asker.contact, request.patient);
    let side = representatives::side_of(&app, work, organisation, whose, now).await?;
    let scope = representatives::scope_of(&app, work, organisation, whose, now).await?;
    if side != asker.side || !scope.has(Group::Records) {
        return Ok(());
    }
    portal::message_waits(work, asker.contact).await
}

/// The same of a request by its id.
pub(crate) async fn tell_of(work: &mut Work<'_>, id: PrivacyRequestId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    match store::one(work, organisation, id).await? {
        Some(request) => tell(work, &request).await,
        None => Ok(()),
    }
}
