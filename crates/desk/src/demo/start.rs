//! Starts the demo: makes its folder at the first start, and everything around the desk.

use super::clock::DemoClock;
use super::history::{self, Colleague, Place, Size};
use super::inbox::{Inbox, Sink};
use super::pages::{self, PostOffice};
use super::{MAILBOX, SLUG, ticker};
use crate::app::App;
use crate::config::Config;
use crate::config::clinic;
use crate::config::organisation::new_organisation;
use crate::context::{Ctx, Permissions, Source};
use crate::error::DeskError;
use crate::ids::{MailboxId, OrganisationId};
use crate::mailboxes::{self, MailboxSettings, NewMailbox, Protection, Server};
use crate::patients::{self, NewPatient, PointKind};
use crate::server::{self, Running};
use crate::staff::{self, NewStaff, NewToken, Queues, SecondFactor};
use crate::startup::{self, StartError};
use crate::{orgs, router};
use bedside_channels::email::Tls;
use bedside_channels::email::receiver::{Protocol, ReceiverSettings, serve};
use bedside_channels::email::smtp::{Sender, SmtpSettings};
use bedside_db::{Clock, DbError, SystemClock};
use bedside_web::Locale;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Name of the file that says that a folder holds a demo, and whether it is complete.
const MARK: &str = "demo";
const MAKING: &str = "everything in this folder is invented; it is being made\n";
const MADE: &str = "everything in this folder is invented\n";

/// Everybody who works at the clinic: role, name, mail address.
const TEAM: [(&str, &str, &str); 9] = [
    ("agent", "Ana Whitaker", "ana"),
    ("nurse", "Noor Haddad", "noor"),
    ("supervisor", "Samira Lindgren", "samira"),
    ("administrator", "Alex Moreau", "alex"),
    ("compliance", "Kim Osterman", "kim"),
    ("agent", "Ben Achebe", "ben"),
    ("agent", "Lucía Cárdenas", "lucia"),
    ("agent", "Theo Nakamura", "theo"),
    ("nurse", "Marta Quintanilla", "marta"),
];

/// A patient whom a visitor can sign in as: name, mail address. The codes lie in the demo's own mail.
pub const PATIENT: (&str, &str) = ("Rosa Delgado", "rosa.delgado@mail.example");
/// Days since when that address is on file.
const PATIENT_DAYS: i64 = 95;

/// What a demo is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its folder.
    pub data: PathBuf,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Where mail is received.
    pub smtp: SocketAddr,
    /// Where the patients' mailboxes are read.
    pub pop3: SocketAddr,
    /// How much is told.
    pub size: Size,
}

/// A way in for a visitor.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Door {
    /// Role code.
    pub role: &'static str,
    /// Who they are then.
    pub name: &'static str,
    /// The link that signs them in, as often as they like.
    pub link: String,
}

/// A demo at work.
pub struct Demo {
    /// The desk.
    pub running: Running,
    /// Its address for people.
    pub url: String,
    /// Where it takes mail.
    pub smtp: SocketAddr,
    /// Where the patients' mailboxes are read.
    pub pop3: SocketAddr,
    /// Ways in.
    pub doors: Vec<Door>,
    /// A key for the API that may do everything.
    pub token: String,
    sink: CancellationToken,
}

impl Demo {
    /// Ends everything in order.
    pub async fn stop(self) {
        self.running.stop().await;
        self.sink.cancel();
    }
}

/// Why a demo did not start.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The folder holds something else.
    #[error("{} holds a real desk; choose another folder for the demo with --data", .0.display())]
    RealDesk(PathBuf),
    /// A port is taken.
    #[error("the demo can't listen on {0} ({1})")]
    Port(SocketAddr, std::io::Error),
    /// The mailboxes would be open to others.
    #[error(
        "{0} can be reached from elsewhere, and any password opens the demo's mailboxes; choose an address of this machine alone, such as 127.0.0.1:1110"
    )]
    OpenMailboxes(SocketAddr),
    /// A file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The desk.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl From<DeskError> for DemoError {
    fn from(error: DeskError) -> Self {
        Self::Start(error.into())
    }
}

