//! Proving once more who one is, for what is worth a second look.

use super::{Here, know, lacks_factor, store, throttle};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx};
use crate::error::DeskError;
use crate::ids::SessionId;
use crate::staff::passkeys::possible;
use crate::staff::role::SecondFactor;
use crate::staff::{factors, passwords, sso, store as people};
use bedside_vault::secret;
use futures_util::FutureExt;
use std::sync::Arc;

/// Seconds for which a proof counts.
pub const PROOF_SECONDS: i64 = 10 * 60;
/// Seconds for which it counts for a form that was opened with it.
pub const TYPING_SECONDS: i64 = 30 * 60;

/// What somebody can prove themselves by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the page asks for, one by one"
)]
pub struct Proof {
    /// Whether they have a password.
    pub password: bool,
    /// Whether they have a second factor.
    pub code: bool,
    /// Whether an app makes codes for them; a recovery code stands in for a passkey as well.
    pub app: bool,
    /// Whether they have a passkey, which proves all by itself.
    pub passkey: bool,
    /// Whether they can sign in at their organisation's provider once more.
    pub sso: bool,
    /// Whether nothing else will do: their role wants a passkey, and they have one that this session did not show.
    pub key_alone: bool,
    /// Whether a click is enough: in the demo, whose invented people have neither and whose doors are open anyway.
    pub click: bool,
}

impl Proof {
    const NOTHING: Self = Self {
        password: false,
        code: false,
        app: false,
        passkey: false,
        sso: false,
        key_alone: false,
        click: false,
    };

    /// Whether there is anything at all; else they come in anew by a fresh link.
    pub const fn is_possible(self) -> bool {
        self.is_typed() || self.sso || self.passkey
    }

    /// Whether there is anything to type, or to click.
    pub const fn is_typed(self) -> bool {
        self.password || self.code || self.click
    }
}

/// Whether this session has to show a passkey before it opens anything, and its person has one: a password and a code would
/// change nothing, however right they are.
fn wants_key(app: &App, ctx: &Ctx, session: &store::SessionRow) -> bool {
    let Actor::Staff { role, .. } = &ctx.actor else {
        return false;
    };
    role.second_factor == SecondFactor::Passkey
        && session.has_passkey
        && lacks_factor(app, session, role)
}

fn wrong() -> DeskError {
    DeskError::invalid("password", "wrong_proof", "This does not fit.")
}

/// What whoever asks can prove themselves by in the session of `token`.
pub async fn proof_of(app: &App, ctx: &Ctx, token: &str) -> Result<Proof, DeskError> {
    Ok(known(app, ctx, token).await?.0)
}

async fn known(app: &App, ctx: &Ctx, token: &str) -> Result<(Proof, Option<String>), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let mut conn = app.read().await?;
    let session = store::session(&mut conn, &secret::token_hash(token)).await?;
    if session.is_some_and(|session| wants_key(app, ctx, &session)) {
        let factor = factors::store::state(&mut conn, ctx.organisation, me).await?;
        let proof = Proof {
            passkey: factor.is_some_and(|factor| factor.passkeys_work)
                && possible(&app.config.public_url),
            key_alone: true,
            ..Proof::NOTHING
        };
        return Ok((proof, None));
    }
    let hash = people::password_of(&mut conn, ctx.organisation, me).await?;
    // Whoever comes in at a provider alone proves nothing by a password.
    let only = sso::only_way_of(&mut conn, ctx.organisation, me).await?;
    let hash = hash.filter(|_| !only);
    let factor = factors::store::state(&mut conn, ctx.organisation, me).await?;
    let proof = Proof {
        password: hash.is_some(),
        code: factor.is_some(),
        app: factor.is_some_and(|factor| factor.app_since.is_some()),
        passkey: factor.is_some_and(|factor| factor.passkeys_work)
            && possible(&app.config.public_url),
        key_alone: false,
        sso: sso::proves(&mut conn, ctx.organisation, me, factor.is_some()).await?,
        click: app.config.demo && hash.is_none() && factor.is_none(),
    };
    Ok((proof, hash))
}

/// Takes a fresh proof for this session, and gives the token back that it has from now on: whoever learnt the old one is out.
/// Whoever has both a password and a second factor shows both. [`DeskError::Invalid`] with `wrong_proof`, whatever it was
/// that did not fit; [`DeskError::RateLimited`] after wrong ones.
pub async fn confirm(
    app: &App,
    ctx: &Ctx,
    (token, session, here): (&str, SessionId, Option<Arc<Here>>),
    password: &str,
    code: &str,
) -> Result<String, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let (proof, hash) = known(app, ctx, token).await?;
    if !proof.is_typed() {
        return Err(wrong());
    }
    let organisation = ctx.organisation;
    let key = throttle::inside(session);
    throttle::take_try(app, key).await?;
    let fits = match hash {
        Some(hash) => passwords::fits(password.to_owned(), Some(hash)).await?,
        None => true,
    };
    let shown = if proof.code {
        factors::held_against(app, organisation, me, code).await?
    } else {
        None
    };
    let fresh = secret::random_token();
    let hashes = (secret::token_hash(token), secret::token_hash(&fresh));
    let proven = if fits && shown.is_some() == proof.code {
        let proving = app.command(ctx, move |work| {
            async move {
                if let Some(shown) = shown
                    && !factors::take(work, me, shown).await?
                {
                    return Err(wrong());
                }
                let now = work.now;
                if !store::prove_session(work, (&hashes.0, &hashes.1), now).await? {
                    return Err(DeskError::Unauthorized);
                }
                if let Some(here) = &here {
                    know(work, me, here).await?;
                }
                work.audit(NewEntry::new("session.confirm", "staff", me));
                Ok(())
            }
            .boxed()
        });
        proving.await
    } else {
        Err(wrong())
    };
    match proven {
        Ok(()) => {
            throttle::forgive(app, key).await?;
            Ok(fresh)
        }
        Err(wrong @ DeskError::Invalid { .. }) => {
            let tried = Some((organisation, me));
            throttle::refuse(app, key, tried, "session.confirm").await?;
            Err(wrong)
        }
        Err(other) => Err(other),
    }
}

/// In the demo all visitors come in as the same invented people, by doors that are open to all: what one of them adds to
/// a way in would keep out the rest. [`DeskError::Conflict`] with `demo`.
pub(in crate::staff) fn is_no_demo(app: &App) -> Result<(), DeskError> {
    if app.config.demo {
        return Err(DeskError::Conflict {
            code: "demo",
            text: "In the demo everybody comes in as the same people, so how they sign in stays as it is.",
        });
    }
    Ok(())
}
