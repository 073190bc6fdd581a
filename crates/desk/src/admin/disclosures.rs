//! The accounting of disclosures: its page, the form for a new one, and what the patient gets of it.

use super::csv;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::{DisclosureId, PatientId};
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::pages::seen_words::{People, Reader, Told, told};
use crate::pages::standing::Told as Standing;
use crate::privacy::disclosures::{
    self, Accounting, Basis, Despite, Disclosure, Given, Ground, Known, Typed,
};
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::{Texts, time};
use bedside_web::query::Query;
use serde::Deserialize;

const ONE: &str = "/privacy/disclosures/{patient}";

pub fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyReview);
    let gives = Access::Staff(Permission::PatientsWrite);
    vec![
        Route::get(ONE, may, show),
        Route::post(ONE, may, record),
        Route::post(
            "/privacy/disclosures/{patient}/strike/{disclosure}",
            may,
            strike,
        ),
        Route::get("/privacy/disclosures/{patient}/letter", may, letter).confirmed(ONE),
        Route::get("/privacy/disclosures/{patient}/csv", may, as_csv).confirmed(ONE),
        Route::get("/patients/{patient}/disclosure", gives, show_own),
        Route::post("/patients/{patient}/disclosure", gives, record_own),
    ]
}

/// Text key of what allows a disclosure.
const fn basis_key(basis: Basis) -> &'static str {
    match basis {
        Basis::Law => "disclosure-basis-law",
        Basis::PublicHealth => "disclosure-basis-public-health",
        Basis::Abuse => "disclosure-basis-abuse",
        Basis::Oversight => "disclosure-basis-oversight",
        Basis::Court => "disclosure-basis-court",
        Basis::Police => "disclosure-basis-police",
        Basis::Deceased => "disclosure-basis-deceased",
        Basis::Donation => "disclosure-basis-donation",
        Basis::Research => "disclosure-basis-research",
        Basis::Threat => "disclosure-basis-threat",
        Basis::Government => "disclosure-basis-government",
        Basis::WorkersCompensation => "disclosure-basis-workers-compensation",
        Basis::Mistake => "disclosure-basis-mistake",
        Basis::Other => "disclosure-basis-other",
    }
}

/// Text key of why something is given though a restriction stands.
const fn despite_key(despite: Despite) -> &'static str {
    match despite {
        Despite::Emergency => "disclosure-despite-emergency",
        Despite::Law => "disclosure-despite-law",
        Despite::Patient => "disclosure-despite-patient",
        Despite::Outside => "disclosure-despite-outside",
    }
}

/// A form as it was sent.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Sent {
    day: String,
    recipient: String,
    address: String,
    what: String,
    basis: String,
    purpose: String,
    ticket: String,
    held_until: String,
    part2: String,
    despite: String,
}

impl From<&Sent> for Typed {
    fn from(sent: &Sent) -> Self {
        let sent = sent.clone();
        Self {
            day: sent.day,
            recipient: sent.recipient,
            address: sent.address,
            what: sent.what,
            basis: sent.basis,
            purpose: sent.purpose,
            ticket: sent.ticket,
            held_until: sent.held_until,
            part2: sent.part2,
            despite: sent.despite,
        }
    }
}

/// The form, wherever it stands.
struct NewForm {
    action: String,
    sent: Sent,
    /// Code and text key of each.
    bases: Vec<(&'static str, &'static str)>,
    /// The same of what lets it be given out under 42 CFR Part 2; nothing where nobody asks.
    grounds: Vec<(&'static str, &'static str)>,
    today: String,
    standing: Standing,
    /// Code and text key of why it may be given all the same.
    despites: Vec<(&'static str, &'static str)>,
    /// Field and key of what is to be mended.
    error: Option<(&'static str, &'static str)>,
}

impl NewForm {
    async fn new(
        page: &Page,
        (action, patient): (String, PatientId),
        (sent, part2): (Sent, bool),
        error: Option<(&'static str, &'static str)>,
    ) -> Result<Self, DeskError> {
        let clinic = page.clinic()?;
        let basis = |one: &Basis| (one.code(), basis_key(*one));
        let ground = |one: &Ground| (one.code(), one.text_key());
        // A request may be under it alone: then the answer says so first.
        let wrong = error.is_some_and(|(wrong, _)| wrong == "part2");
        let asks = part2 || wrong || !sent.part2.is_empty();
        let now = page.app.now().to_jiff();
        Ok(Self {
            action,
            bases: Basis::ALL.iter().map(basis).collect(),
            grounds: Ground::ALL.iter().filter(|_| asks).map(ground).collect(),
            today: clinic.time_zone.to_datetime(now).date().to_string(),
            standing: Standing::load(page, patient, false).await?,
            despites: Despite::ALL
                .iter()
                .map(|one| (one.code(), despite_key(*one)))
                .collect(),
            error,
            sent,
        })
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.error.is_some_and(|(wrong, _)| wrong == field)
    }
}

