//! The one look at the words of a form, kept while it is dealt with.
//!
//! Looking costs as much as the words are long, and a form asks several times: before each of its files, before what is wrong with
//! it, before caps. Whoever sends a long text and a thousand files has it looked at once.

use crate::app::App;
use crate::triage;
use bedside_language::Channel;
use bedside_web::Locale;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;

/// Bytes of a text that is looked at where it is. A longer one is looked at on a thread of its own, so that it holds up nobody.
const IN_PLACE: usize = 64 * 1024;
/// Longer texts that are looked at at the same time; others wait for their turn.
static LONG: Semaphore = Semaphore::const_new(2);

/// Whether the words of one form say that somebody may be in danger.
#[derive(Clone, Debug, Default)]
pub struct Ear(Arc<OnceLock<bool>>);

impl Ear {
    /// What is known, or what `look` says of it.
    fn once(&self, look: impl FnOnce() -> bool) -> bool {
        *self.0.get_or_init(look)
    }

    /// Whether somebody may be in danger, by the words that this form brings.
    pub fn danger(&self, app: &App, channel: Channel, words: &str, hint: Locale) -> bool {
        self.once(|| triage::in_danger(app, channel, words, hint))
    }

    /// The same while the form still comes in: of long words nobody knows yet, and their files can wait.
    pub fn danger_so_far(&self, app: &App, channel: Channel, words: &str, hint: Locale) -> bool {
        words.len() <= IN_PLACE && self.danger(app, channel, words, hint)
    }

    /// Looks at long words on a thread of their own, before anybody asks.
    pub async fn listen(&self, app: &App, channel: Channel, words: &str, hint: Locale) {
        if words.len() <= IN_PLACE || self.0.get().is_some() {
            return;
        }
        let _turn = LONG.acquire().await;
        let (app, words) = (app.clone(), words.to_owned());
        let look = move || triage::in_danger(&app, channel, &words, hint);
        if let Ok(danger) = tokio::task::spawn_blocking(look).await {
            self.once(|| danger);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn words_are_looked_at_once_however_often_it_is_asked() {
        for danger in [true, false] {
            let (ear, looks) = (Ear::default(), Cell::new(0));
            for _ in 0..1000 {
                let heard = ear.clone().once(|| {
                    looks.set(looks.get() + 1);
                    danger
                });
                assert_eq!(heard, danger);
            }
            assert_eq!(looks.get(), 1);
        }
    }
}
