//! What ran: a list, and the signed account of each run, to be printed or saved.

use super::{LIST, Teller, record_key};
use crate::error::DeskError;
use crate::ids::RetentionRunId;
use crate::pages::layout::{Page, Shell};
use crate::privacy::retention::{self, Run};
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::{Path, Query};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

pub(super) fn routes(may: Access) -> Vec<Route> {
    vec![
        Route::get("/privacy/retention/runs", may, list),
        Route::get("/privacy/retention/runs/{run}", may, show),
        Route::get("/privacy/retention/runs/{run}/file", may, file)
            .confirmed("/privacy/retention/runs/{run}"),
    ]
}

/// One run in the list.
struct Line {
    id: RetentionRunId,
    key: &'static str,
    day: String,
    records: String,
    kept: Option<String>,
    going: bool,
}

#[derive(Template)]
#[template(path = "admin/templates/retention_runs.html")]
struct RunsPage {
    shell: Shell,
    lines: Vec<Line>,
    next: Option<String>,
}

/// Where a list goes on.
#[derive(Deserialize)]
struct From {
    before: Option<RetentionRunId>,
}

async fn list(page: Page, Query(from): Query<From>) -> Result<Response, DeskError> {
    let (runs, next) = retention::runs(&page.app, &page.ctx, from.before).await?;
    let teller = Teller::new(&page)?;
    let line = |run: Run| {
        let (told, kept) = (&run.told, run.told.held + run.told.young);
        Line {
            id: told.id,
            key: record_key(told.record),
            day: teller.time(told.started),
            records: teller.with("retention-went", told.records),
            kept: (kept > 0).then(|| teller.with("retention-kept", kept)),
            going: told.ended.is_none(),
        }
    };
    page.show(&RunsPage {
        shell: page.shell().await?,
        lines: runs.into_iter().map(line).collect(),
        next: next.map(|id| format!("{LIST}/runs?before={id}")),
    })
}

#[derive(Template)]
#[template(path = "admin/templates/retention_run.html")]
struct RunPage {
    shell: Shell,
    id: RetentionRunId,
    key: &'static str,
    period: String,
    decided: String,
    cutoff: String,
    started: String,
    ended: Option<String>,
    cut_short: bool,
    counts: Vec<(String, u64)>,
    records: u64,
    held: u64,
    young: u64,
    list: String,
    /// Whether the signature is this desk's.
    proven: bool,
    text: String,
    note: Option<String>,
}

async fn show(page: Page, Path(id): Path<RetentionRunId>) -> Result<Response, DeskError> {
    let run = retention::run(&page.app, &page.ctx, id).await?;
    let proven = retention::is_proven(&page.app, &run)?;
    let (teller, t) = (Teller::new(&page)?, page.texts());
    let names = staff::names(&page.app, page.ctx.organisation).await?;
    let told = run.told;
    let who = names.get(&told.decided_by.uuid()).cloned();
    let decided = [
        (
            "who",
            who.unwrap_or_else(|| t.text("seen-who-gone").to_owned())
                .into(),
        ),
        ("at", teller.time(told.decided_at).into()),
    ];
    page.show(&RunPage {
        shell: page.shell().await?,
        id,
        key: record_key(told.record),
        period: teller.period(told.period),
        decided: t.format("privacy-hold-by", &decided).into_owned(),
        cutoff: teller.time(told.cutoff),
        started: teller.time(told.started),
        ended: told.ended.map(|at| teller.time(at)),
        cut_short: told.cut_short,
        counts: told.destroyed.into_iter().collect(),
        records: told.records,
        held: told.held,
        young: told.young,
        list: told.list,
        proven,
        text: run.text,
        note: run.note,
    })
}

async fn file(page: Page, Path(id): Path<RetentionRunId>) -> Result<Response, DeskError> {
    let run = retention::run(&page.app, &page.ctx, id).await?;
    let text = serde_json::to_string_pretty(&json!({ "account": run.text, "note": run.note }))?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"retention-run.json\""),
        ),
    ];
    Ok((headers, text).into_response())
}
