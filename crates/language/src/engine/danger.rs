//! How dangerous a message is: what the rules found and what the model reads, put together.
//!
//! Either can raise. A rule whose words are meant makes at least a concern; it makes an emergency unless all that
//! speaks, weighed together, leaves next to no doubt that none is there. From a probability that was set on
//! examples the model wasn't made from, that weighing raises by itself. What a context takes back stays taken
//! back only when the model agrees; a crisis is only lowered.

use std::ops::Range;

use crate::clinic::{Effect, Kinds};
use crate::fold::Folded;
use crate::model::features::Features;
use crate::model::memory::Recalled;
use crate::model::{
    CATEGORY, CONCERN, EMERGENCY, Judged, KINDS, Model, Row, SUBJECTS, Signs, Sum, URGENCY,
    log_ratio, softmax,
};
use crate::verdict::{Category, Guard, Level, Safety, SafetyKind, Span, Urgency};

use super::passage::{Passage, Raised};
use super::read::{Look, Spoken};

/// Where the model's own reason stands among those of the rules: behind the emergencies.
pub(super) const MODEL_STRENGTH: f32 = 2.5e6;
/// Probability of a concern from which the model raises one where nothing is named that could be danger.
const CERTAIN: f32 = 0.5;
/// Probability of an emergency that it takes where nothing is named, or where hardly anything in the message is about a symptom
/// or a crisis: polite closings read a little like farewells.
const NAMELESS: f32 = 0.3;
/// Score of the loudest window below which no stretch of the message speaks for an emergency, and what does is what it has
/// in common with examples ("my 9 year old has a fever" with those of the newborn); and the probability that it takes there.
const QUIET: f32 = -4.5;
const QUIETLY: f32 = 0.4;
/// The same where what stands there is no language at all, mark-up, or fewer words than [`SCRAP`] that name one thing, or nothing that could be danger ("Round 29").
const WORDLESS: f32 = 0.65;
const SCRAP: usize = 7;
/// The same where so few words name none of the things that the model knows about ("my words"), or are no language: a name, a
/// code, made-up words.
const NOTHING: f32 = 0.9;
/// The same where all that is said is listed as next to nothing.
const SMALL_TALK: f32 = 0.97;
/// Log-odds below which hardly anything is.
const ELSEWHERE: f32 = -1.5;
/// The same in a survey: hardly one in a thousand is an emergency.
const SURVEY: f32 = 0.85;
/// The same in a survey that is told as a symptom or a crisis and not as praise or blame.
const SURVEY_TOLD: f32 = 0.7;
/// The same in a survey that names nothing.
const SURVEY_CERTAIN: f32 = 0.9;
/// The same where somebody tells of loneliness, of a loss or of being worn out, and the message is about neither a symptom nor a
/// crisis: a counsellor is offered, and a worry is a worry.
const DISTRESS: f32 = 0.85;
/// Log-odds below which a message is little about a symptom or a crisis, and those of a crisis below which it is about none.
const LITTLE: f32 = 1.0;
const NO_CRISIS: f32 = -3.0;
/// Words up to which the length of a text says nothing.
const FEW: u16 = 16;
/// Words from which it says nothing more: a letter is no more dangerous for being long, and the part `dev` has few of them to learn from.
const MANY: u16 = 30;
/// Words below which next to nothing stands around a rule's words that could speak against them, those of a soft one and
/// those of a firm one.
const SHORT: usize = 10;
const SHORTISH: usize = 14;
/// Places of one flag that are heard by themselves in a long text.
const EACH: usize = 4;
/// Probability of a concern from which a firm flag that is laughed about is one.
const JOKED: f32 = 0.02;
/// Words from which a text is a letter, and the probability that it takes in one that is hardly about a symptom or a crisis and no
/// stretch of which speaks for an emergency by itself: long talk of people and plans has something in common with every example.
const LETTER: usize = 100;
const LETTER_QUIETLY: f32 = 0.5;
/// Probability below which a firm red flag that is meant, and is not said to be true "right now", makes no emergency of a message
/// about something else. On `dev` such alarms between 0.05 and this were hard negatives, twelve of thirteen, and none an emergency.
const KEEP_ELSEWHERE: f32 = 0.15;
/// Share of a kind of danger among all kinds from which the model names one that no word names.
const SURE_KIND: f32 = 0.3;
/// The same for one that a concept names.
const LIKELY_KIND: f32 = 0.15;
/// Places shown for the model.
const PLACES: usize = 3;

