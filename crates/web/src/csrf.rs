//! Protection against forged requests from other sites.
//!
//! Two independent checks, and a change needs both: where the browser says the request comes from
//! ([`check_origin`]), and a token bound to the session ([`check_token`]). Nothing has to be
//! stored, since the token is a keyed tag of the session. It is different on every page because a
//! nonce goes in, so compressed pages don't leak it byte by byte.
//!
//! Forms carry the token in a hidden input ([`FIELD`]); scripts read it once from
//! `<meta name="csrf-token">`, remove the element and send it as a header ([`HEADER`]).

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use base64::Engine as _;
use subtle::ConstantTimeEq as _;

use crate::{BASE64, Mac, Problem};

/// Name of the hidden form field.
pub const FIELD: &str = "csrf_token";
/// Name of the header that scripts send.
pub const HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

const NONCE: usize = 8;
const TAG: usize = 22;
/// Length of a token as text, in characters.
pub const TOKEN_LENGTH: usize = (NONCE + TAG) / 3 * 4;

/// Why a request was taken for forged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// The browser says that another site sent it.
    #[error("this request came from another site")]
    OtherSite,
    /// There is no token, in neither place.
    #[error("the form token is missing")]
    Missing,
    /// The token isn't one of this session's.
    #[error("the form token is not valid for this session")]
    Invalid,
}

impl From<Forged> for Problem {
    fn from(forged: Forged) -> Self {
        let code = match forged {
            Forged::OtherSite => "cross_site",
            Forged::Missing | Forged::Invalid => "csrf",
        };
        Self::forbidden()
            .code(code)
            .detail("This page was open for too long. Load it again and send it once more.")
            .private(forged.to_string())
    }
}

/// The token for one page of this session. `nonce` should differ from page to page.
pub fn token(session: &[u8], nonce: [u8; NONCE], mac: &impl Mac) -> String {
    let mut raw = [0_u8; NONCE + TAG];
    raw[..NONCE].copy_from_slice(&nonce);
    raw[NONCE..].copy_from_slice(&tag(session, &nonce, mac));
    BASE64.encode(raw)
}

/// Whether `token` was made for this session.
pub fn check_token(token: Option<&str>, session: &[u8], mac: &impl Mac) -> Result<(), Forged> {
    let token = token
        .filter(|token| !token.is_empty())
        .ok_or(Forged::Missing)?;
    if token.len() != TOKEN_LENGTH {
        return Err(Forged::Invalid);
    }
    let raw = BASE64.decode(token).map_err(|_| Forged::Invalid)?;
    let (nonce, sent) = raw.split_at(NONCE);
    let expected = tag(session, nonce, mac);
    if bool::from(expected.as_slice().ct_eq(sent)) {
        Ok(())
    } else {
        Err(Forged::Invalid)
    }
}

/// The token in the request header, if any.
pub fn header_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(HEADER)?.to_str().ok()
}

/// Whether the browser vouches that this site's own pages sent the request.
///
/// `own_origin` is what people see in the address bar, such as `https://desk.example.org`.
/// Reading is always fine. `Sec-Fetch-Site` decides where the browser sends it, else `Origin`.
/// Under our `no-referrer` policy browsers send `Origin: null` with a form, so `null`, like
/// silence, decides nothing and leaves it to the token.
pub fn check_origin(method: &Method, headers: &HeaderMap, own_origin: &str) -> Result<(), Forged> {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return match site.as_bytes() {
            b"same-origin" | b"none" => Ok(()),
            _ => Err(Forged::OtherSite),
        };
    }
    match headers.get(header::ORIGIN).map(HeaderValue::as_bytes) {
        None | Some(b"null") => Ok(()),
        Some(origin) if origin.eq_ignore_ascii_case(own_origin.as_bytes()) => Ok(()),
        Some(_) => Err(Forged::OtherSite),
    }
}

fn tag(session: &[u8], nonce: &[u8], mac: &impl Mac) -> [u8; TAG] {
    let mut message = Vec::with_capacity(5 + NONCE + session.len());
    message.extend_from_slice(b"csrf\0");
    message.extend_from_slice(nonce);
    message.extend_from_slice(session);
    let mut out = [0; TAG];
    out.copy_from_slice(&mac.tag(&message)[..TAG]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mac::test_mac;
    use proptest::prelude::*;

    fn from(headers: &[(&'static str, &'static str)]) -> Result<(), Forged> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        check_origin(&Method::POST, &headers, "https://desk.example.org")
    }

    #[test]
    fn other_sites_are_refused() {
        assert_eq!(from(&[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(from(&[("sec-fetch-site", "none")]), Ok(()));
        assert_eq!(
            from(&[("sec-fetch-site", "same-site")]),
            Err(Forged::OtherSite)
        );
        assert_eq!(
            from(&[("sec-fetch-site", "cross-site")]),
            Err(Forged::OtherSite)
        );
        assert_eq!(from(&[("origin", "https://desk.example.org")]), Ok(()));
        assert_eq!(
            from(&[("origin", "https://desk.example.org.evil.net")]),
            Err(Forged::OtherSite)
        );
        assert_eq!(from(&[("origin", "null")]), Ok(()));
        assert_eq!(from(&[]), Ok(()));
        let lie = [
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://desk.example.org"),
        ];
        assert_eq!(from(&lie), Err(Forged::OtherSite));
    }

    #[test]
    fn a_missing_token_is_told_apart() {
        assert_eq!(check_token(None, b"s", &test_mac), Err(Forged::Missing));
        assert_eq!(check_token(Some(""), b"s", &test_mac), Err(Forged::Missing));
        assert_eq!(Problem::from(Forged::Missing).status(), 403);
    }

    #[test]
    fn attack_23_no_bit_of_a_form_token_can_be_changed() {
        let text = token(b"session", [7; NONCE], &test_mac);
        assert_eq!(check_token(Some(&text), b"session", &test_mac), Ok(()));
        let raw = BASE64.decode(&text).unwrap();
        for bit in 0..raw.len() * 8 {
            let mut changed = raw.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = BASE64.encode(changed);
            let said = check_token(Some(&changed), b"session", &test_mac);
            assert_eq!(said, Err(Forged::Invalid), "bit {bit}");
        }
        for near in [
            text[1..].to_owned(),
            format!("{text}A"),
            text.to_uppercase(),
        ] {
            let said = check_token(Some(&near), b"session", &test_mac);
            assert_eq!(said, Err(Forged::Invalid), "{near}");
        }
    }

    proptest! {
        #[test]
        fn a_token_opens_its_own_session_only(session in any::<[u8; 16]>(), other in any::<[u8; 16]>(), nonce in any::<[u8; 8]>()) {
            let text = token(&session, nonce, &test_mac);
            prop_assert_eq!(text.len(), TOKEN_LENGTH);
            prop_assert_eq!(check_token(Some(&text), &session, &test_mac), Ok(()));
            prop_assume!(session != other);
            prop_assert_eq!(check_token(Some(&text), &other, &test_mac), Err(Forged::Invalid));
        }

        #[test]
        fn any_other_text_is_refused(text in "[A-Za-z0-9_=-]{0,60}|.{0,60}") {
            prop_assert!(check_token(Some(&text), b"session", &test_mac).is_err());
        }
    }
}
