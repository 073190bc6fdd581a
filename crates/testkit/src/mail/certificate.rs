use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{StartError, process::run};

/// A self-signed certificate for `localhost` and 127.0.0.1 that a test tells its client to trust.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// PEM file of the certificate; also the file of trusted roots that makes it valid.
    pub certificate: PathBuf,
    /// PEM file of the private key.
    pub key: PathBuf,
}

impl Certificate {
    /// Makes a new one in `folder` with the `openssl` program.
    pub fn localhost(folder: &Path) -> Result<Self, StartError> {
        let files = Self {
            certificate: folder.join("localhost.pem"),
            key: folder.join("localhost.key"),
        };
        let mut openssl = Command::new("openssl");
        openssl
            .args([
                "req",
                "-x509",
                "-nodes",
                "-days",
                "30",
                "-subj",
                "/CN=localhost",
            ])
            .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-out",
            ])
            .arg(&files.certificate)
            .arg("-keyout")
            .arg(&files.key);
        run("openssl", &mut openssl)?;
        Ok(files)
    }
}
