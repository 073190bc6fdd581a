use std::{
    ffi::OsStr,
    fs,
    io::{self, BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use tempfile::TempDir;

use super::{Certificate, open_folder};
use crate::{
    StartError, ports,
    process::{Server, is_root, owned, run, tail},
    wait_until,
};

/// The password of every mailbox.
pub const PASSWORD: &str = "correct-horse";

const PROGRAM: &str = "dovecot";

/// A Dovecot with IMAP (plain, STARTTLS and implicit TLS) and LMTP.
///
/// Every local part is a mailbox, made on first use; [`PASSWORD`] opens it. The domain and a
/// `+detail` of an address are ignored.
#[derive(Debug)]
pub struct Dovecot {
    /// IMAP port, with STARTTLS.
    pub imap_port: u16,
    /// IMAP port that speaks TLS from the first byte.
    pub imaps_port: u16,
    /// LMTP port.
    pub lmtp_port: u16,
    /// What a client must trust.
    pub certificate: Certificate,
    _server: Server,
    folder: TempDir,
}

impl Dovecot {
    /// Starts one for this process alone; about 0.2 s.
    pub fn start() -> Result<Self, StartError> {
        let binary = Path::new("/usr/sbin/dovecot");
        if !Path::new("/usr/lib/dovecot/imap").exists() {
            return Err(StartError::Missing {
                program: PROGRAM,
                package: "dovecot-imapd",
            });
        }
        if !Path::new("/usr/lib/dovecot/lmtp").exists() {
            return Err(StartError::Missing {
                program: "lmtp",
                package: "dovecot-lmtpd",
            });
        }
        let folder = open_folder("bedside-dovecot-")?;
        let certificate = Certificate::localhost(folder.path())?;
        let mail = folder.path().join("mail");
        fs::create_dir(&mail)?;
        let account = if is_root() {
            "nobody".to_owned()
        } else {
            own_name()?
        };
        if is_root() {
            run("chown", Command::new("chown").arg(&account).arg(&mail))?;
        }
        let configuration = folder.path().join("dovecot.conf");
        let log = folder.path().join("dovecot.log");
        for _ in 0..5 {
            let [imap_port, tls_port, lmtp_port] = [ports::free()?, ports::free()?, ports::free()?];
            let text = configure(
                folder.path(),
                &certificate,
                &account,
                [imap_port, tls_port, lmtp_port],
            );
            fs::write(&configuration, text)?;
            let mut command = owned(binary, None, Some("TERM"));
            command.arg("-F").arg("-c").arg(&configuration);
            let mut server = Server::spawn(command, "TERM", &folder.path().join("stderr"))?;
            let ready = || greets(imap_port) && greets(lmtp_port);
            let _ = wait_until(|| !server.alive() || ready(), Duration::from_secs(20));
            if server.alive() && ready() {
                return Ok(Self {
                    imap_port,
                    imaps_port: tls_port,
                    lmtp_port,
                    certificate,
                    _server: server,
                    folder,
                });
            }
        }
        let log = tail(&log) + &tail(&folder.path().join("stderr"));
        Err(StartError::NotReady {
            program: PROGRAM,
            log,
        })
    }

    /// Puts a message into `user`'s INBOX; it is on disk when this returns.
    pub fn deliver(&self, user: &str, raw: &[u8]) -> io::Result<()> {
        let mut stream = BufReader::new(TcpStream::connect((Ipv4Addr::LOCALHOST, self.lmtp_port))?);
        stream
            .get_ref()
            .set_read_timeout(Some(Duration::from_secs(30)))?;
        expect_reply(&mut stream, '2')?;
        for (command, answer) in [
            ("LHLO test".to_owned(), '2'),
            ("MAIL FROM:<>".to_owned(), '2'),
            (format!("RCPT TO:<{user}@localhost>"), '2'),
            ("DATA".to_owned(), '3'),
        ] {
            write!(stream.get_mut(), "{command}\r\n")?;
            expect_reply(&mut stream, answer)?;
        }
        stream.get_mut().write_all(&dot_stuffed(raw))?;
        expect_reply(&mut stream, '2')
    }

    /// The same with another time of arrival (INTERNALDATE), in microseconds since 1970; whole seconds count.
    pub fn deliver_at(&self, user: &str, raw: &[u8], at: i64) -> Result<(), StartError> {
        // It gets its time before anybody can see it.
        let elsewhere = format!("before-{user}");
        self.deliver(&elsewhere, raw)?;
        self.doveadm(&["mailbox", "status", "-u", user, "messages", "INBOX"])?;
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(at.unsigned_abs());
        for file in fs::read_dir(self.arrivals(&elsewhere))? {
            let file = file?;
            fs::File::options()
                .write(true)
                .open(file.path())?
                .set_modified(at)?;
            fs::rename(file.path(), self.arrivals(user).join(file.file_name()))?;
        }
        Ok(())
    }

    /// Where what arrives for `user` lies until a program looks.
    fn arrivals(&self, user: &str) -> PathBuf {
        self.folder
            .path()
            .join("mail")
            .join(user)
            .join("Maildir/new")
    }

    /// The raw messages in `user`'s INBOX, oldest first.
    pub fn inbox(&self, user: &str) -> io::Result<Vec<Vec<u8>>> {
        let maildir = self.folder.path().join("mail").join(user).join("Maildir");
        let mut files = Vec::new();
        for part in ["new", "cur"] {
            match fs::read_dir(maildir.join(part)) {
                Ok(entries) => files.extend(entries.filter_map(|entry| Some(entry.ok()?.path()))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        // A maildir file's name begins with the time of delivery.
        files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
        files.iter().map(fs::read).collect()
    }

    /// How many messages of `user`'s INBOX are marked as read.
    pub fn seen(&self, user: &str) -> io::Result<usize> {
        let folder = self
            .folder
            .path()
            .join("mail")
            .join(user)
            .join("Maildir/cur");
        let marked = |name: &OsStr| {
            // The flags follow the last comma of a maildir file's name.
            name.to_string_lossy()
                .rsplit_once(',')
                .is_some_and(|(_, flags)| flags.contains('S'))
        };
        let mut seen = 0;
        for entry in fs::read_dir(folder)? {
            seen += usize::from(marked(&entry?.file_name()));
        }
        Ok(seen)
    }

    /// Gives `user`'s INBOX another UIDVALIDITY, as a restored or moved mailbox has.
    pub fn set_uid_validity(&self, user: &str, uid_validity: u32) -> Result<(), StartError> {
        let uid_validity = uid_validity.to_string();
        self.doveadm(&[
            "mailbox",
            "update",
            "-u",
            user,
            "--uid-validity",
            &uid_validity,
            "INBOX",
        ])
    }

    fn doveadm(&self, arguments: &[&str]) -> Result<(), StartError> {
        let mut doveadm = Command::new("doveadm");
        doveadm
            .arg("-c")
            .arg(self.folder.path().join("dovecot.conf"))
            .args(arguments);
        run("doveadm", &mut doveadm).map(drop)
    }
}

fn configure(
    folder: &Path,
    certificate: &Certificate,
    account: &str,
    [imap, imaps, lmtp]: [u16; 3],
) -> String {
    let group = if is_root() { "nogroup" } else { "" };
    let users = if is_root() {
        String::new()
    } else {
        format!("default_internal_user = {account}\ndefault_login_user = {account}\n")
    };
    let not_chrooted: String = ["anvil", "imap-login", "auth", "stats"]
        .map(|service| format!("service {service} {{\n  chroot =\n}}\n"))
        .concat();
    format!(
        "protocols = imap lmtp\n\
         listen = 127.0.0.1\n\
         base_dir = {folder}/run\n\
         state_dir = {folder}/state\n\
         log_path = {folder}/dovecot.log\n\
         {users}\
         mail_location = maildir:~/Maildir\n\
         mail_fsync = never\n\
         disable_plaintext_auth = no\n\
         auth_mechanisms = plain\n\
         auth_username_format = %Ln\n\
         auth_failure_delay = 0\n\
         recipient_delimiter = +\n\
         postmaster_address = postmaster@localhost\n\
         ssl = yes\n\
         ssl_cert = <{cert}\n\
         ssl_key = <{key}\n\
         mail_max_userip_connections = 1000\n\
         passdb {{\n  driver = static\n  args = password={PASSWORD}\n}}\n\
         userdb {{\n  driver = static\n  args = uid={account} gid={group} \
         home={folder}/mail/%n allow_all_users=yes\n}}\n\
         service imap-login {{\n\
         \x20 inet_listener imap {{\n    port = {imap}\n  }}\n\
         \x20 inet_listener imaps {{\n    port = {imaps}\n    ssl = yes\n  }}\n}}\n\
         service lmtp {{\n  inet_listener lmtp {{\n    port = {lmtp}\n  }}\n}}\n\
         {not_chrooted}",
        folder = folder.display(),
        cert = certificate.certificate.display(),
        key = certificate.key.display(),
    )
}

fn own_name() -> Result<String, StartError> {
    let output = run("id", Command::new("id").arg("-un"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a server on `port` says its first line.
pub(super) fn greets(port: u16) -> bool {
    let line = || -> io::Result<usize> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        BufReader::new(stream).read_line(&mut String::new())
    };
    line().is_ok_and(|length| length > 0)
}

/// Reads one reply, however many lines it has, and compares its first digit.
fn expect_reply(stream: &mut impl BufRead, digit: char) -> io::Result<()> {
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return if line.starts_with(digit) {
                Ok(())
            } else {
                Err(io::Error::other(line))
            };
        }
    }
}

/// The message as DATA carries it (RFC 5321, section 4.5.2), its end included.
fn dot_stuffed(raw: &[u8]) -> Vec<u8> {
    let mut data = Vec::with_capacity(raw.len() + 16);
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        if line.starts_with(b".") {
            data.push(b'.');
        }
        data.extend_from_slice(
            line.strip_suffix(b"\n")
                .map_or(line, |line| line.strip_suffix(b"\r").unwrap_or(line)),
        );
        data.extend_from_slice(b"\r\n");
    }
    data.extend_from_slice(b".\r\n");
    data
}
