//! Encrypted connections.

use crate::ServerError;
use crate::clock::Clock;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

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
