//! Whether a red flag is meant: the `ConText` questions (denied? past? only if? whose? a figure of speech?).
//!
//! The reach of a cue ends with the sentence, at a word like "but", at a comma and at a new line. Cues
//! speak only for rules of their own language and in texts written in it: "no" means something else
//! elsewhere. Where in doubt the flag stays: a needless look costs a minute.

use crate::clinic::Cue;
use crate::detect::Languages;
use crate::fold::Folded;
use crate::language::Language;
use crate::matcher::CueHit;
use crate::segments::Segment;
use crate::verdict::Guard;

/// Words that a cue reaches.
const REACH: usize = 6;
/// Words that a negation reaches through a list held together by "or".
const LIST_REACH: usize = 14;
/// Words within which something makes a figure of speech.
const FIGURE_REACH: usize = 12;

/// Chinese is one language for cues, however it is written.
fn same(one: Language, other: Language) -> bool {
    let plain = |l| {
        if l == Language::ZhHant {
            Language::ZhHans
        } else {
            l
        }
    };
    plain(one) == plain(other)
}

/// The cues that may speak in a text of these languages.
pub(crate) fn spoken_in(languages: &Languages, language: Language) -> bool {
    languages.has(language)
        || language == Language::ZhHans && languages.has(Language::ZhHant)
        || language == Language::ZhHant && languages.has(Language::ZhHans)
}

/// Why a flag of a rule in `language` at the words `first..=last` may not be meant, if so.
pub(crate) fn guard(
    folded: &Folded,
    cues: &[CueHit],
    languages: &Languages,
    language: Language,
    first: usize,
    last: usize,
) -> Option<Guard> {
    let near = Near::new(folded, cues, first, last, |cue| {
        same(cue.language, language) || spoken_in(languages, cue.language)
    });
    let reaches = |cue: &CueHit, reach: usize| {
        cue.last < first
            && folded.distance(cue.last, first) <= reach
            && !near.overruled(cue)
            && near.unbroken(cue.last, first)
    };
    let negated = near.cues.iter().any(|cue| match cue.cue {
        Cue::Negation => {
            reaches(cue, REACH) && near.commas(cue.last, first) == 0 || near.listed(cue)
        }
        Cue::NegationAfter => {
            cue.first > last
                && folded.distance(last, cue.first) <= 4
                && near.unbroken(last, cue.first)
                && near.commas(last, cue.first) == 0
        }
        _ => false,
    });
    if negated {
        return Some(Guard::Negated);
    }
    let has = |kind: Cue, test: &dyn Fn(&CueHit) -> bool| {
        near.cues.iter().any(|c| c.cue == kind && test(c))
    };
    if has(Cue::Hypothetical, &|c| {
        reaches(c, REACH + 2) && near.commas(c.last, first) == 0
    }) {
        return Some(Guard::Hypothetical);
    }
    let past = |c: &CueHit| {
        !near.overruled(c)
            && (reaches(c, REACH)
                || c.first > last
                    && folded.distance(last, c.first) <= REACH
                    && near.unbroken(last, c.first))
    };
    if has(Cue::Historical, &past) && !has(Cue::Overrules, &|c| near.touches(c)) {
        return Some(if has(Cue::Relative, &|_| true) {
            Guard::SomeoneElse
        } else {
            Guard::Historical
        });
    }
    if has(Cue::Figure, &|c| near.gap(c) <= FIGURE_REACH) {
        return Some(Guard::Figure);
    }
    (folded.tokens[first].segment != Segment::Own).then_some(Guard::Quoted)
}

/// A red flag and the cues of its sentence.
struct Near<'a> {
    folded: &'a Folded,
    cues: Vec<CueHit>,
    first: usize,
    last: usize,
}

impl<'a> Near<'a> {
    fn new(
        folded: &'a Folded,
        cues: &[CueHit],
        first: usize,
        last: usize,
        speaks: impl Fn(&CueHit) -> bool,
    ) -> Self {
        // Signs count half, so this many tokens cover the reach in every script.
        let tokens = 2 * LIST_REACH + 6;
        let from = cues.partition_point(|c| c.first + tokens < first);
        let to = cues.partition_point(|c| c.first <= last + tokens);
        let sentence = folded.tokens[first].sentence;
        let cues = cues[from.min(to)..to]
            .iter()
            .filter(|c| folded.tokens[c.first].sentence == sentence && speaks(c))
            .copied()
            .collect();
        Self {
            folded,
            cues,
            first,
            last,
        }
    }

