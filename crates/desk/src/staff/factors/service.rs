//! Having a second factor, showing it, and doing without it again.

use super::evidence::Evidence;
use super::recovery::{self, Typed};
use super::store;
use super::totp::Secret;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId, StaffId};
use crate::passkeys::Owner;
use crate::records::{self, Sealing};
use crate::staff::notices::{self, What};
use crate::staff::service::in_hands;
use crate::staff::{passkeys, sessions, store as people};
use crate::work::Work;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use bedside_db::Timestamp;
use bedside_vault::secret::token_hash;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;

/// Where an app's secret stands, for its seal.
const PLACE: (&str, &str) = ("second_factors", "secret");

/// What somebody has besides their password, without its secrets.
#[derive(Clone, Copy, Debug)]
pub struct Factor {
    /// Since when an app makes codes for them; none where they have passkeys alone.
    pub app_since: Option<Timestamp>,
    /// How many passkeys they have, with those that were stopped.
    pub passkeys: i64,
    /// Whether one of them works.
    pub passkeys_work: bool,
    /// Recovery codes that were not used yet.
    pub codes_left: i64,
}

/// One's own; none where there is neither an app nor a passkey.
pub async fn factor_of(app: &App, ctx: &Ctx) -> Result<Option<Factor>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    store::state(&mut app.read().await?, ctx.organisation, me).await
}

/// A secret that is shown to be taken into an app, and counts from the first code that it makes. Nothing of it is stored
/// before: its page carries it, sealed to the session it was made for.
pub struct Offer {
    secret: Secret,
    /// What [`offered`] knows it again by.
    pub seal: String,
    /// What the app reads from the picture.
    pub address: String,
}

impl Offer {
    /// The secret for the form of its page.
    pub fn secret(&self) -> String {
        self.secret.text()
    }

    /// The same as people type it, in groups of four.
    pub fn typed(&self) -> String {
        recovery::grouped(&self.secret.text())
    }
}

/// A new secret for whoever asks in this session.
pub async fn offer(app: &App, ctx: &Ctx, session: SessionId) -> Result<Offer, DeskError> {
    shown(app, ctx, session, Secret::generate()).await
}

/// The one that was offered to this session; [`DeskError::Forbidden`] where it was not.
pub async fn offered(
    app: &App,
    ctx: &Ctx,
    session: SessionId,
    (secret, seal): (&str, &str),
) -> Result<Offer, DeskError> {
    let secret = Secret::parse(secret).ok_or(DeskError::Forbidden)?;
    let offer = shown(app, ctx, session, secret).await?;
    verify_slices_are_equal(offer.seal.as_bytes(), seal.as_bytes())
        .map_err(|_| DeskError::Forbidden)?;
    Ok(offer)
}

async fn shown(
    app: &App,
    ctx: &Ctx,
    session: SessionId,
    secret: Secret,
) -> Result<Offer, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let person = people::one(&mut app.read().await?, ctx.organisation, me)
        .await?
        .ok_or(DeskError::NotFound)?;
    let clinic = app.directory.of(ctx.organisation)?;
    let sealed = format!("second factor\0{session}\0{}", secret.text());
    Ok(Offer {
        seal: HEXLOWER.encode(&app.keyring.web_mac()(sealed.as_bytes())),
        address: secret.address(&clinic.name, &person.email),
        secret,
    })
}

/// Takes the offer with the first code that the app makes, and gives back the recovery codes, once. Ends the person's
/// sessions but this one: they were opened with less. [`DeskError::Invalid`] with `wrong_code`; [`DeskError::Conflict`]
/// with `factor_on` where there is one already, or `demo` in the demo, where a code can be tried and nothing is kept.
pub async fn enrol(
    app: &App,
    ctx: &Ctx,
    token: &str,
    offer: &Offer,
    code: &str,
) -> Result<Vec<String>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let step = match Typed::read(code) {
        Some(Typed::Digits(code)) => offer.secret.step_of(&code, app.now()),
        _ => None,
    };
    let step = step.ok_or_else(wrong_code)?;
    sessions::is_no_demo(app)?;
    let sealing = Sealing::fresh(app);
    let sealed = sealing.text(PLACE.0, PLACE.1, me, &offer.secret.text());
    let (codes, here) = (recovery::make(), token_hash(token));
    let kept = codes.clone();
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            // Held, so that nobody comes in meanwhile without what is added here.
            people::held(work, organisation, me).await?;
            sealing.store(work).await?;
            let secret = (sealing.id, sealed.as_slice());
            if !store::insert_factor(work, organisation, me, secret, step, now).await? {
                return Err(DeskError::Conflict {
                    code: "factor_on",
                    text: "You have a second factor already.",
                });
            }
            keep(work, me, &kept).await?;
            sessions::store::delete_others_of(work, organisation, me, &here).await?;
            work.audit(NewEntry::new("factor.add", "staff", me));
            notices::tell(work, me, What::FactorAdded).await
        }
        .boxed()
    })
    .await?;
    Ok(codes)
}

/// Puts these recovery codes in the place of those before.
pub(in crate::staff) async fn keep(
    work: &mut Work<'_>,
    staff: StaffId,
    codes: &[String],
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::delete_codes(work, organisation, staff).await?;
    for code in codes {
        store::insert_code(work, organisation, staff, &Typed::kept(code)).await?;
    }
    Ok(())
}

