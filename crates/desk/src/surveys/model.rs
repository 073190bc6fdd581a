//! Ratings as values.

use crate::ids::{QueueId, StaffId, TicketId};
use bedside_db::Timestamp;
use bedside_web::Locale;
use serde::Serialize;
use std::collections::BTreeMap;

/// Longest comment, in characters.
pub const MAX_COMMENT: usize = 2000;
/// The lowest score that counts as positive.
const POSITIVE: i64 = 4;

/// What a rating page answers to.
#[derive(Clone, Copy, Debug)]
pub struct Rated {
    /// The request's number; of the one that the comment opened, if it did.
    pub number: i64,
    /// The score as stored.
    pub score: i64,
    /// The language of the request.
    pub locale: Locale,
    /// Whether somebody may be in danger, by the comment.
    pub danger: bool,
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

/// Ratings, counted. CSAT is positive answers over all answers (4 or 5 of 5 are positive).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// How many answered.
    pub answers: i64,
    /// How many of them gave 4 or 5.
    pub positive: i64,
    /// All scores together.
    pub score_sum: i64,
}

/// Ratings of some days.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All of them.
    pub all: Count,
    /// The same by the queue in which the request was when it was first rated; most answers first.
    pub queues: Vec<(QueueId, Count)>,
    /// The same by the person who had the request then; most answers first. Everybody for those who lead, otherwise
    /// only the reader.
    pub people: Vec<(StaffId, Count)>,
    /// The same by seven days, the last ones first: (first day, see [`day_of`], count).
    pub weeks: Vec<(i64, Count)>,
}

/// A rating in a list, opened.
#[derive(Clone, Debug)]
pub struct Given {
    /// Which request.
    pub ticket: TicketId,
    /// 1 to 5.
    pub score: i64,
    /// What else they said.
    pub comment: Option<String>,
    /// When it was first given.
    pub created_at: Timestamp,
    /// Who had the request then.
    pub staff: Option<StaffId>,
}

/// Where a list of ratings goes on.
pub type Place = (Timestamp, TicketId);

impl Count {
    /// CSAT in percent; none while nobody answered.
    pub fn csat(&self) -> Option<f64> {
        ratio(self.positive, self.answers).map(|share| share * 100.0)
    }

    /// The mean score; none while nobody answered.
    pub fn mean(&self) -> Option<f64> {
        ratio(self.score_sum, self.answers)
    }
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.answers += other.answers;
        self.positive += other.positive;
        self.score_sum += other.score_sum;
    }
}

impl std::ops::Sub for Count {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            answers: self.answers - other.answers,
            positive: self.positive - other.positive,
            score_sum: self.score_sum - other.score_sum,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of ratings stay far below 2^52"
)]
fn ratio(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The counts of days and queues, added up. `days` are (day, queue, count) with `to_day` as the last one.
pub(super) fn add_up(days: &[(i64, QueueId, Count)], to_day: i64) -> Summary {
    let mut all = Count::default();
    let (mut queues, mut weeks) = (BTreeMap::new(), BTreeMap::new());
    for (day, queue, count) in days {
        all += *count;
        *queues.entry(*queue).or_default() += *count;
        *weeks.entry((to_day - day).div_euclid(7)).or_default() += *count;
    }
    Summary {
        all,
        queues: most_first(queues),
        people: Vec::new(),
        weeks: weeks
            .into_iter()
            .map(|(back, count)| (to_day - back * 7 - 6, count))
            .collect(),
    }
}

/// Those with most answers first.
pub(super) fn most_first<K: Ord>(counts: BTreeMap<K, Count>) -> Vec<(K, Count)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(count.answers));
    counts
}

/// Days since 1970-01-01 UTC.
pub const fn day_of(at: Timestamp) -> i64 {
    at.micros().div_euclid(86_400_000_000)
}

/// What one score counts for.
pub(super) fn weight(score: i64) -> Count {
    Count {
        answers: 1,
        positive: i64::from(score >= POSITIVE),
        score_sum: score,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn some(scores: &[i64]) -> Count {
        let mut count = Count::default();
        for score in scores {
            count += weight(*score);
        }
        count
    }

    #[test]
    fn csat_is_positive_over_all() {
        assert_eq!(
            (Count::default().csat(), Count::default().mean()),
            (None, None)
        );
        let count = some(&[5, 4, 3, 1]);
        assert_eq!((count.csat(), count.mean()), (Some(50.0), Some(3.25)));
    }

    #[test]
    fn a_correction_changes_the_score_and_not_the_answers() {
        let change = weight(2) - weight(5);
        assert_eq!(
            (change.answers, change.positive, change.score_sum),
            (0, -1, -3)
        );
    }

    #[test]
    fn days_are_utc_days() {
        assert_eq!(day_of(Timestamp::from_micros(86_400_000_000 - 1)), 0);
        assert_eq!(day_of(Timestamp::from_micros(86_400_000_000)), 1);
        assert_eq!(day_of(Timestamp::from_micros(-1)), -1);
    }

    #[test]
    fn days_add_up_to_queues_and_weeks() {
        let queue = |number| QueueId::from_uuid(Uuid::from_u128(number));
        let days = [
            (100, queue(1), some(&[5])),
            (94, queue(2), some(&[1, 2])),
            (93, queue(2), some(&[4])),
        ];
        let sum = add_up(&days, 100);
        assert_eq!(sum.all, some(&[5, 1, 2, 4]));
        assert_eq!(
            sum.queues,
            vec![(queue(2), some(&[1, 2, 4])), (queue(1), some(&[5]))]
        );
        assert_eq!(sum.weeks, vec![(94, some(&[5, 1, 2])), (87, some(&[4]))]);
    }
}
