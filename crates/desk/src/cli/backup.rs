//! `bedside backup`, and what a backup is: a copy of the database, and beside it a manifest with the same name and
//! `.json` at its end, and the list of what was erased until then with `.erased.txt`. Keys are not in it: whoever finds a
//! backup can read no patient's data. The list is for the backups from before this one, which know less.
//!
//! The copy is one snapshot of everything: rows, files and the audit log's checkpoints are all in the one database. It
//! is made page by page from a reading connection of this process, so that the desk goes on working, and it is the copy
//! that is verified, not what it was made from.

use super::{Failure, Global, progress_bar, say, say_json};
use crate::app::App;
use crate::privacy::erasure;
use crate::records::rotate;
use crate::startup::{self, Missing};
use aws_lc_rs::digest::{Context, SHA256};
use bedside_db::{Clock, SystemClock};
use clap::Args;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Writes a consistent copy of the embedded database and verifies it. The desk may go on working meanwhile.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where to; FILE.json and FILE.erased.txt are written beside it
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// Format of manifests. An earlier release refuses a newer one by it, whatever else stands in it.
pub(super) const FORMAT: u8 = 2;

/// What is known about a backup.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Format of this file.
    pub(super) format: u8,
    /// Version of the program that wrote it.
    pub(super) bedside: String,
    /// When (RFC 3339).
    pub(super) made_at: String,
    /// Bytes of the copy.
    pub(super) size: u64,
    /// SHA-256 of the copy.
    pub(super) sha256: String,
    /// Version of the schema.
    pub(super) schema: i64,
    /// Names the root key that opens it, without telling anything about it.
    pub(super) root_key: String,
    /// Entries of the audit log.
    pub(super) audit_entries: u64,
    /// Root over them.
    pub(super) audit_root: String,
    /// Records that were erased until then. Manifests of earlier releases don't say.
    #[serde(default)]
    pub(super) erasures: Option<usize>,
    /// Whether that was all of them: a desk that came from a backup without a list of what was erased can't say. Manifests of
    /// format 1 don't.
    #[serde(default = "yes")]
    pub(super) erasures_known: bool,
}

const fn yes() -> bool {
    true
}

/// The manifest's file for a backup's.
pub(super) fn manifest_of(file: &Path) -> PathBuf {
    beside(file, ".json")
}

