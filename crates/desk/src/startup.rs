//! From a configuration to a running desk.

mod folder;

use crate::app::{App, Parts};
use crate::config::Config;
use crate::error::DeskError;
use crate::knowledge;
use crate::orgs::Directory;
use crate::passkeys;
use crate::privacy::erasure;
use crate::records::{Keyring, rotate};
use bedside_db::search::SearchIndex;
use bedside_db::{Clock, Db, DbError, IdSource, Migration, MigrationReport, Target};
use bedside_language::{ClinicFiles, LoadError, MODEL_FILE};
use bedside_vault::RootKey;
use bytes::Bytes;
use include_dir::{Dir, include_dir};
use std::path::Path;
use std::sync::Arc;

/// Every step of the schema, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "ground floor",
        sql: include_str!("../migrations/0001_ground_floor.sql"),
    },
    Migration {
        version: 2,
        name: "warnings",
        sql: include_str!("../migrations/0002_warnings.sql"),
    },
    Migration {
        version: 3,
        name: "ratings and followers",
        sql: include_str!("../migrations/0003_ratings_and_followers.sql"),
    },
    Migration {
        version: 4,
        name: "unused files",
        sql: include_str!("../migrations/0004_unused_files.sql"),
    },
    Migration {
        version: 5,
        name: "sealed tags",
        sql: include_str!("../migrations/0005_sealed_tags.sql"),
    },
    Migration {
        version: 6,
        name: "fewer index pages",
        sql: include_str!("../migrations/0006_fewer_index_pages.sql"),
    },
    Migration {
        version: 7,
        name: "interrupted work",
        sql: include_str!("../migrations/0007_interrupted_work.sql"),
    },
    Migration {
        version: 8,
        name: "recipients",
        sql: include_str!("../migrations/0008_recipients.sql"),
    },
    Migration {
        version: 9,
        name: "paused clocks",
        sql: include_str!("../migrations/0009_paused_clocks.sql"),
    },
    Migration {
        version: 10,
        name: "crises that wait",
        sql: include_str!("../migrations/0010_crises_that_wait.sql"),
    },
    Migration {
        version: 11,
        name: "corrections",
        sql: include_str!("../migrations/0011_corrections.sql"),
    },
    Migration {
        version: 12,
        name: "feedback",
        sql: include_str!("../migrations/0012_feedback.sql"),
    },
    Migration {
        version: 13,
        name: "traces of danger",
        sql: include_str!("../migrations/0013_traces.sql"),
    },
    Migration {
        version: 14,
        name: "later audit pages",
        sql: include_str!("../migrations/0014_later_audit_pages.sql"),
    },
    Migration {
        version: 15,
        name: "roles",
        sql: include_str!("../migrations/0015_roles.sql"),
    },
    Migration {
        version: 16,
        name: "devices",
        sql: include_str!("../migrations/0016_devices.sql"),
    },
    Migration {
        version: 17,
        name: "second factors",
        sql: include_str!("../migrations/0017_second_factors.sql"),
    },
    Migration {
        version: 18,
        name: "identity",
        sql: include_str!("../migrations/0018_identity.sql"),
    },
    Migration {
        version: 19,
        name: "restricted",
        sql: include_str!("../migrations/0019_restricted.sql"),
    },
    Migration {
        version: 20,
        name: "representatives",
        sql: include_str!("../migrations/0020_representatives.sql"),
    },
    Migration {
        version: 21,
        name: "passkeys",
        sql: include_str!("../migrations/0021_passkeys.sql"),
    },
    Migration {
        version: 22,
        name: "privacy requests",
        sql: include_str!("../migrations/0022_privacy.sql"),
    },
    Migration {
        version: 23,
        name: "watch",
        sql: include_str!("../migrations/0023_watch.sql"),
    },
    Migration {
        version: 24,
        name: "reach",
        sql: include_str!("../migrations/0024_reach.sql"),
    },
    Migration {
        version: 25,
        name: "single sign-on",
        sql: include_str!("../migrations/0025_sso.sql"),
    },
    Migration {
        version: 26,
        name: "provisioning",
        sql: include_str!("../migrations/0026_provisioning.sql"),
    },
    Migration {
        version: 27,
        name: "patients sign in",
        sql: include_str!("../migrations/0027_portal.sql"),
    },
    Migration {
        version: 29,
        name: "notices and consents",
        sql: include_str!("../migrations/0029_notices.sql"),
    },
    Migration {
        version: 31,
        name: "breaches",
        sql: include_str!("../migrations/0031_breaches.sql"),
    },
    Migration {
        version: 33,
        name: "erasure",
        sql: include_str!("../migrations/0033_erasure.sql"),
    },
    Migration {
        version: 34,
        name: "shown by",
        sql: include_str!("../migrations/0034_shown_by.sql"),
    },
    Migration {
        version: 35,
        name: "retention",
        sql: include_str!("../migrations/0035_retention.sql"),
    },
    Migration {
        version: 36,
        name: "reviews",
        sql: include_str!("../migrations/0036_reviews.sql"),
    },
    Migration {
        version: 37,
        name: "places",
        sql: include_str!("../migrations/0037_places.sql"),
    },
    Migration {
        version: 39,
        name: "what a key seals",
        sql: include_str!("../migrations/0039_what_a_key_seals.sql"),
    },
    Migration {
        version: 40,
        name: "lists of breaches",
        sql: include_str!("../migrations/0040_breach_lists.sql"),
    },
    Migration {
        version: 43,
        name: "browsers",
        sql: include_str!("../migrations/0043_browsers.sql"),
    },
    Migration {
        version: 44,
        name: "files",
        sql: include_str!("../migrations/0044_files.sql"),
    },
    Migration {
        version: 45,
        name: "renewals",
        sql: include_str!("../migrations/0045_renewals.sql"),
    },
    Migration {
        version: 46,
        name: "marks of passkeys",
        sql: include_str!("../migrations/0046_passkey_marks.sql"),
    },
    Migration {
        version: 47,
        name: "more that goes by age",
        sql: include_str!("../migrations/0047_more_that_goes.sql"),
    },
    Migration {
        version: 48,
        name: "who a contact is",
        sql: include_str!("../migrations/0048_who_a_contact_is.sql"),
    },
    Migration {
        version: 49,
        name: "what was written down",
        sql: include_str!("../migrations/0049_written_down.sql"),
    },
    Migration {
        version: 50,
        name: "sight",
        sql: include_str!("../migrations/0050_sight.sql"),
    },
    Migration {
        version: 51,
        name: "clocks of the law",
        sql: include_str!("../migrations/0051_clocks_of_the_law.sql"),
    },
    Migration {
        version: 52,
        name: "root key changes",
        sql: include_str!("../migrations/0052_root_key_changes.sql"),
    },
    Migration {
        version: 54,
        name: "signs of several conversations",
        sql: include_str!("../migrations/0054_signs.sql"),
    },
    Migration {
        version: 56,
        name: "who asked",
        sql: include_str!("../migrations/0056_who_asked.sql"),
    },
    Migration {
        version: 59,
        name: "hand-overs to nurses",
        sql: include_str!("../migrations/0059_nurse_steps.sql"),
    },
    Migration {
        version: 61,
        name: "standing",
        sql: include_str!("../migrations/0061_standing.sql"),
    },
    Migration {
        version: 63,
        name: "chosen ways",
        sql: include_str!("../migrations/0063_chosen_ways.sql"),
    },
    Migration {
        version: 64,
        name: "part2",
        sql: include_str!("../migrations/0064_part2.sql"),
    },
    Migration {
        version: 65,
        name: "people who go by age",
        sql: include_str!("../migrations/0065_people_who_go.sql"),
    },
];

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
    /// The data is of an earlier release, and was opened only to be looked at.
    #[error(
        "This data was written by an earlier Bedside. Run `bedside migrate`, or start the desk, first."
    )]
    Older,
    /// The clinic's files.
    #[error("{0}.")]
    Clinic(#[from] LoadError),
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
            Self::Database(_) | Self::Desk(_) | Self::Older => 1,
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

/// The model that ships with the program.
pub fn shipped_model() -> Option<Bytes> {
    let file = CLINIC.get_file(MODEL_FILE)?;
    Some(Bytes::from_static(file.contents()))
}

/// What a clinic's folder from before the program had it may lack: it comes from the program.
const LATER: [&str; 10] = [
    "language/coach/",
    "language/disguises.toml",
    "language/distress.",
    "language/han.txt",
    "language/markers/",
    "language/pretexts.toml",
    "language/questions.toml",
    "language/segments.toml",
    "language/themes.",
    "roles.toml",
];

/// The clinic's files: its own folder's where one is set, else those that ship with the program.
pub fn clinic_files(config: &Config) -> Result<ClinicFiles, LoadError> {
    clinic_files_where(config, |_| true)
}

/// Those of the clinic's files and folders whose path below the clinic's folder is `wanted`; no others are looked at.
pub fn clinic_files_where(
    config: &Config,
    wanted: fn(&str) -> bool,
) -> Result<ClinicFiles, LoadError> {
    let mut shipped = built_in_clinic();
    shipped.retain(|name, _| wanted(name));
    let Some(folder) = &config.clinic else {
        return Ok(shipped);
    };
    let mut files = folder::read(folder, wanted)?;
    let later = |name: &str| LATER.iter().any(|start| name.starts_with(start));
    for (name, text) in shipped {
        if later(&name) {
            files.entry(name).or_insert(text);
        }
    }
    Ok(files)
}

/// Whether a root key may be made where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// At the very first start: nothing is sealed yet.
    Make,
    /// There is data that another key opens: a new one would only hide that it is missing.
    Refuse,
}

