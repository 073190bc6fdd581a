//! What can go wrong below a store.

use std::path::PathBuf;

/// The server takes nothing at the moment: it is a standby, or somebody made it so.
const READ_ONLY: &str = "25006";

/// An error of the database layer. None of its texts carry bound values.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique or foreign key rule said no; the text names the rule, never the value.
    #[error("a rule of the database refused the change: {0}")]
    Conflict(String),
    /// The disk (or the quota) is full. Nothing of the command was kept.
    #[error("the disk is full")]
    Full,
    /// The disk did not do what it was asked. Nothing of the command was kept.
    #[error("the disk can't be written or read")]
    Disk,
    /// The engine was too busy to take the command, or two commands blocked each other. Trying again is safe.
    #[error("the database is busy")]
    Busy,
    /// A file is not what the engine wrote into it.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// Another process holds the data folder.
    #[error("another Bedside is already running on {0}")]
    InUse(PathBuf),
    /// The data was written by a newer release.
    #[error("this data was written by a newer Bedside (schema {found}, this one knows {known})")]
    Newer {
        /// The schema version found in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// A migration that ran before has other text now.
    #[error("migration {0} is not the one that was applied to this data")]
    Changed(i64),
    /// A migration that never ran stands below one that did: it would be left out for ever.
    #[error(
        "migration {0} was never applied to this data, and a later one was: this program's steps are out of order"
    )]
    Below(i64),
    /// The number of arguments differs from the number of parameters.
    #[error("{statement}: {given} arguments for {wanted} parameters")]
    Arguments {
        /// Name of the statement.
        statement: &'static str,
        /// How many were given.
        given: usize,
        /// How many the text has.
        wanted: usize,
    },
    /// A row that had to be there was not.
    #[error("{0}: no row")]
    NoRow(&'static str),
    /// A column held another type than the reader expected.
    #[error("column {column}: {reason}")]
    Column {
        /// Position in the row, from 0.
        column: usize,
        /// What was wrong.
        reason: String,
    },
    /// A command on the embedded engine waited for something outside the database.
    #[error("a command waited for something other than the database inside a write")]
    Waited,
    /// The database was closed.
    #[error("the database is closed")]
    Closed,
    /// The server could not be reached or hung up.
    #[error("the database can't be reached: {0}")]
    Connection(String),
    /// This engine does not do that.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Anything else, with the engine's own words.
    #[error("the database refused: {0}")]
    Engine(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl DbError {
    /// A column holds a code that this program doesn't know.
    pub fn unknown_code(column: usize) -> Self {
        Self::Column {
            column,
            reason: "an unknown code".to_owned(),
        }
    }

    /// Whether the same command may succeed when tried again.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy | Self::Full | Self::Disk | Self::Connection(_)
        )
    }

    /// Whether nothing can be stored because of the disk.
    pub const fn is_disk(&self) -> bool {
        matches!(self, Self::Full | Self::Disk)
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match &error {
            rusqlite::Error::SqliteFailure(failure, text) => {
                let text = text.clone().unwrap_or_else(|| failure.to_string());
                match failure.code {
                    ErrorCode::ConstraintViolation => Self::Conflict(text),
                    ErrorCode::DiskFull => Self::Full,
                    ErrorCode::SystemIoFailure => Self::Disk,
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged(text),
                    _ => Self::Engine(text),
                }
            }
            _ => Self::Engine(error.to_string()),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(server) = error.as_db_error() else {
            // Its own text says only what was being done.
            let cause = std::error::Error::source(&error);
            return Self::Connection(
                cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
            );
        };
        let said = server.constraint().unwrap_or_else(|| server.message());
        of_server(server.code().code(), server.file(), said)
    }
}

/// What a server's error `code` means (PostgreSQL manual, appendix A); `file` is the source file that it comes from.
fn of_server(code: &str, file: Option<&str>, said: &str) -> DbError {
    match code {
        "40001" | "40P01" | "55P03" => DbError::Busy,
        "53100" => DbError::Full,
        "58030" => DbError::Disk,
        // A file that can't grow has a code only where the system calls the disk full. Beyond a quota or a limit on the
        // size of files it comes as an internal error of the code that writes files.
        "XX000" if matches!(file, Some("md.c" | "fd.c" | "buffile.c")) => DbError::Disk,
        // Out of memory, connections or file handles: others have to end first.
        code if code.starts_with("53") => DbError::Busy,
        code if code.starts_with("23") => DbError::Conflict(said.to_owned()),
        code if code.starts_with("08") || code.starts_with("57P") || code == READ_ONLY => {
            DbError::Connection(said.to_owned())
        }
        code => DbError::Engine(format!("{code} {said}")),
    }
}

impl From<deadpool_postgres::PoolError> for DbError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::Connection(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_codes_say_whether_trying_again_helps() {
        for (codes, disk, transient) in [
            (&["53100", "58030"][..], true, true),
            (&["53000", "53200", "53300", "53400"][..], false, true),
            (
                &["57P01", "57P02", "57P03", "08006", READ_ONLY][..],
                false,
                true,
            ),
            (&["40001", "40P01", "55P03"][..], false, true),
            (&["23505", "42601", "XX000", "57014"][..], false, false),
        ] {
            for code in codes {
                let error = of_server(code, Some("nodeModifyTable.c"), "no");
                let found = (error.is_disk(), error.is_transient());
                assert_eq!(found, (disk, transient), "{code}: {error}");
            }
        }
        assert!(of_server("XX000", Some("md.c"), "could not extend file").is_disk());
        assert!(!of_server("XX000", None, "could not extend file").is_disk());
    }
}
