//! `bedside restore`

use super::backup::{Manifest, manifest_of, sum};
use super::{Failure, Global, close, progress_bar, say};
use crate::config::Config;
use crate::startup;
use bedside_db::sqlite::FILE;
use bedside_db::{Clock, DbError, SystemClock};
use clap::Args;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Puts a backup in place and shows that it is whole. The root key must be there already.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup; FILE.json must be beside it
    file: PathBuf,
    /// Put the desk that is there aside and use the backup instead
    #[arg(long)]
    force: bool,
}

impl Restore {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let config = global.config()?;
        if config.database.is_some() {
            return Err(Failure::usage(
                "This desk keeps its rows in PostgreSQL: restore it with pg_restore.",
            ));
        }
        let manifest = self.manifest()?;
        let key = startup::root_key(&config)?;
        if key.fingerprint() != manifest.root_key {
            return Err(Failure::new(
                5,
                format!(
                    "This backup opens with another root key ({}). Put that key at {} first.",
                    manifest.root_key,
                    config.key_file().display()
                ),
            ));
        }
        let place = config.data.join(FILE);
        if place.exists() && !self.force {
            return Err(Failure::usage(format!(
                "There is a desk in {} already. Use --force to put it aside and restore the backup.",
                config.data.display()
            )));
        }
        self.put_in_place(&config, &place)?;
        let (app, _) = startup::open(config, Arc::new(SystemClock)).await?;
        let bar = progress_bar("Reading the audit log");
        let outcome = crate::audit_log::verify(&app, &[], |read| bar.set_position(read)).await?;
        bar.finish_and_clear();
        close(&app).await;
        let verified = outcome.map_err(|finding| {
            Failure::new(
                1,
                format!("The backup is in place, but its audit log is NOT whole: {finding}."),
            )
        })?;
        say(format!(
            "The backup of {} is in place. Its audit log is whole ({} entries). The search index builds itself again \
             when the desk starts.",
            manifest.made_at, verified.entries
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// The manifest, once the copy is what it says.
    fn manifest(&self) -> Result<Manifest, Failure> {
        let path = manifest_of(&self.file);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("{} can't be read: {error}.", path.display()))
        })?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|_| {
            Failure::usage(format!(
                "{} is not the manifest of a backup.",
                path.display()
            ))
        })?;
        let newest = startup::MIGRATIONS
            .last()
            .map_or(0, |migration| migration.version);
        if manifest.format != 1 || manifest.schema > newest {
            return Err(Failure::new(
                4,
                "This backup was written by a newer Bedside. Install that release first.",
            ));
        }
        let bar = progress_bar("Reading the backup");
        bar.set_length(manifest.size);
        let (size, sha256) = sum(&self.file, |read| bar.set_position(read)).map_err(|error| {
            Failure::usage(format!("{} can't be read: {error}.", self.file.display()))
        })?;
        bar.finish_and_clear();
        if (size, &sha256) != (manifest.size, &manifest.sha256) {
            return Err(Failure::new(
                1,
                "The backup is damaged: it is not what its manifest says. Nothing was changed.",
            ));
        }
        Ok(manifest)
    }

    /// Copies beside the place first, so that a full disk leaves the old desk as it was.
    fn put_in_place(&self, config: &Config, place: &Path) -> Result<(), Failure> {
        std::fs::create_dir_all(&config.data)?;
        let lock = std::fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(config.data.join("lock"))?;
        if lock.try_lock().is_err() {
            return Err(DbError::InUse(config.data.clone()).into());
        }
        let fresh = config.data.join("restoring");
        let copied =
            std::fs::copy(&self.file, &fresh).and_then(|_| std::fs::File::open(&fresh)?.sync_all());
        if let Err(error) = copied {
            let _ = std::fs::remove_file(&fresh);
            return Err(error.into());
        }
        let aside = config
            .data
            .join(format!("replaced-{}", SystemClock.now().micros()));
        for name in [
            FILE,
            "bedside.db-wal",
            "bedside.db-shm",
            "search.db",
            "search.db-wal",
            "search.db-shm",
        ] {
            let old = config.data.join(name);
            if old.exists() {
                std::fs::create_dir_all(&aside)?;
                std::fs::rename(&old, aside.join(name))?;
            }
        }
        std::fs::rename(&fresh, place)?;
        Ok(())
    }
}
