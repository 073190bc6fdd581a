//! How many alarms are true where emergencies are rare.
//!
//! Examples hold far more emergencies than an inbox does, so the share of true alarms among them says nothing of one. With a
//! stated prevalence it follows from what examples do tell, sensitivity and the share of false alarms, by Bayes' theorem
//! (D. G. Altman, J. M. Bland, *Diagnostic tests 2: predictive values*, BMJ 309, 1994). The interval is that of its logit (N. D.
//! Mercaldo, K. F. Lau, X. H. Zhou, *Confidence intervals for predictive values with an emphasis to case-control studies*,
//! Statistics in Medicine 26, 2007), which takes the two shares from samples of their own, as ours are.

use super::Proportion;

/// The normal deviate of a 95 % interval.
const Z: f64 = 1.959_964;

/// The share of alarms that are true (positive predictive value), with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueAlarms {
    /// The share of messages that are emergencies, as it was stated.
    pub prevalence: f64,
    /// The share of alarms that are true.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl TrueAlarms {
    /// From the emergencies that were called so, the other messages that were, and a prevalence between 0 and 1. `None` where
    /// one of the two wasn't measured, or the prevalence is not between 0 and 1: there is nothing to tell.
    pub fn at(prevalence: f64, found: Proportion, false_alarms: Proportion) -> Option<Self> {
        if !(prevalence > 0.0 && prevalence < 1.0) || found.of == 0 || false_alarms.of == 0 {
            return None;
        }
        let (true_share, false_share) = (
            found.value() * prevalence,
            false_alarms.value() * (1.0 - prevalence),
        );
        let value = match true_share + false_share {
            0.0 => return None,
            all => true_share / all,
        };
        // Where nothing was missed or nothing was false the logit has no width: the authors' adjusted shares take their place.
        let whole = |share: Proportion| share.hits == 0 || share.hits == share.of;
        let adjusted = whole(found) || whole(false_alarms);
        let share = |of: Proportion| {
            let (hits, n) = (f64::from(of.hits), f64::from(of.of));
            if adjusted {
                ((hits + Z * Z / 2.0) / (n + Z * Z), n + Z * Z)
            } else {
                (hits / n, n)
            }
        };
        let ((se, ill), (fa, well)) = (share(found), share(false_alarms));
        let logit = (se * prevalence / (fa * (1.0 - prevalence))).ln();
        let half = Z * ((1.0 - se) / (se * ill) + (1.0 - fa) / (fa * well)).sqrt();
        let share_of = |logit: f64| 1.0 / (1.0 + (-logit).exp());
        Some(Self {
            prevalence,
            value,
            low: share_of(logit - half).min(value),
            high: share_of(logit + half).max(value),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(prevalence: f64, found: (u32, u32), alarms: (u32, u32)) -> Option<TrueAlarms> {
        let share = |(hits, of)| Proportion { hits, of };
        TrueAlarms::at(prevalence, share(found), share(alarms))
    }

    #[test]
    fn it_is_what_counting_an_inbox_gives() {
        // Of 10,000 messages 100 are emergencies: 90 are found, and of 9,900 others 495 are called so too.
        let told = at(0.01, (90, 100), (50, 1_000)).unwrap();
        assert!((told.value - 90.0 / 585.0).abs() < 1e-12, "{told:?}");
        // The logit is ln(0.9 / (0.05 * 99)) = -1.70475, its error sqrt(0.1/90 + 0.95/50) = 0.141814.
        assert!(
            (told.low - 0.12104).abs() < 5e-5 && (told.high - 0.19357).abs() < 5e-5,
            "{told:?}"
        );
        let more = at(0.03, (90, 100), (50, 1_000)).unwrap();
        assert!(more.value > told.value && more.low > told.low);
    }

    #[test]
    fn what_was_never_false_may_still_be() {
        let told = at(0.01, (50, 50), (0, 200)).unwrap();
        assert!((told.value - 1.0).abs() < 1e-12);
        assert!(
            told.low > 0.05 && told.low < 0.6 && (told.high - 1.0).abs() < 1e-12,
            "{told:?}"
        );
        let none = at(0.01, (0, 50), (10, 200)).unwrap();
        assert!(
            none.value.abs() < 1e-12 && none.low.abs() < 1e-12 && none.high > 0.0,
            "{none:?}"
        );
    }

    #[test]
    fn nothing_is_told_of_nothing() {
        for told in [
            at(0.0, (9, 10), (1, 10)),
            at(1.0, (9, 10), (1, 10)),
            at(f64::NAN, (9, 10), (1, 10)),
            at(0.01, (0, 0), (1, 10)),
            at(0.01, (9, 10), (0, 0)),
            at(0.01, (0, 10), (0, 10)),
        ] {
            assert_eq!(told, None);
        }
    }
}
