//! The staff's pages, as a browser without scripts sees them.

#![expect(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "../common/mod.rs"]
mod common;

mod doors;
mod reading;
mod twice;
mod writing;

use crate::common::Role;
use axum::body::Body;
use axum::http::Method;
use bedside_desk::tickets;
use common::{Answer, Browser, Desk};

const HTML: [(&str, &str); 1] = [("accept", "text/html")];

async fn get_html(browser: &Browser, path: &str) -> Answer {
    browser
        .request(Method::GET, path, &HTML, Body::empty())
        .await
}

async fn number(desk: &Desk, id: bedside_desk::ids::TicketId) -> i64 {
    tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap()
        .ticket
        .number
}

async fn version(desk: &Desk, id: bedside_desk::ids::TicketId) -> String {
    let view = tickets::view(&desk.app, &desk.ctx(Role::Agent), id)
        .await
        .unwrap();
    view.ticket.version.to_string()
}

fn location(answer: &Answer) -> &str {
    answer.header("location").unwrap_or_default()
}
