//! What belongs to a patient, as far as the audit log names it: for whoever asks who has seen any of it.

mod store;

use crate::error::DeskError;
use crate::ids::{self, AttachmentId, ContactId, OrganisationId, PatientId, TicketId};
use bedside_db::{Conn, Timestamp};
use std::collections::HashMap;
use store::Of;

pub use store::ALL as STATEMENTS;

/// Contacts, and openings, of one patient that are looked at: far more than anybody has.
const MOST: i64 = 500;
/// Requests of one patient that are looked at, the newest.
const MOST_REQUESTS: i64 = 1000;
/// Files of one request that are looked at.
const MOST_FILES: i64 = 1000;

/// What a thing of a patient is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// The patient themselves.
    Patient,
    /// Somebody who stands for them.
    Contact,
    /// The request with this number.
    Request(i64),
    /// A file of the request with this number.
    File(i64),
    /// That their restricted record was opened for a reason.
    Opening,
}

/// The things of one patient by the ids under which the audit log names them. What stood for the patient once and does no
/// more is not among them.
pub async fn things(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<HashMap<String, Thing>, DeskError> {
    let mut things = HashMap::new();
    let mut name = |id: String, thing| {
        // A list of somebody's requests is named after whose they are.
        if matches!(thing, Thing::Patient | Thing::Contact) {
            let kind = match thing {
                Thing::Patient => "patient",
                _ => "contact",
            };
            things.insert(format!("{kind}:{id}"), thing);
        }
        things.insert(id, thing);
    };
    name(patient.to_string(), Thing::Patient);
    for (of, thing) in [
        (Of::Contacts, Thing::Contact),
        (Of::Openings, Thing::Opening),
    ] {
        for id in store::ids(conn, organisation, patient, of, MOST).await? {
            name(id.to_string(), thing);
        }
    }
    for (ticket, number) in store::requests(conn, organisation, patient, MOST_REQUESTS).await? {
        name(ticket.to_string(), Thing::Request(number));
        for file in store::files(conn, organisation, ticket, MOST_FILES).await? {
            name(file.to_string(), Thing::File(number));
        }
    }
    Ok(things)
}

/// Requests of a patient that were brought by somebody who doesn't stand for them, by the ids under which the audit log
/// names them: what is answered there goes to somebody else.
pub async fn brought_by_others(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<HashMap<String, i64>, DeskError> {
    let found = store::others(conn, organisation, patient, MOST_REQUESTS).await?;
    let named = found
        .into_iter()
        .map(|(ticket, number)| (ticket.to_string(), number));
    Ok(named.collect())
}

/// The request that a file belongs to; none when there is no such file.
pub async fn request_of_file(
    conn: &mut Conn,
    organisation: OrganisationId,
    file: AttachmentId,
) -> Result<Option<TicketId>, DeskError> {
    store::request_of_file(conn, organisation, file).await
}

/// Who asked in a request; none when there is no such request.
pub async fn asker_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<Option<ContactId>, DeskError> {
    let asker = store::asker_of(conn, organisation, ticket).await?;
    Ok(asker.filter(|contact| *contact != ids::nobody(organisation)))
}

/// Whether a patient has a request, of their own or of somebody who stands for them, in which something changed since an
/// instant.
pub async fn has_request_since(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    since: Timestamp,
) -> Result<bool, DeskError> {
    store::request_since(conn, organisation, patient, since).await
}
