//! Wrong passwords and codes cost time: more with each, up to a quarter of an hour, and never a locked account.

use super::store;
use crate::app::App;
use crate::audit_log::{self, NewEntry, Outcome};
use crate::context::{Actor, Ctx, Source};
use crate::error::DeskError;
use crate::ids::{OrganisationId, SessionId, StaffId};
use crate::security_log;
use bedside_db::Timestamp;
use bedside_vault::secret;
use futures_util::FutureExt;

/// Wrong tries that cost no waiting.
pub(super) const FREE_FAILURES: i64 = 5;
/// Longest wait after wrong tries, in seconds.
const LONGEST_WAIT: i64 = 15 * 60;

/// What the codes of whoever has already shown a password or a link are counted by: not the address, so that a stranger who
/// types wrong passwords for it slows nobody down here. The person and not the half sign-in, of which there can be many:
/// whoever knows the password can slow the person's own next sign-in down with it, but nothing of theirs that is open.
pub(super) fn second_step(organisation: OrganisationId, staff: StaffId) -> [u8; 32] {
    secret::token_hash(&format!("second step {organisation} {staff}"))
}

/// What wrong proofs inside are counted by: the session, so that nobody who is not in it slows them down, and a right one
/// gives no tries back at the door.
pub(super) fn inside(session: SessionId) -> [u8; 32] {
    secret::token_hash(&format!("inside {session}"))
}

/// What news of wrong codes is remembered by, so that it comes once a day at most.
pub(super) fn news(organisation: OrganisationId, staff: StaffId) -> [u8; 32] {
    secret::token_hash(&format!("news of wrong codes {organisation} {staff}"))
}

/// Forgets the wrong tries after a right one.
pub(super) async fn forgive(app: &App, key: [u8; 32]) -> Result<(), DeskError> {
    app.db
        .write(move |tx| async move { store::clear_failures(tx, &key).await }.boxed())
        .await
}

/// Writes a refusal of `action` down: when it was, and in the log of whoever was tried. An address that nobody has is written to the
/// disk as well, so that it takes as long.
pub(super) async fn refuse(
    app: &App,
    address: [u8; 32],
    tried: Option<(OrganisationId, StaffId)>,
    action: &'static str,
) -> Result<(), DeskError> {
    security_log::sign_in_refused(app, &address, action, tried.map(|(_, staff)| staff));
    let (app, now) = (app.clone(), app.now());
    let db = app.db.clone();
    db.write(move |tx| {
        async move {
            store::date_failure(tx, &address, now).await?;
            let Some((organisation, staff)) = tried else {
                return Ok(());
            };
            let ctx = Ctx {
                actor: Actor::Visitor,
                ..Ctx::system(organisation, "sign-in", Source::Page)
            };
            let entry = NewEntry::new(action, "staff", staff).outcome(Outcome::Denied);
            audit_log::write(tx, &app, &ctx, &entry).await
        }
        .boxed()
    })
    .await
}

/// Counts a try before the password is looked at, so that many at once count as many. Gives back how many wrong ones came
/// before it.
pub(super) async fn take_try(app: &App, address: [u8; 32]) -> Result<i64, DeskError> {
    let now = app.now();
    let tried = app
        .db
        .write(move |tx| {
            async move {
                let (number, before) = store::add_failure(tx, &address, now).await?;
                // A refused try is rolled back: it does not make the wait longer.
                match waiting(number - 1, before, now) {
                    Some(wait) => Err(DeskError::RateLimited { retry_after: wait }),
                    None => Ok(number - 1),
                }
            }
            .boxed()
        })
        .await;
    if matches!(tried, Err(DeskError::RateLimited { .. })) {
        security_log::sign_in_waits(app, &address);
    }
    tried
}

/// Seconds to wait after `count` wrong passwords, the last at `last`: 2, 4, 8 … up to a quarter of an hour.
fn waiting(count: i64, last: Timestamp, now: Timestamp) -> Option<u32> {
    let over = count - FREE_FAILURES;
    if over <= 0 {
        return None;
    }
    let wait = LONGEST_WAIT.min(1 << over.min(20));
    u32::try_from(wait - now.seconds_since(last))
        .ok()
        .filter(|left| *left > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_and_ends() {
        let at = Timestamp::from_micros(0);
        assert_eq!(waiting(5, at, at), None);
        assert_eq!(waiting(6, at, at), Some(2));
        assert_eq!(waiting(7, at, at.plus_seconds(3)), Some(1));
        assert_eq!(waiting(7, at, at.plus_seconds(4)), None);
        assert_eq!(waiting(60, at, at), Some(900));
    }
}
