//! Having passkeys: adding, naming and doing without them.

use super::party::{self, Kept};
use super::{Answer, Asked, Place, question, store, wrong};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::{PasskeyId, SessionId};
use crate::names;
use crate::staff::notices::{self, What};
use crate::staff::{factors, sessions, store as people};
use bedside_db::Timestamp;
use bedside_vault::secret::{content_hash, token_hash};
use futures_util::FutureExt;
use store::Row;

/// Passkeys that somebody has at most.
pub const MAX_PASSKEYS: usize = 10;

/// Somebody's passkey.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// What its person calls it.
    pub name: String,
    /// Since when it lets them in.
    pub created_at: Timestamp,
    /// When it did so last.
    pub used_at: Option<Timestamp>,
    /// Since when it lets nobody in, because there may be a copy of it.
    pub stopped_at: Option<Timestamp>,
}

/// One's own, the oldest first.
pub async fn passkeys(app: &App, ctx: &Ctx) -> Result<Vec<Passkey>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let rows = store::of_person(&mut app.read().await?, ctx.organisation, me).await?;
    Ok(rows.into_iter().map(|row| row.passkey).collect())
}

fn too_many() -> DeskError {
    DeskError::Conflict {
        code: "too_many_passkeys",
        text: "You have as many passkeys as one can have. Remove one first.",
    }
}

/// Asks the browser of this session to make a key. [`DeskError::Conflict`] with `too_many_passkeys`, or with `no_passkeys` where
/// the desk's address can't have any.
pub async fn ask_new(app: &App, ctx: &Ctx, session: SessionId) -> Result<Asked, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let mut conn = app.read().await?;
    let person = people::one(&mut conn, ctx.organisation, me).await?;
    let person = person.ok_or(DeskError::NotFound)?;
    let rows = store::of_person(&mut conn, ctx.organisation, me).await?;
    drop(conn);
    if rows.len() >= MAX_PASSKEYS {
        return Err(too_many());
    }
    let others = rows.iter().map(Row::key).collect::<Result<Vec<_>, _>>()?;
    let clinic = app.directory.of(ctx.organisation)?;
    let who = (me, person.email.as_str(), person.name.as_str());
    let asked = party::ask_new(&app.config.public_url, &clinic.name, who, &others)?;
    question::keep(app, Place::New(session), asked).await
}

/// Adds the key that the browser made, under a name. Where it is the first second factor of its person it ends their other
/// sessions, which were opened with less, and gives out recovery codes, once. [`DeskError::Gone`] where the question is over,
/// [`DeskError::Invalid`] with `wrong_passkey` or `bad_name`, [`DeskError::Conflict`] with `passkey_taken`, `too_many_passkeys`
/// or, in the demo, `demo`.
pub async fn add(
    app: &App,
    ctx: &Ctx,
    (token, session): (&str, SessionId),
    name: &str,
    answer: Answer<'_>,
) -> Result<Option<Vec<String>>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let name = names::checked(name)?.to_owned();
    let text = answer.text()?;
    let Kept::New(kept) = question::take(app, Place::New(session), answer.number).await? else {
        return Err(wrong());
    };
    let key = party::made(&app.config.public_url, &kept, text)?;
    sessions::is_no_demo(app)?;
    let hash = content_hash(key.cred_id().as_ref());
    let row = Row {
        credential: serde_json::to_string(&key)?,
        uses: 0,
        passkey: Passkey {
            id: app.id(),
            name,
            created_at: app.now(),
            used_at: None,
            stopped_at: None,
        },
    };
    let (codes, here) = (factors::make_codes(), token_hash(token));
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            // Held, so that nobody comes in meanwhile without what is added here.
            people::held(work, organisation, me).await?;
            let others = store::of_person(work, organisation, me).await?;
            if others.len() >= MAX_PASSKEYS {
                return Err(too_many());
            }
            let first = !factors::has_one(work, organisation, me).await?;
            if !store::insert(work, organisation, me, &row, &hash).await? {
                return Err(DeskError::Conflict {
                    code: "passkey_taken",
                    text: "This passkey is known here already.",
                });
            }
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
            if !store::rename(work, organisation, me, id, &name).await? {
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
            if !store::delete(work, organisation, me, id).await? {
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
