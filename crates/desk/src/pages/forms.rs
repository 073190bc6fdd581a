//! Forms that pages post, each with the token that shows where it came from.
//!
//! A signed-in page's token is bound to the session ([`Form`], [`Upload`]); a public page's is bound to its purpose and
//! the day ([`PublicForm`]). Scripts may send the token as a header instead.

use crate::app::App;
use crate::router::SessionToken;
use crate::timeline::MAX_BODY;
use axum::extract::{FromRequest, Request};
use bedside_vault::secret;
use bedside_web::form::Posted;
use bedside_web::multipart::{self, File, LeftOut, Limits};
use bedside_web::{Problem, csrf};
use serde::de::DeserializeOwned;

/// A form of a signed-in page, its token checked.
#[derive(Debug, Clone)]
pub struct Form<T>(pub T);

/// A form with files of a signed-in page, its token checked.
#[derive(Debug)]
pub struct Upload<T> {
    /// The text fields.
    pub fields: T,
    /// The files, in the order they were sent.
    pub files: Vec<File>,
    /// Set when files were left out, because there was too much of them, or because the form took too long. Of the latter
    /// the token may not have come: nothing is done with it, its page is shown again.
    pub left_out: Option<LeftOut>,
}

/// Files of one message of the staff at most.
const MAX_FILES: usize = 20;
/// What such a form may hold. Texts are read further than any field takes, so that the page comes back with them.
const UPLOAD: Limits = Limits {
    text: 4 * MAX_BODY,
    parts: 1000,
    ..Limits::DEFAULT
};

/// A form without fields besides the token.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
pub struct Nothing {}

/// The token for one page of a session.
pub fn token(app: &App, session: &SessionToken) -> String {
    csrf::token(
        session.1.uuid().as_bytes(),
        secret::random_bytes(),
        &app.keyring.web_mac(),
    )
}

/// What the request says about where it came from, read before the body is.
struct Origin {
    session: Option<SessionToken>,
    header: Option<String>,
}

impl Origin {
    fn of(request: &Request) -> Self {
        Self {
            session: request.extensions().get().cloned(),
            header: csrf::header_token(request.headers()).map(str::to_owned),
        }
    }

    fn check(&self, app: &App, field: Option<&str>) -> Result<(), Problem> {
        let session = self.session.as_ref().ok_or_else(Problem::unauthorized)?;
        let token = self.header.as_deref().or(field);
        Ok(csrf::check_token(
            token,
            session.1.uuid().as_bytes(),
            &app.keyring.web_mac(),
        )?)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let origin = Origin::of(&request);
        let posted = Posted::from_request(request, app).await?;
        origin.check(app, posted.token().as_deref())?;
        posted.read().map(Self)
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Upload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let origin = Origin::of(&request);
        // Browsers send the script's token after the files, so everything is read before it can be looked at.
        let collected = multipart::collect(request, UPLOAD, MAX_FILES).await?;
        let token = collected.text(csrf::FIELD);
        let is_on_its_way = token.is_none() && collected.left_out == Some(LeftOut::TooSlow);
        if origin.session.is_none() || origin.header.is_some() || !is_on_its_way {
            origin.check(app, token)?;
        }
        Ok(Self {
            fields: collected.read()?,
            files: collected.files,
            left_out: collected.left_out,
        })
    }
}

/// A form of a public page. [`PublicForm::read`] checks its token before any field is looked at.
#[derive(Debug, Clone)]
pub struct PublicForm(Posted);

impl PublicForm {
    /// The fields, once the token shows that this desk made the form for `purpose` today or yesterday.
    pub fn read<T: DeserializeOwned>(&self, app: &App, purpose: &str) -> Result<T, Problem> {
        check_public(app, purpose, self.0.token().as_deref())?;
        self.0.read()
    }

    /// The fields of a form whose token may be too old. Only for the words of whoever may be in danger, who are heard
    /// whatever their page was.
    pub fn unproven<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        self.0.read()
    }
}

impl FromRequest<App> for PublicForm {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        csrf::check_origin(request.method(), request.headers(), &app.config.public_url)?;
        // What is left of a text that goes on beyond the limit is too long for every field of these pages.
        Posted::cut(request).await.map(Self)
    }
}

/// Seconds after which a public form's token changes; the one before is still good.
const DAY: i64 = 24 * 60 * 60;

fn public_seal(purpose: &str, day: i64) -> Vec<u8> {
    format!("public\0{purpose}\0{day}").into_bytes()
}

/// The token for a public form with this purpose.
pub fn public_token(app: &App, purpose: &str) -> String {
    let day = app.now().micros() / 1_000_000 / DAY;
    csrf::token(
        &public_seal(purpose, day),
        secret::random_bytes(),
        &app.keyring.web_mac(),
    )
}

/// Whether this desk made the token for `purpose` today or yesterday.
pub fn check_public(app: &App, purpose: &str, token: Option<&str>) -> Result<(), Problem> {
    let day = app.now().micros() / 1_000_000 / DAY;
    let mac = app.keyring.web_mac();
    csrf::check_token(token, &public_seal(purpose, day), &mac)
        .or_else(|_| csrf::check_token(token, &public_seal(purpose, day - 1), &mac))?;
    Ok(())
}
