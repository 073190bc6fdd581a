//! Mail that could not be read: a ticket for a person, with the mail as it came.

use super::letter::LOOKS;
use super::receive::{LeftBehind, Source};
use super::store::{self, Claimed};
use crate::app::App;
use crate::context::{Ctx, Source as WayIn};
use crate::error::DeskError;
use crate::events::kind;
use crate::orgs::model::purpose;
use crate::patients;
use crate::records::blobs;
use crate::tickets::{self, NewTicket};
use crate::timeline::{Doubt, Envelope, NewAttachment};
use bedside_codecs::mail::MailError;
use bedside_codecs::mail::address::Address;
use bedside_language::Channel;
use bedside_web::i18n::Arg;
use futures_util::FutureExt;

/// Why a mail is parked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// It is no mail, or beyond the limits.
    Parse(MailError),
    /// Nobody is named whom an answer could reach.
    NoSender,
    /// It was tried several times and went wrong each time.
    Attempts,
    /// There is no raw mail.
    LeftBehind(LeftBehind),
}

impl Reason {
    /// Stable code; the text is `mail-parked-reason-` and the code.
    const fn code(self) -> &'static str {
        match self {
            Self::Parse(MailError::TooLarge { .. }) | Self::LeftBehind(LeftBehind::TooLarge(_)) => {
                "too-large"
            }
            Self::Parse(MailError::HeaderTooLarge { .. }) => "header",
            Self::Parse(MailError::TooDeep { .. } | MailError::TooManyParts { .. }) => "parts",
            Self::Parse(MailError::Empty) => "empty",
            Self::Parse(MailError::NotMail) => "not-mail",
            Self::NoSender => "no-sender",
            Self::Attempts => "attempts",
            Self::LeftBehind(LeftBehind::Unreadable) => "unreadable",
        }
    }
}

/// Opens a ticket in the queue that a person looks through, with the raw mail attached where there is one.
pub(super) async fn park(
    app: &App,
    claimed: &Claimed,
    source: &Source,
    raw: Option<&[u8]>,
    reason: Reason,
) -> Result<(), DeskError> {
    // Two first mails of one sender at the same moment make one contact: whoever comes second looks again.
    for _ in 1..LOOKS {
        match open_ticket(app, claimed, source, raw, reason).await {
            Err(DeskError::Unavailable(_)) => {}
            outcome => return outcome,
        }
    }
    open_ticket(app, claimed, source, raw, reason).await
}

async fn open_ticket(
    app: &App,
    claimed: &Claimed,
    source: &Source,
    raw: Option<&[u8]>,
    reason: Reason,
) -> Result<(), DeskError> {
    let organisation = claimed.organisation;
    let clinic = app.directory.of(organisation)?;
    let from = source
        .mail_from
        .as_deref()
        .and_then(|path| Address::parse(path).ok());
    // A return path is anybody's word.
    let requester = match &from {
        Some(from) => {
            patients::requester_by_email(app, organisation, from.as_str(), None, None)
                .await?
                .without_patient(app, organisation)
                .await?
        }
        None => patients::requester_without_address(app),
    };
    let say = |key: &str| app.i18n.text(clinic.locale, key).to_owned();
    let reason_text = say(&format!("mail-parked-reason-{}", reason.code()));
    let body = match reason {
        Reason::LeftBehind(LeftBehind::TooLarge(size)) => app
            .i18n
            .format(
                clinic.locale,
                "mail-parked-too-large-body",
                &[("size", Arg::Text(size.to_string().into()))],
            )
            .into_owned(),
        Reason::LeftBehind(LeftBehind::Unreadable) => say("mail-parked-unreadable-body"),
        _ => app
            .i18n
            .format(
                clinic.locale,
                "mail-parked-body",
                &[("reason", Arg::from(reason_text))],
            )
            .into_owned(),
    };
    let mut new = NewTicket::new(requester, Channel::Email, say("mail-parked-subject"), body);
    if let Some(raw) = raw.filter(|raw| !raw.is_empty()) {
        let blob = match claimed.blob {
            Some(blob) => blob,
            None => blobs::write(app, organisation, &new.requester.sealing, raw).await?,
        };
        new.attachments.push(NewAttachment {
            blob,
            name: "mail.eml".to_owned(),
            media_type: "message/rfc822".to_owned(),
            size: claimed.size,
            content_id: None,
            inline: false,
        });
    }
    new.envelope = from.map(|from| Envelope {
        from: from.as_str().to_owned(),
        doubt: Some(Doubt::Unproven),
        ..Envelope::default()
    });
    new.locale = Some(clinic.locale);
    new.queue = clinic.queue_for(purpose::NEEDS_LOOK).map(|queue| queue.id);
    new.mailbox = claimed.mailbox;
    new.inbound_mail = Some(claimed.id);
    new.automatic = true;
    new.own_words = true;
    new.acknowledge = false;
    let (id, code) = (claimed.id, reason.code());
    new.also = Some(Box::new(move |work, ticket, message| {
        async move {
            let organisation = work.ctx.organisation;
            let how = ("parked", Some(code));
            if !store::finish(work, organisation, id, how, Some(ticket), Some(message)).await? {
                return Err(DeskError::Conflict {
                    code: "finished",
                    text: "This mail was dealt with already.",
                });
            }
            let data = serde_json::json!({ "why": code });
            work.event(kind::MAIL_PARKED, Some(ticket), Some(message), &data);
            Ok(())
        }
        .boxed()
    }));
    let ctx = Ctx::system(organisation, "intake", WayIn::Mail);
    match tickets::create(app, &ctx, new).await {
        Err(DeskError::Conflict {
            code: "finished", ..
        }) => Ok(()),
        outcome => outcome.map(drop),
    }
}
