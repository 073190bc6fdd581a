//! Destroying what was found.

use super::model::Scope;
use super::plan::MAIL;
use super::{reseal, store as sql};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{ContactId, DataKeyId, PatientId, TicketId};
use crate::patients;
use crate::records::Sealing;
use crate::work::Work;
use bedside_db::{Id, Statement, args};
use bedside_vault::DataKey;
use data_encoding::HEXLOWER;
use serde_json::json;
use std::collections::HashSet;

/// What stands where a keyed mark of addresses stood.
const NO_MARK: &[u8] = &[];

/// Destroys what is in `scope`, in the caller's command. What has to stay without its words is sealed with a key that
/// seals nothing, and skeletons of requests stand for a contact without a name or an address.
pub(super) async fn destroy(work: &mut Work<'_>, scope: &Scope) -> Result<(), DeskError> {
    let (nobody, nothing) = patients::nobody(work).await?;
    // While the old keys are still there.
    reseal_others(work, scope).await?;
    words(work, scope).await?;
    let organisation = work.ctx.organisation;
    for ticket in &scope.tickets {
        skeleton(work, sql::SKELETON, *ticket, (nobody, &nothing)).await?;
        unshown(work, *ticket, &nothing).await?;
        work.execute(sql::DELETE_PLACES, args![organisation, *ticket])
            .await?;
    }
    people(work, scope, &nothing).await?;
    record(work, scope.patient, &nothing).await?;
    keys(work, &scope.keys).await?;
    for mark in &scope.marks {
        let mark = HEXLOWER.decode(mark.as_bytes()).unwrap_or_default();
        work.execute(sql::KEEP_MARK, args![organisation, MAIL, mark])
            .await?;
    }
    work.event(kind::PEOPLE_CHANGED, None, None, &json!({}));
    Ok(())
}

/// Destroys requests with all that was said in them, in the caller's command, whoever they were of: their people stay. Whose a
/// request was stays with its skeleton, since who saw it, and to whom of it was given, has to be accounted for (45 CFR
/// 164.528), and so does which files were its; and so does who was verified in it, and what was done past the rules, which go
/// after their own time.
pub(super) async fn requests(work: &mut Work<'_>, scope: &Scope) -> Result<(), DeskError> {
    let (nobody, nothing) = patients::nobody(work).await?;
    let organisation = work.ctx.organisation;
    for (ticket, message) in &scope.messages {
        work.execute(sql::KEEP_PLACES, args![organisation, *ticket, *message])
            .await?;
    }
    words(work, scope).await?;
    for ticket in &scope.tickets {
        skeleton(work, sql::SKELETON_OF, *ticket, (nobody, &nothing)).await?;
    }
    keys(work, &scope.keys).await
}

/// Destroys raw mails, in the caller's command. Their messages stay, and name none any more.
pub(super) async fn mail(work: &mut Work<'_>, scope: &Scope) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for mail in &scope.mails {
        work.execute(sql::FORGET_MAIL, args![organisation, *mail])
            .await?;
    }
    words(work, scope).await?;
    keys(work, &scope.keys).await
}

/// What is somebody else's and hangs on a key of the patient's.
async fn reseal_others(work: &mut Work<'_>, scope: &Scope) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let keys: HashSet<DataKeyId> = scope.keys.iter().copied().collect();
    for ticket in &scope.resealed {
        let whose = args![organisation, *ticket];
        let whose = work
            .query_opt(sql::WHOSE, whose, |row| row.get::<Option<PatientId>>(0))
            .await?;
        if let Some(whose) = whose {
            reseal::ticket(work, (*ticket, whose), &keys).await?;
        }
    }
    for contact in &scope.resealed_contacts {
        let whose = args![organisation, *contact];
        let key = work
            .query_opt(sql::CONTACT_KEY, whose, |row| row.get::<DataKeyId>(0))
            .await?;
        if let Some(key) = key.filter(|key| keys.contains(key)) {
            reseal::contact(work, *contact, key).await?;
        }
    }
    Ok(())
}

