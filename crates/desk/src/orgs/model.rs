//! An organisation's settings as values.

use crate::context::{Permission, Permissions};
use crate::field_group::FieldGroup;
use crate::ids::{OrganisationId, QueueId, SavedReplyId, SlaPolicyId, SubStatusId};
use crate::names::Names;
use crate::staff::Role;
use bedside_web::Locale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// All settings of one organisation.
#[derive(Clone, Debug)]
pub struct Clinic {
    /// Its id.
    pub id: OrganisationId,
    /// Short name in addresses.
    pub slug: String,
    /// Name people read.
    pub name: String,
    /// IANA time zone.
    pub time_zone: jiff::tz::TimeZone,
    /// Default language.
    pub locale: Locale,
    /// The rest.
    pub settings: Settings,
    /// Counts up with each change of `settings`, for optimistic locking.
    pub version: i64,
    /// Queues in their order, archived ones left out.
    pub queues: Vec<Queue>,
    /// Categories in their order.
    pub categories: Vec<Category>,
    /// Policies, most special first.
    pub policies: Vec<SlaPolicy>,
    /// Clinic-named finer states.
    pub sub_statuses: Vec<SubStatus>,
    /// Clinic's own fields.
    pub fields: Vec<CustomField>,
    /// Texts of automatic mails by (code, language tag).
    pub templates: BTreeMap<(String, String), Template>,
    /// Texts that staff reuse.
    pub saved_replies: Vec<SavedReply>,
    /// What people of the staff are, in their order.
    pub roles: Vec<Arc<Role>>,
}

/// Settings that are kept as one JSON document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// When the desk works.
    pub hours: Hours,
    /// Numbers to call in an emergency, shown on public pages and in acknowledgements.
    pub emergency: Emergency,
    /// Telephone that patients can call, as shown.
    #[serde(default)]
    pub phone: String,
    /// Whether answers go behind a secure link instead of into the mail.
    #[serde(default)]
    pub secure_link: bool,
    /// Seconds in which a sent answer can be taken back.
    #[serde(default = "default_undo")]
    pub undo_seconds: i64,
    /// Whether a rating is asked for when a ticket is resolved.
    #[serde(default = "yes")]
    pub ask_rating: bool,
    /// From which ages on young people speak for themselves.
    #[serde(default)]
    pub minors: Minors,
    /// The law whose clocks requests for privacy are under: a code of `privacy::requests::Law`.
    #[serde(default = "default_law")]
    pub privacy_law: String,
    /// What patients are told of who has seen their data.
    #[serde(default)]
    pub privacy: Privacy,
    /// How long patients stay signed in.
    #[serde(default)]
    pub portal: Portal,
}

/// How long patients stay signed in to their own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Portal {
    /// Minutes without use after which they are out: at least 5, at most 60.
    pub idle_minutes: i64,
    /// Hours after which they are out whatever they do: at least 1, at most 24.
    pub hours: i64,
}

impl Default for Portal {
    fn default() -> Self {
        Self {
            idle_minutes: 15,
            hours: 8,
        }
    }
}

/// From which ages on young people speak for themselves, in whole years. The laws of the place say which (45 CFR
/// 164.502(g)(3) leaves it to them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minors {
    /// From this birthday on a parent's authority is over.
    pub majority: i64,
    /// From this birthday on parents hear nothing of care, unless the young person agreed.
    pub adolescent: i64,
}

impl Default for Minors {
    fn default() -> Self {
        Self {
            majority: 18,
            adolescent: 13,
        }
    }
}

/// How the desk keeps watch over who sees what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Privacy {
    /// How a patient reads who of the staff has seen their data.
    pub names: StaffNames,
    /// What is looked for every day.
    pub watch: Watch,
    /// How it is looked at, every quarter, who may do what.
    pub access: AccessReview,
}

/// How a round goes in which the access of everybody is looked at (`crate::recertification`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessReview {
    /// Whether a round opens by itself every quarter.
    pub quarterly: bool,
    /// Days that a round is open for.
    pub days: i64,
    /// Whether whoever nobody confirmed is let in no more when it ends.
    pub suspend: bool,
}

