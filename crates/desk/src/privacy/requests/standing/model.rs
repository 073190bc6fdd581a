//! What stays of a decided request, and by which rules it begins and ends: no clock, no rows.

use super::super::model::{Decision, Kind, Law, Request};
use super::super::ways::NewWay;
use crate::codes::codes;
use crate::error::DeskError;
use crate::ids::{PrivacyRequestId, StaffId};
use crate::privacy::consents::Purpose;
use bedside_db::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;

/// Years for which a restriction is agreed at most: a day later than that was typed wrong.
pub const MAX_YEARS: i64 = 50;
/// The reason of a clinic that need not agree (45 CFR 164.522(a)(1)(ii)).
const NOT_REQUIRED: &str = "not_required";

codes! {
    /// How a restriction ended.
    #[schema(as = RestrictionEnd)]
    End {
        /// The patient asked for it, or agreed.
        Asked = "asked",
        /// The clinic told the patient that it keeps to it no longer.
        Told = "told",
    }
}

/// What a decision brings beyond itself.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    /// The last day of a restriction; none for as long as nobody ends it.
    pub until: Option<Date>,
    /// Whether it is that a health plan is not told of care that was paid for in full by somebody else: then the clinic
    /// has to agree (45 CFR 164.522(a)(1)(vi)). None where nobody was asked.
    pub owed: Option<bool>,
    /// What an objection ends; none for everything.
    pub stops: Option<Purpose>,
    /// How the patient is reached from then on, where that is what they asked for.
    pub way: Option<NewWay>,
}

const fn conflict(code: &'static str, text: &'static str) -> DeskError {
    DeskError::Conflict { code, text }
}

impl Terms {
    /// Whether a request may be decided so on these terms. `noted` says whether there are words to the decision.
    pub fn check(
        &self,
        request: &Request,
        (decision, reason, noted): (Decision, Option<&str>, bool),
        today: Date,
    ) -> Result<(), DeskError> {
        let unsaid = || {
            DeskError::invalid(
                "owed",
                "required",
                "Say whether it is about a health plan and care that was paid for in full.",
            )
        };
        if reason == Some(NOT_REQUIRED) && self.owed.ok_or_else(unsaid)? {
            return Err(DeskError::invalid(
                "reason",
                "must_agree",
                "The law makes the clinic agree to this one.",
            ));
        }
        if request.kind != Kind::Restriction || !decision.gives() {
            return Ok(());
        }
        if request.law == Law::Hipaa {
            self.owed.ok_or_else(unsaid)?;
        }
        // Whoever has to keep to it reads what it is.
        let says = noted || (decision == Decision::Granted && request.words.is_some());
        if !says {
            return Err(DeskError::invalid(
                "note",
                "required",
                "Say in words what is agreed.",
            ));
        }
        let last = today.saturating_add(MAX_YEARS.years());
        match self.until {
            Some(until) if until <= today || until > last => Err(DeskError::invalid(
                "restricted_until",
                "out_of_range",
                "A restriction ends on a day to come, or on none.",
            )),
            _ => Ok(()),
        }
    }
}

/// How a restriction ended, by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended<W> {
    /// How.
    pub how: End,
    /// When.
    pub at: Timestamp,
    /// Who kept it.
    pub by: StaffId,
    /// The day on which the patient asked, or was told.
    pub told_on: Date,
    /// Words about it.
    pub words: Option<W>,
}

/// What stays of one request; its words are `W`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lasting<W> {
    /// Until when a restriction is kept to.
    pub until: Option<Timestamp>,
    /// Whether the law makes the clinic agree to it; none where nobody was asked.
    pub owed: Option<bool>,
    /// How it ended before.
    pub ended: Option<Ended<W>>,
    /// The patient's statement of disagreement (45 CFR 164.526(d)(2)).
    pub disagreement: Option<W>,
    /// The day on which it came.
    pub disagreed_on: Option<Date>,
    /// The clinic's answer to it (164.526(d)(3)).
    pub rebuttal: Option<W>,
}

impl<W> Default for Lasting<W> {
    fn default() -> Self {
        Self {
            until: None,
            owed: None,
            ended: None,
            disagreement: None,
            disagreed_on: None,
            rebuttal: None,
        }
    }
}

impl<W> Lasting<W> {
    /// Whether the restriction of this request is kept to at `now`.
    pub fn stands(&self, request: &Request, now: Timestamp) -> bool {
        let decided = request.decided.as_ref();
        request.kind == Kind::Restriction
            && decided.is_some_and(|one| one.decision.gives())
            && self.ended.is_none()
            && self.until.is_none_or(|until| until > now)
    }

    /// Whether the clinic may end it by telling the patient: never where it had to agree (45 CFR 164.522(a)(2)(iii)), or
    /// where nobody asked whether it had to. Under the GDPR the patient is told before (Art. 18(3)).
    pub fn may_be_told(&self, request: &Request) -> bool {
        request.law == Law::Gdpr || self.owed == Some(false)
    }

    /// Whether it may end so.
    pub fn may_end(&self, request: &Request, how: End, now: Timestamp) -> Result<(), DeskError> {
        if !self.stands(request, now) {
            return Err(conflict("not_standing", "Nothing stands here any more."));
        }
        if how == End::Told && !self.may_be_told(request) {
            return Err(conflict(
                "owed",
                "The law makes the clinic keep to this: the patient alone ends it.",
            ));
        }
        Ok(())
    }

    /// Whether the patient may disagree, or the clinic answer: a correction was refused, wholly or in part, and there is
    /// room for it.
    pub fn may_disagree(&self, request: &Request) -> Result<(), DeskError> {
        let decided = request.decided.as_ref();
        let refused = decided.is_some_and(|one| one.decision.needs_reason());
        if request.kind != Kind::Amendment || !refused {
            return Err(conflict("not_refused", "No correction was refused here."));
        }
        if self.disagreement.is_some() && self.rebuttal.is_some() {
            return Err(conflict("disagreed", "Both sides have said it already."));
        }
        Ok(())
    }
}

/// A restriction that is kept to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// The request that asked for it.
    pub id: PrivacyRequestId,
    /// What the patient asked for, where all of it was agreed.
    pub asked: Option<String>,
    /// What the clinic said to it.
    pub note: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Where the clinic ended it by telling the patient on this day: what was kept until then stays under it.
    pub before: Option<Date>,
}

/// What somebody asked to have put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The request that asked for it.
    pub id: PrivacyRequestId,
    /// The number of the ticket that it came with.
    pub ticket: Option<i64>,
    /// How it was decided.
    pub decision: Decision,
    /// When.
    pub at: Timestamp,
    /// What the patient asked for.
    pub asked: Option<String>,
    /// The law's reason for what was refused.
    pub reason: Option<String>,
    /// What the clinic said to it.
    pub note: Option<String>,
    /// The patient's statement of disagreement.
    pub disagreement: Option<String>,
    /// The clinic's answer to it.
    pub rebuttal: Option<String>,
}

/// What stands on a patient's record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Restrictions, newest first.
    pub restrictions: Vec<Restriction>,
    /// What they asked to have put right, newest first.
    pub corrections: Vec<Correction>,
}
