//! The one mail that tells somebody who wrote STOP what has ended, and what has not.

use super::letter::{address, notice_mail};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::{ConsentId, OrganisationId};
use crate::jobs::Done;
use crate::mailboxes;
use crate::patients;
use crate::privacy::consents::{self, Confirmation};
use crate::work::{Job, Work};
use bedside_channels::email::smtp::SendError;
use bedside_codecs::mail::compose::{Automatic, Outgoing, Party, compose};
use serde::{Deserialize, Serialize};

/// Hours for which it is tried: later it would only puzzle.
const HOURS: i64 = 24;
/// Seconds between two tries.
const PAUSE: i64 = 10 * 60;

/// The job that tells one person.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ConfirmOptOut {
    consent: ConsentId,
}

impl Job for ConfirmOptOut {
    const KIND: &'static str = "outbound.opt_out";
}

/// Tells somebody, once, that such mails have ended because of this word of theirs.
pub async fn confirm_opt_out(work: &mut Work<'_>, consent: ConsentId) -> Result<(), DeskError> {
    let now = work.now;
    work.enqueue(&ConfirmOptOut { consent }, None, now).await
}

/// Tries to mail it once. Its Message-ID is always the same, by which a second copy is known where a crash made one.
pub(super) async fn send(
    app: &App,
    organisation: OrganisationId,
    payload: &str,
) -> Result<Done, DeskError> {
    let ConfirmOptOut { consent } = serde_json::from_str(payload)?;
    let now = app.now();
    // Whoever was erased, or has the address no more, hears nothing.
    let told = consents::confirmation_of(app, organisation, consent).await?;
    let Some(Confirmation {
        address: to,
        locale,
        at,
    }) = told
    else {
        return Ok(Done::Finished);
    };
    // Nor does whoever is reached another way only.
    if patients::is_barred(app, organisation, &to).await? {
        return Ok(Done::Finished);
    }
    let over = now.seconds_since(at) >= HOURS * 3600;
    let later = || Ok(Done::Again(now.plus_seconds(PAUSE)));
    let Some(sender) = mailboxes::sender_for(app, organisation, None).await? else {
        return if over { Ok(Done::Finished) } else { later() };
    };
    let (Ok(pool), Ok(from)) = (
        app.senders.of(sender.mailbox, &sender.smtp),
        address(&sender.from_address),
    ) else {
        return if over { Ok(Done::Finished) } else { later() };
    };
    let clinic = app.directory.of(organisation)?;
    let (subject, text, html) = notice_mail(&clinic, locale, "leave-done-subject", &LINES);
    let domain = app.config.mail_domain();
    let raw = compose(Outgoing {
        reply_to: None,
        from: Party {
            name: Some(clinic.name.clone()),
            address: from,
        },
        to: vec![Party {
            name: None,
            address: address(&to)?,
        }],
        cc: Vec::new(),
        subject,
        message_id: format!("left.{}@{domain}", consent.uuid().simple()),
        in_reply_to: None,
        references: Vec::new(),
        date: now.micros(),
        text,
        html: Some(html),
        files: Vec::new(),
        automatic: Some(Automatic::Reply),
        unsubscribe: None,
        origin: domain,
    })
    .map_err(|error| DeskError::Internal(error.to_string()))?;
    // What answers by itself has no return path (RFC 3834, section 3.3).
    let outcome = match pool.send(None, &[&to], &raw).await {
        Ok(_) => Outcome::Ok,
        Err(SendError::Permanent { .. } | SendError::Address) => Outcome::Failed,
        Err(_) if over => Outcome::Failed,
        Err(SendError::Temporary { .. } | SendError::Connection { .. }) => return later(),
    };
    let ctx = Ctx::system(organisation, "outbound", Source::Job);
    let entry = NewEntry::new("mail.send", "consent", consent);
    let detail = serde_json::json!({ "kind": "opt_out" });
    app.audit(&ctx, entry.detail(&detail).outcome(outcome))
        .await?;
    Ok(Done::Finished)
}

/// Its lines: what has ended, and what was not meant by it.
pub(super) const LINES: [&str; 2] = ["leave-done-what", "leave-done-else"];
