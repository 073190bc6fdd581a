//! A ticket's timeline as a page shows it: messages, notes and what else happened, in time.

use super::away;
use super::coach::Heard;
use super::found::{self, FoundShown, Told};
use super::inbox::category_name;
use super::layout::{Page, Shell};
use super::ui::{self, Chip, Face, When};
use super::unproven::{self, Unproven};
use super::verified;
use crate::config::Config;
use crate::context::Permission;
use crate::error::DeskError;
use crate::events::{Event, kind};
use crate::ids::MessageId;
use crate::orgs::Clinic;
use crate::records::uploads::is_misnamed;
use crate::tickets::{CalmReason, Status, TicketView, Urgency};
use crate::timeline::files::Scan;
use crate::timeline::{AttachmentView, MessageKind, MessageState, MessageView};
use crate::triage::Found;
use askama::Template;
use bedside_codecs::mail::html::{mark, text_to_html, through};
use bedside_codecs::picture;
use bedside_language::Level;
use bedside_web::i18n::Texts;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// The timeline alone; swapped in by live updates.
#[derive(Template)]
#[template(path = "pages/templates/timeline.html")]
pub(super) struct Timeline {
    pub shell: Shell,
    pub number: i64,
    pub items: Vec<Item>,
    /// What the coach must know, for who may answer.
    pub heard: Option<Heard>,
}

/// One entry.
pub(super) enum Item {
    Words(Box<Words>),
    Event(What),
}

/// A message or a note.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what its template asks of it, and nothing that hangs together"
)]
pub(super) struct Words {
    pub id: MessageId,
    pub class: &'static str,
    pub face: Face,
    pub kind_icon: &'static str,
    pub kind_text: &'static str,
    pub automatic: bool,
    /// Who wrote down what they said, in words.
    pub told: Option<String>,
    pub state: Option<Chip>,
    pub state_help: Option<&'static str>,
    /// Why nobody knows that it is from whom it names.
    pub unproven: Option<Unproven>,
    pub when: When,
    pub html: String,
    /// What was found about danger, with its words marked in the text.
    pub found: Option<FoundShown>,
    pub lang: String,
    pub quoted: Option<String>,
    /// Whether pictures of another host were taken out.
    pub remote: bool,
    pub files: Vec<FileLink>,
    pub undo: bool,
    /// Whether it is a note that rings nowhere and reads as if it should.
    pub theirs: bool,
}

/// A file of a message.
pub(super) struct FileLink {
    /// Where it is opened; none while it must not be.
    pub href: Option<String>,
    /// Where a picture is had with what its camera wrote into it, by who may ask.
    pub original: Option<String>,
    /// What the virus scanner said, where it is worth a word.
    pub scan: Option<Chip>,
    /// What that means and what to do.
    pub scan_help: Option<String>,
    pub name: String,
    pub size: String,
    /// Whether the name promises something else than the content is.
    pub misnamed: bool,
}

/// Something that happened.
pub(super) struct What {
    pub icon: &'static str,
    pub text: String,
    pub when: When,
}

/// What a file's chip says, and what it means. Where no scanner is set, only what was harmful is worth a word.
fn scanned(
    file: &AttachmentView,
    config: &Config,
    may_open: bool,
    t: Texts,
) -> (Option<Chip>, Option<String>) {
    let chip = |class, icon, key| {
        Some(Chip {
            class,
            icon,
            text: t.text(key).to_owned(),
        })
    };
    let found = file.scan_note.as_deref().unwrap_or_default();
    match file.scan {
        Scan::Infected => (
            chip("chip-urgent", "triangle-alert", "file-infected"),
            Some(t.with("file-infected-help", "found", found).into_owned()),
        ),
        _ if config.scanner.is_none() => (None, None),
        Scan::Clean => (None, None),
        Scan::Waiting | Scan::Unscanned if !may_open => (chip("", "clock", "file-waiting"), None),
        Scan::Waiting | Scan::Unscanned => (chip("", "circle-help", "file-unchecked"), None),
        Scan::Failed => {
            let help = match (found, may_open) {
                ("too_large", _) => "file-unchecked-large",
                (_, true) => "file-unchecked-open",
                (_, false) => "file-unchecked-held",
            };
            (
                chip("chip-urgent", "circle-help", "file-unchecked"),
                Some(t.text(help).to_owned()),
            )
        }
    }
}

/// Whether a note of this request may become what the contact said: it does not stand at the top, and takes words.
fn may_offer(view: &TicketView) -> bool {
    view.ticket.rank() != 0 && view.ticket.merged_into.is_none()
}

