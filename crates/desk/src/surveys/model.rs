//! Ratings as values.

use crate::ids::QueueId;
use bedside_db::Timestamp;
use bedside_web::Locale;
use serde::Serialize;

/// Longest comment, in characters.
pub const MAX_COMMENT: usize = 2000;
/// The lowest score that counts as positive.
const POSITIVE: i64 = 4;

/// What a rating page says thanks for.
#[derive(Clone, Copy, Debug)]
pub struct Rated {
    /// The request's number.
    pub number: i64,
    /// The score as stored.
    pub score: i64,
    /// The language of the request.
    pub locale: Locale,
}

/// A rating, opened.
#[derive(Clone, Debug, Serialize)]
pub struct Rating {
    /// 1 to 5.
    pub score: i64,
    /// What else they said.
    pub comment: Option<String>,
    /// When it was first given.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Ratings of some days. CSAT is positive answers over all answers (4 or 5 of 5 are positive).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many answered.
    pub answers: i64,
    /// How many of them gave 4 or 5.
    pub positive: i64,
    /// All scores together.
    pub score_sum: i64,
    /// The same by queue.
    pub queues: Vec<QueueSummary>,
}

/// Ratings of one queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QueueSummary {
    /// Which.
    pub queue: QueueId,
    /// How many answered.
    pub answers: i64,
    /// How many of them gave 4 or 5.
    pub positive: i64,
    /// All scores together.
    pub score_sum: i64,
}

impl Summary {
    /// CSAT in percent; none while nobody answered.
    pub fn csat(&self) -> Option<f64> {
        percent(self.positive, self.answers)
    }
}

impl QueueSummary {
    /// CSAT in percent; none while nobody answered.
    pub fn csat(&self) -> Option<f64> {
        percent(self.positive, self.answers)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of ratings stay far below 2^52"
)]
fn percent(positive: i64, answers: i64) -> Option<f64> {
    (answers > 0).then(|| positive as f64 * 100.0 / answers as f64)
}

/// Days since 1970-01-01 UTC.
pub const fn day_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(86_400_000_000)
}

/// What one score adds to a day's counts: (answers, positive, sum).
pub(super) fn weight(score: i64) -> (i64, i64, i64) {
    (1, i64::from(score >= POSITIVE), score)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csat_is_positive_over_all() {
        let mut summary = Summary::default();
        assert_eq!(summary.csat(), None);
        for score in [5, 4, 3, 1] {
            let (answers, positive, sum) = weight(score);
            summary.answers += answers;
            summary.positive += positive;
            summary.score_sum += sum;
        }
        assert_eq!((summary.csat(), summary.score_sum), (Some(50.0), 13));
    }

    #[test]
    fn days_are_utc_days() {
        assert_eq!(day_of(Timestamp::from_micros(86_400_000_000 - 1)), 0);
        assert_eq!(day_of(Timestamp::from_micros(86_400_000_000)), 1);
        assert_eq!(day_of(Timestamp::from_micros(-1)), -1);
    }
}
