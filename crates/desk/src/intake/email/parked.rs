//! Mail that could not be read: a ticket for a person, with the mail as it came.

use super::letter::{LOOKS, ignore, lay_there_since};
use super::receive::{LeftBehind, Source, Via};
use super::store::{self, Claimed};
use crate::app::App;
use crate::context::{Ctx, Source as WayIn};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{InboundMailId, MailboxId};
use crate::mailboxes;
use crate::orgs::{Clinic, model::purpose};
use crate::patients;
use crate::records::{Sealing, blobs, uploads};
use crate::tickets::{self, Also, Answer, NewTicket};
use crate::timeline::{Doubt, Envelope, NewAttachment};
use bedside_codecs::mail::address::Address;
use bedside_codecs::mail::file_words::FileWords;
use bedside_codecs::mail::{AutoKind, Limits, MailError, ParsedMail, parse};
use bedside_language::Channel;
use bedside_web::i18n::{Arg, time::format_time};
use data_encoding::HEXLOWER;
use futures_util::FutureExt;

/// Bytes that are shown of what a mail that was left behind says at its beginning. All that is here is heard.
const SHOWN: usize = 20_000;
/// Bytes of it that are heard.
const HEARD: usize = 256 * 1024;

/// Why a mail is parked.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// It is no mail, or beyond the limits.
    Parse(MailError),
    /// Nobody is named whom an answer could reach; and whether it is a report of a mail server, which sends back our own.
    NoSender(bool),
    /// It was tried several times and went wrong each time.
    Attempts,
    /// There is no raw mail, at most its beginning.
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
            Self::NoSender(_) => "no-sender",
            Self::Attempts => "attempts",
            Self::LeftBehind(LeftBehind::Unreadable) => "unreadable",
        }
    }
}

/// Opens a ticket in the queue that a person looks through, with the raw mail attached where there is one. The same bytes
/// in the same mailbox make one ticket, however often they come.
pub(super) async fn park(
    app: &App,
    claimed: &Claimed,
    source: &Source,
    raw: Option<&[u8]>,
    reason: Reason,
) -> Result<(), DeskError> {
    let parked = Parked {
        app,
        claimed,
        source,
        raw: raw.filter(|raw| !raw.is_empty()),
        reason,
    };
    // Two first mails of one sender at the same moment make one contact: whoever comes second looks again.
    let mut outcome = parked.open_ticket().await;
    for _ in 1..LOOKS {
        if !matches!(outcome, Err(DeskError::Unavailable(_))) {
            break;
        }
        outcome = parked.open_ticket().await;
    }
    match outcome {
        Err(DeskError::Conflict {
            code: "finished", ..
        }) => Ok(()),
        Err(DeskError::Conflict {
            code: "duplicate", ..
        }) => ignore(app, claimed, "duplicate").await,
        outcome => outcome,
    }
}

/// A mail that is to be parked.
struct Parked<'a> {
    app: &'a App,
    claimed: &'a Claimed,
    source: &'a Source,
    /// The mail, or the header or the beginning of one that was left behind.
    raw: Option<&'a [u8]>,
    reason: Reason,
}

