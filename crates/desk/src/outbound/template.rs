//! Filling in the clinic's templates.
//!
//! A template knows names in double braces and `{% if name %} … {% else %} … {% endif %}`, and nothing else: no
//! filters, no loops, no expressions. What is filled in is text and is never read as a template.

use crate::config::clinic::TEMPLATES;
use crate::error::DeskError;
use bedside_codecs::mail::html::text_to_html;
use bedside_web::{I18n, Locale};
use minijinja::{Environment, UndefinedBehavior};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Longest template, in bytes.
const MAX_TEMPLATE: usize = 20_000;
/// Longest subject a template may make, in characters.
const MAX_SUBJECT: usize = 250;

/// The values of a template's names.
pub type Values = BTreeMap<&'static str, String>;

/// What is wrong with a template, for whoever writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing is left of it once it is filled in.
    Empty,
    /// More than 20,000 bytes.
    TooLong,
    /// Braces that are opened and not closed; with what follows them.
    Unclosed(String),
    /// A name that this text does not offer.
    Unknown(String),
    /// Something else than a name or a plain condition.
    NotPlain(String),
    /// An `if` without its end, or the other way round.
    Unbalanced,
    /// A mail of this kind makes no sense without this name.
    Missing(&'static str),
}

/// Fills a template in. A name without a value and anything beyond names and `if` is an error.
pub(super) fn fill(
    field: &'static str,
    source: &str,
    values: &Values,
) -> Result<String, DeskError> {
    filled(source, values).map_err(|_| refused(field))
}

fn refused(field: &'static str) -> DeskError {
    DeskError::invalid(
        field,
        "template",
        "Use only the names that this text offers, in double braces, and if, else and endif.",
    )
}

fn filled(source: &str, values: &Values) -> Result<String, Flaw> {
    if source.len() > MAX_TEMPLATE {
        return Err(Flaw::TooLong);
    }
    inspect(source, values)?;
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Every name and every tag has been looked at: what is left to be wrong is how conditions are nested.
    environment
        .render_str(source, values)
        .map_err(|_| Flaw::Unbalanced)
}

/// A subject: one line, not empty.
pub(super) fn fill_subject(source: &str, values: &Values) -> Result<String, DeskError> {
    filled_subject(source, values).map_err(|_| refused("subject"))
}

fn filled_subject(source: &str, values: &Values) -> Result<String, Flaw> {
    let filled = filled(source, values)?;
    let line: Vec<&str> = filled.split_whitespace().collect();
    let line: String = line
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_SUBJECT)
        .collect();
    if line.is_empty() {
        return Err(Flaw::Empty);
    }
    Ok(line)
}

/// Looks whether all that stands in braces is a name with a value, or a plain condition about one.
fn inspect(source: &str, values: &Values) -> Result<(), Flaw> {
    let mut rest = source;
    while let Some(at) = rest
        .find("{{")
        .into_iter()
        .chain(rest.find("{%"))
        .chain(rest.find("{#"))
        .min()
    {
        let (open, inner) = rest[at..].split_at(2);
        let close = match open {
            "{{" => "}}",
            "{%" => "%}",
            _ => "#}",
        };
        let Some(end) = inner.find(close) else {
            return Err(Flaw::Unclosed(excerpt(&rest[at..])));
        };
        let inside = inner[..end].trim_matches(['-', '+']).trim();
        let words: Vec<&str> = inside.split_whitespace().collect();
        let name = match (open, words.as_slice()) {
            ("{#", _) | ("{%", ["else" | "endif"]) => None,
            ("{{", [name]) | ("{%", ["if" | "elif", name] | ["if" | "elif", "not", name])
                if is_name(name) =>
            {
                Some(*name)
            }
            _ => return Err(Flaw::NotPlain(excerpt(&rest[at..at + end + 4]))),
        };
        if let Some(name) = name.filter(|name| !values.contains_key(name)) {
            return Err(Flaw::Unknown(excerpt(name)));
        }
        rest = &inner[end + 2..];
    }
    Ok(())
}

