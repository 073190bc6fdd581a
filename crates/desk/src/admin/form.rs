//! Forms and lists of settings as values, and the two pages that show them.

use crate::context::Permission;
use crate::error::DeskError;
use crate::names::{self, Names};
use crate::pages::layout::{Page, Shell};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::i18n::Texts;
use bedside_web::{I18n, Locale};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a form sent, by name. A box that isn't ticked is not there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Typed(BTreeMap<String, String>);

impl Typed {
    /// What was typed, without the spaces around it; empty when nothing was.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |text| text.trim())
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// The version the form was made from; 0 for something new.
    pub fn version(&self) -> i64 {
        self.get("version").parse().unwrap_or(0)
    }

    /// A whole number in these bounds.
    pub fn number(&self, name: &'static str, least: i64, most: i64) -> Result<i64, Wrong> {
        let number = self
            .get(name)
            .parse()
            .ok()
            .filter(|number| (least..=most).contains(number));
        number.ok_or(Wrong::at(name, "admin-error-number"))
    }

    /// A text of at least one and at most `most` characters.
    pub fn words(&self, name: &str, most: usize) -> Result<String, Wrong> {
        let text = self.get(name);
        match text.chars().count() {
            0 => Err(Wrong::at(name, "form-error-required")),
            count if count > most => Err(Wrong::at(name, "form-error-too-long")),
            _ => Ok(text.to_owned()),
        }
    }

    /// The same on one line.
    pub fn line(&self, name: &str, most: usize) -> Result<String, Wrong> {
        let line = self.words(name, most)?;
        if names::one_line(&line) {
            return Ok(line);
        }
        Err(Wrong::at(name, "admin-error-bad-name"))
    }

    /// A day, as the moment at which it begins in this zone; none where nothing was typed.
    pub fn day(&self, name: &'static str, zone: &TimeZone) -> Result<Option<Timestamp>, Wrong> {
        let text = self.get(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = |_| Wrong::at(name, "form-error-invalid");
        let day: Date = text.parse().map_err(wrong)?;
        let begins = day.to_zoned(zone.clone()).map_err(wrong)?;
        Ok(Some(begins.timestamp().into()))
    }

    /// A name in every language, from the inputs that [`names`] makes.
    pub fn names(&self) -> Result<Names, Wrong> {
        let mut names = BTreeMap::new();
        for locale in Locale::ALL {
            names.insert(locale.tag().to_owned(), self.line(name_input(locale), 100)?);
        }
        Ok(Names(names))
    }
}

/// One thing to put right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Name of the input; empty for the form as a whole.
    pub field: String,
    /// Fluent key.
    pub key: String,
}

impl Wrong {
    /// `key` says what is wrong with the input called `field`.
    pub fn at(field: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            key: key.into(),
        }
    }

    /// What a service refused, as something to put right; other errors stay what they are.
    pub fn refused(error: DeskError) -> Result<Self, DeskError> {
        match error {
            DeskError::Stale { .. } => Ok(Self::at("", "admin-error-stale")),
            DeskError::Invalid { field, code, text } => Ok(Self::at(field, known(code, text))),
            DeskError::Conflict { code, text } => Ok(Self::at("", known(code, text))),
            other => Err(other),
        }
    }
}

/// The key for a service's code, or the service's own words where there is none.
fn known(code: &'static str, text: &'static str) -> String {
    let key = format!("admin-error-{}", code.replace('_', "-"));
    if I18n::global().has(Locale::En, &key) {
        key
    } else {
        text.to_owned()
    }
}

/// How an input looks.
#[derive(Clone, Debug)]
pub enum Input {
    /// One line, with the input's type.
    Line(&'static str),
    /// Several lines.
    Area(u8),
    /// A box to tick.
    Check,
    /// One of these values, each with its words.
    Choice(Vec<(String, String)>),
}

/// One input.
#[derive(Clone, Debug)]
pub struct Field {
    /// Name and id.
    pub name: String,
    /// What stands before it.
    pub label: String,
    /// What helps to fill it in; may be empty.
    pub help: String,
    /// How it looks.
    pub input: Input,
    /// What is in it; a ticked box has `on`.
    pub value: String,
    /// Whether something has to be in it.
    pub required: bool,
    /// What is wrong with it.
    pub error: Option<String>,
    /// The heading of a group that begins with it; may be empty.
    pub begins: String,
    /// The group it belongs to, for those who hear the label alone; may be empty.
    pub group: String,
}

impl Field {
    /// An input of one line.
    pub fn line(
        name: impl Into<String>,
        label: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            help: String::new(),
            input: Input::Line("text"),
            value: value.into(),
            required: true,
            error: None,
            begins: String::new(),
            group: String::new(),
        }
    }

