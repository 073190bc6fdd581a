//! "Who is asking?": the agent types what somebody says, and the desk says whether it matches.

use super::choices::Choice;
use super::forms::{Form, Nothing};
use super::layout::{Page, Shell, redirect_saying};
use super::noticed::{self, Sign};
use super::ticket_actions::id_of;
use super::timeline;
use super::verified::{Verified, at};
use crate::context::Permission;
use crate::error::DeskError;
use crate::identity::model::Unusable;
use crate::identity::{self, Answer, Level, NewAddress, Reason, Seen, Typed, Waiting};
use crate::ids::IdentityTaskId;
use crate::router::{Access, Route};
use crate::staff;
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

const EMERGENCY: &str = "/tickets/{ticket}/verify/emergency";

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Staff(Permission::TicketsRead);
    let write = Access::Staff(Permission::TicketsWrite);
    let approve = Access::Staff(Permission::IdentityApprove);
    vec![
        Route::get("/tickets/{ticket}/verify", read, show),
        Route::post("/tickets/{ticket}/verify/details", write, details),
        Route::post("/tickets/{ticket}/verify/tie", write, tie),
        Route::post("/tickets/{ticket}/verify/code", write, send_code),
        Route::post("/tickets/{ticket}/verify/answer", write, check_code),
        Route::post("/tickets/{ticket}/verify/call", write, ask_call),
        Route::post("/tickets/{ticket}/verify/number", write, show_number),
        Route::post("/tickets/{ticket}/verify/called", write, called),
        Route::post("/tickets/{ticket}/verify/second", write, ask_second),
        Route::post("/tickets/{ticket}/verify/decide", approve, decide),
        Route::post("/tickets/{ticket}/verify/address", write, address),
        Route::get(EMERGENCY, write, show_emergency)
            .urgent()
            .confirmed(EMERGENCY),
        Route::post(EMERGENCY, write, emergency).confirmed_before(EMERGENCY),
        Route::post("/tickets/{ticket}/verify/unlock", approve, unlock),
    ]
}

/// Something that waits, as shown.
struct Task {
    id: IdentityTaskId,
    masked: Option<String>,
    asked_by: String,
    /// Whether the reader saw the number.
    mine: bool,
    /// Whether the reader may say the second yes.
    may_decide: bool,
}

/// An address as it can be chosen.
struct Line {
    code: String,
    masked: String,
    /// Why not.
    why: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/templates/verify.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the reader may do, each for itself"
)]
struct VerifyPage {
    shell: Shell,
    number: i64,
    once: String,
    verified: Verified,
    signs: Vec<Sign>,
    seen: Seen,
    may_act: bool,
    may_change: bool,
    /// Whether the reader sees numbers in full.
    may_call: bool,
    may_unlock: bool,
    name: String,
    emails: Vec<Line>,
    phones: Vec<Line>,
    all: Vec<Choice>,
    code_until: Option<String>,
    call: Option<Task>,
    second: Option<Task>,
    shown: Option<String>,
    reasons: Vec<Choice>,
    factors: Vec<Choice>,
    typed: Said,
    address: Said,
    /// Whether the form of an emergency is open.
    emergency: bool,
    error: Option<(&'static str, &'static str)>,
}

impl VerifyPage {
    fn is_at(&self, level: &str) -> bool {
        let wanted = match level {
            "l1" => Level::L1,
            "l2" => Level::L2,
            _ => Level::L3,
        };
        self.verified.standing.level >= wanted
    }

    /// Whether a call back or a second person is still asked for: with a red flag it takes both.
    fn goes_on(&self) -> bool {
        let beyond = !self.verified.flags.is_empty() && !self.verified.standing.both;
        self.is_at("l2") && (beyond || !self.is_at("l3"))
    }
}

/// What was typed on the page; each form has its own part of it.
#[derive(Clone, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    once: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default)]
    factor: String,
    #[serde(default)]
    value: String,
    #[serde(default)]
    choice: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    task: String,
    #[serde(default)]
    yes: bool,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    words: String,
    #[serde(default)]
    instead_of: String,
    #[serde(default)]
    kind: String,
}

impl Said {
    /// What is no id is nobody's: whether there is such a task is told to whoever may see the request at all.
    fn task(&self) -> IdentityTaskId {
        let given = self.task.parse();
        given.unwrap_or_else(|_| IdentityTaskId::from_uuid(Uuid::nil()))
    }

    /// What is told after it: one thing for a yes, another for a no.
    const fn told(&self, yes: &'static str, no: &'static str) -> &'static str {
        if self.yes { yes } else { no }
    }
}

