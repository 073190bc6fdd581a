//! What other systems and the desk itself sign in with, and until when: whoever can renew it hears before it runs out, by
//! mail and on the page of the settings. Owns `renewals`.
//!
//! Nothing secret leaves it: names, ends and ids alone. Each step towards an end is told once; a new end begins anew.

mod model;
mod service;
mod store;

pub use model::{Ending, Kind, SOON, is_soon, step};
pub use service::{ends, hourly};
pub use store::ALL as STATEMENTS;
