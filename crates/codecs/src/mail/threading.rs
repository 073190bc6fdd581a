//! Signed reply addresses and Message-IDs: the only two things that let a message join a ticket.
//!
//! Both name the ticket in the clear and carry a code that only this desk can compute, 80 bits of
//! it, so that guessing one takes on the order of 10²⁴ messages. The code of a reply address also
//! covers one participant: an address that was passed on does not work for anyone else.
//!
//! This module has no key. The caller gives a function that computes a keyed hash (HMAC-SHA-256)
//! over the concatenation of byte strings; what is passed begins with a label for its purpose and
//! has one part of variable length at most, the last, so no two inputs can be confused.

use data_encoding::{Encoding, Specification};
use std::{fmt, sync::LazyLock};
use subtle::ConstantTimeEq;

/// Keyed hash over the concatenation of its parts.
pub type Mac<'k> = dyn Fn(&[&[u8]]) -> [u8; 32] + 'k;

const REPLY_LABEL: &[u8] = b"bedside/reply-address/1\0";
const MESSAGE_LABEL: &[u8] = b"bedside/message-id/1\0";
/// Characters of a 16-byte id.
const ID_CHARS: usize = 26;
/// Characters of the code: 80 bits.
const MAC_CHARS: usize = 16;
const MAC_BYTES: usize = 10;
/// Longest text looked at; longer ones are not ours.
const MAX_TEXT: usize = 512;

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("abcdefghijklmnopqrstuvwxyz234567");
    specification
        .encoding()
        .expect("32 different ASCII symbols")
});

/// Reply address for one participant of one ticket: `reply+<ticket>.<code>`, in lower case,
/// 43 characters after the `+`.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyToken {
    ticket: [u8; 16],
    code: [u8; MAC_BYTES],
}

impl ReplyToken {
    /// Signs. `participant` is what the caller knows a participant by: the id of a contact, or an
    /// address in its normal form. The same bytes must be given to verify.
    pub fn sign(ticket: [u8; 16], participant: &[u8], mac: &Mac<'_>) -> Self {
        Self {
            ticket,
            code: cut(mac(&[REPLY_LABEL, &ticket, participant])),
        }
    }

    /// Finds a token in an address or in the part of it before the `@`, in any case. Nothing is
    /// verified yet; `None` means there is nothing of our form.
    pub fn find(address: &str) -> Option<Self> {
        if address.len() > MAX_TEXT {
            return None;
        }
        let local = address.trim().trim_start_matches('<').split('@').next()?;
        let (_, token) = local.rsplit_once('+')?;
        let (ticket, code) = token.split_once('.')?;
        Some(Self {
            ticket: decode_id(ticket)?,
            code: decode_code(code)?,
        })
    }

    /// The ticket named by a token that [`Self::verify`] has not approved: good for looking up who
    /// takes part in it, and for nothing else.
    pub const fn claimed_ticket(&self) -> [u8; 16] {
        self.ticket
    }

    /// The ticket, when the token was signed for it and for this participant. Takes the same time
    /// whether right or wrong.
    pub fn verify(&self, participant: &[u8], mac: &Mac<'_>) -> Option<[u8; 16]> {
        let right = Self::sign(self.ticket, participant, mac);
        bool::from(right.code.ct_eq(&self.code)).then_some(self.ticket)
    }

    /// `mailbox+<ticket>.<code>`.
    pub fn local_part(&self, mailbox: &str) -> String {
        format!(
            "{mailbox}+{}.{}",
            BASE32.encode(&self.ticket),
            BASE32.encode(&self.code)
        )
    }
}

impl fmt::Debug for ReplyToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplyToken(…)")
    }
}

/// A Message-ID of ours, after its code was found right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnMessage {
    /// Ticket the message belongs to.
    pub ticket: [u8; 16],
    /// The message itself.
    pub message: [u8; 16],
}

impl OwnMessage {
    /// `<ticket>.<message>.<code>@domain`, without angle brackets. `domain` is written in lower
    /// case.
    pub fn message_id(&self, domain: &str, mac: &Mac<'_>) -> String {
        let domain = domain.to_lowercase();
        let code = self.code(&domain, mac);
        format!(
            "{}.{}.{}@{domain}",
            BASE32.encode(&self.ticket),
            BASE32.encode(&self.message),
            BASE32.encode(&code)
        )
    }

    /// Reads one Message-ID from In-Reply-To or References, with or without angle brackets, in any
    /// case. `None` unless it is ours, for this domain, unchanged.
    pub fn verify(message_id: &str, domain: &str, mac: &Mac<'_>) -> Option<Self> {
        if message_id.len() > MAX_TEXT {
            return None;
        }
        let bare = message_id
            .trim()
            .trim_start_matches('<')
            .trim_end_matches('>');
        let (left, right) = bare.rsplit_once('@')?;
        let domain = domain.to_lowercase();
        if right.to_lowercase() != domain {
            return None;
        }
        let mut pieces = left.split('.');
        let found = Self {
            ticket: decode_id(pieces.next()?)?,
            message: decode_id(pieces.next()?)?,
        };
        let code = decode_code(pieces.next()?)?;
        if pieces.next().is_some() {
            return None;
        }
        bool::from(found.code(&domain, mac).ct_eq(&code)).then_some(found)
    }

    fn code(&self, domain: &str, mac: &Mac<'_>) -> [u8; MAC_BYTES] {
        cut(mac(&[
            MESSAGE_LABEL,
            &self.ticket,
            &self.message,
            domain.as_bytes(),
        ]))
    }
}

