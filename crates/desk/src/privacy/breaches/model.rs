//! What an incident is, and what may happen to it: no clock, no rows.

use crate::codes::codes;
use crate::error::DeskError;
use crate::ids::{
    BreachId, BreachPersonId, ContactId, DataKeyId, MessageId, PatientId, StaffId, TicketId,
};
use crate::privacy::requests::Law;
use bedside_db::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Characters of an incident's name at most.
pub const MAX_LINE: usize = 200;
/// Characters of any longer words at most.
pub const MAX_WORDS: usize = 4000;
/// Days in the past in which an incident may have been discovered: six years, as long as papers on it are kept
/// (45 CFR 164.530(j)).
pub const MAX_AGE_DAYS: i64 = 2192;

codes! {
    /// What the clinic is in it.
    Part {
        /// It happened here.
        Own = "own",
        /// It happened at somebody who works for the clinic. The clock starts when the clinic hears of it, or earlier where
        /// they act as its agent (45 CFR 164.404(a)(2)).
        AtAssociate = "at_associate",
        /// It happened here, with data of another clinic, which is to be told (164.410).
        AsAssociate = "as_associate",
    }
}

codes! {
    /// Where an incident stands.
    State {
        /// Nobody has assessed it, or the assessment came back.
        Open = "open",
        /// Somebody has; a second person has to sign.
        Assessed = "assessed",
        /// Two persons say what it is.
        Decided = "decided",
        /// All is told, or there is nothing to tell.
        Closed = "closed",
    }
}

codes! {
    /// Kinds of data.
    Data {
        /// Name.
        Name = "name",
        /// Addresses and telephone numbers.
        Contact = "contact",
        /// Birth date.
        Birth = "birth",
        /// Record number, insurance number.
        Numbers = "numbers",
        /// Social security number, passport, driving licence.
        Government = "government",
        /// Bank accounts, cards.
        Financial = "financial",
        /// What was written about health.
        Health = "health",
        /// Results, medicines, diagnoses.
        Clinical = "clinical",
        /// Files and pictures.
        Files = "files",
        /// Bills and coverage.
        Billing = "billing",
    }
}

codes! {
    /// The four factors of 45 CFR 164.402(2).
    Factor {
        /// The nature and extent of the data, and how likely somebody can be told from it.
        Nature = "nature",
        /// Who used it or got it.
        Who = "who",
        /// Whether it was really acquired or viewed.
        Seen = "seen",
        /// How far the risk was mitigated.
        Mitigated = "mitigated",
    }
}

codes! {
    /// How much risk a factor says.
    Risk {
        /// Hardly any.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }
}

codes! {
    /// What an incident is.
    Conclusion {
        /// A breach: what is presumed.
        Breach = "breach",
        /// A low probability that the data was compromised was shown.
        LowProbability = "low_probability",
        /// One of the law's exceptions.
        Exception = "exception",
    }
}

codes! {
    /// The exceptions of 45 CFR 164.402(1).
    Exception {
        /// Somebody of the staff acquired it unintentionally, in good faith, and used it no further.
        GoodFaith = "good_faith",
        /// One authorised person gave it to another one by mistake, and it went no further.
        Inadvertent = "inadvertent",
        /// Whoever got it could not have kept it.
        NotRetained = "not_retained",
    }
}

codes! {
    /// Who is to be told.
    Duty {
        /// Everybody on the list.
        People = "people",
        /// The authority: HHS, or the supervisory authority.
        Authority = "authority",
        /// The media of a state.
        Media = "media",
        /// The clinic whose data it was.
        Client = "client",
    }
}

codes! {
    /// Kinds of acts that an entry of the audit log tells of.
    Act {
        /// Details, requests, files were read.
        Read = "read",
        /// A search showed name and subject.
        Search = "search",
        /// It was copied out of the desk.
        Export = "export",
        /// It was sent to somebody.
        Sent = "sent",
    }
}

codes! {
    /// How far somebody on the list is told.
    Told {
        /// Not yet.
        Waiting = "waiting",
        /// Their letter is being written.
        Queued = "queued",
        /// It went into a request of theirs, and to their mail behind a link.
        Mailed = "mailed",
        /// It is to be printed: there is no address for mail.
        Print = "print",
        /// It was posted.
        Posted = "posted",
        /// They were erased before.
        Gone = "gone",
    }
}

impl Conclusion {
    /// What an incident can be under a law.
    pub const fn of(law: Law) -> &'static [Self] {
        match law {
            Law::Hipaa => Self::ALL,
            Law::Gdpr => &[Self::Breach, Self::LowProbability],
        }
    }
}

