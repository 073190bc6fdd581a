//! Making a model from examples.

use std::collections::HashMap;

use crate::engine::Engine;
use crate::examples::{Danger, Example, Part};
use crate::language::Language;
use crate::verdict::{Category, Message, SafetyKind, Urgency};

use super::calibrate::{Calibration, platt};
use super::features::{Features, Window, norm};
use super::file::{MAX_ROWS, checksum};
use super::fit::{Goal, Item, Pace, Stretch, Weights};
use super::{About, CATEGORY, CONCERN, EMERGENCY, KINDS, Model, Scale, URGENCY, WIDE, WIDTH};

/// Features of a model. More are dropped, the weakest first.
const ROWS: usize = 72_000;
/// Texts a feature must stand in.
const SEEN: u32 = 2;
/// First pass over all features, and the second over those that stay.
const FIRST: Pace = Pace {
    epochs: 12,
    rate: 1.0,
    side_rate: 0.3,
    hidden_rate: 0.1,
    hold: 2e-4,
    without: 0.3,
    without_side: 0.2,
};
const SECOND: Pace = Pace {
    epochs: 3,
    rate: 0.3,
    side_rate: 0.1,
    ..FIRST
};
/// Languages that have fewer emergencies than this to calibrate on use the curve of all.
const CALIBRATED: usize = 8;

/// Why no model came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Nothing to learn from.
    #[error("there are not enough examples of the part \"train\" (at least {0} are needed)")]
    TooFew(usize),
}

/// Fewest examples of the part `train`.
pub const FEWEST: usize = 50;

/// Makes a model from the examples of the part `train`, with thresholds from the part `dev`. `engine` gives
/// the rules; a model that it may have is not used. The same rules and examples give the same bytes.
pub fn train(engine: &Engine, examples: &[Example], version: u32) -> Result<Model, TrainError> {
    let learn: Vec<&Example> = part(examples, Part::Train);
    if learn.len() < FEWEST {
        return Err(TrainError::TooFew(FEWEST));
    }
    let features: Vec<Features> = learn.iter().map(|e| engine.features(&message(e))).collect();
    let known = known(&features);
    let items: Vec<Item> = learn
        .iter()
        .zip(&features)
        .map(|(example, features)| item(example, features, &known))
        .collect();
    let mut weights = Weights::new(known.len(), 1);
    weights.fit(&items, &FIRST, 1);
    let (kept, items, mut weights) = strongest(&known, items, &weights);
    weights.fit(&items, &SECOND, 2);
    let about = About {
        version,
        examples: u32::try_from(learn.len()).unwrap_or(u32::MAX),
        digest: digest(&learn),
    };
    let mut model = rounded(&kept, &weights, about);
    model.calibration = calibration(engine, &model, &part(examples, Part::Dev));
    Ok(model)
}

/// Examples of one part in an order that doesn't depend on how they were handed over.
fn part(examples: &[Example], part: Part) -> Vec<&Example> {
    let mut some: Vec<&Example> = examples.iter().filter(|e| e.part == part).collect();
    some.sort_by(|a, b| (a.language, &a.body, &a.subject).cmp(&(b.language, &b.body, &b.subject)));
    some
}

/// An example as it would come in.
pub(crate) fn message(example: &Example) -> Message<'_> {
    Message {
        channel: example.channel,
        subject: &example.subject,
        body: &example.body,
        hint_language: None,
    }
}

fn digest(examples: &[&Example]) -> u64 {
    let lines: String = examples.iter().map(|e| e.to_line() + "\n").collect();
    checksum(lines.as_bytes())
}

/// A feature that is seen often enough: its number, and what it counts: the more, the fewer texts hold it.
#[derive(Clone, Copy)]
struct Known {
    number: u32,
    rarity: f32,
}

