//! Roles: what people of the staff may do, and how long they stay signed in.

use super::form::{
    Edit, Field, List, Row, Typed, Wrong, code_of, names, permission_input, show_form, show_list,
};
use super::queue_boxes;
use crate::context::Permission::{self, StaffManage};
use crate::context::Permissions;
use crate::error::DeskError;
use crate::names::Names;
use crate::orgs::Clinic;
use crate::orgs::{self, Change};
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, redirect_saying};
use crate::router::{Access, Route};
use crate::staff::{ADMINISTRATOR, IDLE_MINUTES, Queues, Role, SESSION_MINUTES, SecondFactor};
use axum::extract::Path;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::Texts;

pub fn routes() -> Vec<Route> {
    let managed = Access::Staff(StaffManage);
    vec![
        Route::get("/settings/roles", managed, list),
        Route::get("/settings/roles/{id}", managed, show).confirmed(ONE),
        Route::post("/settings/roles/{id}", managed, save).confirmed_before(ONE),
        Route::post("/settings/roles/{id}/remove", managed, remove).confirmed(ONE),
    ]
}

const LIST: &str = "/settings/roles";
const ONE: &str = "/settings/roles/{id}";
/// Longest line about a role, in characters.
const MAX_ABOUT: usize = 100;

fn above(t: Texts) -> (String, String) {
    (LIST.to_owned(), t.text("admin-roles").to_owned())
}

async fn list(page: Page) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let row = |role: &Role| Row {
        href: format!("{LIST}/{}", role.code),
        title: role.names.in_locale(t.locale).to_owned(),
        detail: role.about.in_locale(t.locale).to_owned(),
        badge: role
            .clinical
            .then(|| ("", t.text("admin-role-clinical-badge").to_owned())),
    };
    let list = List {
        title: t.text("admin-roles").to_owned(),
        intro: t.text("admin-roles-intro").to_owned(),
        rows: clinic.roles.iter().map(|role| row(role)).collect(),
        add: Some((format!("{LIST}/new"), t.text("admin-roles-add").to_owned())),
        secret: None,
    };
    show_list(&page, list).await
}

/// The role of an address, or an empty one to be added.
fn meant(page: &Page, id: &str) -> Result<Role, DeskError> {
    let clinic = page.clinic()?;
    if id != "new" {
        return clinic
            .role(id)
            .map(|role| role.as_ref().clone())
            .ok_or(DeskError::NotFound);
    }
    let last = clinic.roles.iter().map(|role| role.position).max();
    Ok(Role {
        code: String::new(),
        names: Names::default(),
        about: Names::default(),
        permissions: Permissions::NONE,
        queues: Queues::All,
        clinical: false,
        called: false,
        second_factor: SecondFactor::None,
        idle_minutes: 60,
        session_minutes: 720,
        position: last.unwrap_or(0) + 1,
        version: 0,
    })
}

fn about_input(locale: Locale) -> String {
    format!("about_{}", locale.tag())
}

fn form(page: &Page, role: &Role) -> Result<Edit, DeskError> {
    let t = page.texts();
    let mut fields = names(t, &role.names);
    fields.extend(Locale::ALL.map(|locale| {
        let label = t.with("admin-role-about", "language", locale.own_name());
        let value = role.about.0.get(locale.tag()).cloned();
        Field::line(about_input(locale), label, value.unwrap_or_default()).optional()
    }));
    let may = t.text("admin-role-may");
    // Nobody hands on more than they have.
    let own = page.ctx.permissions();
    let offered = Permission::ALL
        .iter()
        .filter(|one| own.has(**one) || role.permissions.has(**one));
    let boxes = offered.enumerate().map(|(number, one)| {
        let key = format!("scope-{}", one.code().replace(':', "-"));
        let field = Field::check(
            permission_input(*one),
            t.text(&key),
            role.permissions.has(*one),
        )
        .of(may);
        if number == 0 { field.begins() } else { field }
    });
    fields.extend(boxes);
    fields.extend(queue_boxes::boxes(page, &role.queues)?);
    fields.extend([
        Field::check("clinical", t.text("admin-role-clinical"), role.clinical)
            .help(t.text("admin-role-clinical-help"))
            .of(t.text("admin-role-duties"))
            .begins(),
        Field::check("called", t.text("admin-role-called"), role.called)
            .help(t.text("admin-role-called-help"))
            .of(t.text("admin-role-duties")),
        Field::choice(
            "second_factor",
            t.text("admin-role-factor"),
            role.second_factor.code(),
            SecondFactor::ALL
                .map(|one| {
                    let key = format!("admin-role-factor-{}", one.code());
                    (one.code().to_owned(), t.text(&key).to_owned())
                })
                .to_vec(),
        )
        .help(t.text("admin-role-factor-help"))
        .of(t.text("admin-role-sessions"))
        .begins(),
        Field::number("idle_minutes", t.text("admin-role-idle"), role.idle_minutes)
            .help(t.text("admin-role-idle-help"))
            .of(t.text("admin-role-sessions")),
        Field::number(
            "session_minutes",
            t.text("admin-role-session"),
            role.session_minutes,
        )
        .help(t.text("admin-role-session-help"))
        .of(t.text("admin-role-sessions")),
    ]);
    let title = match role.names.in_locale(t.locale) {
        "" => t.text("admin-roles-add"),
        name => name,
    };
    Ok(Edit {
        title: title.to_owned(),
        intro: t.text("admin-role-intro").to_owned(),
        fields,
        version: role.version,
        removable: !role.code.is_empty() && role.code != ADMINISTRATOR,
    })
}

