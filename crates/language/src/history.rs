//! Danger that adds up: over the turns of a conversation and over a person's messages of the last days.
//!
//! Every turn leaves part of its risk behind. Time makes it fade; what is said later ("I'm fine, forget
//! it") doesn't take it back.

use serde::{Deserialize, Serialize};

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

/// Days for which the highest level is remembered.
const PEAK_DAYS: f32 = 7.0;
/// The least that an emergency and a concern leave behind, however unsure the model was where a rule raised them.
const EMERGENCY_RISK: f32 = 0.9;
const CONCERN_RISK: f32 = 0.5;

/// What is remembered of a person's earlier messages: numbers only, no words. Kept and handed back by the
/// desk.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
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
    /// Never below the message's own level; for seven days after an emergency never below a concern.
    pub level: Level,
    /// The kind of danger, of this message or of the one that weighed most.
    pub kind: Option<SafetyKind>,
    /// It is the earlier messages that raised the level.
    pub raised_by_history: bool,
}

impl History {
    /// Takes in the next message, `days` after the one before (0 for the first), and says what it means
    /// after them.
    pub fn take(&mut self, safety: &Safety, days: f32) -> InContext {
        let days = if days.is_finite() { days.max(0.0) } else { 0.0 };
        self.peak_age += days;
        if self.peak_age > PEAK_DAYS {
            (self.peak, self.kind) = (None, None);
        }
        let least = match safety.level {
            Level::Emergency => EMERGENCY_RISK,
            Level::Concern => CONCERN_RISK,
            Level::None => 0.0,
        };
        let faded = self.risk * (-days * std::f32::consts::LN_2 / HALF_LIFE_DAYS).exp();
        let own = ((safety.risk.max(least) - ORDINARY) / (1.0 - ORDINARY)).clamp(0.0, 1.0);
        let together = 1.0 - (1.0 - faded) * (1.0 - own);
        self.risk = 1.0 - (1.0 - faded) * (1.0 - own * KEPT);
        self.turns = self.turns.saturating_add(1);

        let lingering = self.peak == Some(Level::Emergency);
        let raised = if faded > 0.0 && together >= EMERGENCY && own > 0.3 {
            Level::Emergency
        } else if lingering || faded > 0.0 && together >= CONCERN {
            Level::Concern
        } else {
            Level::None
        };
        let level = safety.level.max(raised);
        if self.peak.is_none_or(|peak| level >= peak) {
            (self.peak, self.peak_age) = (Some(level), 0.0);
            self.kind = safety.kind.or(self.kind);
        }
        InContext {
            level,
            kind: safety.kind.or(self.kind).filter(|_| level > Level::None),
            raised_by_history: raised > safety.level,
        }
    }
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
    fn small_signs_add_up() {
        let mut history = History::default();
        assert_eq!(
            history.take(&turn(Level::None, 0.6), 0.0).level,
            Level::None
        );
        history.take(&turn(Level::None, 0.6), 0.0);
        let third = history.take(&turn(Level::None, 0.6), 0.0);
        assert_eq!(third.level, Level::Concern);
        assert!(third.raised_by_history);
    }

    #[test]
    fn ordinary_talk_adds_nothing() {
        let mut history = History::default();
        for _ in 0..50 {
            assert_eq!(
                history.take(&turn(Level::None, 0.1), 0.0).level,
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
            (after.level, after.kind),
            (Level::Concern, Some(SafetyKind::SelfHarm))
        );
        assert!(history.risk > before * 0.99);
        assert_eq!(
            history.take(&turn(Level::None, 0.02), 30.0).level,
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
                history.take(&turn(Level::None, 0.02), days).level,
                expected,
                "{days}"
            );
        }
        let mut history = History::default();
        history.take(&turn(Level::Emergency, 0.97), 0.0);
        history.take(&turn(Level::None, 0.02), 730.0);
        let thanks = history.take(&turn(Level::None, 0.02), 0.5);
        assert_eq!((thanks.level, thanks.kind), (Level::None, None));
    }

    #[test]
    fn what_was_raised_is_remembered() {
        let mut history = History::default();
        while history.take(&turn(Level::Concern, 0.7), 0.0).level < Level::Emergency {
            assert!(history.turns < 10, "{history:?}");
        }
        assert_eq!(history.peak, Some(Level::Emergency));
        assert_eq!(
            history.take(&turn(Level::None, 0.02), 5.0).level,
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

    #[test]
    fn what_was_kept_by_an_older_version_can_be_read() {
        let old = r#"{"risk":0.5,"peak":"emergency","kind":"cardiac","turns":3}"#;
        let history: History = serde_json::from_str(old).unwrap();
        assert_eq!((history.peak_age, history.turns), (0.0, 3));
    }

    proptest! {
        #[test]
        fn never_below_the_message_itself(turns in prop::collection::vec((0_usize..3, 0.0_f32..=1.0, 0.0_f32..9.0), 0..30)) {
            let mut history = History::default();
            for (level, risk, days) in turns {
                let safety = turn(Level::ALL[level], risk);
                let seen = history.take(&safety, days);
                prop_assert!(seen.level >= safety.level);
                prop_assert!((0.0..=1.0).contains(&history.risk));
            }
        }
    }
}
