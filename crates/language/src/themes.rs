//! What feedback is about, and how people felt about it.
//!
//! The list of themes is `clinic/language/themes.toml`: each is something a clinic can act on. The words that speak
//! for them, and those that praise or complain, are in `themes.LANG.toml`.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::clinic::{ClinicFiles, File, LoadError, RawCue};
use crate::lexis::{Hit, Negation, Phrases, PhrasesBuilder, Text};

/// Bytes of a text that are looked at.
pub const LOOKED_AT: usize = 32 * 1024;
const LANGUAGES: [&str; 2] = ["en", "es"];
/// Most places that are shown for a theme.
const MAX_SPANS: usize = 8;
/// What a negation leaves of a judgement, turned round: "not good" is not as bad as "bad".
const TURNED: f32 = -0.8;
/// What "very" does to the word after it.
const BOOST: f32 = 1.5;

/// How somebody felt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// Angry, harmed, let down.
    VeryNegative,
    /// More bad than good.
    Negative,
    /// Neither, or as much of one as of the other.
    Neutral,
    /// More good than bad.
    Positive,
    /// Delighted, and nothing bad said.
    VeryPositive,
}

impl Sentiment {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [
        Self::VeryNegative,
        Self::Negative,
        Self::Neutral,
        Self::Positive,
        Self::VeryPositive,
    ];

    /// The sentiment of a [`code`](Self::code).
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// The stable name, such as `very_negative`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::VeryNegative => "very_negative",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
            Self::VeryPositive => "very_positive",
        }
    }
}

/// A theme somebody spoke about.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its code in the clinic's list.
    pub code: String,
    /// How they felt about it: from the sentences that speak of it.
    pub sentiment: Sentiment,
    /// The words that speak of it, in bytes of the text.
    pub spans: Vec<Range<usize>>,
}

/// What a piece of feedback says.
#[derive(Debug, Clone, PartialEq)]
pub struct Feedback {
    /// The whole.
    pub sentiment: Sentiment,
    /// What it is about, in the order of the clinic's list.
    pub themes: Vec<Theme>,
}

