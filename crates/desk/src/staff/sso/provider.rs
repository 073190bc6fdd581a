//! The steps of OpenID Connect with a provider. The library does them; what it is let do is decided here: which systems it asks
//! (the desk's own client for other systems), how long and how much, the desk's clock and its random numbers, and that a token
//! is signed by a key that only the provider has.

use super::model::{ProviderView, Said};
use super::question::{Purpose, Question};
use super::settings::{Named, Opened};
use super::{RETURN, trouble::Trouble};
use crate::app::App;
use crate::ids::OrganisationId;
use bedside_channels::http;
use bedside_db::Timestamp;
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreGenderClaim,
    CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError,
    ClientId, ClientSecret, CsrfToken, DiscoveryError, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, TokenResponse, UserInfoClaims, UserInfoError,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// For each question to a provider: an answer of one is some kilobytes, and whoever waits for it waits at the door.
const LIMITS: http::Limits = http::Limits {
    time: Duration::from_secs(6),
    body: 256 * 1024,
};
/// Seconds for which a description and its keys are used again.
const FRESH_SECONDS: i64 = 10 * 60;
/// Seconds after which a key that is not known may be a new one.
const NEW_KEYS_SECONDS: i64 = 30;
/// Seconds that a provider's clock may be ahead or behind.
const SKEW: i64 = 60;
/// Seconds that a token may be old when it comes.
const MAX_AGE: i64 = 10 * 60;
/// Longest code, in bytes.
const MAX_CODE: usize = 4096;
/// Longest subject (OpenID Connect Core, section 2).
const MAX_SUBJECT: usize = 255;
/// What a token may be signed with: by a key that only the provider has. A secret that both know would make the desk's
/// own settings a key.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a provider says of itself, and its keys.
pub(super) struct Description {
    metadata: CoreProviderMetadata,
    /// The settings that named it.
    named: Named,
    at: Timestamp,
}

/// The descriptions of all organisations' providers, each for a few minutes.
#[derive(Default)]
pub struct Providers(Mutex<HashMap<OrganisationId, Arc<Description>>>);

/// Asks another system, as the library wants it.
async fn ask(client: http::Client, request: HttpRequest) -> Result<HttpResponse, http::Error> {
    client.send(request, LIMITS).await
}

/// The description of the organisation's provider, from memory where it was read lately.
pub(super) async fn describe(
    app: &App,
    organisation: OrganisationId,
    opened: &Opened,
) -> Result<Arc<Description>, Trouble> {
    let known = app.providers.0.lock().get(&organisation).cloned();
    let is_fresh = |known: &Arc<Description>| {
        let age = app.now().seconds_since(known.at);
        known.named == opened.named() && (0..FRESH_SECONDS).contains(&age)
    };
    match known.filter(is_fresh) {
        Some(known) => Ok(known),
        None => read(app, organisation, opened).await,
    }
}

async fn read(
    app: &App,
    organisation: OrganisationId,
    opened: &Opened,
) -> Result<Arc<Description>, Trouble> {
    let description = Arc::new(Description {
        metadata: discover(app, &opened.view.issuer).await?,
        named: opened.named(),
        at: app.now(),
    });
    let mut all = app.providers.0.lock();
    all.insert(organisation, Arc::clone(&description));
    Ok(description)
}

async fn discover(app: &App, issuer: &str) -> Result<CoreProviderMetadata, Trouble> {
    let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| Trouble::Address)?;
    let client = |request| ask(app.others.clone(), request);
    let found = CoreProviderMetadata::discover_async(issuer, &client).await;
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
pub(super) async fn try_out(app: &App, view: &ProviderView) -> Result<(), Trouble> {
    let metadata = discover(app, &view.issuer).await?;
    let offered = metadata.id_token_signing_alg_values_supported();
    if !offered.iter().any(|one| ALGORITHMS.contains(one)) {
        return Err(Trouble::NoSignatures);
    }
    if metadata.jwks().keys().is_empty() {
        return Err(Trouble::NoKeys);
    }
    // The library's description leaves this one out.
    let issuer = IssuerUrl::new(view.issuer.clone()).map_err(|_| Trouble::Address)?;
    let place = issuer.join(".well-known/openid-configuration");
    let request = openidconnect::http::Request::get(place.map_err(|_| Trouble::Address)?.as_str());
    let request = request.body(Vec::new()).map_err(|_| Trouble::Address)?;
    let answer = ask(app.others.clone(), request).await;
    let answer = answer.map_err(|error| Trouble::from(&error))?;
    let whole: Value =
        serde_json::from_slice(answer.body()).map_err(|_| Trouble::BadDescription)?;
    match whole.get("code_challenge_methods_supported") {
        Some(Value::Array(methods)) if !methods.iter().any(|one| one == "S256") => {
            Err(Trouble::NoPkce)
        }
        _ => Ok(()),
    }
}

