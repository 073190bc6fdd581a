//! An authenticator app: what somebody's phone would show.

use aws_lc_rs::hmac;
use bedside_db::Timestamp;

/// The code that an app with this secret (base32) shows at `at` (RFC 6238).
pub fn code(secret: &str, at: Timestamp) -> String {
    let secret = secret.replace('-', "");
    let bytes = data_encoding::BASE32_NOPAD
        .decode(secret.as_bytes())
        .expect("a secret");
    let step = at.micros() / 30_000_000;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let sum = hmac::sign(
        &key,
        &u64::try_from(step).expect("after 1970").to_be_bytes(),
    );
    let sum = sum.as_ref();
    let at = usize::from(sum[19] & 15);
    let number = u32::from_be_bytes(sum[at..at + 4].try_into().expect("four bytes")) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}
