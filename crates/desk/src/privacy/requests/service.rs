//! Opening a request, and looking at them.

use super::blocking;
use super::law::{self, Clock};
use super::model::{Kind, Law, MAX_AGE_DAYS, MAX_WORDS, Request, State};
use super::own::{Asked, may_ask};
use super::standing::{self, Lasting};
use super::store;
use crate::app::App;
use crate::audit_log::NewEntry;
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::events::kind;
use crate::identity::{self, Level};
use crate::ids::{ContactId, OrganisationId, PatientId, PrivacyRequestId};
use crate::orgs::Clinic;
use crate::patients;
use crate::privacy::clocks::{self, Running, Timer, Waiting};
use crate::privacy::erasure;
use crate::records::{self, Group, Opened, Purpose, restricted};
use crate::tickets;
use crate::work::Work;
use bedside_db::{Conn, Timestamp};
use futures_util::FutureExt;
use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

/// A request to be opened.
pub struct NewRequest {
    /// Whose data.
    pub patient: PatientId,
    /// What is asked for.
    pub kind: Kind,
    /// The day on which it was received, at most [`MAX_AGE_DAYS`] ago and not to come.
    pub received_on: Date,
    /// The number of the ticket that it came with.
    pub ticket: Option<String>,
    /// What is asked for in words, at most [`MAX_WORDS`] characters; may be empty.
    pub words: String,
}

/// A request, for whoever decides.
pub struct RequestView {
    /// It.
    pub request: Request,
    /// The patient's name; none of somebody who was erased.
    pub name: Option<String>,
    /// Whether the patient's labels keep their name from the reader of a list.
    pub kept: bool,
    /// What is asked for in words; lists hold none.
    pub words: Option<String>,
    /// Why it was extended.
    pub extension: Option<String>,
    /// The words of the decision.
    pub note: Option<String>,
    /// Who asked on the patients' own pages, by name, or else by as much of an address as the reader may see; of one request
    /// alone, for whoever decides.
    pub asker: Option<String>,
    /// Its clock.
    pub clock: &'static Clock,
    /// What stays of it; lists hold nothing.
    pub lasting: Lasting<String>,
}

/// Which requests a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are not closed, whose time is over first.
    Open,
    /// Those that are, newest first.
    Closed,
}

/// Where the next page of a list begins.
pub type Place = (Timestamp, PrivacyRequestId);

/// The law that a clinic says it is under.
pub(super) fn law_of(clinic: &Clinic) -> Law {
    Law::from_code(&clinic.settings.privacy_law).unwrap_or(Law::Hipaa)
}

/// Today at the clinic.
pub(super) fn today(clinic: &Clinic, now: Timestamp) -> Date {
    clinic.time_zone.to_datetime(now.to_jiff()).date()
}

/// The last moment of a day at the clinic.
pub(super) fn end_of(clinic: &Clinic, day: Date) -> Result<Timestamp, DeskError> {
    let last = day.at(23, 59, 59, 999_999_000);
    let last = last.to_zoned(clinic.time_zone.clone());
    let last = last.map_err(|error| DeskError::Internal(error.to_string()))?;
    Ok(last.timestamp().into())
}