/// What the engine works with of the model: the model, the message's features, their sums, what comes to mind at it.
pub(super) type Read<'a> = (&'a Model, &'a Features, &'a [Sum], &'a Recalled);

/// Score where nothing was said.
const SILENT: f32 = -9.0;

/// What came out.
pub(super) struct Decided {
    pub safety: Safety,
    /// What the model heard, where it raised or agreed.
    pub heard: Option<Sounds>,
}

/// What the model heard: a danger, the words that weighed most, and the sentences around them.
#[derive(Clone)]
pub(super) struct Sounds {
    pub kind: SafetyKind,
    pub spans: Vec<Span>,
    pub around: Span,
}

/// The level that a flag keeps in its context.
fn lowered(kind: SafetyKind, level: Level, guard: Option<Guard>) -> Level {
    match guard {
        None => level,
        // A mail that is passed on may be a cry for help of somebody else; an illness in it is the writer's to tell.
        Some(Guard::Quoted) if kind.is_crisis() => level,
        // People laugh about what is true: "chest pain since noon lol".
        Some(Guard::Quoted | Guard::Figure) => level.min(Level::Concern),
        Some(_) if kind.is_crisis() => level.min(Level::Concern),
        Some(_) => Level::None,
    }
}

/// The level and kind that the rules alone give.
pub(super) fn by_rules(look: &Look<'_>) -> (Level, Option<SafetyKind>) {
    let mut most = (Level::None, None);
    for (kind, level, spoken) in flags(look) {
        let level = look.lowered(kind, level, spoken.guard);
        if level > most.0 {
            most = (level, Some(kind));
        }
    }
    most
}

impl Look<'_> {
    /// The level that a flag keeps in its context. In a list of what is not there ("no fever, no suicidal thoughts, no rash
    /// …") nobody speaks of themselves, so there a denied crisis is none.
    pub fn lowered(&self, kind: SafetyKind, level: Level, guard: Option<Guard>) -> Level {
        if self.denials && guard == Some(Guard::Negated) {
            return Level::None;
        }
        lowered(kind, level, guard)
    }

    /// The probability that it takes at least to raise an emergency where no firm rule does.
    pub fn at_least(&self, signs: &Signs) -> f32 {
        // Numbers and made-up words that say too little to know even their language, and what is no language.
        let foreign = self.languages.main.language.is_none() && self.own_words < usize::from(FEW);
        let wordless = foreign || self.markup;
        match (self.survey, self.carries && !wordless) {
            (true, true) if signs.about >= 0.0 => SURVEY_TOLD,
            (true, true) => SURVEY,
            (true, false) => SURVEY_CERTAIN,
            (false, _) if self.small_talk => SMALL_TALK,
            (false, _) if self.distress && signs.is_hardly_clinical() => DISTRESS,
            (false, _) if self.is_quiet_letter(signs) => LETTER_QUIETLY,
            (false, _) if self.own_words < SCRAP && (foreign || self.things == 0) => NOTHING,
            (false, true) if self.own_words < SCRAP && self.things == 1 => WORDLESS,
            (false, true) if signs.about >= ELSEWHERE && signs.window >= QUIET => 0.0,
            (false, carries) if wordless || !carries && self.own_words < SCRAP => WORDLESS,
            (false, true) if signs.about >= ELSEWHERE => QUIETLY,
            (false, _) => NAMELESS,
        }
    }

    /// The probability of a concern that it takes at least to raise one.
    fn certain(&self) -> f32 {
        match (self.carries, self.survey) {
            _ if self.denials => SURVEY_CERTAIN,
            _ if self.markup => WORDLESS,
            (true, false) => 0.0,
            (true, true) | (false, false) => CERTAIN,
            (false, true) => SURVEY_CERTAIN,
        }
    }

    /// Whether it is a long text, about something else, of which no stretch speaks for an emergency.
    fn is_quiet_letter(&self, signs: &Signs) -> bool {
        self.own_words >= LETTER && signs.about < ELSEWHERE && signs.window < 0.0
    }
}

