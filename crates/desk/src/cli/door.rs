//! Where people come in: `bedside check` knocks at the address that they use. The proxy there is set up by somebody else, and
//! what it takes is told by no setting of the desk.

use axum::http::Uri;
use bedside_channels::door::{self, Error, Seen};
use std::time::Duration;

/// Longest wait for all that is tried there.
const PATIENCE: Duration = Duration::from_secs(8);

/// What is to be said of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is as it should be.
    Good(String),
    /// It could not be looked at from here.
    Unseen(String),
    /// It is to be mended.
    Bad(String),
}

/// Knocks at the address that people use, where it has TLS; nothing is said of one without.
pub(super) async fn knock(public_url: &str) -> Vec<Found> {
    let address: Option<Uri> = public_url.parse().ok();
    let Some(address) = address.filter(|one| one.scheme_str() == Some("https")) else {
        return Vec::new();
    };
    let host = address.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = address.port_u16().unwrap_or(443);
    told(public_url, door::look(host, port, None, PATIENCE).await)
}

/// What was seen, in words.
fn told(public_url: &str, looked: Result<Seen, Error>) -> Vec<Found> {
    let seen = match looked {
        Ok(seen) => seen,
        Err(error @ Error::NotTrusted(_)) => {
            return vec![Found::Bad(format!(
                "{public_url} can't be trusted from here: {error}. Browsers and mail programs of patients need a certificate of a \
                 public authority for this name, and TLS 1.2 or 1.3."
            ))];
        }
        Err(error) => {
            return vec![Found::Unseen(format!(
                "{public_url} could not be looked at from this machine: {error}. Look at its TLS from another one."
            ))];
        }
    };
    let mut found = Vec::new();
    if seen.takes_old {
        found.push(Found::Bad(format!(
            "{public_url} takes TLS 1.1 or older: let the proxy take 1.2 and 1.3 alone."
        )));
    }
    if seen.takes_weak {
        found.push(Found::Bad(format!(
            "{public_url} takes TLS 1.2 without forward secrecy or authenticated encryption: let the proxy take ECDHE with AES-GCM or \
             ChaCha20-Poly1305 alone."
        )));
    }
    if found.is_empty() {
        found.push(Found::Good(format!(
            "{public_url} has a certificate that this machine trusts, speaks {} with {}, and takes nothing older or weaker.",
            seen.version, seen.suite
        )));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    const HERE: &str = "https://desk.example";

    fn seen(takes_old: bool, takes_weak: bool) -> Vec<Found> {
        let seen = Seen {
            version: "TLSv1_3".to_owned(),
            suite: "TLS13_AES_256_GCM_SHA384".to_owned(),
            takes_old,
            takes_weak,
        };
        told(HERE, Ok(seen))
    }

    #[test]
    fn what_the_proxy_takes_is_told_and_what_is_old_or_weak_is_wrong() {
        let fine = seen(false, false);
        assert!(
            matches!(&fine[..], [Found::Good(text)] if text.contains("TLSv1_3")),
            "{fine:?}"
        );
        let old = seen(true, false);
        assert!(
            matches!(&old[..], [Found::Bad(text)] if text.contains("TLS 1.1")),
            "{old:?}"
        );
        let weak = seen(false, true);
        assert!(
            matches!(&weak[..], [Found::Bad(text)] if text.contains("forward secrecy")),
            "{weak:?}"
        );
        assert_eq!(seen(true, true).len(), 2);
        let refused = || io::Error::other("invalid peer certificate: UnknownIssuer");
        let bad = told(HERE, Err(Error::NotTrusted(refused())));
        assert!(
            matches!(&bad[..], [Found::Bad(text)] if text.contains("UnknownIssuer") && text.contains("public authority")),
            "{bad:?}"
        );
        // A desk that is not reached from its own machine is no broken desk.
        for error in [Error::Nobody(refused()), Error::TooSlow] {
            let unseen = told(HERE, Err(error));
            assert!(matches!(&unseen[..], [Found::Unseen(_)]), "{unseen:?}");
        }
    }

    #[tokio::test]
    async fn only_an_address_with_tls_is_knocked_at() {
        assert_eq!(knock("http://localhost:8080").await, []);
        assert_eq!(knock("nonsense").await, []);
        // Nobody listens at this port of this machine.
        let found = knock("https://localhost:1").await;
        assert!(matches!(&found[..], [Found::Unseen(_)]), "{found:?}");
    }
}
