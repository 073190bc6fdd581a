//! Settings that are lists of entries, and the handlers that all of them share.

use super::form::{Edit, List, Row, Typed, Wrong, show_form, show_list};
use crate::app::App;
use crate::context::Permission;
use crate::error::DeskError;
use crate::orgs::{self, Change, Clinic};
use crate::pages::forms::{Form, Nothing};
use crate::pages::layout::{Page, redirect_saying};
use axum::extract::Path;
use axum::response::Response;
use bedside_web::i18n::Texts;

/// A kind of setting.
pub trait Section: Send + Sync + 'static {
    /// Last part of its list's path.
    const PATH: &'static str;
    /// Its texts are `admin-<KEY>`, `admin-<KEY>-intro` and `admin-<KEY>-add`.
    const KEY: &'static str;
    /// Whether entries can be added.
    const ADDS: bool = true;

    /// What the list shows.
    fn rows(clinic: &Clinic, t: Texts) -> Vec<Row>;

    /// The form for an entry, or for a new one when `id` is `new`.
    fn entry(clinic: &Clinic, t: Texts, id: &str) -> Result<Edit, DeskError>;

    /// What the form means. The id of something new is `fresh`.
    fn change(app: &App, clinic: &Clinic, id: &str, typed: &Typed) -> Result<Change, Wrong>;

    /// What removes an entry.
    fn removal(_clinic: &Clinic, _id: &str) -> Result<Change, DeskError> {
        Err(DeskError::NotFound)
    }
}

/// The path of an entry.
pub fn path<S: Section>(id: &str) -> String {
    format!("/settings/{}/{id}", S::PATH)
}

fn text<S: Section>(t: Texts, which: &str) -> String {
    t.text(&format!("admin-{}{which}", S::KEY)).to_owned()
}

fn back<S: Section>(t: Texts) -> (String, String) {
    (format!("/settings/{}", S::PATH), text::<S>(t, ""))
}

/// `GET`: the list.
pub async fn list<S: Section>(page: Page) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let writes = page.ctx.permissions().has(Permission::SettingsWrite);
    let add = (S::ADDS && writes).then(|| (path::<S>("new"), text::<S>(t, "-add")));
    let list = List {
        title: text::<S>(t, ""),
        intro: text::<S>(t, "-intro"),
        rows: S::rows(&clinic, t),
        add,
        secret: None,
    };
    show_list(&page, list).await
}

fn entry<S: Section>(clinic: &Clinic, t: Texts, id: &str) -> Result<Edit, DeskError> {
    if id == "new" && !S::ADDS {
        return Err(DeskError::NotFound);
    }
    let mut edit = S::entry(clinic, t, id)?;
    if id == "new" {
        edit.title = text::<S>(t, "-add");
        edit.removable = false;
    }
    Ok(edit)
}

/// `GET`: one entry.
pub async fn edit<S: Section>(page: Page, Path(id): Path<String>) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let writes = page.ctx.permissions().has(Permission::SettingsWrite);
    show_form(
        &page,
        entry::<S>(&clinic, t, &id)?,
        back::<S>(t),
        &[],
        Vec::new(),
        writes,
    )
    .await
}

/// `POST`: keeps an entry. When someone changed it meanwhile, the form comes back with what was typed and the newer
/// version, so that saving once more is a decision.
pub async fn save<S: Section>(
    page: Page,
    Path(id): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let mut again = entry::<S>(&clinic, t, &id)?;
    let wrong = match S::change(&page.app, &clinic, &id, &typed) {
        Err(wrong) => {
            again.version = typed.version();
            wrong
        }
        Ok(change) => match orgs::change(&page.app, &page.ctx, change).await {
            Ok(()) => return Ok(redirect_saying(&back::<S>(t).0, "setting-saved")),
            Err(error) => {
                let stale = matches!(error, DeskError::Stale { .. });
                let wrong = Wrong::refused(error)?;
                if stale {
                    orgs::reload(&page.app).await?;
                    again = entry::<S>(&*page.clinic()?, t, &id)?;
                }
                wrong
            }
        },
    };
    again.fill(&typed);
    show_form(&page, again, back::<S>(t), &[wrong], Vec::new(), true).await
}

/// `POST`: removes an entry.
pub async fn remove<S: Section>(
    page: Page,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let removal = S::removal(&clinic, &id)?;
    match orgs::change(&page.app, &page.ctx, removal).await {
        Ok(()) => Ok(redirect_saying(&back::<S>(t).0, "setting-removed")),
        Err(error) => {
            let wrong = Wrong::refused(error)?;
            let mut page = page;
            page.path = path::<S>(&id);
            show_form(
                &page,
                entry::<S>(&clinic, t, &id)?,
                back::<S>(t),
                &[wrong],
                Vec::new(),
                true,
            )
            .await
        }
    }
}
