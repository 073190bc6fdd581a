//! The operations of a `PATCH` (RFC 7644 §3.5.2).

use super::path::{self, Path};
use super::values::{field, object};
use crate::error::DeskError;
use serde_json::Value;

/// Most operations that one message has.
pub const MAX_OPERATIONS: usize = 1_000;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value comes to those there are, or takes the place of the only one.
    Add,
    /// Values take the place of those there are.
    Replace,
    /// Values go.
    Remove,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is done.
    pub kind: Kind,
    /// Where.
    pub path: Path,
    /// With what; null for nothing.
    pub value: Value,
    /// Whether the message named the place by itself, and not as a field of a value.
    pub named: bool,
}

fn syntax(text: &'static str) -> DeskError {
    DeskError::invalid("", "invalid_syntax", text)
}

/// Reads the steps of a message. An operation without a path is one step for each field of its value.
pub fn read(message: &Value) -> Result<Vec<Step>, DeskError> {
    let operations = field(object(message)?, "Operations").and_then(Value::as_array);
    let operations = operations.ok_or_else(|| syntax("The message has no Operations."))?;
    let mut steps = Vec::new();
    for operation in operations {
        let operation = object(operation)?;
        let kind = field(operation, "op").and_then(Value::as_str);
        let kind = match kind.unwrap_or_default().to_ascii_lowercase().as_str() {
            "add" => Kind::Add,
            "replace" => Kind::Replace,
            "remove" => Kind::Remove,
            _ => return Err(syntax("An operation is add, replace or remove.")),
        };
        let value = field(operation, "value").unwrap_or(&Value::Null);
        match field(operation, "path") {
            Some(path) => steps.push(Step {
                kind,
                path: path::path(path.as_str().ok_or_else(path::wrong_path)?)?,
                value: value.clone(),
                named: true,
            }),
            None if kind == Kind::Remove => {
                return Err(DeskError::invalid(
                    "",
                    "no_target",
                    "What is to be removed is not named.",
                ));
            }
            None => {
                for (name, value) in object(value)? {
                    steps.push(Step {
                        kind,
                        path: path::path(name)?,
                        value: value.clone(),
                        named: false,
                    });
                }
            }
        }
        if steps.len() > MAX_OPERATIONS {
            return Err(DeskError::invalid(
                "",
                "too_many",
                "One message has at most 1,000 operations.",
            ));
        }
    }
    Ok(steps)
}
