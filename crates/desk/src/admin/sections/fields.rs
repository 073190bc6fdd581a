//! The clinic's own fields of a ticket.

use super::super::form::{Edit, Field, Row, Typed, Wrong, names};
use super::super::section::{Section, path};
use crate::app::App;
use crate::field_group::FieldGroup;
use crate::names::Names;
use crate::orgs::{Change, Clinic, CustomField};
use bedside_web::i18n::Texts;

pub struct Fields;

const KINDS: [(&str, &str); 5] = [
    ("text", "admin-field-text"),
    ("number", "admin-field-number"),
    ("date", "admin-field-date"),
    ("choice", "admin-field-choice"),
    ("yes_no", "admin-field-yes-no"),
];
/// Most choices of a field, and the longest of them in characters.
const CHOICES: (usize, usize) = (50, 80);

/// A short name: 1 to 40 small letters, digits and underscores.
pub(super) fn code(typed: &Typed) -> Result<String, Wrong> {
    let code = typed.words("code", 40)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    // The word stands for an entry to be added in the pages' addresses.
    if code.chars().all(plain) && code != "new" {
        Ok(code)
    } else {
        Err(Wrong::at("code", "admin-error-code"))
    }
}

impl Section for Fields {
    const PATH: &'static str = "fields";
    const KEY: &'static str = "fields";

    type Entry = CustomField;

    fn find<'a>(clinic: &'a Clinic, id: &str) -> Option<&'a CustomField> {
        clinic.fields.iter().find(|field| field.code == id)
    }

    fn rows(clinic: &Clinic, t: Texts) -> Vec<Row> {
        let kind = |code: &str| {
            KINDS
                .iter()
                .find(|(known, _)| *known == code)
                .map_or(code, |(_, key)| t.text(key))
                .to_owned()
        };
        let row = |field: &CustomField| Row {
            href: path::<Self>(&field.code),
            title: field.names.in_locale(t.locale).to_owned(),
            detail: kind(&field.kind),
            badge: None,
        };
        clinic.fields.iter().map(row).collect()
    }

    fn form(clinic: &Clinic, t: Texts, field: Option<&CustomField>) -> Edit {
        let kinds = KINDS
            .iter()
            .map(|(code, key)| ((*code).to_owned(), t.text(key).to_owned()))
            .collect();
        let mut fields = names(t, field.map_or(&Names::default(), |field| &field.names));
        if field.is_none() {
            fields.push(
                Field::line("code", t.text("admin-field-code"), "").help(t.text("admin-code-help")),
            );
        }
        let kind = field.map_or("text", |field| &field.kind);
        fields.push(Field::choice(
            "kind",
            t.text("admin-field-kind"),
            kind,
            kinds,
        ));
        let choices = field.map_or_else(String::new, |field| field.choices.join("\n"));
        fields.push(
            Field::area("choices", t.text("admin-field-choices"), choices, 5)
                .optional()
                .help(t.text("admin-field-choices-help")),
        );
        let everybody = (String::new(), t.text("admin-field-for-all").to_owned());
        let group = |one: &FieldGroup| {
            let key = format!("admin-field-group-{}", one.code());
            (one.code().to_owned(), t.text(&key).to_owned())
        };
        let groups = std::iter::once(everybody).chain(FieldGroup::ALL.iter().map(group));
        let chosen = field.and_then(|field| field.group);
        fields.push(
            Field::choice(
                "group",
                t.text("admin-field-group"),
                chosen.map_or("", FieldGroup::code),
                groups.collect(),
            )
            .optional()
            .help(t.text("admin-field-group-help")),
        );
        let last = clinic
            .fields
            .iter()
            .map(|field| field.position)
            .max()
            .unwrap_or(0)
            + 1;
        let position = field.map_or(last, |field| field.position);
        fields.push(
            Field::number("position", t.text("admin-position"), position)
                .help(t.text("admin-position-help")),
        );
        Edit {
            title: field.map_or(String::new(), |field| {
                field.names.in_locale(t.locale).to_owned()
            }),
            intro: String::new(),
            fields,
            version: field.map_or(0, |field| field.version),
            ..Edit::default()
        }
    }

    fn change(
        _: &App,
        clinic: &Clinic,
        old: Option<&CustomField>,
        typed: &Typed,
    ) -> Result<Change, Wrong> {
        let code = match old {
            Some(old) => old.code.clone(),
            None => code(typed)?,
        };
        if old.is_none() && Self::find(clinic, &code).is_some() {
            return Err(Wrong::at("code", "admin-error-code-taken"));
        }
        let kind = typed.get("kind");
        if !KINDS.iter().any(|(known, _)| *known == kind) {
            return Err(Wrong::at("kind", "form-error-invalid"));
        }
        let choices: Vec<String> = typed
            .get("choices")
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        if kind == "choice" && choices.is_empty() {
            return Err(Wrong::at("choices", "admin-error-choices"));
        }
        if choices.len() > CHOICES.0
            || choices
                .iter()
                .any(|choice| choice.chars().count() > CHOICES.1)
        {
            return Err(Wrong::at("choices", "form-error-too-long"));
        }
        let group = match typed.get("group") {
            "" => None,
            code => Some(
                FieldGroup::from_code(code)
                    .ok_or_else(|| Wrong::at("group", "form-error-invalid"))?,
            ),
        };
        Ok(Change::PutField(CustomField {
            code,
            names: typed.names()?,
            kind: kind.to_owned(),
            group,
            choices: if kind == "choice" {
                choices
            } else {
                Vec::new()
            },
            position: typed.number("position", 0, 10_000)?,
            version: typed.version(),
        }))
    }

    fn removal(field: &CustomField) -> Option<Change> {
        Some(Change::ArchiveField(field.code.clone()))
    }
}
