//! How fast: targets by category and urgency.

use super::super::form::{Edit, Field, Row, Typed, Wrong};
use super::super::section::{Section, path};
use crate::app::App;
use crate::ids::SlaPolicyId;
use crate::orgs::{Change, Clinic, SlaPolicy};
use crate::pages::ui::urgency_key;
use crate::tickets::Urgency;
use bedside_web::i18n::{Texts, time};

pub struct Policies;

/// A year, the longest target.
const MOST_MINUTES: i64 = 525_600;
const URGENCIES: [Urgency; 4] = [
    Urgency::Emergency,
    Urgency::Urgent,
    Urgency::Standard,
    Urgency::Low,
];

fn categories(clinic: &Clinic, t: Texts) -> Vec<(String, String)> {
    let every = (String::new(), t.text("admin-sla-every-category").to_owned());
    let named = clinic
        .categories
        .iter()
        .map(|one| (one.code.clone(), one.names.in_locale(t.locale).to_owned()));
    std::iter::once(every).chain(named).collect()
}

fn urgencies(t: Texts) -> Vec<(String, String)> {
    let every = (String::new(), t.text("admin-sla-every-urgency").to_owned());
    let named = URGENCIES
        .iter()
        .map(|one| (one.code().to_owned(), t.text(urgency_key(*one)).to_owned()));
    std::iter::once(every).chain(named).collect()
}

fn words(options: &[(String, String)], value: &str) -> String {
    options
        .iter()
        .find(|(code, _)| code == value)
        .map_or_else(|| value.to_owned(), |(_, words)| words.clone())
}

fn title(clinic: &Clinic, t: Texts, policy: &SlaPolicy) -> String {
    format!(
        "{} · {}",
        words(&categories(clinic, t), &policy.category),
        words(&urgencies(t), &policy.urgency)
    )
}

impl Section for Policies {
    const PATH: &'static str = "sla";
    const KEY: &'static str = "sla";

    type Entry = SlaPolicy;

    fn find<'a>(clinic: &'a Clinic, id: &str) -> Option<&'a SlaPolicy> {
        let id: SlaPolicyId = id.parse().ok()?;
        clinic.policies.iter().find(|policy| policy.id == id)
    }

    fn rows(clinic: &Clinic, t: Texts) -> Vec<Row> {
        let minutes = |count: i64| time::duration(count * 60, t.locale);
        let row = |policy: &SlaPolicy| Row {
            href: path::<Self>(&policy.id.to_string()),
            title: title(clinic, t, policy),
            detail: t
                .format(
                    "admin-sla-detail",
                    &[
                        ("first", minutes(policy.first_response_minutes).into()),
                        ("next", minutes(policy.next_response_minutes).into()),
                        ("resolve", minutes(policy.resolution_minutes).into()),
                    ],
                )
                .into_owned(),
            badge: policy
                .always
                .then(|| ("badge-warn", t.text("admin-sla-always-short").to_owned())),
        };
        clinic.policies.iter().map(row).collect()
    }

    fn form(clinic: &Clinic, t: Texts, policy: Option<&SlaPolicy>) -> Edit {
        let get = |of: fn(&SlaPolicy) -> i64, usual| policy.map_or(usual, of);
        let category = policy.map_or("", |policy| &policy.category);
        let urgency = policy.map_or("", |policy| &policy.urgency);
        let help = t.text("admin-sla-minutes-help");
        let minutes = |name, key, value| Field::number(name, t.text(key), value).help(help);
        Edit {
            title: policy.map_or_else(String::new, |policy| title(clinic, t, policy)),
            intro: String::new(),
            fields: vec![
                Field::choice(
                    "category",
                    t.text("category"),
                    category,
                    categories(clinic, t),
                )
                .optional(),
                Field::choice("urgency", t.text("urgency"), urgency, urgencies(t)).optional(),
                minutes(
                    "first",
                    "admin-sla-first",
                    get(|one| one.first_response_minutes, 240),
                ),
                minutes(
                    "next",
                    "admin-sla-next",
                    get(|one| one.next_response_minutes, 240),
                ),
                minutes(
                    "resolve",
                    "admin-sla-resolve",
                    get(|one| one.resolution_minutes, 1440),
                ),
                Field::check(
                    "always",
                    t.text("admin-sla-always"),
                    policy.is_some_and(|policy| policy.always),
                )
                .help(t.text("admin-sla-always-help")),
            ],
            version: policy.map_or(0, |policy| policy.version),
            ..Edit::default()
        }
    }

    fn change(
        app: &App,
        clinic: &Clinic,
        old: Option<&SlaPolicy>,
        typed: &Typed,
    ) -> Result<Change, Wrong> {
        let id = old.map_or_else(|| app.id(), |policy| policy.id);
        let (category, urgency) = (typed.get("category"), typed.get("urgency"));
        if !category.is_empty() && clinic.category(category).is_none() {
            return Err(Wrong::at("category", "form-error-invalid"));
        }
        if !urgency.is_empty() && Urgency::from_code(urgency).is_none() {
            return Err(Wrong::at("urgency", "form-error-invalid"));
        }
        let same =
            |one: &SlaPolicy| one.category == category && one.urgency == urgency && one.id != id;
        if clinic.policies.iter().any(same) {
            return Err(Wrong::at("category", "admin-error-sla-twice"));
        }
        Ok(Change::PutPolicy(SlaPolicy {
            id,
            category: category.to_owned(),
            urgency: urgency.to_owned(),
            first_response_minutes: typed.number("first", 1, MOST_MINUTES)?,
            next_response_minutes: typed.number("next", 1, MOST_MINUTES)?,
            resolution_minutes: typed.number("resolve", 1, MOST_MINUTES)?,
            always: typed.ticked("always"),
            version: typed.version(),
        }))
    }

    fn removal(policy: &SlaPolicy) -> Option<Change> {
        Some(Change::DeletePolicy(policy.id))
    }
}
