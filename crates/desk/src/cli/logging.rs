//! The log: for people on a terminal, JSON lines otherwise. It never carries patient data.

use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts the log on the standard error. `background` says that the command runs for long and tells what it does;
/// others tell only what is wrong. `BEDSIDE_LOG` says otherwise (`debug`, `info,bedside_desk=trace`).
pub(super) fn start(background: bool) {
    let usual = if background { "info" } else { "warn" };
    let filter = std::env::var("BEDSIDE_LOG")
        .ok()
        .and_then(|text| text.parse::<EnvFilter>().ok());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|| EnvFilter::new(usual)))
        // A log that can't be written (a file on a full disk) would be told on the same standard error, with a panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        log.with_target(false).compact().init();
    } else {
        log.json().flatten_event(true).init();
    }
}
