//! Giving and counting ratings.

use super::model::{
    Count, Given, MAX_COMMENT, Place, Rated, Rating, Summary, add_up, day_of, most_first, weight,
};
use super::store::{self, RatingRow, Said};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::feedback::{self, Felt};
use crate::ids::{ContactId, OrganisationId, TicketId};
use crate::links::{self, Purpose, Visit, Words};
use crate::once::Once;
use crate::records::{self, About, Opened, restricted};
use crate::tickets::{self, Also, Unheard, Urgency, model::Ticket};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_language::{Channel, Level};
use futures_util::FutureExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// Ratings on one page.
const PAGE: i64 = 25;

/// Stores the rating of the person whose link this is. A second one corrects the first, in the counts too; a comment
/// that is left out stays as it was. A comment from which somebody may be in danger, or that is a worry, also goes where
/// their next words go, and people see it there; said twice under one `once` it stands there once. A link that does not
/// work, or a request that was a crisis, is [`DeskError::Gone`]; who is in danger now is heard there too.
pub async fn rate(
    app: &App,
    token: &str,
    score: i64,
    comment: Option<String>,
    once: Option<Arc<Once>>,
) -> Result<Rated, DeskError> {
    if !(1..=5).contains(&score) {
        return Err(DeskError::invalid(
            "score",
            "out_of_range",
            "Choose a number from 1 to 5.",
        ));
    }
    let comment = comment.filter(|comment| !comment.trim().is_empty());
    if comment
        .as_deref()
        .is_some_and(|comment| comment.chars().count() > MAX_COMMENT)
    {
        return Err(DeskError::invalid(
            "comment",
            "too_long",
            "A comment has at most 2,000 characters.",
        ));
    }
    let visit = links::visit(app, token, Purpose::Rating).await?;
    let organisation = visit.ctx.organisation;
    let ticket = tickets::row_for(app, organisation, visit.ticket).await?;
    let mut worry = None;
    let mut felt = None;
    if let Some(text) = comment.as_deref() {
        let level = level_of(app, &visit, &ticket, text).await?;
        // What is a message too is sorted as that.
        felt = Some(if level == Level::None {
            feedback::look(app, "", text).await?
        } else {
            worry = Some((level, text.to_owned()));
            Felt::default()
        });
    }
    let is_rated = !is_crisis(&ticket);
    let (mut number, locale) = (ticket.number, ticket.locale);
    let giving = Giving {
        contact: visit.contact,
        score,
        felt,
        comment,
        ticket,
    };
    match &worry {
        None if is_rated => {
            app.command(&visit.ctx, move |work| put(work, giving).boxed())
                .await?;
        }
        None => return Err(DeskError::Gone),
        Some((_, text)) => {
            let mut saying = visit.clone();
            saying.ctx.once.clone_from(&once);
            let opened = links::say(app, &saying, |_| {
                let giving = giving.clone();
                let also: Also = Box::new(move |work, _, _| put(work, giving).boxed());
                let words = Words {
                    channel: Channel::Survey,
                    body: text.clone(),
                    said: None,
                    attachments: Vec::new(),
                    also: is_rated.then_some(also),
                };
                async move { Ok(words) }.boxed()
            });
            let opened = opened.await?;
            // The words are there; the rating may be another one than the last.
            if is_rated && once.is_some_and(|once| once.was_replayed()) {
                app.command(&visit.ctx, move |work| put(work, giving).boxed())
                    .await?;
            }
            if let Some(opened) = opened {
                number = tickets::row_for(app, organisation, opened).await?.number;
            }
        }
    }
    Ok(Rated {
        number,
        score,
        locale,
        danger: matches!(worry, Some((Level::Emergency, _))),
    })
}

