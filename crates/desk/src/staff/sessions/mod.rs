//! Signing in, staying in, going out. Owns `sessions`, `half_sign_ins`, `staff_links`, `sign_in_failures`, `known_devices`
//! and `known_networks`.
//!
//! Who has a second factor is half in after a password or a link ([`Half`]), which opens nothing; whatever the way in was,
//! the code or the passkey comes after it. A passkey at the door is both at once. A session knows when its person last proved who they are ([`SignedIn::proven_at`]); what is worth a
//! second look asks for a fresh proof ([`confirm`]).

mod device;
mod half;
mod own;
mod passkey;
mod password;
mod place;
mod proof;
pub(super) mod store;
mod throttle;

pub use device::codes as device_codes;
pub(crate) use device::of as device_of;
pub use half::{Half, HalfPerson, finish, half_person};
pub use own::{OpenSession, end_everywhere, end_one, end_others, open_sessions};
pub use passkey::{
    ask_at_door, ask_half, ask_inside, confirm_by_passkey, finish_by_passkey, sign_in_by_passkey,
};
pub use password::{asks_current, choose_password};
pub(super) use place::know;
pub use place::{Here, Place};
pub(super) use proof::is_no_demo;
pub use proof::{PROOF_SECONDS, Proof, TYPING_SECONDS, confirm, proof_of};
pub use store::ALL as STATEMENTS;

use super::notices::{self, What};
use super::passkeys::possible;
use super::role::{Role, SESSION_MINUTES, SecondFactor};
use super::service::in_hands;
use super::{factors, passwords, roles, sso, store as people};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId, StaffId};
use crate::work::Work;
use bedside_db::Timestamp;
use bedside_vault::{normalise, secret};
use futures_util::FutureExt;
use std::sync::Arc;

/// How a session began whose person showed a second factor at their organisation's provider.
const SSO_FACTOR: &str = "sso factor";
/// How the ways end that a passkey was shown on.
const BY_PASSKEY: &str = "passkey";
/// How often the use of a session is written down, in seconds.
const TOUCH: i64 = 60;
/// For how long a browser and system that somebody came in with is no news, in seconds: 90 days.
const KNOWN_SECONDS: i64 = 90 * 24 * 3600;
/// How long before the end of an invitation its person is reminded, in seconds.
const REMINDED: i64 = 24 * 3600;

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

/// How far somebody came.
#[derive(Clone, Debug)]
pub enum Entered {
    /// They are in.
    In(Session),
    /// They have a second factor, which they show next.
    Half(Half),
}

impl Entered {
    /// The session, where they are in.
    pub fn session(self) -> Option<Session> {
        match self {
            Self::In(session) => Some(session),
            Self::Half(_) => None,
        }
    }
}

/// Signs in with address and password. Every failure reads the same. Who works for several organisations comes into the
/// first one whose password it is. `user_agent` is what the browser says of itself.
pub async fn sign_in(
    app: &App,
    email: &str,
    password: &str,
    user_agent: &str,
) -> Result<Entered, DeskError> {
    let email = normalise::email(email).unwrap_or_default();
    let address = secret::token_hash(&email);
    let wrong_before = throttle::take_try(app, address).await?;
    let mut conn = app.read().await?;
    let known = people::by_email(&mut conn, &email).await?;
    let looks = people::most_of_an_address(&mut conn).await?;
    drop(conn);
    let first = known
        .first()
        .map(|(organisation, staff, _)| (*organisation, *staff));
    let idle = looks.saturating_sub(known.len());
    for (organisation, staff, hash) in known {
        if passwords::fits(password.to_owned(), hash.clone()).await? {
            if sso::only_way_of(&mut app.read().await?, organisation, staff).await? {
                continue;
            }
            throttle::forgive(app, address).await?;
            let who = (organisation, staff);
            let shown = Shown {
                method: Method::Password,
                hash,
                after_wrong: wrong_before >= throttle::FREE_FAILURES,
                provider: None,
            };
            return enter(app, who, shown, user_agent).await;
        }
    }
    // An address costs as many looks as that of whoever works for the most organisations: none tells how many it is known in.
    for _ in 0..idle {
        passwords::fits(password.to_owned(), None).await?;
    }
    throttle::refuse(app, address, first, "session.open").await?;
    Err(DeskError::Unauthorized)
}

