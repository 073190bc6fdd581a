//! Looking at tickets.

use super::model::{LinkView, StoredTicket, Ticket, TicketRow, TicketView, View};
use super::sight::{about_in, hide};
use super::{nurse, store, tags};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events;
use crate::feedback;
use crate::field_group::FieldGroup;
use crate::identity::Scene;
use crate::ids::{ContactId, MessageId, OrganisationId, TicketId};
use crate::patients;
use crate::records::{self, About, Opened, Purpose, Sealing, restricted};
use crate::staff::Queues;
use crate::timeline::{self, MessageKind, MessageView};
use bedside_db::{Conn, Timestamp};
use bedside_language::Channel;
use std::collections::HashSet;

pub use store::Position;

/// Events of a ticket that its page shows.
const EVENTS: i64 = 300;

/// Rows as the actor may see them: those of other queues are left out, and of those of a restricted record the words.
pub(super) async fn opened(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    conn: &mut Conn,
    mut stored: Vec<StoredTicket>,
) -> Result<Vec<TicketRow>, DeskError> {
    let organisation = ctx.organisation;
    stored.retain(|one| ctx.reaches(one.ticket.queue));
    let mut contacts: Vec<_> = stored.iter().map(|one| one.ticket.contact).collect();
    contacts.sort_unstable();
    contacts.dedup();
    let mut names = patients::names_or_addresses(app, conn, organisation, &contacts).await?;
    let whom = stored.iter().map(|one| one.ticket.about);
    let whom = whom.chain(names.values().map(|named| named.about));
    let open = restricted::opened_of(app, conn, ctx, whom).await?;
    names.retain(|_, named| open.admit(ctx, named.about));
    let mut rows = Vec::with_capacity(stored.len());
    for one in stored {
        let id = one.ticket.id;
        if !open.admit(ctx, one.ticket.about) {
            rows.push(TicketRow {
                restricted: true,
                subject: String::new(),
                requester: String::new(),
                tags: Vec::new(),
                ticket: one.ticket,
            });
            continue;
        }
        let sealing = leave.sealing(conn, one.ticket.key).await?;
        rows.push(TicketRow {
            restricted: false,
            subject: sealing.open_text("tickets", "subject", id, &one.subject)?,
            // Somebody else's request may be written by a patient who is kept from the reader.
            requester: names
                .get(&one.ticket.contact)
                .map(|named| named.clone().under(leave).words)
                .unwrap_or_default(),
            tags: if one.tagged {
                tags::of(conn, organisation, id, &sealing).await?
            } else {
                Vec::new()
            },
            ticket: one.ticket,
        });
    }
    Ok(rows)
}

/// Where a ticket stands in a list.
pub(crate) fn position(view: &View, ticket: &Ticket) -> Position {
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

pub(super) fn name_of(view: &View) -> String {
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
        found.extend(store::one(&mut conn, ctx.organisation, *id).await?);
    }
    opened(app, ctx, leave, &mut conn, found).await
}

/// Whether the actor may see a request that is there.
pub async fn may_see(app: &App, ctx: &Ctx, id: TicketId) -> Result<bool, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    match restricted::admit_ticket(&mut app.read().await?, ctx, id, app.now()).await {
        Ok(()) => Ok(true),
        Err(error) if error.is_kept() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Those of `ids` whose requests wait in queues of the actor's; asks the database only where they don't have all.
pub(crate) async fn reached(
    conn: &mut Conn,
    ctx: &Ctx,
    ids: impl Iterator<Item = TicketId>,
) -> Result<HashSet<TicketId>, DeskError> {
    let mut ids: HashSet<TicketId> = ids.collect();
    if ctx.reach().queues == Queues::All {
        return Ok(ids);
    }
    for id in ids.clone() {
        let about = restricted::about_ticket(conn, ctx.organisation, id).await?;
        let queue = about.and_then(|about| about.queue);
        if !queue.is_some_and(|queue| ctx.reaches(queue)) {
            ids.remove(&id);
        }
    }
    Ok(ids)
}

/// The id behind an id or a number as people write them ("1234", "#1234", a UUID).
pub async fn resolve(app: &App, ctx: &Ctx, text: &str) -> Result<TicketId, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    match text.parse::<TicketId>() {
        Ok(id) => Ok(id),
        Err(_) => Ok(named(&mut app.read().await?, ctx, text).await?.id),
    }
}

