//! The files under `clinic/language/`: what they may say, and what is wrong with them.
//!
//! - `lexicon.LANG.toml`: words that speak for a category or an urgency.
//! - `redflags.LANG.toml`: words that may mean danger.
//! - `context.LANG.toml`: words that take a danger back ("no", "years ago", "if you have").
//!
//! Phrases are written as people write them; case, accents and apostrophes don't matter. `bleed*` stands
//! for every word that begins so, and ` ~ ` for up to four other words of the same sentence.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use serde::Deserialize;
use thiserror::Error;
use toml::Spanned;

use crate::fold::fold_phrase;
use crate::language::Language;
use crate::verdict::{Category, Level, SafetyKind, Urgency};

/// The contents of a clinic's files by path below `clinic/`, such as `language/lexicon.en.toml`.
pub type ClinicFiles = BTreeMap<String, String>;

/// A clinic's file that can't be used. Holds nothing about patients; fit to be shown to an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}, line {line}: {reason}")]
pub struct LoadError {
    /// Path below `clinic/`.
    pub file: String,
    /// Line, counted from 1; 0 when the file as a whole is missing.
    pub line: usize,
    /// What is wrong, in plain words.
    pub reason: String,
}

/// Most phrases in all files together. Keeps loading and memory bounded.
const MAX_PHRASES: usize = 50_000;
/// Longest phrase in bytes, as written.
const MAX_PHRASE: usize = 120;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LexiconFile {
    entry: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    id: Spanned<String>,
    category: Option<Spanned<String>>,
    urgency: Option<Spanned<String>>,
    weight: Spanned<f32>,
    terms: Vec<Spanned<String>>,
    #[serde(default)]
    unless: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedFlagFile {
    flag: Vec<RawFlag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFlag {
    id: Spanned<String>,
    kind: Spanned<String>,
    level: Spanned<String>,
    terms: Vec<Spanned<String>>,
    #[serde(default, rename = "with")]
    with_any: Vec<Spanned<String>>,
    #[serde(default)]
    unless: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContextFile {
    negation: Vec<Spanned<String>>,
    negation_after: Vec<Spanned<String>>,
    list: Vec<Spanned<String>>,
    hypothetical: Vec<Spanned<String>>,
    historical: Vec<Spanned<String>>,
    overrules: Vec<Spanned<String>>,
    stop: Vec<Spanned<String>>,
}

/// A phrase, folded, in its parts: `~` lies between them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phrase {
    pub parts: Vec<Part>,
}

/// Words that follow each other without a gap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub words: String,
    /// The last word may go on (`bleed*`).
    pub open: bool,
}

/// What a rule says when its words are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Effect {
    Category(Category, f32),
    Urgency(Urgency, f32),
    Danger(SafetyKind, Level),
}

/// An entry of a lexicon or a red flag.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub id: String,
    pub effect: Effect,
    pub terms: Vec<Phrase>,
    pub with_any: Vec<Phrase>,
    pub unless: Vec<Phrase>,
    pub why: String,
}

/// What a phrase of a context file does to a red flag near it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cue {
    /// Negates what follows.
    Negation,
    /// Negates what stands before.
    NegationAfter,
    /// Holds a negated list together ("no fever, cough **or** pain").
    List,
    /// Makes what follows a condition.
    Hypothetical,
    /// Puts its surroundings in the past.
    Historical,
    /// Looks like a cue inside and isn't one ("no relief from"), or says that it is happening now.
    Overrules,
    /// Ends the reach of every cue ("but").
    Stop,
}

/// Everything the files say.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    pub rules: Vec<Rule>,
    pub cues: Vec<(Cue, Phrase)>,
}

/// Reads all language files of a clinic.
pub(crate) fn parse(files: &ClinicFiles) -> Result<Knowledge, LoadError> {
    let mut knowledge = Knowledge::default();
    let mut ids = BTreeMap::new();
    for &language in Language::ALL {
        for kind in ["redflags", "lexicon", "context"] {
            let name = format!("language/{kind}.{language}.toml");
            let Some(text) = files.get(&name) else {
                return Err(LoadError {
                    file: name,
                    line: 0,
                    reason: format!(
                        "the file is missing; every shipped language needs one ({language})"
                    ),
                });
            };
            let mut reader = Reader {
                name: &name,
                text,
                language,
                ids: &mut ids,
            };
            match kind {
                "redflags" => reader.red_flags(&mut knowledge.rules)?,
                "lexicon" => reader.lexicon(&mut knowledge.rules)?,
                _ => reader.context(&mut knowledge.cues)?,
            }
        }
    }
    Ok(knowledge)
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    language: Language,
    /// Where each id was used first.
    ids: &'a mut BTreeMap<String, String>,
}

