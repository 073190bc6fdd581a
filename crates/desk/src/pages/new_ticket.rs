//! A request that staff write down for somebody, such as a caller.

use super::choices::Choice;
use super::forms::Form;
use super::layout::{Page, Shell, redirect_saying};
use crate::context::Permission;
use crate::error::DeskError;
use crate::patients;
use crate::router::{Access, Route};
use crate::tickets::{self, Answer, NewTicket};
use crate::triage::{self, Whose};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_language::Channel;
use bedside_web::Locale;
use serde::Deserialize;

/// Ways in which somebody of the staff takes a request.
const CHANNELS: [Channel; 4] = [Channel::Phone, Channel::Email, Channel::Sms, Channel::Video];

pub(super) fn routes() -> Vec<Route> {
    let write = Access::Staff(Permission::TicketsWrite);
    vec![
        Route::get("/tickets/new", write, show),
        Route::post("/tickets/new", write, open),
    ]
}

#[derive(Template)]
#[template(path = "pages/templates/new_ticket.html")]
struct NewPage {
    shell: Shell,
    once: String,
    form: Request,
    channels: Vec<Choice>,
    categories: Vec<Choice>,
    locales: Vec<Choice>,
    error: Option<(&'static str, &'static str)>,
}

/// The request as typed.
#[derive(Debug, Deserialize, Default)]
struct Request {
    #[serde(default)]
    once: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    locale: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    acknowledge: bool,
}

async fn show(page: Page) -> Result<Response, DeskError> {
    form_page(
        &page,
        StatusCode::OK,
        Request {
            acknowledge: true,
            ..Request::default()
        },
        None,
    )
    .await
}

async fn form_page(
    page: &Page,
    status: StatusCode,
    form: Request,
    error: Option<(&'static str, &'static str)>,
) -> Result<Response, DeskError> {
    let (t, clinic) = (page.texts(), page.clinic()?);
    let shown = NewPage {
        shell: page.shell().await?,
        once: page.form_number(),
        channels: CHANNELS
            .iter()
            .map(|one| {
                Choice::new(
                    one.code(),
                    t.text(super::ui::channel(one.code()).1),
                    one.code() == form.channel,
                )
            })
            .collect(),
        categories: clinic
            .categories
            .iter()
            .map(|one| {
                Choice::new(
                    &one.code,
                    one.names.in_locale(t.locale),
                    one.code == form.category,
                )
            })
            .collect(),
        locales: Locale::ALL
            .iter()
            .map(|one| Choice::new(one.tag(), one.own_name(), one.tag() == form.locale))
            .collect(),
        form,
        error,
    };
    page.show_as(status, &shown)
}

impl Request {
    fn channel(&self) -> Option<Channel> {
        Channel::from_code(&self.channel).filter(|one| CHANNELS.contains(one))
    }

    /// Whether nobody knows where to reach them.
    fn leaves_no_address(&self) -> bool {
        self.email.trim().is_empty() && self.phone.trim().is_empty()
    }

    /// Whether it is taken down without: who calls may have none, hide it or hang up, and who may be in danger is heard in any
    /// case.
    async fn needs_no_address(&self, page: &Page) -> Result<bool, DeskError> {
        if matches!(self.channel(), Some(Channel::Phone | Channel::Video)) {
            return Ok(true);
        }
        let hint = self.locale.parse().unwrap_or(page.ctx.locale);
        let said = format!("{}\n\n{}", self.subject, self.body);
        let called = (said.as_str(), self.name.as_str());
        Ok(
            triage::in_danger(&page.app, Whose::Desk, Channel::Phone, &said, hint).await?
                || triage::danger_called(&page.app, Whose::Desk, Channel::Phone, called, hint)
                    .await?,
        )
    }
}

async fn open(page: Page, Form(form): Form<Request>) -> Result<Response, DeskError> {
    let wrong = if form.leaves_no_address() && !form.needs_no_address(&page).await? {
        Some(("email", "new-error-address"))
    } else if form.body.trim().is_empty() {
        Some(("body", "form-error-required"))
    } else {
        None
    };
    if wrong.is_some() {
        return form_page(&page, StatusCode::UNPROCESSABLE_ENTITY, form, wrong).await;
    }
    match keep(&page, &form).await {
        Ok(created) => {
            // A call of somebody whose record is restricted is taken down by whoever answers it, who may not read it.
            let to = if tickets::may_see(&page.app, &page.ctx, created.id).await? {
                format!("/tickets/{}", created.number)
            } else {
                "/inbox".to_owned()
            };
            Ok(redirect_saying(&to, "created"))
        }
        Err(error) => {
            let mend = match error {
                DeskError::Invalid { field: "email", .. } => ("email", "form-error-email"),
                DeskError::Invalid { field: "phone", .. } => ("phone", "patient-error-phone"),
                DeskError::Invalid { .. } => ("body", "form-error-invalid"),
                DeskError::TooLarge { .. } => ("body", "form-error-too-long"),
                other => return Err(other),
            };
            form_page(&page, StatusCode::UNPROCESSABLE_ENTITY, form, Some(mend)).await
        }
    }
}

async fn keep(page: &Page, form: &Request) -> Result<tickets::Landed, DeskError> {
    let (app, organisation) = (&page.app, page.ctx.organisation);
    let locale = form.locale.parse().ok();
    let requester = if form.leaves_no_address() {
        patients::requester_without_address(app).named(&form.name)
    } else if form.email.trim().is_empty() {
        patients::requester_by_phone(app, organisation, &form.phone, Some(&form.name), locale)
            .await?
    } else {
        patients::requester_by_email(app, organisation, &form.email, Some(&form.name), locale)
            .await?
    };
    let channel = form.channel().unwrap_or(Channel::Phone);
    let mut new = NewTicket::new(requester, channel, form.subject.clone(), form.body.clone());
    new.locale = locale;
    new.called = vec![form.name.clone()];
    new.category = (!form.category.is_empty()).then(|| form.category.clone());
    new.answer = Answer::wanted(form.acknowledge);
    let ctx = page.once(&form.once, &format!("{form:?}"));
    tickets::create(app, &ctx, new).await
}
