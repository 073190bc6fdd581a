//! What is done with a request: more time, a second yes, a decision, the end.

use super::law;
use super::model::{Closed, Decided, Decision, Extension, Kind, Request, State};
use super::news;
use super::service::{end_of, today, told, words_of};
use super::standing::{self, Terms};
use super::store;
use super::ways;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{PatientId, PrivacyRequestId, StaffId};
use crate::privacy::erasure;
use crate::records::{self, Group, Sealing, restricted};
use crate::representatives;
use crate::work::Work;
use futures_util::FutureExt;
use jiff::civil::Date;
use serde_json::{Value, json};

/// A decision as somebody says it.
pub struct Said {
    /// How.
    pub decision: Decision,
    /// The law's reason, where something is refused.
    pub reason: String,
    /// The words for it, at most [`super::MAX_WORDS`] characters; may be empty.
    pub note: String,
    /// Whether the staff's notes belong to what is handed over.
    pub with_notes: bool,
}

/// Decisions are a person's.
pub(super) fn person(ctx: &Ctx) -> Result<StaffId, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    ctx.actor.staff().ok_or(DeskError::Forbidden)
}

/// The request, which nobody else changes until the command ends, as the version that the caller saw. Whoever may not see
/// its page does nothing to it: a yes that is given unread is none.
///
/// # Errors
/// [`DeskError::Restricted`] where the patient's labels keep it from the actor, before anything is said of it.
pub(crate) async fn held(
    work: &mut Work<'_>,
    id: PrivacyRequestId,
    version: i64,
) -> Result<Request, DeskError> {
    let (ctx, now) = (work.ctx.clone(), work.now);
    let organisation = ctx.organisation;
    let request = store::held(work, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let about = restricted::about_patient(work, organisation, request.patient).await?;
    records::admit(work, &ctx, about.unwrap_or_default(), now).await?;
    if request.version != version {
        return Err(DeskError::Stale {
            version: request.version,
            changed: vec!["request".to_owned()],
        });
    }
    Ok(request)
}

/// Takes the asker's word back where they may not have the record any more: their authority ended, or says less now. A
/// second person has to say yes then.
pub(crate) async fn ask_again(work: &mut Work<'_>, request: &mut Request) -> Result<(), DeskError> {
    let Some(contact) = request.shown_by else {
        return Ok(());
    };
    let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
    let whose = (contact, request.patient);
    let scope = representatives::scope_of(&app, work, organisation, whose, now).await?;
    if !scope.has(Group::Records) {
        request.shown_by = None;
    }
    Ok(())
}

pub(super) async fn sealing(work: &mut Work<'_>, request: &Request) -> Result<Sealing, DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    records::sealing(&app, work, organisation, request.key).await
}

async fn keep(
    work: &mut Work<'_>,
    request: &Request,
    action: &'static str,
    detail: Value,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if !store::update(work, organisation, request).await? {
        return Err(DeskError::Stale {
            version: request.version + 1,
            changed: vec!["request".to_owned()],
        });
    }
    let mut detail = detail;
    detail["patient"] = json!(request.patient);
    detail["kind"] = json!(request.kind.code());
    work.audit(NewEntry::new(action, "privacy_request", request.id).detail(&detail));
    told(work, request);
    Ok(())
}

/// Takes the one extension that the law gives. `letter_on` is the date of the letter that tells the patient.
///
/// # Errors
/// [`DeskError::Conflict`] when there is none, it was taken, or the first period is over; [`DeskError::Invalid`] for words
/// that are missing or too long, and a letter from before the request or of a day to come.
pub async fn extend(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
    version: i64,
    words: &str,
    letter_on: Date,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let words = words_of("words", words)?
        .ok_or_else(|| DeskError::invalid("words", "required", "Say why it takes longer."))?;
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let mut request = held(work, id, version).await?;
            let clock = law::clock(request.law, request.kind)?;
            request.may_extend(clock.can_extend(), work.now)?;
            if letter_on < request.received_on || letter_on > today(&clinic, work.now) {
                return Err(DeskError::invalid(
                    "letter_on",
                    "out_of_range",
                    "The letter is from between the request and today.",
                ));
            }
            let key = sealing(work, &request).await?;
            request.due_at = end_of(&clinic, clock.extended(request.received_on)?)?;
            request.extension = Some(Extension {
                by,
                at: work.now,
                words: key.text("privacy_requests", "extension", id, &words),
                letter_on,
            });
            keep(
                work,
                &request,
                "privacy.extend",
                json!({ "letter_on": letter_on }),
            )
            .await?;
            news::tell(work, &request).await
        }
        .boxed()
    })
    .await
}

