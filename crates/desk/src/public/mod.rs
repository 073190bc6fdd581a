//! Pages for patients: the request form, the thread behind a link, the rating, what the clinic does with data, the end of
//! mails that nobody asked for, and the pages of whoever is signed in.
//!
//! They work without scripts and on a small phone, in the visitor's language. A form proves itself by a signed token
//! ([`request`]), a thread by a one-person link; patients sign in to pages of their own ([`my`]). Nothing on them tells a stranger whether
//! somebody or something exists.

mod away;
pub mod caps;
mod ear;
mod expect;
mod files;
mod heard;
mod leave;
mod linked;
mod my;
mod notice;
mod rating;
mod request;
mod shell;
mod thread;
mod told;

use crate::router::{Access, Route};

pub use caps::Caps;
pub(crate) use my::{acting_over, brings_words, signed_out};
pub(crate) use shell::{Bar, asset};

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    let mut ways = vec![
        Route::get("/request", Access::Public, request::show),
        Route::post("/request", Access::Public, request::send),
        Route::get("/request/thanks", Access::Public, request::thanks),
        Route::post("/request/reach", Access::Public, request::send_reach),
        Route::get("/c/{slug}/request", Access::Public, request::show),
        Route::post("/c/{slug}/request", Access::Public, request::send),
        Route::get("/c/{slug}/request/thanks", Access::Public, request::thanks),
        Route::post(
            "/c/{slug}/request/reach",
            Access::Public,
            request::send_reach,
        ),
        Route::get("/t/{token}", Access::Public, thread::show),
        Route::post("/t/{token}/open", Access::Public, thread::open),
        Route::post("/t/{token}/renew", Access::Public, thread::renew),
        Route::post("/t/{token}/reply", Access::Public, thread::reply),
        Route::get("/t/{token}/files/{file}", Access::Public, thread::file),
        Route::get(
            "/t/{token}/links/{message}/{place}",
            Access::Public,
            thread::leads_away,
        ),
        Route::get("/notice", Access::Public, notice::show),
        Route::get("/c/{slug}/notice", Access::Public, notice::show),
        Route::get("/u/{token}", Access::Public, leave::show),
        Route::post("/u/{token}", Access::Public, leave::press),
        Route::get("/r/{token}", Access::Public, rating::show),
        Route::post("/r/{token}", Access::Public, rating::send),
        Route::get("/r/{token}/thanks", Access::Public, rating::thanks),
    ];
    ways.extend(my::routes());
    ways
}
