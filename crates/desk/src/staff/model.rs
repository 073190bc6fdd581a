//! People of the staff as values.

use super::role::Role;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::names;
use bedside_codecs::mail::address::Address;
use bedside_db::Timestamp;
use bedside_web::Locale;
use serde::Serialize;
use std::sync::Arc;

/// Shortest password, in characters (NIST SP 800-63B-4 §3.1.1.2).
pub const MIN_PASSWORD: usize = 15;
/// Longest password, in characters.
pub const MAX_PASSWORD: usize = 200;

/// Somebody to be added.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// Mail address they sign in with.
    pub email: String,
    /// Name that colleagues and patients see.
    pub name: String,
    /// Code of the role they get.
    pub role: String,
    /// Language of their pages.
    pub locale: Locale,
}

impl NewStaff {
    /// The address in its normal form, after all fields were checked.
    pub fn checked_email(&self) -> Result<String, DeskError> {
        names::checked(&self.name)?;
        let address = Address::parse(self.email.trim())?;
        bedside_vault::normalise::email(address.as_str())
            .map_err(|_| DeskError::invalid("email", "invalid", "This is not a mail address."))
    }
}

/// Somebody of the staff.
#[derive(Clone, Debug, Serialize)]
pub struct StaffView {
    /// Their id.
    pub id: StaffId,
    /// Mail address they sign in with.
    pub email: String,
    /// Name.
    pub name: String,
    /// Role code.
    pub role: String,
    /// Language tag.
    pub locale: String,
    /// Since when they can't sign in.
    pub disabled_at: Option<Timestamp>,
    /// Since when they have a second factor, an app or a passkey.
    pub second_factor_since: Option<Timestamp>,
    /// Counts up with each change.
    pub version: i64,
}

impl StaffView {
    /// Whether a ticket can be given to them; `role` is theirs.
    pub fn takes_tickets(&self, role: Option<&Arc<Role>>) -> bool {
        let allowed = role.is_some_and(|role| role.permissions.has(Permission::TicketsWrite));
        self.disabled_at.is_none() && allowed
    }
}
