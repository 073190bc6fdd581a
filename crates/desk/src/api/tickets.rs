//! Tickets: lists, one, new ones, changes.

mod in_danger;

use super::parts::{
    Answer, Changed, InPath, Instant, Page, Versioned, created, cursor, emptied, language, limit,
    one_of, position, seen, version,
};
use super::views::{RowOut, TicketDetail};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{ContactId, PatientId, QueueId, StaffId, SubStatusId, TicketId, UploadId};
use crate::patients::{self, Requester};
use crate::records::uploads;
use crate::router::{Access, Route};
use crate::tickets::{self, Calm, CalmReason, NewTicket, Patch, Status, Urgency, View};
use crate::triage::{self, Whose};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bedside_db::Id;
use bedside_language::Channel;
use bedside_web::Problem;
use bedside_web::json::Json;
use bedside_web::query::Query;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/v1/tickets",
            Access::Api(Permission::TicketsRead),
            list,
        ),
        Route::post(
            "/api/v1/tickets",
            Access::Api(Permission::TicketsWrite),
            create,
        ),
        Route::get(
            "/api/v1/tickets/{id}",
            Access::Api(Permission::TicketsRead),
            show,
        ),
        Route::patch(
            "/api/v1/tickets/{id}",
            Access::Api(Permission::TicketsWrite),
            change,
        ),
        Route::post(
            "/api/v1/tickets/{id}/not-a-crisis",
            Access::Api(Permission::TicketsWrite),
            not_a_crisis,
        ),
    ]
}

/// Which tickets, and which page of them. Name one of the lists; without one it is all active tickets.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// `active` (by what is due) or `done` (newest change first).
    view: Option<Whole>,
    /// Active ones of a queue, by what is due.
    queue: Option<Uuid>,
    /// Active ones of a person of the staff, by what is due; `me` for yourself.
    assignee: Option<String>,
    /// Those with this status.
    status: Option<Status>,
    /// Those of a contact, newest first.
    contact: Option<Uuid>,
    /// Those of a patient, newest first.
    patient: Option<Uuid>,
    /// Where the page before ended.
    cursor: Option<String>,
    /// Rows, 1 to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// Lists without a name in them.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Whole {
    /// Worked on.
    Active,
    /// Resolved or closed.
    Done,
}

fn view(ctx: &Ctx, which: &Which) -> Answer<View> {
    let assignee = match which.assignee.as_deref() {
        Some("me") => Some(
            ctx.actor
                .staff()
                .ok_or_else(|| one_of("assignee", "Only a person has tickets."))?,
        ),
        Some(id) => Some(
            id.parse::<StaffId>()
                .map_err(|_| Problem::invalid_field("assignee", "invalid", "Use an id or me."))?,
        ),
        None => None,
    };
    let named = [
        which.view.map(|whole| match whole {
            Whole::Active => View::Active,
            Whole::Done => View::Done,
        }),
        which.queue.map(|id| View::Queue(QueueId::from_uuid(id))),
        assignee.map(View::Assignee),
        which.status.map(View::Status),
        which
            .contact
            .map(|id| View::Contact(ContactId::from_uuid(id))),
        which
            .patient
            .map(|id| View::Patient(PatientId::from_uuid(id))),
    ];
    let mut named = named.into_iter().flatten();
    let first = named.next().unwrap_or(View::Active);
    if named.next().is_some() {
        return Err(one_of(
            "view",
            "Name one list: a view, a queue, an assignee, a status, a contact or a patient.",
        ));
    }
    Ok(first)
}

/// Lists tickets.
#[utoipa::path(get, path = "/api/v1/tickets", tag = "Tickets", params(Which),
    responses((status = 200, description = "One page.", body = Page<RowOut>)))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    Query(which): Query<Which>,
) -> Answer<Json<Page<RowOut>>> {
    let view = view(&ctx, &which)?;
    let name = format!("tickets/{view:?}");
    let after = position(&app, &ctx, &name, which.cursor.as_deref())?;
    let page = tickets::list(&app, &ctx, &view, after, limit(which.limit)?).await?;
    Ok(Json(Page {
        items: page.rows.into_iter().map(Into::into).collect(),
        next: page.next.map(|next| cursor(&app, &ctx, &name, &next)),
    }))
}

