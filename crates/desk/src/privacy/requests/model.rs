//! What a privacy request is and what may happen to it: no clock, no rows.

use crate::codes::codes;
use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, PatientId, PrivacyRequestId, StaffId};
use crate::representatives::Side;
use bedside_db::Timestamp;
use jiff::civil::Date;

/// Longest words of a request, a reason or a note, in characters.
pub const MAX_WORDS: usize = 2000;
/// Days in the past from which a request may have been received: what is older was typed wrong.
pub const MAX_AGE_DAYS: i64 = 366;

codes! {
    /// The law that an organisation is under.
    Law {
        /// 45 CFR part 164.
        Hipaa = "hipaa",
        /// Regulation (EU) 2016/679.
        Gdpr = "gdpr",
    }
}

codes! {
    /// What somebody asks for.
    Kind {
        /// To see what is kept.
        Access = "access",
        /// A copy of it to take away.
        Copy = "copy",
        /// To have something put right.
        Amendment = "amendment",
        /// That something is not used or told.
        Restriction = "restriction",
        /// That all of it is destroyed.
        Erasure = "erasure",
        /// Whom it was given to.
        Accounting = "accounting",
        /// That it is not used any more for some purpose.
        Objection = "objection",
        /// That something went wrong with it.
        Complaint = "complaint",
    }
}

codes! {
    /// Where a request stands.
    #[schema(as = PrivacyRequestState)]
    State {
        /// Nobody has decided.
        Open = "open",
        /// It is decided, and has to be carried out and answered.
        Decided = "decided",
        /// The patient has the answer.
        Closed = "closed",
    }
}

codes! {
    /// How it was decided.
    #[schema(as = PrivacyRequestDecision)]
    Decision {
        /// All of it.
        Granted = "granted",
        /// Some of it; the rest is refused for a reason.
        Partly = "partly",
        /// None of it, for a reason.
        Refused = "refused",
        /// The patient took it back.
        Withdrawn = "withdrawn",
    }
}

codes! {
    /// What is to be done next.
    Step {
        /// Find out who is asking.
        Identify = "identify",
        /// Somebody else looks at it and says yes.
        SecondPerson = "second_person",
        /// Decide.
        Decide = "decide",
        /// Make the copy and hand it over.
        MakeCopy = "make_copy",
        /// Show what is kept.
        Show = "show",
        /// Put it right, and tell whoever had it.
        PutRight = "put_right",
        /// Keep to the restriction: the desk tells of it wherever the record is used.
        Restrict = "restrict",
        /// Destroy the record.
        Destroy = "destroy",
        /// Give the list of whom it was given to.
        GiveList = "give_list",
        /// Stop the use outside of the desk: within it, their no stands.
        Stop = "stop",
        /// Look into it and write what is done about it.
        LookInto = "look_into",
        /// Write to the patient why, and where they can complain.
        WriteRefusal = "write_refusal",
        /// Write the answer, and close with its date.
        Answer = "answer",
    }
}

impl Kind {
    /// Key of the text that says it.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::Access => "privacy-kind-access",
            Self::Copy => "privacy-kind-copy",
            Self::Amendment => "privacy-kind-amendment",
            Self::Restriction => "privacy-kind-restriction",
            Self::Erasure => "privacy-kind-erasure",
            Self::Accounting => "privacy-kind-accounting",
            Self::Objection => "privacy-kind-objection",
            Self::Complaint => "privacy-kind-complaint",
        }
    }

    /// Whether it gives something away or destroys it, so that who asks must be known for certain (identity at its
    /// third level, or a second person's yes).
    pub const fn needs_proof(self) -> bool {
        matches!(
            self,
            Self::Access | Self::Copy | Self::Erasure | Self::Accounting
        )
    }
}

impl Decision {
    /// Whether something is done for the patient.
    pub const fn gives(self) -> bool {
        matches!(self, Self::Granted | Self::Partly)
    }

    /// Whether a reason of the law has to be named.
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Partly | Self::Refused)
    }
}

