//! People of the staff: who they are, what they may do, and the link that lets them in the first time.

use super::audit_words::role_name;
use super::form::{Edit, Extra, Field, List, Row, Typed, Wrong, show_form, show_list};
use crate::audit_log::NewEntry;
use crate::context::Permission::StaffManage;
use crate::error::DeskError;
use crate::ids::StaffId;
use crate::outbound;
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, redirect_saying};
use crate::recertification;
use crate::router::{Access, Route};
use crate::staff::{self, Evidence, NO_ROLE, NewStaff, Role, StaffView, sso};
use axum::extract::Path;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::Texts;

pub fn routes() -> Vec<Route> {
    let managed = Access::Staff(StaffManage);
    vec![
        Route::get("/settings/staff", managed, list),
        Route::get("/settings/staff/{id}", managed, show).confirmed(ONE),
        Route::post("/settings/staff/{id}", managed, save).confirmed_before(ONE),
        Route::post("/settings/staff/{id}/invite", managed, invite).confirmed(ONE),
        Route::post("/settings/staff/{id}/end-sessions", managed, end_sessions).confirmed(ONE),
        Route::post("/settings/staff/{id}/reset-factor", managed, reset_factor).confirmed(ONE),
        Route::post("/settings/staff/{id}/forget-sso", managed, forget_sso).confirmed(ONE),
        Route::post("/settings/staff/{id}/disable", managed, disable).confirmed(ONE),
        Route::post("/settings/staff/{id}/enable", managed, enable).confirmed(ONE),
    ]
}

const LIST: &str = "/settings/staff";
const ONE: &str = "/settings/staff/{id}";
/// How long an invitation is good for, in seconds.
const INVITATION: i64 = 3 * 24 * 60 * 60;

fn above(t: Texts) -> (String, String) {
    (LIST.to_owned(), t.text("admin-staff").to_owned())
}

async fn shown(page: &Page, secret: Option<(String, String)>) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let row = |one: StaffView| Row {
        href: format!("{LIST}/{}", one.id),
        title: one.name,
        detail: one.email,
        badge: Some(match one.disabled_at {
            Some(_) => ("badge-warn", t.text("admin-staff-disabled").to_owned()),
            None => ("", role_name(t, &clinic.roles, &one.role)),
        }),
    };
    let rows = staff::list(&page.app, &page.ctx)
        .await?
        .into_iter()
        .map(row)
        .collect();
    let list = List {
        title: t.text("admin-staff").to_owned(),
        intro: t.text("admin-staff-intro").to_owned(),
        rows,
        add: Some((format!("{LIST}/new"), t.text("admin-staff-add").to_owned())),
        secret,
    };
    show_list(page, list).await
}

async fn list(page: Page) -> Result<Response, DeskError> {
    shown(&page, None).await
}

/// Those that whoever looks may hand on.
fn roles(page: &Page) -> Result<Vec<(String, String)>, DeskError> {
    let (clinic, locale) = (page.clinic()?, page.ctx.locale);
    let words = |role: &Role| {
        let (name, about) = (role.names.in_locale(locale), role.about.in_locale(locale));
        let separator = if about.is_empty() { "" } else { " – " };
        format!("{name}{separator}{about}")
    };
    let roles = clinic.roles.iter();
    Ok(roles
        .filter(|role| page.ctx.hands_on(&role.reach()).is_ok())
        .map(|role| (role.code.clone(), words(role)))
        .collect())
}

fn new_form(page: &Page) -> Result<Edit, DeskError> {
    let t = page.texts();
    let languages = Locale::ALL
        .into_iter()
        .map(|one| (one.tag().to_owned(), one.own_name().to_owned()))
        .collect();
    Ok(Edit {
        title: t.text("admin-staff-add").to_owned(),
        intro: t.text("admin-staff-add-help").to_owned(),
        fields: vec![
            Field::line("name", t.text("admin-staff-name"), "")
                .help(t.text("admin-staff-name-help")),
            Field::line("email", t.text("admin-staff-email"), "").kind("email"),
            Field::choice("role", t.text("admin-staff-role"), "agent", roles(page)?),
            Field::choice("locale", t.text("language"), t.locale.tag(), languages),
        ],
        version: 0,
        removable: false,
    })
}

