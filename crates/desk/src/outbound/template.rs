//! Filling in the clinic's templates.
//!
//! A template knows names in double braces and `{% if name %} … {% else %} … {% endif %}`, and nothing else: no
//! filters, no loops, no expressions. What is filled in is text and is never read as a template.

use crate::config::clinic::TEMPLATES;
use crate::error::DeskError;
use bedside_codecs::mail::html::text_to_html;
use minijinja::{Environment, UndefinedBehavior};
use std::collections::BTreeMap;

/// Longest template, in bytes.
const MAX_TEMPLATE: usize = 20_000;
/// Longest subject a template may make, in characters.
const MAX_SUBJECT: usize = 250;

/// The values of a template's names.
pub(super) type Values = BTreeMap<&'static str, String>;

/// Fills a template in. A name without a value and anything beyond names and `if` is an error.
pub(super) fn fill(
    field: &'static str,
    source: &str,
    values: &Values,
) -> Result<String, DeskError> {
    let wrong = || {
        DeskError::invalid(
            field,
            "template",
            "Use only the names that this text offers, in double braces, and if, else and endif.",
        )
    };
    if source.len() > MAX_TEMPLATE || !is_plain(source) {
        return Err(wrong());
    }
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.render_str(source, values).map_err(|_| wrong())
}

/// A subject: one line, not empty.
pub(super) fn fill_subject(source: &str, values: &Values) -> Result<String, DeskError> {
    let filled = fill("subject", source, values)?;
    let line: Vec<&str> = filled.split_whitespace().collect();
    let line: String = line
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_SUBJECT)
        .collect();
    if line.is_empty() {
        return Err(DeskError::invalid(
            "subject",
            "required",
            "A subject is needed.",
        ));
    }
    Ok(line)
}

/// Whether all that stands in braces is a name or a plain condition.
fn is_plain(source: &str) -> bool {
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
            return false;
        };
        let inside = inner[..end].trim_matches(['-', '+']).trim();
        let words: Vec<&str> = inside.split_whitespace().collect();
        let fine = match (open, words.as_slice()) {
            ("{#", _) | ("{%", ["else" | "endif"]) => true,
            ("{{", [name]) | ("{%", ["if" | "elif", name] | ["if" | "elif", "not", name]) => {
                is_name(name)
            }
            _ => false,
        };
        if !fine {
            return false;
        }
        rest = &inner[end + 2..];
    }
    true
}

fn is_name(word: &str) -> bool {
    word.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && word.starts_with(|first: char| first.is_ascii_lowercase())
}

/// Fills a template in with sample values, as the settings page does before it saves one: (subject, text), or what is
/// wrong with it.
pub fn check_template(
    code: &str,
    subject: &str,
    body: &str,
) -> Result<(String, String), DeskError> {
    let (_, offered) = TEMPLATES
        .iter()
        .find(|(known, _)| *known == code)
        .ok_or_else(|| DeskError::invalid("code", "unknown_template", "There is no such text."))?;
    let values: Values = offered
        .iter()
        .map(|name| (*name, sample(name).to_owned()))
        .collect();
    let filled = (
        fill_subject(subject, &values)?,
        fill("body", body, &values)?,
    );
    if filled.1.trim().is_empty() {
        return Err(DeskError::invalid(
            "body",
            "required",
            "Write something first.",
        ));
    }
    Ok(filled)
}

fn sample(name: &str) -> &'static str {
    match name {
        "clinic_name" => "Riverside Clinic",
        "clinic_phone" => "555-0100",
        "ticket_number" => "#1234",
        "answer_by" => "Mar 12, 2026, 2:05 PM",
        "emergency_number" => "911",
        "crisis_number" => "988",
        "subject" => "Question about my appointment",
        "reply_text" => "You can come on Tuesday at ten.",
        "agent_name" => "Alex Kim",
        "link_expires" => "Apr 12, 2026",
        _ => "https://desk.example/t/abcdefghijklmnop",
    }
}

/// The filled-in text as HTML, in which the given links can be clicked.
pub(super) fn to_html(text: &str, links: &[String]) -> String {
    let mut html = text_to_html(text);
    for link in links {
        // Made by us of letters, digits and `:/.?=`, so it looks the same in HTML.
        html = html.replace(link, &format!("<a href=\"{link}\">{link}</a>"));
    }
    html
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
            for text in template.texts.values() {
                let (subject, body) = check_template(code, &text.subject, &text.body).unwrap();
                assert!(!subject.contains("{{") && !body.contains("{{"), "{code}");
            }
        }
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

    #[test]
    fn only_names_and_conditions_are_templates() {
        for bad in [
            "{{ 'a' * 1000000000 }}",
            "{{ 7*7 }}",
            "{{ clinic_name|upper }}",
            "{{ clinic_name.x }}",
            "{% for x in [1, 2] %}x{% endfor %}",
            "{% include 'x' %}",
            "{% set x = 1 %}",
            "{{ unknown }}",
            "{{",
            "{{ }}",
            "{% if unknown %}x{% endif %}",
        ] {
            assert!(check_template("reply", "Subject", bad).is_err(), "{bad}");
        }
        let fine =
            "{% if agent_name %}{{ agent_name }}{% else %}{{ clinic_name }}{% endif %}{# why #}";
        assert_eq!(
            check_template("reply", "Re: {{ subject }}", fine)
                .unwrap()
                .1,
            "Alex Kim"
        );
        assert!(
            check_template("reply", "", "x").is_err() && check_template("reply", "x", " ").is_err()
        );
        assert!(check_template("nothing", "x", "x").is_err());
        // What is not offered to a mail without patient data can't get into it.
        assert!(check_template("acknowledgement", "x", "{{ reply_text }}").is_err());
    }

    proptest! {
        #[test]
        fn any_template_is_survived(source in "[{}%#a-z_ |*'()0-9\\n-]{0,60}") {
            let _ = check_template("reply", &source, &source);
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