/// Whether a note reads as if somebody may be in danger, and nobody has made it theirs, or said since that nobody is.
fn rings_nowhere(view: &TicketView, note: &MessageView) -> bool {
    let tells = |found: &Found| found.level == Level::Emergency;
    if note.kind != MessageKind::Note || !note.found.as_ref().is_some_and(tells) {
        return false;
    }
    let said = view.messages.iter().any(|other| {
        let told = other.kind == MessageKind::Inbound && other.written_by.is_some();
        told && other.body.lines().eq(note.body.lines())
    });
    let calmed = view
        .events
        .iter()
        .any(|event| event.at >= note.created_at && event.data["to"]["not_a_crisis"].is_string());
    !(said || calmed)
}

/// What entries are told with.
pub(super) struct Teller<'a> {
    pub page: &'a Page,
    pub clinic: &'a Clinic,
    pub names: &'a HashMap<Uuid, String>,
}

impl Teller<'_> {
    fn t(&self) -> Texts {
        self.page.texts()
    }

    fn when(&self, at: bedside_db::Timestamp) -> When {
        ui::ago(
            at,
            self.page.app.now(),
            &self.clinic.time_zone,
            self.page.ctx.locale,
        )
    }

    /// Everything of `view` in time.
    pub(super) fn timeline(&self, shell: Shell, view: &TicketView) -> Timeline {
        let requester = view
            .contact
            .name
            .as_deref()
            .or(view.contact.email())
            .or(view.contact.phone());
        let requester = requester.unwrap_or_else(|| self.t().text("someone"));
        let doubted = |author| unproven::of(&view.messages, author).is_some();
        let offers = shell.nav.write && may_offer(view);
        let words = view.messages.iter().map(|message| {
            let mut words = self.words(view.ticket.number, message, requester);
            words.theirs = offers && rings_nowhere(view, message);
            // Once the address is proven, only what the mail server refused to believe is still told.
            words.unproven = unproven::one(message)
                .filter(|why| *why == Unproven::Failed || doubted(message.author_id));
            (message.created_at, Item::Words(Box::new(words)))
        });
        let events = view
            .events
            .iter()
            .filter_map(|event| Some((event.at, Item::Event(self.what(event)?))));
        let mut items: Vec<_> = events.chain(words).collect();
        items.sort_by_key(|(at, _)| *at);
        Timeline {
            heard: shell.nav.write.then(|| Heard::of(view)),
            shell,
            number: view.ticket.number,
            items: items.into_iter().map(|(_, item)| item).collect(),
        }
    }

    fn author(&self, kind: &str, id: Option<Uuid>, requester: &str) -> String {
        match (kind, id.and_then(|id| self.names.get(&id))) {
            ("staff", Some(name)) => name.clone(),
            ("contact", _) => requester.to_owned(),
            ("token", _) => self.t().text("author-system").to_owned(),
            _ => self.t().text("app-name").to_owned(),
        }
    }

    /// Who of the staff, or that another system, wrote down what somebody said.
    fn told(&self, by: Uuid) -> String {
        let t = self.t();
        match self.names.get(&by) {
            Some(who) => t.with("message-told", "who", who.as_str()).into_owned(),
            None => t.text("message-told-system").to_owned(),
        }
    }

    fn words(&self, number: i64, message: &MessageView, requester: &str) -> Words {
        let (class, icon, text) = match message.kind {
            MessageKind::Inbound => (
                "msg-patient",
                ui::channel(&message.channel).0,
                "message-from-patient",
            ),
            MessageKind::Outbound => ("msg-staff", "reply", "message-from-staff"),
            MessageKind::Note => ("msg-note", "lock", "message-note"),
        };
        let (state, state_help) = delivery(message, self.t());
        let quoted = message
            .envelope
            .as_ref()
            .map(|envelope| envelope.quoted.as_str())
            .filter(|text| !text.trim().is_empty());
        let own = message.author_id.is_some() && message.author_id == self.page.ctx.actor.uuid();
        let open = self.page.app.now()
            < message
                .created_at
                .plus_seconds(self.clinic.settings.undo_seconds);
        let html = message
            .html
            .clone()
            .unwrap_or_else(|| text_to_html(&message.body));
        let html = match &message.found {
            Some(found) => mark(&html, &message.body, &found::places(found)),
            None => html,
        };
        let html = through(&html, &|place| away::path(number, message.id, place));
        let knowledge = self.page.app.knowledge();
        let told = Told {
            engine: &knowledge.engine,
            clinic: self.clinic,
            t: self.t(),
        };
        Words {
            found: message
                .found
                .as_ref()
                .and_then(|found| FoundShown::of(told, found, &message.body)),
            id: message.id,
            class,
            face: Face::of(&self.author(&message.author_kind, message.author_id, requester)),
            kind_icon: icon,
            kind_text: text,
            automatic: message.automatic,
            told: message.written_by.map(|by| self.told(by)),
            state,
            state_help,
            unproven: None,
            when: self.when(message.created_at),
            lang: message.locale.clone(),
            quoted: quoted.map(text_to_html),
            remote: message
                .envelope
                .as_ref()
                .is_some_and(|envelope| envelope.had_remote),
            files: message
                .attachments
                .iter()
                // A picture that no text shows is a file like any other.
                .filter(|file| !(file.inline && html.contains(&file.id.to_string())))
                .map(|file| self.file(file))
                .collect(),
            undo: own
                && open
                && message.kind == MessageKind::Outbound
                && message.state == MessageState::Queued,
            theirs: false,
            html,
        }
    }

    fn file(&self, file: &AttachmentView) -> FileLink {
        let (config, href) = (&self.page.app.config, format!("/attachments/{}", file.id));
        let may_open = file.may_be_opened(config).is_ok();
        let is_picture = picture::Kind::of(&file.media_type).is_some();
        let may_ask = self.page.ctx.permissions().has(Permission::RestrictedOpen);
        let (scan, scan_help) = scanned(file, config, may_open, self.t());
        FileLink {
            original: (may_open && is_picture && may_ask).then(|| format!("{href}/original")),
            href: may_open.then_some(href),
            scan,
            scan_help,
            name: file.name.clone(),
            size: ui::size(file.size),
            misnamed: is_misnamed(&file.name, &file.media_type),
        }
    }

    fn what(&self, event: &Event) -> Option<What> {
        let t = self.t();
        let who = self.author(
            &event.actor_kind,
            event.actor_id,
            t.text("event-patient-side"),
        );
        let number = || {
            event.data["number"]
                .as_i64()
                .unwrap_or_default()
                .to_string()
        };
        let told = |key: &'static str, value: String| {
            t.format(
                key,
                &[("who", who.as_str().into()), ("value", value.into())],
            )
            .into_owned()
        };
        let (icon, text) = match event.kind.as_str() {
            kind::TICKET_CREATED => ("plus", t.text("event-created").to_owned()),
            kind::TICKET_CHANGED => self.changes(event, &who)?,
            kind::TICKET_MERGED => ("merge", told("event-merged", number())),
            kind::TICKET_SPLIT => ("split", told("event-split", number())),
            kind::TICKET_LINKED => ("link", told("event-linked", number())),
            kind::IDENTITY => verified::event(event, &who, t)?,
            kind::TICKET_RATED => (
                "star",
                told(
                    "event-rated",
                    event.data["score"].as_i64().unwrap_or_default().to_string(),
                ),
            ),
            _ => return None,
        };
        Some(What {
            icon,
            text,
            when: self.when(event.at),
        })
    }

    /// The changes of one event: one is told in a sentence, several are listed.
    fn changes(&self, event: &Event, who: &str) -> Option<(&'static str, String)> {
        let t = self.t();
        let told = |key: &'static str, value: &str| {
            t.format(key, &[("who", who.into()), ("value", value.into())])
                .into_owned()
        };
        let changes: Vec<_> = event.data["to"].as_object()?.iter().collect();
        if let [(field, to)] = changes.as_slice() {
            let took = *field == "assignee_id"
                && event
                    .actor_id
                    .is_some_and(|id| to.as_str() == Some(&id.to_string()));
            return Some(match self.change(field, to) {
                Some(_) if took => ("user-check", told("event-took", "")),
                Some((icon, key, value)) => (icon, told(key, &value)),
                None => ("pencil", told("event-changed", self.field(field))),
            });
        }
        let calm = event.data["to"]["not_a_crisis"].as_str();
        let calm = calm.and_then(CalmReason::from_code);
        let listed = changes.iter().filter(|(field, _)| *field != "not_a_crisis");
        let named = listed.map(|(field, to)| {
            let value = self
                .change(field, to)
                .map(|(_, _, value)| value)
                .filter(|value| !value.is_empty());
            value.map_or_else(
                || self.field(field).to_owned(),
                |value| format!("{}: {value}", self.field(field)),
            )
        });
        let named: Vec<_> = named.collect();
        if let Some(reason) = calm {
            let why = t.text(ui::calm_key(reason));
            let said = [told("event-not-a-crisis", why)].into_iter().chain(named);
            return Some(("shield-check", said.collect::<Vec<_>>().join(" · ")));
        }
        (!named.is_empty()).then(|| ("pencil", told("event-changed", &named.join(" · "))))
    }

    /// A field's name for people.
    pub(super) fn field(&self, field: &str) -> &'static str {
        let key = match field {
            "status" => "status",
            "sub_status_id" => "sub-status",
            "urgency" => "urgency",
            "category" => "category",
            "queue_id" => "queue",
            "assignee_id" => "assignee",
            "locale" => "language",
            "snoozed_until" => "action-snooze",
            "subject" => "ticket-subject",
            "tags" => "tags",
            "messages" => "timeline",
            "patient_id" => "patient",
            "not_a_crisis" => "calm-title",
            "labels" => "patient-labels",
            "handed_over" => "nurse-handed-over",
            "hand_over_undone" => "nurse-taken-back",
            "disposition" => "disposition-title",
            _ => "ticket-fields",
        };
        bedside_web::I18n::global().text(self.page.ctx.locale, key)
    }

    fn change(&self, field: &str, to: &Value) -> Option<(&'static str, &'static str, String)> {
        let (t, locale) = (self.t(), self.page.ctx.locale);
        let code = to.as_str().unwrap_or_default();
        match field {
            "status" => {
                let status = Status::from_code(code)?;
                Some((
                    ui::status_chip(status, t).icon,
                    "event-status",
                    t.text(ui::status_key(status)).to_owned(),
                ))
            }
            "urgency" => {
                let urgency = Urgency::from_code(code)?;
                Some((
                    "flag",
                    "event-urgency",
                    t.text(ui::urgency_key(urgency)).to_owned(),
                ))
            }
            "category" => Some((
                "folder-open",
                "event-category",
                category_name(self.clinic, code, locale),
            )),
            "queue_id" => {
                let queue = self.clinic.queue(code.parse().ok()?)?;
                Some((
                    "inbox",
                    "event-queue",
                    queue.names.in_locale(locale).to_owned(),
                ))
            }
            "assignee_id" if to.is_null() => Some(("user", "event-unassigned", String::new())),
            "assignee_id" => {
                let name = self.names.get(&code.parse().ok()?)?;
                Some(("user-check", "event-assigned", name.clone()))
            }
            "handed_over" => Some(("heart-handshake", "event-handed-over", String::new())),
            "hand_over_undone" => Some(("rotate-ccw", "event-taken-back", String::new())),
            "disposition" => Some(("activity", "event-disposition", String::new())),
            "snoozed_until" if to.is_null() => Some(("bell", "event-woken", String::new())),
            "snoozed_until" => {
                let until = to.as_i64()?;
                let at =
                    bedside_web::i18n::time::format_time(until, &self.clinic.time_zone, locale);
                Some(("moon", "event-snoozed", at))
            }
            _ => None,
        }
    }
}

