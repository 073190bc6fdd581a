//! Authentication-Results (RFC 8601): what the receiving server found out about a sender.

/// Result of one method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verdict {
    /// The trusted server said nothing about it.
    #[default]
    Unknown,
    /// Checked and good.
    Pass,
    /// Checked and bad; `softfail` counts as this.
    Fail,
    /// There was nothing to check, or the domain makes no statement.
    None,
    /// It could not be checked now or ever (`temperror`, `permerror`, `policy`).
    Error,
}

/// What the trusted server says about a message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthVerdicts {
    /// The sending host may send for the envelope's domain.
    pub spf: Verdict,
    /// A signature is good: pass when any is.
    pub dkim: Verdict,
    /// Domains whose signature is good (`header.d`, or the domain of `header.i`), lower case.
    pub dkim_domains: Vec<String>,
    /// SPF or DKIM is good *for the domain in From*. This one alone says that From is true.
    pub dmarc: Verdict,
}

const MAX_DOMAINS: usize = 10;

/// Reads the trusted headers. Each comes with the number of Received headers above it: only the
/// topmost trusted header and those after it down to the next Received are taken, because a sender
/// writes below what the receiving server writes.
pub(super) fn verdicts(headers: &[(usize, String)], authserv_id: &str) -> AuthVerdicts {
    let mut found = AuthVerdicts::default();
    let trusted = authserv_id.trim();
    if trusted.is_empty() {
        return found;
    }
    let mut hop = None;
    for (received_above, value) in headers {
        let plain = without_comments(value);
        let mut statements = split_unquoted(&plain, ';');
        let id = statements.first().map_or("", |first| first.trim());
        let id = id.split_whitespace().next().unwrap_or("").trim_matches('"');
        if !id.eq_ignore_ascii_case(trusted) {
            continue;
        }
        if *hop.get_or_insert(*received_above) != *received_above {
            break;
        }
        let mut here = AuthVerdicts::default();
        for statement in statements.drain(1..) {
            apply(&mut here, &statement);
        }
        found.complete_with(here);
    }
    found
}

impl AuthVerdicts {
    /// What an earlier header says holds; a later one adds what it left open. A server that writes below its own Received
    /// may stand above a forgery of the same name.
    fn complete_with(&mut self, later: Self) {
        for (mine, theirs) in [(&mut self.spf, later.spf), (&mut self.dmarc, later.dmarc)] {
            if *mine == Verdict::Unknown {
                *mine = theirs;
            }
        }
        if self.dkim == Verdict::Unknown {
            self.dkim = later.dkim;
            self.dkim_domains = later.dkim_domains;
        }
    }
}

fn apply(found: &mut AuthVerdicts, statement: &str) {
    let mut words = split_unquoted(statement, ' ')
        .into_iter()
        .filter(|word| !word.is_empty());
    let Some(first) = words.next() else { return };
    let Some((method, result)) = first.split_once('=') else {
        return;
    };
    // "dkim/1=pass" states the method's version.
    let method = method.split('/').next().unwrap_or("").to_ascii_lowercase();
    let verdict = match result.to_ascii_lowercase().as_str() {
        "pass" => Verdict::Pass,
        "fail" | "softfail" | "hardfail" => Verdict::Fail,
        "none" | "neutral" | "bestguesspass" => Verdict::None,
        _ => Verdict::Error,
    };
    // The first statement about SPF and DMARC holds; a message may have many signatures.
    match method.as_str() {
        "spf" if found.spf == Verdict::Unknown => found.spf = verdict,
        "dmarc" if found.dmarc == Verdict::Unknown => found.dmarc = verdict,
        "dkim" => {
            if found.dkim != Verdict::Pass {
                found.dkim = verdict;
            }
            if verdict == Verdict::Pass && found.dkim_domains.len() < MAX_DOMAINS {
                let domain = words.find_map(|word| {
                    let (property, value) = word.split_once('=')?;
                    let value = value.trim_matches('"');
                    match property.to_ascii_lowercase().as_str() {
                        "header.d" => Some(value.to_ascii_lowercase()),
                        "header.i" => value.rsplit('@').next().map(str::to_ascii_lowercase),
                        _ => None,
                    }
                });
                found
                    .dkim_domains
                    .extend(domain.filter(|d| !d.is_empty() && d.len() <= 253));
            }
        }
        _ => {}
    }
}

