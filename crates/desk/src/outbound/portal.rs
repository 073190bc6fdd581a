//! Mail for patients about their own pages: a code, or news. Nothing of a patient and no link stands in it.

use super::letter::{address, notice_line, plain};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::jobs::Done;
use crate::mailboxes;
use crate::portal::{self, Letter, PortalMail};
use bedside_channels::email::smtp::SendError;
use bedside_codecs::mail::address::Address;
use bedside_codecs::mail::compose::{Automatic, Outgoing, Party, compose};
use bedside_web::Locale;

/// Seconds between two tries.
const PAUSE: i64 = 30;

/// Tries to mail it once. Its Message-ID is always the same, by which a second copy is known where a crash made one.
pub(super) async fn send(
    app: &App,
    organisation: OrganisationId,
    payload: &str,
) -> Result<Done, DeskError> {
    let mail: PortalMail = serde_json::from_str(payload)?;
    let Some(letter) = portal::letter(app, organisation, &mail).await? else {
        return Ok(Done::Finished);
    };
    let now = app.now();
    if now >= letter.until {
        return told(app, organisation, &mail, Outcome::Failed).await;
    }
    let Some(sender) = mailboxes::sender_for(app, organisation, None).await? else {
        return Ok(Done::Again(now.plus_seconds(PAUSE)));
    };
    let (Ok(pool), Ok(from)) = (
        app.senders.of(sender.mailbox, &sender.smtp),
        address(&sender.from_address),
    ) else {
        return Ok(Done::Again(now.plus_seconds(PAUSE)));
    };
    let mut outcome = Outcome::Failed;
    for to in &letter.to {
        let Ok(party) = address(to) else { continue };
        let raw = write(app, organisation, &mail, &letter, (from.clone(), party))?;
        // What answers by itself has no return path (RFC 3834, section 3.3).
        match pool.send(None, &[to], &raw).await {
            Ok(_) => outcome = Outcome::Ok,
            Err(SendError::Permanent { .. } | SendError::Address) => {}
            // A second copy of what went to the others is known by its number.
            Err(SendError::Temporary { .. } | SendError::Connection { .. }) => {
                return Ok(Done::Again(now.plus_seconds(PAUSE)));
            }
        }
    }
    told(app, organisation, &mail, outcome).await
}

fn write(
    app: &App,
    organisation: OrganisationId,
    mail: &PortalMail,
    letter: &Letter,
    (from, to): (Address, Address),
) -> Result<Vec<u8>, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let locale: Locale = mail.locale.parse().unwrap_or(clinic.locale);
    let key = mail.news.text_key();
    let line = |key: &str| notice_line(&clinic, locale, key);
    let mut lines = vec![line(key)];
    lines.extend(letter.code.clone());
    lines.push(line(mail.news.after_key()));
    let (text, html) = plain(locale, &lines.join("\n\n"));
    let domain = app.config.mail_domain();
    compose(Outgoing {
        reply_to: None,
        from: Party {
            name: Some(clinic.name.clone()),
            address: from,
        },
        to: vec![Party {
            name: None,
            address: to,
        }],
        cc: Vec::new(),
        subject: line(&format!("{key}-subject")),
        message_id: format!("portal.{}@{domain}", mail.id.simple()),
        in_reply_to: None,
        references: Vec::new(),
        date: app.now().micros(),
        text,
        html: Some(html),
        files: Vec::new(),
        automatic: Some(Automatic::Notice),
        unsubscribe: None,
        origin: domain,
    })
    .map_err(|error| DeskError::Internal(error.to_string()))
}

/// Ends it with an entry in the log.
async fn told(
    app: &App,
    organisation: OrganisationId,
    mail: &PortalMail,
    outcome: Outcome,
) -> Result<Done, DeskError> {
    let ctx = Ctx::system(organisation, "outbound", Source::Job);
    let detail = serde_json::json!({ "kind": "portal" });
    let contact = mail.contact.map(|id| id.to_string()).unwrap_or_default();
    let entry = NewEntry::new("mail.send", "contact", contact);
    app.audit(&ctx, entry.detail(&detail).outcome(outcome))
        .await?;
    Ok(Done::Finished)
}