/// Starts the demo; at the first start its past is told, and `progress` hears (requests told, requests in all). `pause`
/// waits between two requests that come in from then on.
pub async fn start<P, W>(
    options: Options,
    pause: P,
    progress: impl FnMut(u64, u64),
) -> Result<Demo, DemoError>
where
    P: Fn(Duration) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    if !options.pop3.ip().is_loopback() {
        return Err(DemoError::OpenMailboxes(options.pop3));
    }
    let listener = bind(options.listen).await?;
    let inbox_listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let mailboxes = bind(options.pop3).await?;
    let taken = |error| DemoError::Port(options.listen, error);
    let address = listener.local_addr().map_err(taken)?;
    let outgoing = inbox_listener.local_addr().map_err(taken)?;
    let pop3 = mailboxes.local_addr().map_err(taken)?;
    let config = Config {
        public_url: format!("http://localhost:{}", address.port()),
        listen: address,
        smtp_listen: Some(options.smtp),
        ..Config::of_demo(options.data.clone())
    };
    let fresh = prepare(&options.data)?;
    let clock = DemoClock::real();
    let app = open(&config, &clock).await?;
    let organisation = match app.directory.by_slug(SLUG) {
        Some(clinic) => clinic.id,
        None => make_clinic(&app).await?,
    };
    let ctx = Ctx::system(organisation, "demo", Source::CommandLine);
    let mailbox = mailbox(&app, &ctx, outgoing.port()).await?;
    if fresh || !is_made(&options.data) {
        clock.set(clock.now().plus_seconds(-PATIENT_DAYS * 86_400), 1000);
        let told = patient(&app, &ctx).await;
        clock.release();
        told?;
        let team = team(&app, &ctx).await?;
        let place = Place {
            app: &app,
            clock: &clock,
            organisation,
            mailbox: Some(mailbox),
            team: &team,
        };
        history::live(&place, options.size, progress).await?;
        super::review::begin(&app, &clock, &ctx, &team).await?;
        super::handed::begin(&app, &clock, &ctx, &team).await?;
        mark(&options.data, MADE)?;
    }
    let doors = doors(&app, &ctx).await?;
    let api_token = token(&app, &ctx).await?;
    let inbox = Inbox::default();
    let sink = CancellationToken::new();
    let room = Arc::new(Sink {
        inbox: inbox.clone(),
        now: || SystemClock.now(),
    });
    let settings = ReceiverSettings::new(Protocol::Smtp, "mail.example");
    tokio::spawn(serve(inbox_listener, settings, room, sink.clone()));
    tokio::spawn(super::pop3::serve(mailboxes, inbox.clone(), sink.clone()));
    let url = config.public_url.clone();
    run(app, listener, inbox, options.size, pause)
        .await
        .map(|(running, smtp)| Demo {
            running,
            url,
            smtp,
            pop3,
            doors,
            token: api_token,
            sink,
        })
}

async fn run<P, W>(
    app: App,
    listener: TcpListener,
    inbox: Inbox,
    size: Size,
    pause: P,
) -> Result<(Running, SocketAddr), DemoError>
where
    P: Fn(Duration) -> W + Send + Sync + 'static,
    W: Future<Output = ()> + Send + 'static,
{
    let mail = server::bind_mail(&app).await?;
    let smtp = mail
        .addresses()
        .first()
        .map(|(_, address)| *address)
        .ok_or_else(|| DeskError::Internal("the demo takes no mail".to_owned()))?;
    let settings = SmtpSettings::new(smtp.ip().to_string(), smtp.port(), Tls::None);
    let sender = Sender::new(&settings).map_err(|error| DeskError::Internal(error.to_string()))?;
    let post = PostOffice { inbox, sender };
    let routes = [router::routes(), pages::routes(&post)].concat();
    let running = server::start_with(app.clone(), listener, mail, routes).await?;
    let stop = running.stopping();
    tokio::spawn(ticker::run(app, post, size.patients, stop, pause));
    Ok((running, smtp))
}

async fn bind(address: SocketAddr) -> Result<TcpListener, DemoError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| DemoError::Port(address, error))
}

/// Makes the folder ready; `true` when there is nothing in it yet. What an interrupted start left is removed.
fn prepare(folder: &Path) -> Result<bool, DemoError> {
    let failed = |source| DemoError::File {
        path: folder.to_owned(),
        source,
    };
    let has_desk = folder.join(bedside_db::sqlite::FILE).exists();
    let marked = is_demo(folder);
    if has_desk && !marked {
        return Err(DemoError::RealDesk(folder.to_owned()));
    }
    if marked && !is_made(folder) {
        empty(folder)?;
    }
    std::fs::create_dir_all(folder).map_err(failed)?;
    if is_made(folder) {
        return Ok(false);
    }
    mark(folder, MAKING)?;
    Ok(true)
}

/// Removes a demo's files, unless another process is at work with them.
fn empty(folder: &Path) -> Result<(), DemoError> {
    let failed = |source| DemoError::File {
        path: folder.to_owned(),
        source,
    };
    let lock = folder.join("lock");
    if let Ok(file) = std::fs::File::options().write(true).open(&lock)
        && file.try_lock().is_err()
    {
        return Err(StartError::Database(DbError::InUse(folder.to_owned())).into());
    }
    std::fs::remove_dir_all(folder).map_err(failed)
}

