//! What messages leave behind for those that come after them.

use super::store;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PatientId, TicketId};
use crate::triage::Left;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_language::History;

/// Earlier messages that a look takes in, emergencies before all others: more than anybody in danger writes in a week, and of an
/// address that many share the newest.
const LEFT: i64 = 200;

/// What the messages of a contact, and of those who write for the same patient, left behind in the days before `at`, oldest
/// first. Nothing of it is words: it is no look at patient data, and leaves none in the audit log.
pub(crate) async fn left_behind(
    conn: &mut Conn,
    organisation: OrganisationId,
    who: (ContactId, Option<PatientId>),
    at: Timestamp,
) -> Result<Vec<Left>, DeskError> {
    let since = at.plus_seconds(-i64::from(History::DAYS) * 24 * 3600);
    let mut left: Vec<Left> = store::left(conn, organisation, who, (since, at), LEFT)
        .await?
        .into_iter()
        .flatten()
        .collect();
    left.reverse();
    left.sort_by_key(|one| one.at);
    Ok(left)
}

/// What a ticket's messages left behind counts no more, in the caller's command: somebody of the staff saw that nobody is in
/// danger. Says whether there was anything.
pub(crate) async fn forget_danger(
    work: &mut Work<'_>,
    ticket: TicketId,
) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    store::forget(work, organisation, ticket).await
}

/// The same, taken back.
pub(crate) async fn remember_danger(
    work: &mut Work<'_>,
    ticket: TicketId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::remember(work, organisation, ticket).await
}
