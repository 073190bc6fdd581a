//! Coming back from the provider.

use super::model::Said;
use super::question::{self, Purpose, Question};
use super::settings::{self, Opened};
use super::whom::{Found, found};
use super::{Decided, description, inside, provider, store, trouble::Trouble};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId, StaffId};
use crate::security_log;
use crate::staff::sessions::{self, Entered, Method, Shown};
use futures_util::FutureExt;
use std::sync::Arc;

/// Seconds that the provider's clock may be behind ours.
const SKEW: i64 = 60;

/// What a browser brings back from the provider.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// The secret of the browser's cookie.
    pub browser: &'a str,
    /// What travelled with it.
    pub state: &'a str,
    /// What is exchanged for a token; empty where the provider declined.
    pub code: &'a str,
    /// Who the provider says it is (RFC 9207).
    pub issuer: Option<&'a str>,
}

/// What came of it, and where to go on to.
#[derive(Clone, Debug)]
pub enum Finished {
    /// Somebody came in, or half of the way.
    Entered(Entered, String),
    /// Whoever was in proved once more who they are; the token that their session has from now on.
    Proven(String, String),
    /// They did, and have a second factor that the provider did not see: they show that.
    HalfProven(String),
    /// Whoever was in has their account there connected, or why not.
    Connected(Result<(), Trouble>),
}

/// The session that a browser is in: whose, its token and number, and from where it is asked.
pub type Here<'a> = (&'a Ctx, &'a str, SessionId, Option<Arc<sessions::Here>>);

/// Takes what a browser brings back. `here` is the session that it is in, if any. [`DeskError::Gone`] where it was not sent
/// away with this, or too long ago; [`DeskError::Unauthorized`] whatever was wrong with the person or the token, which the
/// audit log says; [`DeskError::Unavailable`] where the provider could not be asked.
pub async fn finish(
    app: &App,
    back: Back<'_>,
    here: Option<Here<'_>>,
    user_agent: &str,
    decided: Decided,
) -> Result<Finished, DeskError> {
    let (organisation, question) = question::take(app, back.browser, back.state).await?;
    let opened = settings::opened(app, organisation).await?;
    let same = |opened: &Opened| opened.view.enabled && opened.named() == question.named;
    let opened = opened.filter(same).ok_or(DeskError::Gone)?;
    let inside = |session, staff| {
        let is = |here: &Here<'_>| {
            let (ctx, _, id, _) = here;
            *id == session && ctx.organisation == organisation && ctx.actor.staff() == Some(staff)
        };
        here.clone()
            .filter(is)
            .map(|(ctx, token, _, place)| (ctx, token, place))
    };
    let looked = look(app, organisation, &opened, &question, back).await?;
    let said = match (looked, &question.purpose) {
        (Ok(said), _) => said,
        (Err(trouble), purpose) => {
            let error = refused(app, organisation, None, trouble).await?;
            return match purpose {
                Purpose::Connect(..) => Ok(Finished::Connected(Err(trouble))),
                _ => Err(error),
            };
        }
    };
    match question.purpose {
        Purpose::Enter => {
            let found = (opened, said);
            let entered = enter(app, organisation, found, user_agent, decided).await?;
            Ok(Finished::Entered(entered, question.next))
        }
        Purpose::Prove(session, staff) => {
            let inside = inside(session, staff).ok_or(DeskError::Gone)?;
            let is_fresh = said
                .auth_time
                .is_some_and(|at| at >= question.at.micros() / 1_000_000 - SKEW);
            if !is_fresh {
                return Err(refused(app, organisation, Some(staff), Trouble::NotFresh).await?);
            }
            let proven = inside::prove(app, inside, staff, (opened, said), decided).await?;
            Ok(match proven {
                Some(fresh) => Finished::Proven(fresh, question.next),
                None => Finished::HalfProven(question.next),
            })
        }
        Purpose::Connect(session, staff) => {
            let Some(inside) = inside(session, staff) else {
                refused(app, organisation, Some(staff), Trouble::OtherPerson).await?;
                return Ok(Finished::Connected(Err(Trouble::OtherPerson)));
            };
            let (ctx, token, _) = inside;
            let done = inside::connect(app, (ctx, token), staff, (opened, said), decided).await?;
            Ok(Finished::Connected(done))
        }
    }
}

/// What the provider says of whoever comes back.
async fn look(
    app: &App,
    organisation: OrganisationId,
    opened: &Opened,
    question: &Question,
    back: Back<'_>,
) -> Result<Result<Said, Trouble>, DeskError> {
    let asked = async {
        let known = description::describe(app, organisation, opened).await?;
        // One return address serves the providers of all organisations: a provider that can name itself has to.
        let is_named = match back.issuer {
            Some(issuer) => issuer == opened.view.issuer,
            None => !known.names_itself(),
        };
        if !is_named {
            return Err(Trouble::OtherProvider);
        }
        if back.code.is_empty() {
            return Err(Trouble::Declined);
        }
        provider::exchange(app, organisation, (opened, known), question, back.code).await
    };
    let answered = match asked.await {
        Ok(answered) => answered,
        Err(trouble) => return Ok(Err(trouble)),
    };
    // Whoever is known by their subject needs no address any more.
    let finds = question.purpose == Purpose::Enter && {
        let account = opened.account(&answered.said);
        let known = store::by_subject(&mut app.read().await?, organisation, account).await?;
        known.is_none()
    };
    Ok(provider::complete(app, opened, answered, finds).await)
}

/// Writes down that somebody did not come in, and why; the error that the page gets says nothing of it.
async fn refused(
    app: &App,
    organisation: OrganisationId,
    staff: Option<StaffId>,
    trouble: Trouble,
) -> Result<DeskError, DeskError> {
    let ctx = Ctx {
        actor: Actor::Visitor,
        ..Ctx::system(organisation, "sign-in", Source::Page)
    };
    app.audit(&ctx, denied(staff, trouble)).await?;
    Ok(error_of(trouble))
}

pub(super) fn denied(staff: Option<StaffId>, trouble: Trouble) -> NewEntry {
    let told = serde_json::json!({ "method": "sso", "reason": trouble.code() });
    let entry = match staff {
        Some(staff) => NewEntry::new("session.open", "staff", staff),
        None => NewEntry::new("session.open", "sso_provider", ""),
    };
    entry.outcome(Outcome::Denied).detail(&told)
}

pub(super) fn error_of(trouble: Trouble) -> DeskError {
    security_log::sso_refused(trouble.code());
    if trouble.is_outage() {
        return DeskError::Unavailable(format!("single sign-on: {}", trouble.code()));
    }
    DeskError::Unauthorized
}

/// Finds or makes the account, gives it the role that the groups give, and lets its person in.
async fn enter(
    app: &App,
    organisation: OrganisationId,
    (opened, said): (Opened, Said),
    user_agent: &str,
    decided: Decided,
) -> Result<Entered, DeskError> {
    let ctx = Ctx::system(organisation, "sign-in", Source::Page);
    let method = if said.shows_factor(&opened.view.rules.factor) {
        Method::SsoFactor
    } else {
        Method::Sso
    };
    let shown = Shown::at(opened.named(), method);
    let found = app.command(&ctx, move |work| {
        async move { found(work, &opened, &said, decided).await }.boxed()
    });
    match found.await? {
        Found::Is(staff) => sessions::enter(app, (organisation, staff), shown, user_agent).await,
        Found::Nobody(trouble) => Err(error_of(trouble)),
    }
}
