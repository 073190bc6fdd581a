//! What the desk knows of language: the clinic's own files, read at the start and anew when the process gets SIGHUP.
//!
//! Files that can be used are in use as one [`Knowledge`] from then on, and a copy of them is kept below the data folder
//! ([`kept`]). Files that can't be used are refused whole, with file, line and reason: in the log, in `/readyz`, on the
//! settings page and in the audit log. What worked before stays in use; at a start that is the copy. Without one there is
//! nothing to go on with, and the desk doesn't start.

pub mod kept;
mod source;

use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::config::Config;
use crate::context::{Ctx, Source as WayIn};
use crate::error::DeskError;
use crate::triage::models;
use bedside_db::Timestamp;
use bedside_language::clinic::{Review, reviews};
use bedside_language::coach::Coach;
use bedside_language::distress::Listener;
use bedside_language::pretexts::Pretexts;
use bedside_language::questions::Questions;
use bedside_language::themes::Themes;
use bedside_language::{Engine, LoadError};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use parking_lot::RwLock;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

use source::engine_before;
pub use source::{Source, engine};

/// What is known of language, all of it from the same files.
#[derive(Debug)]
pub struct Knowledge {
    /// What a text is about and how urgent.
    pub engine: Engine,
    /// What would make an answer plainer and kinder.
    pub coach: Coach,
    /// What weighs on somebody who writes.
    pub listener: Listener,
    /// What feedback is about.
    pub themes: Themes,
    /// What somebody says who may play a part.
    pub pretexts: Pretexts,
    /// What is asked before a nurse takes over, and what a clinician may decide.
    pub questions: Questions,
    /// When somebody is to look at the files again, by file.
    reviews: BTreeMap<String, Vec<Review>>,
}

/// A file of which something was to be looked at again by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// Path below the clinic's folder.
    pub file: String,
    /// How many of its entries.
    pub entries: usize,
    /// Since when the one that waits longest is due.
    pub since: Date,
    /// The line of that one, counted from 1.
    pub line: usize,
}

impl Knowledge {
    /// Understands the clinic's files, with the model that goes with them (see [`engine`]).
    pub fn of(config: &Config, source: &Source) -> Result<Self, LoadError> {
        Self::with(engine(config, source)?, source)
    }

    fn with(engine: Engine, Source { files, .. }: &Source) -> Result<Self, LoadError> {
        Ok(Self {
            engine,
            coach: Coach::load(files)?,
            listener: Listener::load(files)?,
            themes: Themes::load(files)?,
            pretexts: Pretexts::load(files)?,
            questions: Questions::load(files)?,
            reviews: reviews(files),
        })
    }

    /// What is to be looked at again at the instant `now`, by file.
    pub fn overdue(&self, now: Timestamp) -> Vec<Overdue> {
        overdue(&self.reviews, now.to_jiff().to_zoned(TimeZone::UTC).date())
    }
}

fn overdue(reviews: &BTreeMap<String, Vec<Review>>, today: Date) -> Vec<Overdue> {
    let of_file = |(file, all): (&String, &Vec<Review>)| {
        let due = || all.iter().filter(|review| review.on <= today);
        let longest = due().min()?;
        Some(Overdue {
            file: file.clone(),
            entries: due().count(),
            since: longest.on,
            line: longest.line,
        })
    };
    reviews.iter().filter_map(of_file).collect()
}

/// What is in use, for every thread.
pub struct Shelf(RwLock<Held>);

struct Held {
    knowledge: Arc<Knowledge>,
    refused: Option<LoadError>,
}

impl Shelf {
    /// What is in use. Whoever looks at one text with several of its parts asks once, so that they belong together.
    pub fn knowledge(&self) -> Arc<Knowledge> {
        Arc::clone(&self.0.read().knowledge)
    }

    /// What is wrong with the clinic's files, while older ones are in use.
    pub fn refused(&self) -> Option<LoadError> {
        self.0.read().refused.clone()
    }
}

/// Files that were read and understood.
struct Fresh {
    source: Source,
    knowledge: Knowledge,
}

fn read(config: &Config) -> Result<Fresh, LoadError> {
    let source = Source::read(config)?;
    let knowledge = Knowledge::of(config, &source)?;
    Ok(Fresh { source, knowledge })
}

