//! Reading a message: words, languages, and the rules that speak.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::clinic::{Concept, Cue, Effect, Kinds, Rule, Tongue};
use crate::context;
use crate::detect::{Detected, Languages, languages};
use crate::fold::{Folded, Token, is_wide};
use crate::markup::markup;
use crate::matcher::{CueHit, Found, Hit, Matcher, Role};
use crate::model::features::Features;
use crate::segments::Segment;
use crate::verdict::{Channel, Field, Guard, Level, Message, SafetyKind, Truncated};

/// Bytes of a message that the model reads. Of a longer one it is the beginning (three quarters) and the
/// end (one quarter), which bounds memory; [`Verdict::truncated`](crate::Verdict) says so. Its middle is heard in parts, for dangers
/// alone. The words of the rules are looked for in all of it.
pub const LOOKED_AT: usize = 64 * 1024;
/// Bytes of the subject that are looked at.
const SUBJECT: usize = 2 * 1024;
/// Words that an exception (`unless`) can have.
const EXCEPTION_REACH: usize = 48;
/// Denials that a list of them has at least.
const DENIALS: usize = 5;
/// Words of the middle of a much too long message that are heard together, and those that the next part begins before its own.
const PART: usize = 4_096;
const OVERLAP: usize = 40;
/// Words from which a sentence runs on: nobody says so many in one breath, so full stops are missing.
const RUN_ON: usize = 60;
/// Places of one rule that are kept.
const MAX_HITS: usize = 64;

/// A message as it was read.
#[expect(
    clippy::struct_excessive_bools,
    reason = "findings that don't depend on each other"
)]
pub(super) struct Look<'a> {
    pub folded: Folded,
    pub truncated: Option<Truncated>,
    /// Words of the middle of a much too long message, which the model hears for dangers alone.
    unheard: Range<usize>,
    /// Number of the person's own words.
    pub own_words: usize,
    pub languages: Languages,
    pub spoken: Vec<Spoken<'a>>,
    /// Concepts and the words where they stand.
    concepts: Vec<(u16, usize)>,
    /// The kinds of danger that they may be part of.
    pub named: Kinds,
    /// Something that could be danger is named: a concept that is no mere topic, or a rule's words.
    pub carries: bool,
    /// The number of different things that the model knows about.
    pub things: usize,
    /// All that is said is listed as next to nothing: a greeting, a chaser, thanks.
    pub small_talk: bool,
    /// What a counsellor is for is named (loneliness), and no red flag of a crisis that is meant.
    pub distress: bool,
    /// Markup and hardly anything else.
    pub markup: bool,
    /// A list of what is not there: "no fever, no cough, no rash …".
    pub denials: bool,
    marks: Vec<u8>,
    /// A comment in a survey: hardly one in a thousand is an emergency, and most that is told in them is over.
    pub survey: bool,
}

/// Letters beside markup from which a text is more than that: less than a word or two.
const BESIDE: u32 = 10;

/// Whether a text is markup and hardly anything else.
fn is_markup(folded: &Folded) -> bool {
    let (words, markup) = folded.tokens.split_at(folded.spoken());
    !markup.is_empty() && words.iter().map(|t| t.end - t.start).sum::<u32>() < BESIDE
}

/// Whether most words are denied, by several cues; `marks` are those of words that aren't markup.
fn is_list_of_denials(marks: &[u8], cues: &[CueHit]) -> bool {
    let denials = cues
        .iter()
        .filter(|c| c.last < marks.len() && matches!(c.cue, Cue::Negation | Cue::NegationNear));
    // One "no" is a cue of several languages.
    let mut places: Vec<usize> = denials.map(|cue| cue.first).collect();
    places.dedup();
    let denied = marks.iter().filter(|mark| *mark & context::NEGATED != 0);
    places.len() >= DENIALS && denied.count() * 5 >= marks.len() * 3
}

/// A rule that spoke.
pub(super) struct Spoken<'a> {
    pub rule: &'a Rule,
    pub hits: Vec<Hit>,
    pub in_subject: bool,
    pub guard: Option<Guard>,
    /// It is meant, and said to be there while it is written.
    pub now: bool,
}

