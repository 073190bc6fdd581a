//! What somebody says of one access.

use super::model::{self, Decision, Facts};
use super::rounds::told;
use super::store::{self, Row};
use super::{gone, may, whose};
use crate::app::App;
use crate::audit_log::{self, NewEntry, Outcome};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{AccessRoundId, StaffId, SubjectId};
use crate::staff::{self, Access, What, Whose};
use crate::work::Work;
use bedside_db::Timestamp;
use futures_util::FutureExt;

/// Which access, and as what the one who decides saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The round.
    pub round: AccessRoundId,
    /// Whose access.
    pub subject: SubjectId,
    /// [`Access::version`] as it was shown.
    pub version: String,
}

/// Refuses whoever decides on themselves, on a token of their own, or, without watching over privacy, on more than they may.
fn may_decide(ctx: &Ctx, me: StaffId, access: &Access) -> Result<(), DeskError> {
    if model::is_own(me, access) {
        return Err(DeskError::Conflict {
            code: "own_access",
            text: "Somebody else has to decide on your own access.",
        });
    }
    ctx.decides_on(&access.reach)
}

fn decided() -> DeskError {
    DeskError::Conflict {
        code: "decided",
        text: "Somebody has decided on this meanwhile.",
    }
}

/// The row, where something is to be said of it: nobody has, or that it is to be changed, and it should be kept or end instead.
async fn open_row(
    work: &mut Work<'_>,
    asked: &Asked,
    decision: Decision,
) -> Result<Row, DeskError> {
    let organisation = work.ctx.organisation;
    let held = store::held(work, organisation, asked.round).await?;
    let held = held.ok_or(DeskError::NotFound)?;
    let row = store::row_of(work, organisation, asked.round, asked.subject).await?;
    let row = row.ok_or(DeskError::NotFound)?;
    if held.closed_at.is_some() {
        return Err(DeskError::Conflict {
            code: "closed",
            text: "This round is over.",
        });
    }
    match row.decision {
        None => Ok(row),
        Some(Decision::Change) if decision != Decision::Change => Ok(row),
        Some(_) => Err(decided()),
    }
}

/// When whoever it is did something last, as far as the log tells.
async fn last_act(
    app: &App,
    ctx: &Ctx,
    subject: SubjectId,
) -> Result<Option<Timestamp>, DeskError> {
    let mut conn = app.read().await?;
    let last = audit_log::last_acts(&mut conn, ctx.organisation, [subject.to_string()]).await?;
    Ok(last.into_values().next())
}

/// Decides on one access: [`Decision::Keep`], [`Decision::Change`] or [`Decision::Take`], which ends it as a deactivation
/// does. [`DeskError::Conflict`] with `decided` where somebody was first, `changed` where it is not what the caller saw,
/// `own_access`, `ended`, `closed` or `last_administrator`.
pub async fn decide(
    app: &App,
    ctx: &Ctx,
    asked: Asked,
    decision: Decision,
) -> Result<(), DeskError> {
    may(ctx)?;
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    if !matches!(decision, Decision::Keep | Decision::Change | Decision::Take) {
        return Err(DeskError::invalid("decision", "required", "Choose one."));
    }
    let round = asked.round;
    let last = last_act(app, ctx, asked.subject).await?;
    let done = app
        .command(ctx, move |work| {
            async move {
                let (organisation, now, ctx) = (work.ctx.organisation, work.now, work.ctx.clone());
                let mut row = open_row(work, &asked, decision).await?;
                let access = staff::held_access(work, whose(&row)).await?;
                let access = access.ok_or(gone())?;
                let facts = Facts::of(&access, last);
                if !model::waits(row.decision, &row.facts()?, Some(&facts)) {
                    return Err(decided());
                }
                may_decide(&ctx, me, &access)?;
                if access.version != asked.version {
                    return Err(DeskError::Conflict {
                        code: "changed",
                        text: "What it opens has changed meanwhile. Please look again.",
                    });
                }
                // No token can be changed: another one is made.
                if decision == Decision::Change && matches!(access.whose, Whose::Token(_)) {
                    return Err(DeskError::invalid("decision", "required", "Choose one."));
                }
                if decision == Decision::Take {
                    staff::end_access(work, access.whose).await?;
                }
                let manages = ctx.permissions().has(Permission::StaffManage);
                if decision == Decision::Change
                    && !manages
                    && !store::has_changes(work, organisation, asked.round).await?
                {
                    staff::tell_any(work, &[Permission::StaffManage], None, What::AccessChange)
                        .await?;
                }
                row.facts = serde_json::to_string(&facts)?;
                (row.decision, row.by, row.at) = (Some(decision), Some(me), Some(now));
                store::decide(work, organisation, asked.round, &row).await?;
                told(work, asked.round, &row, decision);
                Ok(())
            }
            .boxed()
        })
        .await;
    let refused = matches!(
        done,
        Err(DeskError::Forbidden
            | DeskError::Conflict {
                code: "own_access",
                ..
            })
    );
    if refused {
        let entry = NewEntry::new("access.decide", "access_round", round);
        app.audit(ctx, entry.outcome(Outcome::Denied)).await?;
    }
    done
}