/// The text that says what is wrong, and the input it is about.
fn mendable(error: &DeskError) -> Option<(&'static str, &'static str)> {
    let (field, code) = match error {
        DeskError::Invalid { field, code, .. } => (*field, *code),
        DeskError::Conflict { code, .. } => ("", *code),
        _ => return None,
    };
    Some(match (field, code) {
        ("name", _) => ("verify-error-name", "v-name"),
        ("birth_date", _) => ("patient-error-birth-date", "v-birth"),
        ("factor", _) => ("verify-error-factor", "v-factor"),
        ("value", "way_in") => ("verify-error-way-in", "v-value"),
        ("value", _) => ("verify-error-value", "v-value"),
        ("email", _) => ("form-error-email", "v-value"),
        ("phone", _) => ("patient-error-phone", "v-value"),
        ("code", _) => ("verify-error-code", "v-code"),
        ("choice", _) => ("verify-error-choice", "main"),
        ("kind", _) => ("verify-error-factor", "v-kind"),
        ("reason", _) => ("verify-error-reason", "v-reason"),
        ("words", _) => ("verify-error-words", "v-words"),
        ("flag", _) => ("verify-error-flag", "v-noticed"),
        (_, "verification_needed") => ("verify-error-needed", "main"),
        (_, "address_held") => ("verify-error-held", "main"),
        (_, "address_new") => ("verify-error-new", "main"),
        (_, "both_needed") => ("verify-error-both", "main"),
        (_, "address_gone") => ("verify-error-gone", "main"),
        (_, "address_bounced") => ("verify-error-bounced", "main"),
        (_, "address_acts") => ("verify-error-acts", "main"),
        (_, "address_barred") => ("verify-error-barred", "main"),
        (_, "outside_scope") => ("verify-error-scope", "main"),
        (_, "codes_too_many") => ("verify-error-codes", "main"),
        (_, "locked") => ("verify-error-locked", "main"),
        (_, "not_locked") => ("verify-error-not-locked", "main"),
        (_, "waits_already") => ("verify-error-waits", "main"),
        (_, "not_called") => ("verify-error-not-called", "main"),
        (_, "own_word") => ("verify-error-own-word", "main"),
        (_, "other_person") => ("verify-error-other-person", "main"),
        (_, "no_contact") => ("verify-error-no-contact", "main"),
        (_, "address_taken") => ("patient-error-address-taken", "a-value"),
        (_, "merged") => ("error-merged", "main"),
        (_, "emptied") => ("error-emptied", "main"),
        _ => return None,
    })
}

fn back(ticket: &str) -> String {
    format!("/tickets/{ticket}/verify")
}

fn why(page: &Page, choice: &identity::Choice) -> Result<Option<String>, DeskError> {
    let t = page.texts();
    let Some(unusable) = choice.unusable else {
        return Ok(None);
    };
    let (key, until) = match unusable {
        Unusable::Held(until) => ("verify-address-held", Some(until)),
        Unusable::New(until) => ("verify-address-new", Some(until)),
        Unusable::CameBack => ("verify-address-bounced", None),
        Unusable::Acts => ("verify-address-acts", None),
        Unusable::Barred => ("verify-address-barred", None),
    };
    let until = until.map(|until| at(page, until)).transpose()?;
    let words = t.with(key, "until", until.unwrap_or_default());
    Ok(Some(words.into_owned()))
}

fn lines(page: &Page, seen: &Seen, kind: &str) -> Result<Vec<Line>, DeskError> {
    let of_kind = seen.choices.iter().filter(|one| one.kind == kind);
    let line = |one: &identity::Choice| {
        Ok(Line {
            code: one.code.clone(),
            masked: one.masked.clone(),
            why: why(page, one)?,
        })
    };
    of_kind.map(line).collect()
}

fn task(page: &Page, one: &Waiting, names: &HashMap<Uuid, String>, verified: &Verified) -> Task {
    let me = page.ctx.actor.staff();
    let own = me.is_none_or(|me| me == one.asked_by || verified.standing.makers.contains(&me));
    Task {
        id: one.id,
        masked: one.masked.clone(),
        asked_by: names.get(&one.asked_by.uuid()).cloned().unwrap_or_default(),
        mine: me.is_some() && one.shown_by == me,
        may_decide: !own && page.ctx.permissions().has(Permission::IdentityApprove),
    }
}

