use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

use tempfile::TempDir;

use super::{dovecot::greets, open_folder};
use crate::{
    StartError, ports,
    process::{Server, is_root, owned, run, tail},
    wait_until,
};

const PROGRAM: &str = "postfix";
const DAEMONS: &str = "/usr/lib/postfix/sbin";

/// The queue's folders that `postfix start` would make.
const QUEUE: &[&str] = &[
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop",
    "private", "public", "saved", "trace",
];

/// Services of `master.cf`: name, type, private, chroot-free, wake-up seconds, limit, program.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
";

/// Where Postfix brings the mail of one domain.
#[derive(Debug, Clone, Copy)]
pub enum Route<'a> {
    /// To an LMTP server on loopback.
    Lmtp(&'a str, u16),
    /// To an SMTP server on loopback.
    Smtp(&'a str, u16),
}

/// A Postfix that takes mail for the domains it was given and relays nothing else.
#[derive(Debug)]
pub struct Postfix {
    /// SMTP port.
    pub smtp_port: u16,
    _server: Server,
    folder: TempDir,
}

impl Postfix {
    /// Starts one for this process alone; about 0.3 s. Postfix can be started by root only.
    pub fn start(routes: &[Route]) -> Result<Self, StartError> {
        let master = Path::new(DAEMONS).join("master");
        if !master.exists() {
            return Err(StartError::Missing {
                program: PROGRAM,
                package: "postfix",
            });
        }
        if !is_root() {
            let output = "only root can start it; run the tests as root".to_owned();
            return Err(StartError::Failed {
                program: PROGRAM,
                output,
            });
        }
        let folder = open_folder("bedside-postfix-")?;
        make_folders(folder.path())?;
        fs::write(
            folder.path().join("etc/main.cf"),
            main_cf(folder.path(), routes),
        )?;
        fs::write(folder.path().join("etc/transport"), transports(routes))?;
        for _ in 0..5 {
            let smtp_port = ports::free()?;
            let master_cf = format!("127.0.0.1:{smtp_port} inet n - n - - smtpd\n{SERVICES}");
            fs::write(folder.path().join("etc/master.cf"), master_cf)?;
            let mut command = owned(&master, None, Some("TERM"));
            command
                .arg("-d")
                .arg("-c")
                .arg(folder.path().join("etc"))
                .current_dir("/");
            let mut server = Server::spawn(command, "TERM", &folder.path().join("stderr"))?;
            let _ = wait_until(
                || !server.alive() || greets(smtp_port),
                Duration::from_secs(20),
            );
            if server.alive() && greets(smtp_port) {
                return Ok(Self {
                    smtp_port,
                    _server: server,
                    folder,
                });
            }
        }
        let log = tail(&folder.path().join("log/mail.log")) + &tail(&folder.path().join("stderr"));
        Err(StartError::NotReady {
            program: PROGRAM,
            log,
        })
    }

    /// The end of the server's log: what it did with each message.
    pub fn log(&self) -> String {
        tail(&self.folder.path().join("log/mail.log"))
    }
}

fn make_folders(folder: &Path) -> Result<(), StartError> {
    for part in ["etc", "queue", "queue/pid", "log"] {
        fs::create_dir(folder.join(part))?;
    }
    let queue = QUEUE.iter().map(|part| folder.join("queue").join(part));
    for part in queue.chain([folder.join("data")]) {
        fs::create_dir(&part)?;
        fs::set_permissions(&part, fs::Permissions::from_mode(0o700))?;
        run("chown", Command::new("chown").arg("postfix").arg(&part))?;
    }
    for (part, mode) in [("queue/public", 0o710), ("queue/maildrop", 0o730)] {
        run(
            "chown",
            Command::new("chown")
                .arg("postfix:postdrop")
                .arg(folder.join(part)),
        )?;
        fs::set_permissions(folder.join(part), fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn main_cf(folder: &Path, routes: &[Route]) -> String {
    let folder = folder.display();
    let domains: Vec<_> = routes.iter().map(Route::domain).collect();
    format!(
        "compatibility_level = 3.6\n\
         queue_directory = {folder}/queue\n\
         data_directory = {folder}/data\n\
         daemon_directory = {DAEMONS}\n\
         command_directory = /usr/sbin\n\
         maillog_file = {folder}/log/mail.log\n\
         maillog_file_prefixes = {folder}\n\
         inet_interfaces = 127.0.0.1\n\
         inet_protocols = ipv4\n\
         myhostname = mail.bedside.test\n\
         mydestination =\n\
         alias_maps =\n\
         alias_database =\n\
         mynetworks = 127.0.0.0/8\n\
         relay_domains = {domains}\n\
         transport_maps = texthash:{folder}/etc/transport\n\
         default_transport = error:5.7.1 no mail leaves this machine\n\
         smtpd_relay_restrictions = reject_unauth_destination\n\
         smtpd_peername_lookup = no\n\
         smtpd_client_connection_count_limit = 0\n\
         smtp_host_lookup = native\n\
         smtp_dns_support_level = disabled\n\
         smtputf8_enable = yes\n\
         message_size_limit = 67108864\n\
         mailbox_size_limit = 0\n\
         in_flow_delay = 0\n\
         queue_run_delay = 1s\n\
         minimal_backoff_time = 1s\n\
         maximal_backoff_time = 2s\n",
        domains = domains.join(", "),
    )
}

fn transports(routes: &[Route]) -> String {
    routes
        .iter()
        .map(|route| match route {
            Route::Lmtp(domain, port) => format!("{domain} lmtp:inet:[127.0.0.1]:{port}\n"),
            Route::Smtp(domain, port) => format!("{domain} smtp:[127.0.0.1]:{port}\n"),
        })
        .collect()
}

impl<'a> Route<'a> {
    fn domain(&self) -> &'a str {
        match self {
            Self::Lmtp(domain, _) | Self::Smtp(domain, _) => domain,
        }
    }
}
