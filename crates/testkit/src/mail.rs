//! Mail servers: Dovecot for IMAP and LMTP, Postfix for SMTP.
//!
//! A typical set: [`Dovecot`] holds the mailboxes, [`Postfix`] routes each domain to it, or to the
//! port of the receiver under test.

mod certificate;
mod dovecot;
mod postfix;

pub use certificate::Certificate;
pub use dovecot::{Dovecot, PASSWORD};
pub use postfix::{Postfix, Route};

use std::{fs, io, os::unix::fs::PermissionsExt};
use tempfile::TempDir;

/// A temporary folder that the servers' own accounts can pass through.
fn open_folder(prefix: &str) -> io::Result<TempDir> {
    let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}
