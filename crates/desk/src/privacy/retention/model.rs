//! What may go by itself, after how long, and what a decision about it means.

use crate::codes::codes;
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId, RetentionRunId, StaffId};
use bedside_db::{Id, Timestamp};
use jiff::civil::Date;
use jiff::{Span, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

codes! {
    /// A kind of record that goes by a rule.
    Record {
        /// Requests that are done, with their messages, files and mails; from when they were last touched.
        Requests = "requests",
        /// Mails as they came in; from when they came.
        RawMails = "raw_mails",
        /// The words of survey answers; from the answer.
        Ratings = "ratings",
        /// That somebody was verified, calls for it included; from when it was shown.
        Identity = "identity",
        /// What patients asked for their data by law, erasure left out; from when it was closed.
        PrivacyRequests = "privacy_requests",
        /// What was given to somebody outside; from when it was recorded.
        Disclosures = "disclosures",
        /// Where people saw a request otherwise than the engine; from the correction.
        Corrections = "corrections",
        /// Answers that were never sent; from when they were last written on.
        Drafts = "drafts",
        /// Exceptions that were signed off; from then.
        Exceptions = "exceptions",
        /// Unusual looks that were signed off; from then.
        Findings = "findings",
        /// Incidents with their lists and letters; from when they were closed.
        Incidents = "incidents",
        /// What patients were told and said yes and no to; from when something newer took its place.
        Consents = "consents",
        /// Who acted for a patient and does so no more; from the end.
        Representatives = "representatives",
        /// Legal holds that are over; from the end.
        Holds = "holds",
        /// People who are no patient and have nothing here; from when they, or a way to reach them, were last added.
        Contacts = "contacts",
        /// Patients of whom nothing else is here, with their people; from when one of these, or a way to reach them, was last
        /// added.
        Patients = "patients",
    }
}

/// Seconds of a day. Days are counted in seconds: neither a time zone nor a change of clocks moves a cut-off.
pub const DAY: i64 = 24 * 3600;
/// How long a decision by which more goes waits before it counts, in seconds.
pub const WAIT: i64 = DAY;
/// For how long a look counts as the one before a decision, in seconds.
pub const SEEN_FOR: i64 = 3600;
/// Longest period, in days: a hundred years.
pub const MAX_DAYS: i64 = 36_600;
/// Ages until which a patient's records may be kept. The youngest at which anybody is of age; some states go on to 30.
pub const AGES: (i64, i64) = (18, 40);
/// The age that is offered.
pub const AGE: i64 = 30;

/// What is offered for a kind of record, and what has to be kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The period that is offered, in days.
    pub default_days: i64,
    /// The shortest period, in days.
    pub least_days: i64,
    /// Whether records of the young are kept longer.
    pub by_age: bool,
    /// Where the law says so; empty where the shortest period is the program's own.
    pub section: String,
}

static KINDS: LazyLock<BTreeMap<String, Offer>> = LazyLock::new(|| {
    toml::from_str(include_str!("kinds.toml")).expect("the program's own file, read by a test")
});

impl Record {
    /// What is offered for it.
    pub fn offer(self) -> &'static Offer {
        &KINDS[self.code()]
    }
}

/// How long, as it is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Days after the event.
    pub days: i64,
    /// Until a patient is so many years old; 0 where it doesn't count.
    pub age: i64,
}

impl Period {
    /// What ships.
    pub fn offered(record: Record) -> Self {
        let offer = record.offer();
        Self {
            days: offer.default_days,
            age: if offer.by_age { AGE } else { 0 },
        }
    }

    /// The same where it is one that may be decided.
    ///
    /// # Errors
    /// [`DeskError::Invalid`] with `below_minimum` for a period that is shorter than has to be kept, `out_of_range` for
    /// other days and ages that can't be.
    pub fn checked(self, record: Record) -> Result<Self, DeskError> {
        let offer = record.offer();
        if self.days < offer.least_days {
            let text = "This kind of record has to be kept longer.";
            return Err(DeskError::invalid("days", "below_minimum", text));
        }
        if self.days > MAX_DAYS {
            let text = "Give at most 36,600 days, which is a hundred years.";
            return Err(DeskError::invalid("days", "out_of_range", text));
        }
        if !offer.by_age {
            return Ok(Self { age: 0, ..self });
        }
        if self.age < AGES.0 || self.age > AGES.1 {
            let text = "Give an age from 18 to 40.";
            return Err(DeskError::invalid("age", "out_of_range", text));
        }
        Ok(self)
    }

    /// Whatever's event was before this instant goes.
    pub const fn cutoff(self, now: Timestamp) -> Timestamp {
        now.plus_seconds(-self.days * DAY)
    }

    /// Whether a record from `at` of somebody born on `birth` is kept because of their age. Where nobody knows when they
    /// were born, it is kept until even who was born on its day is old enough.
    pub fn is_young(self, birth: Option<Date>, at: Timestamp, now: Timestamp) -> bool {
        if self.age == 0 {
            return false;
        }
        // A day later than anywhere, so that no time zone makes anybody older.
        let today = now.plus_seconds(-DAY).to_jiff();
        let today = today.to_zoned(TimeZone::UTC).date();
        let birth = birth.unwrap_or_else(|| at.to_jiff().to_zoned(TimeZone::UTC).date());
        birth.saturating_add(Span::new().years(self.age)) >= today
    }
}