/// The four factors with their risks and words, and what follows from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// How much risk each factor says, in the order of [`Factor::ALL`].
    pub risks: [Risk; 4],
    /// The words of it ([`Words`]), sealed.
    pub words: Vec<u8>,
    /// What it is.
    pub conclusion: Conclusion,
    /// Which exception.
    pub exception: Option<Exception>,
    /// Whether the risk for people is high (GDPR Art. 34).
    pub high_risk: bool,
    /// Who assessed it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

/// The words of an assessment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Those of each factor, in the order of [`Factor::ALL`].
    pub factors: [String; 4],
    /// Why it is what it is.
    pub reasons: String,
}

/// Who is on a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whose {
    /// A patient on file.
    Patient(PatientId),
    /// Somebody who wrote, and stands for no patient on file.
    Contact(ContactId),
}

/// A place on the list of incidents: when it was discovered, or closed, and its id.
pub type Place = (Timestamp, BreachId);

/// How many people of one state there are at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// So many.
    pub most: i64,
    /// Of so many people on the list then.
    pub of: i64,
}

impl Counted {
    /// How many there may be at most on a list of so many: all who came onto it since may live there.
    pub fn may_be(self, people: i64) -> i64 {
        self.most + (people - self.of).max(0)
    }
}

/// What the audit log is asked for: ids and codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Whose acts: the id of somebody of the staff, or of an API token.
    pub actor: String,
    /// From this instant.
    pub from: Timestamp,
    /// To before this one.
    pub until: Timestamp,
    /// Which acts.
    pub acts: Vec<Act>,
}

/// An incident as stored.
#[derive(Clone, Debug)]
pub struct Breach {
    /// Its id.
    pub id: BreachId,
    /// What its words are sealed with.
    pub key: DataKeyId,
    /// The law under which it was opened.
    pub law: Law,
    /// What the clinic is in it.
    pub part: Part,
    /// Where it stands.
    pub state: State,
    /// When it was discovered: the clocks start here.
    pub discovered_at: Timestamp,
    /// Its name, sealed.
    pub title: Vec<u8>,
    /// What happened, sealed.
    pub story: Vec<u8>,
    /// Which kinds of data.
    pub data: Vec<Data>,
    /// Who opened it, and when.
    pub opened: (StaffId, Timestamp),
    /// The most people of one state, counted by hand.
    pub residents: Option<Counted>,
    /// The assessment.
    pub assessment: Option<Assessment>,
    /// The second person, and when they signed.
    pub signed: Option<(StaffId, Timestamp)>,
    /// What the audit log was asked, oldest first, and by whom and when at last: the list is the answer to all of it.
    pub taken: Option<(Vec<Query>, StaffId, Timestamp)>,
    /// Who let the letters go, and when.
    pub sent: Option<(StaffId, Timestamp)>,
    /// Who closed it, and when.
    pub closed: Option<(StaffId, Timestamp)>,
    /// Counts up with each change.
    pub version: i64,
}

/// How many people on a list are told how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Whose letter was not let go yet.
    pub waiting: i64,
    /// Whose letter is being written.
    pub queued: i64,
    /// Whose letter went by mail.
    pub mailed: i64,
    /// Whose letter is to be printed.
    pub print: i64,
    /// Whose letter was posted.
    pub posted: i64,
    /// Who was erased before.
    pub gone: i64,
}

