//! Searches of the audit log that somebody keeps under a name, for themselves or for everybody who may read the log. Owns
//! `audit_filters`.
//!
//! Name and fields are sealed with a key of the search's own: somebody may have typed a patient's name, and a field may hold
//! a patient's id. The log tells that a search was kept, shared or removed, and nothing of what is in it.
//!
//! Invariants: only whoever keeps a search changes it; one whose keeper is gone can be removed by whoever manages the staff.
//! Fields are kept as they were, and what they mean is asked when the search is opened: a search of another time opens.

mod store;

use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::identity;
use crate::ids::{AuditFilterId, StaffId};
use crate::names;
use crate::records::{self, Opened, Purpose, Sealing};
use crate::staff;
use crate::work::Work;
use bedside_db::Conn;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

pub use store::ALL as STATEMENTS;

/// Searches that one person keeps at most.
pub const MOST: usize = 20;
/// Searches that are shared in an organisation at most, as far as the list shows them.
const MOST_SHARED: i64 = 100;
/// Characters of a field's value at most.
const MOST_TYPED: usize = 100;
/// Fields of a search at most.
const MOST_FIELDS: usize = 20;

/// What is looked for, by the name of each field that is filled in.
pub type Fields = BTreeMap<String, String>;

/// What is sealed of a search.
#[derive(Serialize, Deserialize)]
struct Words {
    name: String,
    fields: Fields,
}

/// A search that somebody keeps.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its id.
    pub id: AuditFilterId,
    /// What they call it.
    pub name: String,
    /// What is looked for.
    pub fields: Fields,
    /// Who keeps it.
    pub by: StaffId,
    /// Whether everybody who may read the log may open it.
    pub shared: bool,
    /// Counts up with each change.
    pub version: i64,
}

async fn leave(app: &App, ctx: &Ctx) -> Result<Opened, DeskError> {
    records::open(
        app,
        ctx,
        Permission::AuditRead,
        Purpose::Operations,
        "audit.filters",
        "organisation",
        ctx.organisation,
    )
    .await
}

async fn opened(leave: &Opened, conn: &mut Conn, row: store::Row) -> Result<Kept, DeskError> {
    let place = ("audit_filters", "sealed");
    let text = leave
        .text(conn, row.key, place, row.id, &row.sealed)
        .await?;
    let words: Words = serde_json::from_str(&text)?;
    Ok(Kept {
        id: row.id,
        name: words.name,
        fields: words.fields,
        by: row.by,
        shared: row.shared,
        version: row.version,
    })
}

/// One's own searches and those that others share, by name. Nothing is opened, and nothing noted, where there are none.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<Kept>, DeskError> {
    ctx.authorize(Permission::AuditRead)?;
    let organisation = ctx.organisation;
    let mut conn = app.read().await?;
    let mut rows = store::shared(&mut conn, organisation, MOST_SHARED).await?;
    if let Some(me) = ctx.actor.staff() {
        rows.retain(|row| row.by != me);
        let most = i64::try_from(MOST).unwrap_or(i64::MAX);
        rows.extend(store::own(&mut conn, organisation, me, most).await?);
    }
    drop(conn);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let leave = leave(app, ctx).await?;
    let mut conn = app.read().await?;
    let mut found = Vec::new();
    for row in rows {
        found.push(opened(&leave, &mut conn, row).await?);
    }
    found.sort_by_cached_key(|one| (one.name.to_lowercase(), one.id));
    Ok(found)
}

/// One search; [`DeskError::NotFound`] where it is somebody else's own.
pub async fn one(app: &App, ctx: &Ctx, id: AuditFilterId) -> Result<Kept, DeskError> {
    let leave = leave(app, ctx).await?;
    let mut conn = app.read().await?;
    let row = store::one(&mut conn, ctx.organisation, id).await?;
    let row = row.filter(|row| row.shared || Some(row.by) == ctx.actor.staff());
    let row = row.ok_or(DeskError::NotFound)?;
    opened(&leave, &mut conn, row).await
}

