//! The composer's coach: says, beside a draft, what would make it plainer and kinder.
//!
//! Advice and nothing else: it never blocks, never rewrites by itself and never judges who wrote. A piece of
//! [`Advice`] names a text key with its values, so that the reason reaches staff in their language while the draft
//! stays in the patient's. What it knows is in `clinic/language/coach/`; English and Spanish are complete, drafts in
//! other languages get the checks that need no words. A draft is looked at in the language it is written in ([`language_of`]).

mod checks;
mod forms;
mod grade;
mod jargon;
mod knowledge;
mod syllables;

use std::ops::Range;

use crate::clinic::{ClinicFiles, LoadError};
use crate::distress::Kind as DistressKind;
use crate::engine::Engine;
use crate::fold::is_wide;
use crate::language::Language;
use crate::lexis::Text;
pub use grade::{Formula, Grade, grade};
use knowledge::Knowledge;

/// Bytes of a draft, and of the patient's words, that are looked at.
pub const LOOKED_AT: usize = 32 * 1024;
/// Pieces of advice at most: more is a wall nobody reads.
pub const MAX_ADVICE: usize = 16;

/// Letters from which a draft tells its own language. A name, "OK" or a dose could be of any, and a short sentence of Spanish
/// of Portuguese as well: of messages of 60 to 100 letters four in 1,591 were mistaken for it.
const OWN: usize = 60;
/// Characters of a draft whose language is asked for.
const SAMPLE: usize = 2_000;
/// How sure that must be.
const SURE: f32 = 0.75;

/// Languages whose words the coach knows.
const LANGUAGES: [&str; 2] = ["en", "es"];

/// What is known about the letter a draft answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// BCP 47 tag of the draft's language; the region does not matter.
    pub language: &'a str,
    /// The patient's name as it is on file.
    pub name: Option<&'a str>,
    /// What the patient wrote last; empty when unknown.
    pub patient: &'a str,
    /// What the patient's words sound like ([`crate::distress::Listener::look`]).
    pub distress: Option<DistressKind>,
    /// Whether the author may give medical advice.
    pub clinical: bool,
}

/// What a piece of advice is about. The order is the order of importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// Medical advice by somebody who is not clinical staff.
    MedicalAdvice,
    /// Playing therapist: promises, interpretations, secrets.
    Boundary,
    /// Words that close doors or hurt.
    Phrase,
    /// The concern is not acknowledged.
    Acknowledge,
    /// The concern is not said back.
    Summarise,
    /// No next step.
    NextStep,
    /// A next step without a time.
    Time,
    /// The patient's name is missing.
    Name,
    /// A gap that is still to be filled in.
    Unfinished,
    /// A word patients may not know.
    Jargon,
    /// A sentence that is too long.
    LongSentence,
    /// The whole is hard to read.
    Grade,
}

impl Code {
    /// The stable name, such as `long_sentence`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MedicalAdvice => "medical_advice",
            Self::Boundary => "boundary",
            Self::Phrase => "phrase",
            Self::Acknowledge => "acknowledge",
            Self::Summarise => "summarise",
            Self::NextStep => "next_step",
            Self::Time => "time",
            Self::Name => "name",
            Self::Unfinished => "unfinished",
            Self::Jargon => "jargon",
            Self::LongSentence => "long_sentence",
            Self::Grade => "grade",
        }
    }
}

