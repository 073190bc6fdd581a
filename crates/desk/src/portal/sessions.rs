//! Being in: opened, looked at with every request, and ended.

use super::codes::Visiting;
use super::mails::{News, tell};
use super::store::{self, NewSession, SessionRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Patient, Source};
use crate::error::DeskError;
use crate::identity::{self, Level, model::usable};
use crate::ids::{ContactId, OrganisationId, PatientId, SessionId};
use crate::passkeys::{self, Owner};
use crate::patients::{
    self,
    sign_in::{self, Door},
};
use crate::records::Scope;
use crate::representatives;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use bedside_vault::secret;
use bedside_web::Locale;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// How often the use of a session is written down, in seconds.
const TOUCH: i64 = 60;
/// For how long a browser that somebody came in with is known, and its kind no news, in seconds: 90 days.
pub(super) const KNOWN_SECONDS: i64 = 90 * 24 * 3600;
/// Hours that no session outlives, whatever the settings say.
const MOST_HOURS: i64 = 24;

/// What coming in by this address shows: nothing at all while it is held back, and where the patient chose to be reached
/// another way only; nothing of anybody where it belongs to nobody in care, else the second level by one that is long on file
/// and the first by another one.
pub(super) fn level_at(door: &Door, now: Timestamp) -> Option<Level> {
    if door.barred || door.held_until.is_some_and(|until| until > now) {
        return None;
    }
    if door.patient.is_none() {
        return Some(Level::L0);
    }
    let sound = usable(door.since, door.held_until, door.bounced, now);
    Some(if sound.is_ok() { Level::L2 } else { Level::L1 })
}

/// Somebody who came in.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The secret for the cookie.
    pub token: String,
    /// The language of their pages.
    pub locale: Locale,
}

/// How somebody comes in.
pub(super) struct Way {
    method: &'static str,
    locale: Locale,
    /// Browser and system, as two codes.
    device: String,
    /// What the browser is known by.
    known: [u8; 32],
}

impl Way {
    pub(super) fn of(method: &'static str, locale: Locale, from: Visiting<'_>) -> Self {
        Self {
            method,
            locale,
            device: crate::staff::device_of(from.agent),
            known: secret::token_hash(from.known),
        }
    }
}

