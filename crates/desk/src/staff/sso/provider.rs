//! The steps of OpenID Connect with a provider. The library does them; what it is let do is decided here: which systems it asks
//! (the desk's own client for other systems), how long and how much, the desk's clock and its random numbers, and that a token
//! is signed by a key that only the provider has.

use super::description::{self, Description};
use super::model::{ProviderView, Said};
use super::question::{Purpose, Question};
use super::settings::Opened;
use super::{RETURN, trouble::Trouble};
use crate::app::App;
use crate::ids::OrganisationId;
use bedside_channels::http;
use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{
    CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreGenderClaim,
    CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm, CoreTokenResponse,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode,
    ClaimsVerificationError, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, SignatureVerificationError, TokenResponse, UserInfoClaims, UserInfoError,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// For each question to a provider: an answer of one is some kilobytes, and whoever waits for it waits at the door.
const LIMITS: http::Limits = http::Limits {
    time: Duration::from_secs(6),
    body: 256 * 1024,
};

/// Asks another system, as the library wants it.
pub(super) async fn ask(
    client: http::Client,
    request: HttpRequest,
) -> Result<HttpResponse, http::Error> {
    client.send(request, LIMITS).await
}

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
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
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
    match question.purpose {
        Purpose::Enter => {}
        Purpose::Prove(..) => {
            request = request
                .add_prompt(CoreAuthPrompt::Login)
                .set_max_age(Duration::ZERO);
        }
        // Whoever is signed in there in this browser may be a colleague who used it before.
        Purpose::Connect(..) => request = request.add_prompt(CoreAuthPrompt::Login),
    }
    Ok(request.url().0.into())
}

/// What a code was exchanged for, everything about the token checked, and what it takes to ask for more.
pub(super) struct Answered {
    pub said: Said,
    client: Ready,
    access: AccessToken,
}

/// Exchanges the code for what the provider says of the person.
pub(super) async fn exchange(
    app: &App,
    organisation: OrganisationId,
    (opened, known): (&Opened, Arc<Description>),
    question: &Question,
    code: &str,
) -> Result<Answered, Trouble> {
    if code.is_empty() || code.len() > MAX_CODE {
        return Err(Trouble::CodeRefused);
    }
    let view = &opened.view;
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
        let anew = description::read_since(app, organisation, opened, known.at).await?;
        client = ready(app, &anew, view, Some(opened.secret.clone()))?;
        said = checked(app, &client, view, (token, &answer), question);
    }
    Ok(Answered {
        said: said?,
        client,
        access: answer.access_token().clone(),
    })
}

/// Asks the provider for what the token leaves out and the desk needs: groups, and the address of whom it has to find by it.
pub(super) async fn complete(
    app: &App,
    opened: &Opened,
    answered: Answered,
    finds: bool,
) -> Result<Said, Trouble> {
    let Answered {
        mut said,
        client,
        access,
    } = answered;
    let rules = &opened.view.rules;
    let has = |name: &str| said.claims.contains_key(name);
    let groups = rules.groups_claim.split('.').next().unwrap_or_default();
    let lacks_email = finds && !(has("email") && has("email_verified"));
    let lacks_groups = !has(&rules.groups_claim) && !has(groups);
    if !lacks_email && !lacks_groups {
        return Ok(said);
    }
    if lacks_email {
        // One without the other says nothing: both come from one place.
        said.claims.remove("email");
        said.claims.remove("email_verified");
    }
    let subject = openidconnect::SubjectIdentifier::new(said.subject.clone());
    // There may be no such place; then the token has said everything.
    let Ok(asking) = client.user_info(access, Some(subject)) else {
        return Ok(said);
    };
    let asker = |request| ask(app.others.clone(), request);
    let more: Result<UserInfoClaims<Rest, CoreGenderClaim>, _> = asking.request_async(&asker).await;
    let more = more.map_err(|error| match error {
        UserInfoError::Request(error) => Trouble::from(&error),
        _ => Trouble::Person,
    })?;
    let Value::Object(more) = serde_json::to_value(&more).map_err(|_| Trouble::Person)? else {
        return Err(Trouble::Person);
    };
    // How somebody signed in is for the token alone to say.
    let wanted = [
        "email",
        "email_verified",
        "name",
        &*rules.groups_claim,
        groups,
    ];
    for (name, value) in more {
        if wanted.contains(&name.as_str()) {
            said.claims.entry(name).or_insert(value);
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
