//! The keyed function that the caller lends to whoever must sign something.

/// A message authentication code over one key, such as HMAC-SHA-256.
///
/// Callers of this crate hold the key; the crate only asks for tags. Every user starts its
/// message with a label of its own ("csrf", "cursor"), so one key can serve them all.
pub trait Mac {
    /// The 32-byte tag of `message`.
    fn tag(&self, message: &[u8]) -> [u8; 32];
}

impl<F: Fn(&[u8]) -> [u8; 32]> Mac for F {
    fn tag(&self, message: &[u8]) -> [u8; 32] {
        self(message)
    }
}

/// A keyed mixing function for tests: not a real MAC, but every input bit changes the tag.
#[cfg(test)]
pub(crate) fn test_mac(message: &[u8]) -> [u8; 32] {
    let mut out = [0_u8; 32];
    for (lane, chunk) in (0_u64..).zip(out.chunks_mut(8)) {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ lane.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for byte in message {
            hash = (hash ^ u64::from(*byte))
                .wrapping_mul(0x0100_0000_01b3)
                .rotate_left(23);
        }
        chunk.copy_from_slice(&hash.to_be_bytes());
    }
    out
}
