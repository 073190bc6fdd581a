use super::*;
use bedside_testkit::mail::Certificate;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

const LIMITS: Limits = Limits {
    time: Duration::from_secs(20),
    body: 1000,
};

type Expected = fn(&Error) -> bool;

/// Where a name leads, asked once for each look.
pub(super) type Names = Arc<dyn Fn(&str, u16) -> Vec<SocketAddr> + Send + Sync>;

fn nothing_more() -> Client {
    Client::new(Arc::new(|_, _| false), None)
}

fn this_machine_too() -> Client {
    Client::new(Arc::new(|_, address| address.is_loopback()), None)
}

/// Answers the first connection with `answer`, and gives back what was asked; the connection stays open for `open`.
async fn server(answer: Vec<u8>, open: bool) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut asked = Vec::new();
        while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
            let mut some = [0; 1024];
            let read = stream.read(&mut some).await.expect("a request");
            assert_ne!(read, 0, "the request stopped");
            asked.extend_from_slice(&some[..read]);
        }
        // The other side may have heard enough by now.
        let _ = stream.write_all(&answer).await;
        if open {
            let mut end = [0; 1];
            let _ = stream.read(&mut end).await;
        }
        String::from_utf8(asked).expect("text")
    });
    (port, task)
}

fn get(address: &str) -> Request<Vec<u8>> {
    Request::get(address).body(Vec::new()).expect("a request")
}

fn body(length: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; length]].concat()
}

#[tokio::test]
async fn a_request_is_answered_as_it_was_written() {
    let (port, asked) = server(body(1000), false).await;
    let address = format!("http://127.0.0.1:{port}/a/b?c=d");
    let answer = this_machine_too()
        .send(get(&address), LIMITS)
        .await
        .expect("an answer");
    assert_eq!((answer.status().as_u16(), answer.body().len()), (200, 1000));
    let asked = asked.await.expect("a server");
    assert!(asked.starts_with("GET /a/b?c=d HTTP/1.1\r\n"), "{asked}");
    assert!(
        asked.contains(&format!("host: 127.0.0.1:{port}\r\n")),
        "{asked}"
    );
}

#[tokio::test]
async fn attack_19_a_redirect_is_an_answer_and_not_a_way() {
    let (port, asked) = server(
        b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n"
            .to_vec(),
        false,
    )
    .await;
    let address = format!("http://127.0.0.1:{port}/");
    let answer = this_machine_too()
        .send(get(&address), LIMITS)
        .await
        .expect("an answer");
    assert_eq!(answer.status().as_u16(), 302);
    asked.await.expect("a server");
}

#[tokio::test]
async fn what_is_too_much_or_too_slow_or_nonsense_ends() {
    let endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let chunks = [
        endless.clone(),
        b"400\r\n".to_vec(),
        vec![b'x'; 1024],
        b"\r\n".to_vec(),
    ]
    .concat();
    let long_head = [b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'x'; 2 * MAX_HEAD]].concat();
    let short = Limits {
        time: Duration::from_millis(300),
        ..LIMITS
    };
    let cases: [(Vec<u8>, bool, Limits, Expected); 5] = [
        (body(1001), true, LIMITS, |e| matches!(e, Error::TooLong)),
        (chunks, true, LIMITS, |e| matches!(e, Error::TooLong)),
        (endless, true, short, |e| matches!(e, Error::TooSlow)),
        (long_head, true, LIMITS, |e| matches!(e, Error::Protocol(_))),
        (b"SSH-2.0-here\r\n".to_vec(), false, LIMITS, |e| {
            matches!(e, Error::Protocol(_))
        }),
    ];
    for (number, (answer, open, limits, expected)) in cases.into_iter().enumerate() {
        let (port, asked) = server(answer, open).await;
        let address = format!("http://127.0.0.1:{port}/");
        let error = this_machine_too().send(get(&address), limits).await;
        let error = error.expect_err("no answer");
        assert!(expected(&error), "{number}: {error:?}");
        asked.await.expect("a server that was hung up on");
    }
}

/// Whatever spelling leads there.
#[tokio::test]
async fn attack_19_20_this_machine_and_private_networks_are_not_called() {
    let client = nothing_more();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "[fd00:ec2::254]",
        "[fc00::1]",
    ] {
        for scheme in ["http", "https"] {
            let error = client
                .send(get(&format!("{scheme}://{host}/")), LIMITS)
                .await;
            let error = error.expect_err("not to be called");
            assert!(
                matches!(error, Error::NotAllowed),
                "{scheme} {host}: {error:?}"
            );
        }
    }
}

