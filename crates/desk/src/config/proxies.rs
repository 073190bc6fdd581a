//! The proxies whose word on where a request came from is believed.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// One address, or a network such as `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    /// How many bits of the address count, at least one: a network of everybody would believe everybody.
    bits: u8,
}

/// What stands in a list of proxies and is neither an address nor a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("each must be an address such as 10.1.0.5, or a network such as 10.1.0.0/16")]
pub struct NotANetwork;

impl Network {
    /// Whether `address` is in it.
    pub fn has(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).leading_zeros() >= u32::from(self.bits)
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = match bits {
            Some(bits) => bits.parse().map_err(|_| NotANetwork)?,
            None => most,
        };
        if !(1..=most).contains(&bits) {
            return Err(NotANetwork);
        }
        match address.to_canonical() {
            // The older kind of address in the newer one's notation: the last 32 bits are its own.
            own if own.is_ipv4() && address.is_ipv6() => match bits.checked_sub(96) {
                Some(bits @ 1..) => Ok(Self { address: own, bits }),
                _ => Err(NotANetwork),
            },
            address => Ok(Self { address, bits }),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl TryFrom<String> for Network {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_network_has_its_addresses_and_no_other() {
        for (network, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.9", "10.2.0.1"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            (" 192.0.2.77/24", "::ffff:192.0.2.1", "192.0.3.1"),
            ("2001:db8::/32", "2001:db8:9::1", "2001:db9::1"),
            ("::1", "::1", "127.0.0.1"),
            ("128.0.0.0/1", "255.0.0.1", "127.0.0.1"),
            ("::ffff:10.1.0.0/112", "10.1.255.9", "10.2.0.1"),
            ("::ffff:10.1.2.3", "::ffff:10.1.2.3", "10.1.2.4"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.has(inside.parse().unwrap()), "{network} {inside}");
            assert!(
                !network.has(outside.parse().unwrap()),
                "{network} {outside}"
            );
            assert_eq!(network.to_string().parse(), Ok(network));
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "proxy",
            "10.1.0.0/33",
            "10.1.0.0/0",
            "::/0",
            "10.1.0.0/x",
            "10.1.0.0/",
            "10.1",
            "::1/129",
            "::ffff:10.1.0.0/96",
            "::ffff:10.1.0.0/16",
            "/8",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[0-9a-f:./ ]{0,40}", address: u128) {
            if let Ok(network) = text.parse::<Network>() {
                let _ = network.has(IpAddr::V6(address.into()));
            }
        }
    }
}
