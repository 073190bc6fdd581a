//! Tickets, messages and people as the API shows them.

use super::parts::Instant;
use crate::context::{Ctx, Permission};
use crate::feedback::Told;
use crate::field_group::FieldGroup;
use crate::patients::{ContactView, PatientView};
use crate::records::Label;
use crate::records::uploads::is_misnamed;
use crate::sla::NOTHING_DUE;
use crate::tickets::model::{LinkView, Ticket, TicketRow, TicketView};
use crate::tickets::{Disposition, Status, Tag, Urgency};
use crate::timeline::files::Scan;
use crate::timeline::{AttachmentView, Doubt, MessageKind, MessageState, MessageView};
use bedside_db::{Id, Timestamp};
use bedside_language::Engine;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

fn at(instant: Option<Timestamp>) -> Option<Instant> {
    instant.map(Instant)
}

/// A ticket without its words.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketOut {
    /// Its id.
    pub id: Uuid,
    /// Its number within the organisation, for people.
    #[schema(example = 1042)]
    pub number: i64,
    /// Subject line.
    #[schema(example = "Question about my bill")]
    pub subject: String,
    /// Where it stands.
    pub status: Status,
    /// The clinic's finer name for it.
    pub sub_status_id: Option<Uuid>,
    /// How soon a person must look.
    pub urgency: Urgency,
    /// `none`, `concern` or `emergency`.
    #[schema(example = "none")]
    pub safety: String,
    /// Category code.
    #[schema(example = "billing")]
    pub category: String,
    /// Where it waits.
    pub queue_id: Uuid,
    /// Who has it.
    pub assignee_id: Option<Uuid>,
    /// Who asks; absent where `restricted`.
    pub contact_id: Option<Uuid>,
    /// Whom it is about, where known.
    pub patient_id: Option<Uuid>,
    /// How it came.
    #[schema(example = "email")]
    pub channel: String,
    /// The language to answer in.
    #[schema(example = "en")]
    pub language: &'static str,
    /// Tags.
    pub tags: Vec<String>,
    /// What decides its place in lists; absent while nothing is owed.
    pub due_at: Option<Instant>,
    /// When the first answer is due.
    pub first_response_due: Option<Instant>,
    /// When the next answer is due.
    pub next_response_due: Option<Instant>,
    /// When it is due to be resolved.
    pub resolution_due: Option<Instant>,
    /// When the first answer was given.
    pub first_responded_at: Option<Instant>,
    /// Since when the patient's side waits for an answer.
    pub waiting_since: Option<Instant>,
    /// Put aside until then; lists have it as due at that instant, and it comes back open.
    pub snoozed_until: Option<Instant>,
    /// When it was resolved.
    pub resolved_at: Option<Instant>,
    /// The ticket it went into.
    pub merged_into: Option<Uuid>,
    /// Messages and notes.
    pub message_count: i64,
    /// When the newest message came.
    pub last_message_at: Instant,
    /// `contact`, `staff` or `system`: who wrote it. `undelivered` when the newest answer, or a warning where to call, did not arrive.
    pub last_message_by: String,
    /// When it was opened.
    pub created_at: Instant,
    /// When it last changed.
    pub updated_at: Instant,
    /// Counts every change; also the `ETag`.
    pub version: i64,
}

impl TicketOut {
    fn new(ticket: &Ticket, subject: String, tags: Vec<Tag>) -> Self {
        Self {
            id: ticket.id.uuid(),
            number: ticket.number,
            subject,
            status: ticket.status,
            sub_status_id: ticket.sub_status.map(Id::uuid),
            urgency: ticket.urgency,
            safety: ticket.safety.clone(),
            category: ticket.category.clone(),
            queue_id: ticket.queue.uuid(),
            assignee_id: ticket.assignee.map(Id::uuid),
            contact_id: Some(ticket.contact.uuid()),
            patient_id: ticket.patient.map(Id::uuid),
            channel: ticket.channel.clone(),
            language: ticket.locale.tag(),
            tags: tags.into_iter().map(|tag| tag.text).collect(),
            due_at: Some(ticket.due_at())
                .filter(|due| *due < NOTHING_DUE)
                .map(Instant),
            first_response_due: at(ticket.clocks.first_response),
            next_response_due: at(ticket.clocks.next_response),
            resolution_due: at(ticket.clocks.resolution),
            first_responded_at: at(ticket.first_responded_at),
            waiting_since: at(ticket.waiting_since),
            snoozed_until: at(ticket.snoozed_until),
            resolved_at: at(ticket.resolved_at),
            merged_into: ticket.merged_into.map(Id::uuid),
            message_count: ticket.message_count,
            last_message_at: Instant(ticket.last_message_at),
            last_message_by: ticket.last_message_by.clone(),
            created_at: Instant(ticket.created_at),
            updated_at: Instant(ticket.updated_at),
            version: ticket.version,
        }
    }
}