impl<'a> Look<'a> {
    pub fn of(
        tongue: &Tongue,
        rules: &'a [Rule],
        matcher: &Matcher,
        message: &Message<'_>,
    ) -> Self {
        let Reading {
            mut folded,
            truncated,
            unheard,
        } = read(tongue, message);
        let mut languages = languages(&tongue.markers, &folded, message.subject, message.body);
        languages.main = hinted(languages.main, message);
        let found = matcher.find(&folded);
        let marks = context::marks(&folded, &found.cues, &languages);
        let mut flags = spoken(rules, &folded, &found, &languages);
        if reclaim(&mut folded, &flags) {
            flags = spoken(rules, &folded, &found, &languages);
        }
        let spoken_of = |hit: &&Hit| !folded.tokens[hit.first].markup;
        let concepts = concepts(rules, found.hits.iter().filter(spoken_of));
        let carries = found.hits.iter().any(|hit| {
            let rule = &rules[hit.rule as usize];
            match rule.effect {
                Effect::Concept(Concept { topic, .. }) => !topic && spoken_of(&hit),
                // "Two hours" and "grandma" are danger only beside what makes them one.
                Effect::Danger(..) => !rule.apart,
                Effect::Category(..) | Effect::Urgency(..) => false,
            }
        }) || flags.iter().any(|s| s.rule.apart && !is_hint(s.rule));
        let (mut named, mut distress) = (Kinds::default(), false);
        for hit in found.hits.iter().filter(spoken_of) {
            if let Effect::Concept(concept) = rules[hit.rule as usize].effect {
                named.join(concept.kinds);
                distress |= concept.distress;
            }
        }
        let crisis = flags.iter().any(|s| {
            matches!(s.rule.effect, Effect::Danger(kind, _) if kind.is_crisis())
                && s.guard.is_none()
        });
        let small_talk = flags.iter().any(|s| s.rule.alone && is_hint(s.rule));
        Self {
            own_words: own_words(&folded, 0..folded.tokens.len()),
            truncated,
            unheard,
            languages,
            spoken: flags,
            things: things(&concepts),
            small_talk,
            concepts,
            named,
            carries,
            distress: distress && !crisis,
            markup: is_markup(&folded),
            denials: is_list_of_denials(&marks[..folded.spoken()], &found.cues),
            survey: message.channel == Channel::Survey,
            marks,
            folded,
        }
    }

    /// Whether a word is denied.
    pub fn denied(&self, token: usize) -> bool {
        self.marks[token] & context::NEGATED != 0
    }

    /// The number of the person's own words among these.
    pub fn own_words_of(&self, tokens: Range<usize>) -> usize {
        own_words(&self.folded, tokens)
    }

    /// What the model sees.
    pub fn features(&self, message: &Message<'_>) -> Features {
        let Range { start, end } = self.unheard.clone();
        self.features_of(message, &[0..start, end..self.folded.spoken()])
    }

    /// The middle of a much too long message, in parts.
    pub fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let Range { start, end } = self.unheard.clone();
        (start..end).step_by(PART).map(move |from| {
            from.saturating_sub(OVERLAP).max(start)..from.saturating_add(PART).min(end)
        })
    }

    /// Stretches of so many words of the sentences that run on, one every `step` words, each sentence's end included. Signs such
    /// as Chinese characters count half.
    pub fn stretches(&self, words: usize, step: usize) -> Vec<Range<usize>> {
        let mut stretches = Vec::new();
        let tokens = &self.folded.tokens[..self.folded.spoken()];
        let mut from = 0;
        let own = |t: &Token| t.segment == Segment::Own;
        let sentences = tokens.chunk_by(|a, b| a.sentence == b.sentence && own(a) == own(b));
        for sentence in sentences {
            let all = from..from + sentence.len();
            from = all.end;
            let said = own_words(&self.folded, all.clone());
            if said < RUN_ON {
                continue;
            }
            // Tokens that a word takes: two where it is written in signs.
            let each = sentence.len().div_ceil(said);
            let starts = all.clone().step_by(step * each);
            let last = all.end.saturating_sub(words * each);
            stretches.extend(
                starts
                    .take_while(|&at| at < last)
                    .chain([last])
                    .map(|at| at..(at + words * each).min(all.end)),
            );
        }
        stretches
    }

    /// Whether something that the model knows about is named in these words.
    pub fn names_in(&self, words: &Range<usize>) -> bool {
        let from = self.concepts.partition_point(|c| c.1 < words.start);
        self.concepts.get(from).is_some_and(|c| c.1 < words.end)
    }

    /// The words of a place and so many on both sides of it.
    pub fn around(&self, place: &Range<usize>, words: usize) -> Range<usize> {
        let from = place.start.saturating_sub(words);
        from..(place.end + words).min(self.folded.spoken())
    }

    /// What the model sees of some ranges of the words.
    pub fn features_of(&self, message: &Message<'_>, heard: &[Range<usize>]) -> Features {
        let mut features = Features::of(&self.folded, &self.marks, heard);
        features.about(message.channel.code(), 1.0);
        for range in heard {
            let from = self.concepts.partition_point(|c| c.1 < range.start);
            let to = self.concepts.partition_point(|c| c.1 < range.end);
            features.concepts(&self.concepts[from..to], &self.marks);
        }
        // What a wish rings for rings whatever the model makes of it.
        let told = |s: &&Spoken<'_>| !s.rule.wish && !s.rule.apart;
        for spoken in self.spoken.iter().filter(told) {
            match spoken.rule.effect {
                Effect::Danger(kind, level) => {
                    let guard = spoken.guard.map_or("", Guard::code);
                    let level = if level == Level::None {
                        "hint"
                    } else {
                        level.code()
                    };
                    let heard = |hit: &&Hit| heard.iter().any(|range| range.contains(&hit.first));
                    for hit in spoken.hits.iter().take(8).filter(heard) {
                        features.rule(hit.first, &format!("{kind} {level} {guard}"), 1.0);
                        features.rule(hit.first, &format!("{level} {guard}"), 1.0);
                    }
                }
                Effect::Category(category, weight) => {
                    let weight = super::topic::weighed(spoken, weight);
                    features.about(category.code(), (weight / 4.0).min(1.5));
                }
                Effect::Urgency(urgency, weight) => {
                    let weight = super::topic::weighed(spoken, weight);
                    features.about(urgency.code(), (weight / 4.0).min(1.5));
                }
                Effect::Concept(..) => {}
            }
        }
        features
    }
}

