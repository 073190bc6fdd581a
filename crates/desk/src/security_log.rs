//! Security events in the program's log: what was refused, and what may be somebody trying to get round it.
//!
//! Each is a line with the target `bedside::security` and a stable code in `event`, inside the span of its request
//! (number, method, route). The list, with what each means, is `docs/security/logs.md`; a test holds the two together.
//! Nothing that was sent stands in a line: an address that somebody tried is a keyed mark, which is the same for the
//! same address and says nothing else.

use crate::app::App;
use crate::context::{Ctx, Permission};
use crate::ids::{PasskeyId, StaffId};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use bedside_web::Problem;
use data_encoding::HEXLOWER;
use std::sync::Arc;

/// Every code, for the test that holds the documentation against it.
pub const CODES: [&str; 21] = [
    "sign_in.refused",
    "sign_in.waits",
    "sign_in.sso_refused",
    "sign_in.altered_key",
    "token.refused",
    "access.not_signed_in",
    "access.refused",
    "access.restricted",
    "access.other_queue",
    "proof.needed",
    "factor.needed",
    "forged.other_site",
    "forged.form",
    "link.refused",
    "limit.rate",
    "limit.size",
    "limit.time",
    "limit.memory",
    "input.refused",
    "input.method",
    "file.infected",
];

/// A sign-in, or a proof inside, that was wrong. `key` is what its tries are counted by, such as the hash of an address;
/// `action` is what the audit log calls it; `staff` is whose it would have been, where there is somebody.
pub(crate) fn sign_in_refused(app: &App, key: &[u8; 32], action: &str, staff: Option<StaffId>) {
    let (mark, staff) = (mark(app, key), staff.map(|id| id.to_string()));
    tracing::info!(target: "bedside::security", event = "sign_in.refused", mark, action, staff, "refused");
}

/// A sign-in that was not looked at, because there were too many wrong ones before.
pub(crate) fn sign_in_waits(app: &App, key: &[u8; 32]) {
    let mark = mark(app, key);
    tracing::info!(target: "bedside::security", event = "sign_in.waits", mark, "refused");
}

/// Single sign-on that let nobody in, for a `reason` of its list.
pub(crate) fn sso_refused(reason: &str) {
    tracing::info!(target: "bedside::security", event = "sign_in.sso_refused", reason, "refused");
}

/// A file in which the virus scanner found something, by the signature's name.
pub(crate) fn file_infected(file: &str, signature: &str) {
    tracing::info!(target: "bedside::security", event = "file.infected", file, signature, "found");
}

/// That the table of ways in let somebody through. The lines have a target of their own, `bedside::access`: they are many,
/// and whoever keeps the log short can leave them out without losing what was refused.
pub(crate) fn allowed(ctx: &Ctx, permission: Option<Permission>) {
    let (kind, actor) = (ctx.actor.kind(), ctx.actor.id_text());
    // None: it is enough to be signed in.
    let permission = permission.map(Permission::code);
    tracing::info!(target: "bedside::access", event = "access.allowed", permission, kind, actor, "allowed");
}

/// A passkey whose row is not as this desk wrote it: somebody changed it in the database.
pub(crate) fn passkey_altered(id: PasskeyId) {
    tracing::error!(target: "bedside::security", event = "sign_in.altered_key", passkey = %id, "refused");
}

/// What somebody tried, so that tries of the same can be told to be of the same. Keyed: whoever reads the log can't find
/// the address by hashing many.
fn mark(app: &App, key: &[u8; 32]) -> String {
    let tag = app.keyring.web_mac()(&[b"mark\0".as_slice(), key].concat());
    HEXLOWER.encode(&tag[..8])
}

/// The layer that notes what the ways in refuse.
pub async fn refusals(request: Request, next: Next) -> Response {
    let by_token = request.headers().contains_key(header::AUTHORIZATION);
    let response = next.run(request).await;
    let problem = response.extensions().get::<Arc<Problem>>();
    let code = problem.map_or("", |problem| problem.code_str());
    if let Some(event) = event(response.status(), code, by_token) {
        let status = response.status().as_u16();
        // A page that comes back with its form has a status and no code.
        tracing::info!(target: "bedside::security", event, status, code, "refused");
    }
    response
}

/// What a refusal with `status` and the stable `code` of its problem is.
fn event(status: StatusCode, code: &str, by_token: bool) -> Option<&'static str> {
    Some(match (status.as_u16(), code) {
        (401, _) if by_token => "token.refused",
        (401, _) => "access.not_signed_in",
        (403, "restricted") => "access.restricted",
        (403, "other_queue") => "access.other_queue",
        (403, "confirm_required") => "proof.needed",
        (403, "second_factor_required") => "factor.needed",
        (403, "cross_site") => "forged.other_site",
        (403, "csrf") => "forged.form",
        (403, _) => "access.refused",
        (410, _) => "link.refused",
        (429, _) => "limit.rate",
        (413, _) => "limit.size",
        (408, _) => "limit.time",
        (503, "no_room") => "limit.memory",
        (400 | 415 | 422, _) => "input.refused",
        (405, _) => "input.method",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_a_code_of_the_list_and_the_documentation_has_the_list() {
        let documented = include_str!("../../../docs/security/logs.md");
        for code in CODES {
            assert!(documented.contains(&format!("| `{code}` |")), "{code}");
        }
        let codes = [
            "",
            "restricted",
            "other_queue",
            "confirm_required",
            "second_factor_required",
            "cross_site",
            "csrf",
            "no_room",
        ];
        for status in 100..600 {
            let status = StatusCode::from_u16(status).unwrap();
            for code in codes {
                for by_token in [false, true] {
                    let event = event(status, code, by_token);
                    assert!(
                        event.is_none_or(|event| CODES.contains(&event)),
                        "{event:?}"
                    );
                }
            }
        }
        assert_eq!(event(StatusCode::OK, "", true), None);
        assert_eq!(
            event(StatusCode::FORBIDDEN, "csrf", false),
            Some("forged.form")
        );
    }
}
