//! Content-Transfer-Encoding, forgiving: damaged input gives what can be recovered.

use data_encoding::{BASE64_NOPAD, Encoding};
use std::{borrow::Cow, sync::LazyLock};

/// Base64 that accepts left-over bits at the end, which a cut-off text has.
static BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    specification.encoding().expect("the standard alphabet")
});

/// Undoes a transfer encoding. An unknown one is taken as "none".
pub(super) fn decode<'a>(body: &'a [u8], encoding: &str) -> Cow<'a, [u8]> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => Cow::Owned(base64(body)),
        "quoted-printable" => Cow::Owned(quoted_printable(body)),
        _ => Cow::Borrowed(body),
    }
}

const fn base64_symbol(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

/// Line ends, spaces and stray bytes are skipped; a cut-off tail keeps its whole bytes.
fn base64(body: &[u8]) -> Vec<u8> {
    let mut symbols = Vec::with_capacity(body.len());
    let mut out = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let end = memchr::memchr(b'=', rest).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        let padding = tail.iter().take_while(|&&byte| byte == b'=').count();
        symbols.clear();
        symbols.extend(run.iter().copied().filter(|&byte| base64_symbol(byte)));
        // Padding ends the text. Some senders glue several texts together, which are then whole;
        // what else follows is a footer that a mailing list has added.
        let whole = (symbols.len() + padding).is_multiple_of(4)
            && run
                .iter()
                .all(|&byte| base64_symbol(byte) || byte.is_ascii_whitespace());
        if rest.len() != body.len() && !whole {
            break;
        }
        if symbols.len() % 4 == 1 {
            symbols.pop();
        }
        if let Ok(bytes) = BASE64.decode(&symbols) {
            out.extend_from_slice(&bytes);
        }
        rest = &tail[padding..];
    }
    out
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// An `=` that begins no valid escape stays as it is.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let content = line.trim_ascii_end();
        let mut rest = content;
        let mut soft_break = false;
        while let Some(at) = memchr::memchr(b'=', rest) {
            out.extend_from_slice(&rest[..at]);
            rest = &rest[at + 1..];
            match rest {
                [] => soft_break = true,
                [high, low, tail @ ..] => {
                    if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                        out.push(high << 4 | low);
                        rest = tail;
                    } else {
                        out.push(b'=');
                    }
                }
                [_] => out.push(b'='),
            }
        }
        out.extend_from_slice(rest);
        if !soft_break {
            // Blanks at the end of a line were added on the way and are dropped (RFC 2045, 6.7).
            let end = match line {
                [.., b'\r', b'\n'] => &b"\r\n"[..],
                [.., b'\n'] => b"\n",
                _ => b"",
            };
            out.extend_from_slice(end);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_escapes_soft_breaks_and_damage() {
        assert_eq!(
            quoted_printable(b"caf=C3=A9 =\r\nnoir  \r\nend"),
            "café noir\r\nend".as_bytes()
        );
        assert_eq!(quoted_printable(b"50=% =zz =4"), b"50=% =zz =4");
    }

    #[test]
    fn base64_survives_stray_bytes_and_a_cut_tail() {
        assert_eq!(base64(b"aGVs\r\n bG8=!"), b"hello");
        assert_eq!(base64(b"aGVsbG8=aGVsbG8="), b"hellohello");
        assert_eq!(base64(b"aGVsbG8=\r\n-- \r\na list"), b"hello");
        assert_eq!(base64(b"aGVsbG"), b"hell");
        assert_eq!(base64(b"aGVsb"), b"hel");
        assert_eq!(base64(b""), b"");
    }

    #[test]
    fn unknown_encoding_is_left_alone() {
        assert_eq!(decode(b"a=20", "8bit").as_ref(), b"a=20");
        assert_eq!(decode(b"a=20", " Quoted-Printable ").as_ref(), b"a ");
    }
}
