//! Commands and queries of the staff.

use super::model::{NewStaff, StaffView};
use super::notices::{self, What};
use super::role::{ADMINISTRATOR, NO_ROLE, Reach, Role};
use super::{factors, passkeys, passwords, roles, sessions, sso, store, tokens};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{OrganisationId, StaffId};
use crate::passkeys::Owner;
use crate::work::{Job, Work};
use bedside_db::Conn;
use bedside_web::Locale;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Name of the program, which nobody's password has in it.
const PRODUCT: &str = "Bedside";

/// Adds somebody, with a role that may do no more than whoever adds them. They come in by a link first, and set a password
/// then.
pub async fn create(app: &App, ctx: &Ctx, new: NewStaff) -> Result<StaffId, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let id: StaffId = app.id();
    let person = StaffView {
        id,
        email: new.checked_email()?,
        name: new.name.trim().to_owned(),
        role: new.role,
        locale: new.locale.tag().to_owned(),
        disabled_at: None,
        second_factor_since: None,
        version: 1,
    };
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            roles::held(work, &person.role).await?;
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
    let allowed = ctx.permissions();
    if !allowed.has(Permission::TicketsRead) && !allowed.has(Permission::StaffManage) {
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

/// Name and role code of everybody by id, for whoever tells what colleagues did.
pub async fn names_and_roles(
    app: &App,
    organisation: OrganisationId,
) -> Result<HashMap<StaffId, (String, String)>, DeskError> {
    let everybody = store::list(&mut app.read().await?, organisation).await?;
    let told = everybody
        .into_iter()
        .map(|one| (one.id, (one.name, one.role)));
    Ok(told.collect())
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

/// Everybody, for a part that keeps something beside their rows.
pub async fn everybody(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<StaffView>, DeskError> {
    store::list(conn, organisation).await
}

/// One of them.
pub async fn one(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<StaffView>, DeskError> {
    store::one(conn, organisation, id).await
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

/// Colleagues at work whose role is clinical, in the caller's command.
pub async fn clinicians(
    work: &mut Work<'_>,
    organisation: OrganisationId,
) -> Result<Vec<StaffId>, DeskError> {
    let clinic = work.app.directory.of(organisation)?;
    let is_clinical = |code: &str| clinic.role(code).is_some_and(|role| role.clinical);
    let mut all = store::list(work, organisation).await?;
    all.retain(|person| person.disabled_at.is_none() && is_clinical(&person.role));
    Ok(all.into_iter().map(|person| person.id).collect())
}

/// Whether a ticket can be given to this person.
pub async fn can_take_tickets(
    app: &App,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<bool, DeskError> {
    let clinic = app.directory.of(organisation)?;
    let person = store::one(&mut app.read().await?, organisation, id).await?;
    Ok(person.is_some_and(|person| person.takes_tickets(clinic.role(&person.role))))
}

/// What a colleague at work is, by the rows: memory may be a moment older.
pub async fn role_at_work(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: StaffId,
) -> Result<Option<Arc<Role>>, DeskError> {
    let person = store::one(conn, organisation, id).await?;
    let Some(person) = person.filter(|person| person.disabled_at.is_none()) else {
        return Ok(None);
    };
    let roles = store::roles(conn, organisation).await?;
    Ok(roles.into_iter().find(|role| role.code == person.role))
}

/// Somebody whom the caller may change, who stays as they are until the command is done: they may do no more than the
/// caller. [`DeskError::NotFound`] or [`DeskError::Forbidden`] otherwise.
pub(super) async fn in_hands(
    work: &mut Work<'_>,
    id: StaffId,
) -> Result<(StaffView, Reach), DeskError> {
    let organisation = work.ctx.organisation;
    let person = store::held(work, organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    if person.role == NO_ROLE {
        return Ok((person, Reach::NOTHING));
    }
    let reach = roles::held(work, &person.role).await?;
    Ok((person, reach))
}

/// Sets a password: one's own, or another's by whoever manages the staff. Ends the person's other sessions, and the
/// invitations that were given out before: whoever found one would come in past the new password. In the demo one's own
/// stays: [`DeskError::Conflict`] with `demo`.
pub async fn set_password(
    app: &App,
    ctx: &Ctx,
    id: StaffId,
    password: &str,
) -> Result<(), DeskError> {
    if ctx.actor.staff() == Some(id) {
        sessions::is_no_demo(app)?;
    } else {
        ctx.authorize(Permission::StaffManage)?;
    }
    let person = store::one(&mut app.read().await?, ctx.organisation, id)
        .await?
        .ok_or(DeskError::NotFound)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let local = person.email.split('@').next().unwrap_or_default();
    passwords::check(password, &[&clinic.name, PRODUCT, &person.name, local])?;
    passwords::check_breached(app, password).await?;
    let hash = passwords::hash(password.to_owned()).await?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if work.ctx.actor.staff() != Some(id) {
                in_hands(work, id).await?;
            }
            if !store::set_password(work, organisation, id, &hash).await? {
                return Err(DeskError::NotFound);
            }
            sessions::store::delete_sessions_of(work, organisation, id).await?;
            sessions::store::delete_invitations_of(work, organisation, id).await?;
            work.audit(NewEntry::new("staff.password", "staff", id));
            notices::tell(work, id, What::Password).await
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

/// Whether nobody else could set the desk up.
pub(super) async fn is_the_last(work: &mut Work<'_>, id: StaffId) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    Ok(store::administrators(work, organisation).await? == [id])
}

/// The last administrator stays: nobody could set the desk up.
pub(super) async fn not_the_last(work: &mut Work<'_>, id: StaffId) -> Result<(), DeskError> {
    if is_the_last(work, id).await? {
        return Err(DeskError::Conflict {
            code: "last_administrator",
            text: "This is the only administrator. Make somebody else one first.",
        });
    }
    Ok(())
}

/// Changes what somebody is. `version` is the one the caller saw. Their sessions end, and links that were given out to
/// them: they promised the old role. Where the new role opens more than the old one their password and their passkeys end
/// too, because whoever could give them a way in before may know or hold one: the answer is `true`, and they need a new link.
/// Neither role may do more than the caller: [`DeskError::Forbidden`]. [`DeskError::Conflict`] with
/// `last_administrator` for the last of those.
pub async fn change_role(
    app: &App,
    ctx: &Ctx,
    id: StaffId,
    version: i64,
    role: &str,
) -> Result<bool, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    if ctx.actor.staff() == Some(id) {
        return Err(DeskError::Conflict {
            code: "own_role",
            text: "Ask another administrator to change your role.",
        });
    }
    let role = role.to_owned();
    app.command(ctx, move |work| {
        async move {
            let (_, old) = in_hands(work, id).await?;
            let new = roles::held(work, &role).await?;
            // Also asked where it is somebody else: two may take the role from each other at the same time.
            if role != ADMINISTRATOR {
                not_the_last(work, id).await?;
            }
            let opens_more = !old.holds(&new);
            give_role(work, id, (&role, version), opens_more).await?;
            Ok(opens_more)
        }
        .boxed()
    })
    .await
}

/// Gives somebody whom the caller holds another role, in the caller's command, with all that follows from it: see
/// [`change_role`].
pub(super) async fn give_role(
    work: &mut Work<'_>,
    id: StaffId,
    (role, version): (&str, i64),
    opens_more: bool,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let is_set = store::set_role(work, organisation, id, role, version).await?;
    let person = store::one(work, organisation, id).await?;
    let person = person.ok_or(DeskError::NotFound)?;
    if !is_set {
        return Err(DeskError::Stale {
            version: person.version,
            changed: vec!["role".to_owned()],
        });
    }
    role_given(work, &person, role, opens_more).await?;
    Ok(())
}

/// What goes with a new role, in the caller's command; `true` when it `opens_more` than the old one did.
pub(super) async fn role_given(
    work: &mut Work<'_>,
    person: &StaffView,
    role: &str,
    opens_more: bool,
) -> Result<bool, DeskError> {
    let (organisation, id) = (work.ctx.organisation, person.id);
    less_reached(work)?;
    tokens::ends_with_role(work, person.id, role).await?;
    if opens_more {
        end_ways_in(work, id).await?;
    }
    sessions::store::delete_sessions_of(work, organisation, id).await?;
    sessions::store::delete_links_of(work, organisation, id).await?;
    let detail = serde_json::json!({ "role": role });
    work.audit(NewEntry::new("staff.role", "staff", id).detail(&detail));
    staff_changed(work);
    let what = if opens_more {
        What::RoleMore
    } else {
        What::Role
    };
    // Whoever can't come in has nothing to watch over.
    if person.disabled_at.is_none() {
        notices::tell(work, id, what).await?;
    }
    Ok(opens_more)
}

/// Ends somebody's password and passkeys: they need a new link.
pub(super) async fn end_ways_in(work: &mut Work<'_>, id: StaffId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::clear_password(work, organisation, id).await?;
    passkeys::store::delete_all(work, organisation, Owner::Staff(id)).await?;
    factors::forget_idle_codes(work, id).await
}

/// Lets somebody in no more; their sessions, and the API tokens that they made, end at once. [`DeskError::Conflict`] with `last_administrator` for the last of
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
            in_hands(work, id).await?;
            lock_out(work, id).await
        }
        .boxed()
    })
    .await
}

/// Lets somebody in no more, in the caller's command: all that lets anybody in as them, or that they made to let others in,
/// ends with it. The event makes live streams look again whom they serve.
pub(super) async fn lock_out(work: &mut Work<'_>, id: StaffId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    not_the_last(work, id).await?;
    if !store::disable(work, organisation, id, now).await? {
        return Err(DeskError::NotFound);
    }
    sessions::store::delete_sessions_of(work, organisation, id).await?;
    sessions::store::delete_links_of(work, organisation, id).await?;
    tokens::revoke_made_by(work, id).await?;
    less_reached(work)?;
    // Whom somebody locks out, no group of a provider lets in again.
    sso::store::end_person(work, organisation, id, None).await?;
    work.audit(NewEntry::new("staff.disable", "staff", id));
    staff_changed(work);
    Ok(())
}

/// Lets somebody in again who was locked out, with the password they had.
pub async fn enable(app: &App, ctx: &Ctx, id: StaffId) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let (person, _) = in_hands(work, id).await?;
            if person.role == NO_ROLE {
                return Err(DeskError::Conflict {
                    code: "no_role",
                    text: "Give this person a role first.",
                });
            }
            if !store::enable(work, organisation, id).await? {
                return Err(DeskError::Conflict {
                    code: "not_disabled",
                    text: "This person can come in already.",
                });
            }
            sso::store::end_person(work, organisation, id, None).await?;
            work.audit(NewEntry::new("staff.enable", "staff", id));
            staff_changed(work);
            Ok(())
        }
        .boxed()
    })
    .await
}

/// What somebody may no longer reach is not left in their hands: whoever keeps tickets does this.
#[derive(Serialize, Deserialize)]
pub struct LessReached {}

impl Job for LessReached {
    const KIND: &'static str = "staff.less_reached";
}

/// Has what the caller's command took out of reach given back.
pub(super) fn less_reached(work: &mut Work<'_>) -> Result<(), DeskError> {
    work.follow_up(&LessReached {})
}

pub(super) fn staff_changed(work: &mut Work<'_>) {
    work.event(
        kind::SETTINGS_CHANGED,
        None,
        None,
        &serde_json::json!({ "setting": "staff" }),
    );
}
