//! Tickets as values, and the pure rules about them.

use super::nurse::Nursed;
use super::tags::Tag;
use crate::codes::codes;
use crate::feedback::Told;
use crate::identity::Scene;
use crate::ids::{
    ContactId, DataKeyId, MailboxId, PatientId, QueueId, StaffId, SubStatusId, TagId, TicketId,
};
use crate::orgs::Clinic;
use crate::patients::{ContactView, PatientView};
use crate::records::{About, Labels};
use crate::sla::{self, Clocks};
use crate::timeline::MessageView;
use crate::triage::StoredWhy;
use bedside_db::Timestamp;
use bedside_language::Level;
use bedside_web::Locale;
use serde::Serialize;

codes! {
    /// Where a request stands.
    Status {
        /// Nobody of the staff has answered or taken it yet.
        New = "new",
        /// Someone of the staff owes the next step.
        Open = "open",
        /// The patient's side owes the next step.
        WaitingOnPatient = "waiting_on_patient",
        /// Someone outside owes the next step.
        WaitingOnThirdParty = "waiting_on_third_party",
        /// Answered for good; the patient can reopen it by writing.
        Resolved = "resolved",
        /// Ended; what the patient writes next opens a new request.
        Closed = "closed",
    }
}

codes! {
    /// How soon a person must look.
    Urgency {
        /// Now.
        Emergency = "emergency",
        /// Today, ahead of the usual order.
        Urgent = "urgent",
        /// The usual order.
        Standard = "standard",
        /// No time pressure.
        Low = "low",
    }
}

impl Urgency {
    /// Whether a person must look sooner than with `other`.
    pub fn is_before(self, other: Self) -> bool {
        let place = |one| Self::ALL.iter().position(|known| *known == one);
        place(self) < place(other)
    }
}

impl From<bedside_language::Urgency> for Urgency {
    fn from(urgency: bedside_language::Urgency) -> Self {
        Self::from_code(urgency.code()).unwrap_or(Self::Standard)
    }
}

impl Status {
    /// Whether the ticket is still worked on.
    pub const fn is_active(self) -> bool {
        !matches!(self, Self::Resolved | Self::Closed)
    }

    /// Whether somebody other than the staff owes the next step.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::WaitingOnPatient | Self::WaitingOnThirdParty)
    }
}

/// A ticket as stored, without its sealed columns.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// Its number within the organisation, for people.
    pub number: i64,
    /// What its words are sealed with.
    pub key: DataKeyId,
    /// Who asks.
    pub contact: ContactId,
    /// Whom it is about, where known.
    pub patient: Option<PatientId>,
    /// Who may see it: the labels of its patient, or of the one its requester stands for.
    pub about: About,
    /// The mail address it came to.
    pub mailbox: Option<MailboxId>,
    /// Where it waits.
    pub queue: QueueId,
    /// Who has it.
    pub assignee: Option<StaffId>,
    /// Category code.
    pub category: String,
    /// How soon.
    pub urgency: Urgency,
    /// `none`, `concern` or `emergency`.
    pub safety: String,
    /// Where it stands.
    pub status: Status,
    /// The clinic's finer name for it.
    pub sub_status: Option<SubStatusId>,
    /// Channel code it came by.
    pub channel: String,
    /// The language to answer in.
    pub locale: Locale,
    /// Why it was placed where it is.
    pub triage: StoredWhy,
    /// Its clocks.
    pub clocks: Clocks,
    /// When the first answer was given.
    pub first_responded_at: Option<Timestamp>,
    /// Since when the patient's side waits for an answer.
    pub waiting_since: Option<Timestamp>,
    /// Put aside until then.
    pub snoozed_until: Option<Timestamp>,
    /// Since when the clock of its resolution stands still: it waits for somebody outside, or sleeps.
    pub paused_at: Option<Timestamp>,
    /// When it was resolved.
    pub resolved_at: Option<Timestamp>,
    /// The ticket it went into.
    pub merged_into: Option<TicketId>,
    /// Messages and notes.
    pub message_count: i64,
    /// When the newest message came.
    pub last_message_at: Timestamp,
    /// `contact`, `staff` or `system`: who wrote it. `undelivered` when the newest answer, or a warning where to call, did not arrive.
    pub last_message_by: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its words went: nothing is added to it any more.
    pub emptied_at: Option<Timestamp>,
    /// Labels of its own, beside those of whomever it is about.
    pub labels: Labels,
    /// Counts every change.
    pub version: i64,
}

