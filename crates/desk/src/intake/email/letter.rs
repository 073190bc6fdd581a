//! From a raw mail to words on a ticket.

use super::bounce;
use super::files::{below_the_header, ends, media_type, shown};
use super::opt_out::{self, OptOut};
use super::parked::{self, Reason};
use super::receive::{Source, Via};
use super::store::{self, Claimed};
use super::thread::{self, Place};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Source as WayIn};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::InboundMailId;
use crate::mailboxes::{self, model::Mailbox};
use crate::orgs::model::purpose;
use crate::outbound;
use crate::patients::{self, Requester};
use crate::records::{self, Sealing, blobs, uploads};
use crate::tickets::model::{Ticket, Written, is_history};
use crate::tickets::{self, Also, Answer, Inbound, NewTicket};
use crate::timeline::{self, Doubt, Envelope, NewAttachment};
use bedside_codecs::mail::address::Address;
use bedside_codecs::mail::file_words::FileWords;
use bedside_codecs::mail::own_words::OwnWords;
use bedside_codecs::mail::quote::Lines;
use bedside_codecs::mail::{Attachment, AutoKind, Limits, ParsedMail, parse};
use bedside_db::Timestamp;
use bedside_language::Channel;
use bedside_web::Locale;
use futures_util::FutureExt;
use std::sync::Arc;

/// Seconds that a mail may have lain in its mailbox and still be of now: clocks differ, and mail is looked for often.
const OF_NOW: i64 = 3600;
/// 1990-01-01; an earlier date is a wrong one.
const FIRST_DATE: Timestamp = Timestamp::from_micros(631_152_000_000_000);
/// How often a mail looks again because another one came at the same moment.
pub(super) const LOOKS: usize = 10;
/// Seconds for which an active request of the same person counts as a neighbour of their next mail.
const NEIGHBOURS: i64 = 24 * 3600;
/// Larger mails are parsed on a thread of their own, so that they hold up nobody.
const PARSED_IN_PLACE: usize = 64 * 1024;

/// Makes of a mail what it is: a message, a ticket, the news that one of ours came back, or nothing.
pub(super) async fn read(app: &App, claimed: &Claimed) -> Result<(), DeskError> {
    let (source, raw) = open(app, claimed).await?;
    if let Some(left) = source.left_behind {
        return parked::park(app, claimed, &source, Some(&raw), Reason::LeftBehind(left)).await;
    }
    let raw = Arc::new(raw);
    let limits = Limits {
        raw: app.config.max_mail_bytes,
        ..Limits::default()
    };
    let parsed = if raw.len() <= PARSED_IN_PLACE {
        parse(&raw, &limits)
    } else {
        let raw = Arc::clone(&raw);
        tokio::task::spawn_blocking(move || parse(&raw, &limits))
            .await
            .map_err(|error| {
                DeskError::Internal(format!("the parser ended: panic {}", error.is_panic()))
            })?
    };
    let mail = match parsed {
        Ok(mail) => mail,
        Err(error) => {
            return parked::park(app, claimed, &source, Some(&raw), Reason::Parse(error)).await;
        }
    };
    // The mark by itself says nothing: it stands in every mail that a patient sends on.
    if mail.origin.as_deref() == Some(app.config.mail_domain().as_str())
        && outbound::is_ours(app, claimed.organisation, &mail).await?
    {
        return ignore(app, claimed, "own_mail").await;
    }
    if let Some(report) = &mail.bounce
        && bounce::note(app, claimed, report).await?
    {
        return Ok(());
    }
    let Some((from, is_author)) = sender(&mail, &source) else {
        let reason = Reason::NoSender(mail.bounce.is_some());
        return parked::park(app, claimed, &source, Some(&raw), reason).await;
    };
    let letter = Letter {
        app,
        claimed,
        source: &source,
        raw: &raw,
        mail: &mail,
        from,
        is_author,
    };
    // Two first mails of one person at the same moment make one contact: whoever comes second looks again.
    for _ in 0..LOOKS {
        match letter.deliver().await {
            Err(
                DeskError::Unavailable(_)
                | DeskError::Conflict {
                    code: tickets::CLOSED_MEANWHILE,
                    ..
                },
            ) => {}
            Err(DeskError::Conflict {
                code: "duplicate", ..
            }) => {
                return ignore(app, claimed, "duplicate").await;
            }
            Err(DeskError::Conflict {
                code: "finished", ..
            }) => return Ok(()),
            outcome => return outcome,
        }
    }
    Err(DeskError::Unavailable(
        "the same contact is made all the time".to_owned(),
    ))
}

