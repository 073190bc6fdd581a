//! From a configuration to a running desk.

use crate::app::{App, Parts};
use crate::config::Config;
use crate::error::DeskError;
use crate::orgs::Directory;
use crate::records::{Keyring, rotate};
use bedside_db::search::SearchIndex;
use bedside_db::{Clock, Db, DbError, IdSource, Migration, MigrationReport, Target};
use bedside_language::{ClinicFiles, Engine};
use bedside_vault::RootKey;
use include_dir::{Dir, include_dir};
use std::sync::Arc;

/// Every step of the schema, oldest first.
pub const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "ground floor",
    sql: include_str!("../migrations/0001_ground_floor.sql"),
}];

static CLINIC: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../clinic");

/// Why the desk could not start, in one plain sentence, with the process's exit code.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error("The database can't be used: {0}.")]
    Database(#[from] DbError),
    /// The root key.
    #[error("The root key can't be used: {0}.")]
    Key(String),
    /// The clinic's files.
    #[error("{0}.")]
    Clinic(String),
    /// Anything else.
    #[error("Bedside could not start: {0}.")]
    Desk(#[from] DeskError),
}

impl StartError {
    /// 2 wrong set-up, 3 already running, 4 newer data, 5 no key, 1 anything else.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Database(DbError::InUse(_)) => 3,
            Self::Database(DbError::Newer { .. }) => 4,
            Self::Key(_) => 5,
            Self::Clinic(_) => 2,
            Self::Database(_) | Self::Desk(_) => 1,
        }
    }
}

/// The clinic's files that ship with the program.
pub fn built_in_clinic() -> ClinicFiles {
    fn add(dir: &Dir<'_>, files: &mut ClinicFiles) {
        for file in dir.files() {
            if let Some(text) = file.contents_utf8() {
                files.insert(file.path().to_string_lossy().into_owned(), text.to_owned());
            }
        }
        for inner in dir.dirs() {
            add(inner, files);
        }
    }
    let mut files = ClinicFiles::new();
    add(&CLINIC, &mut files);
    files
}

/// The clinic's files: its own folder's where one is set, else those that ship with the program.
pub fn clinic_files(config: &Config) -> Result<ClinicFiles, StartError> {
    fn add(
        base: &std::path::Path,
        folder: &std::path::Path,
        files: &mut ClinicFiles,
    ) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                add(base, &path, files)?;
            } else if path
                .extension()
                .is_some_and(|kind| kind == "toml" || kind == "txt")
            {
                let name = path
                    .strip_prefix(base)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .into_owned();
                files.insert(name, std::fs::read_to_string(&path)?);
            }
        }
        Ok(())
    }
    let Some(folder) = &config.clinic else {
        return Ok(built_in_clinic());
    };
    let mut files = ClinicFiles::new();
    add(folder, folder, &mut files).map_err(|error| {
        StartError::Clinic(format!(
            "The clinic's folder {} can't be read: {error}",
            folder.display()
        ))
    })?;
    Ok(files)
}

/// The root key: from `BEDSIDE_ROOT_KEY`, from `BEDSIDE_PASSPHRASE`, or from the key file, which is made at the first
/// start.
pub fn root_key(config: &Config) -> Result<RootKey, StartError> {
    let wrong = |error: &dyn std::fmt::Display| StartError::Key(error.to_string());
    if let Ok(text) = std::env::var("BEDSIDE_ROOT_KEY") {
        return RootKey::from_base64(&text).map_err(|error| wrong(&error));
    }
    let path = config.key_file();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
    }
    if let Ok(passphrase) = std::env::var("BEDSIDE_PASSPHRASE") {
        let salt = salt(&path.with_extension("salt")).map_err(|error| wrong(&error))?;
        return RootKey::from_passphrase(&passphrase, &salt).map_err(|error| wrong(&error));
    }
    RootKey::load_or_create_file(&path)
        .map(|(key, _)| key)
        .map_err(|error| wrong(&error))
}

/// The salt of the passphrase; no secret, made once.
fn salt(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let fresh = bedside_vault::secret::random_bytes::<16>().to_vec();
            std::fs::write(path, &fresh)?;
            Ok(fresh)
        }
        read => read,
    }
}

/// Finishes a change of the root key that was stopped: the key that opens the data gets its place.
async fn chosen_root(config: &Config, db: &Db, current: RootKey) -> Result<RootKey, StartError> {
    let file = config.key_file();
    let next = rotate::next_file(&file);
    if !next.is_file() {
        return Ok(current);
    }
    let wrong = |error: bedside_vault::KeyFileError| StartError::Key(error.to_string());
    let (key, _) = RootKey::load_or_create_file(&next).map_err(wrong)?;
    let (root, is_next) = rotate::which_root(db, current, Some(key)).await?;
    if is_next {
        root.replace_file(&file).map_err(wrong)?;
        // It is only a second copy of what stands in the right place now.
        let _ = std::fs::remove_file(&next);
    }
    Ok(root)
}

/// Opens database, keys, engine and settings. The schema is brought to its newest version first.
pub async fn open(
    config: Config,
    clock: Arc<dyn Clock>,
) -> Result<(App, MigrationReport), StartError> {
    let target = match &config.database {
        Some(url) => Target::Postgres(url.clone()),
        None => Target::Sqlite(config.data.clone()),
    };
    let root = root_key(&config)?;
    let db = Db::open(&target).await?;
    let report = db.migrate(MIGRATIONS, clock.now()).await?;
    let engine = Engine::load(&clinic_files(&config)?).map_err(|error| {
        StartError::Clinic(format!(
            "{} line {}: {}",
            error.file, error.line, error.reason
        ))
    })?;
    let root = chosen_root(&config, &db, root).await?;
    let keyring = Keyring::load(&db, root, clock.now()).await?;
    let search = SearchIndex::open(&db).await?;
    let app = App::new(Parts {
        db,
        search,
        clock,
        ids: IdSource::new(),
        keyring,
        engine,
        directory: Directory::default(),
        caps: crate::public::Caps::default(),
        senders: crate::outbound::Senders::default(),
        i18n: bedside_web::I18n::global(),
        config,
    });
    crate::orgs::reload(&app).await?;
    Ok((app, report))
}
