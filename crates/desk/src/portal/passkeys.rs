//! The passkeys of patients ([`crate::passkeys`]): added once they are in, and a way in of their own after that.

use super::codes::Visiting;
use super::mails::{News, tell};
use super::sessions::{Entered, SignedIn, Way, end_others, end_shown, enter, hold};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, PasskeyId};
use crate::passkeys::keys::{self as store, Row};
use crate::passkeys::{self, Answer, Asked, Door, Owner, Passkey, Place, Refused};
use crate::patients;
use bedside_web::Locale;
use futures_util::FutureExt;

/// Seconds after coming in within which a key can be added.
const FRESH: i64 = 10 * 60;

/// Asks a browser at the patients' door for whichever passkey it has; `browser` is the cookie that it answers with.
pub async fn ask_at_door(app: &App, browser: &str) -> Result<Asked, DeskError> {
    passkeys::ask_for(app, Place::Portal(browser), &[]).await
}

/// Lets somebody in by a passkey. [`DeskError::Gone`] where the question is over; [`DeskError::Invalid`] with
/// `wrong_passkey`, whatever it was: also where the address is no longer theirs under which they made it;
/// [`DeskError::Conflict`] with `passkey_stopped`.
pub async fn sign_in_by_passkey(
    app: &App,
    browser: &str,
    answer: Answer<'_>,
    (locale, from): (Locale, Visiting<'_>),
) -> Result<Entered, DeskError> {
    let here = (Door::Patients, Place::Portal(browser));
    let key = match passkeys::check(app, here, answer, None).await {
        Ok(key) => key,
        Err(why) => return Err(refused(app, why, locale).await?),
    };
    let Owner::Contact(contact) = key.owner else {
        return Err(passkeys::wrong());
    };
    let point = key.row.point.clone().ok_or_else(passkeys::wrong)?;
    let way = Way::of("passkey", locale, from);
    let entered = enter(app, key.organisation, (contact, point), way, move |work| {
        async move {
            let now = work.now;
            key.take(work, now).await?;
            Ok(true)
        }
        .boxed()
    });
    entered.await?.ok_or_else(passkeys::wrong)
}

/// Writes a refusal into the log of whose key it is, and stops a key that may have a copy.
async fn refused(app: &App, why: Refused, locale: Locale) -> Result<DeskError, DeskError> {
    if let Some((organisation, Owner::Contact(contact))) = why.tried {
        noted(app, (organisation, contact), why.copied, locale).await?;
    }
    Ok(why.error)
}

async fn noted(
    app: &App,
    (organisation, contact): (OrganisationId, ContactId),
    copied: Option<Row>,
    locale: Locale,
) -> Result<(), DeskError> {
    let ctx = Ctx {
        actor: Actor::Visitor,
        ..Ctx::system(organisation, "sign-in", Source::Public)
    };
    app.command(&ctx, move |work| {
        async move {
            work.audit(NewEntry::new("portal.open", "contact", contact).outcome(Outcome::Denied));
            if let Some(row) = copied {
                let now = work.now;
                if store::stop(work, organisation, row.passkey.id, now).await? {
                    // The copy may have come in first.
                    end_shown(work, contact).await?;
                    work.audit(NewEntry::new("passkey.stop", "contact", contact));
                    tell(work, Some(contact), News::PasskeyStopped, locale).await?;
                }
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// One's own, the oldest first.
pub async fn my_passkeys(app: &App, ctx: &Ctx) -> Result<Vec<Passkey>, DeskError> {
    let owner = Owner::Contact(ctx.signed_in()?.contact);
    let rows = store::of_person(&mut app.read().await?, ctx.organisation, owner).await?;
    Ok(rows.into_iter().map(|row| row.passkey).collect())
}

/// Asks the browser of this session to make a key; errors as [`passkeys::ask_new`].
pub async fn ask_new_passkey(app: &App, me: &SignedIn) -> Result<Asked, DeskError> {
    let (contact, organisation) = (me.ctx.signed_in()?.contact, me.ctx.organisation);
    let mut conn = app.read().await?;
    let door = patients::sign_in::door(&mut conn, organisation, &me.point).await?;
    let door = door.ok_or(DeskError::NotFound)?;
    // Their own device shows it, beside the clinic's name.
    let label = patients::sign_in::address(app, &mut conn, organisation, &door).await?;
    drop(conn);
    let whose = (Owner::Contact(contact), me.id);
    passkeys::ask_new(app, organisation, whose, (&label, &label)).await
}

/// Adds the key that the browser made. Errors as [`passkeys::made`] and [`passkeys::keep`]; [`DeskError::Conflict`] with
/// `fresh_sign_in` where they came in longer ago than [`FRESH`], since a browser that was left open must give nobody a way in
/// of their own; in the demo with `demo`: what one visitor adds there would be another one's way in.
pub async fn add_passkey(
    app: &App,
    me: &SignedIn,
    name: &str,
    answer: Answer<'_>,
) -> Result<(), DeskError> {
    let contact = me.ctx.signed_in()?.contact;
    if app.now().seconds_since(me.began) >= FRESH {
        return Err(DeskError::Conflict {
            code: "fresh_sign_in",
            text: "Sign in anew first.",
        });
    }
    let made = passkeys::made(app, me.id, name, answer).await?;
    if app.config.demo {
        return Err(DeskError::Conflict {
            code: "demo",
            text: "Nothing of this is kept in the demo.",
        });
    }
    let (point, session) = (me.point.clone(), me.id);
    app.command(&me.ctx, move |work| {
        async move {
            // In the order in which whoever takes an address away holds them.
            patients::hold_contact(work, contact).await?;
            hold(work, (contact, session)).await?;
            passkeys::keep(work, Owner::Contact(contact), Some(point), made).await?;
            work.audit(NewEntry::new("passkey.add", "contact", contact));
            let locale = work.ctx.locale;
            tell(work, Some(contact), News::PasskeyAdded, locale).await
        }
        .boxed()
    })
    .await
}

/// Does without one's own passkey from now on. Every other session ends: its device may be in other hands.
pub async fn remove_passkey(app: &App, me: &SignedIn, id: PasskeyId) -> Result<(), DeskError> {
    let (contact, here) = (me.ctx.signed_in()?.contact, me.id);
    app.command(&me.ctx, move |work| {
        async move {
            let (organisation, locale) = (work.ctx.organisation, work.ctx.locale);
            if !store::delete(work, organisation, Owner::Contact(contact), id).await? {
                return Err(DeskError::NotFound);
            }
            end_others(work, (contact, here)).await?;
            work.audit(NewEntry::new("passkey.remove", "contact", contact));
            tell(work, Some(contact), News::PasskeyRemoved, locale).await
        }
        .boxed()
    })
    .await
}
