//! Commands and queries of the provider's groups.

use super::model::{MAX_GROUPS, MAX_MEMBERS, Seek, key};
use super::people::{checked_external, checked_key};
use super::settle::settle_again;
use super::store::{self, GroupRow};
use super::{Expected, authorize, expect, turn};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{OrganisationId, ProvisionedGroupId, StaffId};
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the provider says of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTold {
    /// Its name; no other group of the organisation has it, however it is written.
    pub name: String,
    /// The provider's number for it.
    pub external_id: Option<String>,
    /// Who is in it.
    pub members: BTreeSet<StaffId>,
}

/// A group of the provider's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Its id here.
    pub id: ProvisionedGroupId,
    /// Its name.
    pub name: String,
    /// The provider's number for it.
    pub external_id: Option<String>,
    /// Who is in it; empty where that was not asked for.
    pub members: Vec<StaffId>,
    /// Since when the provider tells of it.
    pub created_at: Timestamp,
    /// When it last did.
    pub changed_at: Timestamp,
    /// Rises with each change.
    pub version: i64,
}

impl Group {
    fn of(row: GroupRow, members: Vec<StaffId>) -> Self {
        Self {
            id: row.id,
            name: row.name,
            external_id: row.external_id,
            members,
            created_at: row.created_at,
            changed_at: row.changed_at,
            version: row.version,
        }
    }
}

/// All groups, or the one that is looked for; `with_members` says whether who is in them is asked for too.
pub async fn groups(
    app: &App,
    ctx: &Ctx,
    seek: &Seek,
    with_members: bool,
) -> Result<Vec<Group>, DeskError> {
    authorize(ctx)?;
    let organisation = ctx.organisation;
    let conn = &mut app.read().await?;
    let rows = match seek {
        Seek::All => store::groups(conn, organisation).await?,
        Seek::Name(name) => {
            let found = store::group_by_name(conn, organisation, &key(name)).await?;
            found.into_iter().collect()
        }
        Seek::External(id) => {
            let found = store::group_by_external(conn, organisation, id).await?;
            found.into_iter().collect()
        }
    };
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let members = if with_members {
            store::members(conn, organisation, row.id).await?
        } else {
            Vec::new()
        };
        found.push(Group::of(row, members));
    }
    Ok(found)
}

/// One group; [`DeskError::NotFound`] for one of another organisation.
pub async fn group(app: &App, ctx: &Ctx, id: ProvisionedGroupId) -> Result<Group, DeskError> {
    authorize(ctx)?;
    read(&mut app.read().await?, ctx.organisation, id).await
}

async fn read(
    conn: &mut Conn,
    organisation: OrganisationId,
    id: ProvisionedGroupId,
) -> Result<Group, DeskError> {
    let row = store::group_of(conn, organisation, id).await?;
    let row = row.ok_or(DeskError::NotFound)?;
    let members = store::members(conn, organisation, id).await?;
    Ok(Group::of(row, members))
}

/// Writes what was told, and what follows for those who came and went.
async fn tell(
    work: &mut Work<'_>,
    mut row: GroupRow,
    before: BTreeSet<StaffId>,
    told: GroupTold,
) -> Result<Group, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    if told.members.len() > MAX_MEMBERS {
        return Err(DeskError::invalid(
            "",
            "too_many",
            "A group has at most 10,000 members.",
        ));
    }
    row.name = checked_key(&told.name)?;
    row.external_id = checked_external(told.external_id.as_ref())?;
    let other = store::group_by_name(work, organisation, &key(&row.name)).await?;
    if other.is_some_and(|other| other.id != row.id) {
        return Err(DeskError::Conflict {
            code: "group_name_taken",
            text: "Another group has this name already.",
        });
    }
    if let Some(external) = &row.external_id {
        let other = store::group_by_external(work, organisation, external).await?;
        if other.is_some_and(|other| other.id != row.id) {
            return Err(DeskError::Conflict {
                code: "external_id_taken",
                text: "Another group has this external id already.",
            });
        }
    }
    store::put_group(work, organisation, &row, now).await?;
    let came: Vec<StaffId> = told.members.difference(&before).copied().collect();
    let went: Vec<StaffId> = before.difference(&told.members).copied().collect();
    for person in &came {
        if !store::add_member(work, organisation, row.id, *person).await? {
            return Err(DeskError::invalid(
                "",
                "invalid_value",
                "A member is nobody whom the provider told of.",
            ));
        }
    }
    for person in &went {
        store::remove_member(work, organisation, row.id, *person).await?;
    }
    let detail = serde_json::json!({ "came": came.len(), "went": went.len() });
    work.audit(NewEntry::new("provisioning.group", "group", row.id).detail(&detail));
    // A group without a role changes nothing for anybody.
    if row.role.is_some() {
        for person in came.iter().chain(&went) {
            settle_again(work, *person).await?;
        }
    }
    read(work, organisation, row.id).await
}

/// Adds a group; it gives no role until an administrator chooses one for it.
pub async fn add_group(app: &App, ctx: &Ctx, told: GroupTold) -> Result<Group, DeskError> {
    authorize(ctx)?;
    let id = app.id();
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (turn(work).await?, work.now);
            if store::groups(work, organisation).await?.len() >= MAX_GROUPS {
                return Err(DeskError::invalid(
                    "",
                    "too_many",
                    "There are at most 1,000 groups.",
                ));
            }
            let row = GroupRow {
                id,
                name: String::new(),
                external_id: None,
                role: None,
                created_at: now,
                changed_at: now,
                version: 0,
            };
            tell(work, row, BTreeSet::new(), told).await
        }
        .boxed()
    })
    .await
}

/// Changes a group: `change` makes what is told now of what was told before.
pub async fn change_group<F>(
    app: &App,
    ctx: &Ctx,
    id: ProvisionedGroupId,
    expected: Expected,
    change: F,
) -> Result<Group, DeskError>
where
    F: FnOnce(GroupTold) -> Result<GroupTold, DeskError> + Send + 'static,
{
    authorize(ctx)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = turn(work).await?;
            let row = store::group_held(work, organisation, id).await?;
            let row = row.ok_or(DeskError::NotFound)?;
            expect(expected, row.version)?;
            let members = store::members(work, organisation, id).await?;
            let before: BTreeSet<StaffId> = members.into_iter().collect();
            let told = change(GroupTold {
                name: row.name.clone(),
                external_id: row.external_id.clone(),
                members: before.clone(),
            })?;
            tell(work, row, before, told).await
        }
        .boxed()
    })
    .await
}

/// Removes a group, and what it gave.
pub async fn remove_group(
    app: &App,
    ctx: &Ctx,
    id: ProvisionedGroupId,
    expected: Expected,
) -> Result<(), DeskError> {
    authorize(ctx)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = turn(work).await?;
            let row = store::group_held(work, organisation, id).await?;
            let row = row.ok_or(DeskError::NotFound)?;
            expect(expected, row.version)?;
            let members = store::members(work, organisation, id).await?;
            store::delete_group(work, organisation, id).await?;
            work.audit(NewEntry::new("provisioning.group_remove", "group", id));
            if row.role.is_some() {
                for person in members {
                    settle_again(work, person).await?;
                }
            }
            Ok(())
        }
        .boxed()
    })
    .await
}