/// How much a comment worries, in the light of what its writer wrote before.
async fn level_of(
    app: &App,
    visit: &Visit,
    ticket: &Ticket,
    comment: &str,
) -> Result<Level, DeskError> {
    let unheard = Unheard {
        channel: Channel::Survey,
        subject: "",
        body: comment,
        called: &[],
        hint: ticket.locale,
        known: Some((visit.contact, ticket.patient)),
    };
    let weighed = tickets::weigh(app, visit.ctx.organisation, &unheard).await?;
    Ok(weighed.level)
}

/// The same before it is given, behind the link that it comes by.
pub async fn worry(app: &App, visit: &Visit, comment: &str) -> Result<Level, DeskError> {
    let ticket = tickets::row_for(app, visit.ctx.organisation, visit.ticket).await?;
    level_of(app, visit, &ticket, comment).await
}

/// Takes in words of danger, or of a worry, beside which no rating can stand, and says the number of the request where they are. `words` are
/// those that are kept, and all of them where that is less.
pub async fn hear(
    app: &App,
    token: &str,
    (body, said): (String, Option<String>),
    once: Option<Arc<Once>>,
) -> Result<i64, DeskError> {
    let mut visit = links::visit(app, token, Purpose::Rating).await?;
    visit.ctx.once = once;
    let opened = links::say(app, &visit, |_| {
        let words = Words {
            channel: Channel::Survey,
            body: body.clone(),
            said: said.clone(),
            attachments: Vec::new(),
            also: None,
        };
        async move { Ok(words) }.boxed()
    });
    let at = opened.await?.unwrap_or(visit.ticket);
    Ok(tickets::row_for(app, visit.ctx.organisation, at)
        .await?
        .number)
}

/// A rating that is given.
#[derive(Clone)]
struct Giving {
    ticket: Ticket,
    contact: ContactId,
    score: i64,
    comment: Option<String>,
    felt: Option<Felt>,
}

async fn put(work: &mut Work<'_>, giving: Giving) -> Result<(), DeskError> {
    let Giving {
        ticket,
        contact,
        score,
        comment,
        felt,
    } = giving;
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let old = store::one(work, organisation, ticket.id).await?;
    let key = old.as_ref().map_or(ticket.key, |old| old.key);
    let sealing = records::sealing(&app, work, organisation, key).await?;
    let comment = comment.map(|text| sealing.text("ratings", "comment", ticket.id, text.trim()));
    let said = Said {
        ticket: ticket.id,
        contact,
        score,
        comment: comment.as_ref(),
        at: now,
    };
    let (kept, cell) = match &old {
        None => {
            let place = (ticket.queue, key, ticket.assignee);
            let kept = store::insert(work, organisation, place, &said).await?;
            (kept, (day_of(now), ticket.queue, ticket.assignee))
        }
        Some(old) => {
            let kept = store::update(work, organisation, old.score, &said).await?;
            (kept, (day_of(old.created_at), old.queue, old.staff))
        }
    };
    if !kept {
        return Err(DeskError::Unavailable(
            "two ratings of one request at once".to_owned(),
        ));
    }
    if let Some(felt) = &felt {
        let given = old.as_ref().map_or(now, |old| old.created_at);
        feedback::note(work, ticket.id, ticket.id.uuid(), felt, given).await?;
    }
    let before = old.map_or(Count::default(), |old| weight(old.score));
    store::count(work, organisation, cell, weight(score) - before).await?;
    work.audit(NewEntry::new("ticket.rate", "ticket", ticket.id));
    work.event(
        kind::TICKET_RATED,
        Some(ticket.id),
        None,
        &serde_json::json!({ "score": score }),
    );
    Ok(())
}

/// Whether somebody was in danger: then nobody is asked how it went.
pub(crate) fn is_crisis(ticket: &Ticket) -> bool {
    ticket.urgency == Urgency::Emergency || ticket.safety == "emergency"
}

/// Whether somebody said how it went already.
pub(crate) async fn is_rated(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
) -> Result<bool, DeskError> {
    let mut conn = app.read().await?;
    Ok(store::one(&mut conn, organisation, ticket).await?.is_some())
}

