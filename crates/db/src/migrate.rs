//! The schema, from any older version to the newest in one transaction.

use crate::sqlite::planner;
use crate::{Conn, Db, DbError, Engine, Timestamp, Tx, args, statements};
use futures_util::FutureExt;
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// One step of the schema. Its text never changes once it has shipped.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Rising from 1. A number that is left out stays so: [`DbError::Below`] refuses one that comes later.
    pub version: i64,
    /// What it brings, for people.
    pub name: &'static str,
    /// The text, in the neutral words that [`Dialect`] describes.
    pub sql: &'static str,
}

/// What a migration did.
#[derive(Clone, Debug, Default)]
pub struct MigrationReport {
    /// The version found.
    pub from: i64,
    /// The version now.
    pub to: i64,
    /// Where the SQLite file was copied to before, if it had rows.
    pub backup: Option<PathBuf>,
}

/// Copies of earlier upgrades that are kept, the newest one included.
const BACKUPS_KEPT: usize = 3;

statements! {
    /// The versions that were applied.
    APPLIED = "SELECT version, checksum FROM schema_versions ORDER BY version";
    /// Notes that a version was applied.
    NOTE_APPLIED = "INSERT INTO schema_versions (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)";
    /// Changes the first version's row by a millionth of a second, to and fro: SQLite writes nothing that stays as it is.
    TOUCH = "UPDATE schema_versions SET applied_at = applied_at + 1 - 2 * (applied_at % 2) WHERE version = 1";
}

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_versions (
    version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum BIGINT NOT NULL, applied_at BIGINT NOT NULL)";

pub(crate) async fn run(
    db: &Db,
    migrations: &'static [Migration],
    now: Timestamp,
) -> Result<MigrationReport, DbError> {
    db.write(|tx| async move { tx.batch(VERSIONS).await }.boxed())
        .await?;
    let applied = applied(&mut db.read().await?).await?;
    let from = applied.last().map_or(0, |(version, _)| *version);
    let to = migrations.last().map_or(0, |migration| migration.version);
    if from > to {
        return Err(DbError::Newer {
            found: from,
            known: to,
        });
    }
    for (version, sum) in &applied {
        let same = migrations
            .iter()
            .any(|migration| migration.version == *version && checksum(migration.sql) == *sum);
        if !same {
            return Err(DbError::Changed(*version));
        }
    }
    // A step that came below the newest one would never run.
    let below = migrations
        .iter()
        .map(|migration| migration.version)
        .find(|version| *version < from && applied.iter().all(|(done, _)| done != version));
    if let Some(version) = below {
        return Err(DbError::Below(version));
    }
    let mut report = MigrationReport {
        from,
        to,
        backup: None,
    };
    if from == to {
        guide_planner(db).await?;
        return Ok(report);
    }
    if let (Engine::Sqlite(store), true) = (&db.engine, from > 0) {
        let folder = store.folder().join("backups");
        std::fs::create_dir_all(&folder).map_err(DbError::file(&folder))?;
        let copy = folder.join(format!("before-schema-{to}-{}.db", now.micros()));
        store.copy_to(copy.clone(), |_, _| ()).await?;
        report.backup = Some(copy);
    }
    let dialect = if db.is_embedded() {
        Dialect::Sqlite
    } else {
        Dialect::Postgres
    };
    db.write(move |tx| {
        async move {
            if dialect == Dialect::Postgres {
                // Two nodes that start together migrate one after the other.
                tx.batch("SELECT pg_advisory_xact_lock(4201)").await?;
            }
            let done = self::applied(tx)
                .await?
                .last()
                .map_or(0, |(version, _)| *version);
            for migration in migrations
                .iter()
                .filter(|migration| migration.version > done)
            {
                apply(tx, migration, dialect, now).await?;
            }
            Ok::<_, DbError>(())
        }
        .boxed()
    })
    .await?;
    guide_planner(db).await?;
    if let Some(backup) = &report.backup {
        forget_backups_before(backup);
    }
    Ok(report)
}

/// Removes all but this copy and the newest others. Whatever has another name is somebody else's; what can't be removed is
/// told and stays, because the upgrade went well.
fn forget_backups_before(newest: &Path) {
    let folder = newest.parent().unwrap_or(Path::new("."));
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files.flatten(),
        Err(error) => {
            return tracing::warn!(%error, "the backups of earlier upgrades can't be listed");
        }
    };
    let mut copies: Vec<(i64, PathBuf)> = files
        .filter_map(|file| Some((made_at(file.file_name().to_str()?)?, file.path())))
        .filter(|(_, copy)| copy != newest)
        .collect();
    copies.sort_unstable_by_key(|(at, _)| Reverse(*at));
    for (_, copy) in copies.iter().skip(BACKUPS_KEPT - 1) {
        if let Err(error) = std::fs::remove_file(copy) {
            tracing::warn!(%error, "a backup of an earlier upgrade can't be removed");
        }
    }
}

