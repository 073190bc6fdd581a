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

/// What belongs to one patient.
#[derive(Clone, Debug, Default)]
pub struct Things {
    /// By the ids under which the audit log names them.
    pub named: HashMap<String, Thing>,
    /// Whether there is more than was looked at.
    pub is_cut: bool,
}

/// Leaves of what was asked for beyond `most` that much, and says whether there was more.
fn cut<T>(found: &mut Vec<T>, most: i64) -> bool {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);
    more
}

/// The things of one patient. What stood for the patient once and does no more is not among them.
pub async fn things(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Things, DeskError> {
    let (mut things, mut is_cut) = (HashMap::new(), false);
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
        let mut ids = store::ids(conn, organisation, patient, of, MOST + 1).await?;
        is_cut |= cut(&mut ids, MOST);
        for id in ids {
            name(id.to_string(), thing);
        }
    }
    let mut requests = store::requests(conn, organisation, patient, MOST_REQUESTS + 1).await?;
    is_cut |= cut(&mut requests, MOST_REQUESTS);
    for (ticket, number) in requests {
        name(ticket.to_string(), Thing::Request(number));
        let mut files = store::files(conn, organisation, ticket, MOST_FILES + 1).await?;
        is_cut |= cut(&mut files, MOST_FILES);
        for file in files {
            name(file.to_string(), Thing::File(number));
        }
    }
    Ok(Things {
        named: things,
        is_cut,
    })
}

/// Requests of a patient that were brought by somebody who neither stands nor acted for them, as far as the desk knows today,
/// by the ids under which the audit log names them, with who it was: what is answered there goes to somebody else. Whoever
/// answers says in the log who it was on that day; this is for answers from before it did.
pub async fn brought_by_others(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<HashMap<String, ContactId>, DeskError> {
    let found = store::others(conn, organisation, patient, MOST_REQUESTS).await?;
    let named = found
        .into_iter()
        .map(|(ticket, contact)| (ticket.to_string(), contact));
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
