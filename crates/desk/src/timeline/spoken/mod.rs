//! Whether somebody was there who spoke: words that were written down for them, or that came while they waited.

mod store;

pub use store::ALL;
pub(crate) use store::spoke_since;