/// When a copy was made, from its name, in microseconds since 1970.
fn made_at(name: &str) -> Option<i64> {
    let (version, at) = name
        .strip_prefix("before-schema-")?
        .strip_suffix(".db")?
        .split_once('-')?;
    version.parse::<i64>().ok()?;
    at.parse().ok()
}

/// Tells the embedded engine's planner what to expect of the schema as it is now.
async fn guide_planner(db: &Db) -> Result<(), DbError> {
    let Engine::Sqlite(store) = &db.engine else {
        return Ok(());
    };
    db.write(|tx| {
        async move {
            match &**tx {
                Conn::Sqlite(handle) => planner::guide(handle),
                Conn::Postgres(_) => Ok(()),
            }
        }
        .boxed()
    })
    .await?;
    store.forget_readers();
    Ok(())
}

/// The newest version that was applied, if any.
pub(crate) async fn version(conn: &mut Conn) -> Result<Option<i64>, DbError> {
    Ok(applied(conn).await?.last().map(|(version, _)| *version))
}

/// Writes what changes nothing.
pub(crate) async fn touch(tx: &mut Tx) -> Result<(), DbError> {
    tx.execute(TOUCH, args![]).await.map(drop)
}

async fn applied(conn: &mut Conn) -> Result<Vec<(i64, i64)>, DbError> {
    conn.query(APPLIED, args![], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}

async fn apply(
    tx: &mut Tx,
    migration: &Migration,
    dialect: Dialect,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.batch(&dialect.translate(migration.sql)).await?;
    tx.execute(
        NOTE_APPLIED,
        args![
            migration.version,
            migration.name,
            checksum(migration.sql),
            now
        ],
    )
    .await?;
    Ok(())
}

/// FNV-1a, 64 bits: shows an accidental edit of a shipped text, which is all it is for.
fn checksum(sql: &str) -> i64 {
    let sum = sql.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    i64::from_ne_bytes(sum.to_ne_bytes())
}

/// The neutral words of a schema text, and what each engine calls them.
///
/// | word | SQLite | PostgreSQL |
/// |---|---|---|
/// | `ID` | `BLOB` | `UUID` |
/// | `BLOB` | `BLOB` | `BYTEA` |
/// | `TEXT` | `TEXT` | `TEXT COLLATE "C"` |
/// | `SERIAL_KEY` | `INTEGER PRIMARY KEY AUTOINCREMENT` | `BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY` |
/// | `CLUSTERED` (after a table) | `WITHOUT ROWID` | nothing |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The embedded engine.
    Sqlite,
    /// The server.
    Postgres,
}

impl Dialect {
    fn word(self, word: &str) -> Option<&'static str> {
        Some(match (self, word) {
            (Self::Sqlite, "ID") => "BLOB",
            (Self::Sqlite, "SERIAL_KEY") => "INTEGER PRIMARY KEY AUTOINCREMENT",
            (Self::Sqlite, "CLUSTERED") => "WITHOUT ROWID",
            (Self::Postgres, "ID") => "UUID",
            (Self::Postgres, "BLOB") => "BYTEA",
            (Self::Postgres, "TEXT") => "TEXT COLLATE \"C\"",
            (Self::Postgres, "SERIAL_KEY") => "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            (Self::Postgres, "CLUSTERED") => "",
            _ => return None,
        })
    }

    fn translate(self, sql: &str) -> String {
        let mut out = String::with_capacity(sql.len() + 256);
        let mut rest = sql;
        while let Some(start) = rest.find(|c: char| c.is_ascii_alphabetic() || c == '_') {
            out.push_str(&rest[..start]);
            let end = rest[start..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .map_or(rest.len(), |length| start + length);
            let word = &rest[start..end];
            out.push_str(self.word(word).unwrap_or(word));
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_translated_whole() {
        let sql = "CREATE TABLE a (id ID, width BIGINT, IDEA TEXT) CLUSTERED;";
        assert_eq!(
            Dialect::Sqlite.translate(sql),
            "CREATE TABLE a (id BLOB, width BIGINT, IDEA TEXT) WITHOUT ROWID;"
        );
        assert_eq!(
            Dialect::Postgres.translate(sql),
            "CREATE TABLE a (id UUID, width BIGINT, IDEA TEXT COLLATE \"C\") ;"
        );
    }
}
