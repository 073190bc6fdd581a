//! Whether a mailbox's servers work, in words a person can act on.

use super::model::{Mailbox, MailboxSettings};
use super::service;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::MailboxId;
use bedside_channels::email::imap::{self, ImapError};
use bedside_channels::email::smtp::{SendError, Sender};
use serde::Serialize;

/// What came of looking at one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// `imap` or `smtp`.
    pub server: &'static str,
    /// `ok`, or what is wrong, as a code; its text is `mailbox-error-` and the code.
    pub code: &'static str,
    /// The same in the caller's language.
    pub text: String,
    /// Messages that lie in the folder, for IMAP.
    pub messages: Option<u32>,
}

/// Connects to the servers of a stored mailbox.
pub async fn check(app: &App, ctx: &Ctx, id: MailboxId) -> Result<Vec<Found>, DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    let mailbox: Mailbox = service::one(app, ctx.organisation, id).await?;
    check_settings(app, ctx, &mailbox.settings).await
}

/// Connects to the servers of settings that may not be stored yet.
pub async fn check_settings(
    app: &App,
    ctx: &Ctx,
    settings: &MailboxSettings,
) -> Result<Vec<Found>, DeskError> {
    ctx.authorize(Permission::SettingsWrite)?;
    service::check_form(settings)?;
    let mut found = Vec::new();
    let say = |server, code: &'static str, messages| Found {
        server,
        code,
        text: app
            .i18n
            .text(ctx.locale, &format!("mailbox-error-{code}"))
            .to_owned(),
        messages,
    };
    if let Some(imap) = settings.imap() {
        found.push(match imap::check(&imap).await {
            Ok(messages) => say("imap", "ok", Some(messages)),
            Err(error) => say("imap", imap_code(&error), None),
        });
    }
    if let Some(smtp) = settings.smtp(&app.config.mail_domain()) {
        let outcome = match Sender::new(&smtp) {
            Ok(sender) => sender.check().await.map_err(|error| smtp_code(&error)),
            Err(_) => Err("tls"),
        };
        found.push(say("smtp", outcome.err().unwrap_or("ok"), None));
    }
    Ok(found)
}

/// The code of what is wrong with an IMAP server.
pub(crate) const fn imap_code(error: &ImapError) -> &'static str {
    match error {
        ImapError::Unreachable(_) => "unreachable",
        ImapError::Broken(_) | ImapError::Closed => "broken",
        ImapError::TimedOut => "timed_out",
        ImapError::Tls(_) | ImapError::TlsSetup(_) => "tls",
        ImapError::NoStartTls => "no_starttls",
        ImapError::Login(_) => "login",
        ImapError::NoMailbox => "no_folder",
        ImapError::NoUids => "no_uids",
        ImapError::NoMove | ImapError::Refused(_) => "refused",
        ImapError::Protocol | ImapError::Unreadable { .. } => "protocol",
    }
}

const fn smtp_code(error: &SendError) -> &'static str {
    match error {
        SendError::Permanent {
            code: 530 | 534 | 535 | 538,
            ..
        } => "login",
        SendError::Permanent { .. } | SendError::Temporary { .. } | SendError::Address => "refused",
        SendError::Connection { .. } => "unreachable",
    }
}