fn checked(name: &str, fields: &Fields) -> Result<Words, DeskError> {
    let long = |text: &String| text.chars().count() > MOST_TYPED;
    if fields.len() > MOST_FIELDS || fields.iter().any(|(name, value)| long(name) || long(value)) {
        return Err(DeskError::invalid(
            "fields",
            "too_long",
            "A field of a search holds up to 100 characters.",
        ));
    }
    Ok(Words {
        name: names::checked(name)?.to_owned(),
        fields: fields.clone(),
    })
}

fn told(kept: bool, shared: bool) -> serde_json::Value {
    json!({ "kept": kept, "shared": shared })
}

/// Keeps a search. [`DeskError::Conflict`] with `too_many` for more than [`MOST`].
pub async fn keep(
    app: &App,
    ctx: &Ctx,
    name: &str,
    fields: &Fields,
    shared: bool,
) -> Result<AuditFilterId, DeskError> {
    ctx.authorize(Permission::AuditRead)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let text = serde_json::to_string(&checked(name, fields)?)?;
    let id: AuditFilterId = app.id();
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let most = i64::try_from(MOST).unwrap_or(i64::MAX);
            identity::hold(work, &[b"audit filters", &by.bytes()]).await?;
            if store::own(work, organisation, by, most).await?.len() >= MOST {
                return Err(DeskError::Conflict {
                    code: "too_many",
                    text: "You keep 20 searches already. Remove one first.",
                });
            }
            let sealing = Sealing::fresh(&work.app);
            sealing.store(work).await?;
            let row = store::Row {
                id,
                by,
                shared,
                key: sealing.id,
                sealed: sealing.text("audit_filters", "sealed", id, &text),
                version: 1,
            };
            store::insert(work, organisation, &row, now).await?;
            let entry = NewEntry::new("audit.keep", "audit_filter", id);
            work.audit(entry.detail(&told(true, shared)));
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Gives one's own search another name, and shares it or keeps it to oneself. `version` is the one the caller saw.
pub async fn rename(
    app: &App,
    ctx: &Ctx,
    (id, version): (AuditFilterId, i64),
    name: &str,
    shared: bool,
) -> Result<(), DeskError> {
    let kept = one(app, ctx, id).await?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    if kept.by != by {
        return Err(DeskError::Forbidden);
    }
    let text = serde_json::to_string(&checked(name, &kept.fields)?)?;
    let leave = leave(app, ctx).await?;
    let key = {
        let mut conn = app.read().await?;
        let row = store::one(&mut conn, ctx.organisation, id).await?;
        let row = row.ok_or(DeskError::NotFound)?;
        leave.sealing(&mut conn, row.key).await?
    };
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let row = store::held(work, organisation, id).await?;
            let row = row.filter(|row| row.by == by).ok_or(DeskError::NotFound)?;
            let new = store::Row {
                shared,
                sealed: key.text("audit_filters", "sealed", id, &text),
                version,
                ..row
            };
            if !store::change(work, organisation, &new, now).await? {
                return Err(DeskError::Stale {
                    version: row.version,
                    changed: vec!["name".to_owned()],
                });
            }
            let entry = NewEntry::new("audit.share", "audit_filter", id);
            work.audit(entry.detail(&told(true, shared)));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Removes one's own search, or a shared one whose keeper is let in no more where the caller manages the staff. Its key goes
/// with it.
pub async fn remove(app: &App, ctx: &Ctx, id: AuditFilterId) -> Result<(), DeskError> {
    ctx.authorize(Permission::AuditRead)?;
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let row = store::held(work, organisation, id).await?;
            let row = row
                .filter(|row| row.shared || row.by == me)
                .ok_or(DeskError::NotFound)?;
            if row.by != me && !is_orphan(work, row.by).await? {
                return Err(DeskError::Forbidden);
            }
            store::delete(work, organisation, id).await?;
            records::forget_key(work, organisation, row.key).await?;
            let entry = NewEntry::new("audit.forget", "audit_filter", id);
            work.audit(entry.detail(&told(false, row.shared)));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Whether its keeper is let in no more, and the caller is who looks after that.
async fn is_orphan(work: &mut Work<'_>, by: StaffId) -> Result<bool, DeskError> {
    if !work.ctx.permissions().has(Permission::StaffManage) {
        return Ok(false);
    }
    let organisation = work.ctx.organisation;
    let at_work = staff::role_at_work(work, organisation, by).await?;
    Ok(at_work.is_none())
}