/// What a page shows beside where the conversation stands.
#[derive(Default)]
struct Extra {
    /// What was typed of a person, or of an emergency.
    typed: Said,
    /// What was typed of a new address.
    address: Said,
    error: Option<(&'static str, &'static str)>,
    /// A number in full, for whoever calls it now.
    number: Option<String>,
    /// Whether it was asked for to open because of an emergency.
    emergency: bool,
}

async fn page_of(
    page: &Page,
    status: StatusCode,
    ticket: &str,
    extra: Extra,
) -> Result<Response, DeskError> {
    let (allowed, t) = (page.ctx.permissions(), page.texts());
    let view = timeline::load(page, ticket).await?;
    let names = staff::names(&page.app, page.ctx.organisation).await?;
    let verified = Verified::load(page, &view, &names).await?;
    let reads = allowed.has(Permission::PatientsRead);
    let seen = if reads {
        let whose = view.contact.patient_id;
        identity::seen(
            &page.app,
            &page.ctx,
            &view.ticket,
            &verified.standing,
            whose,
        )
        .await?
    } else {
        Seen::default()
    };
    let waiting = |call: bool| {
        let mut all = seen.waiting.iter();
        let found = all.find(|one| one.masked.is_some() == call);
        found.map(|one| task(page, one, &names, &verified))
    };
    let reason = |one: &Reason| {
        let key = format!("verify-reason-{}", one.code().replace('_', "-"));
        Choice::new(one.code(), t.text(&key), one.code() == extra.typed.reason)
    };
    let factor = |code: &'static str| {
        let key = format!("verify-factor-{code}");
        Choice::new(code, t.text(&key), code == extra.typed.factor)
    };
    let address = |one: &identity::Choice| Choice::new(&one.code, &one.masked, false);
    let shown = VerifyPage {
        shell: page.shell().await?,
        number: view.ticket.number,
        once: page.form_number(),
        may_act: allowed.has(Permission::TicketsWrite) && reads,
        may_change: allowed.has(Permission::PatientsWrite),
        may_call: allowed.has(Permission::FieldsContact),
        may_unlock: allowed.has(Permission::IdentityApprove),
        name: seen.name.clone().unwrap_or_default(),
        emails: lines(page, &seen, "email")?,
        phones: lines(page, &seen, "phone")?,
        all: seen.choices.iter().map(address).collect(),
        code_until: seen.code_until.map(|until| at(page, until)).transpose()?,
        call: waiting(true),
        second: waiting(false),
        shown: extra.number,
        reasons: Reason::EMERGENCIES.iter().map(reason).collect(),
        factors: ["mrn", "phone", "email"].into_iter().map(factor).collect(),
        emergency: extra.emergency || !extra.typed.reason.is_empty(),
        typed: extra.typed,
        address: extra.address,
        error: extra.error,
        signs: noticed::signs(&verified),
        verified,
        seen,
    };
    page.show_as(status, &shown)
}

