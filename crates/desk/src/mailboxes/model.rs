//! Mailboxes as values.

use crate::ids::MailboxId;
use bedside_channels::email::imap::{ImapSettings, ImapTimeouts};
use bedside_channels::email::smtp::SmtpSettings;
use bedside_channels::email::{Reach, Secret, Tls};
use bedside_db::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS after the server's greeting; a server without it is refused.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

impl From<Protection> for Tls {
    fn from(protection: Protection) -> Self {
        match protection {
            Protection::Tls => Self::Implicit,
            Protection::StartTls => Self::StartTls,
            Protection::None => Self::None,
        }
    }
}

/// A mail server and the account on it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    #[serde(default)]
    pub protection: Protection,
    /// The account; none for a server that lets the desk in by its address.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password. In a change, none keeps the one there is.
    #[serde(default)]
    pub password: Option<String>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("protection", &self.protection)
            .finish_non_exhaustive()
    }
}

/// What a mailbox is, apart from its address; kept sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxSettings {
    /// Name that stands before the address in mails.
    #[serde(default)]
    pub from_name: String,
    /// Where mail is fetched from; none when it comes by SMTP or LMTP.
    #[serde(default)]
    pub imap: Option<Server>,
    /// Folder of the account; `INBOX` when empty.
    #[serde(default)]
    pub folder: String,
    /// Where mail is handed out; none for a mailbox that only receives.
    #[serde(default)]
    pub smtp: Option<Server>,
    /// The receiving server's name in its Authentication-Results (RFC 8601). With none, nothing is known about who a
    /// sender really is.
    #[serde(default)]
    pub authserv_id: Option<String>,
    /// Until when the passwords work at the mail servers, where somebody said so.
    #[serde(default)]
    pub password_ends_at: Option<Timestamp>,
}

impl MailboxSettings {
    /// How to read the mailbox.
    pub fn imap(&self, reach: Reach) -> Option<ImapSettings> {
        let server = self.imap.as_ref()?;
        Some(ImapSettings {
            host: server.host.clone(),
            port: server.port,
            tls: server.protection.into(),
            user: server.user.clone().unwrap_or_default(),
            password: Secret::new(server.password.clone().unwrap_or_default()),
            mailbox: if self.folder.is_empty() {
                "INBOX".to_owned()
            } else {
                self.folder.clone()
            },
            extra_roots: None,
            timeouts: ImapTimeouts::default(),
            reach,
        })
    }

    /// How to hand mail out, as the host `hello_name`.
    pub fn smtp(&self, hello_name: &str, reach: Reach) -> Option<SmtpSettings> {
        let server = self.smtp.as_ref()?;
        let mut settings =
            SmtpSettings::new(server.host.clone(), server.port, server.protection.into());
        hello_name.clone_into(&mut settings.hello_name);
        settings.reach = reach;
        if let Some(user) = &server.user {
            settings.login = Some((
                user.clone(),
                Secret::new(server.password.clone().unwrap_or_default()),
            ));
        }
        Some(settings)
    }
}

/// A mailbox to be added.
#[derive(Clone, Debug)]
pub struct NewMailbox {
    /// The address patients write to.
    pub address: String,
    /// The rest.
    pub settings: MailboxSettings,
}

/// A mailbox with its settings, for the desk's own machinery.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Its id.
    pub id: MailboxId,
    /// The address patients write to, in its normal form.
    pub address: String,
    /// The rest.
    pub settings: MailboxSettings,
    /// Whether mail is taken and sent.
    pub enabled: bool,
    /// UIDVALIDITY of the last message read over IMAP; 0 before the first.
    pub uid_validity: i64,
    /// UID of the last message read over IMAP.
    pub last_uid: i64,
    /// When it was last read over IMAP to its end.
    pub checked_at: Option<Timestamp>,
    /// Why the last try failed, as a code; none when it did not. Its text is `mailbox-error-` and the code.
    pub last_error: Option<String>,
    /// Counts up with each change of the settings.
    pub version: i64,
}

/// A mailbox as shown: everything but the passwords.
#[derive(Clone, Debug, Serialize)]
pub struct MailboxView {
    /// Its id.
    pub id: MailboxId,
    /// The address patients write to.
    pub address: String,
    /// The rest; passwords are left out.
    pub settings: MailboxSettings,
    /// Whether mail is taken and sent.
    pub enabled: bool,
    /// When it was last read over IMAP to its end.
    pub checked_at: Option<Timestamp>,
    /// Why the last try failed, as a code; none when it did not. Its text is `mailbox-error-` and the code.
    pub last_error: Option<String>,
    /// Counts up with each change of the settings.
    pub version: i64,
}

impl From<Mailbox> for MailboxView {
    fn from(mut mailbox: Mailbox) -> Self {
        for server in [&mut mailbox.settings.imap, &mut mailbox.settings.smtp]
            .into_iter()
            .flatten()
        {
            server.password = None;
        }
        Self {
            id: mailbox.id,
            address: mailbox.address,
            settings: mailbox.settings,
            enabled: mailbox.enabled,
            checked_at: mailbox.checked_at,
            last_error: mailbox.last_error,
            version: mailbox.version,
        }
    }
}

/// As whom and through which server a mail goes out.
#[derive(Clone, Debug)]
pub struct SendAs {
    /// Which mailbox this is.
    pub mailbox: MailboxId,
    /// Address in From; reply addresses are made of its two parts.
    pub from_address: String,
    /// Name in From; may be empty.
    pub from_name: String,
    /// The server.
    pub smtp: SmtpSettings,
}
