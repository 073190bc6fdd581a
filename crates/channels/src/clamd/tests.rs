use super::*;
use bedside_testkit::clamd::{Clamd, EICAR, SIGNATURE, STREAM_LIMIT};
use proptest::prelude::*;
use tokio::net::TcpListener;

async fn look(scanner: &Scanner, bytes: &[u8]) -> Result<Answer, ScanError> {
    let mut look = Look::begin(scanner).await?;
    for piece in bytes.chunks(100_000) {
        look.send(piece).await?;
    }
    look.end().await
}

#[tokio::test]
async fn a_real_scanner_tells_what_is_harmful_by_socket_and_by_port() {
    let clamd = Clamd::start().unwrap();
    let socket: Scanner = clamd.socket.to_str().unwrap().parse().unwrap();
    let host: Scanner = format!("127.0.0.1:{}", clamd.port).parse().unwrap();
    for scanner in [socket, host] {
        assert!(scanner.is_here());
        assert_eq!(
            look(&scanner, b"A letter.").await.unwrap(),
            Answer::Clean,
            "{scanner}"
        );
        assert_eq!(look(&scanner, b"").await.unwrap(), Answer::Clean);
        assert_eq!(
            look(&scanner, &vec![7; 700_000]).await.unwrap(),
            Answer::Clean
        );
        let found = look(&scanner, EICAR).await.unwrap();
        assert_eq!(found, Answer::Found(format!("{SIGNATURE}.UNOFFICIAL")));
    }
}

#[tokio::test]
async fn a_file_over_the_scanners_limit_is_not_called_clean() {
    let clamd = Clamd::start().unwrap();
    let scanner: Scanner = clamd.socket.to_str().unwrap().parse().unwrap();
    let error = look(&scanner, &vec![b'x'; STREAM_LIMIT + 1])
        .await
        .unwrap_err();
    // The scanner hangs up in the middle; whether its last line is still read depends on the moment.
    assert!(
        matches!(error.code(), "too_large" | "broke_off"),
        "{error:?}"
    );
}

#[tokio::test]
async fn whoever_is_no_scanner_is_not_believed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let scanner: Scanner = format!("127.0.0.1:{port}").parse().unwrap();
    for (said, code) in [
        (&b""[..], "broke_off"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\nstream: OK\0", "garbled"),
        (&[b'x'; 5000], "garbled"),
    ] {
        let answers = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 18];
            stream.read_exact(&mut asked).await.unwrap();
            assert_eq!(&asked, b"zINSTREAM\0\0\0\0\x04file");
            stream.read_exact(&mut [0; 4]).await.unwrap();
            let _ = stream.write_all(said).await;
        };
        let (told, ()) = tokio::join!(look(&scanner, b"file"), answers);
        assert_eq!(told.unwrap_err().code(), code);
    }
    drop(listener);
    let told = look(&scanner, b"file").await.unwrap_err();
    assert_eq!(told.code(), "unreachable", "{told}");
}

#[test]
fn a_scanners_place_is_a_socket_or_a_host_with_its_port() {
    for (text, here) in [
        ("/run/clamav/clamd.ctl", true),
        ("127.0.0.1:3310", true),
        ("[::1]:3310", true),
        ("localhost:3310", true),
        ("clamav.clinic.lan:3310", false),
        ("10.1.0.5:3310", false),
        ("[2001:db8::1]:3310", false),
    ] {
        let scanner: Scanner = text.parse().unwrap();
        assert_eq!(scanner.is_here(), here, "{text}");
        assert_eq!(scanner.to_string(), text);
    }
    for text in [
        "",
        "clamav",
        "clamav:",
        "clamav:0",
        "clamav:70000",
        ":3310",
        "a b:3310",
        "[clamav]:3310",
        "http://clamav:3310",
        "[127.0.0.1]:1",
    ] {
        assert!(text.parse::<Scanner>().is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_place_is_survived(text in ".{0,60}") {
        if let Ok(scanner) = text.parse::<Scanner>() {
            prop_assert_eq!(scanner.to_string().parse::<Scanner>(), Ok(scanner));
        }
    }
}
