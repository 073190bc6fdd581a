//! The first page of the settings: what there is, with a sentence each.

use crate::context::Permission;
use crate::error::DeskError;
use crate::knowledge::Overdue;
use crate::outbound;
use crate::pages::layout::{Page, Shell};
use crate::renewals::{self, Ending, Kind};
use askama::Template;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_language::LoadError;
use bedside_web::i18n::{Texts, time};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Path, icon, and the key whose `-intro` says what it is for.
type Entry = (&'static str, &'static str, &'static str);

const MAILS: &str = "/settings/mails";
const CLINIC: &[Entry] = &[
    ("/settings/general", "heart-handshake", "admin-general"),
    ("/settings/hours", "clock", "admin-hours"),
    ("/settings/privacy", "eye", "admin-privacy"),
    ("/settings/notices", "file-text", "admin-notices"),
    ("/settings/mailboxes", "mail", "admin-mailboxes"),
    ("/settings/templates", "file-text", "admin-templates"),
    (MAILS, "send", "admin-mails"),
];
const WORK: &[Entry] = &[
    ("/settings/queues", "inbox", "admin-queues"),
    ("/settings/categories", "tag", "admin-categories"),
    ("/settings/sla", "timer", "admin-sla"),
    ("/settings/replies", "message-square", "admin-replies"),
    ("/settings/fields", "list", "admin-fields"),
    ("/settings/statuses", "circle-dot", "admin-statuses"),
];
const PEOPLE: &[Entry] = &[
    ("/settings/staff", "users", "admin-staff"),
    ("/settings/roles", "shield-check", "admin-roles"),
    ("/settings/tokens", "lock", "admin-tokens"),
    ("/settings/sso", "key-round", "admin-sso"),
    ("/settings/provisioning", "refresh-cw", "admin-provisioning"),
    ("/privacy/access", "user-check", "access"),
];
const RECORDS: &[Entry] = &[("/audit", "history", "admin-audit")];

#[derive(Template)]
#[template(path = "admin/templates/index.html")]
struct IndexPage {
    shell: Shell,
    groups: Vec<(&'static str, &'static [Entry])>,
    /// Whether a mail waits for somebody to look.
    trouble: bool,
    /// What is wrong with the clinic's language files, while older ones are in use: place and reason.
    refused: Option<(String, String)>,
    /// Language files of which something is to be looked at again.
    overdue: Vec<String>,
    /// What runs out soon, or has no end: where it is renewed, what it is, and until when.
    ending: Vec<(String, String, String)>,
}

impl IndexPage {
    fn alerts(&self, path: &str) -> bool {
        self.trouble && path == MAILS
    }
}

/// `GET /settings`.
pub async fn index(page: Page) -> Result<Response, DeskError> {
    let (allowed, t) = (page.ctx.permissions(), page.texts());
    let mut groups = vec![("admin-group-clinic", CLINIC), ("admin-group-work", WORK)];
    if allowed.has(Permission::StaffManage) {
        groups.push(("admin-group-people", PEOPLE));
    }
    if allowed.has(Permission::AuditRead) {
        groups.push(("admin-group-records", RECORDS));
    }
    // What can't be read of one thing keeps nobody from the others' settings.
    let ending = renewals::ends(&page.app, &page.ctx).await;
    let ending = ending.unwrap_or_else(|error| {
        tracing::error!(%error, "what runs out can't be read");
        Vec::new()
    });
    let zone = page.clinic()?.time_zone.clone();
    let now = page.app.now();
    page.show(&IndexPage {
        shell: page.shell().await?,
        ending: ending
            .iter()
            .filter(|one| renewals::is_soon(one, now))
            .map(|one| ends(t, &zone, now, one))
            .collect(),
        trouble: outbound::any_troubled(&page.app, &page.ctx).await?,
        refused: page.app.shelf.refused().map(|refused| place(t, refused)),
        overdue: page
            .app
            .knowledge()
            .overdue(page.app.now())
            .iter()
            .map(|one| due(t, one))
            .collect(),
        groups,
    })
}

/// Where it is renewed, its name, and until when it works.
fn ends(t: Texts, zone: &TimeZone, now: Timestamp, one: &Ending) -> (String, String, String) {
    let page = match one.kind {
        Kind::Token => format!("/settings/tokens/{}", one.id),
        Kind::Secret => "/settings/sso".to_owned(),
        Kind::Password => format!("/settings/mailboxes/{}", one.id),
    };
    let kind = t.text(match one.kind {
        Kind::Token => "ending-token",
        Kind::Secret => "ending-secret",
        Kind::Password => "ending-password",
    });
    let until = match one.ends_at {
        None => t.text("ending-never").into(),
        Some(at) => {
            let key = if at <= now {
                "ending-ended"
            } else {
                "ending-ends"
            };
            t.with(key, "day", time::format_date(at.micros(), zone, t.locale))
        }
    };
    (page, format!("{kind}: {}", one.name), until.into_owned())
}

/// Where a file is wrong, and the reason, which is in English.
fn place(t: Texts, refused: LoadError) -> (String, String) {
    let LoadError { file, line, reason } = refused;
    let place = match line {
        0 => file,
        line => {
            let line = line.to_string();
            let args = [("file", file.as_str().into()), ("line", line.into())];
            t.format("admin-language-place", &args).into_owned()
        }
    };
    (place, reason)
}

fn due(t: Texts, one: &Overdue) -> String {
    let since = date(t, one.since);
    t.format(
        "admin-language-due",
        &[
            ("file", one.file.as_str().into()),
            ("count", one.entries.into()),
            ("since", since.into()),
            ("line", one.line.to_string().into()),
        ],
    )
    .into_owned()
}

fn date(t: Texts, date: Date) -> String {
    let micros = date
        .to_zoned(TimeZone::UTC)
        .map_or(0, |midnight| midnight.timestamp().as_microsecond());
    time::format_date(micros, &TimeZone::UTC, t.locale)
}
