//! The JSON API under /api/v1.

use crate::router::Route;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