    /// A whole number.
    pub fn number(name: impl Into<String>, label: impl Into<String>, value: i64) -> Self {
        Self {
            input: Input::Line("number"),
            ..Self::line(name, label, value.to_string())
        }
    }

    /// Several lines.
    pub fn area(
        name: impl Into<String>,
        label: impl Into<String>,
        value: impl Into<String>,
        rows: u8,
    ) -> Self {
        Self {
            input: Input::Area(rows),
            ..Self::line(name, label, value)
        }
    }

    /// A day that may be left out, as it is in this zone.
    pub fn day(
        name: impl Into<String>,
        label: impl Into<String>,
        at: Option<Timestamp>,
        zone: &TimeZone,
    ) -> Self {
        let day = at.map(|at| at.to_jiff().to_zoned(zone.clone()).date().to_string());
        Self {
            input: Input::Line("date"),
            required: false,
            ..Self::line(name, label, day.unwrap_or_default())
        }
    }

    /// A box to tick.
    pub fn check(name: impl Into<String>, label: impl Into<String>, on: bool) -> Self {
        let value = if on { "on" } else { "" };
        Self {
            input: Input::Check,
            required: false,
            ..Self::line(name, label, value)
        }
    }

    /// One of several values.
    pub fn choice(
        name: impl Into<String>,
        label: impl Into<String>,
        value: impl Into<String>,
        options: Vec<(String, String)>,
    ) -> Self {
        Self {
            input: Input::Choice(options),
            ..Self::line(name, label, value)
        }
    }

    /// With a sentence that helps.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// As part of a group.
    #[must_use]
    pub fn of(mut self, group: impl Into<String>) -> Self {
        self.group = group.into();
        self
    }

    /// As the first of its group, which gets a heading.
    #[must_use]
    pub fn begins(mut self) -> Self {
        self.begins.clone_from(&self.group);
        self
    }

    /// May be left empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    /// With another type of one-line input.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.input = Input::Line(kind);
        self
    }

    pub(super) fn line_kind(&self) -> &'static str {
        match &self.input {
            Input::Line(kind) => kind,
            _ => "text",
        }
    }

    pub(super) fn rows(&self) -> Option<u8> {
        match &self.input {
            Input::Area(rows) => Some(*rows),
            _ => None,
        }
    }

    pub(super) fn options(&self) -> Option<&[(String, String)]> {
        match &self.input {
            Input::Choice(options) => Some(options),
            _ => None,
        }
    }

    pub(super) fn is_check(&self) -> bool {
        matches!(self.input, Input::Check)
    }
}

const fn name_input(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "name_en",
        Locale::Es => "name_es",
    }
}

/// The name of the box that ticks a permission.
pub fn permission_input(permission: Permission) -> String {
    format!("scope_{}", permission.code().replace(':', "_"))
}

/// A code for addresses: the plain letters of the name, and a piece of the id so that it is nobody else's.
pub fn code_of(name: &str, id: &str) -> String {
    let plain: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    let plain = plain.trim_matches('_').chars().take(24).collect::<String>();
    format!("{plain}_{}", &id[id.len() - 6..])
}

/// Inputs for a name in every language.
pub fn names(t: Texts, names: &Names) -> Vec<Field> {
    Locale::ALL
        .into_iter()
        .map(|locale| {
            let value = names.0.get(locale.tag()).cloned().unwrap_or_default();
            Field::line(
                name_input(locale),
                t.with("admin-name-in", "language", locale.own_name())
                    .into_owned(),
                value,
            )
        })
        .collect()
}

/// A form to be shown.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Heading.
    pub title: String,
    /// What the reader should know first; may be empty.
    pub intro: String,
    /// The inputs.
    pub fields: Vec<Field>,
    /// Version it is made from.
    pub version: i64,
    /// Whether it can be removed.
    pub removable: bool,
}

