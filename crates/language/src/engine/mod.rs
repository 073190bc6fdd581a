//! The engine: clinic's files in, verdicts out.
//!
//! A message is read once (`read`): folded, its segments and languages told, every rule's words found and
//! held against their context. Rules and model together say how dangerous it is (`danger`) and what it is
//! about (`topic`). Without a model the rules answer alone.

mod danger;
mod passage;
mod read;
#[cfg(test)]
pub(crate) mod tests;
mod topic;

use bytes::Bytes;

use crate::clinic::{self, ClinicFiles, Effect, LoadError, Reasons, Rule, Tongue};
use crate::detect::{self, Detected};
use crate::language::Language;
use crate::matcher::Matcher;
use crate::model::features::Features;
use crate::model::{Model, SUBJECTS, Signs, VOICES};
use crate::verdict::{Finding, Guard, Level, Message, Reason, SafetyKind, Verdict};

use danger::Meant;
pub use read::LOOKED_AT;
use read::{Look, Spoken};

/// Places shown for one rule.
const MAX_SPANS: usize = 8;
/// Where a clinic's model lies, below `clinic/`.
pub const MODEL_FILE: &str = "language/model.bin";

/// Triage by the clinic's own lexicons and a model. Immutable and cheap to share between threads.
#[derive(Debug)]
pub struct Engine {
    tongue: Tongue,
    rules: Vec<Rule>,
    matcher: Matcher,
    reasons: Reasons,
    model: Option<Model>,
}

impl Engine {
    /// Builds an engine from the files under `language/` (others are ignored) and the bytes of a model, which it keeps and
    /// reads where they are: those of the program take no memory of their own.
    /// What is refused is named; whoever loads anew keeps the engine that works.
    pub fn load(files: &ClinicFiles, model: Option<Bytes>) -> Result<Self, LoadError> {
        let knowledge = clinic::parse(files)?;
        let is_flag = |rule: &Rule| matches!(rule.effect, Effect::Danger(..));
        // A language whose danger nobody hears is a file that was cut off.
        if let Some(deaf) = Language::ALL.iter().find(|&&language| {
            let mut rules = knowledge.rules.iter();
            !rules.any(|rule| rule.language == language && is_flag(rule))
        }) {
            let file = format!("language/redflags.{deaf}.toml");
            return Err(LoadError::whole(file, "there is no flag in it"));
        }
        let matcher = Matcher::build(&knowledge)
            .map_err(|e| LoadError::whole("language/", format!("the phrases are too many: {e}")))?;
        let model = model
            .map(|bytes| Model::read(&bytes))
            .transpose()
            .map_err(|e| LoadError::whole(MODEL_FILE, e.to_string()))?;
        Ok(Self {
            tongue: knowledge.tongue,
            rules: knowledge.rules,
            matcher,
            reasons: knowledge.reasons,
            model,
        })
    }

    /// The same rules with another model, or with none.
    #[must_use]
    pub fn with_model(self, model: Option<Model>) -> Self {
        Self { model, ..self }
    }

    /// The model in use.
    pub fn model(&self) -> Option<&Model> {
        self.model.as_ref()
    }

    /// How the reason of a rule ([`Reason::rule`]) is said in a language: the words of that language's files, whatever
    /// language the rule is of. `None` where the files don't say it, or have no such rule any more.
    pub fn why(&self, rule: &str, language: Language) -> Option<&str> {
        self.reasons.get(rule, language)
    }

    /// Every name that [`Reason::rule`] can have, the model's own included.
    pub fn rules(&self) -> impl Iterator<Item = String> {
        let rules = self.rules.iter();
        let rules = rules.filter(|rule| !matches!(rule.effect, Effect::Concept(..)));
        rules
            .map(|rule| rule.id.clone())
            .chain(SafetyKind::ALL.iter().copied().map(clinic::of_model))
    }

    /// Names the language of a text. Looks at the first two kilobytes.
    pub fn detect(&self, text: &str) -> Detected {
        detect::detect(&self.tongue.markers, &self.tongue.writing, text)
    }

    /// Whether somebody speaks of themselves, or of what they took, in these words, by the words of the files for it. A name of
    /// a file in which nobody does says what lies in the file: a plan for seizures, a form that asks about suicide.
    pub fn speaks_of_oneself(&self, words: &str) -> bool {
        self.tongue.writing.disguises.speaks_of_oneself(words)
    }

