//! Finding everything that is a patient's alone, and destroying it.

use super::model::Scope;
use super::store as sql;
use crate::app::App;
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{
    BlobId, ContactId, DataKeyId, InboundMailId, MessageId, OrganisationId, OutboundMailId,
    PatientId, TicketId,
};
use crate::records::Sealing;
use crate::work::Work;
use bedside_db::{Conn, Row, args};
use bedside_vault::DataKey;
use data_encoding::HEXLOWER;
use serde_json::json;
use std::collections::HashSet;

/// Rows looked through at a time.
const ROUND: i64 = 1000;
/// The channel whose marks are kept.
const MAIL: &str = "email";

/// Everything that is this patient's alone, as it is now.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient.
pub(super) async fn scope(
    app: &App,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Scope, DeskError> {
    let mut conn = app.read().await?;
    let args = args![organisation, patient];
    let key: Option<DataKeyId> = conn
        .query_opt(sql::PATIENT_KEY, args, |row| row.get(0))
        .await?;
    let mut found = Scope {
        patient,
        contacts: Vec::new(),
        shared: Vec::new(),
        tickets: Vec::new(),
        messages: Vec::new(),
        blobs: Vec::new(),
        mails: Vec::new(),
        outbound: Vec::new(),
        copies: Vec::new(),
        keys: vec![key.ok_or(DeskError::NotFound)?],
        kept_keys: Vec::new(),
        marks: Vec::new(),
    };
    people(&mut conn, organisation, &mut found).await?;
    for ticket in found.tickets.clone() {
        said(&mut conn, organisation, ticket, &mut found).await?;
    }
    let tickets: HashSet<TicketId> = found.tickets.iter().copied().collect();
    on_their_way(&mut conn, organisation, &tickets, &mut found).await?;
    marks(&mut conn, organisation, &tickets, &mut found).await?;
    // A patient and the contact who was added with them have one key.
    let mut seen = HashSet::new();
    found.keys.retain(|key| seen.insert(*key));
    keep_others(&mut conn, organisation, &tickets, &mut found).await?;
    Ok(found)
}

/// Contacts, their requests, and copies of the record.
async fn people(
    conn: &mut Conn,
    organisation: OrganisationId,
    found: &mut Scope,
) -> Result<(), DeskError> {
    let patient = found.patient;
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<ContactId>(0)?,
            row.get::<DataKeyId>(1)?,
            row.get::<i64>(2)?,
        ))
    };
    let args = args![organisation, patient];
    for (contact, key, others) in conn.query(sql::CONTACTS, args, read).await? {
        if others > 0 {
            found.shared.push(contact);
            continue;
        }
        found.contacts.push(contact);
        found.keys.push(key);
        let args = args![organisation, contact];
        let theirs: Vec<TicketId> = conn
            .query(sql::TICKETS_OF_NOBODY, args, |row| row.get(0))
            .await?;
        found.tickets.extend(theirs);
    }
    let args = args![organisation, patient];
    let theirs: Vec<TicketId> = conn.query(sql::TICKETS, args, |row| row.get(0)).await?;
    found.tickets.extend(theirs);
    let read = |row: &Row<'_>| {
        Ok((
            row.get(0)?,
            row.get::<Option<DataKeyId>>(1)?,
            row.get::<Option<BlobId>>(2)?,
        ))
    };
    let args = args![organisation, patient];
    for (copy, key, blob) in conn.query(sql::COPIES, args, read).await? {
        found.copies.push(copy);
        found.keys.extend(key);
        found.blobs.extend(blob);
    }
    let args = args![organisation, patient];
    let notes: Vec<DataKeyId> = conn
        .query(sql::KEYS_OF_FINDINGS, args, |row| row.get(0))
        .await?;
    found.keys.extend(notes);
    Ok(())
}

/// What was said in a request, with its files and raw mails. Words of another patient's contact are not the patient's.
async fn said(
    conn: &mut Conn,
    organisation: OrganisationId,
    ticket: TicketId,
    found: &mut Scope,
) -> Result<(), DeskError> {
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<MessageId>(0)?,
            row.get::<Option<InboundMailId>>(1)?,
            row.get::<i64>(2)?,
        ))
    };
    let args = args![organisation, ticket, found.patient];
    for (message, mail, others) in conn.query(sql::MESSAGES, args, read).await? {
        if others > 0 {
            continue;
        }
        found.messages.push((ticket, message));
        let args = args![organisation, ticket, message];
        let files = conn.query(sql::FILES, args, |row| row.get(0)).await?;
        found.blobs.extend::<Vec<BlobId>>(files);
        let Some(mail) = mail else { continue };
        let read = |row: &Row<'_>| Ok((row.get::<DataKeyId>(0)?, row.get::<Option<BlobId>>(1)?));
        let args = args![organisation, mail];
        if let Some((key, blob)) = conn.query_opt(sql::MAIL, args, read).await? {
            found.mails.push(mail);
            found.keys.push(key);
            found.blobs.extend(blob);
        }
    }
    Ok(())
}

async fn on_their_way(
    conn: &mut Conn,
    organisation: OrganisationId,
    tickets: &HashSet<TicketId>,
    found: &mut Scope,
) -> Result<(), DeskError> {
    let mut after = OutboundMailId::from_bytes([0; 16]);
    loop {
        let read = |row: &Row<'_>| Ok((row.get::<OutboundMailId>(0)?, row.get::<TicketId>(1)?));
        let args = args![organisation, after, ROUND];
        let some = conn.query(sql::OUTBOUND_AFTER, args, read).await?;
        let Some((last, _)) = some.last() else {
            return Ok(());
        };
        after = *last;
        let theirs = some.iter().filter(|(_, ticket)| tickets.contains(ticket));
        found.outbound.extend(theirs.map(|(id, _)| *id));
    }
}

