//! A mailbox file becomes tickets.

use super::processor;
use super::receive::{Source, Via, receive};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use bedside_codecs::mail::mbox::{Mbox, MboxError};
use std::io::Read;
use tokio::sync::mpsc;

/// Mails stored before they are made into tickets.
const AT_ONCE: u64 = 200;

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Mails that were stored; those that were here already are among them and make nothing new.
    pub stored: u64,
    /// Mails left out because they are larger than the desk takes.
    pub too_large: u64,
}

/// Reads a mailbox file (mbox) and makes tickets of its mails, without acknowledgements. `progress` hears the bytes of
/// the file read so far and the mails stored. Running it again adds nothing that is here already.
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
    while let Some((mail, bytes)) = mails.recv().await {
        match mail {
            Ok(raw) => {
                receive(app, ctx.organisation, None, Source::new(Via::Import), &raw).await?;
                imported.stored += 1;
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
        progress(bytes, imported.stored);
        if imported.stored.is_multiple_of(AT_ONCE) {
            processor::drain(app).await?;
        }
    }
    drop(reading.await);
    processor::drain(app).await?;
    Ok(imported)
}
