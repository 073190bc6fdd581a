//! How hard a text is to read.

use super::syllables;
use super::{Advice, Code};
use crate::lexis::Text;

/// Grades above this get advice. Health texts are meant for the 6th to the 8th grade.
const TARGET: f32 = 8.0;
/// Words that are needed before a formula means anything.
const ENOUGH: usize = 25;
/// Words a sentence should not exceed.
const LONG: usize = 25;
/// The same where a word is a syllable or a character run, and in Spanish, which needs more small words.
const LONG_SPANISH: usize = 30;

pub(super) const KEYS: &[&str] = &["coach-long-sentence", "coach-grade"];

/// The formula behind a [`Grade`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Formula {
    /// English: Flesch–Kincaid grade level (Kincaid, Fishburne, Rogers, Chissom 1975).
    FleschKincaid,
    /// Spanish: Fernández Huerta (1959), with words a sentence as the formula was meant (see Law 2011).
    FernandezHuerta,
    /// Languages of the Latin and Cyrillic scripts: LIX (Björnsson 1968); grades after Anderson (1983).
    Lix,
}

impl Formula {
    /// The formula of a language; `None` where none is established that counts words and letters.
    pub fn of(language: &str) -> Option<Self> {
        match language {
            "en" => Some(Self::FleschKincaid),
            "es" => Some(Self::FernandezHuerta),
            "de" | "fr" | "pt" | "ru" | "tl" => Some(Self::Lix),
            _ => None,
        }
    }
}

/// A reading grade.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grade {
    /// What was measured with.
    pub formula: Formula,
    /// The formula's own figure.
    pub score: f32,
    /// School years a reader needs, from 0 to 18.
    pub grade: f32,
}

/// The reading grade of a text; `None` for short texts and languages without a formula.
pub fn grade(text: &str, language: &str) -> Option<Grade> {
    measure(&Text::new(text, super::LOOKED_AT), super::primary(language))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a text has at most some thousand words"
)]
fn measure(text: &Text<'_>, language: &str) -> Option<Grade> {
    let formula = Formula::of(language)?;
    let (mut words, mut sentences, mut syllables, mut long) = (0_usize, 0_usize, 0_usize, 0_usize);
    for (number, sentence) in text.sentences.iter().enumerate() {
        if is_line(text, number) {
            continue;
        }
        let read = text.words[sentence.clone()].iter().filter(|word| !word.odd);
        let before = words;
        for word in read {
            words += 1;
            match formula {
                Formula::FleschKincaid => syllables += syllables::english(text.folded_word(word)),
                Formula::FernandezHuerta => {
                    syllables += syllables::spanish(&text.raw[word.raw.clone()]);
                }
                Formula::Lix => long += usize::from(text.raw[word.raw.clone()].chars().count() > 6),
            }
        }
        sentences += usize::from(words > before);
    }
    if words < ENOUGH {
        return None;
    }
    let per_sentence = words as f32 / sentences as f32;
    let per_word = syllables as f32 / words as f32;
    let (score, grade) = match formula {
        Formula::FleschKincaid => {
            let grade = 0.39 * per_sentence + 11.8 * per_word - 15.59;
            (grade, grade)
        }
        Formula::FernandezHuerta => {
            let score = 206.84 - 60.0 * per_word - 1.02 * per_sentence;
            (score, spanish_grade(score))
        }
        Formula::Lix => {
            let score = per_sentence + 100.0 * long as f32 / words as f32;
            (score, lix_grade(score))
        }
    };
    Some(Grade {
        formula,
        score,
        grade: grade.clamp(0.0, 18.0),
    })
}

/// Fernández Huerta's table: 90 and more is the 4th grade, 80 the 5th, 70 the 6th, 60 the 7th and 8th, 50 to 60 the
/// years before university.
fn spanish_grade(score: f32) -> f32 {
    match score {
        s if s >= 60.0 => 8.0 - (s - 60.0) / 10.0 - if s >= 70.0 { 1.0 } else { (s - 60.0) / 10.0 },
        s => 8.0 + (60.0 - s) / 2.5,
    }
}

