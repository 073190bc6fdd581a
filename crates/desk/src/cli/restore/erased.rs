//! Whether it is known who was erased after a backup was made.
//!
//! It is known where a list is named with `--erasure-list` that the backup's desk signed and that names no fewer than the
//! backup; where whoever restores says that nobody was; and where the desk that is put aside is the backup's own at a later time,
//! which its audit log shows: it goes on from the backup's. Its erasures are read from its database then, because the list
//! beside it may lack the newest. Of that list alone, without its database, and of `erased_copy` nobody can tell whether they
//! lack any: they count when they are named, by somebody who knows.

use super::super::Failure;
use super::super::backup::erased_of;
use super::{Restore, Whole};
use crate::audit_log;
use crate::config::Config;
use crate::privacy::erasure;
use crate::records::Keyring;
use crate::startup::{self, Missing, StartError};
use bedside_db::{Clock, Db, SystemClock};
use std::path::Path;
use std::sync::Arc;

/// What is known of erasures before a backup is put in place.
pub(super) struct Found {
    /// Whether it is known who was erased since.
    pub(super) is_known: bool,
    /// The lists to bring: the one that was named, and what the desk that is put aside knows.
    lists: Vec<Vec<u8>>,
}

/// The desk that is put aside.
struct Replaced {
    /// Whether it is the backup's own, at the same or a later time.
    goes_on: bool,
    /// The list of what was erased in it.
    list: String,
}

/// Reads the desk that is put aside. One of another release, of another root key or that is damaged can't be read.
async fn replaced(config: &Config, backup: &Db, place: &Path) -> Result<Replaced, StartError> {
    let app = startup::open_file(config.clone(), Arc::new(SystemClock), place).await?;
    let (_, list) = erasure::of_database(&app).await?;
    let goes_on = audit_log::goes_on_from(&app.db, backup).await?;
    app.db.close().await;
    Ok(Replaced { goes_on, list })
}

/// Looks for what says who was erased since, and refuses where nothing does, unless it is asked to go on all the same.
///
/// # Errors
/// Nothing says it, the list that is named can't be used, or something can't be read.
pub(super) async fn look(
    asked: &Restore,
    config: &Config,
    whole: &Whole,
    place: &Path,
) -> Result<Found, Failure> {
    let backup = Db::open_to_read(&asked.file)?;
    let mut lists = Vec::new();
    let mut is_known = asked.none_erased_since && whole.erasures_known;
    if place.exists()
        && let Ok(there) = replaced(config, &backup, place).await
    {
        is_known |= there.goes_on && !erasure::is_unknown(config);
        lists.push(there.list.into_bytes());
    }
    if let Some(given) = &asked.erasure_list {
        let bytes = std::fs::read(given).map_err(|error| {
            Failure::usage(format!("{} can't be read: {error}.", given.display()))
        })?;
        let root = startup::root_key(config, Missing::Refuse)?;
        let keyring = Keyring::load(&backup, root, SystemClock.now()).await?;
        let named = erasure::named(&keyring, given)?;
        if !is_known {
            is_enough(given, named, whole)?;
        }
        is_known = true;
        lists.push(bytes);
    }
    // Closed first: a log beside the file would be copied without what is in it.
    drop(backup);
    if is_known || asked.without_erasure_list {
        return Ok(Found { is_known, lists });
    }
    Err(nothing_says_it(asked, config, whole))
}

/// Refuses a list that can't be the newest: one that knows less than the backup, none of this desk's, or no more than a backup
/// that lacked some itself.
fn is_enough(list: &Path, named: usize, whole: &Whole) -> Result<(), Failure> {
    let of_then = whole.erasures.unwrap_or(0);
    let list = list.display();
    let why = if named < of_then {
        format!(
            "The list of what was erased is older than this backup: {list} names {named} of the {of_then} records that this desk \
             had erased by then."
        )
    } else if named == 0 {
        format!("{list} names nobody whom the desk of this backup erased.")
    } else if named == of_then && !whole.erasures_known {
        format!(
            "This backup is of a desk that had no whole list of what was erased, and {list} names no more than it knew."
        )
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!(
        "{why} Bring a newer one with --erasure-list, say --none-erased-since if you know that nobody was erased after the backup \
         was made, or say --without-erasure-list: whoever was erased since may be back then."
    )))
}

fn nothing_says_it(asked: &Restore, config: &Config, whole: &Whole) -> Failure {
    if asked.none_erased_since && !whole.erasures_known {
        return Failure::usage(
            "This backup is of a desk that had no whole list of what was erased itself. Bring the last one with --erasure-list, or \
             say --without-erasure-list: whoever was erased may be back then.",
        );
    }
    let beside = config.audit_folder().join("erased.txt");
    let own = [Some(&beside), config.erased_copy.as_ref()];
    let here: Vec<String> = own
        .into_iter()
        .flatten()
        .chain([&erased_of(&asked.file)])
        .filter(|file| file.exists())
        .map(|file| file.display().to_string())
        .collect();
    let here = if here.is_empty() {
        String::new()
    } else {
        format!(
            " What is here may lack the newest, and will do if you know that it does not: {}.",
            here.join(", ")
        )
    };
    Failure::usage(format!(
        "Nothing here shows who was erased after this backup was made. Bring the last audit/erased.txt of its desk with \
         --erasure-list.{here} If you know that nobody was erased since, say --none-erased-since; to restore all the same, say \
         --without-erasure-list: whoever was erased may be back then."
    ))
}

impl Found {
    /// Takes the lists into the one of the data folder.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn bring(&self, config: &Config) -> Result<(), Failure> {
        Ok(erasure::take_in(config, &self.lists.join(&b'\n'))?)
    }

    /// Says beside the database that is in place whether the list is whole.
    ///
    /// # Errors
    /// The data folder can't be written.
    pub(super) fn say(&self, config: &Config) -> Result<(), Failure> {
        if !self.is_known {
            return Ok(erasure::say_unknown(config)?);
        }
        let unknown = erasure::list_is_unknown(config);
        if unknown.exists() {
            std::fs::remove_file(unknown)?;
        }
        Ok(())
    }
}
