//! `bedside restore`

mod erased;

use super::backup::{FORMAT, Manifest, manifest_of, sum};
use super::{Failure, Global, close, finish, progress_bar, say, say_json};
use crate::config::Config;
use crate::outbound;
use crate::privacy::erasure;
use crate::records::rotate;
use crate::startup::{self, Missing};
use bedside_db::sqlite::FILE;
use bedside_db::{Clock, Db, SystemClock, Timestamp, hold_folder};
use clap::Args;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Puts a backup in place and shows that it is whole. The root key must be there already, and no desk may run.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "a flag each")]
pub(super) struct Restore {
    /// The backup, with FILE.json beside it; a copy that was made before an upgrade has none and needs none
    file: PathBuf,
    /// Put the desk that is there aside and use the backup instead
    #[arg(long)]
    force: bool,
    /// The newest list of what was erased, where the backup doesn't replace the desk that it was made of: the last audit/erased.txt
    /// of that desk, or its `erased_copy`
    #[arg(long, value_name = "LIST", conflicts_with_all = ["without_erasure_list", "none_erased_since"])]
    erasure_list: Option<PathBuf>,
    /// You know that nobody was erased after the backup was made, so that it needs no list
    #[arg(long, conflicts_with = "without_erasure_list")]
    none_erased_since: bool,
    /// Restore although no list says who was erased after the backup was made: whoever was may be back
    #[arg(long)]
    without_erasure_list: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// The files that belong to one desk and no other. The database goes first: without it nothing starts on what is left of
/// a desk, and a write-ahead log must never stand beside another database. The checkpoints of another future would accuse
/// this one.
const OF_A_DESK: [&str; 7] = [
    FILE,
    "bedside.db-wal",
    "bedside.db-shm",
    "search.db",
    "search.db-wal",
    "search.db-shm",
    "audit/checkpoints.txt",
];

/// What is known of a backup that can be put in place.
struct Whole {
    /// When it was made (RFC 3339).
    made_at: String,
    sha256: String,
    /// How many erasures it knows of; none where nothing says so.
    erasures: Option<usize>,
    /// Whether these are all that there were then.
    erasures_known: bool,
}

/// What every manifest says, in whatever format the rest is.
#[derive(Deserialize)]
struct Format {
    format: u8,
}

fn newest_schema() -> i64 {
    startup::MIGRATIONS
        .last()
        .map_or(0, |migration| migration.version)
}

fn newer() -> Failure {
    Failure::new(
        4,
        "This backup was written by a newer Bedside. Install that release first.",
    )
}

/// The root key, by its `name` where that is known, is not the one that is here.
fn other_key(config: &Config, name: &str) -> Failure {
    let needed = if std::env::var_os("BEDSIDE_PASSPHRASE").is_some() {
        format!(
            "Put the salt of its passphrase at {}",
            startup::salt_file(config).display()
        )
    } else {
        format!("Put it at {}", config.key_file().display())
    };
    Failure::new(
        5,
        format!("This backup opens with the root key{name}, which is not here. {needed} first."),
    )
}

impl Restore {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let config = global.config()?;
        if config.database.is_some() {
            return Err(Failure::usage(
                "This desk keeps its rows in PostgreSQL: restore it with pg_restore.",
            ));
        }
        let whole = if manifest_of(&self.file).exists() {
            self.as_its_manifest_says(&config)?
        } else {
            self.by_itself(&config).await?
        };
        let place = config.data.join(FILE);
        if place.exists() && !self.force {
            return Err(Failure::usage(format!(
                "There is a desk in {} already. Use --force to put it aside and restore the backup.",
                config.data.display()
            )));
        }
        // Nothing is erased from here on in what is put aside.
        let folder = hold_folder(&config.data)?;
        let found = erased::look(&self, &config, &whole, &place).await?;
        found.bring(&config)?;
        let aside = self.put_in_place(&config, &whole, &place)?;
        found.say(&config)?;
        drop(folder);
        let listed = found.is_known;
        let (app, _) = startup::open(config, Arc::new(SystemClock)).await?;
        let (erasures, _) = erasure::of_database(&app).await?;
        let erased_again = whole
            .erasures
            .map(|of_then| erasures.saturating_sub(of_then));
        let bar = progress_bar("Reading the audit log");
        let outcome = crate::audit_log::verify(&app, &[], |read| bar.set_position(read)).await?;
        bar.finish_and_clear();
        let held = outbound::hold(&app).await?;
        let bar = progress_bar("Opening keys");
        let mut keys = 0;
        for clinic in app.directory.all() {
            keys += rotate::open_all(&app, clinic.id, |opened| bar.set_position(opened)).await?;
        }
        bar.finish_and_clear();
        let verified = match outcome {
            Ok(verified) => {
                finish(&app).await?;
                verified
            }
            Err(finding) => {
                close(&app).await;
                return Err(Failure::new(
                    1,
                    format!("The backup is in place, but its audit log is NOT whole: {finding}."),
                ));
            }
        };
        if self.json {
            say_json(&serde_json::json!({
                "made_at": whole.made_at,
                "audit_entries": verified.entries,
                "keys": keys,
                "mails_held": held,
                "erased_again": erased_again,
                "erasure_list": listed,
                "put_aside": aside,
            }));
            return Ok(ExitCode::SUCCESS);
        }
        say(format!(
            "The backup of {} is in place. Its audit log is whole ({} entries) and every key in it opens ({keys}). The \
             search index builds itself again when the desk starts.",
            whole.made_at, verified.entries
        ));
        say(
            "The desk is as it was then: passwords are those of then, and whoever was locked out since and every token \
             that was taken back since is let in again. Look at `bedside user list` and `bedside token list`.",
        );
        if !listed {
            say(
                "No list says who was erased after this backup was made: whoever was may be back. The desk says so in its log \
                 and at /readyz until you bring the list: see audit/erased-unknown.txt in the data folder.",
            );
        } else if let Some(again @ 1..) = erased_again {
            say(format!(
                "Records that were erased after the backup was made are erased in it too ({again})."
            ));
        }
        if held > 0 {
            say(format!(
                "{held} mails waited to be sent then. They are held, because they may have gone out since: see Settings, \
                 Mails that did not arrive."
            ));
        }
        if let Some(aside) = aside {
            say(format!("What was there before is in {}.", aside.display()));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// A backup that is what its manifest says, and opens with the key that is here.
    fn as_its_manifest_says(&self, config: &Config) -> Result<Whole, Failure> {
        let path = manifest_of(&self.file);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("{} can't be read: {error}.", path.display()))
        })?;
        let other = |_| {
            Failure::usage(format!(
                "{} is not the manifest of a backup.",
                path.display()
            ))
        };
        let Format { format } = serde_json::from_str(&text).map_err(other)?;
        if format > FORMAT {
            return Err(newer());
        }
        let manifest: Manifest = serde_json::from_str(&text).map_err(other)?;
        if manifest.schema > newest_schema() {
            return Err(newer());
        }
        let (size, sha256) = self.sum()?;
        if (size, &sha256) != (manifest.size, &manifest.sha256) {
            return Err(Failure::new(
                1,
                "The backup is damaged: it is not what its manifest says. Nothing was changed.",
            ));
        }
        let key = startup::root_key(config, Missing::Refuse);
        if !key.is_ok_and(|key| key.fingerprint() == manifest.root_key) {
            return Err(other_key(config, &format!(" {}", manifest.root_key)));
        }
        Ok(Whole {
            made_at: manifest.made_at,
            sha256,
            erasures: manifest.erasures,
            erasures_known: manifest.erasures_known,
        })
    }

    /// A copy that has no manifest, such as one from before an upgrade: every page of it is looked at, and the key tried.
    async fn by_itself(&self, config: &Config) -> Result<Whole, Failure> {
        let made_at = std::fs::metadata(&self.file)
            .and_then(|file| file.modified())
            .map_err(|error| {
                Failure::usage(format!("{} can't be read: {error}.", self.file.display()))
            })?;
        let damaged = |what: &dyn std::fmt::Display| {
            Failure::new(
                1,
                format!(
                    "{} has no manifest beside it and is no whole database of a desk ({what}). Nothing was changed.",
                    self.file.display()
                ),
            )
        };
        let db = Db::open_to_read(&self.file).map_err(|error| damaged(&error))?;
        if let Some(damage) = db.damage().await.map_err(|error| damaged(&error))? {
            return Err(damaged(&damage));
        }
        match db.schema_version().await.map_err(|error| damaged(&error))? {
            None => return Err(damaged(&"it has no schema")),
            Some(version) if version > newest_schema() => return Err(newer()),
            Some(_) => {}
        }
        let opens = match startup::root_key(config, Missing::Refuse) {
            Ok(key) => rotate::opens(&db, &key).await?,
            Err(_) => false,
        };
        if !opens {
            return Err(other_key(config, ""));
        }
        // Closed first: what was still in a log beside the file is in the file then.
        drop(db);
        Ok(Whole {
            made_at: jiff::Timestamp::try_from(made_at)
                .map_or_else(|_| String::new(), |at| Timestamp::from(at).to_string()),
            sha256: self.sum()?.1,
            erasures: None,
            erasures_known: true,
        })
    }

    /// (bytes, SHA-256) of the backup.
    fn sum(&self) -> Result<(u64, String), Failure> {
        let bar = progress_bar("Reading the backup");
        bar.set_length(std::fs::metadata(&self.file).map_or(0, |file| file.len()));
        let summed = sum(&self.file, |read| bar.set_position(read)).map_err(|error| {
            Failure::usage(format!("{} can't be read: {error}.", self.file.display()))
        })?;
        bar.finish_and_clear();
        Ok(summed)
    }

    /// Copies beside the place first, so that a full disk leaves the old desk as it was. Says where the old one was put. The caller
    /// holds the folder.
    fn put_in_place(
        &self,
        config: &Config,
        whole: &Whole,
        place: &Path,
    ) -> Result<Option<PathBuf>, Failure> {
        let fresh = config.data.join("restoring");
        let copied = std::fs::copy(&self.file, &fresh)
            .and_then(|_| std::fs::File::open(&fresh)?.sync_all())
            .and_then(|()| sum(&fresh, |_| ()));
        match copied {
            Ok((_, sha256)) if sha256 == whole.sha256 => {}
            outcome => {
                let _ = std::fs::remove_file(&fresh);
                outcome?;
                return Err(Failure::new(
                    1,
                    "The copy in the data folder is not what the backup is: this disk can't be trusted. Nothing was \
                     changed.",
                ));
            }
        }
        let aside = config
            .data
            .join(format!("replaced-{}", SystemClock.now().micros()));
        let mut moved = false;
        for name in OF_A_DESK {
            let old = config.data.join(name);
            if old.exists() {
                let to = aside.join(name);
                if let Some(folder) = to.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                std::fs::rename(&old, to)?;
                moved = true;
            }
        }
        std::fs::rename(&fresh, place)?;
        std::fs::File::open(&config.data)?.sync_all()?;
        Ok(moved.then_some(aside))
    }
}
