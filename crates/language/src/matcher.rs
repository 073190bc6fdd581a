//! Finds every phrase of every rule in one pass over the folded text.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::clinic::{Cue, Knowledge, Part, Phrase, Rule};
use crate::fold::{Folded, is_hangul, is_prefix};
use crate::language::Language;

/// Most words that a gap (`~`) may hold.
const GAP: usize = 4;
/// Numbers of a text that are looked at.
const MAX_NUMBERS: usize = 1_000;

/// What a phrase is to its rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Term,
    With,
    And,
    Unless,
}

/// A phrase of a rule, found at the words `first..=last`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub rule: u32,
    pub role: Role,
    pub first: usize,
    pub last: usize,
}

/// A phrase of a context file, found at the words `first..=last`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CueHit {
    pub cue: Cue,
    pub language: Language,
    pub first: usize,
    pub last: usize,
}

/// Everything found in one text. `hits` are sorted by rule, role, place; `cues` by place.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub hits: Vec<Hit>,
    pub cues: Vec<CueHit>,
}

#[derive(Debug, Clone, Copy)]
enum Target {
    /// The whole of a phrase without gaps.
    Whole {
        rule: u32,
        role: Role,
    },
    /// One part of a phrase with gaps or open ends inside.
    Part {
        phrase: u32,
        part: u8,
    },
    Cue(Cue, Language),
}

#[derive(Debug, Clone, Copy)]
struct Use {
    target: Target,
    open: bool,
}

/// A phrase of several parts.
#[derive(Debug, Clone, Copy)]
struct Gapped {
    rule: u32,
    role: Role,
    parts: u8,
    /// A bit for each part that is the very next word behind the one before.
    follows: u8,
}

impl Gapped {
    fn follows(self, part: u8) -> bool {
        part < self.parts && self.follows & 1 << part != 0
    }
}

#[derive(Debug)]
pub(crate) struct Matcher {
    automaton: AhoCorasick,
    /// By pattern: who wants to know.
    uses: Vec<Vec<Use>>,
    gapped: Vec<Gapped>,
    numbers: Vec<Number>,
}

/// A part of a phrase that is a range of numbers.
#[derive(Debug, Clone, Copy)]
struct Number {
    low: f32,
    high: f32,
    phrase: u32,
    part: u8,
}

#[derive(Default)]
struct Builder {
    known: HashMap<String, usize>,
    numbers: Vec<Number>,
    patterns: Vec<String>,
    uses: Vec<Vec<Use>>,
    gapped: Vec<Gapped>,
}

impl Builder {
    fn add(&mut self, words: &str, open: bool, target: Target) {
        let number = *self.known.entry(words.to_owned()).or_insert_with(|| {
            self.patterns.push(words.to_owned());
            self.uses.push(Vec::new());
            self.patterns.len() - 1
        });
        self.uses[number].push(Use { target, open });
    }

    fn add_phrase(&mut self, phrase: &Phrase, owner: u32, role: Role) {
        if let [Part::Words { words, open, .. }] = phrase.parts.as_slice() {
            self.add(words, *open, Target::Whole { rule: owner, role });
            return;
        }
        let number = narrow(self.gapped.len());
        let (mut parts, mut following) = (0, 0);
        for part in &phrase.parts {
            match *part {
                Part::Words {
                    ref words,
                    open,
                    follows,
                } => {
                    following |= u8::from(follows) << parts;
                    let target = Target::Part {
                        phrase: number,
                        part: parts,
                    };
                    self.add(words, open, target);
                }
                Part::Number { low, high } => self.numbers.push(Number {
                    low,
                    high,
                    phrase: number,
                    part: parts,
                }),
            }
            parts += 1;
        }
        self.gapped.push(Gapped {
            rule: owner,
            role,
            parts,
            follows: following,
        });
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("the number of phrases is bounded when the files are read")
}

impl Matcher {
    /// Fails only when the phrases together are too many for one automaton.
    pub fn build(knowledge: &Knowledge) -> Result<Self, aho_corasick::BuildError> {
        let mut builder = Builder::default();
        for (number, rule) in knowledge.rules.iter().enumerate() {
            let number = narrow(number);
            let Rule {
                terms,
                with_any,
                and_any,
                unless,
                ..
            } = rule;
            for (role, phrases) in [
                (Role::Term, terms),
                (Role::With, with_any),
                (Role::And, and_any),
                (Role::Unless, unless),
            ] {
                for phrase in phrases {
                    builder.add_phrase(phrase, number, role);
                }
            }
        }
        for (cue, language, phrase) in &knowledge.cues {
            for part in &phrase.parts {
                if let Part::Words { words, open, .. } = part {
                    builder.add(words, *open, Target::Cue(*cue, *language));
                }
            }
        }
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&builder.patterns)?;
        Ok(Self {
            automaton,
            uses: builder.uses,
            gapped: builder.gapped,
            numbers: builder.numbers,
        })
    }

