//! Signing in, staying in, going out. Owns `sessions`, `staff_links` and `sign_in_failures`.

mod device;
mod own;
pub(super) mod store;

pub use device::codes as device_codes;
pub use own::{OpenSession, end_everywhere, end_one, end_others, open_sessions};
pub use store::ALL as STATEMENTS;

use super::role::SESSION_MINUTES;
use super::service::in_hands;
use super::{passwords, store as people};
use crate::app::App;
use crate::audit_log::{self, NewEntry, Outcome};
use crate::context::{Actor, Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use bedside_db::Timestamp;
use bedside_vault::{normalise, secret};
use futures_util::FutureExt;

/// How often the use of a session is written down, in seconds.
const TOUCH: i64 = 60;
/// Wrong passwords that cost no waiting.
const FREE_FAILURES: i64 = 5;
/// Longest wait after wrong passwords, in seconds.
const LONGEST_WAIT: i64 = 15 * 60;

/// A session that was opened.
#[derive(Clone, Debug)]
pub struct Session {
    /// The secret for the cookie.
    pub token: String,
    /// Who is in.
    pub ctx: Ctx,
    /// Whether they came by a link that works once: they have no password yet, or forgot it.
    pub needs_password: bool,
}

/// Signs in with address and password. Every failure reads the same. Who works for several organisations comes into the
/// first one whose password it is. `user_agent` is what the browser says of itself.
pub async fn sign_in(
    app: &App,
    email: &str,
    password: &str,
    user_agent: &str,
) -> Result<Session, DeskError> {
    let email = normalise::email(email).unwrap_or_default();
    let address = secret::token_hash(&email);
    take_try(app, address).await?;
    let known = people::by_email(&mut app.read().await?, &email).await?;
    let first = known
        .first()
        .map(|(organisation, staff, _)| (*organisation, *staff));
    if known.is_empty() {
        passwords::fits(password.to_owned(), None).await?;
    }
    for (organisation, staff, hash) in known {
        if passwords::fits(password.to_owned(), hash).await? {
            app.db
                .write::<_, DeskError, _>(move |tx| {
                    async move { store::clear_failures(tx, &address).await }.boxed()
                })
                .await?;
            return admit(app, organisation, staff, "password", user_agent).await;
        }
    }
    refuse(app, address, first).await?;
    Err(DeskError::Unauthorized)
}

/// Writes a refusal down: when it was, and in the log of whoever was tried. An address that nobody has is written to the
/// disk as well, so that it takes as long.
async fn refuse(
    app: &App,
    address: [u8; 32],
    tried: Option<(OrganisationId, StaffId)>,
) -> Result<(), DeskError> {
    let (app, now) = (app.clone(), app.now());
    let db = app.db.clone();
    db.write(move |tx| {
        async move {
            store::date_failure(tx, &address, now).await?;
            let Some((organisation, staff)) = tried else {
                return Ok(());
            };
            let ctx = Ctx {
                actor: Actor::Visitor,
                ..Ctx::system(organisation, "sign-in", Source::Page)
            };
            let entry = NewEntry::new("session.open", "staff", staff).outcome(Outcome::Denied);
            audit_log::write(tx, &app, &ctx, &entry).await
        }
        .boxed()
    })
    .await
}

/// Counts a try before the password is looked at, so that many at once count as many.
async fn take_try(app: &App, address: [u8; 32]) -> Result<(), DeskError> {
    let now = app.now();
    app.db
        .write(move |tx| {
            async move {
                let (number, before) = store::add_failure(tx, &address, now).await?;
                // A refused try is rolled back: it does not make the wait longer.
                match waiting(number - 1, before, now) {
                    Some(wait) => Err(DeskError::RateLimited { retry_after: wait }),
                    None => Ok(()),
                }
            }
            .boxed()
        })
        .await
}

/// Seconds to wait after `count` wrong passwords, the last at `last`: 2, 4, 8 … up to a quarter of an hour.
fn waiting(count: i64, last: Timestamp, now: Timestamp) -> Option<u32> {
    let over = count - FREE_FAILURES;
    if over <= 0 {
        return None;
    }
    let wait = LONGEST_WAIT.min(1 << over.min(20));
    u32::try_from(wait - now.seconds_since(last))
        .ok()
        .filter(|left| *left > 0)
}

/// Signs in by a link. An expired, used or unknown one is [`DeskError::Gone`].
pub async fn sign_in_by_link(
    app: &App,
    token: &str,
    user_agent: &str,
) -> Result<Session, DeskError> {
    let hash = secret::token_hash(token);
    let now = app.now();
    let used = app
        .db
        .write::<_, DeskError, _>(move |tx| {
            async move { store::use_link(tx, &hash, now).await }.boxed()
        })
        .await?;
    let (organisation, staff, reusable) = used.ok_or(DeskError::Gone)?;
    let session = admit(app, organisation, staff, "link", user_agent).await?;
    Ok(Session {
        needs_password: !reusable,
        ..session
    })
}

/// Opens a session for somebody who has shown who they are, by `method`.
pub async fn admit(
    app: &App,
    organisation: OrganisationId,
    staff: StaffId,
    method: &'static str,
    user_agent: &str,
) -> Result<Session, DeskError> {
    let token = secret::random_token();
    let new = store::NewSession {
        hash: secret::token_hash(&token),
        id: app.id(),
        staff,
        method,
        device: device::of(user_agent),
        // What the role says ends it earlier: see `look`.
        expires: app.now().plus_seconds(SESSION_MINUTES.1 * 60),
    };
    let ctx = Ctx::system(organisation, "sign-in", Source::Page);
    app.command(&ctx, move |work| {
        async move {
            let now = work.now;
            store::insert_session(work, organisation, &new, now).await?;
            let detail = serde_json::json!({ "method": method });
            work.audit(NewEntry::new("session.open", "staff", staff).detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await?;
    let ctx = session(app, &token).await?.ok_or(DeskError::Unauthorized)?;
    Ok(Session {
        token,
        ctx,
        needs_password: false,
    })
}

/// Who is behind a session's token; none when it has ended.
pub async fn session(app: &App, token: &str) -> Result<Option<Ctx>, DeskError> {
    look(app, token, true).await
}

/// The same for requests that a page makes by itself: they don't keep a session alive that nobody uses.
pub async fn session_unused(app: &App, token: &str) -> Result<Option<Ctx>, DeskError> {
    look(app, token, false).await
}

async fn look(app: &App, token: &str, used: bool) -> Result<Option<Ctx>, DeskError> {
    let hash = secret::token_hash(token);
    let now = app.now();
    let Some(row) = store::session(&mut app.read().await?, &hash).await? else {
        return Ok(None);
    };
    let clinic = app.directory.of(row.organisation)?;
    // Nobody can do anything with a role that is gone.
    let Some(role) = clinic.role(&row.role) else {
        return Ok(None);
    };
    if now >= row.expires_at || role.ends_session(row.created_at, row.seen_at, now) {
        // What has ended stays ended, also where the role is given more time.
        app.db
            .write::<_, DeskError, _>(move |tx| {
                async move { store::delete_session(tx, &hash).await }.boxed()
            })
            .await?;
        return Ok(None);
    }
    if used && now.seconds_since(row.seen_at) >= TOUCH {
        app.db
            .write::<_, DeskError, _>(move |tx| {
                async move { store::touch_session(tx, &hash, now).await }.boxed()
            })
            .await?;
    }
    Ok(Some(Ctx {
        organisation: row.organisation,
        actor: Actor::Staff {
            id: row.staff,
            role: role.clone(),
            name: row.name.into(),
        },
        source: Source::Page,
        locale: row.locale.parse().unwrap_or_default(),
        once: None,
    }))
}

/// Ends a session.
pub async fn end_session(app: &App, ctx: &Ctx, token: &str) -> Result<(), DeskError> {
    let hash = secret::token_hash(token);
    app.command(ctx, move |work| {
        async move {
            store::delete_session(work, &hash).await?;
            let id = work.ctx.actor.id_text();
            work.audit(NewEntry::new("session.close", "staff", id));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// A link that lets somebody in who may do no more than the caller, until `expires`; once, unless `reusable` (the demo's
/// doors).
pub async fn make_link(
    app: &App,
    ctx: &Ctx,
    staff: StaffId,
    reusable: bool,
    expires: Timestamp,
) -> Result<String, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let token = secret::random_token();
    let hash = secret::token_hash(&token);
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            in_hands(work, staff).await?;
            store::insert_link(work, &hash, organisation, staff, reusable, expires).await?;
            work.audit(NewEntry::new("staff.link", "staff", staff));
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(token)
}

/// Forgets sessions and links that ended by themselves, and wrong passwords of yesterday.
pub async fn forget_expired(app: &App) -> Result<(), DeskError> {
    let now = app.now();
    app.db
        .write(move |tx| async move { store::forget_expired(tx, now).await }.boxed())
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_and_ends() {
        let at = Timestamp::from_micros(0);
        assert_eq!(waiting(5, at, at), None);
        assert_eq!(waiting(6, at, at), Some(2));
        assert_eq!(waiting(7, at, at.plus_seconds(3)), Some(1));
        assert_eq!(waiting(7, at, at.plus_seconds(4)), None);
        assert_eq!(waiting(60, at, at), Some(900));
    }
}