/// A ticket in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct RowOut {
    /// The ticket.
    #[serde(flatten)]
    ticket: TicketOut,
    /// The requester's name or address.
    requester: String,
    /// Whether words and people are kept from the caller, because of the patient's labels: then they are empty here.
    restricted: bool,
}

impl From<TicketRow> for RowOut {
    fn from(row: TicketRow) -> Self {
        let mut ticket = TicketOut::new(&row.ticket, row.subject, row.tags);
        if row.restricted {
            (ticket.contact_id, ticket.patient_id) = (None, None);
        }
        Self {
            ticket,
            requester: row.requester,
            restricted: row.restricted,
        }
    }
}

/// A ticket with all that belongs to it except its messages.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketDetail {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: TicketOut,
    /// The clinic's own fields.
    #[schema(value_type = Object)]
    fields: serde_json::Map<String, serde_json::Value>,
    /// Who asks: the whole contact where the token may see people, else who it is.
    contact: AskerOut,
    /// Whom it is about, where the token may see patients.
    patient: Option<PatientOut>,
    /// What is left out of it while whoever is on the line may be somebody else; absent where nothing is.
    hidden: Option<HiddenOut>,
    /// What feedback in it (its rating's comment, surveys, a ticket about feedback) is about and how they felt.
    feedback: Vec<Told>,
    /// Linked tickets.
    links: Vec<LinkOut>,
    /// Who of the staff follows it.
    follower_ids: Vec<Uuid>,
    /// Whether it was handed to a nurse and waits for a disposition: until then it is not resolved or closed.
    handed_to_nurse: bool,
    /// What a clinician decided last.
    disposition: Option<DispositionOut>,
    /// Why it was placed where it is.
    triage: TriageOut,
}

/// What a clinician decided.
#[derive(Serialize, ToSchema)]
struct DispositionOut {
    /// Code of the clinic's `language/questions.toml`, of today or of another time.
    #[schema(example = "seen_today")]
    code: String,
    /// Who decided; none for the desk itself.
    by: Option<Uuid>,
    /// When.
    at: Instant,
    /// The note with their own words.
    note_id: Uuid,
}

impl From<Disposition> for DispositionOut {
    fn from(made: Disposition) -> Self {
        Self {
            code: made.code,
            by: made.by,
            at: Instant(made.at),
            note_id: made.note.uuid(),
        }
    }
}

/// Why something is left out.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Unshown {
    /// The request is live (`phone`, `video`, `sms` or `chat`), and whoever asks in it was not verified as far as that takes.
    Unverified,
}

/// What is left out of a live request, as `null` or an empty list, because whoever asks in it was not verified that far.
/// Nothing is left out of an emergency. How far they are verified is said to people, on the request's page.
#[derive(Serialize, ToSchema)]
pub(super) struct HiddenOut {
    /// Why.
    reason: Unshown,
    /// Of which kinds: birth dates and record numbers (`identifiers`) are shown from the first level on, all else from the
    /// second.
    groups: Vec<FieldGroup>,
    /// The clinic's own fields that have a value and are left out.
    fields: Vec<String>,
}

impl HiddenOut {
    fn of(view: &TicketView) -> Option<Self> {
        let groups: Vec<_> = view.scene.sight.hidden().collect();
        (!groups.is_empty()).then(|| Self {
            reason: Unshown::Unverified,
            groups,
            fields: view.hidden_fields.clone(),
        })
    }
}

/// Who asks.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum AskerOut {
    /// With `patients:read`.
    Whole(ContactOut),
    /// Without it.
    ByName(NameOut),
}

/// Who a contact is.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameOut {
    /// Their id.
    id: Uuid,
    /// Name as they wrote it.
    name: Option<String>,
}

