//! HTTP plumbing that knows no product: errors, extractors with limits, cookies, CSRF, security
//! headers, texts by locale, embedded browser assets, live events, cursors and entity tags.
//!
//! Nothing here knows a ticket or a patient. Every input from outside has a limit and ends, when
//! it is wrong, in a [`Problem`] that says what to change without repeating what was sent.

pub mod assets;
pub mod body;
pub mod cookies;
pub mod csrf;
pub mod cursor;
pub mod etag;
pub mod form;
pub mod headers;
pub mod i18n;
pub mod json;
pub mod last;
pub mod mac;
pub mod multipart;
mod pairs;
pub mod problem;
pub mod query;
pub mod sse;

pub use i18n::{I18n, Locale};
pub use mac::Mac;
pub use problem::{FieldError, Problem};

/// How untrusted text is encoded for URLs and forms: base64url without padding.
pub(crate) const BASE64: base64::engine::GeneralPurpose =
    base64::engine::general_purpose::URL_SAFE_NO_PAD;
