//! The door of the patients' own pages.

use super::{Door, SessionToken, portal_cookie};
use crate::portal;
use crate::public::{self, caps::network};
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use bedside_web::{Problem, csrf};
use std::sync::Arc;

/// Lets whoever is signed in through. Whoever acted for somebody and may do so no more is told, and nothing is done of what
/// they asked: it was meant for somebody else. Words are heard all the same, also where nobody is in any more.
pub(super) async fn enter(door: &Door, request: Request, next: Next) -> Result<Response, Problem> {
    let app = &door.app;
    let cookie = portal_cookie(app)
        .read(request.headers())
        .map(str::to_owned);
    // Asked first: a session that is over is forgotten as soon as somebody asks for anything by it.
    let was = match &cookie {
        Some(token) if public::brings_words(&request) => portal::lately(app, token).await?,
        _ => None,
    };
    let session = match &cookie {
        Some(token) if request.method() == Method::HEAD => portal::still(app, token).await?,
        Some(token) => portal::session(app, token).await?,
        None => None,
    };
    let room = match &session {
        Some(_) => &door.bodies.known,
        None => &door.bodies.visitors,
    };
    let network = network(request.headers(), request.extensions(), &app.config);
    let (mut request, _held) = room.admit(request, network, door.bodies.patience);
    let (Some(session), Some(token)) = (session, cookie) else {
        let heard = public::signed_out(app, request, was).await;
        return heard.ok_or_else(Problem::unauthorized);
    };
    csrf::check_origin(request.method(), request.headers(), &app.config.public_url)?;
    door.spent(&session.ctx, &request)?;
    crate::security_log::allowed(&session.ctx, None);
    let acting_over = session.acting_over;
    let held = request.extensions_mut();
    held.insert(SessionToken(token.into(), session.id, None));
    held.insert(session.ctx.clone());
    held.insert(Arc::new(session));
    if acting_over {
        let heard = public::acting_over(app, request).await;
        return Ok(heard.unwrap_or_else(|| Redirect::to("/my?said=acting-over").into_response()));
    }
    Ok(next.run(request).await)
}
