use std::{mem, sync::Arc};

use parking_lot::Mutex;

/// Memory is taken from the budget in pieces of this size, so that small parts cost no lock.
const PIECE: usize = 64 * 1024;

/// The memory that all messages under way may hold together.
#[derive(Debug)]
pub(super) struct Budget(Mutex<usize>);

impl Budget {
    pub fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(bytes)))
    }

    fn take(&self, bytes: usize) -> bool {
        let mut left = self.0.lock();
        match left.checked_sub(bytes) {
            Some(rest) => {
                *left = rest;
                true
            }
            None => false,
        }
    }
}

/// Memory taken from the budget; given back on drop.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Reservation {
    fn cover(&mut self, bytes: usize) -> bool {
        let Some(missing) = bytes.checked_sub(self.bytes).filter(|&missing| missing > 0) else {
            return true;
        };
        let piece = missing.next_multiple_of(PIECE);
        let covered = self.budget.take(piece);
        if covered {
            self.bytes += piece;
        }
        covered
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        *self.budget.0.lock() += self.bytes;
    }
}

/// Why the rest of a message is read and forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overflow {
    /// It is larger than any message may be.
    TooLarge,
    /// Other messages have the memory now.
    NoRoom,
}

/// A message as it comes in.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Vec<u8>,
    limit: usize,
    reservation: Reservation,
    overflow: Option<Overflow>,
}

impl Body {
    pub fn new(limit: usize, budget: &Arc<Budget>) -> Self {
        let reservation = Reservation {
            budget: Arc::clone(budget),
            bytes: 0,
        };
        Self {
            bytes: Vec::new(),
            limit,
            reservation,
            overflow: None,
        }
    }

    /// Adds `part`, or forgets everything when it doesn't fit.
    pub fn push(&mut self, part: &[u8]) {
        if self.overflow.is_some() {
            return;
        }
        let size = self.bytes.len() + part.len();
        if size > self.limit {
            self.forget(Overflow::TooLarge);
        } else if self.reservation.cover(size) {
            self.bytes.extend_from_slice(part);
        } else {
            self.forget(Overflow::NoRoom);
        }
    }

    fn forget(&mut self, overflow: Overflow) {
        self.overflow = Some(overflow);
        drop(mem::take(&mut self.bytes));
        let budget = Arc::clone(&self.reservation.budget);
        self.reservation = Reservation { budget, bytes: 0 };
    }

    /// The whole message; its memory stays reserved as long as the second part lives.
    pub fn finish(self) -> Result<(Vec<u8>, Reservation), Overflow> {
        match self.overflow {
            None => Ok((self.bytes, self.reservation)),
            Some(overflow) => Err(overflow),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_whatever_happens() {
        let budget = Budget::new(3 * PIECE);
        let mut one = Body::new(2 * PIECE, &budget);
        one.push(&vec![0; 2 * PIECE]);
        let mut two = Body::new(2 * PIECE, &budget);
        two.push(&vec![0; PIECE + 1]);
        assert_eq!(two.finish().unwrap_err(), Overflow::NoRoom);
        one.push(b"x");
        assert_eq!(one.finish().unwrap_err(), Overflow::TooLarge);
        let mut three = Body::new(4 * PIECE, &budget);
        three.push(&vec![0; 3 * PIECE]);
        let (bytes, reservation) = three.finish().unwrap();
        assert_eq!((bytes.len(), *budget.0.lock()), (3 * PIECE, 0));
        drop(reservation);
        assert_eq!(*budget.0.lock(), 3 * PIECE);
    }
}
