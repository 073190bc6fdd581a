//! What somebody looks for in the audit log: as asked, in the log's own terms, and what of it is not there any more.

use super::audit_words::{ACTIONS, words};
use crate::app::App;
use crate::audit_log::{Filter, Shown};
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{AuditFilterId, OrganisationId, PatientId, StaffId};
use crate::pages::layout::Page;
use crate::privacy::filters::{self, Fields, Kept};
use crate::privacy::seen;
use crate::staff;
use crate::tickets;
use bedside_db::Timestamp;
use bedside_web::i18n::Texts;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::HashMap;

/// The fields of a search, by name.
pub(super) const FIELDS: [&str; 10] = [
    "actor", "object", "patient", "ticket", "action", "outcome", "source", "last", "from", "until",
];
/// The ways in that can be looked for.
pub(super) const SOURCES: [&str; 6] = ["page", "api", "public", "mail", "job", "command_line"];
const OUTCOMES: [&str; 3] = ["ok", "denied", "failed"];
/// Days up to today that can be looked through, as a field says them.
pub(super) const LAST: [&str; 4] = ["1", "7", "30", "90"];
/// Characters of one field.
const MOST: usize = 100;

/// What the page was asked to show.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    actor: Option<String>,
    object: Option<String>,
    patient: Option<String>,
    ticket: Option<String>,
    action: Option<String>,
    outcome: Option<String>,
    source: Option<String>,
    last: Option<String>,
    from: Option<String>,
    until: Option<String>,
    /// The place of the log before which the page begins.
    pub before: Option<i64>,
    /// The kept search that is open: its fields count, and no others.
    pub saved: Option<AuditFilterId>,
}

impl Asked {
    fn slot(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "actor" => &mut self.actor,
            "object" => &mut self.object,
            "patient" => &mut self.patient,
            "ticket" => &mut self.ticket,
            "action" => &mut self.action,
            "outcome" => &mut self.outcome,
            "source" => &mut self.source,
            "last" => &mut self.last,
            "from" => &mut self.from,
            "until" => &mut self.until,
            _ => return None,
        })
    }

    /// The value of a field; empty where there is none, or more than a field holds.
    pub(super) fn get(&self, name: &str) -> &str {
        let value = match name {
            "actor" => &self.actor,
            "object" => &self.object,
            "patient" => &self.patient,
            "ticket" => &self.ticket,
            "action" => &self.action,
            "outcome" => &self.outcome,
            "source" => &self.source,
            "last" => &self.last,
            "from" => &self.from,
            "until" => &self.until,
            _ => &None,
        };
        let value = value.as_deref().map_or("", str::trim);
        if value.chars().count() <= MOST {
            value
        } else {
            ""
        }
    }

    /// What the kept search with this id asks for.
    pub(super) fn kept(id: AuditFilterId) -> Self {
        Self {
            saved: Some(id),
            ..Self::default()
        }
    }

    /// What these fields ask for, and whether one of them is not there any more.
    pub(super) fn of(fields: &Fields) -> (Self, bool) {
        let (mut asked, mut gone) = (Self::default(), false);
        for (name, value) in fields {
            match asked.slot(name) {
                Some(slot) => *slot = Some(value.clone()),
                None => gone = true,
            }
        }
        (asked, gone)
    }

    /// The fields that are filled in, to be kept.
    pub(super) fn fields(&self) -> Fields {
        let filled = FIELDS.iter().filter(|name| !self.get(name).is_empty());
        filled
            .map(|name| ((*name).to_owned(), self.get(name).to_owned()))
            .collect()
    }

    /// The address of `path` for the same search.
    pub(super) fn address(&self, path: &str, before: Option<i64>) -> String {
        let mut pairs = Vec::new();
        match self.saved {
            // What is kept stands in no address.
            Some(id) => pairs.push(format!("saved={id}")),
            None => pairs.extend(self.fields().iter().map(|(name, value)| {
                let plain = |byte: u8| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                        char::from(byte).to_string()
                    }
                    _ => format!("%{byte:02X}"),
                };
                let value: String = value.bytes().map(plain).collect();
                format!("{name}={value}")
            })),
        }
        pairs.extend(before.map(|before| format!("before={before}")));
        if pairs.is_empty() {
            return path.to_owned();
        }
        format!("{path}?{}", pairs.join("&"))
    }
}

/// Who may have acted, by name.
pub(super) struct Actors {
    /// People: name, and whether they are let in.
    staff: HashMap<String, (String, bool)>,
    /// API tokens: what each is for, and whether it works.
    tokens: HashMap<String, (String, bool)>,
}

