//! Patients: look up by exact values, see, add, change, link to who writes for them.

use super::consents::notice_line;
use super::forms::Form;
use super::inbox::{List, Teller};
use super::layout::{Page, Shell, redirect_saying, safe_path};
use super::linking::number_in;
use super::privacy_requests::{Lately, lately};
use super::representatives::Panel;
use super::sight::Veil;
use super::standing::Told;
use crate::context::Permission;
use crate::error::DeskError;
use crate::field_group::FieldGroup;
use crate::ids::{ContactId, PatientId, TicketId};
use crate::patients::{self, ContactView, NewPatient, PatientView, PointKind, Wanted};
use crate::privacy::notices;
use crate::records::{Label, Labels};
use crate::router::{Access, Route};
use crate::staff;
use crate::tickets::{self, View};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::query::Query;
use serde::Deserialize;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::PatientsRead);
    let write = Access::Staff(Permission::PatientsWrite);
    vec![
        Route::get("/patients", read, show_find),
        Route::post("/patients", read, find).searching(),
        Route::get("/patients/new", write, show_new),
        Route::post("/patients/new", write, add),
        Route::get("/patients/{patient}", read, show),
        Route::get("/patients/{patient}/edit", write, show_edit),
        Route::post("/patients/{patient}/edit", write, change),
        Route::post("/patients/{patient}/labels", write, label),
    ]
}

/// For whom somebody is looked up: a contact to link, and the page to go back to.
#[derive(Deserialize, Default, Clone)]
struct For {
    contact: Option<ContactId>,
    back: Option<String>,
}

impl For {
    fn query(&self) -> String {
        let back = safe_path(self.back.as_deref());
        self.contact.map_or_else(String::new, |contact| {
            format!("?contact={contact}&back={back}")
        })
    }
}

#[derive(Template)]
#[template(path = "pages/templates/patients.html")]
struct FindPage {
    shell: Shell,
    wanted: Asked,
    found: Option<Vec<PatientView>>,
    contact: String,
    back: String,
    query: String,
    /// The number of the request from whose page somebody is looked for.
    ticket: Option<i64>,
    /// Says that birth dates and record numbers are not shown, because whoever is on the line is asked for them.
    veil: Option<&'static str>,
    write: bool,
    /// Whether the reader may look for record numbers and birth dates.
    identifiers: bool,
    /// Whether they may look for addresses.
    addresses: bool,
}

/// Whom to look for; one of them is enough.
#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    #[serde(default)]
    pub(crate) mrn: String,
    #[serde(default)]
    pub(crate) email: String,
    #[serde(default)]
    pub(crate) phone: String,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) birth_date: String,
    contact: Option<ContactId>,
    back: Option<String>,
}

impl Asked {
    /// What is looked for.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            mrn: given(&self.mrn),
            email: given(&self.email),
            phone: given(&self.phone),
            name_and_birth_date: given(&self.name).zip(given(&self.birth_date)),
        }
    }
}

async fn find_page(
    page: &Page,
    wanted: Asked,
    found: Option<Vec<PatientView>>,
) -> Result<Response, DeskError> {
    let veiled = found.iter().flatten().any(|one| {
        !one.restricted && !one.unidentified && !one.sight.shows(FieldGroup::Identifiers)
    });
    let whom = For {
        contact: wanted.contact,
        back: wanted.back.clone(),
    };
    let allowed = page.ctx.permissions();
    page.show(&FindPage {
        shell: page.shell().await?,
        identifiers: allowed.has(Permission::FieldsIdentifiers),
        addresses: allowed.has(Permission::FieldsContact),
        found,
        contact: wanted.contact.map(|id| id.to_string()).unwrap_or_default(),
        back: safe_path(wanted.back.as_deref()).to_owned(),
        query: whom.query(),
        ticket: number_in(wanted.back.as_deref()),
        veil: veiled.then_some("sight-found"),
        write: allowed.has(Permission::PatientsWrite),
        wanted,
    })
}

