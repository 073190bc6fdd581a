//! Destroying a record for a request that was granted.

use super::holds::hold_patient;
use super::list::{self, KeepErased};
use super::model::{Certificate, Destroyed, Entry, Scope};
use super::plan::{self, Beside};
use super::{destroy, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{
    ContactId, DataKeyId, ErasureId, InboundMailId, OrganisationId, PatientId, PrivacyRequestId,
    StaffId, TicketId,
};
use crate::patients;
use crate::privacy::requests::{self, Kind, Request, State};
use crate::work::Work;
use bedside_audit::{Checkpoint, Origin};
use bedside_db::args;
use futures_util::FutureExt;
use serde_json::json;

const fn refused<T>(code: &'static str, text: &'static str) -> Result<T, DeskError> {
    Err(DeskError::Conflict { code, text })
}

/// Destroys the record of the patient whose erasure was granted and closes the request. `version` is the one of the
/// request that the caller saw.
///
/// # Errors
/// [`DeskError::Conflict`] when it is no granted request for erasure, nobody else said yes, or a hold is on the record.
pub async fn erase(
    app: &App,
    ctx: &Ctx,
    request: PrivacyRequestId,
    version: i64,
) -> Result<ErasureId, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let patient = requests::patient_of(app, ctx, request).await?;
    let beside = Beside::read(app, ctx.organisation, patient).await?;
    let id: ErasureId = app.id();
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let asked = requests::held(work, request, version).await?;
            let scope = plan::scope(work, patient, &beside).await?;
            let second = may_erase(work, &asked, &scope, by).await?;
            let list = serde_json::to_string(&scope)?;
            let certificate = Certificate {
                id,
                organisation,
                request,
                patient,
                at: now,
                by,
                second,
                destroyed: scope.counts(),
                kept: scope.kept(),
                keys: scope.keys.clone(),
                list: list::sum_in_digits(&list),
            };
            let entry = signed(work, &certificate, list)?;
            destroy::destroy(work, &scope).await?;
            store::insert(work, organisation, (id, request), &entry, now).await?;
            work.audit(NewEntry::new("privacy.erase", "patient", patient).detail(&json!({
                "request": request, "erasure": id, "second": second, "destroyed": certificate.destroyed,
                "kept": certificate.kept,
            })));
            requests::close_destroyed(work, asked, by).await?;
            requests::close_rest(work, patient, by).await?;
            work.enqueue(&KeepErased { erasure: id }, Some(&id.to_string()), now).await?;
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Destroys requests that the caller's command holds, as an erasure does it with those of its patient: words, files, mails
/// and the mails' keys go, skeletons and the marks of the mails stay. The people stay, and so do their keys.
pub(crate) async fn destroy_requests(
    work: &mut Work<'_>,
    tickets: &[TicketId],
) -> Result<Destroyed, DeskError> {
    let scope = plan::of_requests(work, tickets).await?;
    destroy::requests(work, &scope).await?;
    Ok(scope.counts())
}

/// Destroys a mail as it came in, with its key, in the caller's command. The message that was read from it stays.
pub(crate) async fn destroy_mail(
    work: &mut Work<'_>,
    mail: InboundMailId,
) -> Result<Destroyed, DeskError> {
    let scope = plan::of_mail(work, mail).await?;
    destroy::mail(work, &scope).await?;
    Ok(scope.counts())
}

/// Destroys keys, in the caller's command, which destroys what they sealed.
pub(crate) async fn destroy_keys(work: &mut Work<'_>, keys: &[DataKeyId]) -> Result<(), DeskError> {
    destroy::keys(work, keys).await
}

/// Destroys a contact who has no request any more and stands and acts for nobody, in the caller's command: name, addresses
/// and sign-ins; whether they did. Whoever said yes or no to something stays with it, and so does whoever is signed in. The key stays: requests of others that theirs were merged with may hang on it.
pub(crate) async fn destroy_contact_without_requests(
    work: &mut Work<'_>,
    contact: ContactId,
) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    // Held by a statement of its own: what the next one reads then includes a request that was under way.
    match patients::hold_contact(work, contact).await {
        Err(DeskError::NotFound) => return Ok(false),
        held => held?,
    }
    let alone = args![organisation, contact];
    let alone = work.query_opt(store::ALONE, alone, |_| Ok(())).await?;
    if alone.is_none() {
        return Ok(false);
    }
    destroy::contact(work, contact).await?;
    Ok(true)
}

