//! Making a model from examples.

use std::collections::HashMap;

use crate::engine::Engine;
use crate::examples::{Danger, Example, Part};
use crate::verdict::{Category, Message, SafetyKind, Urgency};

use super::features::{Features, Window, norm};
use super::file::{Cursor, ModelError, checksum};
use super::fit::{Goal, Item, Pace, Stretch, Weights};
use super::members::Members;
use super::memory::Memory;
use super::rows::{MAX_ROWS, Rows, Scale};
use super::thresholds::calibration;
use super::{
    About, CATEGORY, CONCERN, Calibration, EMERGENCY, KINDS, Model, URGENCY, WIDE, WIDTH, Wide,
};

/// Features of a model. More are dropped, the weakest first.
const ROWS: usize = 140_000;
/// Texts a feature must stand in.
const SEEN: u32 = 2;
/// One pass over all features, to find those that weigh most, and the passes of each model over these.
const CHOOSE: Pace = Pace { epochs: 6, ..LEARN };
const LEARN: Pace = Pace {
    epochs: 8,
    rate: 1.0,
    side_rate: 0.2,
    hidden_rate: 0.1,
    hold: 2e-4,
    without: 0.3,
    without_side: 0.2,
};

/// Why no model came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Nothing to learn from.
    #[error("there are not enough examples of the part \"train\" (at least {0} are needed)")]
    TooFew(usize),
    /// More than a model's file can hold.
    #[error("there are too many examples for one model")]
    TooMany,
}

impl From<ModelError> for TrainError {
    fn from(_: ModelError) -> Self {
        Self::TooMany
    }
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
    let mut all = Weights::new(known.len(), 0);
    all.fit(&items, &CHOOSE, 1);
    let (kept, items) = strongest(&known, items, &all);
    drop(all);
    let mut members = Members::new(kept.len());
    members.fit(&items, &LEARN);
    let about = About {
        version,
        examples: u32::try_from(learn.len()).unwrap_or(u32::MAX),
        digest: digest(&learn),
    };
    let mean = members.mean();
    let rows = Rows::written(&rounded(&kept, &mean.rows));
    let memory = Memory::written(&learn, &features);
    let mut model = Model {
        rows: Rows::read(&mut Cursor::of(rows.into()))?,
        memory: Memory::read(&mut Cursor::of(memory.into()))?,
        bias: mean.bias,
        out: mean.out,
        calibration: Calibration::default(),
        about,
    };
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

/// The features that weigh most, and the examples in their numbers.
fn strongest(
    known: &HashMap<u32, Known>,
    mut items: Vec<Item>,
    weights: &Weights,
) -> (Vec<(u32, f32)>, Vec<Item>) {
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
    (kept.collect(), items)
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
fn rounded(kept: &[(u32, f32)], weights: &[Wide]) -> Vec<(u32, Scale, [i8; WIDE])> {
    let one = |(row, &(hash, rarity)): (&Wide, &(u32, f32))| {
        let step = |some: &[f32]| {
            let most = some.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
            if most > 0.0 { most / 127.0 } else { 1.0 }
        };
        let (straight, hidden) = (step(&row[..WIDTH]), step(&row[WIDTH..]));
        let mut steps = [0; WIDE];
        for (at, (small, weight)) in steps.iter_mut().zip(row).enumerate() {
            let scale = if at < WIDTH { straight } else { hidden };
            #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
            let rounded = (weight / scale).round() as i8;
            *small = rounded;
        }
        let scale = Scale {
            weight: straight,
            hidden,
            rarity,
        };
        (hash, scale, steps)
    };
    weights.iter().zip(kept).map(one).collect()
}

const _: () = assert!(
    EMERGENCY < CONCERN
        && CONCERN < KINDS
        && KINDS < CATEGORY
        && CATEGORY < URGENCY
        && URGENCY < WIDTH
);
