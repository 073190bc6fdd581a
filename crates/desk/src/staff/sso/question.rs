//! Sending a browser to the provider, and knowing it again.

use super::settings::{self, Named};
use super::{description, provider, store, trouble::Trouble};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId, StaffId};
use bedside_db::Timestamp;
use bedside_vault::secret;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};

/// Seconds in which somebody has to be back.
pub(super) const SECONDS: i64 = 10 * 60;

/// What somebody is sent away for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To come in.
    Enter,
    /// To prove once more who they are, in this session.
    Prove(SessionId, StaffId),
    /// To have their account there connected, from this session.
    Connect(SessionId, StaffId),
}

/// What the answer is held against.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Question {
    pub purpose: Purpose,
    /// Where to go on to, a path of the desk.
    pub next: String,
    /// What the token has to carry.
    pub nonce: String,
    /// What the code was bound to (RFC 7636).
    pub verifier: String,
    /// The settings it began with.
    pub named: Named,
    /// When it began.
    pub at: Timestamp,
}

/// What a question is kept by: the browser's own secret, and the one that travels.
fn place(browser: &str, state: &str) -> [u8; 32] {
    secret::token_hash(&format!("sso {browser} {state}"))
}

/// The address at the provider that `browser` (the secret of its cookie) is sent to. [`DeskError::NotFound`] where there is
/// no provider to sign in at; [`DeskError::Unavailable`] with the trouble's code where it can't be asked.
pub async fn start(
    app: &App,
    organisation: OrganisationId,
    browser: &str,
    purpose: Purpose,
    next: &str,
) -> Result<String, DeskError> {
    let opened = settings::opened(app, organisation).await?;
    let opened = opened.filter(|opened| opened.view.enabled);
    let opened = opened.ok_or(DeskError::NotFound)?;
    let known = description::describe(app, organisation, &opened).await;
    let known = known.map_err(unavailable)?;
    let (state, now) = (secret::random_token(), app.now());
    let question = Question {
        purpose,
        next: next.to_owned(),
        nonce: secret::random_token(),
        // A verifier has at least 43 characters (RFC 7636, section 4.1).
        verifier: secret::random_token() + &secret::random_token(),
        named: opened.named(),
        at: now,
    };
    let address = provider::address(app, &known, &opened.view, (&state, &question));
    let address = address.map_err(unavailable)?;
    let (hash, kept) = (place(browser, &state), serde_json::to_string(&question)?);
    app.db
        .write::<_, DeskError, _>(move |tx| {
            async move {
                // Anybody may begin, so those that are over go with the next one and not once an hour.
                store::forget_questions(tx, now).await?;
                let expires = now.plus_seconds(SECONDS);
                store::insert_question(tx, &hash, organisation, &kept, expires).await
            }
            .boxed()
        })
        .await?;
    Ok(address)
}

fn unavailable(trouble: Trouble) -> DeskError {
    DeskError::Unavailable(format!("single sign-on: {}", trouble.code()))
}

/// Uses a question up; [`DeskError::Gone`] where this browser has none such, or its time is over.
pub(super) async fn take(
    app: &App,
    browser: &str,
    state: &str,
) -> Result<(OrganisationId, Question), DeskError> {
    let (hash, now) = (place(browser, state), app.now());
    let taken = app
        .db
        .write::<_, DeskError, _>(move |tx| {
            async move { store::take_question(tx, &hash, now).await }.boxed()
        })
        .await?;
    let (organisation, kept) = taken.ok_or(DeskError::Gone)?;
    Ok((organisation, serde_json::from_str(&kept)?))
}
