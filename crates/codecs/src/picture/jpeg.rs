use super::{Damaged, Size, be16, exif, part};

const SOS: u8 = 0xDA;
const EOI: u8 = 0xD9;

/// One segment: its marker, and its bytes with marker and length.
struct Segment<'a> {
    marker: u8,
    whole: &'a [u8],
    /// What follows the length.
    data: &'a [u8],
}

/// The segment at `at`, where several fill bytes may stand before the marker, and where it ends.
fn segment(bytes: &[u8], mut at: usize) -> Option<(Segment<'_>, usize)> {
    if *bytes.get(at)? != 0xFF {
        return None;
    }
    while *bytes.get(at + 1)? == 0xFF {
        at += 1;
    }
    let marker = bytes[at + 1];
    if marker == EOI {
        let whole = &bytes[at..at + 2];
        return Some((
            Segment {
                marker,
                whole,
                data: &[],
            },
            at + 2,
        ));
    }
    // Without a length, and nowhere but in a scan.
    if matches!(marker, 0x00 | 0x01 | 0xD0..=0xD8) {
        return None;
    }
    let length = usize::from(be16(bytes, at + 2)?);
    let data = part(bytes, at + 4, length.checked_sub(2)?)?;
    let end = at + 2 + length;
    let whole = &bytes[at..end];
    Some((
        Segment {
            marker,
            whole,
            data,
        },
        end,
    ))
}

/// Where what is drawn after a scan's header ends: at the next marker that is none of its own.
fn scan_end(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(0xFF, rest)) {
        at += found;
        match bytes.get(at + 1) {
            Some(0x00 | 0xD0..=0xD7) => at += 2,
            Some(0xFF) => at += 1,
            Some(_) => return at,
            None => break,
        }
    }
    bytes.len()
}

const fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

pub(super) fn size(bytes: &[u8]) -> Option<Size> {
    let mut at = bytes.starts_with(&[0xFF, 0xD8]).then_some(2)?;
    loop {
        let (one, end) = segment(bytes, at)?;
        if is_frame(one.marker) {
            let (height, width) = (be16(one.data, 1)?, be16(one.data, 3)?);
            return Some(Size {
                width: width.into(),
                height: height.into(),
            });
        }
        if matches!(one.marker, SOS | EOI) {
            return None;
        }
        at = end;
    }
}

/// What is kept of a segment that is none of a scan.
fn kept(one: &Segment<'_>, out: &mut Vec<u8>) {
    match one.marker {
        0xE0 if one.data.starts_with(b"JFIF\0") && one.data.len() >= 14 => {
            out.extend_from_slice(&[0xFF, 0xE0, 0, 16]);
            out.extend_from_slice(&one.data[..12]);
            // No thumbnail: it may show what was cut off.
            out.extend_from_slice(&[0, 0]);
        }
        0xE2 if one.data.starts_with(b"ICC_PROFILE\0") => out.extend_from_slice(one.whole),
        0xEE if one.data.starts_with(b"Adobe") => out.extend_from_slice(one.whole),
        0xC0..=0xCF | SOS | 0xDB..=0xDF => out.extend_from_slice(one.whole),
        _ => {}
    }
}

/// Which way up, by the first EXIF before the scans.
fn orientation(bytes: &[u8]) -> Option<u8> {
    let mut at = 2;
    loop {
        let (one, end) = segment(bytes, at)?;
        match one.marker {
            0xE1 if one.data.starts_with(exif::MARK) => return exif::orientation(one.data),
            SOS | EOI => return None,
            _ => at = end,
        }
    }
}

pub(super) fn clean(bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return Err(Damaged);
    }
    let mut out = Vec::with_capacity(bytes.len() + 36);
    out.extend_from_slice(&[0xFF, 0xD8]);
    let mut way_up = orientation(bytes);
    let (mut at, mut drawn) = (2, false);
    loop {
        let Some((one, end)) = segment(bytes, at) else {
            // What was cut off while it was sent is shown as far as it goes.
            return if drawn { Ok(out) } else { Err(Damaged) };
        };
        // JFIF stands first, where there is one.
        if one.marker != 0xE0
            && let Some(way) = way_up.take()
        {
            out.extend_from_slice(&[0xFF, 0xE1, 0, 34]);
            out.extend_from_slice(exif::MARK);
            out.extend_from_slice(&exif::only(way));
        }
        if one.marker == EOI {
            out.extend_from_slice(one.whole);
            return if drawn { Ok(out) } else { Err(Damaged) };
        }
        kept(&one, &mut out);
        at = end;
        if one.marker == SOS {
            at = scan_end(bytes, end);
            out.extend_from_slice(&bytes[end..at]);
            drawn = true;
        }
    }
}