/// What a desk starts with: the clinic's files, or a copy of the last ones that could be used; rather than with no model
/// with an older one. The copies are renewed when `keep` says so.
///
/// # Errors
/// The files can't be used, and there is no copy that can.
pub fn start(config: &Config, keep: bool) -> Result<Shelf, LoadError> {
    let refused = match read(config) {
        Ok(fresh) => {
            if keep {
                kept::keep(config, &fresh.source);
            }
            return Ok(shelf(fresh.knowledge, None));
        }
        Err(refused) => refused,
    };
    // Where it is the adopted model that can't be used, the files still can. A copy may be of another release, which asked
    // less of it.
    let sources = Source::read(config).into_iter().chain(kept::copies(config));
    for source in sources {
        let before = |_| Knowledge::with(engine_before(&source)?, &source);
        if let Ok(knowledge) = Knowledge::of(config, &source).or_else(before) {
            warn(&refused);
            return Ok(shelf(knowledge, Some(refused)));
        }
    }
    Err(refused)
}

fn shelf(knowledge: Knowledge, refused: Option<LoadError>) -> Shelf {
    let knowledge = Arc::new(knowledge);
    Shelf(RwLock::new(Held { knowledge, refused }))
}

fn warn(refused: &LoadError) {
    let LoadError { file, line, reason } = refused;
    tracing::error!(%file, line, %reason, "the clinic's language files can't be used; the last ones that could stay in use");
}

/// Reads the clinic's files anew. Ones that can be used are in use when this returns; otherwise everything stays as it is.
pub async fn reload(app: &App) -> Result<(), DeskError> {
    let config = app.config.clone();
    let work = tokio::task::spawn_blocking(move || {
        let fresh = read(&config)?;
        kept::keep(&config, &fresh.source);
        Ok(fresh.knowledge)
    });
    let read = work
        .await
        .map_err(|error| DeskError::Internal(format!("reading the language files: {error}")))?;
    {
        let mut held = app.shelf.0.write();
        match read {
            Ok(knowledge) => {
                held.knowledge = Arc::new(knowledge);
                held.refused = None;
                tracing::info!("the clinic's language files were read anew and are in use");
            }
            Err(refused) => {
                warn(&refused);
                held.refused = Some(refused);
            }
        }
    }
    note_decisions(app).await?;
    audit(app).await
}

/// Brings into every clinic's log who adopted a version of the model or went back, as far as it is not there yet.
///
/// # Errors
/// The log can't be written. A list of decisions that can't be read is told in the process's own log, and holds nothing up.
pub async fn note_decisions(app: &App) -> Result<(), DeskError> {
    let (count, decisions) = match models::unnoted(&app.config.data) {
        Ok((0, _)) => return Ok(()),
        Ok(found) => found,
        Err(error) => {
            tracing::error!(%error, "it can't be read who adopted which version of the language model");
            return Ok(());
        }
    };
    for decision in decisions {
        let detail = json!({
            "version": decision.version, "by": decision.by, "at": decision.at.to_string(),
        });
        for clinic in app.directory.all() {
            let ctx = Ctx::system(clinic.id, "language", WayIn::CommandLine);
            let entry = NewEntry::new(decision.did.action(), "organisation", clinic.id);
            app.audit(&ctx, entry.detail(&detail)).await?;
        }
    }
    if let Err(error) = models::note(&app.config.data, count) {
        tracing::error!(%error, "who adopted which version of the language model may be noted twice");
    }
    Ok(())
}

/// Notes for every clinic whether its files are in use, and which version of the model is.
pub async fn audit(app: &App) -> Result<(), DeskError> {
    let refused = app.shelf.refused();
    let knowledge = app.knowledge();
    let model = knowledge.engine.model().map(|model| model.about().version);
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "language", WayIn::CommandLine);
        let entry = NewEntry::new("language.read", "organisation", clinic.id);
        let entry = match &refused {
            Some(LoadError { file, line, .. }) => {
                let place = json!({ "file": file, "line": line, "model": model });
                entry.outcome(Outcome::Failed).detail(&place)
            }
            None => entry.detail(&json!({ "model": model })),
        };
        app.audit(&ctx, entry).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn what_is_due_is_told_by_file() {
        let review = |on, line| Review { on, line };
        let reviews = [
            (
                "a.toml".to_owned(),
                vec![
                    review(date(2026, 5, 2), 3),
                    review(date(2026, 5, 1), 9),
                    review(date(2026, 5, 3), 12),
                ],
            ),
            ("b.toml".to_owned(), vec![review(date(2027, 1, 1), 1)]),
        ]
        .into();
        let due = overdue(&reviews, date(2026, 5, 2));
        let expected = Overdue {
            file: "a.toml".to_owned(),
            entries: 2,
            since: date(2026, 5, 1),
            line: 9,
        };
        assert_eq!(due, [expected]);
        assert_eq!(overdue(&reviews, date(2026, 4, 30)), []);
    }
}
