//! Looking at tickets.

use super::model::{LinkView, StoredTicket, Ticket, TicketRow, TicketView, View};
use super::{store, tags};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events;
use crate::ids::{ContactId, MessageId, OrganisationId, TicketId};
use crate::patients;
use crate::records::{self, Opened, Purpose, Sealing};
use crate::timeline::{self, MessageKind, MessageView};
use bedside_db::Conn;

pub use store::Position;

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rows.
    pub rows: Vec<TicketRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<Position>,
    /// Before which the page before this one ends, if there is one.
    pub previous: Option<Position>,
}

/// Events of a ticket that its page shows.
const EVENTS: i64 = 300;

/// One page of a list: at most `limit` rows (1 to 100) after `after`.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    view: &View,
    after: Option<Position>,
    limit: i64,
) -> Result<Page, DeskError> {
    let leave = leave_to_list(app, ctx, view).await?;
    let limit = limit.clamp(1, 100);
    let mut conn = app.read().await?;
    let mut stored = store::list(&mut conn, ctx.organisation, view, after, limit + 1).await?;
    let more = stored.len() > usize::try_from(limit).unwrap_or(100);
    stored.truncate(usize::try_from(limit).unwrap_or(100));
    let (first, last) = ends(view, &stored);
    let rows = opened(app, ctx, &leave, &mut conn, stored).await?;
    Ok(Page {
        rows,
        next: last.filter(|_| more),
        previous: first.filter(|_| after.is_some()),
    })
}

/// The page of a list that ends before `before`.
pub async fn list_before(
    app: &App,
    ctx: &Ctx,
    view: &View,
    before: Position,
    limit: i64,
) -> Result<Page, DeskError> {
    let leave = leave_to_list(app, ctx, view).await?;
    let limit = limit.clamp(1, 100);
    let mut conn = app.read().await?;
    let mut stored =
        store::list_before(&mut conn, ctx.organisation, view, before, limit + 1).await?;
    let more = stored.len() > usize::try_from(limit).unwrap_or(100);
    if more {
        stored.remove(0);
    }
    let (first, last) = ends(view, &stored);
    let rows = opened(app, ctx, &leave, &mut conn, stored).await?;
    Ok(Page {
        rows,
        next: last,
        previous: first.filter(|_| more),
    })
}

async fn leave_to_list(app: &App, ctx: &Ctx, view: &View) -> Result<Opened, DeskError> {
    records::open(
        app,
        ctx,
        Permission::TicketsRead,
        Purpose::Operations,
        "ticket.list",
        "view",
        name_of(view),
    )
    .await
}

/// The places of the first and the last row.
fn ends(view: &View, rows: &[StoredTicket]) -> (Option<Position>, Option<Position>) {
    let place = |stored: &StoredTicket| position(view, &stored.ticket);
    (rows.first().map(place), rows.last().map(place))
}

async fn opened(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    conn: &mut Conn,
    stored: Vec<StoredTicket>,
) -> Result<Vec<TicketRow>, DeskError> {
    let mut rows = Vec::with_capacity(stored.len());
    for one in stored {
        rows.push(row(app, leave, conn, ctx.organisation, one).await?);
    }
    Ok(rows)
}

fn position(view: &View, ticket: &Ticket) -> Position {
    let done = match view {
        View::Done => true,
        View::Status(status) => !status.is_active(),
        _ => false,
    };
    let at = if done {
        ticket.updated_at
    } else {
        ticket.due_at()
    };
    Position {
        rank: ticket.rank(),
        at,
        id: ticket.id,
    }
}

fn name_of(view: &View) -> String {
    match view {
        View::Queue(id) => format!("queue:{id}"),
        View::Assignee(id) => format!("assignee:{id}"),
        View::Active => "active".to_owned(),
        View::Crisis => "crisis".to_owned(),
        View::Done => "done".to_owned(),
        View::Status(status) => format!("status:{}", status.code()),
        View::Contact(id) => format!("contact:{id}"),
        View::Patient(id) => format!("patient:{id}"),
        View::Tag(_) => "tag".to_owned(),
        View::Follower(id) => format!("follower:{id}"),
    }
}