impl Signs {
    /// Whether the message is about neither a symptom nor a crisis, or about no crisis and hardly about a symptom: who is lonely
    /// also sleeps badly.
    fn is_hardly_clinical(&self) -> bool {
        self.about < 0.0 || self.about < LITTLE && self.crisis < NO_CRISIS
    }
}

/// What there is to decide by.
pub(super) struct Heard {
    pub signs: Signs,
    /// The windows that speak loudest for an emergency and for a concern.
    emergency: Option<Judged>,
    concern: Option<Judged>,
    /// Scores of what the whole message is about.
    pub subjects: [f32; SUBJECTS],
}

/// Listens to the model and to the rules.
pub(super) fn listen(look: &Look<'_>, (model, features, sums, recalled): Read<'_>) -> Heard {
    let (emergency, concern) = model.loudest(features, sums, true);
    let whole = model.judge(features, sums, features.whole()).scores;
    let mut subjects = [0.0; SUBJECTS];
    subjects.copy_from_slice(&whole[CATEGORY..URGENCY]);
    let loudest = [(emergency, EMERGENCY), (concern, CONCERN)]
        .map(|(judged, output)| judged.map_or(SILENT, |j| j.scores[output]));
    Heard {
        signs: signs(look, loudest, &whole, recalled, look.own_words),
        emergency,
        concern,
        subjects,
    }
}

/// What speaks for an emergency in a text of so many words: what its loudest windows score for one and for a concern, what
/// all of it scores, and what comes to mind at it.
pub(super) fn signs(
    look: &Look<'_>,
    [window, concern]: [f32; 2],
    whole: &Row,
    recalled: &Recalled,
    words: usize,
) -> Signs {
    let mut about = [0.0; SUBJECTS];
    softmax(&whole[CATEGORY..URGENCY], &mut about);
    let mut urgencies = [0.0; Urgency::ALL.len()];
    softmax(&whole[URGENCY..], &mut urgencies);
    let odds = |p: f32| log_ratio(p.clamp(1e-4, 1.0), (1.0 - p).clamp(1e-4, 1.0));
    let danger = about[Category::Symptom as usize] + about[Category::Crisis as usize];
    let now = urgencies[Urgency::Emergency as usize];
    let taken_back = flags(look)
        .any(|(_, level, s)| level == Level::Emergency && s.guard.is_some() && !s.rule.apart);
    let one = |yes: bool| f32::from(u8::from(yes));
    let words = u16::try_from(words).unwrap_or(u16::MAX);
    Signs {
        window,
        concern,
        whole: whole[EMERGENCY],
        whole_concern: whole[CONCERN],
        about: log_ratio(danger + 0.02, 1.02 - danger),
        urgency: odds(now),
        pressing: odds(now + urgencies[Urgency::Urgent as usize]),
        taken_back: one(taken_back),
        survey: one(look.survey),
        length: log_ratio(f32::from(words.clamp(FEW, MANY)) + 1.0, 1.0),
        crisis: odds(about[Category::Crisis as usize]),
        feedback: odds(about[Category::Feedback as usize]),
        near: recalled.near_danger,
    }
}

