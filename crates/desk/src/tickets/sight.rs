//! What of a ticket is shown while whoever is on the line may be somebody else.

use super::model::Ticket;
use crate::app::App;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::identity;
use crate::orgs::Clinic;
use crate::records::{About, Sight};
use bedside_db::Conn;

/// Whom a ticket is about, with what of them is shown in its conversation.
pub(super) async fn about_in(
    app: &App,
    conn: &mut Conn,
    ctx: &Ctx,
    ticket: &Ticket,
) -> Result<About, DeskError> {
    let sight = identity::sight(app, conn, ctx, ticket).await?;
    Ok(ticket.about.within(sight))
}

/// Takes out what is not shown; says of which fields.
pub(super) fn hide(
    fields: &mut serde_json::Map<String, serde_json::Value>,
    clinic: &Clinic,
    sight: Sight,
) -> Vec<String> {
    let shown = |code: &str| {
        let field = clinic.fields.iter().find(|one| one.code == code);
        let group = field.and_then(|field| field.group);
        group.is_none_or(|group| sight.shows(group))
    };
    let mut hidden = Vec::new();
    fields.retain(|code, value| {
        let stays = value.is_null() || shown(code);
        if !stays {
            hidden.push(code.clone());
        }
        stays
    });
    hidden
}