fn known(all: &[Features]) -> HashMap<u32, Known> {
    let mut seen: HashMap<u32, (u32, usize)> = HashMap::new();
    for (number, features) in all.iter().enumerate() {
        let sides = features.every_side();
        for hash in features.words.iter().map(|f| f.hash).chain(sides) {
            let entry = seen.entry(hash).or_insert((0, usize::MAX));
            if entry.1 != number {
                *entry = (entry.0 + 1, number);
            }
        }
    }
    let mut often: Vec<(u32, u32)> = seen
        .into_iter()
        .filter(|(_, (texts, _))| *texts >= SEEN)
        .map(|(hash, (texts, _))| (hash, texts))
        .collect();
    often.sort_unstable();
    (0..)
        .zip(often)
        .map(|(number, (hash, texts))| {
            let rarity = rarity(all.len(), texts);
            (hash, Known { number, rarity })
        })
        .collect()
}

/// Between about 0.1 for what stands in every text and 1 for what stands in very few.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn rarity(texts: usize, holding: u32) -> f32 {
    let mut share = (texts as f32 / holding as f32).max(1.0);
    // The binary logarithm, straight between powers of two, the same on every machine.
    let mut log = 0.0;
    while share >= 2.0 {
        share /= 2.0;
        log += 1.0;
    }
    ((log + share) / 10.0).min(1.0)
}

fn item(example: &Example, features: &Features, known: &HashMap<u32, Known>) -> Item {
    // Places of the words that are known, by place among all words.
    let mut places = Vec::with_capacity(features.words.len() + 1);
    let mut words = Vec::with_capacity(features.words.len());
    let mut tokens = Vec::with_capacity(features.words.len());
    for feature in &features.words {
        places.push(words.len());
        let known = known.get(&feature.hash);
        words.extend(known.map(|k| (k.number, k.rarity * feature.value)));
        tokens.extend(known.map(|_| feature.token));
    }
    places.push(words.len());
    let stretch = |window: Window| {
        let chunks = &features.chunks[window.chunks()];
        let (from, to) = match (chunks.first(), chunks.last()) {
            (Some(first), Some(last)) => (first.words.start, last.words.end),
            _ => (0, 0),
        };
        let range = places[from]..places[to];
        Stretch {
            norm: norm(squares(&words[range.clone()])),
            words: range,
            sides: features
                .sides(window)
                .iter()
                .filter_map(|s| Some((known.get(&s.hash)?.number, s.value)))
                .collect(),
        }
    };
    Item {
        windows: features.windows(true).map(stretch).collect(),
        whole: stretch(features.whole()),
        words,
        tokens,
        goal: goal(example),
    }
}

fn squares(words: &[(u32, f32)]) -> f32 {
    words.iter().map(|(_, value)| value * value).sum()
}

fn goal(example: &Example) -> Goal {
    let mut goal = Goal {
        emergency: 0.0,
        concern: 0.0,
        kinds: [0.0; SafetyKind::ALL.len()],
        categories: [0.0; Category::ALL.len()],
        urgencies: [0.0; Urgency::ALL.len()],
        weight: 1.0,
    };
    match example.danger {
        Danger::None => goal.weight = 2.0,
        Danger::NotMeant(_) => goal.weight = 1.5,
        Danger::Concern(kind) => {
            goal.concern = 1.0;
            goal.kinds[kind as usize] = 1.0;
        }
        Danger::Emergency(kind) => {
            goal.emergency = 1.0;
            goal.concern = 1.0;
            goal.kinds[kind as usize] = 1.0;
            goal.weight = 1.5;
        }
    }
    let mut left = 1.0;
    let last = example.categories.len() - 1;
    for (place, category) in example.categories.iter().enumerate() {
        let share = if place == last { left } else { left * 0.7 };
        goal.categories[*category as usize] += share;
        left -= share;
    }
    goal.urgencies[example.urgency as usize] = 1.0;
    goal
}