fn form(page: &Page, person: &StaffView) -> Result<Edit, DeskError> {
    let t = page.texts();
    let mut choices = roles(page)?;
    if choices.iter().all(|(code, _)| *code != person.role) {
        let name = role_name(t, &page.clinic()?.roles, &person.role);
        choices.insert(0, (person.role.clone(), name));
    }
    Ok(Edit {
        title: person.name.clone(),
        intro: person.email.clone(),
        fields: vec![Field::choice(
            "role",
            t.text("admin-staff-role"),
            &person.role,
            choices,
        )],
        version: person.version,
        removable: false,
    })
}

/// What can be done for or to somebody; nothing where they may do more than whoever looks.
async fn extras(page: &Page, person: &StaffView) -> Result<Vec<Extra>, DeskError> {
    if !is_in_reach(page, person)? {
        return Ok(Vec::new());
    }
    let t = page.texts();
    let extra = |which: &str, danger| Extra {
        action: format!("{LIST}/{}/{which}", person.id),
        label: t.text(&format!("admin-staff-{which}")).to_owned(),
        help: t.text(&format!("admin-staff-{which}-help")).to_owned(),
        danger,
        asks: None,
    };
    let mut of_sso = Vec::new();
    if sso::linked(&page.app, &page.ctx, person.id).await? {
        of_sso.push(extra("forget-sso", false));
    }
    if person.disabled_at.is_some() {
        return Ok([vec![extra("enable", false)], of_sso].concat());
    }
    let mut extras = vec![extra("invite", false), extra("end-sessions", false)];
    let own = page.ctx.actor.staff() == Some(person.id);
    if person.second_factor_since.is_some() && !own {
        let how = |one: Evidence| {
            let key = format!("evidence-{}", one.code().replace('_', "-"));
            (one.code().to_owned(), t.text(&key).to_owned())
        };
        let asked = t.text("admin-staff-evidence").to_owned();
        let answers = Evidence::CHOICES.map(how).to_vec();
        extras.push(Extra {
            asks: Some(("evidence", asked, answers)),
            ..extra("reset-factor", false)
        });
    }
    extras.extend(of_sso);
    extras.push(extra("disable", true));
    Ok(extras)
}

fn is_in_reach(page: &Page, person: &StaffView) -> Result<bool, DeskError> {
    let clinic = page.clinic()?;
    if person.role == NO_ROLE {
        return Ok(true);
    }
    let role = clinic.role(&person.role);
    Ok(role.is_some_and(|role| page.ctx.hands_on(&role.reach()).is_ok()))
}

