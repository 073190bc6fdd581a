//! What the clinic tells patients of their data: written, looked at, and published in versions.

use super::form::{Edit, Field, Typed, Wrong, put_wrong};
use crate::context::Permission::{SettingsRead, SettingsWrite};
use crate::error::DeskError;
use crate::ids::NoticeId;
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::privacy::notices::{self, Draft, MAX_CODE, Notice, PRIVACY, State, Text};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_codecs::mail::html::markdown_to_html;
use bedside_web::Locale;
use bedside_web::i18n::time::format_time;
use serde::Deserialize;

const LIST: &str = "/settings/notices";

pub fn routes() -> Vec<Route> {
    let (read, write) = (Access::Staff(SettingsRead), Access::Staff(SettingsWrite));
    vec![
        Route::get(LIST, read, list),
        Route::post(LIST, write, begin),
        Route::get("/settings/notices/{id}", read, show),
        Route::post("/settings/notices/{id}", write, save),
        Route::post("/settings/notices/{id}/publish", write, publish),
        Route::post("/settings/notices/{id}/discard", write, discard),
    ]
}

/// A version as a line.
struct Line {
    id: NoticeId,
    number: i64,
    draft: bool,
    current: bool,
    day: String,
    public: String,
}

/// A notice with its versions.
struct Group {
    code: String,
    privacy: bool,
    lines: Vec<Line>,
    has_draft: bool,
}

#[derive(Template)]
#[template(path = "admin/templates/notices.html")]
struct ListPage {
    shell: Shell,
    groups: Vec<Group>,
    can_write: bool,
    most: usize,
    typed: String,
    problem: Option<&'static str>,
}

async fn listed(
    page: &Page,
    status: StatusCode,
    typed: String,
    problem: Option<&'static str>,
) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let mut groups: Vec<Group> = vec![Group {
        code: PRIVACY.to_owned(),
        privacy: true,
        lines: Vec::new(),
        has_draft: false,
    }];
    for one in notices::list(&page.app, &page.ctx).await? {
        if groups.iter().all(|group| group.code != one.code) {
            groups.push(Group {
                code: one.code.clone(),
                privacy: false,
                lines: Vec::new(),
                has_draft: false,
            });
        }
        let Some(group) = groups.iter_mut().find(|group| group.code == one.code) else {
            continue;
        };
        let draft = one.state == State::Draft;
        group.has_draft |= draft;
        let is_first = group.lines.iter().all(|line| line.draft);
        group.lines.push(Line {
            id: one.id,
            number: one.number,
            draft,
            current: !draft && is_first,
            day: one.published_at.map_or(String::new(), |at| {
                format_time(at.micros(), &clinic.time_zone, t.locale)
            }),
            public: public(&clinic.slug, &one),
        });
    }
    page.show_as(
        status,
        &ListPage {
            shell: page.shell().await?,
            groups,
            can_write: page.ctx.permissions().has(SettingsWrite),
            most: MAX_CODE,
            typed,
            problem,
        },
    )
}

/// Where everybody reads a version.
fn public(slug: &str, one: &Notice) -> String {
    let about = match one.code.as_str() {
        PRIVACY => String::new(),
        code => format!("about={code}&"),
    };
    format!("/c/{slug}/notice?{about}version={}", one.number)
}

async fn list(page: Page) -> Result<Response, DeskError> {
    listed(&page, StatusCode::OK, String::new(), None).await
}

#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    code: String,
}

async fn begin(page: Page, Form(typed): Form<Begun>) -> Result<Response, DeskError> {
    let code = typed.code.trim();
    match notices::begin(&page.app, &page.ctx, code).await {
        Ok(id) => Ok(redirect_saying(&format!("{LIST}/{id}"), "setting-saved")),
        Err(DeskError::Invalid { code: why, .. }) => {
            let problem = if why == "too_many" {
                "admin-error-notice-many"
            } else {
                "admin-error-notice-code"
            };
            let again = StatusCode::UNPROCESSABLE_ENTITY;
            listed(&page, again, typed.code, Some(problem)).await
        }
        Err(error) => Err(error),
    }
}

#[derive(Template)]
#[template(path = "admin/templates/notice.html")]
struct EditPage {
    shell: Shell,
    edit: Edit,
    problems: Vec<(String, String)>,
    action: String,
    number: i64,
    draft: bool,
    public: String,
    day: String,
    can_write: bool,
    /// Language, title, text and what is new, as patients read them.
    preview: Vec<(Locale, String, String, String)>,
}

/// The name of an input in one language.
fn input(what: &str, locale: Locale) -> String {
    format!("{what}_{locale}")
}

