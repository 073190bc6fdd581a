//! Searches of the audit log that are kept, and what a search found as a file.

use super::audit;
use super::audit_search::{Actors, Asked, Search};
use super::csv;
use crate::audit_log::{self, NewEntry};
use crate::context::Permission::AuditRead;
use crate::error::DeskError;
use crate::ids::AuditFilterId;
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, redirect_saying};
use crate::privacy::filters::{self, Fields};
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::i18n::time;
use bedside_web::query::Query;
use serde::Deserialize;

const HERE: &str = "/audit";

pub fn routes() -> Vec<Route> {
    let reads = Access::Staff(AuditRead);
    vec![
        Route::get("/audit/csv", reads, as_csv).confirmed(HERE),
        Route::post("/audit/kept", reads, keep),
        Route::post("/audit/kept/{filter}", reads, rename),
        Route::post("/audit/kept/{filter}/remove", reads, remove),
    ]
}

/// Entries of one file at most.
const MOST: usize = 10_000;
/// Entries that are looked for at a time.
const STEP: usize = 1000;

/// What a service refuses of a search's name, as the key of its words.
fn mend(error: DeskError) -> Result<(StatusCode, &'static str), DeskError> {
    let unusable = StatusCode::UNPROCESSABLE_ENTITY;
    match error {
        DeskError::Invalid {
            code: "too_long", ..
        } => Ok((unusable, "form-error-too-long")),
        DeskError::Invalid { .. } => Ok((unusable, "audit-kept-error-name")),
        DeskError::Conflict {
            code: "too_many", ..
        } => Ok((StatusCode::CONFLICT, "audit-kept-error-many")),
        DeskError::Stale { .. } => Ok((StatusCode::CONFLICT, "audit-kept-error-changed")),
        other => Err(other),
    }
}

async fn keep(mut page: Page, Form(sent): Form<Fields>) -> Result<Response, DeskError> {
    let name = sent.get("name").cloned().unwrap_or_default();
    let shared = sent.contains_key("shared");
    let mut fields = sent;
    for field in ["name", "shared", "csrf_token"] {
        fields.remove(field);
    }
    let (asked, _) = Asked::of(&fields);
    let kept = filters::keep(&page.app, &page.ctx, &name, &asked.fields(), shared).await;
    match kept {
        Ok(id) => Ok(redirect_saying(
            &format!("{HERE}?saved={id}"),
            "audit-kept-done",
        )),
        Err(error) => {
            let (status, key) = mend(error)?;
            HERE.clone_into(&mut page.path);
            audit::show(&page, status, asked, Some((key, name))).await
        }
    }
}

/// A kept search's new name.
#[derive(Deserialize)]
struct Renamed {
    #[serde(default)]
    name: String,
    shared: Option<String>,
    #[serde(default)]
    version: i64,
}

async fn rename(
    mut page: Page,
    Path(id): Path<AuditFilterId>,
    Form(sent): Form<Renamed>,
) -> Result<Response, DeskError> {
    let (which, shared) = ((id, sent.version), sent.shared.is_some());
    match filters::rename(&page.app, &page.ctx, which, &sent.name, shared).await {
        Ok(()) => Ok(redirect_saying(
            &format!("{HERE}?saved={id}"),
            "audit-kept-done",
        )),
        Err(error) => {
            let (status, key) = mend(error)?;
            HERE.clone_into(&mut page.path);
            audit::show(&page, status, Asked::kept(id), Some((key, sent.name))).await
        }
    }
}

async fn remove(
    page: Page,
    Path(id): Path<AuditFilterId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    filters::remove(&page.app, &page.ctx, id).await?;
    Ok(redirect_saying(HERE, "audit-kept-removed"))
}

/// What the search found, newest first: codes and ids as the log holds them, so that they can be held against a proof.
async fn as_csv(page: Page, Query(asked): Query<Asked>) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let actors = Actors::read(app, ctx.organisation).await?;
    let search = Search::of(&page, asked, &actors, &[]).await?;
    let (mut rows, mut before, t) = (Vec::new(), None, page.texts());
    rows.push(
        [
            "at",
            "who",
            "actor_kind",
            "actor",
            "action",
            "object_kind",
            "object",
            "purpose",
            "source",
            "outcome",
            "detail",
            "place",
            "entry",
        ]
        .map(str::to_owned),
    );
    loop {
        let found = audit_log::search(app, ctx, &search.filter, before, STEP).await?;
        for entry in found.entries {
            rows.push([
                time::machine_time(entry.at.micros()),
                actors.name(t, &entry),
                entry.actor_kind,
                entry.actor_id,
                entry.action,
                entry.object_kind,
                entry.object_id,
                entry.purpose,
                entry.source,
                entry.outcome,
                entry.detail,
                entry.leaf.map(|leaf| leaf.to_string()).unwrap_or_default(),
                entry.id.to_string(),
            ]);
        }
        before = found.next;
        if before.is_none() || rows.len() > MOST {
            break;
        }
    }
    rows.truncate(MOST + 1);
    let detail = serde_json::json!({ "count": rows.len() - 1 });
    let entry = NewEntry::new("audit.export", "organisation", ctx.organisation);
    app.audit(ctx, entry.detail(&detail)).await?;
    Ok(csv::file("audit-log.csv", &rows))
}