/// Whether a flag raises nothing by itself.
fn is_hint(rule: &Rule) -> bool {
    matches!(rule.effect, Effect::Danger(_, Level::None))
}

/// How many different ones there are.
fn things(concepts: &[(u16, usize)]) -> usize {
    let numbers: BTreeSet<u16> = concepts.iter().map(|&(number, _)| number).collect();
    numbers.len()
}

fn concepts<'h>(rules: &[Rule], found: impl Iterator<Item = &'h Hit>) -> Vec<(u16, usize)> {
    let number = |hit: &Hit| match rules[hit.rule as usize].effect {
        Effect::Concept(concept) => Some((concept.number, hit.first)),
        _ => None,
    };
    let mut concepts: Vec<(u16, usize)> = found.filter_map(number).collect();
    concepts.sort_unstable_by_key(|c| c.1);
    concepts
}

/// The rules whose words are there, with the places that count.
fn spoken<'a>(
    rules: &'a [Rule],
    folded: &Folded,
    found: &Found,
    languages: &Languages,
) -> Vec<Spoken<'a>> {
    let exceptions = exceptions(rules, found);
    let mut spoken = Vec::new();
    for group in found.hits.chunk_by(|a, b| a.rule == b.rule) {
        let rule = &rules[group[0].rule as usize];
        if matches!(rule.effect, Effect::Concept(..)) {
            continue;
        }
        let of = |role: Role| {
            let from = group.partition_point(|h| h.role < role);
            let to = group.partition_point(|h| h.role <= role);
            &group[from..to]
        };
        let (with_any, and_any) = (of(Role::With), of(Role::And));
        let unless = match rule.effect {
            Effect::Danger(kind, _) => exceptions[kind as usize].as_slice(),
            _ => of(Role::Unless),
        };
        let within = usize::from(rule.within);
        // Markup is about nothing, but may hide a danger.
        let dangerous = matches!(rule.effect, Effect::Danger(..));
        let counts = |hit: &&Hit| {
            (dangerous || !folded.tokens[hit.first].markup)
                && (rule.with_any.is_empty() || near(folded, with_any, hit, within))
                && (rule.and_any.is_empty() || near(folded, and_any, hit, within))
                && !overlaps(unless, hit)
        };
        let mut hits: Vec<Hit> = of(Role::Term).iter().filter(counts).copied().collect();
        if rule.alone && !is_all_that_is_said(folded, &hits) {
            continue;
        }
        let guard = guard(folded, found, languages, rule, &mut hits);
        hits.truncate(MAX_HITS);
        if let Some(first) = hits.first() {
            let in_subject = folded.tokens[first.first].field == Field::Subject;
            let is_now = |h: &Hit| context::is_now(folded, &found.cues, languages, h.first, h.last);
            let urgent = matches!(rule.effect, Effect::Danger(_, Level::Emergency));
            spoken.push(Spoken {
                rule,
                now: urgent && guard.is_none() && hits.iter().any(is_now),
                hits,
                in_subject,
                guard,
            });
        }
    }
    spoken
}

