//! `bedside check`

use super::door::{self, Found};
use super::{Failure, Global, is_set_up, say, say_json};
use crate::app::App;
use crate::config::Config;
use crate::config::clinic;
use crate::context::{Ctx, Permission, Source as WayIn};
use crate::demo::start::is_demo;
use crate::error::DeskError;
use crate::example::{self, Detail};
use crate::knowledge::{Knowledge, Overdue, Source};
use crate::mailboxes::{self, MailboxView};
use crate::names;
use crate::outbound;
use crate::privacy::erasure;
use crate::records::{Label, rotate};
use crate::staff::Role;
use crate::startup::{self, Missing, StartError};
use bedside_db::{Clock, DbError, SystemClock, is_unprotected, search};
use bedside_web::Locale;
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

/// How it is with one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Ok,
    /// Nothing is broken, and something is still to be done before patients can be served.
    Missing,
    Wrong,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok   ",
            Self::Missing => "TO DO",
            Self::Wrong => "WRONG",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    text: String,
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, what: &'static str, state: State, text: impl Into<String>) {
        let text = text.into();
        self.0.push(Finding { what, state, text });
    }

    fn good(&mut self, what: &'static str, text: impl Into<String>) {
        self.add(what, State::Ok, text);
    }

    fn missing(&mut self, what: &'static str, text: impl Into<String>) {
        self.add(what, State::Missing, text);
    }

    fn bad(&mut self, what: &'static str, text: impl Into<String>) {
        self.add(what, State::Wrong, text);
    }
}

impl Check {
    pub(super) async fn run(self, global: &Global) -> Result<ExitCode, Failure> {
        let mut config = global.config()?;
        let mut found = Findings::default();
        if is_demo(&config.data) {
            // Those of a desk are not asked for: a demo chooses its own with each start.
            config = Config::of_demo(config.data);
            found.good(
                "settings",
                "This is a demo: everything in it is invented. `bedside demo` said where it is when it started.",
            );
        } else {
            found.good(
                "settings",
                format!("People reach the desk at {}.", config.public_url),
            );
        }
        if !config.trusted_proxies.is_empty() {
            let proxies: Vec<_> = config
                .trusted_proxies
                .iter()
                .map(ToString::to_string)
                .collect();
            found.good(
                "settings",
                format!(
                    "Where a request came from is believed of a proxy at {}.",
                    proxies.join(", ")
                ),
            );
        }
        if config.is_in_the_clear() {
            found.bad(
                "settings",
                "public_url has no https: passwords and patients' words would travel in the open.",
            );
        }
        if config.database.as_deref().is_some_and(is_unprotected) {
            found.bad(
                "settings",
                "The database is on another machine and its certificate is not looked at: use sslmode=verify-full.",
            );
        }
        proxy(&config, &mut found).await;
        time_service(&mut found);
        clinic_files(&config, &mut found);
        language_files(&config, &mut found);
        disk(&config, &mut found);
        search_index(&config, &mut found);
        is_set_up(&config)?;
        erased(&config, &mut found);
        let mut code = 1;
        match startup::open_to_read(config, Arc::new(SystemClock)).await {
            Ok(app) => {
                database(&app, &mut found).await;
                key(&app, &mut found).await;
                second_list(&app, &mut found).await;
                own_details(&app, &mut found);
                languages(&app, &mut found);
                roles(&app, &mut found);
                mailboxes(&app, &mut found).await;
            }
            // Said already, of the file itself.
            Err(error @ StartError::Clinic(_)) => code = error.exit_code(),
            Err(error) => {
                code = error.exit_code();
                let what = if matches!(error, StartError::Key(_)) {
                    "key"
                } else {
                    "database"
                };
                found.bad(what, Failure::from(error).text);
            }
        }
        let fine = found.0.iter().all(|finding| finding.state != State::Wrong);
        if self.json {
            say_json(&serde_json::json!({ "ok": fine, "findings": found.0 }));
        } else {
            for finding in &found.0 {
                say(format!(
                    "{} {:<10} {}",
                    finding.state.word(),
                    finding.what,
                    finding.text
                ));
            }
        }
        Ok(ExitCode::from(if fine { 0 } else { code }))
    }
}

/// What stands at the address that people use.
async fn proxy(config: &Config, found: &mut Findings) {
    for one in door::knock(&config.public_url).await {
        match one {
            Found::Good(text) => found.good("door", text),
            Found::Unseen(text) => found.missing("door", text),
            Found::Bad(text) => found.bad("door", text),
        }
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
        Err(error) => found.bad("clinic", format!("{error}.")),
    }
}

