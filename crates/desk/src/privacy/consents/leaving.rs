//! The link that ends such mails: no sign-in, one press, and looking at it changes nothing. It is signed, bound to one
//! address of one contact and one purpose, and works as long as the address is theirs (RFC 8058).

use super::model::{Mark, Purpose, Source};
use super::service::leave_in;
use crate::app::App;
use crate::context::{Actor, Ctx, Source as WayIn};
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId};
use crate::patients::{self, Requester};
use bedside_web::Locale;
use bedside_web::cursor;
use bedside_web::i18n::Texts;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;

/// Name of the signed text.
const NAME: &str = "consent-leave";

/// What a link carries.
type Signed = (OrganisationId, ContactId, Purpose, String);

/// Whoever stands at such a link.
pub struct Leaving {
    /// Whose desk.
    pub organisation: OrganisationId,
    /// Which mails it ends.
    pub purpose: Purpose,
    /// The language of their requests.
    pub locale: Option<Locale>,
    requester: Requester,
    point: Mark,
    address: String,
}

/// The web address that ends mails for `purpose` to this address of a contact.
///
/// # Errors
/// [`DeskError::Invalid`] for what is no mail address.
pub fn leaving_url(
    app: &App,
    organisation: OrganisationId,
    (contact, address): (ContactId, &str),
    purpose: Purpose,
) -> Result<String, DeskError> {
    let point = patients::email_blind(app, organisation, address)?;
    let signed: Signed = (organisation, contact, purpose, HEXLOWER.encode(&point));
    let token = cursor::encode(NAME, &signed, &app.keyring.web_mac());
    Ok(format!("{}/u/{token}", app.config.public_url))
}

/// Who stands behind a link.
///
/// # Errors
/// [`DeskError::Gone`] for whatever is no link of this desk, and when the address is not that contact's any more.
pub async fn leaving_of(app: &App, token: &str) -> Result<Leaving, DeskError> {
    let signed = cursor::decode::<Signed>(NAME, token, &app.keyring.web_mac());
    let (organisation, contact, purpose, point) = signed.map_err(|_| DeskError::Gone)?;
    app.directory
        .of(organisation)
        .map_err(|_| DeskError::Gone)?;
    let found = patients::requester_of_contact(app, organisation, contact).await;
    let requester = match found {
        Err(DeskError::NotFound) => return Err(DeskError::Gone),
        found => found?,
    };
    let mut conn = app.read().await?;
    let view = patients::open_contact(app, &mut conn, organisation, contact).await?;
    drop(conn);
    let ours = view.points.into_iter().filter(|one| one.kind == "email");
    for one in ours {
        let mark = patients::email_blind(app, organisation, &one.value)?;
        if HEXLOWER.encode(&mark) == point {
            return Ok(Leaving {
                organisation,
                purpose,
                locale: requester.locale,
                requester,
                point: mark,
                address: one.value,
            });
        }
    }
    Err(DeskError::Gone)
}

/// Ends the mails of the link's purpose, or all that are no answer. Pressed again it changes nothing.
pub async fn leave(
    app: &App,
    leaving: Leaving,
    every: bool,
    locale: Locale,
) -> Result<(), DeskError> {
    let ctx = Ctx {
        organisation: leaving.organisation,
        actor: Actor::Contact {
            id: leaving.requester.contact,
        },
        source: WayIn::Public,
        locale,
        once: None,
    };
    let t = Texts::new(locale);
    let purpose = t.text(leaving.purpose.text_key());
    let text = if every {
        t.text("public-leave-every").to_owned()
    } else {
        t.with("public-leave-this", "purpose", purpose).into_owned()
    };
    app.command(&ctx, move |work| {
        async move {
            let purpose = (!every).then_some(leaving.purpose);
            let point = Some((leaving.point, leaving.address));
            let said = (text.as_str(), locale, Source::Unsubscribe);
            let kept = leave_in(work, &leaving.requester, point, purpose, said).await?;
            if kept.is_none() {
                let contact = leaving.requester.contact;
                work.audit(crate::audit_log::NewEntry::new(
                    "consent.again",
                    "contact",
                    contact,
                ));
            }
            Ok(())
        }
        .boxed()
    })
    .await
}
