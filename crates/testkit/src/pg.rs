//! PostgreSQL from Debian's package, in a temporary folder.
//!
//! [`shared`] is what tests want: one server for all test processes of a run, an empty database
//! ([`PgServer::fresh_database`]) for each test.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use tempfile::TempDir;
use tokio_postgres::NoTls;

mod shared;

pub use shared::shared;

use crate::{
    StartError,
    mail::Certificate,
    ports,
    process::{Server, is_root, owned, run, tail},
    wait_until,
};

const PROGRAM: &str = "postgres";
const PACKAGE: &str = "postgresql";
/// Debian's package makes this account; PostgreSQL refuses to run as root.
const ACCOUNT: &str = "postgres";
const OLDEST: u32 = 15;
const START_LIMIT: Duration = Duration::from_secs(30);
/// Databases of ended tests that one process clears away, so that no test pays for all.
const SWEEP: i64 = 4;

/// A PostgreSQL server.
#[derive(Debug)]
pub struct PgServer {
    /// `postgres://postgres@127.0.0.1:PORT`, without a database.
    base_url: String,
    /// Ends before its folder does. `None` for a server that this process does not own.
    server: Option<Server>,
    folder: Option<TempDir>,
}

impl PgServer {
    /// Starts a server for this process alone; about a second.
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(&[], None)
    }

    /// The same with TLS, and the certificate that a client must trust.
    pub fn start_with_tls() -> Result<(Self, Certificate), StartError> {
        let folder = tempfile::Builder::new().prefix("bedside-pg-").tempdir()?;
        let certificate = Certificate::localhost(folder.path())?;
        if is_root() {
            run(
                "chown",
                Command::new("chown").arg(ACCOUNT).arg(&certificate.key),
            )?;
        }
        let settings = [
            "ssl=on".to_owned(),
            format!("ssl_cert_file={}", certificate.certificate.display()),
            format!("ssl_key_file={}", certificate.key.display()),
        ];
        Ok((Self::start_with(&settings, Some(folder))?, certificate))
    }

    /// A server whose files can be kept small with [`PgServer::limit_files`]: those of its log have 1 MiB.
    pub fn start_with_small_files() -> Result<Self, StartError> {
        Self::start_as(&[], None, &["--wal-segsize=1"])
    }

    fn start_with(settings: &[String], folder: Option<TempDir>) -> Result<Self, StartError> {
        Self::start_as(settings, folder, &[])
    }

    fn start_as(
        settings: &[String],
        folder: Option<TempDir>,
        cluster: &[&str],
    ) -> Result<Self, StartError> {
        let binaries = binaries()?;
        let folder = match folder {
            Some(folder) => folder,
            None => tempfile::Builder::new().prefix("bedside-pg-").tempdir()?,
        };
        let data = init_cluster(&binaries, folder.path(), cluster)?;
        let log = folder.path().join("postgres.log");
        for _ in 0..5 {
            let port = ports::free()?;
            let mut command = server_command(&binaries, &data, port, Some("QUIT"));
            for setting in settings {
                command.args(["-c", setting]);
            }
            let mut server = Server::spawn(command, "QUIT", &log)?;
            let base_url = base_url(port);
            let _ = wait_until(|| !server.alive() || answers(&base_url), START_LIMIT);
            if server.alive() {
                return Ok(Self {
                    base_url,
                    server: Some(server),
                    folder: Some(folder),
                });
            }
        }
        Err(StartError::NotReady {
            program: PROGRAM,
            log: tail(&log),
        })
    }

    /// The URL of the server's own `postgres` database.
    pub fn admin_url(&self) -> String {
        format!("{}/postgres", self.base_url)
    }

    /// Makes an empty database (UTF-8, C collation) and returns its URL.
    ///
    /// It lives as long as this process; a later user of the server clears it away.
    pub fn fresh_database(&self) -> Result<String, StartError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bedside_test_{}_{number}", process::id());
        // A process that had this id before may have left one of the same name.
        self.execute(vec![
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!(
                "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' \
                 LC_COLLATE 'C' LC_CTYPE 'C'"
            ),
        ])?;
        Ok(format!("{}/{name}", self.base_url))
    }

    /// Lets no file of the server grow beyond so many bytes (1 MiB at least, for its log), or any file as it will.
    ///
    /// To a server this is a disk without room: writing beyond it fails, and its own account may do it. Only for a server
    /// of this process.
    pub fn limit_files(&self, bytes: Option<u64>) -> Result<(), StartError> {
        let server = self.server.as_ref().map(Server::id);
        let server = server.ok_or_else(|| io::Error::other("somebody else's server"))?;
        let limit = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        // Those that begin later have it from the server.
        for process in std::iter::once(server).chain(children(server)?) {
            let mut prlimit = owned(Path::new("prlimit"), Some(ACCOUNT), None);
            prlimit.args(["--pid", &process.to_string(), &format!("--fsize={limit}:")]);
            if let Err(error) = run("prlimit", &mut prlimit)
                && Path::new("/proc").join(process.to_string()).exists()
            {
                return Err(error);
            }
        }
        Ok(())
    }

    fn execute(&self, statements: Vec<String>) -> Result<(), StartError> {
        with_client(&self.admin_url(), async move |client| {
            for statement in &statements {
                client.batch_execute(statement).await?;
            }
            Ok(())
        })
    }

    /// Drops some databases whose test process is gone.
    fn sweep(&self) -> Result<(), StartError> {
        with_client(&self.admin_url(), async |client| {
            let rows = client
                .query(
                    "SELECT datname::text, split_part(datname::text, '_', 3) FROM pg_database \
                     WHERE datname LIKE 'bedside\\_test\\_%' ORDER BY oid LIMIT 100",
                    &[],
                )
                .await?;
            let ended = rows
                .iter()
                .filter(|row| !Path::new("/proc").join(row.get::<_, &str>(1)).exists())
                .map(|row| row.get::<_, String>(0));
            for name in ended.take(usize::try_from(SWEEP).unwrap_or(1)) {
                // Two processes may sweep at once; the second finds nothing.
                let _ = client
                    .batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                    .await;
            }
            Ok(())
        })
    }
}

