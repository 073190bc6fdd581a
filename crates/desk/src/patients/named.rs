//! What lists show of contacts.

use super::store;
use crate::app::App;
use crate::error::DeskError;
use crate::identity;
use crate::ids::{ContactId, OrganisationId};
use crate::records::{self, About, Opened};
use bedside_db::Conn;
use std::collections::HashMap;

/// What lists show of a contact.
#[derive(Clone, Default)]
pub(crate) struct Named {
    /// The name, or else the first address.
    pub words: String,
    /// Whether it is the address.
    pub is_address: bool,
    /// For whom that is kept.
    pub about: About,
}

impl Named {
    /// What somebody sees who has this leave.
    pub fn under(mut self, leave: &Opened) -> Self {
        if self.is_address {
            let shown = identity::address_under(leave, &self.words);
            self.words = shown.unwrap_or_default().0;
        }
        self
    }
}

/// What lists show of contacts.
pub(crate) async fn names_or_addresses(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    contacts: &[ContactId],
) -> Result<HashMap<ContactId, Named>, DeskError> {
    let mut names = HashMap::with_capacity(contacts.len());
    for (id, key, name, about) in store::names(conn, organisation, contacts).await? {
        let sealing = records::sealing(app, conn, organisation, key).await?;
        let is_address = name.is_none();
        let words = match name {
            Some(name) => sealing.open_text("contacts", "name", id, &name)?,
            None => match store::points(conn, organisation, id).await?.first() {
                Some(first) => sealing.open_text("contact_points", "value", id, &first.value)?,
                None => String::new(),
            },
        };
        let shown = Named {
            words,
            is_address,
            about,
        };
        names.insert(id, shown);
    }
    Ok(names)
}
