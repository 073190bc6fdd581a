//! Requests that may be delivered twice and must run once. Owns `idempotency_keys`.

use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_db::{Conn, Timestamp, args, statements};
use bedside_vault::secret;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

statements! {
    /// Takes the key; on PostgreSQL a second delivery waits here until the first one has ended.
    CLAIM = "INSERT INTO idempotency_keys (organisation_id, key_hash, request_hash, status, answer, created_at) \
        VALUES ($1, $2, $3, 200, '', $4) ON CONFLICT DO NOTHING";
    /// An earlier answer.
    EARLIER = "SELECT request_hash, answer FROM idempotency_keys WHERE organisation_id = $1 AND key_hash = $2";
    /// Keeps an answer.
    KEEP = "UPDATE idempotency_keys SET answer = $3 WHERE organisation_id = $1 AND key_hash = $2";
    /// Forgets old answers.
    FORGET = "DELETE FROM idempotency_keys WHERE created_at < $1";
}

/// Longest key, in bytes.
pub const MAX_KEY: usize = 200;

/// One request that carried an `Idempotency-Key`.
#[derive(Debug)]
pub struct Once {
    key: [u8; 32],
    request: [u8; 32],
    taken: AtomicBool,
    replayed: AtomicBool,
}

/// What the files of a form add to its words: their names, and what is in them.
pub fn words_of_files<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let told = files.map(|(name, bytes)| (name, secret::content_hash(bytes)));
    format!("{:?}", told.collect::<Vec<_>>())
}

impl Once {
    /// For the key a client sent, who it is (keys of different clients never meet), and everything that makes the
    /// request what it is (method, path and body).
    pub fn new(key: &str, client: &str, request: &[u8]) -> Result<Self, DeskError> {
        if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(DeskError::invalid(
                "Idempotency-Key",
                "invalid",
                "Use 1 to 200 visible ASCII characters, such as a UUID.",
            ));
        }
        Ok(Self {
            key: secret::token_hash(&format!("{client} {key}")),
            request: secret::content_hash(request),
            taken: AtomicBool::new(false),
            replayed: AtomicBool::new(false),
        })
    }

    /// For a form, by the `number` that its page gave it. The same `words` under one number are one delivery; other
    /// words under it, typed after a step back, are another. None for a form without a number.
    pub fn of_form(number: &str, words: &str) -> Option<Arc<Self>> {
        Self::new(number, words, b"").ok().map(Arc::new)
    }

    /// Only a request's first command is kept.
    pub(crate) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::SeqCst)
    }

    /// A command that failed left nothing behind, so the same request may try another one.
    pub(crate) fn give_back(&self) {
        self.taken.store(false, Ordering::SeqCst);
    }

    /// Whether the answer was that of an earlier delivery, and this one did nothing.
    pub fn was_replayed(&self) -> bool {
        self.replayed.load(Ordering::SeqCst)
    }

    /// The same key for a request that is `more` too: for bodies that are not read at the door.
    #[must_use]
    pub fn and(&self, more: &[u8]) -> Self {
        let request = [self.request.as_slice(), more].concat();
        Self {
            key: self.key,
            request: secret::content_hash(&request),
            taken: AtomicBool::new(false),
            replayed: AtomicBool::new(false),
        }
    }

    /// Takes the key, or gives the answer of an earlier delivery. Another request under the same key is
    /// [`DeskError::KeyReused`].
    pub(crate) async fn claim(
        &self,
        conn: &mut Conn,
        organisation: OrganisationId,
        now: Timestamp,
    ) -> Result<Option<String>, DeskError> {
        if conn
            .execute(CLAIM, args![organisation, self.key, self.request, now])
            .await?
            == 1
        {
            return Ok(None);
        }
        let found = conn
            .query_opt(EARLIER, args![organisation, self.key], |row| {
                Ok((row.get::<Vec<u8>>(0)?, row.get::<String>(1)?))
            })
            .await?;
        match found {
            Some((request, _)) if request != self.request => Err(DeskError::KeyReused),
            found => {
                self.replayed.store(found.is_some(), Ordering::SeqCst);
                Ok(found.map(|(_, answer)| answer))
            }
        }
    }

    pub(crate) async fn keep(
        &self,
        conn: &mut Conn,
        organisation: OrganisationId,
        answer: &str,
    ) -> Result<(), DeskError> {
        conn.execute(KEEP, args![organisation, self.key, answer])
            .await?;
        Ok(())
    }
}

/// Forgets answers from before `before`; says how many.
pub async fn forget(conn: &mut Conn, before: Timestamp) -> Result<u64, DeskError> {
    Ok(conn.execute(FORGET, args![before]).await?)
}