/// What the red flags of an emergency that stand there and are meant make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meant {
    /// There are none.
    No,
    /// Soft ones, or any in a survey but a short cry for help: a concern.
    Softly,
    /// Firm ones, or those of a crisis: an emergency unless next to nothing else speaks for one.
    Firmly,
    /// The same, said to be true now: next to nothing is less here.
    Now,
    /// Hardly anything stands there besides, or it is a wish whose reason stands beside it (to follow somebody who died): an emergency.
    Alone,
}

impl Meant {
    /// Whether the rules make an emergency of it, with the probability that all signs together give, and the one below which
    /// they are not enough. In a message about a symptom or a crisis they are enough at any.
    pub fn raises(self, probability: f32, keep: f32, signs: &Signs) -> bool {
        match self {
            Self::No | Self::Softly => false,
            Self::Firmly => probability >= keep.max(KEEP_ELSEWHERE) || signs.about >= 0.0,
            Self::Now => probability >= keep || signs.about >= 0.0,
            Self::Alone => true,
        }
    }
}

pub(super) fn meant(look: &Look<'_>) -> Meant {
    let flags = flags(look);
    let weights = flags.map(|(kind, level, spoken)| weight(look, kind, level, spoken));
    weights.max().unwrap_or(Meant::No)
}

/// What a red flag makes of a message.
fn weight(look: &Look<'_>, kind: SafetyKind, level: Level, spoken: &Spoken<'_>) -> Meant {
    if level != Level::Emergency || spoken.guard.is_some() {
        return Meant::No;
    }
    let lightly = spoken.rule.soft && !kind.is_crisis() && !spoken.now;
    let short = if lightly { SHORT } else { SHORTISH };
    let cry = kind.is_crisis() && look.own_words < SHORTISH;
    if spoken.rule.wish && !spoken.rule.soft {
        Meant::Alone
    } else if look.survey && !cry {
        Meant::Softly
    } else if look.own_words < short {
        Meant::Alone
    } else if lightly {
        Meant::Softly
    } else if spoken.now {
        Meant::Now
    } else {
        Meant::Firmly
    }
}

/// Where the words of red flags stand that are meant, with what they make of it.
pub(super) fn places_meant<'a>(
    look: &'a Look<'_>,
) -> impl Iterator<Item = (Range<usize>, Meant)> + 'a {
    flags(look).flat_map(|(kind, level, spoken)| {
        let meant = weight(look, kind, level, spoken);
        let hits = spoken.hits.iter().filter(move |_| meant > Meant::No);
        hits.take(EACH)
            .map(move |hit| (hit.first..hit.last + 1, meant))
    })
}

fn flags<'a>(look: &'a Look<'_>) -> impl Iterator<Item = (SafetyKind, Level, &'a Spoken<'a>)> {
    look.spoken.iter().filter_map(|s| match s.rule.effect {
        Effect::Danger(kind, level) => Some((kind, level, s)),
        _ => None,
    })
}