/// One piece of advice.
#[derive(Debug, Clone, PartialEq)]
pub struct Advice {
    /// What it is about.
    pub code: Code,
    /// Key of the reason in the text files (`coach-…`).
    pub key: &'static str,
    /// Values for the reason.
    pub values: Vec<(&'static str, String)>,
    /// Where in the draft, in bytes; empty when something is missing.
    pub spans: Vec<Range<usize>>,
    /// What to change to follow it; empty when only a person can. They do not overlap.
    pub fixes: Vec<Fix>,
}

/// A change of the draft. A gap left for the author is written `…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Bytes to replace; an empty range puts something in.
    pub span: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

/// The draft with the changes made. Changes that do not fit the draft are left out.
pub fn apply(draft: &str, fixes: &[Fix]) -> String {
    let mut sorted: Vec<&Fix> = fixes.iter().collect();
    sorted.sort_by_key(|fix| (fix.span.start, fix.span.end));
    let mut out = String::with_capacity(draft.len() + 64);
    let mut at = 0;
    for fix in sorted {
        if fix.span.start < at || fix.span.end < fix.span.start {
            continue;
        }
        if let (Some(before), Some(_)) =
            (draft.get(at..fix.span.start), draft.get(fix.span.clone()))
        {
            out.push_str(before);
            out.push_str(&fix.text);
            at = fix.span.end;
        }
    }
    out.push_str(&draft[at..]);
    out
}

/// The language a draft is written in, where it is long and plain enough to tell; else `otherwise`, that of whoever gets it.
pub fn language_of(engine: &Engine, draft: &str, otherwise: Language) -> Language {
    let sample = &draft[..draft
        .char_indices()
        .nth(SAMPLE)
        .map_or(draft.len(), |(at, _)| at)];
    let letters = |text: &str| text.chars().filter(|c| c.is_alphabetic()).count();
    // A letter that stands alone belongs to no language: "a)", "B 12".
    let words: Vec<&str> = sample
        .split_whitespace()
        .filter(|word| letters(word) > 1)
        .collect();
    let words = words.join(" ");
    // One sign of Chinese or Korean is a syllable or a word, and no other language here is written with them.
    let wide = words.chars().filter(|c| is_wide(*c)).count();
    if letters(&words) + 4 * wide < OWN {
        return otherwise;
    }
    let told = engine.detect(&words);
    told.language
        .filter(|_| told.confidence >= SURE)
        .unwrap_or(otherwise)
}

/// The keys of every reason the coach may give ([`Advice::key`]).
pub fn keys() -> impl Iterator<Item = &'static str> {
    checks::KEYS
        .iter()
        .chain(grade::KEYS)
        .chain(&["coach-jargon"])
        .copied()
        .chain(knowledge::keys())
}

/// The coach, ready to read drafts.
#[derive(Debug)]
pub struct Coach {
    languages: Vec<(&'static str, Knowledge)>,
}

impl Coach {
    /// Reads `language/coach/*.toml` of a clinic.
    ///
    /// # Errors
    /// File, line and reason of the first entry that can't be used.
    pub fn load(files: &ClinicFiles) -> Result<Self, LoadError> {
        let languages = LANGUAGES
            .iter()
            .map(|&tag| Ok((tag, Knowledge::load(files, tag)?)));
        Ok(Self {
            languages: languages.collect::<Result<_, LoadError>>()?,
        })
    }

    /// What would make this draft better, most important first; [`MAX_ADVICE`] at most.
    pub fn advise(&self, draft: &str, context: &Context<'_>) -> Vec<Advice> {
        let text = Text::new(draft, LOOKED_AT);
        let mut advice = Vec::new();
        if text.words.is_empty() {
            return advice;
        }
        let tag = primary(context.language);
        if let Some((_, knowledge)) = self.languages.iter().find(|(known, _)| *known == tag) {
            checks::advise(&text, knowledge, context, &mut advice);
        }
        checks::unfinished(&text, &mut advice);
        grade::advise(&text, tag, &mut advice);
        advice.sort_by_key(|one| {
            let place = one.spans.first().map_or(0, |span| span.start);
            (weight(one.code, context), one.code, place)
        });
        advice.truncate(MAX_ADVICE);
        advice
    }

    /// Whether the words of a language are known; without, a draft in it is looked at for its length, its sentences and open
    /// gaps alone.
    pub fn knows(&self, language: &str) -> bool {
        let tag = primary(language);
        self.languages.iter().any(|(known, _)| *known == tag)
    }

    /// How many plain alternatives and rewrites are known in a language: (jargon, phrases).
    pub fn known(&self, language: &str) -> (usize, usize) {
        let tag = primary(language);
        self.languages
            .iter()
            .find(|(known, _)| *known == tag)
            .map_or((0, 0), |(_, knowledge)| knowledge.counts)
    }
}

/// What goes before the order of the codes: to somebody in distress, being seen matters more than every other word.
fn weight(code: Code, context: &Context<'_>) -> u8 {
    match code {
        Code::MedicalAdvice | Code::Boundary => 0,
        Code::Acknowledge if context.distress.is_some() => 1,
        _ => 2,
    }
}

/// The language of a tag, without script and region.
fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or_default()
}
