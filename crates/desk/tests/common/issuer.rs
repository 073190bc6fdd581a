//! A provider of single sign-on in this process, which does what it is told, right or wrong.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub const CLIENT: &str = "bedside-desk";
pub const SECRET: &str = "kept-between-the-desk-and-the-provider";

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// With the published key (ES256).
    Right,
    /// With the published key of the other kind (`EdDSA`).
    Edwards,
    /// With a key that nobody published, under the published one's name.
    OtherKey,
    /// Not at all, and it says so.
    None,
    /// With the published key as a secret of HS256.
    PublicKeyAsSecret,
    /// With the client's secret, by HS256.
    ClientSecret,
    /// With the published key, and then changed.
    Changed,
}

/// What is wrong with what it says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    Nothing,
    OtherIssuer,
    Missing,
    Redirecting,
    Huge,
    Slow,
    NoJson,
    KeysElsewhere,
    TokensElsewhere,
    NoKeys,
    SharedSecretsOnly,
    NoPkce,
}

/// One sign-in that waits for its code to be exchanged.
struct Grant {
    challenge: String,
    claims: Value,
    signed: Signed,
}

struct Inner {
    url: String,
    /// The key that it signs with, and the number of keys that it had before.
    key: Mutex<(EcdsaKeyPair, usize)>,
    other: EcdsaKeyPair,
    edwards: Ed25519KeyPair,
    wrong: Mutex<Wrong>,
    grants: Mutex<BTreeMap<String, Grant>>,
    granted: AtomicUsize,
    /// What its place for details of people says.
    details: Mutex<Value>,
    /// Whom its newest token was of.
    newest: Mutex<Value>,
    /// Codes that were exchanged, right or not.
    asked: Mutex<Vec<String>>,
    /// How often its description was read, and how often details of somebody.
    looks: Mutex<(usize, usize)>,
    /// Whether it says that its answers name it (RFC 9207).
    names_itself: AtomicBool,
    /// Whoever holds it keeps tokens from being handed out.
    door: tokio::sync::Mutex<()>,
    /// Somebody stands before the door.
    waiting: tokio::sync::Notify,
}