/// Holds a patient of whom nothing else is here, nor of whoever stands for them, with these people, in the caller's command;
/// none where there is something, or no such patient.
pub(crate) async fn hold_patient_without_anything(
    work: &mut Work<'_>,
    patient: PatientId,
) -> Result<Option<Vec<ContactId>>, DeskError> {
    let organisation = work.ctx.organisation;
    match hold_patient(work, patient).await {
        Err(DeskError::NotFound) => return Ok(None),
        held => held?,
    }
    let whose = args![organisation, patient];
    let people: Vec<ContactId> = work
        .query(store::PEOPLE_OF, whose, |row| row.get(0))
        .await?;
    // By a statement of its own: what it reads then includes what was under way.
    let bare = work.query_opt(store::BARE, whose, |_| Ok(())).await?;
    Ok(bare.map(|()| people))
}

/// Destroys such a patient with their people, whom the caller's command holds: names, addresses and sign-ins. The keys stay:
/// requests of others that theirs were merged with may hang on them.
pub(crate) async fn destroy_patient_without_anything(
    work: &mut Work<'_>,
    patient: PatientId,
    people: &[ContactId],
) -> Result<(), DeskError> {
    let organisation = work.ctx.organisation;
    for one in people {
        destroy::contact(work, *one).await?;
    }
    work.execute(store::DELETE_CODES_OF, args![organisation, patient])
        .await?;
    work.execute(store::DELETE_PATIENT, args![organisation, patient])
        .await?;
    work.event(kind::PEOPLE_CHANGED, None, None, &json!({}));
    Ok(())
}

/// Who gave the second yes, where `by` may destroy what the request asks for. The patient is held.
async fn may_erase(
    work: &mut Work<'_>,
    asked: &Request,
    scope: &Scope,
    by: StaffId,
) -> Result<StaffId, DeskError> {
    let (organisation, now, patient) = (work.ctx.organisation, work.now, asked.patient);
    let granted = asked
        .decided
        .as_ref()
        .is_some_and(|one| one.decision.gives());
    let (Kind::Erasure, State::Decided, true, Some((second, _))) =
        (asked.kind, asked.state, granted, asked.approved)
    else {
        return refused(
            "not_granted",
            "A record is destroyed when that was asked for and granted.",
        );
    };
    if second == by {
        return refused(
            "same_person",
            "Whoever gave the second yes doesn't destroy the record.",
        );
    }
    let since = asked.first_yes().unwrap_or(now);
    let beside = (patient, scope.resealed.as_slice());
    if store::is_held(work, organisation, patient, since).await?
        || store::is_held_beside(work, organisation, beside, now).await?
    {
        return refused(
            "held",
            "A legal hold is on this record, or on one that it is a part of, or was when this was granted.",
        );
    }
    Ok(second)
}

/// The certificate with its signed note: a checkpoint of the audit key's over its SHA-256.
fn signed(work: &Work<'_>, certificate: &Certificate, list: String) -> Result<Entry, DeskError> {
    let text = serde_json::to_string(certificate)?;
    let note = Checkpoint {
        origin: origin(&work.app, certificate.organisation)?,
        size: certificate.keys.len() as u64,
        root: list::sum(&text),
        at: certificate.at.micros(),
    };
    Ok(Entry {
        note: note.sign(work.app.keyring.audit_key()).to_string(),
        certificate: text,
        list,
    })
}

/// How everything ends that certificates are signed as.
pub(super) const SIGNS_AS: &str = "/erasure";

/// What certificates of this organisation are signed as.
pub(super) fn origin(app: &App, organisation: OrganisationId) -> Result<Origin, DeskError> {
    let slug = &app.directory.of(organisation)?.slug;
    Origin::new(&format!("{slug}{SIGNS_AS}"))
        .map_err(|error| DeskError::Internal(error.to_string()))
}

/// Destroys, in a database that doesn't know of an erasure, what it names and what is the patient's there.
pub(super) async fn again(
    work: &mut Work<'_>,
    listed: &Scope,
    beside: &Beside,
) -> Result<(), DeskError> {
    let patient: PatientId = listed.patient;
    let scope = match plan::scope(work, patient, beside).await {
        Ok(mut here) => {
            here.and(listed);
            here
        }
        Err(DeskError::NotFound) => listed.clone(),
        Err(error) => return Err(error),
    };
    destroy::destroy(work, &scope).await
}

/// The certificate of the erasure that a request led to, with its signed note.
pub async fn certificate(
    app: &App,
    ctx: &Ctx,
    request: PrivacyRequestId,
) -> Result<Option<(String, String)>, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let found = store::of_request(&mut app.read().await?, ctx.organisation, request).await?;
    Ok(found.map(|entry| (entry.certificate, entry.note)))
}
