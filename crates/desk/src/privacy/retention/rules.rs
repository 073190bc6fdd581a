//! Looking at what a rule would do, and deciding about it.

use super::model::{Next, Period, Preview, Record, Rule, When, Wish};
use super::{find, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::staff::{self, What};
use crate::work::Work;
use futures_util::FutureExt;
use serde_json::json;

/// Every rule with what it does, or would do if it were switched on.
pub async fn list(app: &App, ctx: &Ctx) -> Result<Vec<(Rule, Preview)>, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    app.audit(
        ctx,
        NewEntry::new("retention.list", "retention_rule", "all"),
    )
    .await?;
    let rules = store::rules(&mut app.read_newest().await?, ctx.organisation).await?;
    let mut all = Vec::new();
    for rule in rules {
        let preview = find::preview(app, ctx.organisation, rule.record, rule.period).await?;
        all.push((rule, preview));
    }
    Ok(all)
}

/// One rule.
pub async fn one(app: &App, ctx: &Ctx, record: Record) -> Result<Rule, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    app.audit(
        ctx,
        NewEntry::new("retention.read", "retention_rule", record.code()),
    )
    .await?;
    let rules = store::rules(&mut app.read_newest().await?, ctx.organisation).await?;
    let rule = rules.into_iter().find(|rule| rule.record == record);
    Ok(rule.unwrap_or_else(|| Rule::offered(record)))
}

/// Looks at what a period would do, which a decision for it needs. Nothing goes by it.
///
/// # Errors
/// [`DeskError::Invalid`] for a period that can't be.
pub async fn look(
    app: &App,
    ctx: &Ctx,
    record: Record,
    period: Period,
) -> Result<(Rule, Preview), DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let period = period.checked(record)?;
    let preview = find::preview(app, ctx.organisation, record, period).await?;
    let rule = app
        .command(ctx, move |work| {
            async move {
                let organisation = work.ctx.organisation;
                let mut rule = store::held_rule(work, organisation, record).await?;
                rule.seen = Some((period, by, work.now));
                keep(work, &mut rule).await?;
                work.audit(entry("retention.preview", record).detail(&json!({
                    "period": period, "today": preview.today, "soon": preview.soon, "held": preview.held,
                    "young": preview.young, "more": preview.more,
                })));
                Ok(rule)
            }
            .boxed()
        })
        .await?;
    Ok((rule, preview))
}

/// Decides what goes by itself from now on. `version` is the one of the rule that the caller saw. By which more goes counts
/// only after [`super::WAIT`] seconds, and is told to everybody who decides about privacy.
///
/// # Errors
/// [`DeskError::Invalid`] for a period that can't be; [`DeskError::Conflict`] with `not_seen` when the caller didn't look
/// ([`look`]) a short while ago; [`DeskError::Stale`] when somebody was first.
pub async fn decide(
    app: &App,
    ctx: &Ctx,
    record: Record,
    wish: Wish,
    version: i64,
) -> Result<When, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let wish = match wish {
        Wish::Off => Wish::Off,
        Wish::After(period) => Wish::After(period.checked(record)?),
    };
    app.command(ctx, move |work| {
        async move {
            let now = work.now;
            let mut rule = seen_rule(work, record, version).await?;
            let when = rule.decide(wish, by, now)?;
            match (when, wish) {
                (When::Later(from), Wish::After(period)) => {
                    rule.next = Some(Next {
                        period,
                        by,
                        at: now,
                        from,
                    });
                    staff::tell_any(work, &[Permission::PrivacyManage], None, What::Retention)
                        .await?;
                }
                (_, Wish::After(period)) => {
                    (rule.period, rule.next, rule.set) = (period, None, Some((by, now)));
                }
                (_, Wish::Off) => {
                    (rule.active, rule.next, rule.set) = (false, None, Some((by, now)));
                }
            }
            rule.seen = None;
            keep(work, &mut rule).await?;
            let period = match wish {
                Wish::Off => None,
                Wish::After(period) => Some(period),
            };
            let from = match when {
                When::Now => now,
                When::Later(from) => from,
            };
            let detail = json!({ "period": period, "from": from });
            work.audit(entry("retention.decide", record).detail(&detail));
            Ok(when)
        }
        .boxed()
    })
    .await
}

/// Takes back a decision that doesn't count yet.
///
/// # Errors
/// [`DeskError::NotFound`] when none waits; [`DeskError::Stale`] when somebody was first.
pub async fn take_back(
    app: &App,
    ctx: &Ctx,
    record: Record,
    version: i64,
) -> Result<(), DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    app.command(ctx, move |work| {
        async move {
            let mut rule = seen_rule(work, record, version).await?;
            rule.next.take().ok_or(DeskError::NotFound)?;
            keep(work, &mut rule).await?;
            work.audit(entry("retention.take_back", record));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Has a decision count whose time has come.
pub(super) async fn begin_due(app: &App, ctx: &Ctx, record: Record) -> Result<(), DeskError> {
    let waits = {
        let rules = store::rules(&mut app.read_newest().await?, ctx.organisation).await?;
        let now = app.now();
        rules
            .iter()
            .any(|rule| rule.record == record && rule.next.is_some_and(|next| next.from <= now))
    };
    if !waits {
        return Ok(());
    }
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let mut rule = store::held_rule(work, organisation, record).await?;
            let due = rule.next.take_if(|next| next.from <= work.now);
            let next = due.ok_or(DeskError::NotFound)?;
            (rule.active, rule.period) = (true, next.period);
            rule.set = Some((next.by, next.at));
            keep(work, &mut rule).await?;
            let detail = json!({ "period": next.period, "by": next.by, "at": next.at });
            work.audit(entry("retention.begin", record).detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await
    .or_else(|error| match error {
        // Another node was first, or somebody took it back.
        DeskError::NotFound | DeskError::Stale { .. } => Ok(()),
        error => Err(error),
    })
}

fn entry(action: &'static str, record: Record) -> NewEntry {
    NewEntry::new(action, "retention_rule", record.code())
}

async fn seen_rule(work: &mut Work<'_>, record: Record, version: i64) -> Result<Rule, DeskError> {
    let organisation = work.ctx.organisation;
    let rule = store::held_rule(work, organisation, record).await?;
    if rule.version == version {
        Ok(rule)
    } else {
        Err(DeskError::Stale {
            version: rule.version,
            changed: vec!["rule".to_owned()],
        })
    }
}

async fn keep(work: &mut Work<'_>, rule: &mut Rule) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if !store::put_rule(work, organisation, rule).await? {
        return Err(DeskError::Stale {
            version: rule.version + 1,
            changed: vec!["rule".to_owned()],
        });
    }
    rule.version += 1;
    Ok(())
}
