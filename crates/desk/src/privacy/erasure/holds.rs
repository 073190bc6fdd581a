//! Legal holds: while one counts, nothing of the record is destroyed.

use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::codes::codes;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{HoldId, OrganisationId, PatientId, StaffId};
use crate::patients;
use crate::privacy::requests::MAX_WORDS;
use crate::records::{self, Purpose, restricted};
use crate::work::Work;
use bedside_db::{Conn, Timestamp, args};
use futures_util::FutureExt;
use serde_json::json;
use std::collections::HashSet;

codes! {
    /// Why a record is held.
    HoldReason {
        /// A lawsuit, or one that is to be expected.
        Litigation = "litigation",
        /// An authority looks into something.
        Investigation = "investigation",
        /// A payer or an auditor looks into something.
        Audit = "audit",
        /// As the words say.
        Other = "other",
    }
}

/// A hold on a patient's record.
pub struct Hold {
    /// Its id.
    pub id: HoldId,
    /// Why.
    pub reason: HoldReason,
    /// Why in words.
    pub words: String,
    /// Who placed it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// Until when it counts; none until somebody takes it away.
    pub until: Option<Timestamp>,
    /// Who took it away, and when.
    pub released: Option<(StaffId, Timestamp)>,
}

impl Hold {
    /// Whether it counted at an instant or later, and nobody took it away.
    pub fn counts(&self, since: Timestamp) -> bool {
        self.released.is_none() && self.until.is_none_or(|until| until > since)
    }
}

/// Refuses whoever a label keeps from the patient.
async fn admitted(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    patient: PatientId,
) -> Result<(), DeskError> {
    let about = restricted::about_patient(conn, ctx.organisation, patient).await?;
    records::admit(conn, ctx, about.unwrap_or_default(), app.now()).await
}

/// Places a hold on a patient's record.
///
/// # Errors
/// [`DeskError::Invalid`] for words that are too long, and a day that is over.
pub async fn place(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    reason: HoldReason,
    words: &str,
    until: Option<Timestamp>,
) -> Result<HoldId, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    if words.chars().count() > MAX_WORDS {
        return Err(DeskError::invalid(
            "words",
            "too_long",
            "Please use at most 2,000 characters.",
        ));
    }
    if until.is_some_and(|until| until <= app.now()) {
        return Err(DeskError::invalid(
            "until",
            "out_of_range",
            "This day is over.",
        ));
    }
    let id: HoldId = app.id();
    let sealing = {
        let mut conn = app.read().await?;
        admitted(app, &mut conn, ctx, patient).await?;
        patients::sealing_of(app, &mut conn, ctx.organisation, patient).await?
    };
    let sealed = sealing.text("legal_holds", "words", id, words.trim());
    app.command(ctx, move |work| {
        async move {
            let (organisation, now, code) = (work.ctx.organisation, work.now, reason.code());
            hold_patient(work, patient).await?;
            let args = args![
                organisation,
                id,
                patient,
                sealing.id,
                code,
                sealed,
                by,
                now,
                until
            ];
            work.execute(store::INSERT_HOLD, args).await?;
            let entry = NewEntry::new("privacy.hold", "patient", patient);
            work.audit(entry.detail(&json!({ "hold": id, "reason": code })));
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Nobody erases the patient until the command ends: for every command that keeps something of theirs.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient, or none any more.
pub(crate) async fn hold_patient(work: &mut Work<'_>, patient: PatientId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let args = args![organisation, patient];
    let found = work.query_opt(store::PATIENT, args, |_| Ok(())).await?;
    found.ok_or(DeskError::NotFound)
}

/// Whether a hold counts on a patient's record, for the command that would take something out of it. No hold is placed
/// until the command ends.
pub(crate) async fn keep_whole(work: &mut Work<'_>, patient: PatientId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    hold_patient(work, patient).await?;
    if store::is_held(work, organisation, patient, now).await? {
        return Err(DeskError::Conflict {
            code: "held",
            text: "A legal hold is on this patient's record: what belongs to it stays there.",
        });
    }
    Ok(())
}

/// Whose record a hold counts on.
pub(crate) async fn every_held(
    conn: &mut Conn,
    organisation: OrganisationId,
    now: Timestamp,
) -> Result<HashSet<PatientId>, DeskError> {
    store::every_held(conn, organisation, now).await
}

/// Whether a hold counts on a patient's record, for the command that would destroy a part of it. No hold is placed until
/// the command ends; a patient who was erased has none.
pub(crate) async fn is_held(work: &mut Work<'_>, patient: PatientId) -> Result<bool, DeskError> {
    match keep_whole(work, patient).await {
        Ok(()) | Err(DeskError::NotFound) => Ok(false),
        Err(DeskError::Conflict { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

/// Takes a hold away. An erasure that was granted while it counted has to be granted anew.
///
/// # Errors
/// [`DeskError::NotFound`] when there is none, or it was taken away.
pub async fn release(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    id: HoldId,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    admitted(app, &mut app.read().await?, ctx, patient).await?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            hold_patient(work, patient).await?;
            let args = args![organisation, patient, id, by, now];
            if work.execute(store::RELEASE_HOLD, args).await? == 0 {
                return Err(DeskError::NotFound);
            }
            let anew = work
                .execute(store::ASK_ANEW, args![organisation, patient])
                .await?;
            let entry = NewEntry::new("privacy.release", "patient", patient);
            work.audit(entry.detail(&json!({ "hold": id, "asked_anew": anew })));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Holds on a patient's record, the newest first.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient.
pub async fn holds(app: &App, ctx: &Ctx, patient: PatientId) -> Result<Vec<Hold>, DeskError> {
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, ctx.organisation, patient).await?;
    let entry = NewEntry::new("privacy.holds", "patient", patient);
    let about = about.unwrap_or_default();
    let leave = records::open_about(app, ctx, may, purpose, about, entry).await?;
    patients::sealing_of(app, &mut conn, ctx.organisation, patient).await?;
    let mut holds = Vec::new();
    for row in store::holds(&mut conn, ctx.organisation, patient).await? {
        let words = match row.words {
            Some(sealed) => {
                let place = ("legal_holds", "words");
                match leave.text(&mut conn, row.key, place, row.id, &sealed).await {
                    Err(DeskError::Gone) => String::new(),
                    words => words?,
                }
            }
            None => String::new(),
        };
        holds.push(Hold {
            id: row.id,
            reason: HoldReason::from_code(&row.reason).unwrap_or(HoldReason::Other),
            words,
            by: row.by,
            at: row.at,
            until: row.until,
            released: row.released,
        });
    }
    Ok(holds)
}
