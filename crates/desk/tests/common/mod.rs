//! A desk in this process, on either engine, with one clinic, somebody of every role, and a clock that stands still.
//!
//! ```ignore
//! mod common;
//! use common::{Desk, both_engines};
//!
//! both_engines! {
//!     async fn an_agent_sees_the_inbox(desk: Desk) {
//!         let agent = desk.browser(Role::Agent).await;
//!         let page = agent.get("/inbox").await;
//!         assert_eq!(page.status, 200, "{}", page.text());
//!     }
//! }
//! ```

#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "each test binary uses its own part of this"
)]

pub mod authenticator;
pub mod book;
pub mod canaries;
mod clinic;
pub mod factor;
pub mod form;
pub mod granted;
mod http;
pub mod issuer;
pub mod load;
pub mod log;
pub mod markup;
pub mod medians;
pub mod multipart;
pub mod opened;
pub mod program;
pub mod sink;
pub mod totp;
pub mod ways;
pub mod wire;

pub use clinic::from_files as clinic;
pub use http::{Answer, Browser, Client, csrf_token, hidden};

use bedside_db::{FixedClock, Timestamp};
use bedside_desk::app::App;
use bedside_desk::config::Config;
use bedside_desk::context::{Actor, Ctx, Permissions, Source};
use bedside_desk::ids::{OrganisationId, StaffId, TicketId};
use bedside_desk::patients::Requester;
use bedside_desk::staff::{self, NewStaff, NewToken, Queues};
use bedside_desk::{audit_log, orgs, patients, startup, tickets};
use bedside_language::Channel;
use bedside_testkit::pg;
use bedside_web::Locale;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// Where a desk keeps its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Makes two tests of each function: `name::sqlite` and `name::postgres`.
macro_rules! both_engines {
    ($($(#[$meta:meta])* async fn $name:ident($desk:ident: Desk) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test names something from outside")]
            use super::*;

            async fn run($desk: $crate::common::Desk) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                run($crate::common::Desk::new($crate::common::Engine::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                run($crate::common::Desk::new($crate::common::Engine::Postgres).await).await;
            }
        }
    )+};
}
pub(crate) use both_engines;

/// The same of functions that run the program in an empty folder, whose settings say where the rows are kept.
macro_rules! program_on_both_engines {
    ($($(#[$meta:meta])* fn $name:ident($folder:ident: &Path) $body:block)+) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every test names something from outside")]
            use super::*;

            fn run($folder: &std::path::Path) $body

            #[test]
            fn sqlite() {
                run(tempfile::tempdir().unwrap().path());
            }

            #[test]
            fn postgres() {
                let folder = tempfile::tempdir().unwrap();
                $crate::common::load::on_postgres(folder.path());
                run(folder.path());
            }
        }
    )+};
}
pub(crate) use program_on_both_engines;

/// A Monday, ten in the morning at the clinic.
pub fn monday() -> Timestamp {
    "2026-03-02T15:00:00Z"
        .parse::<jiff::Timestamp>()
        .expect("an instant")
        .into()
}

/// Somebody of each role that ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Agent,
    Nurse,
    Counsellor,
    Billing,
    Partner,
    Supervisor,
    Compliance,
    Administrator,
}

impl Role {
    pub const ALL: &'static [Self] = &[
        Self::Agent,
        Self::Nurse,
        Self::Counsellor,
        Self::Billing,
        Self::Partner,
        Self::Supervisor,
        Self::Compliance,
        Self::Administrator,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Nurse => "nurse",
            Self::Counsellor => "counsellor",
            Self::Billing => "billing",
            Self::Partner => "partner",
            Self::Supervisor => "supervisor",
            Self::Compliance => "compliance",
            Self::Administrator => "administrator",
        }
    }
}

/// A desk in this process.
pub struct Desk {
    pub app: App,
    pub clock: FixedClock,
    pub engine: Engine,
    pub organisation: OrganisationId,
    staff: BTreeMap<&'static str, StaffId>,
    // Goes last: the desk's files are in it.
    folder: TempDir,
}

impl Desk {
    /// A desk with one clinic and somebody of every role.
    pub async fn new(engine: Engine) -> Self {
        Self::of_clinic(engine, None).await
    }

    /// The same with the clinic's own files in this folder.
    pub async fn of_clinic(engine: Engine, clinic_folder: Option<&Path>) -> Self {
        Self::set_up(engine, |config| {
            config.clinic = clinic_folder.map(Path::to_owned);
        })
        .await
    }

    /// The same with settings of its own.
    pub async fn set_up(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = config(engine, folder.path());
        change(&mut config);
        let clock = FixedClock::new(monday());
        let (app, _) = startup::open(config, Arc::new(clock.clone()))
            .await
            .expect("the desk starts");
        let organisation = orgs::create(&app, clinic(&app)).await.expect("a clinic");
        let mut staff = BTreeMap::new();
        let setup = Ctx::system(organisation, "setup", Source::CommandLine);
        for role in Role::ALL {
            let new = NewStaff {
                email: format!("{}@clinic.example", role.code()),
                name: person(*role).to_owned(),
                role: role.code().to_owned(),
                locale: Locale::En,
            };
            staff.insert(
                role.code(),
                staff::create(&app, &setup, new)
                    .await
                    .expect("a person of the staff"),
            );
        }
        Self {
            app,
            clock,
            engine,
            organisation,
            staff,
            folder,
        }
    }

