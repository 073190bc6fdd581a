//! A clinic as code: the files under `clinic/`, except `clinic/language/`.
//!
//! [`parse`] takes the contents of the files and gives a [`Clinic`] in which everything fits together:
//! every category has a queue, every window ends after it begins, every text is there in every language
//! of the program and uses no unknown name. What doesn't fit is named with file, line and reason.

use std::collections::{BTreeMap, BTreeSet};

use bedside_web::Locale;
use serde::Deserialize;
use toml::Spanned;
use toml::value::Date;

mod read;
mod roles;
#[cfg(test)]
mod tests;

use bedside_language::clinic::File;
pub use bedside_language::{ClinicFiles, LoadError};
pub use roles::RoleOfFile;

/// A text in the languages of the program, by language tag.
pub type Localized = BTreeMap<String, String>;

/// The codes of every category there is. The language engine answers with these.
pub const CATEGORY_CODES: [&str; 13] = [
    "general",
    "billing",
    "appointment",
    "prescription",
    "lab_result",
    "referral",
    "records",
    "insurance",
    "complaint",
    "technical",
    "crisis",
    "symptom",
    "feedback",
];

/// Every mail template and the names it may use. Only `reply` may carry what a person wrote; the others
/// hold no patient data, so no such name is offered to them.
pub const TEMPLATES: [(&str, &[&str]); 5] = [
    (
        "acknowledgement",
        &[
            "clinic_name",
            "clinic_phone",
            "ticket_number",
            "answer_by",
            "emergency_number",
            "crisis_number",
        ],
    ),
    (
        "reply",
        &[
            "clinic_name",
            "clinic_phone",
            "ticket_number",
            "subject",
            "reply_text",
            "agent_name",
        ],
    ),
    (
        "secure_link",
        &[
            "clinic_name",
            "clinic_phone",
            "ticket_number",
            "link",
            "link_expires",
        ],
    ),
    (
        "resolved",
        &[
            "clinic_name",
            "clinic_phone",
            "ticket_number",
            "rating_link_1",
            "rating_link_2",
            "rating_link_3",
            "rating_link_4",
            "rating_link_5",
            "rating_good_link",
            "rating_bad_link",
        ],
    ),
    (
        "emergency",
        &[
            "clinic_name",
            "clinic_phone",
            "ticket_number",
            "emergency_number",
            "crisis_number",
        ],
    ),
];

/// A clinic in which everything fits together.
#[derive(Debug, Clone, PartialEq)]
pub struct Clinic {
    /// Name, time zone, languages, numbers.
    pub profile: Profile,
    /// The queues, in the order in which they are shown.
    pub queues: Vec<Queue>,
    /// All categories.
    pub categories: Vec<Category>,
    /// When the clinic works.
    pub hours: Hours,
    /// Targets; of those of an urgency the first that names the category counts, else the one for every category, which
    /// each urgency has.
    pub targets: Vec<Target>,
    /// Mail templates by name; all of [`TEMPLATES`].
    pub templates: BTreeMap<String, Template>,
    /// Short texts for staff.
    pub saved_replies: Vec<SavedReply>,
    /// What people of the staff are.
    pub roles: Vec<RoleOfFile>,
}

impl Clinic {
    /// The queue of a category; `None` for a code that isn't one.
    pub fn queue_of(&self, category: &str) -> Option<&Queue> {
        let category = self.categories.iter().find(|c| c.code == category)?;
        self.queues.iter().find(|q| q.code == category.queue)
    }
}

/// `clinic.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// As patients know it.
    pub name: String,
    /// IANA name, such as `America/New_York`; only its form is checked here.
    pub time_zone: String,
    /// A language of the program, for patients whose language isn't known.
    pub default_language: String,
    /// Telephone, as shown.
    pub phone: String,
    /// Numbers shown when someone may be in danger.
    pub emergency: EmergencyNumbers,
}

/// Numbers shown when someone may be in danger, as dialled.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmergencyNumbers {
    /// Ambulance, police, fire brigade.
    pub general: String,
    /// Suicide and crisis line.
    pub crisis: String,
}

/// A pile in which requests wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its short name.
    pub code: String,
    /// What staff see.
    pub name: Localized,
    /// Place in the list, smallest first.
    pub order: u16,
    /// What belongs here.
    pub purpose: String,
}

/// What a request can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// One of [`CATEGORY_CODES`].
    pub code: String,
    /// Code of the queue that looks after it.
    pub queue: String,
    /// What people see.
    pub name: Localized,
    /// Only clinical staff may resolve or close it.
    pub clinical: bool,
}

