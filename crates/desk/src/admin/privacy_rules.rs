//! How the desk keeps watch over who sees what: the clinic's own choices.

use super::form::{Edit, Field, Typed, Wrong};
use super::general;
use crate::context::Permission::{SettingsRead, SettingsWrite};
use crate::error::DeskError;
use crate::orgs::{AccessReview, Change, Clinic, StaffNames, Watch};
use crate::pages::forms::Form;
use crate::pages::layout::Page;
use crate::router::{Access, Route};
use axum::response::Response;
use bedside_web::i18n::Texts;

const HERE: &str = "/settings/privacy";

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(HERE, Access::Staff(SettingsRead), show).confirmed(HERE),
        Route::post(HERE, Access::Staff(SettingsWrite), save).confirmed_before(HERE),
    ]
}

fn names(t: Texts) -> Vec<(String, String)> {
    let choice = |(names, code): (StaffNames, &str)| {
        let words = t.text(match names {
            StaffNames::Role => "privacy-names-role",
            StaffNames::First => "privacy-names-first",
            StaffNames::Full => "privacy-names-full",
        });
        (code.to_owned(), words.to_owned())
    };
    StaffNames::ALL.into_iter().map(choice).collect()
}

fn form(page: &Page, clinic: &Clinic) -> Edit {
    let t = page.texts();
    let rules = &clinic.settings.privacy;
    let (watch, access) = (rules.watch, rules.access);
    let code = StaffNames::ALL
        .into_iter()
        .find_map(|(names, code)| (names == rules.names).then_some(code))
        .unwrap_or_default();
    Edit {
        title: t.text("admin-privacy").to_owned(),
        intro: t.text("admin-privacy-intro").to_owned(),
        fields: vec![
            Field::choice("names", t.text("privacy-names"), code, names(t))
                .help(t.text("privacy-names-help")),
            Field::check("own", t.text("watch-rule-own"), watch.own),
            Field::check("same_name", t.text("watch-rule-same-name"), watch.same_name),
            Field::check("labels", t.text("watch-rule-label"), watch.labels),
            Field::check(
                "no_request",
                t.text("watch-rule-no-request"),
                watch.no_request,
            ),
            Field::number("quiet_days", t.text("watch-quiet-days"), watch.quiet_days),
            Field::check("many", t.text("watch-rule-many"), watch.many),
            Field::number("least", t.text("watch-least"), watch.least)
                .help(t.text("watch-least-help")),
            Field::number("spread", t.text("watch-spread"), watch.spread)
                .help(t.text("watch-spread-help")),
            Field::check(
                "after_hours",
                t.text("watch-rule-after-hours"),
                watch.after_hours,
            ),
            Field::check("quarterly", t.text("access-quarterly"), access.quarterly),
            Field::number("access_days", t.text("access-days"), access.days)
                .help(t.text("access-days-help")),
            Field::check("suspend", t.text("access-suspend"), access.suspend)
                .help(t.text("access-suspend-help")),
        ],
        version: clinic.version,
        removable: false,
    }
}

fn change(clinic: &Clinic, typed: &Typed) -> Result<Change, Wrong> {
    let mut settings = clinic.settings.clone();
    settings.privacy.names = StaffNames::ALL
        .into_iter()
        .find_map(|(names, code)| (code == typed.get("names")).then_some(names))
        .ok_or_else(|| Wrong::at("names", "form-error-invalid"))?;
    settings.privacy.watch = Watch {
        own: typed.ticked("own"),
        same_name: typed.ticked("same_name"),
        labels: typed.ticked("labels"),
        no_request: typed.ticked("no_request"),
        quiet_days: typed.number("quiet_days", 1, 3650)?,
        many: typed.ticked("many"),
        least: typed.number("least", 1, 10_000)?,
        spread: typed.number("spread", 1, 20)?,
        after_hours: typed.ticked("after_hours"),
    };
    settings.privacy.access = AccessReview {
        quarterly: typed.ticked("quarterly"),
        days: typed.number("access_days", 7, 90)?,
        suspend: typed.ticked("suspend"),
    };
    Ok(Change::General {
        name: clinic.name.clone(),
        time_zone: clinic.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        locale: clinic.locale,
        settings: Box::new(settings),
        version: typed.version(),
    })
}

async fn show(page: Page) -> Result<Response, DeskError> {
    general::show(page, form).await
}

async fn save(page: Page, Form(typed): Form<Typed>) -> Result<Response, DeskError> {
    general::save(page, typed, form, change).await
}