fn cut(full: [u8; 32]) -> [u8; MAC_BYTES] {
    let mut code = [0; MAC_BYTES];
    code.copy_from_slice(&full[..MAC_BYTES]);
    code
}

fn decode_id(text: &str) -> Option<[u8; 16]> {
    decode(text, ID_CHARS)?.try_into().ok()
}

fn decode_code(text: &str) -> Option<[u8; MAC_BYTES]> {
    decode(text, MAC_CHARS)?.try_into().ok()
}

fn decode(text: &str, chars: usize) -> Option<Vec<u8>> {
    (text.len() == chars)
        .then(|| BASE32.decode(text.to_ascii_lowercase().as_bytes()).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::hash::{DefaultHasher, Hash, Hasher};

    /// Not a cryptographic hash; enough to tell inputs apart in a test.
    fn mac(key: u64) -> impl Fn(&[&[u8]]) -> [u8; 32] {
        move |parts| {
            let joined = parts.concat();
            let mut out = [0; 32];
            for (at, lane) in out.chunks_mut(8).enumerate() {
                let mut hasher = DefaultHasher::new();
                (key, at, &joined).hash(&mut hasher);
                lane.copy_from_slice(&hasher.finish().to_le_bytes());
            }
            out
        }
    }

    #[test]
    fn forms() {
        let token = ReplyToken::sign([7; 16], b"ana@example.org", &mac(1));
        let local = token.local_part("reply");
        assert_eq!(local.len(), 6 + 26 + 1 + 16);
        assert!(local.len() <= 64, "RFC 5321 limit of a local part");
        assert_eq!(local, local.to_lowercase());
        assert_eq!(ReplyToken::find(&local), Some(token.clone()));
        assert_eq!(
            ReplyToken::find(&format!("<{}@CLINIC.example>", local.to_uppercase())),
            Some(token.clone())
        );
        assert_eq!(token.claimed_ticket(), [7; 16]);

        let own = OwnMessage {
            ticket: [1; 16],
            message: [2; 16],
        };
        let id = own.message_id("Clinic.Example", &mac(1));
        assert!(id.ends_with("@clinic.example"));
        assert_eq!(
            OwnMessage::verify(
                &format!("<{}>", id.to_uppercase()),
                "clinic.example",
                &mac(1)
            ),
            Some(own)
        );
        assert_eq!(OwnMessage::verify(&id, "other.example", &mac(1)), None);
        assert_eq!(OwnMessage::verify(&id, "clinic.example", &mac(2)), None);
    }

    #[test]
    fn ten_thousand_guesses_find_nothing() {
        let ours = mac(99);
        let participant = b"ana@example.org";
        for guess in 0..10_000u64 {
            let code = cut(mac(guess)(&[b"guess"]));
            let token = ReplyToken {
                ticket: [3; 16],
                code,
            };
            assert_eq!(token.verify(participant, &ours), None);
            let id = format!(
                "{}.{}.{}@clinic.example",
                BASE32.encode(&[3; 16]),
                BASE32.encode(&u128::from(guess).to_be_bytes()),
                BASE32.encode(&code)
            );
            assert_eq!(OwnMessage::verify(&id, "clinic.example", &ours), None);
        }
    }

    proptest! {
        #[test]
        fn only_the_right_ticket_participant_and_key(
            ticket: [u8; 16], other: [u8; 16], participant in "[a-z]{1,12}@[a-z]{1,12}", stranger in "[a-z]{1,12}@[a-z]{1,12}",
        ) {
            let token = ReplyToken::sign(ticket, participant.as_bytes(), &mac(1));
            let again = ReplyToken::find(&format!("{}@clinic.example", token.local_part("support"))).unwrap();
            prop_assert_eq!(again.verify(participant.as_bytes(), &mac(1)), Some(ticket));
            prop_assert_eq!(again.verify(participant.as_bytes(), &mac(2)), None);
            if stranger != participant {
                prop_assert_eq!(again.verify(stranger.as_bytes(), &mac(1)), None);
            }
            if other != ticket {
                let moved = ReplyToken { ticket: other, code: token.code };
                prop_assert_eq!(moved.verify(participant.as_bytes(), &mac(1)), None);
                // The code of a reply address is no code of a Message-ID.
                let id = format!("{}.{}.{}@d", BASE32.encode(&ticket), BASE32.encode(&other), BASE32.encode(&token.code));
                prop_assert_eq!(OwnMessage::verify(&id, "d", &mac(1)), None);
            }
        }

        #[test]
        fn a_changed_or_shortened_text_is_refused(ticket: [u8; 16], message: [u8; 16], at in 0usize..70, c in "[a-z2-7.@]") {
            let own = OwnMessage { ticket, message };
            let id = own.message_id("d.example", &mac(1));
            let mut changed = id.clone();
            changed.replace_range(at..=at, &c);
            if changed != id {
                prop_assert_eq!(OwnMessage::verify(&changed, "d.example", &mac(1)), None);
            }
            prop_assert_eq!(OwnMessage::verify(&id[..at], "d.example", &mac(1)), None);
            let local = ReplyToken::sign(ticket, b"p", &mac(1)).local_part("reply");
            prop_assert!(ReplyToken::find(&local[..local.len() - 1]).is_none());
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,80}|[a-z2-7+.@<>]{0,90}") {
            if let Some(token) = ReplyToken::find(&text) {
                prop_assert_eq!(token.verify(b"p", &mac(1)), None);
            }
            prop_assert_eq!(OwnMessage::verify(&text, "d", &mac(1)), None);
        }
    }
}
