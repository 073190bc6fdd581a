//! The clinic's own names for finer states of a ticket.

use super::super::form::{Edit, Field, Row, Typed, Wrong, names};
use super::super::section::{Section, path};
use crate::app::App;
use crate::ids::SubStatusId;
use crate::names::Names;
use crate::orgs::{Change, Clinic, SubStatus};
use crate::pages::ui::status_key;
use crate::tickets::Status;
use bedside_web::i18n::Texts;

pub struct Statuses;

const STATUSES: [Status; 6] = [
    Status::New,
    Status::Open,
    Status::WaitingOnPatient,
    Status::WaitingOnThirdParty,
    Status::Resolved,
    Status::Closed,
];

impl Section for Statuses {
    const PATH: &'static str = "statuses";
    const KEY: &'static str = "statuses";

    type Entry = SubStatus;

    fn find<'a>(clinic: &'a Clinic, id: &str) -> Option<&'a SubStatus> {
        let id: SubStatusId = id.parse().ok()?;
        clinic.sub_statuses.iter().find(|status| status.id == id)
    }

    fn rows(clinic: &Clinic, t: Texts) -> Vec<Row> {
        let of = |code: &str| {
            Status::from_code(code)
                .map_or("", |status| t.text(status_key(status)))
                .to_owned()
        };
        let row = |status: &SubStatus| Row {
            href: path::<Self>(&status.id.to_string()),
            title: status.names.in_locale(t.locale).to_owned(),
            detail: of(&status.status),
            badge: None,
        };
        clinic.sub_statuses.iter().map(row).collect()
    }

    fn form(_: &Clinic, t: Texts, status: Option<&SubStatus>) -> Edit {
        let options = STATUSES
            .iter()
            .map(|one| (one.code().to_owned(), t.text(status_key(*one)).to_owned()))
            .collect();
        let mut fields = names(t, status.map_or(&Names::default(), |status| &status.names));
        let value = status.map_or(Status::WaitingOnThirdParty.code(), |status| &status.status);
        fields.push(Field::choice(
            "status",
            t.text("admin-status-of"),
            value,
            options,
        ));
        Edit {
            title: status.map_or(String::new(), |status| {
                status.names.in_locale(t.locale).to_owned()
            }),
            intro: String::new(),
            fields,
            version: status.map_or(0, |status| status.version),
            ..Edit::default()
        }
    }

    fn change(
        app: &App,
        _: &Clinic,
        old: Option<&SubStatus>,
        typed: &Typed,
    ) -> Result<Change, Wrong> {
        let status = Status::from_code(typed.get("status"))
            .ok_or_else(|| Wrong::at("status", "form-error-invalid"))?;
        Ok(Change::PutSubStatus(SubStatus {
            id: old.map_or_else(|| app.id(), |old| old.id),
            status: status.code().to_owned(),
            names: typed.names()?,
            version: typed.version(),
        }))
    }

    fn removal(status: &SubStatus) -> Option<Change> {
        Some(Change::ArchiveSubStatus(status.id))
    }
}
