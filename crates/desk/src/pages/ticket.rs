//! One ticket.

use super::calm::{CalmForm, Said};
use super::details::Details;
use super::inbox::category_name;
use super::layout::{Page, Shell, redirect, render};
use super::offered::Offered;
use super::timeline::{self, Item, Teller, Timeline};
use super::ui::{self, Chip, Face, When};
use super::unproven::{self, Unproven};
use crate::context::{Permission, Role};
use crate::drafts;
use crate::error::DeskError;
use crate::events;
use crate::ids::SavedReplyId;
use crate::orgs::Clinic;
use crate::patients::PatientView;
use crate::router::{Access, Route};
use crate::staff;
use crate::surveys;
use crate::tickets::{self, TicketRow, TicketView, Urgency};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::TicketsRead);
    vec![
        Route::get("/tickets/{ticket}", read, show),
        Route::get("/tickets/{ticket}/timeline", read, show_timeline),
    ]
}

/// Other requests of the same contact that are shown.
const OTHERS: i64 = 5;

/// One choice of a select.
pub(super) struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

impl Choice {
    pub(super) fn new(value: impl Into<String>, label: impl Into<String>, selected: bool) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            selected,
        }
    }
}

/// A clinic's own field with its value.
pub(super) struct FieldInput {
    pub code: String,
    pub label: String,
    pub kind: String,
    pub value: String,
    pub choices: Vec<Choice>,
}

/// Another ticket in the side panel.
pub(super) struct Other {
    pub href: String,
    pub number: i64,
    pub kind: &'static str,
    pub subject: String,
    pub status: Chip,
}

/// How the requester felt about it.
struct Rated {
    icon: &'static str,
    words: &'static str,
    class: &'static str,
    comment: Option<String>,
}

/// What somebody typed and did not get sent, with why.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub body: String,
    pub note: bool,
    pub status: String,
    /// Text key of what is wrong.
    pub error: Option<&'static str>,
    /// Names of what others changed meanwhile.
    pub changed: Option<Vec<String>>,
    /// The same, as the ticket's events call it.
    pub theirs: Vec<String>,
    /// The side panel's form.
    pub details: Option<Details>,
    /// Why nobody is in danger.
    pub calm: Option<Said>,
}

impl Typed {
    /// The id of the input that the error is about.
    fn place(&self) -> &'static str {
        match self.error {
            Some(
                "composer-empty"
                | "composer-too-long"
                | "error-files"
                | "problem-too-large-detail"
                | "problem-unavailable-detail"
                | "problem-too-slow-detail"
                | "error-sent",
            ) => "body",
            Some("error-tags") => "f-tags",
            Some("error-clinical-only") => "f-status",
            Some("error-snooze" | "error-crisis-snooze") => "f-snooze",
            Some("error-other" | "error-same-ticket" | "error-merged" | "error-other-person") => {
                "f-other"
            }
            Some("error-nothing-left") => "f-split",
            Some("error-calm-needed" | "error-calm-reason") => "calm-reason",
            Some("error-calm-words") => "calm-words",
            _ => "details",
        }
    }

    /// The side panel's form, unless others changed `field` meanwhile: then theirs is shown.
    fn kept(&self, field: &str) -> Option<&Details> {
        let details = self.details.as_ref();
        details.filter(|_| !self.theirs.iter().any(|theirs| theirs == field))
    }

    /// What was typed into the side panel, else what `is` there.
    fn text<'a>(&'a self, field: &str, is: &'a str) -> &'a str {
        let kept = self.kept(field);
        kept.and_then(|details| details.typed(field)).unwrap_or(is)
    }

    /// What the notice about others' changes says.
    fn stale(&self) -> &'static str {
        match (&self.details, self.theirs.is_empty()) {
            (Some(_), false) => "stale-details",
            (Some(_), true) => "stale-details-words",
            (None, true) => "stale-words",
            (None, false) => "stale-changed",
        }
    }
}

