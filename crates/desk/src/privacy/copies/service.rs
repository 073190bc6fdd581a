//! Having a copy made, handing it out, and destroying it when its time is over.

use super::gather::{Conversation, gather};
use super::zip::{Archive, plain_name};
use super::{Copy, KEEP, Made, fhir, page, store};
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission, Source};
use crate::downloads::{Told, hand_out};
use crate::error::DeskError;
use crate::events::kind;
use crate::ids::{OrganisationId, PrivacyCopyId, PrivacyRequestId};
use crate::jobs::{Done, Handler};
use crate::privacy::requests::{self, Kind, State};
use crate::records::{self, About, Group, Purpose, Sealing, blobs, restricted};
use crate::timeline::files::Scan;
use crate::work::Job;
use axum::response::Response;
use bedside_db::Timestamp;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Name of the file that is handed out: nothing in it says whose it is.
const NAME: &str = "copy.zip";

/// Makes one copy.
#[derive(Serialize, Deserialize)]
struct MakeCopy {
    copy: PrivacyCopyId,
}

impl Job for MakeCopy {
    const KIND: &'static str = "privacy.copy";
}

/// What the job runner does for copies.
pub fn handlers() -> Vec<Handler> {
    vec![Handler {
        kind: MakeCopy::KIND,
        run: |app, organisation, payload| {
            async move {
                let MakeCopy { copy } = serde_json::from_str(&payload)?;
                make(&app, organisation, copy).await?;
                Ok(Done::Finished)
            }
            .boxed()
        },
        given_up: |app, organisation, payload| {
            async move {
                let MakeCopy { copy } = serde_json::from_str(&payload)?;
                fail(&app, organisation, copy).await
            }
            .boxed()
        },
    }]
}

