//! Reads the settings of the process: defaults ← `bedside.toml` ← `BEDSIDE_…` ← flags.

use super::Config;
use super::breached;
use super::known::is_known_password;
use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Toml};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file that is read when none is named.
pub const FILE: &str = "bedside.toml";

const PREFIX: &str = "BEDSIDE_";

/// What every user of the machine may do with a file, in its mode.
const OTHERS: u32 = 0o007;

/// Names in the environment that are no settings of [`Config`]: secrets, the log's filter, the place of this file, and
/// what builds and tests use.
const OTHER: [&str; 6] = [
    "root_key",
    "new_root_key",
    "passphrase",
    "log",
    "config",
    "cache",
];

/// What the command line says; it wins over everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// Settings file.
    pub file: Option<PathBuf>,
    /// Folder of the data.
    pub data: Option<PathBuf>,
    /// `postgres://…` address.
    pub database: Option<String>,
    /// Address that people use.
    pub public_url: Option<String>,
    /// Where HTTP is served.
    pub listen: Option<SocketAddr>,
}

/// A setting that can't be used, in one plain sentence that names the place and the setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// The settings, or what is wrong with them.
pub fn load(flags: &Flags) -> Result<Config, ConfigError> {
    let named = flags
        .file
        .clone()
        .or_else(|| std::env::var_os("BEDSIDE_CONFIG").map(PathBuf::from));
    let file = match named {
        Some(file) if !file.is_file() => {
            return Err(ConfigError(format!(
                "There is no settings file at {}.",
                file.display()
            )));
        }
        Some(file) => file,
        None => PathBuf::from(FILE),
    };
    from(&file, flags)
}

fn from(file: &Path, flags: &Flags) -> Result<Config, ConfigError> {
    let environment = Env::prefixed(PREFIX)
        .filter(|key| !OTHER.iter().any(|other| key == other) && !key.starts_with("test"));
    let mut figment = Figment::new();
    if file.is_file() {
        kept_close(file)?;
        figment = figment.merge(Toml::file_exact(file));
    }
    let figment = figment.merge(environment);
    let mut config: Config = figment.extract().map_err(|error| sentence(file, error))?;
    let mut url_is_given = figment.find_value("public_url").is_ok();
    if let Some(data) = &flags.data {
        config.data.clone_from(data);
    }
    if flags.database.is_some() {
        config.database.clone_from(&flags.database);
    }
    if let Some(listen) = flags.listen {
        config.listen = listen;
    }
    if let Some(url) = &flags.public_url {
        config.public_url.clone_from(url);
        url_is_given = true;
    }
    if !url_is_given {
        config.public_url = format!("http://localhost:{}", config.listen.port());
    }
    let config = with_password(checked(config)?)?;
    if config.database.as_deref().is_some_and(lets_anybody_in) {
        return Err(ConfigError(
            "database: anybody would try this password first; give the desk's account one of its own."
                .to_owned(),
        ));
    }
    Ok(config)
}

/// Refuses a settings file with the database's password in it that every user of the machine can read, as the file of the
/// root key is refused. The group may read it: the desk's own, where the file is another user's.
fn kept_close(file: &Path) -> Result<(), ConfigError> {
    let (Ok(text), Ok(metadata)) = (std::fs::read_to_string(file), file.metadata()) else {
        // Why it can't be read is said by whoever reads it.
        return Ok(());
    };
    let address = text.parse::<toml::Table>().ok().and_then(|table| {
        let address = table.get("database")?.as_str()?;
        Some(address.to_owned())
    });
    let mode = metadata.mode() & 0o7777;
    if address.is_some_and(|address| has_password(&address)) && mode & OTHERS != 0 {
        return Err(ConfigError(format!(
            "{0} holds the database's password and is open to every user (mode {mode:04o}): run chmod 640 {0}, or use \
             database_password_file.",
            file.display()
        )));
    }
    Ok(())
}

/// Whether an address of a database names a password: before the host, or among what follows it.
fn has_password(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':'))
        || query.split('&').any(|pair| pair.starts_with("password="))
}

/// Whether an address names a password that everybody knows.
fn lets_anybody_in(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
    let account = authority
        .rsplit_once('@')
        .map_or("", |(account, _)| account);
    let (user, word) = account.split_once(':').unzip();
    let user = user.unwrap_or(account);
    let asked = form_urlencoded::parse(query.as_bytes());
    let words = asked
        .filter(|(name, _)| name == "password")
        .map(|(_, word)| word);
    words
        .chain(word.map(Into::into))
        .any(|word| is_known_password(user, &word))
}

