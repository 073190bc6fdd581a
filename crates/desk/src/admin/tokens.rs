//! API tokens: keys for other systems. The secret is shown once.

use super::form::{
    Edit, Extra, Field, List, Row, Typed, Wrong, permission_input, show_form, show_list,
};
use super::queue_boxes;
use crate::context::Permission::StaffManage;
use crate::context::{Permission, Permissions};
use crate::error::DeskError;
use crate::ids::ApiTokenId;
use crate::orgs::Clinic;
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, redirect_saying};
use crate::renewals;
use crate::router::{Access, Route};
use crate::staff::{self, INTEGRATION, NewToken, Queues, TOKEN_DAYS, TokenView};
use axum::extract::Path;
use axum::response::Response;
use bedside_web::i18n::{Texts, time};

pub fn routes() -> Vec<Route> {
    let managed = Access::Staff(StaffManage);
    vec![
        Route::get("/settings/tokens", managed, list),
        Route::get(ONE, managed, show).confirmed(ONE),
        Route::post(ONE, managed, save).confirmed_before(ONE),
        Route::post("/settings/tokens/{id}/revoke", managed, revoke),
    ]
}

const LIST: &str = "/settings/tokens";
const ONE: &str = "/settings/tokens/{id}";
const DAY: i64 = 24 * 60 * 60;

fn above(t: Texts) -> (String, String) {
    (LIST.to_owned(), t.text("admin-tokens").to_owned())
}

fn badge(t: Texts, token: &TokenView, now: bedside_db::Timestamp) -> (&'static str, String) {
    match (token.revoked_at, token.expires_at) {
        (Some(_), _) => ("badge-warn", t.text("admin-token-revoked").to_owned()),
        (None, Some(at)) if at <= now => ("badge-warn", t.text("admin-token-expired").to_owned()),
        (None, None) => ("badge-warn", t.text("admin-token-endless").to_owned()),
        (None, Some(at)) if at.seconds_since(now) <= renewals::SOON * DAY => {
            ("badge-warn", t.text("admin-token-soon").to_owned())
        }
        _ => ("badge-ok", t.text("admin-token-works").to_owned()),
    }
}

async fn shown(page: &Page, secret: Option<(String, String)>) -> Result<Response, DeskError> {
    let (t, now) = (page.texts(), page.app.now());
    let row = |token: TokenView| Row {
        href: format!("{LIST}/{}", token.id),
        badge: Some(badge(t, &token, now)),
        title: token.name,
        detail: token.scopes,
    };
    let rows = staff::list_tokens(&page.app, &page.ctx)
        .await?
        .into_iter()
        .map(row)
        .collect();
    let list = List {
        title: t.text("admin-tokens").to_owned(),
        intro: t.text("admin-tokens-intro").to_owned(),
        rows,
        add: Some((format!("{LIST}/new"), t.text("admin-tokens-add").to_owned())),
        secret,
    };
    show_list(page, list).await
}

async fn list(page: Page) -> Result<Response, DeskError> {
    shown(&page, None).await
}

fn form(page: &Page) -> Result<Edit, DeskError> {
    let t = page.texts();
    let mut fields = vec![
        Field::line("name", t.text("admin-token-name"), "").help(t.text("admin-token-name-help")),
        Field::number("days", t.text("admin-token-days"), TOKEN_DAYS)
            .help(t.text("admin-token-days-help")),
    ];
    // Nobody hands on more than they have.
    for permission in Permission::ALL
        .iter()
        .filter(|one| page.ctx.permissions().has(**one))
    {
        let label = t
            .text(&format!("scope-{}", permission.code().replace(':', "-")))
            .to_owned();
        let begins = INTEGRATION.contains(permission);
        fields.push(
            Field::check(permission_input(*permission), label, begins).help(permission.code()),
        );
    }
    fields.extend(queue_boxes::boxes(page, &Queues::All)?);
    Ok(Edit {
        title: t.text("admin-tokens-add").to_owned(),
        intro: t.text("admin-tokens-new-intro").to_owned(),
        fields,
        version: 0,
        removable: false,
    })
}