/// Comments may hold anything, a forged `dmarc=pass` too, and may nest.
fn without_comments(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for c in value.chars() {
        if escaped {
            escaped = false;
            if depth == 0 {
                out.push(c);
            }
            continue;
        }
        match c {
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                out.push(' ');
            }
            _ if depth > 0 => {}
            // "dkim = pass" is allowed.
            c if c.is_whitespace() => {
                if !out.ends_with('=') {
                    out.push(' ');
                }
            }
            '=' => {
                out.truncate(out.trim_end().len());
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

fn split_unquoted(value: &str, separator: char) -> Vec<String> {
    let mut quoted = false;
    value
        .split(|c: char| {
            quoted ^= c == '"';
            c == separator && !quoted
        })
        .map(|piece| piece.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(usize, &str)]) -> AuthVerdicts {
        let headers: Vec<_> = values.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
        verdicts(&headers, "mx.clinic.example")
    }

    #[test]
    fn all_three_methods() {
        let found = read(&[(
            0,
            "mx.clinic.example 1; spf=pass smtp.mailfrom=example.org;\r\n\tdkim=fail header.d=bad.example; \
             dkim/1=pass (2048-bit; dmarc=fail) header.i=@Example.ORG header.s=a; dmarc = pass header.from=example.org",
        )]);
        assert_eq!(
            (found.spf, found.dkim, found.dmarc),
            (Verdict::Pass, Verdict::Pass, Verdict::Pass)
        );
        assert_eq!(found.dkim_domains, ["example.org"]);
    }

    #[test]
    fn others_and_later_statements_are_ignored() {
        assert_eq!(
            read(&[(0, "evil.example; dmarc=pass")]),
            AuthVerdicts::default()
        );
        assert_eq!(
            read(&[(0, "mx.clinic.example.evil; dmarc=pass")]),
            AuthVerdicts::default()
        );
        let found = read(&[
            (1, "mx.clinic.example; dmarc=fail"),
            (1, "mx.clinic.example; dmarc=pass; spf=softfail"),
        ]);
        assert_eq!((found.dmarc, found.spf), (Verdict::Fail, Verdict::Fail));
        let second = read(&[
            (1, "mx.clinic.example; dkim=fail header.d=a.example"),
            (
                1,
                "mx.clinic.example; dkim=pass header.d=evil.example; dmarc=none",
            ),
        ]);
        assert_eq!((second.dkim, second.dmarc), (Verdict::Fail, Verdict::None));
        assert!(second.dkim_domains.is_empty());
        let forged_below = read(&[
            (1, "mx.clinic.example; spf=none"),
            (2, "mx.clinic.example; dmarc=pass"),
        ]);
        assert_eq!(
            (forged_below.spf, forged_below.dmarc),
            (Verdict::None, Verdict::Unknown)
        );
    }

    #[test]
    fn quotes_and_comments_hide_nothing() {
        let found = read(&[(
            0,
            "mx.clinic.example; spf=fail reason=\"; dmarc=pass\" (; dmarc=pass (x))",
        )]);
        assert_eq!((found.spf, found.dmarc), (Verdict::Fail, Verdict::Unknown));
        assert_eq!(
            verdicts(&[(0, "; dmarc=pass".into())], ""),
            AuthVerdicts::default()
        );
        assert_eq!(
            read(&[(0, "mx.clinic.example; none")]),
            AuthVerdicts::default()
        );
        assert_eq!(
            read(&[(0, "mx.clinic.example; dmarc=temperror")]).dmarc,
            Verdict::Error
        );
    }
}
