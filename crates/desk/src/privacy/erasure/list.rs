//! The list of what was erased, outside the database: a backup from before knows nothing of it.
//!
//! It stands beside the checkpoints, and in a second place where the settings name one (`erased_copy`). A folder whose database
//! came from elsewhere without a list says so in a file of its own ([`unknown`]), until whoever runs the desk takes it away.

use super::model::{Certificate, Entry, Scope};
use super::plan::Beside;
use super::{service, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::config::Config;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::{ErasureId, OrganisationId};
use crate::jobs::{Done, Handler};
use crate::work::Job;
use aws_lc_rs::digest::{SHA256, digest};
use bedside_audit::SignedCheckpoint;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Keeps an erasure in the list, and has the search index forget its words.
#[derive(Serialize, Deserialize)]
pub(super) struct KeepErased {
    pub erasure: ErasureId,
}

impl Job for KeepErased {
    const KIND: &'static str = "privacy.erased";
}

/// Keeps an erasure in the list's second place. Work of its own: that place may be out of reach for a while.
#[derive(Serialize, Deserialize)]
pub(super) struct CopyErased {
    pub erasure: ErasureId,
}

impl Job for CopyErased {
    const KIND: &'static str = "privacy.erased_copy";
}

/// What the job runner does after an erasure.
pub fn handlers() -> Vec<Handler> {
    vec![
        Handler {
            kind: KeepErased::KIND,
            run: |app, organisation, payload| {
                async move {
                    let KeepErased { erasure } = serde_json::from_str(&payload)?;
                    let place = place(&app.config);
                    keep(&app, place, organisation, erasure).await?;
                    app.search.begin_anew(organisation.uuid()).await?;
                    Ok(Done::Finished)
                }
                .boxed()
            },
            // It stands among the work that failed, and the next start does it.
            given_up: |_, _, _| async move { Ok(()) }.boxed(),
        },
        Handler {
            kind: CopyErased::KIND,
            run: |app, organisation, payload| {
                async move {
                    let CopyErased { erasure } = serde_json::from_str(&payload)?;
                    let copy = app.config.erased_copy.clone();
                    keep(&app, copy, organisation, erasure).await?;
                    Ok(Done::Finished)
                }
                .boxed()
            },
            // The same.
            given_up: |_, _, _| async move { Ok(()) }.boxed(),
        },
    ]
}

/// SHA-256 of a text.
pub(crate) fn sum(text: &str) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    sum
}

/// The same in hexadecimal digits.
pub(super) fn sum_in_digits(text: &str) -> String {
    HEXLOWER.encode(&sum(text))
}

/// Name of the list, beside the checkpoints.
const FILE: &str = "erased.txt";
/// Name of the file that stands beside it while nobody could say what was erased after the database was copied.
const UNKNOWN: &str = "erased-unknown.txt";

/// One line of the list.
#[derive(Serialize, Deserialize)]
struct Line {
    organisation: OrganisationId,
    erasure: ErasureId,
    entry: Entry,
}

/// Where the list stands.
pub fn place(config: &Config) -> Option<PathBuf> {
    Some(config.checkpoint_file()?.with_file_name(FILE))
}

/// Where it is said that the list is not whole; the file is there while that is so.
pub fn unknown(config: &Config) -> Option<PathBuf> {
    Some(config.checkpoint_file()?.with_file_name(UNKNOWN))
}

/// Whether the database came from elsewhere without a list of what was erased since.
pub fn is_unknown(config: &Config) -> bool {
    unknown(config).is_some_and(|file| file.exists())
}

/// Says in the data folder, for as long as the file stands there, that the list is not whole.
///
/// # Errors
/// The file can't be written.
pub fn say_unknown(config: &Config) -> std::io::Result<()> {
    const WORDS: &[u8] = b"This desk's database came from a backup, and no list said who was erased after that backup was made. \
        Whoever was may be back.\nAdd the lines of every list you find (audit/erased.txt of the earlier folder, erased_copy, \
        the .erased.txt of later backups) to erased.txt beside this file, start the desk, then delete this file.\n";
    let Some(path) = unknown(config) else {
        return Ok(());
    };
    let mut file = File::create(path)?;
    file.write_all(WORDS)?;
    file.sync_all()
}

