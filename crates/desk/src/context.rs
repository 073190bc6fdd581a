//! Who asks, for whom, and what they may do.

use crate::error::DeskError;
use crate::ids::{ApiTokenId, ContactId, OrganisationId, PatientId, QueueId, StaffId};
use crate::once::Once;
use crate::records::{About, Group, Labels, Level, Scope, needs};
use crate::staff::{Queues, Reach, Role};
use bedside_web::Locale;
use std::sync::Arc;

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

    /// Whether they may see of this patient what `group` says. Being signed in shows as much as the second level does and
    /// never more, so that it is enough here for what the desk hands to the patient alone.
    pub fn may(&self, group: Group) -> Result<PatientId, DeskError> {
        let patient = self.patient().ok_or(DeskError::Conflict {
            code: NO_RECORD,
            text: "Nobody in care here is known by this address yet.",
        })?;
        if !self.scope.has(group) {
            return Err(DeskError::Conflict {
                code: OUT_OF_SCOPE,
                text: "What you may do for this person does not reach that far.",
            });
        }
        if self.level < Level::L2.min(needs(group, false)) {
            return Err(DeskError::Conflict {
                code: LEVEL_NEEDED,
                text: "Your address has to be on file for more than 30 days for this.",
            });
        }
        Ok(patient)
    }
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

    /// Whether what only a clinician may do is theirs to do: somebody with a clinical role, or the desk itself. No other
    /// system is.
    pub fn is_clinical(&self) -> bool {
        match self {
            Self::Staff { role, .. } => role.clinical,
            Self::System(_) => true,
            Self::Token { .. } | Self::Contact { .. } | Self::Patient(_) | Self::Visitor => false,
        }
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
        match &self.actor {
            Actor::Staff { role, .. } => role.permissions,
            Actor::Token { reach, .. } => reach.permissions,
            Actor::System(_) => Permissions::ALL,
            // A contact or a visitor reaches their own ticket through a link or a mail alone, never by permission.
            Actor::Contact { .. } | Actor::Patient(_) | Actor::Visitor => Permissions::NONE,
        }
    }

    /// What the actor opens, to be held against what they hand on.
    pub fn reach(&self) -> Reach {
        match &self.actor {
            Actor::Staff { role, .. } => role.reach(),
            Actor::Token { reach, .. } => reach.as_ref().clone(),
            Actor::Contact { .. } | Actor::Patient(_) | Actor::Visitor | Actor::System(_) => {
                Reach {
                    permissions: self.permissions(),
                    clinical: self.actor.is_clinical(),
                    queues: Queues::All,
                }
            }
        }
    }

    /// Whether requests in `queue` are the actor's business. A contact or a visitor has shown by another proof that the
    /// request is their own.
    pub fn reaches(&self, queue: QueueId) -> bool {
        match &self.actor {
            Actor::Staff { role, .. } => role.queues.has(queue),
            Actor::Token { reach, .. } => reach.queues.has(queue),
            Actor::Contact { .. } | Actor::Patient(_) | Actor::Visitor | Actor::System(_) => true,
        }
    }

    /// Whether neither the queue nor a label keeps what is about somebody from the actor.
    pub fn admits(&self, about: About) -> bool {
        about.queue.is_none_or(|queue| self.reaches(queue)) && self.sees(about.labels)
    }

    /// Whether the labels of a patient keep nothing of theirs from the actor. The desk itself sees all; a contact or a
    /// visitor has shown by another proof that the words are their own.
    pub fn sees(&self, labels: Labels) -> bool {
        match self.actor {
            Actor::Staff { .. } | Actor::Token { .. } => self.permissions().hold(labels.needed()),
            Actor::Contact { .. } | Actor::Patient(_) | Actor::Visitor | Actor::System(_) => true,
        }
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
            Actor::Visitor => Err(DeskError::Unauthorized),
            _ => Err(DeskError::Forbidden),
        }
    }

    /// The one authorization function: every service asks it before anything else. Where something belongs to a patient,
    /// [`crate::records::admit`] asks for their labels as well.
    pub fn authorize(&self, permission: Permission) -> Result<(), DeskError> {
        if self.permissions().has(permission) {
            return Ok(());
        }
        match self.actor {
            Actor::Visitor => Err(DeskError::Unauthorized),
            _ => Err(DeskError::Forbidden),
        }
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)+) => {
        /// One thing that can be allowed. Roles and API tokens hold sets of them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Permission { $($(#[$doc])* $name,)+ }

        impl Permission {
            /// Every permission.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code, as written in a token's scopes.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The permission with this code.
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.code() == code)
            }
        }
    };
}

