//! A list of breached passwords on this machine: nobody outside is asked about anybody's password.
//!
//! The file is the one that Pwned Passwords offers for download, ordered by hash: a line each, the SHA-1 in forty capital
//! hexadecimal digits, a colon, and how often it was seen. It has tens of gigabytes, so it is searched where it lies.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use data_encoding::HEXUPPER;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Digits of a hash.
const DIGITS: usize = 40;
/// Longest line, in bytes: a hash, a colon and a count.
const LINE: u64 = 64;

/// Whether `password` is in the list. Errors where the list can't be read, or is none.
pub fn has(list: &Path, password: &str) -> io::Result<bool> {
    let file = File::open(list)?;
    let end = file.metadata()?.len();
    // What the list is ordered by; nothing is protected by it.
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    find(
        BufReader::with_capacity(256, file),
        end,
        &HEXUPPER.encode(hash.as_ref()),
    )
}

/// Whether this is such a list, by its first line.
pub fn look(list: &Path) -> io::Result<()> {
    let mut line = Vec::new();
    BufReader::new(File::open(list)?)
        .take(LINE)
        .read_until(b'\n', &mut line)?;
    hash_of(&line).map(drop)
}

/// The hash at the beginning of a line.
fn hash_of(line: &[u8]) -> io::Result<&[u8]> {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(byte);
    line.split_at_checked(DIGITS)
        .filter(|(hash, rest)| hash.iter().all(is_digit) && rest.first() == Some(&b':'))
        .map(|(hash, _)| hash)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "is no list of hashes in order"))
}

/// Halves the part of the list that can hold `wanted` until it is found or nothing is left.
fn find(mut list: impl BufRead + Seek, end: u64, wanted: &str) -> io::Result<bool> {
    let (mut low, mut high) = (0, end);
    let mut line = Vec::new();
    while low < high {
        let middle = low + (high - low) / 2;
        // The first line that begins at the middle or behind it.
        let mut begins = middle;
        if middle > 0 {
            list.seek(SeekFrom::Start(middle - 1))?;
            line.clear();
            begins = middle - 1 + list.by_ref().take(LINE).read_until(b'\n', &mut line)? as u64;
        } else {
            list.rewind()?;
        }
        if begins >= high {
            high = middle;
            continue;
        }
        line.clear();
        let length = list.by_ref().take(LINE).read_until(b'\n', &mut line)? as u64;
        match hash_of(&line)?.cmp(wanted.as_bytes()) {
            std::cmp::Ordering::Equal => return Ok(true),
            std::cmp::Ordering::Less => low = begins + length,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::io::Cursor;

    fn list(hashes: &BTreeSet<[u8; 20]>, end: &str) -> String {
        let lines = hashes.iter().enumerate();
        let lines =
            lines.map(|(count, hash)| format!("{}:{}", HEXUPPER.encode(hash), count * count + 1));
        lines.collect::<Vec<_>>().join(end)
    }

    fn finds(text: &str, hash: &[u8; 20]) -> io::Result<bool> {
        find(Cursor::new(text), text.len() as u64, &HEXUPPER.encode(hash))
    }

    proptest! {
        #[test]
        fn what_is_in_the_list_is_found_and_nothing_else(
            hashes in prop::collection::btree_set(any::<[u8; 20]>(), 1..60), other: [u8; 20], ended: bool, dos: bool,
        ) {
            let end = if dos { "\r\n" } else { "\n" };
            let mut text = list(&hashes, end);
            if ended {
                text.push_str(end);
            }
            for hash in &hashes {
                prop_assert!(finds(&text, hash).unwrap());
            }
            prop_assert_eq!(finds(&text, &other).unwrap(), hashes.contains(&other));
        }

        #[test]
        fn any_file_is_survived(text in "[0-9A-F:\r\n]{0,300}", hash: [u8; 20]) {
            let _ = finds(&text, &hash);
        }
    }

    #[test]
    fn a_password_is_found_by_its_hash() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, b"correct horse battery staple");
        let other = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF:1\r\n";
        let text = format!("{}:2\r\n{other}", HEXUPPER.encode(hash.as_ref()));
        std::fs::write(file.path(), text).unwrap();
        assert!(has(file.path(), "correct horse battery staple").unwrap());
        assert!(!has(file.path(), "another horse battery staple").unwrap());
        std::fs::write(file.path(), "hello\n").unwrap();
        assert!(has(file.path(), "x").is_err() && look(file.path()).is_err());
    }
}
