//! Sealing somebody else's data anew, so that no key of the patient's has to stay for it.
//!
//! A request keeps the key that it was sealed with when it came. One that went to another patient, or whose contact did,
//! may so hang on a key that is to be destroyed.

mod store;

use crate::error::DeskError;
use crate::ids::{BlobId, ContactId, DataKeyId, PatientId, TicketId};
use crate::patients;
use crate::records::{self, Sealing};
use crate::work::Work;
use bedside_db::{Id, Row, Statement, ToValue, Value, args};
use std::collections::HashSet;

pub use store::ALL as STATEMENTS;

/// One kind of row: its table, how its rows are read and written back, the sealed columns, and whether it names its key.
type Sealed = (
    &'static str,
    Statement,
    Statement,
    &'static [&'static str],
    bool,
);

/// What hangs on a request. Rows that name no key of their own stand before those whose key they go by.
const OF_TICKET: &[Sealed] = &[
    ("ticket_tags", store::TAGS, store::SET_TAG, &["tag"], false),
    (
        "attachments",
        store::FILES,
        store::SET_FILE,
        &["name", "content_id"],
        false,
    ),
    (
        "messages",
        store::MESSAGES,
        store::SET_MESSAGE,
        &["body", "html", "envelope"],
        true,
    ),
    ("drafts", store::DRAFTS, store::SET_DRAFT, &["body"], true),
    (
        "ratings",
        store::RATING,
        store::SET_RATING,
        &["comment"],
        true,
    ),
    (
        "identity_reviews",
        store::REVIEWS,
        store::SET_REVIEW,
        &["words", "note"],
        true,
    ),
    (
        "outbound_mails",
        store::MAILS,
        store::SET_MAIL,
        &["content"],
        true,
    ),
    (
        "tickets",
        store::TICKET,
        store::SET_TICKET,
        &["subject", "fields"],
        true,
    ),
];
const CONSENTS: Sealed = (
    "consents",
    store::CONSENTS,
    store::SET_CONSENT,
    &["said"],
    true,
);
const CONTACT: Sealed = (
    "contacts",
    store::CONTACT,
    store::SET_CONTACT,
    &["name"],
    true,
);

/// Seals a request anew, as far as one of `keys` seals it: with the key of the patient whom it belongs to, or a fresh one.
pub(super) async fn ticket(
    work: &mut Work<'_>,
    (id, patient): (TicketId, Option<PatientId>),
    keys: &HashSet<DataKeyId>,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let new = match patient {
        Some(patient) => patients::sealing_of(&app, work, organisation, patient).await?,
        None => fresh(work).await?,
    };
    files(work, id, keys, &new).await?;
    for kind in OF_TICKET {
        rows(work, kind, Id::from_uuid(id.uuid()), keys, &new).await?;
    }
    Ok(())
}

/// Seals a contact, their addresses and what they said yes and no to anew, with a fresh key.
pub(super) async fn contact(
    work: &mut Work<'_>,
    id: ContactId,
    old: DataKeyId,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let new = fresh(work).await?;
    let old_key = records::sealing(&app, work, organisation, old).await?;
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<String>(0)?,
            row.get::<Vec<u8>>(1)?,
            row.get::<Vec<u8>>(2)?,
        ))
    };
    for (kind, blind, sealed) in work
        .query(store::POINTS, args![organisation, id], read)
        .await?
    {
        let value = old_key.open_bytes("contact_points", "value", id, &sealed)?;
        let value = new.bytes("contact_points", "value", id, &value);
        work.execute(store::SET_POINT, args![organisation, kind, blind, value])
            .await?;
    }
    let keys = HashSet::from([old]);
    for kind in [&CONSENTS, &CONTACT] {
        rows(work, kind, Id::from_uuid(id.uuid()), &keys, &new).await?;
    }
    Ok(())
}

async fn fresh(work: &mut Work<'_>) -> Result<Sealing, DeskError> {
    let new = Sealing::fresh(&work.app);
    new.store(work).await?;
    Ok(new)
}

async fn rows(
    work: &mut Work<'_>,
    (table, read, write, columns, names_key): &Sealed,
    of: Id<()>,
    keys: &HashSet<DataKeyId>,
    new: &Sealing,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let found = |row: &Row<'_>| {
        let sealed = (0..columns.len()).map(|at| row.get::<Option<Vec<u8>>>(3 + at));
        Ok((
            row.get::<Id<()>>(0)?,
            row.get::<Id<()>>(1)?,
            row.get::<DataKeyId>(2)?,
            sealed.collect::<Result<Vec<_>, _>>()?,
        ))
    };
    for (sealed_for, row, key, sealed) in work.query(*read, args![organisation, of], found).await? {
        if !keys.contains(&key) {
            continue;
        }
        let old = records::sealing(&app, work, organisation, key).await?;
        let mut anew = Vec::new();
        for (column, sealed) in columns.iter().zip(sealed) {
            let plain = sealed.map(|sealed| old.open_bytes(table, column, sealed_for, &sealed));
            let plain = plain.transpose()?;
            anew.push(plain.map(|plain| new.bytes(table, column, sealed_for, &plain)));
        }
        let mut values: Vec<Value<'_>> =
            vec![organisation.to_value(), of.to_value(), row.to_value()];
        if *names_key {
            values.push(new.id.to_value());
        }
        values.extend(anew.iter().map(ToValue::to_value));
        work.execute(*write, &values).await?;
    }
    Ok(())
}

/// Files in pieces, one piece after the other.
async fn files(
    work: &mut Work<'_>,
    ticket: TicketId,
    keys: &HashSet<DataKeyId>,
    new: &Sealing,
) -> Result<(), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    let read = |row: &Row<'_>| Ok((row.get::<BlobId>(0)?, row.get::<DataKeyId>(1)?));
    for (blob, key) in work
        .query(store::BLOBS, args![organisation, ticket], read)
        .await?
    {
        if !keys.contains(&key) {
            continue;
        }
        let old = records::sealing(&app, work, organisation, key).await?;
        let mut number = 0_i64;
        loop {
            let place = args![organisation, blob, number];
            let piece: Option<Vec<u8>> = work
                .query_opt(store::PIECE, place, |row| row.get(0))
                .await?;
            let Some(piece) = piece else { break };
            let plain = old.open_bytes("blob_pieces", "sealed", blob, &piece)?;
            let piece = new.bytes("blob_pieces", "sealed", blob, &plain);
            work.execute(store::SET_PIECE, args![organisation, blob, number, piece])
                .await?;
            number += 1;
        }
        work.execute(store::SET_BLOB, args![organisation, blob, new.id])
            .await?;
    }
    Ok(())
}
