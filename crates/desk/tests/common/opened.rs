//! Everything that is sealed, opened with every key that is kept: what whoever has the database and the root key can read.

use super::{Desk, Engine};
use bedside_db::{Conn, Id, Statement, args, statements};
use bedside_vault::{DataKey, Place};
use std::collections::BTreeMap;

statements! {
    /// Columns of every table, on the embedded engine.
    COLUMNS = "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
    /// The same on the other one.
    COLUMNS_OF_SERVER = "SELECT table_name::text, column_name::text, upper(data_type::text) \
        FROM information_schema.columns WHERE table_schema = current_schema()";
    /// Every key.
    KEYS = "SELECT id, wrapped FROM data_keys WHERE organisation_id = $1";
}

type Cell = (&'static str, Vec<u8>);

fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// Tables with their columns of bytes, and whether these are ids to the server.
async fn columns(desk: &Desk, conn: &mut Conn) -> BTreeMap<String, Vec<(&'static str, bool)>> {
    let statement = match desk.engine {
        Engine::Sqlite => COLUMNS,
        Engine::Postgres => COLUMNS_OF_SERVER,
    };
    let rows = conn.query(statement, args![], |row| {
        Ok((
            row.get::<String>(0)?,
            row.get::<String>(1)?,
            row.get::<String>(2)?,
        ))
    });
    let mut tables: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (table, column, kind) in rows.await.unwrap() {
        if ["BLOB", "BYTEA", "UUID"].contains(&kind.as_str()) {
            let is_id = kind == "UUID";
            tables
                .entry(table)
                .or_default()
                .push((leaked(column), is_id));
        }
    }
    tables
}

async fn rows(conn: &mut Conn, table: &str, columns: &[(&'static str, bool)]) -> Vec<Vec<Cell>> {
    let names: Vec<_> = columns
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let text = leaked(format!("SELECT {} FROM \"{table}\"", names.join(", ")));
    let statement = Statement {
        name: "EVERYTHING",
        dollar: text,
        question: text,
        parameters: 0,
    };
    let read = conn.query(statement, args![], |row| {
        let mut cells = Vec::new();
        for (at, (name, is_id)) in columns.iter().enumerate() {
            let bytes = if *is_id {
                row.get::<Option<Id<()>>>(at)?.map(|id| id.bytes().to_vec())
            } else {
                row.get::<Option<Vec<u8>>>(at)?
            };
            cells.extend(bytes.map(|bytes| (*name, bytes)));
        }
        Ok(cells)
    });
    read.await.unwrap()
}

/// What every column of bytes holds, as it is and, where one of the keys that are kept opens it in its place, in plain.
pub async fn everything(desk: &Desk) -> Vec<(String, Vec<u8>)> {
    let mut conn = desk.app.read_newest().await.unwrap();
    let vault = desk.app.keyring.of(desk.organisation).unwrap();
    let of = args![desk.organisation];
    let wrapped = conn.query(KEYS, of, |row| {
        Ok((row.get::<Id<()>>(0)?, row.get::<Vec<u8>>(1)?))
    });
    let keys: Vec<DataKey> = wrapped
        .await
        .unwrap()
        .iter()
        .map(|(id, wrapped)| DataKey::unwrap(&vault.keys(), wrapped, &id.bytes()).unwrap())
        .collect();
    let mut found = Vec::new();
    for (table, columns) in columns(desk, &mut conn).await {
        let name = leaked(table);
        for cells in rows(&mut conn, name, &columns).await {
            let ids: Vec<[u8; 16]> = cells
                .iter()
                .filter_map(|(_, bytes)| bytes.as_slice().try_into().ok())
                .collect();
            for (column, bytes) in &cells {
                found.push((format!("{name}.{column} as it is"), bytes.clone()));
                let places = ids.iter().map(|row| Place {
                    table: name,
                    column,
                    row: *row,
                });
                for place in places {
                    let plain = keys.iter().find_map(|key| key.open(place, bytes).ok());
                    found.extend(plain.map(|plain| (format!("{name}.{column}"), plain)));
                }
            }
        }
    }
    found
}