impl Actors {
    pub(super) async fn read(app: &App, organisation: OrganisationId) -> Result<Self, DeskError> {
        let people = staff::everybody(&mut app.read().await?, organisation).await?;
        let tokens = staff::token_names(app, organisation).await?;
        let at_work = |one: staff::StaffView| {
            let works = one.disabled_at.is_none();
            (one.id.to_string(), (one.name, works))
        };
        Ok(Self {
            staff: people.into_iter().map(at_work).collect(),
            tokens: tokens
                .into_iter()
                .map(|(id, name)| (id.to_string(), (name, true)))
                .collect(),
        })
    }

    pub(super) fn staff_name(&self, id: StaffId) -> Option<String> {
        self.staff
            .get(&id.to_string())
            .map(|(name, _)| name.clone())
    }

    pub(super) fn is_at_work(&self, id: StaffId) -> bool {
        self.staff
            .get(&id.to_string())
            .is_some_and(|(_, at_work)| *at_work)
    }

    /// Who an entry says it was.
    pub(super) fn name(&self, t: Texts, entry: &Shown) -> String {
        let known = self.staff.get(&entry.actor_id);
        let known = known.or_else(|| self.tokens.get(&entry.actor_id));
        known.map_or_else(
            || words(t, "audit-actor", &entry.actor_kind),
            |(name, _)| name.clone(),
        )
    }

    /// Id and name of everybody who can be looked for, and of whoever is.
    pub(super) fn choices(&self, t: Texts, chosen: &str) -> Vec<(String, String)> {
        let name = |(id, (name, _)): (&String, &(String, bool))| (id.clone(), name.clone());
        let token = |(id, (name, _)): (&String, &(String, bool))| {
            let token = t.with("audit-who-token", "name", name.clone());
            (id.clone(), token.into_owned())
        };
        let mut all: Vec<_> = self.staff.iter().map(name).collect();
        all.sort_by_cached_key(|(_, name)| name.to_lowercase());
        let mut tokens: Vec<_> = self.tokens.iter().map(token).collect();
        tokens.sort_by_cached_key(|(_, name)| name.to_lowercase());
        all.extend(tokens);
        if !chosen.is_empty() && all.iter().all(|(id, _)| id != chosen) {
            let other = super::audit_words::short(chosen);
            let other = t.with("audit-who-other", "id", other).into_owned();
            all.push((chosen.to_owned(), other));
        }
        all
    }

    /// Whether nobody who is let in goes by this id.
    fn is_gone(&self, id: &str) -> bool {
        let known = self.staff.get(id).or_else(|| self.tokens.get(id));
        known.map_or_else(|| id.parse::<uuid::Uuid>().is_ok(), |(_, works)| !works)
    }
}

/// A search as it is run.
pub(super) struct Search {
    /// As asked, or as kept.
    pub asked: Asked,
    /// In the log's terms.
    pub filter: Filter,
    /// Text keys of what could not be taken as it was.
    pub notes: Vec<&'static str>,
}

impl Search {
    /// What `asked` means today. A kept search that names what is not there any more is run all the same, and says so.
    pub(super) async fn of(
        page: &Page,
        asked: Asked,
        actors: &Actors,
        kept: &[Kept],
    ) -> Result<Self, DeskError> {
        let (app, ctx) = (&page.app, &page.ctx);
        let mut notes = Vec::new();
        let mut asked = asked;
        if let Some(id) = asked.saved {
            let known = kept.iter().find(|one| one.id == id);
            let fields = match known {
                Some(one) => one.fields.clone(),
                None => filters::one(app, ctx, id).await?.fields,
            };
            let (before, (stored, gone)) = (asked.before, Asked::of(&fields));
            asked = Asked {
                before,
                saved: Some(id),
                ..stored
            };
            if gone {
                notes.push("audit-note-field");
            }
            if actors.is_gone(asked.get("actor")) {
                notes.push("audit-note-who");
            }
        }
        let zone = page.clinic()?.time_zone.clone();
        let objects = objects(app, ctx, &asked, &mut notes).await?;
        let filter = filter(&asked, objects, (&zone, app.now()), &mut notes);
        Ok(Self {
            asked,
            filter,
            notes,
        })
    }
}

