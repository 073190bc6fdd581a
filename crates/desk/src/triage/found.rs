//! What was found in one message, as it is kept with it: codes, numbers and places, no words.

use bedside_db::Timestamp;
use bedside_language::{
    Field, Guard, History, InContext, Level, Reason, SafetyKind, Span, Trace, Verdict,
};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::ops::Range;

/// Earlier messages that are named as a reason.
const NAMED: usize = 5;
/// Reasons in the words that are kept.
const REASONS: usize = 6;

/// What was found about danger in a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// How dangerous it is, in the light of what the same person wrote before.
    pub level: Level,
    /// The kind of danger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SafetyKind>,
    /// How likely the level is right by the words alone, 0 to 1; none where the words alone are not as dangerous, and where a
    /// rule's words are an emergency whatever the model says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub likely: Option<f32>,
    /// What spoke, strongest first, what its context took back included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Spoke>,
    /// Where it is these that raised the level: the person's earlier messages, the most dangerous first, then the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// What it adds to the messages that come after it, in thousandths. Kept beside the rest, so that it can be found.
    #[serde(skip)]
    pub danger: i64,
}

/// A rule, or the model, that spoke for a danger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spoke {
    /// Which.
    pub rule: String,
    /// What its context makes of it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<Guard>,
    /// Where its words stand in the text, in bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Range<usize>>,
    /// The sentences that the model heard it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<Range<usize>>,
    /// Whether some of it stands in the subject. Where it stands there is not kept: a subject can be changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_subject: bool,
    /// Whether it stands in a file or a name, where nothing is marked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
}

/// An earlier message of the same person in which something was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// The number of its request then.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What was found.
    pub level: Level,
    /// The kind of danger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SafetyKind>,
}

/// What an earlier message left behind, and where it stands.
#[derive(Clone, Debug)]
pub struct Left {
    /// The number of its request.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What it left.
    pub trace: Trace,
}

impl Default for Found {
    /// Nothing.
    fn default() -> Self {
        Self {
            level: Level::None,
            kind: None,
            likely: None,
            reasons: Vec::new(),
            earlier: Vec::new(),
            danger: 0,
        }
    }
}

impl Left {
    /// What a message that is kept as `found` left. None where a later version wrote what this one can't read.
    pub fn of(number: i64, at: Timestamp, found: &str, danger: i64) -> Option<Self> {
        let found = Found::read(found)?;
        Some(Self {
            number,
            at,
            trace: Trace {
                level: found.level,
                kind: found.kind,
                risk: f32::from(u16::try_from(danger).unwrap_or(1000)) / 1000.0,
            },
        })
    }
}

