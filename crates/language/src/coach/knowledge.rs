//! What the coach knows about one language, from its three files.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use toml::Spanned;

use super::forms;
use crate::clinic::{ClinicFiles, File, LoadError};
use crate::lexis::{Phrases, PhrasesBuilder, fold, fold_word};

/// A gap for the author to fill in.
pub(super) const GAP: char = '…';

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JargonFile {
    section: Vec<Section>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    subject: Spanned<String>,
    grammar: Spanned<String>,
    reason: Spanned<String>,
    review: Spanned<String>,
    words: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseFile {
    phrase: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    kind: Spanned<String>,
    terms: Vec<Spanned<String>>,
    #[serde(default)]
    unless: Vec<Spanned<String>>,
    say: Spanned<String>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChecksFile {
    acknowledge: Acknowledge,
    next_step: Check,
    time: Check,
    greeting: Check,
    summary: Summary,
    boundary: Vec<RawRule>,
    medical: Vec<RawRule>,
    referring: Referring,
    small_words: SmallWords,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Referring {
    terms: Vec<Spanned<String>>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SmallWords {
    /// With spaces between them.
    words: Spanned<String>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    terms: Vec<Spanned<String>>,
    fix: Spanned<String>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Summary {
    fix: Spanned<String>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acknowledge {
    terms: Vec<Spanned<String>>,
    fix: Spanned<String>,
    grief: Spanned<String>,
    anger: Spanned<String>,
    despair: Spanned<String>,
    fear: Spanned<String>,
    reason: Spanned<String>,
    review: Spanned<String>,
}

impl ChecksFile {
    /// Why each check is made, and when somebody looks at it again.
    fn grounds(&self) -> [(&Spanned<String>, &Spanned<String>); 7] {
        [
            (&self.acknowledge.reason, &self.acknowledge.review),
            (&self.summary.reason, &self.summary.review),
            (&self.next_step.reason, &self.next_step.review),
            (&self.time.reason, &self.time.review),
            (&self.greeting.reason, &self.greeting.review),
            (&self.referring.reason, &self.referring.review),
            (&self.small_words.reason, &self.small_words.review),
        ]
    }
}

/// What a phrase that was found means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A form of a term: index into [`Knowledge::jargon`].
    Jargon(usize),
    /// Words to avoid: index into [`Knowledge::rules`].
    Rule(usize),
    /// Where it stands, the rule does not count.
    Unless(usize),
    Acknowledges,
    NextStep,
    Time,
    Greeting,
    /// Hands a medical question to somebody who may answer it.
    Refers,
}

/// A form of a term and what to say instead.
#[derive(Debug)]
pub(super) struct Jargon {
    pub plain: String,
    /// The plain words, folded, without their article.
    pub explained: String,
    /// Whether it ends in ó, as verbs of the past do.
    pub accented_end: bool,
    /// The entry it belongs to; forms share it.
    pub entry: usize,
}

/// What kind of words to avoid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Phrase(&'static str),
    Boundary(&'static str),
    Medical(&'static str),
}

/// Words to avoid, with what to say instead.
#[derive(Debug)]
pub(super) struct Rule {
    pub kind: Kind,
    pub say: String,
}

impl Rule {
    /// Whether the rewrite stands for the whole sentence.
    pub fn is_sentence(&self) -> bool {
        self.say.ends_with(['.', '?', '!'])
    }
}

/// Sentences to put in.
#[derive(Debug)]
pub(super) struct Fixes {
    pub acknowledge: String,
    pub grief: String,
    pub anger: String,
    pub despair: String,
    pub fear: String,
    pub summary: String,
    pub next_step: String,
    pub time: String,
    /// With `{name}`.
    pub greeting: String,
}

#[derive(Debug)]
pub(super) struct Knowledge {
    pub spanish: bool,
    pub phrases: Phrases,
    pub meanings: Vec<Meaning>,
    pub jargon: Vec<Jargon>,
    pub rules: Vec<Rule>,
    pub fixes: Fixes,
    pub small_words: HashSet<String>,
    /// Terms of jargon, phrases to avoid.
    pub counts: (usize, usize),
}

/// Kinds of phrases with the text keys of their reasons.
const PHRASE_KINDS: &[(&str, &str)] = &[
    ("policy", "coach-phrase-policy"),
    ("blame", "coach-phrase-blame"),
    ("minimise", "coach-phrase-minimise"),
    ("order", "coach-phrase-order"),
    ("repeat", "coach-phrase-repeat"),
    ("refuse", "coach-phrase-refuse"),
    ("passing", "coach-phrase-passing"),
    ("doubt", "coach-phrase-doubt"),
    ("cold", "coach-phrase-cold"),
    ("rush", "coach-phrase-rush"),
];
const BOUNDARY_KINDS: &[(&str, &str)] = &[
    ("promise", "coach-boundary-promise"),
    ("interpret", "coach-boundary-interpret"),
    ("secret", "coach-boundary-secret"),
    ("therapy", "coach-boundary-therapy"),
    ("always_there", "coach-boundary-always-there"),
];
const MEDICAL_KINDS: &[(&str, &str)] = &[
    ("dose", "coach-medical-dose"),
    ("start_stop", "coach-medical-start-stop"),
    ("diagnosis", "coach-medical-diagnosis"),
    ("not_seen", "coach-medical-not-seen"),
    ("results", "coach-medical-results"),
];
/// Keys of the reasons of all words to avoid.
pub(super) fn keys() -> impl Iterator<Item = &'static str> {
    let kinds = [PHRASE_KINDS, BOUNDARY_KINDS, MEDICAL_KINDS];
    kinds.into_iter().flatten().map(|(_, key)| *key)
}

const GRAMMARS: &[&str] = &["noun", "verb", "other"];
const SUBJECTS: &[&str] = &["medical", "medicine", "insurance", "office"];

#[derive(Default)]
struct Building {
    phrases: PhrasesBuilder,
    meanings: Vec<Meaning>,
    jargon: Vec<Jargon>,
    rules: Vec<Rule>,
}

impl Knowledge {
    pub fn load(files: &ClinicFiles, tag: &str) -> Result<Self, LoadError> {
        let file = |name: &str| File::open(files, format!("language/coach/{name}.{tag}.toml"));
        let mut all = Building::default();
        let spanish = tag == "es";
        let terms = all.jargon(&file("jargon")?, spanish)?;
        let phrases = file("phrases")?;
        let phrase_rules = phrases.toml::<PhraseFile>()?.phrase;
        all.rules(&phrases, &phrase_rules, PHRASE_KINDS, Kind::Phrase)?;
        let counts = (
            terms,
            phrase_rules.iter().map(|rule| rule.terms.len()).sum(),
        );

        let checks_file = file("checks")?;
        let checks: ChecksFile = checks_file.toml()?;
        for (reason, review) in checks.grounds() {
            checks_file.grounds(reason, review)?;
        }
        all.rules(
            &checks_file,
            &checks.boundary,
            BOUNDARY_KINDS,
            Kind::Boundary,
        )?;
        all.rules(&checks_file, &checks.medical, MEDICAL_KINDS, Kind::Medical)?;
        for (terms, meaning) in [
            (&checks.acknowledge.terms, Meaning::Acknowledges),
            (&checks.next_step.terms, Meaning::NextStep),
            (&checks.time.terms, Meaning::Time),
            (&checks.greeting.terms, Meaning::Greeting),
            (&checks.referring.terms, Meaning::Refers),
        ] {
            all.add(&checks_file, terms, meaning)?;
        }
        if !checks.greeting.fix.get_ref().contains("{name}") {
            return Err(checks_file.error(checks.greeting.fix.span(), "the greeting needs {name}"));
        }
        let say = |text: &Spanned<String>| checks_file.words(text);
        Ok(Self {
            spanish,
            fixes: Fixes {
                acknowledge: say(&checks.acknowledge.fix)?,
                grief: say(&checks.acknowledge.grief)?,
                anger: say(&checks.acknowledge.anger)?,
                despair: say(&checks.acknowledge.despair)?,
                fear: say(&checks.acknowledge.fear)?,
                summary: say(&checks.summary.fix)?,
                next_step: say(&checks.next_step.fix)?,
                time: say(&checks.time.fix)?,
                greeting: say(&checks.greeting.fix)?,
            },
            phrases: checks_file.build(all.phrases)?,
            meanings: all.meanings,
            jargon: all.jargon,
            rules: all.rules,
            small_words: checks
                .small_words
                .words
                .get_ref()
                .split_whitespace()
                .map(fold_word)
                .collect(),
            counts,
        })
    }
}

impl Building {
    fn tag(&mut self, meaning: Meaning) -> usize {
        self.meanings.push(meaning);
        self.meanings.len() - 1
    }

    fn add(
        &mut self,
        file: &File<'_>,
        terms: &[Spanned<String>],
        meaning: Meaning,
    ) -> Result<(), LoadError> {
        let tag = self.tag(meaning);
        file.phrases(terms, tag, &mut self.phrases)
    }

    fn jargon(&mut self, file: &File<'_>, spanish: bool) -> Result<usize, LoadError> {
        let mut known = HashSet::new();
        let mut entry = 0;
        for section in file.toml::<JargonFile>()?.section {
            file.grounds(&section.reason, &section.review)?;
            one_of(file, &section.subject, SUBJECTS)?;
            one_of(file, &section.grammar, GRAMMARS)?;
            let noun = section.grammar.get_ref() == "noun";
            for (term, plain) in section.words {
                let text = file.words(&plain)?;
                let forms = forms::of(&term, &text, noun, spanish)
                    .map_err(|reason| file.error(plain.span(), format!("\"{term}\": {reason}")))?;
                for (form, plain_form) in forms {
                    let accented_end = form.ends_with('ó');
                    let capitals = form.chars().all(|c| !c.is_lowercase());
                    if !known.insert((fold(&form), accented_end, capitals)) {
                        return Err(
                            file.error(plain.span(), format!("\"{form}\" is already explained"))
                        );
                    }
                    let tag = self.tag(Meaning::Jargon(self.jargon.len()));
                    self.phrases
                        .add(&form, tag)
                        .map_err(|reason| file.error(plain.span(), reason))?;
                    let explained = super::jargon::without_article(&plain_form, spanish);
                    let explained = fold(explained).unwrap_or_default();
                    self.jargon.push(Jargon {
                        plain: plain_form,
                        explained,
                        accented_end,
                        entry,
                    });
                }
                entry += 1;
            }
        }
        Ok(entry)
    }

    fn rules(
        &mut self,
        file: &File<'_>,
        rules: &[RawRule],
        kinds: &'static [(&str, &str)],
        make: impl Fn(&'static str) -> Kind,
    ) -> Result<(), LoadError> {
        for raw in rules {
            file.grounds(&raw.reason, &raw.review)?;
            let Some((_, key)) = kinds.iter().find(|(kind, _)| kind == raw.kind.get_ref()) else {
                return Err(file.error(
                    raw.kind.span(),
                    format!("unknown kind \"{}\"", raw.kind.get_ref()),
                ));
            };
            let rule = self.rules.len();
            let tag = self.tag(Meaning::Rule(rule));
            file.some_phrases(raw.kind.span(), &raw.terms, tag, &mut self.phrases)?;
            if !raw.unless.is_empty() {
                self.add(file, &raw.unless, Meaning::Unless(rule))?;
            }
            let say = file.words(&raw.say)?;
            if !say.ends_with(['.', '?', '!', ','])
                && !say.contains(GAP)
                && say.split(' ').count() > 9
            {
                return Err(file.error(
                    raw.say.span(),
                    "a rewrite is a sentence, or words with a gap (…), or a few words",
                ));
            }
            self.rules.push(Rule {
                kind: make(key),
                say,
            });
        }
        Ok(())
    }
}

fn one_of(file: &File<'_>, value: &Spanned<String>, allowed: &[&str]) -> Result<(), LoadError> {
    if allowed.contains(&value.get_ref().as_str()) {
        return Ok(());
    }
    let reason = format!("\"{}\" is none of: {}", value.get_ref(), allowed.join(", "));
    Err(file.error(value.span(), reason))
}
