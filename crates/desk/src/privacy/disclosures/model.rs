//! What a disclosure is, and what a form of one has to say.

use crate::codes::codes;
use crate::error::DeskError;
use crate::ids::{DataKeyId, DisclosureId, PatientId, StaffId, TicketId};
use bedside_db::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Years that an accounting goes back at most (45 CFR 164.528(a)(1)).
pub const YEARS: i16 = 6;
/// Characters of a recipient's name at most.
pub const MAX_LINE: usize = 200;
/// Characters of an address, of what was given and of why at most.
pub const MAX_WORDS: usize = 1000;

codes! {
    /// What allows a disclosure outside of care, payment and the running of the clinic (45 CFR 164.512 and others).
    Basis {
        /// A law asks for it (164.512(a)).
        Law = "law",
        /// Public health: reports of diseases, of side effects (164.512(b)).
        PublicHealth = "public_health",
        /// Abuse, neglect or violence at home (164.512(c)).
        Abuse = "abuse",
        /// An authority that watches over clinics (164.512(d)).
        Oversight = "oversight",
        /// A court, or a lawyer's demand (164.512(e)).
        Court = "court",
        /// The police (164.512(f)).
        Police = "police",
        /// Coroners and undertakers (164.512(g)).
        Deceased = "deceased",
        /// Donation of organs (164.512(h)).
        Donation = "donation",
        /// Research without the patient's own consent (164.512(i)).
        Research = "research",
        /// To avert a serious threat (164.512(j)).
        Threat = "threat",
        /// The military, national security, prisons (164.512(k)).
        Government = "government",
        /// Workers' compensation (164.512(l)).
        WorkersCompensation = "workers_compensation",
        /// It should not have happened.
        Mistake = "mistake",
        /// As the words say.
        Other = "other",
    }
}

codes! {
    /// Why something is given out though a restriction stands on the record.
    #[schema(as = DespiteRestriction)]
    Despite {
        /// Somebody needs it in an emergency (45 CFR 164.522(a)(1)(iii)).
        Emergency = "emergency",
        /// A law asks for it or lets it be given (164.522(a)(1)(v)); to defend legal claims, or for another's rights (GDPR
        /// Art. 18(2)).
        Law = "law",
        /// The patient asked for this one, or agreed to it.
        Patient = "patient",
        /// The restriction is not about this.
        Outside = "outside",
    }
}

/// A disclosure as somebody typed it.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// When, as `YYYY-MM-DD`.
    pub day: String,
    /// To whom.
    pub recipient: String,
    /// Where they are, if that is known.
    pub address: String,
    /// What was given.
    pub what: String,
    /// Code of a [`Basis`].
    pub basis: String,
    /// Why, in words.
    pub purpose: String,
    /// Number of the request it belongs to; may be empty.
    pub ticket: String,
    /// Until when the patient is not told, as `YYYY-MM-DD`; may be empty.
    pub held_until: String,
    /// Code of what lets it be given out under 42 CFR Part 2; of other records nobody asks for it.
    pub part2: String,
    /// Code of a [`Despite`]; empty where no restriction stands.
    pub despite: String,
}

/// The same after it was checked; words are in plain yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The beginning of the day on which it was made.
    pub made_at: Timestamp,
    /// To whom.
    pub recipient: String,
    /// Where they are.
    pub address: String,
    /// What.
    pub what: String,
    /// What allows it.
    pub basis: Basis,
    /// Why.
    pub purpose: String,
    /// The number of its request.
    pub ticket: Option<i64>,
    /// The instant until which the patient is not told.
    pub held_until: Option<Timestamp>,
    /// Why it is given though a restriction stands.
    pub despite: Option<Despite>,
}

fn words(field: &'static str, text: &str, most: usize, needed: bool) -> Result<String, DeskError> {
    let text = text.trim();
    if needed && text.is_empty() {
        return Err(DeskError::invalid(field, "required", "This is needed."));
    }
    if text.chars().count() > most {
        return Err(DeskError::invalid(field, "too_long", "This is too long."));
    }
    Ok(text.to_owned())
}

fn date(field: &'static str, text: &str) -> Result<Date, DeskError> {
    let wrong = || DeskError::invalid(field, "invalid", "A day looks like 2026-05-31.");
    text.trim().parse().map_err(|_| wrong())
}

fn start(field: &'static str, date: Date, zone: &TimeZone) -> Result<Timestamp, DeskError> {
    let wrong = || DeskError::invalid(field, "invalid", "There is no such day.");
    let at = date.to_zoned(zone.clone()).map_err(|_| wrong())?;
    Ok(at.timestamp().into())
}

