//! Where somebody is signed in, and ending it from elsewhere.

use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{SessionId, StaffId};
use crate::staff::service::in_hands;
use bedside_db::Timestamp;
use bedside_vault::secret;
use futures_util::FutureExt;

/// A session that has not ended.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// What it is known by; not what lets anybody in.
    pub id: SessionId,
    /// How they came in: `password`, `link` or `sso`, each with ` code` or ` passkey` after it, `passkey`, or `sso`,
    /// with ` factor` after it where the provider's second factor counts.
    pub method: String,
    /// Browser and system, two of [`super::device_codes`].
    pub device: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub seen_at: Timestamp,
    /// Whether it is the one that asks.
    pub here: bool,
}

/// One's own open sessions, the last used first; `token` is the one that asks.
pub async fn open_sessions(
    app: &App,
    ctx: &Ctx,
    token: &str,
) -> Result<Vec<OpenSession>, DeskError> {
    let Actor::Staff { id, role, .. } = &ctx.actor else {
        return Err(DeskError::Forbidden);
    };
    let (now, here) = (app.now(), secret::token_hash(token));
    let mut conn = app.read().await?;
    let all = store::sessions_of(&mut conn, ctx.organisation, *id, now).await?;
    let open = all
        .into_iter()
        .filter(|(one, _)| !role.ends_session(one.created_at, one.seen_at, now));
    Ok(open
        .map(|(one, hash)| OpenSession {
            here: hash == here,
            ..one
        })
        .collect())
}

/// Ends one of one's own sessions; [`DeskError::NotFound`] where it has ended already.
pub async fn end_one(app: &App, ctx: &Ctx, id: SessionId) -> Result<(), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if !store::delete_one_of(work, organisation, me, id).await? {
                return Err(DeskError::NotFound);
            }
            work.audit(NewEntry::new("session.end", "staff", me));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Ends all of one's own sessions but the one that asks.
pub async fn end_others(app: &App, ctx: &Ctx, token: &str) -> Result<(), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let here = secret::token_hash(token);
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            store::delete_others_of(work, organisation, me, &here).await?;
            work.audit(NewEntry::new("session.end", "staff", me));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Ends all sessions of somebody who may do no more than the caller.
pub async fn end_everywhere(app: &App, ctx: &Ctx, id: StaffId) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            in_hands(work, id).await?;
            store::delete_sessions_of(work, organisation, id).await?;
            work.audit(NewEntry::new("staff.sign_out", "staff", id));
            Ok(())
        }
        .boxed()
    })
    .await
}