/// A provider that listens on this machine, and ends with the test.
pub struct Issuer {
    inner: Arc<Inner>,
    serving: JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What the desk sent a browser to the provider with.
#[derive(Debug)]
pub struct Asked(BTreeMap<String, String>);

impl Asked {
    /// Of the address that the browser was sent to.
    pub fn of(address: &str) -> Self {
        let query = address.split_once('?').expect("a query").1;
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Where the browser goes back to with `code`.
    pub fn back(&self, code: &str) -> String {
        format!("/sign-in/sso?code={code}&state={}", self.get("state"))
    }
}

fn fresh() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key")
}

impl Issuer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inner = Arc::new(Inner {
            url: format!("http://127.0.0.1:{port}"),
            key: Mutex::new((fresh(), 0)),
            other: fresh(),
            edwards: Ed25519KeyPair::generate().expect("a key"),
            wrong: Mutex::new(Wrong::Nothing),
            grants: Mutex::default(),
            granted: AtomicUsize::default(),
            details: Mutex::default(),
            newest: Mutex::default(),
            asked: Mutex::default(),
            looks: Mutex::default(),
            names_itself: AtomicBool::new(false),
            door: tokio::sync::Mutex::default(),
            waiting: tokio::sync::Notify::new(),
        });
        let service = Router::new()
            .route("/.well-known/openid-configuration", get(description))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(me))
            .with_state(Arc::clone(&inner));
        let serving = tokio::spawn(async move {
            axum::serve(listener, service).await.expect("serving");
        });
        Self { inner, serving }
    }

    /// Hands no token out until what it gives back is dropped.
    pub async fn shut(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.inner.door.lock().await
    }

    /// Until somebody has asked for a token.
    pub async fn is_asked(&self) {
        self.inner.waiting.notified().await;
    }

    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// From now on this is wrong with what it says of itself.
    pub fn is(&self, wrong: Wrong) {
        *self.inner.wrong.lock().unwrap() = wrong;
    }

    /// From now on its place for details of people says this.
    pub fn details(&self, claims: Value) {
        *self.inner.details.lock().unwrap() = claims;
    }

    /// From now on it signs with another key, under another name.
    pub fn rotate(&self) {
        let mut key = self.inner.key.lock().unwrap();
        *key = (fresh(), key.1 + 1);
    }

    /// From now on it says that its answers say of which provider they are.
    pub fn names_itself(&self) {
        self.inner.names_itself.store(true, Ordering::Relaxed);
    }

    /// How often its description was read.
    pub fn described(&self) -> usize {
        self.inner.looks.lock().unwrap().0
    }

    /// How often it was asked for details of somebody.
    pub fn detailed(&self) -> usize {
        self.inner.looks.lock().unwrap().1
    }

    /// The codes that were to be exchanged.
    pub fn asked(&self) -> Vec<String> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// The claims of a token for whoever was sent with `asked`, at `now` (seconds since 1970).
    pub fn claims(&self, asked: &Asked, subject: &str, now: i64) -> Value {
        json!({
            "iss": self.url(), "aud": CLIENT, "sub": subject, "nonce": asked.get("nonce"),
            "iat": now, "exp": now + 300,
        })
    }

    /// A code for these claims.
    pub fn grant(&self, asked: &Asked, claims: Value, signed: Signed) -> String {
        let mut grants = self.inner.grants.lock().unwrap();
        let code = format!(
            "code-{}",
            self.inner.granted.fetch_add(1, Ordering::Relaxed)
        );
        let grant = Grant {
            challenge: asked.get("code_challenge").to_owned(),
            claims,
            signed,
        };
        grants.insert(code.clone(), grant);
        code
    }
}

async fn description(State(inner): State<Arc<Inner>>) -> Response {
    inner.looks.lock().unwrap().0 += 1;
    let (url, wrong) = (&inner.url, *inner.wrong.lock().unwrap());
    let port = url.rsplit(':').next().unwrap_or_default();
    // An address of this machine that nobody allowed.
    let elsewhere = format!("http://127.0.0.2:{port}");
    let place = |when: Wrong, path: &str| {
        let base = if wrong == when { &elsewhere } else { url };
        format!("{base}{path}")
    };
    let algorithms = if wrong == Wrong::SharedSecretsOnly {
        json!(["HS256"])
    } else {
        json!(["ES256", "EdDSA", "HS256"])
    };
    let mut said = json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": place(Wrong::TokensElsewhere, "/token"),
        "userinfo_endpoint": format!("{url}/me"),
        "jwks_uri": place(Wrong::KeysElsewhere, "/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "scopes_supported": ["openid", "email", "profile"],
        "code_challenge_methods_supported": [if wrong == Wrong::NoPkce { "plain" } else { "S256" }],
    });
    if inner.names_itself.load(Ordering::Relaxed) {
        said["authorization_response_iss_parameter_supported"] = json!(true);
    }
    match wrong {
        Wrong::OtherIssuer => said["issuer"] = json!("https://login.example"),
        Wrong::Missing => return StatusCode::NOT_FOUND.into_response(),
        Wrong::Redirecting => {
            return Redirect::temporary("http://127.0.0.2/latest/meta-data").into_response();
        }
        Wrong::Huge => said["filling"] = json!("x".repeat(1 << 20)),
        Wrong::Slow => std::future::pending().await,
        Wrong::NoJson => return "<!doctype html><title>Welcome</title>".into_response(),
        _ => {}
    }
    axum::Json(said).into_response()
}

