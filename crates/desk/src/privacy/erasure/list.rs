//! The list of what was erased, outside the database: a backup from before knows nothing of it.

use super::model::{Certificate, Entry, Scope};
use super::plan::Beside;
use super::{service, store};
use crate::app::App;
use crate::audit_log::NewEntry;
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

/// What the job runner does after an erasure.
pub fn handlers() -> Vec<Handler> {
    vec![Handler {
        kind: KeepErased::KIND,
        run: |app, organisation, payload| {
            async move {
                let KeepErased { erasure } = serde_json::from_str(&payload)?;
                let entry =
                    store::one(&mut app.read_newest().await?, organisation, erasure).await?;
                let entry = entry.ok_or(DeskError::NotFound)?;
                keep(&app, organisation, erasure, entry).await?;
                app.search.begin_anew(organisation.uuid()).await?;
                Ok(Done::Finished)
            }
            .boxed()
        },
        // It stands among the work that failed, and the next start does it.
        given_up: |_, _, _| async move { Ok(()) }.boxed(),
    }]
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

/// One line of the list.
#[derive(Serialize, Deserialize)]
struct Line {
    organisation: OrganisationId,
    erasure: ErasureId,
    entry: Entry,
}

fn place(app: &App) -> Option<PathBuf> {
    Some(app.config.checkpoint_file()?.with_file_name(FILE))
}

fn failed(error: &dyn std::fmt::Display) -> DeskError {
    DeskError::Unavailable(format!("the list of what was erased: {error}"))
}

/// Begins each line anew, so that one that a power cut left half spoils no other.
fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    file.write_all(format!("\n{line}\n").as_bytes())?;
    file.sync_all()
}

/// Keeps an erasure in the list; one that stands there twice is one.
async fn keep(
    app: &App,
    organisation: OrganisationId,
    erasure: ErasureId,
    entry: Entry,
) -> Result<(), DeskError> {
    let Some(path) = place(app) else {
        return Ok(());
    };
    let line = Line {
        organisation,
        erasure,
        entry,
    };
    let line = serde_json::to_string(&line)?;
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

/// Destroys again what the list says was erased and this database doesn't know of, and brings the list up to what the
/// database knows. Says how many were erased again.
pub async fn reapply(app: &App) -> Result<usize, DeskError> {
    let Some(path) = place(app) else {
        return Ok(0);
    };
    let lines = read(&path)?;
    let listed: HashSet<ErasureId> = lines.iter().map(|line| line.erasure).collect();
    let mut again = 0;
    for line in lines {
        let (organisation, id) = (line.organisation, line.erasure);
        let ours = app.directory.of(organisation).is_ok();
        if !ours || store::is_known(&mut app.read().await?, organisation, id).await? {
            continue;
        }
        let Some((certificate, scope)) = proven(app, &line)? else {
            tracing::error!(erasure = %id, "a line of the list of what was erased is not signed by this desk");
            continue;
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
        again += 1;
    }
    let every = store::every(&mut app.read().await?).await?;
    for (organisation, id, entry) in every.into_iter().filter(|(_, id, _)| !listed.contains(id)) {
        keep(app, organisation, id, entry).await?;
    }
    Ok(again)
}