/// A request to be opened. Say who asks in one of three ways: `requester`, `contact_id` or `patient_id`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "requester": { "email": "ana@example.org", "name": "Ana Ruiz" },
    "subject": "Question about my bill", "body": "Why was I charged twice?"
}))]
pub(super) struct NewTicketIn {
    /// Who asks, by mail address.
    requester: Option<RequesterIn>,
    /// Who asks, by the id of a contact.
    contact_id: Option<Uuid>,
    /// Who asks, by the id of a patient.
    patient_id: Option<Uuid>,
    /// Subject line; made of the text when absent.
    #[serde(default)]
    subject: String,
    /// The words as plain text.
    #[schema(min_length = 1)]
    body: String,
    /// What it is about, when that is known; found out otherwise.
    category: Option<String>,
    /// Where to put it, whatever the category says. An emergency goes to the crisis queue all the same.
    queue_id: Option<Uuid>,
    /// The language to answer in; found out when absent.
    #[schema(example = "en")]
    language: Option<String>,
    /// How it came: `api` when absent, or `email`, `web_form`, `phone`, `sms`, `chat`, `social`, `portal`, `video`.
    #[schema(
        value_type = Option<String>,
        pattern = "^(portal|web_form|email|sms|phone|chat|social|video|survey|api)$"
    )]
    channel: Option<Channel>,
    /// Files that were uploaded.
    #[serde(default)]
    attachments: Vec<Uuid>,
    /// Whether the requester hears that it came in; yes when absent.
    acknowledge: Option<bool>,
}

impl NewTicketIn {
    /// What was given as a name.
    fn called(&self) -> Vec<String> {
        let by = self.requester.iter();
        by.filter_map(|by| by.name.clone()).collect()
    }
}

/// Who asks, by mail address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RequesterIn {
    /// Mail address. Needed, unless they call (`channel` is `phone` or `video`) and leave none, or may be in danger.
    email: Option<String>,
    /// Name, when known.
    name: Option<String>,
}

/// A ticket that was opened.
#[derive(Serialize, ToSchema)]
pub(super) struct Opened {
    /// Its id.
    id: Uuid,
    /// Its number.
    number: i64,
    /// Its first message.
    message_id: Uuid,
}

/// Opens a ticket. Where the words say that somebody may be in danger, it is opened whatever else is wrong: what can't be used
/// (the address, the category, the queue, the language, a file) is left out, and an address that is none stands below the words.
#[utoipa::path(post, path = "/api/v1/tickets", tag = "Tickets", request_body = NewTicketIn,
    responses((status = 201, description = "Opened; `Location` says where.", body = Opened)))]
pub(super) async fn create(
    ctx: Ctx,
    State(app): State<App>,
    Json(new): Json<NewTicketIn>,
) -> Answer<Response> {
    let made = match open(&app, &ctx, &new).await {
        // Another request brought the same new address a moment earlier; now it is known.
        Err(DeskError::Unavailable(_)) => open(&app, &ctx, &new).await?,
        done => done?,
    };
    let body = Opened {
        id: made.id.uuid(),
        number: made.number,
        message_id: made.message.uuid(),
    };
    Ok(created(&format!("/api/v1/tickets/{}", made.id), &body))
}

async fn open(app: &App, ctx: &Ctx, new: &NewTicketIn) -> Result<tickets::Landed, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let opened = whole(app, ctx, new).await;
    let is_wrong = matches!(
        opened,
        Err(DeskError::Invalid { .. } | DeskError::NotFound | DeskError::TooLarge { .. })
    );
    if is_wrong && in_danger::cries(app, ctx, new).await? {
        return in_danger::open(app, ctx, new).await;
    }
    opened
}

