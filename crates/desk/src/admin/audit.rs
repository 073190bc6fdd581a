//! The audit log: who did what, checking that nothing was changed, and the proof for one entry.

use super::audit_words::{actions, detail, object, words};
use crate::audit_log::{self, Filter, Proof, Shown};
use crate::context::Permission::AuditRead;
use crate::error::DeskError;
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, Shell};
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bedside_db::Timestamp;
use bedside_web::i18n::time;
use bedside_web::query::Query;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::HashMap;

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

/// What the page was asked to show.
#[derive(Clone, Debug, Default, Deserialize)]
struct Asked {
    actor: Option<String>,
    object: Option<String>,
    action: Option<String>,
    outcome: Option<String>,
    from: Option<String>,
    until: Option<String>,
    before: Option<i64>,
}

impl Asked {
    fn filter(&self, zone: &TimeZone) -> Filter {
        let start = |date: Date| {
            date.to_zoned(zone.clone())
                .ok()
                .map(|at| Timestamp::from(at.timestamp()))
        };
        let day = |text: &Option<String>| {
            text.as_deref()
                .and_then(|text| text.trim().parse::<Date>().ok())
        };
        let short = |text: &Option<String>| {
            text.as_deref()
                .map(str::trim)
                .filter(|text| !text.is_empty() && text.len() <= 100)
                .map(str::to_owned)
        };
        Filter {
            actor: short(&self.actor),
            object: short(&self.object),
            action: short(&self.action),
            outcome: short(&self.outcome),
            from: day(&self.from).and_then(start),
            // The last day counts as a whole.
            until: day(&self.until)
                .and_then(|date| date.tomorrow().ok())
                .and_then(start),
        }
    }

    /// The address of the next page under the same filter.
    fn next(&self, before: i64) -> String {
        let mut address = format!("/audit?before={before}");
        for (name, value) in self.shown() {
            if !value.is_empty() {
                let plain = |byte: u8| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                        char::from(byte).to_string()
                    }
                    _ => format!("%{byte:02X}"),
                };
                address.push('&');
                address.push_str(name);
                address.push('=');
                address.extend(value.bytes().map(plain));
            }
        }
        address
    }

    fn shown(&self) -> [(&'static str, &str); 6] {
        [
            ("actor", self.actor.as_deref().unwrap_or("")),
            ("object", self.object.as_deref().unwrap_or("")),
            ("action", self.action.as_deref().unwrap_or("")),
            ("outcome", self.outcome.as_deref().unwrap_or("")),
            ("from", self.from.as_deref().unwrap_or("")),
            ("until", self.until.as_deref().unwrap_or("")),
        ]
    }
}

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
    /// What can be looked for, by code and in words.
    actions: Vec<(String, String)>,
    lines: Vec<Line>,
    next: Option<String>,
}

impl AuditPage {
    fn value(&self, name: &str) -> &str {
        self.asked
            .shown()
            .into_iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, value)| value)
    }
}

async fn list(page: Page, Query(asked): Query<Asked>) -> Result<Response, DeskError> {
    let clinic = page.clinic()?;
    let filter = asked.filter(&clinic.time_zone);
    let found = audit_log::search(&page.app, &page.ctx, &filter, asked.before, PAGE).await?;
    let names: HashMap<String, String> = staff::names(&page.app, page.ctx.organisation)
        .await?
        .into_iter()
        .map(|(id, name)| (id.to_string(), name))
        .collect();
    let t = page.texts();
    let line = |entry: Shown| Line {
        action: words(t, "audit-action", &entry.action),
        source: words(t, "audit-source", &entry.source),
        kind: words(t, "audit-kind", &entry.object_kind),
        object: object(t, &clinic.roles, &entry.object_kind, &entry.object_id),
        purpose: words(t, "audit-purpose", &entry.purpose),
        detail: detail(t, &clinic.roles, &entry.detail),
        at: time::format_time(entry.at.micros(), &clinic.time_zone, page.ctx.locale),
        machine: time::machine_time(entry.at.micros()),
        who: names
            .get(&entry.actor_id)
            .cloned()
            .unwrap_or_else(|| words(t, "audit-actor", &entry.actor_kind)),
        entry,
    };
    let lines = found.entries.into_iter().map(line).collect();
    let next = found.next.map(|before| asked.next(before));
    page.show(&AuditPage {
        shell: page.shell().await?,
        actions: actions(t, asked.action.as_deref().unwrap_or("").trim()),
        asked,
        lines,
        next,
    })
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
