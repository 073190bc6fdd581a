//! Whether a red flag is meant: the `ConText` questions (denied? past? only if? whose? a figure of speech?).
//!
//! The reach of a cue ends with the sentence, at a word like "but", at a comma and at a new line; that of a
//! denial also where somebody begins to speak of themselves ("no one is here **I** have chest pain"). Cues
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
/// Words that a bare "not" reaches, which denies the word behind it and seldom more.
const NEAR_REACH: usize = 3;
/// Words before it that a denial behind a flag reaches.
const BACK_REACH: usize = 4;
/// Words that a negation reaches through a list held together by "or".
const LIST_REACH: usize = 14;

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
    // "no me duele" runs into what it denies.
    let runs_in = |cue: &CueHit| {
        cue.first < first && (first..=last).contains(&cue.last) && !near.overruled(cue)
    };
    let denies = |cue: &CueHit, reach: usize| {
        runs_in(cue)
            || reaches(cue, reach) && near.commas(cue.last, first) == 0 && !near.turns(cue.last)
    };
    let behind = |cue: &CueHit| {
        cue.first > last
            && folded.distance(last, cue.first) <= BACK_REACH
            && !near.overruled(cue)
            && near.unbroken(last, cue.first)
            && near.commas(last, cue.first) == 0
    };
    let negated = near.cues.iter().any(|cue| match cue.cue {
        Cue::Negation => denies(cue, REACH) || near.listed(cue),
        Cue::NegationNear => denies(cue, NEAR_REACH) || near.listed(cue),
        Cue::NegationAfter => behind(cue),
        _ => false,
    });
    if negated {
        return Some(Guard::Negated);
    }
    let has = |kind: Cue, test: &dyn Fn(&CueHit) -> bool| {
        near.cues.iter().any(|c| c.cue == kind && test(c))
    };
    // "If this is what I have right now": what is said to be there is no mere condition.
    let now_behind = |cue: &CueHit| has(Cue::Now, &|now| now.first > cue.last && near.touches(now));
    if has(Cue::Hypothetical, &|c| {
        reaches(c, REACH + 2) && near.commas(c.last, first) == 0 && !now_behind(c)
    }) || has(Cue::HypotheticalAfter, &behind)
    {
        return Some(Guard::Hypothetical);
    }
    let past = |c: &CueHit| {
        !near.overruled(c)
            && (reaches(c, REACH)
                || c.first > last
                    && folded.distance(last, c.first) <= REACH
                    && near.unbroken(last, c.first))
    };
    let present = |c: &CueHit| near.touches(c);
    if has(Cue::Historical, &past) && !has(Cue::Overrules, &present) && !has(Cue::Now, &present) {
        return Some(if has(Cue::Relative, &|_| true) {
            Guard::SomeoneElse
        } else {
            Guard::Historical
        });
    }
    if has(Cue::Figure, &|c| near.touches(c)) {
        return Some(Guard::Figure);
    }
    (folded.tokens[first].segment != Segment::Own).then_some(Guard::Quoted)
}

/// Whether a flag at the words `first..=last` is said to be there while it is written ("right now").
pub(crate) fn is_now(
    folded: &Folded,
    cues: &[CueHit],
    languages: &Languages,
    first: usize,
    last: usize,
) -> bool {
    let near = Near::new(folded, cues, first, last, |cue| {
        spoken_in(languages, cue.language)
    });
    near.cues
        .iter()
        .any(|c| c.cue == Cue::Now && near.touches(c))
}

/// Whether a flag at the words `first..=last` is only told what it is not like ("chest pain not radiating"): its words repeat
/// what is there, and say it anew only where nothing else does.
pub(crate) fn is_repeated(
    folded: &Folded,
    cues: &[CueHit],
    languages: &Languages,
    first: usize,
    last: usize,
) -> bool {
    let near = Near::new(folded, cues, first, last, |cue| {
        spoken_in(languages, cue.language)
    });
    near.cues.iter().any(|cue| {
        cue.cue == Cue::DetailDenied
            && cue.first > last
            && folded.distance(last, cue.first) <= BACK_REACH
            && near.unbroken(last, cue.first)
            && near.commas(last, cue.first) == 0
    })
}