/// Whether the engine, the coach and the rest understand the clinic's language files, and what in them is to be looked at
/// again. A running desk may still be using older ones that it understood.
fn language_files(config: &Config, found: &mut Findings) {
    let read = Source::read(config).and_then(|source| Knowledge::of(config, &source));
    let knowledge = match read {
        Ok(knowledge) => knowledge,
        Err(error) => {
            return found.bad(
                "language",
                format!("{error}. Until it is mended, the desk uses the last files that it could, if it has any."),
            );
        }
    };
    found.good("language", "The language files can be used.");
    for one in knowledge.overdue(SystemClock.now()) {
        let Overdue {
            file,
            entries,
            since,
            line,
        } = one;
        let of = match entries {
            1 => "1 date of review is over".to_owned(),
            some => format!("{some} dates of review are over"),
        };
        found.missing(
            "language",
            format!("{file}: {of}, the oldest since {since} (line {line}). Have somebody who knows the subject look at it, then set a new date."),
        );
    }
}

/// Whether what was erased is known.
fn erased(config: &Config, found: &mut Findings) {
    if erasure::is_unknown(config) {
        found.bad(
            "erasures",
            format!(
                "No list says who was erased after the backup in place was made: whoever was may be back. {} says what to do.",
                erasure::list_is_unknown(config).display()
            ),
        );
    }
}

/// Whether what was erased stands in its second place too, where there is one.
async fn second_list(app: &App, found: &mut Findings) {
    let Some(copy) = &app.config.erased_copy else {
        return;
    };
    // Nothing is written: a desk at work may be writing.
    let can_be_written = std::fs::File::options().append(true).open(copy);
    let lacking = match can_be_written {
        Ok(_) => erasure::lacking(app, copy).await,
        Err(error) => {
            return found.bad(
                "erasures",
                format!(
                    "{} can't be written: {error}. What is erased stands in the data folder alone. The file is made when the desk \
                     starts and its folder is there.",
                    copy.display()
                ),
            );
        }
    };
    match lacking {
        Ok(0) => found.good(
            "erasures",
            format!("All that was erased is listed in {} too.", copy.display()),
        ),
        Ok(lacking) => found.bad(
            "erasures",
            format!(
                "{} lacks {lacking} of what was erased. The desk adds it within a quarter of an hour while it runs and can write there.",
                copy.display()
            ),
        ),
        Err(error) => found.bad(
            "erasures",
            format!("{} can't be compared: {error}.", copy.display()),
        ),
    }
}

/// In which languages somebody in danger hears where to call.
fn languages(app: &App, found: &mut Findings) {
    for clinic in app.directory.all() {
        let further = outbound::further_languages(&clinic, outbound::EMERGENCY);
        let own = Locale::ALL.iter().map(|locale| locale.tag());
        let all: Vec<_> = own
            .chain(further.iter().map(|language| language.tag()))
            .collect();
        found.good(
            "emergency",
            format!("Where to call at once is written in {}.", all.join(", ")),
        );
    }
}

