//! Destroying a record for a request that was granted.

use super::model::{Certificate, Entry, Scope};
use super::{list, plan, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{ContactId, ErasureId, PrivacyRequestId};
use crate::patients;
use crate::privacy::requests::{self, Kind, State};
use crate::records::Sealing;
use crate::work::Work;
use aws_lc_rs::digest::{SHA256, digest};
use bedside_audit::{Checkpoint, Origin};
use futures_util::FutureExt;
use serde_json::json;

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
    let scope = plan::scope(app, ctx.organisation, patient).await?;
    let id: ErasureId = app.id();
    let done = app
        .command(ctx, move |work| {
            async move {
                let (organisation, now) = (work.ctx.organisation, work.now);
                let asked = requests::held(work, request, version).await?;
                let granted = asked.decided.as_ref().is_some_and(|one| one.decision.gives());
                let (Kind::Erasure, State::Decided, true, Some((second, _))) =
                    (asked.kind, asked.state, granted, asked.approved)
                else {
                    return Err(DeskError::Conflict {
                        code: "not_granted",
                        text: "A record is destroyed when that was asked for and granted.",
                    });
                };
                if store::is_held(work, organisation, patient, now).await? {
                    return Err(DeskError::Conflict {
                        code: "held",
                        text: "A legal hold is on this record.",
                    });
                }
                let certificate = Certificate {
                    id,
                    organisation,
                    request,
                    patient,
                    at: now,
                    by,
                    second,
                    destroyed: scope.counts(),
                    keys: scope.keys.clone(),
                    kept_keys: scope.kept_keys.clone(),
                };
                let entry = signed(work, &certificate, scope)?;
                run(work, &entry.scope).await?;
                store::insert(work, organisation, (id, request), &entry, now).await?;
                work.audit(NewEntry::new("privacy.erase", "patient", patient).detail(&json!({
                    "request": request, "erasure": id, "second": second, "destroyed": certificate.destroyed,
                })));
                requests::close_destroyed(work, asked, by).await?;
                Ok((id, serde_json::to_value(&entry)?))
            }
            .boxed()
        })
        .await?;
    let (id, entry) = done;
    list::keep(app, ctx.organisation, id, serde_json::from_value(entry)?).await?;
    app.search.begin_anew(ctx.organisation.uuid()).await?;
    Ok(id)
}

/// The certificate with its signed note: a checkpoint of the audit key's over its SHA-256.
fn signed(work: &Work<'_>, certificate: &Certificate, scope: Scope) -> Result<Entry, DeskError> {
    let text = serde_json::to_string(certificate)?;
    let slug = work.app.directory.of(work.ctx.organisation)?.slug.clone();
    let origin = Origin::new(&format!("{slug}/erasure"))
        .map_err(|error| DeskError::Internal(error.to_string()))?;
    let note = Checkpoint {
        origin,
        size: certificate.keys.len() as u64,
        root: sum(&text)?,
        at: certificate.at.micros(),
    };
    Ok(Entry {
        note: note.sign(work.app.keyring.audit_key()).to_string(),
        certificate: text,
        scope,
    })
}

fn sum(text: &str) -> Result<[u8; 32], DeskError> {
    digest(&SHA256, text.as_bytes())
        .as_ref()
        .try_into()
        .map_err(|_| DeskError::Internal("a sum of another length".to_owned()))
}

/// Destroys what is in `scope`. Skeletons of requests stand for a contact of their own without a name or an address.
pub(super) async fn run(work: &mut Work<'_>, scope: &Scope) -> Result<(), DeskError> {
    let sealing = Sealing::fresh(&work.app);
    sealing.store(work).await?;
    let contact: ContactId = patients::nobody(work, &sealing).await?;
    plan::destroy(work, scope, (contact, &sealing)).await
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
