//! `bedside backup`, and what a backup is: a copy of the database, and beside it a manifest with the same name and
//! `.json` at its end. Keys are not in it: whoever finds a backup can read no patient's data.

use super::{Failure, Global, close, progress_bar, say, say_json};
use crate::audit_log::Sealer;
use crate::startup;
use aws_lc_rs::digest::{Context, SHA256};
use clap::Args;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Writes a consistent copy of the embedded database while nothing else runs on the folder.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// Where to; FILE.json is written beside it
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

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
}

/// The manifest's file for a backup's.
pub(super) fn manifest_of(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".json");
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

impl Backup {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let manifest_file = manifest_of(&self.file);
        for path in [&self.file, &manifest_file] {
            if path.exists() {
                return Err(Failure::usage(format!(
                    "{} exists already and is not overwritten.",
                    path.display()
                )));
            }
        }
        let app = global.open().await?;
        if !app.db.is_embedded() {
            return Err(Failure::usage(
                "This desk keeps its rows in PostgreSQL: back it up with pg_dump.",
            ));
        }
        Sealer::new(app.clone()).round().await?;
        let verified = crate::audit_log::verify(&app, &[], |_| ()).await?;
        let verified = verified.map_err(|finding| {
            Failure::new(
                1,
                format!("The audit log is not whole, so nothing was copied: {finding}."),
            )
        })?;
        let part = self.file.with_extension("part");
        let bar = progress_bar("Copying");
        let shown = bar.clone();
        let copied = app
            .db
            .copy_to(part.clone(), move |done, all| {
                shown.set_length(all);
                shown.set_position(done);
            })
            .await;
        bar.finish_and_clear();
        if let Err(error) = copied {
            // Half a copy is of no use to anybody.
            let _ = std::fs::remove_file(&part);
            return Err(error.into());
        }
        std::fs::set_permissions(&part, std::fs::Permissions::from_mode(0o600))?;
        let (size, sha256) = sum(&part, |_| ())?;
        let manifest = Manifest {
            format: 1,
            bedside: env!("CARGO_PKG_VERSION").to_owned(),
            made_at: app.now().to_string(),
            size,
            sha256,
            schema: startup::MIGRATIONS
                .last()
                .map_or(0, |migration| migration.version),
            root_key: startup::root_key(&app.config)?.fingerprint(),
            audit_entries: verified.entries,
            audit_root: HEXLOWER.encode(&verified.root),
        };
        let text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        std::fs::write(&manifest_file, text)?;
        std::fs::rename(&part, &self.file)?;
        close(&app).await;
        if self.json {
            say_json(&manifest);
        } else {
            say(format!(
                "The desk is copied to {} ({size} bytes), with a manifest beside it.\nThe root key is not in it: keep a \
                 copy of the key in another place.",
                self.file.display()
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