impl Counts {
    /// Who is not told, with so many letters that did not arrive.
    pub const fn untold(&self, lost: i64) -> i64 {
        self.waiting + self.queued + self.print + lost
    }

    /// Everybody.
    pub const fn all(&self) -> i64 {
        self.waiting + self.queued + self.mailed + self.print + self.posted + self.gone
    }
}

/// That somebody was told.
#[derive(Clone, Copy, Debug)]
pub struct DoneDuty {
    /// Who.
    pub duty: Duty,
    /// On which day.
    pub on: Date,
    /// Who says so.
    pub by: StaffId,
    /// How many people were on the list then.
    pub people: i64,
}

/// Somebody on a list as stored.
#[derive(Clone)]
pub(super) struct Person {
    pub id: BreachPersonId,
    pub whose: Option<Whose>,
    pub by_hand: bool,
    pub seen: BTreeMap<Act, i64>,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub added: (StaffId, Timestamp),
    pub reason: Option<Vec<u8>>,
    pub removed: Option<(StaffId, Timestamp, Option<Vec<u8>>)>,
    pub told: Told,
    pub told_at: Option<Timestamp>,
    pub letter: Option<(TicketId, MessageId)>,
}

impl Person {
    /// Somebody who comes onto a list.
    pub const fn new(id: BreachPersonId, whose: Whose, added: (StaffId, Timestamp)) -> Self {
        Self {
            id,
            whose: Some(whose),
            by_hand: false,
            seen: BTreeMap::new(),
            first: None,
            last: None,
            added,
            reason: None,
            removed: None,
            told: Told::Waiting,
            told_at: None,
            letter: None,
        }
    }
}

/// A place on a list.
#[derive(Clone, Copy)]
pub(super) struct Listed {
    pub id: BreachPersonId,
    pub by_hand: bool,
    pub removed: bool,
}

const fn conflict(code: &'static str, text: &'static str) -> DeskError {
    DeskError::Conflict { code, text }
}

impl Breach {
    /// Whether anything of it may change still.
    pub fn may_change(&self) -> Result<(), DeskError> {
        match self.state {
            State::Closed => Err(conflict("closed", "This incident is closed.")),
            State::Open | State::Assessed | State::Decided => Ok(()),
        }
    }

    /// Whether it may be assessed, anew too.
    pub fn may_assess(&self) -> Result<(), DeskError> {
        match self.state {
            State::Open | State::Assessed => Ok(()),
            State::Decided | State::Closed => {
                Err(conflict("decided", "Two persons have decided already."))
            }
        }
    }

    /// Whether `by` may sign the assessment or send it back: not whoever made it.
    pub fn may_sign(&self, by: StaffId) -> Result<(), DeskError> {
        match (self.state, &self.assessment) {
            (State::Assessed, Some(assessment)) if assessment.by == by => Err(conflict(
                "same_person",
                "Whoever assessed an incident doesn't sign it off.",
            )),
            (State::Assessed, Some(_)) => Ok(()),
            _ => Err(conflict("not_assessed", "Nothing waits to be signed.")),
        }
    }

    /// Whether two persons say that people have to hear of it.
    pub fn is_breach(&self) -> bool {
        let concluded = self.assessment.as_ref().map(|one| one.conclusion);
        matches!(self.state, State::Decided | State::Closed)
            && concluded == Some(Conclusion::Breach)
    }

    /// Whether letters may go.
    pub fn may_send(&self) -> Result<(), DeskError> {
        self.may_change()?;
        if !self.is_breach() || self.part == Part::AsAssociate {
            return Err(conflict(
                "undecided",
                "Letters go out once two persons have said that it is a breach.",
            ));
        }
        Ok(())
    }
}

