//! Setting a provider up, and trying it out.

use super::model::{NewProvider, ProviderView, Said};
use super::store::{self, ProviderRow};
use super::{description, trouble::Trouble};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{OrganisationId, SsoProviderId};
use crate::records::{self, Sealing};
use crate::staff::sessions::{self, is_no_demo};
use crate::work::Work;
use futures_util::FutureExt;

/// Where the client's secret stands, for its seal.
const PLACE: (&str, &str) = ("sso_providers", "secret");

/// Which settings of which provider: another one that takes its place begins its versions anew.
pub(in crate::staff) type Named = (SsoProviderId, i64);

/// A provider with what the desk shows it.
pub(super) struct Opened {
    pub id: SsoProviderId,
    pub view: ProviderView,
    pub secret: String,
}

impl Opened {
    pub const fn named(&self) -> Named {
        (self.id, self.view.version)
    }

    /// The account that it speaks of: at which provider, and what it is known by there.
    pub fn account<'a>(&'a self, said: &'a Said) -> (&'a str, &'a str) {
        (&self.view.issuer, &said.subject)
    }
}

/// An organisation's provider, opened, for the desk's own machinery.
pub(super) async fn opened(
    app: &App,
    organisation: OrganisationId,
) -> Result<Option<Opened>, DeskError> {
    let mut conn = app.read().await?;
    let Some(row) = store::provider(&mut conn, organisation).await? else {
        return Ok(None);
    };
    let sealing = records::sealing(app, &mut conn, organisation, row.key).await?;
    Ok(Some(Opened {
        secret: sealing.open_text(PLACE.0, PLACE.1, row.id, &row.secret)?,
        id: row.id,
        view: row.view,
    }))
}

/// The organisation's provider, without its secret.
pub async fn view(app: &App, ctx: &Ctx) -> Result<Option<ProviderView>, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let row = store::provider(&mut app.read().await?, ctx.organisation).await?;
    Ok(row.map(|row| row.view))
}

/// The sign-in page's buttons: the organisation's short name, and the words.
pub async fn doors(app: &App) -> Result<Vec<(String, String)>, DeskError> {
    let all = store::doors(&mut app.read().await?).await?;
    let named = all.into_iter().filter_map(|(organisation, button)| {
        let clinic = app.directory.of(organisation).ok()?;
        Some((clinic.slug.clone(), button))
    });
    Ok(named.collect())
}

/// Keeps a provider. Another issuer is another provider: everybody is connected anew at their next sign-in. Another issuer
/// or client needs its own secret, which must not be sent to whoever was put in the old one's place.
pub async fn put(app: &App, ctx: &Ctx, new: NewProvider) -> Result<(), DeskError> {
    ctx.names_providers()?;
    is_no_demo(app)?;
    new.check()?;
    let clinic = app.directory.of(ctx.organisation)?;
    let unknown = |(role, _): &(String, Vec<String>)| clinic.role(role).is_none();
    if new.view.rules.roles.iter().any(unknown) {
        return Err(DeskError::invalid(
            "roles",
            "unknown_role",
            "There is no role with this name.",
        ));
    }
    let old = store::provider(&mut app.read().await?, ctx.organisation).await?;
    let stays = |old: &ProviderRow| {
        old.view.issuer == new.view.issuer && old.view.client == new.view.client
    };
    let kept = new.secret.is_none() && old.as_ref().is_some_and(stays);
    if new.secret.is_none() && !kept {
        return Err(DeskError::invalid(
            "secret",
            "sso_secret_needed",
            "Write the client secret that belongs to this provider and client.",
        ));
    }
    let moves = old
        .as_ref()
        .is_some_and(|old| old.view.issuer != new.view.issuer);
    let (sealing, fresh, id) = match &old {
        Some(old) => {
            let mut conn = app.read().await?;
            let sealing = records::sealing(app, &mut conn, ctx.organisation, old.key).await?;
            (sealing, false, old.id)
        }
        None => (Sealing::fresh(app), true, app.id()),
    };
    let secret = match (&new.secret, old) {
        (Some(secret), _) => sealing.text(PLACE.0, PLACE.1, id, secret),
        (None, Some(old)) => old.secret,
        (None, None) => Vec::new(),
    };
    let row = ProviderRow {
        id,
        key: sealing.id,
        secret,
        view: new.view,
    };
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if fresh {
                sealing.store(work).await?;
            }
            if !store::put_provider(work, organisation, &row).await? {
                let now = store::provider(work, organisation).await?;
                return Err(DeskError::Stale {
                    version: now.map_or(0, |row| row.view.version),
                    changed: vec!["sso".to_owned()],
                });
            }
            if moves || !row.view.enabled {
                end_sessions(work).await?;
            }
            if moves {
                store::delete_people(work, organisation).await?;
            }
            let given = row.view.rules.roles.iter();
            let given = given.map(|(role, groups)| format!("{role}: {}", groups.join(", ")));
            let told = serde_json::json!({
                "enabled": row.view.enabled,
                "groups": given.collect::<Vec<_>>(),
                "makes_accounts": row.view.rules.makes_accounts,
                "only_way": row.view.rules.only_way,
                "trusted_words": row.view.rules.factor,
            });
            said(
                work,
                NewEntry::new("sso.change", "sso_provider", row.id).detail(&told),
            );
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Ends the sessions of everybody who comes in by the provider, whatever let them in: what a provider that is no longer
/// trusted has opened is not left open. Whoever decides it stays in.
async fn end_sessions(work: &mut Work<'_>) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for staff in store::people(work, organisation).await? {
        if work.ctx.actor.staff() != Some(staff) {
            sessions::store::delete_sessions_of(work, organisation, staff).await?;
        }
    }
    Ok(())
}

/// Forgets the provider, and whom of it people are. Their accounts stay: they come in by a link next.
pub async fn remove(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    ctx.names_providers()?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let old = store::provider(work, organisation).await?;
            let old = old.ok_or(DeskError::NotFound)?;
            store::delete_provider(work, organisation).await?;
            end_sessions(work).await?;
            store::delete_people(work, organisation).await?;
            records::forget_key(work, organisation, old.key).await?;
            said(work, NewEntry::new("sso.remove", "sso_provider", old.id));
            Ok(())
        }
        .boxed()
    })
    .await
}

fn said(work: &mut Work<'_>, entry: NewEntry) {
    work.audit(entry);
    work.event(
        kind::SETTINGS_CHANGED,
        None,
        None,
        &serde_json::json!({ "setting": "sso" }),
    );
}

/// Asks the provider for what it says of itself, as it is saved; what is wrong, if anything. [`DeskError::NotFound`] where
/// none is set up.
pub async fn try_out(app: &App, ctx: &Ctx) -> Result<Result<(), Trouble>, DeskError> {
    ctx.names_providers()?;
    is_no_demo(app)?;
    let row = store::provider(&mut app.read().await?, ctx.organisation).await?;
    let row = row.ok_or(DeskError::NotFound)?;
    let found = description::try_out(app, &row.view.issuer).await;
    let outcome = found.as_ref().err().map_or("ok", |trouble| trouble.code());
    let told = serde_json::json!({ "found": outcome });
    app.audit(
        ctx,
        NewEntry::new("sso.try", "sso_provider", row.id).detail(&told),
    )
    .await?;
    Ok(found)
}
