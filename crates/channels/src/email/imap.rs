//! Reading a mailbox (IMAP, RFC 3501 and RFC 2177).
//!
//! Messages are found by UID alone, never by date or flag, so nothing that arrived during an outage
//! is missed. One message is fetched at a time: memory holds one at most, the caller stores each
//! durably before it asks for the next, and a message that can't be read stops no other.
//!
//! ```no_run
//! # use bedside_channels::email::imap::*;
//! # async fn ingest(settings: ImapSettings, mut cursor: Option<Cursor>) -> Result<(), ImapError> {
//! let mut mailbox = Mailbox::connect(&settings).await?;
//! loop {
//!     let waiting = mailbox.waiting(cursor, 100).await?;
//!     // With `waiting.validity_changed` every UID is new: what was read before comes again.
//!     for message in &waiting.messages {
//!         let fetched = mailbox.fetch(message, 50 << 20).await?;
//!         // Store it and the cursor in one transaction, then, if the clinic wants it:
//!         mailbox.mark_seen(message.uid).await?;
//!         cursor = Some(Cursor { uid_validity: waiting.uid_validity, last_uid: message.uid });
//!     }
//!     mailbox.wait_for_mail(std::time::Duration::from_mins(1)).await?;
//! }
//! # }
//! ```

mod answer;
mod connection;
mod error;

use std::{fmt, path::PathBuf, time::Duration};

use async_imap::types::UnsolicitedResponse;
use tokio::time::{sleep, timeout};

use self::connection::{Connection, Stream};
pub use self::error::ImapError;
use super::{Reach, Secret, Tls};

/// UIDs that one search covers. Mailboxes keep millions of them, and an answer is one line.
const WINDOW: u32 = 20_000;
/// How often a server without IDLE is asked.
const POLL: Duration = Duration::from_secs(1);

/// A mailbox and how to get to it.
#[derive(Debug, Clone)]
pub struct ImapSettings {
    /// The server's name or address.
    pub host: String,
    /// Its port: 993 for implicit TLS, 143 for STARTTLS.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// The account.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// The folder, most often `INBOX`.
    pub mailbox: String,
    /// A PEM file with more trusted roots than the machine's.
    pub extra_roots: Option<PathBuf>,
    /// The waiting times.
    pub timeouts: ImapTimeouts,
    /// Where the server may be.
    pub reach: Reach,
}

/// How long a server's answers may take.
#[derive(Debug, Clone, Copy)]
pub struct ImapTimeouts {
    /// To connect, agree on TLS and sign in, each.
    pub connect: Duration,
    /// For a command's answer.
    pub command: Duration,
    /// For a whole message.
    pub message: Duration,
}

impl Default for ImapTimeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            command: Duration::from_mins(1),
            message: Duration::from_mins(10),
        }
    }
}

/// The last message that was read and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The mailbox's UIDVALIDITY: UIDs mean something only together with it.
    pub uid_validity: u32,
    /// Its UID; 0 before the first.
    pub last_uid: u32,
}

/// What is new in a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The mailbox's UIDVALIDITY.
    pub uid_validity: u32,
    /// Whether it is another than the cursor's. The server has numbered everything anew, so the
    /// listing starts from the first message and those already stored must be recognised.
    pub validity_changed: bool,
    /// The new messages, oldest first.
    pub messages: Vec<WaitingMessage>,
    /// Where the listing ended. With no `messages` it may be stored as the cursor: there is none
    /// up to here.
    pub end: Cursor,
    /// Whether there may be more after these.
    pub more: bool,
}

/// A message in the mailbox, not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingMessage {
    /// Its UID.
    pub uid: u32,
    /// Its size in bytes as the server says, which may be wrong.
    pub size: u32,
    /// When it came to the mailbox.
    pub internal_date: Option<jiff::Timestamp>,
}

/// A message that was read.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// All of it, as it came.
    Raw(Vec<u8>),
    /// It is larger than asked for and was not read; what the server says about its size.
    TooLarge {
        /// In bytes.
        size: u32,
    },
    /// Somebody removed it in the meantime.
    Gone,
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw(raw) => write!(formatter, "Raw({} bytes)", raw.len()),
            Self::TooLarge { size } => write!(formatter, "TooLarge({size} bytes)"),
            Self::Gone => formatter.write_str("Gone"),
        }
    }
}

type Session = async_imap::Session<Box<dyn Stream>>;

/// A signed-in connection with its mailbox open.
///
/// When the connection fails, or a call is dropped before it is done, the connection is closed and
/// every further call says [`ImapError::Closed`]: connect again.
#[derive(Debug)]
pub struct Mailbox {
    session: Option<Session>,
    name: String,
    timeouts: ImapTimeouts,
    has_idle: bool,
    /// Whether the server mentioned new mail since the last listing.
    news: bool,
}

