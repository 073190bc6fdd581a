//! What happens, as it happens (Server-Sent Events) or page by page (JSON). Either way nothing is missed: a client names
//! the last number it saw and gets what came after it.

use super::parts::{Answer, Instant};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::{self, Event};
use crate::ids::OrganisationId;
use crate::router::{Access, Route, SessionToken, bearer};
use crate::staff;
use crate::tickets;
use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use bedside_db::{Id, Notice};
use bedside_web::Problem;
use bedside_web::json::Json;
use bedside_web::query;
use bedside_web::sse::{self, LiveEvent};
use futures_util::{Stream, stream};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::time;
use utoipa::ToSchema;
use uuid::Uuid;

/// How often a stream asks whether its client may still listen, and reads in case a notice was lost.
const RECHECK: Duration = Duration::from_secs(30);
/// Events that are read at once.
const BATCH: i64 = 500;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/events", Access::Api(Permission::TicketsRead), list).polled()]
}

/// From where on.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct After {
    /// The last number seen; the header `Last-Event-ID` goes first. A stream without either begins now, a page at the
    /// first event.
    #[param(minimum = 0)]
    last_event_id: Option<i64>,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub(super) struct EventOut {
    /// Its number; rises within the organisation.
    sequence: i64,
    /// What kind.
    #[schema(example = "ticket.changed")]
    kind: String,
    /// The ticket it is about.
    ticket_id: Option<Uuid>,
    /// The message it is about.
    message_id: Option<Uuid>,
    /// `staff`, `token`, `contact`, `visitor` or `system`; the last one as well where it is not told.
    actor_kind: String,
    /// The actor's id, where it has one.
    actor_id: Option<Uuid>,
    /// More, by kind; never a word of anybody.
    #[schema(value_type = Object)]
    data: serde_json::Value,
    /// When.
    at: Instant,
}

impl From<Event> for EventOut {
    fn from(event: Event) -> Self {
        Self {
            sequence: event.sequence,
            kind: event.kind,
            ticket_id: event.ticket_id.map(Id::uuid),
            message_id: event.message_id.map(Id::uuid),
            actor_kind: event.actor_kind,
            actor_id: event.actor_id,
            data: event.data,
            at: Instant(event.at),
        }
    }
}

/// A page of what happened.
#[derive(Serialize, ToSchema)]
pub(super) struct Events {
    /// Oldest first, at most 500.
    items: Vec<EventOut>,
    /// Ask for what came after it next.
    last_event_id: i64,
}

/// Tells what happens: a stream with `Accept: text/event-stream`, a page otherwise. Resume with `Last-Event-ID`.
#[utoipa::path(get, path = "/api/v1/events", tag = "Events", params(After),
    responses((status = 200, description = "Events after the number.",
        content((Events = "application/json"), (String = "text/event-stream")))))]
