//! One table of every way in over HTTP: method, path, who may come, handler.
//!
//! Parts list their [`Route`]s; this module wraps each in the same door: it finds out who asks (session cookie or bearer
//! token), checks that they may, keeps forged requests out, and puts the [`Ctx`] into the request for the handler.
//! Services authorize again: the table is for the test that walks it, and for refusing early.

mod patient;
mod takes;

use crate::app::App;
use crate::audit_log::{NewEntry, Outcome};
use crate::context::{Actor, Ctx, Permission, Source};
use crate::error::DeskError;
use crate::ids::SessionId;
use crate::once::Once;
use crate::public::caps::network;
use crate::staff::{self, SignedIn};
use axum::Router;
use axum::body::Body;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use bedside_web::body::{Patience, Room};
use bedside_web::cookies::SessionCookie;
use bedside_web::i18n::negotiate;
use bedside_web::{Locale, Problem, csrf};
use std::net::IpAddr;
use std::sync::Arc;
pub use takes::Takes;

pub use bedside_access::Access;

/// Bytes that the bodies of visitors, and those of everybody else, hold together: two forms as large as a form may be.
const BODIES: usize = 128 << 20;

/// How fresh a session's last proof must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// The page to go on with after a new one: a part of the way's own path.
    pub page: &'static str,
    /// How old it may be, in seconds.
    pub seconds: i64,
}

/// One way in.
#[derive(Clone)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path, as axum reads it.
    pub path: &'static str,
    /// Who may come in.
    pub access: Access,
    /// What it takes of the limits of an hour.
    pub takes: Takes,
    /// Set where a session's last proof must be fresh.
    pub confirmed: Option<Fresh>,
    /// Whether it is open to people whose role wants a second factor while they have none.
    pub before_factor: bool,
    handler: MethodRouter<App>,
}

impl Route {
    /// The same, asked by pages on their own.
    #[must_use]
    pub fn polled(self) -> Self {
        Self {
            takes: Takes::Polled,
            ..self
        }
    }

    /// The same for whoever proved a short while ago who they are. `page` is where whoever did not goes on after they
    /// have: the page with its form, a part of this way's own path. API tokens are no sessions and prove nothing: they
    /// open what they were made for, and making one needs a proof.
    #[must_use]
    pub fn confirmed(self, page: &'static str) -> Self {
        self.fresh(page, staff::PROOF_SECONDS)
    }

    /// The same for what is typed on `page`, which asked for the proof before: it counts for longer, so that hardly
    /// anybody types in vain.
    #[must_use]
    pub fn confirmed_before(self, page: &'static str) -> Self {
        self.fresh(page, staff::TYPING_SECONDS)
    }

    fn fresh(self, page: &'static str, seconds: i64) -> Self {
        Self {
            confirmed: Some(Fresh { page, seconds }),
            ..self
        }
    }

    /// The same, open also while somebody lacks the second factor that their role wants.
    #[must_use]
    pub fn before_factor(self) -> Self {
        Self {
            before_factor: true,
            ..self
        }
    }

    /// The same for what looks through all there is: a budget of its own bounds it.
    #[must_use]
    pub fn searching(self) -> Self {
        Self {
            takes: Takes::Search,
            ..self
        }
    }

    /// The same for what is read when somebody is in danger: it stands open however much was read before.
    #[must_use]
    pub fn urgent(self) -> Self {
        Self {
            takes: Takes::Urgent,
            ..self
        }
    }

    fn new<H: Handler<T, App>, T: 'static>(
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self {
            method,
            path,
            access,
            takes: Takes::Read,
            confirmed: None,
            before_factor: false,
            handler: on(filter, handler),
        }
    }

    /// A way in for reading.
    pub fn get<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self::new((Method::GET, MethodFilter::GET), path, access, handler)
    }

    /// A way in for adding or doing.
    pub fn post<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self::new((Method::POST, MethodFilter::POST), path, access, handler)
    }

    /// A way in for changing.
    pub fn patch<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self::new((Method::PATCH, MethodFilter::PATCH), path, access, handler)
    }

    /// A way in for replacing.
    pub fn put<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self::new((Method::PUT, MethodFilter::PUT), path, access, handler)
    }

    /// A way in for removing.
    pub fn delete<H: Handler<T, App>, T: 'static>(
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        Self::new(
            (Method::DELETE, MethodFilter::DELETE),
            path,
            access,
            handler,
        )
    }
}

