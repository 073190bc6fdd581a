//! The banner that tells whoever answers crises of one, on whatever page they are.

use super::layout::{Page, Shell, redirect, render};
use crate::context::Permission;
use crate::error::DeskError;
use crate::router::{Access, Route};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::TicketsRead);
    vec![Route::get("/crisis-banner", read, banner).polled()]
}

/// The banner and the sidebar's counts; pages ask for them when something happened to a request.
#[derive(Template)]
#[template(path = "pages/templates/crisis_part.html")]
struct Banner {
    shell: Shell,
}

async fn banner(page: Page) -> Result<Response, DeskError> {
    if !page.partial {
        return Ok(redirect("/inbox/crisis"));
    }
    let shell = page.shell().await?;
    render(StatusCode::OK, &Banner { shell })
}
