//! Requests to the desk's router, in this process.

use super::multipart;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use bedside_desk::app::App;
use bedside_desk::router;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Mutex;
use tower::ServiceExt;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The same answer, after its status was checked; the body is in the message.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

async fn send(router: &Router, request: Request<Body>) -> Answer {
    let answer = router
        .clone()
        .oneshot(request)
        .await
        .expect("the router never fails");
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX)
        .await
        .expect("a body")
        .to_vec();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

/// An API client.
pub struct Client {
    router: Router,
    token: Option<String>,
}

impl Client {
    pub fn new(app: &App, token: Option<String>) -> Self {
        Self {
            router: router::router(app),
            token,
        }
    }

    /// Any request; `headers` are added to the token's.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&self.router, request.body(body).expect("a request")).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, &[], Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path, &[], Body::empty()).await
    }

    pub async fn post(&self, path: &str, json: &Value) -> Answer {
        self.json(Method::POST, path, &[], json).await
    }

    /// A change of the version with this entity tag.
    pub async fn patch(&self, path: &str, etag: &str, json: &Value) -> Answer {
        self.json(Method::PATCH, path, &[("if-match", etag)], json)
            .await
    }

    /// Any request with a JSON body.
    pub async fn json(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        json: &Value,
    ) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.request(method, path, &all, Body::from(json.to_string()))
            .await
    }
}

/// A browser without scripts: keeps cookies, sends forms with the token of the page they stand on.
pub struct Browser {
    router: Router,
    cookies: Mutex<BTreeMap<String, String>>,
    /// What it says of itself.
    pub agent: String,
    /// The address it comes from, where a desk can tell it.
    pub from: Option<std::net::IpAddr>,
}

impl Browser {
    pub fn new(app: &App, session: Option<String>) -> Self {
        let cookies = session.map(|token| (router::session_cookie(app).name().to_owned(), token));
        Self {
            router: router::router(app),
            cookies: Mutex::new(cookies.into_iter().collect()),
            agent: String::new(),
            from: None,
        }
    }

    /// The same, that says this of itself.
    pub fn saying(self, agent: &str) -> Self {
        Self {
            agent: agent.to_owned(),
            ..self
        }
    }

    /// A browser without cookies, in front of this very router.
    pub fn before(router: Router) -> Self {
        Self {
            router,
            cookies: Mutex::default(),
            agent: String::new(),
            from: None,
        }
    }

    /// Any request, with the browser's cookies; keeps those that come back.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("sec-fetch-site", "same-origin");
        let cookies = self.cookie();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        let says = headers.iter().any(|(name, _)| *name == "user-agent");
        if !self.agent.is_empty() && !says {
            request = request.header(header::USER_AGENT, &self.agent);
        }
        if let Some(from) = self.from {
            let peer = std::net::SocketAddr::from((from, 4711));
            request = request.extension(axum::extract::ConnectInfo(peer));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = send(&self.router, request.body(body).expect("a request")).await;
        let mut jar = self.cookies.lock().unwrap();
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie");
            let (name, rest) = text.split_once('=').expect("a cookie");
            let value = rest.split(';').next().unwrap_or_default();
            if value.is_empty() {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        drop(jar);
        answer
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, &[], Body::empty()).await
    }

    /// Its cookies, as it sends them.
    pub fn cookie(&self) -> String {
        let jar = self.cookies.lock().unwrap();
        let pairs: Vec<String> = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Puts a session into it, as somebody can who was at the machine before.
    pub fn plant(&self, app: &App, session: &str) {
        let name = router::session_cookie(app).name().to_owned();
        let mut jar = self.cookies.lock().unwrap();
        jar.insert(name, session.to_owned());
    }

    /// Opens `page`, and sends `fields` with its form token to `action`.
    pub async fn submit(&self, page: &str, action: &str, fields: &[(&str, &str)]) -> Answer {
        let token = csrf_token(&self.get(page).await.expect(200).text());
        self.post(
            action,
            &[&[("csrf_token", token.as_str())], fields].concat(),
        )
        .await
    }

    /// Sends `fields` as a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.request(Method::POST, path, &headers, Body::from(form.finish()))
            .await
    }

    /// Sends `fields` and `files` as a form with files.
    pub async fn post_files(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[multipart::File<'_>],
    ) -> Answer {
        let (media_type, body) = multipart::form(fields, files);
        self.request(
            Method::POST,
            path,
            &[("content-type", &media_type)],
            Body::from(body),
        )
        .await
    }
}

/// The token of the first form on a page.
#[track_caller]
pub fn csrf_token(page: &str) -> String {
    hidden(page, "csrf_token").to_owned()
}

/// The value of the first hidden input of this name on a page.
#[track_caller]
pub fn hidden<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\""))
        .unwrap_or_else(|| panic!("no {name} in {page}"));
    let (_, value) = rest.split_once("value=\"").expect("a value after the name");
    value.split('"').next().unwrap_or_default()
}
