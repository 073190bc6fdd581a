//! The JSON API under `/api/v1`, its description, and what operators ask a running desk.
//!
//! A room a resource. Handlers are thin: they read what was sent, call a service and write its answer; what they read
//! and write are types of their own, so that the API stays as it is when the inside changes. `POST` answers hold only
//! what the command gave back, so that a request which is sent twice is answered alike. To add an endpoint, write its
//! handler with its description above it, add it to the room's `routes` and to [`openapi`]: a test compares the two.

mod attachments;
mod audit;
mod consents;
mod contacts;
mod docs;
mod events;
mod health;
mod joins;
mod me;
mod messages;
mod nurse;
mod openapi;
mod parts;
mod patients;
mod privacy_requests;
mod representatives;
mod search;
mod settings;
mod standing;
mod tickets;
mod views;

pub use events::{Credential, follow};
pub use openapi::document;

use crate::router::Route;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    [
        me::routes(),
        tickets::routes(),
        nurse::routes(),
        messages::routes(),
        joins::routes(),
        attachments::routes(),
        patients::routes(),
        consents::routes(),
        contacts::routes(),
        representatives::routes(),
        privacy_requests::routes(),
        standing::routes(),
        settings::routes(),
        search::routes(),
        events::routes(),
        audit::routes(),
        docs::routes(),
        health::routes(),
    ]
    .concat()
}
