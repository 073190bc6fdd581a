//! Who asks, for whom, and what they may do.

use crate::error::DeskError;
use crate::ids::{ApiTokenId, ContactId, OrganisationId, PatientId, QueueId, StaffId};
use crate::once::Once;
use crate::records::{About, Group, Labels, Level, Scope};
use crate::staff::{Reach, Role};
use bedside_access::{Bar, Held, Kept, Refusal, Who, may_have};
use bedside_web::Locale;
use std::sync::Arc;

pub use bedside_access::{Permission, Permissions};

/// The context of every command and query.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Whose data this is about; nothing of another organisation can be reached with it.
    pub organisation: OrganisationId,
    /// Who asks.
    pub actor: Actor,
    /// The way in, for the audit log.
    pub source: Source,
    /// The language of the texts that come back.
    pub locale: Locale,
    /// Set when the request may be sent twice: its first command runs once, and a second delivery gets the first
    /// one's answer.
    pub once: Option<Arc<Once>>,
}

/// The way a command or query came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A staff page.
    Page,
    /// The API.
    Api,
    /// A public page.
    Public,
    /// A mail.
    Mail,
    /// A job.
    Job,
    /// The command line.
    CommandLine,
}

impl Source {
    /// The stable code, as written to the audit log.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::Public => "public",
            Self::Mail => "mail",
            Self::Job => "job",
            Self::CommandLine => "command_line",
        }
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A person of the staff.
    Staff {
        /// Who.
        id: StaffId,
        /// What they are.
        role: Arc<Role>,
        /// Their name, for the timeline.
        name: Arc<str>,
    },
    /// Another system.
    Token {
        /// Which key.
        id: ApiTokenId,
        /// What it opens.
        reach: Arc<Reach>,
    },
    /// Someone who writes to the desk, known by a mail's sender or a personal link.
    Contact {
        /// Who.
        id: ContactId,
    },
    /// Someone who is signed in to the patients' own pages.
    Patient(Patient),
    /// A visitor of a public page whom nothing identifies.
    Visitor,
    /// The desk itself, named by its part ("intake", "demo").
    System(&'static str),
}

/// Who is signed in to the patients' own pages, and as whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Whose address they came in by.
    pub contact: ContactId,
    /// The patient that they are themselves, where they are one.
    pub own: Option<PatientId>,
    /// The patient for whom they act now.
    pub acting: Option<PatientId>,
    /// How sure the desk is of who they are.
    pub level: Level,
    /// What they may hear and do for whom they act; all, for themselves.
    pub scope: Scope,
}

impl Patient {
    /// Whom what they do is about: for whom they act, else themselves.
    pub fn patient(&self) -> Option<PatientId> {
        self.acting.or(self.own)
    }

    /// Whether they may see of this patient what `group` says ([`may_have`]).
    pub fn may(&self, group: Group) -> Result<PatientId, DeskError> {
        may_have(self.patient(), self.scope, self.level, group).map_err(barred)
    }
}

const fn barred(bar: Bar) -> DeskError {
    let (code, text) = match bar {
        Bar::NoRecord => (
            NO_RECORD,
            "Nobody in care here is known by this address yet.",
        ),
        Bar::OutOfScope => (
            OUT_OF_SCOPE,
            "What you may do for this person does not reach that far.",
        ),
        Bar::Level => (
            LEVEL_NEEDED,
            "Your address has to be on file for more than 30 days for this.",
        ),
    };
    DeskError::Conflict { code, text }
}

/// Code of what stands in the way of somebody who is signed in and no patient.
pub const NO_RECORD: &str = "no_record";
/// Code of what stands in the way of somebody who may not hear or do it for whom they act.
pub const OUT_OF_SCOPE: &str = "out_of_scope";
/// Code of what stands in the way of somebody whose address is not long enough on file.
pub const LEVEL_NEEDED: &str = "level_needed";

