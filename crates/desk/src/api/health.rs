//! What operators and their monitors ask: is it alive, is it ready, what are the figures.

use super::parts::Answer;
use crate::app::App;
use crate::context::Permission;
use crate::error::DeskError;
use crate::observe::{self, name};
use crate::privacy::erasure;
use crate::router::{Access, Route, bearer};
use crate::{staff, startup, timeline};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bedside_web::json::Json;
use serde::Serialize;
use std::net::SocketAddr;

/// Headers that a proxy adds: what comes through one does not come from this machine.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/healthz", Access::Public, alive),
        Route::get("/readyz", Access::Public, ready),
        Route::get("/metrics", Access::Public, figures),
    ]
}

async fn alive() -> &'static str {
    "ok\n"
}

#[derive(Serialize)]
struct Standing {
    ready: bool,
    reasons: Vec<&'static str>,
    /// What somebody must look at although the desk works.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<&'static str>,
}

async fn ready(State(app): State<App>) -> Answer<Response> {
    let storing = app.storage.check(&app.db, app.now()).await;
    // Whatever else is wrong is told with its reason.
    if let Err(full @ DeskError::Storage(_)) = storing {
        return Err(full.into());
    }
    let mut reasons = reasons(&app).await;
    if let (Err(error), true) = (storing, reasons.is_empty()) {
        let reason = "Nothing can be stored now.";
        tracing::warn!(%error, reason, "not ready");
        reasons.push(reason);
    }
    let ready = reasons.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    // Whoever asks here may be anybody: what is wrong stands where only those who run the desk read it.
    let files = app.shelf.refused().map(|_| {
        "The clinic's language files can't be used; older ones are in use. The log and `bedside check` say what is wrong."
    });
    let list = erasure::is_unknown(&app.config).then_some(
        "A backup is in place without the list of what was erased since. `bedside check` says what to do.",
    );
    let told = Standing {
        ready,
        reasons,
        warnings: files.into_iter().chain(list).collect(),
    };
    Ok((status, Json(told)).into_response())
}

/// Why the desk can't work, in plain words without internals; the details are in the log.
async fn reasons(app: &App) -> Vec<&'static str> {
    let mut reasons = Vec::new();
    let mut note = |reason: &'static str, error: &dyn std::fmt::Display| {
        tracing::warn!(%error, reason, "not ready");
        reasons.push(reason);
    };
    if let Err(error) = app.db.ping().await {
        note("The database does not answer.", &error);
        return reasons;
    }
    match app.db.schema_version().await {
        Ok(Some(version))
            if startup::MIGRATIONS
                .last()
                .is_some_and(|newest| newest.version == version) => {}
        Ok(version) => {
            note(
                "The database has another version than this program.",
                &version.unwrap_or_default(),
            );
        }
        Err(error) => note("The version of the database can't be read.", &error),
    }
    if let Some(error) = app
        .directory
        .all()
        .iter()
        .find_map(|clinic| app.keyring.of(clinic.id).err())
    {
        note("The keys of an organisation are missing.", &error);
    }
    // One that is built anew only makes searches find less: how far it is behind is a figure.
    if let Err(error) = observe::search_lag(app).await {
        note("The search index can't be read.", &error);
    }
    reasons
}

/// The figures in Prometheus' text form, for this machine, or for whoever shows a token with `settings:read`.
async fn figures(State(app): State<App>, request: Request) -> Answer<Response> {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|peer| peer.0);
    let headers = request.headers();
    if !is_local(peer, headers) {
        let token = bearer(headers).ok_or(DeskError::Unauthorized)?;
        staff::token_context(&app, token)
            .await?
            .authorize(Permission::SettingsRead)?;
    }
    let (all, parked) = {
        let mut conn = app.read().await?;
        bedside_db::jobs::counts(&mut conn)
            .await
            .map_err(DeskError::from)?
    };
    gauge(name::JOBS_WAITING, all - parked);
    gauge(name::JOBS_PARKED, parked);
    gauge(name::FILES_UNCHECKED, timeline::files::backlog(&app).await?);
    gauge(name::SEARCH_LAG, observe::search_lag(&app).await?);
    gauge(name::WRITES_WAITING, app.db.writes_waiting());
    let figures = observe::figures();
    figures.run_upkeep();
    Ok((
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        figures.render(),
    )
        .into_response())
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
fn gauge(name: &'static str, value: i64) {
    metrics::gauge!(name).set(value as f64);
}

fn is_local(peer: Option<SocketAddr>, headers: &HeaderMap) -> bool {
    peer.is_some_and(|peer| peer.ip().to_canonical().is_loopback())
        && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}