/// How many erasures the lists in these files name together; a file that is not there names none.
///
/// # Errors
/// One of them can't be read.
pub fn named(files: &[&Path]) -> Result<usize, DeskError> {
    let mut all = HashSet::new();
    for file in files {
        all.extend(read(file)?.into_iter().map(|line| line.erasure));
    }
    Ok(all.len())
}

/// Adds the lines of another list to the one of the data folder. What they say counts at the next start, where this desk
/// signed it.
///
/// # Errors
/// The other one can't be read, or this one can't be written.
pub fn take_in(config: &Config, other: &Path) -> Result<(), DeskError> {
    let bytes = fs::read(other).map_err(|error| failed(&error))?;
    let Some(path) = place(config) else {
        return Ok(());
    };
    append(&path, &bytes).map_err(|error| failed(&error))
}

/// The list as this database knows it, and how many erasures it names.
///
/// # Errors
/// The database can't be read.
pub async fn of_database(app: &App) -> Result<(usize, String), DeskError> {
    let every = store::every(&mut app.read().await?).await?;
    let mut list = String::new();
    for (organisation, erasure, entry) in &every {
        let line = Line {
            organisation: *organisation,
            erasure: *erasure,
            entry: entry.clone(),
        };
        list.push_str(&serde_json::to_string(&line)?);
        list.push('\n');
    }
    Ok((every.len(), list))
}

fn failed(error: &dyn std::fmt::Display) -> DeskError {
    DeskError::Unavailable(format!("the list of what was erased: {error}"))
}

/// Begins each line anew, so that one that a power cut left half spoils no other.
fn append(path: &Path, lines: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    file.write_all(&[b"\n", lines, b"\n"].concat())?;
    file.sync_all()
}

/// Keeps an erasure that the database knows in the list at `path`; one that stands there twice is one.
async fn keep(
    app: &App,
    path: Option<PathBuf>,
    organisation: OrganisationId,
    erasure: ErasureId,
) -> Result<(), DeskError> {
    let Some(path) = path else {
        return Ok(());
    };
    let entry = store::one(&mut app.read_newest().await?, organisation, erasure).await?;
    let line = Line {
        organisation,
        erasure,
        entry: entry.ok_or(DeskError::NotFound)?,
    };
    let line = serde_json::to_vec(&line)?;
    tokio::task::spawn_blocking(move || append(&path, &line))
        .await
        .unwrap_or_else(|ended| Err(std::io::Error::other(ended)))
        .map_err(|error| failed(&error))
}

/// Every line of the list that can be read; what a power cut or a bad disk spoiled is in the database.
fn read(path: &Path) -> Result<Vec<Line>, DeskError> {
    match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(&error)),
        Ok(bytes) => Ok(bytes
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()),
    }
}

/// What a line says, where this desk's audit key signed it: whoever can write to the file can't have anything destroyed.
fn proven(app: &App, line: &Line) -> Result<Option<(Certificate, Scope)>, DeskError> {
    let key = app.keyring.audit_key().verifying_key();
    let Ok(note) = SignedCheckpoint::parse(&line.entry.note) else {
        return Ok(None);
    };
    let Ok(said) = note.verify(&key) else {
        return Ok(None);
    };
    let certificate: Certificate = serde_json::from_str(&line.entry.certificate)?;
    let scope: Scope = serde_json::from_str(&line.entry.list)?;
    let is_whole = said.origin == service::origin(app, line.organisation)?
        && said.root == sum(&line.entry.certificate)
        && certificate.list == sum_in_digits(&line.entry.list)
        && (certificate.id, certificate.organisation) == (line.erasure, line.organisation)
        && certificate.patient == scope.patient;
    Ok(is_whole.then_some((certificate, scope)))
}

