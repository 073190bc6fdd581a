//! The one look at the words of a form and at what came beside them, kept while the form is dealt with.
//!
//! Looking costs as much as the words are long, and a form asks several times: before each of its files, before what is wrong with
//! it, before caps. Whoever sends a long text and a thousand files has it looked at once.

use super::files::Sent;
use crate::app::App;
use crate::error::DeskError;
use crate::triage::{self, Whose};
use bedside_language::Channel;
use bedside_web::Locale;
use std::sync::{Arc, OnceLock};

/// Whether the words of one form, or what came beside them, say that somebody may be in danger.
#[derive(Clone, Debug, Default)]
pub struct Ear {
    words: Arc<OnceLock<bool>>,
    beside: Arc<OnceLock<bool>>,
}

impl Ear {
    /// Whether somebody may be in danger: by the words that this form brings, or by what came beside them and was looked
    /// through.
    pub async fn danger(&self, app: &App, channel: Channel, words: &str, hint: Locale) -> bool {
        self.beside.get() == Some(&true)
            || once(
                &self.words,
                triage::in_danger(app, Whose::Visitor, channel, words, hint),
            )
            .await
    }

    /// The same by the words alone, while the form still comes in: of long words nobody knows yet, and their files can wait.
    pub fn danger_so_far(&self, app: &App, channel: Channel, words: &str, hint: Locale) -> bool {
        // Words that are still to come were not looked at.
        if words.is_empty() {
            return false;
        }
        let known = self.words.get().copied();
        known
            .or_else(|| triage::in_danger_so_far(app, channel, words, hint))
            .is_some_and(|danger| *self.words.get_or_init(|| danger))
    }

    /// Looks through the names of the files that came beside the words, and through what those of them say that are here,
    /// before anybody asks: whatever else is wrong with a form, its files are heard as its words are.
    pub async fn hear_beside(
        &self,
        app: &App,
        channel: Channel,
        (words, sent): (&str, &Sent),
        hint: Locale,
    ) {
        if self.words.get() == Some(&true) || !sent.had_files() {
            return;
        }
        let look = async {
            let read = sent.read().await?;
            let beside = sent.beside(&read);
            triage::danger_beside(app, Whose::Visitor, channel, (words, &beside), hint).await
        };
        once(&self.beside, look).await;
    }
}

/// What is known, or what `look` says. What could not be looked at is taken for the worst: then a person looks.
async fn once(known: &OnceLock<bool>, look: impl Future<Output = Result<bool, DeskError>>) -> bool {
    if let Some(known) = known.get() {
        return *known;
    }
    let danger = look.await.unwrap_or_else(|error| {
        tracing::error!(%error, "what somebody wrote could not be looked through");
        true
    });
    *known.get_or_init(|| danger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[tokio::test]
    async fn words_are_looked_at_once_however_often_it_is_asked() {
        for danger in [true, false] {
            let (ear, looks) = (Ear::default(), Cell::new(0));
            for _ in 0..1000 {
                let again = ear.clone();
                let look = async {
                    looks.set(looks.get() + 1);
                    Ok(danger)
                };
                assert_eq!(once(&again.words, look).await, danger);
            }
            assert_eq!(looks.get(), 1);
        }
    }

    #[tokio::test]
    async fn what_could_not_be_looked_at_is_taken_for_the_worst() {
        let failed = async { Err(DeskError::Internal("ended".to_owned())) };
        assert!(once(&Ear::default().words, failed).await);
    }
}
