use super::{Damaged, Size, le16, part};

/// Programs whose block says how often an animation runs.
const LOOPING: [&[u8]; 2] = [b"NETSCAPE2.0", b"ANIMEXTS1.0"];

pub(super) fn size(bytes: &[u8]) -> Option<Size> {
    if !matches!(part(bytes, 0, 6)?, b"GIF87a" | b"GIF89a") {
        return None;
    }
    Some(Size {
        width: le16(bytes, 6)?.into(),
        height: le16(bytes, 8)?.into(),
    })
}

/// Bytes of the table of colours that these flags tell of.
fn table(flags: u8) -> usize {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}

/// Where blocks that begin at `at` end: behind the empty one.
fn blocks_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*bytes.get(at)?);
        at = at.checked_add(1 + length)?;
        if length == 0 {
            return (at <= bytes.len()).then_some(at);
        }
    }
}

pub(super) fn clean(bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
    size(bytes).ok_or(Damaged)?;
    let flags = *bytes.get(10).ok_or(Damaged)?;
    let mut at = 13 + table(flags);
    let mut out = bytes.get(..at).ok_or(Damaged)?.to_vec();
    out.reserve(bytes.len() - at);
    let mut drawn = false;
    loop {
        let end = match bytes.get(at) {
            Some(0x2C) => {
                let head = part(bytes, at, 10).ok_or(Damaged)?;
                let data = at + 10 + table(head[9]) + 1;
                drawn = true;
                let Some(end) = blocks_end(bytes, data) else {
                    // Cut off while it was sent.
                    out.extend_from_slice(&bytes[at..]);
                    return Ok(out);
                };
                out.extend_from_slice(&bytes[at..end]);
                end
            }
            Some(0x21) => {
                let Some(end) = blocks_end(bytes, at + 2) else {
                    return if drawn { Ok(out) } else { Err(Damaged) };
                };
                let whole = &bytes[at..end];
                let is_kept = match whole[1] {
                    // How an image is drawn, and text that is drawn.
                    0xF9 | 0x01 => true,
                    0xFF => part(whole, 3, 11).is_some_and(|by| LOOPING.contains(&by)),
                    _ => false,
                };
                if is_kept {
                    out.extend_from_slice(whole);
                }
                end
            }
            Some(0x3B) if drawn => {
                out.push(0x3B);
                return Ok(out);
            }
            None if drawn => return Ok(out),
            _ => return Err(Damaged),
        };
        at = end;
    }
}
