//! Codes of an authenticator app: TOTP (RFC 6238) with what every app knows without being told: HMAC-SHA-1, six digits,
//! thirty seconds.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use bedside_db::Timestamp;
use bedside_vault::secret;
use data_encoding::BASE32_NOPAD;
use std::fmt;

/// Seconds that a code is shown for.
const STEP: i64 = 30;
/// Steps before and after the present one whose code is taken: clocks differ, and people type slowly (RFC 6238, 5.2).
const AROUND: i64 = 1;
/// Bytes of a secret: as long as what HMAC-SHA-1 gives (RFC 4226, section 4, R6).
const LENGTH: usize = 20;

/// What the app and the desk both know.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(Vec<u8>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// One that nobody can guess.
    pub fn generate() -> Self {
        Self(secret::random_bytes::<LENGTH>().to_vec())
    }

    /// Reads what [`Secret::text`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE32_NOPAD.decode(text.as_bytes()).ok()?;
        (bytes.len() == LENGTH).then_some(Self(bytes))
    }

    /// The way people type it: 32 letters and digits (base32).
    pub fn text(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// The time step within reach of `now` whose code this is; none when it is no code of these minutes.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let present = now.micros().div_euclid(STEP * 1_000_000);
        let steps = present - AROUND..=present + AROUND;
        // All are looked at, and each in the same time, whatever fits.
        let fits = |step: &i64| {
            verify_slices_are_equal(self.code(*step).as_bytes(), code.as_bytes()).is_ok()
        };
        let found: Vec<i64> = steps.filter(fits).collect();
        found.last().copied()
    }

    /// The six digits of a time step (RFC 4226, section 5.3).
    fn code(&self, step: i64) -> String {
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let sum = sign(&key, &step.to_be_bytes());
        let sum = sum.as_ref();
        let at = usize::from(sum[sum.len() - 1] & 15);
        let number = u32::from_be_bytes([sum[at] & 0x7f, sum[at + 1], sum[at + 2], sum[at + 3]]);
        format!("{:06}", number % 1_000_000)
    }

    /// What the app reads from the picture. `issuer` is the clinic, `account` the address they sign in with.
    pub fn address(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (encoded(issuer), encoded(account));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}",
            self.text()
        )
    }
}

/// Text as a part of an address (RFC 3986, section 2.1).
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        // Appendix B has eight digits; six are their end (RFC 4226, 5.3).
        let secret = Secret(b"12345678901234567890".to_vec());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.step_of(code, at(seconds)), Some(seconds / 30));
        }
        // And RFC 4226, appendix D, by its counter.
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583",
            "399871", "520489",
        ];
        for (step, code) in (0..).zip(codes) {
            assert_eq!(secret.code(step), code);
        }
    }

    #[test]
    fn an_app_is_told_whose_it_is() {
        let secret = Secret(b"12345678901234567890".to_vec());
        assert_eq!(
            secret.address("Río & Sons", "ana@clinic.example"),
            "otpauth://totp/R%C3%ADo%20%26%20Sons:ana%40clinic.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=R%C3%ADo%20%26%20Sons"
        );
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    proptest! {
        #[test]
        fn a_code_counts_for_a_step_before_and_after(bytes in any::<[u8; LENGTH]>(), seconds in 60_i64..4_000_000_000) {
            let secret = Secret(bytes.to_vec());
            prop_assert_eq!(Secret::parse(&secret.text()), Some(secret.clone()));
            let step = seconds / 30;
            let code = secret.code(step);
            for near in [step - 1, step, step + 1] {
                let found = secret.step_of(&code, at(near * 30));
                prop_assert!(found.is_some_and(|found| (found - near).abs() <= AROUND), "{:?}", found);
            }
            // A code of another step can be the same by chance; the step it is taken for is never far.
            for far in [step - 2, step + 2] {
                prop_assert_ne!(secret.step_of(&code, at(far * 30)), Some(step));
            }
        }

        #[test]
        fn nothing_but_six_digits_is_a_code(text in "\\PC{0,12}") {
            let secret = Secret(vec![7; LENGTH]);
            let is_code = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert!(is_code || secret.step_of(&text, at(1_790_000_000)).is_none());
        }
    }
}