/// Every way in.
pub fn routes() -> Vec<Route> {
    [
        crate::api::routes(),
        crate::pages::routes(),
        crate::public::routes(),
        crate::admin::routes(),
        crate::scim::routes(),
    ]
    .concat()
}

/// The HTTP service.
pub fn router(app: &App) -> Router {
    router_of(app, routes())
}

/// The HTTP service with these ways in alone.
pub fn router_of(app: &App, routes: Vec<Route>) -> Router {
    router_with(app, routes, &Bodies::default())
}

/// What bodies of requests may hold together, and how long they may take.
#[derive(Clone, Debug)]
pub struct Bodies {
    /// Memory for whoever is not known.
    pub visitors: Room,
    /// Memory for staff and API clients, whom no visitor can crowd out.
    pub known: Room,
    /// How long a sender may take.
    pub patience: Patience,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            visitors: Room::new(BODIES),
            known: Room::new(BODIES),
            patience: Patience::default(),
        }
    }
}

/// The same within these bounds.
pub fn router_with(app: &App, routes: Vec<Route>, bodies: &Bodies) -> Router {
    crate::observe::figures();
    let mut service = Router::new();
    for route in routes {
        let door = Door {
            app: app.clone(),
            access: route.access,
            takes: route.takes,
            confirmed: route.confirmed,
            before_factor: route.before_factor,
            bodies: bodies.clone(),
        };
        service = service.route(
            route.path,
            route
                .handler
                .layer(middleware::from_fn_with_state(door, enter)),
        );
    }
    service
        .fallback(|| async { DeskError::NotFound })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .layer(middleware::from_fn(bedside_web::last::resort))
        .layer(middleware::from_fn(crate::security_log::refusals))
        .layer(middleware::from_fn(crate::scim::errors::as_scim))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            crate::pages::errors::as_page,
        ))
        // Once more, for what panics while an answer is made into a page.
        .layer(middleware::from_fn(bedside_web::last::resort))
        .layer(bedside_web::headers::security_headers(
            app.config.is_https(),
        ))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            crate::observe::requests,
        ))
        .with_state(app.clone())
}

#[derive(Clone)]
struct Door {
    app: App,
    access: Access,
    takes: Takes,
    confirmed: Option<Fresh>,
    before_factor: bool,
    bodies: Bodies,
}

impl Door {
    /// Refuses whose role wants a second factor that they lack, and whose last proof is too old for this way in.
    fn proven(&self, session: &SignedIn, request: &Request) -> Result<(), DeskError> {
        if session.lacks_factor && !self.before_factor && self.access != Access::Public {
            return Err(DeskError::SecondFactorRequired);
        }
        let age = self.app.now().seconds_since(session.proven_at);
        match self.confirmed {
            Some(fresh) if age >= fresh.seconds => {
                let mut page = beginning(request.uri().path(), fresh.page);
                // Whoever looked for something comes back to what they had found.
                if let (&Method::GET, Some(query)) = (request.method(), request.uri().query()) {
                    page = format!("{page}?{query}");
                }
                Err(DeskError::ConfirmRequired { page })
            }
            _ => Ok(()),
        }
    }
}