    pub fn find(&self, folded: &Folded) -> Found {
        let bytes = folded.text.as_bytes();
        let mut found = Found::default();
        let mut parts: Vec<Place> = Vec::new();
        for hit in self.automaton.find_overlapping_iter(&folded.text) {
            let start = if hit.start() == 0 || bytes[hit.start() - 1] == b' ' {
                hit.start()
            } else if let Some(start) = behind_prefix(&folded.text, hit.start()) {
                start
            } else {
                continue;
            };
            let whole_word = bytes.get(hit.end()).is_none_or(|&b| b == b' ');
            let mut place = None;
            for wanted in &self.uses[hit.pattern().as_usize()] {
                if !whole_word && !wanted.open {
                    continue;
                }
                let (first, last) = *place.get_or_insert_with(|| {
                    (
                        folded.token_at(start).unwrap_or(0),
                        folded.token_before(hit.end()),
                    )
                });
                if inside_hangul(folded, first, wanted.target)
                    || matches!(wanted.target, Target::Cue(..))
                        && !wanted.open
                        && begins_hangul_word(folded, first, last)
                {
                    continue;
                }
                match wanted.target {
                    Target::Whole { rule, role } => found.hits.push(Hit {
                        rule,
                        role,
                        first,
                        last,
                    }),
                    Target::Part { phrase, part } => parts.push((phrase, part, first, last)),
                    Target::Cue(cue, language) => found.cues.push(CueHit {
                        cue,
                        language,
                        first,
                        last,
                    }),
                }
            }
        }
        self.find_numbers(folded, &mut parts);
        self.join(folded, parts, &mut found.hits);
        found.hits.sort_unstable();
        found.hits.dedup();
        found.cues.sort_unstable_by_key(|c| (c.first, c.last));
        found
    }

    /// The numbers that phrases ask for.
    fn find_numbers(&self, folded: &Folded, parts: &mut Vec<Place>) {
        let figures = folded
            .tokens
            .iter()
            .enumerate()
            .filter_map(|(at, token)| Some((at, number(folded.word(token))?)))
            .take(MAX_NUMBERS);
        for (at, value) in figures {
            let asked = self.numbers.iter();
            parts.extend(
                asked
                    .filter(|n| n.low <= value && value <= n.high)
                    .map(|n| (n.phrase, n.part, at, at)),
            );
        }
    }