async fn marks(
    conn: &mut Conn,
    organisation: OrganisationId,
    tickets: &HashSet<TicketId>,
    found: &mut Scope,
) -> Result<(), DeskError> {
    let mut after = Vec::new();
    loop {
        let read = |row: &Row<'_>| Ok((row.get::<Vec<u8>>(0)?, row.get::<Option<TicketId>>(1)?));
        let args = args![organisation, MAIL, after, ROUND];
        let some = conn.query(sql::MARKS_AFTER, args, read).await?;
        let Some((last, _)) = some.last() else {
            return Ok(());
        };
        let theirs = some
            .iter()
            .filter(|(_, ticket)| ticket.is_some_and(|one| tickets.contains(&one)));
        found
            .marks
            .extend(theirs.map(|(mark, _)| HEXLOWER.encode(mark)));
        after.clone_from(last);
    }
}

/// A request that went to another patient keeps the key that it was sealed with when it came.
async fn keep_others(
    conn: &mut Conn,
    organisation: OrganisationId,
    tickets: &HashSet<TicketId>,
    found: &mut Scope,
) -> Result<(), DeskError> {
    let mut after = TicketId::from_bytes([0; 16]);
    loop {
        let read = |row: &Row<'_>| Ok((row.get::<TicketId>(0)?, row.get::<DataKeyId>(1)?));
        let args = args![organisation, after, ROUND];
        let some = conn.query(sql::SEALED_AFTER, args, read).await?;
        let Some((last, _)) = some.last() else {
            return Ok(());
        };
        after = *last;
        for (_, key) in some.iter().filter(|(id, _)| !tickets.contains(id)) {
            if found.keys.contains(key) {
                found.keys.retain(|one| one != key);
                found.kept_keys.push(*key);
            }
        }
    }
}

/// Destroys what is in `scope`, in the caller's command. `nobody` is what the skeletons are sealed with and stand for.
pub(super) async fn destroy(
    work: &mut Work<'_>,
    scope: &Scope,
    (contact, sealing): (ContactId, &Sealing),
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let nothing = vec![0_u8; DataKey::WRAPPED_LEN];
    for key in &scope.keys {
        work.execute(sql::BLANK_KEY, args![organisation, *key, nothing])
            .await?;
        work.execute(sql::DELETE_KEY, args![organisation, *key])
            .await?;
    }
    for (ticket, message) in &scope.messages {
        // Told before it goes: the index looks again.
        work.event(
            kind::MESSAGE_MOVED,
            Some(*ticket),
            Some(*message),
            &json!({}),
        );
        for statement in [sql::DELETE_MESSAGE, sql::DELETE_FILES] {
            work.execute(statement, args![organisation, *ticket, *message])
                .await?;
        }
        work.execute(sql::DELETE_CORRECTION, args![organisation, *message])
            .await?;
    }
    for blob in &scope.blobs {
        for statement in [sql::DELETE_PIECES, sql::DELETE_BLOB] {
            work.execute(statement, args![organisation, *blob]).await?;
        }
    }
    for mail in &scope.mails {
        work.execute(sql::DELETE_MAIL, args![organisation, *mail])
            .await?;
    }
    for mail in &scope.outbound {
        work.execute(sql::DELETE_OUTBOUND, args![organisation, *mail])
            .await?;
    }
    for copy in &scope.copies {
        work.execute(sql::DELETE_COPY, args![organisation, *copy])
            .await?;
    }
    for ticket in &scope.tickets {
        let subject = sealing.text("tickets", "subject", *ticket, "");
        let args = args![organisation, *ticket, sealing.id, contact, subject, now];
        work.execute(sql::SKELETON, args).await?;
        for statement in [
            sql::DELETE_DRAFTS,
            sql::DELETE_LINKS,
            sql::DELETE_TAGS,
            sql::BLANK_RATING,
            sql::DELETE_EVIDENCE,
            sql::DELETE_CODES,
            sql::DELETE_TASKS,
            sql::DELETE_REVIEWS,
        ] {
            work.execute(statement, args![organisation, *ticket])
                .await?;
        }
    }
    for one in &scope.contacts {
        for statement in [sql::DELETE_ACTS, sql::DELETE_POINTS, sql::DELETE_CONTACT] {
            work.execute(statement, args![organisation, *one]).await?;
        }
    }
    let patient = scope.patient;
    for one in &scope.shared {
        work.execute(sql::UNLINK, args![organisation, *one, patient])
            .await?;
    }
    for statement in [
        sql::DELETE_OPENINGS,
        sql::DELETE_DISCLOSURES,
        sql::DELETE_FINDINGS,
        sql::DELETE_REPRESENTATIVES,
        sql::BLANK_REQUESTS,
        sql::BLANK_HOLDS,
        sql::DELETE_PATIENT,
    ] {
        work.execute(statement, args![organisation, patient])
            .await?;
    }
    for mark in &scope.marks {
        let mark = HEXLOWER.decode(mark.as_bytes()).unwrap_or_default();
        work.execute(sql::KEEP_MARK, args![organisation, MAIL, mark])
            .await?;
    }
    work.event(kind::PEOPLE_CHANGED, None, None, &json!({}));
    let (app, keys) = (work.app.clone(), scope.keys.clone());
    work.after_commit(move || {
        for key in keys {
            app.keyring.forget(key);
        }
    });
    Ok(())
}
