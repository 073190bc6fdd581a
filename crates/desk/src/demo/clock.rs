//! The demo's clock: it is moved through the past first and follows the machine's clock afterwards.

use bedside_db::{Clock, SystemClock, Timestamp};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What [`Ordering`] the moves need: the generator and the database's writer are on different threads.
const ORDER: Ordering = Ordering::SeqCst;
/// The clock follows the machine's.
const REAL: i64 = i64::MIN;

/// A clock that the generator moves; cheap to clone.
#[derive(Clone, Debug)]
pub struct DemoClock(Arc<State>);

#[derive(Debug)]
struct State {
    at: AtomicI64,
    step: AtomicI64,
}

impl DemoClock {
    /// A clock that shows the machine's time.
    pub fn real() -> Self {
        Self(Arc::new(State {
            at: AtomicI64::new(REAL),
            step: AtomicI64::new(0),
        }))
    }

    /// Stands at `at`; each look moves it on by `step` microseconds, so that no two things happen at once.
    pub fn set(&self, at: Timestamp, step: i64) {
        self.0.step.store(step.max(0), ORDER);
        self.0.at.store(at.micros(), ORDER);
    }

    /// Follows the machine's clock from now on.
    pub fn release(&self) {
        self.0.at.store(REAL, ORDER);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        if self.0.at.load(ORDER) == REAL {
            return SystemClock.now();
        }
        Timestamp::from_micros(self.0.at.fetch_add(self.0.step.load(ORDER), ORDER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_moves_with_each_look_and_then_follows_the_machine() {
        let clock = DemoClock::real();
        clock.set(Timestamp::from_micros(1000), 5);
        assert_eq!((clock.now().micros(), clock.now().micros()), (1000, 1005));
        clock.release();
        assert!(clock.now().micros() > 1_600_000_000_000_000);
    }
}
