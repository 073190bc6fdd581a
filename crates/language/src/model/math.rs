//! Exponentials that come out the same on every machine: sums, products and shifts only.

/// e to the power of `x`, within a millionth.
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(-60.0, 60.0);
    let n = (x * std::f64::consts::LOG2_E).round();
    let r = x - n * std::f64::consts::LN_2;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..12 {
        term *= r / f64::from(k);
        sum += term;
    }
    #[expect(clippy::cast_possible_truncation, reason = "between -87 and 87")]
    let n = n as i64;
    let power = u64::try_from(1023 + n).unwrap_or_default();
    sum * f64::from_bits(power << 52)
}

/// The probability for log-odds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a probability needs no more"
)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    (1.0 / (1.0 + exp(-f64::from(x)))) as f32
}

/// What scores say together: the logarithm of the sum of their exponentials.
#[expect(clippy::cast_possible_truncation, reason = "a score needs no more")]
pub(crate) fn together(scores: &[f32]) -> f32 {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = scores.iter().map(|s| exp(f64::from(s - most))).sum();
    most + ln(sum) as f32
}

/// The logarithm of one number over another, both above 0.
#[expect(clippy::cast_possible_truncation, reason = "a score needs no more")]
pub(crate) fn log_ratio(one: f32, other: f32) -> f32 {
    if one >= other {
        ln(f64::from(one) / f64::from(other)) as f32
    } else {
        -ln(f64::from(other) / f64::from(one)) as f32
    }
}

/// The natural logarithm of a number of 1 or more.
fn ln(mut x: f64) -> f64 {
    let mut powers = 0.0;
    while x >= 2.0 {
        x /= 2.0;
        powers += std::f64::consts::LN_2;
    }
    // Newton's method on exp; between 1 and 2 this start is near enough.
    let mut y = (x - 1.0) / (x + 1.0) * 2.0;
    for _ in 0..5 {
        y += x * exp(-y) - 1.0;
    }
    powers + y
}

/// Shares that add up to one.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a probability needs no more"
)]
pub(crate) fn softmax(scores: &[f32], shares: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let mut total = 0.0;
    for (share, score) in shares.iter_mut().zip(scores) {
        let power = exp(f64::from(score - most));
        *share = power as f32;
        total += power;
    }
    for share in shares {
        *share = (f64::from(*share) / total) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_right() {
        for x in [-30.0, -2.5, -0.1, 0.0, 0.3, 1.0, 7.0, 40.0_f64] {
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-9, "{x}");
        }
        for x in [1.0, 1.5, 2.0, 9.0, 17.0, 51.0, 4e6_f64] {
            assert!((ln(x) - x.ln()).abs() < 1e-9, "{x}");
        }
        assert!((log_ratio(1.02, 0.02) + log_ratio(0.02, 1.02)).abs() < 1e-6);
        assert!((log_ratio(0.02, 1.02) - (0.02_f32 / 1.02).ln()).abs() < 1e-5);
        assert!((sigmoid(0.0) - 0.5).abs() < 1e-6);
        let mut shares = [0.0; 3];
        softmax(&[1.0, 1.0, 900.0], &mut shares);
        assert!(shares[2] > 0.999 && shares[0] >= 0.0);
    }
}