/// Has a copy made for a request that was granted, wholly or in part. `version` is the one of the request that the
/// caller saw.
///
/// # Errors
/// [`DeskError::Conflict`] for a request that asks for something else, or was not granted.
pub async fn begin(
    app: &App,
    ctx: &Ctx,
    request: PrivacyRequestId,
    version: i64,
) -> Result<PrivacyCopyId, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let by = ctx.actor.staff().ok_or(DeskError::Forbidden)?;
    let id: PrivacyCopyId = app.id();
    app.command(ctx, move |work| {
        async move {
            let organisation = work.ctx.organisation;
            let mut asked = requests::held(work, request, version).await?;
            requests::ask_again(work, &mut asked).await?;
            let granted = asked.decided.as_ref().filter(|one| one.decision.gives());
            let (Kind::Access | Kind::Copy, State::Decided, Some(decided)) =
                (asked.kind, asked.state, granted)
            else {
                return Err(DeskError::Conflict {
                    code: "not_granted",
                    text: "A copy is made when one was asked for and granted.",
                });
            };
            if asked.needs_second() && asked.approved.is_none() {
                return Err(DeskError::Conflict {
                    code: "second_person",
                    text: "Whoever asked may not have the record any more. Close this request, and open a new one.",
                });
            }
            let copy = Copy {
                id,
                request,
                patient: asked.patient,
                made: Made::Making,
                with_notes: decided.with_notes,
                asked_by: by,
                asked_at: work.now,
                expires_at: work.now.plus_seconds(KEEP),
            };
            store::insert(work, organisation, &copy).await?;
            let now = work.now;
            work.enqueue(&MakeCopy { copy: id }, Some(&id.to_string()), now)
                .await?;
            work.audit(
                NewEntry::new("privacy.copy", "patient", asked.patient)
                    .purpose("access")
                    .detail(&json!({ "request": request, "copy": id })),
            );
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// Where in the archive a file lies. The end of its id keeps two of the same name apart.
fn place(one: &Conversation, file: Uuid, name: &str) -> String {
    let id = file.simple().to_string();
    format!("files/{}/{}-{}", one.number, &id[24..], plain_name(name))
}

/// Puts the archive together.
async fn archive(app: &App, ctx: &Ctx, copy: &Copy) -> Result<Vec<u8>, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let whole = gather(app, ctx, copy.patient, copy.with_notes).await?;
    let locale = whole.patient.locale.as_deref();
    let locale = locale.and_then(|tag| tag.parse().ok());
    let zone = &clinic.time_zone;
    let page = page::page(&whole, locale.unwrap_or(clinic.locale), zone, &place)?;
    let bundle = serde_json::to_vec_pretty(&fhir::bundle(&whole, &place))?;
    let mut archive = Archive::default();
    archive.add("index.html", page.as_bytes())?;
    archive.add("fhir.json", &bundle)?;
    for one in &whole.conversations {
        for file in one.messages.iter().flat_map(|said| &said.attachments) {
            if file.scan == Scan::Infected {
                continue;
            }
            // Whatever keeps the file goes by: the copy is made then.
            if let Err(error) = file.may_be_opened(&app.config) {
                return Err(DeskError::Unavailable(error.to_string()));
            }
            let bytes = blobs::read(app, ctx.organisation, file.blob).await?;
            archive.add(&place(one, file.id.uuid(), &file.name), &bytes)?;
        }
    }
    archive.finish()
}

/// Makes it, unless it is made.
async fn make(app: &App, organisation: OrganisationId, id: PrivacyCopyId) -> Result<(), DeskError> {
    let ctx = Ctx::system(organisation, "privacy", Source::Job);
    let copy = store::one(&mut app.read().await?, organisation, id).await?;
    let Some(copy) = copy.filter(|copy| copy.made == Made::Making) else {
        return Ok(());
    };
    let bytes = match archive(app, &ctx, &copy).await {
        Err(DeskError::TooLarge { .. } | DeskError::NotFound | DeskError::Gone) => {
            return fail(app, organisation, id).await;
        }
        made => made?,
    };
    let sealing = Sealing::fresh(app);
    let blob = blobs::write(app, organisation, &sealing, &bytes).await?;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    app.command(&ctx, move |work| {
        async move {
            sealing.store(work).await?;
            blobs::take(work, blob).await?;
            if !store::ready(work, organisation, id, (sealing.id, blob, size)).await? {
                return Err(DeskError::Conflict {
                    code: "made",
                    text: "This copy is made already.",
                });
            }
            work.audit(
                NewEntry::new("privacy.copied", "patient", copy.patient)
                    .purpose("access")
                    .detail(&json!({ "request": copy.request, "copy": id })),
            );
            let data = json!({ "request": copy.request, "state": "copied" });
            work.event(kind::PRIVACY, None, None, &data);
            requests::tell_of(work, copy.request).await
        }
        .boxed()
    })
    .await
}

/// Says that it can't be made.
async fn fail(app: &App, organisation: OrganisationId, id: PrivacyCopyId) -> Result<(), DeskError> {
    let ctx = Ctx::system(organisation, "privacy", Source::Job);
    app.command(&ctx, move |work| {
        async move {
            store::failed(work, organisation, id).await?;
            let entry = NewEntry::new("privacy.copied", "privacy_copy", id);
            work.audit(entry.outcome(crate::audit_log::Outcome::Failed));
            Ok(())
        }
        .boxed()
    })
    .await
}

/// The newest copies of a request.
pub async fn of_request(
    app: &App,
    ctx: &Ctx,
    request: PrivacyRequestId,
) -> Result<Vec<Copy>, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    store::of_request(&mut app.read().await?, ctx.organisation, request).await
}

/// Hands a copy out to whoever may see this patient's record. The log says that it left the desk.
///
/// # Errors
/// [`DeskError::NotFound`] for a copy of another request, one that is not made, and one whose time is over;
/// [`DeskError::Restricted`] where the patient's labels keep the record from the actor.
pub async fn download(
    app: &App,
    ctx: &Ctx,
    request: PrivacyRequestId,
    id: PrivacyCopyId,
) -> Result<Response, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let mut conn = app.read().await?;
    let copy = store::one(&mut conn, ctx.organisation, id).await?;
    let copy = copy.filter(|one| one.request == request && one.expires_at > app.now());
    let (about, entry) = match &copy {
        Some(copy) => {
            let about = restricted::about_patient(&mut conn, ctx.organisation, copy.patient);
            let detail = json!({ "request": request, "copy": id });
            let entry = NewEntry::new("privacy.download", "patient", copy.patient);
            (about.await?, entry.detail(&detail))
        }
        None => (None, NewEntry::new("privacy.download", "privacy_copy", id)),
    };
    drop(conn);
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Access);
    let about = about.unwrap_or(About::NOBODY);
    records::open_about(app, ctx, may, purpose, about, entry).await?;
    let Some(Made::Ready { blob, size, .. }) = copy.map(|one| one.made) else {
        return Err(DeskError::NotFound);
    };
    let told = Told {
        name: NAME,
        media_type: "application/zip",
        size,
    };
    hand_out(app, ctx.organisation, blob, &told).await
}