impl Reader<'_> {
    fn red_flags(&mut self, rules: &mut Vec<Rule>) -> Result<(), LoadError> {
        let file: RedFlagFile = self.toml()?;
        for raw in file.flag {
            let kind = self.code(&raw.kind, SafetyKind::from_code, "kind")?;
            let level = self.code(&raw.level, Level::from_code, "level")?;
            if level == Level::None {
                return Err(self.error(
                    raw.level.span(),
                    "a red flag is either \"concern\" or \"emergency\"".into(),
                ));
            }
            let rule = Rule {
                id: self.id(&raw.id)?,
                effect: Effect::Danger(kind, level),
                terms: self.phrases(&raw.terms)?,
                with_any: self.phrases(&raw.with_any)?,
                unless: self.phrases(&raw.unless)?,
                why: self.why(&raw.reason, &raw.review)?,
            };
            self.needs_terms(&rule, &raw.id)?;
            rules.push(rule);
        }
        Ok(())
    }

    fn lexicon(&mut self, rules: &mut Vec<Rule>) -> Result<(), LoadError> {
        let file: LexiconFile = self.toml()?;
        for raw in file.entry {
            let weight = *raw.weight.get_ref();
            if !(weight > 0.0 && weight <= 10.0) {
                return Err(self.error(
                    raw.weight.span(),
                    "the weight must be above 0 and at most 10".into(),
                ));
            }
            let effect = match (&raw.category, &raw.urgency) {
                (Some(category), None) => Effect::Category(
                    self.code(category, Category::from_code, "category")?,
                    weight,
                ),
                (None, Some(urgency)) => {
                    Effect::Urgency(self.code(urgency, Urgency::from_code, "urgency")?, weight)
                }
                _ => {
                    let reason = "an entry speaks for one category or for one urgency, not for both or neither";
                    return Err(self.error(raw.id.span(), reason.into()));
                }
            };
            let rule = Rule {
                id: self.id(&raw.id)?,
                effect,
                terms: self.phrases(&raw.terms)?,
                with_any: Vec::new(),
                unless: self.phrases(&raw.unless)?,
                why: self.why(&raw.reason, &raw.review)?,
            };
            self.needs_terms(&rule, &raw.id)?;
            rules.push(rule);
        }
        Ok(())
    }

    fn context(&mut self, cues: &mut Vec<(Cue, Phrase)>) -> Result<(), LoadError> {
        let file: ContextFile = self.toml()?;
        for (cue, terms) in [
            (Cue::Negation, &file.negation),
            (Cue::NegationAfter, &file.negation_after),
            (Cue::List, &file.list),
            (Cue::Hypothetical, &file.hypothetical),
            (Cue::Historical, &file.historical),
            (Cue::Overrules, &file.overrules),
            (Cue::Stop, &file.stop),
        ] {
            for term in terms {
                let phrase = self.phrase(term)?;
                if phrase.parts.len() != 1 {
                    return Err(
                        self.error(term.span(), "a context phrase can't have a gap (~)".into())
                    );
                }
                cues.push((cue, phrase));
            }
        }
        Ok(())
    }

    fn toml<T: serde::de::DeserializeOwned>(&self) -> Result<T, LoadError> {
        toml::from_str(self.text)
            .map_err(|e| self.error(e.span().unwrap_or(0..0), e.message().replace('\n', "; ")))
    }

    fn error(&self, at: Range<usize>, reason: String) -> LoadError {
        let line = 1 + self
            .text
            .get(..at.start)
            .unwrap_or_default()
            .matches('\n')
            .count();
        LoadError {
            file: self.name.to_owned(),
            line,
            reason,
        }
    }

    fn code<T>(
        &self,
        raw: &Spanned<String>,
        read: impl Fn(&str) -> Option<T>,
        what: &str,
    ) -> Result<T, LoadError> {
        read(raw.get_ref())
            .ok_or_else(|| self.error(raw.span(), format!("unknown {what} \"{}\"", raw.get_ref())))
    }

    /// Ids are unique over all files; the language in front keeps translations apart.
    fn id(&mut self, raw: &Spanned<String>) -> Result<String, LoadError> {
        let id = raw.get_ref();
        let tidy = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
        if id.is_empty() || id.len() > 60 || !id.chars().all(tidy) {
            return Err(self.error(
                raw.span(),
                "an id has up to 60 small letters, digits, dots and underscores".into(),
            ));
        }
        let full = format!("{}.{id}", self.language);
        if let Some(other) = self.ids.insert(full.clone(), self.name.to_owned()) {
            return Err(self.error(
                raw.span(),
                format!("the id \"{id}\" is already used in {other}"),
            ));
        }
        Ok(full)
    }

    fn why(&self, reason: &Spanned<String>, review: &Spanned<String>) -> Result<String, LoadError> {
        if reason.get_ref().trim().is_empty() {
            return Err(self.error(
                reason.span(),
                "the reason is empty; it is what staff will read".into(),
            ));
        }
        if review.get_ref().parse::<Date>().is_err() {
            return Err(self.error(
                review.span(),
                "the review date must look like 2027-05-31".into(),
            ));
        }
        Ok(reason.get_ref().clone())
    }

    fn needs_terms(&self, rule: &Rule, id: &Spanned<String>) -> Result<(), LoadError> {
        if rule.terms.is_empty() {
            return Err(self.error(id.span(), "an entry needs at least one term".into()));
        }
        Ok(())
    }

    fn phrases(&self, raw: &[Spanned<String>]) -> Result<Vec<Phrase>, LoadError> {
        if raw.len() > MAX_PHRASES {
            return Err(self.error(raw[0].span(), format!("more than {MAX_PHRASES} phrases")));
        }
        raw.iter().map(|r| self.phrase(r)).collect()
    }

    fn phrase(&self, raw: &Spanned<String>) -> Result<Phrase, LoadError> {
        let text = raw.get_ref();
        if text.len() > MAX_PHRASE {
            return Err(self.error(
                raw.span(),
                format!("a phrase has at most {MAX_PHRASE} bytes"),
            ));
        }
        let mut parts = Vec::new();
        for part in text.split('~') {
            let part = part.trim();
            let open = part.ends_with('*');
            let words = fold_phrase(part.trim_end_matches('*'));
            if words.is_empty() || words.contains('*') {
                return Err(self.error(raw.span(), format!("no words in \"{text}\"")));
            }
            if open && words.chars().count() < 3 {
                return Err(self.error(
                    raw.span(),
                    "at least three letters must stand before *".into(),
                ));
            }
            parts.push(Part { words, open });
        }
        if parts.len() > 4 {
            return Err(self.error(raw.span(), "a phrase has at most three gaps (~)".into()));
        }
        Ok(Phrase { parts })
    }
}
