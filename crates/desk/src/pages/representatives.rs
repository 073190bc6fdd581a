//! Who acts for a patient: the panel of those who do, the form that adds one in a conversation, a second person's yes or
//! no, and the end.

use super::choices::Choice;
use super::forms::Form;
use super::layout::{Page, Shell, redirect_saying};
use super::ticket_actions::id_of;
use super::timeline;
use super::verified::{group_key, listed};
use crate::context::Permission;
use crate::error::DeskError;
use crate::identity::{self, Level};
use crate::ids::{AttachmentId, PatientId, RepresentativeId};
use crate::patients::PointKind;
use crate::records::{Group, Scope};
use crate::representatives::{
    self, Authority, Bond, Ended, NewRepresentative, Relationship, RepresentativeView, State, Who,
};
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::i18n::time::format_date;
use jiff::civil::Date;
use serde::Deserialize;
use uuid::Uuid;

pub(super) fn routes() -> Vec<Route> {
    let answers = Access::Staff(Permission::TicketsWrite);
    let write = Access::Staff(Permission::PatientsWrite);
    let approve = Access::Staff(Permission::IdentityApprove);
    vec![
        Route::get("/tickets/{ticket}/representatives", answers, show),
        Route::post("/tickets/{ticket}/representatives", answers, add),
        Route::post(
            "/patients/{patient}/representatives/{representative}/decide",
            approve,
            decide,
        ),
        Route::post(
            "/patients/{patient}/representatives/{representative}/end",
            write,
            end,
        ),
    ]
}

/// Text key of what somebody is to a patient.
const fn relationship_key(one: Relationship) -> &'static str {
    match one {
        Relationship::Parent => "acts-is-parent",
        Relationship::Guardian => "acts-is-guardian",
        Relationship::Spouse => "acts-is-spouse",
        Relationship::AdultChild => "acts-is-adult-child",
        Relationship::Family => "acts-is-family",
        Relationship::Carer => "acts-is-carer",
        Relationship::Lawyer => "acts-is-lawyer",
        Relationship::HealthCareAgent => "acts-is-health-care-agent",
        Relationship::Other => "acts-is-other",
    }
}

/// Text key of what a right rests on.
const fn authority_key(one: Authority) -> &'static str {
    match one {
        Authority::ParentOfMinor => "acts-on-parent-of-minor",
        Authority::HealthCarePower => "acts-on-health-care-power",
        Authority::CourtOrder => "acts-on-court-order",
        Authority::Permission => "acts-on-permission",
        Authority::NoneShown => "acts-on-none-shown",
    }
}

/// Text key of why it is over.
const fn ended_key(why: Ended) -> &'static str {
    match why {
        Ended::Revoked => "acts-ended-revoked",
        Ended::Document => "acts-ended-document",
        Ended::Mistake => "acts-ended-mistake",
        Ended::Other => "acts-ended-other",
        Ended::Over => "acts-ended-over",
        Ended::Unlinked => "acts-ended-unlinked",
        Ended::Refused => "acts-ended-refused",
    }
}

