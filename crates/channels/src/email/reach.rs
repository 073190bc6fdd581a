//! Which addresses a mail server may have. Whoever sets a mailbox up names any server; with this, the desk can't be made to
//! knock at what listens on its own machine, or at the metadata service of the cloud it runs in.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// Which addresses are connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// All.
    #[default]
    Anywhere,
    /// None of this machine's own, and none of its link alone.
    Elsewhere,
}

/// Where some clouds answer with a machine's secrets, besides the link-local address of all of them: Amazon, Google and
/// Oracle by IPv6, Alibaba and Azure.
const METADATA: [IpAddr; 5] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x00c1, 0, 0, 0, 0, 0xa9fe, 0xa9fe)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
];

/// Whether this machine has this address: the way to it then begins where it ends. Nothing is sent to find out.
fn is_own(address: IpAddr) -> bool {
    let any: SocketAddr = match address {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let way = UdpSocket::bind(any).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    way.is_ok_and(|from| from.ip() == address)
}

impl Reach {
    /// Whether this address may be connected to.
    fn holds(self, address: IpAddr) -> bool {
        if self == Self::Anywhere {
            return true;
        }
        let address = address.to_canonical();
        if METADATA.contains(&address) || is_own(address) {
            return false;
        }
        match address {
            IpAddr::V4(address) => {
                // 0.0.0.0/8 reaches this machine on Linux.
                !(address.is_loopback() || address.is_link_local() || address.octets()[0] == 0)
            }
            IpAddr::V6(address) => {
                // The prefix of NAT64 (RFC 6052).
                let translated = match address.segments() {
                    [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                        let [a, b] = high.to_be_bytes();
                        let [c, d] = low.to_be_bytes();
                        Some(Ipv4Addr::new(a, b, c, d))
                    }
                    _ => None,
                };
                let embedded = address.to_ipv4().or(translated).is_some_and(|inner| {
                    inner != Ipv4Addr::UNSPECIFIED && !self.holds(IpAddr::V4(inner))
                });
                !(address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unicast_link_local()
                    || embedded)
            }
        }
    }

    /// The addresses of `host` that may be connected to; [`io::ErrorKind::PermissionDenied`] when it has none but others.
    /// What was looked up is what must be connected to: a second look could find something else.
    pub(super) async fn addresses(self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let mut found: Vec<_> = tokio::net::lookup_host((host, port)).await?.collect();
        let any = !found.is_empty();
        found.retain(|address| self.holds(address.ip()));
        match (found.is_empty(), any) {
            (false, _) => Ok(found),
            (true, true) => Err(io::ErrorKind::PermissionDenied.into()),
            (true, false) => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_and_its_link_are_not_elsewhere() {
        for address in [
            "127.0.0.1",
            "127.255.0.9",
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "64:ff9b::a9fe:a9fe",
            "100.100.100.200",
            "::ffff:168.63.129.16",
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert!(!Reach::Elsewhere.holds(address), "{address}");
            assert!(Reach::Anywhere.holds(address), "{address}");
        }
        for address in [
            "10.0.0.25",
            "192.168.1.2",
            "172.16.3.4",
            "203.0.113.9",
            "2001:db8::25",
            "fd12:3456::25",
            "128.0.0.1",
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert!(Reach::Elsewhere.holds(address), "{address}");
        }
    }

    #[tokio::test]
    async fn names_are_judged_by_what_they_lead_to() {
        for host in ["localhost", "127.0.0.1", "0", "::1"] {
            let refused = Reach::Elsewhere.addresses(host, 25).await;
            let kind = refused.expect_err("nothing of this machine").kind();
            assert_eq!(kind, io::ErrorKind::PermissionDenied, "{host}");
            assert!(Reach::Anywhere.addresses(host, 25).await.is_ok(), "{host}");
        }
        let there = Reach::Elsewhere.addresses("203.0.113.9", 25).await;
        assert_eq!(there.expect("an address").len(), 1);
    }
}