impl Door {
    /// Takes one of the reads, or of the searches, that one person or token has in an hour: enough for anybody at work, too
    /// few to carry everything away. What open pages fetch by themselves has as many of its own, so that a busy day takes
    /// nothing from whoever reads; only then is it refused, and the page asks again at the next event.
    fn spent(&self, ctx: &Ctx, request: &Request) -> Result<(), DeskError> {
        let config = &self.app.config;
        let safe = request.method().is_safe();
        let (kind, limit) = match self.takes {
            Takes::Search => ("search", config.searches_an_hour),
            Takes::Read if is_live(request.method(), request.headers()) => {
                ("live", config.reads_an_hour)
            }
            Takes::Read if safe => ("read", config.reads_an_hour),
            Takes::Read | Takes::Polled | Takes::Urgent => return Ok(()),
        };
        if limit == 0 {
            return Ok(());
        }
        let key = (kind, ctx.organisation, ctx.actor.id_text());
        let caps = match ctx.actor {
            Actor::Patient { .. } => &self.app.patients_reads,
            _ => &self.app.reads,
        };
        caps.take(key, limit, self.app.now())
    }
}

/// Whether an open page asks by itself, for what an event changed on it. It keeps no session alive.
fn is_live(method: &Method, headers: &HeaderMap) -> bool {
    method.is_safe() && headers.contains_key("bd-live") && headers.contains_key("hx-request")
}

/// As many parts of `path` as `page` has.
fn beginning(path: &str, page: &str) -> String {
    let parts: Vec<&str> = path.split('/').take(page.split('/').count()).collect();
    parts.join("/")
}

/// The cookie that carries a staff session.
pub fn session_cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside", app.config.is_https())
}

/// The cookie that carries a patient's session: another one than the staff's, and neither opens the other's door.
pub fn portal_cookie(app: &App) -> SessionCookie {
    SessionCookie::new("bedside_my", app.config.is_https())
}

/// The session a request came with: its secret, and its number, which stays when a proof changes the secret. Pages bind
/// their forms to the number, so that those which stand open elsewhere stay good. Of the staff also where it is used from.
#[derive(Clone)]
pub struct SessionToken(pub Arc<str>, pub SessionId, pub Option<Arc<staff::Here>>);

/// The network that somebody who is not known comes from, where that can be told.
#[derive(Clone, Copy)]
pub struct CameFrom(pub IpAddr);

async fn enter(
    State(door): State<Door>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let app = &door.app;
    if door.access == Access::Patient {
        return patient::enter(&door, request, next).await;
    }
    let bearer = bearer(request.headers());
    let cookie = session_cookie(app)
        .read(request.headers())
        .map(str::to_owned);
    let mut session = None;
    let ctx = match (door.access, bearer, cookie) {
        (access, Some(token), _) if access.takes_tokens() => {
            let mut ctx = staff::token_context(app, token).await?;
            ctx.locale = asked_language(request.headers());
            Some(ctx)
        }
        (access, _, Some(token)) if access.takes_sessions() => {
            let place = staff::Place {
                user_agent: user_agent(request.headers()),
                network: network(request.headers(), request.extensions(), &app.config),
            };
            let used = door.takes != Takes::Polled && !is_live(request.method(), request.headers());
            session = staff::session(app, &token, used, place).await?;
            if let Some(session) = &session {
                let token = SessionToken(token.into(), session.id, session.here.clone());
                request.extensions_mut().insert(token);
            }
            session.as_ref().map(|session| session.ctx.clone())
        }
        _ => None,
    };
    let room = match &ctx {
        Some(_) => &door.bodies.known,
        None => &door.bodies.visitors,
    };
    let network = match &ctx {
        Some(_) => None,
        None => network(request.headers(), request.extensions(), &app.config),
    };
    if let Some(network) = network {
        request.extensions_mut().insert(CameFrom(network));
    }
    // What the body holds is given back when this function ends.
    let (mut request, _held) = room.admit(request, network, door.bodies.patience);
    if let Some(mut ctx) = ctx {
        let way = request.extensions().get::<MatchedPath>().cloned();
        let allowed = permitted(app, door.access, &ctx, way).await?;
        if door.access != Access::Public {
            door.spent(&ctx, &request)?;
        }
        if let Some(session) = &session {
            door.proven(session, &request)?;
        }
        if !matches!(ctx.actor, Actor::Token { .. }) {
            not_forged(app, door.access, &request)?;
        }
        if door.access != Access::Public {
            crate::security_log::allowed(&ctx, allowed);
        }
        if door.access.is_api() {
            request = once(&mut ctx, request).await?;
        }
        request.extensions_mut().insert(ctx);
    } else if door.access != Access::Public {
        return Err(Problem::unauthorized());
    }
    Ok(next.run(request).await)
}

