//! HEIF keeps its places by their distance from the beginning, so nothing is taken out: zeros come where metadata was.
//! Which way up it is stands with its properties (`irot`, `imir`), never in its EXIF (ISO/IEC 23008-12, A.2.4).

use super::{Damaged, Size, be16, be32, part};
use std::ops::Range;

/// Boxes of one level, items, and places of all items together that are looked at.
const MAX_BOXES: usize = 4096;
const MAX_ITEMS: u64 = 65_536;
const MAX_PLACES: u64 = 65_536;
/// Bytes of version and flags.
const FULL: usize = 4;

struct Box_ {
    kind: [u8; 4],
    /// Where what is in it stands in the file.
    inside: Range<usize>,
}

/// The boxes within a part of the file.
fn boxes(bytes: &[u8], within: Range<usize>) -> Option<Vec<Box_>> {
    let mut found = Vec::new();
    let mut at = within.start;
    while at < within.end {
        if found.len() >= MAX_BOXES {
            return None;
        }
        let kind = part(bytes, at + 4, 4)?.try_into().ok()?;
        let (head, length) = match be32(bytes, at)? {
            0 => (8, within.end - at),
            1 => {
                let long = u64::from(be32(bytes, at + 8)?) << 32 | u64::from(be32(bytes, at + 12)?);
                (16, usize::try_from(long).ok()?)
            }
            length => (8, usize::try_from(length).ok()?),
        };
        let end = at.checked_add(length)?;
        if length < head || end > within.end {
            return None;
        }
        found.push(Box_ {
            kind,
            inside: at + head..end,
        });
        at = end;
    }
    Some(found)
}

fn one(boxes: &[Box_], kind: [u8; 4]) -> Option<&Box_> {
    boxes.iter().find(|one| one.kind == kind)
}

/// The boxes in `meta`, which has a version.
fn meta(bytes: &[u8]) -> Option<Vec<Box_>> {
    let top = boxes(bytes, 0..bytes.len())?;
    one(&top, *b"ftyp")?;
    let meta = &one(&top, *b"meta")?.inside;
    boxes(bytes, meta.start.checked_add(FULL)?..meta.end)
}

pub(super) fn size(bytes: &[u8]) -> Option<Size> {
    let meta = meta(bytes)?;
    let properties = boxes(bytes, one(&meta, *b"iprp")?.inside.clone())?;
    let all = boxes(bytes, one(&properties, *b"ipco")?.inside.clone())?;
    // The whole, its tiles and its thumbnail each have one: the whole is the largest.
    let sizes = all.iter().filter(|one| &one.kind == b"ispe");
    let sizes = sizes.filter_map(|one| {
        let at = one.inside.start + FULL;
        Some(Size {
            width: be32(bytes, at)?,
            height: be32(bytes, at + 4)?,
        })
    });
    sizes.max_by_key(|size| size.pixels())
}

/// Reads numbers of several widths one after the other.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self, width: usize) -> Option<u64> {
        let read = part(self.bytes, self.at, width)?;
        self.at += width;
        Some(read.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)))
    }
}

/// Ids of the items that tell of the picture.
fn telling(bytes: &[u8], info: Range<usize>) -> Option<Vec<u64>> {
    let version = *bytes.get(info.start)?;
    let count = if version == 0 { 2 } else { 4 };
    let mut found = Vec::new();
    for item in boxes(bytes, info.start.checked_add(FULL + count)?..info.end)? {
        if &item.kind != b"infe" {
            continue;
        }
        let version = *bytes.get(item.inside.start)?;
        let mut fields = Reader {
            bytes: &bytes[..item.inside.end],
            at: item.inside.start + FULL,
        };
        // Items without a type (versions 0 and 1) stand in no HEIF.
        let id = match version {
            2 => fields.number(2)?,
            3 => fields.number(4)?,
            _ => return None,
        };
        fields.number(2)?;
        let kind = part(fields.bytes, fields.at, 4)?;
        if matches!(kind, b"Exif" | b"mime" | b"uri ") {
            found.push(id);
        }
    }
    Some(found)
}

/// Where these items stand in the file.
fn places(
    bytes: &[u8],
    location: Range<usize>,
    data: Option<&Box_>,
    wanted: &[u64],
) -> Option<Vec<Range<usize>>> {
    let version = *bytes.get(location.start)?;
    let mut fields = Reader {
        bytes: &bytes[..location.end],
        at: location.start + FULL,
    };
    let widths = be16(fields.bytes, fields.at)?;
    fields.at += 2;
    let width = |shift: u16| usize::from(widths >> shift & 0xF);
    let (offset, length, base) = (width(12), width(8), width(4));
    let index = if version == 0 { 0 } else { width(0) };
    let wide = if version < 2 { 2 } else { 4 };
    let count = fields.number(wide)?;
    if version > 2 || count > MAX_ITEMS {
        return None;
    }
    // A place may take no byte of the file, and name all of it.
    let (mut looked_at, mut named) = (0, 0_usize);
    let mut found = Vec::new();
    for _ in 0..count {
        let id = fields.number(wide)?;
        let is_wanted = wanted.contains(&id);
        let method = if version == 0 {
            0
        } else {
            fields.number(2)? & 0xF
        };
        fields.number(2)?;
        let base = fields.number(base)?;
        let places = fields.number(2)?;
        looked_at += places;
        if looked_at > MAX_PLACES {
            return None;
        }
        for _ in 0..places {
            fields.number(index)?;
            let (from, long) = (fields.number(offset)?, fields.number(length)?);
            if !is_wanted {
                continue;
            }
            let start = usize::try_from(base.checked_add(from)?).ok()?;
            let (start, end) = match method {
                0 => (start, bytes.len()),
                1 => (data?.inside.start.checked_add(start)?, data?.inside.end),
                // Made of other items: nothing of its own.
                _ => continue,
            };
            // No length means the rest.
            let stop = match usize::try_from(long).ok()? {
                0 => end,
                long => start.checked_add(long)?,
            };
            if start > stop || stop > end {
                return None;
            }
            named += stop - start;
            if named > bytes.len() {
                return None;
            }
            found.push(start..stop);
        }
    }
    Some(found)
}

fn hidden(bytes: &[u8]) -> Option<Vec<Range<usize>>> {
    let meta = meta(bytes)?;
    let mut found = Vec::new();
    if let Some(info) = one(&meta, *b"iinf") {
        let wanted = telling(bytes, info.inside.clone())?;
        if !wanted.is_empty() {
            let location = one(&meta, *b"iloc")?.inside.clone();
            found = places(bytes, location, one(&meta, *b"idat"), &wanted)?;
        }
    }
    let top = boxes(bytes, 0..bytes.len())?;
    let beside = top.into_iter().chain(meta);
    let beside = beside.filter(|one| matches!(&one.kind, b"free" | b"skip" | b"uuid" | b"udta"));
    found.extend(beside.map(|one| one.inside));
    Some(found)
}

pub(super) fn clean(bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
    let hidden = hidden(bytes).ok_or(Damaged)?;
    let mut out = bytes.to_vec();
    for place in hidden {
        out.get_mut(place).ok_or(Damaged)?.fill(0);
    }
    Ok(out)
}
