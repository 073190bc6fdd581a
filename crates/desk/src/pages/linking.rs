//! Saying that a contact stands for a patient: with one press while nothing of the patient is on file, and on a ground where
//! an address is.

use super::forms::Form;
use super::layout::{Page, Shell, redirect_saying, safe_path};
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{ContactId, PatientId, TicketId};
use crate::patients::{self, Ground, Linking, Who};
use crate::router::{Access, Route};
use crate::tickets;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::PatientsWrite);
    vec![Route::post("/patients/{patient}/link", write, link)]
}

/// What was pressed, and what was said on the page that asked.
#[derive(Deserialize)]
struct Link {
    contact: ContactId,
    #[serde(default)]
    remove: bool,
    back: Option<String>,
    /// Who they are: `themself` or `somebody`; none at the first press.
    #[serde(default)]
    who: String,
    #[serde(default)]
    words: String,
}

#[derive(Template)]
#[template(path = "pages/templates/linking.html")]
struct LinkPage {
    shell: Shell,
    action: String,
    name: String,
    contact: ContactId,
    back: String,
    /// Where the conversation is verified; none where the link was asked for beside any.
    verify: Option<String>,
    who: String,
    words: String,
    /// Field and key of what is to be mended.
    error: Option<(&'static str, &'static str)>,
}

/// Number of the request whose page, or a page of which, this is.
pub(super) fn number_in(back: Option<&str>) -> Option<i64> {
    let path = safe_path(back).strip_prefix("/tickets/")?;
    path.split(['/', '?']).next()?.parse().ok()
}

impl Link {
    /// Number of the request from whose page it was asked for.
    fn number(&self) -> Option<i64> {
        number_in(self.back.as_deref())
    }

    fn who(&self) -> Option<Who> {
        match self.who.as_str() {
            "themself" => Some(Who::Themself),
            "somebody" => Some(Who::Somebody),
            _ => None,
        }
    }
}

/// Which part of the page an error is about, and its text; none for what the page can't mend.
fn mendable(error: &DeskError) -> Option<(&'static str, &'static str)> {
    match error {
        DeskError::Invalid { field: "words", .. } => Some(("words", "verify-error-words")),
        DeskError::Conflict { code, .. } => match *code {
            "verification_needed" => Some(("words", "link-error-needed")),
            "both_needed" => Some(("words", "verify-error-both")),
            "outside_scope" => Some(("words", "verify-error-scope")),
            "other_person" => Some(("words", "verify-error-other-person")),
            "locked" => Some(("words", "verify-error-locked")),
            _ => None,
        },
        _ => None,
    }
}

async fn link(
    page: Page,
    Path(id): Path<PatientId>,
    Form(form): Form<Link>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let conversation: Option<TicketId> = match form.number() {
        Some(number) if !form.remove => tickets::id_numbered(app, ctx.organisation, number).await?,
        _ => None,
    };
    // Who they are is asked before any ground counts: what nobody was asked is not taken for said.
    let asked = form.who().is_some();
    let words = Some(form.words.clone()).filter(|words| !words.trim().is_empty());
    let linking = Linking {
        patient: (!form.remove).then_some(id),
        who: form.who(),
        ground: conversation.filter(|_| asked).map(|conversation| Ground {
            conversation,
            words,
        }),
    };
    let error = match tickets::link_contact(app, ctx, form.contact, linking).await {
        Ok(()) => return Ok(redirect_saying(safe_path(form.back.as_deref()), "saved")),
        Err(error) => error,
    };
    let status = match error {
        DeskError::Conflict { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mend = mendable(&error).ok_or(error)?;
    let shown = LinkPage {
        shell: page.shell().await?,
        action: format!("/patients/{id}/link"),
        name: patients::name_found(app, ctx, id).await?,
        contact: form.contact,
        back: safe_path(form.back.as_deref()).to_owned(),
        verify: form
            .number()
            .map(|number| format!("/tickets/{number}/verify")),
        who: form.who,
        words: form.words,
        error: asked.then_some(mend),
    };
    page.show_as(status, &shown)
}
