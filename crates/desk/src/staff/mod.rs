//! The people who work at the desk, and how they come in. Owns `staff`, `sessions`, `staff_links`, `sign_in_failures`
//! and `api_tokens`.
//!
//! Passwords are kept as argon2id hashes; session and link tokens are kept as SHA-256 hashes, so that a copy of the
//! database lets nobody in. A wrong password slows the next try for the same address down, whether somebody has that
//! address or not.

mod model;
mod passwords;
mod service;
mod sessions;
mod store;
#[cfg(test)]
mod tests;
mod tokens;

pub use model::{NewStaff, StaffView};
pub use service::{
    address_of, can_take_tickets, change_role, choose_locale, create, disable, enable, list,
    name_of, names, set_password, with_role,
};
pub use sessions::{
    Session, admit, end_session, forget_expired, make_link, session, session_unused, sign_in,
    sign_in_by_link,
};
pub use store::ALL as STATEMENTS;
pub use tokens::{NewToken, TokenView, create_token, list_tokens, revoke_token, token_context};
