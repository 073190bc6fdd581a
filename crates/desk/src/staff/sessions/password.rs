//! Choosing one's own password.

use super::{Session, admit, store, throttle};
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::SessionId;
use crate::staff::service::set_password;
use crate::staff::{passwords, sso, store as people};
use bedside_vault::secret;

/// How one can have come in; a session that is opened for a new password keeps it.
const METHODS: [&str; 11] = [
    "password",
    "password code",
    "password passkey",
    "link",
    "link code",
    "link passkey",
    "passkey",
    "sso",
    "sso code",
    "sso passkey",
    "sso factor",
];

/// How the session with this `token` began, and what its person's password is held against before they choose another;
/// none where they have none, or came by a link because they forgot it.
async fn before(
    app: &App,
    ctx: &Ctx,
    token: &str,
) -> Result<(&'static str, Option<String>), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let mut conn = app.read().await?;
    let session = store::session(&mut conn, &secret::token_hash(token)).await?;
    let session = session.ok_or(DeskError::Unauthorized)?;
    let method = METHODS.into_iter().find(|one| *one == session.method);
    let method = method.unwrap_or(METHODS[0]);
    if method.starts_with("link") {
        return Ok((method, None));
    }
    let hash = people::password_of(&mut conn, ctx.organisation, me).await?;
    Ok((method, hash))
}

/// Whether a new password asks for the one before (ASVS 5.0, V6.2.3).
pub async fn asks_current(app: &App, ctx: &Ctx, token: &str) -> Result<bool, DeskError> {
    Ok(before(app, ctx, token).await?.1.is_some())
}

/// Sets one's own password, and opens a session in the place of all that end with it. [`DeskError::Invalid`] with
/// `wrong_current` where the one before is asked for and `current` is another; [`DeskError::RateLimited`] after wrong ones;
/// [`DeskError::Conflict`] with `demo` in the demo, or `sso_only` for whoever comes in at a provider alone.
pub async fn choose_password(
    app: &App,
    ctx: &Ctx,
    (token, session): (&str, SessionId),
    (current, new): (&str, &str),
    user_agent: &str,
) -> Result<Session, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    if sso::only_way_of(&mut app.read().await?, ctx.organisation, me).await? {
        return Err(DeskError::Conflict {
            code: "sso_only",
            text: "You sign in with your organisation's account, so there is no password here.",
        });
    }
    let (method, hash) = before(app, ctx, token).await?;
    if let Some(hash) = hash {
        let key = throttle::inside(session);
        throttle::take_try(app, key).await?;
        if !passwords::fits(current.to_owned(), Some(hash)).await? {
            let tried = Some((ctx.organisation, me));
            throttle::refuse(app, key, tried, "staff.password").await?;
            let text = "This is not the password you have.";
            return Err(DeskError::invalid("current", "wrong_current", text));
        }
        throttle::forgive(app, key).await?;
    }
    set_password(app, ctx, me, new).await?;
    admit(app, ctx.organisation, me, method, user_agent).await
}