/// The ticket whose number is all of what was typed ("1234", "#1234").
pub(crate) async fn numbered(
    app: &App,
    leave: &Opened,
    ctx: &Ctx,
    text: &str,
) -> Result<Option<TicketRow>, DeskError> {
    let Ok(number) = text.trim().trim_start_matches('#').parse::<i64>() else {
        return Ok(None);
    };
    let mut conn = app.read().await?;
    let stored = store::by_number(&mut conn, ctx.organisation, number).await?;
    let mut rows = opened(app, ctx, leave, &mut conn, stored.into_iter().collect()).await?;
    Ok(rows.pop())
}

/// The id behind a number, for whoever looks for it in the audit log, which tells ids to them in any case.
pub async fn id_numbered(
    app: &App,
    organisation: OrganisationId,
    number: i64,
) -> Result<Option<TicketId>, DeskError> {
    let stored = store::by_number(&mut app.read().await?, organisation, number).await?;
    Ok(stored.map(|stored| stored.ticket.id))
}

/// The ticket with this id or number.
async fn named(conn: &mut Conn, ctx: &Ctx, text: &str) -> Result<Ticket, DeskError> {
    let stored = if let Ok(id) = text.parse::<TicketId>() {
        store::one(conn, ctx.organisation, id).await?
    } else {
        let number = text.trim_start_matches('#').parse::<i64>();
        let number = number.map_err(|_| DeskError::NotFound)?;
        store::by_number(conn, ctx.organisation, number).await?
    };
    stored
        .map(|stored| stored.ticket)
        .ok_or(DeskError::NotFound)
}