/// When a mail out of a mailbox came there. What nobody could see before is no history however long it lay there: the desk
/// was away, or could not get in. History is what came days before a look that did not find it, so that somebody moved it
/// here since.
pub(super) fn lay_there_since(claimed: &Claimed, source: &Source) -> Written {
    let received = claimed.received_at;
    let arrived = source
        .arrived
        .filter(|at| can_be(*at, received) && received.seconds_since(*at) > OF_NOW);
    match (arrived, source.looked) {
        (None, _) => Written::Now,
        (Some(at), Some(looked)) if is_history(at, looked) => Written::History(at),
        (Some(at), _) => Written::At(at),
    }
}

fn can_be(at: Timestamp, now: Timestamp) -> bool {
    (FIRST_DATE..=now).contains(&at)
}

/// Whom an answer could reach, and whether that is the author: From, or else Sender, or else the return path.
fn sender(mail: &ParsedMail, source: &Source) -> Option<(Address, bool)> {
    let author = mail.from.as_ref().map(|from| from.address.as_str());
    let others = [
        mail.sender.as_ref().map(|sender| sender.address.as_str()),
        source.mail_from.as_deref(),
    ];
    let read = |address: &str| Address::parse(address).ok();
    author
        .and_then(read)
        .map(|address| (address, true))
        .or_else(|| {
            others
                .into_iter()
                .flatten()
                .find_map(read)
                .map(|address| (address, false))
        })
}

/// The source and the raw bytes of a mail.
pub(super) async fn open(app: &App, claimed: &Claimed) -> Result<(Source, Vec<u8>), DeskError> {
    let sealing = {
        let mut conn = app.read().await?;
        records::sealing(app, &mut conn, claimed.organisation, claimed.key).await?
    };
    let source = sealing.open_text("inbound_mails", "envelope", claimed.id, &claimed.envelope)?;
    let raw = match (&claimed.raw, claimed.blob) {
        (Some(raw), _) => sealing.open_bytes("inbound_mails", "raw", claimed.id, raw)?,
        (None, Some(blob)) => blobs::read(app, claimed.organisation, blob).await?,
        (None, None) => Vec::new(),
    };
    if i64::try_from(raw.len()) != Ok(claimed.size) {
        return Err(DeskError::Internal("a stored mail is not whole".to_owned()));
    }
    Ok((serde_json::from_str(&source)?, raw))
}