/// The one extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Who made it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// Why, sealed.
    pub words: Vec<u8>,
    /// The date of the letter that told the patient.
    pub letter_on: Date,
}

/// How it was decided, by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// How.
    pub decision: Decision,
    /// The law's reason for what was refused.
    pub reason: Option<String>,
    /// The words for it, sealed.
    pub note: Option<Vec<u8>>,
    /// Who.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// Whether the staff's notes belong to what is handed over.
    pub with_notes: bool,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Date of the answer to the patient.
    pub answered_on: Date,
    /// Who closed it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
}

/// Who asked on the patients' own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// By whose address they were in.
    pub contact: ContactId,
    /// Whether for themself or for whom they acted.
    pub side: Side,
}

/// A request as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: PrivacyRequestId,
    /// Whose data.
    pub patient: PatientId,
    /// What its words are sealed with.
    pub key: DataKeyId,
    /// What is asked for.
    pub kind: Kind,
    /// The law under which it was opened.
    pub law: Law,
    /// What the asker had shown of who they are when it was opened: a code of `identity::Level`.
    pub level: String,
    /// Whose word it was, where they had shown then that they may have the whole record: with nothing missing of what
    /// [`crate::records::Group::Records`] asks.
    pub shown_by: Option<ContactId>,
    /// The number of the ticket that it came with.
    pub ticket: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// The day on which it was received.
    pub received_on: Date,
    /// Until when it has to be answered.
    pub due_at: Timestamp,
    /// What is asked for in words, sealed.
    pub words: Option<Vec<u8>>,
    /// Who of the staff opened it; none for another system, and for what was asked on the patients' own pages.
    pub opened_by: Option<StaffId>,
    /// Who asked there; none of what was asked before that was kept.
    pub asked: Option<Asker>,
    /// When.
    pub opened_at: Timestamp,
    /// The one extension.
    pub extension: Option<Extension>,
    /// Who gave the second yes, and when.
    pub approved: Option<(StaffId, Timestamp)>,
    /// How it was decided.
    pub decided: Option<Decided>,
    /// How it ended.
    pub closed: Option<Closed>,
    /// When whoever asked took it back themself.
    pub taken_back: Option<Timestamp>,
    /// Counts up with each change.
    pub version: i64,
}

const fn conflict(code: &'static str, text: &'static str) -> DeskError {
    DeskError::Conflict { code, text }
}

