//! The staff's pages: signing in, inbox, ticket, search, patients.
//!
//! Handlers translate: they read a form, call a part's service, and show a template of `templates/`. Nothing is decided
//! here and nothing is stored. Every page works without JavaScript (plain posts, a redirect after each); scripts add
//! speed. Addresses and titles carry ids and ticket numbers, never words about a patient: what is looked for is posted.
//!
//! To add a page: a handler that takes a [`layout::Page`], a template that extends `layout.html`, a [`Route`] in the
//! file's `routes()`.

use crate::router::Route;

mod account;
mod away;
mod calm;
mod choices;
mod coach;
mod confirm;
mod consents;
mod crisis;
mod details;
mod distress;
pub mod errors;
mod felt;
pub(crate) mod files;
pub mod flash;
pub mod forms;
mod found;
mod inbox;
pub mod layout;
mod linking;
pub mod look;
mod new_ticket;
mod noticed;
mod nurse;
mod offered;
mod part2;
mod passkey_sign_in;
mod passkeys;
pub(crate) mod patients;
pub mod privacy_requests;
mod qr;
mod read_out;
mod representatives;
pub mod restricted;
pub(crate) mod reviews;
mod search;
mod second_factor;
pub(crate) mod seen_words;
mod sight;
mod sign_in;
mod sign_in_code;
mod sso;
pub(crate) mod standing;
mod ticket;
mod ticket_actions;
mod timeline;
pub mod ui;
mod unproven;
mod verified;
mod verify;

pub(crate) use account::device as device_words;
pub(crate) use passkey_sign_in::said as passkey_said;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    [
        account::routes(),
        confirm::routes(),
        second_factor::routes(),
        sight::routes(),
        sign_in::routes(),
        sign_in_code::routes(),
        passkeys::routes(),
        passkey_sign_in::routes(),
        sso::routes(),
        look::routes(),
        inbox::routes(),
        new_ticket::routes(),
        ticket::routes(),
        ticket_actions::routes(),
        away::routes(),
        calm::routes(),
        nurse::routes(),
        coach::routes(),
        crisis::routes(),
        files::routes(),
        search::routes(),
        linking::routes(),
        patients::routes(),
        representatives::routes(),
        restricted::routes(),
        privacy_requests::routes(),
        consents::routes(),
        verify::routes(),
        noticed::routes(),
        part2::routes(),
        reviews::routes(),
        assets(),
    ]
    .concat()
}

fn assets() -> Vec<Route> {
    use crate::router::Access;
    use bedside_web::assets;
    vec![
        Route::get("/assets/{name}", Access::Public, assets::serve),
        Route::get(
            "/favicon.ico",
            Access::Public,
            |headers: axum::http::HeaderMap| async move { assets::serve_fixed("favicon.svg", &headers) },
        ),
    ]
}