type Ready = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

fn ready(
    app: &App,
    known: &Description,
    view: &ProviderView,
    secret: Option<String>,
) -> Result<Ready, Trouble> {
    let back = RedirectUrl::new(format!("{}{RETURN}", app.config.public_url));
    let by_header = |methods: &Vec<CoreClientAuthMethod>| {
        methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
    };
    let by_body = |methods: &&Vec<CoreClientAuthMethod>| {
        methods.contains(&CoreClientAuthMethod::ClientSecretPost)
    };
    let methods = known.metadata.token_endpoint_auth_methods_supported();
    let auth = match methods.filter(by_body) {
        Some(methods) if !by_header(methods) => AuthType::RequestBody,
        _ => AuthType::BasicAuth,
    };
    let (client, secret) = (
        ClientId::new(view.client.clone()),
        secret.map(ClientSecret::new),
    );
    Ok(
        CoreClient::from_provider_metadata(known.metadata.clone(), client, secret)
            .set_redirect_uri(back.map_err(|_| Trouble::Address)?)
            .set_auth_type(auth),
    )
}

/// Where the browser is sent.
pub(super) fn address(
    app: &App,
    known: &Description,
    view: &ProviderView,
    (state, question): (&str, &Question),
) -> Result<String, Trouble> {
    let client = ready(app, known, view, None)?;
    let verifier = PkceCodeVerifier::new(question.verifier.clone());
    let (state, nonce) = (state.to_owned(), question.nonce.clone());
    let mut request = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    let offered = known.metadata.scopes_supported();
    let is_offered = |name: &str| offered.is_none_or(|all| all.iter().any(|one| **one == name));
    for scope in ["email", "profile", "groups"] {
        // Few know the last, and one that it does not offer is refused by some.
        if is_offered(scope) && (scope != "groups" || offered.is_some()) {
            request = request.add_scope(Scope::new(scope.to_owned()));
        }
    }
    if matches!(question.purpose, Purpose::Prove(..)) {
        request = request
            .add_prompt(CoreAuthPrompt::Login)
            .set_max_age(Duration::ZERO);
    }
    Ok(request.url().0.into())
}

/// Exchanges the code for what the provider says of the person, and checks all of it.
pub(super) async fn exchange(
    app: &App,
    organisation: OrganisationId,
    opened: &Opened,
    question: &Question,
    code: &str,
) -> Result<Said, Trouble> {
    if code.is_empty() || code.len() > MAX_CODE {
        return Err(Trouble::CodeRefused);
    }
    let view = &opened.view;
    let mut known = describe(app, organisation, opened).await?;
    let mut client = ready(app, &known, view, Some(opened.secret.clone()))?;
    let asker = |request| ask(app.others.clone(), request);
    let request = client.exchange_code(AuthorizationCode::new(code.to_owned()));
    let answer = request
        .map_err(|_| Trouble::NoTokens)?
        .set_pkce_verifier(PkceCodeVerifier::new(question.verifier.clone()))
        .request_async(&asker)
        .await;
    let answer = answer.map_err(|error| match error {
        RequestTokenError::Request(error) => Trouble::from(&error),
        RequestTokenError::ServerResponse(_) => Trouble::CodeRefused,
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Trouble::NoToken,
    })?;
    let token = answer.id_token().ok_or(Trouble::NoToken)?;
    let age = app.now().seconds_since(known.at);
    let mut said = checked(app, &client, view, (token, &answer), question);
    if matches!(said, Err(Trouble::Signature)) && age >= NEW_KEYS_SECONDS {
        // It may have new keys since they were read.
        known = read(app, organisation, opened).await?;
        client = ready(app, &known, view, Some(opened.secret.clone()))?;
        said = checked(app, &client, view, (token, &answer), question);
    }
    let mut said = said?;
    let has = |name: &str| said.claims.contains_key(name);
    let groups = view
        .rules
        .groups_claim
        .split('.')
        .next()
        .unwrap_or_default();
    let lacks_email = !(has("email") && has("email_verified"));
    let lacks_groups = !has(&view.rules.groups_claim) && !has(groups);
    if lacks_email || lacks_groups {
        if lacks_email {
            // One without the other says nothing: both come from one place.
            said.claims.remove("email");
            said.claims.remove("email_verified");
        }
        let subject = openidconnect::SubjectIdentifier::new(said.subject.clone());
        let asking = client.user_info(answer.access_token().clone(), Some(subject));
        // There may be no such place; then the token has said everything.
        if let Ok(asking) = asking {
            let more: Result<UserInfoClaims<Rest, CoreGenderClaim>, _> =
                asking.request_async(&asker).await;
            let more = more.map_err(|error| match error {
                UserInfoError::Request(error) => Trouble::from(&error),
                _ => Trouble::Person,
            })?;
            let Value::Object(more) = serde_json::to_value(&more).map_err(|_| Trouble::Person)?
            else {
                return Err(Trouble::Person);
            };
            // How somebody signed in is for the token alone to say.
            let wanted = [
                "email",
                "email_verified",
                "name",
                &*view.rules.groups_claim,
                groups,
            ];
            for (name, value) in more {
                if wanted.contains(&name.as_str()) {
                    said.claims.entry(name).or_insert(value);
                }
            }
        }
    }
    Ok(said)
}

