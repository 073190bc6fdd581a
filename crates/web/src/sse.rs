//! Live updates: Server-Sent Events that a browser resumes by itself.
//!
//! Every event carries its sequence number as `id`; after a lost connection the browser sends it
//! back as `Last-Event-ID` and gets what it missed.

use std::{convert::Infallible, time::Duration};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, StreamExt as _};

/// Silence after which a comment keeps the connection open through proxies.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One event for the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEvent {
    /// Sequence number, by which the browser resumes.
    pub id: i64,
    /// Name by which the page picks what to do. Line breaks are taken out.
    pub event: String,
    /// The content, one line or many.
    pub data: String,
}

impl From<LiveEvent> for Event {
    fn from(live: LiveEvent) -> Self {
        let name = live.event.replace(['\r', '\n'], "");
        // A carriage return would end the field early and can't be kept by the protocol.
        let data = live.data.replace("\r\n", "\n").replace('\r', "\n");
        Self::default()
            .id(live.id.to_string())
            .event(name)
            .data(data)
    }
}

/// The response that sends `events` until the stream or the connection ends.
pub fn respond<S>(events: S) -> Response
where
    S: Stream<Item = LiveEvent> + Send + 'static,
{
    let events = events.map(|live| Ok::<Event, Infallible>(live.into()));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("still here");
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Some reverse proxies collect small answers before they pass them on.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

/// The sequence number the client saw last; `None` when it has none or sends something else.
///
/// The browser's `Last-Event-ID` goes first. A page that has just been rendered, or a script that
/// opens a new connection, can't set that header and puts `last_event_id` into the query.
pub fn last_event_id(headers: &HeaderMap, query: Option<&str>) -> Option<i64> {
    if let Some(value) = headers.get("last-event-id") {
        return number(value.to_str().ok()?);
    }
    query?
        .split('&')
        .take(16)
        .find_map(|pair| pair.strip_prefix("last_event_id="))
        .and_then(number)
}

fn number(text: &str) -> Option<i64> {
    let plain = (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use proptest::prelude::*;

    async fn text_of(events: Vec<LiveEvent>) -> String {
        let body = respond(futures_util::stream::iter(events)).into_body();
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    fn live(event: &str, data: &str) -> LiveEvent {
        LiveEvent {
            id: 7,
            event: event.to_owned(),
            data: data.to_owned(),
        }
    }

    #[tokio::test]
    async fn events_are_written_as_the_standard_says() {
        assert_eq!(
            text_of(vec![live("ticket", "a\nb")]).await,
            "id: 7\nevent: ticket\ndata: a\ndata: b\n\n"
        );
    }

    #[tokio::test]
    async fn the_response_is_not_kept_or_collected() {
        let response = respond(futures_util::stream::empty());
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "text/event-stream"
        );
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
    }

    #[test]
    fn the_last_id_is_bounded() {
        let read = |text: &str| {
            let value = HeaderValue::from_str(text).unwrap();
            last_event_id(
                &HeaderMap::from_iter([(HeaderName::from_static("last-event-id"), value)]),
                Some("last_event_id=5"),
            )
        };
        assert_eq!(read("42"), Some(42));
        for wrong in [
            "",
            "-1",
            "+1",
            "4 2",
            "x",
            "99999999999999999999",
            "9999999999999999999",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        let none = HeaderMap::new();
        assert_eq!(last_event_id(&none, None), None);
        assert_eq!(
            last_event_id(&none, Some("ticket=1&last_event_id=9")),
            Some(9)
        );
        assert_eq!(last_event_id(&none, Some("last_event_id=x")), None);
    }

    proptest! {
        #[test]
        fn no_text_can_smuggle_another_event(event in "(?s).{0,40}", data in "(?s).{0,80}") {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let text = runtime.block_on(text_of(vec![live(&event, &data)]));
            prop_assert!(text.ends_with("\n\n"));
            prop_assert_eq!(text.matches("\n\n").count(), 1);
            prop_assert_eq!(text.lines().filter(|line| line.starts_with("id")).count(), 1);
            prop_assert!(!text.contains('\r'));
        }
    }
}