/// Words as they are kept: none when there are none.
pub(super) fn words_of(field: &'static str, text: &str) -> Result<Option<String>, DeskError> {
    let text = text.trim();
    if text.chars().count() > MAX_WORDS {
        return Err(DeskError::invalid(
            field,
            "too_long",
            "Please use at most 2,000 characters.",
        ));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Says what became of a request.
pub(super) fn told(work: &mut Work<'_>, request: &Request) {
    let data = json!({ "request": request.id, "state": request.state.code() });
    work.event(kind::PRIVACY, None, None, &data);
}

/// What the ticket's asker has shown about this patient, and they themself where that is enough to have the record, with
/// the ticket's number.
async fn shown_in(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    ticket: &str,
) -> Result<(Level, Option<ContactId>, i64), DeskError> {
    let absent =
        || DeskError::invalid("ticket", "unknown", "There is no request with this number.");
    let id = match tickets::resolve(app, ctx, ticket.trim()).await {
        Err(DeskError::NotFound) => return Err(absent()),
        found => found?,
    };
    if !tickets::may_see(app, ctx, id).await? {
        return Err(absent());
    }
    let ticket = match tickets::row_for(app, ctx.organisation, id).await {
        Err(DeskError::NotFound) => return Err(absent()),
        found => found?,
    };
    let standing = identity::asking(app, ctx, &ticket).await?;
    if standing.patient != Some(patient) {
        return Ok((Level::L0, None, ticket.number));
    }
    let raised = identity::raised_for_record(app, ctx, &ticket).await?;
    let shown = identity::shown_with(app, ctx, &ticket, &standing, raised).await?;
    let may = shown.missing(Group::Records).is_none();
    Ok((standing.level, may.then_some(ticket.contact), ticket.number))
}

/// By which permission somebody enters what was asked by law: whoever decides it may, as for a letter that was sent to them,
/// and whoever writes patients' records.
pub(super) fn may_enter(ctx: &Ctx) -> Result<Permission, DeskError> {
    let decides = Permission::PrivacyManage;
    let may = if ctx.permissions().has(decides) {
        decides
    } else {
        Permission::PatientsWrite
    };
    ctx.authorize(may)?;
    Ok(may)
}

/// The name of the patient for whom somebody enters what was asked by law.
///
/// # Errors
/// [`DeskError::NotFound`] when there is no such patient, [`DeskError::Restricted`] where a label keeps them from the caller.
pub async fn name_for(app: &App, ctx: &Ctx, patient: PatientId) -> Result<String, DeskError> {
    let may = may_enter(ctx)?;
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, ctx.organisation, patient).await?;
    let (about, entry) = (
        about.unwrap_or_default(),
        NewEntry::new("privacy.enter", "patient", patient),
    );
    let leave = records::open_about(app, ctx, may, Purpose::Operations, about, entry).await?;
    patients::name_in(&leave, &mut conn, ctx.organisation, patient).await
}

/// Opens a request. The clock runs from the day on which it was received.
///
/// # Errors
/// [`DeskError::Invalid`] for a day that can't be, words that are too long, or a ticket that is not there.
pub async fn open_request(
    app: &App,
    ctx: &Ctx,
    new: NewRequest,
) -> Result<PrivacyRequestId, DeskError> {
    may_enter(ctx)?;
    let (organisation, now) = (ctx.organisation, app.now());
    let clinic = app.directory.of(organisation)?;
    let today = today(&clinic, now);
    let oldest = today.saturating_sub(MAX_AGE_DAYS.days());
    if new.received_on > today || new.received_on < oldest {
        return Err(DeskError::invalid(
            "received_on",
            "out_of_range",
            "This day is in the future, or more than a year ago.",
        ));
    }
    let words = words_of("words", &new.words)?;
    let law = law_of(&clinic);
    let due_at = end_of(&clinic, law::clock(law, new.kind)?.due(new.received_on)?)?;
    let sealing = {
        let mut conn = app.read().await?;
        let about = restricted::about_patient(&mut conn, organisation, new.patient).await?;
        let admitted = records::admit(&mut conn, ctx, about.unwrap_or_default(), now).await;
        restricted::noted(app, ctx, admitted).await?;
        patients::sealing_of(app, &mut conn, organisation, new.patient).await?
    };
    let (level, shown_by, ticket) = match new.ticket.as_deref().map(str::trim) {
        None | Some("") => (Level::L0, None, None),
        Some(number) => {
            let (level, by, number) = shown_in(app, ctx, new.patient, number).await?;
            (level, by, Some(number))
        }
    };
    let id: PrivacyRequestId = app.id();
    let request = Request {
        id,
        patient: new.patient,
        key: sealing.id,
        kind: new.kind,
        law,
        level: level.code().to_owned(),
        shown_by,
        ticket,
        state: State::Open,
        received_on: new.received_on,
        due_at,
        words: words.map(|words| sealing.text("privacy_requests", "words", id, &words)),
        opened_by: ctx.actor.staff(),
        asked: None,
        opened_at: now,
        extension: None,
        approved: None,
        decided: None,
        closed: None,
        taken_back: None,
        version: 1,
    };
    keep(app, ctx, request, Asked::ByStaff).await
}

/// Keeps a new request.
pub(super) async fn keep(
    app: &App,
    ctx: &Ctx,
    request: Request,
    asked: Asked,
) -> Result<PrivacyRequestId, DeskError> {
    let (organisation, id) = (ctx.organisation, request.id);
    app.command(ctx, move |work| {
        async move {
            erasure::hold_patient(work, request.patient).await?;
            if asked != Asked::ByStaff {
                may_ask(work, &request, asked).await?;
            }
            store::insert(work, organisation, &request).await?;
            work.audit(
                NewEntry::new("privacy.open", "patient", request.patient).detail(&json!({
                    "request": id, "kind": request.kind.code(), "level": request.level, "ticket": request.ticket,
                })),
            );
            told(work, &request);
            Ok(id)
        }
        .boxed()
    })
    .await
}

/// The patient's name under leave; none of somebody who was erased.
async fn name_of(
    leave: &Opened,
    conn: &mut Conn,
    ctx: &Ctx,
    patient: PatientId,
) -> Result<Option<String>, DeskError> {
    match patients::name_in(leave, conn, ctx.organisation, patient).await {
        Ok(name) => Ok(Some(name)),
        Err(DeskError::NotFound | DeskError::Gone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A request's words under leave. What was sealed for somebody who was erased is nothing.
pub(super) async fn view(
    leave: &Opened,
    conn: &mut Conn,
    ctx: &Ctx,
    request: Request,
) -> Result<RequestView, DeskError> {
    let clock = law::clock(request.law, request.kind)?;
    let sealing = match leave.sealing(conn, request.key).await {
        Ok(sealing) => Some(sealing),
        Err(DeskError::Gone) => None,
        Err(error) => return Err(error),
    };
    let open = |column, sealed: Option<&Vec<u8>>| match (&sealing, sealed) {
        (Some(key), Some(sealed)) if !sealed.is_empty() => key
            .open_text("privacy_requests", column, request.id, sealed)
            .map(Some),
        _ => Ok(None),
    };
    let words = open("words", request.words.as_ref())?;
    let extension = open(
        "extension",
        request.extension.as_ref().map(|one| &one.words),
    )?;
    let decided = request.decided.as_ref();
    let note = open("note", decided.and_then(|one| one.note.as_ref()))?;
    let name = name_of(leave, conn, ctx, request.patient).await?;
    let (organisation, key) = (ctx.organisation, sealing.as_ref());
    let lasting = standing::lasting(conn, organisation, request.id, key).await?;
    Ok(RequestView {
        request,
        name,
        kept: false,
        words,
        extension,
        note,
        asker: None,
        clock,
        lasting,
    })
}

/// A request as a list shows it: without words, and without the name where the patient's labels keep it from the reader.
async fn line(
    leave: &Opened,
    conn: &mut Conn,
    (ctx, now): (&Ctx, Timestamp),
    request: Request,
) -> Result<RequestView, DeskError> {
    let about = restricted::about_patient(conn, ctx.organisation, request.patient).await?;
    let (kept, name) = match records::admit(conn, ctx, about.unwrap_or_default(), now).await {
        Ok(()) => (false, name_of(leave, conn, ctx, request.patient).await?),
        Err(DeskError::Restricted { .. }) => (true, None),
        Err(error) => return Err(error),
    };
    Ok(RequestView {
        clock: law::clock(request.law, request.kind)?,
        request,
        name,
        kept,
        words: None,
        extension: None,
        note: None,
        asker: None,
        lasting: Lasting::default(),
    })
}

/// Requests in the order of their list, after `place`.
pub async fn list(
    app: &App,
    ctx: &Ctx,
    which: Which,
    place: Option<Place>,
    limit: i64,
) -> Result<Vec<RequestView>, DeskError> {
    let shown = match which {
        Which::Open => "open",
        Which::Closed => "closed",
    };
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    let leave = records::open(app, ctx, may, purpose, "privacy.list", "view", shown).await?;
    let mut conn = app.read().await?;
    let first = PrivacyRequestId::from_bytes([0; 16]);
    let last = PrivacyRequestId::from_bytes([0xff; 16]);
    let found = match which {
        Which::Open => {
            let after = place.unwrap_or((Timestamp::from_micros(i64::MIN), first));
            store::open_ones(&mut conn, ctx.organisation, after, limit).await?
        }
        Which::Closed => {
            let before = place.unwrap_or((Timestamp::from_micros(i64::MAX), last));
            store::closed_ones(&mut conn, ctx.organisation, before, limit).await?
        }
    };
    let mut views = Vec::new();
    for request in found {
        views.push(line(&leave, &mut conn, (ctx, app.now()), request).await?);
    }
    Ok(views)
}

/// One request.
pub async fn request(app: &App, ctx: &Ctx, id: PrivacyRequestId) -> Result<RequestView, DeskError> {
    let (may, purpose) = (Permission::PrivacyManage, Purpose::Operations);
    ctx.authorize(may)?;
    let (found, about) = {
        let mut conn = app.read().await?;
        let Some(found) = store::one(&mut conn, ctx.organisation, id).await? else {
            drop(conn);
            let kind = "privacy_request";
            records::open(app, ctx, may, purpose, "privacy.read", kind, id).await?;
            return Err(DeskError::NotFound);
        };
        let about = restricted::about_patient(&mut conn, ctx.organisation, found.patient).await?;
        (found, about.unwrap_or_default())
    };
    let entry = NewEntry::new("privacy.read", "patient", found.patient);
    let entry = entry.detail(&json!({ "request": id }));
    let leave = records::open_about(app, ctx, may, purpose, about, entry).await?;
    let mut conn = app.read().await?;
    let mut view = view(&leave, &mut conn, ctx, found).await?;
    if let Some(asker) = view.request.asked {
        let contacts = [asker.contact];
        let names = patients::names_or_addresses(app, &mut conn, ctx.organisation, &contacts).await;
        let theirs = names?.remove(&asker.contact);
        let shown = theirs.map(|name| name.under(&leave).words);
        view.asker = shown.filter(|shown| !shown.is_empty());
    }
    Ok(view)
}

/// Whose data a request is about.
pub(crate) async fn patient_of(
    app: &App,
    ctx: &Ctx,
    id: PrivacyRequestId,
) -> Result<PatientId, DeskError> {
    ctx.authorize(Permission::PrivacyManage)?;
    let found = store::one(&mut app.read().await?, ctx.organisation, id).await?;
    Ok(found.ok_or(DeskError::NotFound)?.patient)
}

/// The newest requests of a patient without their words, for the patient's own page.
pub async fn of_patient(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    limit: i64,
) -> Result<Vec<Request>, DeskError> {
    ctx.authorize(Permission::PatientsRead)?;
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, ctx.organisation, patient).await?;
    records::admit(&mut conn, ctx, about.unwrap_or_default(), app.now()).await?;
    store::of_patient(&mut conn, ctx.organisation, patient, limit).await
}

/// How many are not closed and how many of them past their time, counted up to `limit`; none for whoever doesn't decide them.
pub async fn count_open(app: &App, ctx: &Ctx, limit: i64) -> Result<Waiting, DeskError> {
    if !ctx.permissions().has(Permission::PrivacyManage) {
        return Ok(Waiting::default());
    }
    let asked = (limit, app.now());
    store::count_open(&mut app.read().await?, ctx.organisation, asked).await
}

/// The clocks of all that are not closed.
pub(in crate::privacy) async fn timers(
    app: &App,
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Running, DeskError> {
    let zone = app.directory.of(organisation)?.time_zone.clone();
    let mut running = Running::default();
    for (id, received, due) in store::clocks(conn, organisation).await? {
        let Some(began) = received.and_then(|day| day.to_zoned(zone.clone()).ok()) else {
            let fault = format!("the day of receipt of privacy request {id} can't be read");
            running.fault = Some(DeskError::Internal(fault));
            continue;
        };
        running.timers.push(Timer {
            work: clocks::Work::Request(id),
            from: began.timestamp().into(),
            due,
        });
    }
    let untold = blocking::timers(app, conn, organisation).await?;
    running.timers.extend(untold);
    Ok(running)
}

/// Patients whose requests are not closed: what they ask about is kept until it is answered.
pub(crate) async fn patients_who_wait(
    conn: &mut Conn,
    organisation: OrganisationId,
) -> Result<Vec<PatientId>, DeskError> {
    store::who_waits(conn, organisation).await
}

/// The same of one patient, whom the caller's command holds.
pub(crate) async fn waits(work: &mut Work<'_>, patient: PatientId) -> Result<bool, DeskError> {
    let organisation = work.ctx.organisation;
    store::waits(work, organisation, patient).await
}
