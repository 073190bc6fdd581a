//! Tags: the staff's own words about a ticket. Owns `ticket_tags`. They may describe a patient, so they are sealed with the ticket's key; a
//! [`TagId`] (a keyed blind index of the text) finds the tickets of one tag and stands for it in addresses.

mod store;

use super::model::{MAX_TAGS, normal_tag};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{OrganisationId, TagId, TicketId};
use crate::records::Sealing;
use bedside_db::Conn;
use bedside_vault::BlindKind;

pub use store::ALL as STATEMENTS;

/// A tag, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// What stands for it in addresses.
    pub id: TagId,
    /// Its text in the normal form.
    pub text: String,
}

/// The id of a tag; none when the text can't be one.
pub fn tag_id(
    app: &App,
    organisation: OrganisationId,
    text: &str,
) -> Result<Option<TagId>, DeskError> {
    let blind = &app.keyring.of(organisation)?.blind;
    Ok(normal_tag(text).map(|tag| TagId::from_bytes(blind.index(BlindKind::Tag, &tag))))
}

fn invalid() -> DeskError {
    DeskError::invalid(
        "tags",
        "invalid",
        "A tag has letters, digits, dashes and spaces, at most 40.",
    )
}

/// Tags that were sent for one ticket, in their normal form.
pub(super) fn checked(
    app: &App,
    organisation: OrganisationId,
    texts: &[String],
) -> Result<Vec<Tag>, DeskError> {
    if texts.len() > MAX_TAGS {
        return Err(too_many());
    }
    let tag = |text: &String| {
        let id = tag_id(app, organisation, text)?.ok_or_else(invalid)?;
        let text = normal_tag(text).ok_or_else(invalid)?;
        Ok(Tag { id, text })
    };
    texts.iter().map(tag).collect()
}

pub(super) fn too_many() -> DeskError {
    DeskError::invalid("tags", "too_many", "A ticket has at most 30 tags.")
}

/// A ticket's tags, by their texts.
pub(super) async fn of(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    sealing: &Sealing,
) -> Result<Vec<Tag>, DeskError> {
    let mut tags = Vec::new();
    for (id, sealed) in store::of_ticket(conn, organisation, ticket).await? {
        let text = sealing.open_text("ticket_tags", "tag", ticket, &sealed)?;
        tags.push(Tag { id, text });
    }
    tags.sort_unstable_by(|one, other| one.text.cmp(&other.text));
    Ok(tags)
}

/// Adds a tag, sealed for its ticket; `false` when the ticket has it already.
pub(super) async fn add(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    sealing: &Sealing,
    tag: &Tag,
) -> Result<bool, DeskError> {
    let sealed = sealing.text("ticket_tags", "tag", ticket, &tag.text);
    store::add(conn, organisation, ticket, tag.id, &sealed).await
}

/// Takes a tag away; `false` when the ticket has it not.
pub(super) async fn remove(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    tag: TagId,
) -> Result<bool, DeskError> {
    store::remove(conn, organisation, ticket, tag).await
}

/// How many tags a ticket has.
pub(super) async fn count(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<usize, DeskError> {
    Ok(store::of_ticket(conn, organisation, ticket).await?.len())
}
