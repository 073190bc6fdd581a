//! Somebody with the database in their hands changes the audit log: whatever they change is found.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_audit::Entry;
use bedside_db::{Conn, DbError, Id, Row, args, statements};
use bedside_desk::audit_log;
use bedside_testkit::Random;
use common::{Desk, both_engines};
use futures_util::FutureExt;
use std::borrow::Cow;

/// Changes tried in a usual run; `cargo xtask torture` sets `BEDSIDE_TEST_TAMPERINGS`.
const TAMPERINGS: usize = 200;
/// Entries that each change can hit.
const ENTRIES: usize = 24;

statements! {
    /// The whole log.
    ALL_ENTRIES = "SELECT sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, object_id, purpose, \
        source, outcome, detail, leaf, leaf_hash FROM audit_entries ORDER BY sequence";
    /// Its checkpoints.
    ALL_CHECKPOINTS = "SELECT size, note, frontier, at FROM audit_checkpoints ORDER BY size";
    /// Puts an entry in, as it says.
    PUT_ENTRY = "INSERT INTO audit_entries (sequence, id, organisation_id, at, actor_kind, actor_id, action, object_kind, \
        object_id, purpose, source, outcome, detail, leaf, leaf_hash) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    /// Puts a checkpoint in.
    PUT_CHECKPOINT = "INSERT INTO audit_checkpoints (size, note, frontier, at) VALUES ($1, $2, $3, $4)";
    /// Empties the log.
    NO_ENTRIES = "DELETE FROM audit_entries";
    /// Forgets the checkpoints.
    NO_CHECKPOINTS = "DELETE FROM audit_checkpoints";
}

#[derive(Clone)]
struct Stored {
    sequence: i64,
    entry: Entry,
    leaf: i64,
    hash: Vec<u8>,
}

#[derive(Clone)]
struct Log {
    entries: Vec<Stored>,
    checkpoints: Vec<(i64, String, Vec<u8>, i64)>,
}

fn stored(row: &Row<'_>) -> Result<Stored, DbError> {
    let text = |column: usize| row.get::<String>(column).map(Cow::Owned);
    Ok(Stored {
        sequence: row.get(0)?,
        entry: Entry {
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
        },
        leaf: row.get(13)?,
        hash: row.get(14)?,
    })
}

impl Log {
    async fn count(conn: &mut Conn) -> usize {
        let all = conn.query(ALL_ENTRIES, args![], |_| Ok(())).await;
        all.unwrap().len()
    }

