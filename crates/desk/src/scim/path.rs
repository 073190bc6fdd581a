//! Filters and paths (RFC 7644 §3.4.2.2 and §3.5.2), as much of them as providers send: comparisons by `eq`, joined by `and`,
//! and one pair of brackets.

use crate::error::DeskError;
use serde_json::Value;

/// Longest filter or path that is read, in bytes.
pub const MAX_TEXT: usize = 2_000;
/// Most comparisons that a filter has.
pub const MAX_TERMS: usize = 10;

/// Beginnings of names that say which schema an attribute is of; those of the people and the groups kept here.
const CORE: [&str; 2] = [
    "urn:ietf:params:scim:schemas:core:2.0:user:",
    "urn:ietf:params:scim:schemas:core:2.0:group:",
];
/// What an organisation knows of people beside (RFC 7643 §4.3); nothing of it is kept.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user";

/// Where something is: `name`, `name.familyName`, `emails[type eq "work"].value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The attribute, in small letters.
    pub attribute: String,
    /// Which of its values are meant; all without one.
    pub filter: Vec<Term>,
    /// What of them, in small letters.
    pub sub: Option<String>,
}

/// A comparison for equality.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What is compared.
    pub path: Path,
    /// With what: a text, a number, true, false or null.
    pub value: Value,
}

/// What a text could not be read as.
#[derive(Debug)]
struct Unread;

/// Reads a filter; [`DeskError::Invalid`] with `invalid_filter` otherwise.
pub fn filter(text: &str) -> Result<Vec<Term>, DeskError> {
    read(text, |reader| reader.terms(true)).map_err(|Unread| {
        DeskError::invalid(
            "filter",
            "invalid_filter",
            "A filter compares by eq, up to ten times, joined by and.",
        )
    })
}

/// Reads a path; [`DeskError::Invalid`] with `invalid_path` otherwise.
pub fn path(text: &str) -> Result<Path, DeskError> {
    read(text, |reader| reader.path(true)).map_err(|Unread| wrong_path())
}

/// There is nothing at that place, for nobody.
pub fn wrong_path() -> DeskError {
    DeskError::invalid("path", "invalid_path", "There is no such attribute here.")
}

