//! The page between a message and wherever a link in it leads: whoever follows it reads the whole address first.
//!
//! Its own address names the message and the link's place in it, and nothing else: it leads nowhere that does not stand in a
//! message which its reader may open, and no address of somebody else's is kept by a browser or a proxy.

use super::layout::{Page, Shell, redirect};
use super::timeline;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::MessageId;
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use bedside_codecs::mail::html::{Away, away};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get(
        "/tickets/{ticket}/messages/{message}/links/{place}",
        Access::Staff(Permission::TicketsRead),
        show,
    )]
}

/// Where the page for this link of a message is.
pub(super) fn path(number: i64, message: MessageId, place: usize) -> String {
    format!("/tickets/{number}/messages/{message}/links/{place}")
}

#[derive(Template)]
#[template(path = "pages/templates/away.html")]
struct AwayPage {
    shell: Shell,
    away: Away,
    /// The request.
    back: String,
}

/// A link that is not there leads back to the request.
async fn show(
    page: Page,
    Path((ticket, message, place)): Path<(String, String, String)>,
) -> Result<Response, DeskError> {
    let view = timeline::load(&page, &ticket).await?;
    let back = format!("/tickets/{}", view.ticket.number);
    let mut messages = view.messages.iter();
    let html = messages
        .find(|one| one.id.to_string() == message)
        .and_then(|one| one.html.as_deref());
    let found = html.zip(place.parse::<usize>().ok());
    let Some(away) = found.and_then(|(html, place)| away(html, place)) else {
        return Ok(redirect(&back));
    };
    page.show(&AwayPage {
        shell: page.shell().await?,
        away,
        back,
    })
}
