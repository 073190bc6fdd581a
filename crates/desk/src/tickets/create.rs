//! A request comes in.

use super::look::{Words, look};
use super::model::{MAX_SUBJECT, Status, StoredTicket, Ticket, Urgency, Written};
use super::said::{is_told, writer};
use super::{labels, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::feedback;
use crate::ids::{InboundMailId, MailboxId, MessageId, QueueId, TicketId};
use crate::orgs::model::purpose;
use crate::outbound;
use crate::patients::Requester;
use crate::records::{About, Labels};
use crate::sla::Clocks;
use crate::timeline::{
    self, Author, Envelope, MAX_BODY, MessageKind, MessageState, NewAttachment, NewMessage,
};
use crate::triage::{self, Placed};
use crate::work::Work;
use bedside_language::{Channel, Level};
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;

/// A request to be opened.
pub struct NewTicket {
    /// Who asks.
    pub requester: Requester,
    /// How it came.
    pub channel: Channel,
    /// Subject line; a short one is made of the text when empty, and where there is no text either, words that say so.
    pub subject: String,
    /// The words as plain text.
    pub body: String,
    /// The words as clean HTML.
    pub html: Option<String>,
    /// Addresses of a mail.
    pub envelope: Option<Envelope>,
    /// The names that came with the words, and what was typed in their place, to be looked through with them.
    pub called: Vec<String>,
    /// Language the requester chose or is known for.
    pub locale: Option<Locale>,
    /// Files, already written as blobs with the requester's key.
    pub attachments: Vec<NewAttachment>,
    /// What the requester said it is about, on a form; the engine decides otherwise.
    pub category: Option<String>,
    /// Queue to put it in, whatever the category says; a crisis goes to the crisis queue all the same.
    pub queue: Option<QueueId>,
    /// The mail address it came to.
    pub mailbox: Option<MailboxId>,
    /// The raw mail it came from.
    pub inbound_mail: Option<InboundMailId>,
    /// (channel, provider's id) by which a second delivery is known.
    pub external: Option<(&'static str, String)>,
    /// Whether a machine wrote it: then nothing is sent back.
    pub automatic: bool,
    /// Whether the desk wrote the words itself, about what it could not read: they are nobody's, and nobody is looked for in
    /// danger in them.
    pub own_words: bool,
    /// The words that are looked through in place of the body, where that holds the desk's own or leaves some out.
    pub said: Option<String>,
    /// When it was written.
    pub written: Written,
    /// What the requester hears by itself.
    pub answer: Answer,
    /// A ticket it seems to belong to, linked for a person to merge.
    pub related: Option<TicketId>,
    /// What else belongs to the same transaction.
    pub also: Option<Also>,
}

/// What a requester hears by itself once their request is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: it was imported, a machine sent it, or it came from the desk itself.
    Nothing,
    /// Where to call, if they seem to be in danger, whatever speaks against an ordinary answer. Nothing where they told it to
    /// somebody, who reads it out.
    Warning,
    /// That it came in, or where to call as above.
    Acknowledgement,
}

impl Answer {
    /// The acknowledgement where it is wanted; where to call in any case.
    pub fn wanted(acknowledge: bool) -> Self {
        if acknowledge {
            Self::Acknowledgement
        } else {
            Self::Warning
        }
    }
}

/// Something that is written in the same transaction as a new ticket or message.
pub type Also = Box<
    dyn for<'a, 'tx> FnOnce(
            &'a mut Work<'tx>,
            TicketId,
            MessageId,
        ) -> BoxFuture<'a, Result<(), DeskError>>
        + Send,
>;

impl NewTicket {
    /// A request with nothing but words.
    pub fn new(
        requester: Requester,
        channel: Channel,
        subject: impl Into<String>,
        body: impl Into<String>,
    ) -> Self {
        Self {
            requester,
            channel,
            subject: subject.into(),
            body: body.into(),
            html: None,
            envelope: None,
            called: Vec::new(),
            locale: None,
            attachments: Vec::new(),
            category: None,
            queue: None,
            mailbox: None,
            inbound_mail: None,
            external: None,
            automatic: false,
            own_words: false,
            said: None,
            written: Written::Now,
            answer: Answer::Acknowledgement,
            related: None,
            also: None,
        }
    }

    /// The same with what was typed in place of an address, for a person to make out. It stands below the words in the
    /// clinic's language `locale`, and is not looked through with them: that is what [`called`](Self::called) is for.
    #[must_use]
    pub fn with_typed(self, locale: Locale, address: &str) -> Self {
        if address.is_empty() {
            return self;
        }
        self.below(&Texts::new(locale).with("ticket-typed-address", "address", address))
    }

    /// The same with all of what was typed where a name belongs, where danger was heard in it: of a name a part is kept, and none of
    /// somebody who is known. It stands where an address that is none does.
    #[must_use]
    pub fn with_typed_name(self, locale: Locale, name: &str) -> Self {
        if name.is_empty() {
            return self;
        }
        self.below(&Texts::new(locale).with("ticket-typed-name", "name", name))
    }

    /// The same with these words of the desk's below.
    fn below(mut self, typed: &str) -> Self {
        self.said.get_or_insert_with(|| self.body.clone());
        let typed = &typed[..typed.floor_char_boundary(MAX_BODY / 2)];
        let room = MAX_BODY.saturating_sub(typed.len() + 2);
        self.body.truncate(self.body.floor_char_boundary(room));
        self.body = format!("{}\n\n{typed}", self.body);
        self
    }
}

/// Where words of the patient's side are now.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Landed {
    /// The ticket they opened, or were added to.
    pub id: TicketId,
    /// Its number.
    pub number: i64,
    /// Their message.
    pub message: MessageId,
}

