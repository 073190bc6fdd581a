//! What happens to a request, through the services, on both engines.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "../common/mod.rs"]
mod common;

mod answers;
mod changes;
mod finding;
mod merging;
mod reachable;

use crate::common::Role;
use bedside_desk::ids::{ContactId, TicketId};
use bedside_desk::search;
use bedside_desk::tickets::Inbound;
use common::Desk;

fn words_of_the_patient(contact: ContactId) -> Inbound {
    Inbound {
        external: Some(("email", "same-id@example.org".to_owned())),
        ..Inbound::new(
            contact,
            bedside_language::Channel::Email,
            "Sorry, Friday does not work either.",
        )
    }
}

async fn found(desk: &Desk, text: &str) -> Vec<TicketId> {
    let agent = desk.ctx(Role::Agent);
    let results = search::find(&desk.app, &agent, text, None, 25)
        .await
        .unwrap();
    let mut ids: Vec<_> = results.rows.iter().map(|hit| hit.row.ticket.id).collect();
    ids.sort_unstable();
    ids
}
