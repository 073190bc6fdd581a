//! The form that names an exception of information blocking for a request.

use super::decide::{after, day};
use super::show::Typed;
use crate::context::Permission;
use crate::error::DeskError;
use crate::ids::PrivacyRequestId;
use crate::pages::choices::Choice;
use crate::pages::forms::Form;
use crate::pages::layout::Page;
use crate::privacy::requests::{Request, blocking, law};
use crate::router::{Access, Route};
use axum::extract::Path;
use axum::response::Response;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post(
        "/privacy/{request}/exception",
        Access::Staff(Permission::PrivacyManage),
        name,
    )]
}

/// What is named for a request, and the form for it.
pub(super) struct Blocking {
    /// What is named, where the law says so, and how far telling it is.
    pub named: Option<(String, &'static str, Option<String>)>,
    pub may_name: bool,
    pub choices: Vec<Choice>,
    pub told_on: String,
}

impl Blocking {
    /// `shown` writes a day as the page does.
    pub(super) async fn of(
        page: &Page,
        request: &Request,
        typed: &Typed,
        shown: impl Fn(jiff::civil::Date) -> String,
    ) -> Result<Self, DeskError> {
        let t = page.texts();
        let found = blocking::named(&page.app, &page.ctx, request).await?;
        let label = |code: &str| t.text(&key(code)).to_owned();
        let told_on = found.as_ref().and_then(|one| one.told_on);
        let named = found.as_ref().map(|one| {
            let told = match (one.told_on, one.due) {
                (Some(on), _) => Some(t.with("blocking-told", "day", shown(on)).into_owned()),
                (None, Some(due)) => Some(t.with("blocking-due", "day", shown(due)).into_owned()),
                (None, None) => None,
            };
            let section = law::exception(&one.code).map_or("", |one| one.section.as_str());
            (label(&one.code), section, told)
        });
        let chosen = match (&*typed.exception, &found) {
            ("", Some(one)) => one.code.as_str(),
            (typed, _) => typed,
        };
        let choice = |one: &law::Exception| {
            let words = format!("{} ({})", label(&one.code), one.section);
            Choice::new(&one.code, words, one.code == chosen)
        };
        Ok(Self {
            named,
            may_name: blocking::may_name(request),
            choices: law::exceptions().map(choice).collect(),
            told_on: if typed.exception_told_on.is_empty() {
                told_on.map_or_else(String::new, |day| day.to_string())
            } else {
                typed.exception_told_on.clone()
            },
        })
    }
}

fn key(code: &str) -> String {
    format!("blocking-{}", code.replace('_', "-"))
}

async fn name(
    page: Page,
    Path(id): Path<PrivacyRequestId>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let told_on = match typed.exception_told_on.trim() {
        "" => Ok(None),
        text => day("exception_told_on", text).map(Some),
    };
    let done = match told_on {
        Ok(told_on) => {
            let (request, code) = ((id, typed.version), &typed.exception);
            blocking::name(&page.app, &page.ctx, request, code, told_on).await
        }
        Err(error) => Err(error),
    };
    after(page, id, typed, done, "privacy-exception").await
}
