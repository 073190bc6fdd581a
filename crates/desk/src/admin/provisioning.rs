//! Provisioning: where the clinic's identity provider sends people and groups to, what each group gives, and whether it
//! works.

use super::form::{Edit, Field, Typed, Wrong, put_wrong};
use crate::context::Permission::StaffManage;
use crate::error::DeskError;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::pages::ui::{self, When};
use crate::provisioning::{self, Call, Choice, Rules};
use crate::router::{Access, Route};
use crate::staff::{self, WayIn};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::I18n;
use bedside_web::i18n::{Texts, time};

const HERE: &str = "/settings/provisioning";
/// Messages that the page shows.
const SHOWN: i64 = 20;

pub fn routes() -> Vec<Route> {
    let managed = Access::Staff(StaffManage);
    vec![
        Route::get(HERE, managed, show).confirmed(HERE),
        Route::post(HERE, managed, save).confirmed_before(HERE),
    ]
}

/// A message of the provider's, in words.
struct Line {
    when: When,
    what: String,
    /// Why it was refused; none where it was done.
    refused: Option<String>,
}

/// How the provider's token stands.
enum Token {
    /// One works; until when, in words, where it ends by itself.
    Works(Option<String>),
    /// None works any more.
    Ended,
    /// There was none.
    None,
}

#[derive(Template)]
#[template(path = "admin/templates/provisioning.html")]
struct ProvisioningPage {
    shell: Shell,
    address: String,
    token: Token,
    /// Of how many people the provider tells, in words.
    people: String,
    /// One choice a group, and the last one for everybody else.
    edit: Edit,
    can_write: bool,
    /// What the choices are made from, as hidden inputs.
    before: Vec<(String, String)>,
    problems: Vec<(String, String)>,
    lines: Vec<Line>,
}

fn input(group: &provisioning::Mapped) -> String {
    format!("role_{}", group.id)
}

fn before_input(of: &str) -> String {
    format!("{of}_was")
}

const DEFAULT: &str = "default_role";

/// The roles that whoever looks may hand on, after none; the one that is chosen is among them whatever it is.
fn roles(
    page: &Page,
    none: &str,
    chosen: Option<&str>,
) -> Result<Vec<(String, String)>, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let mut choices = vec![(String::new(), t.text(none).to_owned())];
    for role in &clinic.roles {
        if page.ctx.hands_on(&role.reach()).is_ok() || chosen == Some(&role.code) {
            choices.push((role.code.clone(), role.names.in_locale(t.locale).to_owned()));
        }
    }
    Ok(choices)
}

fn fields(page: &Page, rules: &Rules) -> Result<Vec<Field>, DeskError> {
    let t = page.texts();
    let mut fields = Vec::new();
    for group in &rules.groups {
        let chosen = group.role.as_deref();
        let choices = roles(page, "admin-provisioning-nothing", chosen)?;
        let field = Field::choice(
            input(group),
            &*group.name,
            chosen.unwrap_or_default(),
            choices,
        );
        let members = t.with("admin-provisioning-members", "count", group.members);
        fields.push(field.help(members).optional());
    }
    let chosen = rules.default_role.as_deref();
    let choices = roles(page, "admin-provisioning-no-way-in", chosen)?;
    let label = t.text("admin-provisioning-default");
    let field = Field::choice(DEFAULT, label, chosen.unwrap_or_default(), choices);
    fields.push(
        field
            .help(t.text("admin-provisioning-default-help"))
            .optional(),
    );
    Ok(fields)
}

/// Words for a code, or the code itself where there are none.
fn words(t: Texts, kind: &str, code: &str) -> String {
    let key = format!(
        "admin-provisioning-{kind}-{}",
        code.replace(['.', '_'], "-")
    );
    if I18n::global().has(t.locale, &key) {
        t.text(&key).to_owned()
    } else {
        code.to_owned()
    }
}

async fn shown(
    page: &Page,
    typed: Option<&Typed>,
    wrong: Option<Wrong>,
) -> Result<Response, DeskError> {
    let (clinic, t, now) = (page.clinic()?, page.texts(), page.app.now());
    let rules = provisioning::rules(&page.app, &page.ctx).await?;
    let mut edit = Edit {
        fields: fields(page, &rules)?,
        ..Edit::default()
    };
    let before = edit
        .fields
        .iter()
        .map(|field| (before_input(&field.name), field.value.clone()));
    let before = before.collect();
    if let Some(typed) = typed {
        edit.fill(typed);
    }
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let wrong: Vec<Wrong> = wrong.into_iter().collect();
    let problems = put_wrong(&mut edit, &wrong, t);
    let line = |call: Call| Line {
        when: ui::ago(call.at, now, &clinic.time_zone, t.locale),
        what: words(t, "what", &call.what),
        refused: (call.outcome != "ok").then(|| words(t, "outcome", &call.outcome)),
    };
    let calls = provisioning::calls(&page.app, &page.ctx, SHOWN).await?;
    let count = i64::try_from(rules.people).unwrap_or(i64::MAX);
    let people = t
        .with("admin-provisioning-people", "count", count)
        .into_owned();
    let day = |at: Timestamp| time::format_date(at.micros(), &clinic.time_zone, t.locale);
    let token = match staff::provisioning_way(&page.app, &page.ctx).await? {
        WayIn::Open(until) => Token::Works(until.map(day)),
        WayIn::Shut => Token::Ended,
        WayIn::None => Token::None,
    };
    page.show_as(
        status,
        &ProvisioningPage {
            shell: page.shell().await?,
            address: format!("{}{}", page.app.config.public_url, provisioning::BASE),
            token,
            people,
            edit,
            can_write: true,
            before,
            problems,
            lines: calls.into_iter().map(line).collect(),
        },
    )
}

async fn show(page: Page) -> Result<Response, DeskError> {
    shown(&page, None, None).await
}

/// What of the form is another choice than before. A group that came since the page was shown is not in the form.
fn chosen(rules: &Rules, typed: &Typed) -> Vec<Choice> {
    let read = |name: &str| {
        let code = |name: &str| Some(typed.get(name).to_owned()).filter(|code| !code.is_empty());
        let (was, role) = (code(&before_input(name)), code(name));
        (role != was).then_some((was, role))
    };
    let mut choices: Vec<Choice> = rules
        .groups
        .iter()
        .filter_map(|group| {
            let (was, role) = read(&input(group))?;
            Some(Choice::Group {
                id: group.id,
                was,
                role,
            })
        })
        .collect();
    if let Some((was, role)) = read(DEFAULT) {
        choices.push(Choice::Default { was, role });
    }
    choices
}

async fn save(page: Page, Form(typed): Form<Typed>) -> Result<Response, DeskError> {
    let rules = provisioning::rules(&page.app, &page.ctx).await?;
    let done = provisioning::choose(&page.app, &page.ctx, chosen(&rules, &typed)).await;
    match done {
        Ok(()) => Ok(redirect_saying(HERE, "setting-saved")),
        Err(error) => shown(&page, Some(&typed), Some(Wrong::refused(error)?)).await,
    }
}