impl Default for AccessReview {
    fn default() -> Self {
        Self {
            quarterly: true,
            days: 21,
            suspend: false,
        }
    }
}

/// Which looks at patients' data somebody should look at (`crate::privacy::watch`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each rule is on or off by itself"
)]
pub struct Watch {
    /// Own records.
    pub own: bool,
    /// Patients with the same family name.
    pub same_name: bool,
    /// Patients with a label.
    pub labels: bool,
    /// Details of patients without a request for [`Self::quiet_days`].
    pub no_request: bool,
    /// Days without a request.
    pub quiet_days: i64,
    /// Far more patients than usual.
    pub many: bool,
    /// Patients in a day that are never too many.
    pub least: i64,
    /// How many deviations above the median are too many.
    pub spread: i64,
    /// Looks outside of the clinic's hours.
    pub after_hours: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            own: true,
            same_name: true,
            labels: true,
            no_request: true,
            quiet_days: 90,
            many: true,
            least: 40,
            spread: 4,
            after_hours: true,
        }
    }
}

/// How somebody of the staff is named to a patient who asks who has seen their data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffNames {
    /// By what they are alone.
    #[default]
    Role,
    /// By their first name and what they are.
    First,
    /// By their name and what they are.
    Full,
}

impl StaffNames {
    /// Each, with its stable code.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Role, "role"),
        (Self::First, "first"),
        (Self::Full, "full"),
    ];
}

const fn default_undo() -> i64 {
    10
}
fn default_law() -> String {
    "hipaa".to_owned()
}
const fn yes() -> bool {
    true
}

/// Numbers to call in an emergency.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Ambulance, fire, police.
    pub number: String,
    /// Suicide and crisis line.
    pub crisis_line: String,
}

/// Weekly working windows and the days without them, in the clinic's time zone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// For Monday (first) to Sunday: windows as minutes after midnight, from and until.
    pub week: [Vec<(u16, u16)>; 7],
    /// Days without work, as `YYYY-MM-DD`.
    #[serde(default)]
    pub holidays: Vec<jiff::civil::Date>,
    /// Days with windows of their own, such as half a day before a holiday.
    #[serde(default)]
    pub special: BTreeMap<jiff::civil::Date, Vec<(u16, u16)>>,
}

/// What a queue is for, where the desk itself puts tickets into it.
pub mod purpose {
    /// Usual work.
    pub const WORK: &str = "work";
    /// Emergencies.
    pub const CRISIS: &str = "crisis";
    /// What no rule could place, and mail that could not be read.
    pub const NEEDS_LOOK: &str = "needs_look";
}

/// A place where tickets wait.
#[derive(Clone, Debug, Serialize)]
pub struct Queue {
    /// Its id.
    pub id: QueueId,
    /// Stable short name.
    pub code: String,
    /// Name by language.
    pub names: Names,
    /// One of [`purpose`].
    pub purpose: String,
    /// Place in lists.
    pub position: i64,
    /// Counts up with each change.
    pub version: i64,
}

/// What requests can be about.
#[derive(Clone, Debug, Serialize)]
pub struct Category {
    /// Code as in the language engine.
    pub code: String,
    /// Name by language.
    pub names: Names,
    /// Where such tickets go.
    pub queue_id: QueueId,
    /// Whether only a clinician resolves or closes them.
    pub clinical: bool,
    /// Place in lists.
    pub position: i64,
    /// Counts up with each change.
    pub version: i64,
}

/// How fast, in minutes of working time (or of the clock when `always`).
#[derive(Clone, Debug, Serialize)]
pub struct SlaPolicy {
    /// Its id.
    pub id: SlaPolicyId,
    /// Category code; empty for every category.
    pub category: String,
    /// Urgency code; empty for every urgency.
    pub urgency: String,
    /// Until the first answer.
    pub first_response_minutes: i64,
    /// Until each further answer.
    pub next_response_minutes: i64,
    /// Until it is resolved.
    pub resolution_minutes: i64,
    /// Whether the clock runs day and night.
    pub always: bool,
    /// Counts up with each change.
    pub version: i64,
}

