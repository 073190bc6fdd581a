//! Distress short of a crisis: grief, anger, despair, fear.
//!
//! It tells staff that a person is carrying something heavy, so that the desk can offer a trained counsellor or a
//! senior colleague. It never decides about danger: self-harm, violence and emergencies are the engine's, which looks
//! first and with other means. The words are in `clinic/language/distress.LANG.toml`.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::clinic::{ClinicFiles, File, LoadError, RawCue};
use crate::language::Language;
use crate::lexis::{Hit, Negation, Phrases, PhrasesBuilder, Text};

/// Bytes of a text that are looked at.
pub const LOOKED_AT: usize = 32 * 1024;
/// Most places that are shown.
const MAX_SPANS: usize = 12;

/// What weighs on somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Kind {
    /// Hopeless, worn out, alone with it. First, because it must not be taken for one of the others.
    Despair,
    /// Loss of somebody or something.
    Grief,
    /// Angry, let down, treated unfairly.
    Anger,
    /// Afraid of what is coming.
    Fear,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Despair, Self::Grief, Self::Anger, Self::Fear];

    /// The stable name, such as `grief`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Despair => "despair",
            Self::Grief => "grief",
            Self::Anger => "anger",
            Self::Fear => "fear",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// How plainly it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// A hint: choose words with care.
    Mild,
    /// Plain: offer a person who can help with it.
    Clear,
    /// Several signs, or one that leaves no doubt: offer it now.
    Strong,
}

/// Distress that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Distress {
    /// What weighs most.
    pub kind: Kind,
    /// How plainly it shows.
    pub strength: Strength,
    /// The words that show it, in bytes of the text.
    pub spans: Vec<Range<usize>>,
    /// The reasons of the clinic's entries that spoke, strongest first.
    pub why: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    cue: Vec<RawCue>,
    sign: Vec<RawSign>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSign {
    kind: Spanned<String>,
    weight: Spanned<u8>,
    terms: Vec<Spanned<String>>,
    #[serde(default)]
    unless: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Sign(usize),
    Unless(usize),
    Negation,
    Stop,
}

#[derive(Debug)]
struct Sign {
    language: Language,
    kind: Kind,
    weight: u8,
    why: String,
}

/// Knows the words of distress.
#[derive(Debug)]
pub struct Listener {
    phrases: Phrases,
    meanings: Vec<Meaning>,
    signs: Vec<Sign>,
}

impl Listener {
    /// Reads `language/distress.LANG.toml` of a clinic. The words of all languages are tried on every text: people mix them.
    ///
    /// # Errors
    /// File, line and reason of the first entry that can't be used.
    pub fn load(files: &ClinicFiles) -> Result<Self, LoadError> {
        let (mut builder, mut meanings, mut signs) =
            (PhrasesBuilder::default(), Vec::new(), Vec::new());
        let mut last = None;
        for &language in Language::ALL {
            let file = File::open(files, format!("language/distress.{language}.toml"))?;
            let raw: RawFile = file.toml()?;
            let mut add = |terms: &[Spanned<String>], meaning| {
                meanings.push(meaning);
                file.phrases(terms, meanings.len() - 1, &mut builder)
            };
            let lists = ["negation", "stop"];
            let [negation, stop] = file.cues(&raw.cue, lists, &lists)?;
            add(&negation, Meaning::Negation)?;
            add(&stop, Meaning::Stop)?;
            for sign in raw.sign {
                let Some(kind) = Kind::from_code(sign.kind.get_ref()) else {
                    return Err(file.error(
                        sign.kind.span(),
                        format!("unknown kind \"{}\"", sign.kind.get_ref()),
                    ));
                };
                let weight = *sign.weight.get_ref();
                if !(1..=3).contains(&weight) {
                    return Err(file.error(sign.weight.span(), "the weight is 1, 2 or 3"));
                }
                if sign.terms.is_empty() {
                    return Err(file.error(sign.kind.span(), "an entry needs at least one term"));
                }
                file.review(&sign.review)?;
                let why = file.words(&sign.reason)?;
                add(&sign.terms, Meaning::Sign(signs.len()))?;
                add(&sign.unless, Meaning::Unless(signs.len()))?;
                signs.push(Sign {
                    language,
                    kind,
                    weight,
                    why,
                });
            }
            last = Some(file);
        }
        let last = last.ok_or_else(|| LoadError::whole("language/distress", "no language"))?;
        Ok(Self {
            phrases: last.build(builder)?,
            meanings,
            signs,
        })
    }