impl Ticket {
    /// Whether its words went, and with them whoever asked.
    pub const fn is_emptied(&self) -> bool {
        self.emptied_at.is_some()
    }

    /// 0 for a crisis, 1 for everything else.
    pub fn rank(&self) -> i64 {
        i64::from(self.urgency != Urgency::Emergency)
    }

    /// The instant that decides its place: what its clocks say, or the end of a snooze, or nothing while somebody
    /// else owes the next step. Among crises too, what the clinic owes stands first.
    pub fn due_at(&self) -> Timestamp {
        match (self.snoozed_until, self.status) {
            (Some(until), _) if self.rank() > 0 => until,
            (_, status) if status.is_waiting() => sla::NOTHING_DUE,
            _ => self.clocks.due(),
        }
    }

    /// Whether words of this contact go on here. Those of anybody else, and whatever comes once it was closed, open a ticket
    /// of their own beside it.
    pub fn takes_words_of(&self, contact: ContactId) -> bool {
        self.contact == contact && self.status != Status::Closed
    }

    /// Whether it came out of an archive (see [`is_history`]): active, never answered, and nobody waits.
    pub(super) fn is_history(&self) -> bool {
        self.status.is_active()
            && self.clocks == Clocks::default()
            && self.waiting_since.is_none()
            && self.first_responded_at.is_none()
    }

    /// What people are told of its clocks. Those of a crisis go on whoever owes the next step.
    pub fn shown_due(&self) -> Timestamp {
        if self.rank() == 0 {
            self.clocks.due()
        } else {
            self.due_at()
        }
    }

    /// As it stands at `now`: a snooze that is over counts for nothing, also before its job has said so.
    #[must_use]
    pub fn as_of(mut self, now: Timestamp) -> Self {
        self.snoozed_until = self.snoozed_until.filter(|until| *until > now);
        self
    }

    /// Stops the clock of the resolution, or lets it go on, as the ticket's state wants it.
    pub(super) fn keep_pace(&mut self, clinic: &Clinic, now: Timestamp) {
        let rests = self.status.is_active()
            && self.rank() > 0
            && (self.status.is_waiting() || self.snoozed_until.is_some());
        if rests {
            self.paused_at = self.paused_at.or(Some(now));
        } else {
            self.end_pause(clinic, now);
        }
    }

    /// Moves the target of the resolution by the working time of a pause that ends at `now`.
    pub(super) fn end_pause(&mut self, clinic: &Clinic, now: Timestamp) {
        if let Some(since) = self.paused_at.take() {
            let policy = (self.category.as_str(), self.urgency.code());
            self.clocks.rested(clinic, policy, since, now);
        }
    }
}

/// When somebody's words were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Written {
    /// They come in as they are written.
    #[default]
    Now,
    /// Earlier; whoever wrote them has waited since.
    At(Timestamp),
    /// So long ago that nobody waits for an answer any more.
    History(Timestamp),
}

impl Written {
    /// The time, where that is not now.
    pub const fn at(self) -> Option<Timestamp> {
        match self {
            Self::Now => None,
            Self::At(at) | Self::History(at) => Some(at),
        }
    }

    /// Whether they start no clock and raise no alarm.
    pub const fn is_history(self) -> bool {
        matches!(self, Self::History(_))
    }
}

/// Seconds after which mail out of an archive is history: nobody waits for an answer to it any more.
const HISTORY_AFTER: i64 = 72 * 3600;

/// Whether words written at `at` were history at `now`. They start no clock and raise no alarm: an archive full of old
/// emergencies would bury the one that happens now.
pub fn is_history(at: Timestamp, now: Timestamp) -> bool {
    now.seconds_since(at) > HISTORY_AFTER
}

