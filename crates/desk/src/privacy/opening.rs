//! Opening a restricted record for a reason, and signing it off.

use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OpeningId, PatientId, StaffId};
use crate::patients;
use crate::records::restricted::{self, OPEN_FOR, Opening, Reason, Reviewed, Verdict};
use crate::records::{self, Purpose};
use crate::staff::{self, What};
use bedside_db::Timestamp;
use futures_util::FutureExt;
use serde_json::json;

/// Characters that a reason has at least: "ok" is none.
pub const MIN_WORDS: usize = 10;
/// Characters of a reason, and of the note of whoever signs it off, at most.
pub const MAX_NOTE: usize = 500;
/// Openings of either kind that the review shows.
const SHOWN: i64 = 200;

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
pub struct OpeningView {
    /// Its id.
    pub id: OpeningId,
    /// Who opened it.
    pub staff: StaffId,
    /// Whose record.
    pub patient: PatientId,
    /// The patient's name.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// Why in their own words.
    pub words: String,
    /// When.
    pub opened_at: Timestamp,
    /// Until when the record stays open.
    pub until: Timestamp,
    /// Who signed it off, when, how and with which words.
    pub reviewed: Option<(StaffId, Timestamp, Verdict, String)>,
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
            staff::tell_all(work, Permission::PrivacyReview, me, What::Opening).await?;
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

/// How many openings wait for a second person, counted up to `limit`; none for whoever doesn't review them.
pub async fn count_waiting(app: &App, ctx: &Ctx, limit: i64) -> Result<i64, DeskError> {
    if !ctx.permissions().has(Permission::PrivacyReview) {
        return Ok(0);
    }
    restricted::count_waiting(&mut app.read().await?, ctx.organisation, limit).await
}

/// Openings that wait for a second person, oldest first, or else the newest that one has signed off.
pub async fn openings(app: &App, ctx: &Ctx, waiting: bool) -> Result<Vec<OpeningView>, DeskError> {
    let leave = records::open(
        app,
        ctx,
        Permission::PrivacyReview,
        Purpose::Operations,
        "restricted.list",
        "view",
        if waiting { "waiting" } else { "reviewed" },
    )
    .await?;
    let mut conn = app.read().await?;
    let mut shown = Vec::new();
    for one in restricted::openings(&mut conn, ctx.organisation, waiting, SHOWN).await? {
        // Of a patient who was erased nothing can be told any more, and nothing is left to review.
        let sealing = match leave.sealing(&mut conn, one.key).await {
            Ok(sealing) => sealing,
            Err(DeskError::Gone) => continue,
            Err(error) => return Err(error),
        };
        let reviewed = match one.reviewed {
            Some(Reviewed {
                by,
                at,
                verdict,
                note,
            }) => {
                let note = note.map(|note| sealing.open_text("openings", "note", one.id, &note));
                Some((by, at, verdict, note.transpose()?.unwrap_or_default()))
            }
            None => None,
        };
        shown.push(OpeningView {
            id: one.id,
            staff: one.staff,
            patient: one.patient,
            name: patients::name_in(&leave, &mut conn, ctx.organisation, one.patient).await?,
            reason: one.reason,
            words: sealing.open_text("openings", "words", one.id, &one.words)?,
            opened_at: one.opened_at,
            until: one.until,
            reviewed,
        });
    }
    Ok(shown)
}

/// Signs an opening off. Whoever made it can't.
pub async fn review(
    app: &App,
    ctx: &Ctx,
    id: OpeningId,
    verdict: Verdict,
    note: String,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PrivacyReview)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    if note.trim().chars().count() > MAX_NOTE {
        return Err(DeskError::invalid(
            "note",
            "too_long",
            "A note has at most 500 characters.",
        ));
    }
    if verdict == Verdict::Unjustified && note.trim().is_empty() {
        return Err(DeskError::invalid(
            "note",
            "required",
            "Say what happens next.",
        ));
    }
    let done = app
        .command(ctx, move |work| {
            async move {
                let opening = restricted::opening_held(work, id)
                    .await?
                    .ok_or(DeskError::NotFound)?;
                if opening.staff == by {
                    return Err(DeskError::Forbidden);
                }
                let (app, organisation) = (work.app.clone(), work.ctx.organisation);
                let sealing = records::sealing(&app, work, organisation, opening.key).await?;
                let note = note.trim();
                let reviewed = Reviewed {
                    by,
                    at: work.now,
                    verdict,
                    note: (!note.is_empty()).then(|| sealing.text("openings", "note", id, note)),
                };
                if !restricted::keep_review(work, &opening, &reviewed).await? {
                    return Err(DeskError::Conflict {
                        code: "reviewed",
                        text: "Somebody signed this off a moment ago.",
                    });
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
    if matches!(done, Err(DeskError::Forbidden)) {
        let entry = NewEntry::new("restricted.review", "opening", id);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}