/// Whether `folder` holds a demo.
pub fn is_demo(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

fn is_made(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join(MARK)).is_ok_and(|text| text == MADE)
}

fn mark(folder: &Path, text: &str) -> Result<(), DemoError> {
    let path = folder.join(MARK);
    std::fs::write(&path, text).map_err(|source| DemoError::File { path, source })
}

/// Opens the desk. A demo that another release made is made anew.
async fn open(config: &Config, clock: &DemoClock) -> Result<App, DemoError> {
    match startup::open(config.clone(), Arc::new(clock.clone())).await {
        Ok((app, _)) => Ok(app),
        Err(StartError::Database(
            DbError::Changed(_) | DbError::Below(_) | DbError::Newer { .. },
        )) => {
            empty(&config.data)?;
            prepare(&config.data)?;
            Ok(startup::open(config.clone(), Arc::new(clock.clone()))
                .await?
                .0)
        }
        Err(error) => Err(error.into()),
    }
}

async fn make_clinic(app: &App) -> Result<OrganisationId, DemoError> {
    let clinic = clinic::parse(&startup::built_in_clinic()).map_err(StartError::Clinic)?;
    let mut new = new_organisation(&clinic, SLUG, &app.ids, app.now());
    // Nobody likes to wait while looking around.
    new.settings.undo_seconds = 5;
    // Visitors come in as invented people, by doors that are open to all of them: a phone of one would keep out the rest.
    for role in &mut new.roles {
        role.second_factor = SecondFactor::None;
    }
    Ok(orgs::create(app, new).await?)
}

/// The clinic's address, sending through the demo's own mail server, whose port changes with each start.
async fn mailbox(app: &App, ctx: &Ctx, port: u16) -> Result<MailboxId, DeskError> {
    let smtp = Server {
        host: Ipv4Addr::LOCALHOST.to_string(),
        port,
        protection: Protection::None,
        user: None,
        password: None,
    };
    let clinic = app.directory.of(ctx.organisation)?;
    let settings = MailboxSettings {
        from_name: clinic.name.clone(),
        smtp: Some(smtp),
        ..MailboxSettings::default()
    };
    let new = NewMailbox {
        address: MAILBOX.to_owned(),
        settings,
    };
    match mailboxes::list(app, ctx)
        .await?
        .into_iter()
        .find(|one| one.address == MAILBOX)
    {
        Some(one) => {
            mailboxes::change(app, ctx, one.id, one.version, new).await?;
            Ok(one.id)
        }
        None => mailboxes::create(app, ctx, new).await,
    }
}

async fn patient(app: &App, ctx: &Ctx) -> Result<(), DeskError> {
    let (name, email) = PATIENT;
    let new = NewPatient {
        name: name.to_owned(),
        birth_date: Some("1987-04-12".to_owned()),
        mrn: None,
        locale: Some(Locale::En),
        secure_link: false,
    };
    let points = vec![(PointKind::Email, email.to_owned())];
    patients::create_patient(app, ctx, new, points)
        .await
        .map(drop)
}

async fn team(app: &App, ctx: &Ctx) -> Result<Vec<Colleague>, DeskError> {
    let clinic = app.directory.of(ctx.organisation)?;
    let mut team = Vec::new();
    for (role, name, address) in TEAM {
        let new = NewStaff {
            email: format!("{address}@riverside.example"),
            name: name.to_owned(),
            role: role.to_owned(),
            locale: Locale::En,
        };
        team.push(Colleague {
            id: staff::create(app, ctx, new).await?,
            role: clinic.role(role).cloned().ok_or(DeskError::NotFound)?,
            name,
        });
    }
    Ok(team)
}

/// Links that sign a visitor in as one of the first five.
async fn doors(app: &App, ctx: &Ctx) -> Result<Vec<Door>, DeskError> {
    let everybody = staff::list(app, ctx).await?;
    let expires = app.now().plus_seconds(365 * 86_400);
    let mut doors = Vec::new();
    for (role, name, address) in TEAM.into_iter().take(5) {
        let email = format!("{address}@riverside.example");
        let Some(person) = everybody.iter().find(|person| person.email == email) else {
            continue;
        };
        let token = staff::make_link(app, ctx, person.id, true, expires).await?;
        doors.push(Door {
            role,
            name,
            link: app.config.sign_in_link(&token),
        });
    }
    Ok(doors)
}

async fn token(app: &App, ctx: &Ctx) -> Result<String, DeskError> {
    let new = NewToken {
        name: "Demo".to_owned(),
        scopes: Permissions::ALL,
        queues: Queues::All,
        expires_at: Some(app.now().plus_seconds(30 * 86_400)),
    };
    Ok(staff::create_token(app, ctx, new).await?.1)
}