/// A theme of the clinic's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its stable code.
    pub code: String,
    /// Its names by language tag.
    pub names: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListFile {
    theme: Vec<RawTheme>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTheme {
    code: Spanned<String>,
    names: BTreeMap<String, Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WordsFile {
    cue: Vec<RawCue>,
    words: Vec<RawWords>,
    tone: Vec<RawTone>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWords {
    theme: Spanned<String>,
    terms: Vec<Spanned<String>>,
    #[serde(default)]
    unless: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTone {
    value: Spanned<f32>,
    terms: Vec<Spanned<String>>,
    #[serde(default)]
    unless: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Theme(usize),
    Tone(f32),
    /// Takes the places it covers away from the entry with this tag.
    Unless(usize),
    Negation,
    Stop,
    Boost,
}

/// Knows the themes.
#[derive(Debug)]
pub struct Themes {
    list: Vec<Entry>,
    phrases: Phrases,
    meanings: Vec<Meaning>,
}

impl Themes {
    /// Reads `language/themes.toml` and `language/themes.LANG.toml` of a clinic.
    ///
    /// # Errors
    /// File, line and reason of the first entry that can't be used.
    pub fn load(files: &ClinicFiles) -> Result<Self, LoadError> {
        let file = File::open(files, "language/themes.toml")?;
        let list = read_list(&file)?;
        let (mut builder, mut meanings) = (PhrasesBuilder::default(), Vec::new());
        for tag in LANGUAGES {
            let words = File::open(files, format!("language/themes.{tag}.toml"))?;
            read_words(&words, &list, &mut builder, &mut meanings)?;
        }
        Ok(Self {
            phrases: file.build(builder)?,
            list,
            meanings,
        })
    }

    /// The clinic's list.
    pub fn list(&self) -> &[Entry] {
        &self.list
    }

    /// What a text is about and how its author felt.
    pub fn look(&self, text: &str) -> Feedback {
        let text = Text::new(text, LOOKED_AT);
        let hits = self.phrases.find(&text);
        let tones = self.tones(&text, &hits);
        let mut themes = Vec::new();
        for (number, entry) in self.list.iter().enumerate() {
            let places: Vec<&Hit> = hits
                .iter()
                .filter(|hit| {
                    self.meanings[hit.tag] == Meaning::Theme(number) && !self.is_excused(&hits, hit)
                })
                .collect();
            if places.is_empty() {
                continue;
            }
            let mut sentences: Vec<usize> = places
                .iter()
                .map(|hit| text.words[hit.words.start].sentence)
                .collect();
            sentences.dedup();
            let here = tones
                .iter()
                .filter(|tone| sentences.binary_search(&tone.sentence).is_ok());
            themes.push(Theme {
                code: entry.code.clone(),
                sentiment: sum(here),
                spans: places
                    .iter()
                    .take(MAX_SPANS)
                    .map(|hit| text.span(&hit.words))
                    .collect(),
            });
        }
        Feedback {
            sentiment: sum(tones.iter()),
            themes,
        }
    }

    /// The judgements of a text, negations and boosts counted in, each place once.
    fn tones(&self, text: &Text<'_>, hits: &[Hit]) -> Vec<Tone> {
        let negation = Negation::of(hits, |tag| match self.meanings[tag] {
            Meaning::Negation => Some(true),
            Meaning::Stop => Some(false),
            _ => None,
        });
        let mut tones: Vec<(Range<usize>, Tone)> = Vec::new();
        for hit in hits {
            let Meaning::Tone(value) = self.meanings[hit.tag] else {
                continue;
            };
            if self.is_excused(hits, hit) {
                continue;
            }
            let turned = if negation.takes_back(text, &hit.words) {
                TURNED
            } else {
                1.0
            };
            let boosted = hits[..hits.partition_point(|other| other.words.start < hit.words.start)]
                .iter()
                .rev()
                .take_while(|other| other.words.start + 3 > hit.words.start)
                .any(|other| {
                    self.meanings[other.tag] == Meaning::Boost && other.words.end == hit.words.start
                });
            let tone = Tone {
                sentence: text.words[hit.words.start].sentence,
                value: value * turned * if boosted { BOOST } else { 1.0 },
            };
            match tones.last_mut() {
                // Of two that overlap the longer one is meant: "not good enough", "waste of time".
                Some((words, last)) if words.end > hit.words.start => {
                    if hit.words.len() > words.len() {
                        *words = hit.words.clone();
                        *last = tone;
                    }
                }
                _ => tones.push((hit.words.clone(), tone)),
            }
        }
        tones.into_iter().map(|(_, tone)| tone).collect()
    }

    fn is_excused(&self, hits: &[Hit], hit: &Hit) -> bool {
        let from = hits.partition_point(|other| other.words.start + 12 < hit.words.start);
        hits[from..]
            .iter()
            .take_while(|other| other.words.start < hit.words.end)
            .any(|other| {
                self.meanings[other.tag] == Meaning::Unless(hit.tag)
                    && other.words.end > hit.words.start
            })
    }
}

/// One judgement.
#[derive(Debug, Clone, Copy)]
struct Tone {
    sentence: usize,
    /// From -3 (harm, outrage) to 3 (delight), more when boosted.
    value: f32,
}

/// Judgements together. The balance decides the side, and what is said on that side how strongly.
fn sum<'t>(tones: impl Iterator<Item = &'t Tone>) -> Sentiment {
    let (mut good, mut bad, mut best, mut worst) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
    for tone in tones {
        good += tone.value.max(0.0);
        bad -= tone.value.min(0.0);
        best = best.max(tone.value);
        worst = worst.min(tone.value);
    }
    if good + bad < 0.5 || (good - bad).abs() < 0.3 * (good + bad) {
        return Sentiment::Neutral;
    }
    if good > bad {
        let delighted = (best >= 2.0 || good >= 3.5) && bad < 0.25 * good;
        if delighted {
            Sentiment::VeryPositive
        } else {
            Sentiment::Positive
        }
    } else {
        let outraged = (worst <= -2.8 || bad >= 6.0) && good < 0.25 * bad;
        if outraged {
            Sentiment::VeryNegative
        } else {
            Sentiment::Negative
        }
    }
}

fn read_list(file: &File<'_>) -> Result<Vec<Entry>, LoadError> {
    let mut list: Vec<Entry> = Vec::new();
    for raw in file.toml::<ListFile>()?.theme {
        file.grounds(&raw.reason, &raw.review)?;
        let code = raw.code.get_ref();
        let tidy = |c: char| c.is_ascii_lowercase() || c == '_';
        if code.is_empty() || code.len() > 40 || !code.chars().all(tidy) {
            return Err(file.error(
                raw.code.span(),
                "a code has up to 40 small letters and underscores",
            ));
        }
        if list.iter().any(|entry| entry.code == *code) {
            return Err(file.error(
                raw.code.span(),
                format!("the theme \"{code}\" is in the list already"),
            ));
        }
        if let Some(missing) = LANGUAGES.iter().find(|tag| !raw.names.contains_key(**tag)) {
            return Err(file.error(
                raw.code.span(),
                format!("a name in \"{missing}\" is needed"),
            ));
        }
        let names = raw
            .names
            .iter()
            .map(|(tag, name)| Ok((tag.clone(), file.words(name)?)));
        list.push(Entry {
            code: code.clone(),
            names: names.collect::<Result<_, LoadError>>()?,
        });
    }
    Ok(list)
}

fn read_words(
    file: &File<'_>,
    list: &[Entry],
    builder: &mut PhrasesBuilder,
    meanings: &mut Vec<Meaning>,
) -> Result<(), LoadError> {
    let raw: WordsFile = file.toml()?;
    let mut add = |terms: &[Spanned<String>], meaning| {
        meanings.push(meaning);
        file.phrases(terms, meanings.len() - 1, builder)
            .map(|()| meanings.len() - 1)
    };
    let lists = ["negation", "stop", "boost"];
    let meanings_of_lists = [Meaning::Negation, Meaning::Stop, Meaning::Boost];
    for (words, meaning) in file
        .cues(&raw.cue, lists, &lists)?
        .iter()
        .zip(meanings_of_lists)
    {
        add(words, meaning)?;
    }
    for words in &raw.words {
        file.grounds(&words.reason, &words.review)?;
        let Some(number) = list
            .iter()
            .position(|entry| entry.code == *words.theme.get_ref())
        else {
            let reason = format!("\"{}\" is not in themes.toml", words.theme.get_ref());
            return Err(file.error(words.theme.span(), reason));
        };
        let tag = add(&words.terms, Meaning::Theme(number))?;
        add(&words.unless, Meaning::Unless(tag))?;
    }
    for tone in &raw.tone {
        file.grounds(&tone.reason, &tone.review)?;
        let value = *tone.value.get_ref();
        if !(-3.0..=3.0).contains(&value) || value == 0.0 {
            return Err(file.error(tone.value.span(), "a tone is between -3 and 3, and not 0"));
        }
        let tag = add(&tone.terms, Meaning::Tone(value))?;
        add(&tone.unless, Meaning::Unless(tag))?;
    }
    Ok(())
}