async fn find(page: &Page, id: &str) -> Result<StaffView, DeskError> {
    let id: StaffId = id.parse().map_err(|_| DeskError::NotFound)?;
    let everybody = staff::list(&page.app, &page.ctx).await?;
    everybody
        .into_iter()
        .find(|person| person.id == id)
        .ok_or(DeskError::NotFound)
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, DeskError> {
    let t = page.texts();
    if id == "new" {
        return show_form(&page, new_form(&page)?, above(t), &[], Vec::new(), true).await;
    }
    let person = find(&page, &id).await?;
    let (extras, reached) = (extras(&page, &person).await?, is_in_reach(&page, &person)?);
    show_form(&page, form(&page, &person)?, above(t), &[], extras, reached).await
}

fn read(typed: &Typed) -> Result<NewStaff, Wrong> {
    Ok(NewStaff {
        email: typed.line("email", 254)?,
        name: typed.line("name", 100)?,
        role: typed.get("role").to_owned(),
        locale: typed
            .get("locale")
            .parse()
            .map_err(|_| Wrong::at("locale", "form-error-invalid"))?,
    })
}

async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let t = page.texts();
    if id == "new" {
        let wrong = match read(&typed) {
            Ok(new) => match staff::create(&page.app, &page.ctx, new).await {
                Ok(person) => return invited(&page, person).await,
                Err(error) => Wrong::refused(error)?,
            },
            Err(wrong) => wrong,
        };
        let mut again = new_form(&page)?;
        again.fill(&typed);
        return show_form(&page, again, above(t), &[wrong], Vec::new(), true).await;
    }
    let person = find(&page, &id).await?;
    let role = typed.get("role");
    let wrong =
        match staff::change_role(&page.app, &page.ctx, person.id, typed.version(), role).await {
            // They may do more now, and come in anew.
            Ok(true) => return invited(&page, person.id).await,
            Ok(false) => {
                // Whoever came from a round goes on with it.
                let round = recertification::awaits(&page.app, &page.ctx, person.id).await?;
                let back = round.map(|round| format!("/privacy/access/{round}"));
                let back = back.as_deref().unwrap_or(LIST);
                return Ok(redirect_saying(back, "setting-saved"));
            }
            Err(error) => Wrong::refused(error)?,
        };
    let mut again = form(&page, &person)?;
    again.fill(&typed);
    let extras = extras(&page, &person).await?;
    show_form(&page, again, above(t), &[wrong], extras, true).await
}

/// Makes a new way in for somebody. It goes to them by mail; only where none can be sent is it shown here, once.
async fn invited(page: &Page, person: StaffId) -> Result<Response, DeskError> {
    let expires = page.app.now().plus_seconds(INVITATION);
    let token = staff::make_link(&page.app, &page.ctx, person, false, expires).await?;
    let link = page.app.config.sign_in_link(&token);
    if outbound::send_invitation(&page.app, &page.ctx, person, &link).await? {
        return Ok(redirect_saying(LIST, "staff-invited"));
    }
    let entry = NewEntry::new("staff.link_shown", "staff", person);
    page.app.audit(&page.ctx, entry).await?;
    shown(
        page,
        Some((page.texts().text("admin-staff-invited").to_owned(), link)),
    )
    .await
}

async fn invite(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let person = find(&page, &id).await?;
    if person.disabled_at.is_some() {
        return Err(DeskError::NotFound);
    }
    invited(&page, person.id).await
}

async fn end_sessions(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let person = find(&page, &id).await?;
    let done = staff::end_everywhere(&page.app, &page.ctx, person.id).await;
    said(page, &person, done).await
}

async fn reset_factor(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let person = find(&page, &id).await?;
    let done = match Evidence::chosen(typed.get("evidence")) {
        Some(how) => staff::reset_factor(&page.app, &page.ctx, person.id, how).await,
        None => Err(DeskError::invalid(
            "evidence",
            "evidence",
            "Choose how you made sure that it is them.",
        )),
    };
    said(page, &person, done).await
}

async fn forget_sso(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let person = find(&page, &id).await?;
    let done = sso::forget_person(&page.app, &page.ctx, person.id).await;
    said(page, &person, done).await
}

async fn disable(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let person = find(&page, &id).await?;
    let done = staff::disable(&page.app, &page.ctx, person.id).await;
    said(page, &person, done).await
}

async fn enable(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let person = find(&page, &id).await?;
    let done = staff::enable(&page.app, &page.ctx, person.id).await;
    said(page, &person, done).await
}

/// Back to the list, or to the person with what was refused.
async fn said(
    mut page: Page,
    person: &StaffView,
    done: Result<(), DeskError>,
) -> Result<Response, DeskError> {
    let Err(error) = done else {
        return Ok(redirect_saying(LIST, "setting-saved"));
    };
    let (t, wrong) = (page.texts(), Wrong::refused(error)?);
    page.path = format!("{LIST}/{}", person.id);
    let extras = extras(&page, person).await?;
    show_form(
        &page,
        form(&page, person)?,
        above(t),
        &[wrong],
        extras,
        true,
    )
    .await
}
