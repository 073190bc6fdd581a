//! Pictures: how many pixels one has, and the same picture without what its camera wrote into it.
//!
//! Nothing is decoded: a file is walked from part to part, the parts that draw it are kept byte for byte, and those that tell
//! of it (place, time, camera, owner, small copies of an earlier picture, comments, what stands behind its end) are left out.
//! Which way up it is stays, in the smallest EXIF that says so; so does the profile of its colours.
//!
//! | Format | Kept | Source |
//! |---|---|---|
//! | JPEG | tables, frames, scans, JFIF without its thumbnail, Adobe's colour transform, ICC | ITU-T T.81 B.1, JFIF 1.02 |
//! | PNG, APNG | critical chunks, those that say what colours mean, animation | PNG 3rd ed., 5 and 11 |
//! | WebP | image, alpha, animation, ICC | RFC 9649 |
//! | GIF | images, their control, looping | GIF89a |
//! | HEIF, AVIF | everything in its place, with zeros where EXIF, XMP and free space were | ISO/IEC 14496-12, 23008-12 |

mod exif;
mod gif;
mod heif;
mod jpeg;
mod png;
mod webp;

/// A kind of picture that can be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG, with or without animation.
    Png,
    /// WebP.
    WebP,
    /// GIF.
    Gif,
    /// HEIF and AVIF, which share their container.
    Heif,
}

impl Kind {
    /// The kind with this sniffed media type.
    pub fn of(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "image/jpeg" => Self::Jpeg,
            "image/png" | "image/apng" => Self::Png,
            "image/webp" => Self::WebP,
            "image/gif" => Self::Gif,
            "image/heif" | "image/heic" | "image/avif" => Self::Heif,
            _ => return None,
        })
    }
}

/// Width and height, as the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// Pixels of it.
    pub const fn pixels(self) -> u64 {
        self.width as u64 * self.height as u64
    }
}

/// A file that can't be walked to its end: what is in it nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the picture is damaged")]
pub struct Damaged;

/// How large a picture is drawn, by what stands at its beginning; none where that says nothing.
pub fn size(kind: Kind, bytes: &[u8]) -> Option<Size> {
    match kind {
        Kind::Jpeg => jpeg::size(bytes),
        Kind::Png => png::size(bytes),
        Kind::WebP => webp::size(bytes),
        Kind::Gif => gif::size(bytes),
        Kind::Heif => heif::size(bytes),
    }
}

/// The same picture without metadata. A file that ends in the middle of what it draws is kept as far as it goes.
pub fn without_metadata(kind: Kind, bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
    match kind {
        Kind::Jpeg => jpeg::clean(bytes),
        Kind::Png => png::clean(bytes),
        Kind::WebP => webp::clean(bytes),
        Kind::Gif => gif::clean(bytes),
        Kind::Heif => heif::clean(bytes),
    }
}

/// `count` bytes from `at`.
fn part(bytes: &[u8], at: usize, count: usize) -> Option<&[u8]> {
    bytes.get(at..at.checked_add(count)?)
}

fn be16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(part(bytes, at, 2)?.try_into().ok()?))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(part(bytes, at, 4)?.try_into().ok()?))
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(part(bytes, at, 2)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(part(bytes, at, 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests;
