//! What a screen or an answer of the API may hold of somebody while a person is there who says that they are them. Whoever
//! is on the line is asked for what is on file; staff who read it at the same time can be led to say it (HC3 alert of
//! April 2024), so it is not before them until it was shown.

use crate::disclosure::Level;
use crate::field_group::FieldGroup;
use crate::who::Who;

/// Channels by which somebody is there, and hears or reads at once what the staff say.
const LIVE: [&str; 4] = ["phone", "video", "sms", "chat"];

/// Whether whoever asks by this channel is there while the staff read.
pub fn is_live(channel: &str) -> bool {
    LIVE.contains(&channel)
}

/// A conversation as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// Whether somebody may be there while the staff read.
    pub live: bool,
    /// What was shown in it about whom it is about.
    pub level: Level,
    /// Whether somebody of the staff opened it for an emergency, with a reason at which somebody else looks.
    pub emergency: bool,
    /// Whether a person who reads sees all of it: somebody may be in danger, or they asked to, a moment ago.
    pub eased: bool,
}

/// What is before whoever reads in a conversation; all of it where nobody is on the line. It takes away alone: what a role
/// does not open stays shut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// As of which level; none for everything.
    level: Option<Level>,
    /// Whether addresses are shown below their level.
    addresses: bool,
}

/// The level from which the fields of a group are shown. Who somebody is was told by then; where they are reached is what
/// the next step goes to, and the rest is what that step opens.
const fn shown_from(group: FieldGroup) -> Level {
    match group {
        FieldGroup::Identifiers => Level::L1,
        FieldGroup::Contact | FieldGroup::Clinical | FieldGroup::Billing => Level::L2,
    }
}

impl Sight {
    /// Everything.
    pub const ALL: Self = Self {
        level: None,
        addresses: false,
    };

    /// The same, and addresses with it: those of somebody who is nobody on file are what they gave, and no answer to anything.
    #[must_use]
    pub fn with_addresses(self) -> Self {
        Self {
            addresses: self != Self::ALL,
            ..self
        }
    }

    /// Whether the fields of a group are shown.
    pub fn shows(self, group: FieldGroup) -> bool {
        let given = self.addresses && group == FieldGroup::Contact;
        given || self.level.is_none_or(|level| level >= shown_from(group))
    }

    /// Whether as much of an address is shown as tells it from another, so that one of them can be chosen.
    pub fn hints(self) -> bool {
        self.addresses || self.level.is_none_or(|level| level >= Level::L1)
    }

    /// Whether no group is hidden.
    pub fn is_whole(self) -> bool {
        self.hidden().next().is_none()
    }

    /// The groups that are not shown.
    pub fn hidden(self) -> impl Iterator<Item = FieldGroup> {
        let all = FieldGroup::ALL.iter().copied();
        all.filter(move |group| !self.shows(*group))
    }
}

impl<Q> Who<'_, Q> {
    /// What they see of somebody in this conversation. People alone can ask to see more, or say that it can't wait; another
    /// system reads for people of whom nobody knows whether they are on the line.
    pub fn sight(&self, line: Line) -> Sight {
        let all = match self {
            Self::Own | Self::Desk => true,
            Self::Staff(_) => line.eased,
            Self::Token(_) | Self::Visitor => false,
        };
        if all || line.emergency || !line.live {
            Sight::ALL
        } else {
            Sight {
                level: Some(line.level),
                addresses: false,
            }
        }
    }
}

#[cfg(test)]
#[path = "sight_tests.rs"]
mod tests;