/// The language that another system asks for. A person's is their own setting.
fn asked_language(headers: &HeaderMap) -> Locale {
    let asked = headers.get(header::ACCEPT_LANGUAGE);
    negotiate(asked.and_then(|value| value.to_str().ok()), None)
}

/// What a browser says of itself.
pub(crate) fn user_agent(headers: &HeaderMap) -> &str {
    let said = headers.get(header::USER_AGENT);
    said.and_then(|said| said.to_str().ok()).unwrap_or_default()
}

/// The bearer token of a request. How the scheme is written says nothing (RFC 9110, section 11.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let given = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = given.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("Bearer")
        .then(|| token.trim_start_matches(' '))
}

/// Refuses, and says so in the audit log, when the table does not let this actor in.
async fn permitted(
    app: &App,
    access: Access,
    ctx: &Ctx,
    way: Option<MatchedPath>,
) -> Result<Option<Permission>, DeskError> {
    // Whoever lacks both of two is refused for want of the first.
    let Some(needed) = access.needed(ctx.permissions()) else {
        return Ok(None);
    };
    let allowed = ctx.authorize(needed);
    if allowed.is_err() {
        let way = way.as_ref().map_or("", MatchedPath::as_str);
        app.audit(
            ctx,
            NewEntry::new("http.request", "route", way).outcome(Outcome::Denied),
        )
        .await?;
    }
    allowed.map(|()| Some(needed))
}

/// A request that changes something must come from our own pages. The browser's word on the origin is looked at for
/// all; forms also prove it with a token in the body, which the form reader checks ([`crate::pages::forms`]), and the
/// pages' own calls of the API with the same token in a header.
fn not_forged(app: &App, access: Access, request: &Request) -> Result<(), Problem> {
    csrf::check_origin(request.method(), request.headers(), &app.config.public_url)?;
    if !access.is_api() || request.method().is_safe() {
        return Ok(());
    }
    let session = request.extensions().get::<SessionToken>();
    let session = session.ok_or(DeskError::Unauthorized)?;
    csrf::check_token(
        csrf::header_token(request.headers()),
        session.1.uuid().as_bytes(),
        &app.keyring.web_mac(),
    )?;
    Ok(())
}

/// Reads the body of a request that carries a key, to tell it when it comes again from another one under that key.
async fn once(ctx: &mut Ctx, request: Request) -> Result<Request, Problem> {
    let Some(key) = request.headers().get("idempotency-key") else {
        return Ok(request);
    };
    if request.method() != Method::POST {
        return Ok(request);
    }
    let key = key.to_str().unwrap_or_default().to_owned();
    let client = ctx.actor.id_text();
    if is_multipart(request.headers()) {
        // Files are too large to be read here; the handler adds what they hold to the key.
        let way = format!("{} {}\n", request.method(), request.uri());
        ctx.once = Some(Arc::new(Once::new(&key, &client, way.as_bytes())?));
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let whole = Request::from_parts(parts.clone(), body);
    let body = bedside_web::form::body(whole, bedside_web::json::LIMIT).await?;
    let mut whole = format!("{} {}\n", parts.method, parts.uri).into_bytes();
    whole.extend_from_slice(&body);
    ctx.once = Some(Arc::new(Once::new(&key, &client, &whole)?));
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn is_multipart(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    kind.get(..10)
        .is_some_and(|start| start.eq_ignore_ascii_case("multipart/"))
}

impl<S: Send + Sync> FromRequestParts<S> for Ctx {
    type Rejection = DeskError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, DeskError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(DeskError::Unauthorized)
    }
}

/// The context of a public page of `organisation`: a visitor, in the language of the browser.
pub fn visitor(organisation: crate::ids::OrganisationId, locale: Locale) -> Ctx {
    Ctx {
        organisation,
        actor: Actor::Visitor,
        source: Source::Public,
        locale,
        once: None,
    }
}
