//! SQL of the audit log.

use super::Shown;
use crate::error::DeskError;
use crate::ids::OrganisationId;
use bedside_audit::Entry;
use bedside_db::{Conn, DbError, Id, Row, Timestamp, args, statements};

statements! {
    /// Adds an entry.
    INSERT = "INSERT INTO audit_entries (id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, \
        purpose, source, outcome, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// Entries without a place in the log, in order.
    OPEN = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, purpose, \
        source, outcome, detail, leaf FROM audit_entries WHERE leaf IS NULL ORDER BY sequence LIMIT $1";
    /// Gives an entry its place.
    SEAL = "UPDATE audit_entries SET leaf = $2, leaf_hash = $3 WHERE sequence = $1 AND leaf IS NULL";
    /// Adds a checkpoint.
    CHECKPOINT = "INSERT INTO audit_checkpoints (size, note, frontier, at) VALUES ($1, $2, $3, $4)";
    /// Lets one seal after the other. The first checkpoint stays the first.
    TURN = "SELECT size FROM audit_checkpoints WHERE size > 0 ORDER BY size LIMIT 1 FOR NO KEY UPDATE";
    /// The newest checkpoint's frontier.
    FRONTIER = "SELECT frontier FROM audit_checkpoints ORDER BY size DESC LIMIT 1";
    /// Sealed entries from a place on, in order.
    SEALED = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, purpose, \
        source, outcome, detail, leaf, leaf_hash FROM audit_entries WHERE leaf >= $1 ORDER BY leaf LIMIT $2";
    /// Checkpoints above a size, in order.
    CHECKPOINTS = "SELECT size, note, frontier FROM audit_checkpoints WHERE size > $1 ORDER BY size LIMIT $2";
    /// Hashes from a place on, in order.
    HASHES = "SELECT leaf_hash FROM audit_entries WHERE leaf >= $1 AND leaf < $2 ORDER BY leaf LIMIT $3";
    /// The place of an entry.
    LEAF_OF = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, purpose, \
        source, outcome, detail, leaf FROM audit_entries WHERE sequence = $1";
    /// The newest checkpoint.
    LATEST = "SELECT size, note FROM audit_checkpoints ORDER BY size DESC LIMIT 1";
    /// An organisation's entries, newest first.
    LIST = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, purpose, \
        source, outcome, detail, leaf FROM audit_entries WHERE organisation_id = $1 AND sequence < $2 \
        ORDER BY sequence DESC LIMIT $3";
    /// An organisation's entries between two places, newest first.
    RANGE = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, purpose, \
        source, outcome, detail, leaf FROM audit_entries WHERE organisation_id = $1 AND sequence < $2 \
        AND sequence >= $3 ORDER BY sequence DESC LIMIT $4";
    /// What one actor did between two places, newest first: what is sealed by its index, and what is not. `coalesce` keeps
    /// SQLite from every index but that of the few open ones.
    RANGE_OF_ACTOR = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, \
        purpose, source, outcome, detail, leaf FROM audit_entries WHERE organisation_id = $1 AND sequence < $2 \
        AND sequence >= $3 AND actor_id = $5 AND leaf IS NOT NULL UNION ALL \
        SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, \
        purpose, source, outcome, detail, leaf FROM audit_entries \
        WHERE coalesce(organisation_id, organisation_id) = $1 AND sequence < $2 AND sequence >= $3 \
        AND actor_id = $5 AND leaf IS NULL ORDER BY sequence DESC LIMIT $4";
    /// What was done to one object between two places, newest first; as above.
    RANGE_OF_OBJECT = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, \
        purpose, source, outcome, detail, leaf FROM audit_entries WHERE organisation_id = $1 AND sequence < $2 \
        AND sequence >= $3 AND object_id = $5 AND leaf IS NOT NULL UNION ALL \
        SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, \
        purpose, source, outcome, detail, leaf FROM audit_entries \
        WHERE coalesce(organisation_id, organisation_id) = $1 AND sequence < $2 AND sequence >= $3 \
        AND object_id = $5 AND leaf IS NULL ORDER BY sequence DESC LIMIT $4";
    /// The first entry from a place on, with its instant.
    NEXT_FROM = "SELECT sequence, at FROM audit_entries WHERE sequence >= $1 ORDER BY sequence LIMIT 1";
    /// The last place there is.
    LAST = "SELECT sequence FROM audit_entries ORDER BY sequence DESC LIMIT 1";
}

fn entry(row: &Row<'_>) -> Result<Entry, DbError> {
    let text = |column: usize| row.get::<String>(column).map(std::borrow::Cow::Owned);
    Ok(Entry {
        id: row.get::<Id<()>>(1)?.bytes(),
        organisation: row.get::<Id<()>>(2)?.bytes(),
        at: row.get(3)?,
        actor_kind: text(4)?,
        actor_id: text(5)?,
        action: text(6)?,
        object_kind: text(7)?,
        object_id: text(8)?,
        purpose: text(9)?,
        source: text(10)?,
        outcome: text(11)?,
        detail: text(12)?,
    })
}

