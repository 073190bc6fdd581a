//! Whether a red flag is meant: the `ConText` questions (denied? past? only if?) in their simplest form.
//!
//! The reach of a cue ends with the sentence, at a word like "but", at a comma and at a new line. Where
//! in doubt the flag stays: a needless look costs a minute.

use crate::clinic::Cue;
use crate::fold::Folded;
use crate::matcher::{CueHit, Found};
use crate::verdict::Guard;

/// Words that a cue reaches.
const REACH: usize = 6;
/// Words that a negation reaches through a list held together by "or".
const LIST_REACH: usize = 14;

/// Why the flag at the words `first..=last` may not be meant, if so.
pub(crate) fn guard(folded: &Folded, found: &Found, first: usize, last: usize) -> Option<Guard> {
    let near = Near::new(folded, found, first, last);
    let reaches = |cue: &CueHit, reach: usize| {
        cue.last < first
            && first - cue.last <= reach
            && !near.overruled(cue)
            && near.unbroken(cue.last, first)
    };
    let negated = near.cues().any(|cue| match cue.cue {
        Cue::Negation => {
            reaches(cue, REACH) && near.commas(cue.last, first) == 0 || near.listed(cue)
        }
        Cue::NegationAfter => {
            cue.first > last
                && cue.first - last <= 3
                && near.unbroken(last, cue.first)
                && near.commas(last, cue.first) == 0
        }
        _ => false,
    });
    if negated {
        return Some(Guard::Negated);
    }
    let has =
        |kind: Cue, test: &dyn Fn(&CueHit) -> bool| near.cues().any(|c| c.cue == kind && test(c));
    if has(Cue::Hypothetical, &|c| {
        reaches(c, REACH + 2) && near.commas(c.last, first) == 0
    }) {
        return Some(Guard::Hypothetical);
    }
    let past = |c: &CueHit| {
        !near.overruled(c)
            && (reaches(c, REACH)
                || c.first > last && c.first - last <= REACH && near.unbroken(last, c.first))
    };
    if has(Cue::Historical, &past)
        && !near
            .cues()
            .any(|c| c.cue == Cue::Overrules && near.touches(c))
    {
        return Some(Guard::Historical);
    }
    folded.tokens[first].quoted.then_some(Guard::Quoted)
}

/// A red flag and the cues around it.
struct Near<'a> {
    folded: &'a Folded,
    cues: &'a [CueHit],
    first: usize,
    last: usize,
}

impl<'a> Near<'a> {
    fn new(folded: &'a Folded, found: &'a Found, first: usize, last: usize) -> Self {
        let from = found
            .cues
            .partition_point(|c| c.first + LIST_REACH + 6 < first);
        let to = found.cues.partition_point(|c| c.first <= last + LIST_REACH);
        Self {
            folded,
            cues: &found.cues[from.min(to)..to],
            first,
            last,
        }
    }

    /// The cues of the flag's own sentence.
    fn cues(&self) -> impl Iterator<Item = &'a CueHit> {
        let sentence = self.folded.tokens[self.first].sentence;
        let tokens = &self.folded.tokens;
        self.cues
            .iter()
            .filter(move |c| tokens[c.first].sentence == sentence)
    }

    /// Nothing between the words `from` and `to` ends the reach of a cue, commas aside.
    fn unbroken(&self, from: usize, to: usize) -> bool {
        let lines = self.folded.tokens[from + 1..=to]
            .iter()
            .any(|t| t.line_start);
        !lines
            && !self
                .cues()
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
            && self.first - negation.last <= LIST_REACH
            && !self.folded.tokens[negation.last + 1].after_comma
            && !self.overruled(negation)
            && self.unbroken(negation.last, self.first)
            && self.cues().any(|c| {
                c.cue == Cue::List
                    && c.first > negation.last
                    && c.first <= self.last + LIST_REACH
                    && (c.last < self.first || c.first - self.last <= 4)
            })
    }

    /// The cue is only part of a phrase that means something else.
    fn overruled(&self, cue: &CueHit) -> bool {
        self.cues()
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
        to - from <= REACH + 2 && self.unbroken(from, to)
    }
}
