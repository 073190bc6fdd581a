//! What somebody shows besides their password: a code of an app on their phone, or one of the recovery codes they keep for
//! the day the phone is gone. Owns `second_factors` and `recovery_codes`.
//!
//! An app's code counts once: the time step of the newest one that was taken is kept, and only later ones are taken. A
//! recovery code is gone with its use. The app's secret is sealed; nothing gives it out after [`enrol`].

mod evidence;
mod recovery;
mod service;
pub(super) mod store;
mod totp;

pub use evidence::Evidence;
pub(super) use recovery::make as make_codes;
pub use service::{
    Factor, Offer, enrol, factor_of, new_recovery_codes, offer, offered, remove, reset,
};
pub(super) use service::{forget_idle_codes, held_against, keep as keep_codes, take, wrong_code};
pub use store::ALL as STATEMENTS;
pub(super) use store::has_one;