/// Keeps the features that weigh most, with the examples in their numbers.
fn strongest(
    known: &HashMap<u32, Known>,
    mut items: Vec<Item>,
    weights: &Weights,
) -> (Vec<(u32, f32)>, Vec<Item>, Weights) {
    let force = |known: &Known| {
        let row = &weights.rows[known.number as usize];
        let sum: f32 = row[..WIDTH].iter().map(|w| w * w).sum();
        // Rare ones weigh a lot in few texts.
        sum * (1.1 - known.rarity)
    };
    let mut order: Vec<(u32, Known)> = known.iter().map(|(&hash, &known)| (hash, known)).collect();
    order.sort_by(|a, b| force(&b.1).total_cmp(&force(&a.1)).then(a.0.cmp(&b.0)));
    order.truncate(ROWS.min(MAX_ROWS));
    order.sort_unstable_by_key(|(hash, _)| *hash);
    let numbers: Vec<u32> = order.iter().map(|(_, known)| known.number).collect();
    let mut renamed = vec![u32::MAX; known.len()];
    for (new, &old) in (0_u32..).zip(&numbers) {
        renamed[old as usize] = new;
    }
    for item in &mut items {
        rename(item, &renamed);
    }
    let kept = order.into_iter().map(|(hash, known)| (hash, known.rarity));
    (kept.collect(), items, weights.keep(&numbers))
}

/// Gives an example's features their new numbers; those without one go.
fn rename(item: &mut Item, renamed: &[u32]) {
    let mut places = Vec::with_capacity(item.words.len() + 1);
    let mut words = Vec::with_capacity(item.words.len());
    let mut tokens = Vec::with_capacity(item.words.len());
    for (&(word, value), &token) in item.words.iter().zip(&item.tokens) {
        places.push(words.len());
        let new = renamed[word as usize];
        words.extend((new != u32::MAX).then_some((new, value)));
        tokens.extend((new != u32::MAX).then_some(token));
    }
    places.push(words.len());
    for stretch in item.windows.iter_mut().chain([&mut item.whole]) {
        stretch.words = places[stretch.words.start]..places[stretch.words.end];
        stretch.norm = norm(squares(&words[stretch.words.clone()]));
        stretch.sides.retain_mut(|(side, _)| {
            *side = renamed[*side as usize];
            *side != u32::MAX
        });
    }
    item.words = words;
    item.tokens = tokens;
}

/// Weights as small whole numbers, with a scale for every feature.
fn rounded(kept: &[(u32, f32)], weights: &Weights, about: About) -> Model {
    let mut scales = Vec::with_capacity(kept.len());
    let mut rows = Vec::with_capacity(kept.len());
    for (row, (_, rarity)) in weights.rows.iter().zip(kept) {
        let step = |some: &[f32]| {
            let most = some.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
            if most > 0.0 { most / 127.0 } else { 1.0 }
        };
        let (straight, hidden) = (step(&row[..WIDTH]), step(&row[WIDTH..]));
        let mut small = [0; WIDE];
        for (at, (small, weight)) in small.iter_mut().zip(row).enumerate() {
            let scale = if at < WIDTH { straight } else { hidden };
            #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
            let rounded = (weight / scale).round() as i8;
            *small = rounded;
        }
        rows.push(small);
        scales.push(Scale {
            weight: straight,
            hidden,
            rarity: *rarity,
        });
    }
    let hashes: Vec<u32> = kept.iter().map(|(hash, _)| *hash).collect();
    Model::of(
        &hashes,
        scales,
        rows,
        (weights.bias, weights.out.clone()),
        about,
    )
}

/// What the model and the rules say about one example of the part `dev`.
struct Seen {
    language: Option<Language>,
    emergency: f32,
    concern: f32,
    danger: Danger,
    at_least: f32,
    firm: bool,
    soft: bool,
}

impl Seen {
    fn is_emergency(&self) -> bool {
        matches!(self.danger, Danger::Emergency(_))
    }

    fn is_concern(&self) -> bool {
        matches!(self.danger, Danger::Emergency(_) | Danger::Concern(_))
    }

