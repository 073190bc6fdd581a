//! Which languages a text is written in, sentence by sentence.
//!
//! Scripts decide first: Hangul is Korean. Within the Latin script the small words of each language decide
//! where there are enough of them ("the", "que", "không"); other sentences are left to letter statistics,
//! which also know the neighbours of the engine's languages, so that Italian is not taken for Spanish.

use std::sync::{Arc, LazyLock};

use foldhash::{HashMap, HashMapExt};
use serde::{Deserialize, Serialize};
use whatlang::Lang;

use crate::clinic::{ClinicFiles, File, LoadError};
use crate::fold::{Folded, Han, Token, Writing, fold_phrase, is_han, is_hangul};
use crate::language::Language;
use crate::markup::markup;
use crate::segments::Segment;
use crate::verdict::Field;

/// In which language a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detected {
    /// `None`: not one of the engine's languages, or nothing to go by.
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

/// Bytes that are enough to tell the language of a whole text.
const SAMPLE: usize = 2 * 1024;
/// Sentences whose language is asked for.
const SENTENCES: usize = 60;
/// Bytes of a sentence that the statistics look at.
const STATISTICS_BYTES: usize = 240;
/// Statistics over fewer bytes than this are noise.
const SHORT: usize = 24;
/// Words that make a text's language known before letters are counted.
const LEADS: f32 = 6.0;
/// Words of a second language that make a text a mixed one.
const MIXED: f32 = 3.0;

/// The languages of a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Languages {
    pub main: Detected,
    /// Others that whole sentences are written in, most words first.
    pub others: Vec<Language>,
}

impl Languages {
    pub fn has(&self, language: Language) -> bool {
        self.main.language == Some(language) || self.others.contains(&language)
    }
}

/// Names the language of a text. Looks at the first two kilobytes.
pub(crate) fn detect(markers: &Markers, writing: &Arc<Writing>, text: &str) -> Detected {
    let sample = &text[..text.floor_char_boundary(SAMPLE)];
    let mut folded = Folded::for_engine(sample.len(), writing);
    folded.push_around(Field::Body, sample, 0, Segment::Own, &markup(sample));
    languages(markers, &folded, "", sample).main
}

/// The languages of a folded message.
pub(crate) fn languages(
    markers: &Markers,
    folded: &Folded,
    subject: &str,
    body: &str,
) -> Languages {
    let mut weight = [0.0_f32; Language::ALL.len()];
    let mut unknown = 0.0_f32;
    let own: Vec<&Token> = folded
        .tokens
        .iter()
        .filter(|t| t.segment == Segment::Own && !t.markup)
        .collect();
    let mut open = Vec::new();
    for sentence in own
        .chunk_by(|a, b| a.sentence == b.sentence && a.field == b.field)
        .take(SENTENCES)
    {
        let (text, share) = match sentence[0].field {
            // Subjects are often written by a form or an earlier mail.
            Field::Subject => (subject, 0.4),
            Field::Body => (body, 1.0),
        };
        let (told, words) = by_words(markers, folded, sentence, text);
        match told {
            Told::Is(language, sure) => weight[language as usize] += share * words * sure,
            Told::Nothing => unknown += share * words * 0.5,
            Told::Open(undecided) => open.push((undecided, share * words)),
        }
    }
    let main = leader(&weight);
    for (undecided, words) in open {
        // Letters are counted only of a sentence that doesn't lean to the language of the others.
        let language = match undecided.leans {
            Some((language, _)) if main == Some(language) => undecided.leans,
            _ => undecided.by_letters(),
        };
        match language {
            Some((language, sure)) => weight[language as usize] += words * sure,
            None => unknown += words * 0.5,
        }
    }
    ranked(&weight, unknown)
}

/// The language that enough words were found to be in, and far more than in any other.
fn leader(weight: &[f32; Language::ALL.len()]) -> Option<Language> {
    let most = *Language::ALL
        .iter()
        .max_by(|&&a, &&b| weight[a as usize].total_cmp(&weight[b as usize]))?;
    let others: f32 = weight.iter().sum::<f32>() - weight[most as usize];
    (weight[most as usize] >= LEADS && weight[most as usize] >= 4.0 * others).then_some(most)
}

