//! The staff's pages.

use crate::router::Route;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    Vec::new()
}

pub mod errors;
