//! Which way up a picture is: the one thing of EXIF that draws it (EXIF 2.32, tag 0x0112).

use super::{be16, be32, le16, le32};

const ORIENTATION: u16 = 0x0112;
/// The type of a 16-bit number.
const SHORT: u16 = 3;
/// Fields of the first directory that are looked at.
const MAX_FIELDS: u16 = 512;

/// What stands before EXIF in JPEG, and in some WebP.
pub(super) const MARK: &[u8] = b"Exif\0\0";

/// The way up that `tiff` says, where it is another than the usual one: 2 to 8.
pub(super) fn orientation(tiff: &[u8]) -> Option<u8> {
    let tiff = tiff.strip_prefix(MARK).unwrap_or(tiff);
    let big = match tiff.get(..4)? {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return None,
    };
    let short = |at| if big { be16(tiff, at) } else { le16(tiff, at) };
    let long = |at| if big { be32(tiff, at) } else { le32(tiff, at) };
    let directory = usize::try_from(long(4)?).ok()?;
    let fields = short(directory)?.min(MAX_FIELDS);
    for field in 0..usize::from(fields) {
        let at = directory.checked_add(2 + 12 * field)?;
        if short(at)? != ORIENTATION {
            continue;
        }
        let is_one_number = short(at.checked_add(2)?)? == SHORT && long(at.checked_add(4)?)? == 1;
        let value = u8::try_from(short(at.checked_add(8)?)?).ok()?;
        return Some(value).filter(|value| is_one_number && (2..=8).contains(value));
    }
    None
}

/// The smallest EXIF that says which way up.
pub(super) fn only(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    tiff[19] = orientation;
    tiff
}
