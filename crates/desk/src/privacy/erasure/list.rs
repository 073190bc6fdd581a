//! The list of what was erased, outside the database: a backup from before knows nothing of it.

use super::model::Entry;
use super::{service, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::{ErasureId, OrganisationId, PrivacyRequestId};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Name of the list, beside the checkpoints.
const FILE: &str = "erased.txt";

/// One line of the list.
#[derive(Serialize, Deserialize)]
struct Line {
    organisation: OrganisationId,
    erasure: ErasureId,
    entry: Entry,
}

/// What of the certificate is needed to keep it again.
#[derive(Deserialize)]
struct About {
    request: PrivacyRequestId,
    at: bedside_db::Timestamp,
}

fn place(app: &App) -> Option<PathBuf> {
    Some(app.config.checkpoint_file()?.with_file_name(FILE))
}

fn failed(error: &dyn std::fmt::Display) -> DeskError {
    DeskError::Unavailable(format!("the list of what was erased: {error}"))
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

/// Keeps an erasure in the list.
pub(super) async fn keep(
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
    let line = serde_json::to_string(&line)? + "\n";
    tokio::task::spawn_blocking(move || append(&path, &line))
        .await
        .unwrap_or_else(|ended| Err(std::io::Error::other(ended)))
        .map_err(|error| failed(&error))
}

/// Every line of the list that is whole; one that a power cut left half is in the database.
fn read(path: &Path) -> Result<Vec<Line>, DeskError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(&error)),
        Ok(text) => Ok(text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()),
    }
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
        let ctx = Ctx::system(organisation, "privacy", Source::CommandLine);
        let about: About = serde_json::from_str(&line.entry.certificate)?;
        app.command(&ctx, move |work| {
            async move {
                service::run(work, &line.entry.scope).await?;
                store::insert(
                    work,
                    organisation,
                    (id, about.request),
                    &line.entry,
                    about.at,
                )
                .await?;
                let entry = NewEntry::new("privacy.erase", "patient", line.entry.scope.patient);
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
