//! The keys in memory: every organisation's, the desk's own, and the data keys used lately.

use super::store;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{DataKeyId, OrganisationId};
use bedside_audit::SigningKey;
use bedside_db::{Conn, Db, DbError, Timestamp};
use bedside_vault::{BlindIndexKey, DataKey, MacKey, OrganisationKeys, RootKey, SearchKey, secret};
use futures_util::FutureExt;
use parking_lot::RwLock;
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::Arc;

/// Data keys kept unwrapped in memory.
const DATA_KEYS: usize = 8192;

/// All keys of the running desk.
pub struct Keyring {
    root: RootKey,
    audit: SigningKey,
    web: MacKey,
    organisations: RwLock<HashMap<OrganisationId, Arc<OrganisationVault>>>,
    data: Cache<DataKeyId, Arc<DataKey>>,
}

/// One organisation's keys and what is derived from them.
pub struct OrganisationVault {
    keys: RwLock<Arc<OrganisationKeys>>,
    /// Makes blind indexes.
    pub blind: BlindIndexKey,
    /// Makes search tokens.
    pub search: SearchKey,
    /// Signs reply addresses and Message-IDs.
    pub threading: MacKey,
    /// Keeps one-time codes, and marks what somebody claims to be.
    pub identity: MacKey,
    /// Marks passkeys as this desk's own.
    pub passkeys: MacKey,
}

impl OrganisationVault {
    fn new(keys: OrganisationKeys) -> Self {
        Self {
            blind: keys.blind_index_key(),
            search: keys.search_key(),
            threading: keys.mac_key("threading"),
            identity: keys.mac_key("identity"),
            passkeys: keys.mac_key("passkeys"),
            keys: RwLock::new(Arc::new(keys)),
        }
    }

    /// The wrapping keys.
    pub fn keys(&self) -> Arc<OrganisationKeys> {
        Arc::clone(&self.keys.read())
    }
}

impl Keyring {
    /// Opens the desk's own secrets and every organisation's keys, and makes the secrets at the first start.
    pub async fn load(db: &Db, root: RootKey, now: Timestamp) -> Result<Self, DeskError> {
        let audit = desk_secret(db, &root, "audit-signing", now).await?;
        let web = desk_secret(db, &root, "web", now).await?;
        let ring = Self {
            root,
            audit: SigningKey::from_seed(&audit),
            web: MacKey::from_bytes(&web),
            organisations: RwLock::default(),
            data: Cache::new(DATA_KEYS),
        };
        for (id, wrapped) in store::wrapped_keys(&mut db.read().await?).await? {
            ring.admit(id, &wrapped)?;
        }
        Ok(ring)
    }

    /// Takes in an organisation's wrapped keys.
    pub fn admit(&self, id: OrganisationId, wrapped: &[u8]) -> Result<(), DeskError> {
        let keys = OrganisationKeys::unwrap(&self.root, wrapped, &id.bytes())?;
        let mut organisations = self.organisations.write();
        match organisations.get(&id) {
            Some(vault) => *vault.keys.write() = Arc::new(keys),
            None => {
                organisations.insert(id, Arc::new(OrganisationVault::new(keys)));
            }
        }
        Ok(())
    }

    /// New keys for a new organisation, wrapped for its row.
    pub fn make(&self, id: OrganisationId) -> Vec<u8> {
        OrganisationKeys::generate().wrap(&self.root, &id.bytes())
    }

    /// An organisation's keys, wrapped for its row.
    pub(super) fn wrap(&self, id: OrganisationId, keys: &OrganisationKeys) -> Vec<u8> {
        keys.wrap(&self.root, &id.bytes())
    }

    /// An organisation's keys as they are stored.
    pub(super) fn unwrap(
        &self,
        id: OrganisationId,
        wrapped: &[u8],
    ) -> Result<OrganisationKeys, DeskError> {
        Ok(OrganisationKeys::unwrap(&self.root, wrapped, &id.bytes())?)
    }