impl Mailbox {
    /// Connects, signs in and opens the mailbox.
    pub async fn connect(settings: &ImapSettings) -> Result<Self, ImapError> {
        let Connection { session, has_idle } = connection::open(settings).await?;
        let mut mailbox = Self {
            session: Some(session),
            name: settings.mailbox.clone(),
            timeouts: settings.timeouts,
            has_idle,
            news: false,
        };
        mailbox.select().await?;
        Ok(mailbox)
    }

    /// Lists messages after `cursor`, or from the first one, at most `limit`.
    pub async fn waiting(
        &mut self,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<Waiting, ImapError> {
        let selected = self.select().await?;
        let uid_validity = selected.uid_validity.ok_or(ImapError::NoUids)?;
        let validity_changed = cursor.is_some_and(|cursor| cursor.uid_validity != uid_validity);
        let last_uid = match cursor {
            Some(cursor) if !validity_changed => cursor.last_uid,
            _ => 0,
        };
        let mut waiting = Waiting {
            uid_validity,
            validity_changed,
            messages: Vec::new(),
            end: Cursor {
                uid_validity,
                last_uid,
            },
            more: false,
        };
        // RFC 3501 lets a server leave UIDNEXT out; the largest UID it may ever give is then asked
        // for with `*`.
        let last = match selected.uid_next {
            Some(next) => next.saturating_sub(1),
            None => self.largest_uid().await?,
        };
        let limit = limit.max(1);
        while waiting.end.last_uid < last && waiting.messages.len() < limit {
            let first = waiting.end.last_uid + 1;
            let window_end = last.min(first.saturating_add(WINDOW - 1));
            let mut found = self.list(first, window_end).await?;
            found.sort_unstable_by_key(|message| message.uid);
            found.dedup_by_key(|message| message.uid);
            let room = limit - waiting.messages.len();
            let cut = found.len() > room;
            found.truncate(room);
            waiting.end.last_uid = match found.last() {
                Some(message) if cut => message.uid,
                _ => window_end,
            };
            waiting.messages.append(&mut found);
        }
        waiting.more = waiting.end.last_uid < last;
        Ok(waiting)
    }

    /// Reads one message, unless it is larger than `max_size` bytes. Its flags stay as they are.
    pub async fn fetch(
        &mut self,
        message: &WaitingMessage,
        max_size: u32,
    ) -> Result<Body, ImapError> {
        if message.size > max_size {
            return Ok(Body::TooLarge { size: message.size });
        }
        // Some servers guess sizes: never take more than one byte too many.
        let most = max_size.saturating_add(1);
        Ok(match self.fetch_beginning(message.uid, most).await? {
            Some(raw) if raw.len() > max_size as usize => Body::TooLarge {
                size: message.size.max(most),
            },
            Some(raw) => Body::Raw(raw),
            None => Body::Gone,
        })
    }

    /// Reads the beginning of one message, at most its first `most` bytes: its header and, as nearly every program puts them
    /// first, its words. None when somebody removed the message in the meantime. Its flags stay as they are.
    pub async fn fetch_beginning(
        &mut self,
        uid: u32,
        most: u32,
    ) -> Result<Option<Vec<u8>>, ImapError> {
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[]<0.{most}>)");
        let found = self.answers(self.timeouts.message, command, |fetch| {
            (fetch.uid == Some(uid))
                .then(|| fetch.body.map(<[u8]>::to_vec))
                .flatten()
        });
        let mut found = match found.await {
            Err(ImapError::Protocol) => return Err(ImapError::Unreadable { uid }),
            found => found?,
        };
        Ok(found.pop().map(|mut raw| {
            raw.truncate(most as usize);
            raw
        }))
    }

    /// Reads the header of one message, at most the first `max_size` bytes of it; none when somebody removed the message
    /// in the meantime. Its flags stay as they are.
    pub async fn fetch_header(
        &mut self,
        uid: u32,
        max_size: u32,
    ) -> Result<Option<Vec<u8>>, ImapError> {
        let command = format!("UID FETCH {uid} (UID BODY.PEEK[HEADER]<0.{max_size}>)");
        let found = self.answers(self.timeouts.command, command, |fetch| {
            (fetch.uid == Some(uid))
                .then(|| fetch.header.map(<[u8]>::to_vec))
                .flatten()
        });
        let mut found = match found.await {
            Err(ImapError::Protocol) => return Err(ImapError::Unreadable { uid }),
            found => found?,
        };
        Ok(found.pop().map(|mut header| {
            header.truncate(max_size as usize);
            header
        }))
    }

