//! One ticket.

use super::calm::{CalmForm, Said};
use super::choices::{self, Choice, FieldInput};
use super::details::Details;
use super::distress::Heavy;
use super::felt::{Rated, Theme, rating_of, themes};
use super::inbox::category_name;
use super::layout::{Page, Shell, redirect, render};
use super::nurse::{Nurse, Sent};
use super::offered::Offered;
use super::patients::label_key;
use super::read_out::{self, ReadOut};
use super::sight::Veil;
use super::standing::Told;
use super::timeline::{self, Item, Teller, Timeline};
use super::ui::{self, Chip, Face, When};
use super::unproven::{self, Unproven};
use super::verified::Verified;
use crate::context::Permission;
use crate::drafts;
use crate::error::DeskError;
use crate::ids::{SavedReplyId, TicketId};
use crate::orgs::Clinic;
use crate::patients::{PatientView, ReachedBy};
use crate::records::Label;
use crate::router::{Access, Route};
use crate::sla::NOTHING_DUE;
use crate::staff;
use crate::tickets::model::Ticket;
use crate::tickets::{self, TicketRow, TicketView};
use crate::triage::Why;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::i18n::Texts;
use bedside_web::i18n::time::format_time;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::TicketsRead);
    vec![
        Route::get("/tickets/{ticket}", read, show),
        Route::get("/tickets/{ticket}/timeline", read, show_timeline),
    ]
}

/// Other requests of the same contact that are shown.
const OTHERS: i64 = 5;

/// Another ticket in the side panel.
pub(super) struct Other {
    pub href: String,
    pub number: i64,
    pub kind: &'static str,
    pub subject: String,
    pub status: Chip,
}

/// What somebody typed and did not get sent, with why.
#[derive(Clone, Default)]
pub(super) struct Typed {
    pub body: String,
    pub kind: drafts::Kind,
    pub status: String,
    /// What the answer holds.
    pub class: String,
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
    /// Answers to questions, or a disposition.
    pub nurse: Option<Sent>,
}

