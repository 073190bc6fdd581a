//! What the desk may call besides the public network.

use super::proxies::Network;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// Longest name of a host (RFC 1035).
const MAX_HOST: usize = 253;

/// A host by its name, or a network by its addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Destination {
    /// Wherever this name leads to; it is in small letters.
    Host(String),
    /// Its addresses, by whatever name.
    Network(Network),
}

/// What stands in a list of destinations and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "each must be a host such as idp.clinic.lan, an address such as 10.1.0.5, or a network such as 10.1.0.0/16"
)]
pub struct NotADestination;

impl Destination {
    /// Whether `address`, to which `host` (in small letters) leads, is part of it.
    pub fn has(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Host(name) => name == host,
            Self::Network(network) => network.has(address),
        }
    }
}

impl FromStr for Destination {
    type Err = NotADestination;

    fn from_str(text: &str) -> Result<Self, NotADestination> {
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let is_part = |part: &str| {
            let fine = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            !part.is_empty() && part.chars().all(fine)
        };
        // A name that ends in a number is an address in an unusual spelling.
        let last = name.rsplit('.').next().unwrap_or_default();
        let is_number = last.starts_with(|c: char| c.is_ascii_digit());
        if name.len() > MAX_HOST || is_number || !name.split('.').all(is_part) {
            return Err(NotADestination);
        }
        Ok(Self::Host(name))
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl TryFrom<String> for Destination {
    type Error = NotADestination;

    fn try_from(text: String) -> Result<Self, NotADestination> {
        text.parse()
    }
}

impl From<Destination> for String {
    fn from(destination: Destination) -> Self {
        destination.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_destination_has_what_it_names_and_nothing_else() {
        for (one, host, address, inside) in [
            ("idp.clinic.lan", "idp.clinic.lan", "192.168.1.1", true),
            ("LOGIN.example.", "login.example", "192.168.1.1", true),
            (
                "idp.clinic.lan",
                "evil.idp.clinic.lan",
                "192.168.1.1",
                false,
            ),
            ("10.1.0.0/16", "any.example", "::ffff:10.1.200.9", true),
            ("10.1.0.0/16", "any.example", "10.2.0.1", false),
            ("::1", "any.example", "127.0.0.1", false),
        ] {
            let destination: Destination = one.parse().unwrap();
            assert_eq!(
                destination.has(host, address.parse().unwrap()),
                inside,
                "{one} {host}"
            );
            assert_eq!(destination.to_string().parse(), Ok(destination));
        }
    }

    #[test]
    fn what_is_no_destination_is_refused() {
        for text in [
            "",
            "/8",
            "10.0.0.0/0",
            "10.0.0.0/33",
            "10.1",
            "2130706433",
            "0x7f.1",
            "a b",
            "https://idp.example",
            "idp.example/8",
            "idp..example",
            "idp.example:443",
        ] {
            assert_eq!(text.parse::<Destination>(), Err(NotADestination), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[0-9a-z:./-]{0,40}", address: u128) {
            if let Ok(one) = text.parse::<Destination>() {
                let _ = one.has("x", IpAddr::V6(address.into()));
            }
        }
    }
}
