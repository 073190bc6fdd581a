//! Everything that the desk holds about a patient, opened. Every look leaves its entry in the audit log.

use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{PatientId, TicketId};
use crate::patients::{self, PatientView};
use crate::privacy::requests::{self, Request};
use crate::staff;
use crate::surveys::{self, Rating};
use crate::tickets::{self, View};
use crate::timeline::{MessageKind, MessageView};
use bedside_db::Timestamp;
use std::collections::HashMap;
use uuid::Uuid;

/// Rows read at a time.
const PAGE: i64 = 100;

/// A request to the desk with all that was said in it.
pub struct Conversation {
    /// Its id.
    pub id: TicketId,
    /// Its number.
    pub number: i64,
    /// Its subject.
    pub subject: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The clinic's own fields that are filled in.
    pub fields: Vec<(String, String)>,
    /// Tags.
    pub tags: Vec<String>,
    /// What was said, oldest first.
    pub messages: Vec<MessageView>,
    /// How the patient felt about it.
    pub rating: Option<Rating>,
}

/// All of it.
pub struct Whole {
    /// The patient, with contacts and addresses.
    pub patient: PatientView,
    /// Requests to the desk, oldest first.
    pub conversations: Vec<Conversation>,
    /// What they asked for their data.
    pub asked: Vec<Request>,
    /// Names of the staff.
    pub staff: HashMap<Uuid, String>,
    /// Name of the clinic.
    pub clinic: String,
    /// When it was gathered.
    pub at: Timestamp,
}

impl Whole {
    /// Who wrote a message: of the patient's side the contact's name, of the clinic the person's.
    pub fn author(&self, message: &MessageView) -> &str {
        let id = message.author_id;
        let contact = self.patient.contacts.iter();
        let mut contact = contact.filter(|one| Some(one.id.uuid()) == id);
        let named = match message.author_kind.as_str() {
            "staff" => id.and_then(|id| self.staff.get(&id)).map(String::as_str),
            "contact" => contact.next().and_then(|one| one.name.as_deref()),
            _ => None,
        };
        named.unwrap_or_else(|| match message.kind {
            MessageKind::Inbound => &self.patient.name,
            MessageKind::Outbound | MessageKind::Note => &self.clinic,
        })
    }
}

/// Gathers it; without the staff's notes unless they belong to it.
pub(super) async fn gather(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    with_notes: bool,
) -> Result<Whole, DeskError> {
    ctx.authorize(Permission::PatientsRead)?;
    let seen = patients::patient(app, ctx, patient).await?;
    let mut conversations = Vec::new();
    let (view, mut after) = (View::Patient(patient), None);
    loop {
        let page = tickets::list(app, ctx, &view, after, PAGE).await?;
        for row in page.rows {
            conversations.push(conversation(app, ctx, row.ticket.id, with_notes).await?);
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    conversations.reverse();
    let clinic = app.directory.of(ctx.organisation)?;
    Ok(Whole {
        patient: seen,
        conversations,
        asked: requests::of_patient(app, ctx, patient).await?,
        staff: staff::names(app, ctx.organisation).await?,
        clinic: clinic.name.clone(),
        at: app.now(),
    })
}

async fn conversation(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    with_notes: bool,
) -> Result<Conversation, DeskError> {
    let view = tickets::view(app, ctx, id).await?;
    let mut messages: Vec<MessageView> = Vec::new();
    loop {
        let before = messages.first().map(|one| one.id);
        let mut older = tickets::messages(app, ctx, id, None, before, PAGE).await?;
        let more = older.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
        older.append(&mut messages);
        messages = older;
        if !more {
            break;
        }
    }
    messages.retain(|one| with_notes || one.kind != MessageKind::Note);
    let words = |value: serde_json::Value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(Conversation {
        id,
        number: view.ticket.number,
        subject: view.subject,
        opened_at: view.ticket.created_at,
        fields: view
            .fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, words(value)))
            .collect(),
        tags: view.tags.into_iter().map(|tag| tag.text).collect(),
        messages,
        rating: surveys::of_ticket(app, ctx, id).await?,
    })
}
