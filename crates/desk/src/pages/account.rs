//! How one comes in, and where one is signed in.

use super::forms::{Form, Nothing};
use super::layout::{Page, Shell, redirect_saying};
use crate::error::DeskError;
use crate::ids::{PasskeyId, SessionId};
use crate::router::{Access, Route};
use crate::staff::{self, OpenSession, passkeys};
use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use bedside_web::i18n::{Texts, time};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/account", Access::SignedIn, show),
        Route::post("/account/others/end", Access::SignedIn, end_others).confirmed(HERE),
        Route::post("/account/sessions/{session}/end", Access::SignedIn, end).confirmed(HERE),
    ]
}

const HERE: &str = "/account";

/// One session as shown.
struct Line {
    id: SessionId,
    device: String,
    method: String,
    since: String,
    used: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "pages/templates/account.html")]
struct Account {
    shell: Shell,
    lines: Vec<Line>,
    /// Since when an app makes codes, in words.
    factor: Option<String>,
    /// How many recovery codes are left, in words; none where there is nothing that they stand in for.
    codes: Option<String>,
    passkeys: Vec<Key>,
    /// Whether another one can be added.
    more: bool,
    /// Whether they come in at their organisation's provider alone, and have no password here.
    sso_only: bool,
    /// Their organisation's provider, where it has one.
    sso: Option<Provider>,
}

/// How they stand with it, as shown.
struct Provider {
    host: String,
    /// Since when they are connected, in words.
    since: Option<String>,
    only_way: bool,
}

/// One passkey as shown.
struct Key {
    id: PasskeyId,
    name: String,
    since: String,
    used: Option<String>,
    stopped: Option<String>,
}

/// "Firefox on Windows" of `firefox windows`.
pub(crate) fn device(t: Texts, codes: &str) -> String {
    let word = |code: &str| t.text(&format!("device-{code}")).to_owned();
    match codes.split_once(' ') {
        Some(("other", "other")) | None => t.text("device-unknown").to_owned(),
        Some((browser, system)) => t
            .format(
                "device-on",
                &[
                    ("browser", word(browser).into()),
                    ("system", word(system).into()),
                ],
            )
            .into_owned(),
    }
}

async fn show(page: Page) -> Result<Response, DeskError> {
    let (t, zone) = (page.texts(), page.clinic()?.time_zone.clone());
    let at = |at: bedside_db::Timestamp| time::format_time(at.micros(), &zone, t.locale);
    let line = |one: OpenSession| Line {
        id: one.id,
        device: device(t, &one.device),
        method: match one.method.as_str() {
            "link" => t.text("account-by-link"),
            "password code" | "link code" | "sso code" => t.text("account-by-code"),
            "password passkey" | "link passkey" | "sso passkey" => t.text("account-by-passkey-too"),
            "passkey" => t.text("account-by-passkey"),
            "sso" | "sso factor" => t.text("account-by-sso"),
            _ => t.text("account-by-password"),
        }
        .to_owned(),
        since: at(one.created_at),
        used: at(one.seen_at),
        here: one.here,
    };
    let sessions = staff::open_sessions(&page.app, &page.ctx, &page.session.0).await?;
    let factor = staff::factor_of(&page.app, &page.ctx).await?;
    let keys = passkeys::passkeys(&page.app, &page.ctx).await?;
    let sso = staff::sso::connection(&page.app, &page.ctx).await?;
    page.show(&Account {
        shell: page.shell().await?,
        sso_only: sso
            .as_ref()
            .is_some_and(|one| one.only_way && one.since.is_some()),
        sso: sso.map(|one| Provider {
            host: one.host,
            since: one.since.map(at),
            only_way: one.only_way,
        }),
        factor: factor
            .and_then(|one| one.app_since)
            .map(|since| t.with("account-factor-on", "at", at(since)).into_owned()),
        codes: factor.map(|one| {
            let left = t.with("account-factor-codes", "count", one.codes_left);
            left.into_owned()
        }),
        more: keys.len() < passkeys::MAX_PASSKEYS
            && passkeys::possible(&page.app.config.public_url),
        passkeys: keys
            .into_iter()
            .map(|one| Key {
                id: one.id,
                name: one.name,
                since: at(one.created_at),
                used: one.used_at.map(at),
                stopped: one.stopped_at.map(at),
            })
            .collect(),
        lines: sessions.into_iter().map(line).collect(),
    })
}

/// What has ended already needs no more than a look at what is left.
async fn end(
    page: Page,
    Path(session): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let id: SessionId = session.parse().map_err(|_| DeskError::NotFound)?;
    match staff::end_one(&page.app, &page.ctx, id).await {
        Ok(()) | Err(DeskError::NotFound) => Ok(redirect_saying(HERE, "session-ended")),
        Err(other) => Err(other),
    }
}

async fn end_others(page: Page, Form(Nothing {}): Form<Nothing>) -> Result<Response, DeskError> {
    staff::end_others(&page.app, &page.ctx, &page.session.0).await?;
    Ok(redirect_saying(HERE, "sessions-ended"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bedside_web::{I18n, Locale};

    #[test]
    fn every_device_has_words() {
        for locale in Locale::ALL {
            for code in staff::device_codes() {
                let key = format!("device-{code}");
                assert!(I18n::global().has(locale, &key), "{locale}: {key}");
            }
        }
        let t = Texts::new(Locale::En);
        assert_eq!(device(t, "firefox windows"), "Firefox on Windows");
        assert_eq!(device(t, "other linux"), "Another browser on Linux");
        assert_eq!(device(t, "other other"), "A device we don't know");
        assert_eq!(device(t, ""), "A device we don't know");
    }
}
