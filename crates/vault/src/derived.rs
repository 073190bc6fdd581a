//! Keys derived from an organisation's index secret: exact look-ups, search tokens, signatures.

use std::fmt;

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    hkdf::{HKDF_SHA256, KeyType, Salt},
    hmac,
};
use data_encoding::BASE32_NOPAD;
use siphasher::sip::SipHasher24;
use zeroize::Zeroizing;

use crate::cipher::KEY_LEN;

/// HKDF-SHA256 (RFC 5869). The info parts carry their length, so that no two labels meet.
pub(crate) fn expand<const N: usize>(secret: &[u8; KEY_LEN], info: &[&[u8]]) -> Zeroizing<[u8; N]> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let lengths: Vec<[u8; 8]> = info.iter().map(|part| length_prefix(part)).collect();
    let parts: Vec<&[u8]> = lengths
        .iter()
        .zip(info)
        .flat_map(|(length, part)| [length.as_slice(), part])
        .collect();
    let mut out = Zeroizing::new([0; N]);
    Salt::new(HKDF_SHA256, b"bedside vault 1")
        .extract(secret)
        .expand(&parts, Length(N))
        .and_then(|okm| okm.fill(&mut *out))
        .expect("HKDF-SHA256 gives up to 8160 bytes");
    out
}

fn length_prefix(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

fn hmac_key(secret: &[u8; KEY_LEN], info: &[&[u8]]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &*expand::<KEY_LEN>(secret, info))
}

fn leading<const N: usize>(tag: &hmac::Tag) -> [u8; N] {
    *tag.as_ref()
        .first_chunk()
        .expect("an HMAC-SHA256 tag has 32 bytes")
}

/// What a blind index is about. The same text indexed as two kinds gives unrelated indexes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlindKind {
    /// Email address.
    Email,
    /// Telephone number.
    Phone,
    /// Medical record number.
    Mrn,
    /// Member number with an insurer.
    MemberId,
    /// Name.
    Name,
    /// Birth date.
    BirthDate,
    /// Name together with birth date.
    NameAndBirthDate,
    /// Account name on a messaging or social service.
    Handle,
    /// Message-ID of a mail, or a provider's id of a message.
    MessageId,
    /// Tag of a ticket.
    Tag,
}

impl BlindKind {
    /// Part of what is stored: never change one.
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Email => b"email",
            Self::Phone => b"phone",
            Self::Mrn => b"mrn",
            Self::MemberId => b"member id",
            Self::Name => b"name",
            Self::BirthDate => b"birth date",
            Self::NameAndBirthDate => b"name and birth date",
            Self::Handle => b"handle",
            Self::MessageId => b"message id",
            Self::Tag => b"tag",
        }
    }
}

/// Makes blind indexes: keyed hashes that find equal values without holding them.
///
/// Equal values have equal indexes, so who reads the database sees that two rows agree, but neither
/// the value nor, without the key, whether a guess is right.
pub struct BlindIndexKey(hmac::Key);

impl BlindIndexKey {
    pub(crate) fn derive(secret: &[u8; KEY_LEN]) -> Self {
        Self(hmac_key(secret, &[b"blind index"]))
    }

    /// HMAC-SHA256 over the kind and the value, cut to 128 bits. Pass the value through
    /// [`crate::normalise`] first, or equal values will not meet.
    pub fn index(&self, kind: BlindKind, normalised: &str) -> [u8; 16] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(kind.label());
        context.update(&[0]);
        context.update(normalised.as_bytes());
        leading(&context.sign())
    }
}

impl fmt::Debug for BlindIndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlindIndexKey([redacted])")
    }
}

/// How a term is indexed for search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A whole (stemmed, folded) word.
    Word,
    /// The beginning of a word, for search as one types.
    Prefix,
}

/// A search term as the index holds it: eight lower-case base32 characters (RFC 4648: a–z, 2–7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SearchToken([u8; 8]);

impl SearchToken {
    /// The token as text.
    pub fn as_str(&self) -> &str {
        // Base32 is ASCII, so the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl AsRef<str> for SearchToken {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for SearchToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SearchToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SearchToken({})", self.as_str())
    }
}

/// Turns search terms into tokens that the database can index and rank without ever seeing a word.
///
/// A token is 40 bits of a keyed SipHash-2-4. A term that no document holds meets one of `V` indexed
/// terms by chance with odds of `V / 2⁴⁰`: about one in a million searches where a million different
/// terms are indexed. Such a hit shows one document too many, never one too few, and only among
/// those the reader may see anyway. What the index does give away is how often each unnamed term
/// occurs and which documents share terms.
pub struct SearchKey {
    word: SipHasher24,
    prefix: SipHasher24,
}

impl SearchKey {
    pub(crate) fn derive(secret: &[u8; KEY_LEN]) -> Self {
        let hasher = |kind: &[u8]| {
            SipHasher24::new_with_key(&expand::<16>(secret, &[b"search token", kind]))
        };
        Self {
            word: hasher(b"word"),
            prefix: hasher(b"prefix"),
        }
    }

    /// The token of a term, which should be folded and, as a word, stemmed before.
    pub fn token(&self, kind: TokenKind, term: &str) -> SearchToken {
        let hasher = match kind {
            TokenKind::Word => &self.word,
            TokenKind::Prefix => &self.prefix,
        };
        let hash = hasher.hash(term.as_bytes()).to_be_bytes();
        let mut token = [0; 8];
        BASE32_NOPAD.encode_mut(&hash[..5], &mut token);
        token.make_ascii_lowercase();
        SearchToken(token)
    }
}

impl fmt::Debug for SearchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchKey([redacted])")
    }
}

/// Signs short things that leave the desk and come back, such as reply addresses and links.
pub struct MacKey(hmac::Key);

impl MacKey {
    pub(crate) fn derive(secret: &[u8; KEY_LEN], label: &str) -> Self {
        Self(hmac_key(secret, &[b"mac", label.as_bytes()]))
    }

    /// A key that was sealed as a secret of its own.
    pub fn from_bytes(secret: &[u8; KEY_LEN]) -> Self {
        Self::derive(secret, "own secret")
    }

    /// HMAC-SHA256 over the parts, each with its length, so that moving a border between two parts
    /// changes the result.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&length_prefix(part));
            context.update(part);
        }
        leading(&context.sign())
    }

    /// Whether `tag` is the parts' signature, or at least its first 16 bytes (addresses have little
    /// room). Takes the same time wherever they differ.
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        let expected = self.sign(parts);
        (16..=expected.len()).contains(&tag.len())
            && verify_slices_are_equal(&expected[..tag.len()], tag).is_ok()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey([redacted])")
    }
}
