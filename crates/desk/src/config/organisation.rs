//! A clinic's files as a new organisation.

use super::clinic::{Clinic, ClockKind, Urgency, Window};
use crate::ids::QueueId;
use crate::names::Names;
use crate::orgs::model::{Emergency, Privacy, purpose};
use crate::orgs::{
    Category, Hours, Minors, NewOrganisation, Portal, Queue, SavedReply, Settings, SlaPolicy,
    Template,
};
use crate::staff::{Queues, Role};
use bedside_db::{IdSource, Timestamp};
use bedside_web::Locale;
use std::collections::{BTreeMap, HashMap};

/// The ticket number before an organisation's first one; four digits read as a number, not as a count.
const FIRST_NUMBER: i64 = 1000;

/// What the files say, ready for [`crate::orgs::create`]. Ids are made at `now`.
pub fn new_organisation(
    clinic: &Clinic,
    slug: &str,
    ids: &IdSource,
    now: Timestamp,
) -> NewOrganisation {
    let queues = queues(clinic, ids, now);
    let by_code: HashMap<&str, QueueId> = queues
        .iter()
        .map(|queue| (queue.code.as_str(), queue.id))
        .collect();
    let categories = clinic.categories.iter().zip(1..);
    NewOrganisation {
        slug: slug.to_owned(),
        name: clinic.profile.name.clone(),
        time_zone: clinic.profile.time_zone.clone(),
        locale: locale(&clinic.profile.default_language),
        settings: settings(clinic),
        categories: categories
            .filter_map(|(category, position)| {
                Some(Category {
                    code: category.code.clone(),
                    names: Names(category.name.clone()),
                    queue_id: *by_code.get(category.queue.as_str())?,
                    clinical: category.clinical,
                    position,
                    version: 1,
                })
            })
            .collect(),
        policies: policies(clinic, ids, now),
        templates: templates(clinic),
        saved_replies: saved_replies(clinic, ids, now),
        roles: clinic
            .roles
            .iter()
            .map(|one| Role {
                queues: match &one.queues {
                    None => Queues::All,
                    Some(codes) => {
                        let ids = codes.iter().filter_map(|code| by_code.get(code.as_str()));
                        Queues::Only(ids.copied().collect())
                    }
                },
                ..one.role.clone()
            })
            .collect(),
        first_number: FIRST_NUMBER,
        queues,
    }
}

fn locale(tag: &str) -> Locale {
    tag.parse().unwrap_or_default()
}

fn queues(clinic: &Clinic, ids: &IdSource, now: Timestamp) -> Vec<Queue> {
    let crisis = clinic.queue_of("crisis").map(|queue| queue.code.clone());
    let named = |code: &str| clinic.queues.iter().any(|queue| queue.code == code);
    // Mail that no rule can place goes where the clinic keeps it, else to general questions.
    let look = if named("needs_a_look") {
        Some("needs_a_look".to_owned())
    } else {
        clinic.queue_of("general").map(|queue| queue.code.clone())
    };
    clinic
        .queues
        .iter()
        .map(|queue| Queue {
            id: ids.make(now),
            code: queue.code.clone(),
            names: Names(queue.name.clone()),
            purpose: match Some(&queue.code) {
                code if code == crisis.as_ref() => purpose::CRISIS,
                code if code == look.as_ref() => purpose::NEEDS_LOOK,
                _ => purpose::WORK,
            }
            .to_owned(),
            position: i64::from(queue.order),
            version: 1,
        })
        .collect()
}

fn settings(clinic: &Clinic) -> Settings {
    let windows = |list: &[Window]| -> Vec<(u16, u16)> {
        list.iter()
            .map(|window| (window.start, window.end))
            .collect()
    };
    let mut hours = Hours {
        week: std::array::from_fn(|day| windows(&clinic.hours.week[day])),
        ..Hours::default()
    };
    for holiday in &clinic.hours.holidays {
        let Ok(date) = holiday.date.to_string().parse() else {
            continue;
        };
        if holiday.windows.is_empty() {
            hours.holidays.push(date);
        } else {
            hours.special.insert(date, windows(&holiday.windows));
        }
    }
    Settings {
        hours,
        emergency: Emergency {
            number: clinic.profile.emergency.general.clone(),
            crisis_line: clinic.profile.emergency.crisis.clone(),
        },
        phone: clinic.profile.phone.clone(),
        secure_link: false,
        undo_seconds: 10,
        ask_rating: true,
        minors: Minors::default(),
        privacy_law: "hipaa".to_owned(),
        privacy: Privacy::default(),
        portal: Portal::default(),
    }
}

