//! How much one visitor, or one address, may send in an hour. Counted in memory, without keeping who it was.

use crate::config::Config;
use crate::error::DeskError;
use bedside_db::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// Requests by form from one mail address in an hour. A worried person writes twice or three times.
pub const PER_ADDRESS: u32 = 6;
/// Requests by form from one network address in an hour. A waiting room shares one.
pub const PER_NETWORK: u32 = 60;
/// Words of danger from one network address in an hour that came without a form's pass and without a link that opens. Far more
/// than a clinic's patients behind one address ever need; they can still be sent with a fresh form.
pub const CRIES_PER_NETWORK: u32 = 12;
/// Requests that words of danger of one person open in an hour where none of theirs takes them in; further ones go into the newest of
/// those.
pub const CRIES_PER_PERSON: u32 = 12;
/// Answers of one person in an hour, behind whichever of their links.
pub const PER_PERSON: u32 = 30;
/// Times in an hour that one link can be used to ask for a fresh one.
pub const PER_LINK_ASKS: u32 = 6;

const WINDOW_SECONDS: i64 = 60 * 60;
/// Proxies between a visitor and the desk that are looked at, and lines that name them.
const MAX_HOPS: usize = 16;
/// Keys that are counted at one time, which bounds the memory to about 2 MB.
const MAX_KEYS: usize = 50_000;

/// Counters of the running hour by the hash of their key.
#[derive(Default)]
pub struct Caps {
    hasher: RandomState,
    counters: Mutex<HashMap<u64, Counter>>,
}

#[derive(Clone, Copy)]
struct Counter {
    since: Timestamp,
    count: u32,
}

impl Caps {
    /// Whether `key` has any left of its `limit`, without taking one.
    pub fn any_left(&self, key: impl Hash, limit: u32, now: Timestamp) -> bool {
        let key = self.hasher.hash_one(key);
        let counters = self.counters.lock();
        counters.get(&key).is_none_or(|counter| {
            counter.count < limit || now.seconds_since(counter.since) >= WINDOW_SECONDS
        })
    }

    /// Takes one of the `limit` that `key` has in an hour; [`DeskError::RateLimited`] when none is left.
    pub fn take(&self, key: impl Hash, limit: u32, now: Timestamp) -> Result<(), DeskError> {
        let key = self.hasher.hash_one(key);
        let mut counters = self.counters.lock();
        let over = |counter: &Counter| now.seconds_since(counter.since) >= WINDOW_SECONDS;
        if counters.len() >= MAX_KEYS && !counters.contains_key(&key) {
            counters.retain(|_, counter| !over(counter));
            if counters.len() >= MAX_KEYS {
                return Err(DeskError::RateLimited { retry_after: 60 });
            }
        }
        let counter = counters.entry(key).or_insert(Counter {
            since: now,
            count: 0,
        });
        if over(counter) {
            *counter = Counter {
                since: now,
                count: 0,
            };
        }
        if counter.count >= limit {
            let left = WINDOW_SECONDS - now.seconds_since(counter.since);
            return Err(DeskError::RateLimited {
                retry_after: u32::try_from(left.max(1)).unwrap_or(1),
            });
        }
        counter.count += 1;
        Ok(())
    }
}

/// The network a request came from. Behind a proxy of this desk ([`Config::trusts`]) it is the last hop named that is no
/// such proxy itself, or the proxy where a hop can't be read; anybody else's forwarding headers are not believed. None when
/// the proxy says nothing: then only the other caps hold.
pub fn network(headers: &HeaderMap, extensions: &Extensions, config: &Config) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    if !config.trusts(peer.ip()) {
        return Some(shared(peer.ip()));
    }
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    let mut came_from = None;
    for line in lines.take(MAX_HOPS) {
        for text in line.to_str().unwrap_or_default().rsplit(',').take(MAX_HOPS) {
            let Some(hop) = hop(text.trim()) else {
                return Some(shared(peer.ip()));
            };
            came_from = Some(hop);
            if !config.trusts(hop) {
                return came_from.map(shared);
            }
        }
    }
    came_from.map(shared)
}

