//! What stands on a patient's record by law, for whoever is about to use it: restrictions to keep to, and what the patient
//! asked to have put right, with both sides' words.

use super::layout::Page;
use super::privacy_requests::reason_key;
use crate::error::DeskError;
use crate::ids::PatientId;
use crate::privacy::requests::standing::{Correction, Restriction, standing};
use crate::privacy::requests::{self, Decision};
use bedside_db::Timestamp;
use bedside_web::i18n::{Texts, time};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// A restriction in words.
pub(crate) struct Kept {
    /// The request that asked for it.
    pub id: String,
    /// Since when, and until when.
    pub said: String,
    /// What was agreed, in the patient's and the clinic's words.
    pub words: Vec<String>,
}

/// What somebody asked to have put right, in words.
pub(crate) struct Right {
    /// The request that asked for it.
    pub id: String,
    /// How it was decided, and when.
    pub said: String,
    /// The number of the ticket that it came with.
    pub ticket: Option<i64>,
    /// Text keys of whose words, and the words.
    pub words: Vec<(&'static str, String)>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// All of it.
#[derive(Default)]
pub(crate) struct Told {
    pub kept: Vec<Kept>,
    pub rights: Vec<Right>,
    /// Whether a restriction stands whose words are not the reader's, or not before whoever is on the line is verified.
    pub hidden: bool,
}

struct Teller {
    zone: TimeZone,
    t: Texts,
}

impl Teller {
    fn at(&self, at: Timestamp) -> String {
        time::format_date(at.micros(), &self.zone, self.t.locale)
    }

    fn day(&self, day: Date) -> String {
        let noon = day.at(12, 0, 0, 0).to_zoned(self.zone.clone());
        noon.map_or_else(|_| day.to_string(), |at| self.at(at.timestamp().into()))
    }

    fn kept(&self, one: Restriction) -> Kept {
        let since = self.at(one.since);
        let said = match (one.before, one.until) {
            (Some(before), _) => self
                .t
                .with("restriction-before", "day", self.day(before))
                .into_owned(),
            (None, Some(until)) => {
                let said = [("since", since.into()), ("until", self.at(until).into())];
                self.t.format("restriction-until", &said).into_owned()
            }
            (None, None) => self.t.with("restriction-since", "day", since).into_owned(),
        };
        Kept {
            id: one.id.to_string(),
            said,
            words: one.asked.into_iter().chain(one.note).collect(),
        }
    }

    fn right(&self, one: Correction) -> Right {
        let key = match one.decision {
            Decision::Granted => "correction-granted",
            Decision::Partly => "correction-partly",
            Decision::Refused | Decision::Withdrawn => "correction-refused",
        };
        let words = [
            ("correction-asked", one.asked),
            ("correction-note", one.note),
            ("correction-disagreement", one.disagreement),
            ("correction-rebuttal", one.rebuttal),
        ];
        Right {
            id: one.id.to_string(),
            said: self.t.with(key, "day", self.at(one.at)).into_owned(),
            ticket: one.ticket,
            words: words
                .into_iter()
                .filter_map(|(whose, words)| Some((whose, words?)))
                .collect(),
            reason: one
                .reason
                .map(|code| self.t.text(&reason_key(&code)).to_owned()),
        }
    }
}

impl Told {
    /// What stands on the record of a patient. `veiled` where whoever is on the line is not verified that far: then it says
    /// no more than that there is a restriction.
    pub(crate) async fn load(
        page: &Page,
        patient: PatientId,
        veiled: bool,
    ) -> Result<Self, DeskError> {
        let (app, ctx) = (&page.app, &page.ctx);
        let found = if veiled {
            None
        } else {
            match standing(app, ctx, patient).await {
                Ok(found) => Some(found),
                // Whoever watches over privacy has the account of a record that is kept from them otherwise.
                Err(DeskError::Restricted { .. }) => None,
                Err(error) => return Err(error),
            }
        };
        let Some(found) = found else {
            return Ok(Self {
                hidden: requests::is_restricted(app, ctx, patient).await?,
                ..Self::default()
            });
        };
        let teller = Teller {
            zone: page.clinic()?.time_zone.clone(),
            t: page.texts(),
        };
        let (kept, rights) = (
            found.restrictions.into_iter(),
            found.corrections.into_iter(),
        );
        Ok(Self {
            kept: kept.map(|one| teller.kept(one)).collect(),
            rights: rights.map(|one| teller.right(one)).collect(),
            hidden: false,
        })
    }

    /// Whether anything has to be kept to.
    pub(crate) fn holds_back(&self) -> bool {
        self.hidden || !self.kept.is_empty()
    }
}
