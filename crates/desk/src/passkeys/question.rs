//! What a browser is asked to sign, until it answers.

use super::{party, store};
use crate::app::App;
use crate::error::DeskError;
use crate::ids::SessionId;
use bedside_vault::secret;
use futures_util::FutureExt;
use party::Kept;
use serde::Serialize;
use serde_json::Value;
use webauthn_rs::prelude::Passkey as Key;

/// Seconds in which the answer has to come.
pub(super) const SECONDS: i64 = 5 * 60;

/// Whose browser is asked, and what for. An answer counts in the place of its question alone.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// Somebody at the staff's door, known by a cookie for this alone.
    Door(&'a str),
    /// The same at the patients' door.
    Portal(&'a str),
    /// Somebody who showed a password or a link.
    Half(&'a str),
    /// Somebody who is in, and proves once more who they are.
    Inside(SessionId),
    /// Somebody who is in, and adds a key.
    New(SessionId),
}

impl Place<'_> {
    /// What a question of this place is kept by. `number` tells those of several windows of one browser apart.
    fn hash(self, number: &str) -> [u8; 32] {
        let place = match self {
            Self::Door(token) => format!("door {token}"),
            Self::Portal(token) => format!("portal {token}"),
            Self::Half(token) => format!("half {token}"),
            Self::Inside(session) => format!("inside {session}"),
            Self::New(session) => format!("new {session}"),
        };
        secret::token_hash(&format!("passkey {place} {number}"))
    }
}

/// A question as the browser gets it.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// Goes back with the answer.
    pub number: String,
    /// What the browser's own function is called with.
    pub options: Value,
}

/// Keeps a question, and gives it out.
pub(crate) async fn keep(
    app: &App,
    place: Place<'_>,
    (options, kept): (Value, Kept),
) -> Result<Asked, DeskError> {
    let number = secret::random_token();
    let hash = place.hash(&number);
    let state = serde_json::to_string(&kept)?;
    let now = app.now();
    app.db
        .write::<_, DeskError, _>(move |tx| {
            async move {
                // Anybody may ask at the door, so those that are over go with the next one and not once an hour.
                store::forget_questions(tx, now).await?;
                store::insert_question(tx, &hash, &state, now.plus_seconds(SECONDS)).await
            }
            .boxed()
        })
        .await?;
    Ok(Asked { number, options })
}

/// Asks for one of `keys`, or for whichever the browser finds where none are named.
pub(crate) async fn ask_for(app: &App, place: Place<'_>, keys: &[Key]) -> Result<Asked, DeskError> {
    keep(app, place, party::ask(&app.config.public_url, keys)?).await
}

/// Uses a question up; [`DeskError::Gone`] where there is none such, or its time is over.
pub(crate) async fn take(app: &App, place: Place<'_>, number: &str) -> Result<Kept, DeskError> {
    let (hash, now) = (place.hash(number), app.now());
    let state = app
        .db
        .write::<_, DeskError, _>(move |tx| {
            async move { store::take_question(tx, &hash, now).await }.boxed()
        })
        .await?;
    Ok(serde_json::from_str(&state.ok_or(DeskError::Gone)?)?)
}
