//! Passwords: argon2id with the crate's defaults, which follow RFC 9106's second choice in spirit (19 MiB, 2 passes).

use super::model::{MAX_PASSWORD, MIN_PASSWORD};
use crate::error::DeskError;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

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

/// Whether `password` fits. Without a hash the same work is done, so that an unknown address takes as long.
pub(super) async fn fits(password: String, hash: Option<String>) -> Result<bool, DeskError> {
    blocking(move || {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => match Argon2::default().hash_password(b"nobody has this address") {
                Ok(hash) => hash.to_string(),
                Err(_) => return false,
            },
        };
        let Ok(parsed) = PasswordHash::new(&hash) else {
            return false;
        };
        Argon2::default()
            .verify_password(password.as_bytes(), &parsed)
            .is_ok()
            && known
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeskError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| DeskError::Internal("hashing stopped".to_owned()))
}