/// A clinic-named finer state.
#[derive(Clone, Debug, Serialize)]
pub struct SubStatus {
    /// Its id.
    pub id: SubStatusId,
    /// Which status it refines.
    pub status: String,
    /// Name by language.
    pub names: Names,
    /// Counts up with each change.
    pub version: i64,
}

/// A clinic's own field of a ticket.
#[derive(Clone, Debug, Serialize)]
pub struct CustomField {
    /// Stable short name.
    pub code: String,
    /// Name by language.
    pub names: Names,
    /// `text`, `number`, `date`, `choice` or `yes_no`.
    pub kind: String,
    /// The choices of a `choice`.
    pub choices: Vec<String>,
    /// What it tells of somebody, if it is not for everybody who sees the request.
    pub group: Option<FieldGroup>,
    /// Place in lists.
    pub position: i64,
    /// Counts up with each change.
    pub version: i64,
}

/// The text of an automatic mail.
#[derive(Clone, Debug, Serialize)]
pub struct Template {
    /// Subject line, minijinja.
    pub subject: String,
    /// Text, minijinja.
    pub body: String,
    /// Counts up with each change.
    pub version: i64,
}

/// A text that staff reuse.
#[derive(Clone, Debug, Serialize)]
pub struct SavedReply {
    /// Its id.
    pub id: SavedReplyId,
    /// Short name to type.
    pub code: String,
    /// Language tag.
    pub locale: String,
    /// Name people read.
    pub title: String,
    /// The text.
    pub body: String,
    /// Counts up with each change.
    pub version: i64,
}

impl CustomField {
    /// What it takes to see it, beside the request.
    pub fn needed(&self) -> Permissions {
        let needed = self.group.map(FieldGroup::permission);
        needed.map_or(Permissions::NONE, |one| Permissions::NONE.with(one))
    }
}

impl Clinic {
    /// What it takes to see the clinic's own field with this code. One that is not there any more is for those who see all.
    pub fn needed_for(&self, field: &str) -> Permissions {
        let known = self.fields.iter().find(|one| one.code == field);
        known.map_or(Permissions::of(Permission::ALL), CustomField::needed)
    }

    /// The role with this code.
    pub fn role(&self, code: &str) -> Option<&Arc<Role>> {
        self.roles.iter().find(|role| role.code == code)
    }

    /// The queue with this id.
    pub fn queue(&self, id: QueueId) -> Option<&Queue> {
        self.queues.iter().find(|queue| queue.id == id)
    }

    /// The first queue for this purpose, or the first of all.
    pub fn queue_for(&self, purpose: &str) -> Option<&Queue> {
        self.queues
            .iter()
            .find(|queue| queue.purpose == purpose)
            .or_else(|| self.queues.first())
    }

    /// The category with this code.
    pub fn category(&self, code: &str) -> Option<&Category> {
        self.categories
            .iter()
            .find(|category| category.code == code)
    }

    /// Whether the category with this code is clinical.
    pub fn is_clinical(&self, code: &str) -> bool {
        self.category(code).is_some_and(|found| found.clinical)
    }

    /// The most special policy for a category and an urgency.
    pub fn policy(&self, category: &str, urgency: &str) -> Option<&SlaPolicy> {
        self.policies
            .iter()
            .filter(|policy| {
                (policy.category.is_empty() || policy.category == category)
                    && (policy.urgency.is_empty() || policy.urgency == urgency)
            })
            .max_by_key(|policy| (!policy.category.is_empty(), !policy.urgency.is_empty()))
    }

    /// The template with this code in `locale`, else in the clinic's own language.
    pub fn template(&self, code: &str, locale: Locale) -> Option<&Template> {
        let get = |locale: Locale| {
            self.templates
                .get(&(code.to_owned(), locale.tag().to_owned()))
        };
        get(locale).or_else(|| get(self.locale))
    }
}
