//! The people who work at the desk, and how they come in. Owns `staff`, `roles` and `api_tokens`; the
//! parts [`sessions`], [`factors`], [`passkeys`] and [`sso`] own what they come in by.
//!
//! Passwords are kept as argon2id hashes; session and link tokens are kept as SHA-256 hashes, so that a copy of the
//! database lets nobody in. A wrong password slows the next try for the same address down, whether somebody has that
//! address or not.

pub mod factors;
mod model;
mod notices;
pub mod passkeys;
mod passwords;
mod provision;
mod reviewed;
mod role;
mod roles;
mod service;
pub mod sessions;
pub mod sso;
mod store;
#[cfg(test)]
mod tests;
mod tokens;

pub use factors::{
    Evidence, Factor, Offer, enrol, factor_of, new_recovery_codes, offer, offered,
    remove as remove_factor, reset as reset_factor,
};
pub use model::{NewStaff, StaffView};
pub use notices::{Addressee, Notice, What, addressee, anybody_may, tell_all, tell_any};
pub use provision::{
    About, add_provisioned, change_about, give_role, held, held_by_email, let_in, put_out,
    reach_of, spared, take_lock,
};
pub use reviewed::{Access, Whose, accesses, end_access, held_access};
pub use role::{
    ADMINISTRATOR, IDLE_MINUTES, MAX_ROLES, NO_ROLE, Queues, Reach, Role, SESSION_MINUTES,
    SecondFactor,
};
pub use roles::{delete_role, put_role, roles};
pub use service::{
    LessReached, address_of, can_take_tickets, change_role, choose_locale, clinicians, create,
    disable, enable, everybody, list, name_of, names, names_and_roles, one, role_at_work,
    set_password,
};
pub(crate) use sessions::device_of;
pub use sessions::{
    Entered, Half, HalfPerson, Here, OpenSession, PROOF_SECONDS, Place, Proof, Session, SignedIn,
    TYPING_SECONDS, admit, ask_at_door, ask_half, ask_inside, asks_current, choose_password,
    confirm, confirm_by_passkey, device_codes, end_everywhere, end_one, end_others, end_session,
    finish, finish_by_passkey, forget_expired, half_person, make_link, open_sessions, proof_of,
    remind_invited, session, session_unused, sign_in, sign_in_by_link, sign_in_by_passkey,
};
pub use store::ALL as STATEMENTS;
pub use tokens::{
    INTEGRATION, INTEGRATION_WORD, NewToken, TOKEN_DAYS, TokenView, WayIn, create_token,
    list_tokens, provisioning_way, revoke_token, token_context, token_makers, token_names,
};