fn read<T>(
    text: &str,
    run: impl FnOnce(&mut Reader<'_>) -> Result<T, Unread>,
) -> Result<T, Unread> {
    if text.len() > MAX_TEXT {
        return Err(Unread);
    }
    let mut reader = Reader { rest: text.trim() };
    let read = run(&mut reader)?;
    if reader.rest.is_empty() {
        Ok(read)
    } else {
        Err(Unread)
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    /// Steps over `sign`.
    fn skip(&mut self, sign: char) -> bool {
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    /// The letters and signs of a name or a word.
    fn word(&mut self) -> Result<&'t str, Unread> {
        let is_word =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '_' | '-' | '$');
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.is_empty() {
            Err(Unread)
        } else {
            Ok(word)
        }
    }

    /// Comparisons joined by `and`; `outside` of brackets, where there may be one.
    fn terms(&mut self, outside: bool) -> Result<Vec<Term>, Unread> {
        let mut terms = Vec::new();
        loop {
            self.spaces();
            let path = self.path(outside)?;
            self.spaces();
            if !self.word()?.eq_ignore_ascii_case("eq") {
                return Err(Unread);
            }
            self.spaces();
            let value = self.value()?;
            terms.push(Term { path, value });
            if terms.len() > MAX_TERMS {
                return Err(Unread);
            }
            let before = self.rest;
            self.spaces();
            if self.rest.is_empty() || self.rest.starts_with(']') {
                return Ok(terms);
            }
            // The word stands by itself.
            if before.len() == self.rest.len() || !self.word()?.eq_ignore_ascii_case("and") {
                return Err(Unread);
            }
            if !self.rest.starts_with(' ') {
                return Err(Unread);
            }
        }
    }

    fn value(&mut self) -> Result<Value, Unread> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = values.next().and_then(Result::ok).ok_or(Unread)?;
        let end = values.byte_offset();
        if value.is_object() || value.is_array() {
            return Err(Unread);
        }
        self.rest = self.rest.get(end..).ok_or(Unread)?;
        Ok(value)
    }

    fn path(&mut self, brackets: bool) -> Result<Path, Unread> {
        let name = self.word()?.to_ascii_lowercase();
        if let Some(rest) = name.strip_prefix(ENTERPRISE) {
            return Ok(Path {
                attribute: ENTERPRISE.to_owned(),
                filter: Vec::new(),
                sub: rest.strip_prefix(':').map(str::to_owned),
            });
        }
        let core = CORE.iter().find_map(|core| name.strip_prefix(core));
        let name = core.unwrap_or(&name);
        let (attribute, sub) = match name.split_once('.') {
            Some((attribute, sub)) => (attribute, Some(sub)),
            None => (name, None),
        };
        let plain = |part: &str| !part.is_empty() && !part.contains(['.', ':']);
        if !plain(attribute) || !sub.is_none_or(plain) {
            return Err(Unread);
        }
        let mut path = Path {
            attribute: attribute.to_owned(),
            filter: Vec::new(),
            sub: sub.map(str::to_owned),
        };
        if self.rest.starts_with('[') {
            if !brackets || path.sub.is_some() || !self.skip('[') {
                return Err(Unread);
            }
            path.filter = self.terms(false)?;
            if !self.skip(']') {
                return Err(Unread);
            }
            if self.skip('.') {
                let sub = self.word()?;
                if !plain(sub) {
                    return Err(Unread);
                }
                path.sub = Some(sub.to_ascii_lowercase());
            }
        }
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn plain(attribute: &str, sub: Option<&str>) -> Path {
        Path {
            attribute: attribute.to_owned(),
            filter: Vec::new(),
            sub: sub.map(str::to_owned),
        }
    }

    #[test]
    fn what_providers_ask_for_is_read() {
        let terms = filter(r#"userName eq "ana@clinic.example""#).unwrap();
        assert_eq!(terms[0].path, plain("username", None));
        assert_eq!(terms[0].value, json!("ana@clinic.example"));
        let terms = filter(r#" active EQ true and emails.value eq "a \"b\" and c" "#).unwrap();
        assert_eq!((terms.len(), &terms[0].value), (2, &json!(true)));
        assert_eq!(terms[1].path, plain("emails", Some("value")));
        assert_eq!(terms[1].value, json!(r#"a "b" and c"#));
        let terms = filter(r#"emails[type eq "work"].value eq "a@b.example""#).unwrap();
        assert_eq!(terms[0].path.filter[0].path, plain("type", None));
        let long = path("urn:ietf:params:scim:schemas:core:2.0:User:name.familyName").unwrap();
        assert_eq!(long, plain("name", Some("familyname")));
        let enterprise = format!("{ENTERPRISE}:department").replace("user", "User");
        assert_eq!(path(&enterprise).unwrap().attribute, ENTERPRISE);
        let member = path(r#"members[value eq "0199a0b2"]"#).unwrap();
        assert_eq!(
            (member.filter[0].value.as_str(), member.sub),
            (Some("0199a0b2"), None)
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        let many = [r#"a eq "b""#; MAX_TERMS + 1].join(" and ");
        let long = format!(r#"userName eq "{}""#, "x".repeat(MAX_TEXT));
        for wrong in [
            "",
            " ",
            "userName",
            "userName eq",
            "userName eq ana",
            "userName ne \"a\"",
            "eq \"a\"",
            "userName eq \"a\" or userName eq \"b\"",
            "userName eq \"a\" and",
            "userName eq \"a\"and active eq true",
            "userName eq \"a",
            "userName eq [\"a\"]",
            "userName eq {}",
            "(userName eq \"a\")",
            "a..b eq 1",
            ".a eq 1",
            "a.b.c eq 1",
            "a[b[c eq 1] eq 1] eq 1",
            "a[b eq 1 eq 1",
            "a[] eq 1",
            "a[b eq 1]. eq 1",
            "a.b[c eq 1] eq 1",
            "not (a eq 1)",
            "a eq 1 b",
            "urn:x:y:z eq 1",
            &many,
            &long,
        ] {
            let refused = filter(wrong).unwrap_err();
            assert_eq!(refused.code(), "invalid_filter", "{wrong:?}");
        }
        for wrong in [
            "",
            "a b",
            "a.",
            "a[",
            "a[b eq 1",
            "a[b eq 1]c",
            "a eq 1",
            "ñ",
            &long,
        ] {
            assert_eq!(path(wrong).unwrap_err().code(), "invalid_path", "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_filter_or_a_typed_refusal(text in ".{0,300}") {
            match filter(&text) {
                Ok(terms) => prop_assert!((1..=MAX_TERMS).contains(&terms.len())),
                Err(error) => prop_assert_eq!(error.code(), "invalid_filter"),
            }
            if let Err(error) = path(&text) {
                prop_assert_eq!(error.code(), "invalid_path");
            }
        }

        #[test]
        fn pieces_of_filters_are_read_or_refused(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("userName"), Just("emails"), Just("[type eq \"work\"]"), Just(".value"), Just(" eq "), Just(" and "),
                    Just("\"a\""), Just("true"), Just("["), Just("]"), Just(" "), Just("\\"), Just("\""), Just("é"),
                    Just("urn:ietf:params:scim:schemas:core:2.0:User:"), Just("1e999"), Just("not ("), Just(")"),
                ],
                0..12,
            ),
        ) {
            let text = pieces.concat();
            if let Err(error) = filter(&text) {
                prop_assert_eq!(error.code(), "invalid_filter");
            }
        }

        #[test]
        fn any_value_comes_through(value in ".{0,100}") {
            let text = format!("externalId eq {}", json!(value));
            prop_assume!(text.len() <= MAX_TEXT);
            prop_assert_eq!(&filter(&text).unwrap()[0].value, &json!(value));
        }
    }
}