    /// Nothing between the words `from` and `to` ends the reach of a cue, commas aside.
    fn unbroken(&self, from: usize, to: usize) -> bool {
        let lines = self.folded.tokens[from + 1..=to]
            .iter()
            .any(|t| t.line_start);
        !lines
            && !self
                .cues
                .iter()
                .any(|c| c.cue == Cue::Stop && c.first > from && c.last < to)
    }

    fn commas(&self, from: usize, to: usize) -> usize {
        self.folded.tokens[from + 1..=to]
            .iter()
            .filter(|t| t.after_comma)
            .count()
    }

    /// "no fever, cough or chest pain": commas don't end a list that an "or" holds together.
    fn listed(&self, negation: &CueHit) -> bool {
        negation.last < self.first
            && self.folded.distance(negation.last, self.first) <= LIST_REACH
            && !self.folded.tokens[negation.last + 1].after_comma
            && !self.overruled(negation)
            && self.unbroken(negation.last, self.first)
            && self.cues.iter().any(|c| {
                c.cue == Cue::List
                    && c.first > negation.last
                    && (c.last < self.first
                        || c.first > self.last && self.folded.distance(self.last, c.first) <= 4)
            })
    }

    /// The cue is only part of a phrase that means something else.
    fn overruled(&self, cue: &CueHit) -> bool {
        self.cues
            .iter()
            .any(|c| c.cue == Cue::Overrules && c.first <= cue.last && c.last >= cue.first)
    }

    /// In the flag's own clause.
    fn touches(&self, cue: &CueHit) -> bool {
        let (from, to) = if cue.last < self.first {
            (cue.last, self.first)
        } else if cue.first > self.last {
            (self.last, cue.first)
        } else {
            return true;
        };
        self.folded.distance(from, to) <= REACH + 2 && self.unbroken(from, to)
    }

    /// Words between the flag and a cue.
    fn gap(&self, cue: &CueHit) -> usize {
        if cue.last < self.first {
            self.folded.distance(cue.last, self.first)
        } else if cue.first > self.last {
            self.folded.distance(self.last, cue.first)
        } else {
            0
        }
    }
}

/// What cues say about each word, for the model: bits of the constants below.
pub(crate) fn marks(folded: &Folded, cues: &[CueHit], languages: &Languages) -> Vec<u8> {
    let unknown = languages.main.language.is_none();
    let mut marks = vec![0_u8; folded.tokens.len()];
    let spoken = |c: &&CueHit| unknown || spoken_in(languages, c.language);
    for cue in cues.iter().filter(spoken) {
        let (bit, before, after) = match cue.cue {
            Cue::Negation => (NEGATED, 0, REACH),
            Cue::NegationAfter => (NEGATED, 4, 0),
            Cue::Hypothetical => (CONDITION, 0, REACH + 2),
            Cue::Historical => (PAST, REACH, REACH),
            Cue::Relative => (RELATIVE, 0, REACH),
            Cue::Figure => (FIGURE, REACH, REACH),
            Cue::List | Cue::Overrules | Cue::Stop => continue,
        };
        let sentence = folded.tokens[cue.first].sentence;
        let inside = |at: usize| folded.tokens[at].sentence == sentence;
        for at in (0..cue.first).rev() {
            if !inside(at) || folded.distance(at, cue.first) > before {
                break;
            }
            marks[at] |= bit;
        }
        for (at, mark) in marks.iter_mut().enumerate().skip(cue.last + 1) {
            if !inside(at) || folded.distance(cue.last, at) > after {
                break;
            }
            *mark |= bit;
        }
    }
    marks
}

/// Denied.
pub(crate) const NEGATED: u8 = 1;
/// A condition.
pub(crate) const CONDITION: u8 = 2;
/// Past.
pub(crate) const PAST: u8 = 4;
/// About a relative.
pub(crate) const RELATIVE: u8 = 8;
/// A figure of speech.
pub(crate) const FIGURE: u8 = 16;
