//! Queues: the piles in which requests wait.

use super::super::form::{Edit, Field, Row, Typed, Wrong, code_of, names};
use super::super::section::{Section, path};
use crate::app::App;
use crate::error::DeskError;
use crate::names::Names;
use crate::orgs::model::purpose;
use crate::orgs::{Change, Clinic, Queue};
use crate::pages::layout::{COUNTED, Page};
use crate::tickets::{self, View};
use bedside_web::i18n::Texts;

pub struct Queues;

impl Section for Queues {
    const PATH: &'static str = "queues";
    const KEY: &'static str = "queues";

    type Entry = Queue;

    fn find<'a>(clinic: &'a Clinic, id: &str) -> Option<&'a Queue> {
        clinic.queue(id.parse().ok()?)
    }

    fn rows(clinic: &Clinic, t: Texts) -> Vec<Row> {
        let row = |queue: &Queue| Row {
            href: path::<Self>(&queue.id.to_string()),
            title: queue.names.in_locale(t.locale).to_owned(),
            detail: String::new(),
            badge: match queue.purpose.as_str() {
                purpose::CRISIS => Some(("badge-error", t.text("admin-queue-crisis").to_owned())),
                purpose::NEEDS_LOOK => Some(("", t.text("admin-queue-needs-look").to_owned())),
                _ => None,
            },
        };
        clinic.queues.iter().map(row).collect()
    }

    fn form(clinic: &Clinic, t: Texts, queue: Option<&Queue>) -> Edit {
        let mut fields = names(t, queue.map_or(&Names::default(), |queue| &queue.names));
        let last = clinic
            .queues
            .iter()
            .map(|queue| queue.position)
            .max()
            .unwrap_or(0)
            + 1;
        let position = queue.map_or(last, |queue| queue.position);
        fields.push(
            Field::number("position", t.text("admin-position"), position)
                .help(t.text("admin-position-help")),
        );
        Edit {
            title: queue.map_or(String::new(), |queue| {
                queue.names.in_locale(t.locale).to_owned()
            }),
            intro: String::new(),
            fields,
            version: queue.map_or(0, |queue| queue.version),
            ..Edit::default()
        }
    }

    fn change(app: &App, _: &Clinic, old: Option<&Queue>, typed: &Typed) -> Result<Change, Wrong> {
        let names = typed.names()?;
        let position = typed.number("position", 0, 10_000)?;
        let id = old.map_or_else(|| app.id(), |queue| queue.id);
        let english = names.in_locale(bedside_web::Locale::En);
        Ok(Change::PutQueue(Queue {
            id,
            code: old.map_or_else(
                || code_of(english, &id.to_string()),
                |queue| queue.code.clone(),
            ),
            purpose: old.map_or(purpose::WORK, |queue| &queue.purpose).to_owned(),
            names,
            position,
            version: typed.version(),
        }))
    }

    fn removal(queue: &Queue) -> Option<Change> {
        (queue.purpose == purpose::WORK).then_some(Change::ArchiveQueue(queue.id))
    }

    async fn needed(page: &Page, queue: &Queue) -> Result<Option<Wrong>, DeskError> {
        let views = [View::Queue(queue.id)];
        let waiting = tickets::counts(&page.app, &page.ctx, &views, COUNTED).await?;
        Ok((waiting != [0]).then(|| Wrong::at("", "admin-error-queue-waiting")))
    }
}
