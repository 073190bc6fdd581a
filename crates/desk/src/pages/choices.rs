//! What can be chosen on a ticket's page.

use super::ui;
use crate::context::Ctx;
use crate::orgs::Clinic;
use crate::staff;
use crate::tickets::model::Ticket;
use crate::tickets::{TicketView, Urgency};
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use serde_json::Value;

/// One choice of a select.
pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, label: impl Into<String>, selected: bool) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            selected,
        }
    }
}

/// A clinic's own field with its value.
pub(super) struct FieldInput {
    pub code: String,
    pub label: String,
    pub kind: String,
    pub value: String,
    pub choices: Vec<Choice>,
    /// Whether it has a value that is not shown before whoever is on the line is verified.
    pub hidden: bool,
}

/// Those in the patient's language first.
pub(super) fn saved_replies(clinic: &Clinic, locale: Locale) -> Vec<Choice> {
    let mut replies: Vec<_> = clinic.saved_replies.iter().collect();
    replies.sort_by_key(|reply| reply.locale != locale.tag());
    replies
        .into_iter()
        .map(|reply| Choice::new(reply.id.to_string(), &reply.title, false))
        .collect()
}

/// Whoever can have the ticket, and whoever has it.
pub(super) fn assignees(
    clinic: &Clinic,
    everybody: &[staff::StaffView],
    ticket: &Ticket,
    nobody: &str,
) -> Vec<Choice> {
    let can = |person: &&staff::StaffView| {
        let role = clinic.role(&person.role);
        let reaches = role.is_some_and(|role| role.queues.has(ticket.queue));
        ticket.assignee == Some(person.id) || (reaches && person.takes_tickets(role))
    };
    let people = everybody.iter().filter(can);
    let people = people.map(|person| {
        let selected = ticket.assignee == Some(person.id);
        Choice::new(person.id.to_string(), &person.name, selected)
    });
    std::iter::once(Choice::new("", nobody, ticket.assignee.is_none()))
        .chain(people)
        .collect()
}

pub(super) fn queues(clinic: &Clinic, ticket: &Ticket, locale: Locale) -> Vec<Choice> {
    let queues = clinic.queues.iter();
    queues
        .map(|one| {
            let name = one.names.in_locale(locale);
            Choice::new(one.id.to_string(), name, one.id == ticket.queue)
        })
        .collect()
}

pub(super) fn categories(clinic: &Clinic, ticket: &Ticket, locale: Locale) -> Vec<Choice> {
    let categories = clinic.categories.iter();
    categories
        .map(|one| {
            let name = one.names.in_locale(locale);
            Choice::new(&one.code, name, one.code == ticket.category)
        })
        .collect()
}

pub(super) fn urgencies(ticket: &Ticket, t: Texts) -> Vec<Choice> {
    let urgencies = Urgency::ALL.iter();
    urgencies
        .map(|one| {
            let name = t.text(ui::urgency_key(*one));
            Choice::new(one.code(), name, *one == ticket.urgency)
        })
        .collect()
}

pub(super) fn locales(ticket: &Ticket) -> Vec<Choice> {
    let locales = Locale::ALL.iter();
    locales
        .map(|one| Choice::new(one.tag(), one.own_name(), *one == ticket.locale))
        .collect()
}

/// The clinic's own fields with what stands in them.
pub(super) fn fields(clinic: &Clinic, view: &TicketView, ctx: &Ctx) -> Vec<FieldInput> {
    let shown = ctx.permissions();
    clinic
        .fields
        .iter()
        .filter(|field| shown.hold(field.needed()))
        .map(|field| {
            let value = match view.fields.get(&field.code) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            FieldInput {
                hidden: view.hidden_fields.contains(&field.code),
                code: field.code.clone(),
                label: field.names.in_locale(ctx.locale).to_owned(),
                kind: field.kind.clone(),
                choices: field
                    .choices
                    .iter()
                    .map(|choice| Choice::new(choice, choice, *choice == value))
                    .collect(),
                value,
            }
        })
        .collect()
}