fn fields(page: &Page, draft: &Draft) -> Vec<Field> {
    let t = page.texts();
    let mut fields = Vec::new();
    for locale in Locale::ALL {
        let text = draft.texts.get(&locale).cloned().unwrap_or_default();
        let group = locale.own_name();
        let title = Field::line(
            input("title", locale),
            t.text("admin-notice-title"),
            text.title,
        );
        fields.push(title.optional().of(group).begins());
        let body = Field::area(
            input("body", locale),
            t.text("admin-notice-body"),
            text.body,
            16,
        );
        let body = body.help(t.text("admin-notice-body-help"));
        fields.push(body.optional().of(group));
        let new = t.text("admin-notice-changes");
        let new = Field::area(input("changes", locale), new, text.changes, 3);
        let new = new.help(t.text("admin-notice-changes-help"));
        fields.push(new.optional().of(group));
    }
    fields
}

/// The words in every language, as typed.
fn typed_texts(typed: &Typed) -> Vec<(Locale, Text)> {
    let read = |locale: Locale| {
        let of = |what| typed.get(&input(what, locale)).to_owned();
        let text = Text {
            title: of("title"),
            body: of("body"),
            changes: of("changes"),
        };
        (locale, text.tidy())
    };
    Locale::ALL.map(read).into()
}

async fn shown(
    page: &Page,
    draft: Draft,
    typed: Option<&Typed>,
    wrong: &[Wrong],
) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let notice = &draft.notice;
    let is_draft = notice.state == State::Draft;
    let name = match notice.code.as_str() {
        PRIVACY => t.text("notice-of-privacy"),
        code => code,
    };
    let mut edit = Edit {
        title: name.to_owned(),
        intro: t.text("admin-notice-intro").to_owned(),
        fields: fields(page, &draft),
        version: notice.version,
        removable: is_draft,
    };
    let mut words: Vec<(Locale, Text)> = draft.texts.clone().into_iter().collect();
    if let Some(typed) = typed {
        edit.fill(typed);
        words = typed_texts(typed);
    }
    let problems = put_wrong(&mut edit, wrong, t);
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let preview = words.into_iter().filter(|(_, text)| !text.is_empty());
    page.show_as(
        status,
        &EditPage {
            shell: page.shell().await?,
            edit,
            problems,
            action: format!("{LIST}/{}", notice.id),
            number: notice.number,
            draft: is_draft,
            public: public(&clinic.slug, notice),
            day: notice.published_at.map_or(String::new(), |at| {
                format_time(at.micros(), &clinic.time_zone, t.locale)
            }),
            can_write: page.ctx.permissions().has(SettingsWrite),
            preview: preview
                .map(|(locale, text)| {
                    let (body, changes) = (
                        markdown_to_html(&text.body),
                        markdown_to_html(&text.changes),
                    );
                    (locale, text.title, body, changes)
                })
                .collect(),
        },
    )
}

async fn meant(page: &Page, id: &str) -> Result<Draft, DeskError> {
    let id = id.parse().map_err(|_| DeskError::NotFound)?;
    notices::notice(&page.app, &page.ctx, id).await
}

async fn show(page: Page, Path(id): Path<String>) -> Result<Response, DeskError> {
    let draft = meant(&page, &id).await?;
    shown(&page, draft, None, &[]).await
}

async fn save(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let draft = meant(&page, &id).await?;
    let id = draft.notice.id;
    let texts = typed_texts(&typed);
    for (locale, text) in &texts {
        if let Err(DeskError::Invalid { field, code, .. }) = text.check() {
            let key = match (field, code) {
                (_, "required") => "admin-error-notice-pair",
                ("title", _) => "admin-error-notice-title",
                _ => "admin-error-notice-long",
            };
            let wrong = [Wrong::at(input(field, *locale), key)];
            return shown(&page, draft, Some(&typed), &wrong).await;
        }
    }
    if typed.get("do") == "preview" {
        return shown(&page, draft, Some(&typed), &[]).await;
    }
    let place = (id, typed.version());
    match notices::save(&page.app, &page.ctx, place, texts.into_iter().collect()).await {
        Ok(()) => Ok(redirect_saying(&format!("{LIST}/{id}"), "setting-saved")),
        Err(error) => {
            let wrong = [Wrong::refused(error)?];
            shown(&page, draft, Some(&typed), &wrong).await
        }
    }
}

async fn publish(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let draft = meant(&page, &id).await?;
    let place = (draft.notice.id, typed.version());
    match notices::publish(&page.app, &page.ctx, place).await {
        Ok(()) => Ok(redirect_saying(LIST, "notice-published")),
        Err(error) => {
            let wrong = [Wrong::refused(error)?];
            shown(&page, draft, None, &wrong).await
        }
    }
}

async fn discard(
    page: Page,
    Path(id): Path<String>,
    Form(_): Form<Typed>,
) -> Result<Response, DeskError> {
    let draft = meant(&page, &id).await?;
    match notices::discard(&page.app, &page.ctx, draft.notice.id).await {
        Ok(()) => Ok(redirect_saying(LIST, "setting-removed")),
        Err(error) => {
            let wrong = [Wrong::refused(error)?];
            shown(&page, draft, None, &wrong).await
        }
    }
}