/// What the form means.
fn read(page: &Page, clinic: &Clinic, old: Role, typed: &Typed) -> Result<Role, Wrong> {
    let names = typed.names()?;
    let mut about = Names::default();
    for locale in Locale::ALL {
        let input = about_input(locale);
        if typed.ticked(&input) {
            let line = typed.line(&input, MAX_ABOUT)?;
            about.0.insert(locale.tag().to_owned(), line);
        }
    }
    let ticked = Permission::ALL
        .iter()
        .filter(|one| typed.ticked(&permission_input(**one)));
    let code = if old.code.is_empty() {
        let id = page.app.id::<()>().to_string();
        code_of(names.in_locale(Locale::En), &id)
    } else {
        old.code
    };
    Ok(Role {
        code,
        about,
        permissions: ticked.fold(Permissions::NONE, |set, one| set.with(*one)),
        queues: queue_boxes::read(clinic, &page.ctx, typed, &old.queues)?,
        clinical: typed.ticked("clinical"),
        called: typed.ticked("called"),
        second_factor: SecondFactor::from_code(typed.get("second_factor"))
            .ok_or_else(|| Wrong::at("second_factor", "form-error-invalid"))?,
        idle_minutes: typed.number("idle_minutes", IDLE_MINUTES.0, IDLE_MINUTES.1)?,
        session_minutes: typed.number("session_minutes", SESSION_MINUTES.0, SESSION_MINUTES.1)?,
        position: old.position,
        version: typed.version(),
        names,
    })
}

async fn shown(
    page: &Page,
    edit: Edit,
    role: &Role,
    wrong: &[Wrong],
) -> Result<Response, DeskError> {
    let can_write = page.ctx.hands_on(&role.reach()).is_ok();
    show_form(
        page,
        edit,
        above(page.texts()),
        wrong,
        Vec::new(),
        can_write,
    )
    .await
}

/// What a service refused. What is wrong with the permissions stands at the first of their boxes.
fn refused(error: DeskError) -> Result<Wrong, DeskError> {
    let mut wrong = Wrong::refused(error)?;
    if wrong.field == "permissions" {
        wrong.field = permission_input(Permission::TicketsRead);
    }
    Ok(wrong)
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, DeskError> {
    let role = meant(&page, &id)?;
    shown(&page, form(&page, &role)?, &role, &[]).await
}

async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let old = meant(&page, &id)?;
    let mut again = form(&page, &old)?;
    again.version = typed.version();
    let wrong = match read(&page, &*page.clinic()?, old.clone(), &typed) {
        Err(wrong) => wrong,
        Ok(role) => match orgs::change(&page.app, &page.ctx, Change::PutRole(role)).await {
            Ok(()) => return Ok(redirect_saying(LIST, "setting-saved")),
            Err(error) => {
                // Saving once more is a decision then: the form goes on from what is there now.
                if matches!(error, DeskError::Stale { .. }) {
                    orgs::reload(&page.app).await?;
                    again = form(&page, &meant(&page, &id)?)?;
                }
                refused(error)?
            }
        },
    };
    again.fill(&typed);
    shown(&page, again, &old, &[wrong]).await
}

async fn remove(
    mut page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let removal = Change::DeleteRole(id.clone());
    let wrong = match orgs::change(&page.app, &page.ctx, removal).await {
        Ok(()) => return Ok(redirect_saying(LIST, "setting-removed")),
        Err(error) => refused(error)?,
    };
    page.path = format!("{LIST}/{id}");
    let role = meant(&page, &id)?;
    shown(&page, form(&page, &role)?, &role, &[wrong]).await
}
