//! Confidential communications (45 CFR 164.522(b)): whoever decides such a request chooses the one way in which the patient is
//! reached from then on. It ends by another request, or by somebody of the staff with a reason. Why the patient asks is asked
//! by nobody.
//!
//! Invariant: what stands is kept with the patient (`patients::Chosen`), with the request by which it was granted; of a
//! request whose choice ended, when and by whom is kept here.

mod store;

use super::RequestView;
use super::decide::{held, person, sealing};
use super::model::{Decision, Kind, Request};
use super::service::{told, words_of};
use super::store as requests;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::identity;
use crate::ids::{OrganisationId, PatientId, PrivacyRequestId, StaffId};
use crate::links;
use crate::patients::{self, Chosen, OnlyBy, ReachedBy};
use crate::privacy::erasure;
use crate::records::{self, Purpose, restricted};
use crate::representatives;
use crate::work::Work;
use bedside_db::Timestamp;
use data_encoding::HEXLOWER;
use futures_util::FutureExt;
use serde_json::json;

pub use store::ALL as STATEMENTS;

/// Longest postal address, in characters.
pub const MAX_POST: usize = 500;
/// What is chosen for letters to one place.
pub const BY_POST: &str = "post";
/// What is chosen to end what was chosen before.
pub const AS_BEFORE: &str = "any";

/// A way as it is typed.
#[derive(Clone, Debug, Default)]
pub struct NewWay {
    /// The code of an address on file ([`Place`]), [`BY_POST`], or [`AS_BEFORE`].
    pub choice: String,
    /// The postal address, at most [`MAX_POST`] characters.
    pub post: String,
}

/// An address on file that can be chosen.
pub struct Place {
    /// What stands for it in the form of this request, and in no other.
    pub code: String,
    /// `email` or `phone`.
    pub kind: String,
    /// As much of it as the reader may see.
    pub shown: String,
}

/// How what a request chose ended.
pub struct Ended {
    /// Who ended it.
    pub by: StaffId,
    /// When.
    pub at: Timestamp,
    /// Why; none where another request took its place.
    pub why: Option<String>,
}

/// What the page of such a request shows.
pub struct Ways {
    /// How the patient is reached now, and no other way.
    pub only_by: Option<OnlyBy>,
    /// Whether this request chose it.
    pub is_ours: bool,
    /// How what this request chose ended.
    pub ended: Option<Ended>,
    /// The addresses on file.
    pub places: Vec<Place>,
}

/// What stands for an address in a form: of use for this request alone, and without the key no way back to it.
fn code_of(
    app: &App,
    organisation: OrganisationId,
    request: PrivacyRequestId,
    blind: &[u8],
) -> Result<String, DeskError> {
    let vault = app.keyring.of(organisation)?;
    let mark = vault.identity.sign(&[b"way", &request.bytes(), blind]);
    Ok(HEXLOWER.encode(&mark[..16]))
}

/// What can be chosen in a request, and what stands; none for another kind of request, and once nothing is left of whoever
/// asked.
pub async fn ways_of(app: &App, ctx: &Ctx, view: &RequestView) -> Result<Option<Ways>, DeskError> {
    let request = &view.request;
    if request.kind != Kind::Communications || view.name.is_none() {
        return Ok(None);
    }
    let (organisation, patient) = (ctx.organisation, request.patient);
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, organisation, patient).await?;
    let entry = NewEntry::new("privacy.read", "patient", patient);
    let entry = entry.detail(&json!({ "request": request.id, "addresses": true }));
    let about = about.unwrap_or_default();
    let leave = records::open_about(app, ctx, may, purpose, about, entry).await?;
    let chosen = patients::chosen_way(&mut conn, organisation, patient).await?;
    let seen = patients::patient_in(app, &leave, &mut conn, organisation, patient).await?;
    let mut places = Vec::new();
    for point in patients::on_file(app, &mut conn, organisation, patient).await? {
        if let Some((shown, _)) = identity::address_under(&leave, &point.value) {
            places.push(Place {
                code: code_of(app, organisation, request.id, &point.blind)?,
                kind: point.kind,
                shown,
            });
        }
    }
    let ended = match store::ended(&mut conn, organisation, request.id).await? {
        Some(row) => {
            let why = match &row.why {
                Some(why) => {
                    let key = leave.sealing(&mut conn, request.key).await?;
                    Some(key.open_text("privacy_requests", "way_why", request.id, why)?)
                }
                None => None,
            };
            Some(Ended {
                by: row.by,
                at: row.at,
                why,
            })
        }
        None => None,
    };
    Ok(Some(Ways {
        only_by: seen.only_by,
        is_ours: chosen.is_some_and(|one| one.request == request.id),
        ended,
        places,
    }))
}

fn missing() -> DeskError {
    DeskError::invalid(
        "way",
        "required",
        "Choose how this patient is to be reached.",
    )
}

