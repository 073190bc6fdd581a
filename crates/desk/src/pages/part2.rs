//! Staff say of a request that it is about treatment of substance use (42 CFR Part 2), or that it is not.

use super::forms::Form;
use super::layout::{Page, redirect_saying};
use super::ticket_actions::{again, back, id_of, own_draft};
use crate::context::Permission;
use crate::error::DeskError;
use crate::records::{Label, Labels};
use crate::router::{Access, Route};
use crate::tickets::labels;
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post(
        "/tickets/{ticket}/part2",
        Access::Staff(Permission::TicketsWrite),
        label,
    )]
}

#[derive(Deserialize)]
struct Ticked {
    version: i64,
    #[serde(default)]
    part2: bool,
}

async fn label(
    page: Page,
    Path(ticket): Path<String>,
    Form(mark): Form<Ticked>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let (version, on) = (Some(mark.version), mark.part2);
    match labels::under_part2(&page.app, &page.ctx, id, version, on).await {
        // Whoever may not see it any more is not sent to a closed door.
        Ok(()) if on && !page.ctx.sees(Labels::NONE.with(Label::Part2)) => {
            Ok(redirect_saying("/", "part2"))
        }
        Ok(()) => Ok(redirect_saying(&back(&ticket), "part2")),
        Err(error) => {
            let typed = own_draft(&page, id).await?;
            again(&page, &ticket, typed, error).await
        }
    }
}
