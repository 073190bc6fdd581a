//! One language's messages, prepared for speed.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue, bundle::FluentBundle,
    concurrent::FluentBundle as Bundle,
};
use fluent_syntax::ast::{
    CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement,
};
use foldhash::HashMap;
use include_dir::{Dir, include_dir};

use super::{Arg, Locale};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../locales");

/// Messages whose key starts so also go to the browser's scripts.
const CLIENT_PREFIX: &str = "js-";

/// A locale file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum LocaleError {
    /// The language has no folder.
    #[error("there is no folder locales/{0}")]
    NoFolder(Locale),
    /// The file isn't valid Fluent.
    #[error("locales/{file}: {reason}")]
    Syntax {
        /// The file, below `locales/`.
        file: String,
        /// What the parser says.
        reason: String,
    },
    /// The same key stands in two files, or twice in one.
    #[error("locales/{file}: {key} is defined twice")]
    Twice {
        /// The file, below `locales/`.
        file: String,
        /// The key.
        key: String,
    },
}

#[derive(Debug)]
enum Form {
    /// No values at all.
    Plain(String),
    /// Text and values in turn, nothing to decide.
    Pieces(Vec<Piece>),
    /// Plurals, choices, terms: left to Fluent.
    Resolved,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Value(String),
}

#[derive(Debug)]
struct Message {
    form: Form,
    values: Vec<String>,
}

pub(super) struct Catalog {
    messages: HashMap<String, Message>,
    bundle: Bundle<FluentResource>,
    client_texts: String,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog")
            .field("messages", &self.messages.len())
            .finish_non_exhaustive()
    }
}

impl Catalog {
    pub(super) fn embedded(locale: Locale) -> Result<Self, LocaleError> {
        let folder = FILES
            .get_dir(locale.tag())
            .ok_or(LocaleError::NoFolder(locale))?;
        let mut files: Vec<(String, String)> = folder
            .files()
            .filter(|file| file.path().extension().is_some_and(|end| end == "ftl"))
            .map(|file| {
                let name = file.path().to_string_lossy().into_owned();
                (name, String::from_utf8_lossy(file.contents()).into_owned())
            })
            .collect();
        files.sort();
        Self::new(locale, files)
    }

    pub(super) fn new(locale: Locale, files: Vec<(String, String)>) -> Result<Self, LocaleError> {
        let language = locale.tag().parse().expect("our tags are valid");
        let mut bundle: Bundle<FluentResource> = FluentBundle::new_concurrent(vec![language]);
        // Values stand in elements of their own with dir="auto"; invisible marks would end up in
        // mail subjects and copied text.
        bundle.set_use_isolating(false);
        let mut messages = HashMap::default();
        for (file, source) in files {
            let resource =
                FluentResource::try_new(source).map_err(|(_, errors)| LocaleError::Syntax {
                    file: file.clone(),
                    reason: errors.first().map_or_else(String::new, ToString::to_string),
                })?;
            for entry in resource.entries() {
                let Entry::Message(message) = entry else {
                    continue;
                };
                let Some(pattern) = &message.value else {
                    continue;
                };
                let key = message.id.name.to_owned();
                if messages.insert(key.clone(), prepare(pattern)).is_some() {
                    return Err(LocaleError::Twice { file, key });
                }
            }
            bundle.add_resource_overriding(resource);
        }
        resolve_constant(&bundle, &mut messages);
        let client_texts = client_texts(&messages);
        Ok(Self {
            messages,
            bundle,
            client_texts,
        })
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match &self.messages.get(key)?.form {
            Form::Plain(text) => Some(text),
            Form::Pieces(_) | Form::Resolved => None,
        }
    }

