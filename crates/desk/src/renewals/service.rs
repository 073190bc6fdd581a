//! Finds what runs out, and tells who can renew it.

use super::model::{Ending, Kind, step};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::EndingId;
use crate::mailboxes;
use crate::staff::{self, What, sso};
use futures_util::FutureExt;

/// What runs out, of all that the caller may see, the soonest first and what has no end last. What was taken back is not
/// among it.
pub async fn ends(app: &App, ctx: &Ctx) -> Result<Vec<Ending>, DeskError> {
    let allowed = ctx.permissions();
    let mut all = Vec::new();
    if allowed.has(Permission::StaffManage) {
        let tokens = staff::list_tokens(app, ctx).await?;
        let live = tokens.into_iter().filter(|one| one.revoked_at.is_none());
        all.extend(live.map(|token| Ending {
            kind: Kind::Token,
            id: EndingId::from_bytes(token.id.bytes()),
            name: token.name,
            since: Some(token.created_at),
            ends_at: token.expires_at,
        }));
        if let Some(provider) = sso::view(app, ctx).await?
            && let Some(ends_at) = provider.rules.secret_ends_at
        {
            all.push(Ending {
                kind: Kind::Secret,
                // An organisation has one provider.
                id: EndingId::from_bytes(ctx.organisation.bytes()),
                name: provider.button,
                since: None,
                ends_at: Some(ends_at),
            });
        }
    }
    if allowed.has(Permission::SettingsRead) {
        for mailbox in mailboxes::list(app, ctx).await? {
            if let Some(ends_at) = mailbox.settings.password_ends_at {
                all.push(Ending {
                    kind: Kind::Password,
                    id: EndingId::from_bytes(mailbox.id.bytes()),
                    name: mailbox.address,
                    since: None,
                    ends_at: Some(ends_at),
                });
            }
        }
    }
    all.sort_by_key(|one| (one.ends_at.is_none(), one.ends_at));
    Ok(all)
}

/// Tells, in every clinic, what came a step closer to its end, and whoever has a link that ends within a day. A fault in one
/// clinic keeps no other waiting.
pub async fn hourly(app: &App) -> Result<(), DeskError> {
    let mut done = Ok(());
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "renewals", Source::Job);
        if let Err(error) = tend(app, &ctx).await {
            done = Err(error);
        }
    }
    done
}

async fn tend(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    staff::remind_invited(app, ctx).await?;
    let now = app.now();
    let all = ends(app, ctx).await?;
    let told = store::told(&mut app.read().await?, ctx.organisation).await?;
    let due: Vec<(Ending, i64)> = all
        .into_iter()
        .filter_map(|one| step(&one, now).map(|step| (one, step)))
        .filter(|(one, step)| !store::was_told(&told, one, *step))
        .collect();
    if due.is_empty() {
        return Ok(());
    }
    tell(app, ctx, due).await
}

/// One mail to each who can renew something of it, whatever the number.
async fn tell(app: &App, ctx: &Ctx, due: Vec<(Ending, i64)>) -> Result<(), DeskError> {
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let mut hear: Vec<Permission> = Vec::new();
            for (ending, step) in &due {
                // Another node may have been first; what is told then is told by its command.
                let is_news = store::tell(work, organisation, ending, *step).await?;
                let detail = serde_json::json!({ "days": step, "told": is_news });
                let (object, id) = (ending.kind.object(), ending.id);
                work.audit(NewEntry::new("renewal.remind", object, id).detail(&detail));
                let who = ending.kind.renewed_by();
                if is_news && !hear.contains(&who) {
                    hear.push(who);
                }
            }
            if !hear.is_empty() {
                staff::tell_any(work, &hear, None, What::Renewal).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}
