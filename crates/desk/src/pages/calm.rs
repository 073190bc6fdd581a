//! Staff say of an emergency that nobody is in danger.

use super::choices::Choice;
use super::forms::Form;
use super::layout::{Page, redirect_saying};
use super::ticket::Typed;
use super::ticket_actions::{again, back, id_of, own_draft};
use super::ui;
use crate::context::Permission;
use crate::error::DeskError;
use crate::router::{Access, Route};
use crate::tickets::{self, Calm, CalmReason, Urgency};
use axum::extract::Path;
use axum::response::Response;
use bedside_web::i18n::Texts;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post(
        "/tickets/{ticket}/not-a-crisis",
        Access::Staff(Permission::TicketsWrite),
        calm,
    )]
}

/// What was chosen and written, as it was sent.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Said {
    version: i64,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    urgency: String,
}

/// The form as the page shows it.
pub(super) struct CalmForm {
    pub open: bool,
    pub reasons: Vec<Choice>,
    pub words: String,
    pub urgencies: Vec<Choice>,
}

impl CalmForm {
    /// The form, with what was typed in it; open where it is needed.
    pub(super) fn of(typed: &Typed, t: Texts) -> Self {
        let said = typed.calm.clone().unwrap_or_default();
        let reason = |one: &CalmReason| {
            let words = t.text(ui::calm_key(*one));
            Choice::new(one.code(), words, one.code() == said.reason)
        };
        let chosen = Urgency::from_code(&said.urgency).unwrap_or(Urgency::Standard);
        let lower = Urgency::ALL
            .iter()
            .filter(|one| **one != Urgency::Emergency);
        Self {
            open: typed.calm.is_some() || typed.error == Some("error-calm-needed"),
            reasons: CalmReason::ALL.iter().map(reason).collect(),
            words: said.words,
            urgencies: lower
                .map(|one| Choice::new(one.code(), t.text(ui::urgency_key(*one)), *one == chosen))
                .collect(),
        }
    }
}

fn meant(said: &Said) -> Result<Calm, DeskError> {
    let missing = |field| DeskError::invalid(field, "required", "Choose one.");
    Ok(Calm {
        reason: CalmReason::from_code(&said.reason).ok_or_else(|| missing("reason"))?,
        words: Some(said.words.clone()),
        urgency: Urgency::from_code(&said.urgency).ok_or_else(|| missing("calm_urgency"))?,
    })
}

async fn calm(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let done = async {
        let calm = meant(&said)?;
        tickets::not_a_crisis(&page.app, &page.ctx, id, Some(said.version), calm).await
    };
    match done.await {
        Ok(_) => Ok(redirect_saying(&back(&ticket), "calmed")),
        Err(error) => {
            let typed = Typed {
                calm: Some(said),
                ..own_draft(&page, id).await?
            };
            again(&page, &ticket, typed, error).await
        }
    }
}