async fn show_find(page: Page, Query(whom): Query<For>) -> Result<Response, DeskError> {
    let wanted = Asked {
        contact: whom.contact,
        back: whom.back,
        ..Asked::default()
    };
    find_page(&page, wanted, None).await
}

fn given(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

async fn find(page: Page, Form(asked): Form<Asked>) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let conversation = match number_in(asked.back.as_deref()) {
        Some(number) => tickets::id_numbered(app, ctx.organisation, number).await?,
        None => None,
    };
    let found = patients::find_beside(app, ctx, &asked.wanted(), conversation).await?;
    find_page(&page, asked, Some(found)).await
}

#[derive(Template)]
#[template(path = "pages/templates/patient.html")]
struct PatientPage {
    shell: Shell,
    patient: PatientView,
    language: Option<&'static str>,
    list: List,
    write: bool,
    labels: Vec<LabelShown>,
    /// What they asked for their data.
    asked: Vec<Lately>,
    now: Timestamp,
    /// Whether they were given the notice of privacy practices: CSS class, icon, words.
    told: Option<(&'static str, &'static str, String)>,
    /// Who acts for them; none while that is hidden.
    acts: Option<Panel>,
    /// What is not shown, where their record was opened in a conversation.
    veil: Option<Veil>,
    /// What has to be kept to, and what they asked to have put right.
    standing: Told,
    error: Option<&'static str>,
}

/// One label in the patient's panel.
struct LabelShown {
    code: &'static str,
    name: &'static str,
    on: bool,
    /// Whether it is there and not the reader's to take away.
    fixed: bool,
}

/// Text key of a label.
pub(super) const fn label_key(label: Label) -> &'static str {
    match label {
        Label::Vip => "label-vip",
        Label::Employee => "label-employee",
        Label::Part2 => "label-part2",
        Label::Adolescent => "label-adolescent",
    }
}

fn labels(page: &Page, patient: &PatientView) -> Vec<LabelShown> {
    let shown = |label: Label| {
        let on = patient.labels.has(label);
        LabelShown {
            code: label.code(),
            name: page.texts().text(label_key(label)),
            on,
            fixed: on && !page.ctx.permissions().has(label.permission()),
        }
    };
    Label::ALL.iter().copied().map(shown).collect()
}

/// In which conversation their record is opened, by its ticket's number.
#[derive(Deserialize)]
struct Beside {
    ticket: Option<String>,
}

async fn show(
    page: Page,
    Path(id): Path<PatientId>,
    Query(beside): Query<Beside>,
) -> Result<Response, DeskError> {
    let ticket = match &beside.ticket {
        Some(text) => Some(tickets::resolve(&page.app, &page.ctx, text).await?),
        None => None,
    };
    shown(&page, StatusCode::OK, (id, ticket), None).await
}

/// The page of a patient, with the text of what could not be done to it.
pub(super) async fn page_of(
    page: &Page,
    status: StatusCode,
    id: PatientId,
    error: Option<&'static str>,
) -> Result<Response, DeskError> {
    shown(page, status, (id, None), error).await
}

