//! Long texts: one cry among many pages.
//!
//! All that is weighed of a message besides its loudest window (what the whole of it is about, its urgency, the examples that it is
//! like) fades with every harmless page around a cry. So of a long text the loudest window is weighed once more, as if nothing else
//! had been written; and of one that is so long that the model doesn't read its middle, the middle is heard in parts for this alone.

use crate::model::features::Features;
use crate::model::{CONCERN, EMERGENCY, Judged, Model, Signs, Sum};
use crate::verdict::{Level, Message};

use super::danger::{Meant, Read, signs};
use super::read::Look;

/// Words from which a text is long: longer than the letters of the examples, which the weights were found on.
const LONG: usize = 250;

/// Probability of an emergency from which the loudest window raises one by itself, and a concern: there are many windows, and each
/// has its own chance to sound like one. Of the 56 letters of 120 words and more without danger on `dev` one reaches the first,
/// twelve the second.
const CRY: f32 = 0.9;
const WORRY: f32 = 0.7;

/// What the loudest window makes of a text, and the probability of an emergency in it.
pub(super) struct Raised {
    pub level: Level,
    pub probability: f32,
}

impl Raised {
    /// Of a text that isn't long.
    pub const NOTHING: Self = Self {
        level: Level::None,
        probability: 0.0,
    };
}

/// The loudest window of a long text.
pub(super) struct Passage {
    /// What speaks for an emergency in it, read as a message of its own.
    pub signs: Signs,
    pub judged: Judged,
    /// What the model sees of the part that it stands in, where it isn't the part that is read as the message.
    pub features: Option<Features>,
}

impl Passage {
    /// What it raises by itself, or with the rules that are meant.
    pub fn raises(&self, look: &Look<'_>, model: &Model, meant: Meant) -> Raised {
        let curve = model.calibration.of(look.languages.main.language);
        let weighed = model.calibration.weigher.log_odds(&self.signs);
        let probability = curve.emergency(weighed);
        let least = curve.raise.max(look.at_least(&self.signs));
        let level = if probability >= CRY.max(least)
            || meant.raises(probability, curve.keep, &self.signs)
        {
            Level::Emergency
        } else if probability >= WORRY.max(least) {
            Level::Concern
        } else {
            Level::None
        };
        Raised { level, probability }
    }
}

/// The loudest window, if the text is long. Takes time as the text is long, and memory for one part of it.
pub(super) fn loudest(
    look: &Look<'_>,
    message: &Message<'_>,
    (model, features, sums, _): Read<'_>,
) -> Option<Passage> {
    if look.own_words < LONG {
        return None;
    }
    let mut best = of(look, model, features, sums);
    for part in look.parts() {
        let features = look.features_of(message, &[part]);
        let heard = of(look, model, &features, &model.sums(&features));
        let score = |p: &Passage| p.judged.scores[EMERGENCY];
        if let Some(heard) = heard
            && best.as_ref().is_none_or(|best| score(&heard) > score(best))
        {
            best = Some(Passage {
                features: Some(features),
                ..heard
            });
        }
    }
    best
}

fn of(look: &Look<'_>, model: &Model, features: &Features, sums: &[Sum]) -> Option<Passage> {
    let judged = model.loudest(features, sums, true).0?;
    let alone = judged.window.alone();
    let whole = model.judge(features, sums, alone).scores;
    let recalled = model.recall_of(features, alone);
    let chunks = &features.chunks[alone.chunks()];
    let tokens = chunks.first()?.tokens.start..chunks.last()?.tokens.end;
    let loudest = [EMERGENCY, CONCERN].map(|output| judged.scores[output]);
    let words = look.own_words_of(tokens);
    Some(Passage {
        signs: signs(look, loudest, &whole, &recalled, words),
        judged,
        features: None,
    })
}