/// The file with the list of what was erased for a backup's.
pub(super) fn erased_of(file: &Path) -> PathBuf {
    beside(file, ".erased.txt")
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// (bytes, SHA-256 in hexadecimal digits) of a file.
pub(super) fn sum(file: &Path, mut progress: impl FnMut(u64)) -> std::io::Result<(u64, String)> {
    let mut reader = std::fs::File::open(file)?;
    let mut digest = Context::new(&SHA256);
    let mut piece = vec![0; 1024 * 1024];
    let mut size = 0;
    loop {
        let read = reader.read(&mut piece)?;
        if read == 0 {
            return Ok((size, HEXLOWER.encode(digest.finish().as_ref())));
        }
        digest.update(&piece[..read]);
        size += read as u64;
        progress(size);
    }
}

/// What was found in a copy that is whole.
struct Whole {
    schema: i64,
    entries: u64,
    root: String,
    erasures: usize,
    /// The list of them.
    erased: String,
}

impl Backup {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let manifest_file = manifest_of(&self.file);
        let erased_file = erased_of(&self.file);
        for path in [&self.file, &manifest_file, &erased_file] {
            if path.exists() {
                return Err(Failure::usage(format!(
                    "{} exists already and is not overwritten.",
                    path.display()
                )));
            }
        }
        if global.config()?.database.is_some() {
            return Err(Failure::usage(
                "This desk keeps its rows in PostgreSQL: back it up with pg_dump.",
            ));
        }
        let app = global.open_to_read().await?;
        let part = self.file.with_added_extension("part");
        let kept = self.keep(&app, &part, &manifest_file).await;
        if kept.is_err() {
            // Half a backup is of no use to anybody.
            let _ = std::fs::remove_file(&part);
            let _ = std::fs::remove_file(&manifest_file);
            let _ = std::fs::remove_file(&erased_file);
        }
        let manifest = kept?;
        if self.json {
            say_json(&manifest);
        } else {
            say(format!(
                "The desk is copied to {} ({} bytes), with a manifest and the list of what was erased beside it.\nIts audit log is whole ({} entries) \
                 and every key in it opens. The root key is not in it: keep a copy of the key in another place.",
                self.file.display(),
                manifest.size,
                manifest.audit_entries,
            ));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Copies to `part`, verifies the copy, and gives copy and manifest their names.
    async fn keep(
        &self,
        app: &App,
        part: &Path,
        manifest_file: &Path,
    ) -> Result<Manifest, Failure> {
        // Made before anything is in it, so that nobody else can read it for a moment.
        private(part).map_err(|error| Failure::file(self.file.display(), &error))?;
        let made_at = SystemClock.now();
        let bar = progress_bar("Copying");
        let shown = bar.clone();
        app.db
            .copy_to(part.to_owned(), move |done, all| {
                shown.set_length(all);
                shown.set_position(done);
            })
            .await?;
        bar.finish_and_clear();
        let whole = whole(app, part).await?;
        let (size, sha256) = sum(part, |_| ())?;
        let manifest = Manifest {
            format: FORMAT,
            bedside: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: made_at.to_string(),
            size,
            sha256,
            schema: whole.schema,
            root_key: startup::root_key(&app.config, Missing::Refuse)?.fingerprint(),
            audit_entries: whole.entries,
            audit_root: whole.root,
            erasures: Some(whole.erasures),
            erasures_known: !erasure::is_unknown(&app.config),
        };
        let erased_file = erased_of(&self.file);
        let mut erased =
            private(&erased_file).map_err(|error| Failure::file(erased_file.display(), &error))?;
        erased
            .write_all(whole.erased.as_bytes())
            .and_then(|()| erased.sync_all())
            .map_err(|error| Failure::file(erased_file.display(), &error))?;
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        std::fs::write(manifest_file, text)
            .map_err(|error| Failure::file(manifest_file.display(), &error))?;
        std::fs::File::open(manifest_file)?.sync_all()?;
        std::fs::rename(part, &self.file)?;
        if let Some(folder) = self.file.parent() {
            let folder = Some(folder).filter(|folder| !folder.as_os_str().is_empty());
            std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
        }
        Ok(manifest)
    }
}

/// A new file that only the desk's own account reads.
fn private(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Looks at every page of a copy, reads its audit log, and opens every key in it.
async fn whole(app: &App, copy: &Path) -> Result<Whole, Failure> {
    let bad = |what: String| Failure::new(1, format!("{what} No backup was kept."));
    let copy = startup::open_file(app.config.clone(), Arc::new(SystemClock), copy).await?;
    if let Some(damage) = copy.db.damage().await? {
        return Err(bad(format!("The database is damaged ({damage}).")));
    }
    let bar = progress_bar("Reading the audit log");
    let verified = crate::audit_log::verify(&copy, &[], |read| bar.set_position(read)).await?;
    bar.finish_and_clear();
    let verified =
        verified.map_err(|finding| bad(format!("The audit log is NOT whole: {finding}.")))?;
    let bar = progress_bar("Opening keys");
    for clinic in copy.directory.all() {
        rotate::open_all(&copy, clinic.id, |opened| bar.set_position(opened)).await?;
    }
    bar.finish_and_clear();
    let (erasures, erased) = erasure::of_database(&copy).await?;
    Ok(Whole {
        erasures,
        erased,
        schema: copy.db.schema_version().await?.unwrap_or(0),
        entries: verified.entries,
        root: HEXLOWER.encode(&verified.root),
    })
}
