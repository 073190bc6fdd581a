//! Which addresses the desk connects to. Whoever sets a mailbox or a provider up names any server; with this, the desk can't
//! be made to knock at what listens on its own machine, or at the metadata service of the cloud it runs in.

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
    /// None of those, and none that the public network does not know: what stands in the clinic's own network is named by
    /// whoever runs the desk, never by a setting in it.
    Public,
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

/// Whether this address means something inside a network alone: private (RFC 1918, RFC 4193), shared by a carrier
/// (RFC 6598), for tests of networks (RFC 2544), for groups, or set aside.
const fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            address.is_private()
                || address.is_multicast()
                || a >= 240
                || (a == 100 && b & 0xc0 == 64)
                || (a == 198 && b & 0xfe == 18)
                || (a == 192 && b == 0 && c == 0)
        }
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            // The third: addresses of a site, as they were before those of RFC 4193. The last: a network's own NAT64.
            address.is_unique_local()
                || address.is_multicast()
                || first & 0xffc0 == 0xfec0
                || is_local_nat64(address)
        }
    }
}

/// Whether this is of the prefix that is set aside for gateways of a network's own (RFC 8215).
const fn is_local_nat64(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0x64, 0xff9b, 1, ..])
}

/// The older addresses that a newer one may stand for, wherever a gateway may find them in it: by NAT64 (RFC 6052), by one of
/// the network's own with a prefix of any length (RFC 8215), by SIIT (RFC 7915), 6to4 (RFC 3056), Teredo with its server and
/// its client (RFC 4380), ISATAP (RFC 5214), or in its last bits.
fn stands_for(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let older = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    let mut found = Vec::new();
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x2002, high, low, ..] => found.push(older(high, low)),
        [0x2001, 0, high, low, _, _, client_high, client_low] => {
            found.push(older(high, low));
            found.push(older(!client_high, !client_low));
        }
        _ => found.extend(address.to_ipv4()),
    }
    if is_local_nat64(address) {
        let of = address.octets();
        let places = [
            [6, 7, 9, 10],
            [7, 9, 10, 11],
            [9, 10, 11, 12],
            [12, 13, 14, 15],
        ];
        let there = places.map(|place| Ipv4Addr::from(place.map(|at: usize| of[at])));
        // What begins with nothing is the filling of another length.
        found.extend(there.into_iter().filter(|one| one.octets()[0] != 0));
    }
    if let [.., kind, 0x5efe, high, low] = address.segments()
        && kind & !0x0200 == 0
    {
        found.push(older(high, low));
    }
    found
}

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

/// Where a name leads, as the system says. One look for one connection.
pub(crate) async fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

impl Reach {
    /// Whether this address may be connected to.
    pub(crate) fn holds(self, address: IpAddr) -> bool {
        if self == Self::Anywhere {
            return true;
        }
        let address = address.to_canonical();
        if METADATA.contains(&address) || is_own(address) {
            return false;
        }
        if self == Self::Public && is_inside(address) {
            return false;
        }
        match address {
            IpAddr::V4(address) => {
                // 0.0.0.0/8 reaches this machine on Linux.
                !(address.is_loopback() || address.is_link_local() || address.octets()[0] == 0)
            }
            IpAddr::V6(address) => {
                let embedded = stands_for(address)
                    .into_iter()
                    .any(|inner| inner != Ipv4Addr::UNSPECIFIED && !self.holds(IpAddr::V4(inner)));
                !(address.is_loopback()
                    || address.is_unspecified()
                    || address.is_unicast_link_local()
                    || embedded)
            }
        }
    }

    /// The addresses of `host` that may be connected to; [`io::ErrorKind::PermissionDenied`] when it has none but others.
    /// What was looked up is what must be connected to: a second look could find something else.
    pub(crate) async fn addresses(self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        self.judge(look_up(host, port).await?, |_| false)
    }

