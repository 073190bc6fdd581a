//! Finding everything that is a patient's.
//!
//! All of it is read in the command that destroys it, after the patient, their contacts and their requests are held: what
//! comes in at the same moment is here already, or finds nobody. What would read whole tables is read before
//! ([`Beside`]); nothing of it depends on that moment.

use super::model::Scope;
use super::store as sql;
use crate::app::App;
use crate::error::DeskError;
use crate::ids::{
    BlobId, ContactId, DataKeyId, InboundMailId, MessageId, OrganisationId, OutboundMailId,
    PatientId, PrivacyCopyId, TicketId,
};
use crate::work::Work;
use bedside_db::{Conn, DbError, Id, Row, Statement, args};
use data_encoding::HEXLOWER;
use std::collections::{HashMap, HashSet};

/// Rows looked through at a time.
const ROUND: i64 = 1000;
/// The channel whose marks are kept.
pub(super) const MAIL: &str = "email";

/// What is looked through before the command: keyed marks of mails of what may be the patient's, and what a key of theirs
/// seals, whosever it is now.
pub(super) struct Beside {
    marks: HashMap<TicketId, Vec<String>>,
    tickets: Vec<(TicketId, DataKeyId)>,
    contacts: Vec<(ContactId, DataKeyId)>,
}

impl Beside {
    /// Looks through it.
    pub(super) async fn read(
        app: &App,
        organisation: OrganisationId,
        patient: PatientId,
    ) -> Result<Self, DeskError> {
        let mut conn = app.read().await?;
        let whose = args![organisation, patient];
        let keys: Vec<DataKeyId> = conn.query(sql::KEYS, whose, |row| row.get(0)).await?;
        let keys = keys.into_iter().collect();
        let theirs: Vec<TicketId> = conn.query(sql::MAY_BE, whose, |row| row.get(0)).await?;
        let mut tickets = sealed(&mut conn, organisation, sql::SEALED_AFTER, &keys).await?;
        tickets.extend(sealed(&mut conn, organisation, sql::SEALED_RATINGS_AFTER, &keys).await?);
        Ok(Self {
            marks: marks(&mut conn, organisation, &theirs.into_iter().collect()).await?,
            tickets,
            contacts: sealed(&mut conn, organisation, sql::SEALED_CONTACTS_AFTER, &keys).await?,
        })
    }
}

/// Rows that one of `keys` seals, with the key.
async fn sealed<T>(
    conn: &mut Conn,
    organisation: OrganisationId,
    statement: Statement,
    keys: &HashSet<DataKeyId>,
) -> Result<Vec<(Id<T>, DataKeyId)>, DeskError> {
    let (mut after, mut found) = (Id::<T>::from_bytes([0; 16]), Vec::new());
    loop {
        let read = |row: &Row<'_>| Ok((row.get::<Id<T>>(0)?, row.get::<DataKeyId>(1)?));
        let some = conn
            .query(statement, args![organisation, after, ROUND], read)
            .await?;
        let Some((last, _)) = some.last() else {
            return Ok(found);
        };
        after = *last;
        found.extend(some.into_iter().filter(|(_, key)| keys.contains(key)));
    }
}

async fn marks(
    conn: &mut Conn,
    organisation: OrganisationId,
    tickets: &HashSet<TicketId>,
) -> Result<HashMap<TicketId, Vec<String>>, DeskError> {
    let (mut after, mut found) = (Vec::new(), HashMap::<_, Vec<_>>::new());
    loop {
        let read = |row: &Row<'_>| Ok((row.get::<Vec<u8>>(0)?, row.get::<Option<TicketId>>(1)?));
        let args = args![organisation, MAIL, after, ROUND];
        let some = conn.query(sql::MARKS_AFTER, args, read).await?;
        let Some((last, _)) = some.last() else {
            return Ok(found);
        };
        after.clone_from(last);
        for (mark, ticket) in some {
            if let Some(ticket) = ticket.filter(|ticket| tickets.contains(ticket)) {
                found
                    .entry(ticket)
                    .or_default()
                    .push(HEXLOWER.encode(&mark));
            }
        }
    }
}