async fn shown(
    page: &Page,
    status: StatusCode,
    (id, ticket): (PatientId, Option<TicketId>),
    error: Option<&'static str>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let (patient, beside) = patients::patient_beside(app, ctx, id, ticket).await?;
    let veil = match &beside {
        Some(beside) => Some(Veil::of_patient(page, beside, &patient)?),
        None => None,
    };
    let all = !veil.as_ref().is_some_and(|veil| veil.rest);
    let shell = page.shell().await?;
    let rows = if shell.nav.tickets && all {
        tickets::list(&page.app, &page.ctx, &View::Patient(id), None, 50)
            .await?
            .rows
    } else {
        Vec::new()
    };
    let clinic = page.clinic()?;
    let names = staff::names(&page.app, page.ctx.organisation).await?;
    let teller = Teller {
        page,
        clinic: &clinic,
        names: &names,
    };
    let list = List {
        shell: shell.clone(),
        rows: rows.into_iter().map(|row| teller.row(row)).collect(),
        first: None,
        newer: None,
        older: None,
        empty_title: "patient-no-requests",
        empty_text: "patient-no-requests-text",
    };
    let language = patient
        .locale
        .as_deref()
        .and_then(|tag| tag.parse::<bedside_web::Locale>().ok());
    let told = notices::told(&page.app, &page.ctx, id).await?;
    let shown = PatientPage {
        shell,
        told: notice_line(page, &told)?,
        standing: Told::load(page, id, !all).await?,
        veil,
        language: language.map(bedside_web::Locale::own_name),
        list,
        now: page.app.now(),
        write: page.ctx.permissions().has(Permission::PatientsWrite),
        labels: labels(page, &patient),
        acts: if all {
            Some(Panel::load(page, id).await?)
        } else {
            None
        },
        error,
        asked: if all {
            lately(page, id).await?
        } else {
            Vec::new()
        },
        patient,
    };
    page.show_as(status, &shown)
}

#[derive(Template)]
#[template(path = "pages/templates/patient_form.html")]
struct FormPage {
    shell: Shell,
    action: String,
    cancel: String,
    is_new: bool,
    /// Whether birth date and record number can be typed.
    identifiers: bool,
    once: String,
    form: Details,
    error: Option<(&'static str, &'static str)>,
}

/// A patient as typed.
#[derive(Debug, Deserialize, Default)]
struct Details {
    #[serde(default)]
    once: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default)]
    mrn: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    secure_link: bool,
    version: Option<i64>,
    contact: Option<ContactId>,
    back: Option<String>,
}

impl Details {
    fn patient(&self) -> NewPatient {
        NewPatient {
            name: self.name.clone(),
            birth_date: given(&self.birth_date),
            mrn: given(&self.mrn),
            locale: self.locale.parse().ok(),
            secure_link: self.secure_link,
        }
    }

    fn of(patient: &PatientView) -> Self {
        Self {
            name: patient.name.clone(),
            birth_date: patient.birth_date.clone().unwrap_or_default(),
            mrn: patient.mrn.clone().unwrap_or_default(),
            locale: patient.locale.clone().unwrap_or_default(),
            secure_link: patient.secure_link,
            version: Some(patient.version),
            ..Self::default()
        }
    }
}

/// The field to look at and what to say, for what the person can mend.
fn mendable(error: &DeskError) -> Option<(&'static str, &'static str)> {
    match error {
        DeskError::Invalid { field: "name", .. } => Some(("name", "form-error-required")),
        DeskError::Invalid {
            field: "birth_date",
            code: "out_of_range",
            ..
        } => Some(("birth_date", "patient-error-birth-date-range")),
        DeskError::Invalid {
            field: "birth_date",
            ..
        } => Some(("birth_date", "patient-error-birth-date")),
        DeskError::Invalid { field: "mrn", .. } => Some(("mrn", "patient-error-mrn")),
        DeskError::Invalid { field: "email", .. } => Some(("email", "form-error-email")),
        DeskError::Invalid { field: "phone", .. } => Some(("phone", "patient-error-phone")),
        DeskError::Conflict {
            code: "mrn_taken", ..
        } => Some(("mrn", "patient-error-mrn-taken")),
        DeskError::Conflict {
            code: "address_taken",
            ..
        } => Some(("email", "patient-error-address-taken")),
        DeskError::Stale { .. } => Some(("name", "problem-stale-detail")),
        _ => None,
    }
}

async fn show_new(page: Page, Query(whom): Query<For>) -> Result<Response, DeskError> {
    let mut form = Details {
        contact: whom.contact,
        back: whom.back.clone(),
        ..Details::default()
    };
    if let Some(contact) = whom.contact {
        let contact: ContactView = patients::contact(&page.app, &page.ctx, contact).await?;
        form.name = contact.name.unwrap_or_default();
        form.locale = contact.locale.unwrap_or_default();
    }
    form_page(&page, StatusCode::OK, None, form, None).await
}

