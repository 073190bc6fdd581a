use std::{fmt, fs, path::Path, sync::Arc};

use rustls::{
    ClientConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (ports 993 and 465; RFC 8314 prefers it).
    Implicit,
    /// TLS after the server's greeting (ports 143 and 587); a server without it is refused.
    StartTls,
    /// None: for a server on the same machine.
    None,
}

/// A password; it never shows in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[secret]")
    }
}

/// Why TLS could not be set up on our side.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of additional roots can't be read or holds no certificate.
    #[error("the file with the mail server's certificate authority can't be used")]
    RootsFile,
    /// The machine's own roots can't be used.
    #[error("this machine's trusted certificates can't be used")]
    Platform,
    /// The host is neither a DNS name nor an IP address.
    #[error("the mail server's name is not a valid host name")]
    HostName,
}

/// The certificates of a PEM file, at least one.
pub(crate) fn roots(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = fs::read(file).map_err(|_| TlsError::RootsFile)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::RootsFile)?;
    if certificates.is_empty() {
        Err(TlsError::RootsFile)
    } else {
        Ok(certificates)
    }
}

/// Trusts what the machine trusts, and the authorities in `extra_roots`.
pub(crate) fn client_config(extra_roots: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let extra = extra_roots.map(roots).transpose()?.unwrap_or_default();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider))
        .map_err(|_| TlsError::Platform)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Platform)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(Arc::new(config))
}
