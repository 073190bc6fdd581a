//! Which language a text is written in.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::fold::Folded;
use crate::search::stopwords;
use crate::verdict::Field;

/// A language the product is shipped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    En,
    /// Spanish.
    #[serde(rename = "es")]
    Es,
}

impl Language {
    /// Every shipped language.
    pub const ALL: &'static [Self] = &[Self::En, Self::Es];

    /// The BCP 47 tag, such as `en`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language of a BCP 47 tag; region and script are ignored (`es-MX` is Spanish).
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL
            .iter()
            .copied()
            .find(|l| primary.eq_ignore_ascii_case(l.tag()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The answer of [`detect`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// `None`: not one of the shipped languages, or nothing to go by.
    pub language: Option<Language>,
    /// 0 (a guess) to 1 (certain).
    pub confidence: f32,
}

impl Detected {
    pub(crate) const UNKNOWN: Self = Self {
        language: None,
        confidence: 0.0,
    };
}

/// Bytes that are enough to tell a language.
const SAMPLE: usize = 1024;
/// Function words that settle the matter without statistics.
const ENOUGH_WORDS: u32 = 3;
/// Statistics over fewer bytes than this are noise.
const SHORT: usize = 24;

/// Names the language of a text. Looks at the first kilobyte.
///
/// The small words of each language (the, and, el, que) decide where there are enough of them. Other
/// texts are left to letter statistics, which also know languages that are not shipped, so that French
/// is not taken for Spanish. A text without words has no language.
pub fn detect(text: &str) -> Detected {
    let sample = &text[..text.floor_char_boundary(SAMPLE)];
    let mut folded = Folded::with_capacity(sample.len());
    folded.push(Field::Body, sample, 0);
    detect_folded(&folded, sample)
}

/// [`detect`] for text that is already folded; `sample` is its beginning as written.
pub(crate) fn detect_folded(folded: &Folded, sample: &str) -> Detected {
    let mut votes = [0_u32; Language::ALL.len()];
    let mut words = 0_u32;
    for word in folded.words().take(200) {
        words += 1;
        if let Some(&language) = MARKERS.get(word) {
            votes[language as usize] += 1;
        }
    }
    if words == 0 {
        return Detected::UNKNOWN;
    }
    let (best, most) = if votes[1] > votes[0] {
        (1, votes[1])
    } else {
        (0, votes[0])
    };
    let others: u32 = votes.iter().sum::<u32>() - most;
    // One word in six being a marker is far below what running text of the language shows, and far
    // above what a related language shows by accident.
    let by_words = Detected {
        language: Some(Language::ALL[best]),
        confidence: share(most, others),
    };
    if most >= ENOUGH_WORDS && most > 2 * others && most * 6 >= words {
        return by_words;
    }
    let sample = &sample[..sample.floor_char_boundary(400)];
    if sample.len() >= SHORT
        && let Some(info) = STATISTICS.detect(sample)
    {
        let language = match info.lang() {
            whatlang::Lang::Eng => Some(Language::En),
            whatlang::Lang::Spa => Some(Language::Es),
            _ => None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
        let confidence = info.confidence() as f32;
        if language.is_some() || info.is_reliable() {
            return Detected {
                language,
                confidence: confidence.clamp(0.0, 1.0),
            };
        }
    }
    if most > others {
        by_words
    } else {
        Detected::UNKNOWN
    }
}

/// Add-one share of the votes: one vote alone is no certainty.
fn share(most: u32, others: u32) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "at most 200 words are counted")]
    let (most, others) = (most as f32, others as f32);
    (most + 0.5) / (most + others + 1.0)
}

/// Stop words that belong to exactly one language.
static MARKERS: LazyLock<HashMap<&'static str, Language>> = LazyLock::new(|| {
    let mut markers = HashMap::new();
    for &language in Language::ALL {
        for word in stopwords(language) {
            let elsewhere = Language::ALL
                .iter()
                .any(|&other| other != language && stopwords(other).any(|w| w == word));
            if !elsewhere {
                markers.insert(word, language);
            }
        }
    }
    markers
});

/// The neighbours of the shipped languages are in the list so that they are recognised as something else.
static STATISTICS: LazyLock<whatlang::Detector> = LazyLock::new(|| {
    use whatlang::Lang;
    whatlang::Detector::with_allowlist(vec![
        Lang::Eng,
        Lang::Spa,
        Lang::Fra,
        Lang::Por,
        Lang::Deu,
        Lang::Ita,
        Lang::Vie,
        Lang::Tgl,
        Lang::Pol,
        Lang::Rus,
        Lang::Ara,
        Lang::Cmn,
        Lang::Kor,
        Lang::Hin,
        Lang::Cat,
        Lang::Nld,
        Lang::Ukr,
        Lang::Jpn,
    ])
});

#[cfg(test)]
mod tests {
    use super::*;

    fn language(text: &str) -> Option<Language> {
        detect(text).language
    }

    #[test]
    fn tells_the_shipped_languages() {
        assert_eq!(
            language("Could you please tell me when the office is open?"),
            Some(Language::En)
        );
        assert_eq!(
            language("Necesito una cita para mi hijo, por favor"),
            Some(Language::Es)
        );
        assert_eq!(
            language("¿Cuándo puedo recoger los resultados?"),
            Some(Language::Es)
        );
    }

    #[test]
    fn short_texts_lean_on_small_words() {
        assert_eq!(language("hola"), Some(Language::Es));
        assert_eq!(language("thanks"), Some(Language::En));
        assert!(detect("hola").confidence < 0.9);
    }

    #[test]
    fn other_languages_and_no_words_are_unknown() {
        assert_eq!(
            language("Здравствуйте, мне нужно записаться на приём к врачу на завтра"),
            None
        );
        assert_eq!(
            language(
                "Je voudrais prendre un rendez-vous avec le médecin demain matin, s'il vous plaît"
            ),
            None
        );
        assert_eq!(language("我想预约明天上午的医生"), None);
        assert_eq!(detect(""), Detected::UNKNOWN);
        assert_eq!(detect("😀😀 12 !!"), detect("😀😀 12 !!"));
        assert_eq!(language("😀 !!"), None);
    }

    #[test]
    fn tags_are_read_leniently() {
        assert_eq!(Language::from_tag("es-MX"), Some(Language::Es));
        assert_eq!(Language::from_tag("EN_us"), Some(Language::En));
        assert_eq!(Language::from_tag("fr"), None);
    }
}
