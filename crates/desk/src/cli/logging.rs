//! The log: for people on a terminal, JSON lines otherwise. It never carries patient data.

use crate::observe;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts the log on the standard error, as `usual` says: a command that runs for long tells what it does, others tell only
/// what is wrong. `BEDSIDE_LOG` says otherwise (`debug`, `info,bedside_desk=trace`).
pub(super) fn start(usual: &str) {
    let filter = std::env::var("BEDSIDE_LOG")
        .ok()
        .and_then(|text| text.parse::<EnvFilter>().ok());
    let filter = observe::with_security(filter.unwrap_or_else(|| EnvFilter::new(usual)));
    if std::io::stderr().is_terminal() {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .log_internal_errors(false)
            .with_writer(std::io::stderr)
            .with_target(false)
            .compact()
            .init();
    } else {
        observe::json_lines(filter, std::io::stderr).init();
    }
    observe::tell_panics();
}
