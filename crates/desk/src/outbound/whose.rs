//! Whose address a mail goes to, asked once more at each try: since it was queued an address may have become somebody else's, and
//! a patient may have asked to be reached another way only.

use super::model::{Content, Kind, code};
use super::store::MailRow;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{ContactId, OrganisationId};
use crate::{patients, tickets, timeline};

const GONE: DeskError = DeskError::Conflict {
    code: code::ADDRESS,
    text: "This address is not the person's any more.",
};

/// Whom a mail is for that carries words or a link; none for one that says nothing of the request.
///
/// # Errors
/// [`DeskError::Conflict`] with [`code::ADDRESS`] when its address is not that person's any more, for it may have been wrong, and,
/// whatever it carries, when they chose to be reached another way only.
pub(super) async fn owner(
    app: &App,
    organisation: OrganisationId,
    mail: &MailRow,
    content: &Content,
) -> Result<Option<ContactId>, DeskError> {
    // An address that was taken away is nobody's, and hears of that; a colleague's is no patient's.
    if mail.kind != Kind::Undelivered && patients::is_barred(app, organisation, &content.to).await?
    {
        return Err(GONE);
    }
    if !matches!(
        mail.kind,
        Kind::Reply | Kind::Rating | Kind::Link | Kind::Code
    ) {
        return Ok(None);
    }
    let owner = patients::contact_of_address(app, organisation, &content.to).await?;
    let ticket = tickets::row_for(app, organisation, mail.ticket).await?;
    let meant = match mail.message {
        Some(message) => {
            timeline::message_for_sending(app, organisation, ticket.id, message)
                .await?
                .recipient
        }
        None => None,
    };
    let whose = meant.unwrap_or(ticket.contact);
    // What a patient chose may stand with another of their contacts: the mail, and the link in it, are for whoever wrote.
    if owner.is_some()
        && owner != Some(whose)
        && patients::is_chosen_of(app, organisation, whose, &content.to).await?
    {
        return Ok(Some(whose));
    }
    if owner.is_none() || meant.is_some_and(|meant| owner != Some(meant)) {
        return Err(GONE);
    }
    Ok(owner)
}

/// The same to the address that was chosen since it was queued, where there is one: where to call at once is told to whoever may
/// be in danger.
pub(super) async fn rerouted(
    app: &App,
    organisation: OrganisationId,
    mail: &MailRow,
    mut content: Content,
) -> Result<Content, DeskError> {
    if mail.kind != Kind::Emergency || !patients::is_barred(app, organisation, &content.to).await? {
        return Ok(content);
    }
    let ticket = tickets::row_for(app, organisation, mail.ticket).await?;
    let found = patients::requester_of_contact(app, organisation, ticket.contact).await?;
    if let Some((address, _)) = found.email {
        content.to = address;
    }
    Ok(content)
}
