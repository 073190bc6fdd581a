//! Staff change a ticket.

use super::create::subject_of;
use super::model::{MAX_TAGS, Status, StoredTicket, Ticket, Urgency};
use super::nurse;
use super::own_fields;
use super::place::{keep_reachable, next_queue};
use super::sight::hide;
use super::snooze;
use super::store;
use super::tags::{self, Tag};
use super::turn::{opening_clocks, reclock, set_status};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Permission};
use crate::corrections::{self, Judged};
use crate::error::DeskError;
use crate::events::{self, kind};
use crate::identity;
use crate::ids::{QueueId, StaffId, SubStatusId, TicketId};
use crate::orgs::Clinic;
use crate::outbound;
use crate::records;
use crate::staff;
use crate::timeline;
use crate::work::Work;
use bedside_db::Timestamp;
use bedside_web::Locale;
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What staff can change; absent fields stay as they are, `Some(None)` empties one.
#[derive(Clone, Debug, Default)]
pub struct Patch {
    /// Where it stands.
    pub status: Option<Status>,
    /// The clinic's finer name.
    pub sub_status: Option<Option<SubStatusId>>,
    /// How soon. What becomes an emergency goes to the crisis queue, unless a queue is named too; what was one is lowered
    /// with a reason alone ([`super::not_a_crisis`]).
    pub urgency: Option<Urgency>,
    /// What it is about; moves it to the category's queue unless a queue is named too or it is an emergency.
    pub category: Option<String>,
    /// Where it waits.
    pub queue: Option<QueueId>,
    /// Who has it.
    pub assignee: Option<Option<StaffId>>,
    /// Subject line.
    pub subject: Option<String>,
    /// The language to answer in.
    pub locale: Option<Locale>,
    /// Out of the way until then; `Some(None)` brings it back.
    pub snooze: Option<Option<Timestamp>>,
    /// Tags to add.
    pub add_tags: Vec<String>,
    /// Tags to take away.
    pub remove_tags: Vec<String>,
    /// Clinic's own fields to set (null empties one).
    pub fields: Map<String, Value>,
}

/// How far ahead a ticket can be put aside, in days.
const LONGEST_SNOOZE: i64 = 366;

/// A patch whose names are known to the clinic.
pub(super) struct Checked {
    pub patch: Patch,
    /// The queue of the category that is named.
    pub category_queue: Option<QueueId>,
    pub add_tags: Vec<Tag>,
    pub remove_tags: Vec<Tag>,
}

/// Changes a ticket that the caller saw as `version`; gives back the new version, which is the old one when everything
/// was so already.
///
/// [`DeskError::Stale`] names what others changed since then, and nothing is changed. A cry in a text that another system
/// writes into a clinic's own field is heard in any case; where it could not be taken in, that is the error, whether the change
/// was made or not, so that it is sent once more.
pub async fn change(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    version: i64,
    patch: Patch,
) -> Result<i64, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let cry = own_fields::cry(app, ctx, &patch.fields).await?;
    let changed = changed(app, ctx, id, version, patch).await;
    match cry {
        Some(words) => own_fields::hear(app, ctx, id, words, changed).await,
        None => changed,
    }
}

async fn changed(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    version: i64,
    patch: Patch,
) -> Result<i64, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let patch = checked(app, ctx, &clinic, patch).await?;
    let done = app.command(ctx, move |work| {
        async move {
            let mut stored = locked(work, id, Some(version)).await?;
            not_merged(&stored.ticket)?;
            let found = Judged::of(&stored.ticket);
            let changed = apply(work, &clinic, &mut stored, &patch).await?;
            if changed.is_empty() {
                work.audit(
                    NewEntry::new("ticket.change", "ticket", id).detail(&json!({ "changed": [] })),
                );
                return Ok(version);
            }
            corrections::note(work, id, &found, &Judged::of(&stored.ticket)).await?;
            save(work, &mut stored).await?;
            told(work, &stored, &changed);
            if changed.contains_key("snoozed_until") {
                snooze::wake_later(work, &stored.ticket).await?;
            }
            if changed.contains_key("status") && stored.ticket.status == Status::Resolved {
                outbound::ask_rating(work, &stored.ticket).await?;
            }
            Ok(version + 1)
        }
        .boxed()
    });
    noted(app, ctx, id, done.await).await
}

