//! Signing in at a provider of single sign-on (OpenID Connect), as an organisation set it up. Owns `sso_providers`, `sso_people`
//! and `sso_questions`.
//!
//! A browser is sent to the provider with a question of its own ([`start`]): kept here for ten minutes, bound to the browser by
//! a cookie, used up by the first answer. The answer's code is exchanged by the desk itself, and the token that comes of it is
//! checked by `openidconnect` (docs/decisions/0011-single-sign-on.md); [`provider`] and [`description`] alone call it. Whom a token names is known
//! by issuer and subject. A mail address counts once, to find the account at the first sign-in, and only when the provider
//! says that it is verified; or whoever is in has their account there connected ([`Purpose::Connect`]). The role comes from the
//! provider's groups at every sign-in; whom no group fits has no access. Where somebody's role is decided elsewhere
//! ([`Decided`]), signing in there says who they are and changes nothing.
//!
//! Locks are taken in one order: the provider's row, the person's in `staff`, theirs in `sso_people`.
//!
//! What came of it then goes the way of every other way in ([`super::sessions`]): second factor, session, news, audit.

mod description;
mod enter;
mod inside;
mod model;
mod people;
mod provider;
mod question;
mod settings;
pub(super) mod store;
mod trouble;
mod whom;

pub use description::Providers;
pub use enter::{Back, Finished, finish};
pub use model::{MAX_GROUPS, NewProvider, ProviderView, Rules};
pub use people::{Connection, connection, disconnect, forget_person, is_only_way, linked};
pub(super) use people::{only_way_of, proves};
pub use question::{Purpose, start};
pub(super) use settings::Named;
pub use settings::{doors, put, remove, try_out, view};
pub use store::ALL as STATEMENTS;
pub use trouble::Trouble;
pub(super) use whom::still_is;

use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use bedside_db::Conn;
use futures_util::future::BoxFuture;

/// Says, in the caller's transaction, whether somebody's role and access are decided elsewhere: by an identity provider that
/// provisions them.
pub type Decided = fn(&mut Conn, OrganisationId, StaffId) -> BoxFuture<'_, Result<bool, DeskError>>;

/// The path that a provider sends people back to.
pub const RETURN: &str = "/sign-in/sso";
