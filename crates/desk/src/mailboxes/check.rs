//! Whether a mailbox's servers work, in words a person can act on.

use super::model::{Mailbox, MailboxSettings};
use super::service;
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::MailboxId;
use bedside_channels::email::imap::{self, ImapError};
use bedside_channels::email::smtp::{Cause, SendError, Sender};
use serde::Serialize;
use std::time::Duration;
use tokio::time::timeout;

/// How long somebody who waits for the answer waits for one server.
const PATIENCE: Duration = Duration::from_secs(15);

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
    service::check_form(app, settings)?;
    let say = |server, code: &'static str, messages| Found {
        server,
        code,
        text: app
            .i18n
            .text(ctx.locale, &format!("mailbox-error-{code}"))
            .to_owned(),
        messages,
    };
    let reach = app.config.mail_reach();
    let imap = settings.imap(reach);
    let smtp = settings.smtp(&app.config.mail_domain(), reach);
    let reading = async {
        let imap = imap.as_ref()?;
        let looked = timeout(PATIENCE, imap::check(imap)).await;
        Some(match looked.unwrap_or(Err(ImapError::TimedOut)) {
            Ok(messages) => say("imap", "ok", Some(messages)),
            Err(error) => say("imap", imap_code(&error), None),
        })
    };
    let sending = async {
        let code = match Sender::new(smtp.as_ref()?) {
            Ok(sender) => match timeout(PATIENCE, sender.check()).await {
                Ok(Ok(())) => "ok",
                Ok(Err(error)) => smtp_code(&error),
                Err(_) => "timed_out",
            },
            Err(_) => "tls",
        };
        Some(say("smtp", code, None))
    };
    let (reading, sending) = tokio::join!(reading, sending);
    Ok(reading.into_iter().chain(sending).collect())
}

/// The code of what is wrong with an IMAP server.
pub(crate) const fn imap_code(error: &ImapError) -> &'static str {
    match error {
        ImapError::Unreachable(_) => "unreachable",
        ImapError::Broken(_) | ImapError::Closed => "broken",
        ImapError::NotAllowed => "local",
        ImapError::TimedOut => "timed_out",
        ImapError::Tls(_) | ImapError::TlsSetup(_) => "tls",
        ImapError::NoStartTls => "no_starttls",
        ImapError::Login(_) => "login",
        ImapError::NoMailbox => "no_folder",
        ImapError::NoUids => "no_uids",
        ImapError::Refused(_) => "refused",
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
        SendError::Connection { cause, .. } => match cause {
            Cause::NotAllowed => "local",
            Cause::Unreachable => "unreachable",
            Cause::TimedOut => "timed_out",
            Cause::Tls => "tls",
            Cause::NoStartTls => "no_starttls",
        },
    }
}
