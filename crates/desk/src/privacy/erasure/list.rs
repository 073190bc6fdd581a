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
use crate::records::Keyring;
use crate::work::Job;
use aws_lc_rs::digest::{SHA256, digest};
use bedside_audit::{Origin, SignedCheckpoint};
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::timeout;

/// Keeps an erasure in the list, and has the search index forget its words.
#[derive(Serialize, Deserialize)]
pub(super) struct KeepErased {
    pub erasure: ErasureId,
}

impl Job for KeepErased {
    const KIND: &'static str = "privacy.erased";
}

/// How long the second place of the list may take before the next round tries again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the job runner does after an erasure.
pub fn handlers() -> Vec<Handler> {
    vec![Handler {
        kind: KeepErased::KIND,
        run: |app, organisation, payload| {
            async move {
                let KeepErased { .. } = serde_json::from_str(&payload)?;
                if let Some(place) = place(&app.config) {
                    complete(&app, &place, true).await?;
                }
                if let Err(error) = copy(&app).await {
                    tracing::warn!(%error, "the second list of what was erased has to wait");
                }
                app.search.begin_anew(organisation.uuid()).await?;
                Ok(Done::Finished)
            }
            .boxed()
        },
        // It stands among the work that failed, and the next start does it.
        given_up: |_, _, _| async move { Ok(()) }.boxed(),
    }]
}

/// Adds to the list's second place what the database knows and it lacks. Every node that has such a place looks after its own,
/// again and again. A start makes the file, nothing else does: where the disk of that place is away, one that is made is on a disk that
/// stays here.
///
/// # Errors
/// The place is out of reach, or the database can't be read.
pub async fn copy(app: &App) -> Result<(), DeskError> {
    let Some(path) = &app.config.erased_copy else {
        return Ok(());
    };
    timeout(PATIENCE, complete(app, path, false))
        .await
        .unwrap_or_else(|late| Err(failed(&late)))
}