fn ranked(weight: &[f32; Language::ALL.len()], unknown: f32) -> Languages {
    let mut order: Vec<(Language, f32)> = Language::ALL
        .iter()
        .map(|&l| (l, weight[l as usize]))
        .filter(|(_, w)| *w > 0.0)
        .collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    let total: f32 = order.iter().map(|(_, w)| w).sum::<f32>() + unknown;
    let Some(&(first, most)) = order.first() else {
        return Languages {
            main: Detected::UNKNOWN,
            others: Vec::new(),
        };
    };
    if unknown > most * 2.0 {
        return Languages {
            main: Detected::UNKNOWN,
            others: vec![first],
        };
    }
    Languages {
        main: Detected {
            language: Some(first),
            confidence: ((most + 0.3) / (total + 0.9)).clamp(0.0, 1.0),
        },
        others: order[1..]
            .iter()
            .filter(|(_, w)| *w >= MIXED || *w * 4.0 >= most)
            .map(|(l, _)| *l)
            .collect(),
    }
}

/// What script and small words say of a sentence.
enum Told<'a> {
    /// Its language, and how sure that is.
    Is(Language, f32),
    Nothing,
    Open(Undecided<'a>),
}

/// A Latin sentence with too few small words.
struct Undecided<'a> {
    text: &'a str,
    votes: [f32; Language::ALL.len()],
    /// What the few say, and how sure that is.
    leans: Option<(Language, f32)>,
}

/// What script and small words say of a sentence, and how many words speak.
fn by_words<'a>(
    markers: &Markers,
    folded: &Folded,
    sentence: &[&Token],
    text: &'a str,
) -> (Told<'a>, f32) {
    let mut scripts = Scripts::default();
    let mut votes = [0.0_f32; Language::ALL.len()];
    let mut latin = 0.0_f32;
    for token in sentence.iter().take(120) {
        let word = folded.word(token);
        let source = text
            .get(token.source_start as usize..token.source_end as usize)
            .unwrap_or_default();
        if scripts.count(source, &folded.writing.han) {
            latin += 1.0;
            if let Some(speakers) = markers.0.get(word) {
                for &(language, weight) in speakers {
                    votes[language as usize] += weight;
                }
            }
            accents(source, &mut votes);
        }
    }
    if let Some((language, words)) = scripts.decide(latin) {
        let told = language.map_or(Told::Nothing, |language| Told::Is(language, 0.95));
        return (told, words);
    }
    if latin == 0.0 {
        return (Told::Nothing, 0.0);
    }
    let mut order: Vec<usize> = (0..votes.len()).collect();
    order.sort_by(|&a, &b| votes[b].total_cmp(&votes[a]));
    let (best, second) = (votes[order[0]], votes[order[1]]);
    let language = Language::ALL[order[0]];
    if best >= 1.2 && best >= second * 1.6 && best * 5.0 >= latin {
        return (Told::Is(language, 0.9), latin);
    }
    let leans = (best > second && best * 8.0 >= latin)
        .then(|| (language, 0.4 + 0.4 * (best - second) / best));
    let written = match (sentence.first(), sentence.last()) {
        (Some(first), Some(last)) => text
            .get(first.source_start as usize..last.source_end as usize)
            .unwrap_or_default(),
        _ => "",
    };
    let undecided = Undecided {
        text: &written[..written.floor_char_boundary(STATISTICS_BYTES)],
        votes,
        leans,
    };
    (Told::Open(undecided), latin)
}

impl Undecided<'_> {
    /// What letter statistics say, helped by the votes of small words; where they are silent, what the words lean to.
    fn by_letters(&self) -> Option<(Language, f32)> {
        let Some(info) = (self.text.len() >= SHORT)
            .then(|| STATISTICS.detect(self.text))
            .flatten()
        else {
            return self.leans;
        };
        let language = match info.lang() {
            Lang::Eng => Language::En,
            Lang::Spa => Language::Es,
            Lang::Fra => Language::Fr,
            Lang::Por => Language::Pt,
            Lang::Deu => Language::De,
            Lang::Vie => Language::Vi,
            Lang::Tgl => Language::Tl,
            // A language that the engine doesn't know.
            _ if info.is_reliable() => return None,
            _ => return self.leans,
        };
        let votes = &self.votes;
        let supported = votes[language as usize] > 0.0
            && votes.iter().all(|v| *v <= votes[language as usize] * 2.0);
        if info.is_reliable() || supported {
            Some((language, 0.8))
        } else {
            self.leans
        }
    }
}

/// Letters that are not Latin, by script.
#[derive(Default)]
struct Scripts {
    hangul: f32,
    han: f32,
    traditional: f32,
    simplified: f32,
    kana: f32,
    arabic: f32,
    not_arabic: f32,
    cyrillic: f32,
    not_russian: f32,
    devanagari: f32,
    other: f32,
}