/// Adds the password of `database_password_file` to the database's address.
fn with_password(mut config: Config) -> Result<Config, ConfigError> {
    let Some(file) = &config.database_password_file else {
        return Ok(config);
    };
    let wrong = |why: String| Err(ConfigError(format!("database_password_file: {why}")));
    let Some(address) = &config.database else {
        return wrong("there is no database setting that it could belong to.".to_owned());
    };
    if has_password(address) {
        return wrong("the database setting holds a password already.".to_owned());
    }
    let (text, metadata) = match (std::fs::read_to_string(file), file.metadata()) {
        (Ok(text), Ok(metadata)) => (text, metadata),
        (Err(error), _) | (_, Err(error)) => {
            return wrong(format!("{} can't be read ({error}).", file.display()));
        }
    };
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS != 0 {
        return wrong(format!(
            "{0} is open to every user (mode {mode:04o}): run chmod 600 {0}.",
            file.display()
        ));
    }
    let word = text.trim_end_matches(['\r', '\n']);
    if word.is_empty() {
        return wrong(format!("{} is empty.", file.display()));
    }
    let pair: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("password", word)
        .finish();
    let joined = if address.contains('?') { '&' } else { '?' };
    config.database = Some(format!("{address}{joined}{}", pair.replace('+', "%20")));
    Ok(config)
}

fn checked(mut config: Config) -> Result<Config, ConfigError> {
    let wrong = |text: &str| Err(ConfigError(text.to_owned()));
    let whole = config.public_url.trim_end_matches('/').len();
    config.public_url.truncate(whole);
    let host = config
        .public_url
        .strip_prefix("https://")
        .or_else(|| config.public_url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(char::is_whitespace)) {
        return wrong(
            "public_url must be the address people use, such as https://desk.clinic.example.",
        );
    }
    if config.is_in_the_clear() && !config.unprotected_http {
        return wrong(
            "public_url has no https: passwords and patients' words would travel in the open. Let a proxy do HTTPS, or set \
             unprotected_http to true for a trial in a network of your own.",
        );
    }
    let open = config.open_doors();
    if !open.is_empty() && !config.tunnelled && !config.unprotected_http {
        return wrong(&format!(
            "{}: other machines would speak to the desk without TLS there. Listen on this machine alone, behind a proxy or mail \
             server that does TLS; or set tunnelled to true, where a tunnel protects the whole way.",
            open.join(", ")
        ));
    }
    if config
        .database
        .as_ref()
        .is_some_and(|url| !url.starts_with("postgres://") && !url.starts_with("postgresql://"))
    {
        return wrong(
            "database must be a postgres:// address; leave it out to use the embedded database.",
        );
    }
    if let Some(scanner) = &config.scanner
        && !scanner.is_here()
        && !config.unprotected_scanner
    {
        return wrong(
            "scanner is on another machine, and clamd knows no TLS: patients' files would travel in the open. Run clamd on \
             this machine, or set unprotected_scanner to true where the way there is protected otherwise.",
        );
    }
    if let Some(file) = &config.breached_passwords {
        breached::look(file)
            .map_err(|why| ConfigError(format!("breached_passwords: {} {why}.", file.display())))?;
    }
    if !(64 * 1024..=1024 * 1024 * 1024).contains(&config.max_mail_bytes) {
        return wrong("max_mail_bytes must be between 65536 (64 KiB) and 1073741824 (1 GiB).");
    }
    Ok(config)
}

