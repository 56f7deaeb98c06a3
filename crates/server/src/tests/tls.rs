//! Encrypted connections, with a certificate made here.

use super::client::{Answer, Running};
use crate::{ServerError, Tls};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

fn certificate(folder: &std::path::Path, name: &str) -> (Tls, rcgen::Certificate) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (Tls { cert, key }, made.cert)
}

fn get(server: &Running, trusted: &rcgen::Certificate) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(server.addr()).unwrap());
    stream.write_all(b"GET /health/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn a_client_that_trusts_the_certificate_is_answered_and_others_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let ((tls, own), (_, foreign)) =
        (certificate(folder.path(), "own"), certificate(folder.path(), "foreign"));
    let server = Running::like(|config| config.tls = Some(tls));
    let answer = Answer::of(&get(&server, &own).unwrap());
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ready")));
    assert!(get(&server, &foreign).is_err(), "a certificate that is not known");
    assert!(!server.unfinished("GET /health/ready HTTP/1.1\r\nhost: localhost\r\n\r\n").starts_with("HTTP"));
    assert_eq!(Answer::of(&get(&server, &own).unwrap()).status, 200, "and it goes on");
}

#[test]
fn certificates_and_keys_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ((one, _), (other, _)) = (certificate(folder.path(), "one"), certificate(folder.path(), "other"));
    let missing = folder.path().join("missing");
    let cases = [
        Tls { cert: one.cert.clone(), key: other.key },
        Tls { cert: one.key.clone(), key: one.key.clone() },
        Tls { cert: one.cert.clone(), key: one.cert.clone() },
        Tls { cert: missing.clone(), key: one.key },
        Tls { cert: one.cert, key: missing },
    ];
    for tls in cases {
        assert!(matches!(tls.acceptor(), Err(ServerError::Tls { .. })), "{tls:?}");
    }
}
