//! What the part `dev` of the examples is for: how scores are read as probabilities, and from which of them
//! something is called an emergency.

use crate::engine::{Engine, Said};
use crate::examples::{Danger, Example};
use crate::language::Language;

use super::calibrate::{Calibration, Subjects, platt};
use super::train::{FEWEST, message};
use super::weigh::Weigher;
use super::{Curve, Model};

/// Languages that have fewer emergencies than this to calibrate on use the curve of all.
const CALIBRATED: usize = 8;
/// Share of the hard negatives that may be called an emergency.
const ALARMS: f32 = 0.1;
/// Probability below which a firm rule makes no emergency.
const KEEP: f32 = 0.05;
/// Probability of a concern from which the model raises one by itself.
const RAISE_CONCERN: f32 = 0.4;
/// Probability of a concern below which what a rule says, taken back by its context, is nothing.
const KEEP_CONCERN: f32 = 0.2;

/// What rules and model say about one example, and what is true.
struct Seen<'a> {
    example: &'a Example,
    said: Said,
}

impl Seen<'_> {
    fn is_emergency(&self) -> bool {
        matches!(self.example.danger, Danger::Emergency(_))
    }

    fn is_concern(&self) -> bool {
        matches!(
            self.example.danger,
            Danger::Emergency(_) | Danger::Concern(_)
        )
    }

    fn is_not_meant(&self) -> bool {
        matches!(self.example.danger, Danger::NotMeant(_))
    }
}

/// Reads scores as the examples say; without enough of them, as they are.
pub(super) fn calibration(engine: &Engine, model: &Model, dev: &[&Example]) -> Calibration {
    let seen: Vec<Seen<'_>> = dev
        .iter()
        .map(|example| Seen {
            example,
            said: engine.said(model, &message(example)),
        })
        .collect();
    let mut calibration = Calibration::default();
    if seen.len() < FEWEST {
        return calibration;
    }
    let signs: Vec<_> = seen
        .iter()
        .map(|s| (s.said.signs, s.is_emergency()))
        .collect();
    calibration.weigher = Weigher::fit(&signs);
    let signs: Vec<_> = seen
        .iter()
        .map(|s| (s.said.signs, s.is_concern()))
        .collect();
    calibration.concerns = Weigher::fit(&signs);
    let subjects: Vec<_> = seen
        .iter()
        .map(|s| (s.said.voices, s.example.categories[0] as usize))
        .collect();
    calibration.subjects = Subjects::fit(&subjects);
    let everything: Vec<&Seen<'_>> = seen.iter().collect();
    let all = curve(&everything, &calibration, None);
    for &language in Language::ALL {
        let some: Vec<&Seen<'_>> = seen
            .iter()
            .filter(|s| s.example.language == language)
            .collect();
        let emergencies = some.iter().filter(|s| s.is_emergency()).count();
        let enough = emergencies >= CALIBRATED && some.len() - emergencies >= CALIBRATED;
        *calibration.of_mut(Some(language)) = if enough {
            curve(&some, &calibration, Some(&all))
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

fn curve(seen: &[&Seen<'_>], calibration: &Calibration, all: Option<&Curve>) -> Curve {
    let pairs = |score: &dyn Fn(&Said) -> f32, truth: &dyn Fn(&Seen<'_>) -> bool| {
        seen.iter()
            .map(|s| (score(&s.said), truth(s)))
            .collect::<Vec<(f32, bool)>>()
    };
    let flat = (1.0, 0.0);
    let (emergency, window, concern) =
        all.map_or((flat, flat, flat), |a| (a.emergency, a.window, a.concern));
    let hold = if all.is_some() { 4.0 } else { 0.1 };
    let together = pairs(&|s| calibration.weigher.log_odds(&s.signs), &|s| {
        s.is_emergency()
    });
    Curve {
        emergency: platt(&together, emergency, hold),
        window: platt(
            &pairs(&|s| s.signs.window, &|s| s.is_emergency()),
            window,
            hold,
        ),
        concern: platt(
            &pairs(&|s| calibration.concerns.log_odds(&s.signs), &|s| {
                s.is_concern()
            }),
            concern,
            hold,
        ),
        keep: KEEP,
        raise_concern: RAISE_CONCERN,
        keep_concern: KEEP_CONCERN,
        ..Curve::default()
    }
}

/// The lowest probability from 0.15 on, in steps of half a hundredth, at which no more than [`ALARMS`] of the hard negatives are called an emergency. One for
/// all languages: their own shares of the part `dev` are too small to choose by.
fn raise(seen: &[Seen<'_>], calibration: &Calibration) -> f32 {
    let alarms = |raise: f32| {
        let harmless = seen.iter().filter(|s| s.is_not_meant());
        let hit = |s: &&Seen<'_>| {
            let weighed = calibration.weigher.log_odds(&s.said.signs);
            let p = calibration.of(Some(s.example.language)).emergency(weighed);
            p >= raise.max(s.said.at_least) || s.said.meant.raises(p, KEEP, &s.said.signs)
        };
        #[expect(clippy::cast_precision_loss, reason = "counts are small")]
        let share = harmless.clone().filter(hit).count() as f32 / harmless.count().max(1) as f32;
        share
    };
    (30..=120_u8)
        .map(|n| f32::from(n) / 200.0)
        .find(|&raise| alarms(raise) <= ALARMS)
        .unwrap_or(0.6)
}