/// Opens a ticket. What comes by mail, form or widget is allowed to everyone; staff and other systems need
/// `tickets:write`. [`DeskError::Conflict`] with `duplicate` when the provider delivered the same message before.
pub async fn create(app: &App, ctx: &Ctx, new: NewTicket) -> Result<Landed, DeskError> {
    if matches!(ctx.actor, Actor::Staff { .. } | Actor::Token { .. }) {
        ctx.authorize(Permission::TicketsWrite)?;
    }
    create_admitted(app, ctx, new).await
}

/// The same for a caller that asked for leave of its own kind: a worry in what is asked by law is heard from whoever may enter
/// that, and the log names them.
#[expect(
    clippy::too_many_lines,
    reason = "the columns of a new ticket, and its one command"
)]
pub(crate) async fn create_admitted(
    app: &App,
    ctx: &Ctx,
    mut new: NewTicket,
) -> Result<Landed, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let now = app.now();
    let mut subject = subject_of(&new.subject, &new.body);
    // What is kept of it is short, and a cry may stand at its end.
    let heard = one_line(&new.subject);
    let hint = new.locale.or(new.requester.locale);
    new.body = timeline::line_ends(new.body);
    new.said = new.said.map(timeline::line_ends);
    let at = new.written.at().unwrap_or(now);
    let is_old = new.written.is_history();
    let mut placed = if new.own_words {
        triage::unread(&clinic)?
    } else {
        let known = (new.requester.contact, new.requester.patient);
        let words = Words {
            channel: new.channel,
            subject: if heard.is_empty() { &subject } else { &heard },
            body: &new.body,
            said: new.said.as_deref(),
            called: &new.called,
            files: &new.attachments,
            hint,
            written: new.written,
            automatic: new.automatic,
            // A patient without a contact is known by who else writes for them.
            known: (!new.requester.is_new() || known.1.is_some()).then_some(known),
        };
        look(app, ctx.organisation, &clinic, &words).await?
    };
    said(&clinic, &mut placed, &new)?;
    if subject.is_empty() {
        app.i18n
            .text(clinic.locale, "ticket-no-text")
            .clone_into(&mut subject);
    }
    if is_old {
        calmed(&clinic, &mut placed);
    }
    let is_theirs = !(new.own_words || new.automatic || is_old);
    let is_feedback = is_theirs && feedback::is_feedback(new.channel, &placed.category);
    let felt = if is_feedback {
        let said = new.said.as_deref().unwrap_or(&new.body);
        Some(feedback::look(app, &new.subject, said).await?)
    } else {
        None
    };
    let id: TicketId = app.id();
    let sealing = new.requester.sealing.clone();
    let urgency = Urgency::from(placed.urgency);
    let written_by = writer(ctx, new.channel);
    let aloud = is_told(new.channel, written_by);
    let author = Author::Contact(new.requester.contact.uuid());
    let first = timeline::seal(
        app,
        &sealing,
        NewMessage {
            kind: MessageKind::Inbound,
            channel: new.channel.code(),
            author,
            // A request that somebody opens for a person who called is told, not written.
            written_by,
            recipient: None,
            body: new.body,
            html: new.html,
            envelope: new.envelope,
            locale: placed.locale.tag(),
            automatic: new.automatic,
            state: MessageState::Received,
            attachments: new.attachments,
            inbound_mail: new.inbound_mail,
            written: new.written.at(),
            found: placed.found.clone(),
        },
    )?;
    let stored = StoredTicket {
        subject: sealing.text("tickets", "subject", id, &subject),
        fields: None,
        tagged: false,
        ticket: Ticket {
            id,
            number: 0,
            key: sealing.id,
            contact: new.requester.contact,
            patient: new.requester.patient,
            about: About::NOBODY,
            mailbox: new.mailbox,
            queue: placed.queue_id,
            assignee: None,
            clocks: if is_old {
                Clocks::default()
            } else {
                Clocks::at_opening(&clinic, &placed.category, urgency.code(), at)
            },
            category: placed.category,
            urgency,
            safety: placed.found.level.code().to_owned(),
            status: Status::New,
            sub_status: None,
            channel: new.channel.code().to_owned(),
            locale: placed.locale,
            triage: (&placed.why).try_into()?,
            first_responded_at: None,
            waiting_since: (!is_old).then_some(at),
            snoozed_until: None,
            paused_at: None,
            resolved_at: None,
            merged_into: None,
            message_count: 1,
            last_message_at: at,
            last_message_by: "contact".to_owned(),
            created_at: at,
            updated_at: at,
            emptied_at: None,
            labels: Labels::NONE,
            version: 1,
        },
    };
    let shared = Arc::new((new.requester, stored, first));
    let (external, related, also) = (new.external, new.related, new.also);
    let is_warned = new.answer != Answer::Nothing
        && !(new.own_words || is_old)
        && shared.1.ticket.safety == Level::Emergency.code();
    let is_read_out = aloud && shared.1.ticket.urgency == Urgency::Emergency;
    let acknowledge =
        !is_read_out && (is_warned || (new.answer == Answer::Acknowledgement && !new.automatic));
    let language = placed.language;
    app.command(ctx, move |work| {
        async move {
            let (requester, stored, first) = &*shared;
            let organisation = work.ctx.organisation;
            first_delivery(work, external.as_ref(), id, first.id).await?;
            requester.store(work).await?;
            let number = store::next_number(work, organisation).await?;
            let mut stored = stored.clone();
            stored.ticket.number = number;
            store::insert(work, organisation, &stored).await?;
            first.store(work, id).await?;
            if let Some(felt) = &felt {
                feedback::note(work, id, first.id.uuid(), felt, at).await?;
            }
            if let Some(other) = related {
                store::add_link(work, organisation, id, other, "related").await?;
                labels::follow(work, id, other).await?;
            }
            work.event(
                kind::TICKET_CREATED,
                Some(id),
                Some(first.id),
                &serde_json::json!({ "number": number }),
            );
            work.audit(NewEntry::new("ticket.create", "ticket", id).purpose("treatment"));
            if acknowledge {
                outbound::acknowledge(work, &stored.ticket, requester, language).await?;
            }
            if let Some(also) = also {
                also(work, id, first.id).await?;
            }
            Ok(Landed {
                id,
                number,
                message: first.id,
            })
        }
        .boxed()
    })
    .await
}

