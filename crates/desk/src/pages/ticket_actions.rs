//! What staff do on a ticket's page.

use super::details::Details;
use super::files;
use super::forms::{Form, Nothing, Upload};
use super::layout::{Page, redirect, redirect_saying};
use super::ticket::{Typed, answer, saved_reply};
use super::timeline::Teller;
use crate::context::{Ctx, Permission};
use crate::drafts::{self, Draft};
use crate::error::DeskError;
use crate::ids::{MessageId, SavedReplyId, TicketId};
use crate::links;
use crate::once::words_of_files;
use crate::orgs::Clinic;
use crate::records::Class;
use crate::router::{Access, Route};
use crate::tickets::{self, Patch, Reply, Status};
use crate::timeline::{self, MessageState};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bedside_db::Timestamp;
use bedside_web::multipart::{File, LeftOut};
use jiff::ToSpan;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::TicketsWrite);
    vec![
        Route::post("/tickets/{ticket}", write, change),
        Route::post("/tickets/{ticket}/messages", write, send),
        Route::post("/tickets/{ticket}/draft", write, keep_draft),
        Route::post("/tickets/{ticket}/take", write, take),
        Route::post("/tickets/{ticket}/snooze", write, snooze),
        Route::post(
            "/tickets/{ticket}/follow",
            Access::Staff(Permission::TicketsRead),
            follow,
        ),
        Route::post("/tickets/{ticket}/join", write, join),
        Route::post("/tickets/{ticket}/split", write, split),
        Route::post("/tickets/{ticket}/links/end", write, end_links),
        Route::post("/tickets/{ticket}/messages/{message}/undo", write, undo),
        Route::post(
            "/tickets/{ticket}/messages/{message}/theirs",
            write,
            make_theirs,
        ),
    ]
}

pub(super) async fn id_of(page: &Page, text: &str) -> Result<TicketId, DeskError> {
    tickets::resolve(&page.app, &page.ctx, text).await
}

pub(super) fn back(ticket: &str) -> String {
    format!("/tickets/{ticket}")
}

