//! Where long words are looked at.
//!
//! Looking costs as much as the words are long, and whoever looks where requests are answered holds up everybody else. So
//! everything that looks at words from outside goes through here.

use crate::error::DeskError;
use tokio::sync::Semaphore;

/// Bytes of words that are looked at where they are. Longer ones are looked at on a thread of their own.
pub const IN_PLACE: usize = 64 * 1024;
/// Longer ones that are looked at at the same time; others wait for their turn.
static LONG: Semaphore = Semaphore::const_new(2);

/// What `look` says of words that are so many bytes long.
///
/// # Errors
/// [`DeskError::Internal`] when the thread ended on the way.
pub(crate) async fn apart<T: Send + 'static>(
    bytes: usize,
    look: impl FnOnce() -> T + Send + 'static,
) -> Result<T, DeskError> {
    if bytes <= IN_PLACE {
        return Ok(look());
    }
    let _turn = LONG.acquire().await;
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|error| {
        DeskError::Internal(format!("a look at words ended: panic {}", error.is_panic()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[tokio::test]
    async fn long_words_hold_up_nobody() {
        let here = thread::current().id();
        for (bytes, in_place) in [(0, true), (IN_PLACE, true), (IN_PLACE + 1, false)] {
            let there = apart(bytes, || thread::current().id()).await.unwrap();
            assert_eq!(there == here, in_place, "{bytes}");
        }
    }

    #[tokio::test]
    async fn more_than_two_wait_for_their_turn_and_all_are_heard() {
        let looks = (0..8).map(|at| apart(IN_PLACE + 1, move || at));
        let heard = futures_util::future::join_all(looks).await;
        let heard: Vec<i32> = heard.into_iter().map(Result::unwrap).collect();
        assert_eq!(heard, (0..8).collect::<Vec<_>>());
    }
}
