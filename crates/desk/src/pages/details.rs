//! The form of a ticket's side panel: what it changes, and what it shows again when it could not be saved.

use super::choices::Choice;
use crate::error::DeskError;
use crate::orgs::Clinic;
use crate::tickets::{Patch, Status, Urgency};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The form of the side panel, by name. `was_…` are what the page showed: what is as it was is not touched, and
/// choosing another category alone moves the ticket to that category's queue.
#[derive(Clone)]
pub(super) struct Details(BTreeMap<String, String>);

fn parsed<T: std::str::FromStr>(text: &str, field: &'static str) -> Result<T, DeskError> {
    text.parse()
        .map_err(|_| DeskError::invalid(field, "invalid", "This choice does not exist."))
}

fn tag_list(text: Option<&str>) -> Vec<String> {
    let tags = text
        .unwrap_or_default()
        .split(',')
        .map(|tag| tag.trim().to_lowercase());
    tags.filter(|tag| !tag.is_empty()).collect()
}

impl Details {
    /// The form as it was sent.
    pub(super) const fn of(sent: BTreeMap<String, String>) -> Self {
        Self(sent)
    }

    /// What was typed, filled in or not; none where the page had no such field.
    pub(super) fn typed(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Makes the choice that was made, where it can still be made.
    pub(super) fn choose(&self, name: &str, choices: &mut [Choice]) {
        let Some(value) = self.typed(name) else {
            return;
        };
        if value.is_empty() || choices.iter().any(|choice| choice.value == value) {
            for choice in choices {
                choice.selected = choice.value == value;
            }
        }
    }

    /// A field that was filled in.
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|text| !text.trim().is_empty())
    }

    /// A field that was filled in otherwise than the page showed it.
    fn other(&self, name: &str, was: &str) -> Option<&str> {
        self.get(name).filter(|text| Some(*text) != self.get(was))
    }

    /// A field whose value is a code or an id.
    fn read<T: std::str::FromStr>(
        &self,
        name: &str,
        field: &'static str,
    ) -> Result<Option<T>, DeskError> {
        self.get(name).map(|text| parsed(text, field)).transpose()
    }

    pub(super) fn version(&self) -> Result<i64, DeskError> {
        self.read("version", "version")?.ok_or(DeskError::invalid(
            "version",
            "required",
            "Load this page again.",
        ))
    }

    pub(super) fn patch(&self, clinic: &Clinic) -> Result<Patch, DeskError> {
        let (tags, before) = (tag_list(self.get("tags")), tag_list(self.get("was_tags")));
        let missing = |from: &[String], of: &[String]| -> Vec<String> {
            from.iter()
                .filter(|tag| !of.contains(tag))
                .cloned()
                .collect()
        };
        let status = self
            .get("status")
            .map(|code| Status::from_code(code).ok_or(DeskError::NotFound))
            .transpose()?;
        let sub_status = self.read("sub_status", "sub_status_id")?;
        Ok(Patch {
            status,
            // A finer state of another status does not outlive the change of status.
            sub_status: Some(sub_status.filter(|id| {
                let sub = clinic.sub_statuses.iter().find(|sub| sub.id == *id);
                sub.is_some_and(|sub| status.is_none_or(|status| sub.status == status.code()))
            })),
            urgency: self
                .get("urgency")
                .map(|code| Urgency::from_code(code).ok_or(DeskError::NotFound))
                .transpose()?,
            category: self.other("category", "was_category").map(str::to_owned),
            queue: self
                .other("queue", "was_queue")
                .map(|id| parsed(id, "queue_id"))
                .transpose()?,
            assignee: Some(self.read("assignee", "assignee_id")?),
            subject: self.other("subject", "was_subject").map(str::to_owned),
            locale: self.read("locale", "locale")?,
            snooze: None,
            add_tags: missing(&tags, &before),
            remove_tags: missing(&before, &tags),
            fields: self.fields(clinic)?,
        })
    }

    /// Clinic's own fields are called `field.<code>`.
    fn fields(&self, clinic: &Clinic) -> Result<Map<String, Value>, DeskError> {
        let mut fields = Map::new();
        for field in &clinic.fields {
            let Some(text) = self.0.get(&format!("field.{}", field.code)) else {
                continue;
            };
            let invalid =
                || DeskError::invalid("fields", "invalid", "A field has a value of another kind.");
            let value = match (field.kind.as_str(), text.trim()) {
                (_, "") => Value::Null,
                ("number", text) => serde_json::from_str(text)
                    .ok()
                    .filter(Value::is_number)
                    .ok_or_else(invalid)?,
                ("yes_no", text) => Value::Bool(text == "true"),
                (_, text) => Value::String(text.to_owned()),
            };
            fields.insert(field.code.clone(), value);
        }
        Ok(fields)
    }
}
