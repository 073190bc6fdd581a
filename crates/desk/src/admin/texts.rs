//! The words of the mails that patients get: changed with a preview, and put back to the text that ships.

use super::form::{Edit, Field, List, Row, Typed, Wrong, put_wrong, show_list};
use crate::context::Permission::{SettingsRead, SettingsWrite};
use crate::error::DeskError;
use crate::orgs::{Clinic, Template as Words};
use crate::outbound::{
    Flaw, TEXTS, Values, check_template, further_languages, keep_text, samples, shipped_text,
    to_html,
};
use crate::pages::forms::Form;
use crate::pages::layout::{Page, Shell, redirect_saying};
use crate::router::{Access, Route};
use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use bedside_web::Locale;
use bedside_web::i18n::Texts;

pub fn routes() -> Vec<Route> {
    vec![
        Route::get(LIST, Access::Staff(SettingsRead), list),
        Route::get(
            "/settings/templates/{code}/{locale}",
            Access::Staff(SettingsRead),
            show,
        ),
        Route::post(
            "/settings/templates/{code}/{locale}",
            Access::Staff(SettingsWrite),
            save,
        ),
        Route::post(
            "/settings/templates/{code}/{locale}/reset",
            Access::Staff(SettingsWrite),
            reset,
        ),
    ]
}

const LIST: &str = "/settings/templates";

/// Which text is meant.
struct Which {
    code: &'static str,
    locale: Locale,
}

impl Which {
    fn new((code, locale): &(String, String)) -> Result<Self, DeskError> {
        let code = TEXTS
            .into_iter()
            .find(|known| known == code)
            .ok_or(DeskError::NotFound)?;
        let locale = locale.parse().map_err(|_| DeskError::NotFound)?;
        Ok(Self { code, locale })
    }

    fn path(&self) -> String {
        format!("{LIST}/{}/{}", self.code, self.locale)
    }

    /// The clinic's words, or an empty text of version 0 where it has none in this language.
    fn stored(&self, clinic: &Clinic) -> Words {
        let key = (self.code.to_owned(), self.locale.tag().to_owned());
        clinic.templates.get(&key).cloned().unwrap_or(Words {
            subject: String::new(),
            body: String::new(),
            version: 0,
        })
    }

    fn is_changed(&self, clinic: &Clinic) -> bool {
        let stored = self.stored(clinic);
        shipped_text(self.code, self.locale).is_some_and(|(subject, body)| {
            subject != stored.subject || lines(body) != lines(&stored.body)
        })
    }

    /// Sample values, with the clinic's own name and numbers where it has them.
    fn values(&self, clinic: &Clinic) -> Values {
        let mut values = samples(self.code, self.locale).unwrap_or_default();
        let set = &clinic.settings;
        for (name, own) in [
            ("clinic_name", &clinic.name),
            ("clinic_phone", &set.phone),
            ("emergency_number", &set.emergency.number),
            ("crisis_number", &set.emergency.crisis_line),
        ] {
            if let Some(value) = values.get_mut(name).filter(|_| !own.is_empty()) {
                own.clone_into(value);
            }
        }
        values
    }

    fn edit(&self, t: Texts, words: &Words) -> Edit {
        let key = |which: &str| format!("admin-template-{}{which}", self.code.replace('_', "-"));
        Edit {
            title: t.text(&key("")).to_owned(),
            intro: t.text(&key("-when")).to_owned(),
            fields: vec![
                Field::line("subject", t.text("admin-template-subject"), &words.subject),
                Field::area("body", t.text("admin-template-body"), words.body.trim(), 14)
                    .help(t.text("admin-template-body-help")),
            ],
            version: words.version,
            removable: false,
        }
    }
}

/// A text as browsers send it back: line ends and outer space are no change.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

async fn list(page: Page) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let row = |code: &'static str| {
        let which = Which {
            code,
            locale: clinic.locale,
        };
        let key = format!("admin-template-{}", code.replace('_', "-"));
        let changed = Locale::ALL
            .into_iter()
            .any(|locale| Which { code, locale }.is_changed(&clinic));
        Row {
            href: which.path(),
            title: t.text(&key).to_owned(),
            detail: t.text(&format!("{key}-when")).to_owned(),
            badge: changed.then(|| ("", t.text("admin-template-own").to_owned())),
        }
    };
    let list = List {
        title: t.text("admin-templates").to_owned(),
        intro: t.text("admin-templates-intro").to_owned(),
        rows: TEXTS.into_iter().map(row).collect(),
        add: None,
        secret: None,
    };
    show_list(&page, list).await
}

/// A language in the switch: tag, name, path, whether it is this one.
type Tab = (&'static str, &'static str, String, bool);

#[derive(Template)]
#[template(path = "admin/templates/text.html")]
struct TextPage {
    shell: Shell,
    edit: Edit,
    problems: Vec<(String, String)>,
    languages: Vec<Tab>,
    locale: Locale,
    action: String,
    /// Name, what it stands for, what the preview puts there.
    names: Vec<(String, String, String)>,
    /// Subject, and the text as HTML.
    preview: Option<(String, String)>,
    can_write: bool,
    changed: bool,
    /// Names of the further languages it goes out in.
    further: String,
}

