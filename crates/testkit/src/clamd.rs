//! A virus scanner: clamd with one signature of its own.

use crate::{
    StartError, ports,
    process::{Server, owned, tail},
    wait_until,
};
use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

const PROGRAM: &str = "clamd";

/// The harmless file that every scanner calls harmful (EICAR), in two parts, so that no scanner takes this source for it.
pub const EICAR: &[u8] = concat!(
    r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD",
    "-ANTIVIRUS-TEST-FILE!$H+H*"
)
.as_bytes();

/// The name of the one signature that the scanner has; clamd adds `.UNOFFICIAL` to it.
pub const SIGNATURE: &str = "Bedside.Test.EICAR";

/// Bytes of a file that the scanner looks at; it refuses a longer one.
pub const STREAM_LIMIT: usize = 2 * 1024 * 1024;

/// A clamd on a socket file and a port of loopback. It knows [`EICAR`] anywhere in a file, and nothing else; it asks nobody
/// for signatures.
#[derive(Debug)]
pub struct Clamd {
    /// Its socket file.
    pub socket: PathBuf,
    /// Its port.
    pub port: u16,
    _server: Server,
    _folder: TempDir,
}

impl Clamd {
    /// Starts one for this process alone; about 0.2 s.
    pub fn start() -> Result<Self, StartError> {
        let binary = Path::new("/usr/sbin/clamd");
        if !binary.exists() {
            return Err(StartError::Missing {
                program: PROGRAM,
                package: "clamav-daemon",
            });
        }
        let folder = tempfile::Builder::new()
            .prefix("bedside-clamd-")
            .tempdir()?;
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("signatures"))?;
        let mut bytes = String::new();
        for byte in EICAR {
            let _ = write!(bytes, "{byte:02x}");
        }
        fs::write(
            at("signatures").join("own.ndb"),
            format!("{SIGNATURE}:0:*:{bytes}\n"),
        )?;
        let (configuration, log, socket) = (at("clamd.conf"), at("clamd.log"), at("clamd.sock"));
        for _ in 0..5 {
            let port = ports::free()?;
            fs::write(
                &configuration,
                format!(
                    "Foreground yes\nLogFile {log}\nDatabaseDirectory {signatures}\nTemporaryDirectory {temporary}\n\
                     LocalSocket {socket}\nTCPSocket {port}\nTCPAddr 127.0.0.1\nStreamMaxLength {STREAM_LIMIT}\n\
                     Bytecode no\nMaxThreads 4\nAlertExceedsMax yes\n",
                    log = log.display(),
                    signatures = at("signatures").display(),
                    temporary = folder.path().display(),
                    socket = socket.display(),
                ),
            )?;
            let mut command = owned(binary, None, Some("TERM"));
            command.arg("--config-file").arg(&configuration);
            let mut server = Server::spawn(command, "TERM", &at("stderr"))?;
            let _ = wait_until(
                || !server.alive() || (answers(port) && socket.exists()),
                Duration::from_secs(20),
            );
            if server.alive() && answers(port) {
                return Ok(Self {
                    socket,
                    port,
                    _server: server,
                    _folder: folder,
                });
            }
        }
        let log = tail(&log) + &tail(&at("stderr"));
        Err(StartError::NotReady {
            program: PROGRAM,
            log,
        })
    }
}

fn answers(port: u16) -> bool {
    let asked = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"zPING\0")?;
        let mut answer = Vec::new();
        stream.take(16).read_to_end(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer == b"PONG\0")
}
