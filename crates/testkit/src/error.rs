use std::{io, path::PathBuf};

/// Why a server for a test did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A program is not on this machine.
    #[error("{program} is missing: install Debian's package {package}")]
    Missing {
        /// The program that was looked for.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A program ran and said no.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program that was run.
        program: &'static str,
        /// What it printed.
        output: String,
    },
    /// The server started and did not answer in time.
    #[error("{program} did not answer in time: {log}")]
    NotReady {
        /// The server's name.
        program: &'static str,
        /// The end of its log.
        log: String,
    },
    /// The folder that runs share belongs to somebody else.
    #[error("{} belongs to another user", .0.display())]
    ForeignFolder(PathBuf),
    /// PostgreSQL refused a statement.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// A file or a process could not be handled.
    #[error(transparent)]
    Io(#[from] io::Error),
}