/// Notes on a folder whose database was put there by hand that there is no list. A desk has one from its first start on, and
/// one of an earlier release has its checkpoints. Several nodes share a server, each with a folder of its own: that a new one
/// has no list says nothing.
fn look_for_it(app: &App, path: &Path) -> Result<(), DeskError> {
    let checkpoints = app.config.checkpoint_file();
    let came_alone = app.config.database.is_none()
        && !path.exists()
        && !checkpoints.is_some_and(|file| file.exists())
        && !app
            .config
            .erased_copy
            .as_ref()
            .is_some_and(|copy| copy.exists())
        && !app.directory.all().is_empty();
    if came_alone {
        say_unknown(&app.config).map_err(|error| failed(&error))?;
    }
    if is_unknown(&app.config) {
        tracing::warn!(
            "the database came from a backup and no list says who was erased since: whoever was may be back"
        );
    }
    Ok(())
}

/// Destroys again what the lists say was erased and this database doesn't know of, and brings the lists up to what the
/// database knows. Says how many were erased again.
pub async fn reapply(app: &App) -> Result<usize, DeskError> {
    let Some(path) = place(&app.config) else {
        return Ok(0);
    };
    look_for_it(app, &path)?;
    let mut again = 0;
    for line in read(&path)? {
        again += usize::from(erased_again(app, line).await?);
    }
    complete(app, &path).await?;
    if let Some(copy) = &app.config.erased_copy {
        // The desk works without it; `bedside check` says that it can't be used.
        match read(copy) {
            Ok(lines) => {
                for line in lines {
                    again += usize::from(erased_again(app, line).await?);
                }
                // What the copy alone knew is known to the database now.
                complete(app, &path).await?;
                if let Err(error) = complete(app, copy).await {
                    tracing::error!(%error, "the second list of what was erased can't be written");
                }
            }
            Err(error) => {
                tracing::error!(%error, "the second list of what was erased can't be read");
            }
        }
    }
    Ok(again)
}

/// Adds to the list at `path` what the database knows and it doesn't; makes it where there is none.
async fn complete(app: &App, path: &Path) -> Result<(), DeskError> {
    let listed: HashSet<ErasureId> = read(path)?.iter().map(|line| line.erasure).collect();
    let made = File::options().create(true).append(true).open(path);
    made.map_err(|error| failed(&error))?;
    let every = store::every(&mut app.read().await?).await?;
    for (organisation, id, _) in every.into_iter().filter(|(_, id, _)| !listed.contains(id)) {
        keep(app, Some(path.to_owned()), organisation, id).await?;
    }
    Ok(())
}

/// Destroys again what a line names, where this database doesn't know of it; whether it did.
async fn erased_again(app: &App, line: Line) -> Result<bool, DeskError> {
    let (organisation, id) = (line.organisation, line.erasure);
    let ours = app.directory.of(organisation).is_ok();
    if !ours || store::is_known(&mut app.read().await?, organisation, id).await? {
        return Ok(false);
    }
    let Some((certificate, scope)) = proven(app, &line)? else {
        tracing::error!(erasure = %id, "a line of the list of what was erased is not signed by this desk");
        return Ok(false);
    };
    let beside = Beside::read(app, organisation, certificate.patient).await?;
    let ctx = Ctx::system(organisation, "privacy", Source::CommandLine);
    app.command(&ctx, move |work| {
        async move {
            service::again(work, &scope, &beside).await?;
            let about = (id, certificate.request);
            store::insert(work, organisation, about, &line.entry, certificate.at).await?;
            let entry = NewEntry::new("privacy.erase", "patient", scope.patient);
            work.audit(entry.detail(&json!({ "erasure": id, "again": true })));
            Ok(())
        }
        .boxed()
    })
    .await?;
    app.search.begin_anew(organisation.uuid()).await?;
    Ok(true)
}
