//! Having a file looked at: the job, and what is made up for.

use super::model::{Scan, next_try};
use super::store::{self, ToScan};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{AttachmentId, BlobId, OrganisationId};
use crate::jobs::{Done, Handler};
use crate::records::blobs;
use crate::security_log;
use crate::work::{Job, Work};
use bedside_channels::clamd::{Answer, Look, ScanError, Scanner};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Semaphore;

/// Files that are looked at at the same time. A scanner that hangs holds up that many jobs, and no mail.
static LOOKS: Semaphore = Semaphore::const_new(4);
/// Files from before the scanner was set that come to their turn together.
const SOME: i64 = 200;

/// Has one file looked at.
#[derive(Serialize, Deserialize)]
struct ScanFile {
    file: AttachmentId,
}

impl Job for ScanFile {
    const KIND: &'static str = "file.scan";
}

/// What the job runner does for files.
pub fn handlers() -> Vec<Handler> {
    vec![Handler {
        kind: ScanFile::KIND,
        run: |app, organisation, payload| {
            async move {
                let ScanFile { file } = serde_json::from_str(&payload)?;
                scan(&app, organisation, file).await
            }
            .boxed()
        },
        // Its turn comes again with the files from before.
        given_up: |app, organisation, payload| {
            async move {
                let ScanFile { file } = serde_json::from_str(&payload)?;
                let row = store::to_scan(&mut app.read().await?, organisation, file).await?;
                match row {
                    Some(row) if row.is_open() => {
                        settle(&app, organisation, file, row, (Scan::Unscanned, None)).await
                    }
                    _ => Ok(()),
                }
            }
            .boxed()
        },
    }]
}

/// What is said of a file that comes in now, in the caller's command; a look is enqueued where a scanner is set.
pub(in crate::timeline) async fn wait_for(
    work: &mut Work<'_>,
    file: AttachmentId,
) -> Result<Scan, DeskError> {
    if work.app.config.scanner.is_none() {
        return Ok(Scan::Unscanned);
    }
    let now = work.now;
    work.enqueue(&ScanFile { file }, Some(&file.to_string()), now)
        .await?;
    Ok(Scan::Waiting)
}

/// Why there is no answer.
enum Unseen {
    Scanner(ScanError),
    Desk(DeskError),
}

impl From<ScanError> for Unseen {
    fn from(error: ScanError) -> Self {
        Self::Scanner(error)
    }
}

async fn look(
    app: &App,
    organisation: OrganisationId,
    blob: BlobId,
    scanner: &Scanner,
) -> Result<Answer, Unseen> {
    let mut look = Look::begin(scanner).await?;
    let mut number = 0;
    while let Some(piece) = blobs::piece(app, organisation, blob, number)
        .await
        .map_err(Unseen::Desk)?
    {
        look.send(&piece).await?;
        number += 1;
    }
    Ok(look.end().await?)
}

async fn scan(
    app: &App,
    organisation: OrganisationId,
    file: AttachmentId,
) -> Result<Done, DeskError> {
    let row = store::to_scan(&mut app.read().await?, organisation, file).await?;
    let Some(row) = row.filter(ToScan::is_open) else {
        return Ok(Done::Finished);
    };
    let Some(scanner) = &app.config.scanner else {
        settle(app, organisation, file, row, (Scan::Unscanned, None)).await?;
        return Ok(Done::Finished);
    };
    let Ok(_turn) = LOOKS.try_acquire() else {
        return Ok(Done::Again(app.now().plus_seconds(1)));
    };
    let said = match look(app, organisation, row.blob, scanner).await {
        Ok(Answer::Clean) => (Scan::Clean, None),
        Ok(Answer::Found(name)) => (Scan::Infected, Some(name)),
        Err(Unseen::Scanner(error)) => return failed(app, organisation, file, row, &error).await,
        // Erased meanwhile.
        Err(Unseen::Desk(DeskError::NotFound | DeskError::Gone)) => return Ok(Done::Finished),
        Err(Unseen::Desk(error)) => return Err(error),
    };
    settle(app, organisation, file, row, said).await?;
    Ok(Done::Finished)
}

/// Says once that it could not be looked at, and when it is tried again.
async fn failed(
    app: &App,
    organisation: OrganisationId,
    file: AttachmentId,
    row: ToScan,
    error: &ScanError,
) -> Result<Done, DeskError> {
    let (code, now) = (error.code(), app.now());
    tracing::warn!(%error, code, %file, "a file could not be checked for viruses");
    let known = row.scan == Scan::Failed && row.note.as_deref() == Some(code);
    let since = row.at.filter(|_| known).unwrap_or(now);
    if !known {
        settle(
            app,
            organisation,
            file,
            row,
            (Scan::Failed, Some(code.to_owned())),
        )
        .await?;
    }
    Ok(Done::Again(next_try(code, since, now)))
}

/// Writes down what the scanner said. Another look that ended first stands.
async fn settle(
    app: &App,
    organisation: OrganisationId,
    file: AttachmentId,
    row: ToScan,
    (scan, note): (Scan, Option<String>),
) -> Result<(), DeskError> {
    let ctx = Ctx::system(organisation, "scanner", Source::Job);
    app.command(&ctx, move |work| {
        async move {
            let now = work.now;
            let was = row.scan;
            let written =
                store::scanned(work, organisation, file, was, (scan, note.as_deref(), now)).await?;
            let (action, outcome) = match scan {
                Scan::Infected => ("attachment.infected", Outcome::Ok),
                Scan::Failed => ("attachment.scan", Outcome::Failed),
                _ => ("attachment.scan", Outcome::Ok),
            };
            let detail = json!({ "scan": scan.code(), "found": note, "stood": written });
            work.audit(
                NewEntry::new(action, "attachment", file)
                    .outcome(outcome)
                    .detail(&detail),
            );
            if !written {
                return Ok(());
            }
            let data = json!({ "file": file, "scan": scan.code() });
            work.event(
                kind::FILE_CHECKED,
                Some(row.ticket),
                Some(row.message),
                &data,
            );
            if scan == Scan::Infected {
                let signature = note.unwrap_or_default();
                let file = file.to_string();
                work.after_commit(move || security_log::file_infected(&file, &signature));
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Lets files come to their turn that came before the scanner was set, newest first, some at a time.
pub async fn catch_up(app: &App) -> Result<(), DeskError> {
    if app.config.scanner.is_none() {
        return Ok(());
    }
    let all: Vec<OrganisationId> = app.directory.all().iter().map(|clinic| clinic.id).collect();
    for organisation in all {
        let some = store::unscanned(&mut app.read().await?, organisation, SOME).await?;
        if some.is_empty() {
            continue;
        }
        let ctx = Ctx::system(organisation, "scanner", Source::Job);
        app.command(&ctx, move |work| {
            async move {
                let now = work.now;
                for file in &some {
                    let said = (Scan::Waiting, None, now);
                    if store::scanned(work, organisation, *file, Scan::Unscanned, said).await? {
                        wait_for(work, *file).await?;
                    }
                }
                work.audit(
                    NewEntry::new("attachment.queue", "organisation", organisation)
                        .detail(&json!({ "count": some.len() })),
                );
                Ok(())
            }
            .boxed()
        })
        .await?;
    }
    Ok(())
}

/// Files that wait for the scanner, or that it could not look at.
pub async fn backlog(app: &App) -> Result<i64, DeskError> {
    if app.config.scanner.is_none() {
        return Ok(0);
    }
    store::backlog(&mut app.read().await?).await
}
