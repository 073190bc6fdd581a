//! Lists of tickets.

use super::layout::{Page, Shell, redirect, render};
use super::ui::{self, Chip, Face, When};
use crate::context::Permission;
use crate::error::DeskError;
use crate::events;
use crate::ids::TagId;
use crate::orgs::Clinic;
use crate::router::{Access, Route};
use crate::staff;
use crate::tickets::model::TicketRow;
use crate::tickets::{self, Position, Status, View};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::cursor;
use bedside_web::query::Query;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// Rows of a page.
const ROWS: i64 = 50;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::TicketsRead);
    vec![
        Route::get("/", Access::SignedIn, home),
        Route::get("/inbox", read, all),
        Route::get("/inbox/mine", read, mine),
        Route::get("/inbox/following", read, following),
        Route::get("/inbox/done", read, done),
        Route::get("/inbox/crisis", read, crisis),
        Route::get("/inbox/queue/{code}", read, queue),
        Route::get("/inbox/tag/{tag}", read, tagged),
    ]
}

/// One ticket in a list.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
pub(super) struct Row {
    pub href: String,
    pub number: i64,
    pub subject: String,
    pub requester: String,
    pub channel_icon: &'static str,
    pub channel: &'static str,
    pub urgency: Option<Chip>,
    pub status: Chip,
    pub category: String,
    pub language: Option<(&'static str, &'static str)>,
    pub tags: Vec<String>,
    pub due: Option<When>,
    pub assignee: Option<Face>,
    pub unread: bool,
    pub undelivered: bool,
    pub snoozed: bool,
    /// A piece of the text with the words that were looked for: (text, whether it is one of them).
    pub snippet: Vec<(String, bool)>,
    /// Whether its words and people are kept from the reader.
    pub restricted: bool,
}

/// What rows are told with: settings and names.
pub(super) struct Teller<'a> {
    pub page: &'a Page,
    pub clinic: &'a Clinic,
    pub names: &'a HashMap<Uuid, String>,
}

impl Teller<'_> {
    pub(super) fn row(&self, row: TicketRow) -> Row {
        let (t, now) = (self.page.texts(), self.page.app.now());
        let ticket = row.ticket.as_of(now);
        let (channel_icon, channel) = ui::channel(&ticket.channel);
        let due = if ticket.status.is_active() {
            ticket.shown_due()
        } else {
            crate::sla::NOTHING_DUE
        };
        let ours = ticket.locale == t.locale;
        let undelivered = ticket.last_message_by == tickets::UNDELIVERED;
        let waits = ticket.status == Status::New
            || (ticket.status == Status::Open
                && (undelivered || ticket.last_message_by == "contact"));
        Row {
            href: format!("/tickets/{}", ticket.number),
            number: ticket.number,
            subject: if row.restricted {
                t.text("restricted-request").to_owned()
            } else {
                row.subject
            },
            requester: row.requester,
            restricted: row.restricted,
            channel_icon,
            channel,
            urgency: ui::urgency_chip(ticket.urgency, t),
            status: ui::status_chip(ticket.status, t),
            category: category_name(self.clinic, &ticket.category, t.locale),
            language: (!ours).then(|| (ticket.locale.tag(), ticket.locale.own_name())),
            tags: row.tags.into_iter().map(|tag| tag.text).collect(),
            due: ui::due(due, now, &self.clinic.time_zone, t.locale),
            assignee: ticket
                .assignee
                .and_then(|id| self.names.get(&id.uuid()))
                .map(|name| Face::of(name)),
            unread: waits,
            undelivered,
            snoozed: ticket.snoozed_until.is_some(),
            snippet: Vec::new(),
        }
    }
}

/// A category's name for people.
pub(super) fn category_name(clinic: &Clinic, code: &str, locale: bedside_web::Locale) -> String {
    clinic.category(code).map_or_else(
        || code.to_owned(),
        |category| category.names.in_locale(locale).to_owned(),
    )
}

/// What a list without tickets says. Only the lists of what waits can say that everyone has been answered.
const fn nothing_here(view: &View) -> (&'static str, &'static str) {
    match view {
        View::Follower(_) => ("list-empty-following-title", "list-empty-following-text"),
        View::Assignee(_) => ("list-empty-mine-title", "list-empty-mine-text"),
        View::Done => ("list-empty-done-title", "list-empty-done-text"),
        _ => ("list-empty-title", "list-empty-text"),
    }
}

/// The list.
#[derive(Template)]
#[template(path = "pages/templates/ticket_list.html")]
pub(super) struct List {
    pub shell: Shell,
    pub rows: Vec<Row>,
    pub first: Option<String>,
    pub newer: Option<String>,
    pub older: Option<String>,
    pub empty_title: &'static str,
    pub empty_text: &'static str,
}

/// The list and the sidebar's counts; swapped in by live updates.
#[derive(Template)]
#[template(path = "pages/templates/ticket_list_part.html")]
struct ListPart {
    shell: Shell,
    list: List,
}