    /// An organisation's wrapped keys, wrapped anew by another root key.
    pub(super) fn wrap_by(
        &self,
        root: &RootKey,
        id: OrganisationId,
        wrapped: &[u8],
    ) -> Result<Vec<u8>, DeskError> {
        Ok(OrganisationKeys::unwrap(&self.root, wrapped, &id.bytes())?.wrap(root, &id.bytes()))
    }

    /// Whether this is the root key that everything is sealed by.
    pub(super) fn is_root(&self, key: &RootKey) -> bool {
        self.root.fingerprint() == key.fingerprint()
    }

    /// A secret of the desk in plain, to be sealed by another root key.
    pub(super) fn open_secret(
        &self,
        name: &str,
        sealed: &[u8],
    ) -> Result<impl std::ops::Deref<Target = Vec<u8>> + use<>, DeskError> {
        Ok(self.root.open_secret(name.as_bytes(), sealed)?)
    }

    /// An organisation's keys.
    pub fn of(&self, id: OrganisationId) -> Result<Arc<OrganisationVault>, DeskError> {
        self.organisations
            .read()
            .get(&id)
            .cloned()
            .ok_or_else(|| DeskError::Internal("an organisation without keys".to_owned()))
    }

    /// Signs audit checkpoints.
    pub const fn audit_key(&self) -> &SigningKey {
        &self.audit
    }

    /// Signs page tokens and cursors.
    pub fn web_mac(&self) -> impl Fn(&[u8]) -> [u8; 32] + '_ {
        |message| self.web.sign(&[message])
    }

    pub(super) fn cached(&self, id: DataKeyId) -> Option<Arc<DataKey>> {
        self.data.get(&id)
    }

    /// Forgets a data key that was destroyed.
    pub fn forget(&self, id: DataKeyId) {
        self.data.remove(&id);
    }

    pub(super) fn remember(&self, id: DataKeyId, key: Arc<DataKey>) {
        self.data.insert(id, key);
    }
}

/// Whether the desk keeps something under this name that its root key opens.
pub async fn has_secret(app: &App, name: &'static str) -> Result<bool, DeskError> {
    let sealed = store::secret(&mut app.read().await?, name).await?;
    Ok(sealed.is_some_and(|sealed| {
        app.keyring
            .root
            .open_secret(name.as_bytes(), &sealed)
            .is_ok()
    }))
}

/// Keeps a mark of the desk under this name: what only its root key can have made.
pub async fn keep_secret(app: &App, name: &'static str) -> Result<(), DeskError> {
    desk_secret(&app.db, &app.keyring.root, name, app.now()).await?;
    Ok(())
}

/// A 32-byte secret of the whole desk, sealed by the root key; made when it is not there yet.
async fn desk_secret(
    db: &Db,
    root: &RootKey,
    name: &'static str,
    now: Timestamp,
) -> Result<[u8; 32], DeskError> {
    let read = |sealed: Vec<u8>| -> Result<[u8; 32], DeskError> {
        let plain = root.open_secret(name.as_bytes(), &sealed)?;
        plain
            .as_slice()
            .try_into()
            .map_err(|_| DeskError::Internal(format!("the secret {name} has a wrong length")))
    };
    let stored = |mut conn: Conn| async move { store::secret(&mut conn, name).await };
    if let Some(sealed) = stored(db.read().await?).await? {
        return read(sealed);
    }
    let sealed = root.seal_secret(name.as_bytes(), &secret::random_bytes::<32>());
    db.write::<_, DbError, _>(move |tx| {
        async move {
            store::insert_secret(tx, name, &sealed, now)
                .await
                .map_err(|error| DbError::Engine(error.to_string()))
        }
        .boxed()
    })
    .await?;
    // Read back: another node may have been first.
    let sealed = stored(db.read().await?)
        .await?
        .ok_or_else(|| DeskError::Internal("no secret".to_owned()))?;
    read(sealed)
}
