//! What a provider says of itself, and its keys: asked for once and remembered for some minutes. That it could not be asked is
//! remembered too, for some seconds, and whoever wants it meanwhile waits for the one who asks: anybody may begin to sign in,
//! and a provider that hangs must not hold as many questions as there are people who press the button.

use super::provider::{ALGORITHMS, ask};
use super::settings::{Named, Opened};
use super::trouble::Trouble;
use crate::app::App;
use crate::ids::OrganisationId;
use bedside_db::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, DiscoveryError, IssuerUrl, ProviderMetadata};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Seconds for which a description and its keys are used again.
const FRESH_SECONDS: i64 = 10 * 60;
/// Seconds for which nobody asks again a provider that could not be asked.
const FAILED_SECONDS: i64 = 10;

/// What the library's own description leaves out.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Beside {
    /// Whether its answers say of which provider they are (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: Value,
    /// The kinds of challenge that it takes (RFC 7636).
    #[serde(default)]
    code_challenge_methods_supported: Value,
}

impl AdditionalProviderMetadata for Beside {}

type Metadata = ProviderMetadata<
    Beside,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What a provider says of itself, and its keys.
pub(super) struct Description {
    pub metadata: Metadata,
    /// When it was read.
    pub at: Timestamp,
}

impl Description {
    /// Whether each of its answers says that it is of this provider.
    pub fn names_itself(&self) -> bool {
        let beside = self.metadata.additional_metadata();
        beside.authorization_response_iss_parameter_supported == Value::Bool(true)
    }
}

/// What came of asking a provider.
#[derive(Clone)]
struct Known {
    /// The settings that named it.
    named: Named,
    at: Timestamp,
    came: Result<Arc<Description>, Trouble>,
}

/// One organisation's provider.
#[derive(Default)]
struct Place {
    known: Mutex<Option<Known>>,
    /// Whoever asks the provider holds it.
    asking: tokio::sync::Mutex<()>,
}

impl Place {
    /// What is known of the provider that these settings name, unless it is too old.
    fn fresh(&self, named: Named, now: Timestamp) -> Option<Result<Arc<Description>, Trouble>> {
        let known = self.known.lock().clone();
        let known = known.filter(|known| {
            let seconds = match known.came {
                Ok(_) => FRESH_SECONDS,
                Err(_) => FAILED_SECONDS,
            };
            known.named == named && (0..seconds).contains(&now.seconds_since(known.at))
        });
        known.map(|known| known.came)
    }
}

/// What is known of all organisations' providers.
#[derive(Default)]
pub struct Providers(Mutex<HashMap<OrganisationId, Arc<Place>>>);

fn place(app: &App, organisation: OrganisationId) -> Arc<Place> {
    Arc::clone(app.providers.0.lock().entry(organisation).or_default())
}

/// The description of the organisation's provider, from memory where it was asked for lately.
pub(super) async fn describe(
    app: &App,
    organisation: OrganisationId,
    opened: &Opened,
) -> Result<Arc<Description>, Trouble> {
    let (place, named) = (place(app, organisation), opened.named());
    if let Some(known) = place.fresh(named, app.now()) {
        return known;
    }
    let _asking = place.asking.lock().await;
    if let Some(known) = place.fresh(named, app.now()) {
        return known;
    }
    let came = read(app, opened).await;
    let at = app.now();
    *place.known.lock() = Some(Known {
        named,
        at,
        came: came.clone(),
    });
    came
}

/// The same, newer than what was read at `before`. That it could not be asked is not remembered here: what was read before
/// may do for others.
pub(super) async fn read_since(
    app: &App,
    organisation: OrganisationId,
    opened: &Opened,
    before: Timestamp,
) -> Result<Arc<Description>, Trouble> {
    let (place, named) = (place(app, organisation), opened.named());
    let _asking = place.asking.lock().await;
    if let Some(Ok(known)) = place.fresh(named, app.now())
        && known.at > before
    {
        return Ok(known);
    }
    let read = read(app, opened).await?;
    *place.known.lock() = Some(Known {
        named,
        at: read.at,
        came: Ok(Arc::clone(&read)),
    });
    Ok(read)
}

async fn read(app: &App, opened: &Opened) -> Result<Arc<Description>, Trouble> {
    let metadata = discover(app, &opened.view.issuer).await?;
    let at = app.now();
    Ok(Arc::new(Description { metadata, at }))
}

async fn discover(app: &App, issuer: &str) -> Result<Metadata, Trouble> {
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| Trouble::Address)?;
    let client = |request| ask(app.others.clone(), request);
    let found = Metadata::discover_async(issuer, &client).await;
    let metadata = found.map_err(|error| match error {
        DiscoveryError::Request(error) => Trouble::from(&error),
        DiscoveryError::Response(status, ..) if status.is_success() => Trouble::BadDescription,
        DiscoveryError::Response(..) => Trouble::NoDescription,
        DiscoveryError::Validation(_) => Trouble::OtherIssuer,
        DiscoveryError::UrlParse(_) => Trouble::Address,
        _ => Trouble::BadDescription,
    })?;
    let secure = metadata.issuer().url().scheme() == "https";
    let place = metadata.authorization_endpoint().url();
    // The browser goes there; the desk's own questions are looked at when they are asked.
    if place.scheme() != "https" && (secure || place.scheme() != "http") {
        return Err(Trouble::NotHttps);
    }
    if metadata.token_endpoint().is_none() {
        return Err(Trouble::NoTokens);
    }
    Ok(metadata)
}

/// Asks for the description anew and looks at all of it.
pub(super) async fn try_out(app: &App, issuer: &str) -> Result<(), Trouble> {
    let metadata = discover(app, issuer).await?;
    let offered = metadata.id_token_signing_alg_values_supported();
    if !offered.iter().any(|one| ALGORITHMS.contains(one)) {
        return Err(Trouble::NoSignatures);
    }
    if metadata.jwks().keys().is_empty() {
        return Err(Trouble::NoKeys);
    }
    let beside = metadata.additional_metadata();
    match &beside.code_challenge_methods_supported {
        Value::Array(methods) if !methods.iter().any(|one| one == "S256") => Err(Trouble::NoPkce),
        _ => Ok(()),
    }
}
