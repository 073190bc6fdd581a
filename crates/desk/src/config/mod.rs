//! How one process is set up: where its data is, which address people use, where it listens.

pub mod breached;
pub mod clinic;
pub mod destinations;
pub mod known;
pub mod load;
pub mod organisation;
pub mod proxies;

use crate::timeline::files::UnscannedFiles;
use bedside_channels::clamd::Scanner;
use bedside_channels::email::Reach;
use bedside_channels::http;
use destinations::Destination;
use proxies::Network;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Settings of the process, from `bedside.toml`, the environment (`BEDSIDE_…`) and the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "a setting each")]
pub struct Config {
    /// Folder of the data, the root key and the checkpoints.
    pub data: PathBuf,
    /// `postgres://…` address; the embedded database in `data` when absent.
    pub database: Option<String>,
    /// File with the database's password, so that the settings hold none.
    pub database_password_file: Option<PathBuf>,
    /// Address that people and mails use, without a slash at the end.
    pub public_url: String,
    /// Whether people may reach the desk without TLS from other machines: for a trial in a network of one's own.
    pub unprotected_http: bool,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// Whether what other machines send to these doors comes through a tunnel that protects it: the desk itself takes no TLS.
    pub tunnelled: bool,
    /// Proxies that are believed about where a request came from, beside one on this machine.
    pub trusted_proxies: Vec<Network>,
    /// Where mail is received by SMTP, if at all.
    pub smtp_listen: Option<SocketAddr>,
    /// Where mail is received by LMTP, if at all.
    pub lmtp_listen: Option<SocketAddr>,
    /// Largest mail and upload, in bytes.
    pub max_mail_bytes: usize,
    /// Whether mail servers may be on this machine or on its network link alone.
    pub local_mail_servers: bool,
    /// Whether mail servers on other machines may be used without TLS.
    pub unprotected_mail: bool,
    /// Hosts and networks that the desk may call over HTTPS besides the public network.
    pub allowed_destinations: Vec<Destination>,
    /// Where clamd looks at files, if it does.
    pub scanner: Option<Scanner>,
    /// Whether files may travel to a scanner on another machine, without TLS.
    pub unprotected_scanner: bool,
    /// What happens with files that the scanner could not look at.
    pub unscanned_files: UnscannedFiles,
    /// Whether each sealed entry of the audit log is a line of the program's log too, for another system to keep.
    pub audit_to_log: bool,
    /// How often one person or token may read in an hour; 0 is no limit.
    pub reads_an_hour: u32,
    /// How often one person or token may search in an hour; 0 is no limit.
    pub searches_an_hour: u32,
    /// A file with the SHA-1 of breached passwords in order, as Pwned Passwords has it; beside the list that ships.
    pub breached_passwords: Option<PathBuf>,
    /// A file in another place to which every erasure is written too.
    pub erased_copy: Option<PathBuf>,
    /// Folder of the clinic's own files; those that ship with the program when absent.
    pub clinic: Option<PathBuf>,
    /// Whether everything in here is invented: pages say so.
    #[serde(skip)]
    pub demo: bool,
}

/// Ports on which mail servers are asked (RFC 8314, RFC 6409, and 2525, which providers use beside 587).
const MAIL_PORTS: [u16; 6] = [25, 143, 465, 587, 993, 2525];

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            database: None,
            database_password_file: None,
            public_url: "http://localhost:8080".to_owned(),
            unprotected_http: false,
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tunnelled: false,
            trusted_proxies: Vec::new(),
            smtp_listen: None,
            lmtp_listen: None,
            max_mail_bytes: 50 * 1024 * 1024,
            local_mail_servers: false,
            unprotected_mail: false,
            allowed_destinations: Vec::new(),
            scanner: None,
            unprotected_scanner: false,
            unscanned_files: UnscannedFiles::Hold,
            audit_to_log: false,
            reads_an_hour: 20_000,
            searches_an_hour: 1_000,
            breached_passwords: None,
            erased_copy: None,
            clinic: None,
            demo: false,
        }
    }
}

impl Config {
    /// Settings of a demo in `data`: everything is invented, and its mail server is on this machine.
    pub fn of_demo(data: PathBuf) -> Self {
        Self {
            data,
            local_mail_servers: true,
            demo: true,
            ..Self::default()
        }
    }

    /// Where the root key is kept, unless it comes from the environment.
    pub fn key_file(&self) -> PathBuf {
        self.data.join("keys").join("root.key")
    }

    /// The folder of what the desk keeps of its audit log outside of the database. Nothing is made.
    pub fn audit_folder(&self) -> PathBuf {
        self.data.join("audit")
    }

    /// The file to which signed audit checkpoints are appended. Its folder is made, for the desk's own user alone.
    pub fn checkpoint_file(&self) -> Option<PathBuf> {
        let folder = self.audit_folder();
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .ok()?;
        Some(folder.join("checkpoints.txt"))
    }

    /// The domain in the desk's own Message-IDs.
    pub fn mail_domain(&self) -> String {
        let host = self.public_url.split("://").last().unwrap_or("localhost");
        host.split([':', '/'])
            .next()
            .unwrap_or("localhost")
            .to_owned()
    }

    /// Where the servers of mailboxes may be.
    pub const fn mail_reach(&self) -> Reach {
        if self.local_mail_servers {
            Reach::Anywhere
        } else {
            Reach::Elsewhere
        }
    }

    /// What the desk may call over HTTPS besides the public network.
    pub fn allowed(&self) -> http::Allowed {
        let all = self.allowed_destinations.clone();
        Arc::new(move |host, address| all.iter().any(|one| one.has(host, address)))
    }

    /// The address that lets a person of the staff in by a link's `token`.
    pub fn sign_in_link(&self, token: &str) -> String {
        format!("{}/sign-in/{token}", self.public_url)
    }

    /// Whether mailboxes may name this host with a port that is none of mail: only what whoever runs the desk named.
    pub fn allows_port(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        let named = |one: &Destination| match (one, address) {
            (Destination::Host(name), _) => *name == host,
            (Destination::Network(network), Some(address)) => network.has(address),
            (Destination::Network(_), None) => false,
        };
        MAIL_PORTS.contains(&port)
            || self.local_mail_servers
            || self.allowed_destinations.iter().any(named)
    }

    /// Whether `peer` is a proxy of this desk: on this machine, or one of `trusted_proxies`.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        peer.to_canonical().is_loopback()
            || self.trusted_proxies.iter().any(|proxy| proxy.has(peer))
    }

    /// Whether people reach the desk in the clear from other machines than this one.
    pub fn is_in_the_clear(&self) -> bool {
        let host = self.public_url.strip_prefix("http://");
        host.is_some_and(|rest| !is_this_machine(host_of(rest)))
    }

    /// The doors that other machines reach: the settings' names of those which listen beyond this machine.
    pub fn open_doors(&self) -> Vec<&'static str> {
        let doors = [
            ("listen", Some(self.listen)),
            ("smtp_listen", self.smtp_listen),
            ("lmtp_listen", self.lmtp_listen),
        ];
        let is_open = |at: SocketAddr| !at.ip().to_canonical().is_loopback();
        let open = doors.into_iter().filter(|(_, at)| at.is_some_and(is_open));
        open.map(|(name, _)| name).collect()
    }

    /// Whether people reach the desk over HTTPS.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }
}

/// The host of what follows `http://`, without port, path and the brackets of an address.
fn host_of(rest: &str) -> &str {
    let host = rest.split('/').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether `host` is this machine, by its name or a loopback address: what is said to it never leaves the machine.
pub fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}
