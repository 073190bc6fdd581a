//! A mailbox file becomes tickets.

use super::processor;
use super::receive::{Source, Via, receive};
use super::store::{self, Standing};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{InboundMailId, OrganisationId};
use bedside_codecs::mail::mbox::{Mbox, MboxError};
use std::io::Read;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// Mails stored before they are made into tickets.
const AT_ONCE: usize = 200;
/// How long a desk that has some of them is waited for; after that they count as new.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks at what it did.
const BREATH: Duration = Duration::from_millis(20);

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Mails that are new here.
    pub stored: u64,
    /// Mails that were here already and make nothing new.
    pub known: u64,
    /// Mails left out because they are larger than the desk takes.
    pub too_large: u64,
}

/// Reads a mailbox file (mbox) and makes tickets of its mails, without acknowledgements. `progress` hears the bytes of
/// the file read so far and the mails in them. Running it again adds nothing that is here already.
pub async fn import_mbox(
    app: &App,
    ctx: &Ctx,
    reader: impl Read + Send + 'static,
    mut progress: impl FnMut(u64, u64) + Send,
) -> Result<Imported, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let limit = app.config.max_mail_bytes;
    let (hand_over, mut mails) = mpsc::channel(4);
    let reading = tokio::task::spawn_blocking(move || {
        let mut file = Mbox::new(reader, limit);
        while let Some(mail) = file.next() {
            if hand_over.blocking_send((mail, file.bytes_read())).is_err() {
                break;
            }
        }
    });
    let mut imported = Imported::default();
    let (mut read, mut waiting) = (0_u64, Vec::new());
    while let Some((mail, bytes)) = mails.recv().await {
        match mail {
            Ok(raw) => {
                let source = Source::new(Via::Import);
                waiting.extend(receive(app, ctx.organisation, None, source, &raw).await?);
                read += 1;
            }
            Err(MboxError::TooLarge { .. }) => imported.too_large += 1,
            Err(MboxError::NotMbox) => {
                return Err(DeskError::invalid(
                    "file",
                    "not_mbox",
                    "This file is not a mailbox file (mbox).",
                ));
            }
            Err(MboxError::Io(error)) => {
                return Err(DeskError::Internal(format!(
                    "the mailbox file could not be read: {}",
                    error.kind()
                )));
            }
        }
        progress(bytes, read);
        if waiting.len() >= AT_ONCE {
            imported.known += settle(app, ctx.organisation, &mut waiting).await?;
        }
    }
    drop(reading.await);
    imported.known += settle(app, ctx.organisation, &mut waiting).await?;
    imported.stored = read - imported.known;
    Ok(imported)
}

/// Makes tickets of the mails that were stored; says how many of `waiting`, which is empty then, were here already. A desk
/// that is being served beside takes some of them up, and is waited for.
async fn settle(
    app: &App,
    organisation: OrganisationId,
    waiting: &mut Vec<InboundMailId>,
) -> Result<u64, DeskError> {
    let (mut known, begun) = (0, Instant::now());
    loop {
        processor::drain(app).await?;
        let mut conn = app.read().await?;
        let mut others = Vec::new();
        for id in waiting.drain(..) {
            match store::standing(&mut conn, organisation, id).await? {
                Standing::Waits => others.push(id),
                Standing::Known => known += 1,
                Standing::Taken => {}
            }
        }
        if others.is_empty() || begun.elapsed() > PATIENCE {
            return Ok(known);
        }
        drop(conn);
        *waiting = others;
        sleep(BREATH).await;
    }
}
