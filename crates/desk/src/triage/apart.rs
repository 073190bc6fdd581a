//! Where long words are looked at.
//!
//! Looking costs as much as the words are long, and whoever looks where requests are answered holds up everybody else. So
//! everything that looks at words from outside goes through here. Visitors' forms and the desk's own intake have turns of their
//! own: whoever sends the public form long words all day holds up neither mail nor messages of patients.

use crate::error::DeskError;
use tokio::sync::Semaphore;

/// Bytes of words that are looked at where they are: few enough that a text without a full stop, each stretch of which is heard,
/// holds up nobody either. Longer ones are looked at on a thread of their own.
pub const IN_PLACE: usize = 8 * 1024;
/// Longer ones that are looked at at the same time; others wait for their turn.
const AT_ONCE: usize = 2;
/// Visitors' longer ones that are looked at or wait. Of one that finds no room as much is looked at as is looked at in place, at
/// once: to be heard in part is better than to wait for strangers.
const ROOM: usize = 32;

static VISITORS: Turns = Turns::new(ROOM);
static DESK: Turns = Turns::new(Semaphore::MAX_PERMITS);

/// Whose turn a long look waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Words of a form that anybody can send, before they are taken in.
    Visitor,
    /// What is taken in, and what the staff and other systems write.
    Desk,
}

/// What `look` says of words that are so many bytes long; it is told how many of them it may look at.
///
/// # Errors
/// [`DeskError::Internal`] when the thread ended on the way.
pub(crate) async fn apart<T: Send + 'static>(
    whose: Whose,
    bytes: usize,
    look: impl FnOnce(usize) -> T + Send + 'static,
) -> Result<T, DeskError> {
    let turns = match whose {
        Whose::Visitor => &VISITORS,
        Whose::Desk => &DESK,
    };
    turns.look(bytes, look).await
}

/// Turns of one kind.
struct Turns {
    room: Semaphore,
    running: Semaphore,
}

impl Turns {
    const fn new(room: usize) -> Self {
        Self {
            room: Semaphore::const_new(room),
            running: Semaphore::const_new(AT_ONCE),
        }
    }

    async fn look<T: Send + 'static>(
        &'static self,
        bytes: usize,
        look: impl FnOnce(usize) -> T + Send + 'static,
    ) -> Result<T, DeskError> {
        if bytes <= IN_PLACE {
            return Ok(look(usize::MAX));
        }
        let Ok(room) = self.room.try_acquire() else {
            return Ok(look(IN_PLACE));
        };
        let turn = self.running.acquire().await;
        let looked = tokio::task::spawn_blocking(move || {
            let looked = look(usize::MAX);
            // The turn lasts as long as the look does, also when nobody waits for its answer any more.
            drop((room, turn));
            looked
        });
        looked.await.map_err(|error| {
            DeskError::Internal(format!("a look at words ended: panic {}", error.is_panic()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const LONG: usize = IN_PLACE + 1;

    #[tokio::test]
    async fn long_words_hold_up_nobody() {
        let here = thread::current().id();
        for (bytes, in_place) in [(0, true), (IN_PLACE, true), (LONG, false)] {
            for whose in [Whose::Visitor, Whose::Desk] {
                let look = |most| (thread::current().id(), most);
                let (there, most) = apart(whose, bytes, look).await.unwrap();
                assert_eq!((there == here, most), (in_place, usize::MAX), "{bytes}");
            }
        }
    }

    #[tokio::test]
    async fn more_than_two_wait_for_their_turn_and_all_are_heard() {
        let looks = (0..8).map(|at| apart(Whose::Desk, LONG, move |_| at));
        let heard = futures_util::future::join_all(looks).await;
        let heard: Vec<i32> = heard.into_iter().map(Result::unwrap).collect();
        assert_eq!(heard, (0..8).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn who_finds_no_room_is_heard_in_part_at_once_and_holds_up_nobody_else() {
        let turns: &'static Turns = Box::leak(Box::new(Turns::new(3)));
        let busy = turns.running.acquire_many(2).await.unwrap();
        let waits: Vec<_> = (0..3)
            .map(|_| tokio::spawn(turns.look(LONG, |most| most)))
            .collect();
        while turns.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(turns.look(LONG, |most| most).await.unwrap(), IN_PLACE);
        assert_eq!(turns.look(IN_PLACE, |most| most).await.unwrap(), usize::MAX);
        let others = apart(Whose::Desk, LONG, |most| most).await.unwrap();
        assert_eq!(others, usize::MAX);
        drop(busy);
        for waiting in waits {
            assert_eq!(waiting.await.unwrap().unwrap(), usize::MAX);
        }
        assert_eq!(turns.room.available_permits(), 3);
    }
}
