//! Bodies as they come in: how much memory they may hold together, and how long a sender may take.
//!
//! [`Room::admit`] puts a request under both. Every body's time is watched. Memory is taken by the readers
//! ([`crate::form`], [`crate::json`], [`crate::multipart`]) for what they keep, and comes back when the request is over,
//! however it ends.

use std::{collections::HashMap, error::Error, net::IpAddr, sync::Arc, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
};
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// The part of a room that is kept for words when files fill the rest: one in so many bytes.
const WORDS_SHARE: usize = 8;
/// The part of a room that one network may hold: one in so many bytes.
const NETWORK_SHARE: usize = 2;
/// How much further than needed a buffer grows, so that a large body is not moved with every piece: one byte in so many.
const GROWTH: usize = 8;

/// How long the sender of a body may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Longest pause between two pieces.
    pub idle: Duration,
    /// Time for the whole, whatever its size.
    pub start: Duration,
    /// Bytes a second, at least, beyond that.
    pub rate: u32,
}

impl Default for Patience {
    /// Enough for photos over a slow telephone: half a minute's pause, and five minutes with a second more for 16 KiB.
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(30),
            start: Duration::from_mins(5),
            rate: 16 * 1024,
        }
    }
}

impl Patience {
    /// When a body that began at `start` and of which `read` bytes came must have brought its next piece.
    fn until(self, start: Instant, read: u64) -> Instant {
        let more = Duration::from_millis(read.saturating_mul(1000) / u64::from(self.rate.max(1)));
        (start + self.start.saturating_add(more)).min(Instant::now() + self.idle)
    }
}

/// What is kept of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// A file.
    File,
    /// Anything that was typed, and everything else.
    Words,
}

/// The memory that all bodies which share it may hold together. Files leave some of it to words; one network leaves some
/// to the others.
#[derive(Debug, Clone)]
pub struct Room(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    size: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    networks: HashMap<IpAddr, usize>,
}

impl Room {
    /// Room for `size` bytes.
    pub fn new(size: usize) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Shared { size, taken }))
    }

    /// Bytes held now.
    pub fn held(&self) -> usize {
        self.0.taken.lock().all
    }

    /// Puts a request that came from `network` under this room and this patience. What its readers take comes back when
    /// the last copy of the second value is gone.
    pub fn admit(
        &self,
        request: Request,
        network: Option<IpAddr>,
        patience: Patience,
    ) -> (Request, Held) {
        let held = Held(Arc::new(Share {
            room: self.clone(),
            network,
            bytes: Mutex::new(0),
        }));
        if request.body().is_end_stream() {
            return (request, held);
        }
        let mut request = request.map(|body| watched(body, patience));
        request.extensions_mut().insert(held.clone());
        (request, held)
    }

    fn take(&self, network: Option<IpAddr>, bytes: usize, kept: Kept) -> bool {
        let size = self.0.size;
        let limit = match kept {
            Kept::Words => size,
            Kept::File => size - size / WORDS_SHARE,
        };
        let mut taken = self.0.taken.lock();
        // Of whom no network is known, the whole room is the only bound.
        let of_network = network.map_or(0, |network| {
            let held = taken.networks.get(&network).copied().unwrap_or(0);
            held.saturating_add(bytes)
        });
        if taken.all.saturating_add(bytes) > limit || of_network > size / NETWORK_SHARE {
            return false;
        }
        taken.all += bytes;
        if let Some(network) = network {
            *taken.networks.entry(network).or_default() += bytes;
        }
        true
    }

    fn give_back(&self, network: Option<IpAddr>, bytes: usize) {
        let mut taken = self.0.taken.lock();
        taken.all = taken.all.saturating_sub(bytes);
        if let Some(network) = network
            && let Some(left) = taken.networks.get_mut(&network)
        {
            *left = left.saturating_sub(bytes);
            if *left == 0 {
                taken.networks.remove(&network);
            }
        }
    }
}

/// What one request holds of a [`Room`]; comes back with its last copy.
#[derive(Debug, Clone)]
pub struct Held(Arc<Share>);

#[derive(Debug)]
struct Share {
    room: Room,
    network: Option<IpAddr>,
    bytes: Mutex<usize>,
}