/// Signs in by a link. An expired, used or unknown one is [`DeskError::Gone`].
pub async fn sign_in_by_link(
    app: &App,
    token: &str,
    user_agent: &str,
) -> Result<Entered, DeskError> {
    let hash = secret::token_hash(token);
    let now = app.now();
    let used = app
        .db
        .write::<_, DeskError, _>(move |tx| {
            async move { store::use_link(tx, &hash, now).await }.boxed()
        })
        .await?;
    let (organisation, staff, reusable) = used.ok_or(DeskError::Gone)?;
    let method = if reusable { Method::Door } else { Method::Link };
    enter(app, (organisation, staff), method.into(), user_agent).await
}

/// What somebody showed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Password,
    /// A link that works once: they have no password yet, or forgot it.
    Link,
    /// One of the demo's doors.
    Door,
    /// Who they are, at their organisation's provider.
    Sso,
    /// The same, with a second factor that the organisation trusts.
    SsoFactor,
}

/// The same, and what is known of it.
pub(super) struct Shown {
    method: Method,
    /// The hash that a password fits.
    hash: Option<String>,
    /// Whether as many wrong passwords came before it as cost nothing yet: somebody may have guessed it.
    after_wrong: bool,
    /// The provider whose word it is, as it was asked.
    provider: Option<sso::Named>,
}

impl Shown {
    /// Who they are, by the word of this provider, with or without a second factor.
    pub(super) fn at(provider: sso::Named, method: Method) -> Self {
        Self {
            provider: Some(provider),
            ..method.into()
        }
    }
}

impl From<Method> for Shown {
    fn from(method: Method) -> Self {
        Self {
            method,
            hash: None,
            after_wrong: false,
            provider: None,
        }
    }
}

impl Method {
    const fn code(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Link | Self::Door => "link",
            Self::Sso => "sso",
            Self::SsoFactor => SSO_FACTOR,
        }
    }
}

/// Lets somebody in who has shown who they are; half, where they have a second factor that was not shown. Every way in but
/// [`admit`] leads through here. A password is shown by the `hash` that it fits, and counts while that is theirs.
pub(super) async fn enter(
    app: &App,
    (organisation, staff): (OrganisationId, StaffId),
    shown: Shown,
    user_agent: &str,
) -> Result<Entered, DeskError> {
    let Shown {
        method,
        hash,
        after_wrong,
        provider,
    } = shown;
    let ctx = Ctx::system(organisation, "sign-in", Source::Page);
    let (token, half) = (secret::random_token(), secret::random_token());
    let mut new = new_session(app, staff, method.code(), user_agent, &token);
    let half_hash = secret::token_hash(&half);
    new.by_link = method == Method::Link;
    // Whoever comes in at a provider alone has no use for a password.
    let needs_password =
        new.by_link && !sso::only_way_of(&mut app.read().await?, organisation, staff).await?;
    let is_half = app
        .command(&ctx, move |work| {
            async move {
                // Before the person, as everywhere.
                if let Some(provider) = provider {
                    sso::still_is(work, provider).await?;
                }
                // Held, so that nobody comes in past a second factor that is added at this moment, or with a password that
                // is changed.
                let person = people::held(work, organisation, staff).await?;
                // Whoever was locked out since they showed it would be in again once they are let in.
                if person.is_none_or(|person| person.disabled_at.is_some()) {
                    return Err(DeskError::Unauthorized);
                }
                if hash.is_some() && people::password_of(work, organisation, staff).await? != hash {
                    return Err(DeskError::Unauthorized);
                }
                if after_wrong {
                    notices::tell(work, staff, What::AfterWrong).await?;
                }
                if method != Method::SsoFactor
                    && factors::has_one(work, organisation, staff).await?
                {
                    let shown = (method.code(), needs_password);
                    half::begin(work, staff, shown, &half_hash).await?;
                    return Ok(true);
                }
                open(work, &new).await?;
                Ok(false)
            }
            .boxed()
        })
        .await?;
    if is_half {
        return Ok(Entered::Half(Half { token: half }));
    }
    opened(app, token, needs_password).await.map(Entered::In)
}