#[derive(Template)]
#[template(path = "pages/templates/inbox.html")]
struct Inbox {
    shell: Shell,
    title: String,
    heading: String,
    list: List,
    live_from: i64,
    banner: bool,
    /// Whether an empty desk shows who sets it up what comes next.
    welcome: bool,
}

async fn home(page: Page) -> Response {
    let allowed = page.ctx.permissions();
    redirect(if allowed.has(Permission::TicketsRead) {
        "/inbox"
    } else if allowed.has(Permission::AuditRead) {
        "/audit"
    } else {
        "/settings"
    })
}

#[derive(Deserialize)]
struct At {
    after: Option<String>,
    before: Option<String>,
}

async fn all(page: Page, Query(at): Query<At>) -> Result<Response, DeskError> {
    let title = page.texts().text("nav-all").to_owned();
    show(page, View::Active, title, at).await
}

async fn mine(page: Page, Query(at): Query<At>) -> Result<Response, DeskError> {
    let me = page.ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let title = page.texts().text("nav-mine").to_owned();
    show(page, View::Assignee(me), title, at).await
}

async fn following(page: Page, Query(at): Query<At>) -> Result<Response, DeskError> {
    let me = page.ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let title = page.texts().text("nav-following").to_owned();
    show(page, View::Follower(me), title, at).await
}

async fn done(page: Page, Query(at): Query<At>) -> Result<Response, DeskError> {
    let title = page.texts().text("nav-done").to_owned();
    show(page, View::Done, title, at).await
}

async fn crisis(page: Page, Query(at): Query<At>) -> Result<Response, DeskError> {
    let title = page.texts().text("urgency-crisis").to_owned();
    show(page, View::Crisis, title, at).await
}

async fn queue(
    page: Page,
    Path(code): Path<String>,
    Query(at): Query<At>,
) -> Result<Response, DeskError> {
    let clinic = page.clinic()?;
    let queue = clinic
        .queues
        .iter()
        .find(|queue| queue.code == code)
        .ok_or(DeskError::NotFound)?;
    let title = queue.names.in_locale(page.ctx.locale).to_owned();
    show(page, View::Queue(queue.id), title, at).await
}

async fn tagged(
    page: Page,
    Path(tag): Path<String>,
    Query(at): Query<At>,
) -> Result<Response, DeskError> {
    let tag: TagId = tag.parse().map_err(|_| DeskError::NotFound)?;
    let title = page.texts().text("tags").to_owned();
    show(page, View::Tag(tag), title, at).await
}

/// The name of a list for its cursors: a place in one list opens no other.
fn list_name(view: &View) -> String {
    format!("pages/{view:?}")
}

async fn show(page: Page, view: View, title: String, at: At) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let mac = app.keyring.web_mac();
    let name = list_name(&view);
    let place = |text: &String| {
        cursor::decode::<Position>(&name, text, &mac).map_err(|_| {
            DeskError::invalid("cursor", "invalid_cursor", "Start again without a cursor.")
        })
    };
    // The number is read before the rows, so that what happens in between is told again rather than missed.
    let live_from = events::latest(app, ctx.organisation).await?;
    let found = match (&at.before, &at.after) {
        (Some(before), _) => tickets::list_before(app, ctx, &view, place(before)?, ROWS).await?,
        (None, after) => {
            tickets::list(
                app,
                ctx,
                &view,
                after.as_ref().map(place).transpose()?,
                ROWS,
            )
            .await?
        }
    };
    let link = |way: &str, position: Position| {
        format!(
            "{}?{way}={}",
            page.path,
            cursor::encode(&name, &position, &mac)
        )
    };
    // The tag's own words stand in the heading, which no history of a browser keeps.
    let mut tags = found.rows.iter().flat_map(|row| &row.tags);
    let heading = tags
        .find(|tag| view == View::Tag(tag.id))
        .map_or_else(|| title.clone(), |tag| tag.text.clone());
    let shell = page.shell().await?;
    let clinic = page.clinic()?;
    let names = staff::names(app, ctx.organisation).await?;
    let teller = Teller {
        page: &page,
        clinic: &clinic,
        names: &names,
    };
    let (empty_title, empty_text) = nothing_here(&view);
    let list = List {
        shell: shell.clone(),
        rows: found.rows.into_iter().map(|row| teller.row(row)).collect(),
        first: (at.after.is_some() || at.before.is_some()).then(|| page.path.clone()),
        newer: found.previous.map(|position| link("before", position)),
        older: found.next.map(|position| link("after", position)),
        empty_title,
        empty_text,
    };
    if page.partial {
        return render(StatusCode::OK, &ListPart { shell, list });
    }
    // Who is told on every page needs no second banner here.
    let banner = shell.nav.crises > 0 && view != View::Crisis && !shell.is_paged();
    let sets_up = ctx.permissions().has(Permission::SettingsWrite);
    let welcome = sets_up && view == View::Active && list.rows.is_empty();
    page.show(&Inbox {
        shell,
        title,
        heading,
        list,
        live_from,
        banner,
        welcome,
    })
}
