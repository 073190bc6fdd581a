//! Looking through one day of the audit log.

use super::model::{NO_ROLE, Rule, USUAL_DAYS, Who, bound, family_names, is_many};
use super::store::{self, Row};
use crate::app::App;
use crate::audit_log::{self, NewEntry, Shown};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{PatientId, SubjectId};
use crate::orgs::{Clinic, Watch};
use crate::patients::{self, Wanted};
use crate::privacy::seen::Deed;
use crate::privacy::whom::whom;
use crate::records::{self, About, Opened, Purpose, whose};
use crate::sla;
use crate::staff::{self, StaffView};
use bedside_db::Timestamp;
use futures_util::FutureExt;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// Entries of the log that are read at a time.
const STEP: i64 = 500;

/// What one person, or token, looked at of one patient on one day.
#[derive(Default)]
struct Looks {
    /// Entries of the log.
    count: i64,
    /// Of these, outside of the clinic's hours.
    after_hours: i64,
    /// Whether any of them was at the details on file.
    details: bool,
    labelled: bool,
}

type Day = BTreeMap<Who, BTreeMap<PatientId, Looks>>;

/// Looks through one day, keeps what is unusual, and says how many findings there are.
pub(super) async fn look(app: &App, ctx: &Ctx, day: Date) -> Result<usize, DeskError> {
    let leave = records::open(
        app,
        ctx,
        Permission::PrivacyReview,
        Purpose::Operations,
        "watch.look",
        "organisation",
        ctx.organisation,
    )
    .await?;
    let clinic = app.directory.of(ctx.organisation)?;
    let rules = clinic.settings.privacy.watch;
    let looked = gather(app, &clinic, day).await?;
    let mut found = Vec::new();
    let people = staff::list(app, ctx).await?;
    let mut names: HashMap<PatientId, String> = HashMap::new();
    for (who, patients) in &looked {
        let Who::Person(person) = who else {
            if rules.labels {
                let labelled = patients.iter().filter(|(_, looks)| looks.labelled);
                let about = |(patient, looks): (&PatientId, &Looks)| {
                    let figures = json!({ "looks": looks.count });
                    (Rule::Label, *who, Some(*patient), figures)
                };
                found.extend(labelled.map(about));
            }
            continue;
        };
        let Some(person) = people.iter().find(|one| one.id == *person) else {
            continue;
        };
        about_each(
            app,
            &leave,
            (&clinic, day),
            person,
            patients,
            &mut names,
            &mut found,
        )
        .await?;
        if rules.after_hours {
            let late = patients
                .values()
                .filter(|looks| looks.after_hours > 0)
                .count();
            let entries: i64 = patients.values().map(|looks| looks.after_hours).sum();
            if late > 0 {
                let figures = json!({ "patients": late, "looks": entries });
                found.push((Rule::AfterHours, *who, None, figures));
            }
        }
    }
    if rules.many {
        let counts: Vec<_> = looked.iter().map(|(id, of)| (*id, of.len())).collect();
        many(app, &clinic, day, &people, &counts, &mut found).await?;
    }
    keep(app, ctx, day, &people, &looked, found).await
}

type Found = (Rule, Who, Option<PatientId>, Value);

/// Reads the day's entries: who looked at whom.
async fn gather(app: &App, clinic: &Clinic, day: Date) -> Result<Day, DeskError> {
    let zone = &clinic.time_zone;
    let start = |day: Date| -> Result<Timestamp, DeskError> {
        let at = day.to_zoned(zone.clone());
        let at = at.map_err(|error| DeskError::Internal(error.to_string()))?;
        Ok(at.timestamp().into())
    };
    let next = day
        .tomorrow()
        .map_err(|error| DeskError::Internal(error.to_string()))?;
    let (from, until) = (start(day)?, start(next)?);
    let hours = &clinic.settings.hours;
    let has_hours = hours.week.iter().any(|windows| !windows.is_empty());
    let mut conn = app.read_newest().await?;
    let mut known: HashMap<String, Option<About>> = HashMap::new();
    let (mut looked, mut before) = (Day::new(), None);
    loop {
        let (entries, more) =
            audit_log::between(&mut conn, clinic.id, None, (from, until), before, STEP).await?;
        for entry in &entries {
            let deed = Deed::of(&entry.action, &entry.outcome);
            let who = Who::of(&entry.actor_kind, &entry.actor_id);
            let Some(who) = who.filter(|_| is_look(entry, deed)) else {
                continue;
            };
            let Some(about) = whom(&mut conn, clinic.id, entry, &mut known).await? else {
                continue;
            };
            let Some(patient) = about.patient else {
                continue;
            };
            let looks = looked.entry(who).or_default().entry(patient).or_default();
            looks.count += 1;
            looks.details |= deed == Deed::Details;
            looks.labelled |= !about.labels.is_empty();
            if has_hours && !sla::is_working(hours, zone, entry.at) {
                looks.after_hours += 1;
            }
        }
        match more {
            Some(place) => before = Some(place),
            None => return Ok(looked),
        }
    }
}

/// Whether an entry tells that something of a patient was seen.
fn is_look(entry: &Shown, deed: Deed) -> bool {
    let looks = [
        Deed::Opened,
        Deed::Details,
        Deed::Requests,
        Deed::Files,
        Deed::Found,
    ];
    entry.outcome == "ok" && looks.contains(&deed)
}

