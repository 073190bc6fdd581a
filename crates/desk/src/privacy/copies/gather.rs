//! What the desk holds of a patient, opened: who they are, how they are reached, what was said in their requests, how it
//! went, what they asked for their data, who acts for them and to whom it was given. Every look leaves its entry in the audit
//! log.

use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{ContactId, MessageId, PatientId, TicketId};
use crate::patients::{self, PatientView};
use crate::privacy::consents::{self, ConsentView};
use crate::privacy::disclosures::{self, Accounting};
use crate::privacy::notices::{self, AcknowledgementView};
use crate::privacy::requests::{self, Request, Standing};
use crate::records::restricted;
use crate::representatives::{self, RepresentativeView};
use crate::staff;
use crate::surveys::{self, Rating};
use crate::tickets::{self, View};
use crate::timeline::{MessageKind, MessageView};
use bedside_db::Timestamp;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What of a patient's requests for their data a copy names: more than anybody ever makes.
const MOST_ASKED: i64 = 10_000;
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
    /// Tags: words of the staff, as notes are.
    pub tags: Vec<String>,
    /// What was said, oldest first.
    pub messages: Vec<MessageView>,
    /// Of these, what another patient's side wrote: it is theirs, and its words and files are left out (GDPR Art. 15(4)).
    pub withheld: HashSet<MessageId>,
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
    /// Who acts for them, or did.
    pub acting: Vec<RepresentativeView>,
    /// To whom their data were given.
    pub given: Accounting,
    /// Restrictions that are kept to, and what they asked to have put right.
    pub standing: Standing,
    /// What they said yes and no to, newest first.
    pub consents: Vec<ConsentView>,
    /// Which notices they were given, newest first.
    pub notices: Vec<AcknowledgementView>,
    /// Names of the staff.
    pub staff: HashMap<Uuid, String>,
    /// Name of the clinic.
    pub clinic: String,
    /// When it was gathered.
    pub at: Timestamp,
}

impl Whole {
    /// Who wrote a message: of the patient's side the contact's name, of the clinic the person's. None for somebody who is
    /// neither: what they wrote never stands under the patient's name.
    pub fn author(&self, message: &MessageView) -> Option<&str> {
        let id = message.author_id;
        let contact = self.patient.contacts.iter();
        let mut contact = contact.filter(|one| Some(one.id.uuid()) == id);
        match (message.kind, message.author_kind.as_str()) {
            (_, "staff") => {
                let name = id.and_then(|id| self.staff.get(&id));
                Some(name.map_or(self.clinic.as_str(), String::as_str))
            }
            (MessageKind::Inbound, _) => contact
                .next()
                .map(|one| one.name.as_deref().unwrap_or(&self.patient.name)),
            (MessageKind::Outbound | MessageKind::Note, _) => Some(&self.clinic),
        }
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
            conversations.push(conversation(app, ctx, &seen, row.ticket.id, with_notes).await?);
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
        asked: requests::of_patient(app, ctx, patient, MOST_ASKED).await?,
        acting: representatives::list(app, ctx, patient).await?,
        given: disclosures::export(app, ctx, patient).await?,
        standing: requests::standing::standing(app, ctx, patient).await?,
        consents: {
            let mut said = consents::standing(app, ctx, patient).await?.history;
            // Of another patient's matters nothing leaves with this one's record.
            said.retain(|one| !one.of_another);
            said
        },
        notices: notices::acknowledgements(app, ctx, patient).await?,
        staff: staff::names(app, ctx.organisation).await?,
        clinic: clinic.name.clone(),
        at: app.now(),
    })
}

async fn conversation(
    app: &App,
    ctx: &Ctx,
    patient: &PatientView,
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
    let withheld = others(app, ctx, patient, &messages).await?;
    for message in &mut messages {
        if withheld.contains(&message.id) {
            message.body.clear();
            message.attachments.clear();
        }
    }
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
        tags: if with_notes {
            view.tags.into_iter().map(|tag| tag.text).collect()
        } else {
            Vec::new()
        },
        messages,
        withheld,
        rating: surveys::of_ticket(app, ctx, id).await?,
    })
}

/// What of `messages` contacts of other patients wrote.
async fn others(
    app: &App,
    ctx: &Ctx,
    patient: &PatientView,
    messages: &[MessageView],
) -> Result<HashSet<MessageId>, DeskError> {
    let mut conn = app.read().await?;
    let mut found = HashSet::new();
    for message in messages.iter().filter(|one| one.author_kind == "contact") {
        let author = message.author_id.map(ContactId::from_uuid);
        let Some(author) = author else { continue };
        if patient.contacts.iter().any(|own| own.id == author) {
            continue;
        }
        let about = restricted::about_contact(&mut conn, ctx.organisation, author).await?;
        if about.is_some_and(|about| about.patient.is_some()) {
            found.insert(message.id);
        }
    }
    Ok(found)
}