/// Takes note of the provider's id of a message; [`DeskError::Conflict`] with `duplicate` where it came before.
pub(super) async fn first_delivery(
    work: &mut Work<'_>,
    external: Option<&(&'static str, String)>,
    ticket: TicketId,
    message: MessageId,
) -> Result<(), DeskError> {
    if let Some((channel, external)) = external
        && !timeline::note_external(work, channel, external, Some(ticket), Some(message)).await?
    {
        return Err(DeskError::Conflict {
            code: "duplicate",
            text: "This message is here already.",
        });
    }
    Ok(())
}

/// What the requester or a rule said about it wins over the engine, except over a crisis.
fn said(
    clinic: &crate::orgs::Clinic,
    placed: &mut Placed,
    new: &NewTicket,
) -> Result<(), DeskError> {
    if let Some(code) = &new.category {
        let category = clinic.category(code).ok_or_else(|| {
            DeskError::invalid(
                "category",
                "unknown_category",
                "This category does not exist.",
            )
        })?;
        placed.category.clone_from(code);
        if placed.found.level != Level::Emergency {
            placed.queue_id = category.queue_id;
        }
    }
    if let Some(queue) = new.queue
        && placed.found.level != Level::Emergency
    {
        clinic.queue(queue).ok_or_else(|| {
            DeskError::invalid("queue_id", "unknown_queue", "This queue does not exist.")
        })?;
        placed.queue_id = queue;
    }
    Ok(())
}

/// An emergency of the past stands with the urgent ones, for a person to see, and not above those of today.
fn calmed(clinic: &crate::orgs::Clinic, placed: &mut Placed) {
    if placed.found.level != Level::Emergency {
        return;
    }
    placed.urgency = bedside_language::Urgency::Urgent;
    if let Some(queue) = clinic.queue_for(purpose::NEEDS_LOOK) {
        placed.queue_id = queue.id;
    }
}

/// A text as one line.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The subject as kept: one line, at most [`MAX_SUBJECT`] characters, the beginning of the text when there is none.
pub(super) fn subject_of(subject: &str, body: &str) -> String {
    let given = one_line(&subject.chars().take(4 * MAX_SUBJECT).collect::<String>());
    if !given.is_empty() {
        return given.chars().take(MAX_SUBJECT).collect();
    }
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start = line(&body.chars().take(200).collect::<String>());
    match start.char_indices().nth(60) {
        Some((cut, _)) => format!("{}…", start[..cut].trim_end()),
        None => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(subject_of(" My\r\nBcc: x@y bill ", ""), "My Bcc: x@y bill");
        assert_eq!(
            subject_of("", "Hello,\n\nI need a refill"),
            "Hello, I need a refill"
        );
        assert!(subject_of("", &"long words ".repeat(30)).ends_with('…'));
        assert_eq!(
            subject_of(&"x".repeat(9999), "").chars().count(),
            MAX_SUBJECT
        );
    }
}
