//! What whoever is no clinician asks, word by word, where somebody may be in danger or tells of a symptom, and what a
//! clinician may decide then.
//!
//! Both are in `clinic/language/questions.toml`, for a clinician to review and change. Nothing in it advises anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde::Deserialize;
use toml::Spanned;

use crate::clinic::{ClinicFiles, File, LoadError};
use crate::verdict::SafetyKind;

/// Where they stand, below the clinic's folder.
const FILE: &str = "language/questions.toml";
/// The languages that every text is there in.
const LANGUAGES: [&str; 2] = ["en", "es"];
/// How many questions a kind of danger has.
const QUESTIONS: RangeInclusive<usize> = 3..=6;
/// Most answers, and most dispositions.
const MOST: usize = 20;
/// Longest text, in characters.
const LONGEST: usize = 200;

/// Something with a code and a text in every language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its stable code.
    pub code: String,
    /// Its texts by language tag.
    pub texts: BTreeMap<String, String>,
}

impl Named {
    /// Its text in this language, else in English.
    pub fn text(&self, tag: &str) -> &str {
        let text = self.texts.get(tag).or_else(|| self.texts.get(LANGUAGES[0]));
        text.map_or(&self.code, String::as_str)
    }
}

/// An answer to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub named: Named,
    /// Whether it means an emergency now.
    pub emergency: bool,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What it asks.
    pub named: Named,
    /// The answers to choose from.
    pub answers: Vec<Answer>,
}

impl Question {
    /// The answer with this code.
    pub fn answer(&self, code: &str) -> Option<&Answer> {
        self.answers.iter().find(|one| one.named.code == code)
    }
}