impl Held {
    /// What the request was given by [`Room::admit`]; without one it is bounded by its readers' limits alone.
    pub(crate) fn of(request: &Request) -> Self {
        let given = request.extensions().get::<Self>().cloned();
        given.unwrap_or_else(|| {
            Self(Arc::new(Share {
                room: Room::new(usize::MAX),
                network: None,
                bytes: Mutex::new(0),
            }))
        })
    }

    /// Takes room for so many bytes more; a 503 when there is none.
    pub(crate) fn take(&self, bytes: usize, kept: Kept) -> Result<(), Problem> {
        if !self.0.room.take(self.0.network, bytes, kept) {
            return Err(Problem::no_room());
        }
        *self.0.bytes.lock() += bytes;
        Ok(())
    }

    /// Adds `piece` to `all`, which holds `most` bytes in the end. What is taken is the whole buffer, its spare part too; a
    /// 503 when there is no room for it.
    pub(crate) fn extend(
        &self,
        all: &mut Vec<u8>,
        piece: &[u8],
        most: usize,
        kept: Kept,
    ) -> Result<(), Problem> {
        let needed = all.len() + piece.len();
        if needed > all.capacity() {
            let wanted = (needed + needed / GROWTH).min(most).max(needed);
            self.take(wanted - all.capacity(), kept)?;
            all.reserve_exact(wanted - all.len());
        }
        all.extend_from_slice(piece);
        Ok(())
    }

    /// Gives so many bytes back before the end.
    pub(crate) fn give_back(&self, bytes: usize) {
        let mut held = self.0.bytes.lock();
        let bytes = bytes.min(*held);
        *held -= bytes;
        self.0.room.give_back(self.0.network, bytes);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.give_back(self.network, *self.bytes.get_mut());
    }
}

/// The sender let too much time pass.
#[derive(Debug, thiserror::Error)]
#[error("the body took too long")]
struct TooSlow;

type Failure = Box<dyn Error + Send + Sync>;

/// The same body, ended by [`TooSlow`] where patience ends.
fn watched(body: Body, patience: Patience) -> Body {
    let start = Instant::now();
    let pieces = Some((body.into_data_stream(), 0_u64));
    Body::from_stream(stream::unfold(pieces, move |pieces| async move {
        let (mut pieces, read) = pieces?;
        let until = patience.until(start, read);
        // A sender that always has something ready is asked for the time as well.
        let next = if Instant::now() > until {
            None
        } else {
            timeout_at(until, pieces.next()).await.ok()
        };
        match next {
            None => Some((Err(Failure::from(TooSlow)), None)),
            Some(None) => None,
            Some(Some(Err(error))) => Some((Err(Failure::from(error)), None)),
            Some(Some(Ok(piece))) => {
                let read = read.saturating_add(piece.len() as u64);
                Some((Ok(piece), Some((pieces, read))))
            }
        }
    }))
}