/// Whether a person's own words stand in these places, which are sorted, and nowhere else. Markup is nobody's.
fn is_all_that_is_said(folded: &Folded, hits: &[Hit]) -> bool {
    let own = |token: &Token| token.segment == Segment::Own && !token.markup;
    let mut said = folded.tokens.iter().enumerate().filter(|(_, t)| own(t));
    // Words and places are walked together: "hi hi hi …" has as many of these as of those.
    let (mut left, mut covered) = (hits.iter().peekable(), 0);
    hits.iter().any(|hit| own(&folded.tokens[hit.first]))
        && said.all(|(at, _)| {
            while let Some(hit) = left.next_if(|hit| hit.first <= at) {
                covered = covered.max(hit.last + 1);
            }
            at < covered
        })
}

/// By kind of danger, where phrases stand that hold a flag's words and mean something else. They hold for all flags of the
/// kind: a word that several languages write alike is no other word in a phrase of one of them ("prevención del **suicid**io").
fn exceptions(rules: &[Rule], found: &Found) -> [Vec<Hit>; SafetyKind::ALL.len()] {
    let mut exceptions = [const { Vec::new() }; SafetyKind::ALL.len()];
    for hit in found.hits.iter().filter(|h| h.role == Role::Unless) {
        if let Effect::Danger(kind, _) = rules[hit.rule as usize].effect {
            exceptions[kind as usize].push(*hit);
        }
    }
    for places in &mut exceptions {
        places.sort_unstable_by_key(|hit| (hit.first, hit.last));
    }
    exceptions
}

/// The context of a red flag's places. One place that is meant is enough; only then are the others left out.
fn guard(
    folded: &Folded,
    found: &Found,
    languages: &Languages,
    rule: &Rule,
    hits: &mut Vec<Hit>,
) -> Option<Guard> {
    let Effect::Danger(kind, _) = rule.effect else {
        return None;
    };
    let cues = &found.cues;
    let repeated = |h: &Hit| context::is_repeated(folded, cues, languages, h.first, h.last);
    let another = |h: &Hit| {
        kind == SafetyKind::SelfHarm
            && !rule.wish
            && context::is_told_of_another(folded, cues, languages, h.first, h.last)
    };
    let guards: Vec<Option<Guard>> = hits
        .iter()
        .map(|h| {
            let guard = context::guard(folded, cues, languages, rule.language, h.first, h.last);
            // "If I have to wait any longer I'll kill myself" is not taken back by its "if".
            guard
                .filter(|g| !(kind.is_crisis() && *g == Guard::Hypothetical))
                .filter(|g| !(rule.wish && matches!(g, Guard::Historical | Guard::SomeoneElse)))
                .or_else(|| another(h).then_some(Guard::SomeoneElse))
        })
        .collect();
    if guards.iter().any(Option::is_none) {
        let mut keep = guards.iter().map(Option::is_none);
        hits.retain(|_| keep.next().unwrap_or(true));
        if !hits.iter().all(repeated) {
            hits.retain(|h| !repeated(h));
        }
        return None;
    }
    guards
        .into_iter()
        .flatten()
        .max_by_key(|g| *g == Guard::Quoted)
}

/// Whether one of a sorted list stands within `reach` words of `hit`.
fn near(folded: &Folded, sorted: &[Hit], hit: &Hit, reach: usize) -> bool {
    // The nearest on either side; ranges of one role hardly overlap.
    let next = sorted.partition_point(|h| h.first < hit.first);
    let close = |other: &Hit| {
        let (left, right) = if other.first < hit.first {
            (other, hit)
        } else {
            (hit, other)
        };
        right.first <= left.last || folded.distance(left.last, right.first) <= reach
    };
    sorted[next.saturating_sub(2)..(next + 2).min(sorted.len())]
        .iter()
        .any(close)
}

/// Whether an exception covers part of `hit`.
fn overlaps(unless: &[Hit], hit: &Hit) -> bool {
    let from = unless.partition_point(|h| h.first + EXCEPTION_REACH < hit.first);
    unless[from..]
        .iter()
        .take_while(|u| u.first <= hit.last)
        .any(|u| u.last >= hit.first)
}

