//! The files as TOML, before anything in them is checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LexiconFile {
    pub entry: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEntry {
    pub id: Spanned<String>,
    pub category: Option<Spanned<String>>,
    pub urgency: Option<Spanned<String>>,
    pub weight: Spanned<f32>,
    pub terms: Vec<Spanned<String>>,
    #[serde(default)]
    pub unless: Vec<Spanned<String>>,
    pub reason: Spanned<String>,
    pub review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RedFlagFile {
    /// Named lists of phrases, to be used as `@name` in `terms`, `with`, `and` and `unless`.
    #[serde(default)]
    pub sets: BTreeMap<String, Vec<Spanned<String>>>,
    /// Reasons of other languages' rules and of the model, in this language, by id.
    #[serde(default)]
    pub reasons: BTreeMap<Spanned<String>, Spanned<String>>,
    pub flag: Vec<RawFlag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFlag {
    pub id: Spanned<String>,
    pub kind: Spanned<String>,
    pub level: Spanned<String>,
    /// Words that stand for `{}` in the phrases, one at a time.
    #[serde(default)]
    pub each: Vec<Spanned<String>>,
    pub terms: Vec<Spanned<String>>,
    #[serde(default, rename = "with")]
    pub with_any: Vec<Spanned<String>>,
    #[serde(default)]
    pub and: Vec<Spanned<String>>,
    pub within: Option<Spanned<u16>>,
    #[serde(default)]
    pub soft: bool,
    #[serde(default)]
    pub wish: bool,
    #[serde(default)]
    pub apart: bool,
    #[serde(default)]
    pub unless: Vec<Spanned<String>>,
    pub reason: Spanned<String>,
    pub review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContextFile {
    pub negation: Vec<Spanned<String>>,
    #[serde(default)]
    pub negation_near: Vec<Spanned<String>>,
    pub negation_after: Vec<Spanned<String>>,
    pub list: Vec<Spanned<String>>,
    pub hypothetical: Vec<Spanned<String>>,
    #[serde(default)]
    pub hypothetical_after: Vec<Spanned<String>>,
    pub historical: Vec<Spanned<String>>,
    pub overrules: Vec<Spanned<String>>,
    #[serde(default)]
    pub now: Vec<Spanned<String>>,
    pub stop: Vec<Spanned<String>>,
    #[serde(default)]
    pub subject: Vec<Spanned<String>>,
    #[serde(default)]
    pub detail_denied: Vec<Spanned<String>>,
    #[serde(default)]
    pub relative: Vec<Spanned<String>>,
    #[serde(default)]
    pub figure: Vec<Spanned<String>>,
    #[serde(default)]
    pub hypothetical_hint: Vec<Spanned<String>>,
    #[serde(default)]
    pub historical_hint: Vec<Spanned<String>>,
    #[serde(default)]
    pub figure_hint: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConceptNames {
    pub concept: Vec<RawConcept>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConcept {
    pub name: Spanned<String>,
    #[serde(default)]
    pub topic: bool,
    #[serde(default)]
    pub distress: bool,
    #[serde(default)]
    pub kinds: Vec<Spanned<String>>,
    pub reason: Spanned<String>,
    pub review: Spanned<String>,
}