/// The beginning of what is wrong, short enough for a sentence.
fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

fn is_name(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && word.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Invented values for every name that the text `code` offers; none when there is no such text.
pub fn samples(code: &str, locale: Locale) -> Option<Values> {
    let (_, offered) = TEMPLATES.iter().find(|(known, _)| *known == code)?;
    Some(
        offered
            .iter()
            .map(|name| (*name, sample(name, locale)))
            .collect(),
    )
}

/// Fills a text in with `values` (see [`samples`]), as the settings page does before it saves one: (subject, text), or
/// what is wrong with it, by input (`subject` or `body`).
pub fn check_template(
    code: &str,
    values: &Values,
    subject: &str,
    body: &str,
) -> Result<(String, String), Vec<(&'static str, Flaw)>> {
    let mut flaws = Vec::new();
    let subject = filled_subject(subject, values).map_err(|flaw| flaws.push(("subject", flaw)));
    let text = filled(body, values).and_then(|text| {
        if text.trim().is_empty() {
            return Err(Flaw::Empty);
        }
        match needed(code)
            .iter()
            .find(|name| values.get(*name).is_some_and(|value| !text.contains(value)))
        {
            Some(name) => Err(Flaw::Missing(name)),
            None => Ok(text),
        }
    });
    let text = text.map_err(|flaw| flaws.push(("body", flaw)));
    match (subject, text) {
        (Ok(subject), Ok(text)) => Ok((subject, text)),
        _ => Err(flaws),
    }
}

/// Names without which a mail would not do what it is for.
fn needed(code: &str) -> &'static [&'static str] {
    match code {
        "reply" => &["reply_text"],
        "secure_link" => &["link"],
        "emergency" => &["emergency_number", "crisis_number"],
        _ => &[],
    }
}

fn sample(name: &str, locale: Locale) -> String {
    let (english, spanish) = match name {
        "clinic_name" => ("Riverside Clinic", "Clínica Riverside"),
        "clinic_phone" => ("555-0100", "555-0100"),
        "ticket_number" => ("#1234", "#1234"),
        "answer_by" => ("Mar 12, 2026, 2:05 PM", "12 mar 2026, 14:05"),
        "emergency_number" => ("911", "911"),
        "crisis_number" => ("988", "988"),
        "subject" => ("Question about my appointment", "Pregunta sobre mi cita"),
        "reply_text" => (
            "You can come on Tuesday at ten.",
            "Puede venir el martes a las diez.",
        ),
        "agent_name" => ("Alex Kim", "Alex Kim"),
        "link_expires" => ("Apr 12, 2026", "12 abr 2026"),
        "link" => (
            "https://desk.example/t/abcdefghijklmnop",
            "https://desk.example/t/abcdefghijklmnop",
        ),
        "ticket_link" => (
            "https://desk.example/tickets/1234",
            "https://desk.example/tickets/1234",
        ),
        _ => {
            let score = name
                .rsplit('_')
                .next()
                .filter(|last| last.len() == 1)
                .unwrap_or(if name == "rating_bad_link" { "1" } else { "5" });
            return format!("https://desk.example/r/abcdefghijklmnop?score={score}");
        }
    };
    match locale {
        Locale::En => english,
        Locale::Es => spanish,
    }
    .to_owned()
}

/// From 1 to 5, the name of a rating's link and a face like its page's icon, of those that old telephones know too.
const RATINGS: [(&str, &str); 5] = [
    ("rating_link_1", "\u{1f61e}"),
    ("rating_link_2", "\u{1f615}"),
    ("rating_link_3", "\u{1f610}"),
    ("rating_link_4", "\u{1f60a}"),
    ("rating_link_5", "\u{1f600}"),
];

/// The names of the links that rate from 1 to 5.
pub(super) fn rating_names() -> impl Iterator<Item = &'static str> {
    RATINGS.iter().map(|(name, _)| *name)
}