    /// Puts the parts of phrases together. From every place of the first part it takes the nearest next one, so the work grows
    /// with the number of parts and no faster.
    fn join(&self, folded: &Folded, mut parts: Vec<Place>, hits: &mut Vec<Hit>) {
        parts.sort_unstable();
        for group in parts.chunk_by(|a, b| a.0 == b.0) {
            let phrase = self.gapped[group[0].0 as usize];
            let firsts = &group[..group.partition_point(|p| p.1 == 0)];
            for &start in firsts {
                let sentence = folded.tokens[start.2].sentence;
                let mut end = run(folded, group, phrase, start);
                while let Some((next, last)) = end
                    && next < phrase.parts
                {
                    let behind = &group[group.partition_point(|p| (p.1, p.2) <= (next, last))..];
                    let near = behind.iter().take_while(|p| {
                        p.1 == next
                            && folded.distance(last, p.2) <= GAP + 1
                            && folded.tokens[p.2].sentence == sentence
                    });
                    end = near.copied().find_map(|p| run(folded, group, phrase, p));
                }
                if let Some((_, last)) = end {
                    hits.push(Hit {
                        rule: phrase.rule,
                        role: phrase.role,
                        first: start.2,
                        last,
                    });
                }
            }
        }
    }
}

/// A part of a phrase that was found: which phrase, which part, its first and last word.
type Place = (u32, u8, usize, usize);

/// The part that comes after `start` and those that are the very next words behind it, and the last word of these; nothing where
/// one of them is missing.
fn run(folded: &Folded, group: &[Place], phrase: Gapped, start: Place) -> Option<(u8, usize)> {
    let (_, mut part, _, mut last) = start;
    while phrase.follows(part + 1) {
        part += 1;
        let next = group.get(group.partition_point(|p| (p.1, p.2) < (part, last + 1)))?;
        // As in words that stand together, no comma and no full stop lies between.
        let close =
            |last: usize, next: usize| folded.tokens[last].end + 1 == folded.tokens[next].start;
        if (next.1, next.2) != (part, last + 1) || !close(last, next.2) {
            return None;
        }
        last = next.3;
    }
    Some((part + 1, last))
}

/// The value of a word such as `39.5`, `103f` or `85kg`.
fn number(word: &str) -> Option<f32> {
    if !word.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let end = word
        .bytes()
        .position(|b| !(b.is_ascii_digit() || b == b'.'))
        .unwrap_or(word.len());
    if end > 9 || word.len() - end > 3 {
        return None;
    }
    word[..end].trim_end_matches('.').parse().ok()
}

/// Where the word begins when only an Arabic "and", "with" … stands between its beginning and `at`.
fn behind_prefix(text: &str, at: usize) -> Option<usize> {
    // They are one or two letters of two bytes; whatever stands farther back, a word without end even, is none.
    [2, 4].into_iter().find_map(|length| {
        let start = at.checked_sub(length)?;
        let begins = start == 0 || text.as_bytes()[start - 1] == b' ';
        (begins && text.get(start..at).is_some_and(is_prefix)).then_some(start)
    })
}

/// A single syllable that other syllables are written to: "안" is "not", "안녕하세요" is a greeting.
fn begins_hangul_word(folded: &Folded, first: usize, last: usize) -> bool {
    let one = first == last && folded.word(&folded.tokens[first]).starts_with(is_hangul);
    one && folded.tokens.get(last + 1).is_some_and(|t| t.joined)
}