    fn is_not_meant(&self) -> bool {
        matches!(self.danger, Danger::NotMeant(_))
    }
}

fn calibration(engine: &Engine, model: &Model, dev: &[&Example]) -> Calibration {
    let seen: Vec<Seen> = dev
        .iter()
        .map(|example| {
            let features = engine.features(&message(example));
            let (emergency, concern) = model.loudest(&features, true);
            let (at_least, firm, soft) = engine.rules_say(&message(example));
            Seen {
                language: Some(example.language),
                emergency: emergency.map_or(-9.0, |j| j.scores[EMERGENCY]),
                concern: concern.map_or(-9.0, |j| j.scores[CONCERN]),
                danger: example.danger,
                at_least,
                firm,
                soft,
            }
        })
        .collect();
    let mut calibration = Calibration::default();
    if seen.len() < FEWEST {
        return calibration;
    }
    let everything: Vec<&Seen> = seen.iter().collect();
    let all = curve(&everything, None);
    for &language in Language::ALL {
        let some: Vec<&Seen> = seen
            .iter()
            .filter(|s| s.language == Some(language))
            .collect();
        let enough = some.iter().filter(|s| s.is_emergency()).count() >= CALIBRATED
            && some.iter().filter(|s| !s.is_emergency()).count() >= CALIBRATED;
        *calibration.of_mut(Some(language)) = if enough {
            curve(&some, Some(&all))
        } else {
            all
        };
    }
    *calibration.of_mut(None) = all;
    let raise = raise(&seen, &calibration);
    for curve in &mut calibration.curves {
        curve.raise = raise;
    }
    calibration
}

/// Share of the hard negatives of the part `dev` that may be called an emergency.
const ALARMS: f32 = 0.1;
/// Probability below which a soft rule makes no emergency.
const KEEP: f32 = 0.08;

fn curve(seen: &[&Seen], all: Option<&super::Curve>) -> super::Curve {
    let pairs = |score: fn(&Seen) -> f32, truth: fn(&Seen) -> bool| -> Vec<(f32, bool)> {
        seen.iter().map(|s| (score(s), truth(s))).collect()
    };
    let (prior_e, prior_c) = all.map_or(((1.0, 0.0), (1.0, 0.0)), |a| (a.emergency, a.concern));
    let hold = if all.is_some() { 4.0 } else { 0.1 };
    super::Curve {
        emergency: platt(&pairs(|s| s.emergency, Seen::is_emergency), prior_e, hold),
        concern: platt(&pairs(|s| s.concern, Seen::is_concern), prior_c, hold),
        keep: KEEP,
        raise_concern: RAISE_CONCERN,
        keep_concern: 0.2,
        ..super::Curve::default()
    }
}

/// Probability of a concern from which the model raises one by itself.
const RAISE_CONCERN: f32 = 0.4;

/// The lowest probability, in hundredths, at which no more than [`ALARMS`] of the hard negatives are called an emergency. One for
/// all languages: their own shares of the part `dev` are too small to choose by.
fn raise(seen: &[Seen], calibration: &Calibration) -> f32 {
    let alarms = |raise: f32| {
        let harmless = seen.iter().filter(|s| s.is_not_meant());
        let hit = |s: &&Seen| {
            let p = calibration.of(s.language).emergency(s.emergency);
            p >= raise.max(s.at_least) || s.firm || s.soft && p >= KEEP.max(s.at_least)
        };
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let share = harmless.clone().filter(hit).count() as f32 / harmless.count().max(1) as f32;
        share
    };
    (10..=60_u8)
        .map(|n| f32::from(n) / 100.0)
        .find(|&raise| alarms(raise) <= ALARMS)
        .unwrap_or(0.6)
}

const _: () = assert!(
    EMERGENCY < CONCERN
        && CONCERN < KINDS
        && KINDS < CATEGORY
        && CATEGORY < URGENCY
        && URGENCY < WIDTH
);