    pub(super) fn format(
        &self,
        key: &str,
        args: &[(&str, Arg<'_>)],
    ) -> Result<Cow<'_, str>, &'static str> {
        match &self.messages.get(key).ok_or("no such text")?.form {
            Form::Plain(text) => Ok(Cow::Borrowed(text)),
            Form::Pieces(pieces) => fill(pieces, args).map(Cow::Owned),
            Form::Resolved => self.resolve(key, args).map(Cow::Owned),
        }
    }

    fn resolve(&self, key: &str, args: &[(&str, Arg<'_>)]) -> Result<String, &'static str> {
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, value) in args {
            match value {
                Arg::Text(text) => values.set(*name, text.as_ref()),
                Arg::Count(count) => values.set(*name, FluentValue::from(*count)),
            }
        }
        let pattern = self
            .bundle
            .get_message(key)
            .and_then(|m| m.value())
            .ok_or("no such text")?;
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(&values), &mut errors)
            .into_owned();
        if errors.is_empty() {
            Ok(text)
        } else {
            Err("a value is missing")
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.messages.contains_key(key)
    }

    pub(super) fn all_keys(&self) -> Vec<(&str, &[String])> {
        let mut keys: Vec<_> = self
            .messages
            .iter()
            .map(|(key, m)| (key.as_str(), m.values.as_slice()))
            .collect();
        keys.sort_unstable();
        keys
    }

    pub(super) fn client_texts(&self) -> &str {
        &self.client_texts
    }
}

fn fill(pieces: &[Piece], args: &[(&str, Arg<'_>)]) -> Result<String, &'static str> {
    let mut out = String::with_capacity(48);
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Value(name) => match args.iter().find(|(key, _)| key == name) {
                Some((_, Arg::Text(text))) => out.push_str(text),
                Some((_, Arg::Count(count))) => out.push_str(&count.to_string()),
                None => return Err("a value is missing"),
            },
        }
    }
    Ok(out)
}

/// Terms and references don't change while the program runs, so messages that need no values
/// are resolved once.
fn resolve_constant(bundle: &Bundle<FluentResource>, messages: &mut HashMap<String, Message>) {
    for (key, message) in messages {
        if !matches!(message.form, Form::Resolved) || !message.values.is_empty() {
            continue;
        }
        let Some(pattern) = bundle.get_message(key).and_then(|m| m.value()) else {
            continue;
        };
        let mut errors = Vec::new();
        let text = bundle
            .format_pattern(pattern, None, &mut errors)
            .into_owned();
        if errors.is_empty() {
            message.form = Form::Plain(text);
        }
    }
}

fn client_texts(messages: &HashMap<String, Message>) -> String {
    let texts: BTreeMap<&str, String> = messages
        .iter()
        .filter_map(|(key, message)| {
            let text = match &message.form {
                Form::Plain(text) => text.clone(),
                Form::Pieces(pieces) => pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => text.clone(),
                        Piece::Value(name) => format!("{{{name}}}"),
                    })
                    .collect(),
                Form::Resolved => return None,
            };
            Some((key.strip_prefix(CLIENT_PREFIX)?, text))
        })
        .collect();
    serde_json::to_string(&texts).expect("a map of texts is JSON")
}

fn prepare(pattern: &Pattern<&str>) -> Message {
    let mut values = BTreeSet::new();
    let mut simple = Vec::new();
    let mut is_simple = true;
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => simple.push(Piece::Text((*value).to_owned())),
            PatternElement::Placeable { expression } => {
                collect_values(expression, &mut values);
                match expression {
                    Expression::Inline(InlineExpression::VariableReference { id }) => {
                        simple.push(Piece::Value(id.name.to_owned()));
                    }
                    Expression::Inline(InlineExpression::StringLiteral { value })
                        if !value.contains('\\') =>
                    {
                        simple.push(Piece::Text((*value).to_owned()));
                    }
                    _ => is_simple = false,
                }
            }
        }
    }
    let form = if !is_simple {
        Form::Resolved
    } else if values.is_empty() {
        Form::Plain(
            simple
                .iter()
                .map(|p| {
                    if let Piece::Text(t) = p {
                        t.as_str()
                    } else {
                        ""
                    }
                })
                .collect(),
        )
    } else {
        Form::Pieces(simple)
    };
    Message {
        form,
        values: values.into_iter().collect(),
    }
}

fn collect_values(expression: &Expression<&str>, values: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => collect_inline(inline, values),
        Expression::Select { selector, variants } => {
            collect_inline(selector, values);
            for element in variants.iter().flat_map(|variant| &variant.value.elements) {
                if let PatternElement::Placeable { expression } = element {
                    collect_values(expression, values);
                }
            }
        }
    }
}

fn collect_inline(inline: &InlineExpression<&str>, values: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            values.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => collect_values(expression, values),
        InlineExpression::FunctionReference { arguments, .. }
        | InlineExpression::TermReference {
            arguments: Some(arguments),
            ..
        } => collect_call(arguments, values),
        _ => {}
    }
}

fn collect_call(arguments: &CallArguments<&str>, values: &mut BTreeSet<String>) {
    arguments
        .positional
        .iter()
        .for_each(|inline| collect_inline(inline, values));
    arguments
        .named
        .iter()
        .for_each(|named| collect_inline(&named.value, values));
}