/// The filled-in text as HTML, in which the links among its `values` can be clicked. Of a rating's link, `Good: https://…`
/// becomes the word "Good" with its face, because nobody reads addresses; the text itself keeps them.
pub fn to_html(text: &str, values: &Values, locale: Locale) -> String {
    let mut html = text_to_html(text);
    // Links are made by us of letters, digits and `:/.?=`, so that they look the same in HTML.
    if let Some(url) = values.get("link") {
        html = html.replace(url, &format!("<a href=\"{url}\">{url}</a>"));
    }
    for (score, (name, face)) in (1..).zip(RATINGS) {
        if let Some(url) = values.get(name) {
            let key = format!("public-rating-{score}");
            html = in_words(&html, url, face, I18n::global().text(locale, &key));
        }
    }
    html
}

/// Puts the words that stand before a link in its place, or else `words`.
fn in_words(html: &str, url: &str, face: &str, words: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find(url) {
        let (before, after) = rest.split_at(at);
        // Words of the text are escaped: what ends with `>` is a tag.
        let (tags, line) = before.split_at(before.rfind('>').map_or(0, |end| end + 1));
        let own = line.trim_end().strip_suffix(':').map(str::trim);
        let (kept, label) = match own.filter(|own| !own.is_empty()) {
            Some(own) => (tags, own.to_owned()),
            None => (before, escaped(words)),
        };
        out.push_str(kept);
        let _ = write!(out, "<a href=\"{url}\">{face} {label}</a>");
        rest = &after[url.len()..];
    }
    out.push_str(rest);
    out
}

