//! A ZIP archive of whole files without compression (PKWARE APPNOTE 6.3.10, 4.3): what every system opens. Pure.
//!
//! Most of what is in a copy (photos, scans) is compressed already, so that nothing is gained by another format.

use crate::error::DeskError;

/// Bit 11 of the flags: names are UTF-8 (APPNOTE 4.4.4).
const UTF8: u16 = 1 << 11;
/// Version that reads it: 2.0.
const VERSION: u16 = 20;
/// 1980-01-01 without a time: when the files were made says nothing here.
const DATE: u16 = 0x21;

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0_u32;
    while at < 256 {
        let (mut value, mut bit) = (at, 0);
        while bit < 8 {
            value = if value & 1 == 1 {
                0xEDB8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        table[at as usize] = value;
        at += 1;
    }
    table
}

const TABLE: [u32; 256] = table();

/// The CRC-32 of ISO 3309, as in the headers.
fn crc(bytes: &[u8]) -> u32 {
    let next = |sum: u32, byte: &u8| TABLE[usize::from(sum.to_le_bytes()[0] ^ byte)] ^ (sum >> 8);
    !bytes.iter().fold(u32::MAX, next)
}

/// An archive that is being made.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    /// The central directory, which comes last.
    directory: Vec<u8>,
    files: u16,
}

fn too_large() -> DeskError {
    DeskError::TooLarge {
        limit: super::MAX_BYTES,
    }
}

impl Archive {
    /// Adds a file. Folders of its name are parted by `/`.
    ///
    /// # Errors
    /// [`DeskError::TooLarge`] when the archive becomes larger than [`super::MAX_BYTES`] or holds more than 65,535 files.
    pub fn add(&mut self, name: &str, content: &[u8]) -> Result<(), DeskError> {
        if self.bytes.len() + content.len() > super::MAX_BYTES {
            return Err(too_large());
        }
        let offset = u32::try_from(self.bytes.len()).map_err(|_| too_large())?;
        let size = u32::try_from(content.len()).map_err(|_| too_large())?;
        let length = u16::try_from(name.len()).map_err(|_| too_large())?;
        self.files = self.files.checked_add(1).ok_or_else(too_large)?;
        let mut common = Vec::with_capacity(26);
        for word in [VERSION, UTF8, 0, 0, DATE] {
            common.extend_from_slice(&word.to_le_bytes());
        }
        for word in [crc(content), size, size] {
            common.extend_from_slice(&word.to_le_bytes());
        }
        common.extend_from_slice(&length.to_le_bytes());
        common.extend_from_slice(&0_u16.to_le_bytes());

        self.bytes.extend_from_slice(b"PK\x03\x04");
        self.bytes.extend_from_slice(&common);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(content);

        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&VERSION.to_le_bytes());
        self.directory.extend_from_slice(&common);
        // No comment, first disk, no attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        Ok(())
    }

    /// The whole archive.
    ///
    /// # Errors
    /// [`DeskError::TooLarge`] as in [`Self::add`].
    pub fn finish(mut self) -> Result<Vec<u8>, DeskError> {
        let offset = u32::try_from(self.bytes.len()).map_err(|_| too_large())?;
        let size = u32::try_from(self.directory.len()).map_err(|_| too_large())?;
        self.bytes.append(&mut self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        for _ in 0..2 {
            self.bytes.extend_from_slice(&self.files.to_le_bytes());
        }
        for word in [size, offset] {
            self.bytes.extend_from_slice(&word.to_le_bytes());
        }
        self.bytes.extend_from_slice(&[0; 2]);
        Ok(self.bytes)
    }
}

/// A name of a file that no system takes for a path, a device or a command.
pub fn plain_name(name: &str) -> String {
    let fine = |c: char| {
        if c.is_alphanumeric() || ".-_ ()".contains(c) {
            c
        } else {
            '_'
        }
    };
    let name: String = name.chars().take(100).map(fine).collect();
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() {
        "file".to_owned()
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_standard() {
        // The check value of CRC-32/ISO-HDLC.
        assert_eq!(crc(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc(b""), 0);
    }

    #[test]
    fn an_archive_begins_and_ends_as_it_should() {
        let mut archive = Archive::default();
        archive.add("copia.html", b"hola").unwrap();
        archive.add("files/año.txt", b"").unwrap();
        let bytes = archive.finish().unwrap();
        assert!(bytes.starts_with(b"PK\x03\x04"));
        let end = &bytes[bytes.len() - 22..];
        assert!(end.starts_with(b"PK\x05\x06"));
        assert_eq!((end[8], end[10]), (2, 2));
        let at = u32::from_le_bytes([end[16], end[17], end[18], end[19]]) as usize;
        assert_eq!(&bytes[at..at + 4], b"PK\x01\x02");
    }

    #[test]
    fn names_lead_nowhere() {
        assert_eq!(plain_name("../../etc/passwd"), "_.._etc_passwd");
        assert_eq!(plain_name("scan 1.pdf"), "scan 1.pdf");
        assert_eq!(plain_name(".. "), "file");
        assert_eq!(plain_name("a\\b:c"), "a_b_c");
    }
}
