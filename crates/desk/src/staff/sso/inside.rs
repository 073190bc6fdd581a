//! What somebody who is in comes back from the provider for: a fresh proof, or to have their account there connected.

use super::Decided;
use super::enter::{denied, error_of};
use super::model::Said;
use super::settings::Opened;
use super::store;
use super::trouble::Trouble;
use super::whom::{Found, found, given, still_is};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::staff::notices::{self, What};
use crate::staff::service::is_the_last;
use crate::staff::{ADMINISTRATOR, factors, sessions, store as people};
use crate::work::Work;
use bedside_vault::secret;
use futures_util::FutureExt;
use std::sync::Arc;

/// Takes the sign-in as a fresh proof for this session, and gives the token back that it has from now on. The groups count here
/// too: whoever has another role by now, or none, is out. None where they have a second factor that the provider did not see:
/// the half of what they come in by is no proof.
pub(super) async fn prove(
    app: &App,
    (ctx, token, place): (&Ctx, &str, Option<Arc<sessions::Here>>),
    me: StaffId,
    (opened, said): (Opened, Said),
    decided: Decided,
) -> Result<Option<String>, DeskError> {
    let fresh = secret::random_token();
    let hashes = (secret::token_hash(token), secret::token_hash(&fresh));
    let system = Ctx::system(ctx.organisation, "sign-in", Source::Page);
    let shows_factor = said.shows_factor(&opened.view.rules.factor);
    let named = opened.named();
    let found = app
        .command(&system, move |work| {
            async move {
                let organisation = work.ctx.organisation;
                let known = store::by_subject(work, organisation, opened.account(&said)).await?;
                if known.is_none_or(|staff| staff != me) {
                    work.audit(denied(Some(me), Trouble::OtherPerson));
                    return Ok(Found::Nobody(Trouble::OtherPerson));
                }
                found(work, &opened, &said, decided).await
            }
            .boxed()
        })
        .await?;
    if let Found::Nobody(trouble) = found {
        return Err(error_of(trouble));
    }
    let proven = app
        .command(ctx, move |work| {
            async move {
                let (organisation, now) = (work.ctx.organisation, work.now);
                still_is(work, named).await?;
                // Held, so that no second factor is added at this moment.
                people::held(work, organisation, me).await?;
                if !shows_factor && factors::has_one(work, organisation, me).await? {
                    work.audit(denied(Some(me), Trouble::FactorUnshown));
                    return Ok(false);
                }
                if !sessions::store::prove_session(work, (&hashes.0, &hashes.1), now).await? {
                    return Err(DeskError::Gone);
                }
                if let Some(place) = &place {
                    sessions::know(work, me, place).await?;
                }
                work.audit(NewEntry::new("session.confirm", "staff", me));
                Ok(true)
            }
            .boxed()
        })
        .await?;
    Ok(proven.then_some(fresh))
}

/// Connects whoever is in with the account that they signed in with there. No mail address is needed: they have shown both.
pub(super) async fn connect(
    app: &App,
    (ctx, token): (&Ctx, &str),
    me: StaffId,
    (opened, said): (Opened, Said),
    decided: Decided,
) -> Result<Result<(), Trouble>, DeskError> {
    let here = secret::token_hash(token);
    app.command(ctx, move |work| {
        async move {
            still_is(work, opened.named()).await?;
            let organisation = work.ctx.organisation;
            let person = people::held(work, organisation, me).await?;
            let is_out = person.is_none_or(|person| person.disabled_at.is_some());
            // The session may have ended while the provider was asked.
            if is_out || sessions::store::session(work, &here).await?.is_none() {
                return Err(DeskError::Unauthorized);
            }
            let joined = join(work, me, (&opened, &said), decided).await?;
            let entry = NewEntry::new("sso.link", "staff", me);
            work.audit(match joined {
                Ok(()) => entry,
                Err(trouble) => {
                    let told = serde_json::json!({ "reason": trouble.code() });
                    entry.outcome(Outcome::Denied).detail(&told)
                }
            });
            Ok(joined)
        }
        .boxed()
    })
    .await
}

/// The same in the caller's command, for somebody whom it holds. Refused where the connection would shut them out at their
/// next sign-in, and where either of the two is connected already.
async fn join(
    work: &mut Work<'_>,
    me: StaffId,
    (opened, said): (&Opened, &Said),
    decided: Decided,
) -> Result<Result<(), Trouble>, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let account = opened.account(said);
    if let Some(row) = store::hold_person(work, organisation, me).await? {
        return Ok(if row.is(account) {
            Ok(())
        } else {
            Err(Trouble::OtherSubject)
        });
    }
    if !decided(work, organisation, me).await? {
        match given(work, opened, said)? {
            Err(lacking) => return Ok(Err(lacking)),
            Ok(role) if role != ADMINISTRATOR && is_the_last(work, me).await? => {
                return Ok(Err(Trouble::LastAdministrator));
            }
            Ok(_) => {}
        }
    }
    if !store::insert_person(work, organisation, me, account, now).await? {
        return Ok(Err(Trouble::OtherSubject));
    }
    notices::tell(work, me, What::SsoLinked).await?;
    Ok(Ok(()))
}
