//! The statuses that somebody is offered on a ticket's page.
//!
//! Who is no clinician is not offered to end a clinical request. The service refuses it all the same.

use super::choices::Choice;
use super::layout::Page;
use super::ticket::Typed;
use super::ui;
use crate::orgs::Clinic;
use crate::tickets::model::Ticket;
use crate::tickets::{self, Status};
use bedside_web::i18n::Texts;

/// What one person is offered on one ticket.
pub(super) struct Offered<'a> {
    clinic: &'a Clinic,
    ticket: &'a Ticket,
    t: Texts,
    /// Whether the person may resolve and close it.
    pub ends: bool,
}

impl<'a> Offered<'a> {
    pub(super) fn to(page: &Page, clinic: &'a Clinic, ticket: &'a Ticket) -> Self {
        Self {
            clinic,
            ticket,
            t: page.texts(),
            ends: tickets::may_end(&page.ctx.actor, clinic, &ticket.category, ticket.urgency),
        }
    }

    /// The one that it has stays, whoever looks.
    fn has(&self, status: Status) -> bool {
        self.ends || status.is_active() || status == self.ticket.status
    }

    fn choices(&self, list: &[Status], chosen: Status) -> Vec<Choice> {
        let list = list.iter().copied().filter(|one| self.has(*one));
        list.map(|one| {
            let label = self.t.text(ui::status_key(one));
            Choice::new(one.code(), label, one == chosen)
        })
        .collect()
    }

    /// For the side panel.
    pub(super) fn statuses(&self) -> Vec<Choice> {
        self.choices(Status::ALL, self.ticket.status)
    }

    /// What the ticket can be after an answer.
    pub(super) fn after_reply(&self, typed: &Typed) -> Vec<Choice> {
        let list = [
            Status::WaitingOnPatient,
            Status::Resolved,
            Status::WaitingOnThirdParty,
            Status::Open,
        ];
        let chosen = Status::from_code(&typed.status).filter(|one| self.has(*one));
        self.choices(&list, chosen.unwrap_or(Status::WaitingOnPatient))
    }

    /// The clinic's finer ones.
    pub(super) fn finer(&self) -> Vec<Choice> {
        let mut choices = Vec::new();
        for sub in &self.clinic.sub_statuses {
            let status = Status::from_code(&sub.status);
            if status.is_none_or(|status| self.has(status)) {
                let of = status.map_or("", |status| self.t.text(ui::status_key(status)));
                let label = format!("{of}: {}", sub.names.in_locale(self.t.locale));
                let selected = self.ticket.sub_status == Some(sub.id);
                choices.push(Choice::new(sub.id.to_string(), label, selected));
            }
        }
        choices
    }
}