pub(super) fn decide(
    look: &Look<'_>,
    model: Option<Read<'_>>,
    passage: Option<&Passage>,
) -> Decided {
    let (rule_level, rule_kind) = by_rules(look);
    let Some((model, features, sums, recalled)) = model else {
        let certain = if rule_level == Level::None { 0.0 } else { 0.5 };
        return Decided {
            safety: safety(rule_level, rule_kind, 0.5, certain),
            heard: None,
        };
    };
    let curve = model.calibration.of(look.languages.main.language);
    let Heard {
        signs,
        emergency,
        concern,
        ..
    } = listen(look, (model, features, sums, recalled));
    let weighed = model.calibration.weigher.log_odds(&signs);
    let p_emergency = emergency.map_or(0.0, |_| curve.emergency(weighed));
    let concerned = model.calibration.concerns.log_odds(&signs);
    let p_concern = concern.map_or(0.0, |_| curve.concern(concerned));
    let quoted = model.loudest(features, sums, false).0;
    let p_quoted = quoted.map_or(0.0, |j| curve.window(j.scores[EMERGENCY]));

    // What only a quotation says is no part of the model's own windows; someone looks, at once where it is a crisis.
    let carried = flags(look)
        .filter(|(_, level, s)| *level == Level::Emergency && s.guard == Some(Guard::Quoted))
        .map(|(kind, level, s)| look.lowered(kind, level, s.guard))
        .max();
    // "Chest pain since noon lol" is worth a look unless the model is all but sure that it is a joke.
    let joked = flags(look).any(|(_, level, s)| {
        level == Level::Emergency && !s.rule.soft && s.guard == Some(Guard::Figure)
    });
    let keep_concern = if joked { JOKED } else { curve.keep_concern };
    let raise = curve.raise.max(look.at_least(&signs));
    let raise_concern = curve.raise_concern.max(look.certain());

    let stands = flags(look).any(|(kind, level, s)| {
        let kept = look.lowered(kind, level, s.guard);
        kept > Level::None
            && (s.guard.is_none() || kind.is_crisis())
            && (level == Level::Emergency || !look.survey)
    });
    // Either can raise. What a rule says and its context lets stand is never dropped, but may be a concern.
    let meant = meant(look);
    let raised = passage.map_or(Raised::NOTHING, |p| p.raised);
    let cries = raised.level == Level::Emergency;
    let level = if p_emergency >= raise
        || meant.raises(p_emergency, curve.keep, &signs)
        || carried == Some(Level::Emergency)
        || cries
    {
        Level::Emergency
    } else if carried.is_some()
        || stands
        || p_concern >= raise_concern
        || p_quoted >= raise
        || raised.level == Level::Concern
        || rule_level > Level::None && p_concern >= keep_concern
    {
        Level::Concern
    } else {
        Level::None
    };
    let stretch = passage.filter(|_| cries && raised.probability > p_emergency);
    let p_emergency = stretch.map_or(p_emergency, |_| raised.probability);
    let urgent = level == Level::Emergency;
    let own = if urgent { emergency } else { concern };
    let judged = match stretch {
        Some(stretch) => Some(stretch.judged),
        None if urgent || p_quoted < raise => own,
        None => quoted,
    };
    let kind = (level > Level::None).then(|| kind(look, judged.as_ref(), level));
    let confidence = match level {
        Level::Emergency => p_emergency,
        Level::Concern => p_concern.max(p_quoted),
        Level::None => 1.0 - p_concern,
    };
    let risk = p_concern.max(p_emergency).max(if level == Level::None {
        0.0
    } else {
        curve.keep
    });
    // Where a rule raised and the model knows better, its loudest words are no reason for anything.
    let agrees = match level {
        Level::Emergency => p_emergency >= curve.keep,
        Level::Concern | Level::None => p_concern.max(p_quoted) >= curve.keep_concern,
    };
    let features = stretch
        .and_then(|s| s.features.as_ref())
        .unwrap_or(features);
    let heard = kind
        .filter(|_| agrees)
        .zip(judged)
        .and_then(|(kind, judged)| heard(look, (model, features), judged, (kind, level)));
    Decided {
        safety: safety(level, kind, confidence, risk),
        heard,
    }
}

fn safety(level: Level, kind: Option<SafetyKind>, confidence: f32, risk: f32) -> Safety {
    Safety {
        level,
        kind: kind.filter(|_| level > Level::None),
        confidence,
        risk,
        reasons: Vec::new(),
    }
}

