//! Who asks, reduced to what decides, and the decision.

use crate::labels::Labels;
use crate::permission::{Permission, Permissions};
use crate::queues::Queues;
use crate::reach::Reach;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a, Q> {
    /// A person of the staff, with what their role opens.
    Staff(Held<'a, Q>),
    /// Another system, with what its token opens.
    Token(Held<'a, Q>),
    /// Somebody who has shown by another proof (a mail, a link, the patients' own sign-in) what is their own. They reach that
    /// alone, never anything by permission.
    Own,
    /// Somebody whom nothing identifies.
    Visitor,
    /// The desk itself.
    Desk,
}

/// What somebody was given.
#[derive(Debug)]
pub struct Held<'a, Q> {
    /// What they may do.
    pub permissions: Permissions,
    /// Whether they are clinical.
    pub clinical: bool,
    /// Whose requests they reach.
    pub queues: &'a Queues<Q>,
}

impl<Q> Clone for Held<'_, Q> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<Q> Copy for Held<'_, Q> {}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody knows yet who asks.
    Unknown,
    /// It is known, and they may not.
    Forbidden,
}

/// What keeps something about somebody from whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<Q> {
    /// It waits in this queue, where they have no business.
    Queue(Q),
    /// The patient has a label that they may not see.
    Label {
        /// Whether they may open the record for a reason, and see it while it is open.
        can_open: bool,
    },
}

impl<Q: Copy + Ord> Who<'_, Q> {
    /// What they may do.
    pub const fn permissions(&self) -> Permissions {
        match self {
            Self::Staff(held) | Self::Token(held) => held.permissions,
            Self::Desk => Permissions::ALL,
            Self::Own | Self::Visitor => Permissions::NONE,
        }
    }

    /// Whether what only a clinician may do is theirs to do: somebody with a clinical role, or the desk itself. No other
    /// system is.
    pub const fn is_clinical(&self) -> bool {
        match self {
            Self::Staff(held) => held.clinical,
            Self::Desk => true,
            Self::Token(_) | Self::Own | Self::Visitor => false,
        }
    }

    /// What they open, to be held against what they hand on.
    pub fn reach(&self) -> Reach<Q> {
        Reach {
            permissions: self.permissions(),
            clinical: self.is_clinical(),
            queues: match self {
                Self::Staff(held) | Self::Token(held) => held.queues.clone(),
                Self::Own | Self::Visitor | Self::Desk => Queues::All,
            },
        }
    }

    /// The one authorization function: whether they may do this at all.
    pub const fn authorize(&self, permission: Permission) -> Result<(), Refusal> {
        if self.permissions().has(permission) {
            return Ok(());
        }
        Err(self.refusal())
    }

    /// How they are refused.
    pub const fn refusal(&self) -> Refusal {
        match self {
            Self::Visitor => Refusal::Unknown,
            Self::Staff(_) | Self::Token(_) | Self::Own | Self::Desk => Refusal::Forbidden,
        }
    }

    /// Whether they may give a role or token with this reach to somebody, take it away or change it: nobody hands on more
    /// than they have, and nobody touches those who may do more.
    pub fn hands_on(&self, given: &Reach<Q>) -> Result<(), Refusal> {
        self.authorize(Permission::StaffManage)?;
        if self.reach().holds(given) {
            return Ok(());
        }
        Err(Refusal::Forbidden)
    }

    /// Whether they may name whoever says who works here and as what: a provider for single sign-on, or a token for
    /// provisioning. Such a one makes anybody anything, so it takes somebody who may do everything.
    pub fn names_providers(&self) -> Result<(), Refusal> {
        self.authorize(Permission::StaffManage)?;
        if self.permissions().do_all() {
            return Ok(());
        }
        Err(Refusal::Forbidden)
    }

    /// Whether they say what stays and what ends when everybody's access is looked at: whoever watches over privacy of all,
    /// whoever manages the staff of what they could hand on.
    pub fn decides_on(&self, access: &Reach<Q>) -> Result<(), Refusal> {
        if self.permissions().has(Permission::PrivacyReview) {
            return Ok(());
        }
        self.hands_on(access)
    }

    /// Whether requests in `queue` are their business. A contact or a visitor has shown by another proof that the request is
    /// their own.
    pub fn reaches(&self, queue: Q) -> bool {
        match self {
            Self::Staff(held) | Self::Token(held) => held.queues.has(queue),
            Self::Own | Self::Visitor | Self::Desk => true,
        }
    }

    /// Whether the labels of a patient keep nothing of theirs from them. The desk itself sees all; a contact or a visitor has
    /// shown by another proof that the words are their own.
    pub fn sees(&self, labels: Labels) -> bool {
        match self {
            Self::Staff(held) | Self::Token(held) => held.permissions.hold(labels.needed()),
            Self::Own | Self::Visitor | Self::Desk => true,
        }
    }

    /// Whether they may open a restricted record for a reason: people alone do. What they opened shuts when they may do so no
    /// more.
    pub const fn may_open(&self) -> bool {
        match self {
            Self::Staff(held) => held.permissions.has(Permission::RestrictedOpen),
            Self::Token(_) | Self::Own | Self::Visitor | Self::Desk => false,
        }
    }

    /// What keeps from them what is about a patient with these labels and waits in this queue, if it waits in one. The queue
    /// comes first: no opening reaches into another one.
    pub fn kept(&self, queue: Option<Q>, labels: Labels) -> Option<Kept<Q>> {
        if let Some(queue) = queue.filter(|queue| !self.reaches(*queue)) {
            return Some(Kept::Queue(queue));
        }
        let can_open = self.may_open();
        (!self.sees(labels)).then_some(Kept::Label { can_open })
    }
}

#[cfg(test)]
#[path = "who_tests.rs"]
mod tests;
