//! Opening a restricted record for a reason, and signing it off.

use super::{MAX_NOTE, erasure};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OpeningId, PatientId, StaffId};
use crate::patients;
use crate::records::restricted::{self, OPEN_FOR, Opening, Reason, Reviewed, Verdict};
use crate::records::{self, Opened};
use crate::staff::{self, What};
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use serde_json::json;

/// Characters that a reason has at least: "ok" is none.
pub const MIN_WORDS: usize = 10;

/// Why somebody opens a restricted record.
pub struct NewOpening {
    /// Whose.
    pub patient: PatientId,
    /// Why.
    pub reason: Reason,
    /// Why in their own words, [`MIN_WORDS`] to [`MAX_NOTE`] characters.
    pub words: String,
}

/// An opening, for whoever signs it off.
pub(super) struct OpeningView {
    /// Its id.
    pub id: OpeningId,
    /// Who opened it.
    pub staff: StaffId,
    /// Why.
    pub reason: Reason,
    /// The patient's name (none of who was erased), why in their own words, and the note of whoever signed it off; none where
    /// the reader may not see the patient.
    pub told: Option<(Option<String>, String, String)>,
    /// When.
    pub opened_at: Timestamp,
    /// Until when the record stays open.
    pub until: Timestamp,
    /// Who signed it off, when and how.
    pub reviewed: Option<(StaffId, Timestamp, Verdict)>,
}

/// Opens the record of a patient whose labels keep it from the actor, for [`OPEN_FOR`] seconds. Who reviews privacy is
/// told; nothing but the reason stands between the actor and the record, because somebody may be in danger.
pub async fn open_record(app: &App, ctx: &Ctx, new: NewOpening) -> Result<OpeningId, DeskError> {
    ctx.authorize(Permission::RestrictedOpen)?;
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let words = new.words.trim();
    match words.chars().count() {
        count if count < MIN_WORDS => {
            return Err(DeskError::invalid(
                "words",
                "too_short",
                "Say in a few words why you need this record.",
            ));
        }
        count if count > MAX_NOTE => {
            return Err(DeskError::invalid(
                "words",
                "too_long",
                "A reason has at most 500 characters.",
            ));
        }
        _ => {}
    }
    let id: OpeningId = app.id();
    let (patient, reason) = (new.patient, new.reason);
    let sealing = {
        let mut conn = app.read().await?;
        patients::sealing_of(app, &mut conn, ctx.organisation, patient).await?
    };
    let (key, sealed) = (sealing.id, sealing.text("openings", "words", id, words));
    app.command(ctx, move |work| {
        async move {
            erasure::hold_patient(work, patient).await?;
            let opening = Opening {
                id,
                staff: me,
                patient,
                key,
                reason,
                words: sealed,
                opened_at: work.now,
                until: work.now.plus_seconds(OPEN_FOR),
                reviewed: None,
            };
            restricted::keep_opening(work, &opening).await?;
            staff::tell_all(work, Permission::ExceptionsReview, me, What::Opening).await?;
            work.audit(
                NewEntry::new("restricted.open", "patient", patient)
                    .purpose("treatment")
                    .detail(&json!({ "opening": id, "reason": reason.code() })),
            );
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Whether a patient's record is kept from the actor, so that there is something to open.
pub async fn is_kept(app: &App, ctx: &Ctx, patient: PatientId) -> Result<bool, DeskError> {
    ctx.authorize(Permission::RestrictedOpen)?;
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, ctx.organisation, patient).await?;
    let about = about.ok_or(DeskError::NotFound)?;
    match records::admit(&mut conn, ctx, about, app.now()).await {
        Ok(()) => Ok(false),
        Err(DeskError::Restricted { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// How many openings wait for a second person, counted up to `limit`.
pub(super) async fn count_waiting(app: &App, ctx: &Ctx, limit: i64) -> Result<i64, DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
    restricted::count_waiting(&mut app.read().await?, ctx.organisation, limit).await
}

/// Whether an opening of this patient's record is for this reader: for whoever watches over privacy, and whoever may see
/// the patient.
async fn may_read(
    conn: &mut Conn,
    ctx: &Ctx,
    patient: PatientId,
    now: Timestamp,
) -> Result<bool, DeskError> {
    if ctx.permissions().has(Permission::PrivacyReview) {
        return Ok(true);
    }
    let about = restricted::about_patient(conn, ctx.organisation, patient).await?;
    match records::admit(conn, ctx, about.unwrap_or_default(), now).await {
        Ok(()) => Ok(true),
        Err(DeskError::Restricted { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Openings that wait for a second person, oldest first, or else the newest that one has signed off; at most `limit`.
pub(super) async fn openings(
    app: &App,
    ctx: &Ctx,
    leave: &Opened,
    waiting: bool,
    limit: i64,
) -> Result<Vec<OpeningView>, DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
    let mut conn = app.read().await?;
    let mut shown = Vec::new();
    for one in restricted::openings(&mut conn, ctx.organisation, waiting, limit).await? {
        let told = if may_read(&mut conn, ctx, one.patient, app.now()).await? {
            let sealing = leave.sealing(&mut conn, one.key).await?;
            let note = one.reviewed.as_ref().and_then(|one| one.note.as_ref());
            let note = note.map(|note| sealing.open_text("openings", "note", one.id, note));
            // Who was erased has no name any more; what the staff did is looked at all the same.
            let name =
                match patients::name_in(leave, &mut conn, ctx.organisation, one.patient).await {
                    Ok(name) => Some(name),
                    Err(DeskError::NotFound) => None,
                    Err(error) => return Err(error),
                };
            let words = sealing.open_text("openings", "words", one.id, &one.words)?;
            Some((name, words, note.transpose()?.unwrap_or_default()))
        } else {
            None
        };
        shown.push(OpeningView {
            id: one.id,
            staff: one.staff,
            reason: one.reason,
            told,
            opened_at: one.opened_at,
            until: one.until,
            reviewed: one.reviewed.map(|one| (one.by, one.at, one.verdict)),
        });
    }
    Ok(shown)
}

/// Signs an opening off, with a note that was checked. One that was not right is over.
pub(super) async fn sign_off(
    app: &App,
    ctx: &Ctx,
    id: OpeningId,
    verdict: Verdict,
    note: Option<String>,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::ExceptionsReview)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let done = app
        .command(ctx, move |work| {
            async move {
                let opening = restricted::opening_held(work, id)
                    .await?
                    .ok_or(DeskError::NotFound)?;
                if opening.staff == by {
                    return Err(DeskError::Conflict {
                        code: "own_word",
                        text: "Somebody else has to look at it.",
                    });
                }
                let (app, ctx, now) = (work.app.clone(), work.ctx.clone(), work.now);
                if !may_read(work, &ctx, opening.patient, now).await? {
                    return Err(DeskError::Restricted {
                        patient: Some(opening.patient),
                        can_open: false,
                    });
                }
                let sealing = records::sealing(&app, work, ctx.organisation, opening.key).await?;
                let reviewed = Reviewed {
                    by,
                    at: now,
                    verdict,
                    note: note.map(|note| sealing.text("openings", "note", id, &note)),
                };
                // Somebody was first.
                if !restricted::keep_review(work, &opening, &reviewed).await? {
                    return Err(DeskError::NotFound);
                }
                work.audit(
                    NewEntry::new("restricted.review", "opening", id)
                        .detail(&json!({ "verdict": verdict.code(), "patient": opening.patient })),
                );
                Ok(())
            }
            .boxed()
        })
        .await;
    if matches!(done, Err(DeskError::Conflict { .. })) {
        let entry = NewEntry::new("restricted.review", "opening", id);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}