    async fn read(conn: &mut Conn) -> Self {
        Self {
            entries: conn.query(ALL_ENTRIES, args![], stored).await.unwrap(),
            checkpoints: conn
                .query(ALL_CHECKPOINTS, args![], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .await
                .unwrap(),
        }
    }

    /// Puts this log in the place of the one there is.
    async fn put(&self, desk: &Desk) {
        let log = self.clone();
        desk.app
            .db
            .write::<_, DbError, _>(move |tx| {
                async move {
                    for all in [NO_ENTRIES, NO_CHECKPOINTS] {
                        tx.execute(all, args![]).await?;
                    }
                    for Stored {
                        sequence,
                        entry,
                        leaf,
                        hash,
                    } in &log.entries
                    {
                        let id = Id::<()>::from_bytes(entry.id);
                        let organisation = Id::<()>::from_bytes(entry.organisation);
                        let args = args![
                            *sequence,
                            id,
                            organisation,
                            entry.at,
                            *entry.actor_kind,
                            *entry.actor_id,
                            *entry.action,
                            *entry.object_kind,
                            *entry.object_id,
                            *entry.purpose,
                            *entry.source,
                            *entry.outcome,
                            *entry.detail,
                            *leaf,
                            hash
                        ];
                        tx.execute(PUT_ENTRY, args).await?;
                    }
                    for (size, note, frontier, at) in &log.checkpoints {
                        tx.execute(PUT_CHECKPOINT, args![*size, note, frontier, *at])
                            .await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await
            .unwrap();
    }

    /// What a careful forger does: numbers and stored hashes fit again.
    fn cover_up(&mut self) {
        for (leaf, one) in (0..).zip(&mut self.entries) {
            one.leaf = leaf;
            one.hash = bedside_audit::leaf_hash(&one.entry.canonical()).to_vec();
        }
    }
}

/// One change; says what it was.
fn tamper(log: &mut Log, draw: &mut Random) -> String {
    let at = draw.below(log.entries.len());
    let kind = draw.below(10);
    match kind {
        0 | 1 => {
            let entry = &mut log.entries[at].entry;
            let field = draw.below(12);
            match field {
                0 => entry.id[draw.below(16)] ^= 1 << draw.below(8),
                1 => entry.organisation[draw.below(16)] ^= 1 << draw.below(8),
                2 => entry.at += 1 + i64::try_from(draw.below(1_000_000)).unwrap(),
                _ => {
                    let texts = [
                        &mut entry.actor_kind,
                        &mut entry.actor_id,
                        &mut entry.action,
                        &mut entry.object_kind,
                        &mut entry.object_id,
                        &mut entry.purpose,
                        &mut entry.source,
                        &mut entry.outcome,
                        &mut entry.detail,
                    ];
                    let text = texts.into_iter().nth(field - 3).unwrap();
                    *text = Cow::Owned(format!("{text}x"));
                }
            }
            if kind == 1 {
                log.cover_up();
            }
            format!("field {field} of entry {at}, covered up: {}", kind == 1)
        }
        2 => {
            log.entries[at].hash[draw.below(32)] ^= 1 << draw.below(8);
            format!("hash of entry {at}")
        }
        3 => {
            log.entries.remove(at);
            if draw.below(2) == 0 {
                log.cover_up();
            }
            format!("entry {at} removed")
        }
        4 => {
            let other = (at + 1 + draw.below(log.entries.len() - 1)) % log.entries.len();
            let entry = log.entries[at].entry.clone();
            log.entries[at].entry = std::mem::replace(&mut log.entries[other].entry, entry);
            if draw.below(2) == 0 {
                log.cover_up();
            }
            format!("entries {at} and {other} exchanged")
        }
        5 => {
            let mut more = log.entries[at].clone();
            more.entry.id[0] ^= 1;
            more.entry.action = "patient.read".into();
            log.entries.insert(at, more);
            for (sequence, one) in (1..).zip(&mut log.entries) {
                one.sequence = sequence;
            }
            log.cover_up();
            format!("an entry more before {at}")
        }
        6 => {
            log.entries.truncate(at);
            format!("cut before {at}")
        }
        7 => {
            // Together with the checkpoints: only a copy from elsewhere shows it.
            log.entries.truncate(at);
            let left = i64::try_from(at).unwrap();
            log.checkpoints.retain(|(size, ..)| *size <= left);
            format!("cut before {at}, checkpoints too")
        }
        8 => {
            let which = draw.below(log.checkpoints.len());
            let edge = &mut log.checkpoints[which].2;
            let place = draw.below(edge.len());
            edge[place] ^= 1 << draw.below(8);
            format!("byte {place} of the edge of checkpoint {which}")
        }
        _ => {
            let which = draw.below(log.checkpoints.len());
            let note = &mut log.checkpoints[which].1;
            // Base64 and digits alone: any other letter there makes another note.
            let places: Vec<_> = note
                .char_indices()
                .filter(|(_, c)| c.is_ascii_alphanumeric())
                .map(|(place, _)| place)
                .collect();
            let place = places[draw.below(places.len())];
            let old = note[place..=place].to_owned();
            let new = if old == "7" { "8" } else { "7" };
            note.replace_range(place..=place, new);
            format!("letter {place} of checkpoint {which}")
        }
    }
}

async fn checked(desk: &Desk, kept: &[String]) -> Result<(), String> {
    match audit_log::verify(&desk.app, kept, |_| ()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(finding)) => Err(finding.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

both_engines! {
    async fn every_change_of_the_log_is_found(desk: Desk) {
        let count = std::env::var("BEDSIDE_TEST_TAMPERINGS").map_or(TAMPERINGS, |text| text.parse().unwrap());
        let sealer = audit_log::Sealer::new(desk.app.clone());
        let mut conn = desk.app.read().await.unwrap();
        while Log::count(&mut conn).await < ENTRIES {
            let entry = audit_log::NewEntry::new("ticket.read", "ticket", desk.organisation).detail(&"two words");
            drop(conn);
            desk.app.audit(&desk.system(), entry).await.unwrap();
            sealer.round().await.unwrap();
            conn = desk.app.read().await.unwrap();
        }
        let sound = Log::read(&mut conn).await;
        drop(conn);
        let kept: Vec<_> = sound.checkpoints.iter().map(|(_, note, ..)| note.clone()).collect();
        assert!(kept.len() > 5);
        assert_eq!(checked(&desk, &kept).await, Ok(()));
        let mut draw = Random(2026);
        let mut missed = Vec::new();
        for round in 0..count {
            let mut log = sound.clone();
            let what = tamper(&mut log, &mut draw);
            log.put(&desk).await;
            if checked(&desk, &kept).await.is_ok() {
                missed.push(format!("{round}: {what}"));
            }
        }
        assert!(missed.is_empty(), "not found: {missed:#?}");
        sound.put(&desk).await;
        assert_eq!(checked(&desk, &kept).await, Ok(()));
        println!("{count} changes, all found");
    }
}