/// The root key: from `BEDSIDE_ROOT_KEY`, from `BEDSIDE_PASSPHRASE`, or from the key file.
pub fn root_key(config: &Config, missing: Missing) -> Result<RootKey, StartError> {
    let wrong = |error: &dyn std::fmt::Display| StartError::Key(error.to_string());
    if let Ok(text) = std::env::var("BEDSIDE_ROOT_KEY") {
        return RootKey::from_base64(&text).map_err(|error| wrong(&error));
    }
    let path = config.key_file();
    if let (Missing::Make, Some(folder)) = (missing, path.parent()) {
        std::fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
    }
    if let Ok(passphrase) = std::env::var("BEDSIDE_PASSPHRASE") {
        let salt = salt(&salt_file(config), missing)?;
        return RootKey::from_passphrase(&passphrase, &salt).map_err(|error| wrong(&error));
    }
    let loaded = match missing {
        Missing::Make => RootKey::load_or_create_file(&path).map(|(key, _)| key),
        Missing::Refuse => RootKey::load_file(&path),
    };
    loaded.map_err(|error| wrong(&error))
}

/// Where the salt of the passphrase is kept: beside where the key file would be.
pub fn salt_file(config: &Config) -> std::path::PathBuf {
    config.key_file().with_extension("salt")
}

