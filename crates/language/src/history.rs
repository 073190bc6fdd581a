//! Danger that adds up: over the turns of a conversation and over a person's messages of the last days.
//!
//! Every turn leaves part of its risk behind. Time makes it fade; what is said later ("I'm fine, forget
//! it") doesn't take it back.

use crate::verdict::{Level, Safety, SafetyKind};

/// Days after which half of what was added up is left.
const HALF_LIFE_DAYS: f32 = 3.0;
/// Risk of a turn below which it leaves nothing behind: ordinary messages never are quite without.
const ORDINARY: f32 = 0.25;
/// How much of a turn's risk stays for the next ones.
const KEPT: f32 = 0.55;
/// Added-up risk from which a person looks today.
const CONCERN: f32 = 0.6;
/// Added-up risk from which it is an emergency.
const EMERGENCY: f32 = 0.92;

/// Share of a turn's risk above which it is a sign of despair among others, where the turns before it told of a crisis.
const SIGN: f32 = 0.3;

/// The least that an emergency and a concern leave behind, however unsure the model was where a rule raised them.
const EMERGENCY_RISK: f32 = 0.9;
const CONCERN_RISK: f32 = 0.5;
/// The most that a concern leaves behind, however sure it is to be one: two worries are two worries, three in a short time may
/// be more.
const CONCERN_MOST: f32 = 0.85;

/// What is remembered of a person's earlier messages: numbers only, no words.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct History {
    /// Added-up risk, 0 to 1, as of the last message.
    pub risk: f32,
    /// The highest level of the last seven days, raised ones included.
    pub peak: Option<Level>,
    /// Days between that message and the last one.
    pub peak_age: f32,
    /// The kind of danger at that time.
    pub kind: Option<SafetyKind>,
    /// Messages seen.
    pub turns: u32,
}

/// The level of a message in the light of those before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InContext {
    /// What it comes to, and what it leaves behind. The level is never below the message's own, and for seven days after an
    /// emergency never below a concern; the kind is this message's or that of the one that weighed most.
    pub trace: Trace,
    /// It is the earlier messages that raised the level.
    pub raised_by_history: bool,
}

/// What a message leaves behind: codes and a number, no words. Whoever keeps it hands it back to [`History::recall`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trace {
    /// How dangerous it was in the light of those before it.
    pub level: Level,
    /// The kind of danger.
    pub kind: Option<SafetyKind>,
    /// What it adds to the risk of those that come after it, 0 (nothing) to 1.
    pub risk: f32,
}

impl History {
    /// Days after which a message counts for nothing: nobody need hand back what is older.
    pub const DAYS: u16 = 7;

    /// Takes in the next message, `days` after the one before (0 for the first), and says what it means
    /// after them.
    pub fn take(&mut self, safety: &Safety, days: f32) -> InContext {
        let faded = self.pass(days);
        let told = number(safety.risk);
        let risk = match safety.level {
            Level::Emergency => told.max(EMERGENCY_RISK),
            Level::Concern => told.clamp(CONCERN_RISK, CONCERN_MOST),
            Level::None => told.min(CONCERN_MOST),
        };
        let own = ((risk - ORDINARY) / (1.0 - ORDINARY)).clamp(0.0, 1.0);
        let together = 1.0 - (1.0 - faded) * (1.0 - own);
        let lingering = self.peak == Some(Level::Emergency);
        // Despair that is told again and again is more than a worry, and a farewell after it need not name it. A sore toe and a
        // rash in one week are two worries.
        let newest = safety.level > Level::None
            && safety
                .kind
                .is_none_or(|kind| kind.is_crisis() || kind == SafetyKind::Other);
        let before = self.kind.is_some_and(SafetyKind::is_crisis);
        let despair = own > SIGN && (newest || before);
        let raised = if faded > 0.0 && together >= EMERGENCY && despair {
            Level::Emergency
        } else if lingering || faded > 0.0 && together >= CONCERN {
            Level::Concern
        } else {
            Level::None
        };
        let level = safety.level.max(raised);
        let trace = Trace {
            level,
            kind: safety.kind.or(self.kind).filter(|_| level > Level::None),
            risk: own,
        };
        self.keep(faded, trace);
        InContext {
            trace,
            raised_by_history: raised > safety.level,
        }
    }

