//! What a database still holds of one patient, for the browser's story of an erasure: everything is sealed, so that no search
//! for a word tells whether it went.
//!
//! `patient_rows FOLDER FILE PATIENT [KEY…]` looks into the embedded database FILE, which a desk may be serving, with the root
//! key of FOLDER. It prints JSON: `keys`, those that seal the patient and who is theirs (or the KEYs that were named); `kept`,
//! how many of them are left; `rows`, how many values one of them seals, by table, in the rows that name their key (addresses,
//! names of files and pieces of blobs name none, and can't be opened without it); `opened`, the patient's name, where it can still
//! be opened.

use anyhow::{Context, Result};
use bedside_db::{Conn, Statement, SystemClock, args, statements};
use bedside_desk::app::App;
use bedside_desk::config::Config;
use bedside_desk::ids::{DataKeyId, OrganisationId, PatientId};
use bedside_desk::startup;
use bedside_vault::{DataKey, Place};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

statements! {
    /// Keys of a patient and of who is theirs.
    KEYS = "SELECT key_id FROM patients WHERE id = $1 UNION SELECT key_id FROM contacts WHERE patient_id = $1";
    /// A patient's name as it is kept.
    NAME = "SELECT organisation_id, key_id, name FROM patients WHERE id = $1";
    /// One key.
    KEY = "SELECT wrapped FROM data_keys WHERE id = $1";
    /// Columns of bytes of the tables whose rows name the key that seals them.
    SEALED = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
        AND c.type = 'BLOB' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) k WHERE k.name = 'key_id')";
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().context("FOLDER FILE PATIENT [KEY…]");
    let (data, file) = (PathBuf::from(next()?), PathBuf::from(next()?));
    let patient: PatientId = next()?.parse()?;
    let mut keys: Vec<DataKeyId> = arguments
        .map(|key| key.parse().map_err(anyhow::Error::from))
        .collect::<Result<_>>()?;
    let config = Config::of_demo(data);
    let app = startup::open_file(config, Arc::new(SystemClock), &file).await?;
    let mut conn = app.read().await?;
    if keys.is_empty() {
        keys = conn.query(KEYS, args![patient], |row| row.get(0)).await?;
    }
    let (mut kept, mut rows) = (0, BTreeMap::new());
    for key in &keys {
        kept += conn.query(KEY, args![*key], |_| Ok(())).await?.len();
        sealed_by(&mut conn, *key, &mut rows).await?;
    }
    let opened = name(&app, &mut conn, patient).await?;
    let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
    println!(
        "{}",
        json!({ "keys": keys, "kept": kept, "rows": rows, "opened": opened })
    );
    Ok(())
}

/// Counts what this key seals: an id has 16 bytes, and what is sealed has more than that around every word.
async fn sealed_by(
    conn: &mut Conn,
    key: DataKeyId,
    rows: &mut BTreeMap<String, i64>,
) -> Result<()> {
    let columns: Vec<(String, String)> = conn
        .query(SEALED, args![], |row| Ok((row.get(0)?, row.get(1)?)))
        .await?;
    for (table, column) in columns {
        let text: &'static str = format!(
            "SELECT COUNT(*) FROM \"{table}\" WHERE key_id = ?1 AND length(\"{column}\") > 16"
        )
        .leak();
        let count = Statement {
            name: "COUNT",
            dollar: text,
            question: text,
            parameters: 1,
        };
        let found: i64 = conn.query_one(count, args![key], |row| row.get(0)).await?;
        if found > 0 {
            *rows.entry(table).or_default() += found;
        }
    }
    Ok(())
}

/// The patient's name, opened with their key.
async fn name(app: &App, conn: &mut Conn, patient: PatientId) -> Result<Option<String>> {
    let of = args![patient];
    let row = conn.query_opt(NAME, of, |row| {
        let found: (OrganisationId, DataKeyId, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(found)
    });
    let Some((organisation, key, sealed)) = row.await? else {
        return Ok(None);
    };
    let wrapped: Option<Vec<u8>> = conn.query_opt(KEY, args![key], |row| row.get(0)).await?;
    let wrapped = wrapped.context("a patient without a key")?;
    let keys = app.keyring.of(organisation)?.keys();
    let key = DataKey::unwrap(&keys, &wrapped, &key.bytes())?;
    let place = Place {
        table: "patients",
        column: "name",
        row: patient.bytes(),
    };
    Ok(Some(String::from_utf8(key.open(place, &sealed)?)?))
}