pub(super) async fn insert(conn: &mut Conn, entry: &Entry) -> Result<(), DeskError> {
    conn.execute(
        INSERT,
        args![
            Id::<()>::from_bytes(entry.id),
            Id::<()>::from_bytes(entry.organisation),
            entry.at,
            *entry.actor_kind,
            *entry.actor_id,
            *entry.action,
            *entry.object_kind,
            *entry.object_id,
            *entry.purpose,
            *entry.source,
            *entry.outcome,
            *entry.detail
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn open(conn: &mut Conn, limit: i64) -> Result<Vec<(i64, Entry)>, DeskError> {
    Ok(conn
        .query(OPEN, args![limit], |row| Ok((row.get(0)?, entry(row)?)))
        .await?)
}

pub(super) async fn seal(
    conn: &mut Conn,
    sequence: i64,
    leaf: i64,
    hash: &[u8; 32],
) -> Result<bool, DeskError> {
    Ok(conn.execute(SEAL, args![sequence, leaf, hash]).await? == 1)
}

pub(super) async fn add_checkpoint(
    conn: &mut Conn,
    size: i64,
    note: &str,
    frontier: &[u8],
    at: Timestamp,
) -> Result<(), DeskError> {
    conn.execute(CHECKPOINT, args![size, note, frontier, at])
        .await?;
    Ok(())
}

/// Waits until nobody else seals; whoever sealed before is seen then.
pub(super) async fn take_turn(conn: &mut Conn) -> Result<(), DeskError> {
    conn.query_opt(TURN, args![], |_| Ok(())).await?;
    Ok(())
}

pub(super) async fn frontier(conn: &mut Conn) -> Result<Option<Vec<u8>>, DeskError> {
    Ok(conn.query_opt(FRONTIER, args![], |row| row.get(0)).await?)
}

/// (place, stored hash, entry) of sealed entries from `from` on.
pub(super) async fn sealed(
    conn: &mut Conn,
    from: i64,
    limit: i64,
) -> Result<Vec<(i64, Vec<u8>, Entry)>, DeskError> {
    Ok(conn
        .query(SEALED, args![from, limit], |row| {
            Ok((row.get(13)?, row.get(14)?, entry(row)?))
        })
        .await?)
}

/// The same as they are shown.
pub(super) async fn sealed_shown(
    conn: &mut Conn,
    from: i64,
    limit: i64,
) -> Result<Vec<Shown>, DeskError> {
    Ok(conn
        .query(SEALED, args![from, limit], |row| {
            Ok(Shown::from_entry(row.get(0)?, row.get(13)?, entry(row)?))
        })
        .await?)
}

pub(super) async fn checkpoints(
    conn: &mut Conn,
    above: i64,
    limit: i64,
) -> Result<Vec<(i64, String, Vec<u8>)>, DeskError> {
    Ok(conn
        .query(CHECKPOINTS, args![above, limit], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .await?)
}

pub(super) async fn hashes(
    conn: &mut Conn,
    from: i64,
    below: i64,
    limit: i64,
) -> Result<Vec<Vec<u8>>, DeskError> {
    Ok(conn
        .query(HASHES, args![from, below, limit], |row| row.get(0))
        .await?)
}

pub(super) async fn by_sequence(
    conn: &mut Conn,
    sequence: i64,
) -> Result<Option<(Option<i64>, Entry)>, DeskError> {
    Ok(conn
        .query_opt(LEAF_OF, args![sequence], |row| {
            Ok((row.get(13)?, entry(row)?))
        })
        .await?)
}

pub(super) async fn latest(conn: &mut Conn) -> Result<Option<(i64, String)>, DeskError> {
    Ok(conn
        .query_opt(LATEST, args![], |row| Ok((row.get(0)?, row.get(1)?)))
        .await?)
}

pub(super) async fn list(
    conn: &mut Conn,
    organisation: OrganisationId,
    before: i64,
    limit: i64,
) -> Result<Vec<Shown>, DeskError> {
    Ok(conn
        .query(LIST, args![organisation, before, limit], |row| {
            Ok(Shown::from_entry(row.get(0)?, row.get(13)?, entry(row)?))
        })
        .await?)
}

/// Which entries are looked through.
pub(super) enum Of<'a> {
    All,
    Actor(&'a str),
    Object(&'a str),
}

/// At most `limit` entries before `before` and not before `from`, newest first.
pub(super) async fn range(
    conn: &mut Conn,
    organisation: OrganisationId,
    of: &Of<'_>,
    (before, from): (i64, i64),
    limit: i64,
) -> Result<Vec<Shown>, DeskError> {
    let shown = |row: &Row<'_>| Ok(Shown::from_entry(row.get(0)?, row.get(13)?, entry(row)?));
    Ok(match of {
        Of::All => {
            conn.query(RANGE, args![organisation, before, from, limit], shown)
                .await?
        }
        Of::Actor(id) => {
            conn.query(
                RANGE_OF_ACTOR,
                args![organisation, before, from, limit, *id],
                shown,
            )
            .await?
        }
        Of::Object(id) => {
            conn.query(
                RANGE_OF_OBJECT,
                args![organisation, before, from, limit, *id],
                shown,
            )
            .await?
        }
    })
}

pub(super) async fn next_from(
    conn: &mut Conn,
    sequence: i64,
) -> Result<Option<(i64, Timestamp)>, DeskError> {
    Ok(conn
        .query_opt(NEXT_FROM, args![sequence], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .await?)
}

pub(super) async fn last(conn: &mut Conn) -> Result<i64, DeskError> {
    Ok(conn
        .query_opt(LAST, args![], |row| row.get(0))
        .await?
        .unwrap_or(0))
}
