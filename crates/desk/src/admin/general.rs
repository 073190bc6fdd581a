//! The clinic itself: name, zone, language, emergency numbers, switches; and its hours.

use super::form::{Edit, Field, Typed, Wrong, show_form};
use crate::context::Permission::{SettingsRead, SettingsWrite};
use crate::error::DeskError;
use crate::example::{self, Detail};
use crate::orgs::{self, Change, Clinic, Hours};
use crate::pages::forms::Form;
use crate::pages::layout::{Page, redirect_saying};
use crate::pages::privacy_requests::law_key;
use crate::privacy::requests::Law;
use crate::router::{Access, Route};
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::Texts;
use jiff::civil::Date;
use std::collections::BTreeMap;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/settings/general",
            Access::Staff(SettingsRead),
            show_general,
        )
        .confirmed("/settings/general"),
        Route::post(
            "/settings/general",
            Access::Staff(SettingsWrite),
            save_general,
        )
        .confirmed_before("/settings/general"),
        Route::get("/settings/hours", Access::Staff(SettingsRead), show_hours),
        Route::post("/settings/hours", Access::Staff(SettingsWrite), save_hours),
    ]
}

/// Longest undo window, in seconds.
const MOST_UNDO: i64 = 600;
/// Most holidays that are kept.
const MOST_HOLIDAYS: usize = 500;
const DAYS: [(&str, &str); 7] = [
    ("day_1", "admin-day-1"),
    ("day_2", "admin-day-2"),
    ("day_3", "admin-day-3"),
    ("day_4", "admin-day-4"),
    ("day_5", "admin-day-5"),
    ("day_6", "admin-day-6"),
    ("day_7", "admin-day-7"),
];

fn general(page: &Page, clinic: &Clinic) -> Edit {
    let (set, t) = (&clinic.settings, page.texts());
    let left = example::left(&page.app, clinic);
    let help = |detail: Detail, usual: &str| {
        if left.iter().any(|(one, _)| *one == detail) {
            let hint = format!("{} {usual}", t.text("admin-still-example"));
            hint.trim_end().to_owned()
        } else {
            usual.to_owned()
        }
    };
    let zone = clinic.time_zone.iana_name().unwrap_or("UTC");
    let languages = Locale::ALL
        .into_iter()
        .map(|one| (one.tag().to_owned(), one.own_name().to_owned()))
        .collect();
    let law = |one: &Law| (one.code().to_owned(), t.text(law_key(*one)).to_owned());
    let laws = Law::ALL.iter().map(law).collect();
    Edit {
        title: t.text("admin-general").to_owned(),
        intro: t.text("admin-general-intro").to_owned(),
        fields: vec![
            Field::line("name", t.text("admin-clinic-name"), &clinic.name)
                .help(help(Detail::Name, "")),
            Field::line("time_zone", t.text("admin-zone"), zone)
                .help(help(Detail::TimeZone, t.text("admin-zone-help"))),
            Field::choice("locale", t.text("language"), clinic.locale.tag(), languages)
                .help(t.text("admin-language-help")),
            Field::line("phone", t.text("admin-phone"), &set.phone)
                .kind("tel")
                .optional()
                .help(help(Detail::Phone, t.text("admin-phone-help"))),
            Field::line(
                "emergency",
                t.text("admin-emergency"),
                &set.emergency.number,
            )
            .kind("tel")
            .help(t.text("admin-emergency-help")),
            Field::line(
                "crisis_line",
                t.text("admin-crisis-line"),
                &set.emergency.crisis_line,
            )
            .kind("tel")
            .help(t.text("admin-crisis-line-help")),
            Field::check("secure_link", t.text("admin-secure-link"), set.secure_link)
                .help(t.text("admin-secure-link-help")),
            Field::check("ask_rating", t.text("admin-ask-rating"), set.ask_rating)
                .help(t.text("admin-ask-rating-help")),
            Field::choice("privacy_law", t.text("admin-law"), &set.privacy_law, laws)
                .help(t.text("admin-law-help")),
            Field::number("undo_seconds", t.text("admin-undo"), set.undo_seconds)
                .help(t.text("admin-undo-help")),
            Field::number("majority", t.text("admin-majority"), set.minors.majority)
                .help(t.text("admin-majority-help")),
            Field::number(
                "adolescent",
                t.text("admin-adolescent"),
                set.minors.adolescent,
            )
            .help(t.text("admin-adolescent-help")),
            Field::number(
                "portal_idle",
                t.text("admin-portal-idle"),
                set.portal.idle_minutes,
            )
            .help(t.text("admin-portal-idle-help")),
            Field::number(
                "portal_hours",
                t.text("admin-portal-hours"),
                set.portal.hours,
            ),
        ],
        version: clinic.version,
        removable: false,
    }
}

