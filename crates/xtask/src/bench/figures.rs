//! What was measured, against what was promised.

use serde_json::{Value, json};
use std::time::Duration;

/// A promise about one figure.
#[derive(Clone, Copy)]
pub enum Target {
    /// At least this many a second.
    AtLeast(f64),
    /// At most this many milliseconds in the slowest of a hundred.
    P99(f64),
    /// Both.
    Both(f64, f64),
    /// At most this much of the figure's own unit.
    AtMost(f64),
    /// Nothing was promised.
    None,
}

/// One round of requests.
pub struct Round {
    /// Each answer's time, sorted.
    pub times: Vec<Duration>,
    /// How long the round took.
    pub took: Duration,
    /// Processor time that the desk used meanwhile.
    pub cpu: Duration,
}

impl Round {
    /// Processor time of one answer, in microseconds.
    pub fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / count(self.times.len().max(1))
    }

    /// Answers a second.
    pub fn rate(&self) -> f64 {
        count(self.times.len()) / self.took.as_secs_f64()
    }

    /// The time within which 99 of 100 answers came, in milliseconds.
    pub fn p99(&self) -> f64 {
        self.within(0.99)
    }

    /// The time within which `share` (0 to 1) of all answers came, in milliseconds.
    fn within(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index into a list that fits into memory"
        )]
        let at = (count(self.times.len()) * share) as usize;
        let time = self.times.get(at.min(self.times.len().saturating_sub(1)));
        time.map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(number: usize) -> f64 {
    number as f64
}

/// What one round came to.
#[derive(Default)]
struct Summary {
    /// A second.
    rate: f64,
    p50_ms: f64,
    p99_ms: f64,
    cpu_us: f64,
}

/// One line of the report.
pub struct Figure {
    name: &'static str,
    target: Target,
    /// Of each round; a plain value stands in `rate` alone.
    rounds: Vec<Summary>,
    unit: &'static str,
}

impl Figure {
    /// Of rounds of requests.
    pub fn of(name: &'static str, target: Target, rounds: &[Round]) -> Self {
        let rounds = rounds.iter().map(|round| Summary {
            rate: round.rate(),
            p50_ms: round.within(0.5),
            p99_ms: round.p99(),
            cpu_us: round.cpu_each(),
        });
        Self {
            name,
            target,
            rounds: rounds.collect(),
            unit: "/s",
        }
    }

    /// A plain value.
    pub fn plain(name: &'static str, target: Target, value: f64, unit: &'static str) -> Self {
        Self::values(name, target, vec![value], unit)
    }

    /// How many times as much, one value a turn.
    pub fn ratio(name: &'static str, target: Target, turns: Vec<f64>) -> Self {
        Self::values(name, target, turns, "×")
    }

    /// One value a round.
    pub fn values(
        name: &'static str,
        target: Target,
        values: Vec<f64>,
        unit: &'static str,
    ) -> Self {
        let rounds = values.into_iter().map(|value| Summary {
            rate: value,
            ..Summary::default()
        });
        Self {
            name,
            target,
            rounds: rounds.collect(),
            unit,
        }
    }

    /// What was measured.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// (lowest, middle, highest) of all rounds.
    fn middle(&self, of: impl Fn(&Summary) -> f64) -> (f64, f64, f64) {
        let mut values: Vec<f64> = self.rounds.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
        (
            at(0),
            // Of an even number of rounds the worse one in the middle.
            match self.target {
                Target::AtMost(_) => at(values.len() / 2),
                _ => at(values.len().saturating_sub(1) / 2),
            },
            at(values.len().saturating_sub(1)),
        )
    }

    fn holds(&self) -> bool {
        let (_, value, _) = self.middle(|round| round.rate);
        let (_, p99, _) = self.middle(|round| round.p99_ms);
        match self.target {
            Target::AtLeast(least) => value >= least,
            Target::P99(most) => p99 < most,
            Target::Both(least, most) => value >= least && p99 < most,
            Target::AtMost(most) => value <= most,
            Target::None => true,
        }
    }

