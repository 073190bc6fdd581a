//! `bedside check`

use super::{Failure, Global, close, is_set_up, say, say_json};
use crate::app::App;
use crate::config::Config;
use crate::config::clinic;
use crate::startup;
use bedside_db::{Clock, SystemClock};
use clap::Args;
use serde::Serialize;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

/// Free space below which a desk is in danger, in bytes.
const LITTLE_SPACE: u64 = 1024 * 1024 * 1024;
/// How far the clocks of desk and database may differ, in seconds.
const CLOCKS: i64 = 5;

/// Looks at settings, database, key, disk, clocks and mailboxes, and says in plain words what is wrong.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    text: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn good(&mut self, what: &'static str, text: impl Into<String>) {
        self.0.push(Finding {
            what,
            ok: true,
            text: text.into(),
        });
    }

    fn bad(&mut self, what: &'static str, text: impl Into<String>) {
        self.0.push(Finding {
            what,
            ok: false,
            text: text.into(),
        });
    }
}

impl Check {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let config = global.config()?;
        let mut found = Findings::default();
        found.good(
            "settings",
            format!("People reach the desk at {}.", config.public_url),
        );
        if !config.is_https() && !config.public_url.contains("://localhost") {
            found.bad(
                "settings",
                "public_url has no https: passwords and patients' words would travel in the open.",
            );
        }
        clinic_files(&config, &mut found);
        disk(&config, &mut found);
        is_set_up(&config)?;
        let (app, _) = startup::open(config, Arc::new(SystemClock)).await?;
        database(&app, &mut found).await;
        key(&app.config, &mut found);
        mailboxes(&app, &mut found).await;
        close(&app).await;
        let fine = found.0.iter().all(|finding| finding.ok);
        if self.json {
            say_json(&serde_json::json!({ "ok": fine, "findings": found.0 }));
        } else {
            for finding in &found.0 {
                say(format!(
                    "{} {:<10} {}",
                    if finding.ok { "ok   " } else { "WRONG" },
                    finding.what,
                    finding.text
                ));
            }
        }
        Ok(if fine {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

fn clinic_files(config: &Config, found: &mut Findings) {
    match startup::clinic_files(config) {
        Ok(files) => match clinic::parse(&files) {
            Ok(clinic) => found.good(
                "clinic",
                format!("The files of {} fit together.", clinic.profile.name),
            ),
            Err(error) => found.bad("clinic", format!("{error}.")),
        },
        Err(error) => found.bad("clinic", error.to_string()),
    }
}

async fn database(app: &App, found: &mut Findings) {
    match app.db.ping().await {
        Ok(()) if app.db.is_embedded() => found.good("database", "The embedded database answers."),
        Ok(()) => found.good("database", "The PostgreSQL server answers."),
        Err(error) => found.bad(
            "database",
            format!("The database does not answer: {error}."),
        ),
    }
    let now = SystemClock.now();
    for clinic in app.directory.all() {
        let newest = match crate::events::latest(app, clinic.id).await {
            Ok(latest) => crate::events::after(app, clinic.id, latest - 1, 1)
                .await
                .ok()
                .and_then(|some| some.last().map(|event| event.at)),
            Err(_) => None,
        };
        if newest.is_some_and(|at| at.seconds_since(now) > CLOCKS) {
            found.bad(
                "clock",
                "The newest entry is from the future: this machine's clock is behind.",
            );
        } else {
            found.good(
                "clock",
                format!("It is {now} here, later than everything that was written."),
            );
        }
    }
}

fn key(config: &Config, found: &mut Findings) {
    match startup::root_key(config) {
        Ok(key) if config.key_file().is_file() => {
            found.good(
                "key",
                format!(
                    "The root key {} opens the data. Is there a copy elsewhere?",
                    key.fingerprint()
                ),
            );
        }
        Ok(key) => found.good(
            "key",
            format!(
                "The root key {} from the environment opens the data.",
                key.fingerprint()
            ),
        ),
        Err(error) => found.bad("key", error.to_string()),
    }
}

/// Free space, as `df` says; there is no portable call for it without unsafe code.
fn disk(config: &Config, found: &mut Findings) {
    let mut folder: &Path = &config.data;
    while !folder.exists() {
        folder = folder
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
    }
    let answer = Command::new("df").arg("-Pk").arg(folder).output();
    let free = answer.ok().and_then(|answer| {
        let text = String::from_utf8(answer.stdout).ok()?;
        text.lines()
            .nth(1)?
            .split_whitespace()
            .nth(3)?
            .parse::<u64>()
            .ok()
    });
    match free.map(|kib| kib.saturating_mul(1024)) {
        Some(free) if free < LITTLE_SPACE => {
            found.bad(
                "disk",
                format!(
                    "Only {} MiB are free where the data is.",
                    free / (1024 * 1024)
                ),
            );
        }
        Some(free) => found.good(
            "disk",
            format!("{} MiB are free where the data is.", free / (1024 * 1024)),
        ),
        None => found.bad("disk", "The free space could not be told."),
    }
}

async fn mailboxes(app: &App, found: &mut Findings) {
    use crate::context::{Ctx, Source};
    use crate::intake::email::mailboxes;
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "command-line", Source::CommandLine);
        let all = match mailboxes::list(app, &ctx).await {
            Ok(all) => all,
            Err(error) => {
                found.bad("mailbox", format!("The mailboxes can't be read: {error}."));
                continue;
            }
        };
        if all.is_empty() {
            found.good(
                "mailbox",
                "There is no mailbox yet; add one under Settings.",
            );
        }
        for one in all {
            let text = match (&one.last_error, one.enabled) {
                (_, false) => format!("{} is switched off.", one.address),
                (Some(code), true) => {
                    let key = format!("mailbox-error-{code}");
                    found.bad(
                        "mailbox",
                        format!(
                            "{}: {}",
                            one.address,
                            app.i18n.text(bedside_web::Locale::En, &key)
                        ),
                    );
                    continue;
                }
                (None, true) => format!("{} was read without trouble.", one.address),
            };
            found.good("mailbox", text);
        }
    }
}
