use super::*;
use bedside_testkit::mail::Certificate;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::Acceptor;
use std::net::Ipv4Addr;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const TIME: Duration = Duration::from_secs(20);

async fn listening() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// A server as it should be.
async fn sound(certificate: &Certificate) -> u16 {
    let chain = tls::roots(&certificate.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a server");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, port) = listening().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    port
}

/// A server that answers every connection with these bytes and hangs up.
async fn says(bytes: &'static [u8]) -> u16 {
    let (listener, port) = listening().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut some = [0; 1024];
            let _ = stream.read(&mut some).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    port
}

#[tokio::test]
async fn a_sound_door_is_trusted_and_refuses_what_is_old_or_weak() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = Certificate::localhost(folder.path()).expect("a certificate");
    let port = sound(&certificate).await;
    let roots = Some(certificate.certificate.as_path());
    let seen = look("localhost", port, roots, TIME).await.expect("a look");
    assert_eq!(seen.version, "TLSv1_3");
    assert!(seen.suite.starts_with("TLS13_"), "{seen:?}");
    assert!(!seen.takes_old && !seen.takes_weak, "{seen:?}");
    let error = look("localhost", port, None, TIME).await;
    assert!(matches!(error, Err(Error::NotTrusted(_))), "{error:?}");
}

#[tokio::test]
async fn whoever_goes_on_after_an_old_beginning_is_found_out() {
    // The beginning of a ServerHello of TLS 1.1; an alert (protocol_version); nothing.
    let table: [(&'static [u8], bool); 4] = [
        (&[22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2], true),
        (&[21, 3, 1, 0, 2, 2, 70], false),
        (&[], false),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false),
    ];
    for (answer, taken) in table {
        let port = says(answer).await;
        let sent = hello("localhost", OLD, SUITES_OF_OLD);
        let told = takes("localhost", port, &sent, TIME)
            .await
            .expect("an answer");
        assert_eq!(told, taken, "{answer:?}");
    }
    let (listener, port) = listening().await;
    drop(listener);
    let error = look("localhost", port, None, TIME).await;
    assert!(matches!(error, Err(Error::Nobody(_))), "{error:?}");
    let (_silent, port) = listening().await;
    let error = look("localhost", port, None, Duration::from_millis(50)).await;
    assert!(matches!(error, Err(Error::TooSlow)), "{error:?}");
}

#[tokio::test]
async fn silence_is_a_no() {
    let (_silent, port) = listening().await;
    for (version, suites) in [(OLD, SUITES_OF_OLD), (NOW, WEAK_SUITES)] {
        let sent = hello("localhost", version, suites);
        let silence = Duration::from_millis(50);
        let told = takes("localhost", port, &sent, silence).await;
        assert!(matches!(told, Ok(false)), "{told:?}");
    }
}

/// Else every server would refuse it, whatever it takes of others.
#[test]
fn the_beginnings_are_well_formed() {
    for suites in [SUITES_OF_OLD, WEAK_SUITES] {
        let sent = hello("desk.example", NOW, suites);
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut &sent[..]).expect("it is read");
        let accepted = acceptor.accept().ok().flatten().expect("a whole beginning");
        let heard = accepted.client_hello();
        assert_eq!(heard.server_name(), Some("desk.example"));
        let named = heard.cipher_suites().iter();
        let named: Vec<u16> = named.map(|one| u16::from(*one)).collect();
        assert_eq!(named, suites);
    }
    // The older one says the same of itself, but for the signatures, which it does not know.
    let old = hello("desk.example", OLD, SUITES_OF_OLD);
    assert_eq!(old[9..11], OLD.to_be_bytes());
    let length = u16::from_be_bytes([old[3], old[4]]);
    assert_eq!(usize::from(length) + 5, old.len());
}
