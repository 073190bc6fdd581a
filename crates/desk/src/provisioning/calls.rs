//! What the provider sent last: whoever sets it up sees whether it works. Codes alone; who was meant stands in the audit log.

use super::{authorize, store};
use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use bedside_db::{Lane, Timestamp};
use futures_util::FutureExt;

/// Messages that are kept.
const KEPT: i64 = 50;
/// A provider that only reads is noted once in so many seconds.
const READ: i64 = 60;

/// A message of the provider's.
#[derive(Clone, Debug)]
pub struct Call {
    /// When.
    pub at: Timestamp,
    /// What it was: `read`, or `people` or `groups` with `.add`, `.change` or `.remove`.
    pub what: String,
    /// What came of it: `ok`, or the code of the refusal.
    pub outcome: String,
}

/// Notes a message that was answered.
pub async fn note(app: &App, ctx: &Ctx, what: &str, outcome: &str) -> Result<(), DeskError> {
    authorize(ctx)?;
    let (organisation, id) = (ctx.organisation, app.id::<()>().uuid());
    let call = Call {
        at: app.now(),
        what: what.to_owned(),
        outcome: outcome.to_owned(),
    };
    if what == "read" && outcome == "ok" {
        let last = store::calls(&mut app.read_newest().await?, organisation, KEPT).await?;
        let lately = |one: &Call| one.what == what && call.at.seconds_since(one.at) < READ;
        if last.iter().any(lately) {
            return Ok(());
        }
    }
    app.db
        .write_in(Lane::Notes, move |tx| {
            async move { store::note(tx, organisation, id, &call, KEPT).await }.boxed()
        })
        .await
}

/// The last messages, the newest first.
pub async fn calls(app: &App, ctx: &Ctx, most: i64) -> Result<Vec<Call>, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    store::calls(&mut app.read_newest().await?, ctx.organisation, most).await
}
