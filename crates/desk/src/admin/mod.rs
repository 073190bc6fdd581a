//! Settings pages, and the audit log's.

use crate::router::Route;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