/// Where an answer is on its way, and what that means when something is wrong.
fn delivery(message: &MessageView, t: Texts) -> (Option<Chip>, Option<&'static str>) {
    let (class, icon, key, help) = match (message.kind, message.state) {
        (MessageKind::Outbound, MessageState::Queued) => {
            ("chip-waiting", "clock", "delivery-queued", None)
        }
        (MessageKind::Outbound, MessageState::Accepted) => {
            ("chip-done", "check", "delivery-accepted", None)
        }
        (MessageKind::Outbound, MessageState::Stored) => {
            ("chip-done", "check", "delivery-stored", None)
        }
        (_, MessageState::Bounced) => (
            "chip-urgent",
            "triangle-alert",
            "delivery-bounced",
            Some("delivery-bounced-help"),
        ),
        (_, MessageState::Failed) => (
            "chip-urgent",
            "triangle-alert",
            "delivery-failed",
            Some("delivery-failed-help"),
        ),
        (_, MessageState::Cancelled) => ("", "x", "delivery-cancelled", None),
        _ => return (None, None),
    };
    (
        Some(Chip {
            class,
            icon,
            text: t.text(key).to_owned(),
        }),
        help,
    )
}

/// Everything about a ticket, for its page.
pub(super) async fn load(page: &Page, text: &str) -> Result<TicketView, DeskError> {
    let id = crate::tickets::resolve(&page.app, &page.ctx, text).await?;
    crate::tickets::view(&page.app, &page.ctx, id).await
}
