//! The audit log: who did what, checking that nothing was changed, and the proof for one entry.

use super::audit_search::{Actors, Asked, Search};
use super::audit_words::{actions, detail, object, words};
use crate::audit_log::{self, Proof, Shown};
use crate::context::Permission::{self, AuditRead};
use crate::error::DeskError;
use crate::ids::AuditFilterId;
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, Shell};
use crate::privacy::filters::{self, Kept};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_web::i18n::time;
use bedside_web::query::Query;

pub fn routes() -> Vec<Route> {
    let reads = Access::Staff(AuditRead);
    vec![
        Route::get("/audit", reads, list),
        Route::get("/audit/verify", reads, ask_verify),
        Route::post("/audit/verify", reads, verify),
        Route::get("/audit/{sequence}/proof", reads, proof),
    ]
}

/// Entries on one page.
const PAGE: usize = 50;

/// An entry as a line of the page.
struct Line {
    entry: Shown,
    at: String,
    machine: String,
    who: String,
    /// What was done, the way in, the kind of object, which one, why and what else, in words.
    action: String,
    source: String,
    kind: String,
    object: String,
    purpose: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "admin/templates/audit.html")]
struct AuditPage {
    shell: Shell,
    asked: Asked,
    /// Who can be looked for: id and name.
    people: Vec<(String, String)>,
    /// What can be looked for, by code and in words.
    actions: Vec<(String, String)>,
    /// What of the search could not be taken as it was: text keys.
    notes: Vec<&'static str>,
    lines: Vec<Line>,
    next: Option<String>,
    download: String,
    /// Searches that are kept, and the one that is open.
    kept: Vec<(AuditFilterId, String, Option<String>)>,
    open: Option<Open>,
    /// What of a search's name is to be mended, and the name as typed.
    error: Option<(&'static str, String)>,
}

/// The kept search that is open.
struct Open {
    kept: Kept,
    own: bool,
    /// Whether whoever reads may remove it though it is not theirs.
    orphan: bool,
}

impl AuditPage {
    fn value(&self, name: &str) -> &str {
        self.asked.get(name)
    }

    fn is_open(&self, id: &AuditFilterId) -> bool {
        self.open.as_ref().is_some_and(|open| open.kept.id == *id)
    }

    /// The name in the form that keeps a search, as it was typed.
    fn typed(&self) -> &str {
        self.error.as_ref().map_or("", |(_, typed)| typed)
    }
}

async fn list(page: Page, Query(asked): Query<Asked>) -> Result<Response, DeskError> {
    show(&page, StatusCode::OK, asked, None).await
}

/// The page of a search, with what is to be mended of its name and the name as typed.
pub(super) async fn show(
    page: &Page,
    status: StatusCode,
    asked: Asked,
    error: Option<(&'static str, String)>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let (clinic, t) = (page.clinic()?, page.texts());
    let actors = Actors::read(app, ctx.organisation).await?;
    let kept = filters::list(app, ctx).await?;
    let Search {
        asked,
        filter,
        notes,
    } = Search::of(page, asked, &actors, &kept).await?;
    let found = audit_log::search(app, ctx, &filter, asked.before, PAGE).await?;
    let line = |entry: Shown| Line {
        action: words(t, "audit-action", &entry.action),
        source: words(t, "audit-source", &entry.source),
        kind: words(t, "audit-kind", &entry.object_kind),
        object: object(t, &clinic.roles, &entry.object_kind, &entry.object_id),
        purpose: words(t, "audit-purpose", &entry.purpose),
        detail: detail(t, &clinic.roles, &entry.detail),
        at: time::format_time(entry.at.micros(), &clinic.time_zone, ctx.locale),
        machine: time::machine_time(entry.at.micros()),
        who: actors.name(t, &entry),
        entry,
    };
    let lines = found.entries.into_iter().map(line).collect();
    let me = ctx.actor.staff();
    let manages = ctx.permissions().has(Permission::StaffManage);
    let open = kept.iter().find(|one| asked.saved == Some(one.id));
    let open = open.map(|one| Open {
        own: me == Some(one.by),
        orphan: manages && me != Some(one.by) && !actors.is_at_work(one.by),
        kept: one.clone(),
    });
    let shared_by = |one: &Kept| {
        let of = actors.staff_name(one.by);
        let of = of.unwrap_or_else(|| t.text("seen-who-gone").to_owned());
        (me != Some(one.by)).then(|| t.with("audit-kept-by", "who", of).into_owned())
    };
    page.show_as(
        status,
        &AuditPage {
            shell: page.shell().await?,
            people: actors.choices(t, asked.get("actor")),
            actions: actions(t, asked.get("action")),
            notes,
            next: found
                .next
                .map(|before| asked.address("/audit", Some(before))),
            download: asked.address("/audit/csv", None),
            kept: kept
                .iter()
                .map(|one| (one.id, one.name.clone(), shared_by(one)))
                .collect(),
            open,
            asked,
            lines,
            error,
        },
    )
}

#[derive(Template)]
#[template(path = "admin/templates/verify.html")]
struct VerifyPage {
    shell: Shell,
    /// Size, time and text of the newest checkpoint.
    checkpoint: Option<(u64, String, String)>,
    /// Entries read, and what was found wrong, if anything; none before it was checked.
    result: Option<(u64, Option<String>)>,
}

async fn verify_page(
    page: &Page,
    result: Option<(u64, Option<String>)>,
) -> Result<Response, DeskError> {
    let zone = page.clinic()?.time_zone.clone();
    let newest = audit_log::checkpoint(&page.app, &page.ctx).await?;
    let checkpoint = newest.map(|signed| {
        let claim = signed.claim();
        (
            claim.size,
            time::format_time(claim.at, &zone, page.ctx.locale),
            signed.to_string(),
        )
    });
    page.show(&VerifyPage {
        shell: page.shell().await?,
        checkpoint,
        result,
    })
}

async fn ask_verify(page: Page) -> Result<Response, DeskError> {
    verify_page(&page, None).await
}

/// Reads the whole log and holds it against every checkpoint.
async fn verify(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    let result = match audit_log::verify(&page.app, &[], |_| ()).await? {
        Ok(whole) => (whole.entries, None),
        Err(finding) => (0, Some(finding.to_string())),
    };
    verify_page(&page, Some(result)).await
}

/// The proof for one entry as a file: everything needed to check it by hand.
async fn proof(page: Page, Path(sequence): Path<i64>) -> Result<Response, DeskError> {
    let proof = audit_log::prove_for(&page.app, &page.ctx, sequence).await?;
    let name = format!("attachment; filename=\"audit-entry-{sequence}.json\"");
    let name =
        HeaderValue::from_str(&name).map_err(|error| DeskError::Internal(error.to_string()))?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        ),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, as_json(&proof)?).into_response())
}

fn as_json(proof: &Proof) -> Result<String, DeskError> {
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
    let steps = proof
        .path
        .steps()
        .map_err(|error| DeskError::Internal(error.to_string()))?;
    let path: Vec<_> = steps
        .iter()
        .map(|step| {
            let side = if step.side == bedside_audit::Side::Left {
                "left"
            } else {
                "right"
            };
            serde_json::json!({ "side": side, "hash": hex(&step.hash) })
        })
        .collect();
    let value = serde_json::json!({
        "entry": proof.entry,
        "canonical_hex": hex(&proof.canonical),
        "leaf_hash": hex(&bedside_audit::leaf_hash(&proof.canonical)),
        "path": path,
        "checkpoint": proof.checkpoint,
    });
    Ok(serde_json::to_string_pretty(&value)?)
}
