//! The `key:value` part of a query, held against tickets.

use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{ContactId, StaffId, TagId};
use crate::orgs::Clinic;
use crate::tickets::model::TicketRow;
use crate::tickets::{Status, View};
use crate::{patients, staff, tickets};
use bedside_db::Timestamp;
use bedside_language::search::{Filter, FilterKey};

/// A filter, understood.
#[derive(Debug)]
enum Rule {
    Status(Status),
    From(Option<ContactId>, String),
    After(Timestamp),
    Before(Timestamp),
    Queue(String),
    Category(String),
    Urgency(String),
    Assignee(Option<StaffId>),
    Tag(Option<TagId>),
    Channel(String),
    Language(String),
}

/// All filters of a query.
#[derive(Debug, Default)]
pub(super) struct Filters(Vec<Rule>);

impl Filters {
    pub(super) async fn understand(
        app: &App,
        ctx: &Ctx,
        clinic: &Clinic,
        filters: &[Filter],
    ) -> Result<Self, DeskError> {
        let mut rules = Vec::with_capacity(filters.len());
        for filter in filters {
            rules.push(rule(app, ctx, clinic, filter).await?);
        }
        Ok(Self(rules))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names that requesters must have. Those are sealed like their words, but stand in the index with the first of these.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|rule| match rule {
            Rule::From(None, name) if !name.contains('@') => Some(name.as_str()),
            _ => None,
        })
    }

    /// The narrowest lists that hold everything a query without words can mean, in the order in which they are told.
    /// A queue that the reader doesn't reach is none.
    pub(super) fn views(&self, clinic: &Clinic, ctx: &Ctx) -> Vec<View> {
        let mut active = View::Active;
        let own = clinic.queues.iter().filter(|queue| ctx.reaches(queue.id));
        for rule in &self.0 {
            match rule {
                Rule::Tag(Some(tag)) => return vec![View::Tag(*tag)],
                Rule::From(Some(contact), _) => return vec![View::Contact(*contact)],
                Rule::Status(status) if !status.is_active() => return vec![View::Done],
                Rule::Assignee(Some(staff)) => active = View::Assignee(*staff),
                Rule::Queue(code) => {
                    if let Some(queue) = own.clone().find(|queue| queue.code == *code) {
                        active = View::Queue(queue.id);
                    }
                }
                _ => {}
            }
        }
        if self.0.iter().any(|rule| matches!(rule, Rule::Status(_))) {
            return vec![active];
        }
        vec![active, View::Done]
    }

    pub(super) fn hold(&self, clinic: &Clinic, row: &TicketRow) -> bool {
        let ticket = &row.ticket;
        // What is kept from the reader fits nothing: that it fits would tell what it says.
        !row.restricted
            && self.0.iter().all(|rule| match rule {
                Rule::Status(status) => ticket.status == *status,
                Rule::From(Some(contact), _) => ticket.contact == *contact,
                Rule::From(None, name) => row.requester.to_lowercase().contains(name.as_str()),
                Rule::After(at) => ticket.created_at >= *at,
                Rule::Before(at) => ticket.created_at < *at,
                Rule::Queue(code) => clinic
                    .queue(ticket.queue)
                    .is_some_and(|queue| queue.code == *code),
                Rule::Category(code) => ticket.category == *code,
                Rule::Urgency(code) => ticket.urgency.code() == code,
                Rule::Assignee(staff) => ticket.assignee == *staff,
                Rule::Tag(id) => row.tags.iter().any(|tag| Some(tag.id) == *id),
                Rule::Channel(code) => ticket.channel == *code,
                Rule::Language(tag) => ticket.locale.tag() == tag,
            })
    }
}

async fn rule(app: &App, ctx: &Ctx, clinic: &Clinic, filter: &Filter) -> Result<Rule, DeskError> {
    let value = filter.value.trim().to_lowercase();
    let unknown = |text| DeskError::invalid("q", "unknown_value", text);
    Ok(match filter.key {
        FilterKey::Status => Rule::Status(
            Status::from_code(&value.replace([' ', '-'], "_"))
                .ok_or_else(|| unknown("There is no such status. Try status:open."))?,
        ),
        FilterKey::From if value.contains('@') => {
            let contact = patients::contact_of_address(app, ctx.organisation, &value).await?;
            Rule::From(contact, value)
        }
        FilterKey::From => Rule::From(None, value),
        FilterKey::After => Rule::After(day(clinic, &value)?),
        FilterKey::Before => Rule::Before(day(clinic, &value)?),
        FilterKey::Queue => Rule::Queue(value),
        FilterKey::Category => Rule::Category(value),
        FilterKey::Urgency => Rule::Urgency(value),
        FilterKey::Assignee => Rule::Assignee(assignee(app, ctx, &value).await?),
        FilterKey::Tag => Rule::Tag(tickets::tag_id(app, ctx.organisation, &value)?),
        FilterKey::Channel => Rule::Channel(value),
        FilterKey::Language => Rule::Language(value),
        _ => return Err(unknown("This filter is not known.")),
    })
}

fn day(clinic: &Clinic, value: &str) -> Result<Timestamp, DeskError> {
    let wrong = || DeskError::invalid("q", "bad_date", "A day looks like 2026-05-31.");
    let day: jiff::civil::Date = value.parse().map_err(|_| wrong())?;
    let start = day
        .to_zoned(clinic.time_zone.clone())
        .map_err(|_| wrong())?;
    Ok(start.timestamp().into())
}

async fn assignee(app: &App, ctx: &Ctx, value: &str) -> Result<Option<StaffId>, DeskError> {
    match value {
        "nobody" | "none" => Ok(None),
        "me" => ctx.actor.staff().map(Some).ok_or(DeskError::Forbidden),
        name => {
            let everybody = staff::list(app, ctx).await?;
            let found = everybody
                .iter()
                .find(|person| person.name.to_lowercase().starts_with(name) || person.email == name)
                .ok_or_else(|| {
                    DeskError::invalid("q", "unknown_staff", "There is nobody of that name.")
                })?;
            Ok(Some(found.id))
        }
    }
}
