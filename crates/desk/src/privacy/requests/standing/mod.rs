//! What stays of a decided request: restrictions that are kept to until they end, corrections with both sides' words, and
//! objections, which become a no of their own ([`consents`]).
//!
//! Whoever is about to use a record is told of it by [`standing`]; what gives something out, or writes to the patient
//! without being asked, looks itself ([`holds_back`], [`is_kept_to`]).

mod model;
mod store;

use super::decide::{held, person};
use super::model::{Decision, Kind, Request};
use super::service::{end_of, today, told, words_of};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId, PrivacyRequestId};
use crate::patients;
use crate::privacy::consents;
use crate::records::{self, About, Opened, Purpose, Sealing, restricted};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_web::i18n::Texts;
use futures_util::FutureExt;
use jiff::civil::Date;
use serde_json::json;
use store::StandingRow;

pub use model::{Correction, End, Ended, Lasting, MAX_YEARS, Restriction, Standing, Terms};
pub use store::ALL as STATEMENTS;

const TABLE: &str = "privacy_requests";

fn stale(request: &Request) -> DeskError {
    DeskError::Stale {
        version: request.version + 1,
        changed: vec!["request".to_owned()],
    }
}

/// By which permission somebody is told what stands: whoever sees the patient, their requests, or what was given out.
fn may_see(ctx: &Ctx) -> Result<Permission, DeskError> {
    let any = [
        Permission::PatientsRead,
        Permission::TicketsRead,
        Permission::PatientsWrite,
        Permission::PrivacyReview,
    ];
    let has = any.into_iter().find(|one| ctx.permissions().has(*one));
    let may = has.unwrap_or(Permission::PatientsRead);
    ctx.authorize(may)?;
    Ok(may)
}

/// What stands on a patient's record, in words. A look at nothing leaves no entry.
///
/// # Errors
/// [`DeskError::Restricted`] where a label keeps the patient from the reader.
pub async fn standing(app: &App, ctx: &Ctx, patient: PatientId) -> Result<Standing, DeskError> {
    let may = may_see(ctx)?;
    let (about, rows) = {
        let mut conn = app.read().await?;
        let about = restricted::about_patient(&mut conn, ctx.organisation, patient).await?;
        let about = about.unwrap_or(About::NOBODY);
        let may_read = records::admit(&mut conn, ctx, about, app.now()).await;
        restricted::noted(app, ctx, may_read).await?;
        let rows = store::standing(&mut conn, ctx.organisation, patient, app.now()).await?;
        (about, rows)
    };
    if rows.is_empty() {
        return Ok(Standing::default());
    }
    let entry = NewEntry::new("privacy.standing", "patient", patient);
    let leave = records::open_about(app, ctx, may, Purpose::Operations, about, entry).await?;
    in_words(app, &leave, rows).await
}

/// The same for another system, which is told of in the log whatever it finds.
///
/// # Errors
/// As [`standing`]; [`DeskError::NotFound`] when there is no such patient.
pub async fn asked(app: &App, ctx: &Ctx, patient: PatientId) -> Result<Standing, DeskError> {
    let organisation = ctx.organisation;
    let about = restricted::about_patient(&mut app.read().await?, organisation, patient).await?;
    let entry = NewEntry::new("privacy.standing", "patient", patient);
    let (may, whose) = (Permission::PatientsRead, about.unwrap_or(About::NOBODY));
    let leave = records::open_about(app, ctx, may, Purpose::Operations, whose, entry).await?;
    if about.is_none() {
        return Err(DeskError::NotFound);
    }
    let rows = store::standing(&mut app.read().await?, organisation, patient, app.now()).await?;
    in_words(app, &leave, rows).await
}

async fn in_words(
    app: &App,
    leave: &Opened,
    rows: Vec<StandingRow>,
) -> Result<Standing, DeskError> {
    let mut conn = app.read().await?;
    let mut standing = Standing::default();
    for row in rows {
        match leave.sealing(&mut conn, row.key).await {
            Ok(sealing) => add(&mut standing, Some(&sealing), row)?,
            // The words went with the record.
            Err(DeskError::Gone) => add(&mut standing, None, row)?,
            Err(error) => return Err(error),
        }
    }
    Ok(standing)
}

