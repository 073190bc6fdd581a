//! The command line. One file a command; every command ends with a plain sentence when something is wrong, and an exit
//! code that a script can read.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | done, and fine |
//! | 1 | failed, or a check found something wrong |
//! | 2 | wrong use or wrong settings |
//! | 3 | another Bedside is running on the same folder |
//! | 4 | the data was written by a newer release |
//! | 5 | the root key is missing or is another one |
//! | 6 | the disk is full, or can't be written |

mod audit;
mod backup;
mod check;
mod demo;
mod door;
mod eval;
mod import;
mod init;
mod keys;
mod language;
mod logging;
mod migrate;
mod restore;
mod serve;
mod token;
mod user;

use crate::app::App;
use crate::config::Config;
use crate::config::load::{self, ConfigError, Flags};
use crate::context::{Ctx, Source};
use crate::error::DeskError;
use crate::orgs;
use crate::startup::{self, StartError};
use bedside_db::{DbError, SystemClock};
use bedside_language::LoadError;
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// A patient-support desk that you host yourself.
#[derive(Debug, Parser)]
#[command(
    name = "bedside",
    version,
    arg_required_else_help = true,
    propagate_version = true
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// Settings file [default: bedside.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the data [default: data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// PostgreSQL server to keep the rows in, instead of the embedded database
    #[arg(long, global = true, value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Which organisation, where there are several
    #[arg(long, global = true, value_name = "SLUG")]
    organisation: Option<String>,
}

impl Global {
    fn config(&self) -> Result<Config, Failure> {
        self.config_with(None, None)
    }

    fn config_with(
        &self,
        listen: Option<SocketAddr>,
        public_url: Option<String>,
    ) -> Result<Config, Failure> {
        Ok(load::load(&Flags {
            file: self.config.clone(),
            data: self.data.clone(),
            database: self.database.clone(),
            public_url,
            listen,
        })?)
    }

    /// Opens a desk that was set up before.
    async fn open(&self) -> Result<App, Failure> {
        let config = self.config()?;
        is_set_up(&config)?;
        let (app, _) = startup::open(config, Arc::new(SystemClock)).await?;
        if app.directory.all().is_empty() {
            return Err(not_set_up(&app.config));
        }
        Ok(app)
    }

    /// Opens a desk to look at it, whether or not it is being served.
    async fn open_to_read(&self) -> Result<App, Failure> {
        let config = self.config()?;
        is_set_up(&config)?;
        let app = startup::open_to_read(config, Arc::new(SystemClock)).await?;
        if app.directory.all().is_empty() {
            return Err(not_set_up(&app.config));
        }
        Ok(app)
    }

    /// The organisation that is meant, as the desk itself.
    fn ctx(&self, app: &App) -> Result<Ctx, Failure> {
        let all = app.directory.all();
        let found = match &self.organisation {
            Some(slug) => app.directory.by_slug(slug),
            None if all.len() == 1 => all.first().cloned(),
            None => None,
        };
        let clinic = found.ok_or_else(|| {
            let slugs: Vec<_> = all.iter().map(|clinic| clinic.slug.as_str()).collect();
            Failure::usage(format!(
                "Say which organisation with --organisation: {}.",
                slugs.join(", ")
            ))
        })?;
        Ok(Ctx::system(clinic.id, "command-line", Source::CommandLine))
    }
}

/// Refuses when nobody has set a desk up here, before anything is made.
fn is_set_up(config: &Config) -> Result<(), Failure> {
    let embedded = config.database.is_none();
    if embedded && !config.data.join(bedside_db::sqlite::FILE).is_file() {
        return Err(not_set_up(config));
    }
    Ok(())
}