/// The same of a request with which nothing is wrong.
async fn whole(app: &App, ctx: &Ctx, new: &NewTicketIn) -> Result<tickets::Landed, DeskError> {
    if new.body.trim().is_empty() {
        return Err(DeskError::invalid(
            "body",
            "required",
            "Write something first.",
        ));
    }
    let locale = new.language.as_deref().map(str::parse).transpose();
    let locale =
        locale.map_err(|_| DeskError::invalid("language", "unknown_language", "Use en or es."))?;
    let requester = requester(app, ctx, new, locale).await?;
    let ids: Vec<UploadId> = new.attachments.iter().copied().map(Id::from_uuid).collect();
    let attachments = uploads::use_for(app, ctx, &ids, &requester.sealing).await?;
    let mut ticket = NewTicket::new(
        requester,
        new.channel.unwrap_or(Channel::Api),
        new.subject.clone(),
        new.body.clone(),
    );
    ticket.locale = locale;
    ticket.called = new.called();
    ticket.attachments = attachments.into_iter().map(Into::into).collect();
    ticket.category.clone_from(&new.category);
    ticket.queue = new.queue_id.map(QueueId::from_uuid);
    ticket.answer = tickets::Answer::wanted(new.acknowledge.unwrap_or(true));
    tickets::create(app, ctx, ticket).await
}

/// Somebody who called and left no address, or who may be in danger.
async fn without_address(
    app: &App,
    ctx: &Ctx,
    new: &NewTicketIn,
    locale: Option<bedside_web::Locale>,
) -> Result<Requester, DeskError> {
    let channel = new.channel.unwrap_or(Channel::Api);
    let spoken = matches!(channel, Channel::Phone | Channel::Video);
    let hint = locale.unwrap_or(ctx.locale);
    if !(spoken || triage::in_danger(app, Whose::Desk, channel, &new.body, hint).await?) {
        return Err(DeskError::invalid(
            "requester.email",
            "required",
            "Say their mail address. Only who calls may leave none.",
        ));
    }
    let name = new.requester.as_ref().and_then(|by| by.name.as_deref());
    Ok(patients::requester_without_address(app).named(name.unwrap_or_default()))
}

async fn requester(
    app: &App,
    ctx: &Ctx,
    new: &NewTicketIn,
    locale: Option<bedside_web::Locale>,
) -> Result<Requester, DeskError> {
    match (&new.requester, new.contact_id, new.patient_id) {
        (Some(by), None, None) => {
            let name = by.name.as_deref();
            if name.is_some_and(|name| name.chars().count() > 200) {
                return Err(DeskError::invalid(
                    "requester.name",
                    "too_long",
                    "A name has at most 200 characters.",
                ));
            }
            let Some(email) = by.email.as_deref() else {
                return without_address(app, ctx, new, locale).await;
            };
            let found =
                patients::requester_by_email(app, ctx.organisation, email, name, locale).await;
            found.map_err(|error| match error {
                DeskError::Invalid { code, text, .. } => {
                    DeskError::invalid("requester.email", code, text)
                }
                other => other,
            })
        }
        (None, Some(id), None) => {
            let id = ContactId::from_uuid(id);
            patients::admit(app, ctx, Some(id), None).await?;
            patients::requester_of_contact(app, ctx.organisation, id).await
        }
        (None, None, Some(id)) => {
            let id = PatientId::from_uuid(id);
            patients::admit(app, ctx, None, Some(id)).await?;
            patients::requester_of_patient(app, ctx.organisation, id).await
        }
        _ => Err(DeskError::invalid(
            "requester",
            "choose_one",
            "Say who asks: requester, contact_id or patient_id, and only one of them.",
        )),
    }
}

/// Shows one ticket. `{id}` is its id or its number. Its words are at `/messages`. While whoever asks in a live ticket is not
/// verified, what they would have to say is left out of it; `hidden` says what.
#[utoipa::path(get, path = "/api/v1/tickets/{id}", tag = "Tickets",
    responses((status = 200, description = "The ticket, with its `ETag`.", body = TicketDetail)))]
pub(super) async fn show(
    ctx: Ctx,
    State(app): State<App>,
    InPath(text): InPath<String>,
) -> Answer<Versioned<TicketDetail>> {
    let id = tickets::resolve(&app, &ctx, &text).await?;
    let view = tickets::view(&app, &ctx, id).await?;
    Ok(Versioned(
        view.ticket.version,
        TicketDetail::for_reader(&ctx, view, &app.knowledge().engine),
    ))
}