fn opened(
    sealing: Option<&Sealing>,
    (id, column): (PrivacyRequestId, &'static str),
    sealed: Option<&Vec<u8>>,
) -> Result<Option<String>, DeskError> {
    match (sealing, sealed) {
        (Some(key), Some(sealed)) if !sealed.is_empty() => {
            key.open_text(TABLE, column, id, sealed).map(Some)
        }
        _ => Ok(None),
    }
}

fn add(
    standing: &mut Standing,
    sealing: Option<&Sealing>,
    row: StandingRow,
) -> Result<(), DeskError> {
    let id = row.id;
    let open = |column, sealed: Option<&Vec<u8>>| opened(sealing, (id, column), sealed);
    if row.kind == Kind::Restriction {
        let whole = row.decision == Decision::Granted;
        standing.restrictions.push(Restriction {
            id,
            asked: if whole {
                open("words", row.words.as_ref())?
            } else {
                None
            },
            note: open("note", row.note.as_ref())?,
            since: row.decided_at,
            until: row.until,
            before: row.ended_at.and(row.told_on),
        });
        return Ok(());
    }
    standing.corrections.push(Correction {
        id,
        ticket: row.ticket,
        decision: row.decision,
        at: row.decided_at,
        asked: open("words", row.words.as_ref())?,
        reason: row.reason,
        note: open("note", row.note.as_ref())?,
        disagreement: open("disagreement", row.disagreement.as_ref())?,
        rebuttal: open("rebuttal", row.rebuttal.as_ref())?,
    });
    Ok(())
}

/// Whether a restriction counts on a patient's record for anything that is in it: what is given out has to say why.
pub(crate) async fn holds_back(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let found = store::restrictions(conn, organisation, patient, now).await?;
    Ok(!found.is_empty())
}

/// Whether a restriction goes on: nobody writes to the patient without being asked.
pub(crate) async fn is_kept_to(
    conn: &mut Conn,
    organisation: OrganisationId,
    patient: PatientId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    let found = store::restrictions(conn, organisation, patient, now).await?;
    Ok(found.iter().any(Option::is_none))
}

/// Whether anything has to be kept to at all, for a page that hides what it is from its reader.
pub async fn is_restricted(app: &App, ctx: &Ctx, patient: PatientId) -> Result<bool, DeskError> {
    may_see(ctx)?;
    let mut conn = app.read().await?;
    holds_back(&mut conn, ctx.organisation, patient, app.now()).await
}

/// What stays of one request, under what its words are sealed with.
pub(super) async fn lasting(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: PrivacyRequestId,
    sealing: Option<&Sealing>,
) -> Result<Lasting<String>, DeskError> {
    let found = store::lasting(conn, organisation, id).await?;
    let open = |column, sealed: Option<&Vec<u8>>| opened(sealing, (id, column), sealed);
    let ended = match &found.ended {
        Some(ended) => Some(Ended {
            how: ended.how,
            at: ended.at,
            by: ended.by,
            told_on: ended.told_on,
            words: open("ended_words", ended.words.as_ref())?,
        }),
        None => None,
    };
    Ok(Lasting {
        until: found.until,
        owed: found.owed,
        ended,
        disagreement: open("disagreement", found.disagreement.as_ref())?,
        disagreed_on: found.disagreed_on,
        rebuttal: open("rebuttal", found.rebuttal.as_ref())?,
    })
}

/// Begins what a decision brings, in its command. What gives something out holds the patient too: it comes before this
/// whole or sees it.
pub(super) async fn begin(
    work: &mut Work<'_>,
    request: &Request,
    decision: Decision,
    terms: &Terms,
) -> Result<(), DeskError> {
    if !decision.gives() {
        return Ok(());
    }
    let organisation = work.ctx.organisation;
    match request.kind {
        Kind::Restriction => {
            let clinic = work.app.directory.of(organisation)?;
            let until = terms.until.map(|day| end_of(&clinic, day)).transpose()?;
            store::begin(work, organisation, request.id, (until, terms.owed)).await
        }
        Kind::Objection => object(work, request, terms).await,
        _ => Ok(()),
    }
}

/// Keeps the no of whoever objected: for one purpose or for all, by every way. A later yes of theirs counts again.
async fn object(work: &mut Work<'_>, request: &Request, terms: &Terms) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let locale = app.directory.of(organisation)?.locale;
    let key = records::sealing(&app, work, organisation, request.key).await?;
    let words = opened(Some(&key), (request.id, "words"), request.words.as_ref())?;
    let text = words.unwrap_or_else(|| Texts::new(locale).text("privacy-objected").to_owned());
    let source = match (request.opened_by, request.asked) {
        (Some(_), _) => consents::Source::Agent,
        (None, Some(_)) => consents::Source::Portal,
        (None, None) => consents::Source::Form,
    };
    let sealing = patients::sealing_of(&app, work, organisation, request.patient).await?;
    let said = (text.as_str(), locale, source);
    consents::object_in(work, (request.patient, &sealing), terms.stops, said).await?;
    Ok(())
}

/// How a restriction ends, as somebody says it.
pub struct Ending {
    /// How.
    pub how: End,
    /// The day on which the patient asked for it or agreed, or was told.
    pub told_on: Date,
    /// Words about it, at most [`super::MAX_WORDS`] characters; may be empty.
    pub words: String,
}

/// Ends a restriction.
///
/// # Errors
/// [`DeskError::Conflict`] when none stands, or the law makes the clinic keep to it; [`DeskError::Invalid`] for a day from
/// before the decision or to come, and words that are too long.
pub async fn end(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
    version: i64,
    said: Ending,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let words = words_of("ended_words", &said.words)?;
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let (app, organisation, now) = (work.app.clone(), work.ctx.organisation, work.now);
            let request = held(work, id, version).await?;
            let lasting = store::lasting(work, organisation, id).await?;
            lasting.may_end(&request, said.how, now)?;
            let decided = request.decided.as_ref().map_or(now, |one| one.at);
            if said.told_on < today(&clinic, decided) || said.told_on > today(&clinic, now) {
                return Err(DeskError::invalid(
                    "told_on",
                    "out_of_range",
                    "This day is from between the decision and today.",
                ));
            }
            let key = records::sealing(&app, work, organisation, request.key).await?;
            let ended = Ended {
                how: said.how,
                at: now,
                by,
                told_on: said.told_on,
                words: words.map(|words| key.text(TABLE, "ended_words", id, &words)),
            };
            if !store::end(work, organisation, (id, version), &ended).await? {
                return Err(stale(&request));
            }
            let detail = json!({
                "patient": request.patient, "kind": request.kind.code(), "why": said.how.code(), "day": said.told_on,
            });
            work.audit(NewEntry::new("privacy.end", "privacy_request", id).detail(&detail));
            told(work, &request);
            Ok(())
        }
        .boxed()
    })
    .await
}

