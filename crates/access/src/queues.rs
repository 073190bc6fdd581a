//! The queues whose requests a role or an API token reaches.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;

/// The queues whose requests somebody reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Queues<Q> {
    /// All, those that are added later as well.
    #[default]
    All,
    /// These alone; none when there is none of them any more.
    Only(BTreeSet<Q>),
}

impl<Q: Copy + Ord> Queues<Q> {
    /// Whether requests in `queue` are reached.
    pub fn has(&self, queue: Q) -> bool {
        match self {
            Self::All => true,
            Self::Only(some) => some.contains(&queue),
        }
    }

    /// Those that both reach.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, some) | (some, Self::All) => some.clone(),
            (Self::Only(own), Self::Only(others)) => {
                Self::Only(own.intersection(others).copied().collect())
            }
        }
    }

    /// Whether none of `others` is missing.
    pub fn hold(&self, others: &Self) -> bool {
        match (self, others) {
            (Self::All, _) => true,
            (Self::Only(_), Self::All) => false,
            (Self::Only(own), Self::Only(others)) => others.is_subset(own),
        }
    }
}

impl<Q: Ord + Display + FromStr> Queues<Q> {
    /// As stored: ids with spaces between them; nothing for all.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Only(some) => {
                let ids: Vec<String> = some.iter().map(ToString::to_string).collect();
                Some(ids.join(" "))
            }
        }
    }

    /// As stored. What is no id stands for no queue, so that a damaged text opens nothing.
    pub fn from_text(text: Option<&str>) -> Self {
        match text {
            None => Self::All,
            Some(ids) => Self::Only(
                ids.split_whitespace()
                    .filter_map(|id| id.parse().ok())
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All, and every set of three queues.
    fn every() -> impl Iterator<Item = Queues<u8>> {
        let only = (0_u8..8)
            .map(|bits| Queues::Only((0..3).filter(|queue| bits & (1 << queue) != 0).collect()));
        std::iter::once(Queues::All).chain(only)
    }

    #[test]
    fn they_survive_their_text() {
        for queues in every() {
            assert_eq!(Queues::from_text(queues.text().as_deref()), queues);
        }
        let some = Queues::Only(BTreeSet::from([7, 12]));
        assert_eq!(some.text().as_deref(), Some("7 12"));
        assert_eq!(Queues::<u8>::All.text(), None);
    }

    #[test]
    fn whoever_holds_others_has_every_queue_of_theirs() {
        for own in every() {
            for others in every() {
                let missing = (0..3).any(|queue| others.has(queue) && !own.has(queue));
                // Three queues stand for all that there are, but not for those that are added later.
                let later = others == Queues::All && own != Queues::All;
                assert_eq!(own.hold(&others), !missing && !later, "{own:?} {others:?}");
            }
        }
    }

    #[test]
    fn what_is_shared_is_reached_by_both() {
        for own in every() {
            for others in every() {
                let shared = own.shared(&others);
                for queue in 0..3 {
                    assert_eq!(shared.has(queue), own.has(queue) && others.has(queue));
                }
                assert!(own.hold(&shared) && others.hold(&shared));
            }
        }
        assert_eq!(Queues::<u8>::All.shared(&Queues::All), Queues::All);
    }

    #[test]
    fn only_those_that_are_named_are_reached() {
        let some = Queues::Only(BTreeSet::from([1]));
        assert!(some.has(1) && !some.has(2));
        assert!(Queues::All.has(1) && Queues::All.has(2));
    }

    #[test]
    fn a_damaged_text_opens_nothing() {
        for text in ["all *", ""] {
            let none = Queues::<u8>::Only(BTreeSet::new());
            assert_eq!(Queues::from_text(Some(text)), none);
        }
    }
}