/// The rating of one request, for somebody who may read it.
pub async fn of_ticket(
    app: &App,
    ctx: &Ctx,
    ticket: TicketId,
) -> Result<Option<Rating>, DeskError> {
    let mut conn = app.read().await?;
    let about = restricted::about_ticket(&mut conn, ctx.organisation, ticket).await?;
    let leave = records::open_about(
        app,
        ctx,
        Permission::TicketsRead,
        records::Purpose::Operations,
        about.unwrap_or(About::NOBODY),
        NewEntry::new("rating.read", "ticket", ticket),
    )
    .await?;
    let Some(row) = store::one(&mut conn, ctx.organisation, ticket).await? else {
        return Ok(None);
    };
    let comment = comment(&leave, &mut conn, &row).await?;
    Ok(Some(Rating {
        score: row.score,
        comment,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

/// Counts of the days from `from_day` to `to_day` (see [`day_of`]), both included. Those who see the settings lead: they
/// see everybody's counts, others their own.
pub async fn summary(
    app: &App,
    ctx: &Ctx,
    from_day: i64,
    to_day: i64,
) -> Result<Summary, DeskError> {
    ctx.authorize(Permission::TicketsRead)?;
    let organisation = ctx.organisation;
    let mut conn = app.read().await?;
    let days = store::days(&mut conn, organisation, from_day, to_day).await?;
    let leads = ctx.permissions().has(Permission::SettingsRead);
    let mut people = BTreeMap::<_, Count>::new();
    for (staff, count) in store::people(&mut conn, organisation, from_day, to_day).await? {
        if leads || ctx.actor.staff() == Some(staff) {
            *people.entry(staff).or_default() += count;
        }
    }
    Ok(Summary {
        people: most_first(people),
        ..add_up(&days, to_day)
    })
}

/// A page of ratings.
pub struct Newest {
    /// Newest first.
    pub rows: Vec<Given>,
    /// Before which place the next page begins; none on the last one.
    pub next: Option<Place>,
}

/// What patients said, newest first, those before `before`; `low` for scores up to 3 alone.
pub async fn newest(
    app: &App,
    ctx: &Ctx,
    low: bool,
    before: Option<Place>,
) -> Result<Newest, DeskError> {
    let leave = records::open(
        app,
        ctx,
        Permission::TicketsRead,
        records::Purpose::Operations,
        "rating.list",
        "view",
        if low { "low" } else { "all" },
    )
    .await?;
    let mut conn = app.read().await?;
    let last = (
        Timestamp::from_micros(i64::MAX),
        TicketId::from_uuid(Uuid::max()),
    );
    let before = before.unwrap_or(last);
    let mut rows = store::newest(&mut conn, ctx.organisation, low, before, PAGE + 1).await?;
    let more = i64::try_from(rows.len()).is_ok_and(|count| count > PAGE);
    if more {
        rows.pop();
    }
    let next = rows
        .last()
        .map(|row| (row.created_at, row.ticket))
        .filter(|_| more);
    let reached = tickets::reached(&mut conn, ctx, rows.iter().map(|row| row.ticket)).await?;
    rows.retain(|row| reached.contains(&row.ticket));
    let mut given = Vec::with_capacity(rows.len());
    for row in rows {
        let shown = match restricted::admit_ticket(&mut conn, ctx, row.ticket, app.now()).await {
            Ok(()) => comment(&leave, &mut conn, &row).await?,
            Err(error) if error.is_kept() => None,
            Err(error) => return Err(error),
        };
        given.push(Given {
            comment: shown,
            ticket: row.ticket,
            score: row.score,
            created_at: row.created_at,
            staff: row.staff,
        });
    }
    Ok(Newest { rows: given, next })
}

async fn comment(
    leave: &Opened,
    conn: &mut Conn,
    row: &RatingRow,
) -> Result<Option<String>, DeskError> {
    let Some(sealed) = &row.comment else {
        return Ok(None);
    };
    let place = ("ratings", "comment");
    leave
        .text(conn, row.key, place, row.ticket, sealed)
        .await
        .map(Some)
}