impl Edit {
    /// Puts back what was typed.
    pub fn fill(&mut self, typed: &Typed) {
        for field in &mut self.fields {
            // A password is typed anew: it doesn't travel back.
            if field.line_kind() != "password" {
                typed.get(&field.name).clone_into(&mut field.value);
            }
        }
    }
}

/// The page of a form.
#[derive(Template)]
#[template(path = "admin/templates/form.html")]
struct FormPage {
    shell: Shell,
    edit: Edit,
    back: (String, String),
    action: String,
    problems: Vec<(String, String)>,
    notes: Vec<(&'static str, String)>,
    can_write: bool,
    extra: Vec<Extra>,
}

/// A question: the input's name, its words, and the answers with their words.
pub type Question = (&'static str, String, Vec<(String, String)>);

/// A button of its own under a form.
#[derive(Clone, Debug)]
pub struct Extra {
    /// Where it posts to.
    pub action: String,
    /// Its words.
    pub label: String,
    /// What it does, said before it is pressed.
    pub help: String,
    /// Whether it takes something away.
    pub danger: bool,
    /// What has to be chosen before.
    pub asks: Option<Question>,
}

impl FormPage {
    fn new(
        shell: Shell,
        page: &Page,
        edit: Edit,
        back: (String, String),
        extra: Vec<Extra>,
    ) -> Self {
        let (action, problems, notes) = (page.path.clone(), Vec::new(), Vec::new());
        Self {
            shell,
            edit,
            back,
            action,
            problems,
            notes,
            can_write: true,
            extra,
        }
    }
}

/// Writes beside each input what is wrong with it, and gives back all of it for the top: (input, sentence).
pub fn put_wrong(edit: &mut Edit, wrong: &[Wrong], t: Texts) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    for one in wrong {
        let said = if I18n::global().has(t.locale, &one.key) {
            t.text(&one.key).to_owned()
        } else {
            one.key.clone()
        };
        let field = edit.fields.iter_mut().find(|field| field.name == one.field);
        problems.push((
            field
                .as_ref()
                .map_or(String::new(), |field| field.name.clone()),
            said.clone(),
        ));
        if let Some(field) = field {
            field.error = Some(said);
        }
    }
    problems
}

/// Shows a form, with what has to be put right. `back` is the path and name of the page above.
pub async fn show_form(
    page: &Page,
    mut edit: Edit,
    back: (String, String),
    wrong: &[Wrong],
    extra: Vec<Extra>,
    can_write: bool,
) -> Result<Response, DeskError> {
    let problems = put_wrong(&mut edit, wrong, page.texts());
    let status = if wrong.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let form = FormPage::new(page.shell().await?, page, edit, back, extra);
    page.show_as(
        status,
        &FormPage {
            problems,
            can_write,
            ..form
        },
    )
}

/// Shows a form with sentences under it, each with its notice class.
pub async fn show_form_saying(
    page: &Page,
    edit: Edit,
    back: (String, String),
    notes: Vec<(&'static str, String)>,
    extra: Vec<Extra>,
) -> Result<Response, DeskError> {
    let form = FormPage::new(page.shell().await?, page, edit, back, extra);
    page.show(&FormPage { notes, ..form })
}

/// One line of a list.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its page; none for what can't be opened.
    pub href: String,
    /// Its name.
    pub title: String,
    /// What else matters, in a few words.
    pub detail: String,
    /// A word that stands out, with its badge class.
    pub badge: Option<(&'static str, String)>,
}

/// A list to be shown.
pub struct List {
    /// Heading.
    pub title: String,
    /// What this is for.
    pub intro: String,
    /// The lines.
    pub rows: Vec<Row>,
    /// Page and words for adding.
    pub add: Option<(String, String)>,
    /// Said once: a secret that is shown and never again, with its sentence.
    pub secret: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin/templates/list.html")]
struct ListPage {
    shell: Shell,
    list: List,
    extra: Vec<Extra>,
}

/// Shows a list.
pub async fn show_list(page: &Page, list: List) -> Result<Response, DeskError> {
    show_list_with(page, list, Vec::new()).await
}

/// Shows a list with buttons under it.
pub async fn show_list_with(
    page: &Page,
    list: List,
    extra: Vec<Extra>,
) -> Result<Response, DeskError> {
    page.show(&ListPage {
        shell: page.shell().await?,
        list,
        extra,
    })
}