impl Scripts {
    /// Counts one word; whether it is Latin.
    fn count(&mut self, word: &str, han: &Han) -> bool {
        let Some(c) = word.chars().find(|c| c.is_alphabetic()) else {
            return false;
        };
        match c {
            _ if c.is_ascii() => return true,
            _ if is_hangul(c) => self.hangul += 0.4,
            _ if is_han(c) => {
                self.han += 0.5;
                match han.is_traditional(c) {
                    Some(true) => self.traditional += 1.0,
                    Some(false) => self.simplified += 1.0,
                    None => {}
                }
            }
            '\u{3040}'..='\u{30FF}' => self.kana += 0.5,
            '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{FB50}'..='\u{FEFC}' => {
                self.arabic += 1.0;
                // Letters of Persian and Urdu.
                if word.contains(['پ', 'چ', 'ژ', 'گ', 'ٹ', 'ڈ', 'ں', 'ے', 'ک', 'ی', 'ہ', 'ھ'])
                {
                    self.not_arabic += 1.0;
                }
            }
            '\u{400}'..='\u{52F}' => {
                self.cyrillic += 1.0;
                // Letters of Ukrainian, Belarusian, Serbian, Kazakh.
                if word.contains([
                    'і', 'ї', 'є', 'ґ', 'ў', 'ј', 'љ', 'њ', 'ћ', 'қ', 'ә', 'ү', 'ө', 'І', 'Ї', 'Є',
                ]) {
                    self.not_russian += 1.0;
                }
            }
            '\u{900}'..='\u{97F}' => self.devanagari += 1.0,
            '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => return true,
            _ => self.other += 1.0,
        }
        false
    }

    /// The language, unless most words are Latin; with the number of words behind it.
    fn decide(&self, latin: f32) -> Option<(Option<Language>, f32)> {
        let chinese = self.han + self.kana;
        let order = [
            (self.hangul, Some(Language::Ko)),
            (
                chinese,
                if self.kana > 0.15 * chinese {
                    None
                } else if self.traditional > self.simplified {
                    Some(Language::ZhHant)
                } else {
                    Some(Language::ZhHans)
                },
            ),
            (
                self.arabic,
                (self.not_arabic < 0.2 * self.arabic).then_some(Language::Ar),
            ),
            (
                self.cyrillic,
                (self.not_russian < 0.15 * self.cyrillic).then_some(Language::Ru),
            ),
            (self.devanagari, Some(Language::Hi)),
            (self.other, None),
        ];
        let (words, language) = order.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        (words > 0.0 && words * 1.5 >= latin).then_some((language, words))
    }
}

/// Letters with accents that few languages write.
fn accents(word: &str, votes: &mut [f32]) {
    if word.is_ascii() {
        return;
    }
    for c in word.chars() {
        match c {
            'ñ' | 'Ñ' | '¿' | '¡' => votes[Language::Es as usize] += 0.6,
            'ã' | 'õ' | 'Ã' | 'Õ' => {
                votes[Language::Pt as usize] += 0.6;
                votes[Language::Vi as usize] += 0.1;
            }
            'ß' | 'ä' | 'ö' | 'ü' | 'Ä' | 'Ö' | 'Ü' => votes[Language::De as usize] += 0.6,
            'ç' | 'Ç' => {
                votes[Language::Pt as usize] += 0.3;
                votes[Language::Fr as usize] += 0.3;
            }
            'è' | 'û' | 'œ' | 'ë' | 'ï' | 'î' | 'È' => votes[Language::Fr as usize] += 0.5,
            'đ' | 'Đ' | 'ơ' | 'ư' | 'ă' | 'Ơ' | 'Ư' | '\u{1EA0}'..='\u{1EF9}' => {
                votes[Language::Vi as usize] += 0.8;
            }
            _ => {}
        }
    }
}

/// The small words of each language, with what one of them is worth: less when several share it. From
/// `language/markers/LANG.txt`, where a language has such a file; of the others the script tells enough.
#[derive(Debug, Default)]
pub(crate) struct Markers(HashMap<String, Vec<(Language, f32)>>);

impl Markers {
    pub fn read(files: &ClinicFiles, writing: &Arc<Writing>) -> Result<Self, LoadError> {
        let mut markers: HashMap<String, Vec<(Language, f32)>> = HashMap::new();
        for &language in Language::ALL {
            let name = format!("language/markers/{language}.txt");
            if !files.contains_key(&name) {
                continue;
            }
            let file = File::open(files, name)?;
            for (at, word) in file.list()? {
                let folded = fold_phrase(word, writing);
                if folded.is_empty() || folded.contains(' ') {
                    return Err(file.error(at..at, format!("\"{word}\" is no word")));
                }
                let speakers = markers.entry(folded).or_default();
                if !speakers.iter().any(|(l, _)| *l == language) {
                    speakers.push((language, 0.0));
                }
            }
        }
        for speakers in markers.values_mut() {
            let worth = match speakers.len() {
                1 => 1.0,
                2 => 0.5,
                _ => 0.25,
            };
            for speaker in speakers {
                speaker.1 = worth;
            }
        }
        Ok(Self(markers))
    }
}

