//! Patients and contacts as values.

use super::ways::ReachedBy;
use crate::error::DeskError;
use crate::field_group::FieldGroup;
use crate::identity;
use crate::ids::{ContactId, PatientId};
use crate::names;
use crate::records::{About, Labels, Opened, Sight};
use bedside_db::Timestamp;
use bedside_web::Locale;
use jiff::civil::Date;
use serde::Serialize;

/// Kinds of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointKind {
    /// Mail address.
    Email,
    /// Telephone number.
    Phone,
}

impl PointKind {
    /// The stable code, as stored.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    pub(super) const fn blind(self) -> bedside_vault::BlindKind {
        match self {
            Self::Email => bedside_vault::BlindKind::Email,
            Self::Phone => bedside_vault::BlindKind::Phone,
        }
    }
}

/// A patient to be added, or new details of one.
#[derive(Clone, Debug)]
pub struct NewPatient {
    /// Full name, 1 to 200 characters.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// Medical record number, at most 40 characters.
    pub mrn: Option<String>,
    /// Preferred language.
    pub locale: Option<Locale>,
    /// Whether this person wants no content in mail.
    pub secure_link: bool,
}

/// Nobody alive was born before this day.
const FIRST_BIRTH_DATE: &str = "1880-01-01";

/// A name without spaces around it; refused when nothing is left, when it is longer than 200 characters, or when it is
/// not on one line.
pub(super) fn check_name(name: &str) -> Result<&str, DeskError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(DeskError::invalid("name", "required", "A name is needed."));
    }
    if name.chars().count() > 200 {
        return Err(DeskError::invalid(
            "name",
            "too_long",
            "A name has at most 200 characters.",
        ));
    }
    if !names::one_line(name) {
        return Err(DeskError::invalid(
            "name",
            "bad_name",
            "A name is written on one line.",
        ));
    }
    Ok(name)
}

fn check_birth_date(text: &str, today: Date) -> Result<(), DeskError> {
    let date = bedside_vault::normalise::birth_date(text).map_err(|_| {
        DeskError::invalid(
            "birth_date",
            "invalid",
            "Write the birth date as YYYY-MM-DD.",
        )
    })?;
    // Both are written YYYY-MM-DD, so that their order is that of the days.
    if date.as_str() < FIRST_BIRTH_DATE || date > today.to_string() {
        return Err(DeskError::invalid(
            "birth_date",
            "out_of_range",
            "A birth date is not after today and not before 1880.",
        ));
    }
    Ok(())
}

impl NewPatient {
    /// Checks lengths and forms. `today` is the day at the clinic.
    pub fn check(&self, today: Date) -> Result<(), DeskError> {
        check_name(&self.name)?;
        if let Some(date) = &self.birth_date {
            check_birth_date(date, today)?;
        }
        let mrn_is_bad =
            |mrn: &str| mrn.chars().count() > 40 || bedside_vault::normalise::mrn(mrn).is_err();
        if self.mrn.as_deref().is_some_and(mrn_is_bad) {
            return Err(DeskError::invalid(
                "mrn",
                "invalid",
                "A record number has letters and digits, at most 40.",
            ));
        }
        Ok(())
    }
}

/// A patient, opened.
#[derive(Clone, Debug, Serialize)]
pub struct PatientView {
    /// Their id.
    pub id: PatientId,
    /// Full name.
    pub name: String,
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// Medical record number.
    pub mrn: Option<String>,
    /// Whether birth date and record number are kept from the reader's role.
    pub unidentified: bool,
    /// What of them is shown in the conversation that they were opened for.
    #[serde(skip)]
    pub sight: Sight,
    /// Preferred language tag.
    pub locale: Option<String>,
    /// Whether this person wants no content in mail.
    pub secure_link: bool,
    /// How they are reached, and no other way; none where they asked for nothing.
    #[serde(skip)]
    pub only_by: Option<OnlyBy>,
    /// What keeps their record from most colleagues.
    #[serde(skip)]
    pub labels: Labels,
    /// Whether it is kept from the reader: then nothing but the id is here.
    pub restricted: bool,
    /// Counts up with each change.
    pub version: i64,
    /// When they were added.
    pub created_at: Timestamp,
    /// Who writes for them.
    pub contacts: Vec<ContactView>,
}

/// A contact, opened.
#[derive(Clone, Debug, Serialize)]
pub struct ContactView {
    /// Their id.
    pub id: ContactId,
    /// Who may see them.
    #[serde(skip)]
    pub about: About,
    /// The patient they stand for, once linked.
    pub patient_id: Option<PatientId>,
    /// Name as they wrote it.
    pub name: Option<String>,
    /// Preferred language tag.
    pub locale: Option<String>,
    /// Whether they want no content in mail.
    pub secure_link: bool,
    /// How they are reached, and no other way: of whoever is a patient who asked for that.
    #[serde(skip)]
    pub only_by: Option<OnlyBy>,
    /// Their addresses.
    pub points: Vec<PointView>,
    /// Counts up with each change.
    pub version: i64,
}

