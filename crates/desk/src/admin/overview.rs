//! The first page of the settings: what there is, with a sentence each.

use crate::context::Permission;
use crate::error::DeskError;
use crate::outbound;
use crate::pages::layout::{Page, Shell};
use askama::Template;
use axum::response::Response;

/// Path, icon, and the key whose `-intro` says what it is for.
type Entry = (&'static str, &'static str, &'static str);

const MAILS: &str = "/settings/mails";
const CLINIC: &[Entry] = &[
    ("/settings/general", "heart-handshake", "admin-general"),
    ("/settings/hours", "clock", "admin-hours"),
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
    ("/settings/tokens", "lock", "admin-tokens"),
];
const RECORDS: &[Entry] = &[("/audit", "history", "admin-audit")];

#[derive(Template)]
#[template(path = "admin/templates/index.html")]
struct IndexPage {
    shell: Shell,
    groups: Vec<(&'static str, &'static [Entry])>,
    /// Whether a mail waits for somebody to look.
    trouble: bool,
}

impl IndexPage {
    fn alerts(&self, path: &str) -> bool {
        self.trouble && path == MAILS
    }
}

/// `GET /settings`.
pub async fn index(page: Page) -> Result<Response, DeskError> {
    let allowed = page.ctx.permissions();
    let mut groups = vec![("admin-group-clinic", CLINIC), ("admin-group-work", WORK)];
    if allowed.has(Permission::StaffManage) {
        groups.push(("admin-group-people", PEOPLE));
    }
    if allowed.has(Permission::AuditRead) {
        groups.push(("admin-group-records", RECORDS));
    }
    page.show(&IndexPage {
        shell: page.shell().await?,
        trouble: outbound::any_troubled(&page.app, &page.ctx).await?,
        groups,
    })
}