/// The neighbours are in the list so that they are recognised as something else.
static STATISTICS: LazyLock<whatlang::Detector> = LazyLock::new(|| {
    whatlang::Detector::with_allowlist(vec![
        Lang::Eng,
        Lang::Spa,
        Lang::Fra,
        Lang::Por,
        Lang::Deu,
        Lang::Vie,
        Lang::Tgl,
        Lang::Ita,
        Lang::Pol,
        Lang::Cat,
        Lang::Nld,
        Lang::Ron,
        Lang::Tur,
        Lang::Ind,
        Lang::Swe,
        Lang::Hun,
    ])
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinic::tests::TONGUE;

    fn detect(text: &str) -> Detected {
        super::detect(&TONGUE.markers, &TONGUE.writing, text)
    }

    fn language(text: &str) -> Option<Language> {
        detect(text).language
    }

    #[test]
    fn small_words_are_those_of_the_files() {
        let read = |text: &str| {
            let name = "language/markers/tl.txt".to_owned();
            let text = format!("# reason: small words\n# review: 2027-05-01\n{text}");
            Markers::read(&[(name, text)].into(), &TONGUE.writing)
        };
        let markers = read("# Small words.\nAng náman\n").unwrap();
        assert_eq!(markers.0["ang"], [(Language::Tl, 1.0)]);
        assert!(markers.0.contains_key("naman"), "as people write it");
        let refused = read("ang\nnaman ...\n").unwrap_err();
        assert!(
            refused.line == 4 && refused.reason.contains("no word"),
            "{refused}"
        );
        assert_eq!(read("# Small").unwrap_err().reason, "the list is empty");
        // Those that ship are as the engine reads them.
        for word in ["the", "kailangan", "khong", "nahi"] {
            assert!(TONGUE.markers.0.contains_key(word), "{word}");
        }
    }

    #[test]
    fn tells_the_languages() {
        for (text, expected) in [
            (
                "Could you please tell me when the office is open?",
                Language::En,
            ),
            ("Necesito una cita para mi hijo, por favor", Language::Es),
            ("¿Cuándo puedo recoger los resultados?", Language::Es),
            (
                "Здравствуйте, мне нужно записаться на приём к врачу",
                Language::Ru,
            ),
            (
                "Je voudrais prendre un rendez-vous demain matin",
                Language::Fr,
            ),
            (
                "Preciso remarcar a consulta da minha filha amanhã",
                Language::Pt,
            ),
            ("Ich brauche einen Termin für nächste Woche", Language::De),
            ("我想预约明天上午的医生", Language::ZhHans),
            ("我想預約明天上午的醫生", Language::ZhHant),
            ("Tôi cần đổi lịch khám của mẹ tôi", Language::Vi),
            ("toi can doi lich kham cua me toi", Language::Vi),
            (
                "Kailangan ko po ng appointment para sa anak ko",
                Language::Tl,
            ),
            ("أحتاج إلى موعد مع الطبيب غدا", Language::Ar),
            ("내일 예약을 바꾸고 싶어요", Language::Ko),
            ("मुझे कल डॉक्टर से मिलना है", Language::Hi),
        ] {
            assert_eq!(language(text), Some(expected), "{text}");
        }
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
            language("Vorrei prenotare una visita dal medico per domani mattina, grazie mille"),
            None
        );
        assert_eq!(language("明日の午前中に先生の予約をお願いします"), None);
        assert_eq!(
            language("Мені потрібно записатися на прийом до лікаря, у мене є питання"),
            None
        );
        assert_eq!(language("مجھے کل ڈاکٹر سے ملنا ہے"), None);
        assert_eq!(detect(""), Detected::UNKNOWN);
        assert_eq!(language("😀 !!"), None);
    }

    #[test]
    fn a_mixed_text_names_both() {
        let text = "Hi, I need to move the appointment of my mother. Ella no puede caminar y le duele mucho la pierna.";
        let mut folded = Folded::for_engine(0, &TONGUE.writing);
        folded.push(Field::Body, text, 0);
        let found = languages(&TONGUE.markers, &folded, "", text);
        assert!(
            found.has(Language::En) && found.has(Language::Es),
            "{found:?}"
        );
    }
}