impl Found {
    /// Whether it is earlier messages that make it as dangerous as it is.
    pub fn is_raised(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// Whether the message's own words, as they are kept, are as dangerous as it was taken to be: neither earlier messages,
    /// nor its subject, a file or a name. Where something speaks that nothing takes back, that decides.
    pub fn is_by_its_words(&self) -> bool {
        if self.is_raised() {
            return false;
        }
        if self.level == Level::None || self.reasons.is_empty() {
            return true;
        }
        let in_words = |spoke: &Spoke| !spoke.places.is_empty() || spoke.around.is_some();
        let meant = |spoke: &&Spoke| spoke.guard.is_none();
        // A rule whose words are meant says where the danger stands; the model hears the subject and the words together.
        let firm = |spoke: &&Spoke| spoke.is_firm();
        if self.reasons.iter().any(Spoke::is_firm) {
            self.reasons.iter().filter(firm).any(in_words)
        } else if self.reasons.iter().any(|spoke| meant(&spoke)) {
            self.reasons.iter().filter(meant).any(in_words)
        } else {
            self.reasons.iter().any(in_words)
        }
    }

    /// What [`stored`](Self::stored) gave; none where a later version wrote what this one can't read.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What a verdict says, written at `at` after `earlier` messages, oldest first.
    pub fn of(verdict: &Verdict, earlier: &[Left], at: Timestamp) -> Self {
        let mut history = History::default();
        let mut last = None;
        let mut days = |at: Timestamp| {
            let since = last.replace(at).map_or(0, |last| at.seconds_since(last));
            days_of(since)
        };
        for left in earlier {
            history.recall(left.trace, days(left.at));
        }
        let seen = history.take(&verdict.safety, days(at));
        Self::in_context(verdict, &seen, earlier)
    }

    fn in_context(verdict: &Verdict, seen: &InContext, earlier: &[Left]) -> Self {
        let mut named: Vec<&Left> = earlier
            .iter()
            .rev()
            .filter(|_| seen.raised_by_history)
            .collect();
        named.sort_by_key(|left| Reverse(left.trace.level));
        let dangers = verdict.safety.reasons.iter().take(REASONS);
        let reasons: Vec<Spoke> = dangers.map(|&at| Spoke::of(&verdict.reasons[at])).collect();
        let by_rule = seen.trace.level == Level::Emergency && reasons.iter().any(Spoke::is_firm);
        Self {
            level: seen.trace.level,
            kind: seen.trace.kind,
            likely: (!seen.raised_by_history && !by_rule).then_some(verdict.safety.confidence),
            reasons,
            earlier: named
                .into_iter()
                .take(NAMED)
                .map(|left| Earlier {
                    number: left.number,
                    at: left.at,
                    level: left.trace.level,
                    kind: left.trace.kind,
                })
                .collect(),
            danger: thousandths(seen.trace.risk),
        }
    }

    /// The form that is stored; none where nothing was found that is worth keeping.
    pub fn stored(&self) -> Result<Option<String>, serde_json::Error> {
        let says = self.level > Level::None || self.danger > 0 || !self.reasons.is_empty();
        says.then(|| serde_json::to_string(self)).transpose()
    }

    /// The same of what came beside the words: its places are none of theirs.
    #[must_use]
    pub fn beside(mut self) -> Self {
        for spoke in &mut self.reasons {
            spoke.places.clear();
            spoke.around = None;
            spoke.in_subject = false;
            spoke.beside = true;
        }
        self
    }

    /// The same with its places in `body`, where `said` was looked at in its stead, which leaves some of it out or holds more.
    /// Words that stand in one of the two more often than in the other have no place: nobody knows which of them are meant.
    #[must_use]
    pub fn within(mut self, said: &str, body: &str) -> Self {
        let moved = |place: &Range<usize>| {
            let words = said.get(place.clone())?;
            let times = said
                .match_indices(words)
                .position(|(at, _)| at == place.start)?;
            let places: Vec<usize> = body.match_indices(words).map(|(at, _)| at).collect();
            let at = *places.get(times)?;
            (said.matches(words).count() == places.len()).then_some(at..at + words.len())
        };
        for spoke in &mut self.reasons {
            spoke.places = spoke.places.iter().filter_map(moved).collect();
            spoke.around = spoke.around.as_ref().and_then(moved);
        }
        self
    }
}

impl Spoke {
    fn of(reason: &Reason) -> Self {
        let within = |span: &Span| (span.field == Field::Body).then_some(span.start..span.end);
        Self {
            rule: reason.rule.clone(),
            guard: reason.guard,
            places: reason.spans.iter().filter_map(within).collect(),
            around: reason.around.as_ref().and_then(within),
            in_subject: reason
                .spans
                .iter()
                .chain(&reason.around)
                .any(|span| span.field == Field::Subject),
            beside: false,
        }
    }