/// The kind of danger. What the message's words name goes before what the model guesses: it chooses among the kinds of the
/// rules that spoke, which count more, and of the concepts. Where no word names one, it is the model's guess, if that is more
/// than one.
fn kind(look: &Look<'_>, judged: Option<&Judged>, level: Level) -> SafetyKind {
    let mut votes = [0.0; SafetyKind::ALL.len()];
    let mut shares = votes;
    if let Some(judged) = judged {
        votes.copy_from_slice(&judged.scores[KINDS..CATEGORY]);
        softmax(&judged.scores[KINDS..CATEGORY], &mut shares);
    }
    let mut ruled = Kinds::default();
    for (kind, flag, spoken) in flags(look) {
        let kept = look.lowered(kind, flag, spoken.guard);
        votes[kind as usize] += match (kept, level) {
            (Level::Emergency, _) => 3.0,
            (Level::Concern, Level::Concern) => 2.0,
            _ => 0.5,
        };
        if kept > Level::None && kind != SafetyKind::Other {
            ruled.add(kind);
        }
    }
    let mut named = ruled;
    named.join(look.named);
    let best = SafetyKind::ALL
        .iter()
        .copied()
        .filter(|&kind| named.has(kind) || ruled.is_empty() && shares[kind as usize] >= SURE_KIND)
        .max_by(|a, b| votes[*a as usize].total_cmp(&votes[*b as usize]));
    let likely = |kind: &SafetyKind| ruled.has(*kind) || shares[*kind as usize] >= LIKELY_KIND;
    best.filter(likely).unwrap_or(SafetyKind::Other)
}

/// The words that weighed most in the model, denied ones only where there are no others, with the sentences that they stand in;
/// none where none spoke for it.
fn heard(
    look: &Look<'_>,
    (model, features): (&Model, &Features),
    judged: Judged,
    (kind, level): (SafetyKind, Level),
) -> Option<Sounds> {
    let output = if level == Level::Emergency {
        EMERGENCY
    } else {
        CONCERN
    };
    let chunks = judged.window.chunks();
    let tokens =
        features.chunks[chunks.start].tokens.start..features.chunks[chunks.end - 1].tokens.end;
    let mut force = vec![0.0_f32; tokens.len()];
    for chunk in &features.chunks[chunks] {
        for feature in &features.words[chunk.words.clone()] {
            let at = feature.token as usize - tokens.start;
            force[at] += model.weight(feature.hash, output).clamp(-2.0, 2.0);
        }
    }
    let mut meant = force.clone();
    for (force, token) in meant.iter_mut().zip(tokens.clone()) {
        if look.denied(token) {
            *force = 0.0;
        }
    }
    let folded = &look.folded;
    let mut spans = places(folded, &meant, tokens.start);
    if spans.is_empty() {
        spans = places(folded, &force, tokens.start);
    }
    let field = folded.tokens[tokens.clone()].last()?.field;
    // A window may begin in the subject.
    let first = tokens.start
        + folded.tokens[tokens.clone()]
            .iter()
            .position(|token| token.field == field)?;
    (!spans.is_empty()).then(|| Sounds {
        kind,
        spans,
        around: folded.span(first, tokens.end - 1),
    })
}

/// The strongest words, each with the neighbours that spoke as well.
fn places(folded: &Folded, force: &[f32], first: usize) -> Vec<Span> {
    let most = force.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return Vec::new();
    }
    let mut order: Vec<usize> = (0..force.len())
        .filter(|&n| force[n] >= most * 0.4)
        .collect();
    order.sort_by(|&a, &b| force[b].total_cmp(&force[a]).then(a.cmp(&b)));
    order.truncate(PLACES * 2);
    order.sort_unstable();
    let mut spans: Vec<Span> = Vec::new();
    let mut before = None;
    for n in order {
        let token = &folded.tokens[first + n];
        let span = folded.span(first + n, first + n);
        let joins = before
            .is_some_and(|b: usize| n - b <= 2 && folded.tokens[first + b].field == token.field);
        match spans.last_mut() {
            Some(last) if joins => last.end = span.end,
            _ => spans.push(span),
        }
        before = Some(n);
    }
    spans.truncate(PLACES);
    spans
}