/// The problem of a body that ended with `error`, where it was its time.
pub(crate) fn too_slow(error: &(dyn Error + 'static)) -> Option<Problem> {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<TooSlow>() {
            return Some(Problem::too_slow());
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form;
    use axum::http::header;
    use bytes::Bytes;
    use futures_util::Stream;
    use std::convert::Infallible;

    const SHORT: Patience = Patience {
        idle: Duration::from_millis(20),
        start: Duration::from_hours(1),
        rate: 1,
    };

    fn request(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Request {
        let pieces = pieces.map(Ok::<_, Infallible>);
        Request::new(Body::from_stream(pieces))
    }

    async fn code(request: Request, limit: usize) -> Result<usize, String> {
        let body = form::body(request, limit).await;
        body.map(|body| body.len())
            .map_err(|problem| problem.code_str().to_owned())
    }

    #[test]
    fn memory_comes_back_whatever_happens() {
        let (room, network) = (Room::new(800), "203.0.113.5".parse().ok());
        let held = |network| room.admit(Request::default(), network, SHORT).1;
        let (one, two) = (held(network), held(None));
        one.take(300, Kept::File).unwrap();
        assert!(one.take(101, Kept::File).is_err(), "half is for others");
        two.take(400, Kept::File).unwrap();
        assert!(two.take(1, Kept::File).is_err(), "the rest is for words");
        two.take(100, Kept::Words).unwrap();
        assert!(two.take(1, Kept::Words).is_err());
        one.give_back(1000);
        assert_eq!(room.held(), 500, "no more than it held");
        let copy = two.clone();
        drop(two);
        assert_eq!(room.held(), 500);
        drop(copy);
        assert_eq!(room.held(), 0);
        assert!(room.0.taken.lock().networks.is_empty());
    }

    #[test]
    fn what_is_held_is_what_is_allocated() {
        let room = Room::new(1000);
        let (_, held) = room.admit(Request::default(), None, SHORT);
        let mut all = Vec::new();
        for piece in [1, 90, 7, 200, 2] {
            held.extend(&mut all, &vec![7; piece], 300, Kept::Words)
                .unwrap();
            assert_eq!(room.held(), all.capacity());
        }
        assert_eq!((all.len(), all.capacity()), (300, 300));
        let none = held.extend(&mut all, &[7; 701], 2000, Kept::Words);
        assert_eq!(none.unwrap_err().code_str(), "no_room");
        assert_eq!(
            (all.len(), room.held()),
            (300, 300),
            "nothing is added then"
        );
        held.give_back(all.capacity());
        assert_eq!(room.held(), 0);
    }

    #[tokio::test]
    async fn a_body_has_its_time_and_its_room() {
        let room = Room::new(1000);
        let pieces =
            || stream::iter([Bytes::from_static(&[7; 200]), Bytes::from_static(&[7; 200])]);
        let (whole, held) = room.admit(request(pieces()), None, SHORT);
        assert_eq!((code(whole, 400).await, room.held()), (Ok(400), 400));
        let (second, more) = room.admit(request(pieces()), None, SHORT);
        assert_eq!(code(second, 399).await, Err("too_large".to_owned()));
        drop((held, more));
        let others = room.admit(Request::default(), None, SHORT).1;
        others.take(700, Kept::Words).unwrap();
        let (third, _held) = room.admit(request(pieces()), None, SHORT);
        assert_eq!(code(third, 400).await, Err("no_room".to_owned()));
    }

    #[tokio::test]
    async fn whoever_stalls_or_trickles_is_not_waited_for() {
        let room = Room::new(1000);
        let stalled = stream::iter([Bytes::from_static(b"a")]).chain(stream::pending());
        let (stalled, _held) = room.admit(request(stalled), None, SHORT);
        assert_eq!(code(stalled, 1000).await, Err("too_slow".to_owned()));

        let endless = stream::unfold((), |()| async {
            tokio::task::yield_now().await;
            Some((Bytes::new(), ()))
        });
        let patience = Patience {
            idle: Duration::from_hours(1),
            start: Duration::from_millis(20),
            rate: 1,
        };
        let (endless, _held) = room.admit(request(Box::pin(endless)), None, patience);
        assert_eq!(code(endless, 1000).await, Err("too_slow".to_owned()));
    }

    #[test]
    fn what_is_large_has_more_time() {
        let start = Instant::now();
        let patience = Patience {
            idle: Duration::from_secs(1_000_000),
            start: Duration::from_secs(10),
            rate: 1000,
        };
        assert_eq!(patience.until(start, 0), start + Duration::from_secs(10));
        let later = patience.until(start, 50_000);
        assert_eq!(later, start + Duration::from_mins(1));
        assert!(SHORT.until(start, u64::MAX) <= Instant::now() + SHORT.idle);
    }

    #[tokio::test]
    async fn a_form_with_files_tells_of_time_too() {
        let head = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nwords";
        let pieces = stream::iter([Bytes::from_static(head.as_bytes())]).chain(stream::pending());
        let mut sent = request(pieces);
        let kind = "multipart/form-data; boundary=XX".parse().unwrap();
        sent.headers_mut().insert(header::CONTENT_TYPE, kind);
        let (sent, _held) = Room::new(1000).admit(sent, None, SHORT);
        let form = crate::multipart::collect(sent, crate::multipart::Limits::DEFAULT, 5);
        let refused = form.await.unwrap_err();
        assert_eq!(refused.code_str(), "too_slow");
    }
}
