//! Passwords: argon2id with the crate's defaults, which follow RFC 9106's second choice in spirit (19 MiB, 2 passes).

use super::model::{MAX_PASSWORD, MIN_PASSWORD};
use crate::error::DeskError;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Refuses what is too short, too long, or one character over and over.
pub(super) fn check(password: &str) -> Result<(), DeskError> {
    let length = password.chars().count();
    if length < MIN_PASSWORD {
        return Err(DeskError::invalid(
            "password",
            "too_short",
            "Use at least 15 characters. A few words are fine.",
        ));
    }
    if length > MAX_PASSWORD {
        return Err(DeskError::invalid(
            "password",
            "too_long",
            "Use at most 200 characters.",
        ));
    }
    let first = password.chars().next();
    if password.chars().all(|c| Some(c) == first) {
        return Err(DeskError::invalid(
            "password",
            "too_simple",
            "Use more than one character over and over.",
        ));
    }
    Ok(())
}

/// The hash to store. Slow on purpose, so it runs beside the pages.
pub(super) async fn hash(password: String) -> Result<String, DeskError> {
    blocking(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        hash.map(|hash| hash.to_string())
            .map_err(|error| DeskError::Internal(error.to_string()))
    })
    .await?
}

/// What an unknown address is held against: nobody's password.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let hash = Argon2::default().hash_password(b"nobody has this address");
    hash.map(|hash| hash.to_string()).unwrap_or_default()
});

/// Whether `password` fits. Without a hash the same work is done, so that an unknown address takes as long.
pub(super) async fn fits(password: String, hash: Option<String>) -> Result<bool, DeskError> {
    blocking(move || {
        let known = hash.is_some();
        held_against(&password, hash.as_ref().unwrap_or(&NOBODY)) && known
    })
    .await
}

/// The one place where a password is looked at, and where the time goes.
fn held_against(password: &str, hash: &str) -> bool {
    #[cfg(test)]
    LOOKS.lock().push((password.to_owned(), cost(hash)));
    let Ok(parsed) = PasswordHash::new(hash) else {
        return false;
    };
    Argon2::default()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok()
}

/// Every look so far: the password, and what it cost.
#[cfg(test)]
pub(super) static LOOKS: parking_lot::Mutex<Vec<(String, String)>> =
    parking_lot::Mutex::new(Vec::new());

/// Everything in a hash that decides how long a look at it takes: method, version, memory, passes and lengths.
#[cfg(test)]
fn cost(hash: &str) -> String {
    let parts: Vec<&str> = hash.split('$').collect();
    let [_, method, version, work, salt, sum] = parts[..] else {
        panic!("no hash: {hash}");
    };
    format!("{method} {version} {work} {} {}", salt.len(), sum.len())
}

/// Hashing takes 19 MiB each, so a crowd at the door waits in a line.
static AT_ONCE: Semaphore = Semaphore::const_new(4);
/// How long somebody stands in that line.
const PATIENCE: Duration = Duration::from_secs(10);

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeskError> {
    let crowded = || DeskError::Unavailable("too many passwords at once".to_owned());
    let turn = tokio::time::timeout(PATIENCE, AT_ONCE.acquire());
    let _turn = turn.await.map_err(|_| crowded())?.map_err(|_| crowded())?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| DeskError::Internal("hashing stopped".to_owned()))
}
