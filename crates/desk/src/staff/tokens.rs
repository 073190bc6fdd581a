//! Keys for other systems: `bsd_` and 160 random bits, kept as a hash.

use super::notices::{self, What};
use super::role::{Queues, Reach, Role};
use super::roles;
use super::store::{self, TokenRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Permission, Permissions, Source};
use crate::error::DeskError;
use crate::ids::{ApiTokenId, OrganisationId, StaffId};
use crate::names;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_vault::secret;
use futures_util::FutureExt;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;

const PREFIX: &str = "bsd_";

/// Longest life of a token, in days: a key that nobody has looked at for a year is one that nobody would miss.
pub const TOKEN_DAYS: i64 = 365;

/// What a system needs that opens requests and follows them, and what a new token begins with: it sees no patient's record, and
/// nothing of the clinic's settings and people.
pub const INTEGRATION: &[Permission] = &[Permission::TicketsRead, Permission::TicketsWrite];
/// The word that stands for these on the command line.
pub const INTEGRATION_WORD: &str = "integration";

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for, 1 to 100 characters.
    pub name: String,
    /// What it may do; never more than its maker may.
    pub scopes: Permissions,
    /// Whose requests it reaches; never more than its maker does.
    pub queues: Queues,
    /// Until when, at most [`TOKEN_DAYS`] from now; none for all of them.
    pub expires_at: Option<Timestamp>,
}

/// A token, without its secret.
#[derive(Clone, Debug, Serialize)]
pub struct TokenView {
    /// Its id.
    pub id: ApiTokenId,
    /// What it is for.
    pub name: String,
    /// Permission codes, separated by spaces.
    pub scopes: String,
    /// Whose requests it reaches.
    #[serde(skip)]
    pub queues: Queues,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when; none for one from before every token had to have an end.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

pub(super) const fn reach(permissions: Permissions, queues: Queues) -> Reach {
    Reach {
        permissions,
        clinical: false,
        queues,
    }
}

/// Makes a token. The secret is given out here, once.
pub async fn create_token(
    app: &App,
    ctx: &Ctx,
    new: NewToken,
) -> Result<(ApiTokenId, String), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let name = names::checked(&new.name)?.to_owned();
    ctx.hands_on(&reach(new.scopes, new.queues.clone()))?;
    if new.scopes.has(Permission::PeopleProvision) {
        ctx.names_providers()?;
    }
    let now = app.now();
    let last = now.plus_seconds(TOKEN_DAYS * 24 * 3600);
    let expires_at = new.expires_at.unwrap_or(last);
    if expires_at > last || expires_at <= now {
        return Err(DeskError::invalid(
            "days",
            "token_days",
            "A token works for at least a day and at most a year.",
        ));
    }
    let token = format!("{PREFIX}{}", secret::random_token());
    let hash = secret::token_hash(&token);
    let row = TokenRow {
        id: app.id(),
        name,
        scopes: new.scopes.codes(),
        queues: new.queues,
        created_at: now,
        expires_at: Some(expires_at),
        revoked_at: None,
    };
    let id = row.id;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let maker = work.ctx.actor.staff();
            store::insert_token(work, organisation, &row, &hash, maker).await?;
            work.audit(
                NewEntry::new("token.create", "token", row.id).detail(
                    &serde_json::json!({ "scopes": row.scopes, "queues": row.queues.text() }),
                ),
            );
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok((id, token))
}

/// All tokens of the organisation.
pub async fn list_tokens(app: &App, ctx: &Ctx) -> Result<Vec<TokenView>, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let rows = store::tokens(&mut app.read().await?, ctx.organisation).await?;
    Ok(rows
        .into_iter()
        .map(|row| TokenView {
            id: row.id,
            name: row.name,
            scopes: row.scopes,
            queues: row.queues,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        })
        .collect())
}