/// Knows the questions, and what may be decided.
#[derive(Debug)]
pub struct Questions {
    scripts: BTreeMap<SafetyKind, Vec<Question>>,
    dispositions: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    answer: Vec<RawNamed>,
    script: Vec<RawScript>,
    disposition: Vec<RawNamed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNamed {
    code: Spanned<String>,
    names: Spanned<BTreeMap<String, String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScript {
    kind: Spanned<String>,
    question: Vec<RawQuestion>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuestion {
    code: Spanned<String>,
    text: Spanned<BTreeMap<String, String>>,
    answers: Vec<Spanned<String>>,
    #[serde(default)]
    emergency: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

impl Questions {
    /// Reads `language/questions.toml` of a clinic.
    ///
    /// # Errors
    /// File, line and reason of the first entry that can't be used.
    pub fn load(files: &ClinicFiles) -> Result<Self, LoadError> {
        let file = File::open(files, FILE)?;
        let raw: RawFile = file.toml()?;
        let answers = named(&file, &raw.answer)?;
        let dispositions = named(&file, &raw.disposition)?;
        if dispositions.is_empty() {
            return Err(LoadError::whole(FILE, "there is no disposition to choose"));
        }
        let mut scripts = BTreeMap::new();
        for script in &raw.script {
            let code = script.kind.get_ref();
            let wrong = |reason: String| file.error(script.kind.span(), reason);
            let kind = SafetyKind::from_code(code)
                .ok_or_else(|| wrong(format!("unknown kind of danger \"{code}\"")))?;
            let asked = questions(&file, script, &answers)?;
            if scripts.insert(kind, asked).is_some() {
                return Err(wrong(format!("\"{code}\" is there twice")));
            }
        }
        let mut kinds = SafetyKind::ALL.iter();
        if let Some(lacks) = kinds.find(|kind| !scripts.contains_key(*kind)) {
            let reason = format!("there are no questions for \"{lacks}\"");
            return Err(LoadError::whole(FILE, reason));
        }
        Ok(Self {
            scripts,
            dispositions,
        })
    }

    /// What is asked where this kind of danger is found.
    pub fn of(&self, kind: SafetyKind) -> &[Question] {
        self.scripts.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// What a clinician may decide, in the clinic's order.
    pub fn dispositions(&self) -> &[Named] {
        &self.dispositions
    }

    /// The disposition with this code.
    pub fn disposition(&self, code: &str) -> Option<&Named> {
        self.dispositions.iter().find(|one| one.code == code)
    }
}

fn named(file: &File<'_>, raw: &[RawNamed]) -> Result<Vec<Named>, LoadError> {
    let (mut used, mut all) = (BTreeSet::new(), Vec::new());
    for one in raw {
        file.grounds(&one.reason, &one.review)?;
        if all.len() >= MOST {
            return Err(file.error(
                one.code.span(),
                format!("there are at most {MOST} of these"),
            ));
        }
        all.push(Named {
            code: code(file, &one.code, &mut used)?,
            texts: texts(file, &one.names)?,
        });
    }
    Ok(all)
}

/// The questions of one kind of danger: some of their answers mean an emergency, or nobody would have to ask at once.
fn questions(
    file: &File<'_>,
    script: &RawScript,
    answers: &[Named],
) -> Result<Vec<Question>, LoadError> {
    let wrong = |reason: &str| Err(file.error(script.kind.span(), reason));
    if !QUESTIONS.contains(&script.question.len()) {
        return wrong("a kind of danger has 3 to 6 questions");
    }
    let (mut used, mut all) = (BTreeSet::new(), Vec::new());
    for raw in &script.question {
        file.grounds(&raw.reason, &raw.review)?;
        all.push(Question {
            named: Named {
                code: code(file, &raw.code, &mut used)?,
                texts: texts(file, &raw.text)?,
            },
            answers: choices(file, raw, answers)?,
        });
    }
    let means = |one: &Question| one.answers.iter().any(|answer| answer.emergency);
    if !all.iter().any(means) {
        return wrong("no answer to these questions means an emergency");
    }
    Ok(all)
}

fn choices(
    file: &File<'_>,
    raw: &RawQuestion,
    answers: &[Named],
) -> Result<Vec<Answer>, LoadError> {
    if raw.answers.len() < 2 {
        return Err(file.error(raw.code.span(), "a question has two answers or more"));
    }
    let mut all: Vec<Answer> = Vec::new();
    for choice in &raw.answers {
        let code = choice.get_ref();
        let Some(known) = answers.iter().find(|one| one.code == *code) else {
            return Err(file.error(choice.span(), format!("unknown answer \"{code}\"")));
        };
        if all.iter().any(|one| one.named.code == *code) {
            return Err(file.error(choice.span(), format!("\"{code}\" is there twice")));
        }
        all.push(Answer {
            named: known.clone(),
            emergency: false,
        });
    }
    for choice in &raw.emergency {
        let code = choice.get_ref();
        let Some(answer) = all.iter_mut().find(|one| one.named.code == *code) else {
            let reason = format!("\"{code}\" is none of the answers to this question");
            return Err(file.error(choice.span(), reason));
        };
        answer.emergency = true;
    }
    Ok(all)
}

/// A code that is plain and was not used before.
fn code(
    file: &File<'_>,
    raw: &Spanned<String>,
    used: &mut BTreeSet<String>,
) -> Result<String, LoadError> {
    let code = raw.get_ref();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if code.is_empty() || code.len() > 40 || !code.chars().all(plain) {
        let reason = "a code has up to 40 small letters, digits and underscores";
        return Err(file.error(raw.span(), reason));
    }
    if !used.insert(code.clone()) {
        return Err(file.error(raw.span(), format!("\"{code}\" is there twice")));
    }
    Ok(code.clone())
}

/// One line in every language.
fn texts(
    file: &File<'_>,
    raw: &Spanned<BTreeMap<String, String>>,
) -> Result<BTreeMap<String, String>, LoadError> {
    let texts = raw.get_ref();
    for tag in LANGUAGES {
        if texts.get(tag).is_none_or(|text| text.trim().is_empty()) {
            return Err(file.error(raw.span(), format!("the text in \"{tag}\" is missing")));
        }
    }
    let is_line =
        |text: &String| text.chars().count() <= LONGEST && !text.chars().any(char::is_control);
    if !texts.values().all(is_line) {
        let reason = format!("a text is one line of at most {LONGEST} characters");
        return Err(file.error(raw.span(), reason));
    }
    Ok(texts.clone())
}