/// Roles that decide what is asked by law and can't open a record that a label keeps from them: such a request would wait.
fn roles(app: &App, found: &mut Findings) {
    let lacks = |role: &&Arc<Role>| {
        let may = |one| role.permissions.has(one);
        let mut labels = Label::ALL.iter();
        may(Permission::PrivacyManage)
            && !may(Permission::RestrictedOpen)
            && !labels.all(|label| may(label.permission()))
    };
    for clinic in app.directory.all() {
        for role in clinic.roles.iter().filter(lacks) {
            found.missing(
                "roles",
                format!(
                    "The role {} has privacy:manage without restricted:open: what a patient with a label asks by law can't be decided by it.",
                    role.code
                ),
            );
        }
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

async fn key(app: &App, found: &mut Findings) {
    let mut keys = 0;
    for clinic in app.directory.all() {
        match rotate::open_all(app, clinic.id, |_| ()).await {
            Ok(opened) => keys += opened,
            Err(error) => {
                found.bad(
                    "key",
                    format!("A data key of {} does not open: {error}.", clinic.name),
                );
                return;
            }
        }
    }
    let from = if std::env::var_os("BEDSIDE_ROOT_KEY").is_some() {
        "from the environment"
    } else if std::env::var_os("BEDSIDE_PASSPHRASE").is_some() {
        "from the passphrase"
    } else {
        "in the key file"
    };
    let fingerprint = match startup::root_key(&app.config, Missing::Refuse) {
        Ok(key) => key.fingerprint(),
        Err(error) => return found.bad("key", error.to_string()),
    };
    found.good(
        "key",
        format!("The root key {fingerprint} {from} opens all {keys} data keys. Is there a copy elsewhere?"),
    );
}

/// Whether the clinics have names and numbers of their own, or still those of the example that ships with the program.
fn own_details(app: &App, found: &mut Findings) {
    for clinic in app.directory.all().iter().filter(|_| !app.config.demo) {
        let left = example::left(app, clinic);
        let left: Vec<_> = left
            .iter()
            .map(|(detail, value)| {
                let what = match detail {
                    Detail::Name => "name",
                    Detail::Phone => "telephone",
                    Detail::TimeZone => "time zone",
                };
                format!("{what} ({value})")
            })
            .collect();
        if let Err(DeskError::Invalid { text, .. }) = names::checked(&clinic.name) {
            found.bad(
                "clinic",
                format!("The clinic's name can't be used in mails: {text} Change it under Settings, Clinic."),
            );
        }
        if left.is_empty() {
            found.good("clinic", format!("{} has details of its own.", clinic.name));
        } else {
            found.missing(
                "clinic",
                format!(
                    "Patients would still read what belongs to the invented example: {}. Put yours in under Settings, \
                     Clinic.",
                    left.join(", ")
                ),
            );
        }
    }
}

/// Whether a time service keeps this machine's clock, where systemd can tell.
fn time_service(found: &mut Findings) {
    let asked = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output();
    let said = asked.ok().filter(|answer| answer.status.success());
    match said.and_then(|answer| is_kept(&answer.stdout)) {
        Some(true) => found.good("clock", "A time service keeps this machine's clock."),
        Some(false) => found.missing(
            "clock",
            "No time service keeps this machine's clock: logs and codes need the right time. Switch one on (timedatectl set-ntp true).",
        ),
        None => {}
    }
}

/// What `timedatectl` says of the time service; none where it says neither.
fn is_kept(said: &[u8]) -> Option<bool> {
    match said.trim_ascii() {
        b"yes" => Some(true),
        b"no" => Some(false),
        _ => None,
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

/// Whether the embedded search index can be read. It is derived, so the desk puts a damaged one aside and builds another.
fn search_index(config: &Config, found: &mut Findings) {
    let path = config.data.join(search::FILE);
    if config.database.is_some() || !path.exists() {
        return;
    }
    match search::look(&path) {
        Ok(()) => found.good("search", "The search index can be read."),
        Err(DbError::Damaged(why)) => found.missing(
            "search",
            format!("The search index is damaged ({why}). The desk builds it anew when it starts or next searches."),
        ),
        Err(error) => found.bad("search", format!("The search index can't be read: {error}.")),
    }
    for aside in search::broken(&path) {
        found.missing(
            "search",
            format!(
                "A search index was damaged and is put aside in {}. Look whether the disk is well, then remove the file.",
                aside.display()
            ),
        );
    }
}

/// Opens the connections that each mailbox needs.
async fn mailboxes(app: &App, found: &mut Findings) {
    for clinic in app.directory.all() {
        let ctx = Ctx::system(clinic.id, "command-line", WayIn::CommandLine);
        let all = match mailboxes::list(app, &ctx).await {
            Ok(all) => all,
            Err(error) => {
                found.bad("mailbox", format!("The mailboxes can't be read: {error}."));
                continue;
            }
        };
        if all.is_empty() {
            found.missing(
                "mailbox",
                "There is no mailbox yet: no mail comes in, and no answer goes out. Add one under Settings.",
            );
        }
        // One dead server must not make the others wait.
        let looks = all.iter().map(|one| mailbox(app, &ctx, one));
        for some in futures_util::future::join_all(looks).await {
            found.0.extend(some);
        }
    }
}

async fn mailbox(app: &App, ctx: &Ctx, one: &MailboxView) -> Vec<Finding> {
    let mut found = Findings::default();
    if !one.enabled {
        found.good("mailbox", format!("{} is switched off.", one.address));
        return found.0;
    }
    match mailboxes::check(app, ctx, one.id).await {
        Ok(servers) if servers.is_empty() => found.good(
            "mailbox",
            format!(
                "{} has no servers: it takes what is brought to it.",
                one.address
            ),
        ),
        Ok(servers) => {
            for server in servers {
                let at = match server.server {
                    "imap" => &one.settings.imap,
                    _ => &one.settings.smtp,
                };
                let at = at.as_ref().map_or_else(String::new, |server| {
                    format!(" ({}:{})", server.host, server.port)
                });
                let way = if server.server == "imap" {
                    "reading"
                } else {
                    "sending"
                };
                let (state, text) = match server.code {
                    "ok" => (State::Ok, server.text.as_str()),
                    "unreachable" if app.config.demo => (
                        State::Ok,
                        "the demo's own mail server, there while the demo runs.",
                    ),
                    _ => (State::Wrong, server.text.as_str()),
                };
                let text = format!("{}, {way}{at}: {text}", one.address);
                found.add("mailbox", state, text);
            }
        }
        Err(error) => found.bad("mailbox", format!("{}: {error}.", one.address)),
    }
    found.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_says_of_the_clock_is_read() {
        assert_eq!(is_kept(b"yes\n"), Some(true));
        assert_eq!(is_kept(b"no\n"), Some(false));
        assert_eq!(is_kept(b""), None);
        assert_eq!(is_kept(b"Failed to connect"), None);
    }
}
