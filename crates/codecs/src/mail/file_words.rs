//! What files say, for whoever looks for words in them: text files, and mails that were forwarded as files.

use super::limits::Limits;
use super::{charset, html, parse::parse};

/// Bytes of the words of one file that are read.
pub const EACH: usize = 64 * 1024;
/// Bytes of the words of all files together.
pub const ALL: usize = 256 * 1024;
/// Files that are looked into, those inside forwarded mails included.
const FILES: usize = 100;
/// Mails inside one another that are opened.
const NESTING: usize = 8;
/// Characters of a name that are read.
const NAME: usize = 200;

/// Media types of a mail that is a file.
const MAILS: [&str; 2] = ["message/rfc822", "message/global"];

/// What some files say.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FileWords {
    /// Their texts, each at most [`EACH`] bytes.
    pub texts: Vec<String>,
    /// The names of files and of senders that stand in forwarded mails.
    pub names: Vec<String>,
    /// Whether the texts are pieces of what could not be read: words between the lines of a structure, and not sentences.
    pub pieces: bool,
}

impl std::fmt::Debug for FileWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FileWords({} texts)", self.texts.len())
    }
}

/// A file to look into: its declared media type, its bytes, and how many mails it lies in.
struct File {
    declared: String,
    bytes: Vec<u8>,
    depth: usize,
}

/// The words of a file, and of all that lies in it, within the bounds of this module. Nothing of a file that is neither text
/// nor mail. `declared` is the media type that its sender or its name gives it.
pub fn file_words(declared: &str, bytes: &[u8]) -> FileWords {
    let mut found = FileWords::default();
    let mut left = ALL;
    let mut looked = 0;
    let mut pending = vec![File {
        declared: declared.to_ascii_lowercase(),
        bytes: bytes.to_vec(),
        depth: 0,
    }];
    while let Some(file) = pending.pop() {
        looked += 1;
        if looked > FILES || left == 0 {
            break;
        }
        if !MAILS.contains(&file.declared.as_str()) {
            found.add(text(&file), &mut left);
            continue;
        }
        let limits = Limits {
            attachments: FILES,
            ..Limits::default()
        };
        let Ok(mail) = parse(&file.bytes, &limits) else {
            // What is no mail after all may be read as what it says.
            found.add(text(&file), &mut left);
            continue;
        };
        let words = format!("{}\n\n{}", mail.subject, mail.readable_text());
        found.add(Some(words), &mut left);
        let sender = mail.from.and_then(|from| from.name);
        found.names.extend(sender.map(|name| cut(&name)));
        if file.depth < NESTING {
            // The first file is looked into first.
            let inside = mail.attachments.into_iter().rev();
            pending.extend(inside.map(|inner| {
                found.names.push(cut(&inner.file_name));
                File {
                    declared: inner.declared_type,
                    bytes: inner.bytes,
                    depth: file.depth + 1,
                }
            }));
        }
    }
    found.names.truncate(FILES);
    found
}

fn cut(name: &str) -> String {
    name.chars().take(NAME).collect()
}

/// The beginning of a file that is text.
fn text(file: &File) -> Option<String> {
    let is_text = file.declared.starts_with("text/") || MAILS.contains(&file.declared.as_str());
    // A character that is cut in two would have the rest read as another charset.
    let start = &file.bytes[..file.bytes.len().min(EACH)];
    let start = match std::str::from_utf8(start) {
        Err(error) if error.error_len().is_none() && file.bytes.len() > EACH => {
            &start[..error.valid_up_to()]
        }
        _ => start,
    };
    let is_bytes = start.contains(&0) && !is_utf16(start);
    if !is_text || is_bytes {
        return None;
    }
    let words = charset::tidy_body(charset::guess(start));
    Some(if file.declared == "text/html" {
        html::html_to_text(&words)
    } else {
        words
    })
}

/// Whether it begins with the mark of UTF-16, as Notepad on Windows writes it.
fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