/// What somebody's choice of one way says of an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: it may be used.
    #[default]
    Free,
    /// It is the one that was chosen.
    Chosen,
    /// Another way was chosen: nobody is to write to it or call it.
    Barred,
}

/// How a patient is reached, and no other way (45 CFR 164.522(b)).
#[derive(Clone, Debug)]
pub struct OnlyBy {
    /// By what.
    pub by: ReachedBy,
    /// The address; none where it is not to be seen, and where it is on file no more.
    pub address: Option<String>,
    /// Whether it is on file no more: nothing is sent until another way is chosen.
    pub gone: bool,
}

impl OnlyBy {
    /// What somebody sees who has this leave.
    #[must_use]
    pub(crate) fn under(self, leave: &Opened) -> Self {
        let address = match (self.by, self.address) {
            // Of a place no part is harmless.
            (ReachedBy::Post, address) => address.filter(|_| leave.shows(FieldGroup::Contact)),
            (_, Some(address)) => identity::address_under(leave, &address).map(|(shown, _)| shown),
            (_, None) => None,
        };
        Self { address, ..self }
    }
}

impl ContactView {
    /// What somebody sees who may see requests and no people: who it is, and nothing of how to reach them.
    #[must_use]
    pub fn by_name(self) -> Self {
        Self {
            patient_id: None,
            locale: None,
            only_by: None,
            points: Vec::new(),
            ..self
        }
    }

    /// What somebody sees who may see the request and not whoever wrote it.
    #[must_use]
    pub fn kept(self) -> Self {
        Self {
            name: None,
            ..self.by_name()
        }
    }

    /// What somebody sees who has this leave.
    #[must_use]
    pub(crate) fn under(mut self, leave: &Opened) -> Self {
        for point in &mut self.points {
            let shown = identity::address_under(leave, &point.value);
            point.hidden = shown.is_none();
            (point.value, point.masked) = shown.unwrap_or_default();
        }
        self.only_by = self.only_by.map(|only| only.under(leave));
        self
    }

    /// Whether nothing of an address is to be seen before whoever is on the line is verified.
    pub fn is_hidden(&self) -> bool {
        self.points.iter().any(|point| point.hidden)
    }

    /// The addresses of a kind that are to be seen and may be used: the one that was chosen before all others.
    fn used(&self, kind: &'static str) -> impl Iterator<Item = &PointView> + Clone {
        let used = self.points.iter().filter(move |point| {
            point.kind == kind && !point.hidden && point.reach != Reach::Barred
        });
        let chosen = |point: &&PointView| point.reach == Reach::Chosen;
        let first = used.clone().filter(chosen);
        first.chain(used.filter(move |point| !chosen(point)))
    }

    /// The mail address that is used, where it is to be seen: the chosen one, or else the first; one that mail came back from
    /// only when there is no other. Whatever writes to somebody asks here.
    pub fn email(&self) -> Option<&str> {
        let mut addresses = self.used("email");
        let first = addresses.clone().next();
        let chosen = first.filter(|point| point.reach == Reach::Chosen);
        let reached = addresses.find(|point| point.bounced_at.is_none());
        let one = chosen.or(reached).or(first);
        one.map(|point| point.value.as_str())
    }

    /// The telephone number that is used, where it is to be seen: the chosen one, or else the first.
    pub fn phone(&self) -> Option<&str> {
        let first = self.used("phone").next();
        first.map(|point| point.value.as_str())
    }
}

/// An address, opened.
#[derive(Clone, Debug, Serialize)]
pub struct PointView {
    /// `email` or `phone`.
    pub kind: String,
    /// The address.
    pub value: String,
    /// Whether only enough of it is left to tell it from another.
    pub masked: bool,
    /// Whether nothing of it is left, because whoever is on the line was not verified.
    pub hidden: bool,
    /// What the choice of one way says of it.
    #[serde(skip)]
    pub reach: Reach,
    /// When mail to it last came back.
    pub bounced_at: Option<Timestamp>,
    /// Until when no one-time code goes there, because it is new to its patient.
    pub held_until: Option<Timestamp>,
}

impl PointView {
    /// Whether nobody is to write to it or call it, since the patient chose another way.
    pub fn is_barred(&self) -> bool {
        self.reach == Reach::Barred
    }

    /// Whether no one-time code goes there now.
    pub fn is_held(&self, now: &Timestamp) -> bool {
        self.held_until.is_some_and(|until| until > *now)
    }
}