/// What somebody concludes has to follow: it is presumed a breach unless a low probability is shown by all four factors, or
/// an exception is named (45 CFR 164.402). The GDPR has no exceptions (Art. 33(1)).
///
/// # Errors
/// [`DeskError::Invalid`] for a factor or reasons without words, a low probability where a factor says much risk, an
/// exception that is not named, and one under a law that has none.
pub fn check(
    law: Law,
    risks: [Risk; 4],
    words: &Words,
    conclusion: Conclusion,
    exception: Option<Exception>,
) -> Result<(), DeskError> {
    for (factor, text) in Factor::ALL.iter().zip(&words.factors) {
        said(factor.code(), text)?;
    }
    said("reasons", &words.reasons)?;
    if conclusion == Conclusion::LowProbability && risks.contains(&Risk::High) {
        return Err(DeskError::invalid(
            "conclusion",
            "not_shown",
            "A factor says much risk: a low probability is not shown.",
        ));
    }
    if !Conclusion::of(law).contains(&conclusion) {
        return Err(DeskError::invalid(
            "conclusion",
            "no_exception",
            "This law knows no exceptions.",
        ));
    }
    if (conclusion == Conclusion::Exception) != exception.is_some() {
        return Err(DeskError::invalid(
            "exception",
            "required",
            "Name the exception, for an exception alone.",
        ));
    }
    Ok(())
}

/// Words that are needed and can be kept.
pub(super) fn said(field: &'static str, text: &str) -> Result<(), DeskError> {
    limited(field, text, MAX_WORDS)?;
    if text.trim().is_empty() {
        return Err(DeskError::invalid(field, "required", "This is needed."));
    }
    Ok(())
}

/// Words that are not too long.
pub(super) fn limited(field: &'static str, text: &str, most: usize) -> Result<(), DeskError> {
    if text.chars().count() > most {
        return Err(DeskError::invalid(field, "too_long", "This is too long."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breach_is_presumed_until_the_factors_show_otherwise() {
        let words = Words {
            factors: ["a", "b", "c", "d"].map(str::to_owned),
            reasons: "Because.".to_owned(),
        };
        let refused = |risks, words: &Words, conclusion, exception| match check(
            Law::Hipaa,
            risks,
            words,
            conclusion,
            exception,
        ) {
            Ok(()) => None,
            Err(DeskError::Invalid { field, code, .. }) => Some((field, code)),
            Err(other) => panic!("{other}"),
        };
        let low = [Risk::Low, Risk::Medium, Risk::Low, Risk::Low];
        let high = [Risk::Low, Risk::Low, Risk::High, Risk::Low];
        let unlikely = Conclusion::LowProbability;
        assert_eq!(refused(low, &words, unlikely, None), None);
        assert_eq!(
            refused(high, &words, unlikely, None),
            Some(("conclusion", "not_shown"))
        );
        assert_eq!(refused(high, &words, Conclusion::Breach, None), None);
        let exception = Some(Exception::GoodFaith);
        assert_eq!(
            refused(high, &words, Conclusion::Exception, exception),
            None
        );
        for (conclusion, exception) in [(Conclusion::Exception, None), (unlikely, exception)] {
            assert_eq!(
                refused(low, &words, conclusion, exception),
                Some(("exception", "required"))
            );
        }
        for (at, field) in ["nature", "who", "seen", "mitigated"]
            .into_iter()
            .enumerate()
        {
            let mut fewer = words.clone();
            fewer.factors[at] = " ".to_owned();
            assert_eq!(
                refused(low, &fewer, Conclusion::Breach, None),
                Some((field, "required"))
            );
            fewer.factors[at] = "x".repeat(MAX_WORDS + 1);
            assert_eq!(
                refused(low, &fewer, Conclusion::Breach, None),
                Some((field, "too_long"))
            );
        }
        let silent = Words {
            reasons: String::new(),
            ..words
        };
        assert_eq!(
            refused(low, &silent, unlikely, None),
            Some(("reasons", "required"))
        );
    }
}
