//! The files under `clinic/language/`: what they may say, and what is wrong with them.
//!
//! - `lexicon.LANG.toml`: words that speak for a category or an urgency.
//! - `redflags.LANG.toml`: words that may mean danger. Its table `[reasons]` says in this language why a rule spoke
//!   that exists in other languages alone, or why the model did.
//! - `concepts.toml` and `concepts.LANG.toml`: words for things, the same in every language, from which the
//!   model learns what belongs together ("chest" and "pressure"). They say nothing by themselves.
//! - `context.LANG.toml`: words that take a danger back ("no", "years ago", "if you have"), in lists that several cues
//!   may add to.
//! - `segments.toml`, `han.txt`, `disguises.toml` and `markers/LANG.txt`: how a text is read before any rule looks at it: quoted
//!   mail and signatures, the two Chinese scripts, words in disguise, the small words that tell languages.
//!
//! Phrases are written as people write them; case, accents and apostrophes don't matter. `bleed*` stands
//! for every word that begins so (`pain* in my chest` as well), ` ~ ` for up to four other words of the same sentence,
//! `#35-41` for a number from 35 to 41, and `@name` for every phrase of the list of that name.
//!
//! Every entry says why it is there (`reason`) and when somebody looks at it again (`review`); without, the file is refused.

mod cues;
mod each;
mod file;
mod phrase;
mod raw;
mod reasons;
mod review;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use crate::detect::Markers;
use crate::fold::Writing;
use crate::language::Language;
use crate::segments::Segments;
use crate::verdict::{Category, Level, SafetyKind, Urgency};
use cues::CUES;
pub(crate) use cues::{Cue, RawCue};
pub use file::{File, LoadError, text_of};
pub(crate) use phrase::{Part, Phrase};
use raw::{ConceptFile, ContextFile, LexiconFile, RedFlagFile};
use reasons::Written;
pub(crate) use reasons::{Reasons, of_model};
pub use review::{Review, reviews};

/// The contents of a clinic's files by path below `clinic/`, such as `language/lexicon.en.toml`.
pub type ClinicFiles = BTreeMap<String, String>;

/// Most phrases in all files together. Keeps loading and memory bounded.
const MAX_PHRASES: usize = 60_000;
/// Words within which the companions of a red flag must stand, where the flag doesn't say.
const COMPANION_REACH: u16 = 60;

/// What a rule says when its words are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Effect {
    Category(Category, f32),
    Urgency(Urgency, f32),
    Danger(SafetyKind, Level),
    /// One of the things that the model knows about.
    Concept(Concept),
}

/// One of the things that the model knows about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Concept {
    /// Its place among all of them.
    pub number: u16,
    /// It is no danger by itself.
    pub topic: bool,
    /// It is what a counsellor is for, and no danger.
    pub distress: bool,
    /// The kinds of danger that it may be part of.
    pub kinds: Kinds,
}

/// Some of the kinds of danger, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kinds(u32);

impl Kinds {
    pub fn add(&mut self, kind: SafetyKind) {
        self.0 |= 1 << kind as u32;
    }