/// Copies that are ready and answer a request about whoever is signed in to the patients' own pages, or for whom they act.
pub async fn own(app: &App, ctx: &Ctx, request: PrivacyRequestId) -> Result<Vec<Copy>, DeskError> {
    let patient = ctx.authorize_own(Group::Records)?;
    let mut conn = app.read().await?;
    let mut copies = store::of_request(&mut conn, ctx.organisation, request).await?;
    copies.retain(|one| one.patient == patient && is_ready(one, app.now()));
    Ok(copies)
}

fn is_ready(copy: &Copy, now: Timestamp) -> bool {
    matches!(copy.made, Made::Ready { .. }) && copy.expires_at > now
}

/// Hands a copy out to the patient themselves, or to who acts for them. That they may have it was decided by the staff, who
/// know who asks or had a second person's yes. The log says that it left the desk.
///
/// # Errors
/// [`DeskError::NotFound`] for a copy of somebody else, one that is not made, and one whose time is over.
pub async fn download_own(app: &App, ctx: &Ctx, id: PrivacyCopyId) -> Result<Response, DeskError> {
    let (_, patient) = records::open_mine(app, ctx, Group::Records, "privacy.download").await?;
    let copy = store::one(&mut app.read().await?, ctx.organisation, id).await?;
    let copy = copy.filter(|one| one.patient == patient && is_ready(one, app.now()));
    let Some(Made::Ready { blob, size, .. }) = copy.map(|one| one.made) else {
        return Err(DeskError::NotFound);
    };
    let told = Told {
        name: NAME,
        media_type: "application/zip",
        size,
    };
    hand_out(app, ctx.organisation, blob, &told).await
}

/// Destroys copies whose time is over, with their keys. One that can't be destroyed now keeps no other; it is tried again
/// the next time, and the last reason is handed back.
pub async fn forget(app: &App) -> Result<(), DeskError> {
    let expired = store::expired(&mut app.read().await?, app.now()).await?;
    let mut done = Ok(());
    for one in expired {
        let ctx = Ctx::system(one.organisation, "privacy", Source::Job);
        let key = one.key;
        let destroyed = app
            .command(&ctx, move |work| {
                async move {
                    if let Some(key) = one.key {
                        records::forget_key(work, one.organisation, key).await?;
                    }
                    if let Some(blob) = one.blob {
                        blobs::remove(work, one.organisation, blob).await?;
                    }
                    store::delete(work, one.organisation, one.id).await?;
                    work.audit(NewEntry::new("privacy.expire", "privacy_copy", one.id));
                    Ok(())
                }
                .boxed()
            })
            .await;
        match (destroyed, key) {
            (Ok(()), Some(key)) => app.keyring.forget(key),
            (Ok(()), None) => {}
            (Err(error), _) => done = Err(error),
        }
    }
    done
}
