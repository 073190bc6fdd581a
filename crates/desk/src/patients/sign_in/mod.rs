//! The address by which somebody signs in to the patients' own pages.

mod store;

use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, OrganisationId, PatientId};
use crate::records;
use bedside_db::{Conn, Timestamp};

pub use store::ALL as STATEMENTS;

/// A mail address that somebody has, with what decides about whoever comes in by it.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// Whose it is.
    pub contact: ContactId,
    /// Whom they stand for.
    pub patient: Option<PatientId>,
    /// Since when it is theirs, and that patient's.
    pub since: Timestamp,
    /// Until when no code goes there.
    pub held_until: Option<Timestamp>,
    /// Whether mail came back from there.
    pub bounced: bool,
    /// Whether the patient is reached another way only: then nothing is sent there, and nobody comes in by it.
    pub barred: bool,
    key: DataKeyId,
    sealed: Vec<u8>,
}

/// Whose address this is, by its blind index.
pub(crate) async fn door(
    conn: &mut Conn,
    organisation: OrganisationId,
    blind: &[u8],
) -> Result<Option<Door>, DeskError> {
    store::door(conn, organisation, blind).await
}

/// The address itself, for the mail that goes there.
pub(crate) async fn address(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    door: &Door,
) -> Result<String, DeskError> {
    let sealing = records::sealing(app, conn, organisation, door.key).await?;
    sealing.open_text("contact_points", "value", door.contact, &door.sealed)
}
