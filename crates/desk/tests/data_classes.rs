//! Every field of the database has a class in `docs/security/data.md`.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_db::{args, statements};
use common::{Engine, both_engines};
use std::collections::BTreeMap;

statements! {
    /// Columns of texts and bytes on PostgreSQL, where an id is a type of its own.
    FIELDS = "SELECT table_name::text || '.' || column_name::text FROM information_schema.columns \
        WHERE table_schema = current_schema() AND data_type IN ('text', 'bytea')";
    /// All columns on the embedded engine.
    COLUMNS = "SELECT m.name || '.' || c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
}

/// The classes of the page, by column.
fn classes() -> BTreeMap<&'static str, &'static str> {
    let page = include_str!("../../../docs/security/data.md");
    let fields = page.split("\n## Fields\n").nth(1).unwrap();
    let fields = fields.split("\n## ").next().unwrap();
    let mut out = BTreeMap::new();
    for row in fields.lines().filter_map(|line| line.strip_prefix("| **")) {
        let (class, columns) = row.split_once("** | ").unwrap();
        for column in columns.split('`').skip(1).step_by(2) {
            assert!(
                out.insert(column, class).is_none(),
                "{column} has two classes"
            );
        }
    }
    out
}

both_engines! {
    async fn every_field_has_a_class(desk: Desk) {
        let classes = classes();
        let mut conn = desk.app.read().await.unwrap();
        let statement = match desk.engine {
            Engine::Postgres => FIELDS,
            Engine::Sqlite => COLUMNS,
        };
        let there: Vec<String> = conn.query(statement, args![], |row| row.get(0)).await.unwrap();
        assert!(there.len() > 100, "{}", there.len());
        // What the database crate keeps for itself: the schema's version, the index (keyed tags), and its notes.
        let is_own = |column: &&String| !column.starts_with("schema_") && !column.starts_with("search_") && !column.starts_with("bedside_");
        if desk.engine == Engine::Postgres {
            let without: Vec<&String> = there.iter().filter(is_own).filter(|column| !classes.contains_key(column.as_str())).collect();
            assert!(without.is_empty(), "no class in docs/security/data.md: {without:?}");
        }
        let gone: Vec<&&str> = classes.keys().filter(|column| !there.iter().any(|one| one == **column)).collect();
        assert!(gone.is_empty(), "docs/security/data.md has what is not there: {gone:?}");
    }
}