/// Anderson's table: 4 points of LIX a grade around the middle, 36 to 39 being the 8th.
fn lix_grade(score: f32) -> f32 {
    8.0 + (score - 39.5) / 4.0
}

/// A greeting, a name, a date on a line of its own: not a sentence, and it would make the text look easier than it is.
fn is_line(text: &Text<'_>, sentence: usize) -> bool {
    let words = &text.sentences[sentence];
    let span = text.sentence_span(sentence);
    words.len() <= 4 && !text.raw[span].ends_with(['.', '!', '?', '…', '。', '؟', '।'])
}

/// Words of a sentence that is too long in this language; `None` where words are not counted by spaces.
fn long_in(language: &str) -> Option<usize> {
    match language {
        "zh" => None,
        "es" | "fr" | "pt" | "vi" => Some(LONG_SPANISH),
        _ => Some(LONG),
    }
}

pub(super) fn advise(text: &Text<'_>, language: &str, advice: &mut Vec<Advice>) {
    if let Some(limit) = long_in(language) {
        for (number, sentence) in text
            .sentences
            .iter()
            .enumerate()
            .filter(|(_, words)| words.len() > limit)
        {
            advice.push(Advice {
                code: Code::LongSentence,
                key: "coach-long-sentence",
                values: vec![("words", sentence.len().to_string())],
                spans: vec![text.sentence_span(number)],
                fixes: Vec::new(),
            });
        }
    }
    if let Some(found) = measure(text, language)
        && found.grade > TARGET
    {
        advice.push(Advice {
            code: Code::Grade,
            key: "coach-grade",
            values: vec![("grade", format!("{:.0}", found.grade))],
            spans: Vec::new(),
            fixes: Vec::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(text: &str, language: &str, score: f32) {
        let found = grade(text, language).unwrap();
        assert!(
            (found.score - score).abs() < 0.05,
            "{found:?} instead of {score}"
        );
    }

    #[test]
    fn the_formulas_give_what_a_pencil_gives() {
        // 29 words, 4 sentences, 31 syllables.
        near(
            "Your test came back fine. You do not need to come in for it. Please keep the next visit on Monday at nine. \
             Call me if your arm hurts.",
            "en",
            0.39 * 7.25 + 11.8 * (31.0 / 29.0) - 15.59,
        );
        // 27 palabras, 3 frases, 40 sílabas.
        near(
            "Su cita es el lunes a las nueve. Venga con su tarjeta y con la lista de sus pastillas. \
             Si no puede venir, llame hoy, por favor.",
            "es",
            206.84 - 60.0 * (40.0 / 27.0) - 1.02 * 9.0,
        );
        // 26 Wörter, 3 Sätze, 3 lange.
        near(
            "Ihr Termin ist am Montag um neun Uhr. Bitte bringen Sie Ihre Versicherungskarte und eine Liste der Tabletten \
             mit. Wir rufen Sie vorher noch einmal an.",
            "de",
            26.0 / 3.0 + 300.0 / 26.0,
        );
    }

    #[test]
    fn tables_meet_at_their_edges() {
        for (score, expected) in [
            (90.0, 4.0),
            (80.0, 5.0),
            (70.0, 6.0),
            (60.0, 8.0),
            (50.0, 12.0),
        ] {
            assert!((spanish_grade(score) - expected).abs() < 0.01, "{score}");
        }
        assert!(lix_grade(36.0) > 7.0 && lix_grade(39.4) <= 8.0 && lix_grade(44.0) > 9.0);
    }

    #[test]
    fn little_text_and_unknown_languages_have_no_grade() {
        assert_eq!(grade("Thank you, see you on Monday.", "en"), None);
        assert_eq!(grade(&"안녕하세요 내일 오세요 ".repeat(30), "ko"), None);
    }
}