/// The second yes.
///
/// # Errors
/// [`DeskError::Conflict`] when none is wanted, or the actor opened the request.
pub async fn approve(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
    version: i64,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    app.command(ctx, move |work| {
        async move {
            let mut request = held(work, id, version).await?;
            ask_again(work, &mut request).await?;
            request.may_approve(by)?;
            request.approved = Some((by, work.now));
            keep(work, &request, "privacy.approve", json!({})).await
        }
        .boxed()
    })
    .await
}

/// Decides a request.
///
/// # Errors
/// [`DeskError::Conflict`] when it is decided already, or a second person has to say yes before; [`DeskError::Invalid`]
/// when a reason is missing or none of the law's for such a request, or the note is too long.
pub async fn decide(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
    version: i64,
    said: Said,
) -> Result<(), DeskError> {
    decide_on(app, ctx, id, version, (said, Terms::default())).await
}

/// The same on terms: until when a restriction is kept to, what an objection ends, and how the patient is reached from then on.
///
/// # Errors
/// As [`decide`]; [`DeskError::Invalid`] too for terms that are missing or can't be, and where the law makes the clinic agree.
pub async fn decide_on(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
    version: i64,
    (said, terms): (Said, Terms),
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let note = words_of("note", &said.note)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let known = store::one(&mut app.read().await?, ctx.organisation, id).await?;
    let holds = |kind| {
        matches!(
            kind,
            Kind::Restriction | Kind::Objection | Kind::Communications
        )
    };
    let stays = known.filter(|one| holds(one.kind));
    app.command(ctx, move |work| {
        async move {
            if let Some(one) = stays {
                erasure::hold_patient(work, one.patient).await?;
            }
            let mut request = held(work, id, version).await?;
            ask_again(work, &mut request).await?;
            request.may_decide(said.decision, by)?;
            let way = terms.way.as_ref();
            ways::settle(work, &request, (said.decision, by), way).await?;
            let reason = said
                .decision
                .needs_reason()
                .then(|| {
                    let mut known = law::reasons(request.law, request.kind);
                    let found = known.find(|one| one.code == said.reason);
                    found.map(|one| one.code.clone()).ok_or_else(|| {
                        DeskError::invalid("reason", "required", "Choose the law's reason.")
                    })
                })
                .transpose()?;
            let how = (said.decision, reason.as_deref(), note.is_some());
            terms.check(&request, how, today(&clinic, work.now))?;
            let note = match note {
                Some(note) => {
                    let key = sealing(work, &request).await?;
                    Some(key.text("privacy_requests", "note", id, &note))
                }
                None => None,
            };
            let detail = json!({ "decision": said.decision.code(), "reason": reason });
            request.state = State::Decided;
            request.decided = Some(Decided {
                decision: said.decision,
                reason,
                note,
                by,
                at: work.now,
                with_notes: said.with_notes,
            });
            standing::begin(work, &request, said.decision, &terms).await?;
            keep(work, &request, "privacy.decide", detail).await?;
            news::tell(work, &request).await
        }
        .boxed()
    })
    .await
}

/// Closes a decided request. `answered_on` is the date of the answer to the patient.
///
/// # Errors
/// [`DeskError::Conflict`] before a decision, and for what closes by being destroyed; [`DeskError::Invalid`] for an answer
/// from before the request or of a day to come.
pub async fn close(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
    version: i64,
    answered_on: Date,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let mut request = held(work, id, version).await?;
            request.may_close()?;
            if answered_on < request.received_on || answered_on > today(&clinic, work.now) {
                return Err(DeskError::invalid(
                    "answered_on",
                    "out_of_range",
                    "The answer is from between the request and today.",
                ));
            }
            finish(work, &mut request, by, answered_on).await
        }
        .boxed()
    })
    .await
}

async fn finish(
    work: &mut Work<'_>,
    request: &mut Request,
    by: StaffId,
    answered_on: Date,
) -> Result<(), DeskError> {
    request.state = State::Closed;
    request.closed = Some(Closed {
        answered_on,
        by,
        at: work.now,
    });
    let detail = json!({ "answered_on": answered_on });
    keep(work, request, "privacy.close", detail).await
}

/// Closes a request in the command that destroyed the record, without the words that went with it.
pub(crate) async fn close_destroyed(
    work: &mut Work<'_>,
    mut request: Request,
    by: StaffId,
) -> Result<(), DeskError> {
    let clinic = work.app.directory.of(work.ctx.organisation)?;
    let on = today(&clinic, work.now);
    if let Some(decided) = &mut request.decided {
        decided.note = None;
    }
    if let Some(extension) = &mut request.extension {
        extension.words = Vec::new();
    }
    finish(work, &mut request, by, on).await
}

/// Closes whatever else somebody asked for who is erased: nobody is left to answer.
pub(crate) async fn close_rest(
    work: &mut Work<'_>,
    patient: PatientId,
    by: StaffId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for request in store::held_of(work, organisation, patient).await? {
        close_destroyed(work, request, by).await?;
    }
    Ok(())
}