/// A decision that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// The period.
    pub period: Period,
    /// Who decided.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// From when on it counts.
    pub from: Timestamp,
}

/// A rule as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// For what.
    pub record: Record,
    /// Whether anything goes.
    pub active: bool,
    /// After how long.
    pub period: Period,
    /// Who decided what counts now, and when; nobody for what ships.
    pub set: Option<(StaffId, Timestamp)>,
    /// What counts later.
    pub next: Option<Next>,
    /// What somebody looked at last: the period, who and when.
    pub seen: Option<(Period, StaffId, Timestamp)>,
    /// For whoever changes it.
    pub version: i64,
}

/// What somebody decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Nothing goes.
    Off,
    /// What is older goes.
    After(Period),
}

/// When a decision counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// At once: less goes by it, or the same.
    Now,
    /// From this instant on: more goes by it.
    Later(Timestamp),
}

impl Rule {
    /// The rule that ships: nothing goes.
    pub fn offered(record: Record) -> Self {
        Self {
            record,
            active: false,
            period: Period::offered(record),
            set: None,
            next: None,
            seen: None,
            version: 0,
        }
    }

    /// When a decision counts.
    ///
    /// # Errors
    /// [`DeskError::Conflict`] with `not_seen` when more would go and whoever decides didn't look a short while ago at what
    /// that is.
    pub fn decide(&self, wish: Wish, by: StaffId, now: Timestamp) -> Result<When, DeskError> {
        let Wish::After(period) = wish else {
            return Ok(When::Now);
        };
        let more = !self.active || period.days < self.period.days || period.age < self.period.age;
        if !more {
            return Ok(When::Now);
        }
        let looked = self.seen.is_some_and(|(seen, who, at)| {
            (seen, who) == (period, by) && now.seconds_since(at) < SEEN_FOR
        });
        if !looked {
            return Err(DeskError::Conflict {
                code: "not_seen",
                text: "Look at what would go first.",
            });
        }
        Ok(When::Later(now.plus_seconds(WAIT)))
    }
}

/// Where in a list somebody is: an instant and two ids, by which it is in order.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The instant by which the list is in order.
    pub at: Timestamp,
    /// Its id, or that of the request it is of.
    pub one: Id<()>,
    /// The rest of its key, or its id again.
    pub other: Id<()>,
}

impl Place {
    /// Before everything.
    pub fn start() -> Self {
        let none = Id::from_bytes([0; 16]);
        Self {
            at: Timestamp::from_micros(i64::MIN),
            one: none,
            other: none,
        }
    }
}

/// A record that is old enough, or soon is.
#[derive(Clone, Copy)]
pub struct Old {
    /// Which.
    pub place: Place,
    /// Whose it is: the patient of it, and the one that whoever brought it stands for.
    pub patients: [Option<PatientId>; 2],
    /// From when its period counts.
    pub since: Timestamp,
}

/// Why a record that is old enough is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// A legal hold, or something asked by law that is not answered yet.
    Held,
    /// Its patient is too young, or may be.
    Young,
}

/// What a rule would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many would go today.
    pub today: u64,
    /// How many more within ninety days.
    pub soon: u64,
    /// When the periods of the oldest and the newest of today's began.
    pub span: Option<(Timestamp, Timestamp)>,
    /// How many are old enough today and kept by a legal hold.
    pub held: u64,
    /// How many are old enough today and kept for the age of their patient.
    pub young: u64,
    /// Whether there are more than were looked at: the counts are at least so many.
    pub more: bool,
}

/// What a run is, did and kept. Ids, instants and counts: nothing of it tells who somebody was. Its SHA-256 is what is
/// signed once it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Its id.
    pub id: RetentionRunId,
    /// Whose desk.
    pub organisation: OrganisationId,
    /// The kind of record.
    pub record: Record,
    /// The rule.
    pub period: Period,
    /// Who decided it.
    pub decided_by: StaffId,
    /// When.
    pub decided_at: Timestamp,
    /// What began before this instant was old enough.
    pub cutoff: Timestamp,
    /// When it began.
    pub started: Timestamp,
    /// When it was over.
    pub ended: Option<Timestamp>,
    /// Whether the rule was changed meanwhile, which ended it.
    pub cut_short: bool,
    /// How many records went.
    pub records: u64,
    /// How many rows went or lost their words, by table.
    pub destroyed: BTreeMap<String, u64>,
    /// How many were kept by a legal hold.
    pub held: u64,
    /// How many were kept for the age of their patient.
    pub young: u64,
    /// SHA-256 over the ids of what went, in order, each sum taken over the one before and the next ids, in hexadecimal
    /// digits: shows later whether a list of ids is the one.
    pub list: String,
}

/// A run as it is kept.
#[derive(Clone)]
pub struct Run {
    /// The row's id.
    pub id: RetentionRunId,
    /// What it is and did, as it was signed.
    pub text: String,
    /// The same, read.
    pub told: Told,
    /// How far it is.
    pub place: Place,
    /// The signed note over it, once it is over.
    pub note: Option<String>,
}
