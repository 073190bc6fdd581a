//! Random bytes, tokens for links and sessions, and the hash under which a token is stored.

use aws_lc_rs::{digest, rand};
use data_encoding::BASE32_NOPAD;

/// Random bits in a [`random_token`].
pub const TOKEN_BITS: usize = 160;

/// `N` bytes from the system's generator.
///
/// # Panics
///
/// When the system has no working source of randomness: going on would make guessable keys.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system's source of randomness works");
    bytes
}

/// An unguessable token ([`TOKEN_BITS`] bits) as 32 lower-case base32 characters (RFC 4648):
/// fits URLs, file names and a telephone read-out.
pub fn random_token() -> String {
    let mut token = BASE32_NOPAD.encode(&random_bytes::<{ TOKEN_BITS / 8 }>());
    token.make_ascii_lowercase();
    token
}

/// The SHA-256 of a token: what is stored in its stead, so that a stolen database opens no session.
/// Plain SHA-256 is enough for tokens from [`random_token`]; passwords need argon2id.
pub fn token_hash(token: &str) -> [u8; 32] {
    sha256(token.as_bytes())
}

/// The SHA-256 of content, by which it is told from other content.
pub fn content_hash(content: &[u8]) -> [u8; 32] {
    sha256(content)
}

fn sha256(data: &[u8]) -> [u8; 32] {
    digest::digest(&digest::SHA256, data)
        .as_ref()
        .try_into()
        .expect("SHA-256 gives 32 bytes")
}