    /// Whether a rule's words are meant as they stand.
    fn is_firm(&self) -> bool {
        self.guard.is_none() && !self.rule.starts_with("model.")
    }
}

/// Days of some seconds; what is longer than anybody remembers is cut off.
fn days_of(seconds: i64) -> f32 {
    let minutes = (seconds / 60).clamp(0, i64::from(u16::MAX));
    f32::from(u16::try_from(minutes).unwrap_or(u16::MAX)) / (24.0 * 60.0)
}

/// A share in whole thousandths.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a share lies between 0 and 1"
)]
fn thousandths(share: f32) -> i64 {
    (share.clamp(0.0, 1.0) * 1000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a place of `said` stands in `body`.
    fn moved(place: Range<usize>, said: &str, body: &str) -> Option<Range<usize>> {
        let spoke = Spoke {
            rule: "en.cardiac.chest_pain".to_owned(),
            guard: None,
            places: vec![place.clone()],
            around: Some(place),
            in_subject: false,
            beside: false,
        };
        let found = Found {
            reasons: vec![spoke],
            ..Found::default()
        };
        let spoke = found.within(said, body).reasons.remove(0);
        assert_eq!(spoke.places.first(), spoke.around.as_ref());
        spoke.around
    }

    #[test]
    fn places_follow_their_words() {
        let (said, body) = (
            "pain: pain here\nlost\npain there",
            "pain here\n\npain there",
        );
        for (words, expected) in [
            ("pain h", Some(0..6)),
            ("pain t", Some(11..17)),
            ("lost", None),
        ] {
            let at = said.find(words).unwrap();
            assert_eq!(moved(at..at + words.len(), said, body), expected, "{words}");
        }
        // The second of two, those that the other text has more or less often, and none of the text.
        let twice = "pain, and pain";
        assert_eq!(moved(18..22, "I wrote: pain and pain", twice), Some(10..14));
        assert_eq!(moved(6..10, said, body), None);
        assert_eq!(moved(0..4, "pain", body), None);
        assert_eq!(moved(30..99, said, body), None);
        // Words of the quoted part alone, which stand in the own ones as a part of others.
        let (said, own) = (
            "All good on my side\n> we od on Sunday",
            "All good on my side",
        );
        let quoted = said.rfind("od on").unwrap();
        assert_eq!(moved(quoted..quoted + 5, said, own), None);
    }

    #[test]
    fn the_most_dangerous_of_the_earlier_ones_is_named_first() {
        let left = |minutes: i64, level, risk| Left {
            number: minutes,
            at: Timestamp::from_micros(0).plus_seconds(minutes * 60),
            trace: Trace {
                level,
                kind: Some(SafetyKind::SelfHarm),
                risk,
            },
        };
        let mut earlier = vec![left(0, Level::Emergency, 0.9)];
        earlier.extend((1..9).map(|minutes| left(minutes, Level::None, 0.1)));
        earlier.push(left(9, Level::Concern, 0.5));
        let engine = bedside_language::Engine::load(&crate::startup::built_in_clinic(), None);
        let verdict = engine.unwrap().triage(&bedside_language::Message {
            channel: bedside_language::Channel::Email,
            subject: "",
            body: "Thank you",
            hint_language: None,
        });
        let found = Found::of(&verdict, &earlier, Timestamp::from_micros(3_600_000_000));
        let numbers: Vec<i64> = found.earlier.iter().map(|one| one.number).collect();
        assert_eq!(
            (found.level, numbers),
            (Level::Concern, vec![0, 9, 8, 7, 6])
        );
    }

    #[test]
    fn its_words_are_what_stands_in_its_text() {
        const PLACE: Range<usize> = 0..4;
        let spoke = |guard, places: &[Range<usize>], beside: bool| Spoke {
            rule: "en.self_harm.kill_myself".to_owned(),
            guard,
            places: places.to_vec(),
            around: None,
            in_subject: !beside && places.is_empty(),
            beside,
        };
        let found = |reasons: Vec<Spoke>| Found {
            level: Level::Emergency,
            reasons,
            ..Found::default()
        };
        let (own, subject, file) = (
            spoke(None, &[PLACE], false),
            spoke(None, &[], false),
            spoke(None, &[], true),
        );
        let denied = spoke(Some(Guard::Negated), &[PLACE], false);
        assert!(found(vec![subject.clone(), own.clone()]).is_by_its_words());
        assert!(found(vec![denied.clone()]).is_by_its_words());
        assert!(Found::default().is_by_its_words());
        for elsewhere in [
            vec![subject.clone()],
            vec![file.clone()],
            vec![file, subject.clone()],
            vec![subject, denied],
        ] {
            let found = found(elsewhere);
            assert!(!found.is_by_its_words(), "{found:?}");
        }
        let mut raised = found(vec![own]);
        raised.earlier.push(Earlier {
            number: 1,
            at: Timestamp::from_micros(0),
            level: Level::Emergency,
            kind: None,
        });
        assert!(!raised.is_by_its_words());
    }

    #[test]
    fn what_a_later_version_wrote_is_nothing() {
        let stored = r#"{"level":"concern","kind":"self_harm"}"#;
        let read = Found::read(stored).unwrap();
        assert_eq!(
            (read.level, read.kind),
            (Level::Concern, Some(SafetyKind::SelfHarm))
        );
        for unknown in [
            "",
            "[]",
            r#"{"level":"later"}"#,
            r#"{"level":"none","kind":"later"}"#,
        ] {
            assert_eq!(Found::read(unknown), None, "{unknown}");
        }
    }
}
