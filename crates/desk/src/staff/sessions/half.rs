//! Between the password and the code: a short-lived state that opens nothing.

use super::{Session, device, open, opened, store, throttle};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, StaffId};
use crate::staff::notices::{self, What};
use crate::staff::passkeys::possible;
use crate::staff::role::SESSION_MINUTES;
use crate::staff::{factors, store as people};
use crate::work::Work;
use bedside_vault::secret;
use bedside_web::Locale;
use futures_util::FutureExt;

/// Seconds in which the code has to come.
pub(super) const SECONDS: i64 = 10 * 60;
/// Codes that may be tried before it begins anew with the password.
pub(super) const TRIES: i64 = 5;
/// Seconds between two pieces of news about wrong codes.
const NEWS_SECONDS: i64 = 24 * 3600;

/// Somebody who showed a password or a link, and has a second factor to show.
#[derive(Clone, Debug)]
pub struct Half {
    /// The secret for the cookie. It opens nothing by itself.
    pub token: String,
}

/// Whom a code is asked of.
#[derive(Clone, Copy, Debug)]
pub struct HalfPerson {
    /// The language of their pages.
    pub locale: Locale,
    /// Whether they came by a link that works once, which is used up by now.
    pub by_link: bool,
    /// Whether an app makes codes for them.
    pub app: bool,
    /// Whether they have a passkey.
    pub passkey: bool,
}

/// Keeps, in the caller's command, that `staff` showed the first thing: how, and whether they have to set a password once
/// they are in.
pub(super) async fn begin(
    work: &mut Work<'_>,
    staff: StaffId,
    shown: (&'static str, bool),
    hash: &[u8; 32],
) -> Result<(), DeskError> {
    let (organisation, expires) = (work.ctx.organisation, work.now.plus_seconds(SECONDS));
    store::insert_half(work, organisation, staff, hash, shown, expires).await?;
    let detail = serde_json::json!({ "method": shown.0 });
    work.audit(NewEntry::new("session.begin", "staff", staff).detail(&detail));
    Ok(())
}

/// Whom to ask for a code; none when it is over.
pub async fn half_person(app: &App, token: &str) -> Result<Option<HalfPerson>, DeskError> {
    let hash = secret::token_hash(token);
    let mut conn = app.read().await?;
    let found = store::half(&mut conn, &hash, app.now(), TRIES).await?;
    let Some((organisation, staff, locale, by_link)) = found else {
        return Ok(None);
    };
    let factor = factors::store::state(&mut conn, organisation, staff).await?;
    Ok(Some(HalfPerson {
        locale: locale.parse().unwrap_or_default(),
        by_link,
        app: factor.is_some_and(|factor| factor.app_since.is_some()),
        passkey: factor.is_some_and(|factor| factor.passkeys_work)
            && possible(&app.config.public_url),
    }))
}

/// Lets somebody in who shows their second factor. [`DeskError::Invalid`] with `wrong_code`; [`DeskError::Gone`] when the
/// time or the tries are over, and it begins anew; [`DeskError::RateLimited`] after wrong codes.
pub async fn finish(
    app: &App,
    token: &str,
    typed: &str,
    user_agent: &str,
) -> Result<Session, DeskError> {
    let (hash, now) = (secret::token_hash(token), app.now());
    let found = store::half(&mut app.read().await?, &hash, now, TRIES).await?;
    let (organisation, staff, _, by_link) = found.ok_or(DeskError::Gone)?;
    let key = throttle::second_step(organisation, staff);
    throttle::take_try(app, key).await?;
    let number = app
        .db
        .write::<_, DeskError, _>(move |tx| {
            async move { store::try_half(tx, &hash, now, TRIES).await }.boxed()
        })
        .await?;
    let number = number.ok_or(DeskError::Gone)?;
    let shown = factors::held_against(app, organisation, staff, typed).await?;
    let ctx = Ctx::system(organisation, "sign-in", Source::Page);
    let session = secret::random_token();
    let mut new = store::NewSession {
        hash: secret::token_hash(&session),
        id: app.id(),
        staff,
        method: "",
        device: device::of(user_agent),
        by_link,
        expires: now.plus_seconds(SESSION_MINUTES.1 * 60),
    };
    let entered = match shown {
        None => Err(factors::wrong_code()),
        Some(shown) => {
            let entering = app.command(&ctx, move |work| {
                async move {
                    // Held, so that nobody comes in with what is changed at this moment.
                    people::held(work, organisation, staff).await?;
                    if !factors::take(work, staff, shown).await? {
                        return Err(factors::wrong_code());
                    }
                    let half = store::take_half(work, &hash, now).await?;
                    let (method, needs_password) = half.ok_or(DeskError::Gone)?;
                    new.method = match method.as_str() {
                        "password" => "password code",
                        "sso" => "sso code",
                        _ => "link code",
                    };
                    open(work, &new).await?;
                    Ok(needs_password)
                }
                .boxed()
            });
            entering.await
        }
    };
    match entered {
        Ok(needs_password) => {
            throttle::forgive(app, key).await?;
            opened(app, session, needs_password).await
        }
        Err(wrong @ DeskError::Invalid { .. }) => {
            let last = number >= TRIES;
            let tried = (!last).then_some((organisation, staff));
            throttle::refuse(app, key, tried, "session.open").await?;
            if last {
                tell_wrong(app, organisation, staff).await?;
            }
            Err(wrong)
        }
        Err(other) => Err(other),
    }
}

/// Writes the last refusal down, and tells somebody that their password or link was shown, and wrong codes after it.
async fn tell_wrong(
    app: &App,
    organisation: OrganisationId,
    staff: StaffId,
) -> Result<(), DeskError> {
    let key = throttle::news(organisation, staff);
    let ctx = Ctx {
        actor: Actor::Visitor,
        ..Ctx::system(organisation, "sign-in", Source::Page)
    };
    app.command(&ctx, move |work| {
        async move {
            work.audit(NewEntry::new("session.open", "staff", staff).outcome(Outcome::Denied));
            let (now, lately) = (work.now, work.now.plus_seconds(-NEWS_SECONDS));
            if store::tell(work, &key, now, lately).await? {
                notices::tell(work, staff, What::WrongCode).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}
