//! The queues whose requests a role or an API token reaches.

use crate::ids::QueueId;
use std::collections::BTreeSet;

/// The queues whose requests somebody reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Queues {
    /// All, those that are added later as well.
    #[default]
    All,
    /// These alone; none when there is none of them any more.
    Only(BTreeSet<QueueId>),
}

impl Queues {
    /// Whether requests in `queue` are reached.
    pub fn has(&self, queue: QueueId) -> bool {
        match self {
            Self::All => true,
            Self::Only(some) => some.contains(&queue),
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
    use bedside_db::Id;
    use proptest::prelude::*;

    fn some() -> impl Strategy<Value = Queues> {
        let ids = proptest::collection::btree_set(0_u128..6, 0..5);
        let only = ids.prop_map(|ids| {
            let id = |number| Id::from_uuid(uuid::Uuid::from_u128(number));
            Queues::Only(ids.into_iter().map(id).collect())
        });
        prop_oneof![1 => Just(Queues::All), 6 => only]
    }

    proptest! {
        #[test]
        fn they_survive_their_text(queues in some()) {
            prop_assert_eq!(Queues::from_text(queues.text().as_deref()), queues);
        }

        #[test]
        fn whoever_holds_others_has_every_queue_of_theirs(own in some(), others in some()) {
            let mut all = (0..6).map(|number| Id::from_uuid(uuid::Uuid::from_u128(number)));
            let missing = all.any(|queue| others.has(queue) && !own.has(queue));
            // Six queues stand for all that there are, but not for those that are added later.
            let later = others == Queues::All && own != Queues::All;
            prop_assert_eq!(own.hold(&others), !missing && !later);
        }
    }

    #[test]
    fn a_damaged_text_opens_nothing() {
        assert_eq!(
            Queues::from_text(Some("all *")),
            Queues::Only(BTreeSet::new())
        );
        assert_eq!(Queues::from_text(Some("")), Queues::Only(BTreeSet::new()));
    }
}
