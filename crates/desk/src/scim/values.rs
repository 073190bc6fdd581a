//! Values of JSON as providers write them.

use crate::error::DeskError;
use serde_json::{Map, Value};

/// What was sent can't be the value of what it is for.
pub fn wrong() -> DeskError {
    DeskError::invalid(
        "",
        "invalid_value",
        "A value is not of the kind that its attribute has, or is missing.",
    )
}

/// What can't be changed, or not be taken away.
pub fn fixed() -> DeskError {
    DeskError::invalid("", "mutability", "This can't be changed or taken away.")
}

/// The object; [`DeskError::Invalid`] otherwise.
pub fn object(value: &Value) -> Result<&Map<String, Value>, DeskError> {
    value.as_object().ok_or_else(|| {
        DeskError::invalid("", "invalid_syntax", "The message is not of SCIM's form.")
    })
}

/// A field by its name, however that is written (RFC 7643 §2.1).
pub fn field<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    let found = object.get(name).or_else(|| {
        let mut fields = object.iter();
        fields.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    });
    found.filter(|value| !value.is_null())
}

/// A text.
pub fn text(value: &Value) -> Result<String, DeskError> {
    value.as_str().map(str::to_owned).ok_or_else(wrong)
}

/// True or false, also as Entra ID writes it: `"True"`.
pub fn truth(value: &Value) -> Result<bool, DeskError> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        Value::String(word) if word.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(word) if word.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(wrong()),
    }
}

/// The address of an element of `emails`.
fn address(value: &Value) -> Result<String, DeskError> {
    match value {
        Value::String(address) => Ok(address.clone()),
        Value::Object(email) => text(field(email, "value").ok_or_else(wrong)?),
        _ => Err(wrong()),
    }
}

/// The one address of several that is kept: the first one marked as primary, else the first one for work, else the first.
pub fn main_address(value: &Value) -> Result<Option<String>, DeskError> {
    let Value::Array(all) = value else {
        return address(value).map(Some);
    };
    let said = |one: &&Value, name: &str| {
        let email = one.as_object()?;
        field(email, name).cloned()
    };
    let primary =
        |one: &&Value| said(one, "primary").is_some_and(|value| matches!(truth(&value), Ok(true)));
    let work = |one: &&Value| {
        let kind = said(one, "type");
        kind.is_some_and(|kind| {
            kind.as_str()
                .is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
        })
    };
    let chosen = all.iter().find(primary);
    let chosen = chosen.or_else(|| all.iter().find(work)).or(all.first());
    chosen.map(address).transpose()
}
