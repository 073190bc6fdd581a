//! Mail from strangers, end to end: in through the receiver, out through every page and the API.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod attacks;
mod bad_input;
mod canary;
mod leaving;
mod markup;
mod senders;

use crate::common::Role;
use bedside_desk::tickets::{self, TicketView, View};
use common::Desk;

/// Every active ticket, oldest first.
async fn all_tickets(desk: &Desk) -> Vec<TicketView> {
    let agent = desk.ctx(Role::Agent);
    let mut ids = Vec::new();
    let mut from = None;
    loop {
        let page = tickets::list(&desk.app, &agent, &View::Active, from, 100)
            .await
            .unwrap();
        ids.extend(page.rows.iter().map(|row| row.ticket.id));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    ids.sort();
    let mut views = Vec::new();
    for id in ids {
        views.push(tickets::view(&desk.app, &agent, id).await.unwrap());
    }
    views
}

/// The newest of them.
async fn newest(desk: &Desk) -> TicketView {
    all_tickets(desk).await.pop().unwrap()
}

/// Code of what its queue is for.
fn queue(desk: &Desk, view: &TicketView) -> String {
    let clinic = desk.app.directory.of(desk.organisation).unwrap();
    clinic.queue(view.ticket.queue).unwrap().purpose.clone()
}