/// What is said after a correction was refused.
pub struct Disagreement {
    /// The patient's statement, at most [`super::MAX_WORDS`] characters; empty where it is kept already.
    pub words: String,
    /// The day on which it came.
    pub on: Date,
    /// The clinic's answer, as long at most; may be empty.
    pub rebuttal: String,
}

/// Keeps the patient's statement of disagreement, and what the clinic says to it, together or one after the other. Neither
/// is changed after.
///
/// # Errors
/// [`DeskError::Conflict`] when no correction was refused, or both have spoken; [`DeskError::Invalid`] for a statement that
/// is missing, words that are too long, and a day from before the request or to come.
pub async fn disagree(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
    version: i64,
    said: Disagreement,
) -> Result<(), DeskError> {
    person(ctx)?;
    let words = words_of("disagreement", &said.words)?;
    let rebuttal = words_of("rebuttal", &said.rebuttal)?;
    let clinic = app.directory.of(ctx.organisation)?;
    app.command(ctx, move |work| {
        async move {
            let (app, organisation) = (work.app.clone(), work.ctx.organisation);
            let request = held(work, id, version).await?;
            let mut lasting = store::lasting(work, organisation, id).await?;
            lasting.may_disagree(&request)?;
            let key = records::sealing(&app, work, organisation, request.key).await?;
            let missing =
                |field| DeskError::invalid(field, "required", "Something is missing here.");
            if lasting.disagreement.is_none() {
                let words = words.ok_or_else(|| missing("disagreement"))?;
                if said.on < request.received_on || said.on > today(&clinic, work.now) {
                    return Err(DeskError::invalid(
                        "disagreed_on",
                        "out_of_range",
                        "The statement is from between the request and today.",
                    ));
                }
                lasting.disagreement = Some(key.text(TABLE, "disagreement", id, &words));
                lasting.disagreed_on = Some(said.on);
            } else if rebuttal.is_none() {
                return Err(missing("rebuttal"));
            }
            if let Some(words) = rebuttal {
                lasting.rebuttal = Some(key.text(TABLE, "rebuttal", id, &words));
            }
            if !store::disagree(work, organisation, (id, version), &lasting).await? {
                return Err(stale(&request));
            }
            let detail = json!({ "patient": request.patient, "kind": request.kind.code() });
            work.audit(NewEntry::new("privacy.disagree", "privacy_request", id).detail(&detail));
            told(work, &request);
            Ok(())
        }
        .boxed()
    })
    .await
}
