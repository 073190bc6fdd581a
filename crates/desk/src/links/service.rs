//! Making, opening and ending links.

use super::model::{Look, Opening, Purpose, Visit};
use super::store::{self, LinkRow};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Actor, Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId, TicketId};
use crate::work::Work;
use crate::{outbound, tickets};
use bedside_db::Timestamp;
use bedside_vault::secret;
use futures_util::FutureExt;

/// Longest text that is looked at as a token or a cookie.
const MAX_TOKEN: usize = 100;
/// Seconds until one link can be used again to ask for a fresh one.
const ASK_PAUSE: i64 = 10 * 60;
/// Days for which an expired link can still be used to ask for a fresh one.
const KEEP_DAYS: i64 = 30;

/// Makes a link in the caller's command; the token is in no other place than the answer.
pub async fn make(
    work: &mut Work<'_>,
    purpose: Purpose,
    ticket: TicketId,
    contact: ContactId,
) -> Result<String, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let token = secret::random_token();
    let hash = secret::token_hash(&token);
    let expires = purpose.ends(now);
    store::insert(
        work,
        organisation,
        &hash,
        purpose,
        (ticket, contact),
        (now, expires),
    )
    .await?;
    let detail = serde_json::json!({ "purpose": purpose.code(), "contact": contact });
    work.audit(NewEntry::new("link.make", "ticket", ticket).detail(&detail));
    Ok(token)
}

/// Makes a thread link for whoever a link let in, to another request of theirs: open already in the browser with this
/// `cookie`, which is theirs.
pub async fn make_open(
    app: &App,
    visit: &Visit,
    ticket: TicketId,
    cookie: &str,
) -> Result<String, DeskError> {
    let (contact, bound) = (visit.contact, secret::token_hash(cookie));
    app.command(&visit.ctx, move |work| {
        async move {
            let now = work.now;
            let token = make(work, Purpose::Thread, ticket, contact).await?;
            store::bind(work, &secret::token_hash(&token), &bound, now).await?;
            Ok(token)
        }
        .boxed()
    })
    .await
}

/// Whether a link of this purpose to this ticket was made after `since`.
pub(crate) async fn made_since(
    app: &App,
    organisation: OrganisationId,
    ticket: TicketId,
    purpose: Purpose,
    since: Timestamp,
) -> Result<bool, DeskError> {
    store::made_since(&mut app.read().await?, organisation, ticket, purpose, since).await
}

/// The address of a thread link.
pub fn thread_url(app: &App, token: &str) -> String {
    format!("{}/t/{token}", app.config.public_url)
}

/// The address that rates with one click; the page behind it asks once more before it stores anything, because mail
/// scanners open links too.
pub fn rating_url(app: &App, token: &str, score: i64) -> String {
    format!("{}/r/{token}?score={score}", app.config.public_url)
}

async fn stored(app: &App, token: &str, purpose: Purpose) -> Result<LinkRow, DeskError> {
    let known = kept(app, token)
        .await?
        .filter(|link| link.purpose == Some(purpose));
    known
        .filter(|link| link.expires_at > app.now())
        .ok_or(DeskError::Gone)
}

/// The link in place of which a fresh one can be asked for, and who stands behind it: one that works or has expired a
/// while ago. [`DeskError::Gone`] for one that was revoked or never was: who holds it may be somebody it is not for.
async fn renewable(app: &App, token: &str) -> Result<(LinkRow, Visit), DeskError> {
    let link = kept(app, token)
        .await?
        .filter(|link| link.purpose == Some(Purpose::Thread))
        .ok_or(DeskError::Gone)?;
    let visit = visit_of(app, &link).await?;
    Ok((link, visit))
}

