//! As much of JSON Schema as the description of the API uses: whether a value is what the description says.

use serde_json::{Map, Value};

/// Checks `value` against `schema`, whose references lead into `document`; says everything that is wrong.
pub fn check(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    Checker { document }.check(schema, value, ("", false), &mut wrong);
    wrong
}

struct Checker<'a> {
    document: &'a Value,
}

/// Keys that say nothing about whether a value fits, or that are looked at beside another one.
const SILENT: &[&str] = &[
    "description",
    "example",
    "title",
    "default",
    "propertyNames",
    "contentMediaType",
    "contentEncoding",
    "additionalProperties",
];

impl Checker<'_> {
    fn follow<'s>(&'s self, schema: &'s Value) -> &'s Value {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let place = reference
                    .strip_prefix('#')
                    .expect("a reference into the document");
                self.follow(
                    self.document
                        .pointer(place)
                        .expect("a reference that leads somewhere"),
                )
            }
            None => schema,
        }
    }

    /// `part` says that the schema is one of several that tell of the same value together.
    fn check(
        &self,
        schema: &Value,
        value: &Value,
        (at, part): (&str, bool),
        wrong: &mut Vec<String>,
    ) {
        let schema = self.follow(schema);
        let Some(rules) = schema.as_object() else {
            return;
        };
        for (rule, wanted) in rules {
            match rule.as_str() {
                "type" => {
                    if !has_type(wanted, value) {
                        wrong.push(format!("{at}: {value} is no {wanted}"));
                    }
                }
                "format" => {
                    if let (Some(format), Some(text)) = (wanted.as_str(), value.as_str())
                        && !has_format(format, text)
                    {
                        wrong.push(format!("{at}: {text} is no {format}"));
                    }
                }
                "enum" => {
                    if !wanted.as_array().expect("a list").contains(value) {
                        wrong.push(format!("{at}: {value} is none of {wanted}"));
                    }
                }
                "minimum" => {
                    if value.as_f64() < wanted.as_f64() {
                        wrong.push(format!("{at}: {value} is below {wanted}"));
                    }
                }
                "items" => {
                    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item, (&format!("{at}[{place}]"), false), wrong);
                    }
                }
                "required" => {
                    for name in wanted.as_array().expect("a list") {
                        let name = name.as_str().expect("a name");
                        if value.is_object() && value.get(name).is_none() {
                            wrong.push(format!("{at}.{name} is missing"));
                        }
                    }
                }
                "properties" => {
                    for (name, inner) in wanted.as_object().expect("a map") {
                        if let Some(found) = value.get(name) {
                            self.check(inner, found, (&format!("{at}.{name}"), false), wrong);
                        }
                    }
                }
                "allOf" => {
                    for one in wanted.as_array().expect("a list") {
                        self.check(one, value, (at, true), wrong);
                    }
                }
                "oneOf" | "anyOf" => {
                    let fits = |one: &Value| {
                        let mut inner = Vec::new();
                        self.check(one, value, (at, false), &mut inner);
                        inner.is_empty()
                    };
                    if !wanted.as_array().expect("a list").iter().any(fits) {
                        wrong.push(format!("{at}: {value} fits no choice"));
                    }
                }
                silent if SILENT.contains(&silent) => {}
                other => panic!("{at}: this checker does not know {other}"),
            }
        }
        if !part {
            self.nothing_more(schema, value, at, wrong);
        }
    }

    /// What the description does not name must not come: a field that slips out is a leak.
    fn nothing_more(&self, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let mut known = Map::new();
        self.collect(schema, &mut known);
        if known.is_empty() {
            return;
        }
        let names = value.as_object().into_iter().flat_map(Map::keys);
        let more = names.filter(|name| !known.contains_key(*name));
        wrong.extend(more.map(|name| format!("{at}.{name} is not described")));
    }

    fn collect(&self, schema: &Value, known: &mut Map<String, Value>) {
        let schema = self.follow(schema);
        known.extend(
            schema["properties"]
                .as_object()
                .cloned()
                .unwrap_or_default(),
        );
        for one in schema["allOf"].as_array().into_iter().flatten() {
            self.collect(one, known);
        }
    }
}

fn has_type(wanted: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type: {other}"),
    };
    match wanted {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        other => panic!("no type: {other}"),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => text.parse::<uuid::Uuid>().is_ok(),
        "date" => text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok(),
        "date-time" => text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok(),
        "binary" | "int32" | "int64" | "float" | "double" => true,
        other => panic!("no format: {other}"),
    }
}