/// The rules that look at one patient at a time.
async fn about_each(
    app: &App,
    leave: &Opened,
    (clinic, day): (&Clinic, Date),
    person: &StaffView,
    patients: &BTreeMap<PatientId, Looks>,
    names: &mut HashMap<PatientId, String>,
    found: &mut Vec<Found>,
) -> Result<(), DeskError> {
    let (rules, organisation): (Watch, _) = (clinic.settings.privacy.watch, clinic.id);
    let own = Wanted {
        email: Some(person.email.clone()),
        ..Wanted::default()
    };
    let own = if rules.own {
        patients::matching(app, organisation, &own).await?
    } else {
        Vec::new()
    };
    let family = family_names(&person.name);
    let mut conn = app.read().await?;
    for (patient, looks) in patients {
        let figures = json!({ "looks": looks.count });
        let who = Who::Person(person.id);
        let mut say = |rule| found.push((rule, who, Some(*patient), figures.clone()));
        if own.contains(patient) {
            say(Rule::Own);
        } else if rules.same_name && !family.is_empty() {
            if !names.contains_key(patient) {
                // Whoever was erased since has no name any more, and keeps nobody's day from being looked through.
                let name = match patients::name_in(leave, &mut conn, organisation, *patient).await {
                    Ok(name) => name,
                    Err(DeskError::NotFound) => String::new(),
                    Err(error) => return Err(error),
                };
                names.insert(*patient, name);
            }
            let theirs = names.get(patient).map(|name| family_names(name));
            if theirs.is_some_and(|theirs| !theirs.is_disjoint(&family)) {
                say(Rule::SameName);
            }
        }
        if rules.labels && looks.labelled {
            say(Rule::Label);
        }
        if rules.no_request && looks.details {
            let since = day.saturating_sub(jiff::Span::new().days(rules.quiet_days));
            let since = since.to_zoned(clinic.time_zone.clone());
            let since = since.map_err(|error| DeskError::Internal(error.to_string()))?;
            let since = Timestamp::from(since.timestamp());
            if !whose::has_request_since(&mut conn, organisation, *patient, since).await? {
                say(Rule::NoRequest);
            }
        }
    }
    Ok(())
}

/// The rule that looks at how many patients somebody looked at, against their own days before and those of their role; of a
/// token, against its own.
async fn many(
    app: &App,
    clinic: &Clinic,
    day: Date,
    people: &[StaffView],
    counts: &[(Who, usize)],
    found: &mut Vec<Found>,
) -> Result<(), DeskError> {
    let rules = clinic.settings.privacy.watch;
    let since = day.saturating_sub(jiff::Span::new().days(USUAL_DAYS.0));
    let (since, until) = (since.to_string(), day.to_string());
    let mut conn = app.read().await?;
    let days = store::days(&mut conn, clinic.id, &since, &until).await?;
    for (id, count) in counts {
        let Some(role) = role_of(people, *id) else {
            continue;
        };
        let of = |fits: &dyn Fn(&(SubjectId, String, i64)) -> bool| -> Vec<i64> {
            let fitting = days.iter().filter(|day| fits(day));
            fitting.map(|(_, _, patients)| *patients).collect()
        };
        let own = bound(&of(&|(who, _, _)| *who == id.id()), rules.spread);
        let role = match role {
            NO_ROLE => None,
            role => bound(&of(&|(_, other, _)| other == role), rules.spread),
        };
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        if is_many(count, own, role, rules.least) {
            let figures = json!({ "patients": count, "own": own, "role": role });
            found.push((Rule::Many, *id, None, figures));
        }
    }
    Ok(())
}

/// The role of a person; none for whoever is not of the staff any more.
fn role_of(people: &[StaffView], who: Who) -> Option<&str> {
    let Who::Person(id) = who else {
        return Some(NO_ROLE);
    };
    let person = people.iter().find(|one| one.id == id)?;
    Some(&person.role)
}

/// Keeps what was found, and what is usual for whom, as one command.
async fn keep(
    app: &App,
    ctx: &Ctx,
    day: Date,
    people: &[StaffView],
    looked: &Day,
    found: Vec<Found>,
) -> Result<usize, DeskError> {
    let day = day.to_string();
    let counts: Vec<_> = looked
        .iter()
        .filter_map(|(id, patients)| {
            let role = role_of(people, *id)?.to_owned();
            let count = i64::try_from(patients.len()).unwrap_or(i64::MAX);
            Some((id.id(), role, count))
        })
        .collect();
    let now = app.now();
    let rows: Vec<Row> = found
        .into_iter()
        .map(|(rule, who, patient, figures)| Row {
            id: app.id(),
            day: day.clone(),
            rule: rule.code().to_owned(),
            who: who.id(),
            patient,
            figures: figures.to_string(),
            found_at: now,
            signed: None,
        })
        .collect();
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            for row in &rows {
                store::keep(work, organisation, row).await?;
            }
            for (who, role, count) in &counts {
                store::count_day(work, organisation, &day, (*who, role), *count).await?;
            }
            store::ran(work, organisation, &day, now).await?;
            let detail = json!({ "day": day, "count": rows.len() });
            work.audit(NewEntry::new("watch.keep", "organisation", organisation).detail(&detail));
            Ok(rows.len())
        }
        .boxed()
    })
    .await
}
