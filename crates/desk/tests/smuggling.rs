//! Where a request ends, over a real socket: nobody hides a second one in the body of a first.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod common;

use bedside_desk::server;
use common::both_engines;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// All that comes back for `sent`, until the desk hangs up.
async fn said(address: SocketAddr, sent: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    // A refusal may come with a reset after it.
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

fn statuses(said: &str) -> Vec<&str> {
    let lines = said
        .lines()
        .filter_map(|line| line.strip_prefix("HTTP/1.1 "));
    lines.map(|line| &line[..3]).collect()
}

both_engines! {
    async fn a_second_request_hidden_in_a_first_is_not_answered(desk: Desk) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let running = server::start(desk.app.clone(), listener).await.unwrap();
        let hidden = "GET /sign-in HTTP/1.1\r\nhost: desk.example\r\nconnection: close\r\n\r\n";
        let head = "POST /sign-in HTTP/1.1\r\nhost: desk.example\r\n";
        // By itself it is answered, so that what follows can fail.
        assert_eq!(statuses(&said(address, hidden).await), ["200"]);

        // Lengths that contradict each other, and encodings that don't end with chunked, end the conversation.
        let end = format!("\r\n0\r\n\r\n{hidden}");
        for headers in [
            "content-length: 5\r\ncontent-length: 6\r\n",
            "content-length: 5, 6\r\n",
            "content-length: +5\r\n",
            "content-length: 0x5\r\n",
            "content-length: -1\r\n",
            "transfer-encoding: identity\r\n",
            "transfer-encoding: chunked, identity\r\n",
            "transfer-encoding: xchunked\r\n",
            "transfer-encoding : chunked\r\n",
        ] {
            let answer = said(address, &format!("{head}{headers}{end}")).await;
            let answers = statuses(&answer);
            assert!(answers.len() <= 1 && !answers.contains(&"200"), "{headers:?}: {answer}");
        }
        // A body in chunks that old clients can't mean.
        let old = format!("POST /sign-in HTTP/1.0\r\nhost: desk.example\r\ntransfer-encoding: chunked\r\n{end}");
        assert!(!statuses(&said(address, &old).await).contains(&"200"));

        // With both, the encoding decides (RFC 9112, section 6.3), in whichever order they stand: what lies in the chunks is body.
        let inside = hidden.replace("/sign-in", "/nowhere");
        let chunk = format!("{:x}\r\n{inside}\r\n0\r\n\r\n{hidden}", inside.len());
        assert_eq!(statuses(&said(address, &inside).await), ["404"]);
        for (first, second) in [
            ("content-length: 4\r\n", "transfer-encoding: chunked\r\n"),
            ("transfer-encoding: chunked\r\n", "content-length: 4\r\n"),
        ] {
            let answer = said(address, &format!("{head}{first}{second}\r\n{chunk}")).await;
            let answers = statuses(&answer);
            // The desk may hang up on a body that it did not want to read; it never takes what lies in it for a request.
            let is_fine = answers[0].starts_with('4') && answers[0] != "404" && answers[1..].iter().all(|one| *one == "200");
            assert!(answers.len() <= 2 && is_fine, "{first:?}: {answer}");
        }
        running.stop().await;
    }
}
