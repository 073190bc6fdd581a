//! What ran, for whoever has to show it.

use super::model::Run;
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::RetentionRunId;

/// Runs that a list shows.
const SHOWN: i64 = 50;

/// Runs before one, or the newest, and where the list goes on.
pub async fn runs(
    app: &App,
    ctx: &Ctx,
    before: Option<RetentionRunId>,
) -> Result<(Vec<Run>, Option<RetentionRunId>), DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    app.audit(ctx, NewEntry::new("retention.list", "retention_run", "all"))
        .await?;
    let before = before.unwrap_or_else(|| RetentionRunId::from_bytes([0xff; 16]));
    let mut conn = app.read_newest().await?;
    let mut found = store::runs(&mut conn, ctx.organisation, before, SHOWN + 1).await?;
    let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
    let more = found.len() > shown;
    found.truncate(shown);
    let next = found.last().filter(|_| more).map(|run| run.told.id);
    Ok((found, next))
}

/// One run.
///
/// # Errors
/// [`DeskError::NotFound`] when there is none.
pub async fn run(app: &App, ctx: &Ctx, id: RetentionRunId) -> Result<Run, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    app.audit(ctx, NewEntry::new("retention.proof", "retention_run", id))
        .await?;
    let found = store::one_run(&mut app.read_newest().await?, ctx.organisation, id).await?;
    found.ok_or(DeskError::NotFound)
}
