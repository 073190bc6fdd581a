//! One-time codes by mail: asked for by anybody, sent to addresses on file alone.

use super::mails::{News, tell};
use super::sessions::{Entered, KNOWN_SECONDS, Way, enter, level_at};
use super::store::{self, NewCode};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::identity::{
    self,
    model::{code_digits, code_of},
};
use crate::ids::{ContactId, OrganisationId, PortalCodeId};
use crate::patients::{self, sign_in};
use bedside_db::Conn;
use bedside_vault::secret;
use bedside_web::Locale;
use futures_util::FutureExt;

/// Seconds for which a code works (NIST SP 800-63B-4 allows a day by mail; somebody who signs in needs minutes).
pub const CODE_LASTS: i64 = 10 * 60;
/// Tries of one code.
pub const TRIES: i64 = 3;
/// Codes for one address within an hour, whoever has it. A browser in which somebody came in by that address has as many
/// again that no stranger can use up.
pub const PER_HOUR: i64 = 4;
/// Codes for one address within a day: with [`TRIES`] and a million codes, guessing for a year finds one with less than two
/// chances in a hundred.
pub const PER_DAY: i64 = 12;

const HOUR: i64 = 3600;

/// The digits of a code: what the organisation's key makes of its number.
pub(super) fn digits(
    app: &App,
    organisation: OrganisationId,
    id: PortalCodeId,
) -> Result<String, DeskError> {
    let mark = app
        .keyring
        .of(organisation)?
        .identity
        .sign(&[b"portal code", &id.bytes()]);
    let mut random = [0; 8];
    random.copy_from_slice(&mark[..8]);
    Ok(code_of(random))
}

fn visitor(organisation: OrganisationId, locale: Locale) -> Ctx {
    Ctx {
        organisation,
        actor: Actor::Visitor,
        source: Source::Public,
        locale,
        once: None,
    }
}

async fn within(
    conn: &mut Conn,
    organisation: OrganisationId,
    subject: &[u8; 32],
    now: bedside_db::Timestamp,
) -> Result<(), DeskError> {
    for (seconds, most) in [(HOUR, PER_HOUR), (24 * HOUR, PER_DAY)] {
        let since = now.plus_seconds(-seconds);
        if store::codes_since(conn, organisation, subject, since).await? >= most {
            return Err(DeskError::RateLimited {
                retry_after: u32::try_from(HOUR).unwrap_or(u32::MAX),
            });
        }
    }
    Ok(())
}

/// A browser at the door.
#[derive(Clone, Copy, Debug)]
pub struct Visiting<'a> {
    /// What it says of itself.
    pub agent: &'a str,
    /// The secret by which it is known again for 90 days; it opens nothing.
    pub known: &'a str,
}

/// Whose share of codes this one is taken from: the address's, or that of a browser in which its owner was in before.
async fn share(
    app: &App,
    organisation: OrganisationId,
    (contact, blind): (Option<ContactId>, &[u8; 16]),
    known: Option<&str>,
) -> Result<[u8; 32], DeskError> {
    let vault = app.keyring.of(organisation)?;
    let everybody = vault.identity.sign(&[b"portal address", blind]);
    let (Some(known), Some(contact)) = (known, contact) else {
        return Ok(everybody);
    };
    let hash = secret::token_hash(known);
    let since = app.now().plus_seconds(-KNOWN_SECONDS);
    let here = (&hash, contact, blind.as_slice());
    let mut conn = app.read().await?;
    Ok(
        if store::knows_browser(&mut conn, organisation, here, since).await? {
            vault.identity.sign(&[b"portal browser", &hash, blind])
        } else {
            everybody
        },
    )
}

/// Asks for a code for an address, and gives back the secret of the browser that asks: the code counts in it alone. Whether
/// somebody has the address is seen by nobody: the same rows are written, and the same job follows. The job sends the code
/// where the address is on file and not held back. `known` is the secret of a browser in which somebody was in before.
/// [`DeskError::Invalid`] for what is no address, [`DeskError::RateLimited`] after too many codes for it.
pub async fn ask_code(
    app: &App,
    organisation: OrganisationId,
    address: &str,
    (locale, known): (Locale, Option<&str>),
) -> Result<String, DeskError> {
    let blind = patients::email_blind(app, organisation, address)?;
    let now = app.now();
    let door = sign_in::door(&mut app.read().await?, organisation, &blind).await?;
    let door = door.filter(|door| level_at(door, now).is_some());
    let contact = door.map(|door| door.contact);
    let subject = share(app, organisation, (contact, &blind), known).await?;
    let browser = secret::random_token();
    let id: PortalCodeId = app.id();
    let row = NewCode {
        id,
        subject,
        browser: secret::token_hash(&browser),
        contact,
        point: contact.map(|_| blind.to_vec()),
        locale: locale.tag(),
        expires_at: now.plus_seconds(CODE_LASTS),
    };
    let object = contact.map(|id| id.to_string()).unwrap_or_default();
    app.command(&visitor(organisation, locale), move |work| {
        async move {
            let now = work.now;
            identity::hold(work, &[b"portal codes", &subject]).await?;
            within(work, organisation, &subject, now).await?;
            store::insert_code(work, organisation, &row, now).await?;
            work.audit(NewEntry::new("portal.code", "contact", object).purpose("access"));
            tell(work, row.contact, News::Code(id), locale).await
        }
        .boxed()
    })
    .await?;
    Ok(browser)
}

/// Lets whoever has the code in, in the browser that asked for it. [`DeskError::Gone`] when its time or its tries are over,
/// [`DeskError::Invalid`] with `wrong_code`: also for an address that nobody has, whatever is typed.
pub async fn enter_code(
    app: &App,
    browser: &str,
    typed: &str,
    from: Visiting<'_>,
) -> Result<Entered, DeskError> {
    let (hash, now) = (secret::token_hash(browser), app.now());
    // Counted before it is looked at, so that many at once count as many.
    let tried = app
        .db
        .write::<_, DeskError, _>(move |tx| {
            async move { store::try_code(tx, &hash, TRIES, now).await }.boxed()
        })
        .await?;
    let code = tried.ok_or(DeskError::Gone)?;
    let organisation = code.organisation;
    let right = digits(app, organisation, code.id)?;
    let typed = code_digits(typed).unwrap_or_default();
    // Hashes of both are compared: how long that takes tells nothing of the digits.
    let fits = secret::token_hash(&right) == secret::token_hash(&typed);
    let locale: Locale = code.locale.parse().unwrap_or_default();
    let whose = code.contact.zip(code.point.clone()).filter(|_| fits);
    let Some((contact, point)) = whose else {
        let object = code.contact.map(|id| id.to_string()).unwrap_or_default();
        let entry = NewEntry::new("portal.open", "contact", object).outcome(Outcome::Denied);
        app.audit(&visitor(organisation, locale), entry).await?;
        return Err(wrong());
    };
    let way = Way::of("code", locale, from);
    let used = code.id;
    let shown = (contact, point);
    enter(app, organisation, shown, way, move |work| {
        async move { store::use_code(work, organisation, used).await }.boxed()
    })
    .await?
    .ok_or_else(wrong)
}

fn wrong() -> DeskError {
    DeskError::invalid("code", "wrong_code", "This code does not fit.")
}