pub(super) async fn list(
    ctx: Ctx,
    State(app): State<App>,
    session: Option<Extension<SessionToken>>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Answer<Response> {
    let asked: After = query::read(&uri)?;
    let seen = seen(&headers, &asked)?;
    if !wants_stream(&headers) {
        return page(&app, &ctx, seen.unwrap_or(0)).await;
    }
    let credential = match (bearer(&headers), session) {
        (Some(token), _) => Credential::Token(token.into()),
        (None, Some(Extension(session))) => Credential::Session(session.0),
        (None, None) => return Err(Problem::unauthorized()),
    };
    Ok(sse::respond(
        follow(app, ctx, credential, seen, RECHECK).await?,
    ))
}

/// A number that is not one would silently lose events, so it is refused.
fn seen(headers: &HeaderMap, asked: &After) -> Answer<Option<i64>> {
    let wrong =
        || Problem::bad_request("The number of an event has digits only.").code("invalid_event_id");
    if headers.contains_key("last-event-id") {
        return sse::last_event_id(headers, None)
            .map(Some)
            .ok_or_else(wrong);
    }
    match asked.last_event_id {
        Some(number) if number < 0 => Err(wrong()),
        number => Ok(number),
    }
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept
        .split(',')
        .any(|kind| kind.trim_start().starts_with("text/event-stream"))
}

/// The number to go on from. One from the future comes from a desk that was restored from a backup; waiting for it would
/// lose events.
fn known(latest: i64, seen: i64) -> i64 {
    seen.min(latest)
}

async fn page(app: &App, ctx: &Ctx, after: i64) -> Answer<Response> {
    let after = known(events::latest(app, ctx.organisation).await?, after);
    let found = events::after(app, ctx.organisation, after, BATCH).await?;
    let last_event_id = found.last().map_or(after, |event| event.sequence);
    let items = heard(app, ctx, found)
        .await?
        .into_iter()
        .map(Into::into)
        .collect();
    Ok(Json(Events {
        items,
        last_event_id,
    })
    .into_response())
}

/// Of what happened that which is the reader's business. What happens to a request is that of whoever reaches the queue
/// in which it waits now, and of a patient who is kept from them no more than a list says.
async fn heard(app: &App, ctx: &Ctx, mut found: Vec<Event>) -> Result<Vec<Event>, DeskError> {
    found.retain(|event| may_hear(ctx, event));
    let about = found.iter().filter_map(|event| event.ticket_id);
    let heard = tickets::heard(app, ctx, about).await?;
    let told = found.into_iter().filter_map(|event| {
        let Some(ticket) = event.ticket_id else {
            return Some(event);
        };
        if *heard.get(&ticket)? {
            Some(event)
        } else {
            bare(event)
        }
    });
    Ok(told.collect())
}

/// What a list shows of a request whose words are kept from the reader: that it is there and moved. Neither who did what nor
/// what it was; what moves no list isn't told of at all.
fn bare(event: Event) -> Option<Event> {
    let moves_lists = [
        events::kind::TICKET_CREATED,
        events::kind::TICKET_CHANGED,
        events::kind::TICKET_MERGED,
        events::kind::MESSAGE_ADDED,
    ];
    moves_lists.contains(&event.kind.as_str()).then(|| Event {
        message_id: None,
        actor_kind: "system".to_owned(),
        actor_id: None,
        data: serde_json::json!({}),
        ..event
    })
}

/// Whether the reader's permissions are for what happened.
fn may_hear(ctx: &Ctx, event: &Event) -> bool {
    let needed = match event.kind.split('.').next() {
        Some("people") => Permission::PatientsRead,
        Some("privacy") => Permission::PrivacyManage,
        Some("settings") => Permission::SettingsRead,
        _ => Permission::TicketsRead,
    };
    ctx.permissions().has(needed)
}

/// What a client showed at the door. A stream asks for it again and again.
#[derive(Clone)]
pub enum Credential {
    /// A bearer token.
    Token(Arc<str>),
    /// A staff session.
    Session(Arc<str>),
}

impl Credential {
    /// Who this is now; none when they may not listen any more. Listening does not keep a session alive.
    async fn holds(
        &self,
        app: &App,
        organisation: OrganisationId,
    ) -> Result<Option<Ctx>, DeskError> {
        let ctx = match self {
            Self::Token(token) => match staff::token_context(app, token).await {
                Err(DeskError::Unauthorized) => None,
                found => Some(found?),
            },
            Self::Session(token) => {
                let found = staff::session_unused(app, token).await?;
                let found = found.filter(|found| !found.lacks_factor);
                found.map(|found| found.ctx)
            }
        };
        Ok(ctx.filter(|ctx| {
            ctx.organisation == organisation && ctx.authorize(Permission::TicketsRead).is_ok()
        }))
    }
}

struct Follower {
    app: App,
    ctx: Ctx,
    credential: Credential,
    notices: broadcast::Receiver<Notice>,
    /// The newest number that was read.
    at: i64,
    ready: VecDeque<Event>,
    check: time::Interval,
}

/// What happens after number `seen` (from now on without one), without gap or repetition, for as long as the
/// credential holds; it is asked for every `recheck`.
pub async fn follow(
    app: App,
    ctx: Ctx,
    credential: Credential,
    seen: Option<i64>,
    recheck: Duration,
) -> Result<impl Stream<Item = LiveEvent> + Send + 'static, DeskError> {
    // Listening begins before the first look: what happens between the two is then told of twice, never not at all.
    let notices = app.db.notices();
    let latest = events::latest(&app, ctx.organisation).await?;
    let at = seen.map_or(latest, |seen| known(latest, seen));
    let mut check = time::interval_at(time::Instant::now() + recheck, recheck);
    check.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
    let follower = Follower {
        app,
        ctx,
        credential,
        notices,
        at,
        ready: VecDeque::new(),
        check,
    };
    Ok(stream::unfold(follower, |mut follower| async move {
        let next = follower.next().await?;
        Some((next, follower))
    }))
}

/// What reading on came to.
enum Read {
    /// Something happened.
    On,
    /// Nothing has happened since.
    Nothing,
    /// The client may not listen any more.
    Over,
}

impl Follower {
    async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            if std::future::poll_fn(|context| {
                std::task::Poll::Ready(self.check.poll_tick(context).is_ready())
            })
            .await
                && !self.still_may().await
            {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return live(event);
            }
            match self.read().await {
                Ok(Read::On) => {}
                Ok(Read::Nothing) if self.wait().await => {}
                Ok(Read::Nothing | Read::Over) => return None,
                // The client comes back with its last number, to a desk that may be well again.
                Err(error) => {
                    tracing::warn!(%error, "a stream of events ends because they can't be read");
                    return None;
                }
            }
        }
    }

    /// Reads on.
    async fn read(&mut self) -> Result<Read, DeskError> {
        let found = events::after(&self.app, self.ctx.organisation, self.at, BATCH).await?;
        let Some(newest) = found.last().map(|event| event.sequence) else {
            return Ok(Read::Nothing);
        };
        // A change of the settings may be that of who may listen.
        let changed = found
            .iter()
            .any(|event| event.kind == events::kind::SETTINGS_CHANGED);
        if changed && !self.still_may().await {
            return Ok(Read::Over);
        }
        self.ready = heard(&self.app, &self.ctx, found).await?.into();
        self.at = newest;
        Ok(Read::On)
    }

    async fn still_may(&mut self) -> bool {
        match self
            .credential
            .holds(&self.app, self.ctx.organisation)
            .await
        {
            Ok(Some(ctx)) => {
                self.ctx = ctx;
                true
            }
            Ok(None) => false,
            Err(error) => {
                tracing::warn!(%error, "a stream of events ends because its client can't be checked");
                false
            }
        }
    }

    /// Waits for a reason to look again; `false` when the stream is over.
    async fn wait(&mut self) -> bool {
        loop {
            tokio::select! {
                _ = self.check.tick() => return self.still_may().await,
                notice = self.notices.recv() => match notice {
                    Ok(notice) if self.is_new(notice) => return true,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return true,
                    Err(RecvError::Closed) => return false,
                },
            }
        }
    }

    fn is_new(&self, notice: Notice) -> bool {
        notice.organisation == self.ctx.organisation.uuid() && notice.sequence > self.at
    }
}

fn live(event: Event) -> Option<LiveEvent> {
    let (id, name) = (event.sequence, event.kind.clone());
    let data = serde_json::to_string(&EventOut::from(event)).ok()?;
    Some(LiveEvent {
        id,
        event: name,
        data,
    })
}