/// Shows the page again with what is wrong, when that is something to be mended.
async fn again(
    page: &Page,
    ticket: &str,
    typed: Said,
    error: DeskError,
) -> Result<Response, DeskError> {
    let status = match error {
        DeskError::Conflict { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mend = mendable(&error).ok_or(error)?;
    let extra = Extra {
        typed,
        error: Some(mend),
        ..Extra::default()
    };
    page_of(page, status, ticket, extra).await
}

/// Goes back to the page, which says what came of it; or shows what is wrong.
pub(super) async fn done(
    page: &Page,
    ticket: &str,
    typed: Said,
    done: Result<(), DeskError>,
    said: &'static str,
) -> Result<Response, DeskError> {
    match done {
        Ok(()) => Ok(redirect_saying(&back(ticket), said)),
        Err(error) => again(page, ticket, typed, error).await,
    }
}

async fn show(page: Page, Path(ticket): Path<String>) -> Result<Response, DeskError> {
    page_of(&page, StatusCode::OK, &ticket, Extra::default()).await
}

/// What a comparison said; what was typed is on no page afterwards.
fn answered(ticket: &str, answer: Answer, right: &'static str, wrong: &'static str) -> Response {
    let said = match answer {
        Answer::Matches => right,
        Answer::NotConfirmed => wrong,
        Answer::Locked(_) => "verify-locked",
        Answer::NoCode => "verify-no-code",
    };
    redirect_saying(&back(ticket), said)
}

async fn details(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let typed = Typed {
        name: said.name.clone(),
        birth_date: said.birth_date.clone(),
        factor: said.factor.clone(),
        value: said.value.clone(),
    };
    let words = format!(
        "{} {} {} {}",
        typed.name, typed.birth_date, typed.factor, typed.value
    );
    let ctx = page.once(&said.once, &words);
    match identity::check_details(&page.app, &ctx, id, &typed).await {
        Ok(answer) => Ok(answered(
            &ticket,
            answer,
            "verify-matched",
            "verify-not-confirmed",
        )),
        Err(error) => again(&page, &ticket, said, error).await,
    }
}

async fn tie(
    page: Page,
    Path(ticket): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let tied = identity::tie(&page.app, &page.ctx, id).await;
    done(&page, &ticket, Said::default(), tied, "saved").await
}

async fn send_code(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let ctx = page.once(&said.once, &said.choice);
    let sent = identity::send_code(&page.app, &ctx, id, said.choice.clone()).await;
    done(&page, &ticket, said, sent, "verify-code-sent").await
}

async fn check_code(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let ctx = page.once(&said.once, &said.code);
    match identity::check_code(&page.app, &ctx, id, &said.code).await {
        Ok(answer) => Ok(answered(
            &ticket,
            answer,
            "verify-code-right",
            "verify-code-wrong",
        )),
        Err(error) => again(&page, &ticket, Said::default(), error).await,
    }
}

async fn ask_call(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let asked = identity::ask_call(&page.app, &page.ctx, id, said.choice.clone()).await;
    done(&page, &ticket, said, asked, "verify-call-asked").await
}

/// Shows the number on this answer alone: the next page has it masked again.
async fn show_number(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    match identity::show_number(&page.app, &page.ctx, id, said.task()).await {
        Ok(number) => {
            let extra = Extra {
                number: Some(number),
                ..Extra::default()
            };
            page_of(&page, StatusCode::OK, &ticket, extra).await
        }
        Err(error) => again(&page, &ticket, said, error).await,
    }
}

async fn called(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let task = said.task();
    let told = said.told("verify-reached", "verify-not-reached");
    let called = identity::called(&page.app, &page.ctx, id, task, said.yes).await;
    done(&page, &ticket, said, called, told).await
}

async fn ask_second(
    page: Page,
    Path(ticket): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let asked = identity::ask_approval(&page.app, &page.ctx, id).await;
    done(
        &page,
        &ticket,
        Said::default(),
        asked,
        "verify-second-asked",
    )
    .await
}

async fn decide(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let task = said.task();
    let told = said.told("verify-approved", "verify-declined");
    let decided = identity::decide(&page.app, &page.ctx, id, task, said.yes).await;
    done(&page, &ticket, said, decided, told).await
}

async fn address(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let new = NewAddress {
        instead_of: said.instead_of.clone(),
        kind: said.kind.clone(),
        value: said.value.clone(),
        words: said.words.clone(),
    };
    let words = format!(
        "{} {} {} {}",
        new.instead_of, new.kind, new.value, new.words
    );
    let ctx = page.once(&said.once, &words);
    let changed = identity::change_address(&page.app, &ctx, id, new).await;
    let error = match changed {
        Ok(()) => return Ok(redirect_saying(&back(&ticket), "verify-address-changed")),
        Err(error) => error,
    };
    let status = match error {
        DeskError::Conflict { .. } => StatusCode::CONFLICT,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let (key, place) = mendable(&error).ok_or(error)?;
    // The same fields stand in another form as well.
    let place = match place {
        "v-value" => "a-value",
        "v-words" => "a-words",
        other => other,
    };
    let extra = Extra {
        address: said,
        error: Some((key, place)),
        ..Extra::default()
    };
    page_of(&page, status, &ticket, extra).await
}

/// The same page with the form of an emergency: the proof is asked for before anything is typed.
async fn show_emergency(page: Page, Path(ticket): Path<String>) -> Result<Response, DeskError> {
    let extra = Extra {
        emergency: true,
        ..Extra::default()
    };
    page_of(&page, StatusCode::OK, &ticket, extra).await
}

async fn emergency(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let ctx = page.once(&said.once, &format!("{} {}", said.reason, said.words));
    let opened = identity::emergency(&page.app, &ctx, id, &said.reason, &said.words).await;
    done(&page, &ticket, said, opened, "verify-emergency").await
}

async fn unlock(
    page: Page,
    Path(ticket): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, DeskError> {
    let id = id_of(&page, &ticket).await?;
    let ctx = page.once(&said.once, &said.words);
    let lifted = identity::unlock(&page.app, &ctx, id, &said.words).await;
    done(&page, &ticket, said, lifted, "verify-unlocked").await
}
