//! Lists of tickets, a page at a time.

use super::model::{StoredTicket, TicketRow, View};
use super::read::{name_of, opened, position};
use super::store::{self, Position};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::records::{self, About, Opened, Purpose};
use bedside_db::Conn;

/// How many stretches of a list are read for one page at most. Whoever has few of the queues in a list is shown what was
/// found by then, and the way on.
const STRETCHES: usize = 20;

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
    let most = usize::try_from(limit).unwrap_or(100);
    let mut conn = app.read().await?;
    let (mut rows, mut from, mut beyond) = (Vec::new(), after, None);
    for _ in 0..STRETCHES {
        let read = store::list(&mut conn, ctx.organisation, view, from, limit + 1).await?;
        let full = read.len() > most;
        beyond = last(view, &read).filter(|_| full);
        rows.extend(read.into_iter().filter(|one| ctx.reaches(one.ticket.queue)));
        if rows.len() > most || !full {
            break;
        }
        from = beyond;
    }
    if rows.len() > most {
        rows.truncate(most);
        beyond = last(view, &rows);
    }
    let first = rows.first().map(|row| position(view, &row.ticket));
    Ok(Page {
        previous: first.filter(|_| after.is_some()),
        rows: shown(app, ctx, &leave, &mut conn, view, rows).await?,
        next: beyond,
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
    let most = usize::try_from(limit).unwrap_or(100);
    let mut conn = app.read().await?;
    let (mut rows, mut until, mut beyond) = (Vec::new(), before, None);
    for _ in 0..STRETCHES {
        let read = store::list_before(&mut conn, ctx.organisation, view, until, limit + 1).await?;
        let full = read.len() > most;
        beyond = first(view, &read).filter(|_| full);
        let mut reached: Vec<_> = read
            .into_iter()
            .filter(|one| ctx.reaches(one.ticket.queue))
            .collect();
        reached.append(&mut rows);
        rows = reached;
        match beyond {
            Some(next) if rows.len() <= most => until = next,
            _ => break,
        }
    }
    if rows.len() > most {
        rows.drain(..rows.len() - most);
        beyond = first(view, &rows);
    }
    // An empty page leads back to where it was asked from.
    let next = last(view, &rows).or(Some(before));
    Ok(Page {
        rows: shown(app, ctx, &leave, &mut conn, view, rows).await?,
        next,
        previous: beyond,
    })
}

async fn leave_to_list(app: &App, ctx: &Ctx, view: &View) -> Result<Opened, DeskError> {
    let queue = match view {
        View::Queue(queue) => Some(*queue),
        _ => None,
    };
    let about = About {
        queue,
        ..About::NOBODY
    };
    let (may, why) = (Permission::TicketsRead, Purpose::Operations);
    let entry = NewEntry::new("ticket.list", "view", name_of(view));
    records::open_about(app, ctx, may, why, about, entry).await
}

fn first(view: &View, rows: &[StoredTicket]) -> Option<Position> {
    rows.first().map(|row| position(view, &row.ticket))
}

fn last(view: &View, rows: &[StoredTicket]) -> Option<Position> {
    rows.last().map(|row| position(view, &row.ticket))
}

async fn shown(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    conn: &mut Conn,
    view: &View,
    rows: Vec<StoredTicket>,
) -> Result<Vec<TicketRow>, DeskError> {
    let mut rows = opened(app, ctx, leave, conn, rows).await?;
    rows.retain(|row| !(row.restricted && view.is_by_person()));
    Ok(rows)
}