/// The address of a hop; some proxies write its port too.
fn hop(text: &str) -> Option<IpAddr> {
    let address = text.parse().ok();
    address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip()))
}

/// A household has a whole /64 of the newer kind of address.
fn shared(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) if six.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other.to_canonical(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn a_key_has_its_share_of_an_hour() {
        let caps = Caps::default();
        let start = Timestamp::from_micros(0);
        for _ in 0..3 {
            assert!(caps.any_left("ana", 3, start));
            caps.take("ana", 3, start).unwrap();
        }
        assert!(!caps.any_left("ana", 3, start.plus_seconds(3599)));
        assert!(caps.any_left("ana", 3, start.plus_seconds(3600)));
        let later = start.plus_seconds(600);
        assert!(matches!(
            caps.take("ana", 3, later),
            Err(DeskError::RateLimited { retry_after: 3000 })
        ));
        caps.take("bo", 3, later).unwrap();
        caps.take("ana", 3, start.plus_seconds(3600)).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_comes_back() {
        let caps = Caps::default();
        let start = Timestamp::from_micros(0);
        for key in 0..MAX_KEYS {
            caps.take(key, 1, start).unwrap();
        }
        assert!(caps.take("one more", 1, start).is_err());
        caps.take("one more", 1, start.plus_seconds(3600)).unwrap();
    }

    fn from(peer: &str, forwarded: &[&str]) -> Option<IpAddr> {
        let mut request = Request::builder();
        for line in forwarded {
            request = request.header("x-forwarded-for", *line);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts
            .extensions
            .insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let config = Config {
            trusted_proxies: vec!["10.1.0.0/16".parse().unwrap()],
            ..Config::default()
        };
        network(&parts.headers, &parts.extensions, &config)
    }

    #[test]
    fn only_our_own_proxy_is_believed() {
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        assert_eq!(from("203.0.113.5:1", &["198.51.100.7"]), ip("203.0.113.5"));
        assert_eq!(
            from("127.0.0.1:1", &["10.9.9.9, 198.51.100.7"]),
            ip("198.51.100.7")
        );
        assert_eq!(from("127.0.0.1:1", &[]), None);
        assert_eq!(from("127.0.0.1:1", &["nonsense"]), ip("127.0.0.1"));
        assert_eq!(from("[2001:db8:1:2:3:4:5:6]:1", &[]), ip("2001:db8:1:2::"));
    }

    #[test]
    fn behind_proxies_elsewhere_each_patient_has_a_budget() {
        let ip = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        for peer in ["10.1.0.5:1", "[::ffff:10.1.0.5]:1"] {
            assert_eq!(from(peer, &["198.51.100.7"]), ip("198.51.100.7"), "{peer}");
        }
        // Several proxies, each in a line or in one; what a visitor claims stands before what the first proxy saw.
        for lines in [
            &["203.0.113.9, 198.51.100.7, 10.1.0.6"][..],
            &["203.0.113.9", "198.51.100.7", "10.1.0.6, 10.1.0.7"],
        ] {
            assert_eq!(from("10.1.0.5:1", lines), ip("198.51.100.7"), "{lines:?}");
        }
        assert_eq!(from("10.1.0.5:1", &["10.1.0.9, 10.1.0.6"]), ip("10.1.0.9"));
        assert_eq!(from("10.2.0.5:1", &["198.51.100.7"]), ip("10.2.0.5"));
        for (line, seen) in [
            ("198.51.100.7:4711", "198.51.100.7"),
            (
                "203.0.113.9, 198.51.100.7:4711, 10.1.0.6:80",
                "198.51.100.7",
            ),
            ("[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::"),
            ("x, 10.1.0.6", "10.1.0.5"),
            ("198.51.100.7, unknown", "10.1.0.5"),
        ] {
            assert_eq!(from("10.1.0.5:1", &[line]), ip(seen), "{line}");
        }
        assert_eq!(from("10.1.0.5:1", &[]), None);
    }
}