/// What the page says about a flaw.
fn said(flaw: &Flaw, values: &Values, t: Texts) -> String {
    let (key, what) = match flaw {
        Flaw::Empty => ("form-error-required", ""),
        Flaw::TooLong => ("form-error-too-long", ""),
        Flaw::Unbalanced => ("admin-template-error-unbalanced", ""),
        Flaw::Unclosed(text) => ("admin-template-error-unclosed", text.as_str()),
        Flaw::NotPlain(text) => ("admin-template-error-not-plain", text.as_str()),
        Flaw::Missing(name) => ("admin-template-error-missing", *name),
        Flaw::Unknown(name) => {
            let names: Vec<&str> = values.keys().copied().collect();
            let args = [
                ("what", name.as_str().into()),
                ("names", names.join(", ").into()),
            ];
            return t.format("admin-template-error-unknown", &args).into_owned();
        }
    };
    t.with(key, "what", what).into_owned()
}

async fn shown(
    page: &Page,
    which: &Which,
    words: &Words,
    refused: Option<Wrong>,
) -> Result<Response, DeskError> {
    let (clinic, t) = (page.clinic()?, page.texts());
    let values = which.values(&clinic);
    let mut edit = which.edit(t, words);
    let mut wrong: Vec<Wrong> = refused.into_iter().collect();
    let preview = match check_template(which.code, &values, &words.subject, &words.body) {
        Ok((subject, body)) => Some((subject, to_html(&body, &values, which.locale))),
        Err(flaws) => {
            let flaws = flaws.iter();
            wrong.extend(flaws.map(|(field, flaw)| Wrong::at(*field, said(flaw, &values, t))));
            None
        }
    };
    let problems = put_wrong(&mut edit, &wrong, t);
    let status = if problems.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let meaning = |name: &str| {
        let key = if name.starts_with("rating_") {
            "admin-template-value-rating".to_owned()
        } else {
            format!("admin-template-value-{}", name.replace('_', "-"))
        };
        t.text(&key).to_owned()
    };
    page.show_as(
        status,
        &TextPage {
            shell: page.shell().await?,
            edit,
            problems,
            languages: Locale::ALL
                .into_iter()
                .map(|locale| {
                    let other = Which { locale, ..*which };
                    (
                        locale.tag(),
                        locale.own_name(),
                        other.path(),
                        locale == which.locale,
                    )
                })
                .collect(),
            locale: which.locale,
            action: which.path(),
            names: values
                .iter()
                .map(|(name, sample)| (format!("{{{{ {name} }}}}"), meaning(name), sample.clone()))
                .collect(),
            preview,
            can_write: page.ctx.permissions().has(SettingsWrite),
            changed: which.is_changed(&clinic),
            further: further_languages(&clinic, which.code)
                .iter()
                .map(|language| language.own_name())
                .collect::<Vec<_>>()
                .join(", "),
        },
    )
}

async fn show(page: Page, Path(path): Path<(String, String)>) -> Result<Response, DeskError> {
    let which = Which::new(&path)?;
    let stored = which.stored(&*page.clinic()?);
    shown(&page, &which, &stored, None).await
}

async fn save(
    page: Page,
    Path(path): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let which = Which::new(&path)?;
    let words = Words {
        subject: typed.get("subject").to_owned(),
        body: format!("{}\n", lines(typed.get("body"))),
        version: typed.version(),
    };
    let values = which.values(&*page.clinic()?);
    let flawed = check_template(which.code, &values, &words.subject, &words.body).is_err();
    if flawed || typed.get("do") == "preview" {
        return shown(&page, &which, &words, None).await;
    }
    kept(&page, &which, words).await
}

async fn kept(page: &Page, which: &Which, words: Words) -> Result<Response, DeskError> {
    let (app, ctx) = (&page.app, &page.ctx);
    match keep_text(app, ctx, (which.code, which.locale), words.clone()).await {
        Ok(()) => Ok(redirect_saying(&which.path(), "setting-saved")),
        Err(error) => {
            let stale = matches!(error, DeskError::Stale { .. });
            let wrong = Wrong::refused(error)?;
            let mut words = words;
            if stale {
                crate::orgs::reload(app).await?;
                // Saving once more is a decision.
                words.version = which.stored(&*page.clinic()?).version;
            }
            shown(page, which, &words, Some(wrong)).await
        }
    }
}

async fn reset(
    page: Page,
    Path(path): Path<(String, String)>,
    Form(typed): Form<Typed>,
) -> Result<Response, DeskError> {
    let which = Which::new(&path)?;
    let (subject, body) = shipped_text(which.code, which.locale).ok_or(DeskError::NotFound)?;
    let words = Words {
        subject: subject.to_owned(),
        body: body.to_owned(),
        version: typed.version(),
    };
    kept(&page, &which, words).await
}
