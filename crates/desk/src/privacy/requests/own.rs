//! What somebody who is signed in to the patients' own pages asks, reads and takes back, for themself or for whom they act.

use super::law;
use super::model::{Asker, Kind, Request, State};
use super::service::{RequestView, end_of, keep, law_of, today, told, view, words_of};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Patient};
use crate::error::DeskError;
use crate::ids::PrivacyRequestId;
use crate::patients;
use crate::records::{self, Group, Purpose};
use crate::representatives::Side;
use crate::work::Work;
use bedside_db::Timestamp;
use futures_util::FutureExt;
use serde_json::json;

/// Requests of one patient that a page of their own shows.
const SHOWN: usize = 20;
const DAY: i64 = 24 * 3600;
/// Requests that somebody opens on the patients' own pages within a day, at most: one of each kind, and two more.
pub const OWN_A_DAY: usize = 10;

/// Opens a request of whoever is signed in to the patients' own pages, for themselves or for whom they act. The clock runs from
/// today, and what they showed by being in stands with it: less than the law's copies and erasure ask for, so that somebody
/// of the staff says yes to those. `another` says that they know of an open request of the same kind, and mean another one.
///
/// # Errors
/// [`DeskError::Invalid`] for words that are too long; [`DeskError::Conflict`] with [`ASKED_ALREADY`], or as
/// [`Ctx::authorize_own`]; [`DeskError::RateLimited`] for more than [`OWN_A_DAY`].
pub async fn open_own(
    app: &App,
    ctx: &Ctx,
    kind: Kind,
    (words, another): (&str, bool),
) -> Result<PrivacyRequestId, DeskError> {
    let (_, patient) = records::open_mine(app, ctx, Group::Records, "privacy.own").await?;
    let (organisation, now, me) = (ctx.organisation, app.now(), ctx.signed_in()?);
    let clinic = app.directory.of(organisation)?;
    let (law, received_on) = (law_of(&clinic), today(&clinic, now));
    let said = words_of("words", words)?;
    let due_at = end_of(&clinic, law::clock(law, kind)?.due(received_on)?)?;
    let mut conn = app.read().await?;
    let sealing = patients::sealing_of(app, &mut conn, organisation, patient).await?;
    drop(conn);
    let id: PrivacyRequestId = app.id();
    let side = if me.acting.is_some() {
        Side::Acts
    } else {
        Side::Themself
    };
    let request = Request {
        id,
        patient,
        key: sealing.id,
        kind,
        law,
        level: me.level.code().to_owned(),
        shown_by: None,
        ticket: None,
        state: State::Open,
        received_on,
        due_at,
        words: said.map(|words| sealing.text("privacy_requests", "words", id, &words)),
        opened_by: None,
        asked: Some(Asker {
            contact: me.contact,
            side,
        }),
        opened_at: now,
        extension: None,
        approved: None,
        decided: None,
        closed: None,
        taken_back: None,
        version: 1,
    };
    let asked = if another {
        Asked::Another
    } else {
        Asked::First
    };
    keep(app, ctx, request, asked).await
}

/// Code of what stands in the way of somebody who asks for what they asked for before, and is not answered yet.
pub const ASKED_ALREADY: &str = "asked_already";

/// Who asks, and what of that is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The staff, for somebody.
    ByStaff,
    /// Somebody themselves, who knows of no open request of that kind.
    First,
    /// Somebody themselves, who means another one than that which is open.
    Another,
}

