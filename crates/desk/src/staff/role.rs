//! What a person of the staff is: data of the clinic, with what it opens.

use crate::context::Permissions;
use crate::ids::QueueId;
use crate::names::{self, Names};
use bedside_db::Timestamp;

/// The role that may do everything: whoever sets the desk up has it, so no change takes anything from it.
pub const ADMINISTRATOR: &str = "administrator";
/// What stands in the place of a role for somebody whom the identity provider told of and gave none: it opens nothing, and
/// nobody comes in with it.
pub const NO_ROLE: &str = "";
/// Roles that an organisation has at most.
pub const MAX_ROLES: usize = 50;
/// Minutes without use after which a session ends, at least and at most.
pub const IDLE_MINUTES: (i64, i64) = (5, 480);
/// Minutes after which a session ends in any case, at least and at most. Nobody stays signed in for longer than a day
/// (NIST SP 800-63B-4 §2.2.3).
pub const SESSION_MINUTES: (i64, i64) = (15, 1440);

/// What a role or an API token opens.
pub type Reach = bedside_access::Reach<QueueId>;
/// The queues whose requests somebody reaches.
pub type Queues = bedside_access::Queues<QueueId>;

/// The second factor that a role's people must have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecondFactor {
    /// None.
    #[default]
    None,
    /// Whichever there is: an app's codes, a passkey, or the provider's.
    Any,
    /// A passkey, shown in the session itself: nothing that can be told to a false page will do.
    Passkey,
}

impl SecondFactor {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::None, Self::Any, Self::Passkey];

    /// Stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Any => "any",
            Self::Passkey => "passkey",
        }
    }

    /// The kind of this name.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// As it stands in a row.
    pub(super) const fn number(self) -> i64 {
        match self {
            Self::None => 0,
            Self::Any => 1,
            Self::Passkey => 2,
        }
    }

    /// What a row says. A number of a later release asks for the most.
    pub(super) const fn of_number(number: i64) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Any,
            _ => Self::Passkey,
        }
    }
}

/// A role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Stable short name.
    pub code: String,
    /// Name by language.
    pub names: Names,
    /// What it does, in a few words by language.
    pub about: Names,
    /// What it may do.
    pub permissions: Permissions,
    /// Whose requests it reaches.
    pub queues: Queues,
    /// Whether it may give medical advice and end clinical requests. No permission says so.
    pub clinical: bool,
    /// Whether it is told of every crisis.
    pub called: bool,
    /// The second factor that its people must have.
    pub second_factor: SecondFactor,
    /// Minutes without use after which a session ends.
    pub idle_minutes: i64,
    /// Minutes after which a session ends in any case.
    pub session_minutes: i64,
    /// Place in lists.
    pub position: i64,
    /// Counts up with each change.
    pub version: i64,
}

impl Role {
    /// What it takes to hand it on.
    pub fn reach(&self) -> Reach {
        Reach {
            permissions: self.permissions,
            clinical: self.clinical,
            queues: self.queues.clone(),
        }
    }

    /// Whether a session of somebody with this role has ended at `now`, by its age or for want of use.
    pub fn ends_session(&self, created: Timestamp, seen: Timestamp, now: Timestamp) -> bool {
        now.seconds_since(seen) >= self.idle_minutes * 60
            || now.seconds_since(created) >= self.session_minutes * 60
    }

    /// What it opens, for the audit log.
    pub fn told(&self) -> serde_json::Value {
        serde_json::json!({
            "scopes": self.permissions.codes(),
            "queues": self.queues.text(),
            "clinical": self.clinical,
            "called": self.called,
            "second_factor": self.second_factor.code(),
            "idle_minutes": self.idle_minutes,
            "session_minutes": self.session_minutes,
        })
    }

    /// What is wrong with it in itself: the field, a stable code, and plain English.
    pub fn wrong(&self) -> Option<(&'static str, &'static str, &'static str)> {
        let all = self.permissions.do_all() && self.queues == Queues::All;
        if self.code == ADMINISTRATOR && !(all && self.called) {
            return Some((
                "permissions",
                "administrator_does_all",
                "Administrators may do everything and are told of every crisis: somebody must be.",
            ));
        }
        let mut named = self.names.0.values().peekable();
        let about_fits = |line: &String| line.is_empty() || names::checked(line).is_ok();
        if named.peek().is_none()
            || !named.all(|name| names::checked(name).is_ok())
            || !self.about.0.values().all(about_fits)
        {
            return Some((
                "name",
                "bad_name",
                "A name, and what a role does, have up to 100 characters on one line.",
            ));
        }
        if self.permissions == Permissions::NONE {
            return Some((
                "permissions",
                "no_permission",
                "A role lets people do at least one thing.",
            ));
        }
        if self.permissions.lack_sight() {
            return Some((
                "permissions",
                "permission_alone",
                "Who changes something has to see it: tick that as well. Managing people needs seeing the settings.",
            ));
        }
        let within = |minutes, (least, most)| (least..=most).contains(&minutes);
        if !within(self.idle_minutes, IDLE_MINUTES) {
            return Some((
                "idle_minutes",
                "idle_minutes",
                "A session ends after 5 to 480 minutes without use.",
            ));
        }
        if !within(self.session_minutes, SESSION_MINUTES) {
            return Some((
                "session_minutes",
                "session_minutes",
                "A session ends after 15 to 1440 minutes in any case.",
            ));
        }
        None
    }
}