fn general_change(clinic: &Clinic, typed: &Typed) -> Result<Change, Wrong> {
    let mut settings = clinic.settings.clone();
    let phone = typed.get("phone");
    if phone.chars().count() > 40 {
        return Err(Wrong::at("phone", "form-error-too-long"));
    }
    let time_zone = typed.line("time_zone", 60)?;
    if jiff::tz::TimeZone::get(&time_zone).is_err() {
        return Err(Wrong::at("time_zone", "admin-error-unknown-time-zone"));
    }
    phone.clone_into(&mut settings.phone);
    settings.emergency.number = dialled(typed, "emergency")?;
    settings.emergency.crisis_line = dialled(typed, "crisis_line")?;
    settings.secure_link = typed.ticked("secure_link");
    settings.ask_rating = typed.ticked("ask_rating");
    let law = Law::from_code(typed.get("privacy_law"));
    let law = law.ok_or_else(|| Wrong::at("privacy_law", "form-error-invalid"))?;
    law.code().clone_into(&mut settings.privacy_law);
    settings.undo_seconds = typed.number("undo_seconds", 0, MOST_UNDO)?;
    settings.minors.majority = typed.number("majority", 14, 21)?;
    settings.minors.adolescent = typed.number("adolescent", 8, settings.minors.majority)?;
    settings.portal.idle_minutes = typed.number("portal_idle", 5, 60)?;
    settings.portal.hours = typed.number("portal_hours", 1, 24)?;
    Ok(Change::General {
        name: typed.line("name", 100)?,
        time_zone,
        locale: typed
            .get("locale")
            .parse()
            .map_err(|_| Wrong::at("locale", "form-error-invalid"))?,
        settings: Box::new(settings),
        version: typed.version(),
    })
}

/// A number that a telephone can dial: it stands in links on public pages.
fn dialled(typed: &Typed, name: &'static str) -> Result<String, Wrong> {
    let number = typed.words(name, 30)?;
    if number.chars().any(|c| c.is_ascii_digit()) {
        Ok(number)
    } else {
        Err(Wrong::at(name, "admin-error-phone"))
    }
}

fn hours(page: &Page, clinic: &Clinic) -> Edit {
    let t = page.texts();
    let hours = &clinic.settings.hours;
    let mut fields: Vec<Field> = DAYS
        .iter()
        .zip(&hours.week)
        .map(|((name, key), windows)| {
            Field::line(*name, t.text(key), windows_text(windows)).optional()
        })
        .collect();
    if let Some(first) = fields.first_mut() {
        t.text("admin-hours-help").clone_into(&mut first.help);
    }
    let special = hours
        .special
        .iter()
        .map(|(date, windows)| format!("{date} {}", windows_text(windows)));
    let mut holidays: Vec<String> = hours
        .holidays
        .iter()
        .map(Date::to_string)
        .chain(special)
        .collect();
    holidays.sort_unstable();
    fields.push(
        Field::area("holidays", t.text("admin-holidays"), holidays.join("\n"), 8)
            .optional()
            .help(t.text("admin-holidays-help")),
    );
    Edit {
        title: t.text("admin-hours").to_owned(),
        intro: t.text("admin-hours-intro").to_owned(),
        fields,
        version: clinic.version,
        removable: false,
    }
}

fn hours_change(clinic: &Clinic, typed: &Typed) -> Result<Change, Wrong> {
    let mut week: [Vec<(u16, u16)>; 7] = Default::default();
    for ((name, _), windows) in DAYS.iter().zip(&mut week) {
        *windows =
            read_windows(typed.get(name)).ok_or_else(|| Wrong::at(*name, "admin-error-hours"))?;
    }
    let (mut holidays, mut special) = (Vec::new(), BTreeMap::new());
    for line in typed
        .get("holidays")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let wrong = || Wrong::at("holidays", "admin-error-holidays");
        let (date, windows) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let date: Date = date.parse().map_err(|_| wrong())?;
        match read_windows(windows).ok_or_else(wrong)? {
            none if none.is_empty() => holidays.push(date),
            windows => drop(special.insert(date, windows)),
        }
    }
    holidays.sort_unstable();
    holidays.dedup();
    if holidays.len() + special.len() > MOST_HOLIDAYS {
        return Err(Wrong::at("holidays", "form-error-too-long"));
    }
    let mut settings = clinic.settings.clone();
    settings.hours = Hours {
        week,
        holidays,
        special,
    };
    Ok(Change::General {
        name: clinic.name.clone(),
        time_zone: clinic.time_zone.iana_name().unwrap_or("UTC").to_owned(),
        locale: clinic.locale,
        settings: Box::new(settings),
        version: typed.version(),
    })
}