async fn row(
    app: &App,
    leave: &Opened,
    conn: &mut Conn,
    organisation: OrganisationId,
    stored: StoredTicket,
) -> Result<TicketRow, DeskError> {
    let id = stored.ticket.id;
    let sealing = leave.sealing(conn, stored.ticket.key).await?;
    let subject = sealing.open_text("tickets", "subject", id, &stored.subject)?;
    let contact = patients::name_or_address(app, conn, organisation, stored.ticket.contact).await?;
    let tags = tags::of(conn, organisation, id, &sealing).await?;
    Ok(TicketRow {
        ticket: stored.ticket,
        subject,
        requester: contact,
        tags,
    })
}

/// Rows for these tickets in their order, under leave that was given for a search.
pub async fn rows(
    app: &App,
    leave: &Opened,
    ctx: &Ctx,
    ids: &[TicketId],
) -> Result<Vec<TicketRow>, DeskError> {
    let mut conn = app.read().await?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(stored) = store::one(&mut conn, ctx.organisation, *id).await? {
            found.push(row(app, leave, &mut conn, ctx.organisation, stored).await?);
        }
    }
    Ok(found)
}

/// The id behind an id or a number as people write them ("1234", "#1234", a UUID).
pub async fn resolve(app: &App, ctx: &Ctx, text: &str) -> Result<TicketId, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    if let Ok(id) = text.parse::<TicketId>() {
        return Ok(id);
    }
    let number: i64 = text
        .trim_start_matches('#')
        .parse()
        .map_err(|_| DeskError::NotFound)?;
    let stored = store::by_number(&mut app.read().await?, ctx.organisation, number).await?;
    stored
        .map(|stored| stored.ticket.id)
        .ok_or(DeskError::NotFound)
}

