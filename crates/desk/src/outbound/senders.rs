//! Connections to the mail servers, kept open between mails.

use crate::ids::MailboxId;
use bedside_channels::email::TlsError;
use bedside_channels::email::smtp::{Sender, SmtpSettings};
use parking_lot::Mutex;
use std::collections::HashMap;

/// One pool of connections a mailbox; a mailbox whose settings changed gets a new one.
#[derive(Default)]
pub struct Senders(Mutex<HashMap<MailboxId, (SmtpSettings, Sender)>>);

impl Senders {
    /// The pool of a mailbox with these settings.
    pub(super) fn of(
        &self,
        mailbox: MailboxId,
        settings: &SmtpSettings,
    ) -> Result<Sender, TlsError> {
        let mut pools = self.0.lock();
        if let Some((_, sender)) = pools.get(&mailbox).filter(|(known, _)| known == settings) {
            return Ok(sender.clone());
        }
        let sender = Sender::new(settings)?;
        pools.insert(mailbox, (settings.clone(), sender.clone()));
        Ok(sender)
    }
}
