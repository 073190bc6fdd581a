//! News for the people of the staff: about their own sign-in, and what waits for them alone.

use super::letter::{address, for_staff};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::jobs::Done;
use crate::mailboxes;
use crate::staff::{self, Addressee, Notice};
use bedside_channels::email::smtp::SendError;
use bedside_codecs::mail::compose::{Automatic, Outgoing, Party, compose};
use bedside_web::i18n::{Texts, time::format_time};

/// Hours for which it is tried: later it is no news.
const HOURS: i64 = 24;
/// Seconds between two tries.
const PAUSE: i64 = 10 * 60;

/// Tries to mail it once. Its Message-ID is always the same, by which a second copy is known where a crash made one.
pub(super) async fn send(
    app: &App,
    organisation: OrganisationId,
    payload: &str,
) -> Result<Done, DeskError> {
    let notice: Notice = serde_json::from_str(payload)?;
    let Some(person) = staff::addressee(app, organisation, notice.staff).await? else {
        return Ok(Done::Finished);
    };
    let clinic = app.directory.of(organisation)?;
    let t = Texts::new(person.locale);
    let at = format_time(notice.at.micros(), &clinic.time_zone, t.locale);
    let (subject, what_to_do, page) = notice.what.around();
    let lines = [
        t.with(notice.what.text_key(), "at", at),
        t.text(what_to_do).into(),
    ];
    let mail = StaffMail {
        subject: t.text(subject).to_owned(),
        words: lines.join("\n\n"),
        link: format!("{}{page}", app.config.public_url),
        message_id: format!("notice.{}", notice.id.simple()),
    };
    match hand_out(app, organisation, &person, mail).await? {
        Some(Ok(())) => told(app, organisation, &notice, Outcome::Ok).await,
        Some(Err(SendError::Permanent { .. } | SendError::Address)) => {
            told(app, organisation, &notice, Outcome::Failed).await
        }
        Some(Err(SendError::Temporary { .. } | SendError::Connection { .. })) | None => {
            later(app, organisation, &notice).await
        }
    }
}

/// A mail to somebody of the staff.
pub(super) struct StaffMail {
    pub subject: String,
    /// What stands before the link.
    pub words: String,
    pub link: String,
    /// What stands before the `@` of the Message-ID.
    pub message_id: String,
}

/// Gives it to the mail server, and what came of it; none where no mailbox sends.
pub(super) async fn hand_out(
    app: &App,
    organisation: OrganisationId,
    person: &Addressee,
    mail: StaffMail,
) -> Result<Option<Result<(), SendError>>, DeskError> {
    let Some(sender) = mailboxes::sender_for(app, organisation, None).await? else {
        return Ok(None);
    };
    let (Ok(pool), Ok(from), Ok(to)) = (
        app.senders.of(sender.mailbox, &sender.smtp),
        address(&sender.from_address),
        address(&person.email),
    ) else {
        return Ok(None);
    };
    let clinic = app.directory.of(organisation)?;
    let words = for_staff(person.locale, &mail.words, mail.link);
    let domain = app.config.mail_domain();
    let raw = compose(Outgoing {
        reply_to: None,
        from: Party {
            name: Some(clinic.name.clone()),
            address: from,
        },
        to: vec![Party {
            name: Some(person.name.clone()),
            address: to,
        }],
        cc: Vec::new(),
        subject: mail.subject,
        message_id: format!("{}@{domain}", mail.message_id),
        in_reply_to: None,
        references: Vec::new(),
        date: app.now().micros(),
        text: words.0,
        html: Some(words.1),
        files: Vec::new(),
        automatic: Some(Automatic::Notice),
        unsubscribe: None,
        origin: domain,
    })
    .map_err(|error| DeskError::Internal(error.to_string()))?;
    // What answers by itself has no return path (RFC 3834, section 3.3).
    let sent = pool.send(None, &[&person.email], &raw).await;
    Ok(Some(sent.map(drop)))
}

/// Tries it again after a while, unless it is no news any more.
async fn later(
    app: &App,
    organisation: OrganisationId,
    notice: &Notice,
) -> Result<Done, DeskError> {
    let now = app.now();
    if now.seconds_since(notice.at) < HOURS * 3600 {
        return Ok(Done::Again(now.plus_seconds(PAUSE)));
    }
    told(app, organisation, notice, Outcome::Failed).await
}

/// Ends it with an entry in the log: whoever looks there sees who did not hear of it.
async fn told(
    app: &App,
    organisation: OrganisationId,
    notice: &Notice,
    outcome: Outcome,
) -> Result<Done, DeskError> {
    let ctx = Ctx::system(organisation, "outbound", Source::Job);
    let detail = serde_json::json!({ "kind": "notice" });
    let entry = NewEntry::new("mail.send", "staff", notice.staff);
    app.audit(&ctx, entry.detail(&detail).outcome(outcome))
        .await?;
    Ok(Done::Finished)
}

#[cfg(test)]
mod tests {
    use crate::staff::What;
    use bedside_web::{I18n, Locale};

    #[test]
    fn every_kind_of_news_has_words() {
        for locale in Locale::ALL {
            for what in What::ALL {
                let (subject, what_to_do, _) = what.around();
                for key in [what.text_key(), subject, what_to_do] {
                    assert!(I18n::global().has(locale, key), "{locale}: {key}");
                }
            }
        }
    }
}
