//! Key/value pairs of queries and forms, read into a type with serde.
//!
//! What HTML forms need beyond `serde_urlencoded`: a key that comes more than once fills a `Vec`,
//! an empty input is `None` for an `Option`, and a ticked checkbox (`on`) is `true`.

use std::{borrow::Cow, fmt};

use serde::{
    de::{self, IntoDeserializer, value::MapDeserializer},
    forward_to_deserialize_any,
};

use crate::problem::{FieldError, Problem};

/// Most pairs that one query or form may hold.
pub const MAX_PAIRS: usize = 512;

/// Longest key, in bytes, that is echoed in an error; a longer one is an attack, not a typo.
const MAX_ECHOED_KEY: usize = 64;

#[derive(Debug)]
pub struct Error {
    field: Option<String>,
    code: &'static str,
    message: Cow<'static, str>,
}

impl Error {
    fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: None,
            code,
            message: message.into(),
        }
    }

    fn at(mut self, key: &str) -> Self {
        self.field.get_or_insert_with(|| echo(key));
        self
    }
}

fn echo(key: &str) -> String {
    key.chars()
        .filter(|c| !c.is_control())
        .take(MAX_ECHOED_KEY)
        .collect()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(_: T) -> Self {
        // The text of a custom error may quote the input, which may be a patient's.
        Self::new("invalid", "This value isn't valid.")
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new("invalid", format!("Expected {expected}."))
    }

    fn invalid_value(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new("invalid", format!("Expected {expected}."))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            "invalid",
            format!("Expected one of: {}.", expected.join(", ")),
        )
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new("unknown_field", "This field isn't known here.").at(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("required", "This field is required.").at(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("duplicate", "This field came twice.").at(field)
    }
}

/// Reads `application/x-www-form-urlencoded` text into `T`.
pub fn read<T: de::DeserializeOwned>(encoded: &[u8]) -> Result<T, Problem> {
    of(form_urlencoded::parse(encoded))
}

/// Makes a `T` of pairs as they were meant.
pub fn of<'a, T: de::DeserializeOwned>(
    pairs: impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)>,
) -> Result<T, Problem> {
    let mut fields: Vec<(Cow<'_, str>, Vec<Cow<'_, str>>)> = Vec::new();
    for (count, (key, value)) in pairs.enumerate() {
        if count >= MAX_PAIRS {
            return Err(Problem::bad_request("Too many fields.").code("too_many_fields"));
        }
        // No name and no text has it, and not every database can hold it.
        if key.contains('\0') || value.contains('\0') {
            return Err(Problem::unprocessable(vec![FieldError {
                field: echo(&key),
                code: "invalid".into(),
                message: "This holds a character that can't be stored.".into(),
            }]));
        }
        match fields.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => fields.push((key, vec![value])),
        }
    }
    let fields = fields.into_iter().map(|(key, values)| {
        let key_of_values = key.clone();
        (
            key,
            Values {
                key: key_of_values,
                values,
            },
        )
    });
    T::deserialize(MapDeserializer::new(fields)).map_err(|error: Error| {
        Problem::unprocessable(vec![FieldError {
            field: error.field.unwrap_or_default(),
            code: error.code.into(),
            message: error.message,
        }])
    })
}

struct Values<'a> {
    key: Cow<'a, str>,
    values: Vec<Cow<'a, str>>,
}

impl IntoDeserializer<'_, Error> for Values<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Values<'_> {
    fn single(&self) -> Result<&str, Error> {
        match self.values.as_slice() {
            [value] => Ok(value),
            _ => Err(Error::new("duplicate", "This field came twice.").at(&self.key)),
        }
    }
}