impl FileWords {
    fn add(&mut self, words: Option<String>, left: &mut usize) {
        let Some(mut words) = words.filter(|words| !words.trim().is_empty()) else {
            return;
        };
        words.truncate(words.floor_char_boundary(EACH.min(*left)));
        *left -= words.len();
        self.texts.push(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn texts(declared: &str, bytes: &[u8]) -> Vec<String> {
        file_words(declared, bytes).texts
    }

    #[test]
    fn text_is_read_whatever_charset_it_is_in() {
        assert_eq!(texts("text/plain", "Café".as_bytes()), ["Café"]);
        assert_eq!(texts("TEXT/Plain", b"Caf\xe9"), ["Café"]);
        assert_eq!(texts("text/csv", b"\xff\xfea\0b\0"), ["ab"]);
        assert_eq!(
            texts("text/html", b"<p>I am <b>not</b> well</p>")[0].trim(),
            "I am not well"
        );
        for (declared, bytes) in [
            ("text/plain", &b"a\0b"[..]),
            ("image/png", b"words"),
            ("application/octet-stream", b"words"),
            ("", b"words"),
            ("text/plain", b"  \n"),
        ] {
            assert!(texts(declared, bytes).is_empty(), "{declared}");
        }
        let long = "é".repeat(EACH);
        let read = texts("text/plain", long.as_bytes());
        assert!(read[0].len() <= EACH && read[0].chars().all(|c| c == 'é'));
    }

    fn mail(subject: &str, body: &str, files: &[(&str, &str, &str)]) -> String {
        let mut out = format!(
            "From: Somebody <x@example.org>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/mixed; boundary=\"b{subject}b\"\r\n\r\n--b{subject}b\r\nContent-Type: text/plain\r\n\r\n{body}\r\n"
        );
        for (kind, name, content) in files {
            let _ = write!(
                out,
                "--b{subject}b\r\nContent-Type: {kind}\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{content}\r\n"
            );
        }
        out + &format!("--b{subject}b--\r\n")
    }

    #[test]
    fn a_mail_that_is_a_file_is_read_with_its_files() {
        let inner = mail(
            "inner",
            "deep words",
            &[("text/plain", "note.txt", "a note")],
        );
        let outer = mail(
            "outer",
            "first words",
            &[("message/rfc822", "fwd.eml", &inner)],
        );
        let found = file_words("message/rfc822", outer.as_bytes());
        let all = found.texts.join("|");
        for words in ["outer", "first words", "inner", "deep words", "a note"] {
            assert!(all.contains(words), "{words} in {all}");
        }
        for name in ["Somebody", "fwd.eml", "note.txt"] {
            assert!(found.names.iter().any(|one| one == name), "{name}");
        }
    }

    #[test]
    fn hostile_nesting_ends() {
        let mut deep = mail("end", "bottom", &[]);
        for level in 0..20 {
            deep = mail(
                &level.to_string(),
                "x",
                &[("message/rfc822", "fwd.eml", &deep)],
            );
        }
        let found = file_words("message/rfc822", deep.as_bytes());
        // Deeper than a mail may be, it is none, and is read as the text that it is.
        assert_eq!(found.texts.len(), 1);
        assert!(found.texts[0].len() <= EACH && found.texts[0].contains("bottom"));
        let many: Vec<_> = (0..90).map(|_| ("text/plain", "a.txt", "word ")).collect();
        let wide = mail("wide", "x", &many);
        let wide = mail(
            "wider",
            "x",
            &[("message/rfc822", "fwd.eml", wide.as_str()); 3],
        );
        let found = file_words("message/rfc822", wide.as_bytes());
        assert!(found.texts.len() <= FILES && found.names.len() <= FILES);
        let large = "word ".repeat(EACH);
        let full = mail("full", "x", &[("text/plain", "a.txt", large.as_str()); 9]);
        let found = file_words("message/rfc822", full.as_bytes());
        let sum: usize = found.texts.iter().map(String::len).sum();
        assert!(sum <= ALL && sum > ALL - EACH, "{sum}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_within_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..4096)) {
            for declared in ["text/plain", "text/html", "message/rfc822"] {
                let found = file_words(declared, &bytes);
                prop_assert!(found.texts.iter().map(String::len).sum::<usize>() <= ALL);
            }
        }
    }
}
