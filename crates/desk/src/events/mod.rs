//! What happened, in order. Owns `events` and the organisation's event counter.
//!
//! Every event has a number that rises by one within its organisation, without gaps and in commit order: a reader that
//! asks from its last number misses nothing. Parts that react to others (search, live pages) read events; they are
//! never called. To add a kind, add a constant to [`kind`] and say what `data` holds. No event carries patient data.

mod store;

use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{MessageId, OrganisationId, TicketId};
use bedside_db::{Notice, Timestamp, Tx};
use serde::Serialize;
use uuid::Uuid;

pub use store::ALL as STATEMENTS;

/// The kinds of events.
pub mod kind {
    /// A ticket was opened. `{"number"}`
    pub const TICKET_CREATED: &str = "ticket.created";
    /// Fields of a ticket were changed. `{"version", "changed": [field…], "to": {field: code}}`
    pub const TICKET_CHANGED: &str = "ticket.changed";
    /// Another ticket went into this one. `{"number"}` of the other.
    pub const TICKET_MERGED: &str = "ticket.merged";
    /// A part of this ticket became its own. `{"number"}` of the new one.
    pub const TICKET_SPLIT: &str = "ticket.split";
    /// Two tickets were linked. `{"number"}` of the other.
    pub const TICKET_LINKED: &str = "ticket.linked";
    /// A message or note was added. `{"message_kind", "channel"}`
    pub const MESSAGE_ADDED: &str = "message.added";
    /// A message's delivery state changed. `{"state"}`
    pub const MESSAGE_STATE: &str = "message.state";
    /// What the virus scanner said of a file. `{"file", "scan"}`
    pub const FILE_CHECKED: &str = "file.checked";
    /// A message's words changed place or were erased, so an index must look again.
    pub const MESSAGE_MOVED: &str = "message.moved";
    /// A rating was given. `{"score"}`
    pub const TICKET_RATED: &str = "ticket.rated";
    /// A mail could not be turned into a message and waits for a person.
    pub const MAIL_PARKED: &str = "mail.parked";
    /// A mail's sender is not who it says, as far as the receiving server could tell.
    pub const MAIL_DOUBTED: &str = "mail.doubted";
    /// A setting was changed. `{"setting"}`
    pub const SETTINGS_CHANGED: &str = "settings.changed";
    /// How sure the desk is of who is asking became another. `{"what"}`, a code of [`crate::identity::Told`]
    pub const IDENTITY: &str = "identity.changed";
    /// What a patient asks for their data by law was opened or went on. `{"request", "state"}`
    pub const PRIVACY: &str = "privacy.changed";
    /// A patient or contact was added or changed.
    pub const PEOPLE_CHANGED: &str = "people.changed";
}

/// An event to be appended.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// One of [`kind`].
    pub kind: &'static str,
    /// The ticket it is about.
    pub ticket: Option<TicketId>,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// JSON without patient data.
    pub data: String,
}

/// An event as read back.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    /// Its number within the organisation.
    pub sequence: i64,
    /// One of [`kind`].
    pub kind: String,
    /// The ticket it is about.
    pub ticket_id: Option<TicketId>,
    /// The message it is about.
    pub message_id: Option<MessageId>,
    /// `staff`, `token`, `contact`, `visitor` or `system`.
    pub actor_kind: String,
    /// The actor's id, where it has one.
    pub actor_id: Option<Uuid>,
    /// JSON without patient data.
    pub data: serde_json::Value,
    /// When.
    pub at: Timestamp,
}

/// Appends `events` under the next numbers and tells the listeners after the commit.
pub(crate) async fn append(
    tx: &mut Tx,
    ctx: &Ctx,
    now: Timestamp,
    events: &[NewEvent],
) -> Result<(), DeskError> {
    let Ok(count) = i64::try_from(events.len()) else {
        return Ok(());
    };
    if count == 0 {
        return Ok(());
    }
    let last = store::advance(tx, ctx.organisation, count).await?;
    for (sequence, event) in (last - count + 1..).zip(events) {
        store::insert(tx, ctx, sequence, event, now).await?;
    }
    tx.notify(Notice {
        organisation: ctx.organisation.uuid(),
        sequence: last,
    });
    Ok(())
}

/// Events after number `after`, oldest first, at most `limit`.
pub async fn after(
    app: &App,
    organisation: OrganisationId,
    after: i64,
    limit: i64,
) -> Result<Vec<Event>, DeskError> {
    store::after(&mut app.read().await?, organisation, after, limit).await
}

/// The number of the newest event; 0 when there is none.
pub async fn latest(app: &App, organisation: OrganisationId) -> Result<i64, DeskError> {
    latest_in(&mut app.read().await?, organisation).await
}

/// The same on a connection that reads more.
pub async fn latest_in(
    conn: &mut bedside_db::Conn,
    organisation: OrganisationId,
) -> Result<i64, DeskError> {
    store::latest(conn, organisation).await
}

/// The newest events of one ticket, oldest first, at most `limit`; not those of its messages, which tell of themselves.
pub async fn of_ticket(
    conn: &mut bedside_db::Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    limit: i64,
) -> Result<Vec<Event>, DeskError> {
    store::of_ticket(conn, organisation, ticket, limit).await
}
