//! What a page says of what it does not show yet, because whoever is on the line was not verified that far; and the look
//! past it that somebody of the staff asks for.

use super::forms::Form;
use super::layout::{Page, redirect, safe_path};
use super::ticket_actions::{back, id_of};
use super::verified::at;
use crate::context::Permission;
use crate::error::DeskError;
use crate::field_group::FieldGroup;
use crate::identity::{self, Beside, Scene};
use crate::ids::PatientId;
use crate::patients::{ContactView, PatientView};
use crate::router::{Access, Route};
use crate::tickets::TicketView;
use crate::tickets::model::Ticket;
use axum::extract::Path;
use axum::response::Response;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::TicketsRead);
    vec![Route::post("/tickets/{ticket}/peek", read, peek)]
}

/// What is not shown in a conversation, and the way to it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the templates ask, one by one"
)]
pub(super) struct Veil {
    /// The number of the conversation's ticket.
    pub number: i64,
    /// The page to go on with.
    pub back: String,
    /// The patient whose page it is; none on the page of a ticket.
    pub patient: Option<PatientId>,
    /// Whether somebody is on the line.
    pub live: bool,
    /// Whether anything is hidden.
    pub any: bool,
    /// Whether birth date and record number are.
    pub identifiers: bool,
    /// Whether an address is.
    pub addresses: bool,
    /// Whether the only mail address is.
    pub mail: bool,
    /// Whether everything else is: other requests, what ails them, what they owe.
    pub rest: bool,
    /// Until when the reader sees all of it because they asked to.
    pub until: Option<String>,
}

impl Veil {
    fn new(
        page: &Page,
        ticket: &Ticket,
        patient: Option<PatientId>,
        (scene, back): (Scene, String),
    ) -> Result<Self, DeskError> {
        let sight = scene.sight;
        let any = sight.hidden().next().is_some();
        let peeked = scene.peeked.filter(|_| !any);
        Ok(Self {
            number: ticket.number,
            back,
            patient,
            live: scene.live,
            any,
            identifiers: !sight.shows(FieldGroup::Identifiers),
            addresses: false,
            mail: false,
            rest: !sight.shows(FieldGroup::Clinical),
            until: peeked.map(|until| at(page, until)).transpose()?,
        })
    }

    /// Over the page of a ticket.
    pub(super) fn of_ticket(page: &Page, view: &TicketView) -> Result<Self, DeskError> {
        let points = &view.contact.points;
        let here = back(&view.ticket.number.to_string());
        Ok(Self {
            addresses: view.contact.is_hidden(),
            mail: points.iter().any(|one| one.hidden && one.kind == "email"),
            ..Self::new(page, &view.ticket, None, (view.scene, here))?
        })
    }

    /// Over the page of a patient whose record was opened in the conversation of a ticket.
    pub(super) fn of_patient(
        page: &Page,
        beside: &Beside,
        patient: &PatientView,
    ) -> Result<Self, DeskError> {
        let ticket = &beside.ticket;
        let here = format!("/patients/{}?ticket={}", patient.id, ticket.number);
        let contacts = &patient.contacts;
        Ok(Self {
            addresses: contacts.iter().any(ContactView::is_hidden),
            ..Self::new(page, ticket, Some(patient.id), (beside.scene, here))?
        })
    }
}

#[derive(Deserialize)]
struct Peek {
    back: Option<String>,
    /// The patient from whose page it was asked for.
    patient: Option<PatientId>,
}

async fn peek(
    page: Page,
    Path(ticket): Path<String>,
    Form(form): Form<Peek>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    identity::peek(&page.app, &page.ctx, id, form.patient).await?;
    let to = form.back.unwrap_or_else(|| back(&ticket));
    Ok(redirect(safe_path(Some(&to))))
}