#[derive(Template)]
#[template(path = "pages/templates/ticket.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
struct TicketPage {
    shell: Shell,
    number: i64,
    version: i64,
    subject: String,
    crisis: bool,
    active: bool,
    danger: Option<String>,
    calm: Option<CalmForm>,
    chips: Vec<Chip>,
    category: String,
    language: Option<(&'static str, &'static str)>,
    channel: (&'static str, &'static str),
    due: Option<When>,
    snoozed: Option<String>,
    merged_into: Option<i64>,
    timeline: Timeline,
    live_from: i64,
    write: bool,
    mine: bool,
    followed: bool,
    // composer
    once: String,
    typed: Typed,
    draft_done: bool,
    reply_statuses: Vec<Choice>,
    saved_replies: Vec<Choice>,
    reply_to: Option<String>,
    secure_link: bool,
    // details
    ends: bool,
    statuses: Vec<Choice>,
    sub_statuses: Vec<Choice>,
    assignees: Vec<Choice>,
    queues: Vec<Choice>,
    categories: Vec<Choice>,
    urgencies: Vec<Choice>,
    locales: Vec<Choice>,
    tags: String,
    tag_links: Vec<tickets::Tag>,
    fields: Vec<FieldInput>,
    queue_id: String,
    category_code: String,
    reasons: Vec<String>,
    unsure: bool,
    // people
    requester: Face,
    contact_id: String,
    points: Vec<(&'static str, String, bool)>,
    unproven: Option<Unproven>,
    patient: Option<PatientView>,
    rating: Option<Rated>,
    others: Vec<Other>,
    links: Vec<Other>,
}

impl TicketPage {
    /// Puts back into the side panel what was chosen there and could not be saved.
    fn put_back(&mut self) {
        let typed = &self.typed;
        for (name, field, choices) in [
            ("status", "status", &mut self.statuses),
            ("sub_status", "sub_status_id", &mut self.sub_statuses),
            ("assignee", "assignee_id", &mut self.assignees),
            ("urgency", "urgency", &mut self.urgencies),
            ("category", "category", &mut self.categories),
            ("queue", "queue_id", &mut self.queues),
            ("locale", "locale", &mut self.locales),
        ] {
            if let Some(details) = typed.kept(field) {
                details.choose(name, choices);
            }
        }
        for field in &mut self.fields {
            let name = format!("field.{}", field.code);
            let kept = typed.kept("fields");
            if let Some((details, value)) = kept.and_then(|all| Some((all, all.typed(&name)?))) {
                details.choose(&name, &mut field.choices);
                value.clone_into(&mut field.value);
            }
        }
    }
}

async fn show(page: Page, Path(text): Path<String>) -> Result<Response, DeskError> {
    answer(&page, StatusCode::OK, &text, None).await
}

async fn show_timeline(page: Page, Path(text): Path<String>) -> Result<Response, DeskError> {
    let view = timeline::load(&page, &text).await?;
    let clinic = page.clinic()?;
    let names = staff::names(&page.app, page.ctx.organisation).await?;
    let teller = Teller {
        page: &page,
        clinic: &clinic,
        names: &names,
    };
    if !page.partial {
        return Ok(redirect(&format!("/tickets/{}", view.ticket.number)));
    }
    render(StatusCode::OK, &teller.timeline(page.shell().await?, &view))
}

/// The ticket's page; `typed` gives back what could not be sent.
#[expect(
    clippy::too_many_lines,
    reason = "one field of the template after the other"
)]
pub(super) async fn answer(
    page: &Page,
    status: StatusCode,
    text: &str,
    typed: Option<Typed>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let tickets::Beside {
        live_from,
        mut view,
        others,
    } = tickets::view_beside(app, ctx, text, OTHERS).await?;
    let clinic = page.clinic()?;
    let everybody = staff::list(app, ctx).await?;
    let names = everybody
        .iter()
        .map(|person| (person.id.uuid(), person.name.clone()))
        .collect();
    let shell = page.shell().await?;
    let draft_done = page.said("sent");
    let typed = match typed {
        Some(typed) => typed,
        None if shell.nav.write && !draft_done => {
            let draft = drafts::load(app, ctx, view.ticket.id).await?;
            draft.map_or_else(Typed::default, |draft| Typed {
                body: draft.body,
                note: draft.note,
                ..Typed::default()
            })
        }
        None => Typed::default(),
    };
    let rating = rating_of(page, &view).await?;
    let others = others_of(page, others);
    view.ticket = view.ticket.as_of(app.now());
    let (t, locale, ticket) = (page.texts(), ctx.locale, &view.ticket);
    let teller = Teller {
        page,
        clinic: &clinic,
        names: &names,
    };
    let me = ctx.actor.staff();
    let offered = Offered::to(page, &clinic, ticket);
    let why = ticket.triage.read();
    let requester = view
        .contact
        .name
        .as_deref()
        .or(view.contact.email())
        .or(view.contact.phone());
    let now = app.now();
    let mut shown = TicketPage {
        timeline: teller.timeline(shell.clone(), &view),
        number: ticket.number,
        version: ticket.version,
        subject: view.subject.clone(),
        crisis: ticket.rank() == 0 && ticket.status.is_active(),
        calm: (ticket.rank() == 0).then(|| CalmForm::of(&typed, t)),
        danger: why.danger.as_deref().map(|kind| {
            let kind = t.text(ui::danger_key(kind));
            t.with("ticket-danger", "kind", kind).into_owned()
        }),
        active: ticket.status.is_active(),
        chips: [
            ui::urgency_chip(ticket.urgency, t),
            Some(ui::status_chip(ticket.status, t)),
        ]
        .into_iter()
        .flatten()
        .collect(),
        category: category_name(&clinic, &ticket.category, locale),
        language: (ticket.locale != locale)
            .then(|| (ticket.locale.tag(), ticket.locale.own_name())),
        channel: ui::channel(&ticket.channel),
        due: ui::due(
            match ticket.snoozed_until {
                _ if !ticket.status.is_active() => crate::sla::NOTHING_DUE,
                Some(_) => ticket.clocks.due(),
                None => ticket.shown_due(),
            },
            now,
            &clinic.time_zone,
            locale,
        ),
        snoozed: ticket.snoozed_until.map(|until| {
            bedside_web::i18n::time::format_time(until.micros(), &clinic.time_zone, locale)
        }),
        merged_into: view
            .links
            .iter()
            .find(|link| link.kind == "merged_into")
            .map(|link| link.number),
        live_from,
        write: shell.nav.write,
        mine: me.is_some() && ticket.assignee == me,
        followed: me.is_some_and(|me| view.followers.contains(&me)),
        reply_statuses: offered.after_reply(&typed),
        saved_replies: saved_replies(&clinic, ticket.locale),
        once: page.form_number(),
        typed,
        draft_done,
        reply_to: view.contact.email().map(str::to_owned),
        secure_link: view.secure_link,
        ends: offered.ends,
        statuses: offered.statuses(),
        sub_statuses: offered.finer(),
        assignees: assignees(&everybody, &view, t.text("unassigned")),
        queues: clinic
            .queues
            .iter()
            .map(|queue| {
                Choice::new(
                    queue.id.to_string(),
                    queue.names.in_locale(locale),
                    queue.id == ticket.queue,
                )
            })
            .collect(),
        categories: clinic
            .categories
            .iter()
            .map(|one| {
                Choice::new(
                    &one.code,
                    one.names.in_locale(locale),
                    one.code == ticket.category,
                )
            })
            .collect(),
        urgencies: Urgency::ALL
            .iter()
            .map(|one| {
                Choice::new(
                    one.code(),
                    t.text(ui::urgency_key(*one)),
                    *one == ticket.urgency,
                )
            })
            .collect(),
        locales: bedside_web::Locale::ALL
            .iter()
            .map(|one| Choice::new(one.tag(), one.own_name(), *one == ticket.locale))
            .collect(),
        tags: view
            .tags
            .iter()
            .map(|tag| tag.text.as_str())
            .collect::<Vec<_>>()
            .join(", "),
        tag_links: view.tags.clone(),
        fields: fields(&clinic, &view, locale),
        queue_id: ticket.queue.to_string(),
        category_code: ticket.category.clone(),
        reasons: why
            .texts(&app.engine, locale)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        unsure: why.unsure,
        requester: Face::of(requester.unwrap_or_else(|| t.text("someone"))),
        contact_id: view.contact.id.to_string(),
        points: view
            .contact
            .points
            .iter()
            .map(|point| {
                (
                    if point.kind == "email" {
                        "mail"
                    } else {
                        "phone"
                    },
                    point.value.clone(),
                    point.bounced_at.is_some(),
                )
            })
            .collect(),
        unproven: unproven::of(&view.messages, Some(ticket.contact.uuid())),
        patient: view.patient.clone(),
        rating,
        others,
        links: links(&view, t),
        shell,
    };
    shown.put_back();
    page.show_as(status, &shown)
}

