//! Forms that are sent in part and never end take no more than their share of the memory, and have their time.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod common;

use crate::common::Role;
use axum::Router;
use bedside_desk::router::{Bodies, router_with, routes, session_cookie};
use bedside_desk::{staff, tickets};
use bedside_testkit::wait_until_async;
use bedside_web::body::{Patience, Room};
use bedside_web::{I18n, Locale};
use common::{Browser, Desk, both_engines};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const MB: usize = 1 << 20;
const LONG: Duration = Duration::from_hours(1);
/// What every form has before its files.
const FIELDS: &[(&str, &str)] = &[
    ("lang", "en"),
    ("name", "Ana Ruiz"),
    ("email", "ana@example.org"),
    ("message", "When are you open on Monday"),
];

fn bodies(idle: Duration) -> Bodies {
    Bodies {
        visitors: Room::new(4 * MB),
        known: Room::new(4 * MB),
        patience: Patience {
            idle,
            start: LONG,
            rate: 1,
        },
    }
}

async fn served(router: Router) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// Sends a form of 50 MB up to the first megabyte of its file, and no more.
async fn stall(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> TcpStream {
    stall_as(address, path, "", fields).await
}

/// The same of somebody with this cookie.
async fn stall_as(
    address: SocketAddr,
    path: &str,
    cookie: &str,
    fields: &[(&str, &str)],
) -> TcpStream {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: desk.example\r\nconnection: close\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
         content-type: multipart/form-data; boundary=XX\r\ncontent-length: {}\r\n\r\n",
        50 * MB
    );
    let part = |(name, text): &(&str, &str)| {
        format!("--XX\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let fields: String = fields.iter().map(part).collect();
    let film =
        "--XX\r\ncontent-disposition: form-data; name=\"files\"; filename=\"film.mov\"\r\n\r\n";
    let sent = [&head, &fields, film].concat();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    // The server may have had enough by then.
    let _ = stream.write_all(&vec![7; MB]).await;
    stream
}

async fn said(mut stream: TcpStream) -> String {
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

async fn pass(desk: &Desk, browser: &Browser) -> String {
    let page = browser.get("/request?lang=en").await.expect(200).text();
    desk.clock.advance(20);
    let (_, rest) = page.split_once("name=\"pass\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn holds(room: &Room, least: usize) {
    let there = async || room.held() >= least;
    wait_until_async(there, Duration::from_secs(20))
        .await
        .unwrap();
}

fn text(key: &str) -> &str {
    I18n::global().text(Locale::En, key)
}

both_engines! {
    async fn stalled_forms_share_one_room_and_words_still_find_some(desk: Desk) {
        let bodies = bodies(LONG);
        let room = &bodies.visitors;
        let router = router_with(&desk.app, routes(), &bodies);
        let address = served(router.clone()).await;
        let visitor = Browser::before(router.clone());
        let mut stalled = Vec::new();
        for number in 1..=8 {
            let pass = pass(&desk, &visitor).await;
            let fields = [&[("pass", pass.as_str())], FIELDS].concat();
            stalled.push(stall(address, "/request", &fields).await);
            if number <= 3 {
                holds(room, number * MB).await;
            }
        }
        let own = pass(&desk, &visitor).await;
        let fields = [&[("pass", own.as_str())], FIELDS].concat();
        let photo = vec![7; MB];
        let photo = [("files", "photo.jpg", "image/jpeg", photo.as_slice())];
        let refused = visitor.post_files("/request", &fields, &photo).await.expect(503).text();
        assert!(refused.contains(text("public-error-files-no-room")) && refused.contains("When are you open on Monday"), "{refused}");
        visitor.post_files("/request", &fields, &[]).await.expect(303);
        assert!(room.held() <= 4 * MB, "{}", room.held());

        let agent = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Agent), "test", "").await.unwrap();
        let cookie = format!("{}={}", session_cookie(&desk.app).name(), agent.token);
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let nothing = axum::body::Body::from("csrf_token=x");
        let known = visitor.request(axum::http::Method::POST, "/tickets/1001/take", &headers, nothing).await;
        assert_eq!(known.status, 403, "staff have a room of their own, and are asked for their token");

        drop(stalled);
        let all_back = async || room.held() == 0;
        wait_until_async(all_back, Duration::from_secs(20)).await.unwrap();
    }

    async fn whoever_stalls_gets_their_words_back_and_holds_nothing(desk: Desk) {
        let bodies = bodies(Duration::from_millis(200));
        let router = router_with(&desk.app, routes(), &bodies);
        let address = served(router.clone()).await;
        let own = pass(&desk, &Browser::before(router)).await;
        let fields = [&[("pass", own.as_str())], FIELDS].concat();
        let slow = said(stall(address, "/request", &fields).await).await;
        assert!(slow.starts_with("HTTP/1.1 408") && slow.contains("When are you open on Monday"), "{slow}");
        assert!(slow.contains(text("public-error-files-slow")), "{slow}");
        // Of a form that was not asked for, and behind a link that is none, the words are read and no file.
        let odd = said(stall(address, "/request", FIELDS).await).await;
        assert!(odd.starts_with("HTTP/1.1 422") && odd.contains("When are you open on Monday"), "{odd}");
        let none = said(stall(address, "/t/unknown/reply", FIELDS).await).await;
        assert!(none.starts_with("HTTP/1.1 410") && none.contains("When are you open on Monday"), "{none}");
        // A form without files is waited for no longer.
        let mut plain = TcpStream::connect(address).await.unwrap();
        let head = "POST /t/unknown/open HTTP/1.1\r\nhost: desk.example\r\nconnection: close\r\nsec-fetch-site: same-origin\r\n\
            content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nlang=en";
        plain.write_all(head.as_bytes()).await.unwrap();
        assert!(said(plain).await.starts_with("HTTP/1.1 408"));
        assert_eq!(bodies.visitors.held(), 0);
    }

    async fn a_slow_answer_of_the_staff_comes_back_with_its_words(desk: Desk) {
        let id = desk.ticket("rosa@patients.example", "My bill", "Why so much?").await;
        let seen = async || tickets::view(&desk.app, &desk.ctx(Role::Agent), id).await.unwrap();
        let path = format!("/tickets/{}/messages", seen().await.ticket.number);
        let bodies = bodies(Duration::from_millis(200));
        let address = served(router_with(&desk.app, routes(), &bodies)).await;
        let agent = staff::admit(&desk.app, desk.organisation, desk.id_of(Role::Agent), "test", "").await.unwrap();
        let cookie = format!("{}={}", session_cookie(&desk.app).name(), agent.token);
        // The script's token stands behind the files, and did not come.
        let fields = [("kind", "reply"), ("body", "When are you open on Monday")];
        let slow = said(stall_as(address, &path, &cookie, &fields).await).await;
        assert!(slow.starts_with("HTTP/1.1 408") && slow.contains(">When are you open on Monday</textarea>"), "{slow}");
        // One that came and is none is refused, and so is who is not signed in.
        let forged = [&[("csrf_token", "x")][..], &fields].concat();
        let refused = said(stall_as(address, &path, &cookie, &forged).await).await;
        assert!(refused.starts_with("HTTP/1.1 403") && !refused.contains("wombat"), "{refused}");
        let nobody = said(stall(address, &path, &fields).await).await;
        assert!(!nobody.starts_with("HTTP/1.1 408") && !nobody.contains("wombat"), "{nobody}");
        assert_eq!(seen().await.messages.len(), 1);
        assert_eq!(bodies.known.held(), 0);
    }
}