/// Lets somebody in who showed that the address `point` is theirs; none where the address is no longer theirs, or held back.
pub(super) async fn enter<F>(
    app: &App,
    organisation: OrganisationId,
    (contact, point): (ContactId, Vec<u8>),
    way: Way,
    first: F,
) -> Result<Option<Entered>, DeskError>
where
    F: for<'a, 'tx> FnOnce(&'a mut Work<'tx>) -> BoxFuture<'a, Result<bool, DeskError>>
        + Send
        + 'static,
{
    let token = secret::random_token();
    let (hash, id): (_, SessionId) = (secret::token_hash(&token), app.id());
    let Way {
        method,
        locale,
        device,
        known,
    } = way;
    let ctx = Ctx {
        locale,
        actor: Actor::Contact { id: contact },
        ..Ctx::system(organisation, "sign-in", Source::Public)
    };
    let is_in = app
        .command(&ctx, move |work| {
            async move {
                let (app, now) = (work.app.clone(), work.now);
                // Held, so that the address is not taken away meanwhile.
                let door = match patients::hold_contact(work, contact).await {
                    Err(DeskError::NotFound) => None,
                    held => {
                        held?;
                        sign_in::door(work, organisation, &point).await?
                    }
                };
                let door = door.filter(|door| door.contact == contact);
                let door = door.filter(|door| level_at(door, now).is_some());
                let Some(door) = door else {
                    work.audit(NewEntry::new("portal.refuse", "contact", contact));
                    return Ok(false);
                };
                if !first(work).await? {
                    work.audit(NewEntry::new("portal.refuse", "contact", contact));
                    return Ok(false);
                }
                let new = NewSession {
                    hash,
                    id,
                    contact,
                    point,
                    patient: door.patient,
                    acting: only_one(&app, work, organisation, &door, now).await?,
                    locale: locale.tag(),
                    method,
                    device,
                };
                store::insert_session(work, organisation, &new, now).await?;
                let detail = serde_json::json!({ "method": method });
                work.audit(NewEntry::new("portal.open", "contact", contact).detail(&detail));
                let lately = now.plus_seconds(-KNOWN_SECONDS);
                if !store::knows_device(work, organisation, (contact, &new.device), lately).await? {
                    tell(work, Some(contact), News::NewDevice, locale).await?;
                }
                store::know_device(work, organisation, (contact, &new.device), now).await?;
                let browser = (&known, contact, new.point.as_slice());
                store::know_browser(work, organisation, browser, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await?;
    Ok(is_in.then_some(Entered { token, locale }))
}

/// For whom somebody writes who is no patient themselves and acts for one alone.
async fn only_one(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
    door: &Door,
    now: Timestamp,
) -> Result<Option<PatientId>, DeskError> {
    if own_of(conn, organisation, (door.contact, door.patient))
        .await?
        .is_some()
    {
        return Ok(None);
    }
    let acts = representatives::acts_for(app, conn, organisation, door.contact, now).await?;
    Ok(match acts.as_slice() {
        [one] => Some(one.patient),
        _ => None,
    })
}

/// The patient that a contact is themselves.
async fn own_of(
    conn: &mut Conn,
    organisation: OrganisationId,
    (contact, patient): (ContactId, Option<PatientId>),
) -> Result<Option<PatientId>, DeskError> {
    let Some(patient) = patient else {
        return Ok(None);
    };
    let own = representatives::is_themself(conn, organisation, (contact, patient)).await?;
    Ok(own.then_some(patient))
}

/// Who is behind a session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What they call services with.
    pub ctx: Ctx,
    /// What the session is known by; not what lets anybody in.
    pub id: SessionId,
    /// When they came in.
    pub began: Timestamp,
    /// The address that they are in by, as its blind index.
    pub point: Vec<u8>,
    /// From when on their address counts for more, where it does not yet.
    pub counts_from: Option<Timestamp>,
    /// Whether they acted for somebody until just now, and may do so no more: nothing of what they ask is done.
    pub acting_over: bool,
}

/// Who was in by a session that may be over by now. It opens nothing: words that come with it are known to be theirs.
#[derive(Clone, Debug)]
pub struct Lately {
    /// Whose desk it is.
    pub organisation: OrganisationId,
    /// Who it was; none where their address is no longer theirs.
    pub contact: Option<ContactId>,
    /// The language of their pages.
    pub locale: Locale,
}

/// Who a session's token was of, as long as nobody asked for anything by it since it ended by its time. None where it was ended.
pub async fn lately(app: &App, token: &str) -> Result<Option<Lately>, DeskError> {
    let hash = secret::token_hash(token);
    let mut conn = app.read().await?;
    let Some(row) = store::session(&mut conn, &hash).await? else {
        return Ok(None);
    };
    let door = sign_in::door(&mut conn, row.organisation, &row.point).await?;
    let is_theirs =
        door.is_some_and(|door| door.contact == row.contact && door.patient == row.patient);
    Ok(Some(Lately {
        organisation: row.organisation,
        contact: is_theirs.then_some(row.contact),
        locale: row.locale.parse().unwrap_or_default(),
    }))
}

/// Who is behind a session's token; none when it has ended: by itself, because its address is no longer theirs, or because
/// they stand for somebody else now.
pub async fn session(app: &App, token: &str) -> Result<Option<SignedIn>, DeskError> {
    behind(app, token, true).await
}

/// The same for a page that asks nothing but whether they are in still. What has ended is not forgotten by that: words that stand
/// on the page are known to be theirs when they come.
pub async fn still(app: &App, token: &str) -> Result<Option<SignedIn>, DeskError> {
    behind(app, token, false).await
}

/// The same; where `forgets`, what has ended is forgotten.
async fn behind(app: &App, token: &str, forgets: bool) -> Result<Option<SignedIn>, DeskError> {
    let (hash, now) = (secret::token_hash(token), app.now());
    let mut conn = app.read().await?;
    let Some(row) = store::session(&mut conn, &hash).await? else {
        return Ok(None);
    };
    let organisation = row.organisation;
    let settings = app.directory.of(organisation)?.settings.portal;
    let over = now.seconds_since(row.created_at) >= settings.hours * 3600
        || now.seconds_since(row.seen_at) >= settings.idle_minutes * 60;
    let door = sign_in::door(&mut conn, organisation, &row.point).await?;
    let door = door.filter(|door| door.contact == row.contact && door.patient == row.patient);
    let known = door.and_then(|door| Some((level_at(&door, now)?, door)));
    let Some((level, door)) = known.filter(|_| !over) else {
        drop(conn);
        if !forgets {
            return Ok(None);
        }
        // What has ended stays ended, also where sessions are given more time.
        app.db
            .write::<_, DeskError, _>(move |tx| {
                async move { store::delete_session(tx, &hash).await }.boxed()
            })
            .await?;
        return Ok(None);
    };
    let own = own_of(&mut conn, organisation, (row.contact, row.patient)).await?;
    let scope = match row.acting {
        Some(patient) => {
            let acts =
                representatives::acts_for(app, &mut conn, organisation, row.contact, now).await?;
            let found = acts.into_iter().find(|one| one.patient == patient);
            found.map(|one| one.scope)
        }
        None => Some(Scope::ALL),
    };
    drop(conn);
    let touched = now.seconds_since(row.seen_at) >= TOUCH;
    if touched || scope.is_none() {
        let acting_over = scope.is_none();
        app.db
            .write::<_, DeskError, _>(move |tx| {
                async move {
                    store::touch_session(tx, &hash, now).await?;
                    if acting_over {
                        store::act_for(tx, &hash, None).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await?;
    }
    Ok(Some(signed_in(row, (level, &door), own, scope, now)))
}

fn signed_in(
    row: SessionRow,
    (level, door): (Level, &Door),
    own: Option<PatientId>,
    scope: Option<Scope>,
    now: Timestamp,
) -> SignedIn {
    let patient = Patient {
        contact: row.contact,
        own,
        acting: row.acting.filter(|_| scope.is_some()),
        level,
        scope: scope.unwrap_or(Scope::NONE),
    };
    let counts_from = match usable(door.since, door.held_until, door.bounced, now) {
        Err(identity::model::Unusable::New(from)) if door.patient.is_some() => Some(from),
        _ => None,
    };
    SignedIn {
        ctx: Ctx {
            organisation: row.organisation,
            actor: Actor::Patient(patient),
            source: Source::Public,
            locale: row.locale.parse().unwrap_or_default(),
            once: None,
        },
        id: row.id,
        began: row.created_at,
        point: row.point,
        counts_from,
        acting_over: scope.is_none(),
    }
}

/// Keeps the language that somebody chose for the rest of their session.
pub async fn speak(app: &App, me: &SignedIn, locale: Locale) -> Result<(), DeskError> {
    let named = (me.ctx.organisation, me.ctx.signed_in()?.contact, me.id);
    app.db
        .write::<_, DeskError, _>(move |tx| {
            async move { store::speak(tx, named, locale.tag()).await }.boxed()
        })
        .await
}

/// Ends a session.
pub async fn end(app: &App, ctx: &Ctx, token: &str) -> Result<(), DeskError> {
    let contact = ctx.signed_in()?.contact;
    let hash = secret::token_hash(token);
    app.command(ctx, move |work| {
        async move {
            store::delete_session(work, &hash).await?;
            work.audit(NewEntry::new("portal.close", "contact", contact));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// One of somebody's open sessions.
#[derive(Clone, Debug)]
pub struct OpenSession {
    /// Its id.
    pub id: SessionId,
    /// `code` or `passkey`.
    pub method: String,
    /// Browser and system, as two codes.
    pub device: String,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was used last, to the minute.
    pub seen_at: Timestamp,
}

/// One's own open sessions, the newest first.
pub async fn open_sessions(app: &App, ctx: &Ctx) -> Result<Vec<OpenSession>, DeskError> {
    let contact = ctx.signed_in()?.contact;
    let settings = app.directory.of(ctx.organisation)?.settings.portal;
    let now = app.now();
    let since = (
        now.plus_seconds(-settings.hours * 3600),
        now.plus_seconds(-settings.idle_minutes * 60),
    );
    store::open_sessions(&mut app.read().await?, ctx.organisation, contact, since).await
}

/// Ends one of one's own sessions.
pub async fn end_one(app: &App, ctx: &Ctx, id: SessionId) -> Result<(), DeskError> {
    let contact = ctx.signed_in()?.contact;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            if !store::delete_one(work, (organisation, contact, id)).await? {
                return Err(DeskError::NotFound);
            }
            work.audit(NewEntry::new("portal.end", "contact", contact));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Ends, in the caller's command, what a contact was in by at an address that is theirs no more, and its passkeys: given back
/// later, the address opens what is opened then. What was shown ended with the address.
pub(crate) async fn address_gone(
    work: &mut Work<'_>,
    contact: ContactId,
    point: &[u8],
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::delete_by_point(work, organisation, (contact, point)).await?;
    passkeys::keys::delete_by_point(work, organisation, Owner::Contact(contact), point).await
}

/// Ends all sessions of a contact in the caller's command, and what was shown by any of them.
pub(super) async fn end_shown(work: &mut Work<'_>, contact: ContactId) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::delete_all(work, organisation, contact).await?;
    identity::end_shown_by(work, contact).await
}

/// The same but for one session.
pub(super) async fn end_others(
    work: &mut Work<'_>,
    (contact, here): (ContactId, SessionId),
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    store::delete_others(work, (organisation, contact, here)).await?;
    identity::end_shown_by(work, contact).await
}

/// Holds a session until the caller's command is done; [`DeskError::Unauthorized`] where it has ended.
pub(super) async fn hold(
    work: &mut Work<'_>,
    (contact, session): (ContactId, SessionId),
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    if store::hold_session(work, (organisation, contact, session)).await? {
        return Ok(());
    }
    Err(DeskError::Unauthorized)
}

/// Ends all of one's own sessions, this one too, and what was shown by any of them, and every passkey: somebody else may have
/// been in, and left themselves a key.
pub async fn end_everywhere(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    let contact = ctx.signed_in()?.contact;
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            end_shown(work, contact).await?;
            passkeys::keys::delete_all(work, organisation, Owner::Contact(contact)).await?;
            work.audit(NewEntry::new("portal.end", "contact", contact));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Forgets sessions, codes and devices of long ago. Run now and then; it asks nobody.
pub async fn forget(app: &App) -> Result<(), DeskError> {
    let now = app.now();
    app.db
        .write(move |tx| {
            async move {
                let sessions = now.plus_seconds(-MOST_HOURS * 3600);
                let codes = now.plus_seconds(-2 * 24 * 3600);
                store::forget(tx, sessions, codes, now.plus_seconds(-KNOWN_SECONDS)).await
            }
            .boxed()
        })
        .await
}
