//! File names from outside.

use super::charset::is_hidden;
use unicode_normalization::UnicodeNormalization;

const MAX_CHARS: usize = 120;

/// A name that is safe to show, to put into a header and to save under on any system.
///
/// The path is dropped, control and invisible characters are dropped, characters that Windows
/// refuses become `_`, the text is put in NFC, dots and blanks at either end go (so nothing starts
/// hidden or changes type by a trailing dot), device names of Windows get a `_`, and at most 120
/// characters stay, the extension among them. An empty rest becomes `file`.
pub fn clean_file_name(name: &str) -> String {
    let normal: String = name
        .chars()
        .filter(|&c| {
            !c.is_control() && !is_hidden(c) && !matches!(c, '\u{200c}' | '\u{200d}' | '\u{ad}')
        })
        .nfc()
        .collect();
    let last = normal
        .rsplit(['/', '\\'])
        .find(|piece| !ends_trimmed(piece).is_empty())
        .unwrap_or("");
    let safe: String = last
        .chars()
        .map(|c| {
            if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') {
                '_'
            } else {
                c
            }
        })
        .collect();
    let shortened = shorten(ends_trimmed(&safe));
    let stem = shortened.split('.').next().unwrap_or("").trim_end();
    if shortened.is_empty() {
        "file".to_owned()
    } else if is_device(stem) {
        format!("_{shortened}")
    } else {
        shortened
    }
}

fn ends_trimmed(name: &str) -> &str {
    name.trim_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Cuts the middle, so that the type at the end stays visible.
fn shorten(name: &str) -> String {
    let count = name.chars().count();
    // One place is kept for the underscore of a device name.
    let max = MAX_CHARS - 1;
    if count <= max {
        return name.to_owned();
    }
    let extension = name
        .rfind('.')
        .map(|dot| &name[dot..])
        .filter(|tail| tail.chars().count() <= 16)
        .unwrap_or("");
    let keep = max - extension.chars().count();
    let stem: String = name.chars().take(keep).collect();
    format!(
        "{}{extension}",
        stem.trim_end_matches(|c: char| c == '.' || c.is_whitespace())
    )
}

fn is_device(stem: &str) -> bool {
    let upper = stem.to_ascii_uppercase();
    matches!(upper.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || matches!(
            upper.as_bytes(),
            [b'C', b'O', b'M', b'0'..=b'9'] | [b'L', b'P', b'T', b'0'..=b'9']
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_tricks() {
        for (given, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\scan.png", "scan.png"),
            ("folder/", "folder"),
            (".htaccess", "htaccess"),
            ("\u{200b}.htaccess", "htaccess"),
            ("shell.php\u{200b}", "shell.php"),
            ("shell.php. . ", "shell.php"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("nul\0byte.txt", "nulbyte.txt"),
            ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
            ("cafe\u{301}.txt", "café.txt"),
            ("..", "file"),
            ("", "file"),
            ("con.txt", "_con.txt"),
            ("COM1", "_COM1"),
            ("x<img>.png", "x_img_.png"),
        ] {
            assert_eq!(clean_file_name(given), expected, "{given:?}");
        }
    }

    #[test]
    fn long_names_keep_their_extension() {
        let name = clean_file_name(&format!("{}.pdf", "ñ".repeat(400)));
        assert_eq!(name.chars().count(), 119);
        assert!(name.strip_suffix(".pdf").is_some());
    }

    proptest! {
        #[test]
        fn always_safe_and_stable(name in "\\PC{0,200}|[./\\\\ \u{200b}\u{202e}\u{0}\u{301}a]{0,40}") {
            let clean = clean_file_name(&name);
            prop_assert!(!clean.is_empty() && clean.chars().count() <= MAX_CHARS);
            let banned = ['/', '\\', '\0', '\u{200b}', '\u{202e}', '"', '<'];
            prop_assert!(!clean.contains(banned));
            prop_assert!(!clean.starts_with('.') && !clean.ends_with(['.', ' ']));
            prop_assert_eq!(clean_file_name(&clean), clean);
        }
    }
}
