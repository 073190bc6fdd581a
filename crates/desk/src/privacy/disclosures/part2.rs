//! What may be given out of a record of substance use treatment (42 CFR Part 2): to a court and the police by an order under
//! its subpart E alone, to anybody else with the patient's yes or by an exception that has a name. Rules first, no rows.

use super::model::Basis;
use crate::app::App;
use crate::codes::codes;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId, TicketId};
use crate::privacy::consents::{self, Purpose, Whom, Why};
use crate::records::{Label, restricted};
use bedside_db::Conn;

codes! {
    /// What lets something be given out under 42 CFR Part 2.
    Ground {
        /// A court order under subpart E (2.61 to 2.67).
        CourtOrder = "court_order",
        /// The patient's yes for this recipient (2.31, 2.33).
        Consent = "consent",
        /// A medical emergency (2.51).
        Emergency = "emergency",
        /// Research (2.52).
        Research = "research",
        /// Audit and evaluation (2.53).
        Audit = "audit",
        /// Whoever works for the programme under an agreement (2.12(c)(4)).
        Service = "service",
        /// A crime here, or against whoever works here (2.12(c)(5)).
        Crime = "crime",
        /// Suspected abuse or neglect of a child, as state law asks (2.12(c)(6)).
        ChildAbuse = "child_abuse",
        /// The cause of a death, as the law asks (2.15(b)).
        Death = "death",
    }
}

impl Ground {
    /// Key of the text that names it.
    pub const fn text_key(self) -> &'static str {
        match self {
            Self::CourtOrder => "part2-court-order",
            Self::Consent => "part2-consent",
            Self::Emergency => "part2-emergency",
            Self::Research => "part2-research",
            Self::Audit => "part2-audit",
            Self::Service => "part2-service",
            Self::Crime => "part2-crime",
            Self::ChildAbuse => "part2-child-abuse",
            Self::Death => "part2-death",
        }
    }
}

/// The ground that is kept for what is given on this basis; none for what should not have happened, which has none. `typed`
/// is the code that somebody chose, or nothing.
///
/// # Errors
/// [`DeskError::Invalid`] of the field `part2`: `court_order` where a court or the police got it without one, else `no_ground`.
pub fn ground(basis: Basis, typed: &str) -> Result<Option<Ground>, DeskError> {
    if basis == Basis::Mistake {
        return Ok(None);
    }
    let chosen = Ground::from_code(typed.trim());
    let fits = match basis {
        Basis::Court => chosen == Some(Ground::CourtOrder),
        Basis::Police => matches!(chosen, Some(Ground::CourtOrder | Ground::Crime)),
        _ => chosen.is_some(),
    };
    if fits {
        return Ok(chosen);
    }
    let (code, text) = if matches!(basis, Basis::Court | Basis::Police) {
        (
            "court_order",
            "It takes a court order under 42 CFR 2.61 to 2.67.",
        )
    } else {
        (
            "no_ground",
            "Say what lets it be given out under 42 CFR Part 2.",
        )
    };
    Err(DeskError::invalid("part2", code, text))
}

/// Whether a patient's record, or the request that something was given out of, is under 42 CFR Part 2.
pub(super) async fn applies(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    ticket: Option<TicketId>,
) -> Result<bool, DeskError> {
    let whose = restricted::about_patient(conn, organisation, patient).await?;
    let of_ticket = match ticket {
        Some(ticket) => restricted::about_ticket(conn, organisation, ticket).await?,
        None => None,
    };
    let mut both = [whose, of_ticket].into_iter().flatten();
    Ok(both.any(|about| about.labels.has(Label::Part2)))
}

/// Whether the patient's yes stands for this recipient: one for such records, or else one to share with them. A no for such
/// records counts before any other yes.
///
/// # Errors
/// [`DeskError::Invalid`] with `no_consent` where none does.
pub(super) async fn consented(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    patient: PatientId,
    recipient: &str,
) -> Result<(), DeskError> {
    let (organisation, now) = (ctx.organisation, app.now());
    let whom = Whom::Patient(patient, Some(recipient));
    for purpose in [Purpose::Part2, Purpose::Sharing] {
        let asked = (purpose, None);
        match consents::may_in(app, conn, organisation, asked, whom, now).await? {
            why if why.may() => return Ok(()),
            Why::NeverGiven => {}
            _ => break,
        }
    }
    Err(DeskError::invalid(
        "part2",
        "no_consent",
        "No yes of the patient stands for this recipient.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(basis: Basis, typed: &str) -> Option<&'static str> {
        match ground(basis, typed) {
            Err(DeskError::Invalid { field, code, .. }) => {
                assert_eq!(field, "part2");
                Some(code)
            }
            Err(other) => panic!("{other}"),
            Ok(_) => None,
        }
    }

    #[test]
    fn a_court_and_the_police_need_an_order_and_everybody_else_a_ground() {
        for basis in Basis::ALL.iter().copied() {
            let strict = matches!(basis, Basis::Court | Basis::Police);
            for typed in ["", "order", "consent", "emergency", "audit", "court_order"] {
                let none = typed.is_empty() || typed == "order";
                let expected = if basis == Basis::Mistake || typed == "court_order" {
                    None
                } else if strict {
                    Some("court_order")
                } else {
                    none.then_some("no_ground")
                };
                assert_eq!(refused(basis, typed), expected, "{basis:?} {typed}");
            }
        }
        // A crime on the premises is told to the police, and to no court.
        assert_eq!(refused(Basis::Police, "crime"), None);
        assert_eq!(refused(Basis::Court, "crime"), Some("court_order"));
    }

    #[test]
    fn what_should_not_have_happened_had_no_ground() {
        assert_eq!(ground(Basis::Mistake, "consent").unwrap(), None);
        assert_eq!(ground(Basis::Law, "audit").unwrap(), Some(Ground::Audit));
    }
}