/// Messages, files, and mails as they came and went.
async fn words(work: &mut Work<'_>, scope: &Scope) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for (ticket, message) in &scope.messages {
        let place = args![organisation, *ticket, *message];
        let doc: Option<i64> = work.query_opt(sql::DOC, place, |row| row.get(0)).await?;
        // Told before it goes: the index forgets it by its number.
        work.event(
            kind::MESSAGE_MOVED,
            Some(*ticket),
            Some(*message),
            &json!({ "gone": doc }),
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
    Ok(())
}

/// Leaves of a request what the statistics need.
async fn skeleton(
    work: &mut Work<'_>,
    statement: Statement,
    ticket: TicketId,
    (nobody, nothing): (ContactId, &Sealing),
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let subject = nothing.text("tickets", "subject", ticket, "");
    let args = args![organisation, ticket, nothing.id, nobody, subject, now];
    work.execute(statement, args).await?;
    for statement in [
        sql::DELETE_DRAFTS,
        sql::DELETE_LINKS,
        sql::DELETE_TAGS,
        sql::DELETE_NURSE_STEPS,
        sql::BLANK_RATING,
        sql::DELETE_CODES,
    ] {
        work.execute(statement, args![organisation, ticket]).await?;
    }
    Ok(())
}

/// Leaves of who was verified in a request, and of what was done past the rules in it, what the law wants kept.
async fn unshown(
    work: &mut Work<'_>,
    ticket: TicketId,
    nothing: &Sealing,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    work.execute(sql::BLANK_TASKS, args![organisation, ticket])
        .await?;
    let evidence = args![organisation, ticket, NO_MARK, now];
    work.execute(sql::BLANK_EVIDENCE, evidence).await?;
    let reviews = (sql::REVIEWS, sql::BLANK_REVIEW);
    blank(
        work,
        reviews,
        Id::from_uuid(ticket.uuid()),
        ("identity_reviews", &["words"]),
        nothing,
    )
    .await
}

/// A contact, with all by which they are reached and come in.
pub(super) async fn contact(work: &mut Work<'_>, contact: ContactId) -> Result<(), DeskError> {
    ways_to(work, contact).await?;
    let organisation = work.ctx.organisation;
    work.execute(sql::DELETE_CONTACT, args![organisation, contact])
        .await?;
    Ok(())
}

/// Addresses, links, sign-ins and own words of a contact.
async fn ways_to(work: &mut Work<'_>, contact: ContactId) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    for statement in [
        sql::DELETE_LINKS_OF,
        sql::DELETE_OWN_CONSENTS,
        sql::DELETE_POINTS,
        sql::DELETE_PORTAL_SESSIONS,
        sql::DELETE_PORTAL_DEVICES,
        sql::DELETE_PORTAL_BROWSERS,
        sql::DELETE_PASSKEYS,
    ] {
        work.execute(statement, args![organisation, contact])
            .await?;
    }
    let blank = args![organisation, contact, NO_MARK, now];
    work.execute(sql::BLANK_EVIDENCE_BY, blank).await?;
    Ok(())
}

/// Whoever stood for the patient.
async fn people(work: &mut Work<'_>, scope: &Scope, nothing: &Sealing) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    for one in &scope.contacts {
        contact(work, *one).await?;
    }
    for one in &scope.emptied {
        ways_to(work, *one).await?;
    }
    for one in &scope.emptied {
        for ticket in &scope.resealed {
            work.execute(sql::BLANK_ENVELOPES, args![organisation, *ticket, *one])
                .await?;
            let answers = args![organisation, *ticket, *one, now];
            work.execute(sql::CANCEL_ANSWERS, answers).await?;
        }
        work.execute(sql::EMPTY_CONTACT, args![organisation, *one, nothing.id])
            .await?;
    }
    for one in &scope.shared {
        work.execute(sql::UNLINK, args![organisation, *one, scope.patient])
            .await?;
    }
    Ok(())
}

/// What is kept of the patient beside their requests. What the staff did, and when, stays without its words.
async fn record(
    work: &mut Work<'_>,
    patient: PatientId,
    nothing: &Sealing,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let whose = Id::from_uuid(patient.uuid());
    let openings = (sql::OPENINGS, sql::BLANK_OPENING);
    blank(work, openings, whose, ("openings", &["words"]), nothing).await?;
    let disclosures = (sql::DISCLOSURES, sql::BLANK_DISCLOSURE);
    let columns = &["recipient", "address", "what", "purpose", "struck"];
    blank(work, disclosures, whose, ("disclosures", columns), nothing).await?;
    let consents = (sql::OTHERS_NO, sql::KEEP_NO);
    blank(work, consents, whose, ("consents", &["said"]), nothing).await?;
    work.execute(sql::END_EVIDENCE_OF, args![organisation, patient, now])
        .await?;
    for statement in [
        sql::DELETE_CODES_OF,
        sql::BLANK_TASKS_OF,
        sql::BLANK_FINDINGS,
        sql::BLANK_BREACHES,
        sql::DELETE_REPRESENTATIVES,
        sql::DELETE_CONSENTS,
        sql::DELETE_ACKNOWLEDGEMENTS,
        sql::DELETE_COPIES,
        sql::BLANK_REQUESTS,
        sql::BLANK_HOLDS,
        sql::DELETE_PATIENT,
    ] {
        work.execute(statement, args![organisation, patient])
            .await?;
    }
    Ok(())
}

/// Puts nothing in the place of words, sealed as words are, so that whoever reads the row needs to know nothing of it.
async fn blank(
    work: &mut Work<'_>,
    (find, write): (Statement, Statement),
    of: Id<()>,
    (table, columns): (&'static str, &[&'static str]),
    nothing: &Sealing,
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let rows: Vec<Id<()>> = work
        .query(find, args![organisation, of], |row| row.get(0))
        .await?;
    for row in rows {
        let seal = |column: &&'static str| nothing.text(table, column, row, "");
        let sealed: Vec<Vec<u8>> = columns.iter().map(seal).collect();
        let mut values = args![organisation, row, nothing.id].to_vec();
        values.extend(sealed.iter().map(bedside_db::ToValue::to_value));
        work.execute(write, &values).await?;
    }
    Ok(())
}

/// Overwrites and deletes keys, and forgets them in memory once they are gone.
pub(super) async fn keys(work: &mut Work<'_>, keys: &[DataKeyId]) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    let zeroes = vec![0_u8; DataKey::WRAPPED_LEN];
    for key in keys {
        work.execute(sql::BLANK_KEY, args![organisation, *key, zeroes])
            .await?;
        work.execute(sql::DELETE_KEY, args![organisation, *key])
            .await?;
    }
    let (app, keys) = (work.app.clone(), keys.to_vec());
    work.after_commit(move || {
        for key in keys {
            app.keyring.forget(key);
        }
    });
    Ok(())
}