/// A stretch of a day in minutes since midnight, local time; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// 0 to 1439.
    pub start: u16,
    /// 1 to 1440, after `start`.
    pub end: u16,
}

/// `hours.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// Windows from Monday (0) to Sunday (6), in order, not overlapping; none: closed.
    pub week: [Vec<Window>; 7],
    /// Days with other hours, in order of date.
    pub holidays: Vec<Holiday>,
}

/// A day with other hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Holiday {
    /// The day in the clinic's time zone.
    pub date: Date,
    /// Its windows; none: closed.
    pub windows: Vec<Window>,
}

/// How soon a person must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// No time pressure.
    Low,
    /// The usual order.
    Standard,
    /// Today.
    Urgent,
    /// Now.
    Emergency,
}

/// Which minutes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// Those of opening hours.
    Business,
    /// Every one.
    Always,
}

/// How soon patients hear from the clinic, in minutes of its clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The urgency it is for.
    pub urgency: Urgency,
    /// The categories it is for; empty: all.
    pub categories: Vec<String>,
    /// Which minutes count.
    pub clock: ClockKind,
    /// Until a person has answered.
    pub first_response: u32,
    /// Until a person has answered the patient's next message.
    pub next_response: u32,
    /// Until the matter is settled.
    pub resolution: u32,
}

/// A mail text; minijinja, with the names that [`TEMPLATES`] offers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The names it uses.
    pub variables: Vec<String>,
    /// Subject and body by language tag; every language of the program.
    pub texts: BTreeMap<String, TemplateText>,
}

/// A mail text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateText {
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// A short text that staff put into an answer and then change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedReply {
    /// Its short name.
    pub code: String,
    /// What staff see in the list.
    pub title: Localized,
    /// The text by language tag; every language of the program.
    pub text: Localized,
}

/// Reads a clinic from the contents of its files by path below `clinic/`; files it doesn't know are ignored.
pub fn parse(files: &ClinicFiles) -> Result<Clinic, LoadError> {
    let profile = read::profile(&File::open(files, "clinic.toml")?)?;
    let languages = &Locale::ALL.map(Locale::tag);
    let queues = read::queues(&File::open(files, "queues.toml")?, languages)?;
    let categories = read::categories(&File::open(files, "categories.toml")?, languages, &queues)?;
    let hours = read::hours(&File::open(files, "hours.toml")?)?;
    let targets = read::targets(&File::open(files, "sla.toml")?)?;
    let mut templates = BTreeMap::new();
    for (name, offered) in TEMPLATES {
        let path = format!("templates/{name}.toml");
        templates.insert(
            name.to_owned(),
            read::template(&File::open(files, &path)?, languages, offered)?,
        );
    }
    let saved_replies = read::saved_replies(&File::open(files, "saved_replies.toml")?, languages)?;
    let crisis = categories.iter().find(|one| one.code == "crisis");
    let crisis = crisis.map(|one| one.queue.as_str());
    let file = File::open(files, "roles.toml")?;
    let roles = roles::read(&file, languages, &queues, crisis)?;
    Ok(Clinic {
        profile,
        queues,
        categories,
        hours,
        targets,
        templates,
        saved_replies,
        roles,
    })
}

/// The checks that these files share.
trait Checks {
    /// Refuses a text in which a language of the program is missing.
    fn localized(
        &self,
        raw: Spanned<Localized>,
        languages: &[&str],
    ) -> Result<Localized, LoadError>;

    /// Refuses a code that isn't plain or was used before.
    fn code(&self, raw: &Spanned<String>, used: &mut BTreeSet<String>)
    -> Result<String, LoadError>;
}

impl Checks for File<'_> {
    fn localized(
        &self,
        raw: Spanned<Localized>,
        languages: &[&str],
    ) -> Result<Localized, LoadError> {
        let at = raw.span();
        let texts = raw.into_inner();
        match languages
            .iter()
            .find(|&&l| texts.get(l).is_none_or(|t| t.trim().is_empty()))
        {
            Some(missing) => Err(self.error(at, format!("the text in \"{missing}\" is missing"))),
            None => Ok(texts),
        }
    }

    fn code(
        &self,
        raw: &Spanned<String>,
        used: &mut BTreeSet<String>,
    ) -> Result<String, LoadError> {
        let code = raw.get_ref();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if code.is_empty() || code.len() > 40 || !code.chars().all(plain) {
            return Err(self.error(
                raw.span(),
                "a code has up to 40 small letters, digits and underscores",
            ));
        }
        if !used.insert(code.clone()) {
            return Err(self.error(raw.span(), format!("\"{code}\" is there twice")));
        }
        Ok(code.clone())
    }
}