/// The salt of the passphrase; no secret, made once and on disk before anything depends on it.
fn salt(path: &Path, missing: Missing) -> Result<Vec<u8>, StartError> {
    let wrong = |error: std::io::Error| {
        StartError::Key(format!(
            "its salt at {} is missing or can't be read ({error})",
            path.display()
        ))
    };
    match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && missing == Missing::Make => {
            let fresh = bedside_vault::secret::random_bytes::<16>().to_vec();
            let part = path.with_extension("salt-part");
            let kept = std::fs::write(&part, &fresh)
                .and_then(|()| std::fs::File::open(&part)?.sync_all())
                .and_then(|()| std::fs::rename(&part, path))
                .and_then(|()| match path.parent() {
                    Some(folder) => std::fs::File::open(folder)?.sync_all(),
                    None => Ok(()),
                });
            kept.map(|()| fresh).map_err(wrong)
        }
        read => read.map_err(wrong),
    }
}

/// The root key that opens this data. A change of the root key that was stopped is finished: the key that opens the data
/// gets its place, unless `only_reads`.
async fn right_root(config: &Config, db: &Db, only_reads: bool) -> Result<RootKey, StartError> {
    let wrong = |error: bedside_vault::KeyFileError| StartError::Key(error.to_string());
    if !rotate::is_sealed(db).await? {
        return root_key(config, Missing::Make);
    }
    let current = root_key(config, Missing::Refuse)?;
    if rotate::opens(db, &current).await? {
        return Ok(current);
    }
    let file = config.key_file();
    let next = rotate::next_file(&file);
    if next.is_file() {
        let key = RootKey::load_file(&next).map_err(wrong)?;
        if rotate::opens(db, &key).await? {
            if !only_reads {
                key.replace_file(&file).map_err(wrong)?;
                // It is only a second copy of what stands in the right place now.
                let _ = std::fs::remove_file(&next);
            }
            return Ok(key);
        }
    }
    Err(StartError::Key(format!(
        "the key {} is not the one that this data was sealed with",
        current.fingerprint()
    )))
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
    let db = Db::open(&target).await?;
    let report = db.migrate(MIGRATIONS, clock.now()).await?;
    let root = right_root(&config, &db, false).await?;
    let app = put_together(config, clock, db, root, false).await?;
    passkeys::mark_those_of_before(&app).await?;
    let again = erasure::reapply(&app).await?;
    if again > 0 {
        tracing::warn!(
            again,
            "records that were erased before are erased in this database too"
        );
    }
    Ok((app, report))
}