/// Somebody in the panel.
pub(super) struct Line {
    pub id: RepresentativeId,
    pub name: String,
    pub relationship: &'static str,
    pub authority: &'static str,
    /// What they may hear and do, in one line.
    pub may: String,
    /// CSS class, icon and text key of where it stands.
    pub state: (&'static str, &'static str, &'static str),
    pub from: Option<String>,
    pub until: Option<String>,
    pub document: Option<String>,
    pub file: Option<AttachmentId>,
    /// Whose word it rests on.
    pub by: String,
    /// Why it is over, in one line.
    pub over: Option<String>,
    pub may_decide: bool,
}

/// Those who act for a patient, as a page shows them.
#[derive(Template)]
#[template(path = "pages/templates/representatives_part.html")]
pub(super) struct Panel {
    pub shell: Shell,
    pub patient: PatientId,
    pub lines: Vec<Line>,
    pub past: Vec<Line>,
    pub reasons: Vec<Choice>,
    pub write: bool,
}

impl Panel {
    /// Of one patient, for whoever may see them.
    pub(super) async fn load(page: &Page, patient: PatientId) -> Result<Self, DeskError> {
        let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
        let all = representatives::list(app, ctx, patient).await?;
        let names = staff::names(app, ctx.organisation).await?;
        let name = |id: Option<crate::ids::StaffId>| {
            let known = id.and_then(|id| names.get(&id.uuid()));
            known.cloned().unwrap_or_default()
        };
        let mut lines = Vec::with_capacity(all.len());
        for one in all {
            let by = name(one.decided_by.or(one.asked_by));
            lines.push((one.is_open(), line(page, one, by)?));
        }
        let (open, past): (Vec<_>, Vec<_>) = lines.into_iter().partition(|(open, _)| *open);
        let bare = |lines: Vec<(bool, Line)>| lines.into_iter().map(|(_, line)| line).collect();
        Ok(Self {
            shell: page.shell().await?,
            patient,
            lines: bare(open),
            past: bare(past),
            reasons: Ended::REASONS
                .iter()
                .map(|why| Choice::new(why.code(), t.text(ended_key(*why)), false))
                .collect(),
            write: ctx.permissions().has(Permission::PatientsWrite),
        })
    }
}

fn day(page: &Page, at: Timestamp) -> Result<String, DeskError> {
    let zone = page.clinic()?.time_zone.clone();
    Ok(format_date(at.micros(), &zone, page.ctx.locale))
}

/// The last day of something that ends at this instant.
fn last_day(page: &Page, until: Timestamp) -> Result<String, DeskError> {
    day(page, until.plus_seconds(-1))
}

fn line(page: &Page, one: RepresentativeView, by: String) -> Result<Line, DeskError> {
    let (t, me, now) = (page.texts(), page.ctx.actor.staff(), page.app.now());
    let begun = one.starts_at <= now;
    let shown = if one.state == State::Confirmed && begun {
        one.hears
    } else {
        one.scope
    };
    let groups: Vec<Group> = shown.list().collect();
    let over = match (one.ended_why, one.ended_at) {
        (Some(why), Some(at)) => {
            let values = [
                ("why", t.text(ended_key(why)).into()),
                ("when", day(page, at)?.into()),
            ];
            let told = t.format("acts-over", &values).into_owned();
            let words = one.ended_words.as_deref().unwrap_or_default();
            Some(format!("{told} {words}").trim_end().to_owned())
        }
        _ => None,
    };
    Ok(Line {
        id: one.id,
        relationship: relationship_key(one.relationship),
        authority: authority_key(one.authority),
        may: listed(t, &groups).unwrap_or_else(|| t.text("acts-nothing").to_owned()),
        state: match one.state {
            State::Asked => ("chip-waiting", "circle-help", "acts-state-asked"),
            State::Confirmed if begun => ("chip-done", "shield-check", "acts-state-confirmed"),
            State::Confirmed => ("chip-open", "clock", "acts-state-later"),
            State::Ended => ("chip", "x", "acts-state-ended"),
            State::Refused => ("chip", "x", "acts-state-refused"),
        },
        from: (!begun).then(|| day(page, one.starts_at)).transpose()?,
        until: one.until.map(|until| last_day(page, until)).transpose()?,
        document: one.document,
        file: one.file,
        by,
        over,
        may_decide: one.state == State::Asked
            && me.is_some()
            && one.asked_by != me
            && page.ctx.permissions().has(Permission::IdentityApprove),
        name: one.name,
    })
}

/// What whoever asks is to the patient, in one line beside a conversation.
pub(super) fn bond_line(page: &Page, bond: Bond) -> Result<String, DeskError> {
    let t = page.texts();
    let what = t.text(relationship_key(bond.relationship));
    let groups: Vec<Group> = bond.hears.list().collect();
    let key = match bond.state {
        State::Asked => "acts-here-asked",
        State::Confirmed if groups.is_empty() => "acts-here-later",
        State::Confirmed if bond.until.is_some() => "acts-here-until",
        State::Confirmed => "acts-here",
        State::Ended | State::Refused => "acts-here-over",
    };
    let until = bond.until.map(|until| last_day(page, until)).transpose()?;
    let values = [
        ("who", what.into()),
        ("what", listed(t, &groups).unwrap_or_default().into()),
        ("until", until.unwrap_or_default().into()),
    ];
    Ok(t.format(key, &values).into_owned())
}

/// The form, as typed.
#[derive(Clone, Debug, Default, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "a box each")]
struct Typed {
    #[serde(default)]
    once: String,
    #[serde(default)]
    who: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    relationship: String,
    #[serde(default)]
    authority: String,
    #[serde(default)]
    logistics: bool,
    #[serde(default)]
    clinical: bool,
    #[serde(default)]
    billing: bool,
    #[serde(default)]
    changes: bool,
    #[serde(default)]
    records: bool,
    #[serde(default)]
    young_agreed: bool,
    #[serde(default)]
    starts: String,
    #[serde(default)]
    ends: String,
    #[serde(default)]
    document: String,
    #[serde(default)]
    file: String,
    #[serde(default)]
    checked: bool,
}

impl Typed {
    const fn has(&self, group: Group) -> bool {
        match group {
            Group::Logistics => self.logistics,
            Group::Clinical => self.clinical,
            Group::Billing => self.billing,
            Group::Contact => self.changes,
            Group::Records => self.records,
        }
    }

    fn scope(&self) -> Scope {
        let all = Group::ALL.iter().copied();
        all.filter(|group| self.has(*group)).collect()
    }

