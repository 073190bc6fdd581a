//! Who of the staff belongs to the provider.

use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::staff::service::in_hands;
use bedside_db::Conn;
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

/// Whether somebody belongs to a provider that people can sign in at.
pub(in crate::staff) async fn is_bound(
    conn: &mut Conn,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<bool, DeskError> {
    let rules = store::rules_of_person(conn, organisation, staff).await?;
    Ok(rules.is_some())
}

/// Whether whoever asks comes in by the provider alone.
pub async fn is_only_way(app: &App, ctx: &Ctx) -> Result<bool, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    only_way_of(&mut app.read().await?, ctx.organisation, me).await
}

/// Whether somebody belongs to a provider, for whoever manages the staff; also while nobody can sign in there.
pub async fn linked(app: &App, ctx: &Ctx, id: StaffId) -> Result<bool, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let subject = store::subject_of(&mut app.read().await?, ctx.organisation, id).await?;
    Ok(subject.is_some())
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
            crate::staff::sessions::store::delete_sessions_of(work, organisation, id).await?;
            work.audit(NewEntry::new("sso.forget", "staff", id));
            Ok(())
        }
        .boxed()
    })
    .await
}