/// The postal address as it is kept.
fn post_of(text: &str) -> Result<&str, DeskError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DeskError::invalid(
            "post",
            "required",
            "Write the postal address.",
        ));
    }
    if text.chars().count() > MAX_POST {
        return Err(DeskError::invalid(
            "post",
            "too_long",
            "A postal address has at most 500 characters.",
        ));
    }
    Ok(text)
}

/// The address on file behind a code.
async fn on_file(
    work: &mut Work<'_>,
    (request, patient): (PrivacyRequestId, PatientId),
    code: &str,
) -> Result<(ReachedBy, Vec<u8>), DeskError> {
    let (app, organisation) = (work.app.clone(), work.ctx.organisation);
    for point in patients::on_file(&app, work, organisation, patient).await? {
        if code_of(&app, organisation, request, &point.blind)? == code {
            let by = ReachedBy::from_code(&point.kind).ok_or_else(missing)?;
            return Ok((by, point.blind));
        }
    }
    Err(missing())
}

/// Keeps the way that a decision chooses, in its command. Another kind of request, and what is refused, chooses none.
pub(super) async fn settle(
    work: &mut Work<'_>,
    request: &Request,
    (decision, by): (Decision, StaffId),
    way: Option<&NewWay>,
) -> Result<(), DeskError> {
    if request.kind != Kind::Communications || !decision.gives() {
        return Ok(());
    }
    let (organisation, patient) = (work.ctx.organisation, request.patient);
    let way = way.filter(|way| !way.choice.is_empty());
    let way = way.ok_or_else(missing)?;
    let before = patients::chosen_way(work, organisation, patient).await?;
    let mut chosen = Chosen {
        by: ReachedBy::Post,
        blind: None,
        post: None,
        request: request.id,
        key: request.key,
    };
    let chosen = match way.choice.as_str() {
        AS_BEFORE => None,
        BY_POST => {
            let post = post_of(&way.post)?;
            let app = work.app.clone();
            let key = patients::sealing_of(&app, work, organisation, patient).await?;
            chosen.post = Some(key.text("patients", "way_post", patient, post));
            Some(chosen)
        }
        code => {
            let (by, blind) = on_file(work, (request.id, patient), code).await?;
            (chosen.by, chosen.blind) = (by, Some(blind));
            Some(chosen)
        }
    };
    patients::choose_way(work, patient, chosen.as_ref()).await?;
    if chosen.is_some() {
        // A link lies in a mail, and nobody knows in which of their mailboxes; a fresh one goes to the chosen address.
        for contact in patients::contacts_of(work, organisation, patient).await? {
            let whose = (contact, patient);
            if representatives::is_themself(work, organisation, whose).await? {
                links::revoke_contact(work, contact).await?;
            }
        }
    }
    if let Some(before) = before {
        let now = work.now;
        store::end(work, organisation, before.request, (by, now), None).await?;
    }
    let only = chosen.as_ref().map(|one| one.by.code());
    let detail = json!({ "request": request.id, "only_by": only });
    work.audit(NewEntry::new("privacy.way", "patient", patient).detail(&detail));
    Ok(())
}

/// Ends what a request chose, for a reason: from then on the patient is reached in any way again.
///
/// # Errors
/// [`DeskError::Conflict`] with `no_way` where what it chose does not stand; [`DeskError::Invalid`] for a reason that is missing
/// or too long.
pub async fn end_way(
    app: &App,
    ctx: &Ctx,
    (id, version): (PrivacyRequestId, i64),
    why: &str,
) -> Result<(), DeskError> {
    let by = person(ctx)?;
    let why = words_of("why", why)?
        .ok_or_else(|| DeskError::invalid("why", "required", "Say why it ends."))?;
    let known = requests::one(&mut app.read().await?, ctx.organisation, id).await?;
    let patient = known.map(|one| one.patient);
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            // The patient first, as a decision does: in another order two commands would wait for each other.
            if let Some(patient) = patient {
                erasure::hold_patient(work, patient).await?;
            }
            let request = held(work, id, version).await?;
            let patient = request.patient;
            let stands = patients::chosen_way(work, organisation, patient).await?;
            if stands.is_none_or(|one| one.request != id) {
                return Err(DeskError::Conflict {
                    code: "no_way",
                    text: "What this request chose does not stand any more.",
                });
            }
            let key = sealing(work, &request).await?;
            let why = key.text("privacy_requests", "way_why", id, &why);
            patients::choose_way(work, patient, None).await?;
            store::end(work, organisation, id, (by, now), Some(&why)).await?;
            let detail = json!({ "request": id });
            work.audit(NewEntry::new("privacy.way_end", "patient", patient).detail(&detail));
            told(work, &request);
            Ok(())
        }
        .boxed()
    })
    .await
}
