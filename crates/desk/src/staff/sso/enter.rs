//! Coming back from the provider.

use super::model::Said;
use super::question::{self, Purpose, Question};
use super::settings::{self, Opened};
use super::{provider, store, trouble::Trouble};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId, StaffId};
use crate::security_log;
use crate::staff::model::StaffView;
use crate::staff::service::{give_role, is_the_last, lock_out, staff_changed};
use crate::staff::sessions::{self, Entered, Method};
use crate::staff::{ADMINISTRATOR, provision, roles, store as people};
use crate::work::Work;
use bedside_vault::secret;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

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
}

/// Takes what a browser brings back. `here` is the session that it is in, if any. [`DeskError::Gone`] where it was not sent
/// away with this, or too long ago; [`DeskError::Unauthorized`] whatever was wrong with the person or the token, which the
/// audit log says; [`DeskError::Unavailable`] where the provider could not be asked.
pub async fn finish(
    app: &App,
    back: Back<'_>,
    here: Option<(&Ctx, &str, SessionId)>,
    user_agent: &str,
) -> Result<Finished, DeskError> {
    let (organisation, question) = question::take(app, back.browser, back.state).await?;
    let opened = settings::opened(app, organisation).await?;
    let same = |opened: &Opened| opened.view.enabled && opened.named() == question.named;
    let opened = opened.filter(same).ok_or(DeskError::Gone)?;
    let looked = look(app, organisation, &opened, &question, back).await;
    let said = match looked {
        Ok(said) => said,
        Err(trouble) => return Err(refused(app, organisation, None, trouble).await?),
    };
    match question.purpose {
        Purpose::Enter => {
            let entered = enter(app, organisation, (opened, said), user_agent).await?;
            Ok(Finished::Entered(entered, question.next))
        }
        Purpose::Prove(session, staff) => {
            let inside = here.filter(|(ctx, _, id)| {
                *id == session
                    && ctx.organisation == organisation
                    && ctx.actor.staff() == Some(staff)
            });
            let (ctx, token, _) = inside.ok_or(DeskError::Gone)?;
            let is_fresh = said
                .auth_time
                .is_some_and(|at| at >= question.at.micros() / 1_000_000 - SKEW);
            if !is_fresh {
                return Err(refused(app, organisation, Some(staff), Trouble::NotFresh).await?);
            }
            let fresh = prove(app, (ctx, token), staff, (opened, said)).await?;
            Ok(Finished::Proven(fresh, question.next))
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
) -> Result<Said, Trouble> {
    if back
        .issuer
        .is_some_and(|issuer| issuer != opened.view.issuer)
    {
        return Err(Trouble::OtherProvider);
    }
    if back.code.is_empty() {
        return Err(Trouble::Declined);
    }
    provider::exchange(app, organisation, opened, question, back.code).await
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

fn denied(staff: Option<StaffId>, trouble: Trouble) -> NewEntry {
    let told = serde_json::json!({ "method": "sso", "reason": trouble.code() });
    let entry = match staff {
        Some(staff) => NewEntry::new("session.open", "staff", staff),
        None => NewEntry::new("session.open", "sso_provider", ""),
    };
    entry.outcome(Outcome::Denied).detail(&told)
}

fn error_of(trouble: Trouble) -> DeskError {
    security_log::sso_refused(trouble.code());
    if trouble.is_outage() {
        return DeskError::Unavailable(format!("single sign-on: {}", trouble.code()));
    }
    DeskError::Unauthorized
}

/// What the command came to: who it is, or why nobody.
#[derive(Serialize, Deserialize)]
enum Found {
    Is(StaffId),
    Nobody(Trouble),
}

/// Finds or makes the account, gives it the role that the groups give, and lets its person in.
async fn enter(
    app: &App,
    organisation: OrganisationId,
    (opened, said): (Opened, Said),
    user_agent: &str,
) -> Result<Entered, DeskError> {
    let ctx = Ctx::system(organisation, "sign-in", Source::Page);
    let method = if said.shows_factor(&opened.view.rules.factor) {
        Method::SsoFactor
    } else {
        Method::Sso
    };
    let found = app.command(&ctx, move |work| {
        async move { found(work, &opened, &said).await }.boxed()
    });
    match found.await? {
        Found::Is(staff) => {
            sessions::enter(app, (organisation, staff), method.into(), user_agent).await
        }
        Found::Nobody(trouble) => Err(error_of(trouble)),
    }
}

/// The provider may have been removed, switched off or given other rules while it was asked: then its word is no longer one.
async fn found(work: &mut Work<'_>, opened: &Opened, said: &Said) -> Result<Found, DeskError> {
    let organisation = work.ctx.organisation;
    let held = store::hold_provider(work, organisation).await?;
    if held != Some(opened.named()) {
        return Err(DeskError::Gone);
    }
    Ok(match whom(work, opened, said).await? {
        Ok(staff) => {
            work.audit(NewEntry::new("sso.show", "staff", staff));
            Found::Is(staff)
        }
        Err((staff, trouble)) => {
            work.audit(denied(staff, trouble));
            Found::Nobody(trouble)
        }
    })
}

type Whom = Result<StaffId, (Option<StaffId>, Trouble)>;

/// Whose account it is, with the role that the groups give it, in the caller's command. What was changed for whoever does not
/// come in stays changed.
async fn whom(work: &mut Work<'_>, opened: &Opened, said: &Said) -> Result<Whom, DeskError> {
    let organisation = work.ctx.organisation;
    let clinic = work.app.directory.of(organisation)?;
    let (view, rules) = (&opened.view, &opened.view.rules);
    let groups = said.groups(&rules.groups_claim);
    let role = groups
        .as_deref()
        .and_then(|groups| rules.role_of(groups, |code| clinic.role(code).is_some()));
    let lacking = match groups {
        Some(_) => Trouble::NoGroup,
        None => Trouble::GroupsUnsaid,
    };
    let account = (view.issuer.as_str(), said.subject.as_str());
    let known = store::by_subject(work, organisation, account).await?;
    let (staff, ended) = if let Some(known) = known {
        known
    } else {
        let Some(email) = said.verified_email() else {
            return Ok(Err((None, Trouble::Unverified)));
        };
        let Some(role) = role else {
            return Ok(Err((None, lacking)));
        };
        match first_time(work, account, (&email, said), role, rules.makes_accounts).await? {
            Ok(staff) => (staff, None),
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
    let person = people::held(work, organisation, staff).await?;
    let person = person.ok_or(DeskError::NotFound)?;
    let Some(role) = role else {
        if lacking == Trouble::NoGroup {
            end(work, &person).await?;
        } else {
            // A mapping that broke must not lock a whole clinic out, one by one.
            sessions::store::delete_sessions_of(work, organisation, staff).await?;
        }
        return Ok(Err((Some(staff), lacking)));
    };
    if person.disabled_at.is_some() {
        // Who was locked by an administrator stays so; who was locked here is let in again by the groups.
        if ended.is_none() {
            return Ok(Err((Some(staff), Trouble::Disabled)));
        }
        provision::let_in(work, staff).await?;
    }
    if ended.is_some() {
        store::end_person(work, organisation, staff, None).await?;
    }
    if person.role == role {
        return Ok(Ok(staff));
    }
    if person.role == ADMINISTRATOR && is_the_last(work, staff).await? {
        sessions::store::delete_sessions_of(work, organisation, staff).await?;
        return Ok(Err((Some(staff), Trouble::LastAdministrator)));
    }
    let new = roles::held(work, role).await?;
    // A role that is gone opens nothing.
    let opens_more = match clinic.role(&person.role) {
        Some(old) => !old.reach().holds(&new),
        None => true,
    };
    // Letting somebody in again counted their version up.
    let person = people::held(work, organisation, staff).await?;
    let version = person.ok_or(DeskError::NotFound)?.version;
    give_role(work, staff, (role, version), opens_more).await?;
    Ok(Ok(staff))
}

/// Finds or makes the account of somebody who was not here before.
async fn first_time(
    work: &mut Work<'_>,
    account: (&str, &str),
    (email, said): (&str, &Said),
    role: &str,
    makes_accounts: bool,
) -> Result<Whom, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let known = people::held_by_email(work, organisation, email).await?;
    let staff = match known {
        Some(person) => {
            let staff = person.id;
            if store::subject_of(work, organisation, staff)
                .await?
                .is_some()
            {
                return Ok(Err((Some(staff), Trouble::OtherSubject)));
            }
            if person.disabled_at.is_some() {
                return Ok(Err((Some(staff), Trouble::Disabled)));
            }
            staff
        }
        None if makes_accounts => {
            let clinic = work.app.directory.of(organisation)?;
            let person = StaffView {
                id: work.app.id(),
                email: email.to_owned(),
                name: said.name(email),
                role: role.to_owned(),
                locale: clinic.locale.tag().to_owned(),
                disabled_at: None,
                second_factor_since: None,
                version: 1,
            };
            roles::held(work, role).await?;
            if !people::insert(work, organisation, &person, now).await? {
                return Ok(Err((None, Trouble::OtherSubject)));
            }
            let told = serde_json::json!({ "role": role, "method": "sso" });
            work.audit(NewEntry::new("staff.create", "staff", person.id).detail(&told));
            staff_changed(work);
            person.id
        }
        None => return Ok(Err((None, Trouble::NotInvited))),
    };
    if !store::insert_person(work, organisation, staff, account, now).await? {
        return Ok(Err((Some(staff), Trouble::OtherSubject)));
    }
    work.audit(NewEntry::new("sso.link", "staff", staff));
    Ok(Ok(staff))
}

/// Locks somebody out whom no group gives a role any more, until one does. The last administrator's account stays, or nobody
/// could set the desk up; their sessions and links end.
async fn end(work: &mut Work<'_>, person: &StaffView) -> Result<(), DeskError> {
    let (organisation, now, staff) = (work.ctx.organisation, work.now, person.id);
    if person.disabled_at.is_some() {
        return Ok(());
    }
    if person.role == ADMINISTRATOR && is_the_last(work, staff).await? {
        sessions::store::delete_sessions_of(work, organisation, staff).await?;
        return sessions::store::delete_links_of(work, organisation, staff).await;
    }
    lock_out(work, staff).await?;
    store::end_person(work, organisation, staff, Some(now)).await
}

/// Takes the sign-in as a fresh proof for this session, and gives the token back that it has from now on. The groups count here
/// too: whoever has another role by now, or none, is out.
async fn prove(
    app: &App,
    (ctx, token): (&Ctx, &str),
    me: StaffId,
    (opened, said): (Opened, Said),
) -> Result<String, DeskError> {
    let fresh = secret::random_token();
    let hashes = (secret::token_hash(token), secret::token_hash(&fresh));
    let system = Ctx::system(ctx.organisation, "sign-in", Source::Page);
    let found = app
        .command(&system, move |work| {
            async move {
                let organisation = work.ctx.organisation;
                let account = (opened.view.issuer.as_str(), said.subject.as_str());
                let known = store::by_subject(work, organisation, account).await?;
                if known.is_none_or(|(staff, _)| staff != me) {
                    work.audit(denied(Some(me), Trouble::OtherPerson));
                    return Ok(Found::Nobody(Trouble::OtherPerson));
                }
                found(work, &opened, &said).await
            }
            .boxed()
        })
        .await?;
    if let Found::Nobody(trouble) = found {
        return Err(error_of(trouble));
    }
    app.command(ctx, move |work| {
        async move {
            let now = work.now;
            if !sessions::store::prove_session(work, (&hashes.0, &hashes.1), now).await? {
                return Err(DeskError::Gone);
            }
            work.audit(NewEntry::new("session.confirm", "staff", me));
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(fresh)
}
