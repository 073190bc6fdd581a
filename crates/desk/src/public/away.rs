//! The page between a conversation and wherever a link in it leads. As on the staff's side, its address names the message and
//! the link's place in it, so that it leads nowhere else.

use super::shell::{Shell, page, see_other};
use super::thread::Writing;
use crate::error::DeskError;
use crate::ids::MessageId;
use crate::links::{self, Visit};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_codecs::mail::html::{Away, away};

#[derive(Template)]
#[template(path = "public/templates/away.html")]
struct AwayPage<'a> {
    shell: &'a Shell,
    away: Away,
    /// The conversation.
    back: String,
}

/// Where the page for this link is, below the conversation's own.
pub fn path(conversation: &str, message: MessageId, place: usize) -> String {
    format!("{conversation}/links/{message}/{place}")
}

/// The page for the link at this place of a message of the clinic's; one that is not there leads back to the conversation.
pub async fn shown(
    at: &Writing<'_>,
    visit: &Visit,
    (message, place): (&str, &str),
) -> Result<Response, DeskError> {
    let thread = links::thread_view(at.app, visit).await?;
    let mut messages = thread.messages.iter();
    let said = messages.find(|one| !one.mine && one.id.to_string() == message);
    let back = at.shell.link(&at.shell.here);
    let Some((said, place)) = said.zip(place.parse::<usize>().ok()) else {
        return Ok(see_other(&back));
    };
    let Some(away) = said.html.as_deref().and_then(|html| away(html, place)) else {
        return Ok(see_other(&back));
    };
    let shell = Shell {
        here: path(&at.shell.here, said.id, place),
        ..at.shell.clone()
    };
    let shown = AwayPage {
        shell: &shell,
        away,
        back,
    };
    Ok(page(StatusCode::OK, &shown))
}
