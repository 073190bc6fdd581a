//! Finding tickets by their words.

use super::parts::{Answer, Page, cursor, position};
use super::views::RowOut;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::router::{Access, Route};
use crate::search::{self, Place};
use axum::extract::State;
use bedside_web::Problem;
use bedside_web::json::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Tickets of a page at most.
const MOST: usize = 50;
/// Tickets of a page whose size nobody named.
const USUAL: usize = 20;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/api/v1/search", Access::Api(Permission::TicketsRead), find).searching()]
}

/// What to look for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "q": "refund status:open" }))]
pub(super) struct SearchIn {
    /// Words, all of which must be there, and filters such as `status:open` or `after:2026-05-01`.
    q: String,
    /// Where the page before ended.
    cursor: Option<String>,
    /// How many tickets at most, 1 to 50; 20 when absent.
    #[schema(minimum = 1, maximum = 50)]
    limit: Option<usize>,
}

/// A ticket that was found.
#[derive(Serialize, ToSchema)]
pub(super) struct HitOut {
    /// The ticket.
    ticket: RowOut,
    /// A piece of the text around the words; empty when they stand in the subject.
    snippet: String,
    /// Where the words stand in the snippet: first byte and the byte after the last, in UTF-8.
    ranges: Vec<[usize; 2]>,
}

/// Finds tickets by words and filters. The question is in the body, because addresses are written to logs on their way.
#[utoipa::path(post, path = "/api/v1/search", tag = "Tickets", request_body = SearchIn,
    responses((status = 200, description = "One page.", body = Page<HitOut>)))]
pub(super) async fn find(
    ctx: Ctx,
    State(app): State<App>,
    Json(asked): Json<SearchIn>,
) -> Answer<Json<Page<HitOut>>> {
    let limit = asked.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid_field(
            "limit",
            "out_of_range",
            "Ask for 1 to 50 rows.",
        ));
    }
    let place: Option<Place> = position(&app, &ctx, "search", asked.cursor.as_deref())?;
    let found = search::find(&app, &ctx, &asked.q, place, limit).await?;
    let items = found.rows.into_iter().map(|hit| HitOut {
        ticket: hit.row.into(),
        snippet: hit.snippet,
        ranges: hit
            .ranges
            .into_iter()
            .map(|range| [range.start, range.end])
            .collect(),
    });
    Ok(Json(Page {
        items: items.collect(),
        next: found.next.map(|next| cursor(&app, &ctx, "search", &next)),
    }))
}