/// Field and key of what is to be mended.
fn mend(error: DeskError) -> Result<(&'static str, &'static str), DeskError> {
    let DeskError::Invalid { field, code, .. } = error else {
        return Err(error);
    };
    let key = match code {
        "required" => "disclosure-error-required",
        "too_long" => "form-error-too-long",
        "future" => "disclosure-error-future",
        "too_old" => "disclosure-error-old",
        "unknown" => "disclosure-error-request",
        "court_order" => "part2-error-order",
        "no_ground" => "part2-error-ground",
        "no_consent" => "part2-error-consent",
        "restricted" => "disclosure-error-despite",
        _ => "form-error-invalid",
    };
    Ok((field, key))
}

/// A recorded disclosure in words.
struct Line {
    id: DisclosureId,
    day: String,
    one: Disclosure,
    basis: &'static str,
    /// Who recorded it, and when.
    by: String,
    held: Option<String>,
    /// Text key of why it was given though a restriction stood.
    despite: Option<&'static str>,
    struck: Option<String>,
}

/// What the desk knows by itself, in words.
struct KnownLine {
    day: String,
    who: String,
    /// Where it went; empty where that is not known.
    address: String,
    what: &'static str,
    why: String,
    requests: String,
}

struct Teller<'a> {
    people: &'a People,
    names: &'a std::collections::HashMap<uuid::Uuid, String>,
    clinic: &'a crate::orgs::Clinic,
    t: Texts,
    reader: Reader,
}

impl Teller<'_> {
    fn date(&self, at: bedside_db::Timestamp) -> String {
        time::format_date(at.micros(), &self.clinic.time_zone, self.t.locale)
    }

    fn by(&self, key: &str, who: crate::ids::StaffId, at: bedside_db::Timestamp) -> String {
        let name = self.names.get(&who.uuid()).map_or("", String::as_str);
        let said = [("who", name.into()), ("at", self.date(at).into())];
        self.t.format(key, &said).into_owned()
    }

    fn recorded(&self, all: Vec<Disclosure>) -> Vec<Line> {
        let line = |one: Disclosure| {
            let (staff, at) = one.recorded;
            let held = one.held_until.map(|until| {
                let until = self.date(until);
                self.t.with("disclosure-held", "until", until).into_owned()
            });
            let struck = one.struck.as_ref();
            Line {
                id: one.id,
                day: self.date(one.made_at),
                basis: one.basis.map_or("disclosure-basis-other", basis_key),
                by: self.by("disclosure-by", staff, at),
                held,
                despite: one.despite.map(despite_key),
                struck: struck.map(|(who, at, why)| {
                    format!("{} {why}", self.by("disclosure-struck-by", *who, *at))
                }),
                one,
            }
        };
        all.into_iter().map(line).collect()
    }

    fn known(&self, known: &[Given]) -> Vec<KnownLine> {
        let visits: Vec<_> = known.iter().map(|one| one.visit.clone()).collect();
        let words = told(&visits, self.people, self.clinic, self.t, self.reader);
        let line = |(told, one): (Told, &Given)| {
            let somebody = || self.t.text("disclosure-known-somebody").to_owned();
            let to = one.to.clone().unwrap_or_default();
            let who = match one.how {
                Known::Partner if !told.role.is_empty() => told.role,
                Known::Answer if to.name.is_empty() => somebody(),
                Known::Answer => to.name,
                Known::Partner | Known::Export | Known::Copy => told.who,
            };
            KnownLine {
                day: told.day,
                who,
                address: to.address,
                why: match one.how {
                    Known::Answer => self.t.text("disclosure-known-answer-why").to_owned(),
                    Known::Partner | Known::Export | Known::Copy => told.why,
                },
                what: match one.how {
                    Known::Partner => "disclosure-known-partner",
                    Known::Export => "disclosure-known-export",
                    Known::Copy => "disclosure-known-copy",
                    Known::Answer => "disclosure-known-answer",
                },
                requests: told.requests,
            }
        };
        words.into_iter().zip(known).map(line).collect()
    }
}