/// What to change; absent fields stay as they are, `null` empties one that can be empty.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "status": "open", "assignee_id": null, "add_tags": ["billing dispute"] }))]
#[expect(
    clippy::option_option,
    reason = "absent, emptied and set are three things"
)]
pub(super) struct PatchIn {
    /// Where it stands.
    status: Option<Status>,
    /// The clinic's finer name for it.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<Uuid>)]
    sub_status_id: Option<Option<Uuid>>,
    /// How soon a person must look. What is an emergency is lowered by `not-a-crisis` alone.
    urgency: Option<Urgency>,
    /// What it is about; moves it to the category's queue unless a queue is named too.
    category: Option<String>,
    /// Where it waits.
    queue_id: Option<Uuid>,
    /// Who has it.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<Uuid>)]
    assignee_id: Option<Option<Uuid>>,
    /// Subject line.
    subject: Option<String>,
    /// The language to answer in.
    #[schema(example = "en")]
    language: Option<String>,
    /// Put it aside until then; `null` brings it back.
    #[serde(default, deserialize_with = "emptied")]
    #[schema(value_type = Option<Instant>)]
    snoozed_until: Option<Option<Instant>>,
    /// Tags to add.
    #[serde(default)]
    add_tags: Vec<String>,
    /// Tags to take away.
    #[serde(default)]
    remove_tags: Vec<String>,
    /// The clinic's own fields to set; `null` empties one.
    #[serde(default)]
    #[schema(value_type = Object)]
    fields: serde_json::Map<String, serde_json::Value>,
}

/// Changes a ticket that you saw as the version in `If-Match`. Refused with what others changed meanwhile.
#[utoipa::path(patch, path = "/api/v1/tickets/{id}", tag = "Tickets", request_body = PatchIn,
    responses((status = 200, description = "Changed.", body = Changed)))]
pub(super) async fn change(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    headers: HeaderMap,
    Json(new): Json<PatchIn>,
) -> Answer<Versioned<Changed>> {
    let seen = version(&headers)?;
    let patch = Patch {
        status: new.status,
        sub_status: new.sub_status_id.map(|id| id.map(SubStatusId::from_uuid)),
        urgency: new.urgency,
        category: new.category,
        queue: new.queue_id.map(QueueId::from_uuid),
        assignee: new.assignee_id.map(|id| id.map(StaffId::from_uuid)),
        subject: new.subject,
        locale: language(new.language.as_deref())?,
        snooze: new.snoozed_until.map(|until| until.map(|until| until.0)),
        add_tags: new.add_tags,
        remove_tags: new.remove_tags,
        fields: new.fields,
    };
    Ok(Changed::to(
        tickets::change(&app, &ctx, id, seen, patch).await?,
    ))
}

/// Why nobody is in danger.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "other_meaning", "urgency": "standard" }))]
pub(super) struct CalmIn {
    /// Why.
    reason: CalmReason,
    /// The same in own words, at most 500 characters; needed with `other`. They are kept as a note.
    words: Option<String>,
    /// How soon a person must look, now that it is no emergency.
    urgency: Urgency,
}

/// Says of an emergency, or of a worry that still counts, that nobody is in danger: it gets that urgency and leaves the crisis queue for its category's.
/// With `If-Match`, only when nothing changed since. Making it an emergency again takes it back. For people, so a bearer token is refused.
#[utoipa::path(post, path = "/api/v1/tickets/{id}/not-a-crisis", tag = "Tickets", request_body = CalmIn,
    responses((status = 200, description = "Lowered.", body = Changed)))]
pub(super) async fn not_a_crisis(
    ctx: Ctx,
    State(app): State<App>,
    InPath(id): InPath<TicketId>,
    headers: HeaderMap,
    Json(new): Json<CalmIn>,
) -> Answer<Versioned<Changed>> {
    if ctx.actor.staff().is_none() {
        return Err(Problem::forbidden().detail(
            "Only people say that nobody is in danger. A token can write a note for them to read.",
        ));
    }
    let seen = seen(&headers)?;
    let calm = Calm {
        reason: new.reason,
        words: new.words,
        urgency: new.urgency,
    };
    Ok(Changed::to(
        tickets::not_a_crisis(&app, &ctx, id, seen, calm).await?,
    ))
}