    /// Looks at a message. Every language's rules run on every text, whatever its language, so that
    /// neither a wrong guess nor a mixed text hides a danger.
    pub fn triage(&self, message: &Message<'_>) -> Verdict {
        let look = self.look(message);
        let model = self.model.as_ref().map(|model| {
            let features = look.features(message);
            let sums = model.sums(&features);
            let recalled = model.recall(&features);
            (model, features, sums, recalled)
        });
        let model = model.as_ref().map(|(m, f, s, r)| (*m, f, s.as_slice(), r));
        let passage = model.and_then(|read| passage::loudest(&look, message, read));
        let danger = danger::decide(&look, model, passage.as_ref());
        let topic = topic::decide(&look, model, &danger.safety);

        let mut reasons: Vec<(f32, Reason)> = look
            .spoken
            .iter()
            .filter_map(|s| reason(&look, s, &danger))
            .chain(self.heard(&look, &danger))
            .collect();
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.rule.cmp(&b.1.rule)));
        let reasons: Vec<Reason> = reasons.into_iter().map(|(_, r)| r).collect();
        let mut safety = danger.safety;
        safety.reasons = (0..reasons.len())
            .filter(|&i| matches!(reasons[i].finding, Finding::Safety(_)))
            .collect();
        Verdict {
            unsure: topic.unsure
                || look.languages.main.language.is_none()
                || look.truncated.is_some(),
            language: look.languages.main,
            other_languages: look.languages.others,
            safety,
            category: topic.category,
            alternatives: topic.alternatives,
            urgency: topic.urgency,
            reasons,
            confidence: topic.confidence,
            truncated: look.truncated,
        }
    }

    /// The model's reason, said in the language of the message where the files say it, else in English.
    fn heard(&self, look: &Look<'_>, danger: &danger::Decided) -> Option<(f32, Reason)> {
        let heard = danger.heard.clone()?;
        let rule = clinic::of_model(heard.kind);
        let why = look
            .languages
            .main
            .language
            .and_then(|language| self.why(&rule, language))
            .or_else(|| self.why(&rule, Language::En))
            .unwrap_or(&rule)
            .to_owned();
        let reason = Reason {
            rule,
            finding: Finding::Safety(heard.kind),
            spans: heard.spans,
            around: Some(heard.around),
            why,
            guard: None,
        };
        Some((danger::MODEL_STRENGTH, reason))
    }

    fn look(&self, message: &Message<'_>) -> Look<'_> {
        Look::of(&self.tongue, &self.rules, &self.matcher, message)
    }

    /// What the model sees of a message.
    pub(crate) fn features(&self, message: &Message<'_>) -> Features {
        self.look(message).features(message)
    }

    /// What the rules and a model say of a message, before it is read as probabilities.
    pub(crate) fn said(&self, model: &Model, message: &Message<'_>) -> Said {
        let look = self.look(message);
        let features = look.features(message);
        let (sums, recalled) = (model.sums(&features), model.recall(&features));
        let heard = danger::listen(&look, (model, &features, &sums, &recalled));
        Said {
            signs: heard.signs,
            voices: [heard.subjects, recalled.near, recalled.words],
            at_least: look.at_least(&heard.signs),
            meant: danger::meant(&look),
        }
    }
}

/// What rules and model say of a message.
pub(crate) struct Said {
    /// What speaks for an emergency.
    pub signs: Signs,
    /// Scores of what it is about, as each voice says.
    pub voices: [[f32; SUBJECTS]; VOICES],
    /// The probability that it takes at least to raise an emergency.
    pub at_least: f32,
    /// What the rules make of it.
    pub meant: Meant,
}

/// How strongly a rule speaks, for the order, and what is shown of it.
fn reason(look: &Look<'_>, spoken: &Spoken<'_>, danger: &danger::Decided) -> Option<(f32, Reason)> {
    let mut guard = spoken.guard;
    let (finding, strength) = match spoken.rule.effect {
        // That somebody said hello is no reason for anything.
        Effect::Danger(_, Level::None) if spoken.rule.alone => return None,
        Effect::Danger(kind, level) => {
            let level = look.lowered(kind, level, guard);
            if guard.is_none() && level > danger.safety.level {
                guard = Some(Guard::Unlikely);
            }
            let strength = match level {
                Level::Emergency => 3e6,
                Level::Concern => 2e6,
                Level::None => 1e6,
            };
            (Finding::Safety(kind), strength)
        }
        Effect::Category(category, weight) => {
            (Finding::Category(category), topic::weighed(spoken, weight))
        }
        Effect::Urgency(urgency, weight) => {
            (Finding::Urgency(urgency), topic::weighed(spoken, weight))
        }
        Effect::Concept(..) => return None,
    };
    let spans = spoken.hits.iter().take(MAX_SPANS);
    let reason = Reason {
        rule: spoken.rule.id.clone(),
        finding,
        spans: spans.map(|h| look.folded.span(h.first, h.last)).collect(),
        around: None,
        why: spoken.rule.why.clone(),
        guard,
    };
    Some((strength, reason))
}