/// Opens a session for somebody who has shown all there is to show, by `method`.
pub async fn admit(
    app: &App,
    organisation: OrganisationId,
    staff: StaffId,
    method: &'static str,
    user_agent: &str,
) -> Result<Session, DeskError> {
    let token = secret::random_token();
    let new = new_session(app, staff, method, user_agent, &token);
    let ctx = Ctx::system(organisation, "sign-in", Source::Page);
    app.command(&ctx, move |work| {
        async move { open(work, &new).await }.boxed()
    })
    .await?;
    opened(app, token, false).await
}

fn new_session(
    app: &App,
    staff: StaffId,
    method: &'static str,
    user_agent: &str,
    token: &str,
) -> store::NewSession {
    store::NewSession {
        hash: secret::token_hash(token),
        id: app.id(),
        staff,
        method,
        device: device::of(user_agent),
        by_link: false,
        // What the role says ends it earlier: see `look`.
        expires: app.now().plus_seconds(SESSION_MINUTES.1 * 60),
    }
}

/// Opens a session in the caller's command, and tells its person of it where they have not come in with such a browser
/// and system lately, or by a link, which lies in a mail. The first one of all is no news. Coming in with a new one is, for
/// whoever has a second factor, no proof for what asks for a fresh one: it is shown once more there.
async fn open(work: &mut Work<'_>, new: &store::NewSession) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let detail = serde_json::json!({ "method": new.method });
    work.audit(NewEntry::new("session.open", "staff", new.staff).detail(&detail));
    let known = store::devices_of(work, organisation, new.staff).await?;
    let what = if known.is_empty() {
        None
    } else if new.by_link {
        Some(What::ByLink)
    } else {
        (!place::is_among(&known, &new.device, now)).then_some(What::NewDevice)
    };
    let is_new = what == Some(What::NewDevice) && !work.app.config.demo;
    let proven = if is_new && factors::has_one(work, organisation, new.staff).await? {
        Timestamp::from_micros(0)
    } else {
        now
    };
    store::insert_session(work, organisation, new, (now, proven)).await?;
    if let Some(what) = what {
        notices::tell(work, new.staff, what).await?;
    }
    store::know_device(work, organisation, new.staff, &new.device, now).await
}

async fn opened(app: &App, token: String, needs_password: bool) -> Result<Session, DeskError> {
    let found = session_unused(app, &token)
        .await?
        .ok_or(DeskError::Unauthorized)?;
    Ok(Session {
        token,
        ctx: found.ctx,
        needs_password,
    })
}

/// Who is behind a session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What they call services with.
    pub ctx: Ctx,
    /// What the session is known by; not what lets anybody in.
    pub id: SessionId,
    /// When they last proved who they are.
    pub proven_at: Timestamp,
    /// Whether their role wants a second factor and they have none.
    pub lacks_factor: bool,
    /// Where the request comes from; none where no request is looked at.
    pub here: Option<Arc<Here>>,
}

/// Who is behind a session's token in a request from `place`; none when it has ended. `used` is false for requests that a page
/// makes by itself: they don't keep a session alive that nobody uses.
pub async fn session(
    app: &App,
    token: &str,
    used: bool,
    place: Place<'_>,
) -> Result<Option<SignedIn>, DeskError> {
    look(app, token, used, Some(place)).await
}

/// The same for a session that was let in before, such as that of an open stream.
pub async fn session_unused(app: &App, token: &str) -> Result<Option<SignedIn>, DeskError> {
    look(app, token, false, None).await
}