fn windows_text(windows: &[(u16, u16)]) -> String {
    let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    let all: Vec<String> = windows
        .iter()
        .map(|(from, until)| format!("{}-{}", clock(*from), clock(*until)))
        .collect();
    all.join(", ")
}

/// Reads `08:00-12:30, 13:15-17:30`: windows that end after they begin and follow each other. Empty is a day off.
fn read_windows(text: &str) -> Option<Vec<(u16, u16)>> {
    let mut windows: Vec<(u16, u16)> = Vec::new();
    for one in text
        .split([',', ';'])
        .map(str::trim)
        .filter(|one| !one.is_empty())
    {
        let (from, until) = one.split_once(['-', '–'])?;
        let (from, until) = (minutes(from)?, minutes(until)?);
        if until <= from || windows.last().is_some_and(|(_, last)| from < *last) {
            return None;
        }
        windows.push((from, until));
    }
    Some(windows)
}

fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':').unwrap_or((text.trim(), "0"));
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let total = hour.checked_mul(60)?.checked_add(minute)?;
    (minute < 60 && total <= 24 * 60).then_some(total)
}

pub(super) type Make = fn(&Page, &Clinic) -> Edit;
pub(super) type Read = fn(&Clinic, &Typed) -> Result<Change, Wrong>;

fn above(t: Texts) -> (String, String) {
    ("/settings".to_owned(), t.text("nav-settings").to_owned())
}

/// The form of some of the clinic's settings.
pub(super) async fn show(page: Page, make: Make) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let writes = page.ctx.permissions().has(SettingsWrite);
    show_form(
        &page,
        make(&page, &clinic),
        above(t),
        &[],
        Vec::new(),
        writes,
    )
    .await
}

/// Keeps what was typed in it, or shows it again with what is to be mended.
pub(super) async fn save(
    page: Page,
    typed: Typed,
    make: Make,
    read: Read,
) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let mut again = make(&page, &clinic);
    let wrong = match read(&clinic, &typed) {
        Err(wrong) => {
            again.version = typed.version();
            wrong
        }
        Ok(change) => match orgs::change(&page.app, &page.ctx, change).await {
            Ok(()) => return Ok(redirect_saying(&page.path, "setting-saved")),
            Err(error) => {
                let stale = matches!(error, DeskError::Stale { .. });
                let wrong = Wrong::refused(error)?;
                if stale {
                    orgs::reload(&page.app).await?;
                    again = make(&page, &*page.clinic()?);
                }
                wrong
            }
        },
    };
    again.fill(&typed);
    show_form(&page, again, above(t), &[wrong], Vec::new(), true).await
}

async fn show_general(page: Page) -> Result<Response, DeskError> {
    show(page, general).await
}

async fn save_general(page: Page, Form(typed): Form<Typed>) -> Result<Response, DeskError> {
    save(page, typed, general, general_change).await
}

async fn show_hours(page: Page) -> Result<Response, DeskError> {
    show(page, hours).await
}

async fn save_hours(page: Page, Form(typed): Form<Typed>) -> Result<Response, DeskError> {
    save(page, typed, hours, hours_change).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn windows_are_read_as_people_write_them() {
        assert_eq!(
            read_windows("8-12:30, 13:15 – 17:30"),
            Some(vec![(480, 750), (795, 1050)])
        );
        assert_eq!(read_windows(" "), Some(vec![]));
        assert_eq!(read_windows("0:00-24:00"), Some(vec![(0, 1440)]));
        for wrong in [
            "8",
            "12-8",
            "8-12, 11-14",
            "8:60-9",
            "20-25",
            "a-b",
            "8-8",
            "99999-3",
        ] {
            assert_eq!(read_windows(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,60}") {
            for (from, until) in read_windows(&text).unwrap_or_default() {
                prop_assert!(from < until && until <= 1440);
            }
        }

        #[test]
        fn what_is_shown_is_read(from in 0_u16..700, length in 1_u16..60, pause in 0_u16..60, next in 1_u16..60) {
            let windows = vec![(from, from + length), (from + length + pause, from + length + pause + next)];
            prop_assert_eq!(read_windows(&windows_text(&windows)), Some(windows));
        }
    }
}