/// Whether somebody may open one more themselves; their record is held.
pub(super) async fn may_ask(
    work: &mut Work<'_>,
    new: &Request,
    asked: Asked,
) -> Result<(), DeskError> {
    let (organisation, now) = (work.ctx.organisation, work.now);
    let open = store::open_of_kind(work, organisation, new.patient, new.kind).await?;
    if asked == Asked::First && open.is_some() {
        return Err(DeskError::Conflict {
            code: ASKED_ALREADY,
            text: "You asked for this already, and it is not answered yet.",
        });
    }
    let day_ago = now.plus_seconds(-DAY);
    let lately = store::count_own(work, organisation, new.patient, day_ago).await?;
    if usize::try_from(lately).unwrap_or(usize::MAX) >= OWN_A_DAY {
        return Err(DeskError::RateLimited {
            retry_after: u32::try_from(DAY).unwrap_or(u32::MAX),
        });
    }
    Ok(())
}

/// When what is not answered yet of this kind was asked for whoever is signed in, or for whom they act; of several, the newest.
pub async fn asked_on(app: &App, ctx: &Ctx, kind: Kind) -> Result<Option<Timestamp>, DeskError> {
    let patient = ctx.authorize_own(Group::Records)?;
    let mut conn = app.read().await?;
    store::open_of_kind(&mut conn, ctx.organisation, patient, kind).await
}

/// Whether the words of a request are kept from whoever acts for the patient: how they want to be reached, and by what address,
/// is theirs alone, and may be asked because of the very person who acts for them.
fn is_kept_from(me: &Patient, request: &Request) -> bool {
    let own = request
        .asked
        .is_some_and(|asker| asker.contact == me.contact);
    me.acting.is_some() && request.kind == Kind::Communications && !own
}

/// The requests about whoever is signed in to the patients' own pages, or for whom they act, with their words, newest first;
/// and where the next page begins, if there are more.
pub async fn own(
    app: &App,
    ctx: &Ctx,
    before: Option<PrivacyRequestId>,
) -> Result<(Vec<RequestView>, Option<PrivacyRequestId>), DeskError> {
    let (leave, patient) = records::open_mine(app, ctx, Group::Records, "privacy.own").await?;
    let me = ctx.signed_in()?;
    let mut conn = app.read().await?;
    let before = before.unwrap_or(PrivacyRequestId::from_bytes([0xff; 16]));
    let (organisation, most) = (ctx.organisation, i64::try_from(SHOWN + 1));
    let most = most.unwrap_or(i64::MAX);
    let mut found =
        store::of_patient_before(&mut conn, organisation, patient, before, most).await?;
    let more = found.len() > SHOWN;
    found.truncate(SHOWN);
    let next = found.last().filter(|_| more).map(|last| last.id);
    let mut views = Vec::new();
    for request in found {
        let mut one = view(&leave, &mut conn, ctx, request).await?;
        if is_kept_from(&me, &one.request) {
            (one.words, one.note, one.extension) = (None, None, None);
        }
        views.push(one);
    }
    Ok((views, next))
}

/// Takes back what whoever is signed in asked themself, before anybody decided it.
///
/// # Errors
/// [`DeskError::NotFound`] for what is about somebody else or was asked by somebody else, [`DeskError::Conflict`] for what is
/// decided, or as [`Ctx::authorize_own`].
pub async fn take_back(app: &App, ctx: &Ctx, id: PrivacyRequestId) -> Result<(), DeskError> {
    let patient = ctx.authorize_own(Group::Records)?;
    let me = ctx.signed_in()?.contact;
    app.command(ctx, move |work| {
        async move {
            let (organisation, now) = (work.ctx.organisation, work.now);
            let found = store::held(work, organisation, id).await?;
            let found = found.filter(|one| one.patient == patient);
            let mut request = found.ok_or(DeskError::NotFound)?;
            request.may_take_back(me)?;
            if !store::take_back(work, organisation, id, now).await? {
                return Err(DeskError::NotFound);
            }
            request.state = State::Closed;
            request.taken_back = Some(now);
            let detail = json!({ "request": id, "kind": request.kind.code() });
            let entry = NewEntry::new("privacy.take_back", "patient", patient);
            work.audit(entry.purpose(Purpose::Access.code()).detail(&detail));
            told(work, &request);
            Ok(())
        }
        .boxed()
    })
    .await
}