    fn promise(&self) -> String {
        match self.target {
            Target::AtLeast(least) => format!("≥ {least}{}", self.unit),
            Target::P99(most) => format!("p99 < {most} ms"),
            Target::Both(least, most) => format!("≥ {least}{}, p99 < {most} ms", self.unit),
            Target::AtMost(most) => format!("≤ {most} {}", self.unit),
            Target::None => "none".to_owned(),
        }
    }

    fn json(&self) -> Value {
        let (low, value, high) = self.middle(|round| round.rate);
        let (_, p50, _) = self.middle(|round| round.p50_ms);
        let (_, p99, p99_worst) = self.middle(|round| round.p99_ms);
        let (_, cpu, _) = self.middle(|round| round.cpu_us);
        json!({
            "name": self.name, "unit": self.unit, "value": value, "lowest": low, "highest": high, "p50_ms": p50,
            "p99_ms": p99, "p99_ms_worst": p99_worst, "desk_cpu_us": cpu, "rounds": self.rounds.len(), "promise": self.promise(),
            "holds": self.holds(),
        })
    }
}

/// Prints everything as a table, then as one line of JSON.
pub fn print(figures: &[Figure], options: &super::Options) {
    println!(
        "\n{:<42} {:>11} {:>13} {:>8} {:>8} {:>7}  promise",
        "figure", "middle", "lowest–highest", "p50 ms", "p99 ms", "cpu µs"
    );
    for figure in figures {
        let (low, value, high) = figure.middle(|round| round.rate);
        let (_, p50, _) = figure.middle(|round| round.p50_ms);
        let (_, p99, _) = figure.middle(|round| round.p99_ms);
        let (_, cpu, _) = figure.middle(|round| round.cpu_us);
        let sign = match (figure.target, figure.holds()) {
            (Target::None, _) => "",
            (_, true) => "holds",
            (_, false) => "FALLS SHORT",
        };
        let digits = if value.abs() < 10.0 { 2 } else { 0 };
        println!(
            "{:<42} {value:>7.digits$} {:<3} {:>13} {p50:>8.2} {p99:>8.2} {cpu:>7.0}  {} {sign}",
            figure.name,
            figure.unit,
            format!("{low:.digits$}–{high:.digits$}"),
            figure.promise()
        );
    }
    let all: Vec<Value> = figures.iter().map(Figure::json).collect();
    println!(
        "{}",
        json!({
            "tickets": options.tickets, "messages_each": options.messages, "large": options.large,
            "clients": super::CLIENTS, "figures": all,
        })
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_read_from_its_times() {
        let times = (1..=100).map(Duration::from_millis).collect();
        let round = Round {
            times,
            took: Duration::from_secs(2),
            cpu: Duration::from_millis(50),
        };
        assert!((round.rate() - 50.0).abs() < 0.001);
        assert!((round.within(0.99) - 100.0).abs() < 0.001);
        assert!((round.cpu_each() - 500.0).abs() < 0.001);
        let figure = Figure::of("x", Target::Both(49.0, 101.0), &[round]);
        assert!(figure.holds());
    }

    #[test]
    fn a_ratio_is_the_middle_of_its_turns() {
        let ratio = |turns: &[f64]| Figure::ratio("x", Target::AtMost(1.3), turns.to_vec());
        assert!(ratio(&[1.9, 1.3, 0.9]).holds());
        assert!(!ratio(&[1.31, 1.4, 0.9]).holds());
        assert!(!ratio(&[1.2, 1.4]).holds());
        let json = ratio(&[1.9, 1.3, 0.9]).json();
        assert_eq!(
            (&json["value"], &json["promise"]),
            (&json!(1.3), &json!("≤ 1.3 ×"))
        );
    }
}