/// Whether a flag at the words `first..=last` tells what somebody else went through: somebody is named right before it, and in the
/// same clause a time that is over, or words that are as often said of one ("recently had a"), and nothing that says that it goes on.
pub(crate) fn is_told_of_another(
    folded: &Folded,
    cues: &[CueHit],
    languages: &Languages,
    first: usize,
    last: usize,
) -> bool {
    let near = Near::new(folded, cues, first, last, |cue| {
        spoken_in(languages, cue.language)
    });
    let has = |kinds: &[Cue]| {
        near.cues
            .iter()
            .any(|c| kinds.contains(&c.cue) && near.touches(c))
    };
    let whose = near.cues.iter().any(|c| {
        c.cue == Cue::Relative
            && c.last < first
            && folded.distance(c.last, first) <= BACK_REACH
            && near.unbroken(c.last, first)
            && near.commas(c.last, first) == 0
            && !near.turns(c.last)
    });
    whose && has(&[Cue::Historical, Cue::HistoricalHint]) && !has(&[Cue::Overrules, Cue::Now])
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

    /// Nothing between the words `from` and `to` ends the reach of a cue, commas aside. A word that ends it may be
    /// the first of what is asked for: "no quiero ir **me duele** el pecho".
    fn unbroken(&self, from: usize, to: usize) -> bool {
        let lines = self.folded.tokens[from + 1..=to]
            .iter()
            .any(|t| t.line_start);
        !lines
            && !self
                .cues
                .iter()
                .any(|c| c.cue == Cue::Stop && c.first > from && c.first <= to)
    }

    /// Somebody begins to speak of themselves between the word `from` and the flag.
    fn turns(&self, from: usize) -> bool {
        self.cues
            .iter()
            .any(|c| c.cue == Cue::Subject && c.first > from && c.first <= self.first)
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
            && !self.turns(negation.last)
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
}

/// What cues say about each word, for the model: bits of the constants below.
pub(crate) fn marks(folded: &Folded, cues: &[CueHit], languages: &Languages) -> Vec<u8> {
    let unknown = languages.main.language.is_none();
    let mut marks = vec![0_u8; folded.tokens.len()];
    let spoken = |c: &&CueHit| unknown || spoken_in(languages, c.language);
    for cue in cues.iter().filter(spoken) {
        let (bit, before, after) = match cue.cue {
            // The model weighs what it hears; it learns how far a "not" reaches.
            Cue::Negation | Cue::NegationNear => (NEGATED, 0, REACH),
            Cue::NegationAfter => (NEGATED, BACK_REACH, 0),
            Cue::Hypothetical | Cue::HypotheticalHint => (CONDITION, 0, REACH + 2),
            Cue::HypotheticalAfter => (CONDITION, BACK_REACH, 0),
            Cue::Historical | Cue::HistoricalHint => (PAST, REACH, REACH),
            Cue::Relative => (RELATIVE, 0, REACH),
            Cue::Figure | Cue::FigureHint => (FIGURE, REACH, REACH),
            Cue::List
            | Cue::Overrules
            | Cue::Now
            | Cue::Stop
            | Cue::Subject
            | Cue::DetailDenied => continue,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clinic::tests::{TONGUE, bare, flag, with_cue};
    use crate::detect;
    use crate::matcher::{Matcher, Role};
    use crate::verdict::Field;

    /// Why "chest pain" doesn't count in a text, with the cues of these lists.
    fn guard_of(lists: &str, text: &str) -> Option<Guard> {
        let mut files = bare();
        let terms = "terms = [\"chest pain\", \"me duele\"]";
        files.insert(
            "language/redflags.en.toml".to_owned(),
            flag("x", "cardiac", "emergency", terms),
        );
        let context = files.get_mut("language/context.en.toml").unwrap();
        for list in lists.lines() {
            let (name, words) = list.split_once(" = ").unwrap();
            with_cue(context, name, words);
        }
        let matcher = Matcher::build(&crate::clinic::parse(&files).unwrap()).unwrap();
        let mut folded = Folded::for_engine(text.len(), &TONGUE.writing);
        folded.push(Field::Body, text, 0);
        let languages = detect::languages(&TONGUE.markers, &folded, "", text);
        let found = matcher.find(&folded);
        let hit = found.hits.iter().find(|h| h.role == Role::Term).unwrap();
        let language = Language::En;
        guard(
            &folded,
            &found.cues,
            &languages,
            language,
            hit.first,
            hit.last,
        )
    }

    const NO: &str = "negation = [\"no\"]\nlist = [\"or\"]\nstop = [\"but\", \"me duele\"]\noverrules = [\"no one\", \"no idea\", \"again\"]\nsubject = [\"i\"]\nnegation_near = [\"not\"]\nnegation_after = [\"is gone\", \"no more\"]";

    #[test]
    fn a_denial_reaches_its_own_clause() {
        for (text, expected) in [
            ("no chest pain", Some(Guard::Negated)),
            ("no fever, cough or chest pain", Some(Guard::Negated)),
            ("my chest pain is gone", Some(Guard::Negated)),
            ("no fever but chest pain", None),
            ("no fever, chest pain", None),
            ("no one is here chest pain", None),
            ("no doctor came i have chest pain", None),
            ("no fever, cough or i have chest pain", None),
            ("no voy al hospital me duele", None),
            ("not chest pain", Some(Guard::Negated)),
            ("not really any chest pain", Some(Guard::Negated)),
            ("not for the life of me chest pain", None),
            ("chest pain no more", Some(Guard::Negated)),
            ("chest pain and no idea why", None),
            ("no\nchest pain", None),
        ] {
            assert_eq!(guard_of(NO, text), expected, "{text}");
        }
    }

    #[test]
    fn words_that_overrule_a_denial_do_so_behind_the_flag_too() {
        let lists = "negation_after = [\"no\"]\noverrules = [\"no idea\"]";
        assert_eq!(guard_of(lists, "chest pain no"), Some(Guard::Negated));
        assert_eq!(guard_of(lists, "chest pain no idea why"), None);
    }

    #[test]
    fn what_is_said_to_be_there_now_is_no_condition_and_not_past() {
        let lists = "hypothetical = [\"if\"]\nhypothetical_after = [\"what are the signs\"]\nhistorical = [\"years ago\", \"history of\"]\nnow = [\"right now\"]\nrelative = [\"my aunt\"]";
        for (text, expected) in [
            ("if i get chest pain", Some(Guard::Hypothetical)),
            ("what if this chest pain right now kills me", None),
            (
                "come right now if you get chest pain",
                Some(Guard::Hypothetical),
            ),
            ("chest pain what are the signs", Some(Guard::Hypothetical)),
            ("history of chest pain", Some(Guard::Historical)),
            ("chest pain years ago", Some(Guard::Historical)),
            ("history of chest pain and right now", None),
            ("my aunt years ago chest pain", Some(Guard::SomeoneElse)),
        ] {
            assert_eq!(guard_of(lists, text), expected, "{text}");
        }
    }

    #[test]
    fn the_model_hears_what_takes_no_flag_back() {
        let lists = "historical_hint = [\"had a\"]\nhypothetical_hint = [\"signs of\"]\nfigure_hint = [\"the bill\"]";
        for text in [
            "i had a chest pain",
            "signs of chest pain",
            "chest pain the bill",
        ] {
            assert_eq!(guard_of(lists, text), None, "{text}");
        }
        let mut folded = Folded::for_engine(0, &TONGUE.writing);
        let text = "I had a bad pain here";
        folded.push(Field::Body, text, 0);
        let cue = CueHit {
            cue: Cue::HistoricalHint,
            language: Language::En,
            first: 1,
            last: 2,
        };
        let languages = detect::languages(&TONGUE.markers, &folded, "", text);
        assert_eq!(marks(&folded, &[cue], &languages)[4], PAST);
    }

    #[test]
    fn a_figure_of_speech_is_one_in_its_own_clause_only() {
        let lists = "figure = [\"lol\"]\nstop = [\"but\"]";
        for (text, expected) in [
            ("chest pain lol", Some(Guard::Figure)),
            ("lol but chest pain", None),
            ("lol\nchest pain", None),
            ("lol. chest pain", None),
            (
                "chest pain one two three four five six seven eight lol",
                None,
            ),
        ] {
            assert_eq!(guard_of(lists, text), expected, "{text}");
        }
    }

    #[test]
    fn cues_of_another_language_say_nothing() {
        let mut files = bare();
        let terms = "terms = [\"chest pain\"]";
        files.insert(
            "language/redflags.en.toml".to_owned(),
            flag("x", "cardiac", "emergency", terms),
        );
        let context = files.get_mut("language/context.es.toml").unwrap();
        with_cue(context, "negation", "[\"no\"]");
        let matcher = Matcher::build(&crate::clinic::parse(&files).unwrap()).unwrap();
        for (text, expected) in [
            ("I can say no chest pain is like this one here today", None),
            (
                "hola, el doctor me dijo que no chest pain pero no sé qué es eso",
                Some(Guard::Negated),
            ),
        ] {
            let mut folded = Folded::for_engine(text.len(), &TONGUE.writing);
            folded.push(Field::Body, text, 0);
            let languages = detect::languages(&TONGUE.markers, &folded, "", text);
            let found = matcher.find(&folded);
            let hit = found.hits[0];
            let language = Language::En;
            let guard = guard(
                &folded,
                &found.cues,
                &languages,
                language,
                hit.first,
                hit.last,
            );
            assert_eq!(guard, expected, "{text}");
        }
    }
}