/// Shows the page again with what was typed, when the reason is something the person can mend.
pub(super) async fn again(
    page: &Page,
    ticket: &str,
    mut typed: Typed,
    error: DeskError,
) -> Result<Response, DeskError> {
    let status = match error {
        DeskError::Stale { changed, .. } => {
            let (clinic, names) = (page.clinic()?, HashMap::new());
            let teller = Teller {
                page,
                clinic: &clinic,
                names: &names,
            };
            typed.changed = Some(
                changed
                    .iter()
                    .map(|field| teller.field(field).to_owned())
                    .collect(),
            );
            typed.theirs = changed;
            StatusCode::PRECONDITION_FAILED
        }
        DeskError::Invalid { field: "body", .. } => {
            typed.error = Some("composer-empty");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        DeskError::TooLarge { .. } => {
            typed.error = Some("composer-too-long");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        DeskError::Invalid {
            code: "other_queue",
            ..
        } => {
            typed.error = Some("error-other-queue");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        DeskError::Invalid { field, .. } => {
            typed.error = Some(match field {
                "tags" => "error-tags",
                "fields" => "error-fields",
                "snoozed_until" => "error-snooze",
                "other" => "error-other",
                "into" => "error-same-ticket",
                "urgency" => "error-calm-needed",
                "reason" => "error-calm-reason",
                "words" => "error-calm-words",
                "questions" | "answers" => "error-questions",
                "disposition" => "error-disposition-choose",
                "disposition_words" => "error-disposition-words",
                _ => "form-error-invalid",
            });
            StatusCode::UNPROCESSABLE_ENTITY
        }
        DeskError::Conflict { code, .. } => {
            typed.error = Some(match code {
                "crisis" => "error-crisis-snooze",
                "no_crisis" => "error-no-crisis",
                "no_clinician" => "error-no-clinician",
                "disposition_needed" => "error-disposition-needed",
                "ended" => "error-ended",
                "merged" => "error-merged",
                "closed" => "error-said-closed",
                "emptied" => "error-emptied",
                "other_person" => "error-other-person",
                "nothing_left" => "error-nothing-left",
                "sent" => "error-sent",
                "outside_scope" => "class-error-scope",
                "needs_level_1" => "class-error-level-1",
                "needs_level_2" => "class-error-level-2",
                "needs_level_3" => "class-error-level-3",
                "both_needed" => "class-error-both",
                "other_verified" => "class-error-other-person",
                _ => "problem-conflict-detail",
            });
            StatusCode::CONFLICT
        }
        DeskError::ClinicalOnly => {
            typed.error = Some("error-clinical-only");
            StatusCode::FORBIDDEN
        }
        other => return Err(other),
    };
    answer(page, status, ticket, Some(typed)).await
}

#[derive(Deserialize)]
struct Composed {
    #[serde(default)]
    once: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    class: String,
    version: Option<i64>,
    insert: Option<SavedReplyId>,
}

impl Composed {
    fn kind(&self) -> drafts::Kind {
        drafts::Kind::from_code(&self.kind).unwrap_or_default()
    }
}

async fn send(
    page: Page,
    Path(ticket): Path<String>,
    sent: Upload<Composed>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let form = sent.fields;
    let mut typed = Typed {
        body: form.body.clone(),
        kind: form.kind(),
        status: form.status.clone(),
        class: form.class.clone(),
        ..Typed::default()
    };
    if let Some(reply) = form.insert {
        let clinic = page.clinic()?;
        let text = saved_reply(&clinic, reply).ok_or(DeskError::NotFound)?;
        if !typed.body.trim().is_empty() {
            typed.body.push_str("\n\n");
        }
        typed.body.push_str(text);
        return answer(&page, StatusCode::OK, &ticket, Some(typed)).await;
    }
    if let Some(why) = sent.left_out {
        typed.error = Some(match why {
            LeftOut::TooMany => "error-files",
            LeftOut::TooLarge | LeftOut::TooLargeTogether => "problem-too-large-detail",
            LeftOut::NoRoom | LeftOut::NotWanted => "public-error-files-no-room",
            LeftOut::TooSlow => "problem-too-slow-detail",
        });
        let status = why.status();
        return answer(&page, status, &ticket, Some(typed)).await;
    }
    match write_once(&page, id, &form, &sent.files).await {
        Ok((message, danger)) => {
            // The words are on their way: what goes wrong with their draft must not look like a failure to send.
            if let Err(error) = drafts::forget(&page.app, &page.ctx, id).await {
                tracing::warn!(%error, "the draft of what was sent is still there");
            }
            let said = if danger && rings_nowhere(&page, id).await {
                "note-danger"
            } else {
                "sent"
            };
            Ok(redirect_saying(
                &format!("/tickets/{ticket}#m-{message}"),
                said,
            ))
        }
        Err(error) => again(&page, &ticket, typed, error).await,
    }
}

/// Whether a request does not stand at the top yet.
async fn rings_nowhere(page: &Page, id: TicketId) -> bool {
    let row = tickets::row_for(&page.app, page.ctx.organisation, id).await;
    row.is_ok_and(|ticket| ticket.rank() != 0)
}

/// Makes a note what the contact said.
async fn make_theirs(
    page: Page,
    Path((ticket, message)): Path<(String, MessageId)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    match tickets::make_theirs(&page.app, &page.ctx, id, message).await {
        Ok(said) => Ok(redirect_saying(
            &format!("/tickets/{ticket}#m-{said}"),
            "sent",
        )),
        // It is theirs already, or no note.
        Err(
            DeskError::NotFound
            | DeskError::Conflict {
                code: "duplicate", ..
            },
        ) => {
            tickets::row_for(&page.app, page.ctx.organisation, id).await?;
            Ok(redirect(&back(&ticket)))
        }
        Err(error) => again(&page, &ticket, own_draft(&page, id).await?, error).await,
    }
}

/// Adds an answer, a note, or what they said; says of a note as well whether it reads as if somebody may be in danger. Sent twice
/// it is there once; sent again after it was taken back it is another one.
async fn write_once(
    page: &Page,
    id: TicketId,
    form: &Composed,
    files: &[File],
) -> Result<(MessageId, bool), DeskError> {
    let sent = words_of_files(files.iter().map(|file| (file.name.as_str(), &*file.bytes)));
    let mut words = format!(
        "{} {} {} {:?} {sent}",
        form.kind, form.status, form.class, form.body
    );
    loop {
        let ctx = page.once(&form.once, &words);
        let sealing = tickets::sealing(&page.app, &ctx, id).await?;
        let attachments = files::keep(page, &sealing, files).await?;
        let body = form.body.clone();
        let mut danger = false;
        let message = match form.kind() {
            drafts::Kind::Note => {
                let note = tickets::note(&page.app, &ctx, id, body, attachments).await?;
                danger = note.danger;
                note.id
            }
            drafts::Kind::Said => tickets::said(&page.app, &ctx, id, body, attachments).await?,
            drafts::Kind::Reply => {
                let reply = Reply {
                    attachments,
                    status: Status::from_code(&form.status),
                    class: Class::from_code(&form.class),
                    version: form.version,
                    ..Reply::new(body)
                };
                tickets::reply(&page.app, &ctx, id, reply).await?
            }
        };
        if !(was_replayed(&ctx) && is_taken_back(page, id, message).await?) {
            return Ok((message, danger));
        }
        words = format!("{words} after {message}");
    }
}

/// Whether the answer was that of an earlier delivery.
fn was_replayed(ctx: &Ctx) -> bool {
    ctx.once.as_ref().is_some_and(|once| once.was_replayed())
}

async fn is_taken_back(page: &Page, id: TicketId, message: MessageId) -> Result<bool, DeskError> {
    let organisation = page.ctx.organisation;
    match timeline::message_for_sending(&page.app, organisation, id, message).await {
        Ok(found) => Ok(found.state == MessageState::Cancelled),
        // A note, or it went into another request meanwhile.
        Err(DeskError::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn keep_draft(
    page: Page,
    Path(ticket): Path<String>,
    Form(form): Form<Composed>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    drafts::keep(
        &page.app,
        &page.ctx,
        id,
        Draft {
            kind: form.kind(),
            body: form.body,
        },
    )
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Changes a ticket as its page showed it; `once` is the number of the form and what it said. Sent twice it is changed
/// once. A page that was gone back to, and that others have changed the ticket since, is told so.
async fn change_once(
    page: &Page,
    id: TicketId,
    once: (&str, &str),
    version: i64,
    patch: Patch,
) -> Result<(), DeskError> {
    let ctx = page.once(once.0, once.1);
    let made = tickets::change(&page.app, &ctx, id, version, patch).await?;
    if !was_replayed(&ctx) {
        return Ok(());
    }
    let now = tickets::row_for(&page.app, ctx.organisation, id).await?;
    if now.version == made {
        return Ok(());
    }
    Err(DeskError::Stale {
        version: now.version,
        changed: Vec::new(),
    })
}

async fn change(
    page: Page,
    Path(ticket): Path<String>,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let words = format!("{fields:?}");
    let form = Details::of(fields);
    let clinic = page.clinic()?;
    let done = async {
        let once = (form.typed("once").unwrap_or_default(), words.as_str());
        change_once(&page, id, once, form.version()?, form.patch(&clinic)?).await
    };
    match done.await {
        Ok(()) => Ok(redirect_saying(&back(&ticket), "saved")),
        Err(error) => {
            let typed = Typed {
                details: Some(form),
                ..own_draft(&page, id).await?
            };
            again(&page, &ticket, typed, error).await
        }
    }
}

/// What was typed in the composer stays, whatever the other form did.
pub(super) async fn own_draft(page: &Page, id: TicketId) -> Result<Typed, DeskError> {
    let draft = drafts::load(&page.app, &page.ctx, id).await?;
    Ok(draft.map_or_else(Typed::default, |draft| Typed {
        body: draft.body,
        kind: draft.kind,
        ..Typed::default()
    }))
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    once: String,
    version: i64,
}

async fn take(
    page: Page,
    Path(ticket): Path<String>,
    Form(seen): Form<Seen>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let patch = Patch {
        assignee: Some(page.ctx.actor.staff()),
        ..Patch::default()
    };
    let once = (seen.once.as_str(), "take");
    match change_once(&page, id, once, seen.version, patch).await {
        Ok(()) => Ok(redirect_saying(&back(&ticket), "taken")),
        Err(error) => again(&page, &ticket, own_draft(&page, id).await?, error).await,
    }
}

#[derive(Deserialize)]
struct Snooze {
    #[serde(default)]
    once: String,
    version: i64,
    until: String,
}

/// When a ticket comes back: hours from now, or the morning of a day at the clinic.
fn until(clinic: &Clinic, now: Timestamp, code: &str) -> Option<Timestamp> {
    let morning = |days: i64| -> Option<Timestamp> {
        let zone = &clinic.time_zone;
        let day = zone
            .to_datetime(now.to_jiff())
            .date()
            .checked_add(days.days())
            .ok()?;
        Some(zone.to_timestamp(day.at(8, 0, 0, 0)).ok()?.into())
    };
    match code {
        "1h" => Some(now.plus_seconds(3600)),
        "4h" => Some(now.plus_seconds(4 * 3600)),
        "1d" => morning(1),
        "3d" => morning(3),
        "7d" => morning(7),
        _ => None,
    }
}

async fn snooze(
    page: Page,
    Path(ticket): Path<String>,
    Form(form): Form<Snooze>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let until = until(&*page.clinic()?, page.app.now(), &form.until);
    let patch = Patch {
        snooze: Some(until),
        ..Patch::default()
    };
    let once = (form.once.as_str(), form.until.as_str());
    match change_once(&page, id, once, form.version, patch).await {
        Ok(()) => Ok(redirect_saying(&back(&ticket), "saved")),
        Err(error) => again(&page, &ticket, own_draft(&page, id).await?, error).await,
    }
}

#[derive(Deserialize)]
struct Follow {
    on: bool,
}

async fn follow(
    page: Page,
    Path(ticket): Path<String>,
    Form(form): Form<Follow>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    tickets::follow(&page.app, &page.ctx, id, form.on).await?;
    Ok(redirect(&back(&ticket)))
}

#[derive(Deserialize)]
struct Join {
    other: String,
    how: String,
}

async fn join(
    page: Page,
    Path(ticket): Path<String>,
    Form(form): Form<Join>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let other = match id_of(&page, form.other.trim()).await {
        Ok(other) => other,
        Err(DeskError::NotFound) => {
            let wrong = DeskError::invalid("other", "not_found", "There is no such request.");
            return again(&page, &ticket, own_draft(&page, id).await?, wrong).await;
        }
        Err(error) => return Err(error),
    };
    let done = if form.how == "merge" {
        tickets::merge(&page.app, &page.ctx, id, other).await
    } else {
        tickets::link(&page.app, &page.ctx, id, other).await
    };
    match done {
        Ok(()) if form.how == "merge" => Ok(redirect_saying(
            &back(form.other.trim().trim_start_matches('#')),
            "merged",
        )),
        Ok(()) => Ok(redirect_saying(&back(&ticket), "linked")),
        Err(error) => again(&page, &ticket, own_draft(&page, id).await?, error).await,
    }
}

#[derive(Deserialize)]
struct Split {
    #[serde(default)]
    once: String,
    #[serde(default)]
    message: Vec<MessageId>,
    #[serde(default)]
    subject: String,
}

async fn split(
    page: Page,
    Path(ticket): Path<String>,
    Form(form): Form<Split>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let words = format!("{:?} {:?}", form.message, form.subject);
    let ctx = page.once(&form.once, &words);
    match tickets::split(&page.app, &ctx, id, form.message, form.subject).await {
        Ok(new) => Ok(redirect_saying(&back(&new.to_string()), "split")),
        Err(error) => again(&page, &ticket, own_draft(&page, id).await?, error).await,
    }
}

/// Links that were sent to somebody they are not for open nothing any more.
async fn end_links(
    page: Page,
    Path(ticket): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    links::revoke_ticket(&page.app, &page.ctx, id).await?;
    Ok(redirect_saying(&back(&ticket), "links-ended"))
}

async fn undo(
    page: Page,
    Path((ticket, message)): Path<(String, MessageId)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    match tickets::undo(&page.app, &page.ctx, id, message).await {
        Ok(()) => Ok(redirect_saying(&back(&ticket), "undone")),
        Err(error) => again(&page, &ticket, own_draft(&page, id).await?, error).await,
    }
}
