//! Who has seen a patient's data, in words: for a compliance officer, and for the patient.

use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ApiTokenId, OrganisationId, StaffId};
use crate::orgs::{Clinic, StaffNames};
use crate::privacy::seen::{Visit, Who};
use crate::staff;
use bedside_web::i18n::{Texts, time};
use std::collections::HashMap;

/// Everybody who can stand in an account.
pub struct People {
    staff: HashMap<StaffId, (String, String)>,
    partners: HashMap<ApiTokenId, String>,
}

impl People {
    /// Reads them.
    pub async fn read(app: &App, organisation: OrganisationId) -> Result<Self, DeskError> {
        Ok(Self {
            staff: staff::names_and_roles(app, organisation).await?,
            partners: staff::token_names(app, organisation).await?,
        })
    }
}

/// A line of the account in words.
pub struct Told {
    /// The day.
    pub day: String,
    /// From when until when on that day, or the one moment.
    pub clock: String,
    /// Who.
    pub who: String,
    /// What they are; empty where nothing more is to be said.
    pub role: String,
    /// What was seen or done.
    pub what: Vec<String>,
    /// Numbers of requests, as `#12, #14`.
    pub requests: String,
    /// Why.
    pub why: String,
}

/// Who reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Whoever watches over privacy: names in full.
    Officer,
    /// The patient: named as the clinic has decided, in words of every day.
    Patient,
}

/// The lines of an account in the language of `t`.
pub fn told(
    visits: &[Visit],
    people: &People,
    clinic: &Clinic,
    t: Texts,
    reader: Reader,
) -> Vec<Told> {
    let teller = Teller {
        people,
        clinic,
        t,
        reader,
    };
    visits.iter().map(|visit| teller.line(visit)).collect()
}

struct Teller<'a> {
    people: &'a People,
    clinic: &'a Clinic,
    t: Texts,
    reader: Reader,
}

impl Teller<'_> {
    /// Name and role.
    fn who(&self, who: Who) -> (String, String) {
        let t = self.t;
        match who {
            Who::Staff(id) => {
                let Some((name, role)) = self.people.staff.get(&id) else {
                    return (t.text("seen-who-gone").to_owned(), String::new());
                };
                let role = self
                    .clinic
                    .role(role)
                    .map_or(role.as_str(), |role| role.names.in_locale(t.locale));
                let names = match self.reader {
                    Reader::Officer => StaffNames::Full,
                    Reader::Patient => self.clinic.settings.privacy.names,
                };
                let name = match names {
                    StaffNames::Full => name.as_str(),
                    StaffNames::First => name.split_whitespace().next().unwrap_or_default(),
                    StaffNames::Role => {
                        return (t.text("seen-who-team").to_owned(), role.to_owned());
                    }
                };
                (name.to_owned(), role.to_owned())
            }
            Who::Partner(id) => {
                let name = self.people.partners.get(&id).cloned();
                (
                    t.text("seen-who-partner").to_owned(),
                    name.unwrap_or_default(),
                )
            }
            Who::Themselves => match self.reader {
                Reader::Officer => (t.text("seen-who-themselves").to_owned(), String::new()),
                Reader::Patient => (t.text("seen-who-you").to_owned(), String::new()),
            },
        }
    }

    fn line(&self, visit: &Visit) -> Told {
        let (t, zone) = (self.t, &self.clinic.time_zone);
        let (from, until) = (visit.from.micros(), visit.until.micros());
        let clock = |at| time::format_clock(at, zone, t.locale);
        let mut clocks = vec![clock(from), clock(until)];
        clocks.dedup();
        let deed = |code: &str| match self.reader {
            Reader::Officer => t.text(&format!("seen-deed-{code}")).to_owned(),
            Reader::Patient => t.text(&format!("seen-told-{code}")).to_owned(),
        };
        let mut why: Vec<&str> = Vec::new();
        for purpose in &visit.purposes {
            let words = t.text(match (self.reader, purpose.as_str()) {
                (Reader::Officer, "treatment") => "audit-purpose-treatment",
                (Reader::Officer, "payment") => "audit-purpose-payment",
                (Reader::Officer, "access") => "audit-purpose-access",
                (Reader::Officer, _) => "audit-purpose-operations",
                (Reader::Patient, "treatment") => "seen-why-treatment",
                (Reader::Patient, "payment") => "seen-why-payment",
                (Reader::Patient, "access") => "seen-why-access",
                (Reader::Patient, _) => "seen-why-operations",
            });
            if !why.contains(&words) {
                why.push(words);
            }
        }
        let (who, role) = self.who(visit.who);
        let requests: Vec<_> = visit.requests.iter().map(|one| format!("#{one}")).collect();
        Told {
            day: time::format_date(until, zone, t.locale),
            clock: clocks.join("–"),
            who,
            role,
            what: visit.deeds.iter().map(|one| deed(one.code())).collect(),
            requests: requests.join(", "),
            why: why.join(match self.reader {
                Reader::Officer => " · ",
                Reader::Patient => "; ",
            }),
        }
    }
}
