//! Encrypted connections.

mod validity;

use crate::ServerError;
use crate::clock::Clock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use tokio_rustls::TlsAcceptor;
use validity::{Validity, Wrong};

/// Where certificate and key are, as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The server's certificate, then those between it and the root.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Tls {
    /// Reads both, and checks that they belong together.
    ///
    /// # Errors
    /// When a file cannot be read, has no certificate or key, or they do not fit.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, ServerError> {
        let fails = |path: &PathBuf, why: &dyn std::fmt::Display| ServerError::Tls {
            path: path.clone(),
            why: why.to_string(),
        };
        let chain = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| fails(&self.cert, &error))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| fails(&self.key, &error))?;
        if let Some(why) = chain.iter().find_map(|one| wrong(one, SystemTime::now())) {
            tracing::warn!("{why}: {}", self.cert.display());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_details(provider, Arc::new(Clock))
            .with_safe_default_protocol_versions()
            .map_err(|error| fails(&self.cert, &error))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| fails(&self.cert, &error))?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// What clients will hold against a certificate at a time.
fn wrong(certificate: &[u8], now: SystemTime) -> Option<String> {
    const DAY: u64 = 86_400;
    match Validity::of(certificate)?.wrong_at(now)? {
        Wrong::Expired(gone) => Some(format!(
            "a certificate has expired ({} days ago); clients will refuse it",
            gone.as_secs() / DAY
        )),
        Wrong::Early(left) => {
            let days = left.as_secs().div_ceil(DAY);
            Some(format!("a certificate holds in {days} days only; clients will refuse it until then"))
        }
    }
}
