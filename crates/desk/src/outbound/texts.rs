//! The clinic's own words of the mails: which there are, changing one, and the text that ships with the program.

use super::template::{check_template, samples};
use crate::app::App;
use crate::config::clinic;
use crate::context::Ctx;
use crate::error::DeskError;
use crate::orgs::{self, Change, Template};
use crate::startup;
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
}