    /// Marks a message as read. Call it only when the message is stored durably.
    pub async fn mark_seen(&mut self, uid: u32) -> Result<(), ImapError> {
        let command = format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)");
        self.answers(self.timeouts.command, command, |_| None::<()>)
            .await
            .map(drop)
    }

    /// Waits until something happened in the mailbox, at most `longest`; says whether it did.
    ///
    /// Uses IDLE; a server without it is left alone for a second, and the next listing finds out.
    pub async fn wait_for_mail(&mut self, longest: Duration) -> Result<bool, ImapError> {
        let mut session = self.session.take().ok_or(ImapError::Closed)?;
        if self.news | heard_of_mail(&session) {
            self.news = false;
            self.session = Some(session);
            return Ok(true);
        }
        if !self.has_idle {
            self.session = Some(session);
            sleep(longest.min(POLL)).await;
            return Ok(true);
        }
        let command = self.timeouts.command;
        let mut idle = session.idle();
        timeout(command, idle.init()).await??;
        let mut news = false;
        {
            let (event, interrupt) = idle.wait_with_timeout(longest);
            if let async_imap::extensions::idle::IdleResponse::NewData(_) = event.await? {
                news = true;
            }
            drop(interrupt);
        }
        session = timeout(command, idle.done()).await??;
        news |= heard_of_mail(&session);
        self.session = Some(session);
        Ok(news)
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        if let Some(mut session) = self.session.take() {
            let _ = timeout(Duration::from_secs(5), session.logout()).await;
        }
    }

    async fn select(&mut self) -> Result<async_imap::types::Mailbox, ImapError> {
        if let Some(session) = &self.session {
            while session.unsolicited_responses.try_recv().is_ok() {}
        }
        self.news = false;
        let mut session = self.take()?;
        let selected = timeout(self.timeouts.command, session.select(&self.name)).await;
        match self.give_back(session, selected) {
            Err(ImapError::Refused(_)) => Err(ImapError::NoMailbox),
            selected => selected,
        }
    }

    async fn list(&mut self, first: u32, last: u32) -> Result<Vec<WaitingMessage>, ImapError> {
        let command = format!("UID FETCH {first}:{last} (UID RFC822.SIZE INTERNALDATE)");
        self.answers(self.timeouts.command, command, |fetch| {
            let uid = fetch.uid.filter(|uid| (first..=last).contains(uid))?;
            let internal_date = fetch.internal_date.and_then(parse_internal_date);
            Some(WaitingMessage {
                uid,
                size: fetch.size.unwrap_or(0),
                internal_date,
            })
        })
        .await
    }

    async fn largest_uid(&mut self) -> Result<u32, ImapError> {
        let command = "UID FETCH * (UID)".to_owned();
        let uids = self
            .answers(self.timeouts.command, command, |fetch| fetch.uid)
            .await?;
        Ok(uids.into_iter().max().unwrap_or(0))
    }

    /// What `pick` takes from the FETCH answers to a command, when the server says that it gave
    /// all of them.
    async fn answers<T>(
        &mut self,
        limit: Duration,
        command: String,
        pick: impl FnMut(&answer::FetchAnswer) -> Option<T>,
    ) -> Result<Vec<T>, ImapError> {
        let mut news = false;
        let mut session = self.take()?;
        let collected = timeout(
            limit,
            answer::collect(&mut session, &command, pick, &mut news),
        )
        .await;
        self.news |= news;
        self.give_back(session, collected)
    }

    /// The session, for one command.
    fn take(&mut self) -> Result<Session, ImapError> {
        self.session.take().ok_or(ImapError::Closed)
    }

    /// Ends a command. The session comes back only when its answer was read to the end, so an
    /// abandoned call can't leave half an answer to the next.
    fn give_back<T>(
        &mut self,
        session: Session,
        outcome: Result<async_imap::error::Result<T>, tokio::time::error::Elapsed>,
    ) -> Result<T, ImapError> {
        let outcome = outcome?.map_err(ImapError::from);
        if matches!(outcome, Ok(_) | Err(ImapError::Refused(_))) {
            self.session = Some(session);
        }
        outcome
    }
}

/// Whether the settings work, and how many messages the mailbox holds.
pub async fn check(settings: &ImapSettings) -> Result<u32, ImapError> {
    let mut mailbox = Mailbox::connect(settings).await?;
    let selected = mailbox.select().await?;
    mailbox.close().await;
    if selected.uid_validity.is_none() {
        Err(ImapError::NoUids)
    } else {
        Ok(selected.exists)
    }
}

/// The form of RFC 3501, section 9 (`date-time`).
fn parse_internal_date(date: &str) -> Option<jiff::Timestamp> {
    jiff::Timestamp::strptime("%d-%b-%Y %H:%M:%S %z", date.trim()).ok()
}

/// Whether the server mentioned new mail in passing, say while it answered another command.
fn heard_of_mail(session: &Session) -> bool {
    std::iter::from_fn(|| session.unsolicited_responses.try_recv().ok())
        .any(|response| matches!(response, UnsolicitedResponse::Exists(_)))
}