/// New recovery codes for one's own second factor, given out once; those before work no more.
pub async fn new_recovery_codes(app: &App, ctx: &Ctx) -> Result<Vec<String>, DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let codes = recovery::make();
    let kept = codes.clone();
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            people::held(work, organisation, me).await?;
            let factor = store::state(work, organisation, me).await?;
            factor.ok_or(DeskError::NotFound)?;
            keep(work, me, &kept).await?;
            work.audit(NewEntry::new("factor.codes", "staff", me));
            notices::tell(work, me, What::RecoveryCodes).await
        }
        .boxed()
    })
    .await?;
    Ok(codes)
}

/// Does without one's own app from now on. Passkeys stay.
pub async fn remove(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    let me = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            people::held(work, organisation, me).await?;
            if !forget_app(work, me).await? {
                return Err(none_to_turn_off());
            }
            forget_idle_codes(work, me).await?;
            sessions::store::delete_halves_of(work, organisation, me).await?;
            work.audit(NewEntry::new("factor.remove", "staff", me));
            notices::tell(work, me, What::FactorRemoved).await
        }
        .boxed()
    })
    .await
}

/// Takes every second factor, passkeys too, from somebody who lost them and may do no more than the caller. Their sessions end. One's own is
/// not lost: [`DeskError::Conflict`] with `yourself`.
pub async fn reset(app: &App, ctx: &Ctx, id: StaffId, evidence: Evidence) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    if ctx.actor.staff() == Some(id) {
        return Err(DeskError::Conflict {
            code: "own_factor",
            text: "Turn your own second factor off on the page of your sign-in.",
        });
    }
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            in_hands(work, id).await?;
            if !store::has_one(work, organisation, id).await? {
                return Err(none_to_turn_off());
            }
            forget_app(work, id).await?;
            passkeys::store::delete_all(work, organisation, Owner::Staff(id)).await?;
            forget_idle_codes(work, id).await?;
            sessions::store::delete_sessions_of(work, organisation, id).await?;
            let shown = serde_json::json!({ "evidence": evidence.code() });
            work.audit(NewEntry::new("factor.reset", "staff", id).detail(&shown));
            notices::tell(work, id, What::FactorReset).await
        }
        .boxed()
    })
    .await
}

fn none_to_turn_off() -> DeskError {
    DeskError::Conflict {
        code: "no_factor",
        text: "There is no second factor to turn off.",
    }
}

/// `false` where there is no app.
async fn forget_app(work: &mut Work<'_>, staff: StaffId) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    let Some((key, _)) = store::factor(work, organisation, staff).await? else {
        return Ok(false);
    };
    store::delete(work, organisation, staff).await?;
    records::forget_key(work, organisation, key).await?;
    Ok(true)
}

/// Forgets the recovery codes of whoever has nothing left that they stand in for.
pub(in crate::staff) async fn forget_idle_codes(
    work: &mut Work<'_>,
    staff: StaffId,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if !store::has_one(work, organisation, staff).await? {
        store::delete_codes(work, organisation, staff).await?;
    }
    Ok(())
}

/// What somebody typed is wrong, or was used before: the two read the same.
pub(in crate::staff) fn wrong_code() -> DeskError {
    DeskError::invalid("code", "wrong_code", "This code does not fit.")
}

/// A second factor that was shown, and counts once it is taken.
#[derive(Clone, Copy, Debug)]
pub(in crate::staff) enum Shown {
    /// A code of the app, by its time step.
    Step(i64),
    /// A recovery code, by its hash.
    Recovery([u8; 32]),
}

/// What was typed, as somebody's second factor; none where it can't be theirs.
pub(in crate::staff) async fn held_against(
    app: &App,
    organisation: OrganisationId,
    staff: StaffId,
    typed: &str,
) -> Result<Option<Shown>, DeskError> {
    let digits = match Typed::read(typed) {
        None => return Ok(None),
        Some(Typed::Recovery(hash)) => return Ok(Some(Shown::Recovery(hash))),
        Some(Typed::Digits(digits)) => digits,
    };
    let mut conn = app.read().await?;
    let Some((key, sealed)) = store::factor(&mut conn, organisation, staff).await? else {
        return Ok(None);
    };
    let sealing = records::sealing(app, &mut conn, organisation, key).await?;
    let text = sealing.open_text(PLACE.0, PLACE.1, staff, &sealed)?;
    let secret = Secret::parse(&text)
        .ok_or_else(|| DeskError::Internal("a second factor without its secret".to_owned()))?;
    Ok(secret.step_of(&digits, app.now()).map(Shown::Step))
}

/// Takes what was shown, in the caller's command; `false` where it was taken before, or is none of theirs.
pub(in crate::staff) async fn take(
    work: &mut Work<'_>,
    staff: StaffId,
    shown: Shown,
) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    match shown {
        Shown::Step(step) => store::take_step(work, organisation, staff, step).await,
        Shown::Recovery(hash) => {
            let taken = store::take_code(work, organisation, staff, &hash).await?;
            if taken {
                work.audit(NewEntry::new("factor.recover", "staff", staff));
                notices::tell(work, staff, What::RecoveryUsed).await?;
            }
            Ok(taken)
        }
    }
}