#[derive(Template)]
#[template(path = "admin/templates/disclosures.html")]
struct AccountingPage {
    shell: Shell,
    patient: PatientId,
    name: String,
    lines: Vec<Line>,
    known: Vec<KnownLine>,
    /// Whether what is older may be missing.
    cut: bool,
    form: NewForm,
    /// Of which disclosure a reason is missing.
    unsaid: Option<DisclosureId>,
}

impl AccountingPage {
    fn lacks_reason(&self, line: &Line) -> bool {
        self.unsaid == Some(line.id)
    }
}

async fn page_of(
    page: &Page,
    status: StatusCode,
    patient: PatientId,
    (sent, error): (Sent, Option<(&'static str, &'static str)>),
    unsaid: Option<DisclosureId>,
) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    let accounting = disclosures::accounting(app, ctx, patient).await?;
    let people = People::read(app, ctx.organisation).await?;
    let names = staff::names(app, ctx.organisation).await?;
    let teller = Teller {
        people: &people,
        names: &names,
        clinic: &*page.clinic()?,
        t: page.texts(),
        reader: Reader::Officer,
    };
    let action = format!("/privacy/disclosures/{patient}");
    page.show_as(
        status,
        &AccountingPage {
            shell: page.shell().await?,
            patient,
            name: accounting.name,
            lines: teller.recorded(accounting.recorded),
            known: teller.known(&accounting.known),
            cut: accounting.is_cut,
            form: NewForm::new(page, (action, patient), (sent, accounting.part2), error).await?,
            unsaid,
        },
    )
}

async fn show(page: Page, Path(patient): Path<PatientId>) -> Result<Response, DeskError> {
    page_of(
        &page,
        StatusCode::OK,
        patient,
        (Sent::default(), None),
        None,
    )
    .await
}

async fn record(
    mut page: Page,
    Path(patient): Path<PatientId>,
    Form(sent): Form<Sent>,
) -> Result<Response, DeskError> {
    let here = format!("/privacy/disclosures/{patient}");
    match disclosures::record(&page.app, &page.ctx, patient, &Typed::from(&sent)).await {
        Ok(_) => Ok(redirect_saying(&here, "disclosure-recorded")),
        Err(error) => {
            let error = mend(error)?;
            page.path = here;
            let again = StatusCode::UNPROCESSABLE_ENTITY;
            page_of(&page, again, patient, (sent, Some(error)), None).await
        }
    }
}

#[derive(Deserialize)]
struct Why {
    #[serde(default)]
    why: String,
}

async fn strike(
    mut page: Page,
    Path((patient, id)): Path<(PatientId, DisclosureId)>,
    Form(Why { why }): Form<Why>,
) -> Result<Response, DeskError> {
    let here = format!("/privacy/disclosures/{patient}");
    match disclosures::strike(&page.app, &page.ctx, patient, id, &why).await {
        Ok(()) => Ok(redirect_saying(&here, "disclosure-struck")),
        Err(DeskError::Invalid { .. }) => {
            page.path = here;
            let again = StatusCode::UNPROCESSABLE_ENTITY;
            page_of(&page, again, patient, (Sent::default(), None), Some(id)).await
        }
        Err(other) => Err(other),
    }
}

#[derive(Template)]
#[template(path = "admin/templates/disclosure_new.html")]
struct OwnPage {
    shell: Shell,
    patient: PatientId,
    name: String,
    form: NewForm,
}

async fn own_page(
    page: &Page,
    status: StatusCode,
    patient: PatientId,
    sent: Sent,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let name = disclosures::may_record(&page.app, &page.ctx, patient).await?;
    let part2 = disclosures::is_part2(&page.app, &page.ctx, patient).await?;
    let action = format!("/patients/{patient}/disclosure");
    page.show_as(
        status,
        &OwnPage {
            shell: page.shell().await?,
            patient,
            name,
            form: NewForm::new(page, (action, patient), (sent, part2), error).await?,
        },
    )
}

async fn show_own(page: Page, Path(patient): Path<PatientId>) -> Result<Response, DeskError> {
    own_page(&page, StatusCode::OK, patient, Sent::default(), None).await
}

