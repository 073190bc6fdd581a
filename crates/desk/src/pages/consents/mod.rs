//! What a patient was told of their data and what they said yes and no to, and the forms by which staff keep either for
//! them. Saying no takes the same two presses as saying yes.

mod form;
mod show;

use crate::router::Route;

pub(super) use show::notice_line;

pub(super) fn routes() -> Vec<Route> {
    [show::routes(), form::routes()].concat()
}
