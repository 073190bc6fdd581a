//! Keyset cursors: the position after the last row of a page, as an opaque text for clients.
//!
//! The text is a keyed tag and the position as compact JSON, in base64url. The tag covers the
//! name of the list, so a cursor of one list opens no other one, and a client can't make up a
//! position.

use base64::Engine as _;
use serde::{Serialize, de::DeserializeOwned};
use subtle::ConstantTimeEq as _;

use crate::{BASE64, Mac, Problem};

const TAG: usize = 16;

/// Longest cursor that is read, in characters.
pub const MAX_LENGTH: usize = 512;

/// Why a cursor wasn't accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Longer than any cursor of ours.
    #[error("the cursor is too long")]
    TooLong,
    /// Not base64url, or too short to hold a tag.
    #[error("the cursor is not well-formed")]
    Malformed,
    /// Changed, made up, of another list, or made under another key.
    #[error("the cursor was not issued for this list")]
    Forged,
    /// Genuine, but from a version of this program with other positions.
    #[error("the cursor is from an older version")]
    Outdated,
}

impl From<CursorError> for Problem {
    fn from(error: CursorError) -> Self {
        let message = "Start again without a cursor.";
        Self::invalid_field("cursor", "invalid_cursor", message).private(error.to_string())
    }
}

/// The text for `position` in the list called `list`.
///
/// # Panics
///
/// When the position needs more than [`MAX_LENGTH`] characters or can't be JSON. Positions are
/// small (a sort key and an id), so that is a mistake in the program.
pub fn encode<T: Serialize>(list: &str, position: &T, mac: &impl Mac) -> String {
    let position = serde_json::to_vec(position).expect("a position is plain data");
    let mut raw = tag(list, &position, mac).to_vec();
    raw.extend_from_slice(&position);
    let text = BASE64.encode(raw);
    assert!(
        text.len() <= MAX_LENGTH,
        "a position of {list} is too large for a cursor"
    );
    text
}

/// The position in a cursor of the list called `list`.
pub fn decode<T: DeserializeOwned>(
    list: &str,
    text: &str,
    mac: &impl Mac,
) -> Result<T, CursorError> {
    if text.len() > MAX_LENGTH {
        return Err(CursorError::TooLong);
    }
    let raw = BASE64.decode(text).map_err(|_| CursorError::Malformed)?;
    let (sent, position) = raw.split_at_checked(TAG).ok_or(CursorError::Malformed)?;
    if !bool::from(tag(list, position, mac).as_slice().ct_eq(sent)) {
        return Err(CursorError::Forged);
    }
    serde_json::from_slice(position).map_err(|_| CursorError::Outdated)
}

fn tag(list: &str, position: &[u8], mac: &impl Mac) -> [u8; TAG] {
    let mut message = Vec::with_capacity(8 + list.len() + position.len());
    message.extend_from_slice(b"cursor\0");
    message.extend_from_slice(list.as_bytes());
    message.push(0);
    message.extend_from_slice(position);
    let mut out = [0; TAG];
    out.copy_from_slice(&mac.tag(&message)[..TAG]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mac::test_mac;
    use proptest::prelude::*;

    type Position = (i64, String);

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was(at in any::<i64>(), id in "[a-f0-9-]{0,36}") {
            let position: Position = (at, id);
            let text = encode("tickets", &position, &test_mac);
            prop_assert_eq!(decode::<Position>("tickets", &text, &test_mac), Ok(position));
            prop_assert_eq!(decode::<Position>("patients", &text, &test_mac), Err(CursorError::Forged));
        }

        #[test]
        fn every_changed_byte_is_noticed(at in any::<i64>(), index in any::<prop::sample::Index>(), flip in 1_u8..) {
            let mut raw = BASE64.decode(encode("tickets", &(at, ""), &test_mac)).unwrap();
            let index = index.index(raw.len());
            raw[index] ^= flip;
            let text = BASE64.encode(raw);
            prop_assert_eq!(decode::<Position>("tickets", &text, &test_mac), Err(CursorError::Forged));
        }

        #[test]
        fn every_truncation_is_noticed(at in any::<i64>(), keep in any::<prop::sample::Index>()) {
            let text = encode("tickets", &(at, ""), &test_mac);
            let cut = &text[..keep.index(text.len())];
            prop_assert!(decode::<Position>("tickets", cut, &test_mac).is_err());
        }

        #[test]
        fn any_text_is_survived(text in ".{0,700}") {
            prop_assert!(decode::<Position>("tickets", &text, &test_mac).is_err());
        }
    }

    #[test]
    fn other_shapes_and_lengths_are_typed_errors() {
        let text = encode("tickets", &"only a text", &test_mac);
        assert_eq!(
            decode::<Position>("tickets", &text, &test_mac),
            Err(CursorError::Outdated)
        );
        let long = "A".repeat(MAX_LENGTH + 1);
        assert_eq!(
            decode::<Position>("tickets", &long, &test_mac),
            Err(CursorError::TooLong)
        );
        assert_eq!(
            Problem::from(CursorError::Forged).errors()[0].field,
            "cursor"
        );
    }
}
