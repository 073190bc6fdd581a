//! The search index: keyed tokens in, document numbers out. It never sees a word.
//!
//! A document is a message's number (rising with time). Its tokens are made elsewhere from a secret key and are short
//! ASCII words here. On SQLite the index is an FTS5 table in a file of its own (`search.db`), so that building it never
//! holds up the writer; it is derived data and is rebuilt when lost or damaged. On PostgreSQL it is a `tsvector` column with a GIN
//! index. Either way the position up to which events were indexed is stored in the same transaction as the tokens.

mod files;

pub use files::{FILE, broken, look};

use crate::{Clock, Db, DbError, Engine};
use files::Files;
use std::sync::Arc;
use uuid::Uuid;

/// What to do with one document.
#[derive(Clone, Debug)]
pub enum Change {
    /// Adds it, or replaces what is known of it.
    Put {
        /// The document's number.
        doc: i64,
        /// Its tokens, lower-case ASCII letters and digits.
        tokens: Vec<String>,
    },
    /// Forgets it.
    Forget {
        /// The document's number.
        doc: i64,
    },
}

/// A conjunction of alternatives: every inner list must have a token that the document has.
pub type Wanted = Vec<Vec<String>>;

/// The index of one database; cheap to clone.
#[derive(Clone)]
pub struct SearchIndex(Kind);

#[derive(Clone)]
enum Kind {
    /// For a process that only looks at another's rows.
    Nothing,
    Sqlite(Arc<Files>),
    Postgres(Db),
}

const POSTGRES_SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS search_tokens (
    organisation_id UUID NOT NULL, doc BIGINT NOT NULL, words tsvector NOT NULL, PRIMARY KEY (organisation_id, doc));
CREATE INDEX IF NOT EXISTS search_tokens_words ON search_tokens USING gin (words);
CREATE TABLE IF NOT EXISTS search_positions (organisation_id UUID PRIMARY KEY, sequence BIGINT NOT NULL);
";

impl SearchIndex {
    /// Opens the index that belongs to `db`, and makes an empty one where there is none or a damaged one. A database
    /// that was opened to be looked at has none.
    pub async fn open(db: &Db, clock: Arc<dyn Clock>) -> Result<Self, DbError> {
        match &db.engine {
            Engine::Sqlite(store) if store.only_reads() => Ok(Self(Kind::Nothing)),
            Engine::Sqlite(store) => {
                let files = Files::open(store.folder().join(FILE), clock)?;
                Ok(Self(Kind::Sqlite(Arc::new(files))))
            }
            Engine::Postgres(store) => {
                let mut client = store.reader().await?;
                let tx = client.transaction().await?;
                // Two nodes that start together would otherwise both create.
                tx.batch_execute(&format!(
                    "SELECT pg_advisory_xact_lock(4202); {POSTGRES_SCHEMA}"
                ))
                .await?;
                tx.commit().await?;
                Ok(Self(Kind::Postgres(db.clone())))
            }
        }
    }

    /// Up to which event number `organisation` is indexed.
    pub async fn position(&self, organisation: Uuid) -> Result<i64, DbError> {
        match &self.0 {
            Kind::Nothing => Ok(0),
            Kind::Sqlite(files) => files.position(organisation),
            Kind::Postgres(db) => {
                let client = pooled(db).await?;
                let sql = "SELECT sequence FROM search_positions WHERE organisation_id = $1";
                let found = client
                    .query_opt(&client.prepare_cached(sql).await?, &[&organisation])
                    .await?;
                Ok(found.map_or(0, |row| row.get(0)))
            }
        }
    }

    /// Forgets everything about `organisation`, whose events are to be read from the first one again. On the embedded
    /// engine the index is one for all, and all of it goes.
    pub async fn begin_anew(&self, organisation: Uuid) -> Result<(), DbError> {
        match &self.0 {
            Kind::Nothing => Err(DbError::Closed),
            Kind::Sqlite(files) => {
                let files = Arc::clone(files);
                tokio::task::spawn_blocking(move || files.begin_anew())
                    .await
                    .map_err(|_| DbError::Closed)?
            }
            Kind::Postgres(db) => {
                let mut client = pooled(db).await?;
                let tx = client.transaction().await?;
                for sql in [
                    "DELETE FROM search_tokens WHERE organisation_id = $1",
                    "DELETE FROM search_positions WHERE organisation_id = $1",
                ] {
                    tx.execute(sql, &[&organisation]).await?;
                }
                Ok(tx.commit().await?)
            }
        }
    }

    /// Applies `changes` and moves the position to `sequence`, both or neither.
    pub async fn apply(
        &self,
        organisation: Uuid,
        changes: Vec<Change>,
        sequence: i64,
    ) -> Result<(), DbError> {
        match &self.0 {
            Kind::Nothing => Err(DbError::Closed),
            Kind::Sqlite(files) => {
                let files = Arc::clone(files);
                tokio::task::spawn_blocking(move || files.apply(organisation, &changes, sequence))
                    .await
                    .map_err(|_| DbError::Closed)?
            }
            Kind::Postgres(db) => apply_postgres(db, organisation, &changes, sequence).await,
        }
    }

