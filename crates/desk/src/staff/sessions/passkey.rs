//! Coming in by a passkey, finishing with one what a password or a link began, and proving with one who one is.

use super::half::TRIES;
use super::{Here, Session, know, new_session, open, opened, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::SessionId;
use crate::passkeys::Owner;
use crate::staff::passkeys::{self, Answer, Asked, Place};
use crate::staff::sso;
use bedside_vault::secret;
use futures_util::FutureExt;
use std::sync::Arc;

/// Asks a browser at the door for whichever passkey it has; `browser` is the cookie that it answers with.
pub async fn ask_at_door(app: &App, browser: &str) -> Result<Asked, DeskError> {
    passkeys::ask_for(app, Place::Door(browser), &[]).await
}

/// Asks whoever showed a password or a link for one of their passkeys; [`DeskError::Gone`] when that is over.
pub async fn ask_half(app: &App, half: &str) -> Result<Asked, DeskError> {
    let mut conn = app.read().await?;
    let hash = secret::token_hash(half);
    let found = store::half(&mut conn, &hash, app.now(), TRIES).await?;
    let (organisation, staff, ..) = found.ok_or(DeskError::Gone)?;
    let rows = passkeys::store::of_person(&mut conn, organisation, Owner::Staff(staff)).await?;
    drop(conn);
    ask_one_of(app, Place::Half(half), &rows).await
}

/// Asks whoever is in for one of their passkeys, as a fresh proof.
pub async fn ask_inside(app: &App, ctx: &Ctx, session: SessionId) -> Result<Asked, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let rows =
        passkeys::store::of_person(&mut app.read().await?, ctx.organisation, Owner::Staff(me))
            .await?;
    ask_one_of(app, Place::Inside(session), &rows).await
}

/// [`DeskError::NotFound`] where there is none: a question that names no key would ask for anybody's.
async fn ask_one_of(
    app: &App,
    place: Place<'_>,
    rows: &[passkeys::store::Row],
) -> Result<Asked, DeskError> {
    if rows.is_empty() {
        return Err(DeskError::NotFound);
    }
    let keys = rows.iter().map(passkeys::store::Row::key);
    passkeys::ask_for(app, place, &keys.collect::<Result<Vec<_>, _>>()?).await
}

/// Signs in with a passkey alone: it shows the device, and that its holder can unlock it. [`DeskError::Gone`] where the question
/// is over; [`DeskError::Invalid`] with `wrong_passkey`, whatever it was; [`DeskError::Conflict`] with `passkey_stopped`.
pub async fn sign_in_by_passkey(
    app: &App,
    browser: &str,
    answer: Answer<'_>,
    user_agent: &str,
) -> Result<Session, DeskError> {
    let checked = passkeys::check(app, Place::Door(browser), answer, None).await?;
    let token = secret::random_token();
    let new = new_session(app, checked.staff, "passkey", user_agent, &token);
    let ctx = Ctx::system(checked.organisation, "sign-in", Source::Page);
    app.command(&ctx, move |work| {
        async move {
            passkeys::take(work, &checked).await?;
            if sso::only_way_of(work, checked.organisation, checked.staff).await? {
                return Err(passkeys::wrong());
            }
            open(work, &new).await
        }
        .boxed()
    })
    .await?;
    opened(app, token, false).await
}

/// Lets somebody in who showed a password or a link before. Errors as [`sign_in_by_passkey`]; [`DeskError::Gone`] also where
/// the first half is over.
pub async fn finish_by_passkey(
    app: &App,
    half: &str,
    answer: Answer<'_>,
    user_agent: &str,
) -> Result<Session, DeskError> {
    let (hash, now) = (secret::token_hash(half), app.now());
    let found = store::half(&mut app.read().await?, &hash, now, TRIES).await?;
    let (organisation, staff, _, by_link) = found.ok_or(DeskError::Gone)?;
    let who = Some((organisation, staff));
    let checked = passkeys::check(app, Place::Half(half), answer, who).await?;
    let token = secret::random_token();
    let mut new = new_session(app, staff, "", user_agent, &token);
    new.by_link = by_link;
    let ctx = Ctx::system(organisation, "sign-in", Source::Page);
    let needs_password = app
        .command(&ctx, move |work| {
            async move {
                passkeys::take(work, &checked).await?;
                let half = store::take_half(work, &hash, now).await?;
                let (method, needs_password) = half.ok_or(DeskError::Gone)?;
                new.method = match method.as_str() {
                    "password" => "password passkey",
                    "sso" => "sso passkey",
                    _ => "link passkey",
                };
                open(work, &new).await?;
                Ok(needs_password)
            }
            .boxed()
        })
        .await?;
    opened(app, token, needs_password).await
}

/// How a session began, and that a passkey was shown in it: a role may ask for just that.
fn with_passkey(method: &str) -> String {
    let first = method.split(' ').next().unwrap_or_default();
    match first {
        "passkey" => first.to_owned(),
        _ => format!("{first} passkey"),
    }
}

/// Takes a passkey as a fresh proof for this session, and gives the token back that it has from now on. Errors as
/// [`sign_in_by_passkey`].
pub async fn confirm_by_passkey(
    app: &App,
    ctx: &Ctx,
    (token, session, here): (&str, SessionId, Option<Arc<Here>>),
    answer: Answer<'_>,
) -> Result<String, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let who = Some((ctx.organisation, me));
    let checked = passkeys::check(app, Place::Inside(session), answer, who).await?;
    let fresh = secret::random_token();
    let hashes = (secret::token_hash(token), secret::token_hash(&fresh));
    app.command(ctx, move |work| {
        async move {
            passkeys::take(work, &checked).await?;
            let now = work.now;
            if !store::prove_session(work, (&hashes.0, &hashes.1), now).await? {
                return Err(DeskError::Unauthorized);
            }
            if let Some(row) = store::session(work, &hashes.1).await? {
                let method = with_passkey(&row.method);
                store::name_method(work, &hashes.1, &method).await?;
            }
            if let Some(here) = &here {
                know(work, me, here).await?;
            }
            work.audit(NewEntry::new("session.confirm", "staff", me));
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(fresh)
}