    pub fn join(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub fn has(self, kind: SafetyKind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// An entry of a lexicon or a red flag.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a word of its own in the file"
)]
pub(crate) struct Rule {
    pub id: String,
    pub language: Language,
    pub effect: Effect,
    pub terms: Vec<Phrase>,
    /// One of these must stand near, where there are any.
    pub with_any: Vec<Phrase>,
    /// One of these as well.
    pub and_any: Vec<Phrase>,
    pub unless: Vec<Phrase>,
    /// How near, in words.
    pub within: u16,
    /// A red flag whose words are as often said where nobody is in danger: the model may make a concern of it.
    pub soft: bool,
    /// A wish of whoever writes, in words that nobody says of the past: what happened before, or to somebody else, is why they
    /// have it, and takes nothing back.
    pub wish: bool,
    /// The model isn't told that the rule spoke: it hears the words that the rule puts together by themselves.
    pub apart: bool,
    /// It speaks only where its words are all that is said: "help", but not "help with the form".
    pub alone: bool,
    pub why: String,
}

/// How a text is read before any rule looks at it.
#[derive(Debug)]
pub(crate) struct Tongue {
    pub writing: Arc<Writing>,
    pub markers: Markers,
    pub segments: Segments,
}

impl Tongue {
    pub fn read(files: &ClinicFiles) -> Result<Self, LoadError> {
        let writing = Arc::new(Writing::read(files)?);
        Ok(Self {
            markers: Markers::read(files, &writing)?,
            segments: Segments::read(files)?,
            writing,
        })
    }
}

/// Everything the files say.
#[derive(Debug)]
pub(crate) struct Knowledge {
    pub tongue: Tongue,
    pub rules: Vec<Rule>,
    pub cues: Vec<(Cue, Language, Phrase)>,
    pub reasons: Reasons,
}

const CONCEPTS: &str = "language/concepts.toml";

/// The concepts by name, in the order of the alphabet.
fn concept_names(
    files: &ClinicFiles,
    writing: &Arc<Writing>,
) -> Result<Vec<(String, Concept)>, LoadError> {
    let mut ids = BTreeMap::new();
    let mut reader = Reader {
        file: File::open(files, CONCEPTS)?,
        writing,
        language: Language::En,
        ids: &mut ids,
        sets: BTreeMap::new(),
        phrases: 0,
    };
    let file: raw::ConceptNames = reader.file.toml()?;
    let mut concepts = Vec::with_capacity(file.concept.len());
    for raw in &file.concept {
        reader.id(&raw.name)?;
        reader.why(&raw.reason, &raw.review)?;
        let mut kinds = Kinds::default();
        for kind in &raw.kinds {
            kinds.add(reader.code(kind, SafetyKind::from_code, "kind")?);
        }
        let concept = Concept {
            number: 0,
            topic: raw.topic,
            distress: raw.distress,
            kinds,
        };
        concepts.push((raw.name.get_ref().clone(), concept));
    }
    concepts.sort_by(|a, b| a.0.cmp(&b.0));
    for (number, (_, concept)) in (0..).zip(&mut concepts) {
        concept.number = number;
    }
    Ok(concepts)
}

/// Reads all language files of a clinic.
pub(crate) fn parse(files: &ClinicFiles) -> Result<Knowledge, LoadError> {
    let tongue = Tongue::read(files)?;
    let (mut rules, mut cues, mut read) = (Vec::new(), Vec::new(), 0);
    let mut ids = BTreeMap::new();
    let mut tables = Vec::new();
    let concepts = concept_names(files, &tongue.writing)?;
    for &language in Language::ALL {
        for kind in ["redflags", "lexicon", "context", "concepts"] {
            let mut reader = Reader {
                file: File::open(files, format!("language/{kind}.{language}.toml"))?,
                writing: &tongue.writing,
                language,
                ids: &mut ids,
                sets: BTreeMap::new(),
                phrases: read,
            };
            match kind {
                "redflags" => reader.red_flags(&mut rules, &mut tables)?,
                "lexicon" => reader.lexicon(&mut rules)?,
                "context" => reader.context(&mut cues)?,
                _ => reader.concepts(&concepts, &mut rules)?,
            }
            read = reader.phrases;
        }
    }
    Ok(Knowledge {
        reasons: Reasons::new(&rules, tables)?,
        tongue,
        rules,
        cues,
    })
}

struct Reader<'a> {
    file: File<'a>,
    writing: &'a Arc<Writing>,
    language: Language,
    /// Where each id was used first.
    ids: &'a mut BTreeMap<String, String>,
    sets: BTreeMap<String, Vec<Phrase>>,
    /// Read so far, over all files.
    phrases: usize,
}