async fn record_own(
    page: Page,
    Path(patient): Path<PatientId>,
    Form(sent): Form<Sent>,
) -> Result<Response, DeskError> {
    match disclosures::record(&page.app, &page.ctx, patient, &Typed::from(&sent)).await {
        Ok(_) => {
            let to = format!("/patients/{patient}");
            Ok(redirect_saying(&to, "disclosure-recorded"))
        }
        Err(error) => {
            let error = mend(error)?;
            let again = StatusCode::UNPROCESSABLE_ENTITY;
            own_page(&page, again, patient, sent, Some(error)).await
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    language: Option<String>,
}

/// What the patient gets, in their language.
#[derive(Template)]
#[template(path = "admin/templates/disclosures_letter.html")]
struct LetterPage {
    shell: Shell,
    words: Texts,
    patient: PatientId,
    name: String,
    lines: Vec<Line>,
    known: Vec<KnownLine>,
    /// Whether what is older may be missing.
    cut: bool,
    /// Whether the notice of 42 CFR 2.32 belongs to it.
    part2: bool,
    others: Vec<Locale>,
    given: String,
    since: String,
}

impl LetterPage {
    fn w<'a>(&self, key: &'a str) -> &'a str {
        self.words.text(key)
    }
}

/// The language of what is handed out, and what names those who stand in it.
struct Handed {
    words: Texts,
    clinic: std::sync::Arc<crate::orgs::Clinic>,
    people: People,
    names: std::collections::HashMap<uuid::Uuid, String>,
}

impl Handed {
    async fn read(
        page: &Page,
        patient: PatientId,
        asked: Option<String>,
    ) -> Result<(Accounting, Self), DeskError> {
        let accounting = disclosures::export(&page.app, &page.ctx, patient).await?;
        let asked = asked.and_then(|tag| tag.parse::<Locale>().ok());
        let (app, organisation, clinic) = (&page.app, page.ctx.organisation, page.clinic()?);
        let locale = asked.or(accounting.locale).unwrap_or(clinic.locale);
        let handed = Self {
            words: Texts::new(locale),
            clinic,
            people: People::read(app, organisation).await?,
            names: staff::names(app, organisation).await?,
        };
        Ok((accounting, handed))
    }

    fn teller(&self) -> Teller<'_> {
        Teller {
            people: &self.people,
            names: &self.names,
            clinic: &self.clinic,
            t: self.words,
            reader: Reader::Patient,
        }
    }
}

async fn letter(
    page: Page,
    Path(patient): Path<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Response, DeskError> {
    let (accounting, handed) = Handed::read(&page, patient, asked.language).await?;
    let (teller, words) = (handed.teller(), handed.words);
    let given = [
        ("clinic", handed.clinic.name.as_str().into()),
        ("day", teller.date(page.app.now()).into()),
    ];
    page.show(&LetterPage {
        shell: page.shell().await?,
        given: words.format("seen-letter-given", &given).into_owned(),
        since: words
            .with("disclosures-since", "day", teller.date(accounting.since))
            .into_owned(),
        patient,
        name: accounting.name,
        lines: teller.recorded(accounting.recorded),
        known: teller.known(&accounting.known),
        cut: accounting.is_cut,
        part2: accounting.part2,
        others: Locale::ALL
            .into_iter()
            .filter(|one| *one != words.locale)
            .collect(),
        words,
    })
}

async fn as_csv(
    page: Page,
    Path(patient): Path<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Response, DeskError> {
    let (accounting, handed) = Handed::read(&page, patient, asked.language).await?;
    let (teller, words) = (handed.teller(), handed.words);
    let heads = [
        "day",
        "recipient",
        "address",
        "what",
        "basis",
        "purpose",
        "request",
        "source",
    ];
    let heads = heads.map(|head| words.text(&format!("disclosure-{head}")).to_owned());
    let mut rows = vec![heads];
    for line in teller.recorded(accounting.recorded) {
        let one = line.one;
        let request = one.ticket.map(|number| format!("#{number}"));
        let ground = one.part2.map(|ground| words.text(ground.text_key()));
        let basis: Vec<&str> = [words.text(line.basis)].into_iter().chain(ground).collect();
        rows.push([
            line.day,
            one.recipient,
            one.address,
            one.what,
            basis.join(", "),
            one.purpose,
            request.unwrap_or_default(),
            words.text("disclosure-source-recorded").to_owned(),
        ]);
    }
    for line in teller.known(&accounting.known) {
        rows.push([
            line.day,
            line.who,
            line.address,
            words.text(line.what).to_owned(),
            String::new(),
            line.why,
            line.requests,
            words.text("disclosure-source-known").to_owned(),
        ]);
    }
    if accounting.is_cut {
        let mut last: [String; 8] = std::array::from_fn(|_| String::new());
        words
            .text("disclosures-letter-cut")
            .clone_into(&mut last[0]);
        rows.push(last);
    }
    Ok(csv::file("disclosures.csv", &rows))
}
