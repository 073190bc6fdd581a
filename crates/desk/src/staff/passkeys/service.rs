//! Having passkeys: adding, naming and doing without them.

use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{PasskeyId, SessionId};
use crate::names;
use crate::passkeys::{self, Answer, Asked, Owner, Passkey, keys as store};
use crate::staff::notices::{self, What};
use crate::staff::{factors, sessions, store as people};
use bedside_vault::secret::token_hash;
use futures_util::FutureExt;

/// One's own, the oldest first.
pub async fn passkeys(app: &App, ctx: &Ctx) -> Result<Vec<Passkey>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let rows = store::of_person(&mut app.read().await?, ctx.organisation, Owner::Staff(me)).await?;
    Ok(rows.into_iter().map(|row| row.passkey).collect())
}

/// Asks the browser of this session to make a key. [`DeskError::Conflict`] with `too_many_passkeys`, or with `no_passkeys` where
/// the desk's address can't have any.
pub async fn ask_new(app: &App, ctx: &Ctx, session: SessionId) -> Result<Asked, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let mut conn = app.read().await?;
    let person = people::one(&mut conn, ctx.organisation, me).await?;
    let person = person.ok_or(DeskError::NotFound)?;
    drop(conn);
    let (whose, label) = (
        (Owner::Staff(me), session),
        (person.email.as_str(), person.name.as_str()),
    );
    passkeys::ask_new(app, ctx.organisation, whose, label).await
}

/// Adds the key that the browser made, under a name. Where it is the first second factor of its person it ends their other
/// sessions, which were opened with less, and gives out recovery codes, once. [`DeskError::Gone`] where the question is over,
/// [`DeskError::Invalid`] with `wrong_passkey` or `bad_name`, [`DeskError::Conflict`] with `passkey_taken`, `too_many_passkeys`
/// or, in the demo, `demo`. [`DeskError::SecondFactorRequired`] for whoever has to come in by a passkey, has one, and did not show it.
pub async fn add(
    app: &App,
    ctx: &Ctx,
    (token, session): (&str, SessionId),
    name: &str,
    answer: Answer<'_>,
) -> Result<Option<Vec<String>>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let made = passkeys::made(app, session, name, answer).await?;
    sessions::is_no_demo(app)?;
    let (codes, here) = (factors::make_codes(), token_hash(token));
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            // Held, so that nobody comes in meanwhile without what is added here.
            people::held(work, organisation, me).await?;
            sessions::may_add_key(work, &here).await?;
            let first = !factors::has_one(work, organisation, me).await?;
            passkeys::keep(work, Owner::Staff(me), None, made).await?;
            work.audit(NewEntry::new("passkey.add", "staff", me));
            notices::tell(work, me, What::PasskeyAdded).await?;
            if !first {
                return Ok(None);
            }
            factors::keep_codes(work, me, &codes).await?;
            sessions::store::delete_others_of(work, organisation, me, &here).await?;
            Ok(Some(codes))
        }
        .boxed()
    })
    .await
}

/// Gives one's own passkey another name.
pub async fn rename(app: &App, ctx: &Ctx, id: PasskeyId, name: &str) -> Result<(), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let name = names::checked(name)?.to_owned();
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if !store::rename(work, organisation, Owner::Staff(me), id, &name).await? {
                return Err(DeskError::NotFound);
            }
            work.audit(NewEntry::new("passkey.rename", "staff", me));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Does without one's own passkey from now on. Whoever came in elsewhere is out, perhaps by this very key: all sessions end
/// but the one of `token`.
pub async fn remove(app: &App, ctx: &Ctx, token: &str, id: PasskeyId) -> Result<(), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let here = token_hash(token);
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            people::held(work, organisation, me).await?;
            if !store::delete(work, organisation, Owner::Staff(me), id).await? {
                return Err(DeskError::NotFound);
            }
            factors::forget_idle_codes(work, me).await?;
            sessions::store::delete_others_of(work, organisation, me, &here).await?;
            work.audit(NewEntry::new("passkey.remove", "staff", me));
            notices::tell(work, me, What::PasskeyRemoved).await
        }
        .boxed()
    })
    .await
}
