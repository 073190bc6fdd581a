//! Command lines, as far as this server answers them.

use smtp_proto::{Error, MAIL_BODY_BINARYMIME, MAIL_SMTPUTF8, Request};

use super::super::{Protocol, reply};

/// RFC 5321, section 4.5.3.1.3.
const LONGEST_PATH: usize = 254;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Command {
    Hello {
        name: String,
        extended: bool,
    },
    Mail {
        from: String,
        size: usize,
        smtp_utf8: bool,
    },
    Rcpt {
        to: String,
    },
    Data,
    Reset,
    Nothing,
    Verify,
    Help,
    Quit,
}

/// Understands one line, its end included, or says what is wrong with it.
pub(super) fn parse(line: &[u8], protocol: Protocol) -> Result<Command, &'static str> {
    let text = line.strip_suffix(b"\r\n").ok_or(reply::BARE_LINE_END)?;
    if text.iter().any(|&byte| byte == b'\r' || byte == 0) {
        return Err(reply::BARE_LINE_END);
    }
    match Request::parse(&mut line.iter()).map_err(|error| complaint(&error))? {
        Request::Ehlo { host } if protocol == Protocol::Smtp => hello(&host, true),
        Request::Helo { host } if protocol == Protocol::Smtp => hello(&host, false),
        Request::Lhlo { host } if protocol == Protocol::Lmtp => hello(&host, true),
        Request::Mail { from } => {
            if from.flags & MAIL_BODY_BINARYMIME != 0 {
                return Err(reply::UNKNOWN_PARAMETER);
            }
            if !from.address.is_empty() && !is_address(&from.address) {
                return Err(reply::BAD_SENDER);
            }
            Ok(Command::Mail {
                size: from.size,
                smtp_utf8: from.flags & MAIL_SMTPUTF8 != 0,
                from: from.address.into_owned(),
            })
        }
        // The parser gives no address for `<postmaster>`, which every server takes (RFC 5321,
        // section 4.5.1), and none for the empty path, which is no recipient.
        Request::Rcpt { to } if to.address.is_empty() => {
            if text
                .to_ascii_lowercase()
                .windows(12)
                .any(|part| part == b"<postmaster>")
            {
                Ok(Command::Rcpt {
                    to: "postmaster".to_owned(),
                })
            } else {
                Err(reply::BAD_RECIPIENT)
            }
        }
        Request::Rcpt { to } if is_address(&to.address) => Ok(Command::Rcpt {
            to: to.address.into_owned(),
        }),
        Request::Rcpt { .. } => Err(reply::BAD_RECIPIENT),
        Request::Data => Ok(Command::Data),
        Request::Rset => Ok(Command::Reset),
        Request::Noop { .. } => Ok(Command::Nothing),
        Request::Vrfy { .. } => Ok(Command::Verify),
        Request::Help { .. } => Ok(Command::Help),
        Request::Quit => Ok(Command::Quit),
        Request::Ehlo { .. } | Request::Helo { .. } | Request::Lhlo { .. } => {
            Err(reply::UNKNOWN_COMMAND)
        }
        Request::StartTls
        | Request::Bdat { .. }
        | Request::Auth { .. }
        | Request::Expn { .. }
        | Request::Etrn { .. }
        | Request::Atrn { .. }
        | Request::Burl { .. } => Err(reply::NOT_OFFERED),
    }
}

fn hello(name: &str, extended: bool) -> Result<Command, &'static str> {
    if name
        .chars()
        .any(|letter| letter.is_control() || letter.is_whitespace())
    {
        return Err(reply::BAD_PARAMETER);
    }
    Ok(Command::Hello {
        name: name.to_owned(),
        extended,
    })
}

/// Whether an address is one that may go on to logs of headers: no control characters, no blanks,
/// no angle brackets, a sensible length.
fn is_address(address: &str) -> bool {
    address.len() <= LONGEST_PATH
        && !address.chars().any(|letter| {
            letter.is_control()
                || letter.is_whitespace()
                || matches!(letter, '<' | '>' | '\u{fffd}')
        })
}

fn complaint(error: &Error) -> &'static str {
    match error {
        Error::InvalidSenderAddress => reply::BAD_SENDER,
        Error::InvalidRecipientAddress => reply::BAD_RECIPIENT,
        Error::SyntaxError { .. } | Error::InvalidParameter { .. } => reply::BAD_PARAMETER,
        Error::UnsupportedParameter { .. } => reply::UNKNOWN_PARAMETER,
        Error::UnknownCommand
        | Error::NeedsMoreData { .. }
        | Error::ResponseTooLong
        | Error::InvalidResponse { .. } => reply::UNKNOWN_COMMAND,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn smtp(line: &str) -> Result<Command, &'static str> {
        parse(line.as_bytes(), Protocol::Smtp)
    }

    #[test]
    fn a_line_ends_with_both_characters() {
        for line in [
            "DATA\n",
            "DATA\r\r\n",
            "NOOP a\rb\r\n",
            "RCPT TO:<a@b>\0\r\n",
            "DATA\r",
        ] {
            assert_eq!(smtp(line), Err(reply::BARE_LINE_END), "{line:?}");
        }
    }

    #[test]
    fn paths_are_addresses() {
        let rcpt = |to: &str| Ok(Command::Rcpt { to: to.to_owned() });
        assert_eq!(
            smtp("RCPT TO:<desk@clinic.test>\r\n"),
            rcpt("desk@clinic.test")
        );
        assert_eq!(smtp("rcpt to:<Postmaster>\r\n"), rcpt("postmaster"));
        assert_eq!(smtp("RCPT TO:<>\r\n"), Err(reply::BAD_RECIPIENT));
        assert!(smtp("RCPT TO:<a b@c>\r\n").is_err());
        assert!(smtp("RCPT TO:<\"a\x07\"@c>\r\n").is_err());
        let long = format!("RCPT TO:<{}@clinic.test>\r\n", "a".repeat(300));
        assert_eq!(smtp(&long), Err(reply::BAD_RECIPIENT));
        let bounce = Command::Mail {
            from: String::new(),
            size: 12,
            smtp_utf8: false,
        };
        assert_eq!(smtp("MAIL FROM:<> SIZE=12\r\n"), Ok(bounce));
        assert_eq!(
            smtp("MAIL FROM:<a@b> BODY=BINARYMIME\r\n"),
            Err(reply::UNKNOWN_PARAMETER)
        );
        assert_eq!(smtp("BDAT 3\r\n"), Err(reply::NOT_OFFERED));
    }

    #[test]
    fn each_protocol_has_its_own_greeting() {
        assert!(smtp("LHLO a\r\n").is_err());
        assert!(parse(b"EHLO a\r\n", Protocol::Lmtp).is_err());
        assert!(parse(b"LHLO a\r\n", Protocol::Lmtp).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_get_an_answer(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let line = [&text[..], b"\r\n"].concat();
            let _ = parse(&line, Protocol::Smtp);
        }

        #[test]
        fn paths_never_break_a_line(path in "\\PC{0,60}|[ -~\\x00-\\x1f]{0,60}") {
            if let Ok(Command::Rcpt { to }) = smtp(&format!("RCPT TO:<{path}>\r\n")) {
                prop_assert!(is_address(&to) && !to.is_empty());
            }
        }
    }
}
