//! Whom an entry of the audit log is about, as things stand today.

use crate::audit_log::Shown;
use crate::error::DeskError;
use crate::ids::{self, ContactId, OrganisationId};
use crate::records::{About, restricted, whose};
use bedside_db::Conn;
use std::collections::HashMap;

/// The kind and id of what an entry is about; lists are named after whose they are.
pub(super) fn object_of(entry: &Shown) -> (&str, &str) {
    match entry.object_kind.as_str() {
        "view" => entry.object_id.split_once(':').unwrap_or_default(),
        kind => (kind, entry.object_id.as_str()),
    }
}

/// The contact behind an entry; none where it is about nobody, or what it was about is gone.
pub(super) async fn contact_behind(
    conn: &mut Conn,
    organisation: OrganisationId,
    entry: &Shown,
) -> Result<Option<ContactId>, DeskError> {
    let (kind, id) = object_of(entry);
    let ticket = match kind {
        "contact" => {
            let contact: Option<ContactId> = id.parse().ok();
            return Ok(contact.filter(|one| *one != ids::nobody(organisation)));
        }
        "ticket" => id.parse().ok(),
        "attachment" => match id.parse() {
            Ok(file) => whose::request_of_file(conn, organisation, file).await?,
            Err(_) => None,
        },
        _ => None,
    };
    match ticket {
        Some(ticket) => whose::asker_of(conn, organisation, ticket).await,
        None => Ok(None),
    }
}

/// Whom an entry is about; none where it is about nobody, or what it was about is gone.
pub(super) async fn whom(
    conn: &mut Conn,
    organisation: OrganisationId,
    entry: &Shown,
    known: &mut HashMap<String, Option<About>>,
) -> Result<Option<About>, DeskError> {
    let (kind, id) = object_of(entry);
    if let Some(about) = known.get(id) {
        return Ok(*about);
    }
    let about = match kind {
        "patient" => match id.parse() {
            Ok(id) => restricted::about_patient(conn, organisation, id).await?,
            Err(_) => None,
        },
        "contact" => match id.parse() {
            Ok(id) => restricted::about_contact(conn, organisation, id).await?,
            Err(_) => None,
        },
        "ticket" => match id.parse() {
            Ok(id) => restricted::about_ticket(conn, organisation, id).await?,
            Err(_) => None,
        },
        "attachment" => match id.parse() {
            Ok(file) => match whose::request_of_file(conn, organisation, file).await? {
                Some(ticket) => restricted::about_ticket(conn, organisation, ticket).await?,
                None => None,
            },
            Err(_) => None,
        },
        _ => None,
    };
    known.insert(id.to_owned(), about);
    Ok(about)
}