/// Everything that is this patient's, as it is now; nobody changes it until the command ends.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient.
pub(super) async fn scope(
    work: &mut Work<'_>,
    patient: PatientId,
    beside: &Beside,
) -> Result<Scope, DeskError> {
    let (organisation, mut found) = (work.ctx.organisation, Scope::of(patient));
    let whose = args![organisation, patient];
    let key = work
        .query_opt(sql::PATIENT, whose, |row| row.get::<DataKeyId>(0))
        .await?;
    found.keys.push(key.ok_or(DeskError::NotFound)?);
    people(work, &mut found).await?;
    let theirs: Vec<TicketId> = work.query(sql::TICKETS, whose, |row| row.get(0)).await?;
    found.tickets.extend(theirs);
    for ticket in found.tickets.clone() {
        said(work, ticket, &mut found).await?;
        found
            .marks
            .extend(beside.marks.get(&ticket).into_iter().flatten().cloned());
    }
    let to_them: Vec<OutboundMailId> = work
        .query(sql::OUTBOUND_TO, whose, |row| row.get(0))
        .await?;
    found.outbound.extend(to_them);
    copies(work, &mut found).await?;
    let notes: Vec<Option<DataKeyId>> = work
        .query(sql::KEYS_OF_FINDINGS, whose, |row| row.get(0))
        .await?;
    found.keys.extend(notes.into_iter().flatten());
    somebody_elses(work, &mut found, beside).await?;
    found.each_once();
    Ok(found)
}

/// What is somebody else's and hangs on a key that goes. Keys of whoever stays seal nothing that has to be touched.
async fn somebody_elses(
    work: &mut Work<'_>,
    found: &mut Scope,
    beside: &Beside,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let keys: HashSet<DataKeyId> = found.keys.iter().copied().collect();
    let ours: HashSet<TicketId> = found.tickets.iter().copied().collect();
    let mut tickets = those(&beside.tickets, &keys);
    for key in &keys {
        let holding = args![organisation, *key];
        let holding: Vec<TicketId> = work
            .query(sql::HOLD_SEALED, holding, |row| row.get(0))
            .await?;
        tickets.extend(holding);
    }
    tickets.retain(|id| !ours.contains(id));
    found.resealed.extend(tickets);
    let gone: HashSet<ContactId> = found
        .contacts
        .iter()
        .chain(&found.emptied)
        .copied()
        .collect();
    let mut contacts = those(&beside.contacts, &keys);
    contacts.retain(|id| !gone.contains(id));
    found.resealed_contacts.extend(contacts);
    Ok(())
}

/// Those that one of `keys` seals.
fn those<T>(all: &[(Id<T>, DataKeyId)], keys: &HashSet<DataKeyId>) -> Vec<Id<T>> {
    let sealed = all.iter().filter(|(_, key)| keys.contains(key));
    sealed.map(|(id, _)| *id).collect()
}

/// All that was said in requests which the caller's command holds, whoever's they are.
pub(super) async fn of_requests(
    work: &mut Work<'_>,
    tickets: &[TicketId],
) -> Result<Scope, DeskError> {
    // Of no patient: only what hangs on the requests is looked for.
    let mut found = Scope::of(PatientId::from_bytes([0; 16]));
    found.tickets.extend(tickets);
    for ticket in tickets {
        said(work, *ticket, &mut found).await?;
    }
    found.each_once();
    Ok(found)
}

/// A raw mail with its key and its pieces.
pub(super) async fn of_mail(work: &mut Work<'_>, mail: InboundMailId) -> Result<Scope, DeskError> {
    let mut found = Scope::of(PatientId::from_bytes([0; 16]));
    let organisation = work.ctx.organisation;
    let its = args![organisation, mail];
    if let Some((mail, key, blob)) = work.query_opt(sql::MAIL, its, raw).await? {
        found.mails.push(mail);
        found.keys.push(key);
        found.blobs.extend(blob);
    }
    Ok(found)
}

