//! Bytes to text, when the sender may be wrong about the charset.

use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::borrow::Cow;

/// Decodes text in a declared charset, and guesses where the declaration is absent, unknown or
/// evidently wrong. Never fails: a byte that fits nowhere becomes U+FFFD.
pub(super) fn decode(bytes: &[u8], declared: Option<&str>) -> String {
    let declared = declared.map(str::trim).filter(|label| !label.is_empty());
    let Some(label) = declared else {
        return guess(bytes);
    };
    match Encoding::for_label(label.as_bytes()) {
        // A charset that is known and deliberately not decoded, because it was used for attacks.
        Some(found) if found == REPLACEMENT => guess(bytes),
        // Western single-byte labels (ASCII among them) are the usual wrong default. Text that is
        // valid UTF-8 beyond ASCII is practically never meant as Latin-1.
        Some(found) if found == UTF_8 || found == WINDOWS_1252 => guess(bytes),
        // Every space and line end of UTF-16 has an empty byte.
        Some(found)
            if (found == UTF_16LE || found == UTF_16BE)
                && !bytes.contains(&0)
                && std::str::from_utf8(bytes).is_ok() =>
        {
            guess(bytes)
        }
        Some(found) => found.decode(bytes).0.into_owned(),
        None => match mail_parser::decoders::charsets::map::charset_decoder(label.as_bytes()) {
            Some(decoder) => decoder(bytes),
            None => guess(bytes),
        },
    }
}

/// UTF-8 if it is, or if it mostly is; Windows-1252 otherwise.
pub(super) fn guess(bytes: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
    }
    if let Some((encoding, skip)) = Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(&bytes[skip..])
            .0
            .into_owned();
    }
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    if good > bad {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        WINDOWS_1252
            .decode_without_bom_handling(bytes)
            .0
            .into_owned()
    }
}

/// Text of a body: `\n` line ends, no control characters but tab and newline.
pub(super) fn tidy_body(text: String) -> String {
    let unwanted = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.chars().any(unwanted) {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            // A lone carriage return was a line end once, too.
            '\r' if rest.peek() != Some(&'\n') => out.push('\n'),
            c if unwanted(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Text of a header: one line, no control or direction-changing characters, at most `max`
/// characters.
pub(super) fn tidy_line(text: &str, max: usize) -> String {
    let cleaned: Cow<'_, str> = if text.chars().any(|c| c.is_control() || is_hidden(c)) {
        Cow::Owned(
            text.chars()
                .filter(|&c| !is_hidden(c))
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect(),
        )
    } else {
        Cow::Borrowed(text)
    };
    let cut = match cleaned.char_indices().nth(max) {
        Some((at, _)) => &cleaned[..at],
        None => &cleaned,
    };
    cut.trim().to_owned()
}

/// Characters that change how a line looks without being seen: direction overrides and
/// isolates, zero-width space and no-break space, line and paragraph separators. Joiners are not
/// among them, because Persian, Hindi and emoji need them.
pub(super) const fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_charsets() {
        assert_eq!(decode(b"\xe9t\xe9", Some("iso-8859-1")), "été");
        assert_eq!(
            decode(b"\xcf\xf0\xe8\xe2\xe5\xf2", Some("windows-1251")),
            "Привет"
        );
        assert_eq!(decode(b"\x82\xa0", Some("shift_jis")), "あ");
        assert_eq!(decode(b"+AOk-t", Some("utf-7")), "ét");
    }

    #[test]
    fn wrong_unknown_and_missing_declarations() {
        assert_eq!(decode("año".as_bytes(), Some("us-ascii")), "año");
        assert_eq!(decode("año".as_bytes(), Some("iso-8859-1")), "año");
        assert_eq!(decode(b"a\xf1o", Some("utf-8")), "año");
        assert_eq!(decode("año\n".as_bytes(), Some("utf-16")), "año\n");
        assert_eq!(decode(b"h\0i\0\n\0", Some("utf-16")), "hi\n");
        assert_eq!(decode(b"\x2d\x4e\xfd\x56", Some("utf-16le")), "中国");
        assert_eq!(decode(b"a\xf1o", Some("x-unknown-9")), "año");
        assert_eq!(decode(b"a\xf1o", None), "año");
        assert_eq!(decode(b"\xff\xfeh\0i\0", None), "hi");
        assert_eq!(
            decode("ñáé\u{0}".as_bytes(), Some("iso-2022-kr")),
            "ñáé\u{0}"
        );
        assert_eq!(decode(b"\xc3\xb1\xc3\xb1\xff", Some("utf-8")), "ññ\u{fffd}");
    }

    #[test]
    fn bodies_and_lines_lose_control_characters_only() {
        assert_eq!(tidy_body("a\r\nb\0c\rd\te".into()), "a\nbc\nd\te");
        assert_eq!(tidy_line(" a\r\nBcc: x\u{202e}y ", 100), "a  Bcc: xy");
        assert_eq!(tidy_line("ñandú", 2), "ña");
    }
}