/// Says what is wrong in one sentence, with the place and the setting, and never with the value: it may be a password.
fn sentence(file: &Path, error: figment::Error) -> ConfigError {
    let variable = |key: &str| format!("{PREFIX}{}", key.to_uppercase());
    let key = match &error.kind {
        Kind::UnknownField(key, _) => Some(key.clone()),
        _ => error.path.first().cloned(),
    };
    let place = match &key {
        Some(key) if std::env::var_os(variable(key)).is_some() => variable(key),
        _ => file.display().to_string(),
    };
    ConfigError(match (error.kind, key) {
        (Kind::UnknownField(key, known), _) if place == variable(&key) => {
            format!(
                "The environment variable {place} is not a setting; there is {}.",
                known.join(", ").to_uppercase()
            )
        }
        (Kind::UnknownField(key, known), _) => {
            format!(
                "{place} has \"{key}\", which is not a setting; there is {}.",
                known.join(", ")
            )
        }
        (Kind::InvalidType(_, wanted) | Kind::InvalidValue(_, wanted), Some(key)) => {
            format!("{place}: \"{key}\" must be {wanted}.")
        }
        (Kind::Message(text), Some(key)) => format!("{place}: \"{key}\" can't be used ({text})."),
        (Kind::Message(text), None) => {
            format!("{place} can't be read: {}.", text.replace('\n', " ").trim())
        }
        (other, _) => format!("{place} can't be used: {other}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::files::UnscannedFiles;

    fn read(text: &str, flags: &Flags) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, text).unwrap();
        // As whoever keeps a password in it does.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, mode).unwrap();
        from(&file, flags)
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let flags = Flags {
            data: Some("/srv/here".into()),
            ..Flags::default()
        };
        let config = read(
            "data = \"/srv/there\"\nlisten = \"127.0.0.1:9000\"\n",
            &flags,
        )
        .unwrap();
        assert_eq!(config.data, Path::new("/srv/here"));
        assert_eq!(config.listen.port(), 9000);
        assert_eq!(config.public_url, "http://localhost:9000");
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        let text = "trusted_proxies = [\"10.1.0.5\", \"2001:db8::/32\"]\n";
        let config = read(text, &Flags::default()).unwrap();
        for (peer, trusted) in [
            ("10.1.0.5", true),
            ("10.1.0.6", false),
            ("2001:db8::7", true),
            ("127.0.0.1", true),
        ] {
            assert_eq!(config.trusts(peer.parse().unwrap()), trusted, "{peer}");
        }
        let error = read(
            "trusted_proxies = [\"10.1.0.5\", \"proxy.example\"]\n",
            &Flags::default(),
        );
        let error = error.unwrap_err().to_string();
        assert!(
            error.contains("\"trusted_proxies\" can't be used (each must be an address"),
            "{error}"
        );
    }

    #[test]
    fn a_scanner_is_on_this_machine_unless_somebody_says_otherwise() {
        let scanner = |scanner: &str, more: &str| {
            read(
                &format!("scanner = \"{scanner}\"\n{more}"),
                &Flags::default(),
            )
        };
        for here in ["/run/clamav/clamd.ctl", "127.0.0.1:3310", "localhost:3310"] {
            let config = scanner(here, "").unwrap();
            assert_eq!(config.scanner.unwrap().to_string(), here);
            assert_eq!(config.unscanned_files, UnscannedFiles::Hold);
        }
        let error = scanner("clamav:3310", "").unwrap_err().to_string();
        assert!(error.contains("unprotected_scanner"), "{error}");
        let more = "unprotected_scanner = true\nunscanned_files = \"warn\"\n";
        let config = scanner("clamav:3310", more).unwrap();
        assert_eq!(config.unscanned_files, UnscannedFiles::Warn);
        let error = scanner("clamav", "").unwrap_err().to_string();
        assert!(
            error.contains("\"scanner\" can't be used (it must be the path of clamd's socket"),
            "{error}"
        );
        let error = scanner("localhost:3310", "unscanned_files = \"open\"\n").unwrap_err();
        assert!(error.to_string().contains("unscanned_files"), "{error}");
    }

    #[test]
    fn an_unknown_setting_is_named_with_its_file() {
        let error = read("lisen = \"0.0.0.0:9000\"\n", &Flags::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("bedside.toml has \"lisen\", which is not a setting"),
            "{error}"
        );
        assert!(error.contains("listen"), "{error}");
    }

    #[test]
    fn a_wrong_value_is_named_without_showing_it() {
        let error = read("database = \"mysql://root:hunter2@x\"\n", &Flags::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("postgres://") && !error.contains("hunter2"),
            "{error}"
        );
        let error = read("listen = 5\n", &Flags::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("\"listen\""), "{error}");
        let error = read("listen = \n", &Flags::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("bedside.toml can't be read") && !error.contains('\n'),
            "{error}"
        );
    }

    #[test]
    fn no_door_stands_open_to_other_machines_without_a_word() {
        for door in ["listen", "smtp_listen", "lmtp_listen"] {
            for address in ["0.0.0.0:2500", "[::]:2500", "10.1.0.5:2500"] {
                let text = format!("{door} = \"{address}\"\n");
                let error = read(&text, &Flags::default()).unwrap_err().to_string();
                assert!(error.starts_with(&format!("{door}: ")), "{error}");
                assert!(read(&format!("{text}tunnelled = true\n"), &Flags::default()).is_ok());
            }
            for address in ["127.0.0.1:2500", "[::1]:2500", "[::ffff:127.0.0.1]:2500"] {
                let text = format!("{door} = \"{address}\"\n");
                assert!(read(&text, &Flags::default()).is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn a_password_that_everybody_knows_opens_no_database() {
        for known in [
            "postgres://postgres:postgres@db.example/desk",
            "postgres://desk:Password1@db.example/desk",
            "postgres://desk@db.example/desk?sslmode=verify-full&password=desk",
        ] {
            let error = read(&format!("database = \"{known}\"\n"), &Flags::default());
            let error = error.unwrap_err().to_string();
            assert!(error.contains("anybody would try"), "{error}");
        }
        let none = "database = \"postgres://postgres@127.0.0.1:5432/desk\"\n";
        assert!(read(none, &Flags::default()).is_ok());
    }

    #[test]
    fn a_list_of_breached_passwords_is_looked_at_before_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("list");
        let with = || {
            read(
                &format!("breached_passwords = \"{}\"\n", list.display()),
                &Flags::default(),
            )
        };
        assert!(
            with()
                .unwrap_err()
                .to_string()
                .contains("breached_passwords")
        );
        for (text, fine) in [
            ("not a list\n", false),
            ("", false),
            ("000000005AD76BD555C1D6D771DE417A4B87E4B4:10\r\n", true),
        ] {
            std::fs::write(&list, text).unwrap();
            assert_eq!(with().is_ok(), fine, "{text}");
        }
    }

    #[test]
    fn other_machines_reach_the_desk_over_tls_unless_somebody_says_otherwise() {
        let url = |url: &str, more: &str| {
            read(
                &format!("public_url = \"{url}\"\n{more}"),
                &Flags::default(),
            )
        };
        for fine in [
            "https://desk.clinic.example",
            "http://localhost:8080",
            "http://127.0.0.1",
            "http://[::1]:8080/",
        ] {
            assert!(url(fine, "").is_ok(), "{fine}");
        }
        for open in [
            "http://desk.clinic.example",
            "http://10.1.0.5:8080",
            "http://localhost.evil.example",
            "http://[2001:db8::1]:8080",
        ] {
            let error = url(open, "").unwrap_err().to_string();
            assert!(error.contains("unprotected_http"), "{error}");
            assert!(url(open, "unprotected_http = true\n").is_ok(), "{open}");
        }
    }

    #[test]
    fn a_settings_file_with_a_password_is_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        let loaded = |text: &str, mode: u32| {
            std::fs::write(&file, text).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(&file, mode).unwrap();
            from(&file, &Flags::default())
        };
        for with in [
            "database = \"postgres://desk:hunter2@db.example/desk\"\n",
            "database = \"postgres://desk@db.example/desk?password=hunter2\"\n",
        ] {
            let error = loaded(with, 0o644).unwrap_err().to_string();
            assert!(
                error.contains("chmod 640") && !error.contains("hunter2"),
                "{error}"
            );
            assert!(loaded(with, 0o640).is_ok());
        }
        assert!(loaded("database = \"postgres://desk@db.example/desk\"\n", 0o644).is_ok());
    }

    #[test]
    fn the_databases_password_comes_from_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let word = folder.path().join("word");
        let write = |text: &str, mode: u32| {
            std::fs::write(&word, text).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            std::fs::set_permissions(&word, mode).unwrap();
        };
        let with = |address: &str| {
            let text = format!(
                "database = \"{address}\"\ndatabase_password_file = \"{}\"\n",
                word.display()
            );
            read(&text, &Flags::default())
        };
        write("p&w d=%\n", 0o600);
        let config = with("postgres://desk@db.example/desk?sslmode=verify-full").unwrap();
        let address = config.database.unwrap();
        assert_eq!(
            address,
            "postgres://desk@db.example/desk?sslmode=verify-full&password=p%26w%20d%3D%25"
        );
        let twice = with("postgres://desk:other@db.example/desk")
            .unwrap_err()
            .to_string();
        assert!(
            twice.contains("already") && !twice.contains("p&w"),
            "{twice}"
        );
        write("p&w d=%\n", 0o644);
        let open = with("postgres://desk@db.example/desk")
            .unwrap_err()
            .to_string();
        assert!(open.contains("chmod 600"), "{open}");
        write("\n", 0o600);
        assert!(with("postgres://desk@db.example/desk").is_err());
        let alone = format!("database_password_file = \"{}\"\n", word.display());
        assert!(read(&alone, &Flags::default()).is_err());
    }
}