/// A phrase begins where a Korean word begins, not inside one; the later parts of it may stand anywhere.
fn inside_hangul(folded: &Folded, first: usize, target: Target) -> bool {
    let begins = !matches!(target, Target::Part { part, .. } if part > 0);
    let token = &folded.tokens[first];
    begins && token.joined && folded.word(token).chars().next().is_some_and(is_hangul)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinic::tests::{TONGUE, bare, flag, with_cue};
    use crate::verdict::Field;

    /// The words that a red flag with these terms finds, and the cues of a negation with the others.
    fn found(terms: &str, negation: &str, language: &str, text: &str) -> (Vec<String>, usize) {
        let mut files = bare();
        files.insert(
            format!("language/redflags.{language}.toml"),
            flag("x", "other", "concern", &format!("terms = [{terms}]")),
        );
        let context = files
            .get_mut(&format!("language/context.{language}.toml"))
            .unwrap();
        if !negation.is_empty() {
            with_cue(context, "negation", &format!("[{negation}]"));
        }
        let matcher = Matcher::build(&crate::clinic::parse(&files).unwrap()).unwrap();
        let mut folded = Folded::for_engine(text.len(), &TONGUE.writing);
        folded.push(Field::Body, text, 0);
        let found = matcher.find(&folded);
        let shown = |h: &Hit| {
            let words = folded.tokens[h.first..=h.last].iter();
            words.map(|t| folded.word(t)).collect::<Vec<_>>().join(" ")
        };
        (found.hits.iter().map(shown).collect(), found.cues.len())
    }

    #[test]
    fn gaps_open_ends_and_numbers() {
        let words = |terms, text| found(terms, "", "en", text).0;
        assert_eq!(
            words("\"chest ~ hurts\"", "my chest really hurts"),
            ["chest really hurts"]
        );
        assert!(words("\"chest ~ hurts\"", "my chest. It hurts").is_empty());
        assert_eq!(words("\"bleed*\"", "bleeding"), ["bleeding"]);
        assert!(words("\"bleed\"", "bleeding").is_empty());
        assert_eq!(
            words("\"sugar ~ #400-900\"", "sugar is 450mg"),
            ["sugar is 450mg"]
        );
        assert!(words("\"sugar ~ #400-900\"", "sugar is 120").is_empty());
    }

    #[test]
    fn an_open_end_inside_a_phrase_goes_on_too() {
        let words = |terms, text| found(terms, "", "en", text).0;
        let pains = "\"pain* in my chest\"";
        assert_eq!(
            words(pains, "I have pains in my chest"),
            ["pains in my chest"]
        );
        assert_eq!(words(pains, "pain in my chest"), ["pain in my chest"]);
        assert!(words(pains, "pain... in my chest").is_empty());
        assert!(words(pains, "the pains, in my chest").is_empty());
        assert!(words(pains, "pains today in my chest").is_empty());
        assert!(words(pains, "pains in my chests").is_empty());
        assert!(words(pains, "pai in my chest").is_empty());
        assert_eq!(
            words(
                "\"cold* sweat* ~ arm* hurt* now\"",
                "colder sweats, both my arms hurting now"
            ),
            ["colder sweats both my arms hurting now"]
        );
        // The nearest "arm" is not the one that hurts.
        assert_eq!(
            words("\"fell ~ arm* hurts\"", "fell on the arm, arms hurts"),
            ["fell on the arm arms hurts"]
        );
        assert!(words("\"fell ~ arm* hurts\"", "fell. The arms hurts").is_empty());
        assert_eq!(
            found("\"كلام* ثقيل\"", "", "ar", "صار وكلامها ثقيل").0,
            ["وكلامها ثقيل"]
        );
    }

    #[test]
    fn an_arabic_word_may_have_and_or_with_written_to_it() {
        let words = |text| found("\"نزيف\"", "", "ar", text).0.len();
        assert_eq!(words("عندي نزيف"), 1);
        assert_eq!(words("عندي حمى ونزيف"), 1);
        assert_eq!(words("عندي كنزيف وبنزيف"), 2);
        assert_eq!(words("عندي شنزيف"), 0);
    }

    #[test]
    fn a_syllable_of_a_greeting_denies_nothing() {
        let cues = |text| found("\"가슴\"", "\"안\", \"전혀\"", "ko", text).1;
        assert_eq!(cues("안녕하세요 가슴이 아파요"), 0);
        assert_eq!(cues("안내 부탁드려요"), 0);
        assert_eq!(cues("가슴이 안 아파요"), 1);
        assert_eq!(cues("전혀요"), 1);
    }

    #[test]
    fn an_endless_word_takes_no_longer_than_many() {
        // Every hit inside it once looked back to its beginning.
        let text = "نزيف".repeat(100_000);
        let start = std::time::Instant::now();
        assert_eq!(found("\"نزيف\"", "", "ar", &text).0.len(), 0);
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }
}
