//! What goes by itself: the rules with what each does, the decision about one, and what ran.

mod proof;
mod rule;

use crate::context::Permission;
use crate::error::DeskError;
use crate::pages::layout::{Page, Shell};
use crate::privacy::retention::{self, Preview, Record, Rule};
use crate::router::{Access, Route};
use askama::Template;
use axum::response::Response;
use bedside_db::Timestamp;
use bedside_web::i18n::time;

const LIST: &str = "/privacy/retention";

pub fn routes() -> Vec<Route> {
    let may = Access::Staff(Permission::PrivacyManage);
    [
        vec![Route::get(LIST, may, list)],
        rule::routes(may),
        proof::routes(may),
    ]
    .concat()
}

/// Text key of a kind of record; the ones with `-about` and `-event` say what it is and from when it counts.
const fn record_key(record: Record) -> &'static str {
    match record {
        Record::Requests => "retention-requests",
        Record::RawMails => "retention-raw-mails",
        Record::Ratings => "retention-ratings",
        Record::Identity => "retention-identity",
        Record::PrivacyRequests => "retention-privacy-requests",
        Record::Disclosures => "retention-disclosures",
        Record::Corrections => "retention-corrections",
        Record::Drafts => "retention-drafts",
        Record::Exceptions => "retention-exceptions",
        Record::Findings => "retention-findings",
        Record::Incidents => "retention-incidents",
        Record::Consents => "retention-consents",
        Record::Representatives => "retention-representatives",
        Record::Holds => "retention-holds",
        Record::Contacts => "retention-contacts",
        Record::Patients => "retention-patients",
    }
}

/// A preview in words.
struct Shown {
    today: String,
    soon: String,
    span: Option<String>,
    held: Option<String>,
    young: Option<String>,
    more: bool,
}

struct Teller<'a> {
    page: &'a Page,
    zone: jiff::tz::TimeZone,
}

impl<'a> Teller<'a> {
    fn new(page: &'a Page) -> Result<Self, DeskError> {
        Ok(Self {
            page,
            zone: page.clinic()?.time_zone.clone(),
        })
    }

    fn day(&self, at: Timestamp) -> String {
        time::format_date(at.micros(), &self.zone, self.page.ctx.locale)
    }

    fn time(&self, at: Timestamp) -> String {
        time::format_time(at.micros(), &self.zone, self.page.ctx.locale)
    }

    fn with(&self, key: &str, count: u64) -> String {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.page.texts().with(key, "count", count).into_owned()
    }

    fn shown(&self, preview: &Preview) -> Shown {
        let some = |key, count| (count > 0).then(|| self.with(key, count));
        Shown {
            today: self.with("retention-today", preview.today),
            soon: self.with("retention-soon", preview.soon),
            span: preview.span.map(|(oldest, newest)| {
                let days = [
                    ("oldest", self.day(oldest).into()),
                    ("newest", self.day(newest).into()),
                ];
                let said = self.page.texts().format("retention-span", &days);
                said.into_owned()
            }),
            held: some("retention-held", preview.held),
            young: some("retention-young", preview.young),
            more: preview.more,
        }
    }

    /// What a period says.
    fn period(&self, period: retention::Period) -> String {
        let (t, days) = (self.page.texts(), period.days);
        if period.age == 0 {
            return t.with("retention-after", "days", days).into_owned();
        }
        let both = [("days", days.into()), ("age", period.age.into())];
        t.format("retention-after-age", &both).into_owned()
    }
}

/// A decision that waits, in words.
struct Waiting {
    said: String,
    period: String,
}

impl Teller<'_> {
    fn waiting(&self, rule: &Rule) -> Option<Waiting> {
        rule.next.map(|next| Waiting {
            said: {
                let t = self.page.texts();
                let at = self.time(next.from);
                t.with("retention-waits", "at", at).into_owned()
            },
            period: self.period(next.period),
        })
    }
}

/// One rule in the list.
struct Line {
    code: &'static str,
    key: &'static str,
    active: bool,
    period: String,
    preview: Shown,
    next: Option<Waiting>,
    version: i64,
}

#[derive(Template)]
#[template(path = "admin/templates/retention.html")]
struct ListPage {
    shell: Shell,
    lines: Vec<Line>,
}

impl ListPage {
    fn about(&self, key: &str) -> String {
        self.shell.t(&format!("{key}-about")).to_owned()
    }
}

async fn list(page: Page) -> Result<Response, DeskError> {
    let rules = retention::list(&page.app, &page.ctx).await?;
    let teller = Teller::new(&page)?;
    let line = |(rule, preview): (Rule, Preview)| Line {
        code: rule.record.code(),
        key: record_key(rule.record),
        active: rule.active,
        period: teller.period(rule.period),
        preview: teller.shown(&preview),
        next: teller.waiting(&rule),
        version: rule.version,
    };
    page.show(&ListPage {
        shell: page.shell().await?,
        lines: rules.into_iter().map(line).collect(),
    })
}
