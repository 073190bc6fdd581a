//! Categories: what requests are about. The codes are the language engine's; names, queue and order are the clinic's.

use super::super::form::{Edit, Field, Row, Typed, Wrong, names};
use super::super::section::{Section, path};
use crate::app::App;
use crate::orgs::{Category, Change, Clinic};
use bedside_web::i18n::Texts;

pub struct Categories;

impl Section for Categories {
    const PATH: &'static str = "categories";
    const KEY: &'static str = "categories";
    const ADDS: bool = false;

    type Entry = Category;

    fn find<'a>(clinic: &'a Clinic, id: &str) -> Option<&'a Category> {
        clinic.category(id)
    }

    fn rows(clinic: &Clinic, t: Texts) -> Vec<Row> {
        let row = |category: &Category| {
            let queue = clinic
                .queue(category.queue_id)
                .map_or("", |queue| queue.names.in_locale(t.locale));
            Row {
                href: path::<Self>(&category.code),
                title: category.names.in_locale(t.locale).to_owned(),
                detail: t.with("admin-category-to", "queue", queue).into_owned(),
                badge: category.clinical.then(|| {
                    (
                        "badge-ok",
                        t.text("admin-category-clinical-short").to_owned(),
                    )
                }),
            }
        };
        clinic.categories.iter().map(row).collect()
    }

    fn form(clinic: &Clinic, t: Texts, category: Option<&Category>) -> Edit {
        // The engine's codes are given: none is ever added.
        let Some(category) = category else {
            return Edit::default();
        };
        let queues = clinic.queues.iter();
        let queues = queues
            .map(|queue| {
                (
                    queue.id.to_string(),
                    queue.names.in_locale(t.locale).to_owned(),
                )
            })
            .collect();
        let mut fields = names(t, &category.names);
        let queue = category.queue_id.to_string();
        fields.push(
            Field::choice("queue_id", t.text("queue"), queue, queues)
                .help(t.text("admin-category-queue-help")),
        );
        fields.push(
            Field::check(
                "clinical",
                t.text("admin-category-clinical"),
                category.clinical,
            )
            .help(t.text("admin-category-clinical-help")),
        );
        let position = Field::number("position", t.text("admin-position"), category.position);
        fields.push(position.help(t.text("admin-position-help")));
        Edit {
            title: category.names.in_locale(t.locale).to_owned(),
            intro: String::new(),
            fields,
            version: category.version,
            removable: false,
        }
    }

    fn change(_: &App, _: &Clinic, old: Option<&Category>, typed: &Typed) -> Result<Change, Wrong> {
        let old = old.ok_or_else(|| Wrong::at("", "problem-not-found"))?;
        Ok(Change::PutCategory(Category {
            code: old.code.clone(),
            names: typed.names()?,
            queue_id: typed
                .get("queue_id")
                .parse()
                .map_err(|_| Wrong::at("queue_id", "form-error-invalid"))?,
            clinical: typed.ticked("clinical"),
            position: typed.number("position", 0, 10_000)?,
            version: typed.version(),
        }))
    }
}