impl Request {
    /// Whether the law's time is over.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state != State::Closed && now > self.due_at
    }

    /// Whether the asker had shown that they may have what is asked for.
    pub const fn is_proven(&self) -> bool {
        self.shown_by.is_some()
    }

    /// Whether somebody else has to say yes before anything is given: always to destroy, and to hand out to whoever has
    /// not shown who they are.
    pub fn needs_second(&self) -> bool {
        self.kind == Kind::Erasure || (self.kind.needs_proof() && !self.is_proven())
    }

    fn still_open(&self) -> Result<(), DeskError> {
        match self.state {
            State::Open => Ok(()),
            State::Decided | State::Closed => {
                Err(conflict("decided", "This request is decided already."))
            }
        }
    }

    /// How it was decided, by the staff or by whoever asked.
    pub fn decision(&self) -> Option<Decision> {
        let decided = self.decided.as_ref().map(|one| one.decision);
        decided.or(self.taken_back.map(|_| Decision::Withdrawn))
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.closed.map(|one| one.at).or(self.taken_back)
    }

    /// Whether this contact may take it back now: it is not decided, and they asked.
    pub fn may_take_back(&self, by: ContactId) -> Result<(), DeskError> {
        if self.asked.is_none_or(|asker| asker.contact != by) {
            return Err(DeskError::NotFound);
        }
        self.still_open()
    }

    /// Whether the one extension may be made now: the patient must hear of it before the first period is over (45 CFR
    /// 164.524(b)(2)(ii), GDPR Art. 12(3)).
    pub fn may_extend(&self, can: bool, now: Timestamp) -> Result<(), DeskError> {
        self.still_open()?;
        if self.extension.is_some() {
            return Err(conflict(
                "extended",
                "There is one extension, and it was made.",
            ));
        }
        if !can {
            return Err(conflict(
                "no_extension",
                "The law knows no extension for this.",
            ));
        }
        if now > self.due_at {
            return Err(conflict(
                "overdue",
                "An extension has to be made, and told to the patient, before the first period is over.",
            ));
        }
        Ok(())
    }

    /// Whether `by` may give the second yes: it is wanted, and they did not open the request themselves.
    pub fn may_approve(&self, by: StaffId) -> Result<(), DeskError> {
        self.still_open()?;
        if !self.needs_second() || self.approved.is_some() {
            return Err(conflict("not_needed", "No second yes is wanted here."));
        }
        if self.opened_by == Some(by) {
            return Err(conflict(
                "same_person",
                "Whoever opened a request doesn't give the second yes.",
            ));
        }
        Ok(())
    }

    /// Whether `by` may decide so.
    pub fn may_decide(&self, decision: Decision, by: StaffId) -> Result<(), DeskError> {
        self.still_open()?;
        if decision == Decision::Partly && self.kind == Kind::Erasure {
            return Err(conflict(
                "all_or_nothing",
                "Records are destroyed as a whole, or not at all.",
            ));
        }
        if !decision.gives() || !self.needs_second() {
            return Ok(());
        }
        match self.approved {
            None => Err(conflict(
                "second_person",
                "Somebody else has to say yes first.",
            )),
            Some((second, _)) if second == by => Err(conflict(
                "same_person",
                "Whoever gave the second yes doesn't decide.",
            )),
            Some(_) => Ok(()),
        }
    }

    /// When the first of the two yeses was said that it has; none while one is missing.
    pub fn first_yes(&self) -> Option<Timestamp> {
        let (_, approved) = self.approved?;
        let decided = self.decided.as_ref()?;
        Some(approved.min(decided.at))
    }

    /// Whether it may be closed by hand. What was granted to be destroyed closes by being destroyed.
    pub fn may_close(&self) -> Result<(), DeskError> {
        match (self.state, &self.decided) {
            (State::Open, _) => Err(conflict("undecided", "Decide first.")),
            (State::Closed, _) => Err(conflict("closed", "This request is closed.")),
            (State::Decided, Some(decided))
                if self.kind == Kind::Erasure && decided.decision.gives() =>
            {
                Err(conflict(
                    "not_destroyed",
                    "It closes by itself when the record is destroyed.",
                ))
            }
            (State::Decided, _) => Ok(()),
        }
    }

    /// What is to be done next, in its order.
    pub fn steps(&self) -> Vec<Step> {
        match (self.state, &self.decided) {
            (State::Closed, _) => Vec::new(),
            (State::Open, _) | (State::Decided, None) => {
                let mut steps = Vec::new();
                if self.kind.needs_proof() && !self.is_proven() {
                    steps.push(Step::Identify);
                }
                if self.needs_second() && self.approved.is_none() {
                    steps.push(Step::SecondPerson);
                }
                steps.push(Step::Decide);
                steps
            }
            (State::Decided, Some(decided)) => {
                let mut steps = Vec::new();
                if decided.decision.gives() {
                    steps.push(match self.kind {
                        Kind::Access => Step::Show,
                        Kind::Copy => Step::MakeCopy,
                        Kind::Amendment => Step::PutRight,
                        Kind::Restriction => Step::Restrict,
                        Kind::Erasure => return vec![Step::Destroy],
                        Kind::Accounting => Step::GiveList,
                        Kind::Objection => Step::Stop,
                        Kind::Complaint => Step::LookInto,
                    });
                }
                if decided.decision.needs_reason() {
                    steps.push(Step::WriteRefusal);
                }
                steps.push(Step::Answer);
                steps
            }
        }
    }
}
