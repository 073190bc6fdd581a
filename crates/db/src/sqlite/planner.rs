//! What SQLite's query planner is told about the tables.
//!
//! Without statistics it takes every first column of a key for selective, and every table begins with the
//! organisation: it would then read all rows of an organisation where an index leads to the one that is wanted.
//! Measured statistics would do, but change as the desk grows, and plans with them. So the planner gets fixed ones for
//! the size at which plans matter, made of the schema alone (sqlite.org/fileformat2.html#stat1tab).

use crate::DbError;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// Rows that every table is said to have.
const ROWS: u64 = 1_000_000;
/// Rows that an index over a part of a table holds: such a part is what somebody looks for, and small.
const PART: u64 = 10_000;
/// Rows that share an id, a hash or a blind index.
const SHARE_AN_ID: u64 = 10;
/// How many values a column has that is no id: codes, ranks, days.
const VALUES: u64 = 4;

/// Writes the statistics where they are not what they should be. Runs inside the caller's transaction.
pub(crate) fn guide(connection: &Connection) -> Result<(), DbError> {
    let wanted = wanted(connection)?;
    if present(connection)? == wanted {
        return Ok(());
    }
    // Makes the table; what it measures is thrown away, so it may measure next to nothing.
    connection.execute_batch("PRAGMA analysis_limit = 1; ANALYZE; DELETE FROM sqlite_stat1;")?;
    let mut add =
        connection.prepare("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)")?;
    for (table, index, stat) in &wanted {
        add.execute(params![table, index, stat])?;
    }
    // Reads the table anew.
    connection.execute_batch("ANALYZE sqlite_schema")?;
    Ok(())
}

/// (table, index, statistics).
type Rows = BTreeSet<(String, String, String)>;

fn wanted(connection: &Connection) -> Result<Rows, DbError> {
    let mut wanted = Rows::new();
    for (table, clustered) in tables(connection)? {
        for index in indexes(connection, &table)? {
            let columns = columns(connection, &table, &index.name)?;
            let stat = shares(&columns, &index);
            let name = if clustered && index.primary {
                table.clone()
            } else {
                index.name
            };
            wanted.insert((table.clone(), name, stat));
        }
    }
    Ok(wanted)
}

fn present(connection: &Connection) -> Result<Rows, DbError> {
    let known: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1')",
        [],
        |row| row.get(0),
    )?;
    if !known {
        return Ok(Rows::new());
    }
    let mut found = connection.prepare("SELECT tbl, coalesce(idx, ''), stat FROM sqlite_stat1")?;
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

struct Index {
    name: String,
    unique: bool,
    primary: bool,
    partial: bool,
}

/// (name, whether it is stored in the order of its key) of every table.
fn tables(connection: &Connection) -> Result<Vec<(String, bool)>, DbError> {
    let mut found = connection.prepare(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'",
    )?;
    let rows = found.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn indexes(connection: &Connection, table: &str) -> Result<Vec<Index>, DbError> {
    let mut found = connection
        .prepare("SELECT name, \"unique\", origin = 'pk', partial FROM pragma_index_list(?1)")?;
    let rows = found.query_map([table], |row| {
        Ok(Index {
            name: row.get(0)?,
            unique: row.get(1)?,
            primary: row.get(2)?,
            partial: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// (name, declared type) of an index's columns.
fn columns(
    connection: &Connection,
    table: &str,
    index: &str,
) -> Result<Vec<(String, String)>, DbError> {
    let mut found = connection.prepare(
        "SELECT i.name, t.type FROM pragma_index_info(?2) i JOIN pragma_table_info(?1) t ON t.name = i.name ORDER BY i.seqno",
    )?;
    let rows = found.query_map([table, index], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many rows share the first column, the first two, and so on.
fn shares(columns: &[(String, String)], index: &Index) -> String {
    let mut rows = if index.partial { PART } else { ROWS };
    let mut stat = rows.to_string();
    for (place, (name, kind)) in columns.iter().enumerate() {
        rows = match kind.as_str() {
            _ if index.unique && place + 1 == columns.len() => 1,
            _ if name == "organisation_id" => rows,
            "BLOB" => rows.min(SHARE_AN_ID),
            _ => (rows / VALUES).max(1),
        };
        stat.push(' ');
        stat.push_str(&rows.to_string());
    }
    stat
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_on_the_wanted_id_wins_over_the_organisation() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE events (organisation_id BLOB, sequence BIGINT, ticket_id BLOB, kind TEXT, PRIMARY KEY (organisation_id, sequence))
                     WITHOUT ROWID;
                 CREATE INDEX events_ticket ON events (organisation_id, ticket_id, sequence)
                     WHERE ticket_id IS NOT NULL AND kind NOT IN ('a', 'b');",
            )
            .unwrap();
        let plan = || {
            connection
                .query_row(
                    "EXPLAIN QUERY PLAN SELECT sequence FROM events WHERE organisation_id = ?1 AND ticket_id = ?2 \
                     AND kind NOT IN ('a', 'b') ORDER BY sequence DESC LIMIT 9",
                    [1, 2],
                    |row| row.get::<_, String>(3),
                )
                .unwrap()
        };
        guide(&connection).unwrap();
        guide(&connection).unwrap();
        assert!(plan().contains("events_ticket"), "{}", plan());
        let stat: String = connection
            .query_row(
                "SELECT stat FROM sqlite_stat1 WHERE idx = 'events'",
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(stat, "1000000 1000000 1");
    }
}
