//! Who of the staff belongs to the provider.

use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::passkeys::Owner;
use crate::staff::notices::{self, What};
use crate::staff::service::in_hands;
use crate::staff::{passkeys, sessions, store as people};
use bedside_db::{Conn, Timestamp};
use bedside_vault::secret;
use futures_util::FutureExt;

/// Whether somebody comes in by the provider alone: they belong to it, and the organisation decided so.
pub(in crate::staff) async fn only_way_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<bool, DeskError> {
    let rules = store::rules_of_person(conn, organisation, staff).await?;
    Ok(rules.is_some_and(|rules| rules.only_way))
}

/// Whether somebody can prove who they are by signing in at the provider: they belong to it, and whatever `factor` they have
/// the provider can see too.
pub(in crate::staff) async fn proves(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
    factor: bool,
) -> Result<bool, DeskError> {
    let rules = store::rules_of_person(conn, organisation, staff).await?;
    Ok(rules.is_some_and(|rules| !factor || !rules.factor.is_empty()))
}

/// Whether whoever asks comes in by the provider alone.
pub async fn is_only_way(app: &App, ctx: &Ctx) -> Result<bool, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    only_way_of(&mut app.read().await?, ctx.organisation, me).await
}

/// How whoever asks stands with the organisation's provider.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The provider's name in the network.
    pub host: String,
    /// Since when they are connected; none where they are not.
    pub since: Option<Timestamp>,
    /// Whether whoever is connected comes in by the provider alone.
    pub only_way: bool,
}

/// The same; none where the organisation has no provider that people can sign in at.
pub async fn connection(app: &App, ctx: &Ctx) -> Result<Option<Connection>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let mut conn = app.read().await?;
    let provider = store::provider(&mut conn, ctx.organisation).await?;
    let Some(provider) = provider.filter(|row| row.view.enabled) else {
        return Ok(None);
    };
    let row = store::of_person(&mut conn, ctx.organisation, me).await?;
    Ok(Some(Connection {
        host: provider.view.host().to_owned(),
        since: row.map(|row| row.linked_at),
        only_way: provider.view.rules.only_way,
    }))
}

/// Forgets whom of the provider whoever asks is; their other sessions end. [`DeskError::Conflict`] with `sso_only_way` where
/// the organisation wants people to come in there alone, and with `sso_last_way` where they have nothing else to come in by.
pub async fn disconnect(app: &App, ctx: &Ctx, token: &str) -> Result<(), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let here = secret::token_hash(token);
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            people::held(work, organisation, me).await?;
            if only_way_of(work, organisation, me).await? {
                return Err(DeskError::Conflict {
                    code: "sso_only_way",
                    text: "Your organisation wants you to sign in there.",
                });
            }
            let password = people::password_of(work, organisation, me).await?;
            let keys = passkeys::store::of_person(work, organisation, Owner::Staff(me)).await?;
            if password.is_none() && keys.iter().all(|key| key.passkey.stopped_at.is_some()) {
                return Err(DeskError::Conflict {
                    code: "sso_last_way",
                    text: "Set a password or add a passkey first.",
                });
            }
            if !store::delete_person(work, organisation, me).await? {
                return Err(DeskError::NotFound);
            }
            sessions::store::delete_others_of(work, organisation, me, &here).await?;
            work.audit(NewEntry::new("sso.leave", "staff", me));
            notices::tell(work, me, What::SsoLeft).await
        }
        .boxed()
    })
    .await
}

/// Whether somebody belongs to a provider, for whoever manages the staff; also while nobody can sign in there.
pub async fn linked(app: &App, ctx: &Ctx, id: StaffId) -> Result<bool, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let row = store::of_person(&mut app.read().await?, ctx.organisation, id).await?;
    Ok(row.is_some())
}

/// Forgets whom of the provider somebody is, who may do no more than the caller: the next one with their verified address is
/// them. Their sessions end. [`DeskError::NotFound`] where they are nobody of it.
pub async fn forget_person(app: &App, ctx: &Ctx, id: StaffId) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            in_hands(work, id).await?;
            if !store::delete_person(work, organisation, id).await? {
                return Err(DeskError::NotFound);
            }
            sessions::store::delete_sessions_of(work, organisation, id).await?;
            work.audit(NewEntry::new("sso.forget", "staff", id));
            Ok(())
        }
        .boxed()
    })
    .await
}
