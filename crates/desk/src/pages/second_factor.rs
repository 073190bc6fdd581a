//! Turning one's own second factor on and off, and its recovery codes.

use super::forms::{Form, Nothing};
use super::layout::{Page, Shell, redirect, redirect_saying};
use super::qr::{self, Picture};
use crate::context::Actor;
use crate::error::DeskError;
use crate::router::{Access, Route};
use crate::staff::{self, Offer, SecondFactor, passkeys};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

const PAGE: &str = "/account/second-factor";
const ACCOUNT: &str = "/account";

pub(super) fn routes() -> Vec<Route> {
    let mine = Access::SignedIn;
    vec![
        Route::get(PAGE, mine, show).confirmed(PAGE).before_factor(),
        Route::post(PAGE, mine, turn_on)
            .confirmed_before(PAGE)
            .before_factor(),
        Route::post("/account/second-factor/codes", mine, new_codes).confirmed(ACCOUNT),
        Route::post("/account/second-factor/off", mine, turn_off).confirmed(ACCOUNT),
    ]
}

#[derive(Template)]
#[template(path = "pages/templates/second_factor.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the template asks, one by one"
)]
struct Enrol {
    shell: Shell,
    picture: Picture,
    offer: Offer,
    wrong: bool,
    /// Whether there is no way on without it.
    needed: bool,
    /// Set in the demo, where it can be tried and stays off.
    demo: bool,
    /// Whether a passkey would do as well.
    passkeys: bool,
}

#[derive(Template)]
#[template(path = "pages/templates/recovery_codes.html")]
struct RecoveryCodes {
    shell: Shell,
    codes: Vec<String>,
    first: bool,
}

async fn show(page: Page) -> Result<Response, DeskError> {
    let factor = staff::factor_of(&page.app, &page.ctx).await?;
    if wants_passkey(&page) {
        return Ok(match factor {
            Some(factor) if factor.passkeys_work => {
                redirect_saying("/account/confirm?next=/", "passkey-first")
            }
            // All of them were stopped: that page says who helps.
            Some(factor) if factor.passkeys > 0 => redirect("/account/confirm?next=/"),
            _ => redirect_saying("/account/passkeys/new", "passkey-needed"),
        });
    }
    if factor.is_some_and(|factor| factor.app_since.is_some()) {
        return Ok(redirect(ACCOUNT));
    }
    let offer = staff::offer(&page.app, &page.ctx, page.session.1).await?;
    offered(&page, offer, false)
}

/// Whether nothing but a passkey will do for the reader's role.
fn wants_passkey(page: &Page) -> bool {
    let wants = matches!(&page.ctx.actor, Actor::Staff { role, .. } if role.second_factor == SecondFactor::Passkey);
    wants && !page.app.config.demo && passkeys::possible(&page.app.config.public_url)
}

fn offered(page: &Page, offer: Offer, wrong: bool) -> Result<Response, DeskError> {
    let needed = matches!(&page.ctx.actor, Actor::Staff { role, .. } if role.second_factor != SecondFactor::None);
    let shown = Enrol {
        shell: page.bare_shell()?,
        picture: qr::picture(&offer.address)?,
        offer,
        wrong,
        needed,
        demo: page.app.config.demo,
        passkeys: passkeys::possible(&page.app.config.public_url),
    };
    let status = if wrong {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    page.show_as(status, &shown)
}

#[derive(Deserialize)]
struct First {
    secret: String,
    seal: String,
    code: String,
}

/// The same secret is shown again after a wrong code: it is in the app by then.
async fn turn_on(page: Page, Form(sent): Form<First>) -> Result<Response, DeskError> {
    let token = &page.session.0;
    let kept = (sent.secret.as_str(), sent.seal.as_str());
    let offer = staff::offered(&page.app, &page.ctx, page.session.1, kept).await?;
    match staff::enrol(&page.app, &page.ctx, token, &offer, &sent.code).await {
        Ok(codes) => told(&page, codes, true),
        Err(DeskError::Invalid { .. }) => offered(&page, offer, true),
        Err(DeskError::Conflict { code: "demo", .. }) => {
            Ok(redirect_saying(ACCOUNT, "second-factor-demo"))
        }
        // Sent twice: it is on.
        Err(DeskError::Conflict { .. }) => Ok(redirect(ACCOUNT)),
        Err(other) => Err(other),
    }
}

/// The codes are on this page and never again.
pub(super) fn told(page: &Page, codes: Vec<String>, first: bool) -> Result<Response, DeskError> {
    page.show(&RecoveryCodes {
        shell: page.bare_shell()?,
        codes,
        first,
    })
}

async fn new_codes(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    let codes = staff::new_recovery_codes(&page.app, &page.ctx).await?;
    told(&page, codes, false)
}

async fn turn_off(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    match staff::remove_factor(&page.app, &page.ctx).await {
        // Gone already is what was asked for.
        Ok(()) | Err(DeskError::Conflict { .. }) => {
            Ok(redirect_saying(ACCOUNT, "second-factor-off"))
        }
        Err(other) => Err(other),
    }
}
