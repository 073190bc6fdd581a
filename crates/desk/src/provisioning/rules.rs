//! Which group gives which role: what an administrator chooses.

use super::settle::settle_again;
use super::{store, turn};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::ProvisionedGroupId;
use crate::staff::{self, NO_ROLE};
use crate::work::Work;
use futures_util::FutureExt;
use serde_json::json;

/// A group with what it gives.
#[derive(Clone, Debug)]
pub struct Mapped {
    /// The group.
    pub id: ProvisionedGroupId,
    /// Its name at the provider.
    pub name: String,
    /// The role that it gives.
    pub role: Option<String>,
    /// How many are in it.
    pub members: i64,
}

/// What was chosen.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The groups, by name.
    pub groups: Vec<Mapped>,
    /// The role of whoever is in none that gives one; none: they can't come in.
    pub default_role: Option<String>,
    /// How many people the provider tells of.
    pub people: usize,
}

/// One thing that is chosen, with what the caller saw: the provider may change a group meanwhile, and nobody its role.
#[derive(Clone, Debug)]
pub enum Choice {
    /// What a group gives.
    Group {
        /// Which one.
        id: ProvisionedGroupId,
        /// What it gave until now.
        was: Option<String>,
        /// The role's code; none gives nothing.
        role: Option<String>,
    },
    /// What whoever is in no such group gets.
    Default {
        /// What they got until now.
        was: Option<String>,
        /// The role's code; without one they can't come in.
        role: Option<String>,
    },
}

/// What was chosen so far.
pub async fn rules(app: &App, ctx: &Ctx) -> Result<Rules, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let organisation = ctx.organisation;
    let conn = &mut app.read().await?;
    let sizes = store::sizes(conn, organisation).await?;
    let size = |id| {
        let found = sizes.iter().find(|(group, _)| *group == id);
        found.map_or(0, |(_, count)| *count)
    };
    let default_role = store::rule(conn, organisation).await?;
    let groups = store::groups(conn, organisation).await?;
    let mut groups: Vec<Mapped> = groups
        .into_iter()
        .map(|row| Mapped {
            members: size(row.id),
            id: row.id,
            name: row.name,
            role: row.role,
        })
        .collect();
    groups.sort_by_cached_key(|group| super::model::key(&group.name));
    Ok(Rules {
        groups,
        default_role,
        people: store::people(conn, organisation).await?.len(),
    })
}

/// Refuses to hand on, or to take away, more than the caller has.
async fn within(work: &mut Work<'_>, role: Option<&str>) -> Result<(), DeskError> {
    let Some(role) = role else { return Ok(()) };
    let reach = staff::reach_of(work, role).await?;
    match reach {
        Some(reach) if role != NO_ROLE => work.ctx.hands_on(&reach),
        _ => Err(DeskError::invalid(
            "role",
            "unknown_role",
            "There is no role with this name.",
        )),
    }
}

/// What was chosen before may be gone.
async fn within_old(work: &mut Work<'_>, role: Option<&str>) -> Result<(), DeskError> {
    match within(work, role).await {
        Err(DeskError::Invalid { .. }) => Ok(()),
        other => other,
    }
}

/// Chooses, for those whom it concerns now as well; all of it or nothing.
pub async fn choose(app: &App, ctx: &Ctx, choices: Vec<Choice>) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    if choices.is_empty() {
        return Ok(());
    }
    app.command(ctx, move |work| {
        async move {
            turn(work).await?;
            for choice in choices {
                match choice {
                    Choice::Group { id, was, role } => group(work, id, was, role).await?,
                    Choice::Default { was, role } => default(work, was, role).await?,
                }
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

fn unchanged(was: Option<&String>, is: Option<&String>) -> Result<(), DeskError> {
    if was == is {
        return Ok(());
    }
    Err(DeskError::Stale {
        version: 0,
        changed: vec!["role".to_owned()],
    })
}

async fn group(
    work: &mut Work<'_>,
    id: ProvisionedGroupId,
    was: Option<String>,
    role: Option<String>,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let row = store::group_held(work, organisation, id).await?;
    let mut row = row.ok_or(DeskError::NotFound)?;
    unchanged(was.as_ref(), row.role.as_ref())?;
    within_old(work, row.role.as_deref()).await?;
    within(work, role.as_deref()).await?;
    row.role = role;
    store::put_group(work, organisation, &row, now).await?;
    let detail = json!({ "role": row.role });
    work.audit(NewEntry::new("provisioning.role", "group", id).detail(&detail));
    for person in store::members(work, organisation, id).await? {
        settle_again(work, person).await?;
    }
    Ok(())
}

async fn default(
    work: &mut Work<'_>,
    was: Option<String>,
    role: Option<String>,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let old = store::rule(work, organisation).await?;
    unchanged(was.as_ref(), old.as_ref())?;
    within_old(work, old.as_deref()).await?;
    within(work, role.as_deref()).await?;
    store::put_rule(work, organisation, role.as_deref()).await?;
    let detail = json!({ "role": role });
    let entry = NewEntry::new("provisioning.default_role", "organisation", organisation);
    work.audit(entry.detail(&detail));
    for person in store::people(work, organisation).await? {
        settle_again(work, person.id).await?;
    }
    Ok(())
}
