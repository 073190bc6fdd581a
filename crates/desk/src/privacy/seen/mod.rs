//! Who has seen a patient's data: what the audit log tells of them, of who stands for them, of their requests, of the files
//! in these and of the searches that found them, a line for each person and day.
//!
//! The account is read from the log alone and kept nowhere. It knows what belongs to the patient today. Lists of requests
//! show a name and a subject of everybody who waits in them; they are not told of here, because they would tell the same of
//! every patient.

mod model;

use crate::app::App;
use crate::audit_log::{self, NewEntry};
use crate::context::{Ctx, Permission};
use crate::error::DeskError;
use crate::ids::{OrganisationId, PatientId};
use crate::patients::{self, Wanted};
use crate::records::{self, Group, Opened, Purpose, restricted, whose};
use bedside_web::Locale;

pub(super) use model::visits;
pub use model::{Deed, Visit, Who, day};

/// Entries that one page of the account is made of, unless a single day has more.
pub const PAGE: usize = 500;
/// Entries that one printed account is made of.
pub const LETTER: usize = 5000;
/// Entries of one day that are looked at in any case.
const MOST: usize = 20_000;

/// Who has seen one patient's data.
#[derive(Clone, Debug)]
pub struct Account {
    /// Whose.
    pub patient: PatientId,
    /// Their name.
    pub name: String,
    /// The language they read, where that is known.
    pub locale: Option<Locale>,
    /// A line for each person and day, the latest first.
    pub visits: Vec<Visit>,
    /// Where the days before these begin, if there are any.
    pub next: Option<i64>,
}

/// A patient by their id, with name and birth date, for whoever chooses one.
pub type Choice = (PatientId, String, Option<String>);

/// Patients to ask about by exact values, whatever their labels are. Whom it found stands in the account of each.
pub async fn find(app: &App, ctx: &Ctx, wanted: &Wanted) -> Result<Vec<Choice>, DeskError> {
    let organisation = ctx.organisation;
    let leave = records::open(
        app,
        ctx,
        Permission::PrivacyReview,
        Purpose::Operations,
        "privacy.search",
        "organisation",
        organisation,
    )
    .await?;
    let ids = patients::matching(app, organisation, wanted).await?;
    let mut conn = app.read().await?;
    let mut found = Vec::new();
    for id in ids.into_iter().take(patients::MOST_FOUND) {
        let view = patients::patient_in(app, &leave, &mut conn, organisation, id).await?;
        found.push((id, view.name, view.birth_date));
    }
    let told = found
        .iter()
        .map(|(id, _, _)| NewEntry::new("patient.found", "patient", id));
    let told: Vec<_> = told
        .map(|entry| entry.purpose(Purpose::Operations.code()))
        .collect();
    if !told.is_empty() {
        app.audit_all(ctx, told).await?;
    }
    Ok(found)
}

/// The ids under which the audit log names what is a patient's, for whoever searches it; none when there is no such patient.
pub async fn objects_of(
    app: &App,
    organisation: OrganisationId,
    patient: PatientId,
) -> Result<Option<Vec<String>>, DeskError> {
    let mut conn = app.read().await?;
    let about = restricted::about_patient(&mut conn, organisation, patient).await?;
    if about.is_none() {
        return Ok(None);
    }
    let things = whose::things(&mut conn, organisation, patient).await?;
    Ok(Some(things.named.into_keys().collect()))
}

/// Who has seen this patient's data before the place `before` of the log (none for up to now): whole days, made of at least
/// one and of at most `most` entries unless a single day has more. Labels keep nobody who may ask from the answer.
pub async fn account(
    app: &App,
    ctx: &Ctx,
    patient: PatientId,
    before: Option<i64>,
    most: usize,
) -> Result<Account, DeskError> {
    let organisation = ctx.organisation;
    let leave = records::open(
        app,
        ctx,
        Permission::PrivacyReview,
        Purpose::Operations,
        "privacy.seen",
        "patient",
        patient,
    )
    .await?;
    read(app, &leave, organisation, patient, (before, most)).await
}

/// The same for whoever is signed in to the patients' own pages, about themselves or for whom they act: what they may have of
/// the records decides.
pub async fn own_account(
    app: &App,
    ctx: &Ctx,
    before: Option<i64>,
    most: usize,
) -> Result<Account, DeskError> {
    let (leave, patient) = records::open_mine(app, ctx, Group::Records, "privacy.seen").await?;
    read(app, &leave, ctx.organisation, patient, (before, most)).await
}

async fn read(
    app: &App,
    leave: &Opened,
    organisation: OrganisationId,
    patient: PatientId,
    (before, most): (Option<i64>, usize),
) -> Result<Account, DeskError> {
    let zone = app.directory.of(organisation)?.time_zone.clone();
    let mut conn = app.read_newest().await?;
    let view = patients::patient_in(app, leave, &mut conn, organisation, patient).await?;
    let things = whose::things(&mut conn, organisation, patient).await?;
    let objects = || things.named.keys().map(String::as_str);
    let (before, mut wanted) = (before.unwrap_or(i64::MAX), most);
    let (entries, more) = loop {
        let mut entries =
            audit_log::about(&mut conn, organisation, objects(), before, wanted + 1).await?;
        if entries.len() <= wanted {
            break (entries, false);
        }
        entries.truncate(wanted);
        let whole = model::whole_days(&entries, &zone);
        if whole < entries.len() || wanted >= MOST {
            entries.truncate(whole);
            break (entries, true);
        }
        wanted = (wanted * 4).min(MOST);
    };
    let next = entries.last().filter(|_| more).map(|entry| entry.sequence);
    Ok(Account {
        patient,
        name: view.name,
        locale: view.locale.as_deref().and_then(|tag| tag.parse().ok()),
        visits: visits(&entries, &things.named, &zone),
        next,
    })
}