/// Makes nothing of a mail, and lets it go.
pub(super) async fn ignore(
    app: &App,
    claimed: &Claimed,
    why: &'static str,
) -> Result<(), DeskError> {
    let ctx = Ctx::system(claimed.organisation, "intake", WayIn::Mail);
    let claimed = claimed.clone();
    app.command(&ctx, move |work| {
        async move {
            store::ignore(work, &claimed, why).await?;
            work.audit(
                NewEntry::new("mail.ignore", "inbound_mail", claimed.id)
                    .detail(&serde_json::json!({ "why": why })),
            );
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Marks the mail done in the transaction of what became of it.
pub(super) fn finished(id: InboundMailId, doubtful: bool) -> Also {
    Box::new(move |work, ticket, message| {
        async move {
            let organisation = work.ctx.organisation;
            if !store::finish(
                work,
                organisation,
                id,
                ("done", None),
                Some(ticket),
                Some(message),
            )
            .await?
            {
                return Err(DeskError::Conflict {
                    code: "finished",
                    text: "This mail was dealt with already.",
                });
            }
            if doubtful {
                work.event(
                    kind::MAIL_DOUBTED,
                    Some(ticket),
                    Some(message),
                    &serde_json::json!({}),
                );
            }
            Ok(())
        }
        .boxed()
    })
}

/// A parsed mail with all that is known about it.
struct Letter<'a> {
    app: &'a App,
    claimed: &'a Claimed,
    source: &'a Source,
    raw: &'a [u8],
    mail: &'a ParsedMail,
    from: Address,
    /// Whether `from` stands in From.
    is_author: bool,
}

impl Letter<'_> {
    async fn deliver(&self) -> Result<(), DeskError> {
        let (app, organisation) = (self.app, self.claimed.organisation);
        let mailbox = match self.claimed.mailbox {
            Some(id) => Some(mailboxes::one(app, organisation, id).await?),
            None => None,
        };
        let authserv_id = mailbox
            .as_ref()
            .and_then(|mailbox| mailbox.settings.authserv_id.as_deref());
        // Servers vouch for From alone (RFC 7489): any other sender is a claim that nobody looked at.
        let doubt = if self.is_author {
            thread::doubt(self.mail, &self.from, authserv_id)
        } else {
            Some(Doubt::Failed)
        };
        let doubtful = doubt == Some(Doubt::Failed);
        let auto = self.mail.auto_kind(self.source.mail_from.as_deref());
        let automatic = auto != AutoKind::Person;
        let trusted = !doubtful && !automatic && self.source.via != Via::Import;
        let name = self
            .mail
            .from
            .as_ref()
            .and_then(|from| from.name.as_deref());
        let requester =
            patients::requester_by_email(app, organisation, self.from.as_str(), name, None).await?;
        let sender = (!requester.is_new()).then_some(requester.contact);
        let ctx = Ctx {
            organisation,
            actor: Actor::Contact {
                id: requester.contact,
            },
            source: WayIn::Mail,
            locale: Locale::En,
            once: None,
        };
        match thread::place(
            app,
            organisation,
            self.mail,
            &self.source.rcpts,
            sender,
            (doubtful, auto),
        )
        .await?
        {
            Place::Joins(ticket) => {
                let sealing = {
                    let mut conn = app.read().await?;
                    records::sealing(app, &mut conn, organisation, ticket.key).await?
                };
                // Only the contact's own address got what was signed.
                let words = self.words(&sealing, Some(&ticket), None).await?;
                let out = self.opt_out(&requester, &words.body, true, trusted);
                let inbound = Inbound {
                    contact: requester.contact,
                    channel: Channel::Email,
                    body: words.body,
                    said: words.said,
                    called: words.called.into_iter().collect(),
                    html: words.html,
                    envelope: Some(words.envelope),
                    attachments: words.attachments,
                    inbound_mail: Some(self.claimed.id),
                    external: Some(("email", self.fingerprint()?)),
                    written_by: None,
                    automatic,
                    written: self.joined(),
                    also: Some(opt_out::and(out, finished(self.claimed.id, false))),
                };
                tickets::inbound(app, &ctx, ticket.id, inbound)
                    .await
                    .map(drop)
            }
            Place::Beside(related) => {
                let by = (requester.clone(), doubt, automatic);
                let new = self.ticket(by, mailbox.as_ref(), Some(&related)).await?;
                let out = self.opt_out(&requester, &new.body, true, trusted);
                opt_out::open(app, &ctx, self.claimed, new, out).await
            }
            Place::Alone => {
                let by = (requester.clone(), doubt, automatic);
                let mut new = self.ticket(by, mailbox.as_ref(), None).await?;
                // Two quick mails of one person may be one matter: somebody sees both and merges.
                if let Some(sender) = sender.filter(|_| doubt.is_none()) {
                    let since = app.now().plus_seconds(-NEIGHBOURS);
                    new.related = tickets::active_of(app, organisation, sender, since).await?;
                }
                let out = self.opt_out(&requester, &new.body, false, trusted);
                opt_out::open(app, &ctx, self.claimed, new, out).await
            }
        }
    }

    /// Whether `body` is one word that ends the mails nobody asked for, of somebody whom nothing speaks against.
    fn opt_out(
        &self,
        requester: &Requester,
        body: &str,
        answers: bool,
        trusted: bool,
    ) -> Option<OptOut> {
        let organisation = self.claimed.organisation;
        let who = (requester, &self.from);
        let heard = || opt_out::heard(self.app, organisation, who, self.mail, (body, answers));
        trusted.then(heard).flatten()
    }

    async fn ticket(
        &self,
        (requester, doubt, automatic): (Requester, Option<Doubt>, bool),
        mailbox: Option<&Mailbox>,
        related: Option<&Ticket>,
    ) -> Result<NewTicket, DeskError> {
        let doubtful = doubt == Some(Doubt::Failed);
        // Where a server is asked and can't say that it is them, nothing of the patient stands beside these words.
        let requester = match doubt {
            Some(Doubt::Failed | Doubt::Unproven) => {
                requester
                    .without_patient(self.app, self.claimed.organisation)
                    .await?
            }
            Some(Doubt::Unchecked) | None => requester,
        };
        let words = self.words(&requester.sealing, related, doubt).await?;
        let clinic = self.app.directory.of(self.claimed.organisation)?;
        let from_ourselves = mailbox.is_some_and(|mailbox| mailbox.address == self.from.normal());
        let needs_look = clinic
            .queue_for(purpose::NEEDS_LOOK)
            .filter(|_| doubtful)
            .map(|queue| queue.id);
        let mut new = NewTicket::new(
            requester,
            Channel::Email,
            self.mail.subject.clone(),
            words.body,
        );
        new.said = words.said;
        new.called = words.called.into_iter().collect();
        new.html = words.html;
        new.envelope = Some(words.envelope);
        new.attachments = words.attachments;
        new.queue = needs_look;
        new.mailbox = self.claimed.mailbox;
        new.inbound_mail = Some(self.claimed.id);
        new.external = Some(("email", self.fingerprint()?));
        new.automatic = automatic;
        new.written = self.written();
        // Whoever is in danger reads where to call, whatever their mail server could not show. What this desk sent and comes
        // back is never answered by itself.
        let is_ours = self.mail.origin.as_deref() == Some(self.app.config.mail_domain().as_str());
        let may_answer = !automatic && !from_ourselves && self.source.via != Via::Import;
        // Long after, it would only puzzle.
        new.answer = if !may_answer || is_ours {
            Answer::Nothing
        } else {
            Answer::wanted(!doubtful && self.mail.origin.is_none() && !new.written.is_history())
        };
        new.related = related.map(|ticket| ticket.id);
        new.also = Some(finished(self.claimed.id, doubtful));
        Ok(new)
    }

    /// When it was written. A mail out of a mailbox file says so itself, one that lay in its mailbox came when the mail server
    /// says. Dates that can't be are left out: to come, or of a time without internet mail.
    fn written(&self) -> Written {
        if self.source.via != Via::Import {
            return lay_there_since(self.claimed, self.source);
        }
        let received = self.claimed.received_at;
        let said = self.mail.date.map(Timestamp::from_micros);
        match said.filter(|at| can_be(*at, received)) {
            Some(at) if is_history(at, received) => Written::History(at),
            said => Written::At(said.unwrap_or(received)),
        }
    }

    /// The same of an answer. One that somebody moved here, out of the junk say, was waited for by its request all the
    /// time: only what is imported joins in silence.
    fn joined(&self) -> Written {
        match self.written() {
            Written::History(at) if self.source.via != Via::Import => Written::At(at),
            written => written,
        }
    }

    /// What makes two deliveries the same mail: sender, Message-ID and everything below the header, which is what
    /// servers on the way leave alone. A Message-ID by itself is not enough: some programs give every mail the same one,
    /// and a stranger could use up somebody else's.
    fn fingerprint(&self) -> Result<String, DeskError> {
        let vault = self.app.keyring.of(self.claimed.organisation)?;
        let (what, bytes) = match &self.mail.message_id {
            Some(id) => (id.as_str(), below_the_header(self.raw)),
            None => ("", self.raw),
        };
        let content = vault.threading.sign(&[b"bedside/mail-content/1\0", bytes]);
        Ok(format!(
            "{}\n{what}\n{}",
            self.from.normal(),
            data_encoding::HEXLOWER.encode(&content)
        ))
    }

    async fn words(
        &self,
        sealing: &Sealing,
        answered: Option<&Ticket>,
        doubt: Option<Doubt>,
    ) -> Result<Words, DeskError> {
        let mail = self.mail;
        let text = mail.readable_text();
        let mut body = text.to_string();
        let mut quoted = String::new();
        let mut said = None;
        // What answers nothing of ours is read whole.
        if let Some(ticket) = answered {
            (body, quoted, said) = self.answer(&text, ticket).await?;
        }
        let mut attachments = Vec::with_capacity(mail.attachments.len());
        for file in &mail.attachments {
            let media_type = media_type(file);
            let mut kept = self
                .file(sealing, &file.bytes, &file.file_name, media_type)
                .await?;
            // What a report of a mail server sends back is our own, and so may be a mail that somebody sends on as a file.
            if mail.bounce.is_none() && !self.is_ours(file).await? {
                let (name, said) = (&file.file_name, &file.declared_type);
                kept.words = uploads::file_words(name, said, &file.bytes).await?;
            }
            kept.content_id.clone_from(&file.content_id);
            kept.inline = file.inline && file.content_id.is_some();
            attachments.push(kept);
        }
        if body.len().max(quoted.len()) > timeline::MAX_BODY {
            said = said.or_else(|| Some(body.clone()));
            attachments.push(
                self.file(sealing, text.as_bytes(), "message.txt", "text/plain")
                    .await?,
            );
            body.truncate(body.floor_char_boundary(timeline::MAX_BODY));
            quoted.truncate(quoted.floor_char_boundary(timeline::MAX_BODY));
        }
        let page = mail.html.as_deref().map(|page| shown(page, &attachments));
        let had_remote = page.as_ref().is_some_and(|page| page.had_remote);
        let html = page.map(|page| page.html);
        let addresses = |list: &[bedside_codecs::mail::Mailbox]| {
            list.iter().map(|one| one.address.clone()).collect()
        };
        Ok(Words {
            body,
            said: said.map(ends),
            called: mail.from.as_ref().and_then(|from| from.name.clone()),
            html: html.filter(|html| html.len() <= 4 * timeline::MAX_BODY),
            envelope: Envelope {
                from: self.from.as_str().to_owned(),
                to: addresses(&mail.to),
                cc: addresses(&mail.cc),
                subject: mail.subject.clone(),
                message_id: mail.message_id.clone().unwrap_or_default(),
                quoted,
                had_remote,
                doubt,
            },
            attachments,
        })
    }

    /// Whether a file is one of the desk's mails, word for word.
    async fn is_ours(&self, file: &Attachment) -> Result<bool, DeskError> {
        // The desk's own are short.
        if file.sniffed_type.is_some() || file.bytes.len() > PARSED_IN_PLACE {
            return Ok(false);
        }
        let (app, organisation) = (self.app, self.claimed.organisation);
        let Ok(inner) = parse(&file.bytes, &Limits::default()) else {
            return Ok(false);
        };
        Ok(
            inner.origin.as_deref() == Some(app.config.mail_domain().as_str())
                && outbound::is_ours(app, organisation, &inner).await?,
        )
    }

    /// What of an answer is news, what is quoted of our own words, and what to look through: all that is not ours, a new
    /// subject included.
    async fn answer(
        &self,
        text: &str,
        ticket: &Ticket,
    ) -> Result<(String, String, Option<String>), DeskError> {
        let (app, organisation) = (self.app, self.claimed.organisation);
        let subject = outbound::without_prefixes(&self.mail.subject);
        let asked = match tickets::subject_for(app, organisation, ticket.id).await {
            // Nothing of ours is left to be known again.
            Err(DeskError::Gone) => return Ok((text.to_owned(), String::new(), None)),
            asked => asked?,
        };
        let is_known = subject == outbound::without_prefixes(&asked);
        let lines = Lines::of(text);
        let own = if is_known && !lines.quotes() {
            OwnWords::default()
        } else {
            outbound::own_words(app, organisation, ticket).await?
        };
        let parts = lines.split(&own);
        let mut said = parts.said;
        if !is_known && !own.hold(subject) {
            said.insert_str(0, &format!("{subject}\n\n"));
        }
        Ok((parts.fresh, parts.quoted, Some(said)))
    }

    async fn file(
        &self,
        sealing: &Sealing,
        bytes: &[u8],
        name: &str,
        media_type: &str,
    ) -> Result<NewAttachment, DeskError> {
        Ok(NewAttachment {
            blob: blobs::write(self.app, self.claimed.organisation, sealing, bytes).await?,
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
            content_id: None,
            inline: false,
            words: FileWords::default(),
        })
    }
}

struct Words {
    body: String,
    /// What of them is looked through, where that is not the body.
    said: Option<String>,
    /// The sender's name as it stands in the mail.
    called: Option<String>,
    html: Option<String>,
    envelope: Envelope,
    attachments: Vec<NewAttachment>,
}