/// Whoever stands for the patient. They are the patient, unless somebody said that they act for them, or linked them as
/// somebody else.
async fn people(work: &mut Work<'_>, found: &mut Scope) -> Result<(), DeskError> {
    let (organisation, patient) = (work.ctx.organisation, found.patient);
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<ContactId>(0)?,
            row.get::<DataKeyId>(1)?,
            [row.get::<i64>(2)?, row.get(3)?, row.get(4)?, row.get(5)?],
        ))
    };
    let all = work
        .query(sql::CONTACTS, args![organisation, patient], read)
        .await?;
    for (contact, key, counted) in all {
        let [acts, has_others, has_nobodys, acts_for_others] = counted.map(|count| count > 0);
        if acts && (has_others || has_nobodys || acts_for_others) {
            found.shared.push(contact);
            continue;
        }
        found.keys.push(key);
        let stays = has_others || acts_for_others;
        if stays {
            &mut found.emptied
        } else {
            &mut found.contacts
        }
        .push(contact);
        let whose = args![organisation, contact];
        let theirs: Vec<TicketId> = work
            .query(sql::TICKETS_OF_NOBODY, whose, |row| row.get(0))
            .await?;
        found.tickets.extend(theirs);
        brought_for_others(work, contact, found).await?;
    }
    Ok(())
}

/// Requests of others that somebody brought who is the patient: the words stay, the addresses they came from and went to
/// don't.
async fn brought_for_others(
    work: &mut Work<'_>,
    contact: ContactId,
    found: &mut Scope,
) -> Result<(), DeskError> {
    let (organisation, patient) = (work.ctx.organisation, found.patient);
    let whose = args![organisation, contact, patient];
    let others: Vec<TicketId> = work
        .query(sql::TICKETS_OF_OTHERS, whose, |row| row.get(0))
        .await?;
    for ticket in others {
        found.resealed.push(ticket);
        let of = args![organisation, ticket, contact];
        for (mail, key, blob) in work.query(sql::MAILS_OF, of, raw).await? {
            found.mails.push(mail);
            found.keys.push(key);
            found.blobs.extend(blob);
        }
        let its = args![organisation, ticket];
        let sent: Vec<OutboundMailId> = work.query(sql::OUTBOUND, its, |row| row.get(0)).await?;
        found.outbound.extend(sent);
    }
    Ok(())
}

/// All that was said in a request, whoever said it, with its files, its mails as they came and as they went.
async fn said(work: &mut Work<'_>, ticket: TicketId, found: &mut Scope) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let its = args![organisation, ticket];
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<MessageId>(0)?,
            row.get::<Option<InboundMailId>>(1)?,
        ))
    };
    let messages = work.query(sql::MESSAGES, its, read).await?;
    let files: Vec<BlobId> = work.query(sql::FILES, its, |row| row.get(0)).await?;
    found.blobs.extend(files);
    let mut mails = work.query(sql::REPORTS, its, raw).await?;
    for (message, mail) in messages {
        found.messages.push((ticket, message));
        if let Some(mail) = mail {
            mails.extend(
                work.query_opt(sql::MAIL, args![organisation, mail], raw)
                    .await?,
            );
        }
    }
    for (mail, key, blob) in mails {
        found.mails.push(mail);
        found.keys.push(key);
        found.blobs.extend(blob);
    }
    let sent: Vec<OutboundMailId> = work.query(sql::OUTBOUND, its, |row| row.get(0)).await?;
    found.outbound.extend(sent);
    Ok(())
}

/// A raw mail, its key, and its bytes where they are kept in pieces.
fn raw(row: &Row<'_>) -> Result<(InboundMailId, DataKeyId, Option<BlobId>), DbError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

async fn copies(work: &mut Work<'_>, found: &mut Scope) -> Result<(), DeskError> {
    let (organisation, patient) = (work.ctx.organisation, found.patient);
    let whose = args![organisation, patient];
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<PrivacyCopyId>(0)?,
            row.get::<Option<DataKeyId>>(1)?,
            row.get::<Option<BlobId>>(2)?,
        ))
    };
    for (copy, key, blob) in work.query(sql::COPIES, whose, read).await? {
        found.copies.push(copy);
        found.keys.extend(key);
        found.blobs.extend(blob);
    }
    Ok(())
}