    fn day(text: &str, field: &'static str) -> Result<Option<Date>, DeskError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |_| DeskError::invalid(field, "invalid", "Write the day as YYYY-MM-DD.");
        text.parse().map(Some).map_err(wrong)
    }

    fn who(&self) -> Result<Who, DeskError> {
        let kind = match (self.who.as_str(), self.kind.as_str()) {
            ("requester", _) => return Ok(Who::Requester),
            ("other", "email") => PointKind::Email,
            ("other", "phone") => PointKind::Phone,
            _ => return Err(DeskError::invalid("who", "required", "Choose who it is.")),
        };
        let name = self.name.trim();
        Ok(Who::Address {
            kind,
            value: self.value.clone(),
            name: (!name.is_empty()).then(|| name.to_owned()),
        })
    }

    fn asked_in(&self, conversation: crate::ids::TicketId) -> Result<NewRepresentative, DeskError> {
        let choose = |field| DeskError::invalid(field, "required", "Choose one.");
        let file = match self.file.as_str() {
            "" => None,
            id => Some(id.parse().map_err(|_| DeskError::NotFound)?),
        };
        Ok(NewRepresentative {
            conversation,
            who: self.who()?,
            relationship: Relationship::from_code(&self.relationship)
                .ok_or_else(|| choose("relationship"))?,
            authority: Authority::from_code(&self.authority).ok_or_else(|| choose("authority"))?,
            scope: self.scope(),
            young_agreed: self.young_agreed,
            starts: Self::day(&self.starts, "starts")?,
            ends: Self::day(&self.ends, "ends")?,
            document: Some(self.document.clone()),
            file,
            checked: self.checked,
        })
    }
}

/// A box of the form.
struct Ticked {
    name: &'static str,
    label: &'static str,
    on: bool,
}

#[derive(Template)]
#[template(path = "pages/templates/representatives.html")]
struct FormPage {
    shell: Shell,
    number: i64,
    once: String,
    /// The verified patient's name; none where nobody is, or the reader may not know.
    name: Option<String>,
    /// Whether the third level was shown here, and the reader may add somebody.
    may_add: bool,
    panel: Option<Panel>,
    relationships: Vec<Choice>,
    authorities: Vec<Choice>,
    groups: Vec<Ticked>,
    files: Vec<Choice>,
    typed: Typed,
    error: Option<(&'static str, &'static str)>,
}

/// The text that says what is wrong, and the input it is about.
fn mendable(error: &DeskError) -> Option<(&'static str, &'static str)> {
    let (field, code) = match error {
        DeskError::Invalid { field, code, .. } => (*field, *code),
        DeskError::Conflict { code, .. } => ("", *code),
        _ => return None,
    };
    Some(match (field, code) {
        ("who", _) => ("acts-error-who", "acts-who"),
        ("name", _) => ("acts-error-who", "acts-name"),
        ("email", _) => ("form-error-email", "acts-value"),
        ("phone", _) => ("patient-error-phone", "acts-value"),
        ("relationship", "required") => ("acts-error-relationship", "acts-relationship"),
        ("relationship", _) => ("acts-error-not-a-parent", "acts-relationship"),
        ("authority", "birth_date_needed") => ("acts-error-birth-date", "acts-authority"),
        ("authority", _) => ("acts-error-authority", "acts-authority"),
        ("scope", "none_shown") => ("acts-error-none-shown", "acts-logistics"),
        ("scope", _) => ("acts-error-scope", "acts-logistics"),
        ("starts", _) => ("acts-error-day", "acts-starts"),
        ("ends", "invalid") => ("acts-error-day", "acts-ends"),
        ("ends", _) => ("acts-error-ends", "acts-ends"),
        ("document", "too_long") => ("restricted-error-long", "acts-document"),
        ("document", _) => ("acts-error-document", "acts-document"),
        (_, "verification_needed") => ("acts-error-level", "main"),
        (_, "both_needed") => ("verify-error-both", "main"),
        (_, "locked") => ("verify-error-locked", "main"),
        (_, "outside_scope") => ("verify-error-scope", "main"),
        (_, "acts_already") => ("acts-error-already", "main"),
        (_, "address_taken") => ("patient-error-address-taken", "acts-value"),
        (_, "own_word") => ("verify-error-own-word", "main"),
        (_, "over_already") => ("acts-error-over", "main"),
        (_, "merged") => ("error-merged", "main"),
        (_, "emptied") => ("error-emptied", "main"),
        _ => return None,
    })
}

async fn page_of(
    page: &Page,
    status: StatusCode,
    ticket: &str,
    typed: Typed,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let (app, ctx, t) = (&page.app, &page.ctx, page.texts());
    let view = timeline::load(page, ticket).await?;
    let allowed = ctx.permissions();
    let standing = identity::asking(app, ctx, &view.ticket).await?;
    let reads = allowed.has(Permission::PatientsRead);
    let patient = standing.holds(Level::L3).filter(|_| reads);
    let (name, panel) = match patient {
        Some(patient) => {
            let whose = view.contact.patient_id;
            let seen = identity::seen(app, ctx, &view.ticket, &standing, whose).await?;
            (seen.name, Some(Panel::load(page, patient).await?))
        }
        None => (None, None),
    };
    let files = view.messages.iter().flat_map(|one| &one.attachments);
    let chosen =
        |code: &str, key: &'static str, value: &str| Choice::new(code, t.text(key), code == value);
    let shown = FormPage {
        shell: page.shell().await?,
        number: view.ticket.number,
        once: page.form_number(),
        may_add: patient.is_some() && allowed.has(Permission::PatientsWrite),
        name,
        panel,
        relationships: Relationship::ALL
            .iter()
            .map(|one| chosen(one.code(), relationship_key(*one), &typed.relationship))
            .collect(),
        authorities: Authority::ALL
            .iter()
            .map(|one| chosen(one.code(), authority_key(*one), &typed.authority))
            .collect(),
        groups: Group::ALL
            .iter()
            .map(|one| Ticked {
                // A field called `contact` names somebody on other pages.
                name: match one {
                    Group::Contact => "changes",
                    one => one.code(),
                },
                label: group_key(*one),
                on: typed.has(*one),
            })
            .collect(),
        files: files
            .map(|file| {
                let id = file.id.to_string();
                let selected = id == typed.file;
                Choice::new(id, &file.name, selected)
            })
            .collect(),
        typed,
        error,
    };
    page.show_as(status, &shown)
}

async fn show(page: Page, Path(ticket): Path<String>) -> Result<Response, DeskError> {
    let typed = Typed {
        who: "requester".to_owned(),
        ..Typed::default()
    };
    page_of(&page, StatusCode::OK, &ticket, typed, None).await
}

async fn add(
    page: Page,
    Path(ticket): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let (app, id) = (&page.app, id_of(&page, &ticket).await?);
    let once = page.once(&typed.once, &format!("{typed:?}"));
    let row = crate::tickets::row_admitted(app, &page.ctx, id).await?;
    let standing = identity::asking(app, &page.ctx, &row).await?;
    let done = async {
        // Whom it is about is whoever was verified here, and no field of a form.
        let patient = standing.holds(Level::L3).ok_or(DeskError::Conflict {
            code: "verification_needed",
            text: "Who is asking is not verified far enough for this.",
        })?;
        representatives::add(app, &once, patient, typed.asked_in(id)?).await
    };
    match done.await {
        Ok(_) => Ok(redirect_saying(
            &format!("/tickets/{ticket}/representatives"),
            "saved",
        )),
        Err(error) => {
            let status = match error {
                DeskError::Conflict { .. } => StatusCode::CONFLICT,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let mend = mendable(&error).ok_or(error)?;
            page_of(&page, status, &ticket, typed, Some(mend)).await
        }
    }
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    yes: bool,
    #[serde(default)]
    why: String,
    #[serde(default)]
    words: String,
}

/// An id out of a path; what is none is nobody's.
fn named(text: &str) -> RepresentativeId {
    let nobody = || RepresentativeId::from_uuid(Uuid::nil());
    text.parse().unwrap_or_else(|_| nobody())
}

async fn decide(
    page: Page,
    Path((patient, one)): Path<(PatientId, String)>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let decided =
        representatives::decide(&page.app, &page.ctx, patient, named(&one), said.yes).await;
    let told = if said.yes {
        "acts-confirmed"
    } else {
        "acts-refused"
    };
    back(&page, patient, decided, told).await
}

async fn end(
    page: Page,
    Path((patient, one)): Path<(PatientId, String)>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let why = Ended::from_code(&said.why);
    let why = (why.unwrap_or(Ended::Over), Some(said.words.as_str()));
    let ended = representatives::end(&page.app, &page.ctx, patient, named(&one), why).await;
    back(&page, patient, ended, "acts-ended").await
}

/// Goes back to the patient's page, or shows it with what is wrong.
async fn back(
    page: &Page,
    patient: PatientId,
    done: Result<(), DeskError>,
    told: &'static str,
) -> Result<Response, DeskError> {
    let to = format!("/patients/{patient}");
    let error = match done {
        Ok(()) => return Ok(redirect_saying(&to, told)),
        Err(error) => error,
    };
    let (status, key) = match &error {
        DeskError::Invalid { field: "why", .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "verify-error-reason")
        }
        DeskError::Invalid { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "restricted-error-long"),
        DeskError::Conflict { .. } => match mendable(&error) {
            Some((key, _)) => (StatusCode::CONFLICT, key),
            None => return Err(error),
        },
        _ => return Err(error),
    };
    super::patients::page_of(page, status, patient, Some(key)).await
}
