//! What the desk says about itself while it runs: a span and figures for each request, figures of what happened.
//!
//! Labels are codes and route patterns, never an id, an address or a word of anybody.

use crate::app::App;
use crate::ids::OrganisationId;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tracing::{Instrument, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The names of the figures.
pub mod name {
    /// Requests by `route`, `method` and `status`.
    pub const REQUESTS: &str = "bedside_http_requests_total";
    /// Seconds until an answer begins, by `route` and `method`.
    pub const REQUEST_SECONDS: &str = "bedside_http_request_seconds";
    /// What happened, by `kind` of event.
    pub const EVENTS: &str = "bedside_events_total";
    /// Tickets opened.
    pub const TICKETS: &str = "bedside_tickets_created_total";
    /// Mails that came in and were kept.
    pub const MAILS_RECEIVED: &str = "bedside_mails_received_total";
    /// Mails that the next server took.
    pub const MAILS_SENT: &str = "bedside_mails_sent_total";
    /// Mails that were given up.
    pub const MAILS_FAILED: &str = "bedside_mails_failed_total";
    /// Jobs that wait.
    pub const JOBS_WAITING: &str = "bedside_jobs_waiting";
    /// Jobs that were given up and wait for a person.
    pub const JOBS_PARKED: &str = "bedside_jobs_parked";
    /// Files that wait for the virus scanner, or that it could not look at.
    pub const FILES_UNCHECKED: &str = "bedside_files_unchecked";
    /// Events that the search index has not seen yet, of the organisation that is furthest behind.
    pub const SEARCH_LAG: &str = "bedside_search_lag_events";
    /// Commands that wait for SQLite's writer.
    pub const WRITES_WAITING: &str = "bedside_sqlite_writes_waiting";
}

/// Upper bounds of the duration's buckets, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 1.0, 3.0, 10.0,
];

/// Requests after which the collected durations are folded into their buckets, so that they take no memory while
/// nobody asks for them.
const FOLD_EVERY: u64 = 4096;

/// The figures of this process; set up at the first call.
#[expect(
    clippy::missing_panics_doc,
    reason = "the list of buckets is a constant that is not empty"
)]
pub fn figures() -> &'static PrometheusHandle {
    static FIGURES: OnceLock<PrometheusHandle> = OnceLock::new();
    FIGURES.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder
            .set_buckets_for_metric(Matcher::Full(name::REQUEST_SECONDS.to_owned()), &BUCKETS)
            .expect("the list of buckets is not empty");
        let recorder = builder.build_recorder();
        let figures = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of figures is set up in this process");
        }
        for (name, text) in [
            (name::REQUESTS, "Requests by route, method and status."),
            (name::EVENTS, "What happened, by kind of event."),
            (name::TICKETS, "Tickets opened."),
            (name::MAILS_RECEIVED, "Mails that came in and were kept."),
            (name::MAILS_SENT, "Mails that the next server took."),
            (name::MAILS_FAILED, "Mails that were given up."),
        ] {
            metrics::describe_counter!(name, text);
        }
        metrics::describe_histogram!(
            name::REQUEST_SECONDS,
            metrics::Unit::Seconds,
            "Seconds until an answer begins."
        );
        for (name, text) in [
            (name::JOBS_WAITING, "Jobs that wait."),
            (name::JOBS_PARKED, "Jobs that were given up."),
            (
                name::FILES_UNCHECKED,
                "Files that wait for the virus scanner.",
            ),
            (
                name::SEARCH_LAG,
                "Events that the search index has not seen yet.",
            ),
            (
                name::WRITES_WAITING,
                "Commands that wait for the writer of SQLite.",
            ),
        ] {
            metrics::describe_gauge!(name, text);
        }
        for name in [
            name::TICKETS,
            name::MAILS_RECEIVED,
            name::MAILS_SENT,
            name::MAILS_FAILED,
        ] {
            metrics::counter!(name).absolute(0);
        }
        figures
    })
}

/// Counts what a command committed.
pub(crate) fn events(kinds: &[&'static str]) {
    for kind in kinds {
        metrics::counter!(name::EVENTS, "kind" => *kind).increment(1);
        if *kind == crate::events::kind::TICKET_CREATED {
            metrics::counter!(name::TICKETS).increment(1);
        }
    }
}

/// Counts a mail that was kept, sent or given up, once that is committed.
pub(crate) fn mail(what: &'static str) {
    metrics::counter!(what).increment(1);
}

/// How far the search index is behind the events, for the organisation where it is furthest.
pub(crate) async fn search_lag(app: &App) -> Result<i64, crate::error::DeskError> {
    let mut worst = 0;
    let all: Vec<OrganisationId> = app.directory.all().iter().map(|clinic| clinic.id).collect();
    for organisation in all {
        worst = worst.max(crate::search::lag(app, organisation).await?);
    }
    Ok(worst)
}

/// `filter` as it is, but with security events, what is told of the audit log, and the request that either belongs to:
/// whoever wants a quieter log keeps these.
#[must_use]
pub fn with_security(filter: EnvFilter) -> EnvFilter {
    // Which request it was; where more is told anyway, this would tell less of it.
    let is_quiet = filter
        .max_level_hint()
        .is_some_and(|level| level < LevelFilter::INFO);
    let request = is_quiet.then_some("bedside_desk::observe=info");
    let always = ["bedside::security=info", "bedside::audit=info"];
    let always = always.into_iter().chain(request);
    let always = always.filter_map(|one| one.parse().ok());
    always.fold(filter, EnvFilter::add_directive)
}

/// The log as lines of JSON (`docs/security/logs.md` says what stands in one).
pub fn json_lines<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A log that can't be written (a file on a full disk) would be told on the same standard error, with a panic.
        .log_internal_errors(false)
        .with_writer(writer)
        .json()
        .flatten_event(true)
        .finish()
}

/// Lets panics be told in the log, as where they happened: what they say may quote what was being worked on.
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        tracing::error!(
            target: "bedside::panic",
            place = place.unwrap_or_default(),
            thread = thread.name().unwrap_or_default(),
            "a panic"
        );
    }));
}

/// The layer around every request: an id that the answer carries too, a span, figures.
pub async fn requests(State(app): State<App>, request: Request, next: Next) -> Response {
    static SEEN: AtomicU64 = AtomicU64::new(0);
    let started = Instant::now();
    let id = app.id::<()>().to_string();
    let method = request.method().as_str().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("request", id, method, route);
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = started.elapsed();
    let status = response.status();
    span.in_scope(|| {
        tracing::debug!(
            status = status.as_u16(),
            micros = took.as_micros(),
            "answered"
        );
    });
    let status = status.as_str().to_owned();
    metrics::counter!(name::REQUESTS, "route" => route.clone(), "method" => method.clone(), "status" => status)
        .increment(1);
    metrics::histogram!(name::REQUEST_SECONDS, "route" => route, "method" => method)
        .record(took.as_secs_f64());
    if SEEN.fetch_add(1, Ordering::Relaxed) % FOLD_EVERY == FOLD_EVERY - 1 {
        figures().run_upkeep();
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}
