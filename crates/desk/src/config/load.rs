//! Reads the settings of the process: defaults ← `bedside.toml` ← `BEDSIDE_…` ← flags.

use super::Config;
use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Toml};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file that is read when none is named.
pub const FILE: &str = "bedside.toml";

const PREFIX: &str = "BEDSIDE_";

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
    checked(config)
}

fn checked(mut config: Config) -> Result<Config, ConfigError> {
    let wrong = |text: &str| Err(ConfigError(text.to_owned()));
    config.public_url = config.public_url.trim_end_matches('/').to_owned();
    let host = config
        .public_url
        .strip_prefix("https://")
        .or_else(|| config.public_url.strip_prefix("http://"));
    if host.is_none_or(|host| host.is_empty() || host.contains(char::is_whitespace)) {
        return wrong(
            "public_url must be the address people use, such as https://desk.clinic.example.",
        );
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

    fn read(text: &str, flags: &Flags) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        std::fs::write(&file, text).unwrap();
        from(&file, flags)
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let flags = Flags {
            data: Some("/srv/here".into()),
            ..Flags::default()
        };
        let config = read("data = \"/srv/there\"\nlisten = \"0.0.0.0:9000\"\n", &flags).unwrap();
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
}
