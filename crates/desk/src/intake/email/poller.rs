//! Reading mailboxes over IMAP: one task for each enabled mailbox.
//!
//! Messages are told apart by UID, and the cursor moves in the transaction that stores a message, so that an outage
//! loses nothing and a second reader stores nothing twice. A message is marked as read only after it was stored.
//!
//! A mailbox that is looked at for the first time has a past, and so has one that its server numbered anew: what lies
//! there from before the reader's horizon is nobody's work any more, and stays as it is.

use super::receive::{LeftBehind, Source, Via, receive};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{MailboxId, OrganisationId};
use crate::mailboxes;
use bedside_channels::email::imap::{
    Body, Cursor, ImapError, ImapSettings, Mailbox, WaitingMessage,
};
use bedside_db::Timestamp;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often it is looked which mailboxes there are.
const RECONCILE: Duration = Duration::from_secs(1);
/// Longest wait for the server to speak; after it the listing is asked for all the same.
const WAIT: Duration = Duration::from_mins(1);
/// Seconds between two notes that all is well.
const NOTED_EVERY: i64 = 60;
/// Messages listed at once.
const LISTED: usize = 100;
/// Pause after the first failure; doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// How often one message is asked for before it is left behind.
const ATTEMPTS: u32 = 3;
/// Seconds before the last good look (now, where there was none) from which on mail is taken at a first look.
const FIRST_LOOK: i64 = 72 * 3600;
/// Bytes of the header that are read of a message which is left behind.
const HEADER: u32 = 64 * 1024;
/// Bytes of the beginning that are read of one that is larger than the desk takes, so that its words are heard.
const BEGINNING: u32 = 256 * 1024;

