//! Finds the clocks that came closer to their end, and tells whoever watches over them.

use super::model::{Of, Running, Stage, Timer, stage};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::privacy::{breaches, exceptions, requests};
use crate::staff::{self, What};
use futures_util::FutureExt;

/// Who hears of it: whoever does the work, and whoever watches over it.
const HEAR: &[Permission] = &[Permission::PrivacyManage, Permission::PrivacyReview];
/// Who looks at what was done past the rules.
const LOOK: &[Permission] = &[Permission::ExceptionsReview];

/// Tells, in every clinic, which clocks of the law came a stage closer to their end. A fault in one clinic, or in one clock,
/// keeps no other waiting.
///
/// # Errors
/// The last fault that was met, once all others are told.
pub async fn remind(app: &App) -> Result<(), DeskError> {
    let mut done = Ok(());
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "clocks", Source::Job);
        for of in Of::ALL {
            if let Err(error) = tend(app, &ctx, of).await {
                done = Err(error);
            }
        }
    }
    done
}

async fn tend(app: &App, ctx: &Ctx, of: Of) -> Result<(), DeskError> {
    let (now, organisation) = (app.now(), ctx.organisation);
    let (Running { timers, fault }, told) = {
        let mut conn = app.read().await?;
        let running = match of {
            Of::Requests => requests::timers(app, &mut conn, organisation).await?,
            Of::Breaches => breaches::timers(app, &mut conn, organisation).await?,
            Of::Reviews => exceptions::timers(&mut conn, organisation).await?,
        };
        let mut told = store::told(&mut conn, organisation).await?;
        told.retain(|one| one.of() == of);
        (running, told)
    };
    // A clock that can't be read may run all the same. One of which another node told a moment ago runs here too, though by
    // this node's time it is not so far.
    let runs = |one: &&store::Told| fault.is_some() || timers.iter().any(|timer| one.is_of(timer));
    let ended: Vec<store::Told> = told.iter().filter(|one| !runs(one)).cloned().collect();
    let at = |timer: &Timer| stage(timer, now).map(|stage| (*timer, stage));
    let news: Vec<(Timer, Stage)> = timers
        .iter()
        .filter_map(at)
        .filter(|(timer, stage)| !told.iter().any(|one| one.covers(timer, *stage)))
        .collect();
    if !ended.is_empty() {
        app.db
            .write(move |tx| async move { store::forget(tx, organisation, &ended).await }.boxed())
            .await?;
    }
    if !news.is_empty() {
        let hear = if of == Of::Reviews { LOOK } else { HEAR };
        tell(app, ctx, (news, hear)).await?;
    }
    fault.map_or(Ok(()), Err)
}

/// One mail to each who hears of it for each kind of news, whatever the number of clocks.
async fn tell(
    app: &App,
    ctx: &Ctx,
    (news, who): (Vec<(Timer, Stage)>, &'static [Permission]),
) -> Result<(), DeskError> {
    let organisation = ctx.organisation;
    if !staff::anybody_may(app, &mut app.read().await?, organisation, who).await? {
        // It is news to whoever may hear of it later.
        return Ok(());
    }
    app.command(ctx, move |work| {
        async move {
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
                staff::tell_any(work, who, None, what).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}
