//! What may be said or given to whoever asks, by what they have shown in this conversation and by what they may do for the
//! patient. One rule for the page, the composer, the API and the mail, and the only maker of a [`LetOut`].

use crate::codes;
use serde::{Deserialize, Serialize};

/// How sure the desk is of who is asking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// Nothing was shown.
    #[default]
    L0,
    /// Name, birth date and one thing more.
    L1,
    /// That, and a code to an address long on file.
    L2,
    /// That, and a call-back to the number on file or a second person's yes.
    L3,
}

impl Level {
    /// Every level, from nothing to all.
    pub const ALL: [Self; 4] = [Self::L0, Self::L1, Self::L2, Self::L3];

    /// The stable code, also the end of its text's key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::L0 => "l0",
            Self::L1 => "l1",
            Self::L2 => "l2",
            Self::L3 => "l3",
        }
    }

    /// The next one up; the highest stays.
    #[must_use]
    pub const fn raised(self) -> Self {
        match self {
            Self::L0 => Self::L1,
            Self::L1 => Self::L2,
            Self::L2 | Self::L3 => Self::L3,
        }
    }
}

codes! {
    /// What somebody may be spoken with about, or given.
    Group {
        /// Times, directions, that there is an appointment.
        Logistics = "logistics",
        /// Results, medicines, what was said in a visit.
        Clinical = "clinical",
        /// Bills and coverage.
        Billing = "billing",
        /// Another address or number.
        Contact = "contact",
        /// Copies of the records.
        Records = "records",
    }
}

codes! {
    /// What an answer holds, as whoever writes it says.
    Class {
        /// What anybody may know: nothing of this patient.
        Public = "public",
        /// Times, directions, that there is an appointment.
        Logistics = "logistics",
        /// Results, medicines, what was said in a visit.
        Clinical = "clinical",
        /// Bills and coverage.
        Billing = "billing",
        /// Copies of the records.
        Records = "records",
    }
}

impl Class {
    /// What it takes to hear it; nothing for what anybody may know.
    pub const fn group(self) -> Option<Group> {
        match self {
            Self::Public => None,
            Self::Logistics => Some(Group::Logistics),
            Self::Clinical => Some(Group::Clinical),
            Self::Billing => Some(Group::Billing),
            Self::Records => Some(Group::Records),
        }
    }

    /// What an answer in a request of this category usually holds. `clinical` is the clinic's word on the category.
    pub fn usual(category: &str, clinical: bool) -> Self {
        match category {
            "appointment" => Self::Logistics,
            "billing" | "insurance" => Self::Billing,
            "records" => Self::Records,
            // Where to call now is for everybody.
            "crisis" => Self::Public,
            _ if clinical => Self::Clinical,
            _ => Self::Public,
        }
    }

    /// Whether mail may carry it by itself. The rest stays behind a link (clinic privacy: what leaves the desk carries no
    /// health information).
    pub const fn fits_mail(self) -> bool {
        matches!(self, Self::Public | Self::Logistics)
    }
}

/// For which groups somebody may act or hear: a set of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope(i64);

impl Scope {
    /// Nothing at all.
    pub const NONE: Self = Self(0);
    /// All of them: the patient themself.
    pub const ALL: Self = Self((1 << Group::ALL.len()) - 1);

    /// As stored; bits that this program does not know open nothing.
    pub const fn from_bits(bits: i64) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// To be stored.
    pub const fn bits(self) -> i64 {
        self.0
    }

    /// Whether `group` is one of them.
    pub const fn has(self, group: Group) -> bool {
        self.0 & (1 << group as i64) != 0
    }

    /// Without `group`.
    #[must_use]
    pub const fn without(self, group: Group) -> Self {
        Self(self.0 & !(1 << group as i64))
    }

    /// The groups in it, in their order.
    pub fn list(self) -> impl Iterator<Item = Group> {
        Group::ALL.iter().copied().filter(move |one| self.has(*one))
    }
}

impl FromIterator<Group> for Scope {
    fn from_iter<I: IntoIterator<Item = Group>>(groups: I) -> Self {
        groups
            .into_iter()
            .fold(Self::NONE, |set, one| Self(set.0 | (1 << one as i64)))
    }
}

/// The level that a group asks for; red flags raise it.
pub const fn needs(group: Group, raised: bool) -> Level {
    let usual = match group {
        Group::Logistics => Level::L1,
        Group::Clinical | Group::Billing => Level::L2,
        Group::Contact | Group::Records => Level::L3,
    };
    if raised { usual.raised() } else { usual }
}

/// What decides about a conversation, as it stands now.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// What was shown.
    pub level: Level,
    /// Whether they were called back and a second person said yes as well.
    pub both: bool,
    /// Whether there is a red flag.
    pub raised: bool,
    /// Whether somebody said that it is an emergency.
    pub emergency: bool,
    /// What whoever asks may hear and do for the patient.
    pub scope: Scope,
}

/// What stands in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// They may not hear it, however well they are known.
    Scope,
    /// They are to be verified this far.
    Level(Level),
    /// A call back and a second person: one of them is still missing.
    Both,
}

impl Shown {
    /// What stands between whoever asks and this group. An emergency opens what the second level does, whatever else there
    /// is, and neither addresses nor records.
    pub fn missing(&self, group: Group) -> Option<Missing> {
        if self.emergency && needs(group, false) <= Level::L2 {
            return None;
        }
        if !self.scope.has(group) {
            return Some(Missing::Scope);
        }
        self.unproven(group)
    }

    /// The same for whoever may hear it: what was shown is not enough.
    pub fn unproven(&self, group: Group) -> Option<Missing> {
        let needed = needs(group, self.raised);
        if self.level < needed {
            return Some(Missing::Level(needed));
        }
        let beyond = self.raised && needs(group, false) == Level::L3;
        (beyond && !self.both).then_some(Missing::Both)
    }

    /// Whether an answer of this class may go out.
    pub fn opens(&self, class: Class) -> bool {
        class
            .group()
            .is_none_or(|group| self.missing(group).is_none())
    }

    /// The class of an answer of which nobody said what it holds: what the category usually does where that is open, else
    /// what anybody may know.
    pub fn usual(&self, category: &str, clinical: bool) -> Class {
        let usual = Class::usual(category, clinical);
        if self.opens(usual) {
            usual
        } else {
            Class::Public
        }
    }
}

/// Leave for words to go to whoever asks; made by [`let_out`] alone, and asked for by whatever sends.
#[derive(Clone, Copy, Debug)]
pub struct LetOut {
    class: Class,
    shown: Shown,
}

impl LetOut {
    /// What the words hold.
    pub const fn class(&self) -> Class {
        self.class
    }

    /// What was shown when they were written.
    pub const fn level(&self) -> Level {
        self.shown.level
    }

    /// Whether an emergency opened it, and nothing else did.
    pub fn by_emergency(&self) -> bool {
        let without = Shown {
            emergency: false,
            ..self.shown
        };
        !without.opens(self.class)
    }
}

/// Lets words of this class out, or says what is missing.
pub fn let_out(shown: Shown, class: Class) -> Result<LetOut, Missing> {
    match class.group().and_then(|group| shown.missing(group)) {
        None => Ok(LetOut { class, shown }),
        Some(missing) => Err(missing),
    }
}

#[cfg(test)]
#[path = "disclosure_tests.rs"]
mod tests;