impl Typed {
    /// What it says, if all of it can be used: nothing that is still to come, nothing older than an accounting goes back.
    pub fn check(&self, now: Timestamp, zone: &TimeZone) -> Result<Checked, DeskError> {
        let made_at = start("day", date("day", &self.day)?, zone)?;
        if made_at > now {
            return Err(DeskError::invalid(
                "day",
                "future",
                "This day is yet to come.",
            ));
        }
        if made_at < oldest(now, zone) {
            let text = "An accounting goes back six years.";
            return Err(DeskError::invalid("day", "too_old", text));
        }
        let held_until = match self.held_until.trim() {
            "" => None,
            text => Some(start("held_until", date("held_until", text)?, zone)?),
        };
        let ticket =
            match self.ticket.trim().trim_start_matches('#') {
                "" => None,
                text => Some(text.parse().map_err(|_| {
                    DeskError::invalid("ticket", "invalid", "A request has a number.")
                })?),
            };
        let despite = match self.despite.trim() {
            "" => None,
            code => Some(
                Despite::from_code(code)
                    .ok_or_else(|| DeskError::invalid("despite", "invalid", "Choose one."))?,
            ),
        };
        Ok(Checked {
            made_at,
            recipient: words("recipient", &self.recipient, MAX_LINE, true)?,
            address: words("address", &self.address, MAX_WORDS, false)?,
            what: words("what", &self.what, MAX_WORDS, true)?,
            basis: Basis::from_code(&self.basis)
                .ok_or_else(|| DeskError::invalid("basis", "required", "Choose one."))?,
            purpose: words("purpose", &self.purpose, MAX_WORDS, true)?,
            ticket,
            held_until,
            despite,
        })
    }
}

/// The instant before which nothing is accounted for any more: the beginning of this day six years ago.
pub fn oldest(now: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = zone.to_datetime(now.to_jiff()).date();
    let then = today.saturating_sub(jiff::Span::new().years(YEARS));
    start("day", then, zone).unwrap_or(Timestamp::from_micros(0))
}

/// A disclosure as stored, its words sealed.
pub(super) struct Row {
    pub id: DisclosureId,
    pub patient: PatientId,
    pub key: DataKeyId,
    pub ticket: Option<TicketId>,
    pub basis: String,
    pub part2: Option<String>,
    pub made_at: Timestamp,
    pub recipient: Vec<u8>,
    pub address: Vec<u8>,
    pub what: Vec<u8>,
    pub purpose: Vec<u8>,
    pub held_until: Option<Timestamp>,
    pub despite: Option<String>,
    pub staff: StaffId,
    pub recorded_at: Timestamp,
    pub struck: Option<Struck>,
}

/// That a record was a mistake.
pub(super) struct Struck {
    pub at: Timestamp,
    pub by: StaffId,
    pub words: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed {
            day: "2026-02-27".to_owned(),
            recipient: " County court ".to_owned(),
            what: "The visit of May.".to_owned(),
            basis: "court".to_owned(),
            purpose: "Order 7.".to_owned(),
            ..Typed::default()
        }
    }

    fn refused(change: impl FnOnce(&mut Typed)) -> Option<(&'static str, &'static str)> {
        let mut one = typed();
        change(&mut one);
        let now = "2026-03-02T15:00:00Z".parse::<jiff::Timestamp>().unwrap();
        match one.check(now.into(), &TimeZone::UTC) {
            Err(DeskError::Invalid { field, code, .. }) => Some((field, code)),
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    }

    #[test]
    fn a_form_says_what_the_law_asks_for() {
        assert_eq!(refused(|_| ()), None);
        assert_eq!(
            refused(|one| one.day = String::new()),
            Some(("day", "invalid"))
        );
        assert_eq!(
            refused(|one| one.day = "2026-03-03".to_owned()),
            Some(("day", "future"))
        );
        assert_eq!(refused(|one| one.day = "2020-03-02".to_owned()), None);
        assert_eq!(
            refused(|one| one.day = "2020-03-01".to_owned()),
            Some(("day", "too_old"))
        );
        assert_eq!(
            refused(|one| one.day = "-9999-01-01".to_owned()),
            Some(("day", "invalid"))
        );
        assert_eq!(
            refused(|one| one.recipient = "  ".to_owned()),
            Some(("recipient", "required"))
        );
        assert_eq!(
            refused(|one| one.recipient = "x".repeat(201)),
            Some(("recipient", "too_long"))
        );
        assert_eq!(
            refused(|one| one.what = String::new()),
            Some(("what", "required"))
        );
        assert_eq!(
            refused(|one| one.purpose = "x".repeat(1001)),
            Some(("purpose", "too_long"))
        );
        assert_eq!(
            refused(|one| one.basis = "treatment".to_owned()),
            Some(("basis", "required"))
        );
        assert_eq!(refused(|one| one.ticket = "#12".to_owned()), None);
        assert_eq!(
            refused(|one| one.ticket = "twelve".to_owned()),
            Some(("ticket", "invalid"))
        );
        assert_eq!(
            refused(|one| one.held_until = "soon".to_owned()),
            Some(("held_until", "invalid"))
        );
        assert_eq!(refused(|one| one.despite = "emergency".to_owned()), None);
        assert_eq!(
            refused(|one| one.despite = "because".to_owned()),
            Some(("despite", "invalid"))
        );
    }
}