fn escaped(words: &str) -> String {
    let paragraph = text_to_html(words);
    let inside = paragraph.strip_prefix("<p>");
    inside
        .and_then(|inside| inside.strip_suffix("</p>"))
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::clinic, startup};
    use proptest::prelude::*;

    fn values(pairs: &[(&'static str, &str)]) -> Values {
        pairs
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect()
    }

    #[test]
    fn the_clinics_own_templates_pass_the_check() {
        let clinic = clinic::parse(&startup::built_in_clinic()).unwrap();
        for (code, template) in &clinic.templates {
            for (language, text) in &template.texts {
                // A warning is there in more languages than the pages are.
                let locale = language.parse().unwrap_or_default();
                let values = samples(code, locale).unwrap();
                let (subject, body) =
                    check_template(code, &values, &text.subject, &text.body).unwrap();
                assert!(!subject.contains("{{") && !body.contains("{{"), "{code}");
            }
        }
    }

    #[test]
    fn the_question_how_it_went_has_the_words_of_the_page_it_leads_to() {
        let clinic = clinic::parse(&startup::built_in_clinic()).unwrap();
        let asks = &clinic.templates["resolved"].texts;
        for locale in Locale::ALL {
            for score in 1..=5 {
                let (_, key, _) = crate::pages::ui::score(score);
                let words = I18n::global().text(locale, key);
                let line = format!("\n{words}: {{{{ rating_link_{score} }}}}\n");
                assert!(asks[locale.tag()].body.contains(&line), "{line}");
            }
        }
    }

    #[test]
    fn a_link_in_words_has_the_words_before_it_or_its_own() {
        let link = |score: u8| format!("https://desk.example/r/abc?score={score}");
        let (good, bad, page) = (link(5), link(1), "https://desk.example/t/abc".to_owned());
        let values = values(&[
            ("rating_link_5", &good),
            ("rating_link_1", &bad),
            ("link", &page),
        ]);
        let text = format!(
            "How was it?\n\nGenial & ya: {good}\nOr here {good} or\n{good}\nMal: {bad}\nSee: {page}"
        );
        let anchor = |url: &str, words: &str| format!("<a href=\"{url}\">{words}</a>");
        let own = anchor(&good, "\u{1f600} Muy buena");
        assert_eq!(
            to_html(&text, &values, Locale::Es),
            format!(
                "<p>How was it?</p><p>{}<br>Or here {own} or<br>{own}<br>{}<br>See: {}</p>",
                anchor(&good, "\u{1f600} Genial &amp; ya"),
                anchor(&bad, "\u{1f61e} Mal"),
                anchor(&page, &page),
            )
        );
    }

    #[test]
    fn what_a_patient_wrote_is_never_a_template() {
        for attack in [
            "{{7*7}}",
            "${7*7}",
            "<%= 7*7 %>",
            "{% if true %}x{% endif %}",
            "{{ clinic_name }}",
            "{#",
        ] {
            let filled = fill(
                "body",
                "<{{ reply_text }}>",
                &values(&[("reply_text", attack), ("clinic_name", "no")]),
            );
            assert_eq!(filled.unwrap(), format!("<{attack}>"));
        }
    }

    fn check(code: &str, subject: &str, body: &str) -> Result<String, Vec<(&'static str, Flaw)>> {
        check_template(code, &samples(code, Locale::En).unwrap(), subject, body).map(|text| text.1)
    }

    #[test]
    fn what_is_wrong_is_named() {
        let not_plain = |text: &str| Flaw::NotPlain(text.to_owned());
        let unknown = |name: &str| Flaw::Unknown(name.to_owned());
        for (body, flaw) in [
            ("{{ 7*7 }}", not_plain("{{ 7*7 }}")),
            (
                "{{ clinic_name|upper }}",
                not_plain("{{ clinic_name|upper }}"),
            ),
            ("{{ clinic_name.x }}", not_plain("{{ clinic_name.x }}")),
            ("{{ }}", not_plain("{{ }}")),
            ("{% include 'x' %}", not_plain("{% include 'x' %}")),
            ("{% set x = 1 %}", not_plain("{% set x = 1 %}")),
            (
                "{% for x in [1, 2] %}x{% endfor %}",
                not_plain("{% for x in [1, 2] %}"),
            ),
            (
                "{{ 'a' * 1000000000000000000000000000000000000 }}",
                not_plain("{{ 'a' * 1000000000000000000000000000000"),
            ),
            ("{{ unknown }}", unknown("unknown")),
            ("{% if unknown %}x{% endif %}", unknown("unknown")),
            ("before {{ clinic", Flaw::Unclosed("{{ clinic".to_owned())),
            ("{% if agent_name %}{{ reply_text }}", Flaw::Unbalanced),
            ("{{ reply_text }}{% endif %}", Flaw::Unbalanced),
            (" ", Flaw::Empty),
            ("Hello", Flaw::Missing("reply_text")),
        ] {
            assert_eq!(
                check("reply", "Subject", body),
                Err(vec![("body", flaw)]),
                "{body}"
            );
        }
        let long = "x".repeat(MAX_TEMPLATE + 1);
        assert_eq!(
            check("reply", "{{ link }}", &long),
            Err(vec![("subject", unknown("link")), ("body", Flaw::TooLong)])
        );
        // What is not offered to a mail without patient data can't get into it.
        assert_eq!(
            check("acknowledgement", "x", "{{ reply_text }}"),
            Err(vec![("body", unknown("reply_text"))])
        );
        assert!(samples("nothing", Locale::En).is_none());
    }

    #[test]
    fn conditions_and_comments_are_fine() {
        let fine =
            "{% if agent_name %}{{ reply_text }}{% else %}{{ clinic_name }}{% endif %}{# why #}";
        assert_eq!(
            check("reply", "Re: {{ subject }}", fine).unwrap(),
            "You can come on Tuesday at ten."
        );
    }

    proptest! {
        #[test]
        fn any_template_is_survived(source in "[{}%#a-z_ |*'()0-9\\n-]{0,60}") {
            let _ = check("reply", &source, &source);
        }

        #[test]
        fn any_value_stands_there_literally(value in "\\PC{0,60}") {
            prop_assert_eq!(fill("body", "{{ reply_text }}", &values(&[("reply_text", &value)])).unwrap(), value);
        }

        #[test]
        fn a_subject_is_one_line(value in "[\\x00-\\x7f]{0,60}") {
            let filled = fill_subject("Re: {{ subject }}", &values(&[("subject", &value)])).unwrap();
            prop_assert!(!filled.chars().any(char::is_control));
        }
    }
}
