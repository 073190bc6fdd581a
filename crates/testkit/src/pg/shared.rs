//! One server for all test processes of a run.
//!
//! Every process that uses it holds a shared lock on a file. A small watchdog, started with the
//! server and independent of any test, ends both when nobody has held that lock for a minute.

use std::{
    env,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use super::{
    PROGRAM, PgServer, START_LIMIT, StartError, answers, base_url, binaries, init_cluster,
    server_command,
};
use crate::{ports, process, wait_until};

/// Ends the server (`$1`: our folder; the rest: its command) a minute after its last user.
///
/// `users` is locked for good while the server ends, so a process that comes at that moment waits,
/// finds no server and starts the next one.
const WATCHDOG: &str = r#"
folder=$1; shift
"$@" >"$folder/postgres.log" 2>&1 &
server=$!
trap 'kill -INT "$server"; exit 1' TERM
exec 9<"$folder/users"
while sleep 5; do
  kill -0 "$server" 2>/dev/null || exit 1
  flock -n -x 9 || { touch "$folder/users"; continue; }
  idle=$(( $(date +%s) - $(stat -c %Y "$folder/users") ))
  if [ "$idle" -ge 60 ]; then
    kill -INT "$server"; wait "$server"
    rm -rf "$folder/cluster" "$folder/url"
    exit 0
  fi
  flock -u 9
done
"#;

/// The server that all tests of a run share; the first to ask starts it.
///
/// With `BEDSIDE_TEST_PG` (for example `postgres://postgres@127.0.0.1:5432`) in the environment,
/// that server is used instead; its user must be allowed to create databases.
pub fn shared() -> Result<&'static PgServer, StartError> {
    static SHARED: OnceLock<(PgServer, Option<File>)> = OnceLock::new();
    if let Some((server, _)) = SHARED.get() {
        return Ok(server);
    }
    let found = if let Ok(url) = env::var("BEDSIDE_TEST_PG") {
        (PgServer::foreign(url.trim_end_matches('/')), None)
    } else {
        let (server, in_use) = join_or_start(&folder()?)?;
        (server, Some(in_use))
    };
    found.0.sweep()?;
    Ok(&SHARED.get_or_init(|| found).0)
}

impl PgServer {
    /// A server that somebody else ends.
    fn foreign(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            server: None,
            folder: None,
        }
    }
}

/// The folder that test processes of this user share. In the system's temporary folder, because
/// the account that runs PostgreSQL must be able to reach it.
fn folder() -> Result<PathBuf, StartError> {
    let user = process::user_id();
    let folder = env::temp_dir().join(format!("bedside-testkit-{user}"));
    match fs::create_dir(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ if fs::symlink_metadata(&folder)?.uid() != user => {
            return Err(StartError::ForeignFolder(folder));
        }
        _ => {}
    }
    Ok(folder)
}

fn join_or_start(folder: &Path) -> Result<(PgServer, File), StartError> {
    let mut in_use = File::options()
        .create(true)
        .append(true)
        .open(folder.join("users"))?;
    in_use.lock_shared()?;
    // Tells the watchdog that somebody was here just now.
    in_use.write_all(b".")?;

    let starting = File::create(folder.join("starting"))?;
    starting.lock()?;
    let state = folder.join("url");
    if let Ok(url) = fs::read_to_string(&state)
        && answers(&url)
    {
        return Ok((PgServer::foreign(&url), in_use));
    }
    let url = launch(folder)?;
    fs::write(&state, &url)?;
    Ok((PgServer::foreign(&url), in_use))
}

fn launch(folder: &Path) -> Result<String, StartError> {
    let cluster = folder.join("cluster");
    if cluster.exists() {
        fs::remove_dir_all(&cluster)?;
    }
    fs::create_dir(&cluster)?;
    let binaries = binaries()?;
    let data = init_cluster(&binaries, &cluster, &[])?;
    for _ in 0..5 {
        let port = ports::free()?;
        let server = server_command(&binaries, &data, port, None);
        let mut watchdog = Command::new("setsid")
            .args(["sh", "-c", WATCHDOG, "sh"])
            .arg(folder)
            .arg(server.get_program())
            .args(server.get_args())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let url = base_url(port);
        let mut ended = || !matches!(watchdog.try_wait(), Ok(None));
        let _ = wait_until(|| ended() || answers(&url), START_LIMIT);
        if answers(&url) {
            return Ok(url);
        }
        process::signal(&watchdog.id().to_string(), "TERM");
        let _ = watchdog.wait();
    }
    let log = process::tail(&folder.join("postgres.log"));
    Err(StartError::NotReady {
        program: PROGRAM,
        log,
    })
}
