//! The files as TOML, before anything in them is checked.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::cues::RawCue;

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
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of its own in the file"
)]
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
    pub alone: bool,
    #[serde(default)]
    pub unless: Vec<Spanned<String>>,
    pub reason: Spanned<String>,
    pub review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ContextFile {
    pub cue: Vec<RawCue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConceptFile {
    pub section: Vec<RawSection>,
}

/// Words for things of one sort.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSection {
    pub reason: Spanned<String>,
    pub review: Spanned<String>,
    /// By the name of the concept.
    pub words: BTreeMap<Spanned<String>, Vec<Spanned<String>>>,
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