/// How the requester felt about it, where they said so.
async fn rating_of(page: &Page, view: &TicketView) -> Result<Option<Rated>, DeskError> {
    if !view
        .events
        .iter()
        .any(|event| event.kind == events::kind::TICKET_RATED)
    {
        return Ok(None);
    }
    let rating = surveys::of_ticket(&page.app, &page.ctx, view.ticket.id).await?;
    Ok(rating.map(|rating| {
        let (icon, words, class) = ui::score(rating.score);
        Rated {
            icon,
            words,
            class,
            comment: rating.comment,
        }
    }))
}

/// Other requests of the same contact.
fn others_of(page: &Page, rows: Vec<TicketRow>) -> Vec<Other> {
    rows.into_iter()
        .map(|row| Other {
            href: format!("/tickets/{}", row.ticket.number),
            number: row.ticket.number,
            kind: "",
            subject: row.subject,
            status: ui::status_chip(row.ticket.status, page.texts()),
        })
        .collect()
}

fn links(view: &TicketView, t: bedside_web::i18n::Texts) -> Vec<Other> {
    view.links
        .iter()
        .map(|link| Other {
            href: format!("/tickets/{}", link.number),
            number: link.number,
            kind: match link.kind.as_str() {
                "merged_into" => "link-merged-into",
                "merged_from" => "link-merged-from",
                "split_from" => "link-split-from",
                "split_into" => "link-split-into",
                _ => "link-related",
            },
            subject: String::new(),
            status: ui::status_chip(link.status, t),
        })
        .collect()
}