async fn find(page: &Page, id: &str) -> Result<TokenView, DeskError> {
    let id: ApiTokenId = id.parse().map_err(|_| DeskError::NotFound)?;
    let all = staff::list_tokens(&page.app, &page.ctx).await?;
    all.into_iter()
        .find(|token| token.id == id)
        .ok_or(DeskError::NotFound)
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, DeskError> {
    let t = page.texts();
    if id == "new" {
        return show_form(&page, form(&page)?, above(t), &[], Vec::new(), true).await;
    }
    let token = find(&page, &id).await?;
    let zone = page.clinic()?.time_zone.clone();
    let date = |at: bedside_db::Timestamp| time::format_date(at.micros(), &zone, t.locale);
    let until = token
        .expires_at
        .map_or_else(|| t.text("admin-token-forever").to_owned(), date);
    let about = t.format(
        "admin-token-about",
        &[
            ("made", date(token.created_at).into()),
            ("until", until.into()),
        ],
    );
    let extra = Extra {
        action: format!("{LIST}/{id}/revoke"),
        label: t.text("admin-token-revoke").to_owned(),
        help: t.text("admin-token-revoke-help").to_owned(),
        danger: true,
        asks: None,
    };
    let clinic = page.clinic()?;
    let limited = token.queues != Queues::All;
    let own = clinic
        .queues
        .iter()
        .filter(|queue| limited && token.queues.has(queue.id));
    let reached = own.map(|queue| Row {
        href: String::new(),
        title: queue.names.in_locale(t.locale).to_owned(),
        detail: t.text("admin-queues-reached").to_owned(),
        badge: None,
    });
    let list = List {
        title: token.name.clone(),
        intro: about.into_owned(),
        rows: token
            .scopes
            .split_whitespace()
            .map(|code| Row {
                href: String::new(),
                title: t
                    .text(&format!("scope-{}", code.replace(':', "-")))
                    .to_owned(),
                detail: code.to_owned(),
                badge: None,
            })
            .chain(reached)
            .collect(),
        add: None,
        secret: None,
    };
    let extras = if token.revoked_at.is_none() {
        vec![extra]
    } else {
        Vec::new()
    };
    super::form::show_list_with(&page, list, extras).await
}

fn read(page: &Page, clinic: &Clinic, typed: &Typed) -> Result<NewToken, Wrong> {
    let scopes: Vec<Permission> = Permission::ALL
        .iter()
        .copied()
        .filter(|permission| typed.ticked(&permission_input(*permission)))
        .collect();
    if scopes.is_empty() {
        return Err(Wrong::at("", "admin-error-scopes"));
    }
    let days = typed.number("days", 1, TOKEN_DAYS)?;
    Ok(NewToken {
        name: typed.line("name", 100)?,
        scopes: Permissions::of(&scopes),
        queues: queue_boxes::read(clinic, &page.ctx, typed, &Queues::All)?,
        expires_at: Some(page.app.now().plus_seconds(days * DAY)),
    })
}

async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    if id != "new" {
        return Err(DeskError::NotFound);
    }
    let t = page.texts();
    let wrong = match read(&page, &*page.clinic()?, &typed) {
        Ok(new) => match staff::create_token(&page.app, &page.ctx, new).await {
            Ok((_, secret)) => {
                return shown(&page, Some((t.text("admin-token-made").to_owned(), secret))).await;
            }
            Err(error) => Wrong::refused(error)?,
        },
        Err(wrong) => wrong,
    };
    let mut again = form(&page)?;
    again.fill(&typed);
    show_form(&page, again, above(t), &[wrong], Vec::new(), true).await
}

async fn revoke(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let token = find(&page, &id).await?;
    staff::revoke_token(&page.app, &page.ctx, token.id).await?;
    Ok(redirect_saying(LIST, "token-revoked"))
}
