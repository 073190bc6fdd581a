use super::{Damaged, Size, exif, le16, le32, part};

/// Bits of the extended header that say what follows.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;
/// Bytes of a frame before its own chunks.
const FRAME_HEAD: usize = 16;

struct Chunk<'a> {
    kind: &'a [u8],
    data: &'a [u8],
}

/// The chunk at `at`; one is filled up to an even length.
fn chunk(bytes: &[u8], at: usize) -> Option<(Chunk<'_>, usize)> {
    let kind = part(bytes, at, 4)?;
    let length = usize::try_from(le32(bytes, at + 4)?).ok()?;
    let data = part(bytes, at + 8, length)?;
    Some((Chunk { kind, data }, at + 8 + length + length % 2))
}

fn push(out: &mut Vec<u8>, kind: &[u8], data: &[u8]) {
    out.extend_from_slice(kind);
    out.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
}

/// The chunks of a file, within the length that it says.
fn inside(bytes: &[u8]) -> Option<&[u8]> {
    if part(bytes, 0, 4)? != b"RIFF" || part(bytes, 8, 4)? != b"WEBP" {
        return None;
    }
    let length = usize::try_from(le32(bytes, 4)?).ok()?;
    let end = length.checked_add(8)?.min(bytes.len());
    bytes.get(12..end)
}

pub(super) fn size(bytes: &[u8]) -> Option<Size> {
    let (first, _) = chunk_head(inside(bytes)?)?;
    let data = first.data;
    let (width, height) = match first.kind {
        b"VP8X" => {
            let three = |at| Some(u32::from(le16(data, at)?) | u32::from(*data.get(at + 2)?) << 16);
            (three(4)? + 1, three(7)? + 1)
        }
        b"VP8L" => {
            let bits = le32(data, 1)?;
            ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        }
        b"VP8 " => (
            u32::from(le16(data, 6)? & 0x3FFF),
            u32::from(le16(data, 8)? & 0x3FFF),
        ),
        _ => return None,
    };
    Some(Size { width, height })
}

/// The first chunk, as much of it as is there.
fn chunk_head(bytes: &[u8]) -> Option<(Chunk<'_>, usize)> {
    chunk(bytes, 0).or_else(|| {
        Some((
            Chunk {
                kind: part(bytes, 0, 4)?,
                data: bytes.get(8..)?,
            },
            bytes.len(),
        ))
    })
}

/// A frame with the chunks that draw it.
fn frame(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = data.get(..FRAME_HEAD)?.to_vec();
    let mut at = FRAME_HEAD;
    while at < data.len() {
        let (one, end) = chunk(data, at)?;
        if matches!(one.kind, b"ALPH" | b"VP8 " | b"VP8L") {
            push(&mut out, one.kind, one.data);
        }
        at = end;
    }
    Some(out)
}

pub(super) fn clean(bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
    let chunks = inside(bytes).ok_or(Damaged)?;
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    out.reserve(bytes.len());
    let (mut at, mut drawn, mut way_up, mut flags) = (0, false, None, None);
    while at < chunks.len() {
        let Some((one, end)) = chunk(chunks, at) else {
            // Cut off while it was sent: an image is shown as far as it goes.
            let Some(rest) = part(chunks, at, 8).filter(|head| matches!(&head[..4], b"VP8 "))
            else {
                break;
            };
            push(&mut out, &rest[..4], &chunks[at + 8..]);
            drawn = true;
            break;
        };
        match one.kind {
            b"VP8X" if out.len() == 12 => {
                flags = Some(out.len() + 8);
                push(&mut out, one.kind, one.data);
            }
            b"VP8 " | b"VP8L" => {
                push(&mut out, one.kind, one.data);
                drawn = true;
            }
            b"ANMF" => {
                let frame = frame(one.data).ok_or(Damaged)?;
                push(&mut out, one.kind, &frame);
                drawn = true;
            }
            b"ALPH" | b"ANIM" | b"ICCP" => push(&mut out, one.kind, one.data),
            b"EXIF" => way_up = way_up.or_else(|| exif::orientation(one.data)),
            _ => {}
        }
        at = end;
    }
    if !drawn {
        return Err(Damaged);
    }
    if let Some(byte) = flags.and_then(|at| out.get_mut(at)) {
        *byte &= !(HAS_EXIF | HAS_XMP);
        if let Some(way) = way_up {
            *byte |= HAS_EXIF;
            push(&mut out, b"EXIF", &exif::only(way));
        }
    }
    let length = u32::try_from(out.len() - 8).map_err(|_| Damaged)?;
    out[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(out)
}
