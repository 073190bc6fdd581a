//! Pages for patients: the request form, the thread behind a link, the rating.

use crate::router::Route;

/// The ways in of this part.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