/// A ticket in a list.
#[derive(Clone, Debug)]
pub struct TicketRow {
    /// The ticket.
    pub ticket: Ticket,
    /// Whether its words and people are kept from the reader: then there are none here.
    pub restricted: bool,
    /// Its subject, opened.
    pub subject: String,
    /// The requester's name or address, opened.
    pub requester: String,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Everything one page about a ticket shows.
#[derive(Clone, Debug)]
pub struct TicketView {
    /// The ticket.
    pub ticket: Ticket,
    /// Its subject, opened.
    pub subject: String,
    /// The clinic's own fields, opened.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// Who asks.
    pub contact: ContactView,
    /// Whom it is about, where the reader may see it.
    pub patient: Option<PatientView>,
    /// What of them is shown, while whoever is on the line may be somebody else.
    pub scene: Scene,
    /// Codes of those of the clinic's own fields that have a value and are not shown for that reason.
    pub hidden_fields: Vec<String>,
    /// Whether what is written to them stays behind a link.
    pub secure_link: bool,
    /// Messages and notes, oldest first.
    pub messages: Vec<MessageView>,
    /// What else happened, oldest first.
    pub events: Vec<crate::events::Event>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// What the feedback in it is about and how they felt.
    pub feedback: Vec<Told>,
    /// Linked tickets.
    pub links: Vec<LinkView>,
    /// Who of the staff follows it.
    pub followers: Vec<StaffId>,
    /// How it stands between whoever is no clinician and a nurse.
    pub nursed: Nursed,
}

impl View {
    /// Whether it is asked for by what only readers of its requests know: what is kept from them is left out of it.
    pub const fn is_by_person(&self) -> bool {
        matches!(self, Self::Contact(_) | Self::Patient(_) | Self::Tag(_))
    }
}

impl TicketView {
    /// Whether somebody can say that nobody is in danger: it is an emergency, or something in it counts as a worry.
    pub fn may_be_calmed(&self) -> bool {
        let found = self.messages.iter().filter_map(|one| one.found.as_ref());
        let worry = self.ticket.safety != Level::None.code();
        self.ticket.rank() == 0 || worry && found.map(|found| found.danger).any(|danger| danger > 0)
    }
}

/// A linked ticket.
#[derive(Clone, Debug, Serialize)]
pub struct LinkView {
    /// `related`, `merged_into`, `merged_from`, `split_from` or `split_into`.
    pub kind: String,
    /// The other ticket.
    pub ticket: TicketId,
    /// Its number.
    pub number: i64,
    /// Where it stands.
    pub status: Status,
}

/// Which tickets a list shows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum View {
    /// Active ones of a queue, by what is due.
    Queue(QueueId),
    /// Active ones of a person of the staff, by what is due.
    Assignee(StaffId),
    /// All active ones, by what is due.
    Active,
    /// Active crises, by what is due.
    Crisis,
    /// Resolved and closed ones, newest change first.
    Done,
    /// Those with a status, in the order of [`View::Active`] or [`View::Done`].
    Status(Status),
    /// Those of a contact, newest first.
    Contact(ContactId),
    /// Those of a patient, newest first.
    Patient(PatientId),
    /// Those with a tag, newest first.
    Tag(TagId),
    /// Those that a person of the staff follows, newest first.
    Follower(StaffId),
}

/// Rows of the ticket table, sealed: what the store reads.
#[derive(Clone, Debug)]
pub(crate) struct StoredTicket {
    pub ticket: Ticket,
    pub subject: Vec<u8>,
    pub fields: Option<Vec<u8>>,
    /// Whether it had tags when it was read.
    pub tagged: bool,
}

/// Longest subject, in characters.
pub const MAX_SUBJECT: usize = 250;
/// Tags of a ticket at most.
pub const MAX_TAGS: usize = 30;

/// A tag in its normal form: lower-case letters, digits, dashes and spaces, at most 40 characters.
pub fn normal_tag(tag: &str) -> Option<String> {
    let tag = tag.trim().to_lowercase();
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    (!tag.is_empty() && tag.chars().count() <= 40 && tag.chars().all(fine)).then_some(tag)
}