/// Opens a desk to look at it, while another process may be serving it. On the embedded engine nothing can be written:
/// commands are refused as [`DbError::InUse`]. Data of another schema is refused.
pub async fn open_to_read(config: Config, clock: Arc<dyn Clock>) -> Result<App, StartError> {
    let db = match &config.database {
        Some(url) => Db::open(&Target::Postgres(url.clone())).await?,
        None => Db::open_to_read(&config.data.join(bedside_db::sqlite::FILE))?,
    };
    read_from(config, clock, db).await
}

/// The same for one database file, such as a backup, with the keys of `config`.
pub async fn open_file(
    config: Config,
    clock: Arc<dyn Clock>,
    file: &Path,
) -> Result<App, StartError> {
    read_from(config, clock, Db::open_to_read(file)?).await
}

async fn read_from(config: Config, clock: Arc<dyn Clock>, db: Db) -> Result<App, StartError> {
    let known = MIGRATIONS.last().map_or(0, |migration| migration.version);
    match db.schema_version().await?.unwrap_or(0) {
        found if found > known => return Err(DbError::Newer { found, known }.into()),
        found if found < known => return Err(StartError::Older),
        _ => {}
    }
    let root = right_root(&config, &db, true).await?;
    put_together(config, clock, db, root, true).await
}

async fn put_together(
    config: Config,
    clock: Arc<dyn Clock>,
    db: Db,
    root: RootKey,
    only_reads: bool,
) -> Result<App, StartError> {
    let shelf = knowledge::start(&config, !only_reads)?;
    let keyring = Keyring::load(&db, root, clock.now()).await?;
    let search = SearchIndex::open(&db, Arc::clone(&clock)).await?;
    let others = bedside_channels::http::Client::new(config.allowed(), None);
    let app = App::new(Parts {
        db,
        search,
        clock,
        ids: IdSource::new(),
        keyring,
        shelf,
        directory: Directory::default(),
        counts: crate::tickets::Counts::default(),
        caps: crate::public::Caps::default(),
        reads: crate::public::Caps::default(),
        patients_reads: crate::public::Caps::default(),
        senders: crate::outbound::Senders::default(),
        others,
        providers: crate::staff::sso::Providers::default(),
        storage: crate::storage::Storage::default(),
        i18n: bedside_web::I18n::global(),
        config,
    });
    crate::orgs::reload(&app).await?;
    Ok(app)
}
