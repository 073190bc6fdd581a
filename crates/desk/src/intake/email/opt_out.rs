//! A mail that says STOP and nothing else.
//!
//! It ends the mails that nobody asked for, in the transaction that marks it as done, and whoever wrote it is told, once a
//! day. It opens no request when there is nothing else in it; one that answers a conversation, open or closed, is read by a
//! person as well: after "see you on Friday" the word "cancel" means something else.

use super::store::{self, Claimed};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use crate::outbound;
use crate::patients::{self, Requester};
use crate::privacy::consents::{self, Source};
use crate::tickets::{self, Also, NewTicket};
use crate::work::Work;
use bedside_codecs::mail::ParsedMail;
use bedside_codecs::mail::address::Address;
use futures_util::FutureExt;

/// Somebody who is known here and wants no such mails.
pub(super) struct OptOut {
    requester: Requester,
    point: [u8; 16],
    address: String,
    text: String,
    /// Whether the mail says nothing else.
    is_all: bool,
}

/// Whether what is new in a mail says so. A subject that somebody typed, and a file, is something else besides.
pub(super) fn heard(
    app: &App,
    organisation: OrganisationId,
    (requester, from): (&Requester, &Address),
    mail: &ParsedMail,
    (body, answers): (&str, bool),
) -> Option<OptOut> {
    if requester.is_new() || !consents::is_opt_out(body) {
        return None;
    }
    let typed = mail.subject.trim();
    let bare = outbound::without_prefixes(typed);
    let no_subject = typed.is_empty() || consents::is_opt_out(bare);
    Some(OptOut {
        requester: requester.clone(),
        point: patients::email_blind(app, organisation, from.as_str()).ok()?,
        address: from.as_str().to_owned(),
        text: body.trim().to_owned(),
        is_all: no_subject && !answers && mail.attachments.is_empty(),
    })
}

impl OptOut {
    async fn keep(self, work: &mut Work<'_>) -> Result<(), DeskError> {
        let own = work.app.directory.of(work.ctx.organisation)?.locale;
        let locale = self.requester.locale.unwrap_or(own);
        let said = (self.text.as_str(), locale, Source::StopWord);
        let point = Some((self.point, self.address));
        if let Some(id) = consents::leave_in(work, &self.requester, point, None, said).await? {
            outbound::confirm_opt_out(work, id).await?;
        }
        Ok(())
    }
}

/// The same together with what becomes of the mail.
pub(super) fn and(out: Option<OptOut>, also: Also) -> Also {
    let Some(out) = out else { return also };
    Box::new(move |work, ticket, message| {
        async move {
            also(work, ticket, message).await?;
            out.keep(work).await
        }
        .boxed()
    })
}

/// Opens the request, unless there is nothing in it but the one word.
pub(super) async fn open(
    app: &App,
    ctx: &Ctx,
    claimed: &Claimed,
    mut new: NewTicket,
    out: Option<OptOut>,
) -> Result<(), DeskError> {
    match out {
        Some(out) if out.is_all => {
            let claimed = claimed.clone();
            app.command(ctx, move |work| {
                async move {
                    if !store::ignore(work, &claimed, "opt_out").await? {
                        return Err(DeskError::Conflict {
                            code: "finished",
                            text: "This mail was dealt with already.",
                        });
                    }
                    let entry = NewEntry::new("mail.ignore", "inbound_mail", claimed.id);
                    work.audit(entry.detail(&serde_json::json!({ "why": "opt_out" })));
                    out.keep(work).await
                }
                .boxed()
            })
            .await
        }
        out => {
            new.also = new.also.map(|also| and(out, also));
            tickets::create(app, ctx, new).await.map(drop)
        }
    }
}