/// Whether `actor` may resolve or close a request of this category and urgency. An emergency is a clinician's whatever it
/// is about, until somebody has said that nobody is in danger.
pub fn may_end(actor: &Actor, clinic: &Clinic, category: &str, urgency: Urgency) -> bool {
    actor.is_clinical() || !(urgency == Urgency::Emergency || clinic.is_clinical(category))
}

/// Writes down who was kept from ending a clinical request; nothing of the command itself is left.
pub(super) async fn noted<T>(
    app: &App,
    ctx: &Ctx,
    id: TicketId,
    done: Result<T, DeskError>,
) -> Result<T, DeskError> {
    if matches!(done, Err(DeskError::ClinicalOnly)) {
        let entry = NewEntry::new("ticket.change", "ticket", id);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}

/// Reads a ticket inside a command, holds it until the command ends, and refuses when it is not as the caller saw it.
pub(super) async fn locked(
    work: &mut Work<'_>,
    id: TicketId,
    version: Option<i64>,
) -> Result<StoredTicket, DeskError> {
    let organisation = work.ctx.organisation;
    let stored = store::locked(work, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let (ctx, now) = (work.ctx.clone(), work.now);
    records::admit(work, &ctx, stored.ticket.about, now).await?;
    if stored.ticket.is_emptied() {
        return Err(DeskError::Conflict {
            code: "emptied",
            text: "The words of this request are gone, and nothing is added to it any more.",
        });
    }
    match version {
        Some(seen) if seen != stored.ticket.version => {
            Err(stale(work, id, seen, stored.ticket.version).await?)
        }
        _ => Ok(stored),
    }
}

/// A ticket that a command holds until it ends, for parts that keep things about it. One that went into another is none.
pub(crate) async fn held(work: &mut Work<'_>, id: TicketId) -> Result<Ticket, DeskError> {
    let stored = locked(work, id, None).await?;
    not_merged(&stored.ticket)?;
    Ok(stored.ticket)
}

/// Two tickets at once, always in the same order, so that two commands never wait for each other.
pub(super) async fn both_locked(
    work: &mut Work<'_>,
    one: TicketId,
    other: TicketId,
) -> Result<(StoredTicket, StoredTicket), DeskError> {
    if one < other {
        let first = locked(work, one, None).await?;
        Ok((first, locked(work, other, None).await?))
    } else {
        let second = locked(work, other, None).await?;
        Ok((locked(work, one, None).await?, second))
    }
}

/// A ticket that went into another one is a signpost: words and changes belong to the other.
pub(super) fn not_merged(ticket: &Ticket) -> Result<(), DeskError> {
    if ticket.merged_into.is_some() {
        return Err(DeskError::Conflict {
            code: "merged",
            text: "This request went into another one.",
        });
    }
    Ok(())
}

/// What changed since version `seen`, read from the ticket's events. A version of which none of them tells is a message
/// or a note, whose own event says so.
async fn stale(
    work: &mut Work<'_>,
    id: TicketId,
    seen: i64,
    version: i64,
) -> Result<DeskError, DeskError> {
    let organisation = work.ctx.organisation;
    let mut changed = Vec::new();
    let mut told = BTreeSet::new();
    for event in events::of_ticket(work, organisation, id, 50).await? {
        let Some(at) = event.data["version"].as_i64().filter(|at| *at > seen) else {
            continue;
        };
        let fields = event.data["changed"].as_array().into_iter().flatten();
        changed.extend(fields.filter_map(Value::as_str).map(str::to_owned));
        if event.data["words"] != json!(true) {
            told.insert(at);
        }
    }
    if (seen + 1..=version).any(|at| !told.contains(&at)) {
        changed.push("messages".to_owned());
    }
    changed.sort_unstable();
    changed.dedup();
    Ok(DeskError::Stale { version, changed })
}

/// Writes a ticket back that [`locked`] read, with the clock of its resolution stopped or going as its state wants it.
pub(super) async fn save(work: &mut Work<'_>, stored: &mut StoredTicket) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let clinic = work.app.directory.of(organisation)?;
    stored.ticket.keep_pace(&clinic, now);
    if store::update(work, organisation, stored, now).await? {
        return Ok(());
    }
    Err(DeskError::Stale {
        version: stored.ticket.version + 1,
        changed: Vec::new(),
    })
}

/// Says to the timeline and the log what was changed.
pub(super) fn told(work: &mut Work<'_>, stored: &StoredTicket, changed: &Map<String, Value>) {
    tell(work, stored, changed, false);
}

/// The same of a change that came with words. They tell of themselves: where they changed nothing else, there is nothing to
/// add.
pub(super) fn told_with_words(
    work: &mut Work<'_>,
    stored: &StoredTicket,
    changed: &Map<String, Value>,
) {
    if !changed.is_empty() {
        tell(work, stored, changed, true);
    }
}

/// Says to the timeline alone what was changed, where the log is told more than that.
pub(super) fn happened(
    work: &mut Work<'_>,
    stored: &StoredTicket,
    changed: &Map<String, Value>,
    words: bool,
) {
    let names: Vec<&String> = changed.keys().collect();
    let mut data = json!({ "version": stored.ticket.version + 1, "changed": names, "to": changed });
    if words {
        data["words"] = json!(true);
    }
    work.event(kind::TICKET_CHANGED, Some(stored.ticket.id), None, &data);
}

fn tell(work: &mut Work<'_>, stored: &StoredTicket, changed: &Map<String, Value>, words: bool) {
    happened(work, stored, changed, words);
    let names: Vec<&String> = changed.keys().collect();
    work.audit(
        NewEntry::new("ticket.change", "ticket", stored.ticket.id)
            .detail(&json!({ "changed": names })),
    );
}

async fn checked(
    app: &App,
    ctx: &Ctx,
    clinic: &Clinic,
    patch: Patch,
) -> Result<Checked, DeskError> {
    let mut category_queue = None;
    if let Some(code) = &patch.category {
        let category = clinic.category(code).ok_or_else(|| {
            DeskError::invalid(
                "category",
                "unknown_category",
                "This category does not exist.",
            )
        })?;
        category_queue = Some(category.queue_id);
    }
    if patch
        .queue
        .is_some_and(|queue| clinic.queue(queue).is_none())
    {
        return Err(DeskError::invalid(
            "queue_id",
            "unknown_queue",
            "This queue does not exist.",
        ));
    }
    if let Some(Some(staff)) = patch.assignee
        && !staff::can_take_tickets(app, ctx.organisation, staff).await?
    {
        return Err(DeskError::invalid(
            "assignee_id",
            "unknown_staff",
            "This person can't take tickets.",
        ));
    }
    if let Some(Some(sub)) = patch.sub_status
        && !clinic.sub_statuses.iter().any(|known| known.id == sub)
    {
        return Err(DeskError::invalid(
            "sub_status_id",
            "unknown_sub_status",
            "This state does not exist.",
        ));
    }
    for (code, value) in &patch.fields {
        let field = clinic
            .fields
            .iter()
            .find(|field| field.code == *code)
            .ok_or_else(|| {
                DeskError::invalid("fields", "unknown_field", "This field does not exist.")
            })?;
        if !ctx.permissions().hold(field.needed()) {
            return Err(DeskError::Forbidden);
        }
        if !own_fields::fits(&field.kind, &field.choices, value) {
            return Err(DeskError::invalid(
                "fields",
                "invalid",
                "A field has a value of another kind.",
            ));
        }
    }
    if let Some(until) = patch.snooze.flatten() {
        let ahead = until.seconds_since(app.now());
        if ahead <= 0 {
            return Err(DeskError::invalid(
                "snoozed_until",
                "in_the_past",
                "Choose a time that is still to come.",
            ));
        }
        if ahead > LONGEST_SNOOZE * 24 * 3600 {
            return Err(DeskError::invalid(
                "snoozed_until",
                "too_far",
                "Choose a time within a year.",
            ));
        }
    }
    Ok(Checked {
        add_tags: tags::checked(app, ctx.organisation, &patch.add_tags)?,
        remove_tags: tags::checked(app, ctx.organisation, &patch.remove_tags)?,
        category_queue,
        patch,
    })
}

/// Applies `patch`; gives back the fields that really changed, with their new codes.
pub(super) async fn apply(
    work: &mut Work<'_>,
    clinic: &Clinic,
    stored: &mut StoredTicket,
    checked: &Checked,
) -> Result<Map<String, Value>, DeskError> {
    let mut changed = Map::new();
    let (now, patch) = (work.now, &checked.patch);
    let ticket = &mut stored.ticket;
    let before = (ticket.sub_status, ticket.snoozed_until);
    let category_before = ticket.category.clone();
    let was = ticket.urgency;
    let as_opened = opening_clocks(clinic, ticket);
    if let Some(urgency) = patch.urgency.filter(|urgency| *urgency != ticket.urgency) {
        if ticket.urgency == Urgency::Emergency {
            return Err(DeskError::invalid(
                "urgency",
                "reason_needed",
                "Say why nobody is in danger.",
            ));
        }
        if urgency == Urgency::Emergency {
            identity::raising(work, ticket).await?;
        }
        ticket.urgency = urgency;
        changed.insert("urgency".to_owned(), json!(urgency.code()));
    }
    if let Some(category) = patch
        .category
        .as_ref()
        .filter(|category| **category != ticket.category)
    {
        ticket.category.clone_from(category);
        changed.insert("category".to_owned(), json!(category));
    }
    if changed.contains_key("urgency") && ticket.urgency == Urgency::Emergency {
        timeline::remember_danger(work, ticket.id).await?;
    }
    if changed.contains_key("urgency") || changed.contains_key("category") {
        reclock(clinic, ticket, as_opened);
    }
    let next = next_queue(clinic, ticket, was, patch.queue, checked.category_queue);
    if let Some(queue) = next.filter(|queue| *queue != ticket.queue) {
        ticket.queue = queue;
        changed.insert("queue_id".to_owned(), json!(queue));
    }
    if let Some(assignee) = patch
        .assignee
        .filter(|assignee| *assignee != ticket.assignee)
    {
        ticket.assignee = assignee;
        changed.insert("assignee_id".to_owned(), json!(assignee));
        if assignee.is_some() && ticket.status == Status::New && patch.status.is_none() {
            set_status(clinic, ticket, Status::Open, now);
            changed.insert("status".to_owned(), json!(Status::Open.code()));
        }
    }
    if changed.contains_key("queue_id") || changed.contains_key("assignee_id") {
        keep_reachable(work, ticket, patch.assignee.flatten(), &mut changed).await?;
    }
    if let Some(status) = patch.status.filter(|status| *status != ticket.status) {
        move_to(work, clinic, ticket, &category_before, status)?;
        nurse::settled(work, ticket).await?;
        changed.insert("status".to_owned(), json!(status.code()));
    }
    if let Some(sub) = patch.sub_status {
        finer_state(clinic, ticket.status, sub)?;
        ticket.sub_status = sub;
    }
    if let Some(locale) = patch.locale.filter(|locale| *locale != ticket.locale) {
        ticket.locale = locale;
        changed.insert("locale".to_owned(), json!(locale.tag()));
    }
    if let Some(until) = patch.snooze.filter(|until| *until != ticket.snoozed_until) {
        if until.is_some() && ticket.rank() == 0 {
            return Err(DeskError::Conflict {
                code: "crisis",
                text: "A crisis can't be snoozed.",
            });
        }
        if until.is_some() && !ticket.status.is_active() {
            return Err(DeskError::Conflict {
                code: "ended",
                text: "A request that has ended can't be snoozed.",
            });
        }
        ticket.snoozed_until = until;
    }
    if ticket.rank() == 0 {
        ticket.snoozed_until = None;
    }
    // A change of status or urgency ends these two as well, so they are held against what was.
    if ticket.sub_status != before.0 {
        changed.insert("sub_status_id".to_owned(), json!(ticket.sub_status));
    }
    if ticket.snoozed_until != before.1 {
        changed.insert("snoozed_until".to_owned(), json!(ticket.snoozed_until));
    }
    words(work, stored, checked, &mut changed).await?;
    Ok(changed)
}

/// A clinic's finer state refines one status and fits no other.
fn finer_state(clinic: &Clinic, status: Status, sub: Option<SubStatusId>) -> Result<(), DeskError> {
    let fits = sub.is_none_or(|sub| {
        let mut known = clinic.sub_statuses.iter();
        known.any(|known| known.id == sub && known.status == status.code())
    });
    if fits {
        return Ok(());
    }
    Err(DeskError::invalid(
        "sub_status_id",
        "other_status",
        "This state belongs to another status.",
    ))
}

/// The sealed parts: subject, own fields, and the tags beside them.
async fn words(
    work: &mut Work<'_>,
    stored: &mut StoredTicket,
    checked: &Checked,
    changed: &mut Map<String, Value>,
) -> Result<(), DeskError> {
    let (organisation, id, patch) = (work.ctx.organisation, stored.ticket.id, &checked.patch);
    let app = work.app.clone();
    let sealing = records::sealing(&app, work, organisation, stored.ticket.key).await?;
    if let Some(subject) = &patch.subject {
        let subject = subject_of(subject, "");
        if subject.is_empty() {
            return Err(DeskError::invalid(
                "subject",
                "required",
                "A subject is needed.",
            ));
        }
        if subject != sealing.open_text("tickets", "subject", id, &stored.subject)? {
            stored.subject = sealing.text("tickets", "subject", id, &subject);
            changed.insert("subject".to_owned(), Value::Null);
        }
    }
    if !patch.fields.is_empty() {
        let before: Map<String, Value> = match &stored.fields {
            Some(sealed) => {
                serde_json::from_str(&sealing.open_text("tickets", "fields", id, sealed)?)?
            }
            None => Map::new(),
        };
        let (clinic, ctx) = (app.directory.of(organisation)?, work.ctx.clone());
        let scene = identity::scene(&app, work, &ctx, &stored.ticket).await?;
        let hidden = hide(&mut before.clone(), &clinic, scene.sight);
        let unseen = |(code, value): (&String, &Value)| {
            hidden.contains(code) && before.get(code) != Some(value)
        };
        if patch.fields.iter().any(unseen) {
            return Err(DeskError::invalid(
                "fields",
                "hidden",
                "A field has a value that is hidden until whoever asks is verified.",
            ));
        }
        let mut fields = before.clone();
        for (code, value) in &patch.fields {
            if value.is_null() {
                fields.remove(code)
            } else {
                fields.insert(code.clone(), value.clone())
            };
        }
        if fields != before {
            stored.fields =
                Some(sealing.text("tickets", "fields", id, &serde_json::to_string(&fields)?));
            changed.insert("fields".to_owned(), Value::Null);
        }
    }
    let mut other_tags = false;
    for tag in &checked.add_tags {
        other_tags |= tags::add(work, organisation, id, &sealing, tag).await?;
    }
    for tag in &checked.remove_tags {
        other_tags |= tags::remove(work, organisation, id, tag.id).await?;
    }
    if other_tags {
        if tags::count(work, organisation, id).await? > MAX_TAGS {
            return Err(tags::too_many());
        }
        changed.insert("tags".to_owned(), Value::Null);
    }
    Ok(())
}

/// Moves a ticket where its actor says. Only a clinician, or the desk itself, ends a clinical request or an emergency; naming another
/// category in the same stroke is no way round, so the one it had `before` counts too.
pub(super) fn move_to(
    work: &Work<'_>,
    clinic: &Clinic,
    ticket: &mut Ticket,
    before: &str,
    status: Status,
) -> Result<(), DeskError> {
    let actor = &work.ctx.actor;
    let may = |category| may_end(actor, clinic, category, ticket.urgency);
    let may = may(before) && may(&ticket.category);
    if !may && !status.is_active() {
        return Err(DeskError::ClinicalOnly);
    }
    set_status(clinic, ticket, status, work.now);
    Ok(())
}