    /// The newest `limit` documents below `before` that have all of `wanted`, newest first.
    pub async fn find(
        &self,
        organisation: Uuid,
        wanted: &Wanted,
        before: i64,
        limit: usize,
    ) -> Result<Vec<i64>, DbError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        if !askable(wanted) {
            return Ok(Vec::new());
        }
        match &self.0 {
            Kind::Nothing => Ok(Vec::new()),
            Kind::Sqlite(files) => {
                let query = expression(wanted, " AND ", " OR ", '"');
                files.read(|reader| {
                    let found = reader
                        .prepare_cached(
                            "SELECT rowid FROM tokens WHERE tokens MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3",
                        )?
                        .query_map(rusqlite::params![query, before, limit], |row| row.get(0))?
                        .collect::<Result<_, _>>()?;
                    Ok(found)
                })
            }
            Kind::Postgres(db) => {
                let query = expression(wanted, " & ", " | ", '\'');
                let client = pooled(db).await?;
                let sql = "SELECT doc FROM search_tokens WHERE organisation_id = $1 AND words @@ $2::text::tsquery \
                           AND doc < $3 ORDER BY doc DESC LIMIT $4";
                let rows = client
                    .query(
                        &client.prepare_cached(sql).await?,
                        &[&organisation, &query, &before, &limit],
                    )
                    .await?;
                Ok(rows.iter().map(|row| row.get(0)).collect())
            }
        }
    }

    /// Whether one of `docs` has all of `wanted`. What comes first is looked at first.
    pub async fn holds_any(
        &self,
        organisation: Uuid,
        wanted: &Wanted,
        docs: &[i64],
    ) -> Result<bool, DbError> {
        if docs.is_empty() || !askable(wanted) {
            return Ok(false);
        }
        match &self.0 {
            Kind::Nothing => Ok(false),
            Kind::Sqlite(files) => {
                let query = expression(wanted, " AND ", " OR ", '"');
                files.read(|reader| {
                    let mut one = reader.prepare_cached(
                        "SELECT 1 FROM tokens WHERE tokens MATCH ?1 AND rowid = ?2",
                    )?;
                    for doc in docs {
                        if one.exists(rusqlite::params![query, doc])? {
                            return Ok(true);
                        }
                    }
                    Ok(false)
                })
            }
            Kind::Postgres(db) => {
                let query = expression(wanted, " & ", " | ", '\'');
                let client = pooled(db).await?;
                let sql = "SELECT 1 FROM search_tokens WHERE organisation_id = $1 AND words @@ $2::text::tsquery \
                           AND doc = ANY($3) LIMIT 1";
                let found = client
                    .query_opt(
                        &client.prepare_cached(sql).await?,
                        &[&organisation, &query, &docs],
                    )
                    .await?;
                Ok(found.is_some())
            }
        }
    }
}

async fn pooled(db: &Db) -> Result<deadpool_postgres::Object, DbError> {
    match &db.engine {
        Engine::Postgres(store) => store.reader().await,
        Engine::Sqlite(_) => Err(DbError::Closed),
    }
}

async fn apply_postgres(
    db: &Db,
    organisation: Uuid,
    changes: &[Change],
    sequence: i64,
) -> Result<(), DbError> {
    let mut client = pooled(db).await?;
    let tx = client.transaction().await?;
    let put = tx
        .prepare_cached(
            "INSERT INTO search_tokens (organisation_id, doc, words) VALUES ($1, $2, array_to_tsvector($3::text[])) \
             ON CONFLICT (organisation_id, doc) DO UPDATE SET words = excluded.words",
        )
        .await?;
    let forget = tx
        .prepare_cached("DELETE FROM search_tokens WHERE organisation_id = $1 AND doc = $2")
        .await?;
    for change in changes {
        match change {
            Change::Put { doc, tokens } => tx.execute(&put, &[&organisation, doc, tokens]).await?,
            Change::Forget { doc } => tx.execute(&forget, &[&organisation, doc]).await?,
        };
    }
    tx.execute(
        "INSERT INTO search_positions (organisation_id, sequence) VALUES ($1, $2) \
         ON CONFLICT (organisation_id) DO UPDATE SET sequence = excluded.sequence",
        &[&organisation, &sequence],
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Whether these are words of the index, which alone may stand in an expression.
fn askable(wanted: &Wanted) -> bool {
    !wanted.is_empty() && wanted.iter().flatten().all(|token| is_token(token))
}

fn is_token(token: &str) -> bool {
    !token.is_empty()
        && token
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn expression(wanted: &Wanted, and: &str, or: &str, quote: char) -> String {
    let groups = wanted.iter().map(|group| {
        let words: Vec<_> = group
            .iter()
            .map(|token| format!("{quote}{token}{quote}"))
            .collect();
        format!("({})", words.join(or))
    });
    let joined: Vec<_> = groups.collect();

    joined.join(and)
}