/// The number of the person's own words in a range, signs such as Chinese characters counting half.
fn own_words(folded: &Folded, range: Range<usize>) -> usize {
    let halves = |token: &Token| {
        let sign = folded.word(token).starts_with(is_wide);
        if sign { 1 } else { 2 }
    };
    let own = |t: &&Token| t.segment == Segment::Own && !t.markup;
    let all: usize = folded.tokens[range].iter().filter(own).map(halves).sum();
    all.div_ceil(2)
}

/// What looks like a signature or a notice and holds words of a firm red flag that are meant is the person's own
/// ("-- I can't breathe"): gives it back to them. Says whether anything was.
fn reclaim(folded: &mut Folded, flags: &[Spoken<'_>]) -> bool {
    let added = |segment: Segment| matches!(segment, Segment::Signature | Segment::Footer);
    let places: Vec<usize> = flags
        .iter()
        .filter(|s| {
            let urgent = matches!(s.rule.effect, Effect::Danger(_, Level::Emergency));
            urgent && !s.rule.soft && s.guard == Some(Guard::Quoted)
        })
        .flat_map(|s| s.hits.iter().map(|h| h.first))
        .filter(|&at| added(folded.tokens[at].segment))
        .collect();
    for &at in &places {
        // The run around it; what was given back already is skipped at once.
        let segment = folded.tokens[at].segment;
        if !added(segment) {
            continue;
        }
        let same = |t: &Token| t.segment == segment;
        let from = folded.tokens[..at].iter().rposition(|t| !same(t));
        for token in &mut folded.tokens[from.map_or(0, |n| n + 1)..] {
            if token.segment != segment {
                break;
            }
            token.segment = Segment::Own;
        }
    }
    !places.is_empty()
}

/// A message folded.
struct Reading {
    folded: Folded,
    truncated: Option<Truncated>,
    unheard: Range<usize>,
}

/// Folds the message.
fn read(tongue: &Tongue, message: &Message<'_>) -> Reading {
    let (subject, body) = (message.subject, message.body);
    let shown = &subject[..subject.floor_char_boundary(SUBJECT)];
    let room = LOOKED_AT - shown.len();
    let mut folded = Folded::for_engine(shown.len() + body.len(), &tongue.writing);
    let in_subject = markup(shown);
    folded.push_around(Field::Subject, shown, 0, Segment::Own, &in_subject);
    let mut looked_at = shown.len() + body.len();
    let in_body = markup(body);
    let (mut hidden, mut left) = (Vec::new(), in_body.as_slice());
    for (range, segment) in tongue.segments.split(body) {
        // One that goes on into the next part is a hole in both.
        let before = left.partition_point(|m| m.place.start < range.end);
        folded.push_around(
            Field::Body,
            &body[range.clone()],
            range.start,
            segment,
            &left[..before],
        );
        let begins = left.partition_point(|m| m.place.start < range.start);
        hidden.extend(left[begins..before].iter().map(|m| (&m.read, segment)));
        left = &left[left.partition_point(|m| m.place.end <= range.end)..];
    }
    let mut unheard = 0..0;
    if body.len() > room {
        let from = body.floor_char_boundary(room / 4 * 3);
        let to = body.ceil_char_boundary(body.len() - room / 4);
        looked_at -= to - from;
        let before = |at: usize| {
            folded
                .tokens
                .partition_point(|t| t.field == Field::Subject || (t.source_start as usize) < at)
        };
        unheard = before(from)..before(to);
    }
    for one in &in_subject {
        let place = one.read.clone();
        folded.push_markup(
            Field::Subject,
            &shown[place.clone()],
            place.start,
            Segment::Own,
        );
    }
    for (place, segment) in hidden {
        folded.push_markup(Field::Body, &body[place.clone()], place.start, segment);
    }
    let total_bytes = subject.len() + body.len();
    let truncated = (looked_at < total_bytes).then_some(Truncated {
        total_bytes,
        looked_at_bytes: looked_at,
    });
    Reading {
        folded,
        truncated,
        unheard,
    }
}

/// What the person's own setting says where the text can't: "ok", a name, a number.
fn hinted(detected: Detected, message: &Message<'_>) -> Detected {
    let short = message.subject.len() + message.body.len() < 40;
    match (detected.language, message.hint_language) {
        (None, Some(hint)) if short => Detected {
            language: Some(hint),
            confidence: 0.5,
        },
        (Some(found), Some(hint)) if found != hint && short && detected.confidence < 0.7 => {
            Detected {
                language: Some(hint),
                confidence: 0.5,
            }
        }
        _ => detected,
    }
}
