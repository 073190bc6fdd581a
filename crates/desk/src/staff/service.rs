//! Commands and queries of the staff.

use super::model::{NewStaff, StaffView};
use super::{passwords, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission, Role};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{OrganisationId, StaffId};
use crate::work::Work;
use bedside_web::Locale;
use futures_util::FutureExt;
use std::collections::HashMap;
use uuid::Uuid;

/// Adds somebody. They come in by a link first, and set a password then.
pub async fn create(app: &App, ctx: &Ctx, new: NewStaff) -> Result<StaffId, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let id: StaffId = app.id();
    let person = StaffView {
        id,
        email: new.checked_email()?,
        name: new.name.trim().to_owned(),
        role: new.role.code().to_owned(),
        locale: new.locale.tag().to_owned(),
        disabled_at: None,
        version: 1,
    };
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            if !store::insert(work, organisation, &person, now).await? {
                return Err(DeskError::Conflict {
                    code: "address_taken",
                    text: "Somebody has this address already.",
                });
            }
            work.audit(
                NewEntry::new("staff.create", "staff", id)
                    .detail(&serde_json::json!({ "role": person.role })),
            );
            staff_changed(work);
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Everybody of the organisation.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<StaffView>, DeskError> {
    if !ctx.permissions().has(Permission::TicketsRead) {
        ctx.authorize(Permission::SettingsRead)?;
    }
    store::list(&mut app.read().await?, ctx.organisation).await
}

/// Names by id, for timelines and lists.
pub async fn names(
    app: &App,
    organisation: OrganisationId,
) -> Result<HashMap<Uuid, String>, DeskError> {
    let everybody = store::list(&mut app.read().await?, organisation).await?;
    Ok(everybody
        .into_iter()
        .map(|person| (person.id.uuid(), person.name))
        .collect())
}

/// One name, for mail.
pub async fn name_of(
    app: &App,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<String>, DeskError> {
    Ok(store::one(&mut app.read().await?, organisation, id)
        .await?
        .map(|person| person.name))
}

/// Where a colleague at work gets mail, in the caller's command.
pub async fn address_of(
    work: &mut Work<'_>,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<String>, DeskError> {
    Ok(store::one(work, organisation, id)
        .await?
        .filter(|person| person.disabled_at.is_none())
        .map(|person| person.email))
}

/// Colleagues at work in this role, in the caller's command.
pub async fn with_role(
    work: &mut Work<'_>,
    organisation: OrganisationId,
    role: Role,
) -> Result<Vec<StaffId>, DeskError> {
    let mut all = store::list(work, organisation).await?;
    all.retain(|person| person.disabled_at.is_none() && person.role == role.code());
    Ok(all.into_iter().map(|person| person.id).collect())
}

/// Whether a ticket can be given to this person.
pub async fn can_take_tickets(
    app: &App,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<bool, DeskError> {
    let person = store::one(&mut app.read().await?, organisation, id).await?;
    Ok(person.is_some_and(|person| person.takes_tickets()))
}

/// Sets a password: one's own, or another's by whoever manages the staff. Ends the person's other sessions, and the
/// invitations that were given out before: whoever found one would come in past the new password.
pub async fn set_password(
    app: &App,
    ctx: &Ctx,
    id: StaffId,
    password: &str,
) -> Result<(), DeskError> {
    if ctx.actor.staff() != Some(id) {
        ctx.authorize(Permission::StaffManage)?;
    }
    passwords::check(password)?;
    let hash = passwords::hash(password.to_owned()).await?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if !store::set_password(work, organisation, id, &hash).await? {
                return Err(DeskError::NotFound);
            }
            store::delete_sessions_of(work, organisation, id).await?;
            store::delete_invitations_of(work, organisation, id).await?;
            work.audit(NewEntry::new("staff.password", "staff", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Changes the language of one's own pages.
pub async fn choose_locale(app: &App, ctx: &Ctx, locale: Locale) -> Result<(), DeskError> {
    let id = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            store::set_locale(work, organisation, id, locale.tag()).await?;
            work.audit(NewEntry::new("staff.locale", "staff", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The last administrator stays: nobody could set the desk up.
async fn not_the_last(work: &mut Work<'_>, id: StaffId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if store::administrators(work, organisation).await? == [id] {
        return Err(DeskError::Conflict {
            code: "last_administrator",
            text: "This is the only administrator. Make somebody else one first.",
        });
    }
    Ok(())
}

/// Changes what somebody is. `version` is the one the caller saw. Links that were given out to them end: they promised
/// the old role. [`DeskError::Conflict`] with `last_administrator` for the last of those.
pub async fn change_role(
    app: &App,
    ctx: &Ctx,
    id: StaffId,
    version: i64,
    role: Role,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    if ctx.actor.staff() == Some(id) {
        return Err(DeskError::Conflict {
            code: "own_role",
            text: "Ask another administrator to change your role.",
        });
    }
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            // Also asked where it is somebody else: two may take the role from each other at the same time.
            if role != Role::Administrator {
                not_the_last(work, id).await?;
            }
            let person = store::one(work, organisation, id)
                .await?
                .ok_or(DeskError::NotFound)?;
            if !store::set_role(work, organisation, id, role.code(), version).await? {
                return Err(DeskError::Stale {
                    version: person.version,
                    changed: vec!["role".to_owned()],
                });
            }
            store::delete_links_of(work, organisation, id).await?;
            work.audit(
                NewEntry::new("staff.role", "staff", id)
                    .detail(&serde_json::json!({ "role": role.code() })),
            );
            staff_changed(work);
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Lets somebody in no more; their sessions end at once. [`DeskError::Conflict`] with `last_administrator` for the last of
/// those.
pub async fn disable(app: &App, ctx: &Ctx, id: StaffId) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    if ctx.actor.staff() == Some(id) {
        return Err(DeskError::Conflict {
            code: "yourself",
            text: "You can't lock yourself out.",
        });
    }
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            not_the_last(work, id).await?;
            if !store::disable(work, organisation, id, now).await? {
                return Err(DeskError::NotFound);
            }
            store::delete_sessions_of(work, organisation, id).await?;
            store::delete_links_of(work, organisation, id).await?;
            work.audit(NewEntry::new("staff.disable", "staff", id));
            staff_changed(work);
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Lets somebody in again who was locked out, with the password they had.
pub async fn enable(app: &App, ctx: &Ctx, id: StaffId) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            store::one(work, organisation, id)
                .await?
                .ok_or(DeskError::NotFound)?;
            if !store::enable(work, organisation, id).await? {
                return Err(DeskError::Conflict {
                    code: "not_disabled",
                    text: "This person can come in already.",
                });
            }
            work.audit(NewEntry::new("staff.enable", "staff", id));
            staff_changed(work);
            Ok(())
        }
        .boxed()
    })
    .await
}

fn staff_changed(work: &mut Work<'_>) {
    work.event(
        kind::SETTINGS_CHANGED,
        None,
        None,
        &serde_json::json!({ "setting": "staff" }),
    );
}
