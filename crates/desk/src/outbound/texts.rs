//! The clinic's own words of the mails: which there are, changing one, and the text that ships with the program.

use super::template::{Values, check_template, fill, samples};
use crate::app::App;
use crate::config::clinic;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::orgs::{self, Change, Clinic, Template};
use crate::startup;
use bedside_language::Language;
use bedside_web::Locale;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The codes of the mails that patients get, in the order of a request's life.
pub const TEXTS: [&str; 5] = [
    "acknowledgement",
    "emergency",
    "reply",
    "secure_link",
    "resolved",
];

/// The one mail that goes out in the language of what it answers, whatever the pages speak.
pub const EMERGENCY: &str = "emergency";

static SHIPPED: LazyLock<BTreeMap<String, clinic::Template>> = LazyLock::new(|| {
    clinic::parse(&startup::built_in_clinic())
        .map(|clinic| clinic.templates)
        .unwrap_or_default()
});

/// Subject and text that ship with the program.
pub fn shipped_text(code: &str, locale: Locale) -> Option<(&'static str, &'static str)> {
    let text = SHIPPED.get(code)?.texts.get(locale.tag())?;
    Some((&text.subject, &text.body))
}

/// A mail's words in the language of what it answers, which may be one that the pages don't speak: the clinic's own,
/// else what ships. None when they are in none but the pages' languages.
pub(super) fn text_in<'a>(
    clinic: &'a Clinic,
    code: &str,
    language: Language,
) -> Option<(&'a str, &'a str)> {
    let tag = language.tag();
    if let Some(own) = clinic.templates.get(&(code.to_owned(), tag.to_owned())) {
        return Some((&own.subject, &own.body));
    }
    let text = SHIPPED.get(code)?.texts.get(tag)?;
    Some((&text.subject, &text.body))
}

/// Which way a language of the engine is written.
pub const fn direction(language: Language) -> &'static str {
    match language {
        Language::Ar => "rtl",
        _ => "ltr",
    }
}

/// The words of the mail that says where to call, for a page: its paragraphs in this language. None in a language that it is not
/// in, and where the clinic's own can't be filled in.
pub fn where_to_call(clinic: &Clinic, number: i64, language: Language) -> Option<Vec<String>> {
    let (_, body) = text_in(clinic, EMERGENCY, language)?;
    let emergency = &clinic.settings.emergency;
    // Between words that run from right to left the groups of a number would change their places (UAX #9).
    let is_rtl = direction(language) == "rtl";
    let isolated = |text: &str| {
        if is_rtl {
            format!("\u{2066}{text}\u{2069}")
        } else {
            text.to_owned()
        }
    };
    let values = Values::from([
        ("clinic_name", isolated(&clinic.name)),
        ("clinic_phone", isolated(&clinic.settings.phone)),
        ("ticket_number", isolated(&format!("#{number}"))),
        ("emergency_number", isolated(&emergency.number)),
        ("crisis_number", isolated(&emergency.crisis_line)),
    ]);
    let text = fill("body", body, &values).ok()?;
    let paragraphs = text.split("\n\n").map(str::trim);
    Some(
        paragraphs
            .filter(|one| !one.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

/// The languages beside the pages' own in which a mail goes out.
pub fn further_languages(clinic: &Clinic, code: &str) -> Vec<Language> {
    let spoken = |tag: &str| Locale::ALL.iter().any(|locale| locale.tag() == tag);
    let all = Language::ALL.iter().copied();
    all.filter(|language| {
        code == EMERGENCY && !spoken(language.tag()) && text_in(clinic, code, *language).is_some()
    })
    .collect()
}

/// Changes the words of a mail, from the version that `text` names. A text that can't be filled in is refused.
pub async fn keep_text(
    app: &App,
    ctx: &Ctx,
    (code, locale): (&str, Locale),
    text: Template,
) -> Result<(), DeskError> {
    let values = samples(code, locale).ok_or(DeskError::NotFound)?;
    if check_template(code, &values, &text.subject, &text.body).is_err() {
        return Err(DeskError::invalid(
            "body",
            "template",
            "This text can't be filled in.",
        ));
    }
    let change = Change::PutTemplate {
        code: code.to_owned(),
        locale,
        template: text,
    };
    orgs::change(app, ctx, change).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nothing_ships_that_is_never_sent() {
        let shipped: BTreeSet<_> = SHIPPED.keys().map(String::as_str).collect();
        assert_eq!(shipped, BTreeSet::from(TEXTS));
    }

    #[test]
    fn every_text_ships_in_every_language() {
        for code in TEXTS {
            for locale in Locale::ALL {
                assert!(shipped_text(code, locale).is_some(), "{code} {locale}");
            }
        }
        assert!(shipped_text("nothing", Locale::En).is_none());
    }

    #[test]
    fn where_to_call_is_said_in_every_language_of_the_engine() {
        for language in Language::ALL {
            let text = &SHIPPED["emergency"].texts[language.tag()];
            let values = samples("emergency", Locale::En).unwrap();
            let (_, body) =
                check_template("emergency", &values, &text.subject, &text.body).unwrap();
            assert!(body.contains("911") && body.contains("988"), "{language}");
            let paragraphs = body.split("\n\n").count();
            assert_eq!(paragraphs, 5, "{language} says all that English says");
        }
        for code in TEXTS.iter().filter(|code| **code != "emergency") {
            assert_eq!(SHIPPED[*code].texts.len(), Locale::ALL.len(), "{code}");
        }
    }
}
