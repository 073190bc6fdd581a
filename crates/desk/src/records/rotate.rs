//! New keys for old: wrapping keys of an organisation, and the root key.
//!
//! Every step leaves the desk readable, so that a rotation can be stopped at any point and run again: a new version is
//! stored before anything is wrapped by it, data keys are wrapped anew in batches, and an earlier version is retired
//! only when no data key needs it. With a new root key, its file stands beside the old one before anything is wrapped
//! by it; [`crate::startup`] looks at both.

use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{DataKeyId, OrganisationId};
use bedside_db::{Db, Timestamp};
use bedside_vault::{DataKey, KeyFileError, OrganisationKeys, RootKey};
use futures_util::FutureExt;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Data keys of one batch; a batch holds up the writer for a few milliseconds.
const BATCH: i64 = 200;

/// What a rotation did.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize, PartialEq, Eq)]
pub struct Rotated {
    /// The version that wraps now.
    pub version: u32,
    /// Data keys looked at.
    pub wrapped: u64,
    /// Whether earlier versions are gone.
    pub retired: bool,
}

fn ctx(organisation: OrganisationId) -> Ctx {
    Ctx::system(organisation, "keys", Source::CommandLine)
}

/// Gives an organisation a new wrapping key, or goes on with a rotation that was stopped. `progress` hears how many
/// data keys were looked at.
///
/// `alone` says that no other process uses the database. Where several do, another may still wrap by the earlier version
/// for a moment, so that version is retired by the next rotation's first step, not by this one.
pub async fn organisation(
    app: &App,
    id: OrganisationId,
    alone: bool,
    mut progress: impl FnMut(u64),
) -> Result<Rotated, DeskError> {
    let keys = app.keyring.of(id)?.keys();
    let unfinished = keys.versions().count() > 1;
    if !unfinished {
        put(app, id, keys.rotate(), "keys.rotate").await?;
    }
    let mut wrapped = rewrap(app, id, &mut progress).await?;
    let mut retired = false;
    if alone || unfinished {
        let mut keys = (*app.keyring.of(id)?.keys()).clone();
        let earlier: Vec<u32> = keys
            .versions()
            .filter(|version| *version != keys.current_version())
            .collect();
        for version in earlier {
            keys = keys
                .retire(version)
                .map_err(|error| DeskError::Internal(error.to_string()))?;
        }
        put(app, id, keys, "keys.retire").await?;
        retired = true;
        if unfinished && !alone {
            let fresh = app.keyring.of(id)?.keys().rotate();
            put(app, id, fresh, "keys.rotate").await?;
            wrapped = rewrap(app, id, &mut progress).await?;
            retired = false;
        }
    }
    let version = app.keyring.of(id)?.keys().current_version();
    Ok(Rotated {
        version,
        wrapped,
        retired,
    })
}

/// Stores an organisation's keys and uses them from then on. Retiring is refused while a data key needs what goes, and
/// everything is refused when another process replaced the keys meanwhile: one of two new versions would be lost, and
/// what was wrapped by it.
async fn put(
    app: &App,
    id: OrganisationId,
    keys: OrganisationKeys,
    action: &'static str,
) -> Result<(), DeskError> {
    let before: Vec<u32> = app.keyring.of(id)?.keys().versions().collect();
    let wrapped = app.keyring.wrap(id, &keys);
    let version = keys.current_version();
    let stored = wrapped.clone();
    let retiring = action == "keys.retire";
    app.command(&ctx(id), move |work| {
        async move {
            let ring = work.app.clone();
            let stored_now = store::wrapped_keys_locked(work).await?;
            let now = stored_now.iter().find(|(organisation, _)| *organisation == id);
            let now = now.ok_or(DeskError::NotFound)?;
            if !ring.keyring.unwrap(id, &now.1)?.versions().eq(before) {
                return Err(DeskError::Conflict {
                    code: "keys_changed",
                    text: "Another process is replacing these keys. Wait for it, then run this again.",
                });
            }
            if retiring && needs_rewrap(work, id, &keys).await? {
                return Err(DeskError::Unavailable(
                    "a data key still needs an earlier version".to_owned(),
                ));
            }
            store::update_wrapped_keys(work, id, &stored).await?;
            work.audit(
                NewEntry::new(action, "organisation", id).detail(&json!({ "version": version })),
            );
            work.event(
                kind::SETTINGS_CHANGED,
                None,
                None,
                &json!({ "setting": "keys" }),
            );
            Ok(())
        }
        .boxed()
    })
    .await?;
    app.keyring.admit(id, &wrapped)
}

async fn needs_rewrap(
    conn: &mut bedside_db::Conn,
    id: OrganisationId,
    keys: &OrganisationKeys,
) -> Result<bool, DeskError> {
    let mut after = DataKeyId::from_bytes([0; 16]);
    loop {
        let some = store::keys_after(conn, id, after, BATCH).await?;
        let Some((last, _)) = some.last() else {
            return Ok(false);
        };
        after = *last;
        for (_, wrapped) in &some {
            if keys.needs_rewrap(wrapped)? {
                return Ok(true);
            }
        }
    }
}