fn not_set_up(config: &Config) -> Failure {
    let place = match &config.database {
        Some(_) => "this database".to_owned(),
        None => config.data.display().to_string(),
    };
    Failure::usage(format!(
        "There is no desk in {place} yet. Run `bedside init` to set yours up, or `bedside demo` to look around an \
         invented clinic first."
    ))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the desk
    Serve(serve::Serve),
    /// Set up a new desk: folder, key, clinic, first administrator
    Init(init::Init),
    /// Look around an invented clinic
    Demo(demo::DemoCommand),
    /// Manage the people who work at the desk
    User(user::User),
    /// Manage keys for other systems
    Token(token::Token),
    /// Say in plain words whether everything is as it should be
    ///
    /// Looks at settings, clinic files, disk, database, keys and clocks, and opens the connections of every mailbox. It
    /// may run while the desk works. Exit code 1 when something is wrong, 5
    /// when it is the root key; what is only still to do is said, and is no failure.
    Check(check::Check),
    /// Bring the data to this release
    ///
    /// In one step from any older one, after a copy of the embedded database. `serve` does the same when it starts.
    Migrate(migrate::Migrate),
    /// Copy the desk to a file, without its keys
    ///
    /// The desk may go on working. The copy is verified before it gets its name; a manifest is written beside it.
    Backup(backup::Backup),
    /// Put a backup in place, and show that it is whole
    ///
    /// The root key must be there already, and no desk may run on the folder.
    Restore(restore::Restore),
    /// Show that the audit log is whole
    Audit(audit::Audit),
    /// Replace keys; everything stays readable
    Keys(keys::Keys),
    /// Take in mail from elsewhere
    Import(import::Import),
    /// Measure how well requests are sorted
    Eval(eval::Eval),
    /// Train the language model anew, compare, adopt, go back
    Language(language::Language),
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(match cli.command {
        Command::Serve(_) => "info",
        // Somebody looks around in it: who was let through is theirs to ask for.
        Command::Demo(_) => "info,bedside::access=warn",
        _ => "warn",
    });
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::new(1, format!("The system gave no threads ({error}).")).tell();
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(failure) => failure.tell(),
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Serve(command) => command.run(global).await,
        Command::Init(command) => command.run(global).await,
        Command::Demo(command) => command.run(global).await,
        Command::User(command) => command.run(global).await,
        Command::Token(command) => command.run(global).await,
        Command::Check(command) => command.run(global).await,
        Command::Migrate(command) => command.run(global).await,
        Command::Backup(command) => command.run(global).await,
        Command::Restore(command) => command.run(global).await,
        Command::Audit(command) => command.run(global).await,
        Command::Keys(command) => command.run(global).await,
        Command::Import(command) => command.run(global).await,
        Command::Eval(command) => command.run(global),
        Command::Language(command) => command.run(global).await,
    }
}

/// Why a command ended without doing its work: a sentence for people and an exit code for scripts.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    fn new(code: u8, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    fn usage(text: impl Into<String>) -> Self {
        Self::new(2, text)
    }

    fn full() -> Self {
        Self::new(
            6,
            "The disk is full, or can't be written. Make room and try again.",
        )
    }

    /// What went wrong with a file, named by `what`.
    fn file(what: impl std::fmt::Display, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull
            | std::io::ErrorKind::QuotaExceeded
            | std::io::ErrorKind::FileTooLarge => Self::full(),
            _ => Self::new(1, format!("{what} could not be read or written: {error}.")),
        }
    }

    fn tell(&self) -> ExitCode {
        let _ = writeln!(std::io::stderr(), "{}", self.text);
        ExitCode::from(self.code)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        StartError::from(error).into()
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Database(error) => error.into(),
            StartError::Desk(error) => error.into(),
            other => Self::new(other.exit_code(), other.to_string()),
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::InUse(folder) => Self::new(
                3,
                format!(
                    "Another Bedside is running on {}. Stop it first, or choose another folder with --data.",
                    folder.display()
                ),
            ),
            DbError::Newer { .. } => Self::new(
                4,
                format!(
                    "The desk can't be opened: {error}. Install the release that wrote it, or a newer one."
                ),
            ),
            DbError::Full | DbError::Disk => Self::full(),
            DbError::File { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => {
                Self::full()
            }
            _ => Self::new(1, format!("The database can't be used: {error}.")),
        }
    }
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        if matches!(error, DeskError::Storage(_)) {
            return Self::full();
        }
        let text = match &error {
            DeskError::Invalid { text, .. } => return Self::usage(*text),
            DeskError::Conflict { text, .. } => (*text).to_owned(),
            DeskError::NotFound => "There is nothing with this name or id.".to_owned(),
            other => format!("That did not work: {other}."),
        };
        Self::new(1, text)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::file("A file", &error)
    }
}

/// Writes a line to the standard output; a reader that has gone away is no failure.
fn say(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stdout(), "{}", text.as_ref());
}

/// Writes `value` as one JSON document.
fn say_json(value: &impl Serialize) {
    say(serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A bar for long work; nothing is shown where nobody looks.
fn progress_bar(what: &'static str) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(0).with_message(what);
    let style = indicatif::ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}");
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
    bar
}

/// Ends the database in order, so that the next start finds a folded file.
async fn close(app: &App) {
    app.db.close().await;
}

/// Seals what this command wrote to the audit log, then ends the database in order.
async fn finish(app: &App) -> Result<ExitCode, Failure> {
    crate::audit_log::Sealer::new(app.clone()).round().await?;
    close(app).await;
    Ok(ExitCode::SUCCESS)
}

/// Reads the clinic's files and makes an organisation of them.
async fn make_organisation(
    app: &App,
    slug: &str,
    name: Option<String>,
) -> Result<crate::ids::OrganisationId, Failure> {
    let files = startup::clinic_files(&app.config)?;
    let clinic = crate::config::clinic::parse(&files)?;
    let mut new = crate::config::organisation::new_organisation(&clinic, slug, &app.ids, app.now());
    new.name = name.unwrap_or(new.name);
    Ok(orgs::create(app, new).await?)
}

#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    /// Clap looks at a subcommand only when someone calls it: two arguments of one name would go unnoticed.
    #[test]
    fn every_command_is_sound() {
        Cli::command().debug_assert();
    }
}