macro_rules! parsed {
    ($($method:ident $visit:ident $what:literal,)*) => {$(
        fn $method<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.single()?.trim().parse() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(Error::new("invalid", concat!("Expected ", $what, "."))),
            }
            .map_err(|error: Error| error.at(&self.key))
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Values<'_> {
    type Error = Error;

    fn deserialize_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.single()?.to_owned();
        visitor
            .visit_string(value)
            .map_err(|error: Error| error.at(&self.key))
    }

    fn deserialize_option<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.values.iter().all(|value| value.trim().is_empty()) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_bool<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // A hidden "false" before a checkbox is the usual way to send an unticked one.
        let value = self.values.last().map_or("", |value| value.trim());
        match value {
            "true" | "on" | "1" | "yes" => visitor.visit_bool(true),
            "false" | "off" | "0" | "no" | "" => visitor.visit_bool(false),
            _ => Err(Error::new("invalid", "Expected true or false.").at(&self.key)),
        }
    }

    parsed! {
        deserialize_i8 visit_i8 "a small whole number",
        deserialize_i16 visit_i16 "a whole number",
        deserialize_i32 visit_i32 "a whole number",
        deserialize_i64 visit_i64 "a whole number",
        deserialize_u8 visit_u8 "a whole number from 0 to 255",
        deserialize_u16 visit_u16 "a whole number from 0 to 65535",
        deserialize_u32 visit_u32 "a whole number, zero or more",
        deserialize_u64 visit_u64 "a whole number, zero or more",
        deserialize_f32 visit_f32 "a number",
        deserialize_f64 visit_f64 "a number",
    }

    fn deserialize_seq<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let key = self.key.clone();
        let items = self.values.into_iter().map(|value| Values {
            key: key.clone(),
            values: vec![value],
        });
        visitor
            .visit_seq(de::value::SeqDeserializer::new(items))
            .map_err(|error: Error| error.at(&self.key))
    }

    fn deserialize_enum<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let value = self.single()?.to_owned();
        visitor
            .visit_enum(IntoDeserializer::<Error>::into_deserializer(value))
            .map_err(|error| error.at(&self.key))
    }

    fn deserialize_newtype_struct<V: de::Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: de::Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        i128 u128
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Urgency {
        Routine,
        Urgent,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[serde(default)]
        tag: Vec<String>,
        limit: Option<u16>,
        #[serde(default)]
        mine: bool,
        urgency: Option<Urgency>,
        q: String,
    }

    fn field_of(problem: &Problem) -> (&str, &str) {
        let error = &problem.errors()[0];
        (&error.field, &error.code)
    }

    #[test]
    fn forms_as_browsers_send_them() {
        let filter: Filter =
            read(b"tag=a&q=caf%C3%A9+x&limit=&tag=b%26c&mine=false&mine=on&urgency=urgent")
                .unwrap();
        let expected = Filter {
            tag: vec!["a".into(), "b&c".into()],
            limit: None,
            mine: true,
            urgency: Some(Urgency::Urgent),
            q: "café x".into(),
        };
        assert_eq!(filter, expected);
    }

    #[test]
    fn errors_name_the_field_and_not_the_value() {
        for (text, field, code) in [
            ("limit=5", "q", "required"),
            ("q=x&limit=many", "limit", "invalid"),
            ("q=x&q=y", "q", "duplicate"),
            ("q=x&secret=4", "secret", "unknown_field"),
            ("q=x&urgency=jane", "urgency", "invalid"),
            ("q=x&mine=jane", "mine", "invalid"),
            ("q=jane%00", "q", "invalid"),
            ("q=x&se%00cret=4", "secret", "invalid"),
        ] {
            let problem = read::<Filter>(text.as_bytes()).unwrap_err();
            assert_eq!(field_of(&problem), (field, code), "{text}");
            assert!(!problem.errors()[0].message.contains("jane"));
        }
    }

    #[test]
    fn too_many_fields_are_refused() {
        let text = "a=1&".repeat(MAX_PAIRS + 1);
        assert_eq!(
            read::<Filter>(text.as_bytes()).unwrap_err().code_str(),
            "too_many_fields"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_value_or_a_problem(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Err(problem) = read::<Filter>(&bytes) {
                prop_assert!(problem.status().is_client_error());
                prop_assert!(problem.errors().iter().all(|e| e.field.chars().count() <= MAX_ECHOED_KEY));
            }
        }

        #[test]
        fn any_text_survives_the_way(q in "[^\\x00]*", tags in prop::collection::vec("[^\\x00]*", 0..5)) {
            let mut out = form_urlencoded::Serializer::new(String::new());
            out.append_pair("q", &q);
            for tag in &tags {
                out.append_pair("tag", tag);
            }
            let filter: Filter = read(out.finish().as_bytes()).unwrap();
            prop_assert_eq!((filter.q, filter.tag), (q, tags));
        }
    }
}