impl TicketDetail {
    /// What `ctx` may see of it, in its language.
    pub(super) fn for_reader(ctx: &Ctx, view: TicketView, engine: &Engine) -> Self {
        let hidden = HiddenOut::of(&view);
        let contact = if ctx.permissions().has(Permission::PatientsRead) {
            AskerOut::Whole(view.contact.into())
        } else {
            AskerOut::ByName(NameOut {
                id: view.contact.id.uuid(),
                name: view.contact.name,
            })
        };
        let why = view.ticket.triage.read();
        let reasons = why.texts(engine, ctx.locale);
        let triage = TriageOut {
            confidence: why.confidence,
            unsure: why.unsure,
            reasons: reasons.into_iter().map(str::to_owned).collect(),
        };
        Self {
            ticket: TicketOut::new(&view.ticket, view.subject, view.tags),
            fields: view.fields,
            contact,
            patient: view.patient.map(Into::into),
            hidden,
            feedback: view.feedback,
            links: view.links.into_iter().map(Into::into).collect(),
            follower_ids: view.followers.into_iter().map(Id::uuid).collect(),
            handed_to_nurse: view.nursed.waits,
            disposition: view.nursed.disposition.map(Into::into),
            triage,
        }
    }
}

/// Why a ticket was placed where it is.
#[derive(Serialize, ToSchema)]
struct TriageOut {
    /// 0 to 1.
    confidence: f32,
    /// Whether a person should decide.
    unsure: bool,
    /// The reasons, strongest first, in the language of who asks: a person's own, for a token that of `Accept-Language`.
    reasons: Vec<String>,
}

/// A linked ticket.
#[derive(Serialize, ToSchema)]
struct LinkOut {
    /// `related`, `merged_into`, `merged_from`, `split_from` or `split_into`.
    kind: String,
    /// The other ticket.
    ticket_id: Uuid,
    /// Its number.
    number: i64,
    /// Where it stands.
    status: Status,
}

impl From<LinkView> for LinkOut {
    fn from(link: LinkView) -> Self {
        Self {
            kind: link.kind,
            ticket_id: link.ticket.uuid(),
            number: link.number,
            status: link.status,
        }
    }
}

/// A message or a note.
#[derive(Serialize, ToSchema)]
pub(super) struct MessageOut {
    /// Its id.
    id: Uuid,
    /// From the patient's side, to it, or a note among the staff.
    kind: MessageKind,
    /// How it came or goes.
    #[schema(example = "email")]
    channel: String,
    /// `staff`, `contact`, `token` or `system`.
    author_kind: String,
    /// The author's id.
    author_id: Option<Uuid>,
    /// Who of the staff, or which token, wrote down what the author said; none for what they wrote themselves.
    written_down_by: Option<Uuid>,
    /// The words as plain text (Markdown for the staff's own).
    body: String,
    /// The words as clean HTML.
    html: Option<String>,
    /// Addresses of a mail.
    envelope: Option<EnvelopeOut>,
    /// Language tag.
    language: String,
    /// Whether a machine wrote it.
    automatic: bool,
    /// Where it is on its way.
    state: MessageState,
    /// Since when.
    state_at: Instant,
    /// Its files; read them at `/api/v1/attachments/{id}`.
    attachments: Vec<AttachmentOut>,
    /// When it was written.
    created_at: Instant,
}

/// Addresses of a mail; masked, or `•••` alone, where those of the contact are masked or left out.
#[derive(Serialize, ToSchema)]
struct EnvelopeOut {
    /// Sender.
    from: String,
    /// Recipients.
    to: Vec<String>,
    /// Copies.
    cc: Vec<String>,
    /// Subject line of this message.
    subject: String,
    /// Why nobody knows that the mail is from the address it names; none when that was shown.
    doubt: Option<Doubt>,
}

impl From<MessageView> for MessageOut {
    fn from(view: MessageView) -> Self {
        Self {
            id: view.id.uuid(),
            kind: view.kind,
            channel: view.channel,
            author_kind: view.author_kind,
            author_id: view.author_id,
            written_down_by: view.written_by,
            body: view.body,
            html: view.html,
            envelope: view.envelope.map(|envelope| EnvelopeOut {
                from: envelope.from,
                to: envelope.to,
                cc: envelope.cc,
                subject: envelope.subject,
                doubt: envelope.doubt,
            }),
            language: view.locale,
            automatic: view.automatic,
            state: view.state,
            state_at: Instant(view.state_at),
            attachments: view.attachments.into_iter().map(Into::into).collect(),
            created_at: Instant(view.created_at),
        }
    }
}