/// Whether [`ask_new`] can do anything for who holds this link.
pub async fn is_renewable(app: &App, token: &str) -> Result<bool, DeskError> {
    match renewable(app, token).await {
        Ok(_) => Ok(true),
        Err(DeskError::Gone) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a link of this purpose still lets its person in.
pub(crate) async fn works(app: &App, token: &str, purpose: Purpose) -> Result<bool, DeskError> {
    match stored(app, token, purpose).await {
        Ok(_) => Ok(true),
        Err(DeskError::Gone) => Ok(false),
        Err(error) => Err(error),
    }
}

/// A link that was not revoked, whether it expired or not.
async fn kept(app: &App, token: &str) -> Result<Option<LinkRow>, DeskError> {
    if token.len() > MAX_TOKEN {
        return Ok(None);
    }
    store::one(&mut app.read().await?, &secret::token_hash(token)).await
}

async fn visit_of(app: &App, link: &LinkRow) -> Result<Visit, DeskError> {
    let ticket = match tickets::row_for(app, link.organisation, link.ticket).await {
        Err(DeskError::NotFound) => return Err(DeskError::Gone),
        found => found?,
    };
    Ok(Visit {
        ctx: Ctx {
            organisation: link.organisation,
            actor: Actor::Contact { id: link.contact },
            source: Source::Public,
            locale: ticket.locale,
            once: None,
        },
        ticket: ticket.id,
        made_for: link.ticket,
        contact: link.contact,
        signed_in: None,
    })
}

fn is_bound_to(link: &LinkRow, cookie: Option<&str>) -> bool {
    let cookie = cookie.filter(|cookie| cookie.len() <= MAX_TOKEN);
    // Both sides are hashes of random secrets: how long the comparison takes tells nothing about either.
    cookie.is_some_and(|cookie| link.bound.as_deref() == Some(&secret::token_hash(cookie)[..]))
}

/// What a thread link is for the browser with this cookie. Changes nothing.
pub async fn look(app: &App, token: &str, cookie: Option<&str>) -> Result<Look, DeskError> {
    let link = stored(app, token, Purpose::Thread).await?;
    let visit = visit_of(app, &link).await?;
    Ok(match link.bound {
        None => Look::Unopened(visit),
        Some(_) if is_bound_to(&link, cookie) => Look::Mine(visit),
        Some(_) => Look::Elsewhere,
    })
}

/// Opens a thread link: binds it to this browser when nobody opened it yet. [`DeskError::Conflict`] with
/// `opened_elsewhere` for another browser.
pub async fn open(app: &App, token: &str, cookie: Option<&str>) -> Result<Opening, DeskError> {
    let elsewhere = DeskError::Conflict {
        code: "opened_elsewhere",
        text: "This link was opened in another browser. Ask for a new one.",
    };
    match look(app, token, cookie).await? {
        Look::Mine(visit) => Ok(Opening {
            visit,
            cookie: None,
        }),
        Look::Elsewhere => Err(elsewhere),
        Look::Unopened(visit) => {
            let fresh = secret::random_token();
            let (hash, bound, ticket) = (
                secret::token_hash(token),
                secret::token_hash(&fresh),
                visit.ticket,
            );
            let first = app
                .command(&visit.ctx, move |work| {
                    async move {
                        let now = work.now;
                        work.audit(NewEntry::new("link.open", "ticket", ticket).purpose("access"));
                        store::bind(work, &hash, &bound, now).await
                    }
                    .boxed()
                })
                .await?;
            if first {
                Ok(Opening {
                    visit,
                    cookie: Some(fresh),
                })
            } else {
                Err(elsewhere)
            }
        }
    }
}

/// Who stands behind a link of this purpose, without binding it: for a rating.
pub async fn visit(app: &App, token: &str, purpose: Purpose) -> Result<Visit, DeskError> {
    let link = stored(app, token, purpose).await?;
    visit_of(app, &link).await
}

/// Mails a fresh thread link to the address of the person whose link this is, at most once in ten minutes.
/// [`DeskError::Gone`] where none can be sent: see [`is_renewable`].
pub async fn ask_new(app: &App, token: &str) -> Result<(), DeskError> {
    let (link, visit) = renewable(app, token).await?;
    let ticket = tickets::row_for(app, link.organisation, visit.ticket).await?;
    let hash = secret::token_hash(token);
    app.command(&visit.ctx, move |work| {
        async move {
            let now = work.now;
            work.audit(NewEntry::new("link.ask", "ticket", ticket.id).purpose("access"));
            if store::ask(work, &hash, now, now.plus_seconds(-ASK_PAUSE)).await? {
                outbound::send_link(work, &ticket, link.contact).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Ends every link to a ticket, those of requests that went into it included: one was sent to somebody it is not for.
/// Whoever it is for gets a fresh one with the next answer. Gives back how many there were.
pub async fn revoke_ticket(app: &App, ctx: &Ctx, ticket: TicketId) -> Result<u64, DeskError> {
    ctx.authorize(Permission::TicketsWrite)?;
    let ticket = tickets::row_admitted(app, ctx, ticket).await?.id;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            tickets::held(work, ticket).await?;
            let mut ended = 0;
            for id in tickets::with_merged(work, organisation, ticket).await? {
                ended += store::revoke_ticket(work, organisation, id, now).await?;
            }
            let detail = serde_json::json!({ "links": ended });
            work.audit(NewEntry::new("link.revoke", "ticket", ticket).detail(&detail));
            Ok(ended)
        }
        .boxed()
    })
    .await
}

/// Ends every link of a contact, in the caller's command: an address of theirs is no longer theirs, or they no longer
/// stand for the patient.
pub async fn revoke_contact(work: &mut Work<'_>, contact: ContactId) -> Result<u64, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    work.audit(NewEntry::new("link.revoke", "contact", contact));
    store::revoke_contact(work, organisation, contact, now).await
}

/// Forgets links that ended long ago.
pub async fn forget(app: &App) -> Result<(), DeskError> {
    let before = app.now().plus_seconds(-KEEP_DAYS * 24 * 3600);
    app.db
        .write(move |tx| async move { store::forget(tx, before).await }.boxed())
        .await
}