async fn keys(State(inner): State<Arc<Inner>>) -> Response {
    if *inner.wrong.lock().unwrap() == Wrong::NoKeys {
        return axum::Json(json!({ "keys": [] })).into_response();
    }
    let key = inner.key.lock().unwrap();
    let point = key.0.public_key().as_ref();
    let part = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    axum::Json(json!({ "keys": [
        {
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": name_of(key.1), "alg": "ES256",
            "x": part(&point[1..33]), "y": part(&point[33..]),
        },
        {
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "two", "alg": "EdDSA",
            "x": part(inner.edwards.public_key().as_ref()),
        },
    ] }))
    .into_response()
}

/// What the key is called that came after so many others.
fn name_of(number: usize) -> String {
    format!("one-{number}")
}

fn sealed(inner: &Inner, claims: &Value, signed: Signed) -> String {
    let key = inner.key.lock().unwrap();
    let algorithm = match signed {
        Signed::None => "none",
        Signed::Edwards => "EdDSA",
        Signed::PublicKeyAsSecret | Signed::ClientSecret => "HS256",
        _ => "ES256",
    };
    let kid = match signed {
        Signed::Edwards => "two".to_owned(),
        _ => name_of(key.1),
    };
    let header = json!({ "alg": algorithm, "kid": kid, "typ": "JWT" });
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let text = format!("{}.{}", part(&header), part(claims));
    let by = |key: &EcdsaKeyPair| {
        let signature = key.sign(&SystemRandom::new(), text.as_bytes());
        signature.expect("a signature").as_ref().to_vec()
    };
    let shared = |key: &[u8]| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
    };
    let signature = match signed {
        Signed::None => Vec::new(),
        Signed::Edwards => inner.edwards.sign(text.as_bytes()).as_ref().to_vec(),
        Signed::OtherKey => by(&inner.other),
        Signed::PublicKeyAsSecret => shared(key.0.public_key().as_ref()),
        Signed::ClientSecret => shared(SECRET.as_bytes()),
        Signed::Right | Signed::Changed => by(&key.0),
    };
    let text = if signed == Signed::Changed {
        let mut other = claims.clone();
        other["sub"] = json!("somebody-else");
        format!("{}.{}", part(&header), part(&other))
    } else {
        text
    };
    format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
}

async fn token(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    let sent = |name: &str| form.get(name).map_or("", String::as_str);
    inner.asked.lock().unwrap().push(sent("code").to_owned());
    inner.waiting.notify_one();
    drop(inner.door.lock().await);
    let basic = format!(
        "Basic {}",
        BASE64.encode(format!("{CLIENT}:{SECRET}").as_bytes())
    );
    let known = headers
        .get(header::AUTHORIZATION)
        .is_some_and(|sent| *sent == *basic);
    let grant = inner.grants.lock().unwrap().remove(sent("code"));
    let verifier =
        BASE64URL_NOPAD.encode(digest(&SHA256, sent("code_verifier").as_bytes()).as_ref());
    let right = sent("redirect_uri").ends_with("/sign-in/sso")
        && sent("grant_type") == "authorization_code";
    let fits = |grant: &Grant| grant.challenge == verifier;
    let Some(grant) = grant.filter(fits).filter(|_| known && right) else {
        let answer = axum::Json(json!({ "error": "invalid_grant" }));
        return (StatusCode::BAD_REQUEST, answer).into_response();
    };
    *inner.newest.lock().unwrap() = grant.claims["sub"].clone();
    axum::Json(json!({
        "access_token": "for-details",
        "token_type": "Bearer",
        "expires_in": 300,
        "id_token": sealed(&inner, &grant.claims, grant.signed),
    }))
    .into_response()
}

async fn me(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    let known = headers.get(header::AUTHORIZATION);
    if known.is_none_or(|sent| sent != "Bearer for-details") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    inner.looks.lock().unwrap().1 += 1;
    let details = inner.details.lock().unwrap().clone();
    let nothing_more = || json!({ "sub": *inner.newest.lock().unwrap() });
    axum::Json(if details.is_null() {
        nothing_more()
    } else {
        details
    })
    .into_response()
}
