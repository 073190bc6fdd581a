//! Finds the clocks that came closer to their end, and tells whoever watches over them.

use super::model::{Stage, Timer, stage};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::privacy::{breaches, requests};
use crate::staff::{self, What};
use futures_util::FutureExt;

/// Who hears of it: whoever does the work, and whoever watches over it.
const HEAR: [Permission; 2] = [Permission::PrivacyManage, Permission::PrivacyReview];

/// Tells, in every clinic, which clocks of the law came a stage closer to their end. A fault in one clinic keeps no other
/// waiting.
pub async fn remind(app: &App) -> Result<(), DeskError> {
    let mut done = Ok(());
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "clocks", Source::Job);
        if let Err(error) = tend(app, &ctx).await {
            done = Err(error);
        }
    }
    done
}

async fn tend(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    let now = app.now();
    let (timers, told) = {
        let mut conn = app.read().await?;
        let mut timers = requests::timers(app, &mut conn, ctx.organisation).await?;
        timers.extend(breaches::timers(app, &mut conn, ctx.organisation).await?);
        let told = store::told(&mut conn, ctx.organisation).await?;
        (timers, told)
    };
    let at = |timer: Timer| stage(&timer, now).map(|stage| (timer, stage));
    let close: Vec<(Timer, Stage)> = timers.into_iter().filter_map(at).collect();
    let kept = |one: &&store::Told| close.iter().any(|(timer, _)| one.is_of(timer));
    let ended: Vec<store::Told> = told.iter().filter(|one| !kept(one)).cloned().collect();
    let news: Vec<(Timer, Stage)> = close
        .into_iter()
        .filter(|(timer, stage)| !told.iter().any(|one| one.covers(timer, *stage)))
        .collect();
    if !ended.is_empty() {
        let organisation = ctx.organisation;
        app.db
            .write(move |tx| async move { store::forget(tx, organisation, &ended).await }.boxed())
            .await?;
    }
    if news.is_empty() {
        return Ok(());
    }
    tell(app, ctx, news).await
}

/// One mail to each who hears of it for each kind of news, whatever the number of clocks.
async fn tell(app: &App, ctx: &Ctx, news: Vec<(Timer, Stage)>) -> Result<(), DeskError> {
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let mut hear: Vec<What> = Vec::new();
            for (timer, stage) in &news {
                // Another node may have been first; what is told then is told by its command.
                let is_news = store::tell(work, organisation, timer, *stage).await?;
                let (kind, id) = timer.work.object();
                let detail = serde_json::json!({
                    "duty": timer.work.duty(), "stage": *stage as i64, "told": is_news,
                });
                work.audit(NewEntry::new("privacy.remind", kind, id).detail(&detail));
                let what = timer.work.news(*stage);
                if is_news && !hear.contains(&what) {
                    hear.push(what);
                }
            }
            for what in hear {
                staff::tell_any(work, &HEAR, None, what).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}