impl Drop for PgServer {
    fn drop(&mut self) {
        self.server.take();
        self.folder.take();
    }
}

/// Runs SQL texts on the database at `url`.
pub fn execute(url: &str, sql: &str) -> Result<(), StartError> {
    with_client(url, async |client| client.batch_execute(sql).await)
}

/// The processes that `parent` has started itself.
fn children(parent: u32) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Some(process) = entry?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // One that has ended meanwhile has no more files to write.
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        if status
            .lines()
            .any(|line| line.strip_prefix("PPid:").map(str::trim) == Some(&parent.to_string()))
        {
            found.push(process);
        }
    }
    Ok(found)
}

/// Debian's folder of the newest PostgreSQL programs.
///
/// Debian keeps each major version in `/usr/lib/postgresql/<version>/bin`.
pub fn binaries() -> Result<PathBuf, StartError> {
    let missing = StartError::Missing {
        program: PROGRAM,
        package: PACKAGE,
    };
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else {
        return Err(missing);
    };
    versions
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let binaries = path.join("bin");
            (version >= OLDEST && binaries.join("initdb").exists()).then_some((version, binaries))
        })
        .max()
        .map(|(_, binaries)| binaries)
        .ok_or(missing)
}

/// Makes a cluster in `folder`, owned by the account that will run it.
fn init_cluster(binaries: &Path, folder: &Path, options: &[&str]) -> Result<PathBuf, StartError> {
    let data = folder.join("data");
    if is_root() {
        run("chown", Command::new("chown").arg(ACCOUNT).arg(folder))?;
    }
    let mut initdb = owned(&binaries.join("initdb"), Some(ACCOUNT), None);
    initdb
        .args([
            "--username=postgres",
            "--auth=trust",
            "--locale=C",
            "--encoding=UTF8",
        ])
        .args(options)
        .args(["--no-sync", "--no-instructions", "-D"])
        .arg(&data)
        .current_dir("/");
    run("initdb", &mut initdb)?;
    Ok(data)
}

fn server_command(binaries: &Path, data: &Path, port: u16, death_signal: Option<&str>) -> Command {
    let mut command = owned(&binaries.join("postgres"), Some(ACCOUNT), death_signal);
    command.arg("-D").arg(data).current_dir("/");
    for setting in [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".into(),
        "unix_socket_directories=".into(),
        "max_connections=300".into(),
        "shared_buffers=64MB".into(),
        // Nothing here has to survive a power cut.
        "fsync=off".into(),
        "synchronous_commit=off".into(),
        "full_page_writes=off".into(),
    ] {
        command.args(["-c", &setting]);
    }
    command
}

fn base_url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}")
}

fn answers(base_url: &str) -> bool {
    with_client(&format!("{base_url}/postgres"), async |_| Ok(())).is_ok()
}

/// Runs `work` on a connection of its own thread, so that tests with and without a runtime can.
fn with_client<Work>(url: &str, work: Work) -> Result<(), StartError>
where
    Work: AsyncFnOnce(&tokio_postgres::Client) -> Result<(), tokio_postgres::Error> + Send,
{
    let session = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            let driver = tokio::spawn(connection);
            let outcome = work(&client).await;
            drop(client);
            let _ = driver.await;
            Ok(outcome?)
        })
    };
    thread::scope(|scope| scope.spawn(session).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