impl Actor {
    /// The stable code of the kind, as stored.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Staff { .. } => "staff",
            Self::Token { .. } => "token",
            Self::Contact { .. } | Self::Patient(_) => "contact",
            Self::Visitor => "visitor",
            Self::System(_) => "system",
        }
    }

    /// The id as text, for the audit log; a part's name for the desk itself.
    pub fn id_text(&self) -> String {
        match self {
            Self::Staff { id, .. } => id.to_string(),
            Self::Token { id, .. } => id.to_string(),
            Self::Contact { id } => id.to_string(),
            Self::Patient(patient) => patient.contact.to_string(),
            Self::Visitor => String::new(),
            Self::System(part) => (*part).to_owned(),
        }
    }

    /// The bare id, where the actor has one.
    pub fn uuid(&self) -> Option<uuid::Uuid> {
        match self {
            Self::Staff { id, .. } => Some(id.uuid()),
            Self::Token { id, .. } => Some(id.uuid()),
            Self::Contact { id } => Some(id.uuid()),
            Self::Patient(patient) => Some(patient.contact.uuid()),
            Self::Visitor | Self::System(_) => None,
        }
    }

    /// Who it is, as far as that decides: every decision is made from this alone.
    pub fn who(&self) -> Who<'_, QueueId> {
        match self {
            Self::Staff { role, .. } => Who::Staff(Held {
                permissions: role.permissions,
                clinical: role.clinical,
                queues: &role.queues,
            }),
            Self::Token { reach, .. } => Who::Token(Held {
                permissions: reach.permissions,
                clinical: reach.clinical,
                queues: &reach.queues,
            }),
            Self::Contact { .. } | Self::Patient(_) => Who::Own,
            Self::Visitor => Who::Visitor,
            Self::System(_) => Who::Desk,
        }
    }

    /// Whether what only a clinician may do is theirs to do ([`Who::is_clinical`]).
    pub fn is_clinical(&self) -> bool {
        self.who().is_clinical()
    }

    /// The person of the staff, if it is one.
    pub const fn staff(&self) -> Option<StaffId> {
        match self {
            Self::Staff { id, .. } => Some(*id),
            _ => None,
        }
    }
}

impl Ctx {
    /// The desk itself at work for `organisation`.
    pub const fn system(organisation: OrganisationId, part: &'static str, source: Source) -> Self {
        Self {
            organisation,
            actor: Actor::System(part),
            source,
            locale: Locale::En,
            once: None,
        }
    }

    /// What the actor may do.
    pub fn permissions(&self) -> Permissions {
        self.actor.who().permissions()
    }

    /// What the actor opens, to be held against what they hand on.
    pub fn reach(&self) -> Reach {
        self.actor.who().reach()
    }

    /// Whether the actor may give a role or token with this reach to somebody, take it away or change it: nobody hands on
    /// more than they have, and nobody touches those who may do more.
    pub fn hands_on(&self, given: &Reach) -> Result<(), DeskError> {
        Ok(self.actor.who().hands_on(given)?)
    }

    /// Whether the actor may name whoever says who works here: a provider for single sign-on, a token for provisioning.
    pub fn names_providers(&self) -> Result<(), DeskError> {
        Ok(self.actor.who().names_providers()?)
    }

    /// Whether the actor says what stays and what ends of an access with this reach, when everybody's is looked at.
    pub fn decides_on(&self, access: &Reach) -> Result<(), DeskError> {
        Ok(self.actor.who().decides_on(access)?)
    }

    /// Whether requests in `queue` are the actor's business.
    pub fn reaches(&self, queue: QueueId) -> bool {
        self.actor.who().reaches(queue)
    }

    /// What keeps what is about somebody from the actor: a queue or a label.
    pub fn kept(&self, about: About) -> Option<Kept<QueueId>> {
        self.actor.who().kept(about.queue, about.labels)
    }

    /// Whether neither the queue nor a label keeps what is about somebody from the actor.
    pub fn admits(&self, about: About) -> bool {
        self.kept(about).is_none()
    }

    /// Whether the labels of a patient keep nothing of theirs from the actor.
    pub fn sees(&self, labels: Labels) -> bool {
        self.actor.who().sees(labels)
    }

    /// The same for whoever is signed in to the patients' own pages: whose data of this group they may have, which is their
    /// own or that of the one for whom they act. [`DeskError::Conflict`] says what stands in the way.
    pub fn authorize_own(&self, group: Group) -> Result<PatientId, DeskError> {
        self.signed_in()?.may(group)
    }

    /// Who is signed in to the patients' own pages.
    pub fn signed_in(&self) -> Result<Patient, DeskError> {
        match self.actor {
            Actor::Patient(patient) => Ok(patient),
            _ => Err(self.actor.who().refusal().into()),
        }
    }

    /// The one authorization function: every service asks it before anything else ([`Who::authorize`]). Where something
    /// belongs to a patient, [`crate::records::admit`] asks for their labels as well.
    pub fn authorize(&self, permission: Permission) -> Result<(), DeskError> {
        Ok(self.actor.who().authorize(permission)?)
    }
}

impl From<Refusal> for DeskError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unknown => Self::Unauthorized,
            Refusal::Forbidden => Self::Forbidden,
        }
    }
}