/// A ticket's row without its words, for the desk's own machinery; `merged_into` is followed.
pub(crate) async fn row_for(
    app: &App,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Ticket, DeskError> {
    let mut conn = app.read().await?;
    let mut stored = store::one(&mut conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    // A chain of merges is short; the bound ends a loop that a defect could have made.
    for _ in 0..20 {
        let Some(into) = stored.ticket.merged_into else {
            break;
        };
        stored = store::one(&mut conn, organisation, into)
            .await?
            .ok_or(DeskError::NotFound)?;
    }
    Ok(stored.ticket)
}

/// Whose ticket this is, merged or not; none when there is no such ticket.
pub(crate) async fn contact_of(
    app: &App,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Option<ContactId>, DeskError> {
    let stored = store::one(&mut app.read().await?, organisation, id).await?;
    Ok(stored.map(|stored| stored.ticket.contact))
}

/// The ticket that `id` went into, inside a command.
pub(crate) async fn followed(
    conn: &mut Conn,
    organisation: OrganisationId,
    mut id: TicketId,
) -> Result<TicketId, DeskError> {
    for _ in 0..20 {
        let stored = store::one(conn, organisation, id)
            .await?
            .ok_or(DeskError::NotFound)?;
        match stored.ticket.merged_into {
            Some(into) => id = into,
            None => break,
        }
    }
    Ok(id)
}

/// A ticket's subject for the part that sends, and for the index.
pub(crate) async fn subject_for(
    app: &App,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<String, DeskError> {
    let mut conn = app.read().await?;
    let stored = store::one(&mut conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let sealing = records::sealing(app, &mut conn, organisation, stored.ticket.key).await?;
    sealing.open_text("tickets", "subject", id, &stored.subject)
}

async fn leave_to_read(app: &App, ctx: &Ctx, id: TicketId) -> Result<Opened, DeskError> {
    records::open(
        app,
        ctx,
        Permission::TicketsRead,
        Purpose::Treatment,
        "ticket.read",
        "ticket",
        id,
    )
    .await
}

/// The newest messages and notes of a ticket before `before`, or those of one kind alone; oldest first, at most `limit`
/// (1 to 101).
pub async fn messages(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    only: Option<MessageKind>,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<MessageView>, DeskError> {
    let leave = leave_to_read(app, ctx, id).await?;
    let mut conn = app.read().await?;
    store::one(&mut conn, ctx.organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    timeline::load_some(
        &leave,
        &mut conn,
        ctx.organisation,
        id,
        only,
        before,
        limit.clamp(1, 101),
    )
    .await
}

/// One message or note of a ticket.
pub async fn message(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    message: MessageId,
) -> Result<MessageView, DeskError> {
    let leave = leave_to_read(app, ctx, id).await?;
    timeline::one(
        &leave,
        &mut app.read().await?,
        ctx.organisation,
        id,
        message,
    )
    .await
}

/// What seals the words and files of a ticket, for whoever is about to add some.
pub async fn sealing(app: &App, ctx: &Ctx, id: TicketId) -> Result<Sealing, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let mut conn = app.read().await?;
    let stored = store::one(&mut conn, ctx.organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    records::sealing(app, &mut conn, ctx.organisation, stored.ticket.key).await
}

/// Everything that is known of a ticket.
pub async fn view(app: &App, ctx: &Ctx, id: TicketId) -> Result<TicketView, DeskError> {
    let leave = leave_to_read(app, ctx, id).await?;
    view_with(app, ctx, &leave, id).await
}

/// The same with at most `limit` other tickets of its contact, newest first, as the ticket's page shows them.
pub async fn view_beside(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    limit: i64,
) -> Result<(TicketView, Vec<TicketRow>), DeskError> {
    let organisation = ctx.organisation;
    let others = contact_of(app, organisation, id).await?.map(View::Contact);
    let mut entries = vec![NewEntry::new("ticket.read", "ticket", id)];
    entries.extend(
        others
            .as_ref()
            .map(|others| NewEntry::new("ticket.list", "view", name_of(others))),
    );
    let leave = records::open_each(
        app,
        ctx,
        Permission::TicketsRead,
        Purpose::Treatment,
        entries,
    )
    .await?;
    let ticket = view_with(app, ctx, &leave, id).await?;
    let Some(others) = others else {
        return Ok((ticket, Vec::new()));
    };
    let mut conn = app.read().await?;
    let mut stored = store::list(&mut conn, organisation, &others, None, limit + 1).await?;
    stored.retain(|other| other.ticket.id != id);
    stored.truncate(usize::try_from(limit).unwrap_or_default());
    let rows = opened(app, ctx, &leave, &mut conn, stored).await?;
    Ok((ticket, rows))
}

async fn view_with(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    id: TicketId,
) -> Result<TicketView, DeskError> {
    let organisation = ctx.organisation;
    let stored = store::one(&mut app.read().await?, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let patient = match stored.ticket.patient {
        Some(patient) if ctx.permissions().has(Permission::PatientsRead) => {
            Some(patients::patient_in(app, leave, organisation, patient).await?)
        }
        _ => None,
    };
    let mut conn = app.read().await?;
    let sealing = leave.sealing(&mut conn, stored.ticket.key).await?;
    let fields = match &stored.fields {
        Some(sealed) => serde_json::from_str(&sealing.open_text("tickets", "fields", id, sealed)?)?,
        None => serde_json::Map::new(),
    };
    let links = store::links(&mut conn, organisation, id).await?;
    Ok(TicketView {
        subject: sealing.open_text("tickets", "subject", id, &stored.subject)?,
        fields,
        contact: patients::open_contact(app, &mut conn, organisation, stored.ticket.contact)
            .await?,
        patient,
        messages: timeline::load(leave, &mut conn, organisation, id, None).await?,
        events: events::of_ticket(&mut conn, organisation, id, EVENTS).await?,
        tags: tags::of(&mut conn, organisation, id, &sealing).await?,
        links: links
            .into_iter()
            .map(|(kind, ticket, number, status)| LinkView {
                kind,
                ticket,
                number,
                status,
            })
            .collect(),
        followers: store::followers(&mut conn, organisation, id).await?,
        ticket: stored.ticket,
    })
}