impl Parked<'_> {
    async fn open_ticket(&self) -> Result<(), DeskError> {
        let (app, organisation) = (self.app, self.claimed.organisation);
        let clinic = app.directory.of(organisation)?;
        let header = self.header();
        let from = self.sender(header.as_ref());
        // A return path and a header that nobody checked are anybody's word.
        let requester = match &from {
            Some(from) => {
                patients::requester_by_email(app, organisation, from.as_str(), None, None)
                    .await?
                    .without_patient(app, organisation)
                    .await?
            }
            None => patients::requester_without_address(app),
        };
        let answer = self.answer(header.as_ref(), from.as_ref()).await?;
        let words = self.words(header.as_ref()).await?;
        let beginning = beginning(header.as_ref());
        let subject = header.map(|header| header.subject).unwrap_or_default();
        let shown = match subject.trim() {
            "" => app.i18n.text(clinic.locale, "mail-parked-subject"),
            subject => subject,
        };
        let mut body = self.body(&clinic).await?;
        if !beginning.is_empty() {
            let says = app.i18n.text(clinic.locale, "mail-parked-beginning");
            let shown = &beginning[..beginning.floor_char_boundary(SHOWN)];
            body = format!("{body}\n\n{says}\n\n{shown}");
        }
        let mut new = NewTicket::new(requester, Channel::Email, shown, body);
        // Its subject and what can be made out of the rest are somebody's words, and may be a cry for help.
        new.own_words = subject.trim().is_empty() && words.texts.is_empty() && beginning.is_empty();
        new.attachments
            .extend(self.file(&new.requester.sealing, words).await?);
        new.envelope = from.map(|from| Envelope {
            from: from.as_str().to_owned(),
            subject: subject.clone(),
            doubt: Some(Doubt::Unproven),
            ..Envelope::default()
        });
        new.locale = Some(clinic.locale);
        new.queue = clinic.queue_for(purpose::NEEDS_LOOK).map(|queue| queue.id);
        new.mailbox = self.claimed.mailbox;
        new.inbound_mail = Some(self.claimed.id);
        new.external = self.fingerprint()?.map(|id| ("email", id));
        new.written = lay_there_since(self.claimed, self.source);
        new.automatic = true;
        new.said = Some(beginning);
        new.answer = answer;
        new.also = Some(finished(self.claimed.id, self.reason.code()));
        let ctx = Ctx::system(organisation, "intake", WayIn::Mail);
        tickets::create(app, &ctx, new).await.map(drop)
    }

    /// The header of a mail that was left behind, with what follows it as far as that is here.
    fn header(&self) -> Option<ParsedMail> {
        let raw = self.raw.filter(|_| self.source.left_behind.is_some())?;
        let limits = Limits::default();
        let read = parse(raw, &limits).or_else(|_| parse(header_of(raw), &limits));
        read.ok()
    }

    fn sender(&self, header: Option<&ParsedMail>) -> Option<Address> {
        let author = header.and_then(|header| header.from.as_ref());
        [
            author.map(|from| from.address.as_str()),
            self.source.mail_from.as_deref(),
        ]
        .into_iter()
        .flatten()
        .find_map(|address| Address::parse(address).ok())
    }

    /// What its sender hears by itself. What a machine sent, and what came from the desk, is answered here as little as where it
    /// can be read.
    async fn answer(
        &self,
        header: Option<&ParsedMail>,
        from: Option<&Address>,
    ) -> Result<Answer, DeskError> {
        let (app, claimed) = (self.app, self.claimed);
        let Some(header) = header else {
            return Ok(Answer::Nothing);
        };
        let automatic = header.auto_kind(self.source.mail_from.as_deref()) != AutoKind::Person;
        let is_ours = header.origin.as_deref() == Some(app.config.mail_domain().as_str());
        let from_ourselves = match (claimed.mailbox, from) {
            (Some(id), Some(from)) => {
                let mailbox = mailboxes::one(app, claimed.organisation, id).await?;
                mailbox.address == from.normal()
            }
            _ => false,
        };
        let may_answer = !(automatic || is_ours || from_ourselves);
        Ok(if may_answer && self.source.via != Via::Import {
            Answer::Warning
        } else {
            Answer::Nothing
        })
    }

    /// What it says, as far as that can be made out. Nothing of a report of a mail server, which sends back our own.
    async fn words(&self, header: Option<&ParsedMail>) -> Result<FileWords, DeskError> {
        let is_report = match self.reason {
            Reason::NoSender(is_report) => is_report,
            _ => header.is_some_and(|header| header.bounce.is_some()),
        };
        let Some(raw) = self.raw.filter(|_| !is_report) else {
            return Ok(FileWords::default());
        };
        // What ended its reader each time is not taken apart once more.
        let (name, kind) = match self.reason {
            Reason::Attempts => ("mail.txt", uploads::TEXT),
            _ => ("mail.eml", "message/rfc822"),
        };
        let words = uploads::file_words(name, kind, raw).await?;
        Ok(FileWords {
            pieces: true,
            ..words
        })
    }

    /// What the desk says about it.
    async fn body(&self, clinic: &Clinic) -> Result<String, DeskError> {
        let (app, locale) = (self.app, clinic.locale);
        let text =
            |key: &str, args: &[(&str, Arg<'_>)]| app.i18n.format(locale, key, args).into_owned();
        let Reason::LeftBehind(left) = self.reason else {
            let key = format!("mail-parked-reason-{}", self.reason.code());
            let reason = app.i18n.text(locale, &key);
            return Ok(text("mail-parked-body", &[("reason", Arg::from(reason))]));
        };
        let mailbox = match self.claimed.mailbox {
            Some(id) => mailboxes::one(app, clinic.id, id).await?.address,
            None => String::new(),
        };
        let arrived = self.source.arrived.unwrap_or(self.claimed.received_at);
        let arrived = format_time(arrived.micros(), &clinic.time_zone, locale);
        let mut args = vec![
            ("mailbox", Arg::from(mailbox.as_str())),
            ("arrived", Arg::from(arrived.as_str())),
        ];
        let size;
        let what = match left {
            LeftBehind::TooLarge(bytes) => {
                size = bytes.to_string();
                args.push(("size", Arg::from(size.as_str())));
                text("mail-parked-too-large-body", &args)
            }
            LeftBehind::Unreadable => text("mail-parked-unreadable-body", &args),
        };
        let find = if self.raw.is_some() {
            "mail-parked-find"
        } else {
            "mail-parked-find-by-time"
        };
        Ok(format!("{what}\n\n{}", app.i18n.text(locale, find)))
    }

    async fn file(
        &self,
        sealing: &Sealing,
        words: FileWords,
    ) -> Result<Option<NewAttachment>, DeskError> {
        let Some(raw) = self.raw else {
            return Ok(None);
        };
        let is_left = self.source.left_behind.is_some();
        let raw = if is_left { header_of(raw) } else { raw };
        let blob = match self.claimed.blob.filter(|_| !is_left) {
            Some(blob) => blob,
            None => blobs::write(self.app, self.claimed.organisation, sealing, raw).await?,
        };
        let (name, media_type) = if is_left {
            ("header.txt", uploads::media_type("header.txt", raw))
        } else {
            ("mail.eml", "message/rfc822")
        };
        Ok(Some(NewAttachment {
            blob,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: i64::try_from(raw.len()).unwrap_or(i64::MAX),
            content_id: None,
            inline: false,
            words,
        }))
    }

    /// What makes two of them the same: the mailbox and the bytes, and of one that was left behind what the server says of
    /// it. None where nothing is known.
    fn fingerprint(&self) -> Result<Option<String>, DeskError> {
        let arrived = self.source.arrived.map(|at| at.micros().to_string());
        let size = match self.reason {
            Reason::LeftBehind(LeftBehind::TooLarge(size)) => Some(size.to_string()),
            _ => None,
        };
        let known = match self.source.left_behind {
            None => None,
            Some(_) => arrived.map(|arrived| format!("{arrived} {}", size.unwrap_or_default())),
        };
        if self.raw.is_none() && known.is_none() {
            return Ok(None);
        }
        // However much of it could be had.
        let raw = self.raw.unwrap_or_default();
        let bytes = match self.source.left_behind {
            Some(_) => header_of(raw),
            None => raw,
        };
        let vault = self.app.keyring.of(self.claimed.organisation)?;
        let mailbox = self
            .claimed
            .mailbox
            .map(MailboxId::bytes)
            .unwrap_or_default();
        let content = vault.threading.sign(&[
            b"bedside/parked-mail/1\0",
            &mailbox,
            known.unwrap_or_default().as_bytes(),
            b"\0",
            bytes,
        ]);
        Ok(Some(format!("parked\n{}", HEXLOWER.encode(&content))))
    }
}

/// What a mail that was left behind says at its beginning. Nothing of a report of a mail server, which sends back our own.
fn beginning(header: Option<&ParsedMail>) -> String {
    let header = header.filter(|header| header.bounce.is_none());
    let text = header.map(|header| header.readable_text().trim().to_owned());
    let mut text = text.unwrap_or_default();
    text.truncate(text.floor_char_boundary(HEARD));
    text
}

/// The header of a mail with the empty line that ends it; all of what has no words below that.
fn header_of(raw: &[u8]) -> &[u8] {
    let end = raw.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    match end.map(|end| raw.split_at(end + 4)) {
        Some((header, rest)) if !rest.trim_ascii().is_empty() => header,
        _ => raw,
    }
}

/// Marks the mail parked in the transaction of its ticket.
fn finished(id: InboundMailId, code: &'static str) -> Also {
    Box::new(move |work, ticket, message| {
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_ends_with_its_empty_line() {
        for (raw, header) in [
            ("A: b\r\n\r\nwords", "A: b\r\n\r\n"),
            ("A: b\r\n\r\n", "A: b\r\n\r\n"),
            ("A: b\r\n\r\n \r\n", "A: b\r\n\r\n \r\n"),
            ("A: b\r\nC: d", "A: b\r\nC: d"),
            ("", ""),
        ] {
            assert_eq!(header_of(raw.as_bytes()), header.as_bytes(), "{raw:?}");
        }
    }
}
