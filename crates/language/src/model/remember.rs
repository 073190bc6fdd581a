//! Making a model's memory from its examples.

use std::collections::HashMap;

use crate::examples::{Danger, Example};

use super::SUBJECTS;
use super::features::Features;
use super::math::log_ratio;
use super::memory::{Line, MAIN, Memory, norm, rarity};
use super::memory_file::Learnt;

/// Examples a term must stand in.
const SEEN: u32 = 2;
/// Examples from which a term says nothing about which of them a text is like ("the", "please").
const COMMON: u32 = 2_000;
/// What every term is taken to weigh in every subject besides what it does.
const SMOOTH: f64 = 0.02;

impl Memory {
    /// The memory of examples, with what stands in each, as it stands in a file.
    pub fn written(examples: &[&Example], features: &[Features]) -> Vec<u8> {
        let mut seen: HashMap<u32, u32> = HashMap::new();
        for term in features.iter().flat_map(|f| &f.terms) {
            *seen.entry(*term).or_insert(0) += 1;
        }
        let mut often: Vec<(u32, u32)> = seen.into_iter().filter(|s| s.1 >= SEEN).collect();
        often.sort_unstable();
        let rarities: Vec<f32> = often
            .iter()
            .map(|&(_, count)| rarity(examples.len(), count))
            .collect();

        let mut lines = Vec::with_capacity(examples.len());
        let mut holding: Vec<Vec<u32>> = often.iter().map(|_| Vec::new()).collect();
        for ((example, features), number) in examples.iter().zip(features).zip(0_u32..) {
            let mut squares = 0.0;
            for term in &features.terms {
                if let Ok(term) = often.binary_search_by_key(term, |&(hash, _)| hash) {
                    squares += rarities[term] * rarities[term];
                    holding[term].push(number);
                }
            }
            lines.push((line(example), norm(squares)));
        }
        let says = bayes(&rarities, &holding, &lines);

        let mut terms = Vec::with_capacity(often.len());
        for (at, &(hash, count)) in often.iter().enumerate() {
            let most = says[at].iter().fold(0.0_f32, |most, w| most.max(w.abs()));
            let step = if most > 0.0 { most / 127.0 } else { 1.0 };
            #[expect(clippy::cast_possible_truncation, reason = "between -127 and 127")]
            let steps = says[at].map(|w| (w / step).round() as i8);
            terms.push(Learnt {
                hash,
                rarity: rarities[at],
                step,
                says: steps,
                held: if count <= COMMON { &holding[at] } else { &[] },
            });
        }
        Self::bytes_of(&lines, &terms)
    }
}

fn line(example: &Example) -> Line {
    let code = |at: usize| {
        let category = example.categories.get(at).or(example.categories.first());
        category.map_or(0, |c| *c as u8)
    };
    Line {
        subjects: [code(0), code(1)],
        emergency: matches!(example.danger, Danger::Emergency(_)),
    }
}

/// How much more a term weighs in the examples of a subject than in all others, as logarithms (complement naive Bayes, Rennie and others 2003).
fn bayes(rarities: &[f32], holding: &[Vec<u32>], lines: &[(Line, f32)]) -> Vec<[f32; SUBJECTS]> {
    /// What a term weighs in each subject, and in all.
    type Weight = ([f64; SUBJECTS], f64);
    let weight = |(rarity, held): (&f32, &Vec<u32>)| -> Weight {
        let (mut parts, mut all) = ([0.0; SUBJECTS], 0.0);
        for &number in held {
            let (line, norm) = &lines[number as usize];
            let value = f64::from(rarity * norm);
            let [first, second] = line.subjects.map(usize::from);
            parts[first] += f64::from(MAIN) * value;
            parts[second] += f64::from(1.0 - MAIN) * value;
            all += value;
        }
        (parts, all)
    };
    let weights: Vec<Weight> = rarities.iter().zip(holding).map(weight).collect();
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let others = SMOOTH * (SUBJECTS - 1) as f64;
    // Within a subject and outside of it.
    let sides = |(parts, all): &Weight, at: usize| (parts[at] + SMOOTH, all - parts[at] + others);
    let mut totals = [(0.0, 0.0); SUBJECTS];
    for weight in &weights {
        for (at, total) in totals.iter_mut().enumerate() {
            let (within, outside) = sides(weight, at);
            *total = (total.0 + within, total.1 + outside);
        }
    }
    let says = |weight: &Weight| {
        std::array::from_fn(|at| {
            let (within, outside) = sides(weight, at);
            #[expect(clippy::cast_possible_truncation, reason = "a weight needs no more")]
            let ratio = log_ratio(
                (within / totals[at].0) as f32,
                (outside.max(SMOOTH) / totals[at].1) as f32,
            );
            ratio
        })
    };
    weights.iter().map(says).collect()
}