    /// Ends it, and starts it on the same data with other settings.
    pub async fn start_again(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = self.app.config.clone();
        change(&mut config);
        self.app.db.close().await;
        // Whoever still has the desk that ended holds its folder.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let from = self.folder.path().join(".");
        let copied = std::process::Command::new("cp")
            .arg("-a")
            .arg(from)
            .arg(folder.path())
            .status();
        assert!(copied.expect("cp").success());
        folder.path().clone_into(&mut config.data);
        self.folder = folder;
        let opened = startup::open(config, Arc::new(self.clock.clone())).await;
        self.app = opened.expect("the desk starts").0;
    }

    /// The folder of the desk's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The desk itself at work.
    pub fn system(&self) -> Ctx {
        Ctx::system(self.organisation, "test", Source::Job)
    }

    /// The id of the person with `role`.
    pub fn id_of(&self, role: Role) -> StaffId {
        self.staff[role.code()]
    }

    /// The role as the clinic has it.
    pub fn role(&self, role: Role) -> Arc<staff::Role> {
        let clinic = self
            .app
            .directory
            .of(self.organisation)
            .expect("the clinic");
        clinic.role(role.code()).expect("the role").clone()
    }

    /// What the person with `role` calls services with.
    pub fn ctx(&self, role: Role) -> Ctx {
        Ctx {
            organisation: self.organisation,
            actor: Actor::Staff {
                id: self.id_of(role),
                role: self.role(role),
                name: person(role).into(),
            },
            source: Source::Page,
            locale: Locale::En,
            once: None,
        }
    }

    /// A bearer token with `scopes`, such as `tickets:read tickets:write`.
    pub async fn token(&self, scopes: &str) -> String {
        self.token_in(scopes, Queues::All).await
    }

    /// The same for requests in `queues` alone.
    pub async fn token_in(&self, scopes: &str, queues: Queues) -> String {
        let new = NewToken {
            name: "test".to_owned(),
            scopes: Permissions::parse(scopes).expect("scopes"),
            queues,
            expires_at: None,
        };
        staff::create_token(&self.app, &self.system(), new)
            .await
            .expect("a token")
            .1
    }

    /// An API client whose token has `scopes`.
    pub async fn client(&self, scopes: &str) -> Client {
        Client::new(&self.app, Some(self.token(scopes).await))
    }

    /// An API client without a token.
    pub fn stranger(&self) -> Client {
        Client::new(&self.app, None)
    }

    /// A browser in which the person with `role` is signed in.
    pub async fn browser(&self, role: Role) -> Browser {
        let session = staff::admit(&self.app, self.organisation, self.id_of(role), "test", "")
            .await
            .expect("a session");
        Browser::new(&self.app, Some(session.token))
    }

    /// A browser nobody is signed in with.
    pub fn visitor(&self) -> Browser {
        Browser::new(&self.app, None)
    }

    /// Whoever writes from `address`; made when first seen.
    pub async fn requester(&self, address: &str) -> Requester {
        patients::requester_by_email(
            &self.app,
            self.organisation,
            address,
            Some("Rosa Alvarez"),
            None,
        )
        .await
        .expect("a requester")
    }

    /// A ticket as if `address` had written a mail.
    pub async fn ticket(&self, address: &str, subject: &str, body: &str) -> TicketId {
        let requester = self.requester(address).await;
        let new = tickets::NewTicket::new(requester, Channel::Email, subject, body);
        tickets::create(&self.app, &self.system(), new)
            .await
            .expect("a ticket")
            .id
    }

    /// Seals the audit log and shows that it is whole.
    pub async fn audit_is_whole(&self) {
        audit_log::Sealer::new(self.app.clone())
            .round()
            .await
            .expect("sealing");
        audit_log::verify(&self.app, &[], |_| ())
            .await
            .expect("reading the log")
            .expect("a whole log");
    }
}

/// The settings of a desk in `folder`.
pub fn config(engine: Engine, folder: &Path) -> Config {
    Config {
        data: folder.to_owned(),
        database: match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(
                pg::shared()
                    .and_then(pg::PgServer::fresh_database)
                    .expect("a PostgreSQL server for the tests"),
            ),
        },
        public_url: "http://desk.example".to_owned(),
        local_mail_servers: true,
        // Where the provider of the tests of single sign-on is; no other address of this machine.
        allowed_destinations: vec!["127.0.0.1".parse().expect("a destination")],
        ..Config::default()
    }
}

fn person(role: Role) -> &'static str {
    match role {
        Role::Agent => "Ana Agent",
        Role::Nurse => "Nia Nurse",
        Role::Counsellor => "Cora Counsellor",
        Role::Billing => "Bea Billing",
        Role::Partner => "Pip Partner",
        Role::Supervisor => "Sam Supervisor",
        Role::Compliance => "Cleo Compliance",
        Role::Administrator => "Ada Administrator",
    }
}
