use super::{Damaged, Size, be32, exif, part};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that draw the picture or say what its colours mean.
const KEPT: [&[u8; 4]; 19] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB",
    b"cICP", b"mDCV", b"cLLI", b"bKGD", b"pHYs", b"hIST", b"acTL", b"fcTL", b"fdAT",
];

struct Chunk<'a> {
    kind: &'a [u8],
    data: &'a [u8],
    whole: &'a [u8],
}

fn chunk(bytes: &[u8], at: usize) -> Option<(Chunk<'_>, usize)> {
    let length = usize::try_from(be32(bytes, at)?).ok()?;
    let whole = part(bytes, at, length.checked_add(12)?)?;
    Some((
        Chunk {
            kind: &whole[4..8],
            data: &whole[8..8 + length],
            whole,
        },
        at + whole.len(),
    ))
}

pub(super) fn size(bytes: &[u8]) -> Option<Size> {
    if !bytes.starts_with(SIGNATURE) || part(bytes, 12, 4)? != b"IHDR" {
        return None;
    }
    Some(Size {
        width: be32(bytes, 16)?,
        height: be32(bytes, 20)?,
    })
}

/// Which way up: the chunk may stand anywhere.
fn orientation(bytes: &[u8]) -> Option<u8> {
    let mut at = SIGNATURE.len();
    loop {
        let (one, end) = chunk(bytes, at)?;
        match one.kind {
            b"eXIf" => return exif::orientation(one.data),
            b"IEND" => return None,
            _ => at = end,
        }
    }
}

pub(super) fn clean(bytes: &[u8]) -> Result<Vec<u8>, Damaged> {
    if size(bytes).is_none() {
        return Err(Damaged);
    }
    let mut out = Vec::with_capacity(bytes.len() + 38);
    out.extend_from_slice(SIGNATURE);
    let way_up = orientation(bytes);
    let (mut at, mut drawn) = (SIGNATURE.len(), false);
    loop {
        let Some((one, end)) = chunk(bytes, at) else {
            let cut_off = part(bytes, at, 8).is_some_and(|head| &head[4..] == b"IDAT");
            if cut_off {
                out.extend_from_slice(&bytes[at..]);
            }
            return if drawn || cut_off {
                Ok(out)
            } else {
                Err(Damaged)
            };
        };
        if KEPT.iter().any(|kept| one.kind == *kept) {
            out.extend_from_slice(one.whole);
        }
        if let (b"IHDR", Some(way)) = (one.kind, way_up) {
            let tiff = exif::only(way);
            let kind_and_data = [b"eXIf".as_slice(), &tiff].concat();
            out.extend_from_slice(&26_u32.to_be_bytes());
            out.extend_from_slice(&kind_and_data);
            out.extend_from_slice(&crc(&kind_and_data).to_be_bytes());
        }
        drawn |= one.kind == b"IDAT";
        if one.kind == b"IEND" {
            return if drawn { Ok(out) } else { Err(Damaged) };
        }
        at = end;
    }
}

/// The check sum of a chunk's kind and data (PNG 3rd ed., 5.5).
pub(super) fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            let low = sum & 1;
            sum >>= 1;
            if low == 1 {
                sum ^= 0xEDB8_8320;
            }
        }
    }
    !sum
}