/// One policy a category that a target names. The first target that names a category counts, so a second one for the
/// same pair is left out.
fn policies(clinic: &Clinic, ids: &IdSource, now: Timestamp) -> Vec<SlaPolicy> {
    let mut found: BTreeMap<(String, &str), SlaPolicy> = BTreeMap::new();
    for target in &clinic.targets {
        let urgency = match target.urgency {
            Urgency::Low => "low",
            Urgency::Standard => "standard",
            Urgency::Urgent => "urgent",
            Urgency::Emergency => "emergency",
        };
        let every = [String::new()];
        let categories = if target.categories.is_empty() {
            &every[..]
        } else {
            &target.categories[..]
        };
        for category in categories {
            found
                .entry((category.clone(), urgency))
                .or_insert_with(|| SlaPolicy {
                    id: ids.make(now),
                    category: category.clone(),
                    urgency: urgency.to_owned(),
                    first_response_minutes: i64::from(target.first_response),
                    next_response_minutes: i64::from(target.next_response),
                    resolution_minutes: i64::from(target.resolution),
                    always: target.clock == ClockKind::Always,
                    version: 1,
                });
        }
    }
    found.into_values().collect()
}

fn templates(clinic: &Clinic) -> BTreeMap<(String, String), Template> {
    let mut found = BTreeMap::new();
    for (code, template) in &clinic.templates {
        for (language, text) in &template.texts {
            let template = Template {
                subject: text.subject.clone(),
                body: text.body.clone(),
                version: 1,
            };
            found.insert((code.clone(), language.clone()), template);
        }
    }
    found
}

fn saved_replies(clinic: &Clinic, ids: &IdSource, now: Timestamp) -> Vec<SavedReply> {
    let mut found = Vec::new();
    for reply in &clinic.saved_replies {
        for (language, text) in &reply.text {
            found.push(SavedReply {
                id: ids.make(now),
                code: reply.code.clone(),
                locale: language.clone(),
                title: reply.title.get(language).cloned().unwrap_or_default(),
                body: text.clone(),
                version: 1,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::clinic;
    use crate::startup::built_in_clinic;

    #[test]
    fn the_clinic_that_ships_becomes_a_whole_organisation() {
        let clinic = clinic::parse(&built_in_clinic()).unwrap();
        let new = new_organisation(
            &clinic,
            "riverside",
            &IdSource::new(),
            Timestamp::from_micros(1_700_000_000_000_000),
        );
        assert_eq!(new.queues.len(), clinic.queues.len());
        assert_eq!(new.categories.len(), clinic.categories.len());
        for purpose in [purpose::CRISIS, purpose::NEEDS_LOOK] {
            let with = new.queues.iter().filter(|queue| queue.purpose == purpose);
            assert_eq!(with.count(), 1, "{purpose}");
        }
        assert!(new.settings.hours.special.len() >= 2 && new.settings.hours.holidays.len() >= 4);
        let texts: usize = clinic.templates.values().map(|one| one.texts.len()).sum();
        assert_eq!(new.templates.len(), texts);
        for urgency in ["emergency", "urgent", "standard", "low"] {
            let fits = |policy: &SlaPolicy| policy.category.is_empty() && policy.urgency == urgency;
            assert!(new.policies.iter().any(fits), "{urgency}");
        }
        let policy = |category: &str| {
            let fits = |policy: &&SlaPolicy| {
                (policy.category.as_str(), policy.urgency.as_str()) == (category, "urgent")
            };
            new.policies.iter().find(fits)
        };
        let crisis = policy("crisis").unwrap();
        assert!(crisis.always && crisis.first_response_minutes == 15);
        assert!(!policy("").unwrap().always && policy("billing").is_none());
    }
}