permissions! {
    /// See tickets, their timelines and files.
    TicketsRead = "tickets:read";
    /// Open tickets, answer, note, change, merge.
    TicketsWrite = "tickets:write";
    /// See patients and contacts.
    PatientsRead = "patients:read";
    /// Add and change patients and contacts.
    PatientsWrite = "patients:write";
    /// See queues, categories, templates and the other settings.
    SettingsRead = "settings:read";
    /// Change the settings.
    SettingsWrite = "settings:write";
    /// Add people, change their roles, make tokens.
    StaffManage = "staff:manage";
    /// Read the audit log.
    AuditRead = "audit:read";
    /// See patients who are known to the public.
    PatientsVip = "patients:vip";
    /// See patients who work here.
    PatientsEmployee = "patients:employee";
    /// See patients whose records are those of substance use treatment (42 CFR Part 2).
    PatientsPart2 = "patients:part2";
    /// See young people who ask for care of their own.
    PatientsAdolescent = "patients:adolescent";
    /// Open the record of a patient whose label they may not see, for a reason and a short time.
    RestrictedOpen = "restricted:open";
    /// Watch over privacy: see who has seen whose data and what was given out, whatever a patient's labels are.
    PrivacyReview = "privacy:review";
    /// See addresses and telephone numbers.
    FieldsContact = "fields:contact";
    /// See birth dates and record numbers.
    FieldsIdentifiers = "fields:identifiers";
    /// See what a clinic's own clinical fields hold.
    FieldsClinical = "fields:clinical";
    /// See what a clinic's own billing fields hold.
    FieldsBilling = "fields:billing";
    /// Say the second yes to who somebody is.
    IdentityApprove = "identity:approve";
    /// Decide what patients ask for their data by law, and carry it out, with their names.
    PrivacyManage = "privacy:manage";
    /// Look at the exceptions that others took, and sign them off.
    ExceptionsReview = "exceptions:review";
    /// Say who works here and in which groups, for an identity provider.
    PeopleProvision = "people:provision";
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions(u32);

impl Permissions {
    /// None at all.
    pub const NONE: Self = Self(0);
    /// Every one.
    pub const ALL: Self = Self(u32::MAX);

    /// The set of `list`.
    pub const fn of(list: &[Permission]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < list.len() {
            bits |= 1 << list[at] as u32;
            at += 1;
        }
        Self(bits)
    }

    /// Whether `permission` is in the set.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// The set with `permission` in it.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | 1 << permission as u32)
    }

    /// Whether nothing at all is missing.
    pub const fn do_all(self) -> bool {
        self.hold(Self::of(Permission::ALL))
    }

    /// Whether nothing of `others` is missing.
    pub const fn hold(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Reads codes separated by spaces; an unknown code is handed back.
    pub fn parse(codes: &str) -> Result<Self, String> {
        let mut list = Vec::new();
        for code in codes.split_whitespace() {
            list.push(Permission::from_code(code).ok_or_else(|| code.to_owned())?);
        }
        Ok(Self::of(&list))
    }

    /// What of these codes is known here: one of another release is left out, and opens nothing.
    pub fn known(codes: &str) -> Self {
        let known = codes.split_whitespace().filter_map(Permission::from_code);
        known.fold(Self::NONE, Self::with)
    }

    /// The codes, separated by spaces.
    pub fn codes(self) -> String {
        let codes: Vec<_> = Permission::ALL
            .iter()
            .filter(|one| self.has(**one))
            .map(|one| one.code())
            .collect();
        codes.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_survive_their_text() {
        let set = Permissions::of(&[Permission::TicketsRead, Permission::AuditRead]);
        assert_eq!(Permissions::parse(&set.codes()).unwrap(), set);
        assert_eq!(
            Permissions::parse("tickets:read tickets:burn").unwrap_err(),
            "tickets:burn"
        );
    }

    #[test]
    fn a_set_holds_another_when_nothing_is_missing() {
        let one = Permissions::of(&[Permission::TicketsRead]);
        let both = Permissions::of(&[Permission::TicketsRead, Permission::AuditRead]);
        assert!(both.hold(one) && both.hold(both) && one.hold(Permissions::NONE));
        assert!(!one.hold(both) && !Permissions::NONE.hold(one));
        assert!(
            Permissions::ALL.do_all()
                && Permissions::of(Permission::ALL).do_all()
                && !both.do_all()
        );
    }
}
