//! The link by which somebody of the staff comes in: it goes to them alone, and whoever made it does not see it.

use super::notice::{StaffMail, hand_out};
use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::staff;
use bedside_web::i18n::Texts;

/// Hands it to the mail server at once; `false` when that can't be done, and nobody else knows the link then either. It is
/// not queued: its secret stands in no row, and whoever waits for it hears now whether it is on its way.
pub async fn send_invitation(
    app: &App,
    ctx: &Ctx,
    id: StaffId,
    link: &str,
) -> Result<bool, DeskError> {
    ctx.authorize(Permission::StaffManage)?;
    let Some(person) = staff::addressee(app, ctx.organisation, id).await? else {
        return Ok(false);
    };
    let clinic = app.directory.of(ctx.organisation)?;
    let t = Texts::new(person.locale);
    let words = [
        t.with("invitation-text", "clinic", clinic.name.as_str()),
        t.text("invitation-look").into(),
    ];
    let mail = StaffMail {
        subject: t.text("invitation-subject").to_owned(),
        words: words.join("\n\n"),
        link: link.to_owned(),
        message_id: format!("invitation.{}", app.id::<()>().uuid().simple()),
    };
    let Some(sent) = hand_out(app, ctx.organisation, &person, mail).await? else {
        return Ok(false);
    };
    let outcome = if sent.is_ok() {
        Outcome::Ok
    } else {
        Outcome::Failed
    };
    let detail = serde_json::json!({ "kind": "invitation" });
    let entry = NewEntry::new("mail.send", "staff", id);
    app.audit(ctx, entry.detail(&detail).outcome(outcome))
        .await?;
    Ok(sent.is_ok())
}
