//! Each kind of record: what of it is old enough, and how it goes.

mod store;

use super::model::{Old, Record, Told};
use crate::error::DeskError;
use crate::ids::{ContactId, DataKeyId, PatientId};
use crate::patients;
use crate::privacy::erasure;
use crate::work::Work;
use bedside_db::{Id, Row, Statement, ToValue, args};

pub use store::ALL as STATEMENTS;
pub(super) use store::old;

/// How many rows went, by table; empty where the record was not there any more, or not old enough.
pub(super) type Gone = Vec<(&'static str, u64)>;

/// Destroys one record, in the caller's command.
pub(super) async fn destroy(
    work: &mut Work<'_>,
    told: &Told,
    old: &Old,
) -> Result<Gone, DeskError> {
    let one: &[Id<()>] = &[old.place.one];
    let pair: &[Id<()>] = &[old.place.one, old.place.other];
    let rows: &[(&'static str, Statement, &[Id<()>])] = match told.record {
        Record::Requests => return request(work, told, old.place.one).await,
        Record::RawMails => return mail(work, told, old.place.one).await,
        Record::Incidents => return incident(work, told, old.place.one).await,
        Record::Findings => return finding(work, told, old.place.one).await,
        Record::Contacts => return contact(work, told, old.place.one).await,
        Record::Patients => return patient(work, told, old.place.one).await,
        Record::Identity => &[
            ("identity_tasks", store::DELETE_TASK, one),
            ("identity_evidence", store::DELETE_EVIDENCE, one),
        ],
        Record::Exceptions => &[
            ("openings", store::DELETE_OPENING, one),
            ("identity_reviews", store::DELETE_REVIEW, one),
        ],
        Record::Consents => &[
            ("consents", store::DELETE_CONSENT, one),
            (
                "notice_acknowledgements",
                store::DELETE_ACKNOWLEDGEMENT,
                one,
            ),
        ],
        Record::Representatives => &[("representatives", store::DELETE_REPRESENTATIVE, one)],
        Record::Holds => &[("legal_holds", store::DELETE_HOLD, one)],
        Record::Ratings => &[("ratings", store::BLANK_RATING, one)],
        Record::PrivacyRequests => &[("privacy_requests", store::DELETE_PRIVACY_REQUEST, one)],
        Record::Disclosures => &[("disclosures", store::DELETE_DISCLOSURE, one)],
        Record::Corrections => &[("corrections", store::DELETE_CORRECTION, pair)],
        Record::Drafts => &[("drafts", store::DELETE_DRAFT, pair)],
    };
    let organisation = work.ctx.organisation;
    let mut gone = Gone::new();
    for (table, statement, key) in rows {
        let mut values = args![organisation].to_vec();
        values.extend(key.iter().map(ToValue::to_value));
        values.extend([told.cutoff.to_value()]);
        count(&mut gone, table, work.execute(*statement, &values).await?);
    }
    Ok(gone)
}

fn count(gone: &mut Gone, table: &'static str, rows: u64) {
    if rows > 0 {
        gone.push((table, rows));
    }
}

/// What a statement finds of a record that is there still and old enough. Nobody changes it until the command ends.
async fn taken<T: Send + 'static>(
    work: &mut Work<'_>,
    told: &Told,
    (statement, id): (Statement, Id<()>),
    read: impl Fn(&Row<'_>) -> Result<T, bedside_db::DbError> + Send + Sync + 'static,
) -> Result<Option<T>, DeskError> {
    let organisation = work.ctx.organisation;
    let args = args![organisation, id, told.cutoff];
    Ok(work.query_opt(statement, args, read).await?)
}

/// A request, and whoever brought it where it was all that the desk had of them.
async fn request(work: &mut Work<'_>, told: &Told, id: Id<()>) -> Result<Gone, DeskError> {
    let taken = taken(work, told, (store::TAKE_REQUEST, id), |row| row.get(0)).await?;
    let Some(contact): Option<ContactId> = taken else {
        return Ok(Gone::new());
    };
    let gone = erasure::destroy_requests(work, &[Id::from_uuid(id.uuid())]).await?;
    let mut gone = told_of(gone);
    let left = erasure::destroy_contact_without_requests(work, contact).await?;
    count(&mut gone, "contacts", u64::from(left));
    Ok(gone)
}

/// Somebody who is no patient and has nothing here. They are held before it is asked how old that is: what comes in at the
/// same moment counts.
async fn contact(work: &mut Work<'_>, told: &Told, id: Id<()>) -> Result<Gone, DeskError> {
    let contact: ContactId = Id::from_uuid(id.uuid());
    match patients::hold_contact(work, contact).await {
        Err(DeskError::NotFound) => return Ok(Gone::new()),
        held => held?,
    }
    let place = (store::OLD_CONTACT, id);
    if taken(work, told, place, |_| Ok(())).await?.is_none() {
        return Ok(Gone::new());
    }
    let mut gone = Gone::new();
    let left = erasure::destroy_contact_without_requests(work, contact).await?;
    count(&mut gone, "contacts", u64::from(left));
    Ok(gone)
}

/// A patient of whom nothing else is here, with their people.
async fn patient(work: &mut Work<'_>, told: &Told, id: Id<()>) -> Result<Gone, DeskError> {
    let patient: PatientId = Id::from_uuid(id.uuid());
    let Some(people) = erasure::hold_patient_without_anything(work, patient).await? else {
        return Ok(Gone::new());
    };
    let place = (store::OLD_PATIENT, id);
    if taken(work, told, place, |_| Ok(())).await?.is_none() {
        return Ok(Gone::new());
    }
    let mut gone = Gone::new();
    count(&mut gone, "contacts", people.len() as u64);
    erasure::destroy_patient_without_anything(work, patient, &people).await?;
    count(&mut gone, "patients", 1);
    Ok(gone)
}

async fn mail(work: &mut Work<'_>, told: &Told, id: Id<()>) -> Result<Gone, DeskError> {
    let place = (store::TAKE_MAIL, id);
    if taken(work, told, place, |_| Ok(())).await?.is_none() {
        return Ok(Gone::new());
    }
    let gone = erasure::destroy_mail(work, Id::from_uuid(id.uuid())).await?;
    Ok(told_of(gone))
}

/// An unusual look, with the key of its note.
async fn finding(work: &mut Work<'_>, told: &Told, id: Id<()>) -> Result<Gone, DeskError> {
    let taken = taken(work, told, (store::TAKE_FINDING, id), |row| row.get(0)).await?;
    let Some(key): Option<Option<DataKeyId>> = taken else {
        return Ok(Gone::new());
    };
    let organisation = work.ctx.organisation;
    let mut gone = Gone::new();
    let rows = work
        .execute(store::DELETE_FINDING, args![organisation, id])
        .await?;
    count(&mut gone, "watch_findings", rows);
    erasure::destroy_keys(work, key.as_slice()).await?;
    count(&mut gone, "data_keys", u64::from(key.is_some()));
    Ok(gone)
}

/// An incident, with its list, its letters and its key. It is kept as long as anybody on the list is held.
async fn incident(work: &mut Work<'_>, told: &Told, id: Id<()>) -> Result<Gone, DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let taken = taken(work, told, (store::TAKE_INCIDENT, id), |row| row.get(0)).await?;
    let Some(key): Option<DataKeyId> = taken else {
        return Ok(Gone::new());
    };
    work.query(store::HOLD_LIST, args![organisation, id], |_| Ok(()))
        .await?;
    let held = args![organisation, id, now];
    let held = work
        .query_opt(store::LIST_IS_HELD, held, |_| Ok(()))
        .await?;
    if held.is_some() {
        return Ok(Gone::new());
    }
    let mut gone = Gone::new();
    for (table, statement) in [
        ("breach_people", store::DELETE_LIST),
        ("breach_letters", store::DELETE_LETTERS),
        ("breach_duties", store::DELETE_DUTIES),
        ("breaches", store::DELETE_INCIDENT),
    ] {
        let rows = work.execute(statement, args![organisation, id]).await?;
        count(&mut gone, table, rows);
    }
    erasure::destroy_keys(work, &[key]).await?;
    count(&mut gone, "data_keys", 1);
    Ok(gone)
}

fn told_of(gone: erasure::Destroyed) -> Gone {
    let counts = [
        ("tickets", gone.requests),
        ("messages", gone.messages),
        ("blobs", gone.files),
        ("inbound_mails", gone.raw_mails),
        ("outbound_mails", gone.outgoing_mails),
        ("data_keys", gone.keys),
    ];
    let counts = counts.into_iter().filter(|(_, rows)| *rows > 0);
    counts.map(|(table, rows)| (table, rows as u64)).collect()
}
