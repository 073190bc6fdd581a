//! The wording of reasons, by the language of whoever reads them.
//!
//! A rule's own `reason` is its wording in the language of its file. What exists in other languages alone, and what
//! the model says, has its wording in the table `[reasons]` of `redflags.LANG.toml`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Effect, LoadError, Rule};
use crate::language::Language;
use crate::verdict::SafetyKind;

/// What stands before the kind of danger in the name of the model's own reason.
const MODEL: &str = "model.";
/// Longest wording in a table, in characters.
pub(super) const LONGEST: usize = 300;

/// The name of the model's own reason for a kind of danger.
pub(crate) fn of_model(kind: SafetyKind) -> String {
    format!("{MODEL}{kind}")
}

/// Whether an id is one of the model's own.
pub(super) fn is_of_model(id: &str) -> bool {
    id.starts_with(MODEL)
}

/// One line of a table, before it is known which rules there are.
pub(super) struct Written {
    pub language: Language,
    pub id: String,
    pub text: String,
    /// What says where it stands, should it be refused.
    pub refused: LoadError,
}

/// Every wording there is, by language and by the rule's id without its language.
#[derive(Debug, Default)]
pub(crate) struct Reasons(BTreeMap<Language, BTreeMap<String, String>>);

impl Reasons {
    /// Puts the rules' own wordings and those of the tables together. A line about a rule that doesn't exist, or that
    /// says its reason in the same language itself, would never be read and is refused.
    pub(super) fn new(rules: &[Rule], tables: Vec<Written>) -> Result<Self, LoadError> {
        let mut all: BTreeMap<Language, BTreeMap<String, String>> = BTreeMap::new();
        let of_kinds: Vec<String> = SafetyKind::ALL.iter().copied().map(of_model).collect();
        let mut known: BTreeSet<&str> = of_kinds.iter().map(String::as_str).collect();
        for rule in rules
            .iter()
            .filter(|rule| !matches!(rule.effect, Effect::Concept(..)))
        {
            let id = bare(&rule.id);
            known.insert(id);
            let of_language = all.entry(rule.language).or_default();
            of_language.insert(id.to_owned(), rule.why.clone());
        }
        for one in tables {
            let refused = |reason: String| LoadError {
                reason,
                ..one.refused.clone()
            };
            if !known.contains(one.id.as_str()) {
                return Err(refused(format!(
                    "there is no rule \"{}\" in any language",
                    one.id
                )));
            }
            let of_language = all.entry(one.language).or_default();
            if of_language.contains_key(&one.id) {
                let id = &one.id;
                return Err(refused(format!(
                    "the rule \"{id}\" of this language says its reason itself"
                )));
            }
            of_language.insert(one.id, one.text);
        }
        Ok(Self(all))
    }

    /// The wording of a rule's reason in a language. `rule` is its full id, such as `vi.cardiac.chest`.
    pub fn get(&self, rule: &str, language: Language) -> Option<&str> {
        let text = self.0.get(&language)?.get(bare(rule))?;
        Some(text)
    }
}

/// A rule's id without the language it is of.
fn bare(rule: &str) -> &str {
    let without = |language: &Language| rule.strip_prefix(language.tag())?.strip_prefix('.');
    Language::ALL.iter().find_map(without).unwrap_or(rule)
}