/// [`row_for`] somebody who is about to change something of it: refused before anything else is answered where it waits in
/// another queue or is about somebody kept from them. The command asks once more, for the row that it holds.
pub(crate) async fn row_admitted(app: &App, ctx: &Ctx, id: TicketId) -> Result<Ticket, DeskError> {
    let ticket = row_for(app, ctx.organisation, id).await?;
    let may = records::admit(&mut app.read().await?, ctx, ticket.about, app.now()).await;
    restricted::noted(app, ctx, may).await?;
    Ok(ticket)
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

/// The row with this number, for other parts; nothing of its words. The caller asks who may know.
pub(crate) async fn row_numbered(
    app: &App,
    organisation: OrganisationId,
    number: i64,
) -> Result<Ticket, DeskError> {
    let mut conn = app.read().await?;
    let stored = store::by_number(&mut conn, organisation, number).await?;
    Ok(stored.ok_or(DeskError::NotFound)?.ticket)
}

/// The row of this very ticket, merged or not, for the desk's own machinery.
pub(crate) async fn row_itself(
    app: &App,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Ticket, DeskError> {
    let stored = store::one(&mut app.read().await?, organisation, id).await?;
    Ok(stored.ok_or(DeskError::NotFound)?.ticket)
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

/// The newest tickets of a contact, for the desk's own machinery.
pub(crate) async fn newest_of(
    app: &App,
    organisation: OrganisationId,
    contact: ContactId,
    limit: i64,
) -> Result<Vec<TicketId>, DeskError> {
    let (mut conn, view) = (app.read().await?, View::Contact(contact));
    let stored = store::list(&mut conn, organisation, &view, None, limit).await?;
    Ok(stored.iter().map(|one| one.ticket.id).collect())
}

/// The newest ticket of a contact.
pub(crate) async fn newest_row(
    conn: &mut Conn,
    organisation: OrganisationId,
    contact: ContactId,
) -> Result<Option<Ticket>, DeskError> {
    let newest = store::list(conn, organisation, &View::Contact(contact), None, 1).await?;
    Ok(newest.into_iter().next().map(|one| one.ticket))
}

/// The newest ticket of a contact, when it is active and something was written in it since.
pub(crate) async fn active_of(
    app: &App,
    organisation: OrganisationId,
    contact: ContactId,
    since: Timestamp,
) -> Result<Option<TicketId>, DeskError> {
    let (mut conn, view) = (app.read().await?, View::Contact(contact));
    let newest = store::list(&mut conn, organisation, &view, None, 1).await?;
    Ok(newest
        .first()
        .filter(|one| one.ticket.status.is_active() && one.ticket.last_message_at >= since)
        .map(|one| one.ticket.id))
}

/// The newest ticket beside `id` that words of `contact` behind a link opened, and that takes more of them.
pub(crate) async fn opened_beside(
    app: &App,
    organisation: OrganisationId,
    id: TicketId,
    contact: ContactId,
) -> Result<Option<Ticket>, DeskError> {
    let mut conn = app.read().await?;
    let mut newest: Option<Ticket> = None;
    for (_, other, number, _) in store::links(&mut conn, organisation, id).await? {
        if newest.as_ref().is_some_and(|known| known.number > number) {
            continue;
        }
        let found = store::one(&mut conn, organisation, other).await?;
        let found = found.map(|stored| stored.ticket).filter(|ticket| {
            ticket.channel == Channel::Portal.code() && ticket.takes_words_of(contact)
        });
        newest = found.or(newest);
    }
    Ok(newest)
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

/// A ticket and all that went into it, on the caller's connection.
pub(crate) async fn with_merged(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: TicketId,
) -> Result<Vec<TicketId>, DeskError> {
    if store::one(conn, organisation, id).await?.is_none() {
        return Err(DeskError::NotFound);
    }
    let mut all = vec![id];
    let mut next = 0;
    while let Some(one) = all.get(next).copied() {
        next += 1;
        for (kind, other, ..) in store::links(conn, organisation, one).await? {
            if kind == "merged_from" && !all.contains(&other) {
                all.push(other);
            }
        }
    }
    Ok(all)
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

/// Leave to see a ticket that is there, with how its conversation is before the actor.
async fn leave_to_read(app: &App, ctx: &Ctx, id: TicketId) -> Result<(Opened, Scene), DeskError> {
    let may = Permission::TicketsRead;
    // Whether it is there is told to those alone who may know.
    let (about, scene) = if ctx.authorize(may).is_ok() {
        let mut conn = app.read().await?;
        match store::one(&mut conn, ctx.organisation, id).await? {
            Some(stored) => about_in(app, &mut conn, ctx, &stored.ticket).await?,
            None => (About::NOBODY, Scene::NONE),
        }
    } else {
        (About::NOBODY, Scene::NONE)
    };
    let entry = NewEntry::new("ticket.read", "ticket", id);
    let leave = records::open_about(app, ctx, may, Purpose::Treatment, about, entry).await?;
    Ok((leave, scene))
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
    let (leave, _) = leave_to_read(app, ctx, id).await?;
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
    let (leave, _) = leave_to_read(app, ctx, id).await?;
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
    let may = records::admit(&mut conn, ctx, stored.ticket.about, app.now()).await;
    restricted::noted(app, ctx, may).await?;
    records::sealing(app, &mut conn, ctx.organisation, stored.ticket.key).await
}

/// Everything that is known of a ticket.
pub async fn view(app: &App, ctx: &Ctx, id: TicketId) -> Result<TicketView, DeskError> {
    let (leave, scene) = leave_to_read(app, ctx, id).await?;
    view_with(app, ctx, (&leave, scene), &mut app.read().await?, id).await
}

/// What the page of one ticket shows.
pub struct Beside {
    /// The number of the organisation's newest event before anything was read: what happens later is told by events.
    pub live_from: i64,
    /// The ticket.
    pub view: TicketView,
    /// Other tickets of its contact, newest first; none while they are hidden from whoever reads.
    pub others: Vec<TicketRow>,
}

/// The ticket with this id or number, and at most `limit` others of its contact.
pub async fn view_beside(
    app: &App,
    ctx: &Ctx,
    text: &str,
    limit: i64,
) -> Result<Beside, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let organisation = ctx.organisation;
    let (live_from, ticket, (about, scene)) = {
        let mut conn = app.read().await?;
        let live_from = events::latest_in(&mut conn, organisation).await?;
        let ticket = named(&mut conn, ctx, text).await?;
        let about = about_in(app, &mut conn, ctx, &ticket).await?;
        (live_from, ticket, about)
    };
    let contact = View::Contact(ticket.contact);
    // Emptied requests of different people stand for one contact: none is beside another.
    let has_others = !ticket.is_emptied() && about.sight.shows(FieldGroup::Clinical);
    let mut objects = vec![NewEntry::new("ticket.read", "ticket", ticket.id)];
    if has_others {
        objects.push(NewEntry::new("ticket.list", "view", name_of(&contact)));
    }
    let may = (Permission::TicketsRead, Purpose::Treatment, about);
    records::open_each(app, ctx, may, objects, async |leave| {
        let mut conn = app.read().await?;
        let view = view_with(app, ctx, (&leave, scene), &mut conn, ticket.id).await?;
        let mut stored = if has_others {
            store::list(&mut conn, organisation, &contact, None, limit + 1).await?
        } else {
            Vec::new()
        };
        stored.retain(|other| other.ticket.id != ticket.id);
        stored.truncate(usize::try_from(limit).unwrap_or_default());
        let mut others = opened(app, ctx, &leave, &mut conn, stored).await?;
        others.retain(|other| !other.restricted);
        Ok(Beside {
            live_from,
            view,
            others,
        })
    })
    .await
}

async fn view_with(
    app: &App,
    ctx: &Ctx,
    (leave, scene): (&Opened, Scene),
    conn: &mut Conn,
    id: TicketId,
) -> Result<TicketView, DeskError> {
    let organisation = ctx.organisation;
    let stored = store::one(conn, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let patient = match stored.ticket.patient {
        Some(patient) if ctx.permissions().has(Permission::PatientsRead) => {
            Some(patients::patient_in(app, leave, conn, organisation, patient).await?)
        }
        _ => None,
    };
    let mut contact =
        patients::open_contact(app, conn, organisation, stored.ticket.contact).await?;
    contact = contact.under(leave);
    if !ctx.permissions().has(Permission::PatientsRead) {
        contact = contact.by_name();
    }
    match records::admit(conn, ctx, contact.about, app.now()).await {
        Ok(()) => {}
        Err(DeskError::Restricted { .. }) => contact = contact.kept(),
        Err(error) => return Err(error),
    }
    let (asks, about) = (stored.ticket.contact, stored.ticket.patient);
    let secure_link = patients::wants_links(app, conn, organisation, asks, about).await?;
    let sealing = leave.sealing(conn, stored.ticket.key).await?;
    let mut fields = match &stored.fields {
        Some(sealed) => serde_json::from_str(&sealing.open_text("tickets", "fields", id, sealed)?)?,
        None => serde_json::Map::new(),
    };
    let clinic = app.directory.of(organisation)?;
    fields.retain(|code, _| ctx.permissions().hold(clinic.needed_for(code)));
    let hidden_fields = hide(&mut fields, &clinic, scene.sight);
    let mut links = store::links(conn, organisation, id).await?;
    let others = reached(conn, ctx, links.iter().map(|(_, other, ..)| *other)).await?;
    links.retain(|(_, other, ..)| others.contains(other));
    Ok(TicketView {
        subject: sealing.open_text("tickets", "subject", id, &stored.subject)?,
        fields,
        contact,
        patient,
        scene,
        hidden_fields,
        secure_link,
        messages: timeline::load(leave, conn, organisation, id, None).await?,
        events: events::of_ticket(conn, organisation, id, EVENTS).await?,
        tags: if stored.tagged {
            tags::of(conn, organisation, id, &sealing).await?
        } else {
            Vec::new()
        },
        feedback: feedback::of_ticket(conn, organisation, id).await?,
        links: links
            .into_iter()
            .map(|(kind, ticket, number, status)| LinkView {
                kind,
                ticket,
                number,
                status,
            })
            .collect(),
        followers: store::followers(conn, organisation, id).await?,
        nursed: nurse::of_ticket(conn, organisation, id).await?,
        ticket: stored.ticket,
    })
}