    /// The distress a text shows, if any.
    pub fn look(&self, text: &str) -> Option<Distress> {
        let text = Text::new(text, LOOKED_AT);
        let hits = self.phrases.find(&text);
        let negation = Negation::of(&hits, |tag| match self.meanings[tag] {
            Meaning::Negation => Some(true),
            Meaning::Stop => Some(false),
            _ => None,
        });
        let spoken: Vec<(usize, &Hit)> = hits
            .iter()
            .filter_map(|hit| match self.meanings[hit.tag] {
                Meaning::Sign(sign) => Some((sign, hit)),
                _ => None,
            })
            .filter(|(sign, hit)| {
                !negation.takes_back(&text, &hit.words) && !self.is_excused(&hits, *sign, hit)
            })
            .collect();
        Kind::ALL
            .into_iter()
            .filter_map(|kind| self.weigh(&text, kind, &spoken))
            .max_by_key(|(total, found)| (*total, std::cmp::Reverse(found.kind)))
            .map(|(_, found)| found)
    }

    /// All signs of one kind together.
    fn weigh(
        &self,
        text: &Text<'_>,
        kind: Kind,
        spoken: &[(usize, &Hit)],
    ) -> Option<(u32, Distress)> {
        let spoken = self.once(kind, spoken);
        let signs: BTreeSet<_> = spoken
            .iter()
            .map(|(sign, _)| (std::cmp::Reverse(self.signs[*sign].weight), *sign))
            .collect();
        let mut total: u32 = signs.iter().map(|(weight, _)| u32::from(weight.0)).sum();
        if total == 0 {
            return None;
        }
        if kind == Kind::Anger && is_loud(text) {
            total += 1;
        }
        let strength = match total {
            1 => Strength::Mild,
            2 => Strength::Clear,
            _ => Strength::Strong,
        };
        let spans = spoken
            .iter()
            .take(MAX_SPANS)
            .map(|(_, hit)| text.span(&hit.words))
            .collect();
        let why = signs
            .iter()
            .map(|(_, sign)| self.signs[*sign].why.clone())
            .collect();
        Some((
            total,
            Distress {
                kind,
                strength,
                spans,
                why,
            },
        ))
    }

    /// What speaks of one kind, in the order of the text. "Desesperada" is Spanish and Portuguese and was said once: where words of
    /// two languages overlap, those count that weigh more.
    fn once<'h>(&self, kind: Kind, spoken: &[(usize, &'h Hit)]) -> Vec<(usize, &'h Hit)> {
        let of_kind = spoken
            .iter()
            .filter(|(sign, _)| self.signs[*sign].kind == kind);
        let mut kept: Vec<(usize, &Hit)> = Vec::new();
        for &(sign, hit) in of_kind {
            let (language, weight) = (self.signs[sign].language, self.signs[sign].weight);
            let from = kept.partition_point(|(_, other)| other.words.start + 12 < hit.words.start);
            let mut twins = (from..kept.len()).filter(|&at| {
                let (other, place) = kept[at];
                self.signs[other].language != language && place.words.end > hit.words.start
            });
            match twins.next() {
                None => kept.push((sign, hit)),
                Some(twin) if self.signs[kept[twin].0].weight < weight => {
                    // It begins where the other does or later, and takes its place at the end.
                    kept.remove(twin);
                    kept.push((sign, hit));
                }
                Some(_) => {}
            }
        }
        kept
    }

    /// "I'm afraid I can't come on Tuesday": the words, and not the feeling.
    fn is_excused(&self, hits: &[Hit], sign: usize, hit: &Hit) -> bool {
        let from = hits.partition_point(|other| other.words.start + 12 < hit.words.start);
        hits[from..]
            .iter()
            .take_while(|other| other.words.start < hit.words.end)
            .any(|other| {
                self.meanings[other.tag] == Meaning::Unless(sign)
                    && other.words.end > hit.words.start
            })
    }
}

/// Several exclamation marks, or several words in capitals where most are not.
fn is_loud(text: &Text<'_>) -> bool {
    if text.raw.contains("!!") {
        return true;
    }
    let capitals = |word: &str| word.chars().count() > 3 && word.chars().all(char::is_uppercase);
    let loud = text
        .words
        .iter()
        .filter(|word| capitals(&text.raw[word.raw.clone()]))
        .count();
    loud >= 3
}
