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

    /// What it is a list of.
    type Entry: Send + Sync;

    /// The entry that an address means.
    fn find<'a>(clinic: &'a Clinic, id: &str) -> Option<&'a Self::Entry>;

    /// What the list shows.
    fn rows(clinic: &Clinic, t: Texts) -> Vec<Row>;

    /// The form for an entry, or for a new one.
    fn form(clinic: &Clinic, t: Texts, entry: Option<&Self::Entry>) -> Edit;

    /// What the form means: a change of `old`, or a new entry.
    fn change(
        app: &App,
        clinic: &Clinic,
        old: Option<&Self::Entry>,
        typed: &Typed,
    ) -> Result<Change, Wrong>;

    /// What removes an entry; none where nothing can be removed.
    fn removal(_entry: &Self::Entry) -> Option<Change> {
        None
    }

    /// Why an entry has to stay for now: what the desk's work, beyond its settings, still needs it for.
    fn needed(
        _page: &Page,
        _entry: &Self::Entry,
    ) -> impl Future<Output = Result<Option<Wrong>, DeskError>> + Send {
        std::future::ready(Ok(None))
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

/// The entry of an address; none for one to be added.
fn meant<'a, S: Section>(clinic: &'a Clinic, id: &str) -> Result<Option<&'a S::Entry>, DeskError> {
    if id == "new" && S::ADDS {
        return Ok(None);
    }
    S::find(clinic, id).map(Some).ok_or(DeskError::NotFound)
}

fn form<S: Section>(clinic: &Clinic, t: Texts, id: &str) -> Result<Edit, DeskError> {
    let entry = meant::<S>(clinic, id)?;
    let mut edit = S::form(clinic, t, entry);
    edit.removable = entry.is_some_and(|entry| S::removal(entry).is_some());
    if entry.is_none() {
        edit.title = text::<S>(t, "-add");
    }
    Ok(edit)
}

/// `GET`: one entry.
pub async fn edit<S: Section>(page: Page, Path(id): Path<String>) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let writes = page.ctx.permissions().has(Permission::SettingsWrite);
    show_form(
        &page,
        form::<S>(&clinic, t, &id)?,
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
    let mut again = form::<S>(&clinic, t, &id)?;
    let wrong = match S::change(&page.app, &clinic, meant::<S>(&clinic, &id)?, &typed) {
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
                    again = form::<S>(&*page.clinic()?, t, &id)?;
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
    let entry = S::find(&clinic, &id).ok_or(DeskError::NotFound)?;
    let removal = S::removal(entry).ok_or(DeskError::NotFound)?;
    let wrong = match S::needed(&page, entry).await? {
        Some(wrong) => wrong,
        None => match orgs::change(&page.app, &page.ctx, removal).await {
            Ok(()) => return Ok(redirect_saying(&back::<S>(t).0, "setting-removed")),
            Err(error) => Wrong::refused(error)?,
        },
    };
    let mut page = page;
    page.path = path::<S>(&id);
    show_form(
        &page,
        form::<S>(&clinic, t, &id)?,
        back::<S>(t),
        &[wrong],
        Vec::new(),
        true,
    )
    .await
}