impl Typed {
    /// Whether the composer stands at this kind of message.
    fn is(&self, kind: &str) -> bool {
        self.kind.code() == kind
    }

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
                | "error-sent"
                | "error-said-closed",
            ) => "body",
            Some(key) if key.starts_with("class-error") => "class",
            Some("error-tags") => "f-tags",
            Some("error-clinical-only") => "f-status",
            Some("error-snooze" | "error-crisis-snooze") => "f-snooze",
            Some("error-other" | "error-same-ticket" | "error-merged" | "error-other-person") => {
                "f-other"
            }
            Some("error-nothing-left") => "f-split",
            Some("error-calm-needed" | "error-calm-reason") => "calm-reason",
            Some("error-calm-words") => "calm-words",
            Some("error-questions" | "error-no-clinician") => "questions",
            Some("error-disposition-needed") => "nurse",
            Some("error-disposition-choose") => "d-code",
            Some("error-disposition-words") => "d-words",
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
    /// Where to call, for whoever tells a colleague of danger.
    read_out: Vec<ReadOut>,
    active: bool,
    danger: Option<String>,
    /// What weighs on them, short of a crisis.
    heavy: Option<Heavy>,
    calm: Option<CalmForm>,
    nurse: Nurse,
    chips: Vec<Chip>,
    category: String,
    language: Option<(&'static str, &'static str)>,
    channel: (&'static str, &'static str),
    due: Option<When>,
    snoozed: Option<String>,
    merged_into: Option<i64>,
    emptied: bool,
    /// Whether the request itself is labelled, whoever it is about.
    part2: bool,
    timeline: Timeline,
    live_from: i64,
    write: bool,
    /// Whether what the patient's side says goes on here.
    takes_words: bool,
    mine: bool,
    followed: bool,
    // composer
    once: String,
    typed: Typed,
    reply_statuses: Vec<Choice>,
    saved_replies: Vec<Choice>,
    classes: Vec<Choice>,
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
    points: Vec<(&'static str, String, bool, bool)>,
    unproven: Option<Unproven>,
    verified: Verified,
    /// What is not shown before whoever is on the line is verified.
    veil: Veil,
    /// What has to be kept to, and what the patient asked to have put right.
    standing: Told,
    patient: Option<PatientView>,
    /// How the patient, or whoever asks, is reached, and no other way.
    only_by: Option<String>,
    /// What keeps their record from most, as text keys.
    labels: Vec<&'static str>,
    rating: Option<Rated>,
    feedback: Vec<Theme>,
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
pub(super) async fn answer(
    page: &Page,
    status: StatusCode,
    text: &str,
    typed: Option<Typed>,
) -> Result<Response, DeskError> {
    let mut shown = Seen::load(page, text, typed).await?.page(page);
    shown.put_back();
    page.show_as(status, &shown)
}

/// What the page is made of.
struct Seen {
    shell: Shell,
    clinic: Arc<Clinic>,
    everybody: Vec<staff::StaffView>,
    live_from: i64,
    view: TicketView,
    others: Vec<TicketRow>,
    typed: Typed,
    rating: Option<Rated>,
    verified: Verified,
    veil: Veil,
    standing: Told,
}

impl Seen {
    async fn load(page: &Page, text: &str, typed: Option<Typed>) -> Result<Self, DeskError> {
        let (app, ctx) = (&page.app, &page.ctx);
        let tickets::Beside {
            live_from,
            mut view,
            others,
        } = tickets::view_beside(app, ctx, text, OTHERS).await?;
        let clinic = page.clinic()?;
        let everybody = staff::list(app, ctx).await?;
        let shell = page.shell().await?;
        let typed = match typed {
            Some(typed) => typed,
            None if shell.nav.write && !page.said("sent") => draft(page, view.ticket.id).await?,
            None => Typed::default(),
        };
        let rating = rating_of(page, &view).await?;
        let names = names_of(&everybody);
        let verified = Verified::load(page, &view, &names).await?;
        let veil = Veil::of_ticket(page, &view)?;
        let standing = match view.ticket.patient {
            Some(patient) => Told::load(page, patient, veil.rest).await?,
            None => Told::default(),
        };
        view.ticket = view.ticket.as_of(app.now());
        Ok(Self {
            shell,
            clinic,
            everybody,
            live_from,
            view,
            others,
            typed,
            rating,
            verified,
            veil,
            standing,
        })
    }

    /// One field of the template after the other.
    fn page(self, page: &Page) -> TicketPage {
        let (t, locale) = (page.texts(), page.ctx.locale);
        let (view, clinic, ticket) = (&self.view, &*self.clinic, &self.view.ticket);
        let names = names_of(&self.everybody);
        let teller = Teller {
            page,
            clinic,
            names: &names,
        };
        let me = page.ctx.actor.staff();
        let emptied = ticket.is_emptied();
        let offered = Offered::to(page, clinic, ticket);
        let why = ticket.triage.read();
        TicketPage {
            timeline: teller.timeline(self.shell.clone(), view),
            number: ticket.number,
            version: ticket.version,
            subject: view.subject.clone(),
            crisis: ticket.rank() == 0 && ticket.status.is_active(),
            read_out: read_out::of(clinic, view, locale),
            calm: view.may_be_calmed().then(|| CalmForm::of(&self.typed, t)),
            nurse: Nurse::of(page, clinic, view, &names, &self.typed),
            heavy: Heavy::of(page, clinic, &self.everybody, view),
            danger: why.danger.as_deref().map(|kind| danger(kind, t)),
            active: ticket.status.is_active(),
            chips: chips(ticket, t),
            category: category_name(clinic, &ticket.category, locale),
            language: (ticket.locale != locale)
                .then(|| (ticket.locale.tag(), ticket.locale.own_name())),
            channel: ui::channel(&ticket.channel),
            due: due(page, clinic, ticket),
            snoozed: ticket
                .snoozed_until
                .map(|until| format_time(until.micros(), &clinic.time_zone, locale)),
            merged_into: merged_into(view),
            live_from: self.live_from,
            write: self.shell.nav.write && !emptied,
            takes_words: ticket.takes_words_of(ticket.contact),
            emptied,
            mine: me.is_some() && ticket.assignee == me,
            followed: me.is_some_and(|me| view.followers.contains(&me)),
            once: page.form_number(),
            reply_statuses: offered.after_reply(&self.typed),
            saved_replies: choices::saved_replies(clinic, ticket.locale),
            classes: self.verified.classes(
                t,
                (&ticket.category, clinic.is_clinical(&ticket.category)),
                &self.typed.class,
            ),
            reply_to: reply_to(view).map(str::to_owned),
            secure_link: view.secure_link,
            ends: offered.ends,
            statuses: offered.statuses(),
            sub_statuses: offered.finer(),
            assignees: choices::assignees(clinic, &self.everybody, ticket, t.text("unassigned")),
            queues: choices::queues(clinic, ticket, locale),
            categories: choices::categories(clinic, ticket, locale),
            urgencies: choices::urgencies(ticket, t),
            locales: choices::locales(ticket),
            tags: tags(view),
            tag_links: view.tags.clone(),
            fields: choices::fields(clinic, view, &page.ctx),
            queue_id: ticket.queue.to_string(),
            category_code: ticket.category.clone(),
            reasons: reasons(page, &why),
            unsure: why.unsure,
            requester: requester(view, t),
            contact_id: view.contact.id.to_string(),
            points: points(view),
            unproven: unproven::of(&view.messages, Some(ticket.contact.uuid())),
            verified: self.verified,
            veil: self.veil,
            standing: self.standing,
            patient: view.patient.clone(),
            only_by: only_by(view, t),
            labels: ticket.about.labels.list().map(label_key).collect(),
            part2: ticket.labels.has(Label::Part2),
            feedback: themes(page, view),
            others: others_of(self.others, t),
            links: links(view, t),
            typed: self.typed,
            rating: self.rating,
            shell: self.shell,
        }
    }
}

fn names_of(everybody: &[staff::StaffView]) -> HashMap<Uuid, String> {
    let names = everybody
        .iter()
        .map(|one| (one.id.uuid(), one.name.clone()));
    names.collect()
}

/// What was being written when the page was left.
async fn draft(page: &Page, ticket: TicketId) -> Result<Typed, DeskError> {
    let draft = drafts::load(&page.app, &page.ctx, ticket).await?;
    Ok(draft.map_or_else(Typed::default, |draft| Typed {
        body: draft.body,
        kind: draft.kind,
        ..Typed::default()
    }))
}

fn danger(kind: &str, t: Texts) -> String {
    let kind = t.text(ui::danger_key(kind));
    t.with("ticket-danger", "kind", kind).into_owned()
}

fn chips(ticket: &Ticket, t: Texts) -> Vec<Chip> {
    let status = ui::status_chip(ticket.status, t);
    let urgency = ui::urgency_chip(ticket.urgency, t).into_iter();
    urgency.chain([status]).collect()
}

fn due(page: &Page, clinic: &Clinic, ticket: &Ticket) -> Option<When> {
    let due = match ticket.snoozed_until {
        _ if !ticket.status.is_active() => NOTHING_DUE,
        Some(_) => ticket.clocks.due(),
        None => ticket.shown_due(),
    };
    ui::due(due, page.app.now(), &clinic.time_zone, page.ctx.locale)
}

fn merged_into(view: &TicketView) -> Option<i64> {
    let mut links = view.links.iter();
    let into = links.find(|link| link.kind == "merged_into");
    into.map(|link| link.number)
}

fn tags(view: &TicketView) -> String {
    let texts: Vec<_> = view.tags.iter().map(|tag| tag.text.as_str()).collect();
    texts.join(", ")
}

fn reasons(page: &Page, why: &Why) -> Vec<String> {
    let knowledge = page.app.knowledge();
    let texts = why.texts(&knowledge.engine, page.ctx.locale);
    texts.into_iter().map(str::to_owned).collect()
}

fn requester(view: &TicketView, t: Texts) -> Face {
    let contact = &view.contact;
    let known = contact.name.as_deref().or(contact.email());
    Face::of(
        known
            .or(contact.phone())
            .unwrap_or_else(|| t.text("someone")),
    )
}

/// How the patient is reached, and no other way; of whoever asks, where they are a patient and it is about nobody yet.
fn only_by(view: &TicketView, t: Texts) -> Option<String> {
    let patients = view.patient.as_ref().and_then(|one| one.only_by.as_ref());
    let only = patients.or(view.contact.only_by.as_ref());
    only.map(|only| ui::only_by(only, t))
}

/// Where an answer goes: to the address that is used for them, or to the one that they chose, which may stand with another of
/// their contacts.
fn reply_to(view: &TicketView) -> Option<&str> {
    let only = view.contact.only_by.as_ref();
    let only = only.filter(|only| only.by == ReachedBy::Email);
    let chosen = only.and_then(|only| only.address.as_deref());
    view.contact.email().or(chosen)
}

/// Addresses and numbers of the requester that are shown: icon, value, whether mail came back from there, and whether the
/// patient chose to be reached another way only.
fn points(view: &TicketView) -> Vec<(&'static str, String, bool, bool)> {
    let points = view.contact.points.iter().filter(|point| !point.hidden);
    let icon = |kind: &str| if kind == "email" { "mail" } else { "phone" };
    points
        .map(|point| {
            (
                icon(&point.kind),
                point.value.clone(),
                point.bounced_at.is_some(),
                point.is_barred(),
            )
        })
        .collect()
}

/// Other requests of the same contact.
fn others_of(rows: Vec<TicketRow>, t: Texts) -> Vec<Other> {
    rows.into_iter()
        .map(|row| Other {
            href: format!("/tickets/{}", row.ticket.number),
            number: row.ticket.number,
            kind: "",
            subject: row.subject,
            status: ui::status_chip(row.ticket.status, t),
        })
        .collect()
}

fn links(view: &TicketView, t: Texts) -> Vec<Other> {
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

/// The text of a saved reply.
pub(super) fn saved_reply(clinic: &Clinic, id: SavedReplyId) -> Option<&str> {
    clinic
        .saved_replies
        .iter()
        .find(|reply| reply.id == id)
        .map(|reply| reply.body.as_str())
}