async fn form_page(
    page: &Page,
    status: StatusCode,
    id: Option<PatientId>,
    form: Details,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let (action, cancel) = match id {
        Some(id) => (format!("/patients/{id}/edit"), format!("/patients/{id}")),
        None => (
            "/patients/new".to_owned(),
            form.back
                .as_deref()
                .map_or("/patients", |back| safe_path(Some(back)))
                .to_owned(),
        ),
    };
    let shown = FormPage {
        shell: page.shell().await?,
        action,
        cancel,
        is_new: id.is_none(),
        identifiers: id.is_none() || page.ctx.permissions().has(Permission::FieldsIdentifiers),
        once: page.form_number(),
        form,
        error,
    };
    page.show_as(status, &shown)
}

async fn add(page: Page, Form(form): Form<Details>) -> Result<Response, DeskError> {
    let app = &page.app;
    let points = [
        (PointKind::Email, given(&form.email)),
        (PointKind::Phone, given(&form.phone)),
    ];
    let points = points
        .into_iter()
        .filter_map(|(kind, value)| Some((kind, value?)))
        .collect();
    let once = page.once(&form.once, &format!("{form:?}"));
    let made = patients::create_patient_of(app, &once, form.patient(), points, form.contact).await;
    let id = match made {
        Ok(id) => id,
        Err(error) => {
            let mend = mendable(&error).ok_or(error)?;
            return form_page(
                &page,
                StatusCode::UNPROCESSABLE_ENTITY,
                None,
                form,
                Some(mend),
            )
            .await;
        }
    };
    match form.contact {
        Some(_) => Ok(redirect_saying(safe_path(form.back.as_deref()), "saved")),
        None => Ok(redirect_saying(&format!("/patients/{id}"), "saved")),
    }
}

async fn show_edit(page: Page, Path(id): Path<PatientId>) -> Result<Response, DeskError> {
    let patient = patients::patient(&page.app, &page.ctx, id).await?;
    form_page(&page, StatusCode::OK, Some(id), Details::of(&patient), None).await
}

async fn change(
    page: Page,
    Path(id): Path<PatientId>,
    Form(mut form): Form<Details>,
) -> Result<Response, DeskError> {
    let version = form.version.unwrap_or_default();
    match patients::change_patient(&page.app, &page.ctx, id, version, form.patient()).await {
        Ok(()) => Ok(redirect_saying(&format!("/patients/{id}"), "saved")),
        Err(error) => {
            let status = if let DeskError::Stale { version, .. } = error {
                // What was typed stands against the newest version now; sending it again is a decision.
                form.version = Some(version);
                StatusCode::PRECONDITION_FAILED
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            let mend = mendable(&error).ok_or(error)?;
            form_page(&page, status, Some(id), form, Some(mend)).await
        }
    }
}

/// The labels that are ticked.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "a box each")]
struct Ticked {
    version: i64,
    #[serde(default)]
    vip: bool,
    #[serde(default)]
    employee: bool,
    #[serde(default)]
    part2: bool,
    #[serde(default)]
    adolescent: bool,
}

impl Ticked {
    fn labels(&self) -> Labels {
        let ticked = |label: &Label| match label {
            Label::Vip => self.vip,
            Label::Employee => self.employee,
            Label::Part2 => self.part2,
            Label::Adolescent => self.adolescent,
        };
        Label::ALL.iter().copied().filter(ticked).collect()
    }
}

async fn label(
    page: Page,
    Path(id): Path<PatientId>,
    Form(ticked): Form<Ticked>,
) -> Result<Response, DeskError> {
    let (app, ctx, labels) = (&page.app, &page.ctx, ticked.labels());
    patients::label_patient(app, ctx, id, ticked.version, labels).await?;
    // Whoever may not see the patient any more is not sent to a page that refuses them.
    let to = if ctx.sees(labels) {
        format!("/patients/{id}")
    } else {
        "/patients".to_owned()
    };
    Ok(redirect_saying(&to, "saved"))
}