/// A client whose name leads to `answers`, one after the other; counts the looks. 127.0.0.2 is what it may call.
fn moving(answers: Vec<Vec<Ipv4Addr>>) -> (Client, Arc<AtomicUsize>) {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let names: Names = Arc::new(move |host, port| {
        assert_eq!(host, "moving.example");
        let look = counted.fetch_add(1, Ordering::SeqCst);
        let answer = &answers[look.min(answers.len() - 1)];
        answer.iter().map(|one| (*one, port).into()).collect()
    });
    let mut client = Client::new(Arc::new(|_, address| address == IpAddr::V4(GOOD)), None);
    client.names = Some(names);
    (client, looks)
}

/// What may be called, and what may not.
const GOOD: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const EVIL: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// DNS rebinding: a name that led somewhere harmless when it was judged leads to this machine a moment later.
#[tokio::test]
async fn attack_19_a_name_is_looked_up_once_and_what_was_judged_is_connected_to() {
    let listener = TcpListener::bind((GOOD, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // Whoever looks a second time comes here.
    let trap = TcpListener::bind((EVIL, port))
        .await
        .expect("the same port");
    let answers = tokio::spawn(async move {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&body(3)).await;
        }
    });
    let address = format!("http://moving.example:{port}/");
    for first in [vec![GOOD], vec![EVIL, GOOD]] {
        let (client, looks) = moving(vec![first, vec![EVIL]]);
        let answer = client.send(get(&address), LIMITS).await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), looks.load(Ordering::SeqCst)),
            (200, 1)
        );
    }
    // The other way round it is refused, and not asked until it leads somewhere better.
    let (client, looks) = moving(vec![vec![EVIL], vec![GOOD]]);
    let refused = client.send(get(&address), LIMITS).await;
    assert!(matches!(refused, Err(Error::NotAllowed)), "{refused:?}");
    assert_eq!(looks.load(Ordering::SeqCst), 1);
    answers.await.expect("a server");
    let came = tokio::time::timeout(Duration::from_millis(50), trap.accept()).await;
    assert!(came.is_err(), "somebody came by the second look");
}

#[tokio::test]
async fn plain_http_goes_nowhere_else() {
    let anywhere = Client::new(Arc::new(|_, _| true), None);
    for client in [anywhere, nothing_more()] {
        let error = client.send(get("http://203.0.113.9/"), LIMITS).await;
        assert!(matches!(error, Err(Error::NotHttps)), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused() {
    for address in [
        "/path",
        "ftp://idp.example/",
        "https://user@idp.example/",
        "https://idp.example@127.0.0.1/",
    ] {
        let error = nothing_more().send(get(address), LIMITS).await;
        assert!(matches!(error, Err(Error::Address)), "{address}: {error:?}");
    }
}

/// Answers one connection over TLS, if the other side goes on after the certificate.
async fn secure_server(certificate: &Certificate) -> (u16, JoinHandle<bool>) {
    let chain = tls::roots(&certificate.certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(&certificate.key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a server");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(stream).await else {
            return false;
        };
        let mut some = [0; 1024];
        let heard = matches!(stream.read(&mut some).await, Ok(read) if read > 0);
        let _ = stream.write_all(&body(7)).await;
        let _ = stream.shutdown().await;
        heard
    });
    (port, task)
}

#[tokio::test]
async fn a_server_is_asked_once_its_certificate_is_trusted_for_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = Certificate::localhost(folder.path()).expect("a certificate");
    let allowed: Allowed = Arc::new(|_, address| address.is_loopback());
    let trusting = Client::new(allowed, Some(certificate.certificate.clone()));

    let (port, heard) = secure_server(&certificate).await;
    let address = format!("https://localhost:{port}/");
    let answer = trusting
        .send(get(&address), LIMITS)
        .await
        .expect("an answer");
    assert_eq!(answer.body().len(), 7);
    assert!(heard.await.expect("a server"));

    let (port, heard) = secure_server(&certificate).await;
    let address = format!("https://localhost:{port}/");
    let error = this_machine_too().send(get(&address), LIMITS).await;
    let error = error.expect_err("nobody vouches for it");
    assert!(matches!(error, Error::Tls(_)), "{error:?}");
    assert!(!heard.await.expect("a server"), "it heard a request");
}
