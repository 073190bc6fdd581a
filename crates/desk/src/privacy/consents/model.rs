//! What stands of somebody's yes and no: no clock, no rows.

use crate::codes::codes;
use crate::ids::{ConsentId, ContactId, PatientId};
use bedside_db::Timestamp;

/// Longest text that was shown, in characters.
pub const MAX_TEXT: usize = 4000;
/// Longest name of somebody with whom data is shared, in characters.
pub const MAX_PARTY: usize = 200;

codes! {
    /// What the desk wants to do.
    Purpose {
        /// Messages that are part of care.
        Treatment = "treatment",
        /// Reminders of appointments.
        Reminders = "reminders",
        /// Questions how it went.
        Surveys = "surveys",
        /// Care programmes.
        Programmes = "programmes",
        /// News and offers.
        Marketing = "marketing",
        /// Giving data to a named third party.
        Sharing = "sharing",
        /// Giving away records of substance use treatment (42 CFR Part 2).
        Part2 = "part2",
        /// Research.
        Research = "research",
    }
}

codes! {
    /// By which way somebody is reached.
    Channel {
        /// Mail.
        Email = "email",
        /// Text messages.
        Sms = "sms",
        /// Telephone.
        Phone = "phone",
        /// Chat.
        Chat = "chat",
        /// Letters.
        Post = "post",
    }
}

codes! {
    /// What somebody said.
    #[schema(as = ConsentDecision)]
    Decision {
        /// Yes.
        Given = "given",
        /// No, when they were asked.
        Refused = "refused",
        /// No more.
        Withdrawn = "withdrawn",
    }
}

codes! {
    /// How they said it.
    #[schema(as = ConsentSource)]
    Source {
        /// In a form.
        Form = "form",
        /// In a mail.
        Mail = "mail",
        /// To somebody of the staff, on the telephone or in person.
        Agent = "agent",
        /// On their own pages.
        Portal = "portal",
        /// On paper.
        Paper = "paper",
        /// By a word such as STOP that was all they wrote.
        StopWord = "stop_word",
        /// By the link or the button that ends such mails.
        Unsubscribe = "unsubscribe",
    }
}

impl Purpose {
    /// Key of the text that names it.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Treatment => "consent-for-treatment",
            Self::Reminders => "consent-for-reminders",
            Self::Surveys => "consent-for-surveys",
            Self::Programmes => "consent-for-programmes",
            Self::Marketing => "consent-for-marketing",
            Self::Sharing => "consent-for-sharing",
            Self::Part2 => "consent-for-part2",
            Self::Research => "consent-for-research",
        }
    }
}

impl Channel {
    /// Whether a yes is for one address: it may be somebody else's tomorrow.
    pub const fn has_address(self) -> bool {
        matches!(self, Self::Email | Self::Sms | Self::Phone)
    }

    /// The kind of address on file that it reaches.
    pub const fn point_kind(self) -> Option<&'static str> {
        match self {
            Self::Email => Some("email"),
            Self::Sms | Self::Phone => Some("phone"),
            Self::Chat | Self::Post => None,
        }
    }

    /// Key of the text that names it.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Email => "consent-by-email",
            Self::Sms => "consent-by-sms",
            Self::Phone => "consent-by-phone",
            Self::Chat => "consent-by-chat",
            Self::Post => "consent-by-post",
        }
    }
}

/// What an address, or a third party, is known by: a keyed mark.
pub type Mark = [u8; 16];

/// One word of somebody, as far as it decides anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its id; of two at one instant the higher is the later.
    pub id: ConsentId,
    /// When it was said.
    pub at: Timestamp,
    /// For what; none of a no to everything that its channel carries.
    pub purpose: Option<Purpose>,
    /// By which way; none of a use that is no message, and of a no to every way.
    pub channel: Option<Channel>,
    /// Yes or no.
    pub decision: Decision,
    /// Whose, once they stood for a patient.
    pub patient: Option<PatientId>,
    /// Who said it, or whose address it is about; none of the patient's own word for all of their addresses.
    pub contact: Option<ContactId>,
    /// The address that it is about.
    pub point: Option<Mark>,
    /// The third party that it is about.
    pub party: Option<Mark>,
}