/// Those in the patient's language first.
fn saved_replies(clinic: &Clinic, locale: bedside_web::Locale) -> Vec<Choice> {
    let mut replies: Vec<_> = clinic.saved_replies.iter().collect();
    replies.sort_by_key(|reply| reply.locale != locale.tag());
    replies
        .into_iter()
        .map(|reply| Choice::new(reply.id.to_string(), &reply.title, false))
        .collect()
}

/// The text of a saved reply.
pub(super) fn saved_reply(clinic: &Clinic, id: SavedReplyId) -> Option<&str> {
    clinic
        .saved_replies
        .iter()
        .find(|reply| reply.id == id)
        .map(|reply| reply.body.as_str())
}

fn assignees(everybody: &[staff::StaffView], view: &TicketView, nobody: &str) -> Vec<Choice> {
    let can = |person: &&staff::StaffView| {
        let role = Role::from_code(&person.role);
        let allowed = role.is_some_and(|role| role.permissions().has(Permission::TicketsWrite));
        view.ticket.assignee == Some(person.id) || (person.disabled_at.is_none() && allowed)
    };
    let people = everybody.iter().filter(can);
    let people = people.map(|person| {
        Choice::new(
            person.id.to_string(),
            &person.name,
            view.ticket.assignee == Some(person.id),
        )
    });
    std::iter::once(Choice::new("", nobody, view.ticket.assignee.is_none()))
        .chain(people)
        .collect()
}

fn fields(clinic: &Clinic, view: &TicketView, locale: bedside_web::Locale) -> Vec<FieldInput> {
    clinic
        .fields
        .iter()
        .map(|field| {
            let value = match view.fields.get(&field.code) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            FieldInput {
                code: field.code.clone(),
                label: field.names.in_locale(locale).to_owned(),
                kind: field.kind.clone(),
                choices: field
                    .choices
                    .iter()
                    .map(|choice| Choice::new(choice, choice, *choice == value))
                    .collect(),
                value,
            }
        })
        .collect()
}