    /// Those of what was `found` that may be connected to, or are `allowed` besides.
    pub(crate) fn judge(
        self,
        mut found: Vec<SocketAddr>,
        allowed: impl Fn(IpAddr) -> bool,
    ) -> io::Result<Vec<SocketAddr>> {
        let any = !found.is_empty();
        found.retain(|address| self.holds(address.ip()) || allowed(address.ip()));
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

    #[test]
    fn what_a_network_keeps_to_itself_is_not_public() {
        for address in [
            "10.0.0.25",
            "172.16.3.4",
            "172.31.255.9",
            "192.168.1.2",
            "100.64.0.1",
            "100.127.9.9",
            "198.19.0.1",
            "192.0.0.8",
            "224.0.0.1",
            "255.255.255.255",
            "fd12:3456::25",
            "fec0::1",
            "ff02::1",
            "::ffff:10.0.0.25",
            "::10.0.0.25",
            "64:ff9b::a00:19",
            "2002:a00:19::1",
            "2002:7f00:1::1",
            "127.0.0.1",
            "169.254.169.254",
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert!(!Reach::Public.holds(address), "{address}");
        }
        for address in [
            "203.0.113.9",
            "172.32.0.1",
            "100.128.0.1",
            "192.0.2.8",
            "2001:db8::25",
            "2002:cb00:7109::1",
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert!(Reach::Public.holds(address), "{address}");
        }
    }

    #[test]
    fn an_older_address_is_known_wherever_it_stands_in_a_newer_one() {
        let how = [
            ("NAT64", "64:ff9b::HHHH:LLLL"),
            ("6to4", "2002:HHHH:LLLL::1"),
            ("SIIT", "::ffff:0:HHHH:LLLL"),
            ("mapped", "::ffff:HHHH:LLLL"),
            ("in the last bits", "::HHHH:LLLL"),
            ("Teredo, its server", "2001:0:HHHH:LLLL:0:0:34ff:8ef6"),
            ("Teredo, its client", "2001:0:cb00:7109:0:0:IIII:JJJJ"),
            ("ISATAP", "2a00:1450:4001:81b:0:5efe:HHHH:LLLL"),
            ("ISATAP, global", "2a00:1450:4001:81b:200:5efe:HHHH:LLLL"),
            ("own NAT64, /96", "64:ff9b:1::HHHH:LLLL"),
            ("own NAT64, /96 of a subnet", "64:ff9b:1:ab:cd:ef:HHHH:LLLL"),
            ("own NAT64, /48", "64:ff9b:1:HHHH:ll:mm00::"),
            ("own NAT64, /56", "64:ff9b:1:00hh:ii:LLLL::"),
            ("own NAT64, /64", "64:ff9b:1:0:hh:iill:mm00::"),
        ];
        let spelled = |form: &str, older: &str| {
            let older: Ipv4Addr = older.parse().expect("an address");
            let [a, b, c, d] = older.octets();
            let hex = |one: u8| format!("{one:02x}");
            let text = form
                .replace("HHHH", &(hex(a) + &hex(b)))
                .replace("LLLL", &(hex(c) + &hex(d)))
                .replace("IIII", &(hex(!a) + &hex(!b)))
                .replace("JJJJ", &(hex(!c) + &hex(!d)))
                .replace("hh", &hex(a))
                .replace("ii", &hex(b))
                .replace("ll", &hex(c))
                .replace("mm", &hex(d));
            text.parse::<IpAddr>().expect("an address")
        };
        for (name, form) in how {
            for older in ["127.0.0.1", "169.254.169.254", "168.63.129.16"] {
                let address = spelled(form, older);
                assert!(!Reach::Elsewhere.holds(address), "{name}: {address}");
                assert!(!Reach::Public.holds(address), "{name}: {address}");
            }
            for older in ["10.0.0.25", "192.168.1.2", "172.16.3.4"] {
                let address = spelled(form, older);
                assert!(Reach::Elsewhere.holds(address), "{name}: {address}");
                assert!(!Reach::Public.holds(address), "{name}: {address}");
            }
            // A gateway of the network's own is nothing that the public network knows, wherever it leads.
            let address = spelled(form, "203.0.113.9");
            let public = !name.starts_with("own");
            assert_eq!(Reach::Public.holds(address), public, "{name}: {address}");
        }
    }

    #[tokio::test]
    async fn what_is_allowed_besides_is_looked_at_by_its_address() {
        let one = |address: IpAddr| address == IpAddr::V4(Ipv4Addr::LOCALHOST);
        let judged = async |host| Reach::Public.judge(look_up(host, 80).await?, one);
        assert_eq!(judged("127.0.0.1").await.expect("allowed").len(), 1);
        for host in ["127.0.0.2", "2130706434", "0x7f.2", "0177.0.0.2"] {
            let kind = judged(host).await.expect_err("not allowed").kind();
            assert_eq!(kind, io::ErrorKind::PermissionDenied, "{host}");
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