/// A file of a message.
#[derive(Serialize, ToSchema)]
struct AttachmentOut {
    /// Its id.
    id: Uuid,
    /// File name.
    name: String,
    /// Media type, found by looking at the content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// Whether the name promises something else than the content is; it is handed out under a name that says what it is.
    misnamed: bool,
    /// Bytes.
    size: i64,
    /// Whether it is shown inside the text.
    inline: bool,
    /// What the virus scanner said: it can be read when this is `clean`, or, where no scanner is set or the settings let
    /// it, `unscanned` or `failed`.
    scan: Scan,
}

impl From<AttachmentView> for AttachmentOut {
    fn from(view: AttachmentView) -> Self {
        Self {
            id: view.id.uuid(),
            misnamed: is_misnamed(&view.name, &view.media_type),
            name: view.name,
            media_type: view.media_type,
            size: view.size,
            inline: view.inline,
            scan: view.scan,
        }
    }
}

/// A patient with whoever writes for them.
#[derive(Serialize, ToSchema)]
pub(super) struct PatientOut {
    /// Their id.
    pub id: Uuid,
    /// Full name.
    pub name: String,
    /// `YYYY-MM-DD`. Like the record number left out where the caller lacks the scope `fields:identifiers`, and within a
    /// ticket whose `hidden` says so.
    pub birth_date: Option<String>,
    /// Medical record number.
    pub mrn: Option<String>,
    /// Whether birth date and record number are left out, because of the caller's scopes.
    pub unidentified: bool,
    /// Preferred language.
    pub language: Option<String>,
    /// Whether this person wants no content in mail.
    pub secure_link: bool,
    /// What keeps their record from most; empty where `restricted`. What they asked to keep to by law stands at
    /// `/api/v1/patients/{id}/standing`.
    pub labels: Vec<Label>,
    /// Whether their record is kept from the caller: then nothing but the id is here.
    pub restricted: bool,
    /// Who writes for them.
    pub contacts: Vec<ContactOut>,
    /// When they were added.
    pub created_at: Instant,
    /// Counts every change; also the `ETag`.
    pub version: i64,
}

impl From<PatientView> for PatientOut {
    fn from(view: PatientView) -> Self {
        Self {
            id: view.id.uuid(),
            name: view.name,
            birth_date: view.birth_date,
            mrn: view.mrn,
            unidentified: view.unidentified,
            language: view.locale,
            secure_link: view.secure_link,
            labels: view.labels.list().collect(),
            restricted: view.restricted,
            contacts: view.contacts.into_iter().map(Into::into).collect(),
            created_at: Instant(view.created_at),
            version: view.version,
        }
    }
}

/// Somebody who writes to the desk.
#[derive(Serialize, ToSchema)]
pub(super) struct ContactOut {
    /// Their id.
    id: Uuid,
    /// The patient they stand for, once linked.
    patient_id: Option<Uuid>,
    /// Name as they wrote it.
    name: Option<String>,
    /// Preferred language.
    language: Option<String>,
    /// Whether they want no content in mail.
    secure_link: bool,
    /// Their addresses.
    addresses: Vec<AddressOut>,
    /// Counts every change.
    version: i64,
}

/// An address of a contact.
#[derive(Serialize, ToSchema)]
struct AddressOut {
    /// `email` or `phone`.
    #[schema(example = "email")]
    kind: String,
    /// The address; masked (`m•••@e•••.org`) for whoever lacks the scope `fields:contact`, and within a live ticket at the
    /// first level; `null` within one in which nobody was verified.
    value: Option<String>,
    /// Whether it is masked.
    masked: bool,
    /// Why it is left out; absent where it is not.
    hidden: Option<Unshown>,
    /// When mail to it last came back.
    bounced_at: Option<Instant>,
}

impl From<ContactView> for ContactOut {
    fn from(view: ContactView) -> Self {
        Self {
            id: view.id.uuid(),
            patient_id: view.patient_id.map(Id::uuid),
            name: view.name,
            language: view.locale,
            secure_link: view.secure_link,
            addresses: view
                .points
                .into_iter()
                .map(|point| AddressOut {
                    kind: point.kind,
                    hidden: point.hidden.then_some(Unshown::Unverified),
                    value: (!point.hidden).then_some(point.value),
                    masked: point.masked,
                    bounced_at: at(point.bounced_at),
                })
                .collect(),
            version: view.version,
        }
    }
}
