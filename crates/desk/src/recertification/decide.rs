//! What somebody says of one access.

use super::model::Decision;
use super::rounds::{now_of, told};
use super::store;
use super::{gone, may, subject};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{AccessRoundId, StaffId, SubjectId};
use crate::staff::{self, Access, Whose};
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
    if access.whose == Whose::Person(me) || access.made_by == Some(me) {
        return Err(DeskError::Conflict {
            code: "own_access",
            text: "Somebody else has to decide on your own access.",
        });
    }
    if ctx.permissions().has(Permission::PrivacyReview) {
        return Ok(());
    }
    ctx.hands_on(&access.reach)
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
    let done = app
        .command(ctx, move |work| {
            async move {
                let (organisation, now, ctx) = (work.ctx.organisation, work.now, work.ctx.clone());
                let held = store::held(work, organisation, asked.round).await?;
                let held = held.ok_or(DeskError::NotFound)?;
                let row = store::row_of(work, organisation, asked.round, asked.subject).await?;
                let mut row = row.ok_or(DeskError::NotFound)?;
                if held.closed_at.is_some() {
                    return Err(DeskError::Conflict {
                        code: "closed",
                        text: "This round is over.",
                    });
                }
                if row.decision.is_some() {
                    return Err(DeskError::Conflict {
                        code: "decided",
                        text: "Somebody has decided on this meanwhile.",
                    });
                }
                let all = now_of(work, &ctx, now).await?;
                let found = all
                    .into_iter()
                    .find(|(one, _)| subject(one.whose) == asked.subject);
                let (access, facts) = found.ok_or(gone())?;
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