/// How many erasures that the database knows the list at `path` lacks; all of them where there is none.
///
/// # Errors
/// The list or the database can't be read.
pub async fn lacking(app: &App, path: &Path) -> Result<usize, DeskError> {
    let listed = listed(path)?;
    let every = store::every(&mut app.read_newest().await?).await?;
    Ok(every
        .iter()
        .filter(|(_, id, _)| !listed.contains(id))
        .count())
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
fn place(config: &Config) -> Option<PathBuf> {
    Some(config.checkpoint_file()?.with_file_name(FILE))
}

/// Where it is said that the list is not whole; the file is there while that is so. Nothing is made.
pub fn unknown(config: &Config) -> PathBuf {
    config.audit_folder().join(UNKNOWN)
}

/// Whether the database came from elsewhere without a list of what was erased since.
pub fn is_unknown(config: &Config) -> bool {
    unknown(config).exists()
}

/// Says in the data folder, for as long as the file stands there, that the list is not whole.
///
/// # Errors
/// The file can't be written.
pub fn say_unknown(config: &Config) -> std::io::Result<()> {
    const WORDS: &[u8] = b"This desk's database came from a backup, and no list said who was erased after that backup was made. \
        Whoever was may be back.\nAdd the lines of every list you find (audit/erased.txt of the earlier folder, erased_copy, \
        the .erased.txt of later backups) to erased.txt beside this file, start the desk, then delete this file.\n";
    let Some(beside) = config.checkpoint_file() else {
        return Ok(());
    };
    let mut file = File::create(beside.with_file_name(UNKNOWN))?;
    file.write_all(WORDS)?;
    file.sync_all()
}

/// How many erasures a list names that the desk with these keys signed, for clinics that it has.
///
/// # Errors
/// The list can't be read.
pub fn named(keyring: &Keyring, list: &Path) -> Result<usize, DeskError> {
    let is_ours = |line: &Line| {
        keyring.of(line.organisation).is_ok()
            && signed(keyring, line)
                .is_some_and(|(origin, ..)| origin.as_str().ends_with(service::SIGNS_AS))
    };
    let all: HashSet<ErasureId> = read(list)?
        .iter()
        .filter(|line| is_ours(line))
        .map(|line| line.erasure)
        .collect();
    Ok(all.len())
}

/// Adds the lines of another list to the one of the data folder, and makes that where there is none. What they say counts at the
/// next start, where this desk signed it.
///
/// # Errors
/// The list of the data folder can't be written.
pub fn take_in(config: &Config, lines: &[u8]) -> Result<(), DeskError> {
    let Some(path) = place(config) else {
        return Ok(());
    };
    make(&path)
        .and_then(|()| append(&path, lines))
        .map_err(|error| failed(&error))
}

/// The list as this database knows it, and how many erasures it names.
///
/// # Errors
/// The database can't be read.
pub async fn of_database(app: &App) -> Result<(usize, String), DeskError> {
    let every = lines(app).await?;
    let list = every
        .iter()
        .fold(String::new(), |list, (_, line)| list + line + "\n");
    Ok((every.len(), list))
}

/// A line for each erasure that the database knows.
async fn lines(app: &App) -> Result<Vec<(ErasureId, String)>, DeskError> {
    let every = store::every(&mut app.read_newest().await?).await?;
    let mut lines = Vec::with_capacity(every.len());
    for (organisation, erasure, entry) in every {
        let line = Line {
            organisation,
            erasure,
            entry,
        };
        lines.push((erasure, serde_json::to_string(&line)?));
    }
    Ok(lines)
}

fn failed(error: &dyn std::fmt::Display) -> DeskError {
    DeskError::Unavailable(format!("the list of what was erased: {error}"))
}

/// Makes a list where there is none, for the desk's own user alone.
fn make(path: &Path) -> std::io::Result<()> {
    File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

/// Begins each line anew, so that one that a power cut left half spoils no other.
fn append(path: &Path, lines: &[u8]) -> std::io::Result<()> {
    let mut file = File::options().append(true).open(path)?;
    file.write_all(&[b"\n", lines, b"\n"].concat())?;
    file.sync_all()
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

/// What the list names.
fn listed(path: &Path) -> Result<HashSet<ErasureId>, DeskError> {
    Ok(read(path)?.iter().map(|line| line.erasure).collect())
}

/// What a line says, and as whom it is signed, where the audit key among these signed it and what it says can be read.
fn signed(keyring: &Keyring, line: &Line) -> Option<(Origin, Certificate, Scope)> {
    let note = SignedCheckpoint::parse(&line.entry.note).ok()?;
    let said = note.verify(&keyring.audit_key().verifying_key()).ok()?;
    if said.root != sum(&line.entry.certificate) {
        return None;
    }
    let certificate: Certificate = serde_json::from_str(&line.entry.certificate).ok()?;
    let scope: Scope = serde_json::from_str(&line.entry.list).ok()?;
    let is_whole = certificate.list == sum_in_digits(&line.entry.list)
        && (certificate.id, certificate.organisation) == (line.erasure, line.organisation)
        && certificate.patient == scope.patient;
    is_whole.then(|| (said.origin.clone(), certificate, scope))
}

/// What a line says, where this desk's audit key signed it: whoever can write to the file can't have anything destroyed.
fn proven(app: &App, line: &Line) -> Result<Option<(Certificate, Scope)>, DeskError> {
    let ours = service::origin(app, line.organisation)?;
    Ok(signed(&app.keyring, line)
        .filter(|(origin, ..)| *origin == ours)
        .map(|(_, certificate, scope)| (certificate, scope)))
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
    complete(app, &path, true).await?;
    if let Some(copy) = &app.config.erased_copy {
        // The desk works without it; `bedside check` says that it can't be used.
        match read(copy) {
            Ok(lines) => {
                for line in lines {
                    again += usize::from(erased_again(app, line).await?);
                }
                // What the copy alone knew is known to the database now.
                complete(app, &path, true).await?;
                if let Err(error) = complete(app, copy, true).await {
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

/// Adds to the list at `path` what the database knows and it doesn't, and first makes it where there is none if `makes`.
async fn complete(app: &App, path: &Path, makes: bool) -> Result<(), DeskError> {
    let every = lines(app).await?;
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || {
        if makes {
            make(&path).map_err(|error| failed(&error))?;
        }
        let listed = listed(&path)?;
        let missing: Vec<String> = every
            .into_iter()
            .filter(|(id, _)| !listed.contains(id))
            .map(|(_, line)| line)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        append(&path, missing.join("\n").as_bytes()).map_err(|error| failed(&error))
    })
    .await
    .unwrap_or_else(|ended| Err(failed(&ended)))
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