/// What each token is for, by id, for whoever tells what other systems did.
pub async fn token_names(
    app: &App,
    organisation: OrganisationId,
) -> Result<HashMap<ApiTokenId, String>, DeskError> {
    let rows = store::tokens(&mut app.read().await?, organisation).await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Every token there ever was, with whoever made it; none for those of the desk itself.
pub async fn token_makers(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<HashMap<ApiTokenId, Option<StaffId>>, DeskError> {
    let mut makers = store::token_makers(conn, organisation).await?;
    let all = store::tokens(conn, organisation).await?;
    let all = all.into_iter().map(|token| token.id);
    Ok(all.map(|id| (id, makers.remove(&id))).collect())
}

/// Takes a token back that may do no more than the caller; it stops working with the next request.
pub async fn revoke_token(app: &App, ctx: &Ctx, id: ApiTokenId) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let found = store::token_reach(work, organisation, id).await?;
            let (scopes, queues) = found.ok_or(DeskError::NotFound)?;
            work.ctx
                .hands_on(&reach(Permissions::known(&scopes), queues))?;
            if !store::revoke_token(work, organisation, id, now).await? {
                return Err(DeskError::NotFound);
            }
            work.audit(NewEntry::new("token.revoke", "token", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Takes back what somebody made, in the caller's command: who is locked out may still know the secrets.
pub(super) async fn revoke_made_by(work: &mut Work<'_>, maker: StaffId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let mut provisions = false;
    for (id, scopes) in store::revoke_tokens_of(work, organisation, maker, now).await? {
        work.audit(NewEntry::new("token.revoke", "token", id));
        provisions |= provisioning(&scopes);
    }
    if provisions {
        provisioning_ends(work, maker).await?;
    }
    Ok(())
}

/// Whether a token with these scopes may say who works here.
fn provisioning(scopes: &str) -> bool {
    Permissions::known(scopes).has(Permission::PeopleProvision)
}

/// Tells whoever manages the staff that the identity provider's token opens nothing any more: from now on it puts nobody out.
async fn provisioning_ends(work: &mut Work<'_>, maker: StaffId) -> Result<(), DeskError> {
    let managers = [Permission::StaffManage];
    notices::tell_any(work, &managers, Some(maker), What::ProvisioningEnded).await
}

/// Says so, in the caller's command, where the role that somebody has from now on takes what their token gave the provider.
pub(super) async fn ends_with_role(
    work: &mut Work<'_>,
    maker: StaffId,
    role: &str,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let clinic = work.app.directory.of(organisation)?;
    let keeps = |role: &Arc<Role>| role.permissions.has(Permission::PeopleProvision);
    if clinic.role(role).is_some_and(keeps) {
        return Ok(());
    }
    let made = store::scopes_of(work, organisation, maker).await?;
    let works = |(scopes, expires): &(String, Option<Timestamp>)| {
        provisioning(scopes) && expires.is_none_or(|at| at > now)
    };
    if made.iter().any(works) {
        provisioning_ends(work, maker).await?;
    }
    Ok(())
}

/// How the identity provider's way in stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayIn {
    /// A token for it works; until when, where it ends by itself.
    Open(Option<Timestamp>),
    /// There was one, and none works any more.
    Shut,
    /// There was none.
    None,
}

/// The same, by the tokens that may say who works here: one opens nothing once its maker is out or may do less.
pub async fn provisioning_way(app: &App, ctx: &Ctx) -> Result<WayIn, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let (conn, now) = (&mut app.read().await?, app.now());
    let clinic = app.directory.of(ctx.organisation)?;
    let makers = store::token_makers(conn, ctx.organisation).await?;
    let people = store::list(conn, ctx.organisation).await?;
    let still_may = |maker: &StaffId| {
        let person = people.iter().find(|person| person.id == *maker);
        let at_work = person.filter(|person| person.disabled_at.is_none());
        let role = at_work.and_then(|person| clinic.role(&person.role));
        role.is_some_and(|role| role.permissions.has(Permission::PeopleProvision))
    };
    let mut all = store::tokens(conn, ctx.organisation).await?;
    all.retain(|token| provisioning(&token.scopes));
    let works = |token: &&TokenRow| {
        token.revoked_at.is_none()
            && token.expires_at.is_none_or(|at| at > now)
            && makers.get(&token.id).is_none_or(still_may)
    };
    let ends = all.iter().filter(works).map(|token| token.expires_at);
    Ok(match ends.reduce(longer) {
        Some(until) => WayIn::Open(until),
        None if all.is_empty() => WayIn::None,
        None => WayIn::Shut,
    })
}

/// The later of two ends; none is never.
fn longer(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.zip(other).map(|(one, other)| one.max(other))
}

/// Who is behind a bearer token; [`DeskError::Unauthorized`] when nobody. It opens no more than its maker's role does today,
/// and nothing while they are locked out.
pub async fn token_context(app: &App, token: &str) -> Result<Ctx, DeskError> {
    if !token.starts_with(PREFIX) || token.len() > 100 {
        return Err(DeskError::Unauthorized);
    }
    let found = store::token(&mut app.read().await?, &secret::token_hash(token)).await?;
    let found = found.ok_or(DeskError::Unauthorized)?;
    if found.expires_at.is_some_and(|expires| expires <= app.now()) {
        return Err(DeskError::Unauthorized);
    }
    if found.is_locked {
        return Err(DeskError::Unauthorized);
    }
    let mut opens = reach(Permissions::known(&found.scopes), found.queues);
    if let Some(code) = &found.maker {
        let role = roles::as_of(app, found.organisation, code, found.role_version).await?;
        opens = opens.shared(&role.ok_or(DeskError::Unauthorized)?.reach());
    }
    Ok(Ctx {
        organisation: found.organisation,
        actor: Actor::Token {
            id: found.id,
            reach: Arc::new(opens),
        },
        source: Source::Api,
        locale: bedside_web::Locale::default(),
        once: None,
    })
}