/// Whatever else a provider says.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Rest(Map<String, Value>);

impl AdditionalClaims for Rest {}

/// Everything about a token: signature, issuer, audience, nonce, times, and that it belongs to what it came with.
fn checked(
    app: &App,
    client: &Ready,
    view: &ProviderView,
    (token, answer): (&CoreIdToken, &CoreTokenResponse),
    question: &Question,
) -> Result<Said, Trouble> {
    let now = app.now().micros() / 1_000_000;
    let since = u64::try_from(now).unwrap_or_default();
    let verifier: CoreIdTokenVerifier<'_> = client
        .id_token_verifier()
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || (UNIX_EPOCH + Duration::from_secs(since)).into())
        .set_issue_time_verifier_fn(move |issued| {
            let age = now - issued.timestamp();
            if (-SKEW..=MAX_AGE).contains(&age) {
                Ok(())
            } else {
                Err("not of now".to_owned())
            }
        });
    let nonce = Nonce::new(question.nonce.clone());
    let claims = token
        .claims(&verifier, &nonce)
        .map_err(|error| match error {
            ClaimsVerificationError::Expired(_) | ClaimsVerificationError::InvalidAuthTime(_) => {
                Trouble::TokenTime
            }
            ClaimsVerificationError::InvalidAudience(_) => Trouble::TokenAudience,
            ClaimsVerificationError::InvalidIssuer(_) => Trouble::TokenIssuer,
            ClaimsVerificationError::InvalidNonce(_) => Trouble::TokenNonce,
            ClaimsVerificationError::SignatureVerification(_) => Trouble::Signature,
            _ => Trouble::TokenOther,
        })?;
    if let Some(expected) = claims.access_token_hash() {
        let unsigned = |_: SignatureVerificationError| Trouble::Signature;
        let algorithm = token.signing_alg().map_err(unsigned)?;
        let key = token.signing_key(&verifier).map_err(unsigned)?;
        let actual = AccessTokenHash::from_token(answer.access_token(), algorithm, key);
        if actual.map_err(|_| Trouble::TokenOther)? != *expected {
            return Err(Trouble::TokenOther);
        }
    }
    let subject = claims.subject().to_string();
    if subject.is_empty() || subject.len() > MAX_SUBJECT {
        return Err(Trouble::TokenOther);
    }
    // What was checked is read once more as it was sent: the claims that carry groups are the organisation's to name.
    let whole = token.to_string();
    let payload = whole.split('.').nth(1).unwrap_or_default();
    let payload = BASE64URL_NOPAD.decode(payload.as_bytes());
    let said: Map<String, Value> = payload
        .ok()
        .and_then(|payload| serde_json::from_slice(&payload).ok())
        .ok_or(Trouble::TokenOther)?;
    if said
        .get("azp")
        .is_some_and(|party| *party != view.client.as_str())
    {
        return Err(Trouble::TokenAudience);
    }
    Ok(Said {
        subject,
        auth_time: claims.auth_time().map(|at| at.timestamp()),
        claims: said,
    })
}
