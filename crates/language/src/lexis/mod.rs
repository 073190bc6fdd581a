//! Words, sentences and phrases for the parts that judge how something is said: the coach, distress, themes.
//!
//! A [`Text`] is folded once; a [`Phrases`] finds all its phrases in one pass over it. Danger is looked for
//! elsewhere, with heavier tools.

mod file;
mod negation;
mod phrases;
mod text;

pub(crate) use negation::Negation;
pub(crate) use phrases::{Hit, Phrases, PhrasesBuilder};
pub(crate) use text::{Text, fold, fold_word};