impl Reader<'_> {
    fn red_flags(
        &mut self,
        rules: &mut Vec<Rule>,
        tables: &mut Vec<Written>,
    ) -> Result<(), LoadError> {
        let file: RedFlagFile = self.file.toml()?;
        for (id, text) in &file.reasons {
            tables.push(self.written(id, text)?);
        }
        for (name, terms) in &file.sets {
            if let Some(other) = terms.iter().find(|t| t.get_ref().starts_with('@')) {
                return Err(self.file.error(
                    other.span(),
                    "a list in [sets] holds phrases, no other list (@)",
                ));
            }
            let phrases = self.phrases(terms)?;
            self.sets.insert(name.clone(), phrases);
        }
        for raw in file.flag {
            let kind = self.code(&raw.kind, SafetyKind::from_code, "kind")?;
            let level = self.code(&raw.level, level, "level")?;
            let id = self.id(&raw.id)?;
            let why = self.why(&raw.reason, &raw.review)?;
            for said in each::said(&self.file, &raw)? {
                let rule = Rule {
                    id: id.clone(),
                    language: self.language,
                    effect: Effect::Danger(kind, level),
                    terms: self.phrases(&said.terms)?,
                    with_any: self.phrases(&said.with_any)?,
                    and_any: self.phrases(&said.and)?,
                    within: raw
                        .within
                        .as_ref()
                        .map_or(COMPANION_REACH, |within| *within.get_ref()),
                    soft: raw.soft,
                    wish: raw.wish,
                    apart: raw.apart,
                    alone: raw.alone,
                    unless: self.phrases(&said.unless)?,
                    why: why.clone(),
                };
                self.needs_terms(&rule, &raw.id)?;
                rules.push(rule);
            }
        }
        Ok(())
    }

    fn lexicon(&mut self, rules: &mut Vec<Rule>) -> Result<(), LoadError> {
        let file: LexiconFile = self.file.toml()?;
        for raw in file.entry {
            let weight = *raw.weight.get_ref();
            if !(weight > 0.0 && weight <= 10.0) {
                return Err(self.file.error(
                    raw.weight.span(),
                    "the weight must be above 0 and at most 10",
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
                    return Err(self.file.error(raw.id.span(), reason));
                }
            };
            let rule = Rule {
                id: self.id(&raw.id)?,
                language: self.language,
                effect,
                terms: self.phrases(&raw.terms)?,
                with_any: Vec::new(),
                and_any: Vec::new(),
                within: COMPANION_REACH,
                soft: false,
                wish: false,
                apart: false,
                alone: false,
                unless: self.phrases(&raw.unless)?,
                why: self.why(&raw.reason, &raw.review)?,
            };
            self.needs_terms(&rule, &raw.id)?;
            rules.push(rule);
        }
        Ok(())
    }

    fn context(&mut self, cues: &mut Vec<(Cue, Language, Phrase)>) -> Result<(), LoadError> {
        let file: ContextFile = self.file.toml()?;
        let lists = CUES.map(|(_, list, _)| list);
        let needed = CUES.iter().filter(|(.., needed)| *needed);
        let needed: Vec<&str> = needed.map(|(_, list, _)| *list).collect();
        let words = self.file.cues(&file.cue, lists, &needed)?;
        for ((cue, ..), words) in CUES.into_iter().zip(words) {
            for word in &words {
                let phrase = self.phrase(word)?;
                if !matches!(phrase.parts.as_slice(), [Part::Words { .. }]) {
                    return Err(self.file.error(
                        word.span(),
                        "a context phrase can't have a gap (~), an open end inside (*) or a range of numbers (#)",
                    ));
                }
                cues.push((cue, self.language, phrase));
            }
        }
        Ok(())
    }

    fn concepts(
        &mut self,
        names: &[(String, Concept)],
        rules: &mut Vec<Rule>,
    ) -> Result<(), LoadError> {
        let file: ConceptFile = self.file.toml()?;
        let mut all: BTreeMap<usize, Vec<Spanned<String>>> = BTreeMap::new();
        for section in file.section {
            self.file.grounds(&section.reason, &section.review)?;
            for (name, terms) in section.words {
                let place = names.binary_search_by(|(known, _)| known.cmp(name.get_ref()));
                let number = place.map_err(|_| {
                    let unknown = name.get_ref();
                    let reason = format!("the concept \"{unknown}\" is not in concepts.toml");
                    self.file.error(name.span(), reason)
                })?;
                if terms.is_empty() {
                    let reason = "a concept needs at least one word";
                    return Err(self.file.error(name.span(), reason));
                }
                all.entry(number).or_default().extend(terms);
            }
        }
        for (number, terms) in &all {
            let (name, concept) = &names[*number];
            rules.push(Rule {
                id: format!("{}.concept.{name}", self.language),
                language: self.language,
                effect: Effect::Concept(*concept),
                terms: self.phrases(terms)?,
                with_any: Vec::new(),
                and_any: Vec::new(),
                unless: Vec::new(),
                within: COMPANION_REACH,
                soft: false,
                wish: false,
                apart: false,
                alone: false,
                why: String::new(),
            });
        }
        Ok(())
    }

    fn code<T>(
        &self,
        raw: &Spanned<String>,
        read: impl Fn(&str) -> Option<T>,
        what: &str,
    ) -> Result<T, LoadError> {
        read(raw.get_ref()).ok_or_else(|| {
            self.file
                .error(raw.span(), format!("unknown {what} \"{}\"", raw.get_ref()))
        })
    }

    /// Ids are unique over all files; the language in front keeps translations apart.
    fn id(&mut self, raw: &Spanned<String>) -> Result<String, LoadError> {
        let id = raw.get_ref();
        let tidy = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_');
        if id.is_empty() || id.len() > 60 || !id.chars().all(tidy) {
            return Err(self.file.error(
                raw.span(),
                "an id has up to 60 small letters, digits, dots and underscores",
            ));
        }
        if reasons::is_of_model(id) {
            return Err(self.file.error(
                raw.span(),
                "ids that begin with \"model.\" are the model's own",
            ));
        }
        let full = format!("{}.{id}", self.language);
        if let Some(other) = self.ids.insert(full.clone(), self.file.name().to_owned()) {
            return Err(self.file.error(
                raw.span(),
                format!("the id \"{id}\" is already used in {other}"),
            ));
        }
        Ok(full)
    }

    fn why(&self, reason: &Spanned<String>, review: &Spanned<String>) -> Result<String, LoadError> {
        self.not_empty(reason)?;
        self.file.review(review)?;
        Ok(reason.get_ref().clone())
    }

    fn not_empty(&self, reason: &Spanned<String>) -> Result<(), LoadError> {
        if reason.get_ref().trim().is_empty() {
            return Err(self.file.error(
                reason.span(),
                "the reason is empty; it is what staff will read",
            ));
        }
        Ok(())
    }

    /// A line of the table of reasons.
    fn written(&self, id: &Spanned<String>, text: &Spanned<String>) -> Result<Written, LoadError> {
        self.not_empty(text)?;
        if text.get_ref().chars().count() > reasons::LONGEST {
            return Err(self.file.error(
                text.span(),
                format!("a reason has at most {} characters", reasons::LONGEST),
            ));
        }
        Ok(Written {
            language: self.language,
            id: id.get_ref().clone(),
            text: text.get_ref().clone(),
            refused: self.file.error(id.span(), ""),
        })
    }

    fn needs_terms(&self, rule: &Rule, id: &Spanned<String>) -> Result<(), LoadError> {
        if rule.terms.is_empty() {
            return Err(self
                .file
                .error(id.span(), "an entry needs at least one term"));
        }
        Ok(())
    }

    fn phrases(&mut self, raw: &[Spanned<String>]) -> Result<Vec<Phrase>, LoadError> {
        let mut phrases = Vec::with_capacity(raw.len());
        for term in raw {
            if let Some(name) = term.get_ref().strip_prefix('@') {
                let set = self.sets.get(name).ok_or_else(|| {
                    self.file.error(
                        term.span(),
                        format!("there is no list \"{name}\" in [sets]"),
                    )
                })?;
                phrases.extend_from_slice(set);
            } else {
                phrases.push(self.phrase(term)?);
            }
        }
        self.phrases += phrases.len();
        match raw.first() {
            Some(first) if self.phrases > MAX_PHRASES => Err(self.file.error(
                first.span(),
                format!("more than {MAX_PHRASES} phrases in all files together"),
            )),
            _ => Ok(phrases),
        }
    }

    fn phrase(&self, raw: &Spanned<String>) -> Result<Phrase, LoadError> {
        Phrase::read(raw.get_ref(), self.writing)
            .map_err(|reason| self.file.error(raw.span(), reason))
    }
}

/// The codes of a level that a flag may have. A hint raises nothing by itself; it speaks to the model.
fn level(code: &str) -> Option<Level> {
    match code {
        "hint" => Some(Level::None),
        "none" => None,
        other => Level::from_code(other),
    }
}
