//! Having a copy made, and downloading it with a fresh proof.

use super::decide::after;
use super::show::Typed;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{PrivacyCopyId, PrivacyRequestId};
use crate::pages::forms::Form;
use crate::pages::layout::Page;
use crate::privacy::copies;
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::response::Response;

/// The page on which whoever has to prove themselves goes on.
const PAGE: &str = "/privacy/{request}";

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    vec![
        Route::post("/privacy/{request}/copy", may, make),
        Route::get("/privacy/{request}/copy/{copy}", may, download).confirmed(PAGE),
    ]
}

async fn make(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let done = copies::begin(&page.app, &page.ctx, id, typed.version).await;
    after(page, id, typed, done.map(drop), "privacy-copy").await
}

async fn download(
    page: Page,
    Path((id, copy)): Path<(PrivacyRequestId, PrivacyCopyId)>,
) -> Result<Response, DeskError> {
    copies::download(&page.app, &page.ctx, id, copy).await
}