    /// Takes in what an earlier message left behind, `days` after the one before (0 for the first): the same history comes out
    /// as from the messages themselves.
    pub fn recall(&mut self, trace: Trace, days: f32) {
        let faded = self.pass(days);
        self.keep(faded, trace);
    }

    /// What the days left of the risk.
    fn pass(&mut self, days: f32) -> f32 {
        let days = if days.is_finite() { days.max(0.0) } else { 0.0 };
        self.peak_age += days;
        if self.peak_age > f32::from(Self::DAYS) {
            (self.peak, self.kind) = (None, None);
        }
        self.risk * (-days * std::f32::consts::LN_2 / HALF_LIFE_DAYS).exp()
    }

    fn keep(&mut self, faded: f32, trace: Trace) {
        self.risk = 1.0 - (1.0 - faded) * (1.0 - number(trace.risk).clamp(0.0, 1.0) * KEPT);
        self.turns = self.turns.saturating_add(1);
        if self.peak.is_none_or(|peak| trace.level >= peak) {
            (self.peak, self.peak_age) = (Some(trace.level), 0.0);
            self.kind = trace.kind.or(self.kind);
        }
    }
}

/// A risk that is no number adds nothing. One of them in the sum would make all that comes after it none, and nothing would
/// ever be raised again.
const fn number(risk: f32) -> f32 {
    if risk.is_nan() { 0.0 } else { risk }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn turn(level: Level, risk: f32) -> Safety {
        Safety {
            level,
            kind: (level > Level::None).then_some(SafetyKind::SelfHarm),
            confidence: risk,
            risk,
            reasons: Vec::new(),
        }
    }

    #[test]
    fn a_risk_that_is_no_number_hides_nothing_that_comes_after_it() {
        let mut history = History::default();
        let broken = Trace {
            level: Level::None,
            kind: None,
            risk: f32::NAN,
        };
        history.recall(broken, 0.0);
        for level in [Level::None, Level::Concern] {
            assert!(history.take(&turn(level, f32::NAN), 0.0).trace.risk <= 1.0);
        }
        history.take(&turn(Level::None, 0.6), 0.0);
        history.take(&turn(Level::None, 0.6), 0.0);
        let last = history.take(&turn(Level::None, 0.6), 0.0);
        assert!(last.raised_by_history && history.risk <= 1.0, "{history:?}");
    }

    #[test]
    fn small_signs_add_up() {
        let mut history = History::default();
        assert_eq!(
            history.take(&turn(Level::None, 0.6), 0.0).trace.level,
            Level::None
        );
        history.take(&turn(Level::None, 0.6), 0.0);
        let third = history.take(&turn(Level::None, 0.6), 0.0);
        assert_eq!(third.trace.level, Level::Concern);
        assert!(third.raised_by_history);
    }

    #[test]
    fn a_third_worry_in_a_short_time_is_more_than_one_and_a_second_is_not() {
        let levels = |kind, days| -> Vec<Level> {
            let mut history = History::default();
            let sure = Safety {
                kind: Some(kind),
                ..turn(Level::Concern, 0.99)
            };
            (0..3)
                .map(|_| history.take(&sure, days).trace.level)
                .collect()
        };
        let (worry, cry) = (Level::Concern, Level::Emergency);
        assert_eq!(levels(SafetyKind::SelfHarm, 0.1), [worry, worry, cry]);
        assert_eq!(levels(SafetyKind::SelfHarm, 3.0), [worry, worry, worry]);
        assert_eq!(levels(SafetyKind::Trauma, 0.1), [worry, worry, worry]);
    }

    #[test]
    fn a_farewell_after_worries_need_not_name_the_despair() {
        let farewell = |kind, risk| {
            let mut history = History::default();
            for _ in 0..2 {
                let worry = Safety {
                    kind: Some(kind),
                    ..turn(Level::Concern, 0.9)
                };
                history.take(&worry, 0.1);
            }
            history.take(&turn(Level::None, risk), 0.1).trace
        };
        let cry = farewell(SafetyKind::SelfHarm, 0.84);
        assert_eq!(
            (cry.level, cry.kind),
            (Level::Emergency, Some(SafetyKind::SelfHarm))
        );
        assert_eq!(farewell(SafetyKind::SelfHarm, 0.2).level, Level::Concern);
        assert_eq!(farewell(SafetyKind::Trauma, 0.84).level, Level::Concern);
    }

    #[test]
    fn ordinary_talk_adds_nothing() {
        let mut history = History::default();
        for _ in 0..50 {
            assert_eq!(
                history.take(&turn(Level::None, 0.1), 0.0).trace.level,
                Level::None
            );
        }
    }

    #[test]
    fn a_retraction_takes_nothing_back_and_days_do() {
        let mut history = History::default();
        history.take(&turn(Level::Emergency, 0.97), 0.0);
        let before = history.risk;
        let after = history.take(&turn(Level::None, 0.02), 0.01);
        assert_eq!(
            (after.trace.level, after.trace.kind),
            (Level::Concern, Some(SafetyKind::SelfHarm))
        );
        assert!(history.risk > before * 0.99);
        assert_eq!(
            history.take(&turn(Level::None, 0.02), 30.0).trace.level,
            Level::None
        );
    }

    #[test]
    fn an_emergency_stays_in_sight_for_a_week_and_no_longer() {
        for (days, expected) in [
            (0.1, Level::Concern),
            (1.04, Level::Concern),
            (6.9, Level::Concern),
            (7.1, Level::None),
            (730.0, Level::None),
        ] {
            let mut history = History::default();
            history.take(&turn(Level::Emergency, 0.97), 0.0);
            assert_eq!(
                history.take(&turn(Level::None, 0.02), days).trace.level,
                expected,
                "{days}"
            );
        }
        let mut history = History::default();
        history.take(&turn(Level::Emergency, 0.97), 0.0);
        history.take(&turn(Level::None, 0.02), 730.0);
        let thanks = history.take(&turn(Level::None, 0.02), 0.5);
        assert_eq!((thanks.trace.level, thanks.trace.kind), (Level::None, None));
    }

    #[test]
    fn what_was_raised_is_remembered() {
        let mut history = History::default();
        while history.take(&turn(Level::Concern, 0.7), 0.0).trace.level < Level::Emergency {
            assert!(history.turns < 10, "{history:?}");
        }
        assert_eq!(history.peak, Some(Level::Emergency));
        assert_eq!(
            history.take(&turn(Level::None, 0.02), 5.0).trace.level,
            Level::Concern
        );
    }

    #[test]
    fn a_rule_that_raised_where_the_model_was_unsure_leaves_as_much_behind() {
        let mut history = History::default();
        history.take(&turn(Level::Emergency, 0.08), 0.0);
        assert!(history.risk > 0.4, "{history:?}");
        let mut history = History::default();
        history.take(&turn(Level::Concern, 0.08), 0.0);
        assert!(history.risk > 0.1, "{history:?}");
    }

    proptest! {
        #[test]
        fn never_below_the_message_itself(turns in prop::collection::vec((0_usize..3, 0.0_f32..=1.0, 0.0_f32..9.0), 0..30)) {
            let mut history = History::default();
            for (level, risk, days) in turns {
                let safety = turn(Level::ALL[level], risk);
                let seen = history.take(&safety, days);
                prop_assert!(seen.trace.level >= safety.level);
                prop_assert!((0.0..=1.0).contains(&history.risk));
            }
        }

        /// Whoever keeps only what adds something hears the same of the next message.
        #[test]
        fn what_was_left_behind_says_the_same_as_the_messages(turns in prop::collection::vec((0_usize..3, 0.0_f32..=1.0, 0.0_f32..1.4), 1..6)) {
            let (mut said, mut kept, mut at) = (History::default(), Vec::<(f32, Trace)>::new(), 0.0);
            for (level, risk, days) in turns {
                at += days;
                let (mut recalled, mut last) = (History::default(), None);
                for (then, trace) in &kept {
                    recalled.recall(*trace, last.map_or(0.0, |last| then - last));
                    last = Some(*then);
                }
                let safety = turn(Level::ALL[level], risk);
                let seen = said.take(&safety, days);
                let again = recalled.take(&safety, last.map_or(0.0, |last| at - last));
                prop_assert_eq!((seen.trace.level, seen.trace.kind), (again.trace.level, again.trace.kind));
                prop_assert_eq!(seen.raised_by_history, again.raised_by_history);
                kept.extend((seen.trace.risk > 0.0).then_some((at, seen.trace)));
            }
        }
    }
}