async fn look(
    app: &App,
    token: &str,
    used: bool,
    place: Option<Place<'_>>,
) -> Result<Option<SignedIn>, DeskError> {
    let hash = secret::token_hash(token);
    let now = app.now();
    let Some(row) = store::session(&mut app.read().await?, &hash).await? else {
        return Ok(None);
    };
    // Nobody can do anything with a role that is gone.
    let role = roles::as_of(app, row.organisation, &row.role, row.role_version).await?;
    let Some(role) = role else {
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
    let (mut proven_at, mut here) = (row.proven_at, None);
    if let Some(place) = place {
        if !place::stays(app, &row, hash, place).await? {
            return Ok(None);
        }
        let found = place::here(app, &row, place);
        proven_at = place::proven_at(app, &row, hash, &found).await?;
        here = Some(Arc::new(found));
    }
    if used && now.seconds_since(row.seen_at) >= TOUCH {
        app.db
            .write::<_, DeskError, _>(move |tx| {
                async move { store::touch_session(tx, &hash, now).await }.boxed()
            })
            .await?;
    }
    let lacks_factor = lacks_factor(app, &row, &role);
    let ctx = Ctx {
        organisation: row.organisation,
        actor: Actor::Staff {
            id: row.staff,
            role,
            name: row.name.into(),
        },
        source: Source::Page,
        locale: row.locale.parse().unwrap_or_default(),
        once: None,
    };
    Ok(Some(SignedIn {
        ctx,
        id: row.id,
        proven_at,
        lacks_factor,
        here,
    }))
}

/// Whether the role wants a second factor that the person does not have, or a passkey that this session did not show.
/// Nobody can set one up in the demo, so nobody waits for it there.
fn lacks_factor(app: &App, row: &store::SessionRow, role: &Role) -> bool {
    if app.config.demo {
        return false;
    }
    match role.second_factor {
        SecondFactor::None => false,
        SecondFactor::Passkey if possible(&app.config.public_url) => {
            !(row.has_passkey && row.method.ends_with(BY_PASSKEY))
        }
        // Where the desk's address can have no passkeys, any factor is as good as it gets.
        SecondFactor::Any | SecondFactor::Passkey => !row.has_factor && row.method != SSO_FACTOR,
    }
}

/// Whether a key may be added in the session of `hash`, in the caller's command: where a role asks for a passkey and there
/// is one, only who shows it adds another, or a password and a code that were told to a false page would be enough.
pub(super) async fn may_add_key(work: &mut Work<'_>, hash: &[u8; 32]) -> Result<(), DeskError> {
    let row = store::session(work, hash).await?;
    let row = row.ok_or(DeskError::Unauthorized)?;
    let clinic = work.app.directory.of(row.organisation)?;
    let wants = clinic.role(&row.role).map(|role| role.second_factor);
    if wants == Some(SecondFactor::Passkey) && row.has_passkey && !row.method.ends_with(BY_PASSKEY)
    {
        return Err(DeskError::SecondFactorRequired);
    }
    Ok(())
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
            // Nobody has to be reminded of what was made to be short.
            let told = (expires.seconds_since(work.now) <= REMINDED).then_some(work.now);
            store::insert_link(work, &hash, organisation, staff, reusable, expires, told).await?;
            work.audit(NewEntry::new("staff.link", "staff", staff));
            Ok(())
        }
        .boxed()
    })
    .await?;
    Ok(token)
}

/// Tells whoever has an invitation that it ends within a day, once.
pub async fn remind_invited(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let now = app.now();
    let until = now.plus_seconds(REMINDED);
    let ending = store::ending_links(&mut app.read().await?, ctx.organisation, now, until).await?;
    if ending.is_empty() {
        return Ok(());
    }
    app.command(ctx, move |work| {
        async move {
            let (mut count, now) = (0, work.now);
            for hash in &ending {
                if let Some(staff) = store::remind_link(work, hash, now).await? {
                    notices::tell(work, staff, What::LinkEnds).await?;
                    count += 1;
                }
            }
            let detail = serde_json::json!({ "count": count });
            let entry = NewEntry::new("staff.remind", "organisation", work.ctx.organisation);
            work.audit(entry.detail(&detail));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Forgets sessions and links that ended by themselves, and wrong passwords of yesterday.
pub async fn forget_expired(app: &App) -> Result<(), DeskError> {
    let now = app.now();
    app.db
        .write(move |tx| async move { store::forget_expired(tx, now).await }.boxed())
        .await
}
