//! Roles as they are kept. They are held in memory with the other settings of their organisation, and changed with them.
//! Who may hand what on is decided from the rows, in the command itself: memory may be a moment older.

use super::passkeys::possible;
use super::role::{ADMINISTRATOR, Reach, Role, SecondFactor};
use super::service::less_reached;
use super::{sessions, store};
use crate::app::App;
use crate::context::Actor;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::work::Work;
use bedside_db::Conn;
use std::sync::Arc;

/// The roles of an organisation, for the settings held in memory.
pub async fn roles(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<Arc<Role>>, DeskError> {
    store::roles(conn, organisation).await
}

/// The role `code`, of which the row says `version`; none where it is gone. Where the row is newer than memory, as on another
/// node a moment after a change, the row counts.
pub(super) async fn as_of(
    app: &App,
    organisation: OrganisationId,
    code: &str,
    version: Option<i64>,
) -> Result<Option<Arc<Role>>, DeskError> {
    let Some(version) = version else {
        return Ok(None);
    };
    let clinic = app.directory.of(organisation)?;
    if let Some(role) = clinic.role(code).filter(|role| role.version == version) {
        return Ok(Some(role.clone()));
    }
    let all = store::roles(&mut app.read().await?, organisation).await?;
    Ok(all.into_iter().find(|role| role.code == code))
}

/// What the role opens, which stays as it is until the caller's command is done. Whoever calls may hand it on.
pub(super) async fn held(work: &mut Work<'_>, code: &str) -> Result<Reach, DeskError> {
    let organisation = work.ctx.organisation;
    let found = store::hold_role(work, organisation, code).await?;
    let (reach, _) = found.ok_or_else(|| {
        DeskError::invalid("role", "unknown_role", "There is no role with this name.")
    })?;
    work.ctx.hands_on(&reach)?;
    Ok(reach)
}

/// Adds a role, or changes the one with its code, in the caller's command; `false` when it changed meanwhile:
/// `role.version` is the version the caller saw (0 for a new one). Nobody gives a role, or takes from one, more than they
/// have, or changes their own: [`DeskError::Forbidden`], or [`DeskError::Conflict`] with `own_role`.
pub async fn put_role(work: &mut Work<'_>, role: &Role) -> Result<bool, DeskError> {
    work.ctx.hands_on(&role.reach())?;
    if let Some((field, code, text)) = role.wrong() {
        return Err(DeskError::invalid(field, code, text));
    }
    if role.second_factor == SecondFactor::Passkey && !possible(&work.app.config.public_url) {
        return Err(DeskError::invalid(
            "second_factor",
            "no_passkeys",
            "Passkeys need an https address of the desk with a name.",
        ));
    }
    if let Actor::Staff { role: own, .. } = &work.ctx.actor
        && own.code == role.code
        && !own.permissions.do_all()
    {
        return Err(DeskError::Conflict {
            code: "own_role",
            text: "Ask another administrator to change your role.",
        });
    }
    let (organisation, now) = (work.ctx.organisation, work.now);
    let old = store::hold_role(work, organisation, &role.code).await?;
    if old.as_ref().map_or(0, |(_, version)| *version) != role.version {
        return Ok(false);
    }
    if let Some((reach, _)) = old {
        work.ctx.hands_on(&reach)?;
        if !role.queues.hold(&reach.queues) {
            less_reached(work)?;
        }
        // A longer time brings no session back that had ended.
        sessions::store::delete_ended_of_role(work, organisation, &role.code, now).await?;
    }
    store::put_role(work, organisation, role).await
}

/// Removes a role that nobody has, in the caller's command.
pub async fn delete_role(work: &mut Work<'_>, code: &str) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    // Held first, so that nobody gets it meanwhile.
    let (reach, _) = store::hold_role(work, organisation, code)
        .await?
        .ok_or(DeskError::NotFound)?;
    work.ctx.hands_on(&reach)?;
    if code == ADMINISTRATOR {
        return Err(DeskError::Conflict {
            code: "role_needed",
            text: "The desk itself needs this role.",
        });
    }
    if store::role_is_held(work, organisation, code).await? {
        return Err(DeskError::Conflict {
            code: "role_in_use",
            text: "Somebody has this role. Give them another one first.",
        });
    }
    store::delete_role(work, organisation, code).await
}