/// Reads every enabled mailbox until `shutdown`. Changes of the settings take hold within a second.
pub async fn run(app: App, shutdown: CancellationToken) {
    let mut readers: HashMap<MailboxId, (i64, CancellationToken)> = HashMap::new();
    let tasks = TaskTracker::new();
    loop {
        match mailboxes::enabled(&app).await {
            Ok(enabled) => {
                readers.retain(|id, (version, stop)| {
                    let stays = enabled
                        .iter()
                        .any(|(_, other, now)| other == id && now == version);
                    if !stays {
                        stop.cancel();
                    }
                    stays
                });
                for (organisation, id, version) in enabled {
                    readers.entry(id).or_insert_with(|| {
                        let stop = shutdown.child_token();
                        let reader = Reader {
                            app: app.clone(),
                            organisation,
                            id,
                            failures: HashMap::new(),
                            looked: None,
                        };
                        tasks.spawn(stop.clone().run_until_cancelled_owned(reader.run()));
                        (version, stop)
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "the mailboxes could not be listed"),
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = sleep(RECONCILE) => {}
        }
    }
    tasks.close();
    tasks.wait().await;
}

struct Reader {
    app: App,
    organisation: OrganisationId,
    id: MailboxId,
    /// How often each message could not be had.
    failures: HashMap<u32, u32>,
    /// When the mailbox was last read to the end.
    looked: Option<Timestamp>,
}

/// Why a session ended.
enum End {
    Server(ImapError),
    /// The server may not be spoken to without TLS.
    Unprotected,
    Desk(DeskError),
}

impl From<ImapError> for End {
    fn from(error: ImapError) -> Self {
        Self::Server(error)
    }
}

impl From<DeskError> for End {
    fn from(error: DeskError) -> Self {
        Self::Desk(error)
    }
}

impl Reader {
    async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            let (end, read_any) = self.session().await;
            let code = match end {
                Ok(()) => return,
                Err(End::Server(error)) => {
                    tracing::warn!(mailbox = %self.id, %error, "a mailbox can't be read");
                    mailboxes::imap_code(&error)
                }
                Err(End::Unprotected) => {
                    tracing::warn!(mailbox = %self.id, "a mailbox is not read: it has no TLS, and unprotected_mail is off");
                    mailboxes::NEEDS_TLS
                }
                Err(End::Desk(error)) => {
                    tracing::error!(mailbox = %self.id, %error, "a mail could not be stored");
                    "desk"
                }
            };
            self.note(Err(code)).await;
            if read_any {
                pause = FIRST_PAUSE;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn note(&self, outcome: Result<Timestamp, &'static str>) {
        let noted = mailboxes::note_checked(&self.app, self.organisation, self.id, outcome).await;
        if let Err(error) = noted {
            tracing::warn!(mailbox = %self.id, %error, "the state of a mailbox could not be noted");
        }
    }

    /// One connection, to its end; with whether it was any good. `Ok` when the mailbox has no IMAP server.
    async fn session(&mut self) -> (Result<(), End>, bool) {
        let mut was_good = false;
        let end = self.converse(&mut was_good).await;
        (end, was_good)
    }

    async fn converse(&mut self, was_good: &mut bool) -> Result<(), End> {
        let mailbox = mailboxes::one(&self.app, self.organisation, self.id).await?;
        let Some(settings) = mailbox.settings.imap(self.app.config.mail_reach()) else {
            return Ok(());
        };
        let server = mailbox.settings.imap.as_ref();
        if server.is_some_and(|server| !mailboxes::is_safe(&self.app, server)) {
            return Err(End::Unprotected);
        }
        let settings: ImapSettings = settings;
        let mut cursor = match (
            u32::try_from(mailbox.uid_validity),
            u32::try_from(mailbox.last_uid),
        ) {
            (Ok(uid_validity), Ok(last_uid)) if uid_validity > 0 => Some(Cursor {
                uid_validity,
                last_uid,
            }),
            _ => None,
        };
        let mut server = Mailbox::connect(&settings).await?;
        let mut noted = None;
        self.looked = self.looked.max(mailbox.checked_at);
        let horizon = self.horizon(mailbox.checked_at);
        let mut is_first = cursor.is_none();
        loop {
            let waiting = server.waiting(cursor, LISTED).await?;
            is_first |= waiting.validity_changed;
            for message in &waiting.messages {
                let arrived = message.internal_date.map(Timestamp::from);
                if is_first && arrived.is_some_and(|arrived| arrived < horizon) {
                    continue;
                }
                self.take(&mut server, waiting.uid_validity, message)
                    .await?;
            }
            *was_good = true;
            cursor = Some(waiting.end);
            if waiting.more {
                continue;
            }
            if is_first {
                self.looked_through(waiting.end).await?;
                is_first = false;
            }
            // A server without IDLE is asked every second; the mailbox's row is written now and then.
            let now = self.app.now();
            self.looked = Some(now);
            if noted.is_none_or(|at| now.seconds_since(at) >= NOTED_EVERY) {
                self.note(Ok(now)).await;
                noted = Some(now);
            }
            server.wait_for_mail(WAIT).await?;
        }
    }

    /// From when on mail is taken at a first look. What came before the last good look was taken then, under the numbers
    /// of that time; the days between are for clocks that differ, and in a new mailbox for those who still wait.
    fn horizon(&self, checked_at: Option<Timestamp>) -> Timestamp {
        let now = self.app.now();
        checked_at
            .map_or(now, |at| at.min(now))
            .plus_seconds(-FIRST_LOOK)
    }

    /// Keeps where the first look ended, so that the next one takes all that came meanwhile, however long that is.
    async fn looked_through(&self, end: Cursor) -> Result<(), DeskError> {
        let cursor = (end.uid_validity.into(), end.last_uid.into());
        mailboxes::looked_through(&self.app, self.organisation, self.id, cursor).await
    }

    /// Stores one message, then marks it as read. What can't be had is told of with its header, and heard as far as it can be read.
    async fn take(
        &mut self,
        server: &mut Mailbox,
        validity: u32,
        message: &WaitingMessage,
    ) -> Result<(), End> {
        let mut source = Source {
            uid: Some((validity, message.uid)),
            arrived: message.internal_date.map(Into::into),
            looked: self.looked,
            ..Source::new(Via::Imap)
        };
        let failed = self.failures.get(&message.uid).copied().unwrap_or(0);
        let raw = match self.fetch(server, message, failed).await {
            Ok(Some((raw, left_behind))) => {
                source.left_behind = left_behind;
                raw
            }
            Ok(None) => return Ok(()),
            Err(error) => {
                // Only what may be this message's fault counts against it.
                if matches!(
                    error,
                    ImapError::Unreadable { .. } | ImapError::Refused(_) | ImapError::TimedOut
                ) {
                    self.failures.insert(message.uid, failed + 1);
                }
                return Err(error.into());
            }
        };
        let readable = source.left_behind.is_none();
        receive(&self.app, self.organisation, Some(self.id), source, &raw).await?;
        self.failures.remove(&message.uid);
        if readable {
            // It is stored: a server that won't set the flag must not make it come again.
            match server.mark_seen(message.uid).await {
                Ok(()) | Err(ImapError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// The message, or its beginning or header and why it is left behind; none when it is gone. `failed` is how often this went
    /// wrong.
    async fn fetch(
        &self,
        server: &mut Mailbox,
        message: &WaitingMessage,
        failed: u32,
    ) -> Result<Option<(Vec<u8>, Option<LeftBehind>)>, ImapError> {
        let limit = u32::try_from(self.app.config.max_mail_bytes).unwrap_or(u32::MAX);
        let left = if message.size > limit {
            LeftBehind::TooLarge(message.size)
        } else if failed >= ATTEMPTS {
            LeftBehind::Unreadable
        } else {
            match server.fetch(message, limit).await? {
                Body::Raw(raw) => return Ok(Some((raw, None))),
                Body::TooLarge { size } => LeftBehind::TooLarge(size),
                Body::Gone => return Ok(None),
            }
        };
        let known = match left {
            LeftBehind::TooLarge(_) if failed == 0 => {
                let most = BEGINNING.min(limit);
                server.fetch_beginning(message.uid, most).await?
            }
            _ if failed > ATTEMPTS => None,
            _ => server.fetch_header(message.uid, HEADER).await?,
        };
        Ok(Some((known.unwrap_or_default(), Some(left))))
    }
}