/// What is to be known: whether somebody may be reached, or their data used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// For what.
    pub purpose: Purpose,
    /// By which way; none of a use that is no message.
    pub channel: Option<Channel>,
    /// The patient, where there is one.
    pub patient: Option<PatientId>,
    /// Whose address it is now.
    pub contact: Option<ContactId>,
    /// The address.
    pub point: Option<Mark>,
    /// The third party.
    pub party: Option<Mark>,
    /// As of when: a yes of later doesn't count. A no does, whatever its time: the clock of the node that heard it may be
    /// ahead of the one that asks.
    pub now: Timestamp,
}

/// What holds while nobody said anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Without {
    /// It may be done until somebody says no.
    May,
    /// It may be done only once somebody said yes.
    Asks,
}

/// Why something may be done or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// They said yes.
    Given(ConsentId),
    /// They said no when they were asked.
    Refused(ConsentId),
    /// They said no more.
    Withdrawn(ConsentId),
    /// Nobody said anything, and nothing is needed.
    NotNeeded,
    /// Nobody said anything, and a yes is needed.
    NeverGiven,
    /// This purpose is never carried by this way.
    NoSuchWay,
    /// A restriction is kept to on their record.
    Restricted,
}

impl Why {
    /// Whether it may be done.
    pub const fn may(self) -> bool {
        matches!(self, Self::Given(_) | Self::NotNeeded)
    }

    /// Key of the text that says it.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Given(_) => "consent-why-given",
            Self::Refused(_) => "consent-why-refused",
            Self::Withdrawn(_) => "consent-why-withdrawn",
            Self::NotNeeded => "consent-why-not-needed",
            Self::NeverGiven => "consent-why-never-given",
            Self::NoSuchWay => "consent-why-no-such-way",
            Self::Restricted => "consent-why-restricted",
        }
    }
}

impl Word {
    /// Whether this word says anything to `question`. A yes is for one address and one third party; a no is the person's,
    /// for all of their addresses, and stays theirs whomever they stand for. Any other word that was said while the address,
    /// or the contact, was another one's says nothing.
    pub fn answers(&self, question: &Question) -> bool {
        let is_no = self.decision != Decision::Given;
        let of_purpose = self.purpose.is_none_or(|one| one == question.purpose);
        let of_way = match (self.channel, question.channel) {
            (None, None) => true,
            (None, Some(_)) => self.decision != Decision::Given,
            (one, asked) => one == asked,
        };
        let of_patient = self.patient.is_none_or(|one| Some(one) == question.patient);
        let of_person = match (self.contact, question.channel) {
            (Some(one), Some(_)) => Some(one) == question.contact && (of_patient || is_no),
            // A use of the patient's data is asked for the patient, whoever answered for them.
            (_, None) | (None, Some(_)) => self.patient.is_some() && of_patient,
        };
        let of_point = self.decision != Decision::Given
            || !question.channel.is_some_and(Channel::has_address)
            || (self.point.is_some() && self.point == question.point);
        let of_party = match self.decision {
            Decision::Given => self.party == question.party,
            Decision::Refused | Decision::Withdrawn => {
                self.party.is_none() || self.party == question.party
            }
        };
        let of_time = self.decision != Decision::Given || self.at <= question.now;
        of_time && of_purpose && of_way && of_person && of_point && of_party
    }
}

/// The word that stands: the latest that says anything.
pub fn standing<'a>(words: &'a [Word], question: &Question) -> Option<&'a Word> {
    words
        .iter()
        .filter(|word| word.answers(question))
        .max_by_key(|word| (word.at, word.id))
}

/// Whether it may be done, with the reason. `without` is none where the rules know no such way for the purpose.
pub fn decide(words: &[Word], question: &Question, without: Option<Without>) -> Why {
    let Some(without) = without else {
        return Why::NoSuchWay;
    };
    match (standing(words, question), without) {
        (Some(word), _) => match word.decision {
            Decision::Given => Why::Given(word.id),
            Decision::Refused => Why::Refused(word.id),
            Decision::Withdrawn => Why::Withdrawn(word.id),
        },
        (None, Without::May) => Why::NotNeeded,
        (None, Without::Asks) => Why::NeverGiven,
    }
}