/// The ids of what it may have been done to; none where nothing of the search says.
async fn objects(
    app: &App,
    ctx: &Ctx,
    asked: &Asked,
    notes: &mut Vec<&'static str>,
) -> Result<Option<Vec<String>>, DeskError> {
    let mut found: Option<Vec<String>> = None;
    let mut within = |ids: Vec<String>| {
        let both = match found.take() {
            Some(before) => before.into_iter().filter(|id| ids.contains(id)).collect(),
            None => ids,
        };
        found = Some(both);
    };
    if !asked.get("patient").is_empty() {
        let id = asked.get("patient");
        let known = match id.parse::<PatientId>() {
            Ok(patient) => seen::objects_of(app, ctx.organisation, patient).await?,
            Err(_) => None,
        };
        // What was written of them stays in the log when their record is erased.
        if known.is_none() {
            notes.push("audit-note-patient");
        }
        within(known.unwrap_or_else(|| vec![id.to_owned(), format!("patient:{id}")]));
    }
    if !asked.get("ticket").is_empty() {
        let number = asked.get("ticket").trim_start_matches('#').parse::<i64>();
        let id = match number {
            Ok(number) => tickets::id_numbered(app, ctx.organisation, number).await?,
            Err(_) => None,
        };
        if id.is_none() {
            notes.push("audit-note-ticket");
        }
        within(id.map(|id| id.to_string()).into_iter().collect());
    }
    if !asked.get("object").is_empty() {
        within(vec![asked.get("object").to_owned()]);
    }
    Ok(found)
}

fn filter(
    asked: &Asked,
    objects: Option<Vec<String>>,
    (zone, now): (&TimeZone, Timestamp),
    notes: &mut Vec<&'static str>,
) -> Filter {
    let set = |name: &str| Some(asked.get(name).to_owned()).filter(|value| !value.is_empty());
    let mut known = |name: &str, codes: &[&str]| {
        let value = set(name)?;
        if codes.contains(&value.as_str()) {
            return Some(value);
        }
        notes.push("audit-note-field");
        None
    };
    let outcome = known("outcome", &OUTCOMES);
    let source = known("source", &SOURCES);
    let last = known("last", &LAST);
    let action = set("action");
    let is_known = |wanted: &String| {
        let mut known = ACTIONS.iter();
        known.any(|code| {
            let rest = code.strip_prefix(wanted.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    if action.as_ref().is_some_and(|wanted| !is_known(wanted)) {
        notes.push("audit-note-action");
    }
    let mut day = |name: &str| {
        let value = set(name)?;
        let day = value.parse::<Date>().ok();
        if day.is_none() {
            notes.push("audit-note-day");
        }
        day
    };
    let (from, until) = (day("from"), day("until"));
    let days = last.and_then(|days| days.parse::<i64>().ok());
    let today = zone.to_datetime(now.to_jiff()).date();
    let since = days.map(|days| today.saturating_sub(jiff::Span::new().days(days - 1)));
    let start = |date: Date| {
        let at = date.to_zoned(zone.clone()).ok();
        at.map(|at| Timestamp::from(at.timestamp()))
    };
    notes.dedup();
    Filter {
        actor: set("actor"),
        objects,
        action,
        outcome,
        source,
        from: from.or(since).and_then(start),
        // The last day counts as a whole.
        until: until.and_then(|date| date.tomorrow().ok()).and_then(start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_of_another_time_opens_with_what_is_left_of_it() {
        let fields = [
            ("action", "ticket.read"),
            ("mood", "calm"),
            ("from", "soon"),
        ];
        let fields: Fields = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (asked, gone) = Asked::of(&fields);
        assert!(gone);
        let mut notes = Vec::new();
        let now = Timestamp::from_micros(1_772_000_000_000_000);
        let run = filter(&asked, None, (&TimeZone::UTC, now), &mut notes);
        assert_eq!(run.action.as_deref(), Some("ticket.read"));
        assert_eq!(run.from, None);
        assert_eq!(notes, ["audit-note-day"]);
        assert_eq!(
            asked.address("/audit", Some(7)),
            "/audit?action=ticket.read&from=soon&before=7"
        );
        for (field, value, note) in [
            ("action", "ticket.levitate", "audit-note-action"),
            ("outcome", "maybe", "audit-note-field"),
            ("source", "pigeon", "audit-note-field"),
            ("last", "3", "audit-note-field"),
        ] {
            let fields = Fields::from([(field.to_owned(), value.to_owned())]);
            let mut notes = Vec::new();
            filter(
                &Asked::of(&fields).0,
                None,
                (&TimeZone::UTC, now),
                &mut notes,
            );
            assert_eq!(notes, [note]);
        }
    }

    #[test]
    fn the_last_days_are_those_of_the_clinic() {
        let zone = TimeZone::get("America/Los_Angeles").unwrap();
        let asked = Asked {
            last: Some("7".to_owned()),
            ..Asked::default()
        };
        // 2026-03-02 02:00 in UTC is still the first of March there.
        let now: Timestamp = "2026-03-02T02:00:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .into();
        let run = filter(&asked, None, (&zone, now), &mut Vec::new());
        let from: Timestamp = "2026-02-23T08:00:00Z"
            .parse::<jiff::Timestamp>()
            .unwrap()
            .into();
        assert_eq!(run.from, Some(from));
    }
}