/// Wraps every data key by the current version; says how many were looked at.
async fn rewrap(
    app: &App,
    id: OrganisationId,
    progress: &mut impl FnMut(u64),
) -> Result<u64, DeskError> {
    let keys = app.keyring.of(id)?.keys();
    let mut after = DataKeyId::from_bytes([0; 16]);
    let mut seen = 0;
    loop {
        let some = store::keys_after(&mut app.read().await?, id, after, BATCH).await?;
        let Some((last, _)) = some.last() else {
            return Ok(seen);
        };
        after = *last;
        seen += some.len() as u64;
        let mut changed = Vec::new();
        for (key, wrapped) in some {
            if keys.needs_rewrap(&wrapped)? {
                let new = keys.rewrap(&wrapped, &key.bytes())?;
                changed.push((key, wrapped, new));
            }
        }
        let count = changed.len();
        if count > 0 {
            app.command(&ctx(id), move |work| {
                async move {
                    for (key, old, new) in &changed {
                        store::rewrap_key(work, id, *key, old, new).await?;
                    }
                    work.audit(
                        NewEntry::new("keys.rewrap", "organisation", id)
                            .detail(&json!({ "count": count })),
                    );
                    Ok(())
                }
                .boxed()
            })
            .await?;
        }
        progress(seen);
    }
}

/// Where a new root key comes from.
pub enum NewRoot {
    /// It is kept outside and was handed in.
    Given(RootKey),
    /// It is made, and its file takes the place of this one.
    File(PathBuf),
}

/// The file of a root key that is about to take the place of `file`.
pub fn next_file(file: &Path) -> PathBuf {
    file.with_extension("next")
}

/// Seals every organisation's keys and every secret of the desk by another root key, all of them or none. Gives the new
/// key's fingerprint.
///
/// # Errors
/// [`DeskError::Conflict`] when it is the key that is in use; its file or the database can't be written.
pub async fn root(app: &App, new: NewRoot) -> Result<String, DeskError> {
    let failed = |error: KeyFileError| DeskError::Unavailable(error.to_string());
    let (key, file) = match new {
        NewRoot::Given(key) => (key, None),
        NewRoot::File(file) => {
            let next = next_file(&file);
            let (mut key, _) = RootKey::load_or_create_file(&next).map_err(failed)?;
            if app.keyring.is_root(&key) {
                // A change left it that was stopped when all but this was done.
                std::fs::remove_file(&next)
                    .map_err(|error| DeskError::Unavailable(error.to_string()))?;
                (key, _) = RootKey::load_or_create_file(&next).map_err(failed)?;
            }
            (key, Some(file))
        }
    };
    if app.keyring.is_root(&key) {
        // Certificates of erasure would say that copies from before open with another key.
        return Err(DeskError::Conflict {
            code: "same_root_key",
            text: "This root key is the one in use already.",
        });
    }
    let (ring, sealing) = (app.clone(), key.clone());
    let organisation = app
        .directory
        .all()
        .first()
        .map(|clinic| clinic.id)
        .ok_or(DeskError::NotFound)?;
    app.command(&ctx(organisation), move |work| {
        async move {
            for (id, wrapped) in store::wrapped_keys_locked(work).await? {
                let again = ring.keyring.wrap_by(&sealing, id, &wrapped)?;
                store::update_wrapped_keys(work, id, &again).await?;
            }
            for (name, sealed) in store::secrets(work).await? {
                let plain = ring.keyring.open_secret(&name, &sealed)?;
                store::update_secret(work, &name, &sealing.seal_secret(name.as_bytes(), &plain))
                    .await?;
            }
            let now = work.now;
            store::insert_root_change(work, now).await?;
            work.audit(NewEntry::new("keys.root", "organisation", organisation));
            Ok(())
        }
        .boxed()
    })
    .await?;
    if let Some(file) = file {
        key.replace_file(&file).map_err(failed)?;
        // The key is in its place; what stays of the other file would only be looked at once more.
        let _ = std::fs::remove_file(next_file(&file));
    }
    Ok(key.fingerprint())
}

/// When the root key was replaced for the first time after `at`, if it was: a copy of the database from before opens with an
/// earlier one alone.
///
/// # Errors
/// The database can't be read.
pub async fn root_changed_after(app: &App, at: Timestamp) -> Result<Option<Timestamp>, DeskError> {
    store::root_change_after(&mut app.read().await?, at).await
}

/// Whether anything was sealed by a root key yet.
pub async fn is_sealed(db: &Db) -> Result<bool, DeskError> {
    Ok(!store::secrets(&mut db.read().await?).await?.is_empty())
}

/// Whether `key` is the root key of this data.
pub async fn opens(db: &Db, key: &RootKey) -> Result<bool, DeskError> {
    let secrets = store::secrets(&mut db.read().await?).await?;
    Ok(secrets
        .iter()
        .all(|(name, sealed)| key.open_secret(name.as_bytes(), sealed).is_ok()))
}

/// Opens every data key of an organisation; says how many there are, or fails at the first that does not open.
/// `progress` hears how many were opened so far.
pub async fn open_all(
    app: &App,
    id: OrganisationId,
    mut progress: impl FnMut(u64),
) -> Result<u64, DeskError> {
    let keys = app.keyring.of(id)?.keys();
    let (mut after, mut opened) = (DataKeyId::from_bytes([0; 16]), 0);
    loop {
        let some = store::keys_after(&mut app.read().await?, id, after, BATCH).await?;
        let Some((last, _)) = some.last() else {
            return Ok(opened);
        };
        after = *last;
        for (key, wrapped) in &some {
            DataKey::unwrap(&keys, wrapped, &key.bytes())?;
            opened += 1;
        }
        progress(opened);
    }
}
